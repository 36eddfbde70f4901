"""Landing when the disk is full, and when there is room again."""

import errno
import json
import os

import pytest

from tests.pipelines.test_stream import FAST, ask
from warraq.pipelines import landing as module
from warraq.pipelines.ingest import ingest
from warraq.pipelines.job import Engine
from warraq.pipelines.options import parse_ingest, parse_stream
from warraq.pipelines.stream import StopSignals, stream
from warraq.transforms.land import segments
from warraq.transforms.land.segments import Message, Partition
from warraq.transforms.read import stage as reading
from warraq.transforms.read.dump import unreadable

MESSAGES = [
    Message("pages", 0, offset, json.dumps({"url": f"https://a.example/{offset}", "text": f"{offset}"}).encode())
    for offset in range(6)
]


class Lander:
    """As that of Kafka, with a broker that has all messages from the beginning."""

    is_ours, lost, keys = True, 0, ()

    def __init__(self, landing):
        self._partition = Partition(landing, "pages", 0)
        self._partition.folder.mkdir(parents=True)
        self.folder = str(self._partition.folder.parent)
        self.first = None  # of the segment that is being written

    def land(self, *_):
        self._partition.remove_unfinished()
        self.first = self._partition.next_offset() or 0
        if left := MESSAGES[self.first :]:
            self._partition.write(left[:3])
        self.first = None

    def behind(self, _):
        return 0

    def close(self):
        pass


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # a stream collects others' garbage, too
def test_a_disk_that_is_full_while_messages_land_costs_none(tmp_path, monkeypatch):
    """The second segment meets a full disk, at its end, twice."""
    lander, faults, sync = Lander(str(tmp_path / "out.landing")), [], os.fsync

    def full(descriptor):
        if lander.first == 3 and len(faults) < 2:
            faults.append(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
            raise faults[-1]
        sync(descriptor)

    monkeypatch.setattr(module, "_landers", lambda *_: [lander])
    monkeypatch.setattr(segments.os, "fsync", full)
    output, stop, words, cycles = str(tmp_path / "out"), StopSignals(), [], []
    options = parse_stream(["kafka://localhost:1/pages", "--output", output, "--every", "0.2s", *FAST])

    def report(cycle):
        cycles.append(cycle)
        if sum(each.pages for each in cycles) == len(MESSAGES):
            stop.defer()

    stream(options, stop, words.append, report)
    assert [line.partition(";")[0] for line in words if "again" in line] == [
        f"{tmp_path}/out.landing: No space left on device"
    ] * 2
    assert ask(output, "SELECT sum(pages) FROM ledger WHERE door = 'read'") == [(len(MESSAGES),)]
    assert sorted(path.name[:20] for path in (tmp_path / "out.landing" / "pages" / "0").iterdir()) == [
        f"{0:020}",
        f"{3:020}",
    ]


@pytest.mark.slow
def test_messages_behind_a_segment_that_failed_come_in_once_from_another_folder(tmp_path, monkeypatch):
    """The offset is behind all of them once the failure is recorded: a second stream has nothing to bring."""
    output, folders = str(tmp_path / "out"), [str(tmp_path / name) for name in ("one", "other")]
    one, other = (Partition(folder, "pages", 0) for folder in folders)
    bad = str(one.write(MESSAGES[:3]))
    one.write(MESSAGES[3:5])
    other.write(MESSAGES[:2])
    other.write(MESSAGES[2:])
    real = reading.read_range

    def read(dump, *arguments):
        if dump.path == bad:
            raise RuntimeError(f"{unreadable(dump)}torn")
        return real(dump, *arguments)

    def ingested(folder, *flags):
        options = parse_ingest([folder, "--output", output, "--quiet", *FAST, *flags])
        return ingest(options, lambda _: None, engine=Engine(landing=folder))

    monkeypatch.setattr(reading, "read_range", read)
    assert [fault.dump for fault in ingested(folders[0]).set_aside] == [bad]
    assert ingested(folders[1]).run_ids == []
    monkeypatch.undo()
    assert len(ingested(folders[0], "--retry_failed").run_ids) == 1
    assert ingested(folders[1]).run_ids == []
    assert ask(output, "SELECT sum(pages) FROM ledger WHERE door = 'read'") == [(5,)]
