"""The stream: dumps are ingested as they arrive, in cycles, by one process that stays warm.

Every cycle is an ingestion of its own: `ingest` plans it, runs it and commits it. What arrived meanwhile waits for the
next one. Nothing here decides what is in the dataset, so a stream can be killed and started again at any moment.
"""

import contextlib
import dataclasses
import functools
import gc
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Final

from warraq.pipelines.cli import BUSY, DONE, FAILED, WRONG_USAGE, configure_file_systems, counted
from warraq.pipelines.cycles import Cycle, log_of
from warraq.pipelines.errors import INTERRUPTED, AllSetAsideError, WarraqError, message_of
from warraq.pipelines.ingest import dumps_of, ingest
from warraq.pipelines.job import Engine, workers_for
from warraq.pipelines.job_server import check_runner
from warraq.pipelines.landing import Landing
from warraq.pipelines.local.supervisor import WorkerDiedError
from warraq.pipelines.local.warm import Graphs
from warraq.pipelines.maintain import keep_up
from warraq.pipelines.options import LOCAL, StreamOptions, parse_stream
from warraq.pipelines.summary import ledger_of, pages_by
from warraq.pipelines.watching import Metrics, MetricsError, check_file, server
from warraq.pipelines.windows import arrivals_of, check_windows, run_windows
from warraq.transforms import ledger
from warraq.transforms.dataset.dataset import Dataset
from warraq.transforms.dataset.errors import DamagedDatasetError, DatasetError
from warraq.transforms.dataset.open_tables import tables_kept_open
from warraq.transforms.extract.stage import sandboxes_kept
from warraq.transforms.file_names import stored_name
from warraq.transforms.land.offsets import in_order
from warraq.transforms.read.arrivals import Arrivals, Sight, first_of
from warraq.transforms.read.dump import InputError
from warraq.transforms.storage import is_remote

_MOST_FAULTS: Final = 5  # cycles in a row that fail; each is tried again after twice the time
_LONGEST_WAIT: Final = 600.0  # seconds between them
_STANDSTILL: Final = 5.0  # seconds, at most, for which a file must not change before it is read
_BYTES_A_WORKER: Final = 8 << 20  # of dumps: to start one more process takes as long as to read them
_FIRST_RUNS: Final = 3  # the graph of the first is without an index of articles
LOST: Final = 3  # the exit code if messages were lost before they were read
_UNCOMMITTED: Final = "what is not committed is read at the next start"
_ENDING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopSignals:
    """The signals that end a stream: the first one lets the cycle finish, a second one ends at once."""

    def __init__(self) -> None:
        self.is_asked = False
        self._bell, self._ringer = os.pipe()

    def defer(self) -> bool:
        """Notes a signal. Returns False for the second one."""
        first, self.is_asked = not self.is_asked, True
        os.write(self._ringer, b"!")
        return first

    def wait(self, seconds: float) -> None:
        """Returns after so many seconds, or at a signal."""
        select.select([self._bell], [], [], max(0.0, seconds))

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Takes the signals while the block runs. A signal that this process ignores stays ignored.

        Raises:
          KeyboardInterrupt: at the second signal.
        """
        former = {ending: signal.getsignal(ending) for ending in _ENDING}
        taken = [ending for ending, handler in former.items() if handler is not signal.SIG_IGN]
        for ending in taken:
            signal.signal(ending, self._handle)
        try:
            yield
        finally:
            for ending in taken:
                signal.signal(ending, former[ending])

    def _handle(self, _ending: int, _frame: FrameType | None) -> None:
        if not self.defer():
            raise KeyboardInterrupt


def main(arguments: Sequence[str]) -> int:
    """`warraq stream`; returns the exit code. All lines go to stderr."""
    options = parse_stream(arguments)
    log = log_of(options.is_json)
    stop = StopSignals()
    try:
        with stop.listening():
            lost = stream(options, stop, log.tell, log.report)
    except WarraqError as error:
        if options.ingest.traceback and error.__cause__:
            raise error.__cause__ from None
        log.tell(message_of(error))
        return error.code
    except KeyboardInterrupt:  # between two steps of a cycle
        log.tell(f"{INTERRUPTED}; {_UNCOMMITTED}")
        return FAILED
    if stop.is_asked:
        log.tell(f"stopped; {_UNCOMMITTED if options.windows else 'all that was read is committed'}")
    if lost:
        log.tell(f"{counted(lost, 'message')} had been lost before they were read; see above")
    return LOST if lost else DONE


def stream(
    options: StreamOptions,
    stop: StopSignals,
    tell: Callable[[str], object],
    report: Callable[[Cycle], object],
) -> int:
    """Ingests what arrives, until it is told to stop or has done `options.cycles`; with `options.windows` in one job.

    A cycle that fails commits nothing and is tried again later, with whatever has arrived since. Returns the number of
    messages that brokers had removed before they were landed.

    Args:
      options: the flags.
      stop: says when to end.
      tell: gets each message, one line.
      report: gets each cycle in which files waited or were read.

    Raises:
      WarraqError: a source or the dataset is wrong, or too many cycles in a row have failed.
    """
    check_windows(options)
    configure_file_systems(options.ingest.beam_flags)
    if (runner := options.ingest.runner) != LOCAL:
        check_runner(runner, options.ingest.beam)
    if options.windows:
        check_places(arrivals_of(options, 0), options)
        run_windows(options, stop, tell)
        return 0
    job = _Stream(options, stop, tell)
    job.check()
    tell(f"waiting for files in {', '.join(options.ingest.inputs)}; a cycle every {options.every:g} s")
    try:
        with sandboxes_kept(), tables_kept_open(), watched(options, job.metrics):
            _loop(options, stop, tell, report, job)
        return job.landing.lost
    finally:
        job.close()
        gc.unfreeze()  # else DuckDB complains of objects left at the end


def _loop(
    options: StreamOptions,
    stop: StopSignals,
    tell: Callable[[str], object],
    report: Callable[[Cycle], object],
    job: "_Stream",
) -> None:
    """As `stream`, once the job is checked."""
    due, faults = 0.0, 0
    for number in range(1, 1 + (options.cycles or sys.maxsize)):
        try:
            job.wait_for_files(due)
            if stop.is_asked:
                return
            due = time.monotonic() + options.every
            done = job.cycle(number)
        except WarraqError as error:  # noqa: PERF203  (of the cycle)
            job.count_failure()
            is_busy = error.code == BUSY  # another job that has these files will soon have done with them
            faults += not is_busy
            is_end = number == options.cycles and not is_busy
            is_last = is_end or faults == _MOST_FAULTS or options.ingest.traceback
            if not stop.is_asked and not is_last:
                pause = min(_LONGEST_WAIT, options.every * 2**faults)
                tell(f"{message_of(error)}; trying again in {pause:.0f} s")
                stop.wait(pause)
            if stop.is_asked or is_last:
                raise WarraqError(str(error)) from error
        else:
            faults = 0
            if done.arrived or done.waiting:
                report(done)


class _Stream:
    """The state that a stream keeps from cycle to cycle."""

    def __init__(self, options: StreamOptions, stop: StopSignals, tell: Callable[[str], object]) -> None:
        self._options = options
        self._stop = stop
        self._tell = tell
        self._dataset = Dataset(options.ingest.output)
        self._standstill = min(_STANDSTILL, options.every / 2)
        self.metrics = metrics_of(options)
        self.landing = Landing(options, self._dataset, tell)
        self._arrivals = Arrivals(self.landing.places, options.ingest.output, self._standstill, self.landing.is_hidden)
        self._engine = Engine(Graphs(), stop.defer, landing=self.landing.folder)
        self._runs = 0
        self._commits = 0  # since the last upkeep

    def check(self) -> None:
        """Returns if the sources and the dataset are what a stream can work with.

        Raises:
          WarraqError: they are not.
        """
        check_places(self._arrivals, self._options)

    def close(self) -> None:
        """Ends the connections to brokers."""
        self.landing.close()

    def count_failure(self) -> None:
        """Counts a cycle that failed."""
        if self.metrics:
            self.metrics.failed()
            if self._options.metrics:
                self.metrics.write(self._options.metrics)

    def wait_for_files(self, due: float) -> None:
        """Returns when the cycle is due; at once if files were left over by the last one, or at a signal.

        Raises:
          WarraqError: the sources can't be listed.
        """
        if not self._whole():
            self._stop.wait(due - self._standstill - time.monotonic())
            self.landing.land()
            self._look()
            self._stop.wait(self._standstill)
        self._look()

    def _whole(self) -> dict[str, Sight]:
        """The files that may be read: of a partition, none before which another one waits."""
        whole = self._arrivals.whole()
        if not self.landing.folder:
            return whole
        allowed = in_order(whole, self._arrivals.waiting(), self.landing.folder)
        return {path: sight for path, sight in whole.items() if path in allowed}

    def _look(self) -> None:
        try:
            self._arrivals.look(time.monotonic())
        except InputError as error:
            raise WarraqError(str(error)) from error
        self._arrivals.tell_skipped(self._tell)

    def cycle(self, number: int) -> Cycle:
        """Ingests the files that have waited longest, as many as a cycle may.

        Raises:
          WarraqError: as `ingest`; or the dataset can't be read after the commit.
        """
        waiting = self._arrivals.waiting()
        taken = first_of(self._whole(), self._options.most_files, self._options.most_bytes)
        sizes = {path: waiting[path].state.size for path in taken}
        run_ids, set_aside, new = self._ingest(sizes) if taken else ((), 0, frozenset())
        arrived = [path for path in taken if stored_name(path) in new]
        lag = max((time.monotonic() - waiting[path].since for path in arrived), default=0.0)
        self._arrivals.read(taken)
        if taken:
            self._collect_garbage()
        try:
            counts = ledger_of(self._dataset, run_ids) if run_ids else []
        except (DatasetError, OSError) as error:
            raise WarraqError(f"committed, but the counts can't be read: {message_of(error)}") from error
        pages, kept, refused = (pages_by(counts, door) for door in (ledger.READ, ledger.ARTICLE, ledger.REJECTED))
        self._keep_up(len(run_ids))
        behind = self.landing.behind()
        left = len(waiting) - len(taken)
        done = Cycle(number, len(arrived), left, pages, kept, refused, set_aside, round(lag, 1), behind)
        if self.metrics:
            now, read = time.monotonic(), set(taken)
            ages = [now - sight.since for path, sight in waiting.items() if path not in read]
            self.metrics.cycle(done._asdict(), max(ages, default=None), self.landing.lost)
            if self._options.metrics:
                self.metrics.write(self._options.metrics)
        return done

    def _ingest(self, sizes: Mapping[str, int]) -> tuple[Sequence[str], int, Collection[str]]:
        """Ingests files of these sizes.

        Returns the runs that were committed, the number of files set aside, and the dumps that were not in before.
        """
        options = self._options.ingest
        workers = workers_for(sum(sizes.values()), options.workers, _BYTES_A_WORKER)
        options = dataclasses.replace(options, workers=workers)
        try:
            outcome = ingest(options, self._tell, functools.partial(dumps_of, sizes), self._engine)
        except AllSetAsideError as error:
            return (), len(error.dumps), error.dumps
        except WarraqError as error:
            if isinstance(error.__cause__, WorkerDiedError):
                self._engine = dataclasses.replace(self._engine, apart=True)
            raise
        self._engine = dataclasses.replace(self._engine, apart=False)
        aside = {fault.dump for fault in outcome.set_aside}
        self.landing.done(dump.path for dump in (*outcome.plan.new, *outcome.plan.held) if dump.path not in aside)
        made = outcome.plan
        new = {dump.path for dump in (*made.new, *(copy.dump for copy in made.copies if copy.is_new))}
        return outcome.run_ids, len(outcome.set_aside), new

    def _collect_garbage(self) -> None:
        """Removes what a run has left: megabytes of objects that refer to each other, which Python would let grow.

        What is there after the first runs stays: code, models, graphs. To visit it each time would take longer than
        all the rest.
        """
        self._runs += 1
        gc.collect()
        if self._runs <= _FIRST_RUNS:
            gc.freeze()

    def _keep_up(self, commits: int) -> None:
        """Keeps the dataset in few files, after so many commits."""
        self._commits += commits
        if self._options.maintain_every and self._commits >= self._options.maintain_every:
            self._commits = 0
            keep_up(self._dataset, self._tell)


def check_places(arrivals: Arrivals, options: StreamOptions) -> None:
    """Returns if the sources and the dataset are what a stream can work with.

    Raises:
      WarraqError: they are not.
    """
    try:
        arrivals.look(time.monotonic())
        Dataset(options.ingest.output).check()
    except (InputError, DatasetError) as error:
        is_damaged = isinstance(error, DamagedDatasetError)
        raise WarraqError(str(error), FAILED if is_damaged else WRONG_USAGE) from error
    for source in options.ingest.inputs:
        if _lies_in(source, options.ingest.output):
            raise WarraqError(f"{source}: lies in the dataset; name the folder where dumps arrive", WRONG_USAGE)


def _lies_in(source: str, output: str) -> bool:
    """True if a folder is the dataset or a part of it. Addresses are no folders."""
    if "://" in source or is_remote(output):
        return False
    place = Path(os.path.realpath(source))  # unlike `resolve`, it takes a loop of links
    return Path(os.path.realpath(output)) in (place, *place.parents)


def metrics_of(options: StreamOptions) -> Metrics | None:
    """The counts, if they are asked for.

    Raises:
      WarraqError: they can't be had.
    """
    if not (options.metrics or options.metrics_port):
        return None
    try:
        if options.metrics:
            check_file(options.metrics)
        return Metrics()
    except (MetricsError, OSError) as error:
        raise WarraqError(message_of(error), WRONG_USAGE) from error


@contextlib.contextmanager
def watched(options: StreamOptions, metrics: Metrics | None) -> Iterator[None]:
    """Serves the counts while the block runs, if they are asked for at a port.

    Raises:
      WarraqError: the port can't be had.
    """
    if not metrics or not options.metrics_port:
        yield
        return
    try:
        serving = server(metrics, options.metrics_port, options.ready_lag)
    except OSError as error:
        raise WarraqError(f"--metrics_port {options.metrics_port}: {message_of(error)}", WRONG_USAGE) from error
    threading.Thread(target=serving.serve_forever, daemon=True).start()
    try:
        yield
    finally:
        serving.shutdown()
        serving.server_close()
