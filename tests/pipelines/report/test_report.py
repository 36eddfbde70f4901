import re

import pytest

from tests.support.pages import OVERRIDE, SCRIPT, add_run, articles
from warraq.pipelines.report.changes import facts_in
from warraq.pipelines.report.command import main
from warraq.transforms.dataset.dataset import Dataset


@pytest.fixture
def dataset(tmp_path, make_article):
    dataset = Dataset(str(tmp_path / "dataset"))
    add_run(dataset, "run1", articles(make_article))
    return dataset


@pytest.fixture
def report(dataset, tmp_path):
    """A function that writes a report and returns its text."""
    file = tmp_path / "report.html"

    def write(*flags):
        assert main([dataset.root, "--html", str(file), *flags]) == 0
        return file.read_text(encoding="utf-8")

    return write


def test_it_is_one_file_that_loads_nothing(report):
    html = report()
    pages_own = html.partition("<style>")[0] + re.sub(r"<(script|style)\b.*?</\1>", "", html, flags=re.DOTALL)
    assert not re.search(r"\b(src|href|action)=\"(?!#)", pages_own)
    assert "default-src 'none'" in html
    assert SCRIPT not in html
    assert OVERRIDE not in html
    assert facts_in(html)["pages"] == {"read": 5, "articles": 3, "rejected": 2}


def test_the_same_dataset_gives_the_same_report(report):
    report()
    second = report()
    assert "Nothing has changed." in second
    assert report() == second


def test_it_tells_what_has_changed(report, dataset, make_article, tmp_path):
    first = report()
    assert "There is no earlier report" in first
    kept = tmp_path / "kept.html"
    kept.write_text(first, encoding="utf-8")
    add_run(dataset, "run2", articles(make_article, 5)[3:])
    for changed in (report(), report("--since_report", str(kept))):
        assert re.search(r"<td>Topic</td><td><bdi>politics and government</bdi></td><td>1</td><td>2</td>", changed)
        assert re.search(r"<td>Pages</td><td><bdi>read</bdi></td><td>5</td><td>10</td>", changed)


def test_a_run_and_a_period_narrow_it(report, dataset, make_article):
    add_run(dataset, "run2", articles(make_article, 5)[3:])
    assert facts_in(report("--run", "run2"))["pages"]["read"] == 5
    assert sum(facts_in(report("--since", "2025-06-02", "--until", "2025-06-03"))["topic"].values()) == 2
    assert 'lang="ar" dir="rtl"' in report("--language", "ar")


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--run", "nothing"], "no run nothing"),
        (["--since_report", "{other}"], "is no report of warraq"),
        (["--since_report", "{missing}"], "can't be read"),
    ],
)
def test_a_mistake_costs_one_line_and_no_file(dataset, tmp_path, flags, message, capsys):
    other = tmp_path / "other.html"
    other.write_text("<p>mine</p>", encoding="utf-8")
    flags = [flag.format(other=other, missing=tmp_path / "missing") for flag in flags]
    assert main([dataset.root, "--html", str(tmp_path / "new.html"), *flags]) == 2
    assert main([dataset.root, "--html", str(other)]) == 2  # it is somebody's page
    told = capsys.readouterr().err
    assert message in told
    assert told.count("\n") == 2
    assert other.read_text(encoding="utf-8") == "<p>mine</p>"
    assert not (tmp_path / "new.html").exists()


@pytest.mark.parametrize(
    "flags",
    [
        [],
        ["--html", "no/such/folder/x.html"],
        ["--html", "x", "--since", "x"],
        ["--html", "x", "--since", "2025-02-01", "--until", "2025-01-01"],
    ],
)
def test_wrong_flags_end_before_the_dataset_is_read(flags, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["nowhere", *flags])
    assert ended.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1
