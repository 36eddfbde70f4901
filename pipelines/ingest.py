"""The batch job: dumps in, committed rows out."""

import dataclasses
import datetime as dt
import functools
import hashlib
import json
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Final, NamedTuple

from deltalake.exceptions import DeltaError

from warraq import __version__
from warraq.pipelines.cli import (
    BUSY,
    DONE,
    FAILED,
    NO_INPUT,
    NOTHING_NEW,
    SOME_SET_ASIDE,
    STATUS,
    WRONG_USAGE,
    configure_file_systems,
    counted,
    print_line,
)
from warraq.pipelines.errors import AllSetAsideError, WarraqError, message_of
from warraq.pipelines.flags import JSON
from warraq.pipelines.job import COLD, Engine, run_job
from warraq.pipelines.local.supervisor import WorkerDiedError
from warraq.pipelines.options import IngestOptions, parse_ingest
from warraq.pipelines.plan import MOST_FAILURES, Plan, plan
from warraq.pipelines.summary import DumpsOf, as_json, as_text, errors, ledger_of, totals_of
from warraq.pipelines.timings import timings
from warraq.pipelines.unused_fields import unused_field_lines
from warraq.schemas.arrow import SCHEMA_VERSION
from warraq.schemas.labels import READ_STAGE
from warraq.transforms.dataset.dataset import Dataset
from warraq.transforms.dataset.errors import DamagedDatasetError, DatasetError, OvertakenError
from warraq.transforms.dataset.index import arrivals_count
from warraq.transforms.dataset.loads import load_id
from warraq.transforms.dataset.open_tables import tables_kept_open
from warraq.transforms.dataset.publish import has_dead_runs, recover, recover_dead_runs
from warraq.transforms.dataset.upgrade import upgrade_tables
from warraq.transforms.file_names import shown_name, stored_name
from warraq.transforms.land import offsets
from warraq.transforms.read.discover import Discovery, Skipped, examine, find_dumps
from warraq.transforms.read.dump import Dump, InputError, NoInputError, unreadable
from warraq.transforms.write.commit import OVERTAKEN, record_failures
from warraq.transforms.write.run import Run
from warraq.transforms.write.set_aside import SetAside, read_report

_NAMED: Final = 3  # dumps that a message names
_MOST_ALONE: Final = 8  # dumps that fail alone before anything is committed
_PATIENCE: Final = 10.0  # seconds for another job that clears up after a dead run of the same dumps


@dataclass(frozen=True)
class Outcome:
    """The result of an ingestion that did not fail."""

    run_ids: Sequence[str]  # of the runs that were committed now; none if nothing was new, or the job runs later
    set_aside: Sequence[SetAside]
    plan: Plan
    skipped: Sequence[Skipped] = ()


def main(arguments: Sequence[str]) -> int:
    """`warraq ingest`; returns the exit code. Messages go to stderr, the summary to stdout."""
    options = parse_ingest(arguments)
    try:
        outcome = ingest(options, print_line, note=_say_nothing if options.quiet else print_line)
        if not outcome.run_ids and outcome.plan.new:
            return print_line("template written; the dataset is committed when the job runs")
        code, words = _verdict(options, outcome)
        if outcome.run_ids or options.summary == JSON:
            for line in _summary(options, outcome, code):
                print(line)
        return print_line(words, code) if words else code
    except (OSError, DatasetError, WarraqError) as error:
        code = getattr(error, "code", FAILED)
        if options.traceback and code == FAILED and error.__cause__:
            raise error.__cause__ from None
        if options.summary == JSON:
            print(json.dumps({"status": STATUS[code], "error": message_of(error)}, ensure_ascii=False))
        return code if options.quiet and code == BUSY else print_line(message_of(error), code)


def _say_nothing(_message: str) -> None:
    """Takes the place of `print_line` for notes that --quiet leaves out."""


def _verdict(options: IngestOptions, outcome: Outcome) -> tuple[int, str]:
    """The exit code of an ingestion that did not fail, and a last line on it, or ""."""
    broken = errors(Dataset(options.output), outcome.run_ids) if options.strict else 0
    left_out = len(outcome.set_aside) + len(outcome.plan.given_up)
    denied = sum(each.is_denied for each in outcome.skipped)
    if broken:
        return FAILED, f"--strict: {counted(broken, 'page')} rejected as `error`; see the view `rejected`"
    if left_out or denied:
        parts = [f"{counted(left_out, 'dump')} set aside"] * bool(left_out)
        parts += [f"{counted(denied, 'file')} not readable"] * bool(denied)
        return SOME_SET_ASIDE, f"{', '.join(parts)}; the others are committed"
    return (DONE if outcome.run_ids else NOTHING_NEW), ""


def _summary(options: IngestOptions, outcome: Outcome, code: int) -> Iterator[str]:
    """The lines of the summary, or its JSON in one line."""
    dataset, made = Dataset(options.output), outcome.plan
    lines, totals = ledger_of(dataset, outcome.run_ids), totals_of(dataset)
    if options.summary != JSON:
        return as_text(lines, totals)
    failed = {fault.dump for fault in outcome.set_aside}
    copies = {copy.dump.path for copy in made.copies}
    dumps = DumpsOf(
        read=[dump.path for dump in made.new if dump.path not in failed],
        already_in=sorted({dump.path for dump in (*made.held, *made.other_rules)} - copies),
        set_aside=[(fault.dump, fault.error) for fault in outcome.set_aside],
        failed=[(dump.path, f"failed {MOST_FAILURES} times") for dump in made.given_up],
        again=[dump.path for dump in made.again],
        orphaned=[dump.path for dump in made.orphaned],
        copies=[(copy.dump.path, copy.of) for copy in made.copies],
        skipped=[(each.path, each.why) for each in outcome.skipped],
    )
    found = as_json(STATUS[code], outcome.run_ids, dumps, lines, totals)
    return iter([json.dumps(found, ensure_ascii=False)])


@tables_kept_open()
def ingest(
    options: IngestOptions,
    tell: Callable[[str], object],
    find: Callable[[], Discovery] | None = None,
    engine: Engine = COLD,
    note: Callable[[str], object] | None = None,
) -> Outcome:
    """Ingests the dumps that the dataset does not have.

    If another job commits some of the dumps meanwhile, or takes rows out, it starts again with what is left.

    Args:
      options: the flags.
      tell: gets each message, one line.
      note: gets those that ask nothing of anybody; by default `tell`.
      find: finds the dumps; by default those of `options.inputs`.
      engine: how a local run is carried out.

    Raises:
      AllSetAsideError: all dumps were set aside.
      WarraqError: an input or the dataset is wrong, or the run failed.
    """
    configure_file_systems(options.beam_flags)
    dataset = Dataset(options.output)
    note = note or tell
    find = find or functools.partial(find_dumps, options.inputs, options.output)
    found = _find(find, dataset)
    for each in found.skipped:
        tell(f"{each.path}: skipped, {each.why}")
    for each in found.empty:
        note(f"{each.path}: {each.why}")
    if has_dead_runs(dataset):  # one of these dumps may be to blame. To wait for the turn removes the traces
        engine = dataclasses.replace(engine, apart=True)
    waited: list[str] = []

    def waiting() -> None:
        waited.append("another job is ingesting into this dataset; waiting for it")
        note(waited[0])

    try:
        with dataset.turn(waiting) if options.wait else nullcontext():
            found = _find(find, dataset) if waited else found
            while True:
                outcome = _ingest_new(options, dataset, found, tell, note, engine)
                if outcome:
                    return dataclasses.replace(outcome, skipped=[*found.skipped, *found.empty])
                found = _find(find, dataset)  # files may have grown meanwhile
    except (OSError, DatasetError, DeltaError) as error:  # files of a dead run can't be removed, a table can't be read
        raise WarraqError(message_of(error)) from error


def dumps_of(sizes: Mapping[str, int]) -> Discovery:
    """The dumps at these paths that still have these sizes. Others are read once they stand still again."""
    found = examine(list(sizes))
    seen = {stored_name(path): size for path, size in sizes.items()}
    return found._replace(dumps=[dump for dump in found.dumps if dump.size == seen[dump.path]])


def _find(find: Callable[[], Discovery], dataset: Dataset) -> Discovery:
    """The dumps of the input, once the dataset is checked."""
    try:
        found = find()
        dataset.check()
    except DamagedDatasetError as error:
        raise WarraqError(str(error)) from error
    except (InputError, DatasetError) as error:
        raise WarraqError(str(error), NO_INPUT if isinstance(error, NoInputError) else WRONG_USAGE) from error
    return found


def _ingest_new(  # noqa: PLR0913, PLR0917  (the parts of a job)
    options: IngestOptions,
    dataset: Dataset,
    found: Discovery,
    tell: Callable[[str], object],
    note: Callable[[str], object],
    engine: Engine,
) -> Outcome | None:
    """As `ingest`, once the inputs are found and the dataset is checked. Returns None if it must start again."""
    cleared = recover_dead_runs(dataset)
    for each in cleared:
        tell(each.words)
    if before := upgrade_tables(dataset):
        tell(f"{dataset.root}: upgraded from schema {before} to {SCHEMA_VERSION}")
    recipes = recipes_of(options)
    reached = offsets.committed(dataset, found.dumps, engine.landing) if engine.landing else {}
    made = plan(
        dataset,
        found.dumps,
        recipes,
        only_new=options.only_new,
        replace=options.replace,
        retry_failed=options.retry_failed,
        by_name=options.is_stream,
    )
    if reached:
        covered = offsets.covered(dataset, made.new, engine.landing, reached, recipes[0])
        made = made.without({dump.path for dump in covered})._replace(offsets=reached, covered=covered)
    for line in notes(made):
        note(line)
    for line in warnings(made):
        tell(line)
    if made.new:
        for line in unused_field_lines(made.new, options.config.read):
            tell(line)
        try:
            return _ingest(options, dataset, recipes[0], made, tell, engine)
        except OvertakenError as error:
            note(f"{error}; starting again with what is left")
            return None
    finished = [each.run_id for each in cleared if each.run_id]
    if found.dumps and not made.given_up and not finished:
        note(f"nothing new: {dataset.root} has all of the input ({counted(len(found.dumps), 'dump')})")
    return Outcome(finished, [], made)


def recipes_of(options: IngestOptions) -> list[str]:
    """The digest of the rules and the version. Then its earlier forms: flags that change no article were part of it."""
    forms = [options.config_json()]
    forms += [
        options.config_json(tuning=tuning, all_rejected=all_rejected)
        for tuning in (False, True)
        for all_rejected in (options.all_rejected, not options.all_rejected)
    ]
    return list(dict.fromkeys(_digest(__version__, form) for form in forms))


def notes(made: Plan) -> Iterator[str]:
    """The messages that ask nothing of anybody: on dumps that are left alone, are copies, or grew."""
    if made.other_rules:
        dumps = counted(len(made.other_rules), "dump")
        yield f"{dumps} left alone: in the dataset, made under other rules; --replace makes them anew"
    for is_new, where in ((True, "which is read now"), (False, "which the dataset has")):
        if copies := [copy for copy in made.copies if copy.is_new == is_new]:
            more = f", and {counted(len(copies) - 1, 'other dump')} like it" if len(copies) > 1 else ""
            name, of = shown_name(copies[0].dump.path), shown_name(copies[0].of)
            yield f"{name}: the same bytes as {of}, {where}{more}; not read"
    if grown := sum(dump.after is not None for dump in made.new):
        yield f"{counted(grown, 'dump')} grew: only what is new there is read"
    if made.covered:
        files = counted(len(made.covered), "file")
        yield f"{files} of messages left alone: the dataset has these messages already, from another landing folder"


def _some(dumps: Sequence[str]) -> str:
    """The first names of a list of dumps, and how many more there are."""
    more = len(dumps) - _NAMED
    return ", ".join(map(shown_name, dumps[:_NAMED])) + (f" and {counted(more, 'other dump')}" if more > 0 else "")


def warnings(made: Plan) -> Iterator[str]:
    """The messages on dumps of which somebody must decide what becomes of them."""
    if made.again:
        names = _some([dump.path for dump in made.again])
        yield f"{names}: in the dataset already, made under other rules, whose rows stay; --replace makes them anew"
    if made.orphaned:
        names = _some([dump.path for dump in made.orphaned])
        yield f"{names}: pages were refused as copies of articles taken out since; --replace makes these dumps anew"
    for dump in made.given_up:
        name = shown_name(dump.path)
        yield f"{name}: left out: failed {MOST_FAILURES} times, see the view `runs`; --retry_failed tries it again"


def _ingest(  # noqa: PLR0913, PLR0917  (the parts of a job)
    options: IngestOptions, dataset: Dataset, recipe: str, made: Plan, tell: Callable[[str], object], engine: Engine
) -> Outcome:
    """Runs the job; if it sets dumps aside, again without them. Each of them is a row of `runs` with its reason."""
    done = _run_parts(options, dataset, recipe, made, tell, engine)
    if done.alone and not done.run_ids:
        raise done.alone[0][1]
    for dump, failure in done.alone:
        why = message_of(failure.__cause__ or failure)[:200]
        done.set_aside.append(SetAside(dump.path, READ_STAGE, why, 0, []))
        tell(_describe_fault(done.set_aside[-1]))
    if done.set_aside and not options.is_template:
        past = offsets.moves([dump.path for dump in made.new], (), engine.landing, done.reached)
        run = dataclasses.replace(describe_run(options, dataset, recipe, made), offsets=past)
        record_failures(run, done.set_aside)
    if not done.run_ids:
        raise AllSetAsideError(frozenset(fault.dump for fault in done.set_aside))
    return Outcome([] if options.is_template else done.run_ids, done.set_aside, made)


def _run_parts(  # noqa: PLR0913, PLR0917  (the parts of a job)
    options: IngestOptions, dataset: Dataset, recipe: str, made: Plan, tell: Callable[[str], object], engine: Engine
) -> "_Done":
    """Runs the job in as many parts as it takes: without the dumps that are set aside, in halves after a loss."""
    done = _Done([], [], [], dict(made.offsets))
    waiting = [made]
    while waiting:
        part = waiting.pop(0)
        moves = offsets.moves([dump.path for dump in part.new], _left_out(waiting, done), engine.landing, done.reached)
        run = dataclasses.replace(describe_run(options, dataset, recipe, part), offsets=moves)
        try:
            faults = _attempt(options, dataset, run, part.new, engine)
        except WarraqError as error:
            loss = error.__cause__
            if not isinstance(loss, WorkerDiedError) or loss.no_dump_at_fault or len(made.new) == 1:
                raise
            waiting[:0] = _after_loss(error, part, done, tell)
            engine = dataclasses.replace(engine, apart=True)  # what is small is not to take this process with it
            dataset.forget_death(run.staging)
            continue
        if not faults:
            done.run_ids.append(run.run_id)
            done.reached.update({key: after for key, (_, after) in moves.items()})
            continue
        done.set_aside.extend(faults)
        left = part.without({fault.dump for fault in faults})
        waiting[:0] = [left] if left.new else []
        for fault in faults:
            tell(_describe_fault(fault))
    return done


class _Done(NamedTuple):
    """The runs of a job that have ended."""

    run_ids: list[str]  # committed
    set_aside: list[SetAside]
    alone: list[tuple[Dump, WarraqError]]  # dumps of which a worker died when they were read alone
    reached: dict[str, int]  # the offsets of partitions, as by `offsets.committed`


def _left_out(waiting: Sequence[Plan], done: _Done) -> set[str]:
    """The dumps of a job that are not in yet, or were set aside."""
    aside = {fault.dump for fault in done.set_aside} | {dump.path for dump, _ in done.alone}
    return aside | {dump.path for part in waiting for dump in part.new}


def _after_loss(error: WarraqError, part: Plan, done: _Done, tell: Callable[[str], object]) -> list[Plan]:
    """The plans that are tried after a run of which a worker process died: its dumps in two halves, and so on.

    A dump that fails alone where others do not is to blame.

    Raises:
      WarraqError: so many dumps have failed alone, and no run was committed, that the machine is at fault, and no dump.
    """
    if len(part.new) > 1:
        tell(f"{error}; trying its {len(part.new):,} dumps in two halves")
        return _halves(part)
    done.alone.append((part.new[0], error))
    if len(done.alone) >= _MOST_ALONE and not done.run_ids:
        raise error
    return []


def _halves(made: Plan) -> list[Plan]:
    """The plan in two, each with half of its new dumps."""
    names = [dump.path for dump in made.new]
    middle = len(names) // 2
    return [made.without(names[middle:]), made.without(names[:middle])]


def _attempt(
    options: IngestOptions, dataset: Dataset, run: Run, dumps: Sequence[Dump], engine: Engine
) -> list[SetAside]:
    """Runs the job once, under the lock of the run. Returns the dumps that it set aside: then nothing is committed.

    Raises:
      WarraqError: the run failed. The message says why, and in which state the dataset is.
    """
    result = None
    with dataset.lock(run.staging, _PATIENCE) as free:
        if not free:
            raise WarraqError("another job is ingesting the same dumps into this dataset; --wait waits for it", BUSY)
        if dataset.has_died(run.staging):
            engine = dataclasses.replace(engine, apart=True)
        try:
            if not recover(dataset, run.staging, run.run_id):
                result = run_job(options, dataset, run, dumps, engine)
        except (KeyboardInterrupt, Exception) as error:
            is_interrupt = isinstance(error, KeyboardInterrupt)
            faults = [] if is_interrupt else read_report(dataset, run.staging) or _unreadable(error, dumps)
            overtaken = None if is_interrupt else dataset.read_note(run.staging, OVERTAKEN)
            state = _clear_up(dataset, run)
            if faults:
                dataset.forget_death(run.staging)
                return faults
            if overtaken:
                raise OvertakenError(overtaken.decode(), ()) from error
            raise WarraqError(f"{message_of(error)}; {state}") from error
        dataset.forget_death(run.staging)
    if options.timings and result and not options.is_template:  # after the commit, which no metric can undo
        for line in timings(result.metrics()):
            print(line, file=sys.stderr)
    return []


def _unreadable(error: BaseException, dumps: Sequence[Dump]) -> list[SetAside]:
    """The dump that the reader names in the error that ended the run."""
    words = str(error)
    named = ((dump, unreadable(dump)) for dump in dumps)
    found = [(dump, words.partition(begin)[2].partition("\n")[0]) for dump, begin in named if begin in words]
    return [SetAside(dump.path, READ_STAGE, why[:200], 0, []) for dump, why in found]


def _describe_fault(fault: SetAside) -> str:
    """The message for a dump set aside: the stage, the exception, and the commands that explain up to three pages."""
    name = shown_name(fault.dump)
    if not fault.offsets:
        return f"{name}: set aside: it can't be read ({fault.error})"
    first, *others = (shlex.quote(f"{name}@{offset}") for offset in fault.offsets)
    also = f" (also {', '.join(others)})" if others else ""
    return (
        f"{name}: set aside: {fault.pages} of its pages broke the stage {fault.stage} ({fault.error}); "
        f"to see why: warraq explain {first}{also}"
    )


def _clear_up(dataset: Dataset, run: Run) -> str:
    """Removes the files of a failed run, or finishes its publication if that had begun. Returns the state in words."""
    try:
        published = recover(dataset, run.staging, run.run_id)
    except (OSError, DeltaError, DatasetError):  # the cause, such as a full disk, fails this step too
        return "the run failed while publishing; repair the cause, then the same command finishes it"
    return "its publication had begun and has been finished" if published else "nothing was committed"


def describe_run(options: IngestOptions, dataset: Dataset, recipe: str, made: Plan) -> Run:
    replaced = {load for gone in made.replaced.values() for load in gone}
    parts = [recipe, *sorted(dump.fingerprint for dump in made.new)]
    if any(load_id(recipe, dump.fingerprint) in replaced for dump in made.new):  # the dataset may know that run
        parts.append(f"anew {made.rows_out}")
    run_id = _digest(*parts)
    return Run(
        output=dataset.root,
        run_id=run_id,
        staging=dataset.staging_name(run_id),
        recipe=recipe,
        options=options.config_json(),
        version=__version__,
        runner=options.runner,
        started_at=dt.datetime.now(dt.timezone.utc),
        dumps=[
            {"dump": dump.path, "format": dump.format, "size": dump.size, "fingerprint": dump.fingerprint}
            for dump in made.new
        ],
        all_rejected=options.all_rejected,
        max_error_share=options.max_error_share,
        rows_out=made.rows_out,
        replaced=sorted(replaced),
        beginnings=[
            {
                "dump": dump.path,
                "beginning": dump.beginning,
                "after": dump.after.fingerprint if dump.after else None,
                "after_load": dump.after.load_id if dump.after else None,
            }
            for dump in made.new
        ],
        copies=[{"dump": copy.dump.path, "fingerprint": copy.dump.fingerprint} for copy in made.copies],
        bringing=made.bringing,
        standing=made.standing,
        arrivals=arrivals_count(dataset),  # before the files of the index are listed: what comes between is looked for
    )


def _digest(*parts: str) -> str:
    return hashlib.blake2b(json.dumps(parts).encode(), digest_size=16).hexdigest()
