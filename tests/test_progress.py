import apache_beam as beam
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner

from pipelines.progress import Progress, Tally, line, tally


@pytest.mark.parametrize(
    ("counts", "seconds", "shown"),
    [
        ((0, 0, 0, 0), 0, "0 pages  0 pages/s  kept 0  rejected 0  reading  0:00"),
        ((1200, 300, 200, 0), 10, "1,500 pages  150 pages/s  kept 1,000  rejected 500  reading  0:10"),
        ((5, 0, 2, 3), 61, "5 pages  0 pages/s  kept 3  rejected 2  written 3  1:01"),
    ],
)
def test_a_line_of_progress(counts, seconds, shown):
    assert line(dict(zip(("pages", "unread", "rejected", "written"), counts, strict=True)), seconds) == shown


def test_every_door_is_tallied(tmp_path):
    with beam.Pipeline(runner=FnApiRunner()) as pipeline:
        kept, rejected = (pipeline | name >> beam.Create(range(n)) for name, n in (("a", 5), ("b", 3)))
        watch = Tally(str(tmp_path))
        watch("ReadPages", {"kept": kept, "rejected": rejected})
        watch("CleanText", {"kept": kept, "rejected": rejected})
        watch("ClassifyTopics", {"kept": kept, "rejected": rejected})
    assert tally(str(tmp_path)) == {"pages": 5, "unread": 3, "rejected": 6, "written": 5}


@pytest.mark.parametrize(("quiet", "lines"), [(False, 1), (True, 0)])
def test_a_short_run_tells_its_end(tmp_path, capsys, quiet, lines):
    with Progress(str(tmp_path), quiet):
        pass
    assert capsys.readouterr().err.count("\n") == lines
