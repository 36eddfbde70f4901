"""The local engine: bounded memory, small bundles, nothing left behind."""

import fcntl
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import apache_beam as beam
import pytest
from apache_beam import coders
from apache_beam.runners.portability.fn_api_runner.execution import GroupingBuffer
from apache_beam.testing.util import assert_that, equal_to
from apache_beam.transforms.core import Windowing
from apache_beam.transforms.window import GlobalWindows
from hypothesis import given
from hypothesis import strategies as st

from tests.support.paths import ROOT
from tests.support.processes import PATIENCE, wait_until, workers
from warraq.pipelines import ingest, job
from warraq.pipelines.local import runner as bundles
from warraq.pipelines.local import scratch
from warraq.pipelines.local.buffers import SpillingGroups, SpillingList
from warraq.pipelines.local.runner import BoundedRunner
from warraq.pipelines.local.scratch import scratch_folder
from warraq.pipelines.query import connect
from warraq.transforms.dataset.dataset import Dataset

NEWS = str(ROOT / "samples" / "dumps" / "news.warc.gz")
SINGLE = coders.WindowedValueCoder(coders.TupleCoder([coders.BytesCoder(), coders.VarIntCoder()]))
GROUPED = coders.WindowedValueCoder(
    coders.TupleCoder([coders.BytesCoder(), coders.IterableCoder(coders.VarIntCoder())])
)
PAIRS = st.lists(st.tuples(st.binary(max_size=3), st.integers(0, 2**40)), max_size=40)


def encoded(*pairs):
    return SINGLE.get_impl().encode_all([GlobalWindows.windowed_value(pair) for pair in pairs])


def groups(buffer):
    decoded = (GROUPED.get_impl().decode_all(group) for group in buffer)
    return [(group.value[0], list(group.value[1])) for part in decoded for group in part]


@given(PAIRS)
def test_groups_are_those_of_beams_own_buffer(pairs):
    ours, beams = (
        SpillingGroups(SINGLE, GROUPED, memory_kb=1),
        GroupingBuffer(SINGLE, GROUPED, Windowing(GlobalWindows())),
    )
    for pair in pairs:
        ours.append(encoded(pair))
        beams.append(encoded(pair))
    assert {key: sorted(values) for key, values in groups(ours)} == {
        key: sorted(values) for key, values in groups(beams)
    }


@given(PAIRS.flatmap(lambda pairs: st.tuples(st.just(pairs), st.permutations(pairs))))
def test_groups_do_not_depend_on_the_order_of_arrival(orders):
    buffers = [SpillingGroups(SINGLE, GROUPED), SpillingGroups(SINGLE, GROUPED)]
    for buffer, pairs in zip(buffers, orders, strict=True):
        buffer.append(encoded(*pairs))
    assert [*buffers[0]] == [*buffers[1]]


def test_groups_of_two_stages_join():
    first, second = SpillingGroups(SINGLE, GROUPED), SpillingGroups(SINGLE, GROUPED)
    first.append(encoded((b"a", 1), (b"b", 2)))
    second.append(encoded((b"a", 3)))
    first.extend(second)
    assert groups(first) == [(b"a", [1, 3]), (b"b", [2])]
    assert groups(first.copy()) == groups(first)


def test_a_list_keeps_its_order_and_its_copies_apart():
    buffer = SpillingList(SINGLE.get_impl(), memory_kb=1)
    buffer.append(encoded((b"a", 1), (b"b", 2)))
    copy = buffer.copy()
    buffer.extend([encoded((b"c", 3))])
    assert [value for value, _ in buffer.elements()] == [(b"a", 1), (b"b", 2), (b"c", 3)]
    assert [*copy] == [encoded((b"a", 1), (b"b", 2))]
    assert b"".join(element for _, element in buffer.elements()) == b"".join(buffer)


def test_what_is_large_lies_in_a_file_without_a_name(tmp_path):
    script = (
        "import os; from apache_beam import coders; from warraq.pipelines.local.buffers import SpillingList\n"
        "buffer = SpillingList(coders.BytesCoder().get_impl(), memory_kb=64)\n"
        "buffer.append(bytes(2**20))\n"
        "files = [os.readlink(f'/proc/self/fd/{fd}') for fd in os.listdir('/proc/self/fd') if int(fd) > 2 and "
        "os.path.exists(f'/proc/self/fd/{fd}')]\n"
        f"print(any(file.startswith({str(tmp_path)!r}) for file in files), os.listdir({str(tmp_path)!r}))"
    )
    environment = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "[]"]


class _CountFn(beam.DoFn):
    """Gives how many elements each bundle has."""

    def start_bundle(self):
        self._count = 0

    def process(self, _element):
        self._count += 1

    def finish_bundle(self):
        yield GlobalWindows.windowed_value(self._count)


@pytest.mark.parametrize(("bundle_bytes", "expected"), [(1, [1] * 10), (10**6, [10])])
def test_a_stage_gets_its_input_in_small_bundles(bundle_bytes, expected):
    with beam.Pipeline(runner=BoundedRunner(bundle_bytes=bundle_bytes)) as pipeline:
        counts = pipeline | beam.Create(range(10)) | beam.GroupBy(lambda number: number) | beam.ParDo(_CountFn())
        assert_that(counts, equal_to(expected))


@pytest.mark.parametrize(
    ("size", "workers", "expected"),
    [
        (8 << 20, 1, 1 << 20),  # waits for no other worker
        (8 << 20, 2, 1 << 18),
        (1 << 30, 2, 1 << 20),
        (100, 2, 1 << 17),
    ],
)
def test_several_workers_share_even_a_small_input(size, workers, expected):
    assert bundles.element_bytes(size, workers, most=1 << 20) == expected


def test_the_size_of_a_buffer_is_that_of_its_elements():
    elements, pairs = SpillingList(SINGLE.get_impl()), SpillingGroups(SINGLE, GROUPED)
    assert (elements.size(), pairs.size()) == (0, 0)
    elements.append(encoded((b"a", 1), (b"b", 2)))
    pairs.append(encoded((b"a", 1), (b"b", 2)))
    assert elements.size() == len(encoded((b"a", 1), (b"b", 2)))
    assert pairs.size() == 2


def test_side_inputs_flattens_and_empty_collections_work_as_ever():
    with beam.Pipeline(runner=BoundedRunner(memory_kb=1, bundle_bytes=1)) as pipeline:
        numbers = pipeline | "Numbers" >> beam.Create(range(100)).with_output_types(int)
        total = numbers | "Total" >> beam.CombineGlobally(sum)
        none = pipeline | "None" >> beam.Create([]).with_output_types(int)
        joined = (numbers, none, numbers) | beam.Flatten() | beam.Reshuffle()
        shares = joined | beam.Map(lambda number, total: number / total, beam.pvalue.AsSingleton(total))
        assert_that(shares | beam.CombineGlobally(sum), equal_to([pytest.approx(2.0)]), "shares")
        assert_that(none | beam.Distinct(), equal_to([]), "nothing")


def test_a_stage_that_fails_ends_the_run():
    with pytest.raises(ZeroDivisionError), beam.Pipeline(runner=BoundedRunner(bundle_bytes=1)) as pipeline:
        _ = pipeline | beam.Create(range(5)) | beam.Reshuffle() | beam.Map(lambda number: 1 // number)


@pytest.mark.slow
def test_rows_are_the_same_when_all_is_spilled(tmp_path, monkeypatch):
    made = []

    class Groups(SpillingGroups):
        def __init__(self, *coders):
            super().__init__(*coders)
            made.append(self)

    def rows(output):
        assert ingest.main([NEWS, "--output", str(output), "--quiet", "--workers", "1"]) == 0
        return connect(Dataset(str(output))).execute("SELECT * FROM articles ORDER BY article_id").fetchall()

    expected = rows(tmp_path / "expected")
    monkeypatch.setattr(bundles, "SpillingGroups", Groups)
    monkeypatch.setattr(job, "local_runner", lambda *_: BoundedRunner(memory_kb=1, bundle_bytes=1000))
    assert rows(tmp_path / "spilled") == expected
    assert len(made) > 3


def test_a_scratch_folder_holds_temporary_files_and_goes(monkeypatch, tmp_path):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    with scratch_folder() as folder:
        assert folder.parent == tmp_path
        assert os.environ["TMPDIR"] == tempfile.gettempdir() == str(folder)
        Path(tempfile.mkdtemp(), "file").touch()
    assert tempfile.gettempdir() == os.environ["TMPDIR"] == str(tmp_path)
    assert [*tmp_path.iterdir()] == []


def test_folders_of_dead_runs_are_removed_and_others_not(monkeypatch, tmp_path):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    for name in ("warraq-scratch-dead", "warraq-scratch-live", "warraq-data", "other-dead"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "alive").touch()
    (tmp_path / "warraq-scratch-new").mkdir()  # its run was killed before it could lock it
    (tmp_path / "warraq-scratch-theirs").mkdir()
    (tmp_path / "warraq-scratch-theirs" / "something").touch()
    with (tmp_path / "warraq-scratch-live" / "alive").open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with scratch_folder():
            pass
    left = {"warraq-scratch-live", "warraq-scratch-theirs", "warraq-data", "other-dead"}
    assert {path.name for path in tmp_path.iterdir()} == left


@pytest.mark.parametrize("moment", ["before its lock is made", "before it is locked"])
def test_a_folder_that_another_run_takes_for_dead_is_made_again(monkeypatch, tmp_path, moment):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    make, lock, disturbed = tempfile.mkdtemp, fcntl.flock, []

    def disturb():
        if not disturbed:
            disturbed.append(True)
            scratch._remove_dead(tmp_path)

    def disturbed_make(**options):
        name = make(**options)
        if moment == "before its lock is made":
            disturb()
        return name

    def disturbed_lock(file, how):
        if moment == "before it is locked":
            disturb()
        lock(file, how)

    monkeypatch.setattr(tempfile, "mkdtemp", disturbed_make)
    monkeypatch.setattr(fcntl, "flock", disturbed_lock)
    with scratch_folder() as folder:
        assert disturbed
        assert (folder / "alive").exists()
    assert [*tmp_path.iterdir()] == []


@pytest.mark.slow
@pytest.mark.parametrize("sent", [None, signal.SIGTERM])
def test_nothing_is_left_behind(tmp_path, sent):
    (tmp_path / "temporary").mkdir()
    job = subprocess.Popen(
        [sys.executable, "-m", "warraq", "ingest", NEWS, "--output", tmp_path / "out", "--workers", "2", "--quiet"],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path / "temporary")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    if sent:
        wait_until(lambda: workers(job.pid) or job.poll() is not None)
        job.send_signal(sent)
    _, words = job.communicate(timeout=PATIENCE)
    assert words == ("warraq: interrupted; nothing was committed\n" if sent else "")
    assert [*(tmp_path / "temporary").iterdir()] == []
