"""The unbounded driver: one Beam job that runs on, and commits what has arrived window by window.

The graph is that of the batch job. What is fixed there when the graph is built (the run, the dumps, the files of the
index) is an element here, one for each window. The next one is given once the last one is settled, so windows are
committed in order, and a burst waits in the folder and not in memory.

On Dataflow the same job also reads a Pub/Sub subscription: its messages become segments in a folder that is polled like
any other.
"""

import contextlib
import dataclasses
import functools
import time
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple, Protocol

import apache_beam as beam
import grpc
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.runner import PipelineState
from apache_beam.transforms.window import FixedWindows, IntervalWindow
from deltalake.exceptions import DeltaError

from warraq.pipelines.cli import WRONG_USAGE
from warraq.pipelines.cycles import Cycle, log_of
from warraq.pipelines.errors import WarraqError, message_of
from warraq.pipelines.flags import KEEP
from warraq.pipelines.flow import RefinePages
from warraq.pipelines.gathering import LandMessages
from warraq.pipelines.ingest import describe_run, dumps_of, notes, recipes_of, warnings
from warraq.pipelines.job import show_log, staged, wait_for_end
from warraq.pipelines.job_server import send, words_of
from warraq.pipelines.maintain import keep_up
from warraq.pipelines.options import DATAFLOW, LOCAL, StreamOptions
from warraq.pipelines.plan import Plan, plan
from warraq.pipelines.polling import ENDED, PollFn, Turn
from warraq.pipelines.summary import ledger_of, pages_by
from warraq.transforms import ledger, storage
from warraq.transforms.dataset.dataset import Dataset
from warraq.transforms.dataset.errors import DatasetError
from warraq.transforms.dataset.forgotten import Forgotten, read_forgotten
from warraq.transforms.dataset.publish import discard, recover_dead_runs
from warraq.transforms.dataset.upgrade import upgrade_tables
from warraq.transforms.deduplicate.stage import ReadKnownOfWindow
from warraq.transforms.file_names import os_name
from warraq.transforms.land import kafka, pubsub
from warraq.transforms.land.pubsub import Subscription, segments_folder, subscription_of
from warraq.transforms.read.arrivals import Arrivals, first_of
from warraq.transforms.read.dump import Dump
from warraq.transforms.read.stage import ReadArrivingPages
from warraq.transforms.storage import is_remote
from warraq.transforms.write.commit import OVERTAKEN, record_failures
from warraq.transforms.write.run import Run, from_json
from warraq.transforms.write.set_aside import read_report
from warraq.transforms.write.stage import CommitRuns

_STANDSTILL: Final = 5.0  # seconds, at most, between two looks; a file that did not change meanwhile is whole
_RUN: Final = "run.json"  # the note of a window that is not settled
_CHECKPOINT_MILLIS: Final = 10_000  # without this flag Flink takes no checkpoint, and polls without a pause
_LOOK: Final = 1.0  # seconds between two looks at the state of the job
_PRISM: Final = "PrismRunner"  # has no checkpoints


class Given(NamedTuple):
    """A run whose dumps were given and that is not settled yet."""

    run: Run
    since: float  # seconds since 1970: the first sight of the file that waited longest
    waiting: int  # files that were left for later


class State(NamedTuple):
    """The state of the source, which the runner keeps between two polls."""

    due: float  # seconds since 1970: the end of the window that is open
    windows: int  # that have ended
    given: Given | None = None


class Source:
    """The dumps of a stream: one list in each window at most, and none before the run of the last one is settled.

    The run is a note under the folder in which the window stages its files (see `RunOfWindow`). What is remembered in
    memory saves work only: another process may go on from the state.
    """

    def __init__(self, options: StreamOptions, job: str) -> None:
        self._options = options
        self._job = job

    def poll(self, state: State | None, now: float) -> Turn:
        """Looks for files. At the end of a window, gives those that are whole."""
        if self._job not in _WATCHERS:
            _WATCHERS[self._job] = _Watcher(self._options, self._job)
        return _WATCHERS[self._job].poll(state, now)


class _Watcher:
    """As Source; one for each process and job."""

    def __init__(self, options: StreamOptions, job: str) -> None:
        self._options = options
        self._job = job
        self._dataset = Dataset(options.ingest.output)
        self._recipes = recipes_of(options.ingest)
        self._log = log_of(options.is_json)
        self._standstill = min(_STANDSTILL, options.windows / 2)
        self._landing = landing_of(options)
        self._forget_files()
        self._lock = contextlib.ExitStack()  # of the run that is not settled: other jobs must not take it for dead
        self._locked = ""
        self._commits = 0  # since the last upkeep

    def _forget_files(self) -> None:
        self._arrivals = arrivals_of(self._options, self._standstill)

    def poll(self, state: State | None, now: float) -> Turn:
        """See Source."""
        length = self._options.windows
        state = state or State((now // length + 1) * length, 0)
        if self._locked and not (state.given and state.given.run.staging == self._locked):
            self._take_back()  # the runner has not taken note of the turn in which that run was given
        if state.given and self._is_settled(state.given, state.windows, now):
            state = state._replace(given=None)
        self._arrivals.look(now)
        self._arrivals.tell_skipped(self._log.tell)
        dumps, end = None, state.due - length
        if now >= state.due:
            end = now // length * length
            is_last = 0 < self._options.cycles <= state.windows
            if is_last and not state.given:
                return Turn(ENDED, None, end, 0)
            given = state.given
            if not given and not is_last:
                dumps, given = self._next(staging_name(self._job, end))
            state = State(end + length, state.windows + 1, given)
        return Turn(state, dumps, end, min(self._standstill, max(0.0, state.due - now)))

    def _take_back(self) -> None:
        discard(self._dataset, self._locked)
        self._forget_files()
        self.close()

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
        is_noted = dataset.read_note(run.staging, _RUN) is not None
        if is_noted and not is_committed and not faults and dataset.read_note(run.staging, OVERTAKEN) is None:
            self._hold(run.staging)
            return False
        self.close()
        if faults:
            record_failures(run, faults)
        if is_committed:
            self._remove_landed(dump["dump"] for dump in run.dumps)
            self._report(given, number, now)
            self._keep_up()
        else:
            discard(dataset, run.staging)
            self._forget_files()
        return True

    def _report(self, given: Given, number: int, now: float) -> None:
        counts = ledger_of(self._dataset, [given.run.run_id])
        pages, kept, refused = (pages_by(counts, door) for door in (ledger.READ, ledger.ARTICLE, ledger.REJECTED))
        lag = round(now - given.since, 1)
        self._log.report(Cycle(number, len(given.run.dumps), given.waiting, pages, kept, refused, 0, lag))

    def _remove_landed(self, paths: Iterable[str]) -> None:
        """Removes those of these files that are segments, as they are in the dataset; on request only."""
        if self._landing and self._options.landed != KEEP:
            landed = [path for path in map(os_name, paths) if path.startswith(f"{self._landing}/")]
            storage.delete_all(self._landing, [path.removeprefix(f"{self._landing}/") for path in landed])

    def _keep_up(self) -> None:
        self._commits += 1
        if self._options.maintain_every and self._commits >= self._options.maintain_every:
            self._commits = 0
            keep_up(self._dataset, self._log.tell)

    def _hold(self, staging: str) -> None:
        """Holds the lock of a run. It may have been held by a process that is dead."""
        if self._locked != staging:
            self._lock.enter_context(self._dataset.lock(staging))
            self._locked = staging

    def _next(self, staging: str) -> tuple[list[Dump] | None, Given | None]:
        """The new files that have waited longest, as many as a window may have."""
        while whole := self._arrivals.whole():
            waiting = len(self._arrivals.waiting())
            taken = first_of(whole, self._options.most_files, self._options.most_bytes)
            made = self._plan({path: whole[path].state.size for path in taken})
            self._arrivals.read(taken)
            if made.new:
                self._hold(staging)
                run = describe_run(self._options.ingest, self._dataset, self._recipes[0], made)
                run = dataclasses.replace(run, staging=staging)
                self._dataset.write_note(staging, _RUN, run.to_json())
                return made.new, Given(run, min(whole[path].since for path in taken), waiting - len(taken))
        return None, None

    def _plan(self, sizes: Mapping[str, int]) -> Plan:
        """The plan for files of these sizes. Messages are those of `ingest`."""
        dataset, options, tell = self._dataset, self._options.ingest, self._log.tell
        for cleared in recover_dead_runs(dataset):
            tell(cleared.words)
        upgrade_tables(dataset)
        found = dumps_of(sizes)
        for each in found.skipped:
            tell(f"{each.path}: skipped, {each.why}")
        flags = {"only_new": options.only_new, "retry_failed": options.retry_failed}
        made = plan(dataset, found.dumps, self._recipes, **flags, by_name=True)
        for line in (*notes(made), *warnings(made)):
            tell(line)
        self._remove_landed(dump.path for dump in made.held)
        return made


_WATCHERS: Final[dict[str, _Watcher]] = {}  # of this process, by job


def arrivals_of(options: StreamOptions, standstill: float) -> Arrivals:
    """The places that are polled: folders and buckets, and the folder in which messages become files."""
    landing = landing_of(options)
    folders = [each for each in options.ingest.inputs if not each.startswith(pubsub.SCHEME)]
    return Arrivals([*folders, *[f"{landing}/"] * bool(landing)], options.ingest.output, standstill)


def landing_of(options: StreamOptions) -> str:
    """The folder in which messages become files; "" if no source is a subscription."""
    return options.landing.rstrip("/") if _subscriptions(options) else ""


def _subscriptions(options: StreamOptions) -> list[str]:
    return [each for each in options.ingest.inputs if each.startswith(pubsub.SCHEME)]


def read_messages(subscription: Subscription) -> beam.PTransform:
    """Beam's own read of a subscription: nothing → PubsubMessage.

    Raises:
      ValueError: Beam does not take its name.
    """
    return beam.io.ReadFromPubSub(subscription=subscription.path, with_attributes=True)


def staging_name(job: str, end: float) -> str:
    """The name under which the window of a job that ends then stages its files. Two jobs have two."""
    return f"{job}-{round(end * 1000)}"


class RunOfWindow:
    """Window → its run; None once that has ended: it is committed, or was given up and its files come again."""

    def __init__(self, output: str, job: str) -> None:
        self._output = output
        self._job = job

    def __call__(self, window: IntervalWindow) -> Run | None:
        note = Dataset(self._output).read_note(staging_name(self._job, float(window.end)), _RUN)
        return from_json(note) if note else None


@functools.lru_cache(maxsize=1)
def _forgotten_in(output: str, job: str, window: IntervalWindow) -> Forgotten:
    run = RunOfWindow(output, job)(window)
    return read_forgotten(Dataset(output), run.dumps, run.replaced) if run else Forgotten()


def _files_in(output: str, _window: IntervalWindow) -> Sequence[str]:
    return Dataset(output).files("signatures")


@dataclasses.dataclass
class IngestWindows(beam.PTransform):
    """Nothing → the rows of `runs`, one for each window in which something new came.

    What was taken down, and the index, are those of the moment when a window needs them: what a run was planned on is
    seen at its commit.
    """

    options: StreamOptions
    job: str
    read: Callable[[Subscription], beam.PTransform] = read_messages

    def expand(self, start: beam.PCollection) -> beam.PCollection:
        options = self.options.ingest
        for subscription in filter(None, map(subscription_of, _subscriptions(self.options))):  # one at most
            folder = segments_folder(landing_of(self.options), subscription)
            _ = start | "ReadMessages" >> self.read(subscription) | "LandMessages" >> LandMessages(folder)
        given = (
            start
            | beam.Impulse()
            | "Poll" >> beam.ParDo(PollFn(Source(self.options, self.job))).with_output_types(list[Dump])
            | "Window" >> beam.WindowInto(FixedWindows(self.options.windows))
        )
        dumps = given | "ListDumps" >> beam.FlatMap(_each).with_output_types(Dump)
        pages = dumps | "ReadPages" >> ReadArrivingPages(rules=options.config.read)
        known = ReadKnownOfWindow(files_of=functools.partial(_files_in, options.output))
        flow = RefinePages(options.config, known, forgotten=functools.partial(_forgotten_in, options.output, self.job))
        run_of = RunOfWindow(options.output, self.job)
        results = staged(pages, flow, run_of, options.all_rejected)
        return (*results, given) | "CommitRuns" >> CommitRuns(run_of)


def _each(dumps: Sequence[Dump]) -> Sequence[Dump]:
    return dumps


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
    if brokers := [each for each in options.ingest.inputs if each.startswith(kafka.SCHEME)]:
        raise WarraqError(
            f"{brokers[0]}: --windows reads folders, buckets and, on Dataflow, Pub/Sub; leave it out for this source",
            WRONG_USAGE,
        )
    if found := _subscriptions(options):
        _check_subscription(options, found)
    if options.cycles and options.ingest.runner != _PRISM:
        raise WarraqError("--cycles: with --windows such a job ends when it is cancelled (Ctrl-C)", WRONG_USAGE)
    if options.metrics or options.metrics_port:
        raise WarraqError("--windows counts nothing for Prometheus; ask the runner, or the view `runs`", WRONG_USAGE)


def _check_subscription(options: StreamOptions, found: Sequence[str]) -> None:
    """Returns if Dataflow can read these sources."""
    if options.ingest.runner != DATAFLOW:
        raise WarraqError(
            f"{found[0]}: --windows reads Pub/Sub on Dataflow only; leave it out for this source", WRONG_USAGE
        )
    if len(found) > 1:
        raise WarraqError("--windows reads one subscription; start a job for each", WRONG_USAGE)
    if not is_remote(options.landing):
        raise WarraqError("--landing: name a folder in a bucket, which all workers of Dataflow share", WRONG_USAGE)
    try:
        subscription = subscription_of(found[0])
        if not subscription:
            raise ValueError("not an address such as pubsub://project/subscription")
        read_messages(subscription)
    except ValueError as error:
        raise WarraqError(f"{found[0]}: {error}", WRONG_USAGE) from error


def run_windows(options: StreamOptions, stop: Stop, tell: Callable[[str], object]) -> None:
    """Runs the job until it is told to stop, or has done `options.cycles` windows.

    A job that is stopped is cancelled: of a window that is not committed nothing remains, and its files come again. One
    that reads a subscription is drained: what Dataflow has acknowledged becomes files before it ends.

    Raises:
      WarraqError: the job failed, or could not be started.
    """
    streaming = [f"--checkpointing_interval={_CHECKPOINT_MILLIS}"] if options.ingest.runner != _PRISM else []
    flags = PipelineOptions([*options.ingest.beam_flags, "--streaming", *streaming])
    tell(f"waiting for files in {', '.join(options.ingest.inputs)}; a window every {options.windows:g} s")
    pipeline = beam.Pipeline(runner=options.ingest.runner, options=flags)
    job = f"windows-{uuid.uuid4().hex[:8]}"
    pipeline | "Ingest" >> IngestWindows(options, job)
    try:
        result = send(pipeline, options.ingest.runner, flags)
        show_log()  # not before: what a runner says that can't start is one line
        while not PipelineState.is_terminal(result.state) and not stop.is_asked:
            stop.wait(_LOOK)
        if stop.is_asked:
            _end(result, drains=bool(_subscriptions(options)))
        else:
            result.wait_until_finish()
    except grpc.RpcError as error:
        raise WarraqError(words_of(error)) from error
    except (RuntimeError, OSError) as error:
        raise WarraqError(message_of(error)) from error
    finally:
        if watcher := _WATCHERS.pop(job, None):  # its workers are threads of this process
            watcher.close()
        with contextlib.suppress(DatasetError, DeltaError, OSError):  # else the next command clears up
            recover_dead_runs(Dataset(options.ingest.output))


def _end(result: Any, *, drains: bool) -> None:
    """Ends a job; returns once it has ended."""
    if not drains:
        result.cancel()
        wait_for_end(result)
        return
    from google.api_core.exceptions import GoogleAPIError  # noqa: PLC0415  (of the extra `gcp`)

    client = result._runner.dataflow_client  # noqa: SLF001  (Beam's interface can only cancel)
    try:
        client.modify_job_state(result.job_id(), "JOB_STATE_DRAINING")
    except GoogleAPIError as error:
        remedy = f"it goes on; drain it yourself: gcloud dataflow jobs drain {result.job_id()}"
        raise WarraqError(f"Dataflow does not drain the job ({message_of(error)[:200]}); {remedy}") from error
    while not PipelineState.is_terminal(result.state):
        time.sleep(_LOOK)
