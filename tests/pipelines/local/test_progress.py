import apache_beam as beam
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner

from tests.support.paths import ROOT
from warraq.pipelines.local.progress import NAMES, Progress, Tally, line, tally
from warraq.transforms.read.discover import find_dumps
from warraq.transforms.read.rules import ReadRules
from warraq.transforms.read.stage import ReadPages


@pytest.mark.parametrize(
    ("counts", "seconds", "shown"),
    [
        ((0, 0, 0, 0, 0), 0, "░░░░░░░░░░░░░░░░░░░░   0%  0 pages  0 pages/s  kept 0  rejected 0  reading  0:00"),
        (
            (500, 1200, 300, 200, 0),
            10,
            "██████████░░░░░░░░░░  50%  1,500 pages  150 pages/s  kept 1,000  rejected 500  reading  0:10",
        ),
        ((1000, 5, 0, 2, 3), 61, "████████████████████ 100%  5 pages  0 pages/s  kept 3  rejected 2  written 3  1:01"),
    ],
)
def test_a_line_of_progress(counts, seconds, shown):
    assert line(dict(zip(NAMES, counts, strict=True)), 1000, seconds) == shown


def test_every_door_is_tallied(tmp_path):
    with beam.Pipeline(runner=FnApiRunner()) as pipeline:
        kept, rejected = (pipeline | name >> beam.Create([name] * n) for name, n in (("a", 5), ("b", 3)))
        watch = Tally(str(tmp_path))
        watch("ReadPages", {"kept": kept, "rejected": rejected, "progress": pipeline | beam.Create([40, 2])})
        watch("CleanText", {"kept": kept, "rejected": rejected})
        watch("ClassifyTopics", {"kept": kept, "rejected": rejected})
    assert tally(str(tmp_path)) == {"bytes": 42, "pages": 5, "unread": 3, "rejected": 6, "written": 5}


@pytest.mark.slow
@pytest.mark.parametrize("split_bytes", [10_000, 10_000_000])
def test_all_bytes_of_all_dumps_are_tallied(tmp_path, split_bytes):
    dumps = find_dumps([str(ROOT / "samples" / "dumps")]).dumps
    with beam.Pipeline(runner=FnApiRunner()) as pipeline:
        Tally(str(tmp_path))("ReadPages", pipeline | ReadPages(dumps, ReadRules(split_bytes=split_bytes)))
    assert tally(str(tmp_path))["bytes"] == sum(dump.size for dump in dumps)


@pytest.mark.parametrize(("quiet", "lines"), [(False, 1), (True, 0)])
def test_a_short_run_tells_its_end(tmp_path, capsys, quiet, lines):
    with Progress(str(tmp_path), 1, quiet):
        pass
    assert capsys.readouterr().err.count("\n") == lines
