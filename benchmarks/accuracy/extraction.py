r"""Scores extraction on real pages, side by side with plain trafilatura.

    python -m benchmarks.accuracy.extraction [--plain] [--worst N] [--half 0|1]

Reads `pages_arabised`, `pages/ar`, `pages/aeb_en` and `pages/wcxb` under $WARRAQ_DATA (default: ../shared/data beside
the checkout). Text: F1 of the multisets of `\w+` tokens, lower case. 4-gram: the F1 of the article-extraction-benchmark
(scrapinghub, evaluate.py), from mean precision and mean recall of the multisets of four tokens in a row. Regret: the
number of pages of which plain trafilatura's F1 is more than 0.1 higher. `--half` takes the pages of half of the sites;
constants are chosen on half 0, and half 1 tells what they are worth. Title and author list count only if the truth
states them; the order of authors does not count. Furniture: the share of pages whose text has a line that is not in the
article and is listed in tests/transforms/clean/furniture.txt, or is short and holds a listed phrase. `--plain` removes
the markup first, as WET does. Times are CPU time of one process.
"""

import argparse
import datetime as dt
import functools
import gzip
import hashlib
import json
import re
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import trafilatura
from lxml import etree

from benchmarks.data import DATA, ROOT
from warraq.schemas.labels import ARTICLE
from warraq.schemas.records import Document, Source
from warraq.transforms.arabic import normalize_line
from warraq.transforms.clean.clean import CleanRules, clean
from warraq.transforms.extract.markup import parse
from warraq.transforms.extract.page import ExtractRules, extract
from warraq.transforms.rejection import Rejection

REGRET = 0.1
SHORT = 12  # words of a line that may be furniture because of a phrase in it
FETCHED_AT = dt.datetime(2026, 11, 1, tzinfo=dt.timezone.utc)
LINE_TAGS = frozenset(
    """
    address article aside blockquote br button center dd div dl dt figcaption figure footer form h1 h2 h3 h4 h5 h6
    header li main nav ol option p section table td th title tr ul
    """.split()  # noqa: SIM905
)


class Case(NamedTuple):
    """One page with its true fields; None if the truth does not state the field."""

    name: str
    url: str
    markup: str
    text: str
    titles: list[str] | None
    authors: list[str] | None
    days: list[str] | None

    @property
    def site(self) -> str:
        """The publisher: the host, or the name of the newspaper on whose template the page was made."""
        return urlsplit(self.url).netloc if self.url.startswith("http") else self.name

    @property
    def half(self) -> int:
        """0 or 1, the same for all pages of a site."""
        return int(hashlib.sha256(self.site.encode()).hexdigest(), 16) % 2


class Found(NamedTuple):
    """The result of an extractor for one page."""

    text: str
    title: str | None = None
    authors: list[str] = []  # noqa: RUF012  (never changed)
    day: str = ""


Extractor = Callable[[Case], Found]


def arabised() -> Iterator[Case]:
    folder = DATA / "pages_arabised"
    for line in (folder / "truth.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        markup = gzip.decompress((folder / row["file"]).read_bytes()).decode(row["charset"], "replace")
        yield Case(
            row["file"],
            row["url"],
            markup,
            row["text"],
            [row["title"]],
            row["author"] or None,
            row["date_accept"] or None,
        )


def arabic() -> Iterator[Case]:
    for line in (DATA / "pages" / "gt_ar.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        markup = (DATA / "pages" / row["file"]).read_text("utf-8", "replace")
        titles = [row["title"], *row.get("title_alt", [])]
        author = row["author"]
        authors = author if isinstance(author, list) else [author] if author else None
        url = row["url"] or "http://page.example/1"
        yield Case(row["file"], url, markup, row["text"], titles, authors, [row["date"]] if row["date"] else None)


def english() -> Iterator[Case]:
    folder = DATA / "pages" / "aeb_en"
    for name, row in sorted(json.loads((folder / "ground-truth.json").read_text("utf-8")).items()):
        markup = gzip.decompress((folder / "html" / f"{name}.html.gz").read_bytes()).decode("utf-8", "replace")
        url = row.get("url") or "http://page.example/1"
        yield Case(name, url, markup, row["articleBody"], None, None, None)


def guides() -> Iterator[Case]:
    """Guides, reviews, lists and news of 600 sites, most of them English."""
    folder = DATA / "pages" / "wcxb"
    for row in _rows(folder / "truth.jsonl"):
        markup = gzip.decompress((folder / row["file"]).read_bytes()).decode("utf-8", "replace")
        yield Case(row["file"], row["url"], markup, row["text"], None, None, None)


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    """The JSON objects of a file, a line each; str.splitlines would split at characters inside them."""
    return map(json.loads, filter(None, path.read_text("utf-8").split("\n")))


def plain_trafilatura(case: Case) -> Found:
    found = trafilatura.bare_extraction(case.markup, include_comments=False)
    return Found(found.text or "") if found else Found("")


def trafilatura_with_metadata(case: Case) -> Found:
    found = trafilatura.bare_extraction(case.markup, url=case.url, include_comments=False, with_metadata=True)
    if found is None:
        return Found("")
    return Found(
        found.text or "", found.title, (found.author or "").split("; ") if found.author else [], found.date or ""
    )


def extracted(case: Case) -> Found:
    return _ours(case, is_text=False, cleaned=False)


def extracted_and_cleaned(case: Case) -> Found:
    return _ours(case, is_text=False, cleaned=True)


def of_any_kind(case: Case) -> Found:
    """Cleaned, and not refused for the kind of its page."""
    return _ours(case, is_text=False, cleaned=True, kinds="all")


def without_markup(case: Case) -> Found:
    return _ours(case._replace(markup=render(case.markup)), is_text=True, cleaned=True)


def _ours(case: Case, *, is_text: bool, cleaned: bool, kinds: str = ARTICLE) -> Found:
    size = len(case.markup)
    page = Document(Source(case.url, FETCHED_AT, "benchmark", 0, size), case.markup, is_text, "utf-8", "given", None)
    try:
        article = extract(page, ExtractRules(guard=False, kinds=kinds))
        article = clean(article, CleanRules()) if cleaned else article
    except Rejection as verdict:
        print(f"  refused: {case.name[:40]} {verdict.reason} {verdict.detail}", file=sys.stderr)
        return Found("")
    return Found(article.text, article.title, article.authors, str(article.date))


def render(markup: str) -> str:
    """The page's text with a line for each block, as in a WET record."""
    tree = parse(markup)
    etree.strip_elements(tree, "script", "style", "noscript", "template", with_tail=False)
    for element in tree.iter(*LINE_TAGS):
        element.text = f"\n{element.text or ''}"
        element.tail = f"\n{element.tail or ''}"
    return "".join(tree.itertext())


def f1(found: str, true: str) -> float:
    """Harmonic mean of precision and recall over the multisets of words, 0..1."""
    ours, theirs = Counter(re.findall(r"\w+", found.lower())), Counter(re.findall(r"\w+", true.lower()))
    return 2 * sum((ours & theirs).values()) / max(1, sum(ours.values()) + sum(theirs.values()))


def four_gram_f1(found: list[str], true: list[str]) -> float:
    """Harmonic mean of mean precision and mean recall of four words in a row, 0..1, over all pages.

    As in the article-extraction-benchmark: case counts, and a page without a text has a recall only.
    """
    precisions, recalls = [], []
    for ours, theirs in zip(map(_four_grams, found), map(_four_grams, true), strict=True):
        common = (ours & theirs).total()
        if ours:
            precisions.append(common / ours.total())
        if theirs:
            recalls.append(common / theirs.total())
    if not precisions or not recalls:
        return 0.0
    precision, recall = statistics.mean(precisions), statistics.mean(recalls)
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _four_grams(text: str) -> Counter[tuple[str, ...]]:
    """The runs of four words; of a shorter text the one run of all its words."""
    words = re.findall(r"\w+", text)
    runs = (tuple(words[start : start + 4]) for start in range(max(1, len(words) - 3)))
    return Counter(run for run in runs if run)


def furniture_lines(found: str, true: str) -> list[str]:
    """The lines of `found` that are furniture by their words and are not in the true text."""
    return [line for line in found.split("\n") if _is_listed(_words(line)) and _words(line) not in _words(true)]


def _is_listed(words: str) -> bool:
    short = words.count(" ") < SHORT
    return words in listed() or (short and any(f" {phrase} " in f" {words} " for phrase in listed() if " " in phrase))


@functools.cache
def listed() -> frozenset[str]:
    """The words of each line in tests/transforms/clean/furniture.txt."""
    lines = (ROOT / "tests" / "transforms" / "clean" / "furniture.txt").read_text("utf-8").splitlines()
    return frozenset(_words(line) for line in lines if not line.startswith("#"))


def _words(text: str) -> str:
    return " ".join(re.findall(r"\w+", normalize_line(text)))


def share(outcomes: list[bool]) -> str:
    return f"{statistics.mean(outcomes):.3f}" if outcomes else "-"


def plain_scores(cases: list[Case]) -> list[float]:
    """The F1 of plain trafilatura for each case."""
    return [f1(plain_trafilatura(case).text, case.text) for case in cases]


def regrets(scores: list[float], plain: list[float]) -> int:
    """The number of cases of which plain trafilatura has a clearly better text."""
    return sum(theirs - ours > REGRET for ours, theirs in zip(scores, plain, strict=True))


def score(cases: list[Case], plain: list[float], extractor: Extractor, worst: int) -> str:
    """One row of the table; `plain` has the scores of plain trafilatura. The worst pages are named on stderr."""
    began = time.process_time()
    found = [extractor(case) for case in cases]
    milliseconds = 1000 * (time.process_time() - began) / len(cases)
    pairs = list(zip(cases, found, strict=True))
    scores = sorted((f1(result.text, case.text), case.name) for case, result in pairs)
    for value, name in scores[:worst]:
        print(f"  {value:.3f} {name}", file=sys.stderr)
    values = [value for value, _ in scores]
    titles = [result.title in case.titles for case, result in pairs if case.titles]
    authors = [set(result.authors) == set(case.authors) for case, result in pairs if case.authors]
    days = [result.day in case.days for case, result in pairs if case.days]
    low = sum(value < 0.7 for value in values) / len(values)
    runs = four_gram_f1([result.text for result in found], [case.text for case in cases])
    regretted = regrets([f1(result.text, case.text) for case, result in pairs], plain)
    means = f"{statistics.mean(values):6.4f} {runs:6.4f} {values[len(values) // 10]:6.3f} {low:6.3f} {regretted:6}"
    furnished = share([bool(furniture_lines(result.text, case.text)) for case, result in pairs])
    return f"{means} {furnished:>9} {share(titles):>7} {share(authors):>8} {share(days):>7} {milliseconds:7.1f}"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--plain", action="store_true", help="strip the markup first")
    arguments.add_argument("--worst", type=int, default=0, help="name the N worst pages of each row")
    arguments.add_argument("--half", type=int, choices=(0, 1), help="take the pages of half of the sites")
    options = arguments.parse_args()
    if not DATA.is_dir():
        sys.exit(f"no data: {DATA} (set WARRAQ_DATA)")
    extractors: list[Extractor] = [plain_trafilatura, trafilatura_with_metadata, extracted]
    extractors += [extracted_and_cleaned, of_any_kind]
    sources: list[tuple[str, Callable[[], Iterator[Any]]]] = [
        ("arabised", arabised),
        ("ar", arabic),
        ("aeb_en", english),
        ("wcxb", guides),
    ]
    print(f"{'pages':9} {'extractor':26}     F1 4-gram    p10  <0.70 regret furniture   title  authors     day      ms")
    for name, source in sources:
        cases = [case for case in source() if options.half in (None, case.half)]
        plain = plain_scores(cases)
        for extractor in [without_markup] if options.plain else extractors:
            print(f"{name:9} {extractor.__name__:26} {score(cases, plain, extractor, options.worst)}", flush=True)


if __name__ == "__main__":
    main()
