"""The unbounded driver: one Beam job that runs on, and commits what has arrived window by window.

The graph is that of the batch job. What is fixed there when the graph is built (the run, the dumps, the files of the
index) is an element here, one for each window. The next one is given once the last one is settled, so windows are
committed in order, and a burst waits in the folder and not in memory.
"""

import contextlib
import dataclasses
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple, Protocol

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.pvalue import AsSingleton
from apache_beam.runners.runner import PipelineState
from apache_beam.transforms.window import FixedWindows
from deltalake.exceptions import DeltaError

from warraq.pipelines.cli import WRONG_USAGE
from warraq.pipelines.cycles import Cycle, log_of
from warraq.pipelines.errors import WarraqError, message_of
from warraq.pipelines.flow import RefinePages
from warraq.pipelines.ingest import describe_run, dumps_of, recipes_of, told
from warraq.pipelines.job import Known, show_log, staged, wait_for_end
from warraq.pipelines.maintain import keep_up
from warraq.pipelines.options import LOCAL, StreamOptions
from warraq.pipelines.plan import plan
from warraq.pipelines.polling import ENDED, PollFn, Turn
from warraq.pipelines.summary import ledger_of, pages_by
from warraq.transforms import ledger
from warraq.transforms.dataset.dataset import Dataset
from warraq.transforms.dataset.errors import DatasetError
from warraq.transforms.dataset.forgotten import read_forgotten
from warraq.transforms.dataset.publish import discard, recover_dead_runs
from warraq.transforms.dataset.upgrade import upgrade_tables
from warraq.transforms.deduplicate.stage import ReadKnownOfWindow
from warraq.transforms.land import kafka, pubsub
from warraq.transforms.read.arrivals import Arrivals, first_of
from warraq.transforms.read.dump import Dump
from warraq.transforms.read.stage import ReadArrivingPages
from warraq.transforms.write.commit import OVERTAKEN, record_failures
from warraq.transforms.write.run import Run
from warraq.transforms.write.set_aside import read_report
from warraq.transforms.write.stage import CommitRuns

_STANDSTILL: Final = 5.0  # seconds, at most, between two looks; a file that did not change meanwhile is whole
_CHECKPOINT_MILLIS: Final = 10_000  # without this flag Flink takes no checkpoint, and polls without a pause
_LOOK: Final = 1.0  # seconds between two looks at the state of the job
_PRISM: Final = "PrismRunner"  # has no checkpoints


class Batch(NamedTuple):
    """All that a window needs to know."""

    run: Run
    dumps: Sequence[Dump]
    known: Known


class Given(NamedTuple):
    """A batch that was given and is not settled yet."""

    run: Run
    since: float  # seconds since 1970: the first sight of the file that waited longest
    waiting: int  # files that were left for later


class State(NamedTuple):
    """What the runner keeps of the source between two polls."""

    due: float  # seconds since 1970: the end of the window that is open
    windows: int  # that have ended
    given: Given | None = None


class Source:
    """The batches of a stream: one in each window at most, and none before the last one is settled.

    What it remembers saves work only: another process may go on from the state.
    """

    def __init__(self, options: StreamOptions) -> None:
        self._options = options

    def poll(self, state: State | None, now: float) -> Turn:
        """Looks for files. At the end of a window, gives those that are whole."""
        key = _key(self._options)
        if key not in _WATCHERS:
            _WATCHERS[key] = _Watcher(self._options)
        return _WATCHERS[key].poll(state, now)


class _Watcher:
    """As Source; one for each process and stream."""

    def __init__(self, options: StreamOptions) -> None:
        self._options = options
        self._dataset = Dataset(options.ingest.output)
        self._log = log_of(options.is_json)
        self._standstill = min(_STANDSTILL, options.windows / 2)
        self._forget_files()
        self._lock = contextlib.ExitStack()  # of the run that is not settled: other jobs must not take it for dead
        self._locked = ""
        self._commits = 0  # since the last upkeep

    def _forget_files(self) -> None:
        self._arrivals = Arrivals(self._options.ingest.inputs, self._options.ingest.output, self._standstill)

    def poll(self, state: State | None, now: float) -> Turn:
        """See Source."""
        length = self._options.windows
        state = state or State((now // length + 1) * length, 0)
        if state.given and self._is_settled(state.given, state.windows, now):
            state = state._replace(given=None)
        self._arrivals.look(time.monotonic())
        batch, end = None, state.due - length
        if now >= state.due:
            end = now // length * length
            is_last = 0 < self._options.cycles <= state.windows
            if is_last and not state.given:
                return Turn(ENDED, None, end, 0)
            given = state.given
            if not given and not is_last:
                batch, given = self._next_batch(now)
            state = State(end + length, state.windows + 1, given)
        return Turn(state, batch, end, min(self._standstill, max(0.0, state.due - now)))

    def close(self) -> None:
        """Gives up the run that is not settled: nobody works on it any more."""
        self._lock.close()
        self._locked = ""

    def _is_settled(self, given: Given, number: int, now: float) -> bool:
        """True once a run is committed, or has failed: then its files come again, those that were set aside twice.

        They are recorded here, as the launcher of a batch job does it.
        """
        dataset, run = self._dataset, given.run
        is_committed = dataset.has_run(run.run_id)
        faults = [] if is_committed else read_report(dataset, run.staging)
        if not is_committed and not faults and dataset.read_note(run.staging, OVERTAKEN) is None:
            self._hold(run)
            return False
        self.close()
        if faults:
            record_failures(run, faults)
        if is_committed:
            self._report(given, number, now)
        else:
            discard(dataset, run.staging)
            self._forget_files()
        self._keep_up()
        return True

    def _report(self, given: Given, number: int, now: float) -> None:
        counts = ledger_of(self._dataset, [given.run.run_id])
        pages, kept, refused = (pages_by(counts, door) for door in (ledger.READ, ledger.ARTICLE, ledger.REJECTED))
        lag = round(now - given.since, 1)
        self._log.report(Cycle(number, len(given.run.dumps), given.waiting, pages, kept, refused, 0, lag))

    def _keep_up(self) -> None:
        self._commits += 1
        if self._options.maintain_every and self._commits >= self._options.maintain_every:
            self._commits = 0
            keep_up(self._dataset, self._log.tell)

    def _hold(self, run: Run) -> None:
        """Holds the lock of a run. It may have been held by a process that is dead."""
        if self._locked != run.staging:
            self._lock.enter_context(self._dataset.lock(run.staging))
            self._locked = run.staging

    def _next_batch(self, now: float) -> tuple[Batch | None, Given | None]:
        """The new files that have waited longest, as many as a window may have."""
        while whole := self._arrivals.whole():
            waiting = len(self._arrivals.waiting())
            taken = first_of(whole, self._options.most_files, self._options.most_bytes)
            batch = self._batch({path: whole[path].state.size for path in taken})
            self._arrivals.read(taken)
            if batch:
                age = time.monotonic() - min(whole[path].since for path in taken)
                return batch, Given(batch.run, now - age, waiting - len(taken))
        return None, None

    def _batch(self, sizes: Mapping[str, int]) -> Batch | None:
        """The batch of files of these sizes; None if none of them is new. Messages are those of `ingest`."""
        dataset, options, tell = self._dataset, self._options.ingest, self._log.tell
        for cleared in recover_dead_runs(dataset):
            tell(cleared.words)
        upgrade_tables(dataset)
        found = dumps_of(sizes)
        for path, why in found.skipped:
            tell(f"{path}: skipped, {why}")
        recipes = recipes_of(options)
        flags = {"only_new": options.only_new, "retry_failed": options.retry_failed}
        made = plan(dataset, found.dumps, recipes, **flags, by_name=True)
        for line in told(made):
            tell(line)
        if not made.new:
            return None
        run = describe_run(options, dataset, recipes[0], made)
        self._hold(run)
        return Batch(run, made.new, Known(dataset.files("signatures"), read_forgotten(dataset)))


_WATCHERS: Final[dict[tuple[str, ...], _Watcher]] = {}  # of this process


def _key(options: StreamOptions) -> tuple[str, ...]:
    return (*options.ingest.inputs, options.ingest.output)


@dataclasses.dataclass
class IngestWindows(beam.PTransform):
    """Nothing → the rows of `runs`, one for each window in which something new came."""

    options: StreamOptions

    def expand(self, start: beam.PCollection) -> beam.PCollection:
        options = self.options.ingest
        batches = (
            start
            | beam.Impulse()
            | "Poll" >> beam.ParDo(PollFn(Source(self.options)))
            | "Window" >> beam.WindowInto(FixedWindows(self.options.windows))
        )
        runs = batches | "TakeRun" >> beam.Map(_run_of)
        files = batches | "TakeFiles" >> beam.Map(_files_of)
        forgotten = batches | "TakeForgotten" >> beam.Map(_forgotten_of)
        dumps = batches | "ListDumps" >> beam.FlatMap(_dumps_of).with_output_types(Dump)
        pages = dumps | "ReadPages" >> ReadArrivingPages(rules=options.config.read)
        known = ReadKnownOfWindow(AsSingleton(files))
        flow = RefinePages(options.config, known, forgotten=AsSingleton(forgotten))
        results = staged(pages, flow, AsSingleton(runs), options.all_rejected)
        return (runs, *results) | "CommitRuns" >> CommitRuns()


def _run_of(batch: Batch) -> Any:
    return batch.run


def _dumps_of(batch: Batch) -> Sequence[Dump]:
    return batch.dumps


def _files_of(batch: Batch) -> Any:
    return list(batch.known.files)


def _forgotten_of(batch: Batch) -> Any:
    return batch.known.forgotten


class Stop(Protocol):
    """Says when to end."""

    @property
    def is_asked(self) -> bool:
        """True once the job is to end."""

    def wait(self, seconds: float) -> None:
        """Returns after so many seconds, or when the job is to end."""


def check_windows(options: StreamOptions) -> None:
    """Returns unless these are flags of a job that can't be.

    Raises:
      WarraqError: they are.
    """
    if not options.windows:
        return
    if options.ingest.runner == LOCAL:
        raise WarraqError(
            "--windows needs a runner that streams, such as Flink (see docs/stream.md); "
            "on this machine leave it out: --every commits as often, with the same rows",
            WRONG_USAGE,
        )
    if brokers := [each for each in options.ingest.inputs if each.startswith((kafka.SCHEME, pubsub.SCHEME))]:
        raise WarraqError(
            f"{brokers[0]}: --windows reads folders and buckets; leave it out for this source", WRONG_USAGE
        )
    if options.metrics or options.metrics_port:
        raise WarraqError("--windows counts nothing for Prometheus; ask the runner, or the view `runs`", WRONG_USAGE)


def run_windows(options: StreamOptions, stop: Stop, tell: Callable[[str], object]) -> None:
    """Runs the job until it is told to stop, or has done `options.cycles` windows.

    A job that is stopped is cancelled: of a window that is not committed nothing remains, and its files come again.

    Raises:
      WarraqError: the job failed.
    """
    show_log()
    streaming = [f"--checkpointing_interval={_CHECKPOINT_MILLIS}"] if options.ingest.runner != _PRISM else []
    flags = PipelineOptions([*options.ingest.beam_flags, "--streaming", *streaming])
    tell(f"waiting for files in {', '.join(options.ingest.inputs)}; a window every {options.windows:g} s")
    pipeline = beam.Pipeline(runner=options.ingest.runner, options=flags)
    pipeline | "Ingest" >> IngestWindows(options)
    try:
        result = pipeline.run()
        while not PipelineState.is_terminal(result.state) and not stop.is_asked:
            stop.wait(_LOOK)
        if stop.is_asked:
            result.cancel()
            wait_for_end(result)
        else:
            result.wait_until_finish()
    except (RuntimeError, OSError) as error:
        raise WarraqError(message_of(error)) from error
    finally:
        if watcher := _WATCHERS.pop(_key(options), None):  # its workers are threads of this process
            watcher.close()
        with contextlib.suppress(DatasetError, DeltaError, OSError):  # else the next command clears up
            recover_dead_runs(Dataset(options.ingest.output))
