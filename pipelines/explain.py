"""One page through the pure core: every stage's verdict, its evidence and its time.

No runner and no dataset: the functions are the very ones that the stages call, which makes this the shortest way to
learn what Warraq does, and why a page was refused.
"""

import dataclasses
import functools
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from warraq.pipelines.cli import DONE, WRONG_USAGE, Parser, reach_buckets, say
from warraq.pipelines.config import FlowConfig
from warraq.pipelines.options import add_rules, config_of
from warraq.pipelines.terminal import Safe, visible
from warraq.schemas.labels import DATE_SOURCES, ENTITY_KINDS, ERROR_REASON, REASONS, TOPICS
from warraq.schemas.records import Article, Document, Entity, Page, Rejected
from warraq.schemas.sound import sound_text
from warraq.transforms.clean import clean
from warraq.transforms.decode import decode
from warraq.transforms.deduplicate import deduplicate
from warraq.transforms.entities import tagger as entities
from warraq.transforms.extract import page as extract
from warraq.transforms.extract.json_ld import read_json_ld
from warraq.transforms.file_names import os_name, shown_name
from warraq.transforms.language import language
from warraq.transforms.quality import quality
from warraq.transforms.read.dump import InputError
from warraq.transforms.read.formats import open_page
from warraq.transforms.rejection import attempt, describe
from warraq.transforms.screen import screen
from warraq.transforms.topics import classifier as topics

_COLOURS: Final = {"person": "\x1b[1;35m", "place": "\x1b[1;32m", "organisation": "\x1b[1;34m", "misc": "\x1b[1;33m"}
_PLAIN: Final = "\x1b[0m"
_MOST_DIGITS: Final = 18  # of an offset: no file is longer
_MOST: Final = 12  # lines shown of what may be long

_NAMES: Final = {topic.code: f"{topic.english} ({topic.arabic})" for topic in TOPICS}

Record = Any  # Page, Document or Article: each stage takes what the one before gives


@dataclasses.dataclass(frozen=True)
class Stage:
    """A stage as it is explained."""

    name: str
    function: Callable[[Record], Record]
    evidence: Callable[[Record, Record | None], Iterator[str]]  # of input, and output if it was not refused


def explain_parser() -> Parser:
    """The parser of `warraq explain`."""
    parser = Parser(
        prog="warraq explain",
        description="Takes one page through all stages and shows each verdict, its evidence and its time.",
        epilog="Examples:\n  warraq explain page.html\n  warraq explain crawl.warc.gz@48213\n"
        "  warraq explain crawl.warc.gz https://akhbar.example/1",
    )
    parser.add_argument("page", metavar="FILE[@OFFSET]", help="a page, or a dump and where in it (column dump_offset)")
    parser.add_argument("url", nargs="?", metavar="URL", help="the page's address in the dump")
    add_rules(parser)
    return parser


def main(arguments: Sequence[str]) -> int:
    """`warraq explain`; returns the exit code."""
    parser = explain_parser()
    options = parser.parse_args(arguments)
    config = config_of(parser, options)
    reach_buckets()
    path, offset = place_of(options.page)
    try:
        page = open_page(path, offset, options.url, config.read)
    except InputError as error:
        return say(str(error), WRONG_USAGE)
    for line in explain(page, config, colour=sys.stdout.isatty()):
        print(line)
    return DONE


def place_of(stated: str) -> tuple[str, int | None]:
    """The file that `FILE[@OFFSET]` names, and the offset; None without one. Names may end like an offset, too."""
    path, at, offset = stated.rpartition("@")
    if not at or not offset.isascii() or not offset.isdigit() or len(offset) > _MOST_DIGITS:
        return stated, None
    is_name = os.path.lexists(stated) and not os.path.lexists(os_name(path))
    return (stated, None) if is_name else (path, int(offset))


def explain(page: Page | Rejected, config: FlowConfig, *, colour: bool = False) -> Iterator[str]:
    """The lines of the explanation, up to the stage that refuses the page."""
    yield _in_line(page.source.url or "no address")
    yield f"{shown_name(page.source.dump)}@{page.source.dump_offset}"
    if isinstance(page, Rejected):
        yield _refused(page.stage, page.reason, page.detail)
        return
    record: Record = page
    for stage in _stages(config, colour):
        before, start = record, time.perf_counter()
        record = attempt(before, stage.name, functools.partial(stage.function, before))
        refused = isinstance(record, Rejected)
        yield f"\n{stage.name:<12}{1000 * (time.perf_counter() - start):>9.1f} ms"
        yield from map(_indented, _evidence(stage, before, None if refused else record))
        if refused:
            yield _refused(record.stage, record.reason, record.detail)
            return
    yield f"\nkept: date={record.date}/topic={record.topic}/  article {record.article_id}"


def _evidence(stage: Stage, before: Record, after: Record | None) -> Iterator[str]:
    """The stage's evidence; its last line names the exception if the page breaks this code too."""
    try:
        for line in stage.evidence(before, after):
            yield line if isinstance(line, Safe) else sound_text(line)
    except Exception as error:  # noqa: BLE001  (shown to the user; the verdict follows)
        yield f"no more evidence: {describe(error)}"


def _indented(line: str) -> str:
    return Safe(f"  {line}") if isinstance(line, Safe) else f"  {_in_line(line)}"


def _in_line(words: str) -> str:
    """The words without line breaks: what a page says can't forge a verdict below itself."""
    return words.replace("\n", "\\n").replace("\r", "\\r")


def _refused(stage: str, reason: str, detail: str) -> str:
    meaning = "the page broke our code" if reason == ERROR_REASON else REASONS[stage][reason]
    return f"\nrejected by {stage}: {reason} ({meaning})" + (f": {_in_line(detail)}" if detail else "")


def _stages(config: FlowConfig, colour: bool) -> list[Stage]:
    """The flow of pipelines/flow.py, for one page; Deduplicate has nothing to compare it with."""
    tagger, classifier = entities.load_tagger(config.tagger), topics.load_classifier(config.classifier)

    def tag(article: Article) -> Article:
        return entities.tag_entities([article], tagger)[0]

    def classify(article: Article) -> Article:
        return topics.classify_articles([article], classifier, config.topics)[0]

    def show_language(article: Article, _: Article | None) -> Iterator[str]:
        code, score, evidence = language.load_detector(config.language).detect(article.text)
        yield f"{code} {score:.3f}, by {evidence}"

    def show_entities(_: Article, tagged: Article | None) -> Iterator[str]:
        return _entities(tagged, colour) if tagged else iter(())

    def show_topics(article: Article, classified: Article | None) -> Iterator[str]:
        if classified:
            yield from (f"{score.score:.2f}  {_NAMES[score.code]}" for score in classified.topics)
            yield f"because of {', '.join(classifier.evidence(article))}"

    return [
        Stage("screen", lambda page: screen.screen(page, config.screen), _screen),
        Stage("decode", lambda page: decode.decode(page, config.decode), _decode),
        Stage("extract", lambda document: extract.extract(document, config.extract), _extract),
        Stage("clean", lambda article: clean.clean(article, config.clean), _clean),
        Stage("language", lambda article: language.keep_arabic(article, config.language), show_language),
        Stage("quality", lambda article: quality.keep_good(article, config.quality), _quality),
        Stage("deduplicate", deduplicate.identify, _identity),
        Stage("entities", tag, show_entities),
        Stage("topics", classify, show_topics),
    ]


def _screen(page: Page, _: Page | None) -> Iterator[str]:
    kind = "text" if page.is_text else "markup"
    yield f"{len(page.content):,} bytes of {kind}, fetched {page.source.fetched_at:%Y-%m-%d %H:%M}"


def _decode(_: Page, document: Document | None) -> Iterator[str]:
    if document:
        yield f"{document.charset}, told by {document.charset_source}"


def _extract(document: Document, article: Article | None) -> Iterator[str]:
    if article:
        for name in ("title", "authors", "site", "site_name", "section", "tags", "canonical_url", "description"):
            if value := getattr(article, name):
                yield f"{name:<14}{' · '.join(value) if isinstance(value, list) else value}"
    tree = None if document.is_text else extract.parse(document.markup)
    json_ld = [] if tree is None else read_json_ld(tree)
    candidates = extract.find_dates(tree, json_ld, document.source.url, document.markup if document.is_text else "")
    if article:
        chosen = extract.choose_date(candidates, document.source.fetch_time())
        yield f"{'date':<14}{chosen.date}, from {chosen.source}: {DATE_SOURCES[chosen.source]}"
    yield from _first([f"date seen     {one.date or ''} {one.source}: {one.evidence}" for one in candidates])
    if article and tree is not None:
        yield f"text kept     {len(article.text):,} characters in {article.text.count(chr(10)) + 1} lines"
        yield from _first([f"thrown away   {line}" for line in extract.dropped_lines(tree, article.text)])


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
        yield f"text digest {identified.text_digest}; one page alone has no copies"


def _entities(article: Article, colour: bool) -> Iterator[str]:
    for kind, arabic in ENTITY_KINDS.items():
        names = sorted({entity.name for entity in article.entities if entity.kind == kind})
        if names:
            yield f"{kind:<14}{arabic}: {'، '.join(names)}"
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
