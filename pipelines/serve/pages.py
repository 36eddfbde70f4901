"""The views: each asks its questions, and returns what its template shows."""

import datetime as dt
import functools
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

from warraq.pipelines.serve import addresses, charts, marks, pictures, questions
from warraq.pipelines.serve.addresses import address
from warraq.pipelines.serve.asker import Asker, Row
from warraq.pipelines.serve.questions import LISTED, Filters
from warraq.pipelines.serve.search import Found, search
from warraq.pipelines.serve.texts import date_source_name, kind_name, topic_name
from warraq.schemas.labels import COPY_REASONS, ENTITY_KINDS, REASONS, TOPIC_SLUGS, UNDATED
from warraq.transforms.entities.places import listed_places
from warraq.transforms.search.query import QueryError

Context: TypeAlias = dict[str, Any]
Arguments: TypeAlias = Mapping[str, str]
_MOST_COMPARED: Final = 6  # names in one chart
_MAPPED: Final = 400  # places that are asked for
_ID: Final = re.compile(r"[0-9a-f]{32}")


class GoneError(Exception):
    """The article of a page is not in the dataset."""


class UnknownNameError(Exception):
    """No article has a name that is spelled so. The message is the name."""


class Page(NamedTuple):
    """One request for a view."""

    ask: Asker
    arguments: Arguments
    language: str  # one of texts.LANGUAGES

    @property
    def right_to_left(self) -> bool:
        return self.language == "ar"


def overview(page: Page) -> Context:
    """The dataset at a glance."""
    everything = Filters()
    [count] = page.ask("overview", questions.span(everything))
    [totals] = page.ask("totals", questions.totals())
    return {
        "count": count | totals,
        "undated": UNDATED,
        "charts": [
            pictures.over_time(page, everything, count),
            pictures.by_topic(page, everything),
            pictures.by_site(page, everything),
            *(pictures.names(page, everything, kind) for kind in ("person", "place", "organisation")),
        ]
        if count["articles"]
        else [],
        "newest": page.ask("newest", questions.newest(everything, limit=8)),
    }


def found(page: Page) -> Context:
    """Articles by words and facets."""
    filters = addresses.filters(page.arguments)
    query, number = addresses.text(page.arguments, "q"), addresses.number(page.arguments)
    if query:  # a search does not know these
        filters = filters._replace(kind="", run="", credit="", date_source="")
    try:
        result, mistake = search(page.ask, query, filters, number), ""
    except QueryError as error:
        result, mistake = Found(0, [], {}, 0), str(error)
    chosen = {"q": query, **addresses.facets(filters)}
    link = functools.partial(address, "/search", chosen)
    return {
        "query": query,
        "mistake": mistake,
        "filters": filters,
        "result": result,
        "facets": [_facet(page, name, counts, filters, link) for name, counts in result.facets.items()],
        "chosen": _chosen(page, filters, link),
        "topics": [(slug, topic_name(slug, page.language)) for slug in sorted(TOPIC_SLUGS)],
        "pager": _pager(number, result.total, link),
    }


def article(page: Page, day: str, article_id: str) -> Context:
    """One article as the dataset has it, its story and its versions.

    Raises:
      GoneError: the dataset has no such article.
    """
    row = _article(page, article_id, addresses.day(day))
    beside = addresses.text(page.arguments, "beside")
    story = page.ask("story", questions.call("story_of", article_id, more="\nLIMIT 100"))
    chosen = next((copy for copy in story if copy["article_id"] == beside != article_id), None)
    versions = page.ask("versions", questions.call("versions_of", row["canonical_url"], more="\nLIMIT 100"))
    return {
        "article": row,
        "paragraphs": _paragraphs(row),
        "names": _names_in(row),
        "story": story,
        "versions": versions,
        "other": (other := _article(page, beside, chosen["date"])) if chosen else None,
        "other_paragraphs": _paragraphs(other) if chosen else [],
        "explain": explain_command(row),
    }


def name(page: Page) -> Context:
    """One name: with whom, where, when and in which papers.

    Raises:
      UnknownNameError: no article has it.
    """
    filters = addresses.filters(page.arguments)._replace(run="", credit="", date_source="")
    kinds = page.ask("also_kind", questions.kinds_of(filters.name)) if filters.name else []
    if not kinds:
        raise UnknownNameError(filters.name)
    filters = filters._replace(kind=filters.kind or kinds[0]["kind"])
    [count] = page.ask("articles", questions.span(filters))
    others = functools.partial(pictures.names, page, filters)
    period = {"since": filters.since, "until": filters.until}
    return {
        "filters": filters,
        "count": count,
        "kinds": [row for row in kinds if row["kind"] != filters.kind],
        "charts": [
            pictures.over_time(page, filters, count, title="when"),
            pictures.against_usual(page, _unit(page, count), period, name=filters.name),
            others("person", title="with_whom"),
            others("place", title="where"),
            others("organisation", title="with_what"),
            pictures.by_site(page, filters, title="in_papers"),
            pictures.by_topic(page, filters, title="about"),
        ]
        if count["articles"]
        else [],
        "together": page.ask(
            "together", questions.call("named_with", filters.name, more="\nLIMIT 25", exact=True, **period)
        ),
        "papers": page.ask(
            "papers", questions.call("sites_naming", filters.name, more="\nLIMIT 15", exact=True, **period)
        ),
        "spellings": page.ask("spellings", questions.spellings(filters.name, filters.kind, filters)),
        "newest": page.ask("newest", questions.newest(filters, limit=10)),
        "all_articles": address("/search", addresses.facets(filters)),
    }


def names(page: Page) -> Context:
    """The names of most articles, by kind, and those that have the letters that were asked for."""
    filters = addresses.filters(page.arguments)
    kinds = [filters.kind] if filters.kind else list(ENTITY_KINDS)
    letters = addresses.text(page.arguments, "letters")
    alike = page.ask("alike", questions.alike(letters)) if letters else []
    return {
        "letters": letters,
        "alike": alike,
        "filters": filters._replace(name=""),
        "topics": [(slug, topic_name(slug, page.language)) for slug in sorted(TOPIC_SLUGS)],
        "charts": [pictures.names(page, filters._replace(name="", kind=""), kind, limit=25) for kind in kinds],
    }


def trends(page: Page) -> Context:
    """Names that rise, names that are compared, topics over time, and what is more than usual."""
    filters = addresses.filters(page.arguments)._replace(name="", kind="")
    kind = addresses.filters(page.arguments).kind
    [count] = page.ask("overview", questions.span(filters))
    days = addresses.number(page.arguments, "days") if page.arguments.get("days") else 7
    listed = re.split(r"[,،;\n]", addresses.text(page.arguments, "names"))
    wanted = list(dict.fromkeys(name.strip() for name in listed if name.strip()))[:_MOST_COMPARED]
    spelled = {row["asked"]: row["name"] for row in page.ask("spellings", questions.spelled(wanted))} if wanted else {}
    wanted = list(dict.fromkeys(spelled.get(name, name) for name in wanted))
    unit = _unit(page, count)
    part = {"name": wanted[0] if len(wanted) == 1 else "", "topic": filters.topic, "site": filters.site}
    period = {"since": filters.since, "until": filters.until}
    last = filters.until or count["last_day"]
    rising = page.ask("rising", questions.rising(last, min(days, 366), kind, filters, limit=25)) if last else []
    return {
        "filters": filters,
        "kind": kind,
        "days": days,
        "last": last,
        "rising": rising,
        "topics": [(slug, topic_name(slug, page.language)) for slug in sorted(TOPIC_SLUGS)],
        "unit": page.arguments.get("unit", ""),
        "wanted": wanted,
        "compared": pictures.compared(page, wanted, filters, unit) if wanted else None,
        "part": " · ".join(
            filter(None, (part["name"], filters.topic and topic_name(filters.topic, page.language), part["site"]))
        ),
        "usual": pictures.against_usual(page, unit, period, **part) if any(part.values()) else None,
        "topics_chart": pictures.topics_over_time(page, filters, unit) if count["articles"] else None,
    }


def places(page: Page) -> Context:
    """Places on a map of the world."""
    filters = addresses.filters(page.arguments)._replace(name="", kind="")
    rows = page.ask("places", questions.top_names(filters, "place", _MAPPED))
    known = {
        place.name: (place.latitude, place.longitude)
        for place in listed_places()
        if place.latitude is not None and place.longitude is not None
    }
    points = [
        (row["name"], *known[row["name"]], row["articles"], addresses.name(row["name"], "place"))
        for row in rows
        if row["name"] in known
    ]
    return {
        "filters": filters,
        "topics": [(slug, topic_name(slug, page.language)) for slug in sorted(TOPIC_SLUGS)],
        "chart": charts.places("map", points) if points else None,
        "others": [row for row in rows if row["name"] not in known][:40],
    }


def sites(page: Page) -> Context:
    """Sites by yield, agencies, and who copies whom."""
    filters = addresses.filters(page.arguments)._replace(site="", name="", kind="")
    return {
        "undated": UNDATED,
        "yields": page.ask("yield", questions.call("sites_by_yield", more="\nLIMIT 50")),
        "agencies": pictures.agencies(page, filters),
        "filters": filters,
        "topics": [(slug, topic_name(slug, page.language)) for slug in sorted(TOPIC_SLUGS)],
        "sites": page.ask("sites", questions.sites(filters)),
        "pairs": page.ask("who_copies", questions.followed(filters)),
        "publishers": page.ask(
            "first_publishers",
            questions.call(
                "first_publishers",
                more="\nLIMIT 15",
                since=filters.since,
                until=filters.until,
                topic=filters.topic,
            ),
        ),
    }


def stories(page: Page) -> Context:
    """Stories that several pages had, those with most copies first."""
    filters = addresses.filters(page.arguments)._replace(site="", name="", kind="")
    [count] = page.ask("stories", questions.stories(filters))
    number = addresses.number(page.arguments)
    link = functools.partial(address, "/stories", addresses.facets(filters))
    return {
        "filters": filters,
        "topics": [(slug, topic_name(slug, page.language)) for slug in sorted(TOPIC_SLUGS)],
        "count": count,
        "rows": page.ask("went_round", questions.copied_stories(filters, offset=(number - 1) * LISTED)),
        "pager": _pager(number, count["copied"], link),
    }


def ledger(page: Page) -> Context:
    """Pages by door and reason, the refused ones with their reason, and the runs."""
    values = questions.Refused(*(addresses.text(page.arguments, name) for name in questions.Refused._fields))
    number = addresses.number(page.arguments)
    lines = page.ask("ledger", questions.ledger([values.run] if values.run else []))
    refused = page.ask("refused_rows", questions.refused(values, limit=LISTED + 1, offset=(number - 1) * LISTED))
    link = functools.partial(address, "/ledger", values._asdict())
    return {
        "values": values,
        "read": pages_by(lines, "read"),
        "kept": pages_by(lines, "article"),
        "rejected": pages_by(lines, "rejected"),
        "charts": [pictures.funnel(page, lines)] if lines else [],
        "reasons": [line for line in lines if line["door"] == "rejected"],
        "refused": [{**row, "explain": explain_command(row), "original": _original(row)} for row in refused[:LISTED]],
        "changes": page.ask("changes_since", questions.call("changes_since", values.run))
        if values.run and lines
        else [],
        "runs": page.ask("runs", questions.runs()),
        "stages": list(REASONS),
        "link": link,
        "previous": link(page=number - 1) if number > 1 else "",
        "next": link(page=number + 1) if len(refused) > LISTED else "",
    }


def pages_by(lines: Sequence[Row], door: str) -> int:
    """The pages of the ledger that left by a door."""
    return sum(line["pages"] for line in lines if line["door"] == door)


def explain_command(row: Row) -> str:
    """The command that takes the page of a row through all stages again."""
    place = f"{row['dump']}@{row['dump_offset']}".replace("'", "'\\''")
    return f"warraq explain '{place}'"


def _original(row: Row) -> str:
    """The id of the article of which a refused page is a copy; empty for other pages."""
    is_copy = row["reason"] in COPY_REASONS and _ID.fullmatch(row["detail"] or "")
    return row["detail"] if is_copy else ""


def _unit(page: Page, count: Row) -> str:
    """The unit of time that the address asks for, else one that suits the days."""
    asked = page.arguments.get("unit", "")
    return asked if asked in charts.UNITS else questions.bucket(count["first_day"], count["last_day"])


def _article(page: Page, article_id: str, day: dt.date | None) -> Row:
    row = page.ask.one("article", questions.article(article_id, day)) if _ID.fullmatch(article_id) else None
    if row is None:
        raise GoneError
    return row


def _paragraphs(row: Row) -> list[list[marks.Piece]]:
    return marks.paragraphs(marks.cut(row["text"], row["entities"]))


def _names_in(row: Row) -> list[tuple[str, list[tuple[str, int]]]]:
    """The names of an article by kind, each with its mentions."""
    counts: dict[str, dict[str, int]] = {kind: {} for kind in ENTITY_KINDS}
    for entity in row["entities"]:
        by_name = counts.setdefault(entity["kind"], {})
        by_name[entity["name"]] = by_name.get(entity["name"], 0) + 1
    return [
        (kind, sorted(names.items(), key=lambda item: (-item[1], item[0]))) for kind, names in counts.items() if names
    ]


def _pager(number: int, total: int, link: Callable[..., str]) -> Context:
    last = max(1, -(-total // LISTED))
    return {
        "number": number,
        "last": last,
        "previous": link(page=number - 1) if number > 1 else "",
        "next": link(page=number + 1) if number < last else "",
    }


def _facet(
    page: Page, name: str, counts: Sequence[tuple[str, int]], filters: Filters, link: Callable[..., str]
) -> Context:
    """A facet with its values, each with its count and address."""
    units = ("month", "year")

    def changes(value: str) -> dict[str, str]:
        if name not in units:
            return {name: value}
        return {"since": value, "until": str(questions.end_of(name, dt.date.fromisoformat(value)))}

    def label(value: str) -> str:
        if name == "topic":
            return topic_name(value, page.language)
        return pictures.start_in_words(dt.date.fromisoformat(value), name) if name in units else value

    values = [
        {
            "label": label(value) or "—",
            "articles": articles,
            "address": link(**changes(value)),
            "chosen": name not in units and getattr(filters, name) == value,
        }
        for value, articles in counts
    ]
    return {"name": name, "values": values}


def _chosen(page: Page, filters: Filters, link: Callable[..., str]) -> list[tuple[str, str, str]]:
    """The facets that are chosen: key, value in words, and the address without it."""
    words = {
        "topic": topic_name(filters.topic, page.language) if filters.topic else "",
        "date_source": date_source_name(filters.date_source, page.language),
        "name": f"{filters.name} ({kind_name(filters.kind, page.language)})" if filters.kind else filters.name,
    }
    without = {"name": {"name": "", "kind": ""}}
    return [
        (field, words.get(field, str(value)), link(**without.get(field, {field: ""})))
        for field, value in filters._asdict().items()
        if value and field != "kind"
    ]
