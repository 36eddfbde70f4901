"""`warraq maintain`: one line for each thing that was done, and an exit code."""

import datetime as dt
from pathlib import Path

import pytest

from tests.support.datasets import publish_run, stage_run, texts
from warraq.pipelines.commands import run
from warraq.pipelines.maintain import NIGHTLY, OPERATIONS, maintain_parser
from warraq.transforms.dataset.dataset import Dataset


@pytest.fixture
def dataset(tmp_path, make_article):
    """Two runs with two articles each, of the same partition."""
    dataset = Dataset(str(tmp_path / "out"))
    for number in range(2):
        articles = [
            make_article(f"خبر {number} {n}", topic="sport", dump_offset=number, article_id=str(n)) for n in range(2)
        ]
        publish_run(dataset, f"r{number}", stage_run(dataset, f"r{number}", articles))
    return dataset


def maintain(capfd, *arguments):
    """The exit code, and the lines on stderr."""
    code = run(["maintain", *arguments])
    out, err = capfd.readouterr()
    assert out == "" or "--help" in arguments
    return code, err.splitlines()


def test_without_an_operation_it_does_what_a_night_needs(dataset, capfd):
    before = texts(dataset)
    code, lines = maintain(capfd, dataset.root)
    assert code == 0
    assert [line.split(" (")[0] for line in lines] == ["warraq: compact: 2 files of articles are 1 now"]
    assert texts(dataset) == before
    assert maintain(capfd, dataset.root) == (0, ["warraq: nothing to do"])
    code, lines = maintain(capfd, dataset.root, "vacuum", "--keep", "0h")
    assert (code, lines[0].split(" (")[0]) == (0, "warraq: vacuum: 2 replaced files removed")


def test_a_quiet_night_says_nothing_unless_something_is_wrong(dataset, capfd):
    assert maintain(capfd, dataset.root, "--quiet") == (0, [])
    assert len(dataset.files("articles")) == 1
    assert maintain(capfd, dataset.root, "--quiet") == (0, [])
    Path(dataset.path(dataset.data_files("articles")[0])).write_bytes(b"nothing")
    code, lines = maintain(capfd, dataset.root, "check", "--quiet")
    assert code == 1
    assert any("compact-" in line for line in lines)


def test_help_of_an_operation_needs_no_dataset(capfd):
    assert run(["maintain", "forget", "--help"]) == 0
    assert "--url URL" in capfd.readouterr().out


@pytest.mark.parametrize(("day", "files"), [("2025-05-30", 2), ("2025-05-31", 1)])
def test_days_from_the_named_one_on_stay_open(dataset, capfd, day, files):
    assert maintain(capfd, dataset.root, "compact", "--before", day)[0] == 0
    assert len(dataset.files("articles")) == files


@pytest.mark.parametrize(("days", "files"), [(2, 2), (1, 1)])
def test_today_and_some_days_before_stay_open(tmp_path, make_article, capfd, days, files):
    dataset = Dataset(str(tmp_path / "out"))
    day = dt.datetime.now(dt.timezone.utc).date() - dt.timedelta(2)
    for number in range(2):
        article = make_article(f"خبر {number}", date=day, topic="sport")
        publish_run(dataset, f"r{number}", stage_run(dataset, f"r{number}", [article]))
    assert maintain(capfd, dataset.root, "compact", "--open_days", str(days))[0] == 0
    assert len(dataset.files("articles")) == files


def test_a_dead_publication_is_finished_first(dataset, capfd, monkeypatch):
    before = texts(dataset)
    with monkeypatch.context() as patch:
        patch.setattr("warraq.transforms.dataset.publish._hide", _killed)
        patch.setattr("warraq.transforms.maintain.operation.recover", lambda *_: None)
        with pytest.raises(SystemError):
            run(["maintain", dataset.root, "compact"])
    capfd.readouterr()
    code, lines = maintain(capfd, dataset.root)
    assert code == 0
    assert "cleared up after run" in lines[0]
    assert texts(dataset) == before


def _killed(*_):
    raise SystemError


def test_damage_is_told_and_the_rest_is_done(dataset, capfd, make_article):
    other = make_article("خبر", topic="health")
    publish_run(dataset, "r2", stage_run(dataset, "r2", [other]))
    [broken] = [file for file in dataset.data_files("articles") if file.partition[1] == "sport"][:1]
    Path(dataset.path(broken)).write_bytes(b"nothing")
    code, lines = maintain(capfd, dataset.root)
    assert code == 1
    assert any(broken.path in line and "its partition was not compacted" in line for line in lines)
    assert any("compact-" in path for path in dataset.files("articles"))


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ([], "required: DIR, the dataset"),
        (["nowhere"], "nowhere: no dataset there; make one: warraq ingest INPUT… --output nowhere"),
        (["nowhere", "compct"], "no operation 'compct'; there are compact, vacuum"),
        (["compact", "--whole"], "the dataset comes first: warraq maintain DIR compact"),
        (["nowhere", "vacuum", "--keep", "7"], "argument --keep: '7': not a period such as 12h or 7d"),
        (["nowhere", "compact", "--keep", "7d"], "unknown flag --keep"),
        (["nowhere", "compact", "--before", "May"], "argument --before: 'May': not a day such as 2026-01-31"),
        (["nowhere", "compact", "--target_size", "9"], "argument --target_size: '9': not a size such as 128MB or 1GB"),
        (["nowhere", "compact", "--open_days", "-1"], "argument --open_days: '-1': not a number of days"),
        (["nowhere", "compact", "more"], "more: one argument too many"),
    ],
)
def test_wrong_usage_is_one_line(tmp_path, monkeypatch, capfd, arguments, line):
    monkeypatch.chdir(tmp_path)
    code, lines = maintain(capfd, *arguments)
    assert code == 2
    assert len(lines) == 1
    assert line in lines[0]
    assert [*tmp_path.iterdir()] == []


def test_a_folder_of_something_else_is_refused(tmp_path, capfd):
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "notes.txt").write_text("mine")
    code, lines = maintain(capfd, str(tmp_path))
    assert code == 1
    assert len(lines) == 1
    assert (tmp_path / "runs" / "notes.txt").exists()


@pytest.mark.parametrize("name", [None, *OPERATIONS])
def test_the_help_fits_a_screen(name):
    text = maintain_parser(name).format_help()
    assert len(text.splitlines()) <= 50
    assert max(map(len, text.splitlines())) <= 100
    assert name is not None or all(operation in text for operation in OPERATIONS)
    assert set(NIGHTLY) <= set(OPERATIONS)
