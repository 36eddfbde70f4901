"""The gate of benchmarks/accuracy/gate.py: the figures of extraction stand on their floors."""

import json

import pytest

from benchmarks.accuracy import gate
from benchmarks.accuracy.extraction import four_gram_f1
from benchmarks.data import DATA


@pytest.mark.slow
def test_no_figure_of_extraction_has_fallen(capsys):
    assert gate.main([]) == 0, capsys.readouterr().out
    assert DATA.is_dir() or "real pages were not measured" in capsys.readouterr().out


@pytest.fixture
def floors(tmp_path, monkeypatch):
    path = tmp_path / "floors.json"
    path.write_text(json.dumps({"samples": {"text": 0.9, "titles": 0.8}}))
    monkeypatch.setattr(gate, "FLOORS", path)
    monkeypatch.setattr(gate, "measure", lambda _: {"samples": {"text": 0.89, "titles": 0.85}})
    return path


@pytest.mark.parametrize(
    ("flags", "code", "written"),
    [
        ([], 1, {"text": 0.9, "titles": 0.8}),
        (["--raise"], 1, {"text": 0.9, "titles": 0.85}),
        (["--raise", "--lower"], 0, {"text": 0.89, "titles": 0.85}),
        (["--raise", "--every", "2"], 1, {"text": 0.9, "titles": 0.8}),
    ],
)
def test_a_floor_is_lowered_only_if_asked_for(floors, capsys, flags, code, written):
    assert gate.main(flags) == code
    assert json.loads(floors.read_text()) == {"samples": written}
    assert "FALLEN" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("found", "figure"),
    [
        (["one two three four five", "six"], 1.0),
        (["one two three four", "six"], 2 * 1.0 * 0.75 / 1.75),  # the first has one of two runs
        (["one two three four five", ""], 2 * 1.0 * 0.5 / 1.5),  # a missing text costs recall alone
        (["", ""], 0.0),
        (["One two three four five", "six"], 2 * 0.75 * 0.75 / 1.5),  # case counts
    ],
)
def test_the_figure_of_four_grams_is_of_mean_precision_and_mean_recall(found, figure):
    assert four_gram_f1(found, ["one two three four five", "six"]) == pytest.approx(figure)
