"""Deduplicate: exact copies are gone, near copies point to their original.

Each article is compared by its small `SignatureRow`, which is shuffled by dump and host, where it meets what the host
reserves, by text digest and by anchor. The verdicts meet each other where one says that the original of the other is a
copy, and then the articles again by record id. Of the articles that the dataset holds, only those go through the
shuffles that may share a digest or an anchor with a new one.
"""

import dataclasses
import datetime as dt
import functools
import itertools
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple, Optional, TypeAlias

import apache_beam as beam

from warraq.schemas.coders import register
from warraq.schemas.records import Article, Page, Rejected, Source
from warraq.transforms.dataset.forgotten import Forgotten, ForgottenOf, by_window
from warraq.transforms.deduplicate.deduplicate import (
    EXACT,
    FORGOTTEN,
    NEAR,
    SITE_OPTED_OUT,
    DuplicateRules,
    Link,
    Precedence,
    SignatureRow,
    Verdict,
    identify,
    judge_exact,
    judge_near,
    record_id,
    resolve,
    signature_row,
    without_chains,
)
from warraq.transforms.deduplicate.known import Search, find
from warraq.transforms.deduplicate.wanted import Wanted, joined, wanted
from warraq.transforms.domains import host_of
from warraq.transforms.opt_out import against_texts, sorted_signals
from warraq.transforms.rejection import attempt, reject
from warraq.transforms.site_rules import PathRule, Reservation, reservations, signals_for
from warraq.transforms.site_rules import joined as joined_rules
from warraq.transforms.sketch import anchor_keys
from warraq.transforms.step import KEPT, REJECTED, Meter, Outputs, Refusal, StageTransform, route, tagged

STAGE: Final = "deduplicate"
SIGNALS: Final = "signals"
_BATCHES: Final = 64  # of files, each for one worker at a time
FilesOf: TypeAlias = Callable[[Any], Sequence[str]]
_Site: TypeAlias = tuple[str, str]  # dump and host


class Judged(NamedTuple):
    """An article, a verdict on it, or the signals of its host. `Deduplicate` groups them by record id."""

    article: Optional[Article] = None
    verdict: Optional[Verdict] = None
    signals: list[str] = []  # noqa: RUF012  (as in `Article`)


class OfSite(NamedTuple):
    """An article of a host, or what a file of the host states."""

    row: Optional[SignatureRow] = None
    url: str = ""
    stated: list[Reservation] = []  # noqa: RUF012  (as in `Article`)


register(Precedence, SignatureRow, Verdict, Judged, Link, Wanted, PathRule, Reservation, OfSite)


class _IdentifyFn(beam.DoFn):
    """As StepFn, but an article that it keeps has not left the stage: `_SettleFn` counts it there."""

    def __init__(self, forgotten: ForgottenOf) -> None:
        self._forgotten = forgotten
        self._meter = Meter(STAGE)

    def process(self, article: Article, window: Any = beam.DoFn.WindowParam) -> Iterator[Article | Refusal]:
        self._meter.came()
        start = time.perf_counter_ns()
        outcome = attempt(article, STAGE, functools.partial(identify, article))
        if isinstance(outcome, Article) and self._forgotten(window).has(outcome):
            nameless = article._replace(source=article.source._replace(url=""))
            outcome = reject(nameless, STAGE, FORGOTTEN, "")
        self._meter.took(time.perf_counter_ns() - start)
        if isinstance(outcome, Rejected):
            self._meter.left(outcome)
        yield tagged(outcome)


class _JudgeExactFn(beam.DoFn):
    SURVIVORS = "survivors"

    def process(self, group: tuple[str, Iterable[SignatureRow]]) -> Iterator[Any]:
        first, verdicts = judge_exact(group[1])
        if first.record_id:  # those of the dataset come to the bands by themselves
            yield beam.pvalue.TaggedOutput(self.SURVIVORS, first)
        yield from ((copy, Judged(verdict=verdict)) for copy, verdict in verdicts)


class _SettleFn(beam.DoFn):
    """Joins articles with what is found on them. Each article leaves by exactly one output."""

    def __init__(self, drop_near: bool, drop_reserved: bool) -> None:
        self._drop_near = drop_near
        self._drop_reserved = drop_reserved
        self._meter = Meter(STAGE)

    def process(self, judged: tuple[str, Iterable[Judged]]) -> Iterator[Article | Refusal]:
        found = [*judged[1]]
        verdicts = [one.verdict for one in found if one.verdict]
        signals = [signal for one in found for signal in one.signals]
        for article in (one.article for one in found if one.article):
            outcome = self._settle(article, verdicts, signals)
            self._meter.left(outcome)
            yield tagged(outcome)

    def _settle(self, article: Article, verdicts: list[Verdict], signals: list[str]) -> Article | Rejected:
        if self._drop_reserved and against_texts(signals):
            return reject(article, STAGE, SITE_OPTED_OUT, ", ".join(sorted_signals(signals)))
        if signals:
            article = article._replace(opt_out=sorted_signals([*article.opt_out, *signals]))
        resolved, verdict = resolve(article, verdicts)
        is_rejected = verdict and (verdict.reason == EXACT or self._drop_near)
        return _rejected(resolved, verdict) if verdict and is_rejected else resolved


def _rejected(copy: Article, verdict: Verdict) -> Rejected:
    """The row of a copy, with the facts by which it is told from others."""
    row = reject(copy, STAGE, verdict.reason, verdict.original)
    return row._replace(
        site=copy.site,
        title=copy.title,
        published_at=copy.published_at,
        date=copy.date,
        copy_kind=copy.copy_kind,
        copy_share=copy.copy_share,
    )


class _WantedFn(beam.CombineFn):
    """Joins the keys of articles. An accumulator is a list of sets that wait to be joined."""

    _MOST_WAITING: Final = 1000

    def __init__(self, finds_near: bool) -> None:
        self._finds_near = finds_near

    def create_accumulator(self) -> list[Wanted]:
        return []

    def add_input(self, waiting: list[Wanted], row: SignatureRow) -> list[Wanted]:
        day = dt.date.fromisoformat(row.precedence.day).toordinal()
        waiting.append(wanted(row.text_digest, row.sketch if self._finds_near else b"", day))
        return waiting if len(waiting) < self._MOST_WAITING else [joined(waiting)]

    def merge_accumulators(self, accumulators: Iterable[list[Wanted]]) -> list[Wanted]:
        return [joined(itertools.chain.from_iterable(accumulators))]

    def compact(self, waiting: list[Wanted]) -> list[Wanted]:
        return [joined(waiting)]

    def extract_output(self, waiting: list[Wanted]) -> Wanted:
        return joined(waiting)


class _ListFilesFn(beam.DoFn):
    """Nothing → files in batches. Holds the files itself, not in `Create`: see `ReadPages`."""

    def __init__(self, files: Sequence[str]) -> None:
        self._files = files

    def process(self, _: bytes) -> Iterator[tuple[int, list[str]]]:
        for start in range(min(_BATCHES, len(self._files))):
            yield start, list(self._files[start::_BATCHES])


class _FindKnownFn(beam.DoFn):
    NEAR = "near"

    def __init__(self, horizon_days: int, ignored_loads: frozenset[str]) -> None:
        self._horizon_days = horizon_days
        self._ignored_loads = ignored_loads

    def process(self, batch: tuple[int, Iterable[list[str]]], keys: Iterable[tuple[int, Wanted]]) -> Iterator[Any]:
        search = _search(next((wanted for _, wanted in keys), Wanted()), self._horizon_days)
        for exact, near in find(itertools.chain.from_iterable(batch[1]), search, self._ignored_loads):
            yield from exact
            yield from (beam.pvalue.TaggedOutput(self.NEAR, one) for one in near)


class _FindAllKnownFn(beam.DoFn):
    """As another, with keys as its elements, and all files of the window at once."""

    def __init__(self, find_known: _FindKnownFn, files: FilesOf) -> None:
        self._find_known = find_known
        self._files = files

    def process(self, keys: tuple[int, Wanted], window: Any = beam.DoFn.WindowParam) -> Iterator[Any]:
        yield from self._find_known.process((0, [[*self._files(window)]]), [keys])


_search = functools.lru_cache(maxsize=1)(Search)  # bitmaps of 16 MiB each


@dataclasses.dataclass
class ReadKnown(beam.PTransform):
    """SignatureRow of new articles → {EXACT: (digest, SignatureRow), NEAR: (anchor, SignatureRow)} of the dataset's.

    They are those that share the key with a new article, and a few others. Reads each file at most once, and only
    columns that it needs.
    """

    files: Sequence[str]  # of `signatures`; of `articles` where a dataset has no index
    ignored_loads: frozenset[str] = frozenset()  # whose rows do not count
    rules: DuplicateRules = dataclasses.field(default_factory=DuplicateRules)

    def expand(self, rows: beam.PCollection) -> Outputs:
        keys = beam.pvalue.AsIter(self.keys(rows))
        files = (
            rows.pipeline
            | beam.Impulse()
            | "ListFiles" >> beam.ParDo(_ListFilesFn(self.files)).with_output_types(tuple[int, list[str]])
            | "SpreadFiles" >> beam.GroupByKey()
        )
        return self.found(files, _FindKnownFn(self.rules.horizon_days, self.ignored_loads), keys)

    def keys(self, rows: beam.PCollection) -> beam.PCollection:
        """(0, the keys of all rows); nothing if there is no row."""
        # Not CombineGlobally and Reshuffle: to describe the many transforms in them takes a fifth of a small run.
        joined_keys = beam.CombinePerKey(_WantedFn(self.rules.near != "off")).with_output_types(tuple[int, Wanted])
        keyed = rows | "KeyByNothing" >> beam.Map(_by_nothing).with_output_types(tuple[int, SignatureRow])
        return keyed | "JoinKeys" >> joined_keys

    def found(self, elements: beam.PCollection, fn: beam.DoFn, *given: Any) -> Outputs:
        """The outputs of a search; `given` are side inputs."""
        near = _FindKnownFn.NEAR
        find_known = beam.ParDo(fn, *given).with_output_types(
            tuple[str, SignatureRow], **{near: tuple[bytes, SignatureRow]}
        )
        outputs = elements | "FindKnown" >> find_known.with_outputs(near, main=EXACT)
        return {EXACT: outputs[EXACT], NEAR: outputs[near]}


@dataclasses.dataclass
class ReadKnownOfWindow(ReadKnown):
    """As ReadKnown, over the files of each window, which one worker reads. Without side inputs: see `CommitRuns`."""

    files: Sequence[str] = ()
    files_of: FilesOf = lambda _: ()

    def expand(self, rows: beam.PCollection) -> Outputs:
        find_known = _FindKnownFn(self.rules.horizon_days, self.ignored_loads)
        return self.found(self.keys(rows), _FindAllKnownFn(find_known, self.files_of))


class _ReserveFn(beam.DoFn):
    """The rows and the statements of a host → the rows that are compared, and the signals that hold for each."""

    def __init__(self, drops: bool) -> None:
        self._drops = drops

    def process(self, group: tuple[_Site, Iterable[OfSite]]) -> Iterator[Any]:
        stated = joined_rules(reservation for one in group[1] for reservation in one.stated)
        for one in group[1]:  # read again, not held: a host may have a million articles
            if one.row is None:
                continue
            signals = signals_for(one.url, stated) if stated else []
            if signals:
                yield beam.pvalue.TaggedOutput(SIGNALS, (one.row.record_id, signals))
            if not (self._drops and against_texts(signals)):
                yield one.row


@dataclasses.dataclass
class Reserve(beam.PTransform):
    """Article, and Page if any → the SignatureRow of each article that is compared, and SIGNALS: (record id, signals).

    With `drops`, articles whose texts are reserved are compared with none: no copy of one is lost with it.
    """

    rules: DuplicateRules
    drops: bool

    def expand(self, given: Any) -> Outputs:
        articles, *pages = given
        keyed = tuple[_Site, OfSite]
        rows = articles | "Refer" >> beam.Map(_row, self.rules).with_output_types(keyed)
        files = [each | "ReadSiteFiles" >> beam.FlatMap(_file).with_output_types(keyed) for each in pages]
        reserve = beam.ParDo(_ReserveFn(self.drops)).with_output_types(SignatureRow, **{SIGNALS: tuple[str, list[str]]})
        grouped = (rows, *files) | "JoinSites" >> beam.Flatten() | "GroupBySite" >> beam.GroupByKey()
        return grouped | "Reserve" >> reserve.with_outputs(SIGNALS, main="rows")


@dataclasses.dataclass
class Deduplicate(StageTransform):
    """Article → (Article, Rejected), or (Article, Page) → the same.

    Shuffles each text once, and about 26 signature rows for each article.
    Of the pages, those that are a robots.txt or tdmrep.json mark the articles of their host in the same dump, or take
    them out (`drop_reserved`). `known` finds the articles that the dataset holds. Those in
    `forgotten` leave; their rows do not tell an address. `forgotten` is for all windows, or gives those of each.
    """

    rules: DuplicateRules = dataclasses.field(default_factory=DuplicateRules)
    known: ReadKnown | None = None
    forgotten: Forgotten | ForgottenOf = dataclasses.field(default_factory=Forgotten)
    drop_reserved: bool = False

    def expand(self, given: Any) -> Outputs:
        articles, *pages = given if isinstance(given, tuple) else (given,)
        identified = route(articles, "Identify", _IdentifyFn(by_window(self.forgotten)), Article, Article)
        keyed = identified[KEPT] | "KeyByPlace" >> beam.Map(_by_place).with_output_types(tuple[str, Judged])
        reserved = (identified[KEPT], *pages) | "Reserve" >> Reserve(self.rules, self.drop_reserved)
        signals = reserved[SIGNALS] | "KeySignals" >> beam.MapTuple(_signals).with_output_types(tuple[str, Judged])
        # Not CoGroupByKey, which would send whole articles as pickles: its values have no type.
        judged = (keyed, self._verdicts(reserved["rows"]), signals) | "JoinJudged" >> beam.Flatten()
        grouped = judged | "GroupByPlace" >> beam.GroupByKey()
        settle = _SettleFn(self.rules.near == "drop", self.drop_reserved)
        settled = route(grouped, "Settle", settle, tuple[str, Iterable[Judged]], Article)
        rejected = (identified[REJECTED], settled[REJECTED]) | "JoinRejected" >> beam.Flatten()
        return {KEPT: settled[KEPT], REJECTED: rejected}

    def _verdicts(self, rows: beam.PCollection) -> beam.PCollection:
        """Record id → Judged, for each article that is a copy."""
        known = rows | "ReadKnown" >> dataclasses.replace(self.known, rules=self.rules) if self.known else {}
        by_digest = rows | "KeyByDigest" >> beam.Map(_by_digest).with_output_types(tuple[str, SignatureRow])
        judged = (
            _with(by_digest, known, EXACT)
            | "GroupByDigest" >> beam.GroupByKey()
            | "JudgeExact"
            >> beam.ParDo(_JudgeExactFn())
            .with_output_types(tuple[str, Judged], **{_JudgeExactFn.SURVIVORS: SignatureRow})
            .with_outputs(_JudgeExactFn.SURVIVORS, main="verdicts")
        )
        verdicts = [judged["verdicts"]]
        if self.rules.near != "off":
            by_anchor = judged[_JudgeExactFn.SURVIVORS] | "KeyByAnchor" >> beam.FlatMap(_by_anchor).with_output_types(
                tuple[bytes, SignatureRow]
            )
            near = (
                _with(by_anchor, known, NEAR)
                | "GroupByAnchor" >> beam.GroupByKey()
                | "JudgeNear" >> beam.FlatMap(_judge_anchor, self.rules).with_output_types(tuple[str, Judged])
            )
            verdicts.append(
                near
                | "KeyByOriginal" >> beam.FlatMap(_by_original).with_output_types(tuple[str, Link])
                | "GroupByOriginal" >> beam.GroupByKey()
                | "WithoutChains" >> beam.FlatMap(_without_chains).with_output_types(tuple[str, Judged])
            )
        return verdicts | "JoinVerdicts" >> beam.Flatten()


def _with(new: beam.PCollection, known: Outputs, kind: str) -> beam.PCollection:
    """The new rows and the known ones of that kind."""
    return (new, known[kind]) | f"Join_{kind}" >> beam.Flatten() if known else new


def _by_nothing(row: SignatureRow) -> tuple[int, SignatureRow]:
    return 0, row


def _by_digest(row: SignatureRow) -> tuple[str, SignatureRow]:
    return row.text_digest, row


def _row(article: Article, rules: DuplicateRules) -> tuple[_Site, OfSite]:
    return _site(article.source), OfSite(signature_row(article, rules), article.source.url)


def _file(page: Page) -> list[tuple[_Site, OfSite]]:
    stated = reservations(page.source.url, page.content)
    return [(_site(page.source), OfSite(stated=stated))] if stated else []


def _site(source: Source) -> _Site:
    return source.dump, host_of(source.url)


def _signals(record: str, signals: list[str]) -> tuple[str, Judged]:
    return record, Judged(signals=signals)


def _by_place(article: Article) -> tuple[str, Judged]:
    return record_id(article), Judged(article)


def _by_anchor(row: SignatureRow) -> list[tuple[bytes, SignatureRow]]:
    return [(key, row) for key in anchor_keys(row.sketch)]


def _judge_anchor(group: tuple[bytes, Iterable[SignatureRow]], rules: DuplicateRules) -> Iterator[tuple[str, Judged]]:
    for copy, verdict in judge_near(group[1], rules):
        yield copy, Judged(verdict=verdict)


def _by_original(judged: tuple[str, Judged]) -> list[tuple[str, Link]]:
    """The verdict under its original, and under the copy, of which it says that it is no original."""
    copy, verdict = judged[0], judged[1].verdict
    assert verdict is not None
    original = verdict.original_record or verdict.original  # of the dataset, which has an id only: unlike a record id
    return [(key, Link(copy, verdict)) for key in (original, copy)]


def _without_chains(group: tuple[str, Iterable[Link]]) -> Iterator[tuple[str, Judged]]:
    for link in without_chains(group[0], group[1]):
        yield link.copy, Judged(verdict=link.verdict)
