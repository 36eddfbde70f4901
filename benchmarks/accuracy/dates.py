"""Publication days on real pages: the shares that are right, wrong and absent, and the processor time; beside htmldate.

    WARRAQ_DATA=… python -m benchmarks.accuracy.dates [--misses] [--alone]

A page without a trusted date has none in the dataset (`date_source` is `fetched`): that is absent, and does no harm. A
wrong day does.

Groups of Arabic text in real page templates: `machine` (JSON-LD, meta tags or datetime left), `visible` (only a
byline), `url` (byline and URL), `stripped` (pages of `machine` that show a date, without dates for machines),
`masthead` (pages of `visible` with the fetch day right above the title, as on many portals). Groups of real pages:
`real Arabic`; `htmldate` and `fundus` in languages of which we do not read all months. No fetch time is known, so a
fetch long after every page is assumed, which is the harder case.
"""

import argparse
import collections
import datetime as dt
import gzip
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import htmldate
import lxml.html

from benchmarks.data import DATA
from warraq.schemas.labels import UNDATED
from warraq.transforms.extract.dates.choose import choose_date
from warraq.transforms.extract.dates.readers import read_dates
from warraq.transforms.extract.facts import Facts

FETCHED = dt.datetime(2026, 12, 31, tzinfo=dt.timezone.utc)
MASTHEAD = '<div><span class="date">الخميس 31 ديسمبر 2026</span></div>'  # the day of FETCHED
_MACHINE = frozenset(("jsonld", "meta", "time"))
VERDICTS = ("right", "wrong", "absent")
SPENT: collections.Counter[str] = collections.Counter()  # seconds, by tool


class Case(NamedTuple):
    """A page with the days that are right for it."""

    group: str
    name: str
    url: str
    markup: str
    days: frozenset[str]


def cases() -> Iterator[Case]:
    """Every page whose publication day is known."""
    for row in _rows(DATA / "pages_arabised" / "truth.jsonl"):
        if row["date"]:
            content = gzip.decompress((DATA / "pages_arabised" / row["file"]).read_bytes())
            evidence = set(row["date_evidence"])
            group = "machine" if evidence & _MACHINE else "url" if "url" in evidence else "visible"
            charset = re.search(r"charset=([\w-]+)", row["http_content_type"])
            markup = content.decode(charset[1] if charset else row["charset"].split()[0], "replace")
            yield Case(group, row["file"], row["url"], markup, frozenset(row["date_accept"]))
            if group == "visible":
                under = re.sub("(<h1)", f"{MASTHEAD}\\1", markup, count=1)
                yield Case("masthead", row["file"], row["url"], under, frozenset(row["date_accept"]))
            if group == "machine" and "visible" in evidence:
                yield Case("stripped", row["file"], "", _without_stamps(markup), frozenset(row["date_accept"]))
    pages = DATA / "pages"
    truths = {f"ar/{Path(row['file']).name}": row for row in _rows(pages / "gt_ar.jsonl") if row.get("date")}
    for row in _rows(pages / "labels.jsonl"):
        if row.get("date") or row["file"] in truths:
            known = truths.get(row["file"], row)
            group = "real Arabic" if row["file"] in truths else "htmldate"
            markup = (pages / row["file"]).read_bytes().decode(row.get("charset") or "utf-8", "replace")
            yield Case(group, row["file"], known.get("url") or "", markup, frozenset([known["date"]]))
    yield from _fundus(pages / "fundus")


def _without_stamps(markup: str) -> str:
    """The page without dates for machines, so that only the byline is left."""
    tree = _parsed(markup)
    for element in tree.xpath("//script|//meta"):
        element.drop_tree()
    for element in tree.xpath("//*[@datetime or @content or @itemprop]"):
        stamps = [name for name in element.attrib if name in ("datetime", "content") or name.startswith("data-")]
        for name in stamps:
            del element.attrib[name]
    return lxml.html.tostring(tree, encoding="unicode")


def _parsed(markup: str) -> lxml.html.HtmlElement:
    return lxml.html.document_fromstring(
        markup.encode("utf-8", "replace"), parser=lxml.html.HTMLParser(encoding="utf-8")
    )


def _rows(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _fundus(folder: Path) -> Iterator[Case]:
    """Pages whose publisher's file states only one date, or the date in the file name."""
    for path in sorted(folder.glob("*.html.gz")):
        parts = path.name.removesuffix(".html.gz").split("_")
        publisher, crawled = "_".join(parts[:2]), "-".join(parts[-3:])
        truth = folder / f"{publisher}.json"
        stated = truth.read_text(encoding="utf-8") if truth.exists() else ""
        days = set(re.findall(r'"publishing_date": "(\d{4}-\d\d-\d\d)', stated))
        if len(days) == 1 or crawled in days:
            markup = gzip.decompress(path.read_bytes()).decode("utf-8", "replace")
            yield Case("fundus", path.name, "", markup, frozenset(days if len(days) == 1 else [crawled]))


def ours(case: Case) -> tuple[str, str]:
    """Our day, "" if we know none, and its evidence. The time is without the page's facts, which other fields need."""
    facts = Facts(case.markup, case.url)
    began = time.process_time()
    chosen = choose_date(read_dates(facts), FETCHED)
    SPENT["ours"] += time.process_time() - began
    return "" if chosen.source == UNDATED else str(chosen.date), f"{chosen.source}: {chosen.evidence}"


def peer(case: Case) -> tuple[str, str]:
    """The day that htmldate finds on a tree already parsed, original date asked for."""
    tree = _parsed(case.markup)
    began = time.process_time()
    day = htmldate.find_date(tree, url=case.url or None, original_date=True, max_date=f"{FETCHED:%Y-%m-%d}")
    SPENT["peer"] += time.process_time() - began
    return day or "", ""


def _shares(counts: collections.Counter, group: str, tool: str, pages: int) -> Iterator[str]:
    for verdict in VERDICTS:
        yield f"{verdict} {counts[group, tool, verdict] / pages:.3f}"


def main() -> None:
    """Prints the table, and with --misses every page that we get wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--misses", action="store_true", help="print each page that is wrong, with the evidence taken")
    parser.add_argument("--alone", action="store_true", help="leave htmldate out")
    options = parser.parse_args()
    if not (DATA / "pages_arabised").exists():
        print(f"skipped: no data at {DATA}; set WARRAQ_DATA")
        return
    counts, pages = collections.Counter(), collections.Counter()
    for case in cases():
        pages[case.group] += 1
        for tool in (ours,) if options.alone else (ours, peer):
            day, evidence = tool(case)
            verdict = "right" if day in case.days else "wrong" if day else "absent"
            counts[case.group, tool.__name__, verdict] += 1
            if options.misses and tool is ours and verdict != "right":
                print(f"{case.group} {case.name}: {day or 'none'} ({evidence}), right: {sorted(case.days)}")
    for group, count in pages.items():
        scores = "  ".join(f"{tool} " + " ".join(_shares(counts, group, tool, count)) for tool in SPENT)
        print(f"{group:12} {count:4} pages  {scores}")
    print("  ".join(f"{tool} {1000 * spent / pages.total():.2f} ms a page" for tool, spent in SPENT.items()))


if __name__ == "__main__":
    main()
