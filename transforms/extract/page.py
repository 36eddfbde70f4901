"""Document → Article: facts, candidates, decisions. Pure: sandbox.py guards it, stage.py runs it in Beam.

`Facts` reads the page once. For each field a reader turns facts into candidates, and one function decides among them.
The order of fields follows from the decisions: the page kind saves all further work on other pages, the title is cut
off the text, and the text is judged once more when it is known. `Findings` keeps every candidate for `explain`.
"""

import contextlib
import functools
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from warraq.schemas.labels import ARTICLE, EMBEDDED_BODY, OTHER_PAGE, PLAIN_TEXT
from warraq.schemas.records import Article, Document
from warraq.transforms.extract.body.choose import Body, decide_body
from warraq.transforms.extract.body.document_kind import read_document_kind
from warraq.transforms.extract.body.embedded_json import find_article_text
from warraq.transforms.extract.body.page_kind import (
    first_sign,
    kind_shares,
    read_label_signs,
    read_page_signs,
    read_text_signs,
    refuse,
)
from warraq.transforms.extract.body.plain_text import read_plain_text
from warraq.transforms.extract.body.score import score_text
from warraq.transforms.extract.body.text_markup import without_markup
from warraq.transforms.extract.dates.choose import Publication, choose_date
from warraq.transforms.extract.dates.readers import read_dates, read_text_dates
from warraq.transforms.extract.facts import Facts
from warraq.transforms.extract.findings import Candidate, Findings, choose_first
from warraq.transforms.extract.metadata.licences import read_licences
from warraq.transforms.extract.metadata.metadata import Metadata, decide_metadata, without_page
from warraq.transforms.extract.taking import OPT_OUT, check_taking, span_of
from warraq.transforms.opt_out import meta_signals, sorted_signals
from warraq.transforms.rejection import Rejection

_TUNING: Final = {"tuning": True}  # such fields decide how the work is guarded, not which rows come out
_MAX_TIMEOUT: Final = 10**6  # seconds; the clock takes no larger number
_MAX_MEMORY_MB: Final = 2**30  # the kernel takes no larger number
KINDS: Final = (ARTICLE, "all")
PAGE_SIGNS: Final = ("page kind", "labels", "text kind")  # the decisions that tell the kind of a page
_FEW_WORDS: Final = 30  # a caption, a cookie notice, "enable JavaScript"


@dataclass(frozen=True)
class ExtractRules:
    """Limits for a page, and the guard that enforces them."""

    timeout: float = field(
        default=5.0,
        metadata={"help": "processor seconds a page may take; the slowest real pages take 0.3"},
    )
    memory_mb: int = field(
        default=2048, metadata=_TUNING | {"help": "memory in MiB that the extracting process may use"}
    )
    kinds: str = field(
        default=ARTICLE,
        metadata={"help": "pages to keep: article or all; page_kind says which is which", "choices": KINDS},
    )
    days: str = field(
        default="", metadata={"help": "only articles of these days, as 2024-01-01..2024-12-31; an end may be left out"}
    )
    opt_out: str = field(
        default="mark",
        metadata={"help": "articles that reserve their use for machine learning: mark or drop", "choices": OPT_OUT},
    )
    max_markup: int = field(
        default=20_000_000, metadata={"help": "characters of markup; longer pages are rejected unread"}
    )
    guard: bool = field(
        default=True,
        metadata=_TUNING | {"help": "extract in a separate process, so that no page ends the run"},
    )

    def __post_init__(self) -> None:
        for name, limit in (("timeout", _MAX_TIMEOUT), ("memory_mb", _MAX_MEMORY_MB), ("max_markup", None)):
            value = getattr(self, name)
            if not value > 0:  # so that NaN is rejected too
                raise ValueError(f"extract_{name} must be above 0, not {value}")
            if limit and value > limit:
                raise ValueError(f"extract_{name} can be {limit} at most, not {value}")
        if self.days:
            span_of(self.days)
        if self.opt_out not in OPT_OUT:
            raise ValueError(f"opt_out must be one of {', '.join(OPT_OUT)}, not {self.opt_out!r}")
        if self.kinds not in KINDS:
            raise ValueError(f"kinds must be one of {', '.join(KINDS)}, not {self.kinds!r}")


def extract(document: Document, rules: ExtractRules) -> Article:
    """The article on the page, as the page states it; CleanText gives text, title and names their final form.

    Raises Rejection: no_main_text, not_an_article, too_large.
    """
    return _extract(document, rules, Findings())


def examine(document: Document, rules: ExtractRules) -> Findings:
    """As `extract`: the article or the failure, with all candidates that were read before it."""
    findings = Findings()
    try:
        findings.article = _extract(document, rules, findings)
    except Exception as failure:  # noqa: BLE001  (`Findings.result` raises it)
        findings.failure = failure
    return findings


def _extract(document: Document, rules: ExtractRules, findings: Findings) -> Article:
    if len(document.markup) > rules.max_markup:
        raise Rejection("too_large", f"{len(document.markup)} characters of markup")
    findings.decide("document kind", read_document_kind(document.markup), refuse)
    read = _from_text if document.is_text else _from_page
    article = read(document, rules, findings)
    check_taking(article, rules.days, rules.opt_out)
    return article


def _from_page(document: Document, rules: ExtractRules, findings: Findings) -> Article:
    findings.facts = facts = Facts(document.markup, document.source.url, document.title, document.stated)
    shares = kind_shares(facts)
    _judge("page kind", read_page_signs(facts, shares), rules, findings)
    metadata = decide_metadata(facts, findings)
    body = findings.decisions["body"] = _decide_text(facts, metadata, findings)
    if body.source != EMBEDDED_BODY:  # the page shows something else
        _judge("labels", read_label_signs(facts, "\n".join(body.lines)), rules, findings)
    _judge("text kind", read_text_signs(body.lines, metadata.title), rules, findings)
    choose = functools.partial(choose_date, fetched_at=document.source.fetch_time())
    published = findings.decide("date", read_dates(facts), choose)
    return _article(document, metadata, body, published, findings)._replace(
        extraction_score=score_text(facts, body, shares[ARTICLE]),
        opt_out=sorted_signals([*document.opt_out, *meta_signals(facts.meta_tags)]),
        license=findings.decide("license", read_licences(facts), choose_first),
    )


def _judge(name: str, signs: Iterable[Candidate], rules: ExtractRules, findings: Findings) -> None:
    """Keeps the first sign that the page is no article; raises Rejection not_an_article if only articles are wanted."""
    sign = findings.decide(name, signs, first_sign)
    if sign and rules.kinds == ARTICLE:
        raise Rejection("not_an_article", sign.evidence)


def _decide_text(facts: Facts, metadata: Metadata, findings: Findings) -> Body:
    """The text of the article on the page. If it shows only a few words, the article in embedded JSON, if longer."""
    title = metadata.title
    body = decide_body("text", facts, title, metadata.description, findings)
    if len(" ".join(body.lines).split()) < _FEW_WORDS and (found := find_article_text(facts.embedded_json, title)):
        with contextlib.suppress(Rejection):  # there is nothing to parse
            page = Facts(f"<article>{found.replace(chr(10), '<br><br>')}</article>", facts.url)
            embedded = decide_body("text in embedded JSON", page, title, None, findings)
            if len("\n".join(embedded.lines)) > len("\n".join(body.lines)):
                return embedded._replace(source=EMBEDDED_BODY)
    if not body.lines:
        raise Rejection("no_main_text")
    return body


def _from_text(document: Document, rules: ExtractRules, findings: Findings) -> Article:
    url = document.source.url
    text = without_markup(document.markup)
    title, lines = read_plain_text(text, document.title)
    _judge("text kind", read_text_signs(lines, title), rules, findings)
    choose = functools.partial(choose_date, fetched_at=document.source.fetch_time())
    published = findings.decide("date", read_text_dates(text, url, document.stated, title), choose)
    metadata = without_page(url, title, document.stated)
    return _article(document, metadata, Body(lines, PLAIN_TEXT, []), published, findings)


def _article(document: Document, metadata: Metadata, body: Body, published: Publication, findings: Findings) -> Article:
    return Article(
        source=document.source,
        canonical_url=metadata.canonical_url,
        site=metadata.site,
        title=metadata.title or document.title,
        text="\n".join(body.lines),
        published_at=published.published_at,
        date=published.date,
        date_source=published.source,
        site_name=metadata.site_name,
        description=metadata.description,
        section=metadata.section,
        image_url=metadata.image_url,
        authors=metadata.authors,
        tags=metadata.tags,
        charset=document.charset,
        charset_source=document.charset_source,
        opt_out=document.opt_out,
        page_kind=OTHER_PAGE if any(map(findings.decisions.get, PAGE_SIGNS)) else ARTICLE,
        extraction_source=body.source,
    )
