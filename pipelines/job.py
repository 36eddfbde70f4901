"""The Beam job of a run: the whole flow from dumps to the commit, and how a runner carries it out."""

import contextlib
import gc
import io
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.runner import PipelineState

from warraq.pipelines.config import FlowConfig
from warraq.pipelines.flow import RefinePages, Watch, watch_nothing
from warraq.pipelines.job_server import send
from warraq.pipelines.local import progress
from warraq.pipelines.local.launch import LocalOptions, local_runner
from warraq.pipelines.local.runner import BoundedRunner
from warraq.pipelines.local.scratch import scratch_folder
from warraq.pipelines.local.supervisor import Supervisor
from warraq.pipelines.local.warm import Graphs
from warraq.pipelines.options import DATAFLOW, LOCAL, IngestOptions
from warraq.transforms.dataset.dataset import Dataset
from warraq.transforms.dataset.forgotten import Forgotten, read_forgotten
from warraq.transforms.deduplicate.stage import ReadKnown
from warraq.transforms.ledger import CountPages
from warraq.transforms.read.dump import Dump
from warraq.transforms.read.formats import bytes_to_read
from warraq.transforms.read.stage import CHECKED, TAKEN_BACK, ReadPages
from warraq.transforms.step import KEPT, REJECTED, Outputs
from warraq.transforms.write.run import Run
from warraq.transforms.write.stage import CommitRun, RunOf, WriteArticles, WriteRejected


class Known(NamedTuple):
    """The part of a dataset that decides what new articles become."""

    files: Sequence[str]  # of the index of articles
    forgotten: Forgotten


@dataclass
class Ingest(beam.PTransform):
    """Dumps → the row of `runs`: the whole batch job."""

    dumps: Sequence[Dump]
    config: FlowConfig
    run: Run
    known: Known
    watch: Watch = watch_nothing

    def expand(self, start: beam.PCollection) -> beam.PCollection:
        pages = start | "ReadPages" >> ReadPages(
            self.dumps, self.config.read, shows_progress=self.watch is not watch_nothing
        )
        known = ReadKnown(self.known.files, frozenset(self.run.replaced)) if self.known.files else None
        self.watch("ReadPages", pages)
        flow = RefinePages(self.config, known, self.watch, self.known.forgotten)
        return staged(pages, flow, self.run, self.run.all_rejected) | "CommitRun" >> CommitRun(self.run)


def staged(pages: Outputs, flow: RefinePages, run: Run | RunOf, all_rejected: bool) -> tuple[beam.PCollection, ...]:
    """The outputs of `ReadPages` → what the commit needs: DataFile, (Entry, pages), and what is taken back, if any."""
    refined = pages[KEPT] | "RefinePages" >> flow
    rejected = {label: output for label, output in refined.items() if label != KEPT}
    read = {"read": pages[KEPT], "refused": pages[REJECTED], "CheckPlaces": pages[CHECKED]}
    counts = {**read, **rejected} | "CountPages" >> CountPages()
    articles = refined[KEPT] | "WriteArticles" >> WriteArticles(run)
    writing = WriteRejected(run, all_rejected, flow.forgotten)
    refusals = {"ReadPages": pages[REJECTED], **rejected} | "WriteRejected" >> writing
    files = (articles, refusals) | "JoinFiles" >> beam.Flatten()
    taken_back = [pages[TAKEN_BACK]] if TAKEN_BACK in pages else []
    return (files, counts, *taken_back)


@dataclass(frozen=True)
class Engine:
    """The way in which a process carries out its local runs."""

    graphs: Graphs | None = None  # kept from run to run; None describes each run anew, and counts its progress
    defers: Callable[[], bool] = lambda: False  # called at each signal; True if the run may finish all the same
    apart: bool = False  # even a single worker is a process of its own; a dump of which it dies is then known
    landing: str = ""  # the folder in which segments of topics are; their offsets are committed with their rows


_BYTES_A_WORKER: Final = 2 << 20  # to start one more process takes seven seconds of a core: as long as to read them
COLD: Final = Engine()  # keeps nothing


def run_job(options: IngestOptions, dataset: Dataset, run: Run, dumps: Sequence[Dump], engine: Engine) -> Any:
    """Runs the job of a run on the runner that the flags name.

    Returns the runner's result, once the run is committed.
    """
    known = Known(dataset.files("signatures"), read_forgotten(dataset, run.dumps, run.replaced))
    if options.runner != LOCAL:
        return _execute(Ingest(dumps, options.config, run, known), options.runner, options.beam)
    with scratch_folder() as scratch:
        tally = scratch / "tally"
        tally.mkdir()
        size = sum(map(bytes_to_read, dumps))
        workers = options.workers or workers_for(size)
        local = LocalOptions([*options.beam_flags, f"--direct_num_workers={workers}"])
        # Beam prints a failure before it raises it. Other programs have words of their own on this stream.
        muffled = contextlib.redirect_stderr(io.StringIO()) if options.is_command else nullcontext()
        shown = progress.Progress(str(tally), size, options.quiet)
        # Signal handlers need the main thread. Without it, a single worker works in this process.
        is_main = threading.current_thread() is threading.main_thread()
        is_apart = workers > 1 or (engine.apart and is_main)
        watching = Supervisor(defers=engine.defers).watching() if is_main else nullcontext()
        unvisited = nullcontext() if engine.graphs else _unvisited()  # who keeps graphs collects the garbage, too
        with unvisited, shown, watching, muffled:
            runner = local_runner(local, workers, size, is_apart, shown.enter)
            if engine.graphs and not is_apart:
                return _run_warm(engine.graphs, options, run, dumps, known, runner, local)
            watch = watch_nothing if engine.graphs else progress.Tally(str(tally))
            return _execute(Ingest(dumps, options.config, run, known, watch), runner, local)


def show_log() -> None:
    """Lets the runner's log show the progress of a job elsewhere."""
    logging.disable(logging.NOTSET)
    logging.basicConfig(level=logging.INFO)


def workers_for(size: int, most: int | None = None, each: int = _BYTES_A_WORKER) -> int:
    """The processes that dumps of so many bytes are worth: one for each 2 MiB that are begun, at most all cores."""
    return min(most or _cores(), 1 + size // each)


def _cores() -> int:
    """The number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextlib.contextmanager
def _unvisited() -> Iterator[None]:
    """While the block runs, the collector visits no object that was there before, such as imported ones: they stay."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()  # else DuckDB complains of objects left at the end


def _run_warm(  # noqa: PLR0913, PLR0917  (the parts of a job)
    graphs: Graphs,
    options: IngestOptions,
    run: Run,
    dumps: Sequence[Dump],
    known: Known,
    runner: BoundedRunner,
    local: PipelineOptions,
) -> Any:
    """As `_execute` of an `Ingest`, whose graph is described at most once for each form."""

    def job(run: Run, dumps: Sequence[Dump], files: Sequence[str], forgotten: Forgotten) -> Ingest:
        return Ingest(dumps, options.config, run, Known(files, forgotten))

    form = bool(known.files), any(dump.after for dump in dumps), *run.replaced
    values = {"run": run, "dumps": list(dumps), "files": list(known.files), "forgotten": known.forgotten}
    return graphs.run(form, values, job, runner, local)


def _execute(job: Ingest, runner: Any, options: PipelineOptions) -> Any:
    """Returns the runner's result when the job is done.

    An interrupted job is cancelled: on a cluster it would outlive its launcher.
    """
    pipeline = beam.Pipeline(runner=runner, options=options)
    pipeline | "Ingest" >> job
    result = _sent(pipeline, runner, options) if isinstance(runner, str) else pipeline.run()
    try:
        result.wait_until_finish()
    except KeyboardInterrupt:
        with contextlib.suppress(Exception):  # a runner that the same keys have ended answers no more
            result.cancel()
            wait_for_end(result)
        raise
    return result


def _sent(pipeline: beam.Pipeline, runner: str, options: PipelineOptions) -> Any:
    """As `send`. The log begins where no fault is told in it: Dataflow's upload, else the job that was taken."""
    if runner == DATAFLOW:
        show_log()
    result = send(pipeline, runner, options)
    show_log()
    return result


def wait_for_end(result: Any) -> None:
    """Returns once nothing of a cancelled job writes any more, or after a minute."""
    for _ in range(60):
        if PipelineState.is_terminal(result.state):
            return
        time.sleep(1)
