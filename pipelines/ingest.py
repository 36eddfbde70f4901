"""The batch job: dumps in, committed rows out."""

import contextlib
import datetime as dt
import gc
import hashlib
import io
import json
import logging
import re
import shlex
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.runner import PipelineState
from deltalake.exceptions import DeltaError

from warraq import __version__
from warraq.pipelines.cli import DONE, FAILED, SOME_SET_ASIDE, WRONG_USAGE, counted, reach_buckets, say
from warraq.pipelines.config import FlowConfig
from warraq.pipelines.flow import RefinePages, Watch, watch_nothing
from warraq.pipelines.local import progress
from warraq.pipelines.local.launch import local_runner
from warraq.pipelines.local.scratch import scratch_folder
from warraq.pipelines.local.supervisor import Supervisor
from warraq.pipelines.options import LOCAL, IngestOptions, parse_ingest
from warraq.pipelines.summary import errors, summary
from warraq.pipelines.timings import timings
from warraq.transforms.dataset.dataset import Dataset
from warraq.transforms.dataset.errors import DamagedDatasetError, DatasetError
from warraq.transforms.dataset.publish import recover, recover_dead_runs
from warraq.transforms.deduplicate.stage import ReadKnown
from warraq.transforms.file_names import shown_name
from warraq.transforms.ledger import CountPages
from warraq.transforms.read.discover import Discovery, find_dumps
from warraq.transforms.read.dump import Dump, InputError
from warraq.transforms.read.stage import CHECKED, ReadPages
from warraq.transforms.step import KEPT, REJECTED
from warraq.transforms.write.commit import Run
from warraq.transforms.write.set_aside import SetAside, read_report
from warraq.transforms.write.stage import CommitRun, WriteArticles, WriteRejected

_PATIENCE: Final = 10.0  # seconds for another job that clears up after a dead run of the same dumps
_TERMINAL: Final = re.compile(r"\x1b\[[0-9;]*m")  # colours
_EXCEPTION: Final = re.compile(r"^[A-Za-z_][\w.]*: ", re.MULTILINE)  # in a traceback all else is indented
# What Beam puts around the words of an exception, and the names of those that speak for themselves.
_WRAPPING: Final = re.compile(
    r"^(?:RuntimeError: |[\w.]*(?:InputError|LedgerError|SetAsideError|DatasetError|WorkerDiedError): )+"
    r"|(?: \[while running '[^']*'\])+$"
)


@dataclass
class Ingest(beam.PTransform):
    """Dumps → the row of `runs`: the whole batch job."""

    dumps: Sequence[Dump]
    config: FlowConfig
    run: Run
    known_files: Sequence[str]
    watch: Watch = watch_nothing

    def expand(self, start: beam.PCollection) -> beam.PCollection:
        pages = start | "ReadPages" >> ReadPages(self.dumps, self.config.read)
        known = ReadKnown(self.known_files) if self.known_files else None
        self.watch("ReadPages", pages)
        refined = pages[KEPT] | "RefinePages" >> RefinePages(self.config, known, self.watch)
        rejected = {label: output for label, output in refined.items() if label != KEPT}
        read = {"read": pages[KEPT], "refused": pages[REJECTED], "CheckPlaces": pages[CHECKED]}
        counts = {**read, **rejected} | "CountPages" >> CountPages()
        articles = refined[KEPT] | "WriteArticles" >> WriteArticles(self.run)
        refusals = {"ReadPages": pages[REJECTED], **rejected} | "WriteRejected" >> WriteRejected(self.run)
        files = (articles, refusals) | "JoinFiles" >> beam.Flatten()
        return (files, counts) | "CommitRun" >> CommitRun(self.run)


def main(arguments: Sequence[str]) -> int:
    """`warraq ingest`; returns the exit code. Words go to stderr, the summary to stdout."""
    options = parse_ingest(arguments)
    reach_buckets(options.beam_flags)
    dataset = Dataset(options.output)
    try:
        found = find_dumps(options.inputs, options.output)
        dataset.check()
    except DamagedDatasetError as error:
        return say(str(error), FAILED)
    except (InputError, DatasetError) as error:
        return say(str(error), WRONG_USAGE)
    try:
        return _ingest_new(options, dataset, found)
    except (OSError, DatasetError) as error:  # what a dead run left can't be cleared up, or the summary not be read
        if options.traceback:
            raise
        return say(_message(error), FAILED)


def _ingest_new(options: IngestOptions, dataset: Dataset, found: Discovery) -> int:
    """Ingests what the dataset does not hold yet; returns the exit code."""
    for path, why in found.skipped:
        say(f"{path}: skipped, {why}")
    for words in recover_dead_runs(dataset):
        say(words)

    recipe = _digest(__version__, options.config_json())
    done = [run for run in dataset.rows("runs") if options.only_new or run["recipe"] == recipe]
    committed = {dump["fingerprint"]: run["run_id"] for run in done for dump in run["dumps"]}
    dumps = [dump for dump in found.dumps if dump.fingerprint not in committed]
    if dumps:
        return _ingest(options, dataset, recipe, dumps)
    held = counted(len(found.dumps), "dump")
    say(f"nothing to do: {dataset.root} holds all that was given ({held}); these are the counts from when it was read")
    _print_summary(dataset, sorted({committed[dump.fingerprint] for dump in found.dumps}))
    return DONE


def _ingest(options: IngestOptions, dataset: Dataset, recipe: str, dumps: Sequence[Dump]) -> int:
    """Runs the job; if it sets dumps aside, again without them. Returns the exit code."""
    set_aside: list[SetAside] = []
    while True:
        run = _describe(options, recipe, dumps)
        try:
            faults = _attempt(options, dataset, run, dumps)
        except _FailedError as error:
            return say(str(error), FAILED)
        if not faults:
            break
        for fault in faults:
            say(_words(fault))
        set_aside += faults
        dumps = [dump for dump in dumps if dump.path not in {fault.dump for fault in faults}]
        if not dumps:
            return say("all dumps were set aside; nothing was committed", FAILED)
    if options.beam.get_all_options().get("template_location"):
        return say("the job is written down for the service to start; it commits when it ends")
    _print_summary(dataset, [run.run_id])
    if options.strict and (broken := errors(dataset, run.run_id)):
        return say(f"--strict: {counted(broken, 'page')} rejected as `error`; see the view `rejected`", FAILED)
    if set_aside:
        total = len(dumps) + len(set_aside)
        return say(f"set aside {len(set_aside)} of {total} dumps; the others are committed", SOME_SET_ASIDE)
    return DONE


class _FailedError(Exception):
    """The run failed; the message says why, and what became of the dataset."""


def _attempt(options: IngestOptions, dataset: Dataset, run: Run, dumps: Sequence[Dump]) -> list[SetAside]:
    """Runs the job once, under the lock of the run. Returns the dumps that it set aside: then nothing is committed.

    Raises:
      _FailedError: the run failed, and has left no file behind.
    """
    with dataset.lock(run.run_id, _PATIENCE) as free:
        if not free:
            raise _FailedError("another job is ingesting the same dumps into this dataset right now")
        try:
            if not recover(dataset, run.run_id):  # in a bucket, this very run may have died before
                result = _run_pipeline(options, dataset, run, dumps)
                if options.timings:
                    for line in timings(result.metrics()):
                        print(line, file=sys.stderr)
        except (KeyboardInterrupt, Exception) as error:
            faults = [] if isinstance(error, KeyboardInterrupt) else read_report(dataset, run.run_id)
            outcome = _clear_up(dataset, run.run_id)
            if faults:
                return faults
            if options.traceback:
                raise
            raise _FailedError(f"{_message(error)}; {outcome}") from error
    return []


def _words(fault: SetAside) -> str:
    """The line that tells of a dump set aside: the stage, the exception, and how to look at three of its pages."""
    name = shown_name(fault.dump)
    first, *others = (shlex.quote(f"{name}@{offset}") for offset in fault.offsets)
    also = f" (also {', '.join(others)})" if others else ""
    return (
        f"{name}: set aside: {fault.pages} of its pages broke the stage {fault.stage} ({fault.error}); "
        f"look at one: warraq explain {first}{also}"
    )


def _clear_up(dataset: Dataset, run_id: str) -> str:
    """Leaves nothing of a run that failed, or, if it failed while publishing, all of it; says which."""
    try:
        published = recover(dataset, run_id)
    except (OSError, DeltaError, DatasetError):  # what stopped the run, a full disk for one, stops this too
        return "it failed while publishing: once that is mended, the same command finishes it"
    return "its publication had begun and has been finished" if published else "nothing was committed"


def _print_summary(dataset: Dataset, runs: Sequence[str]) -> None:
    for line in summary(dataset, runs):
        print(line)


def _run_pipeline(options: IngestOptions, dataset: Dataset, run: Run, dumps: Sequence[Dump]) -> Any:
    """Returns the runner's result once the run is committed."""
    known = dataset.files("articles")
    if options.runner != LOCAL:
        logging.disable(logging.NOTSET)  # the runner's log is how a job elsewhere is followed
        logging.basicConfig(level=logging.INFO)
        return _execute(Ingest(dumps, options.config, run, known), options.runner, options.beam)
    with scratch_folder() as scratch:
        tally = scratch / "tally"
        tally.mkdir()
        job = Ingest(dumps, options.config, run, known, progress.Tally(str(tally)))
        local = PipelineOptions([*options.beam_flags, f"--direct_num_workers={options.workers}"])
        muffled = contextlib.redirect_stderr(io.StringIO())  # Beam prints a failure there before it raises it
        size = sum(dump.size for dump in dumps)
        shown = progress.Progress(str(tally), size, options.quiet)
        gc.freeze()  # what has been imported stays: no need to look it over again and again
        try:
            with shown, Supervisor().watching(), muffled:
                return _execute(job, local_runner(local, options.workers, size), local)
        finally:
            gc.unfreeze()  # DuckDB complains of what is still there in the end


def _execute(job: Ingest, runner: Any, options: PipelineOptions) -> Any:
    """Returns the runner's result when the job is done.

    An interrupted job is cancelled: on a cluster it would outlive its launcher.
    """
    pipeline = beam.Pipeline(runner=runner, options=options)
    pipeline | "Ingest" >> job
    result = pipeline.run()
    try:
        result.wait_until_finish()
    except KeyboardInterrupt:
        with contextlib.suppress(Exception):  # a runner that the same keys have ended answers no more
            result.cancel()
            _wait_for_end(result)
        raise
    return result


def _wait_for_end(result: Any) -> None:
    """Returns once nothing of a cancelled job writes any more, or after a minute."""
    for _ in range(60):
        if PipelineState.is_terminal(result.state):
            return
        time.sleep(1)


def _describe(options: IngestOptions, recipe: str, dumps: Sequence[Dump]) -> Run:
    return Run(
        output=Dataset(options.output).root,
        run_id=_digest(recipe, *sorted(dump.fingerprint for dump in dumps)),
        recipe=recipe,
        options=options.config_json(),
        version=__version__,
        runner=options.runner,
        started_at=dt.datetime.now(dt.timezone.utc),
        dumps=[
            {"dump": dump.path, "format": dump.format, "size": dump.size, "fingerprint": dump.fingerprint}
            for dump in dumps
        ],
        all_rejected=options.all_rejected,
        max_error_share=options.max_error_share,
    )


def _digest(*parts: str) -> str:
    return hashlib.blake2b(json.dumps(parts).encode(), digest_size=16).hexdigest()


def _message(error: BaseException) -> str:
    """What went wrong, out of a worker's traceback."""
    if isinstance(error, KeyboardInterrupt):
        return "interrupted"
    words = _TERMINAL.sub("", str(error)).strip()
    named = [match.start() for match in _EXCEPTION.finditer(words)]
    message = _WRAPPING.sub("", words[named[-1] :] if named else words.rpartition("\n")[2])
    return " ".join(message.split()) or type(error).__name__
