import contextlib
import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios

import apache_beam as beam
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from hypothesis import given
from hypothesis import strategies as st

from tests.support.paths import ROOT
from warraq.pipelines.local.progress import DONE, NAMES, PHASES, STOPPED, Progress, Tally, line, tally
from warraq.transforms.read.discover import find_dumps
from warraq.transforms.read.rules import ReadRules
from warraq.transforms.read.stage import ReadPages

COUNTS = st.fixed_dictionaries({name: st.integers(0, 10**12) for name in NAMES})


@pytest.mark.parametrize(
    ("counts", "seconds", "state", "shown"),
    [
        (
            (0, 0, 0, 0, 0),
            0,
            "reading",
            "░░░░░░░░░░░░░░░░░░░░   0%  reading  0:00  0 pages  0 pages/s  kept 0  rejected 0",
        ),
        (
            (500, 1200, 300, 200, 0),
            10,
            "reading",
            "██████████░░░░░░░░░░  50%  reading  0:10  1,500 pages  150 pages/s  kept 1,000  rejected 500",
        ),
        (
            (1000, 5, 0, 2, 3),
            61,
            "tagging",
            "███████████████████░  99%  tagging  1:01  tagged 3  5 pages  0 pages/s  kept 3  rejected 2",
        ),
        (
            (1000, 5, 0, 2, 3),
            61,
            DONE,
            "████████████████████ 100%  done  1:01  tagged 3  5 pages  0 pages/s  kept 3  rejected 2",
        ),
    ],
)
def test_a_line_of_progress(counts, seconds, state, shown):
    assert line(dict(zip(NAMES, counts, strict=True)), 1000, seconds, state) == shown


@given(COUNTS, st.floats(0, 1e6), st.sampled_from([*PHASES, DONE, STOPPED]), st.integers(2, 250))
def test_a_line_is_shorter_than_the_terminal_is_wide(counts, seconds, state, columns):
    assert len(line(counts, 10**9, seconds, state, columns)) < columns


@given(COUNTS, st.sampled_from([*PHASES, STOPPED]))
def test_only_the_end_is_100_percent(counts, state):
    assert "100%" not in line(counts, 10**9, 1.0, state)


def test_the_phase_follows_the_runner_and_never_goes_back(tmp_path):
    progress = Progress(str(tmp_path), 1, quiet=True)
    executed = [
        ["Ingest/ReadPages/ListDumps/Impulse"],
        ["Ingest/ReadPages/ReadRanges/Process", "Ingest/RefinePages/Deduplicate/GroupByDigest/Write"],
        ["Ingest/RefinePages/Deduplicate/JudgeNear"],
        [
            "Ingest/RefinePages/Deduplicate/Settle",
            "Ingest/RefinePages/TagEntities/Tag",
            "Ingest/WriteArticles/Partition",
        ],
        ["Ingest/RefinePages/Deduplicate/JoinRejected/Read"],
        ["Ingest/WriteArticles/Stage"],
        ["Ingest/CommitRun/Publish"],
    ]
    seen = []
    for labels in executed:
        progress.enter(labels)
        seen.append(PHASES[progress._phase])
    assert seen == ["starting", "reading", "comparing copies", "tagging", "tagging", "writing", "committing"]


def test_every_door_is_tallied(tmp_path):
    with beam.Pipeline(runner=FnApiRunner()) as pipeline:
        kept, rejected = (pipeline | name >> beam.Create([name] * n) for name, n in (("a", 5), ("b", 3)))
        watch = Tally(str(tmp_path))
        watch("ReadPages", {"kept": kept, "rejected": rejected, "progress": pipeline | beam.Create([40, 2])})
        watch("CleanText", {"kept": kept, "rejected": rejected})
        watch("ClassifyTopics", {"kept": kept, "rejected": rejected})
    assert tally(str(tmp_path)) == {"bytes": 42, "pages": 5, "unread": 3, "rejected": 6, "tagged": 5}


@pytest.mark.slow
@pytest.mark.parametrize("split_bytes", [10_000, 10_000_000])
def test_all_bytes_of_all_dumps_are_tallied(tmp_path, split_bytes):
    dumps = find_dumps([str(ROOT / "samples" / "dumps")]).dumps
    with beam.Pipeline(runner=FnApiRunner()) as pipeline:
        pages = pipeline | ReadPages(dumps, ReadRules(split_bytes=split_bytes), shows_progress=True)
        Tally(str(tmp_path))("ReadPages", pages)
    assert tally(str(tmp_path))["bytes"] == sum(dump.size for dump in dumps)


@pytest.mark.parametrize(("quiet", "lines"), [(False, 1), (True, 0)])
def test_a_short_run_tells_its_end(tmp_path, capsys, quiet, lines):
    with Progress(str(tmp_path), 1, quiet):
        pass
    shown = capsys.readouterr().err
    assert shown.count("\n") == shown.count("100%  done") == lines


def test_a_run_that_fails_is_not_told_as_done(tmp_path, capsys):
    with contextlib.suppress(ZeroDivisionError), Progress(str(tmp_path), 1, quiet=False):
        raise ZeroDivisionError
    assert "  0%  stopped" in capsys.readouterr().err


def on_terminal(columns, *arguments, **environment):
    """The output of a command on a terminal of this width."""
    main, side = pty.openpty()
    fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    command = [sys.executable, "-m", "warraq", *arguments]
    process = subprocess.Popen(
        command, stderr=side, stdout=subprocess.DEVNULL, cwd=ROOT, env={**os.environ, **environment}
    )
    os.close(side)
    shown = b""
    with contextlib.suppress(OSError):  # EIO: the other side is closed
        while piece := os.read(main, 65536):
            shown += piece
    os.close(main)
    assert process.wait() == 0
    return shown.decode()


@pytest.mark.slow
@pytest.mark.parametrize(("columns", "encoding"), [(40, "utf-8"), (80, "utf-8"), (200, "utf-8"), (80, "ascii")])
def test_progress_on_a_terminal_stays_in_one_line(tmp_path, columns, encoding):
    dump, output = ROOT / "samples" / "dumps" / "news.warc.gz", tmp_path / "out"
    shown = on_terminal(
        columns,
        "ingest",
        dump,
        "--output",
        output,
        "--workers",
        "1",
        "--tagger",
        "gazetteer",
        PYTHONIOENCODING=encoding,
    )
    frames = shown.split("\r\x1b[K")
    assert len(frames) > 5
    assert max(len(frame.rstrip("\r\n")) for frame in frames) < columns
    assert shown.count("\n") == 1
    assert [frame for frame in frames if "100%" in frame] == frames[-1:]
    assert ("█" in shown) == (encoding == "utf-8")
