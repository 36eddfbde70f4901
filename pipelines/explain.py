"""One page through all stages: the verdict of each stage, its evidence and its time.

There is no runner and no dataset. The functions are the same that the stages call, so this is the shortest way to
learn how Warraq works, and why a page was rejected.
"""

import dataclasses
import functools
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, NamedTuple

from warraq.pipelines.cli import DONE, WRONG_USAGE, Parser, configure_file_systems, print_line
from warraq.pipelines.config import STAGES, FlowConfig
from warraq.pipelines.flags import add_rules
from warraq.pipelines.options import config_of
from warraq.pipelines.terminal import Safe, visible
from warraq.schemas.encodable import without_surrogates
from warraq.schemas.labels import (
    DATE_SOURCES,
    ENTITY_KINDS,
    ERROR_REASON,
    EXTRACTION_SOURCES,
    IN_ARTICLE,
    IN_LISTS,
    IN_NAMES,
    NAME_SOURCES,
    OPT_OUTS,
    REASONS,
    TOPICS,
)
from warraq.schemas.records import Article, Document, Entity, Page, Rejected
from warraq.transforms.entities import tagger as entities
from warraq.transforms.extract.body.choose import dropped_lines
from warraq.transforms.extract.findings import Findings
from warraq.transforms.extract.page import PAGE_SIGNS, examine
from warraq.transforms.file_names import os_name, shown_name
from warraq.transforms.language import language
from warraq.transforms.quality import quality
from warraq.transforms.read.dump import InputError
from warraq.transforms.read.formats import open_page
from warraq.transforms.rejection import attempt, describe
from warraq.transforms.storage import is_remote
from warraq.transforms.topics import classifier as topics

_COLOURS: Final = {"person": "\x1b[1;35m", "place": "\x1b[1;32m", "organisation": "\x1b[1;34m", "misc": "\x1b[1;33m"}
_PLAIN: Final = "\x1b[0m"
_RENAMED: Final = frozenset({IN_ARTICLE, IN_LISTS, IN_NAMES})
_MOST_DIGITS: Final = 18  # of an offset: no file is longer
_MOST: Final = 12  # lines shown of a long list

_NAMES: Final = {topic.code: f"{topic.english} ({topic.arabic})" for topic in TOPICS}

Record = Any  # Page, Document or Article: each stage takes the record of the stage before


class Step(NamedTuple):
    """A stage as it is explained."""

    name: str
    function: Callable[[Record], Record]
    evidence: Callable[[Record, Record | None], Iterator[str]]  # for its input, and its output if it kept the page


@dataclasses.dataclass(frozen=True)
class Verdict:
    """The verdict of one stage on a page."""

    stage: str
    milliseconds: float
    evidence: list[str]
    outcome: Record  # the record for the next stage, or Rejected

    def lines(self) -> list[str]:
        """The verdict as `warraq explain` prints it."""
        return [f"\n{self.stage:<12}{self.milliseconds:>9.1f} ms", *map(_indented, self.evidence)]


@dataclasses.dataclass(frozen=True)
class Explanation:
    """The way of one page through the stages. `str()` is the text that `warraq explain` prints."""

    page: Page | Rejected  # Rejected by the reader
    verdicts: list[Verdict]  # in order of flow, up to the stage that rejects the page

    @property
    def article(self) -> Article | None:
        """The article; None if the page is rejected."""
        outcome = _outcome(self.page, self.verdicts)
        return outcome if isinstance(outcome, Article) else None

    @property
    def rejected(self) -> Rejected | None:
        """The row in `rejected`; None if the page is kept."""
        outcome = _outcome(self.page, self.verdicts)
        return outcome if isinstance(outcome, Rejected) else None

    def __str__(self) -> str:
        lines = [line for verdict in self.verdicts for line in verdict.lines()]
        return "\n".join([*_heading(self.page), *lines, _ending(_outcome(self.page, self.verdicts))])


def explain_parser() -> Parser:
    """The parser of `warraq explain`."""
    parser = Parser(
        prog="warraq explain",
        description="Takes one page through all stages and shows the verdict, the evidence and the time of each.",
        epilog="Examples:\n  warraq explain page.html\n  warraq explain crawl.warc.gz@48213\n"
        "  warraq explain crawl.warc.gz https://akhbar.example/1",
    )
    parser.add_argument(
        "page", metavar="FILE[@OFFSET]", help="a page, or a dump and the page's offset in it (column dump_offset)"
    )
    parser.add_argument("url", nargs="?", metavar="URL", help="the page's address in the dump")
    add_rules(parser)
    return parser


def main(arguments: Sequence[str]) -> int:
    """`warraq explain`; returns the exit code."""
    parser = explain_parser()
    options = parser.parse_args(arguments)
    config = config_of(parser, options)
    try:
        path, offset = place_of(options.page)
        page = _open(path, offset, options.url, config)
    except InputError as error:
        return print_line(str(error), WRONG_USAGE)
    verdicts: list[Verdict] = []
    for line in _heading(page):
        print(line)
    try:
        for verdict in _verdicts(page, config, colour=sys.stdout.isatty()):
            verdicts.append(verdict)
            for line in verdict.lines():
                print(line)
    except InputError as error:
        return print_line(str(error), WRONG_USAGE)
    print(_ending(_outcome(page, verdicts)))
    return DONE


def place_of(stated: str) -> tuple[str, int | None]:
    """The file and the offset in `FILE[@OFFSET]`; None without an offset. The name of a file may end like an offset.

    Raises:
      InputError: the file exists, but the offset is no number.
    """
    path, at, offset = stated.rpartition("@")
    if not at or not offset.isascii() or not offset.isdigit() or len(offset) > _MOST_DIGITS:
        if at and not os.path.lexists(stated) and os.path.lexists(os_name(path)):
            raise InputError(f"{shown_name(path)}: no offset after @; give a number of the column dump_offset")
        return stated, None
    is_name = os.path.lexists(stated) and not os.path.lexists(os_name(path))
    return (stated, None) if is_name else (path, int(offset))


def explain_page(
    path: str, offset: int | None = None, url: str | None = None, config: FlowConfig | None = None
) -> Explanation:
    """The explanation of a page, or of one page in a dump, which `offset` (column dump_offset) or `url` selects.

    Raises InputError: there is no such file or no such page in it.
    """
    config = config or FlowConfig()
    page = _open(path, offset, url, config)
    return Explanation(page, list(_verdicts(page, config, colour=False)))


def _open(path: str, offset: int | None, url: str | None, config: FlowConfig) -> Page | Rejected:
    if is_remote(path):
        configure_file_systems()
    return open_page(path, offset, url, config.read)


def _verdicts(page: Page | Rejected, config: FlowConfig, *, colour: bool) -> Iterator[Verdict]:
    """The verdict of each stage, up to the one that rejects the page; none if the reader rejected it."""
    record: Record = page
    for step in [] if isinstance(page, Rejected) else _steps(config, colour):
        before, start = record, time.perf_counter()
        record = attempt(before, step.name, functools.partial(step.function, before))
        milliseconds = 1000 * (time.perf_counter() - start)
        is_rejected = isinstance(record, Rejected)
        evidence = list(_evidence(step, before, None if is_rejected else record))
        yield Verdict(step.name, milliseconds, evidence, record)
        if is_rejected:
            return


def _outcome(page: Page | Rejected, verdicts: Sequence[Verdict]) -> Record:
    return verdicts[-1].outcome if verdicts else page


def _evidence(step: Step, before: Record, after: Record | None) -> Iterator[str]:
    """The evidence of the stage. Its last line names the exception if the page breaks this code too."""
    try:
        for line in step.evidence(before, after):
            yield line if isinstance(line, Safe) else without_surrogates(line)
    except Exception as error:  # noqa: BLE001  (shown to the user; the verdict follows)
        yield f"no more evidence: {describe(error)}"


def _heading(page: Page | Rejected) -> list[str]:
    return [_in_line(page.source.url or "no address"), f"{shown_name(page.source.dump)}@{page.source.dump_offset}"]


def _ending(outcome: Article | Rejected) -> str:
    if isinstance(outcome, Article):
        return f"\nkept: date={outcome.date}/topic={outcome.topic}/  article {outcome.article_id}"
    known = outcome.reason != ERROR_REASON
    meaning = REASONS[outcome.stage][outcome.reason] if known else "the page broke our code"
    detail = f": {_in_line(outcome.detail)}" if outcome.detail else ""
    return f"\nrejected by {outcome.stage}: {outcome.reason} ({meaning}){detail}"


def _indented(line: str) -> str:
    return Safe(f"  {line}") if isinstance(line, Safe) else f"  {_in_line(line)}"


def _in_line(words: str) -> str:
    """The words without line breaks, so that a page cannot forge a verdict."""
    return words.replace("\n", "\\n").replace("\r", "\\r")


def _steps(config: FlowConfig, colour: bool) -> list[Step]:
    """The stages of the table in config.py for one page; Deduplicate has no other article to compare it with."""
    try:  # before the clock runs
        entities.load_tagger(config.tagger)
        classifier = topics.load_classifier(config.classifier)
    except (OSError, ValueError, RuntimeError) as error:
        raise InputError(f"the models can't be loaded: {error}") from error
    findings: list[Findings] = []

    def extract(document: Document, _: FlowConfig) -> Article:
        findings.append(examine(document, config.extract))
        return findings[-1].result()

    def show_language(article: Article, _: Article | None) -> Iterator[str]:
        code, score, evidence = language.load_detector(config.language).detect(article.text)
        yield f"{code} {score:.3f}, by {evidence}"

    def show_topics(article: Article, classified: Article | None) -> Iterator[str]:
        if classified and classified.topics:
            yield from (f"{score.score:.2f}  {_NAMES[score.code]}" for score in classified.topics)
            yield f"because of {', '.join(classifier.evidence(article))}"

    evidence: dict[str, Callable[[Any, Any], Iterator[str]]] = {
        "screen": _screen,
        "decode": _decode,
        "extract": lambda *_: _extraction(findings[-1]),
        "clean": _clean,
        "language": show_language,
        "quality": _quality,
        "deduplicate": _identity,
        "entities": lambda _, tagged: entity_lines(tagged, colour) if tagged else iter(()),
        "topics": show_topics,
    }
    functions = {stage.name: stage.apply for stage in STAGES if stage.apply} | {"extract": extract}
    return [
        Step(name, functools.partial(_apply, function, config), evidence.get(name, lambda *_: iter(())))
        for name, function in functions.items()
    ]


def _apply(function: Callable[[Any, FlowConfig], Any], config: FlowConfig, record: Any) -> Any:
    return function(record, config)


def _screen(page: Page, _: Page | None) -> Iterator[str]:
    kind = "text" if page.is_text else "markup"
    yield f"{len(page.content):,} bytes of {kind}, fetched {page.source.fetched_at:%Y-%m-%d %H:%M}"


def _decode(_: Page, document: Document | None) -> Iterator[str]:
    if document:
        yield f"{document.charset}, from {document.charset_source}"


def _extraction(found: Findings) -> Iterator[str]:
    """The decision for each field, the candidates that lost, and the lines that were not taken."""
    for name in ("title", "authors", "site_name", "section", "tags", "canonical_url", "description", "license"):
        yield from _field(name, found)
    if "date" in found.decisions:
        chosen = found.decisions["date"]
        yield f"{'date':<14}{chosen.date}, from {chosen.source}: {DATE_SOURCES[chosen.source]}"
        seen = found.candidates["date"]
        yield from _first([f"date seen     {one.date or ''} {one.source}: {one.evidence}" for one in seen])
    for name in ("text", "text in doubt", "text in embedded JSON", "text in embedded JSON in doubt"):
        yield from _first([_text_seen(one) for one in found.candidates.get(name, [])])
    if found.article:
        text, score = found.article.text, found.article.extraction_score
        yield f"text kept     {len(text):,} characters in {text.count(chr(10)) + 1} lines"
        chance = "" if score is None else f" (extraction_score {score:.2f})"
        yield f"  from        {EXTRACTION_SOURCES[found.article.extraction_source]}{chance}"
        if found.article.opt_out:
            yield f"opt-out       {', '.join(f'{one} ({OPT_OUTS[one]})' for one in found.article.opt_out)}"
        if sign := next(filter(None, map(found.decisions.get, PAGE_SIGNS)), None):
            yield f"page kind     {found.article.page_kind}: {sign.evidence}"
        if found.facts:
            yield from _first([f"thrown away   {line}" for line in dropped_lines(found.facts, text)])


def _field(name: str, found: Findings) -> Iterator[str]:
    """The decision for one field; then each other value that was read, once, with its source."""
    decision = found.decisions.get(name)
    if decision:
        yield f"{name:<14}{_shown(decision)}"
    others = {_shown(one.value): one.source for one in reversed(found.candidates.get(name, [])) if one.value}
    others.pop(_shown(decision), None)
    yield from _first([f"{'  not taken':<14}{value[:100]} ({source})" for value, source in reversed(others.items())])


def _shown(value: Any) -> str:
    return " · ".join(value) if isinstance(value, list) else str(value)


def _text_seen(one: Any) -> str:
    size = sum(map(len, one.value))
    return f"text seen     {size:,} characters, {one.source}" + (f": {one.evidence}" if one.evidence else "")


def _clean(before: Article, after: Article | None) -> Iterator[str]:
    if after:
        kept = set(after.text.split("\n"))
        yield f"{after.words} words" + (f", credited to {after.credit}" if after.credit else "")
        yield from _first([f"changed or gone: {line}" for line in before.text.split("\n") if line not in kept])


def _quality(article: Article, _: Article | None) -> Iterator[str]:
    measures = quality.measure(article.text)._asdict()
    figures = [f"{name} {value:.3g}" for name, value in measures.items()]
    yield from ("".join(f"{figure:<26}" for figure in figures[n : n + 5]).rstrip() for n in range(0, len(figures), 5))


def _identity(_: Article, identified: Article | None) -> Iterator[str]:
    if identified:
        yield f"text digest {identified.text_digest}; copies are not looked for here"


def entity_lines(article: Article, colour: bool) -> Iterator[str]:
    """The names by kind, the source of those that are not as written, and the text with its entities marked."""
    for kind, arabic in ENTITY_KINDS.items():
        names = sorted({entity.name for entity in article.entities if entity.kind == kind})
        if names:
            yield f"{kind:<14}{arabic}: {'، '.join(names)}"
    named = sorted({(one.text, one.name, one.name_source) for one in article.entities if one.name_source in _RENAMED})
    yield from _first([f"{'  named so':<14}{text} is {name}: {NAME_SOURCES[source]}" for text, name, source in named])
    roles = dict.fromkeys((one.name, one.role) for one in article.entities if one.role)
    yield from _first([f"{'  role':<14}{name}: {role}" for name, role in roles])
    yield ""
    lines = highlight(article.text, article.entities, colour).split("\n")
    yield from map(Safe, lines) if colour else lines


def highlight(text: str, found: Sequence[Entity], colour: bool) -> str:
    """`text` with its entities marked: coloured, and `visible` beside the colours, or as [words|kind]."""
    show: Callable[[str], str] = visible if colour else str
    marked, end = "", 0
    for entity in found:
        marked += show(text[end : entity.start])
        marked += f"{_COLOURS[entity.kind]}{show(entity.text)}{_PLAIN}" if colour else f"[{entity.text}|{entity.kind}]"
        end = entity.end
    return marked + show(text[end:])


def _first(lines: Sequence[str]) -> Iterator[str]:
    """The first lines, and how many more there are."""
    yield from (line[:160] for line in lines[:_MOST])
    if len(lines) > _MOST:
        yield f"… and {len(lines) - _MOST} more"
