"""The report: the questions and pictures of `warraq serve` for a run or a period, as one page without outside parts."""

import base64
import hashlib
import importlib.resources
import json
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import jinja2
from markupsafe import Markup

from warraq.pipelines.report.changes import Facts, changes, embedded
from warraq.pipelines.serve import charts, marks, pictures, questions
from warraq.pipelines.serve.app import helpers
from warraq.pipelines.serve.asker import Asker, Lake, Row
from warraq.pipelines.serve.charts import Chart
from warraq.pipelines.serve.pages import Page, explain_command, pages_by
from warraq.pipelines.serve.questions import Filters
from warraq.pipelines.serve.texts import translator
from warraq.pipelines.views import DOUBTFUL

_SAMPLES: Final = 3  # refused pages of each reason
_RISING_DAYS: Final = 7
_ASSETS: Final = importlib.resources.files("warraq.pipelines.serve") / "assets"
# Scores, and where the rules of a run have the threshold of each.
_SCORES: Final[dict[str, tuple[str, str] | None]] = {
    "extraction_score": None,  # DOUBTFUL
    "topic_score": ("topics", "min_score"),
    "language_score": ("language", "min_score"),
}


class UnknownRunError(Exception):
    """The dataset has no such run."""


class Script(NamedTuple):
    """A script or style sheet that is part of the file, and its digest for the content security policy."""

    text: Markup
    digest: str


def report(lake: Lake, filters: Filters, language: str, earlier: Facts | None) -> str:
    """The report as HTML.

    Args:
      lake: the dataset.
      filters: the run or the period.
      language: of the page, one of texts.LANGUAGES.
      earlier: what the report before said; None if there is none.

    Raises:
      UnknownRunError: the dataset has no such run.
    """
    page = Page(Asker(lake), {}, language)
    newest = page.ask.one("run", questions.options(filters.run))
    if newest is None and filters.run:
        raise UnknownRunError(filters.run)
    shown = _shown(page, filters, json.loads(newest["options"]) if newest else {})
    facts = _facts(shown)
    return _render(
        language=language,
        filters=filters,
        root=lake.dataset.root,
        facts=Markup(embedded(facts)),  # noqa: S704  (escaped for a script element)
        changes=[] if earlier is None else changes(earlier, facts),
        has_earlier=earlier is not None,
        asked=page.ask.asked,
        **shown,
    )


def _shown(page: Page, filters: Filters, rules: Mapping[str, Any]) -> dict[str, Any]:
    """Everything that the template shows."""
    ask = page.ask
    [count] = ask("overview", questions.span(filters))
    lines = ask("ledger", questions.ledger([filters.run] if filters.run else []))
    last = filters.until or count["last_day"]
    samples = ask("samples", questions.samples(filters.run, _SAMPLES))
    refused = [line for line in lines if line["door"] == "rejected"]
    # Who follows whom is a question about days: those of the period, or of the run's articles.
    days = filters._replace(since=count["first_day"], until=count["last_day"]) if filters.run else filters
    return {
        "count": count,
        "read": pages_by(lines, "read"),
        "kept": pages_by(lines, "article"),
        "rejected": pages_by(lines, "rejected"),
        "funnel": pictures.funnel(page, lines),
        "reasons": refused,
        "quality": [line for line in refused if line["stage"] == "quality"],
        "times": _times(page, filters, count),
        "by_topic": pictures.by_topic(page, filters),
        "sites": ask("sites", questions.sites(filters)),
        "pairs": ask("who_copies", questions.followed(days)),
        "rising": ask("rising", questions.rising(last, _RISING_DAYS, filters=filters)) if last else [],
        "last": last,
        "scores": [_histogram(page, filters, score, rules) for score in _SCORES],
        "charsets": ask("charsets", questions.counts_by("charset", filters)),
        "samples": [{**row, "explain": explain_command(row)} for row in samples],
    }


def _times(page: Page, filters: Filters, count: Row) -> list[Chart]:
    if not count["articles"]:
        return []
    return [
        pictures.over_time(page, filters, count),
        pictures.by_date_source(page, filters, count),
        pictures.topics_over_time(page, filters, questions.bucket(count["first_day"], count["last_day"])),
    ]


def _histogram(page: Page, filters: Filters, score: str, rules: Mapping[str, Any]) -> Chart:
    place = _SCORES[score]
    threshold = rules.get(place[0], {}).get(place[1]) if place else DOUBTFUL
    return charts.histogram(score, page.ask(score, questions.histogram(score, filters)), threshold)


def _facts(shown: Mapping[str, Any]) -> Facts:
    """The numbers that the next report is compared with, by part of the report and line."""
    return {
        "pages": {"read": shown["read"], "articles": shown["kept"], "rejected": shown["rejected"]},
        "reason": {f"{line['stage']}/{line['reason']}": line["pages"] for line in shown["reasons"]},
        "topic": {str(row[0].text): row[1].text for row in shown["by_topic"].rows},
        "site": {row["site"]: row["articles"] for row in shown["sites"]},
    }


def _render(language: str, **shown: Any) -> str:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("warraq.pipelines.serve"), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters.update(shown=marks.shown, web=marks.web_address)
    scripts = [_part("echarts.min.js"), _part("page.js")]
    return environment.get_template("report.html").render(
        say=translator(language),
        language=language,
        direction="rtl" if language == "ar" else "ltr",
        links=False,
        style=_part("style.css"),
        scripts=scripts,
        **helpers(language),
        **shown,
    )


def _part(name: str) -> Script:
    text = (_ASSETS / name).read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return Script(Markup(text), f"'sha256-{digest}'")  # noqa: S704  (our own file)
