"""Shares of real pages that are refused as no articles: of other pages, and of articles.

    python -m benchmarks.accuracy.page_kinds [--names]

Reads $WARRAQ_DATA (default: ../shared/data beside the checkout). No articles, judged by eye: front pages, listings,
search and tag pages, shop pages, statistics, forms and error pages in the archives of `warc`, and three indexes in
`pages`. A page that an archive repeats counts once. Articles: `pages_arabised`, `pages/ar`, `pages/aeb_en` and
`pages/fundus`. Counted: refusals as not_an_article, and by extraction or cleaning for any reason. The 29 pages of one
shop are a row of their own. `pages/wcxb` and `pages/wcxb_other` are counted by kind; the model is trained on them, so
their figures for sites not seen are those of benchmarks/training/train_page_kind.py.
"""

import argparse
import datetime as dt
import functools
import gzip
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from benchmarks.accuracy.extraction import DATA, FETCHED_AT, arabic, arabised, english, guides
from warraq.schemas.records import Document, Rejected, Source
from warraq.transforms.addresses import registered_domain
from warraq.transforms.clean.clean import CleanRules, clean
from warraq.transforms.decode.decode import DecodeRules, decode
from warraq.transforms.extract.page import ExtractRules, extract
from warraq.transforms.read.discover import find_dumps
from warraq.transforms.read.formats import read_range
from warraq.transforms.read.rules import ReadRules
from warraq.transforms.rejection import Rejection

SHOPS = "http://www.uraharajuku.st/shopdetail/"  # each page below it
NO_ARTICLES = frozenset(
    """
    http://books.toscrape.com/ http://stringjs.com/ http://037426.cn/ http://041696.com/15477/list_6_4.html
    http://0755krk.com/76104/list_4_1.html http://077678u.info/erxiaoshujinguang/list_6_2.html
    http://05925.net/index.php/vod/type/id/53.html http://035.psb556.com/24/i/u_1090813/article.html
    http://06.live-radsport.ch/fahrerstatistik_801/Anthony_Ravard.html http://0760.jxtdw.com/area/sanxiang/
    http://06.live-radsport.ch/tippspiel/stats_140_petzi.html http://096355.com/video/11073.html?11073-0-2
    http://044545.com/topic/20200207/015849.html http://commoncrawl.org/ http://www.archive.org/index.php
    https://archive.org/ http://data.gov.uk/ http://data.gov.uk/library http://data.gov.uk/data/search
    http://data.gov.uk/library/?f[0]=im_field_document_type%3A85 http://data.gov.uk/data/site-usage
    http://data.gov.uk/organogram/cabinet-office http://data.gov.uk/data/openspending-report/index
    http://data.gov.uk/contact http://data.gov.uk/apps http://data.gov.uk/user?destination=home http://data.gov.uk/blog
    http://data.gov.uk/publisher http://data.gov.uk/odug http://data.gov.uk/data/map-based-search
    http://data.gov.uk/forum http://www.iana.org/ http://www.iana.org/protocols http://www.iana.org/domains/root/db
    http://www.iana.org/domains/idn-tables
    """.split()  # noqa: SIM905
)
INDEXES = (
    "other/ar_nonnews/sabqScraper_listing.html",
    "other/ar_nonnews/w3c_getting-started_index.ar.html",
    "htmldate/echte-demokratie-jetzt.de.blog.html",
)

OTHER_KINDS = ("listing", "collection", "service", "product", "forum")


def document(url: str, markup: str, fetched_at: dt.datetime = FETCHED_AT) -> Document:
    return Document(Source(url, fetched_at, "benchmark", 0, len(markup)), markup, False, "utf-8", "given", None)


def shops() -> Iterator[Document]:
    return (page for page in archived() if page.source.url.startswith(SHOPS))


def no_articles() -> Iterator[Document]:
    yield from (page for page in archived() if page.source.url in NO_ARTICLES)
    for name in INDEXES:
        yield document(f"https://page.example/{name}", (DATA / "pages" / name).read_text("utf-8", "replace"))


def archived() -> Iterator[Document]:
    """The pages in the archives, each once."""
    seen: set[tuple[str, str]] = set()
    for dump in find_dumps([str(DATA / "warc")]).dumps:
        if "arc" not in dump.format:
            continue
        for page in read_range(dump, 0, None, ReadRules()):
            if not isinstance(page, Rejected) and (page.source.url in NO_ARTICLES or page.source.url.startswith(SHOPS)):
                read = decode(page, DecodeRules())
                if (read.source.url, read.markup) not in seen:
                    seen.add((read.source.url, read.markup))
                    yield read


def articles() -> Iterator[Document]:
    for source in (arabised, arabic, english):
        yield from (document(case.url, case.markup) for case in source())
    for path in sorted((DATA / "pages" / "fundus").glob("*.html.gz")):
        yield document(f"https://page.example/{path.stem}", unpacked(path))


class Labelled(NamedTuple):
    """A page whose kind is known."""

    kind: str  # "news", "guide", or that of a page that is no article
    site: str
    url: str
    markup: str

    @property
    def is_article(self) -> bool:
        """True for news and guides."""
        return self.kind in {"news", "guide"}


def labelled() -> Iterator[Labelled]:
    """The pages from which the model of page kinds is learned, with their sites."""
    for case in arabised():  # named source_publisher_day
        yield Labelled("news", case.name.split("_")[1].lower(), case.url, case.markup)
    for source in (arabic, english):
        for case in source():
            yield Labelled("news", _site(case.url), case.url, case.markup)
    for path in sorted((DATA / "pages" / "fundus").glob("*.html.gz")):
        yield Labelled("news", path.stem.split("_")[1].lower(), f"https://page.example/{path.stem}", unpacked(path))
    for case in guides():
        yield Labelled("guide", _site(case.url), case.url, case.markup)
    yield from others()


def _site(url: str) -> str:
    """The name that a publisher has in all its hosts: express for www.express.co.uk. Sources share publishers."""
    return registered_domain(url).partition(".")[0]


def others() -> Iterator[Labelled]:
    """Pages that are no articles, by kind."""
    folder = DATA / "pages" / "wcxb_other"
    for line in filter(None, (folder / "kinds.jsonl").read_text("utf-8").split("\n")):
        row = json.loads(line)
        yield Labelled(row["kind"], _site(row["url"]), row["url"], unpacked(folder / row["file"]))


def unpacked(path: Path) -> str:
    return gzip.decompress(path.read_bytes()).decode("utf-8", "replace")


def of_kind(kind: str) -> Iterator[Document]:
    return (document(page.url, page.markup) for page in others() if page.kind == kind)


def verdict(page: Document) -> str:
    """The reason why extraction or cleaning refuses the page; "" if it is kept."""
    try:
        clean(extract(page, ExtractRules(guard=False)), CleanRules())
    except Rejection as refusal:
        return f"{refusal.reason}: {refusal.detail}"
    return ""


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--names", action="store_true", help="name what is judged wrongly")
    options = arguments.parse_args()
    if not DATA.is_dir():
        sys.exit(f"no data: {DATA} (set WARRAQ_DATA)")
    kinds: dict[str, tuple[Callable[[], Iterator[Document]], bool]] = {
        "no articles": (no_articles, True),
        "shop": (shops, True),
        "articles": (articles, False),
        "guides": (lambda: (document(case.url, case.markup) for case in guides()), False),
        **{kind: (functools.partial(of_kind, kind), True) for kind in OTHER_KINDS},
    }
    print(f"{'pages':12} {'count':>5} {'not_an_article':>15} {'refused at all':>15}")
    for kind, (source, to_refuse) in kinds.items():
        verdicts = [(page.source.url, verdict(page)) for page in source()]
        as_none = sum(why.startswith("not_an_article") for _, why in verdicts)
        refused = sum(bool(why) for _, why in verdicts)
        print(
            f"{kind:12} {len(verdicts):5} {as_none / len(verdicts):15.3f} {refused / len(verdicts):15.3f}", flush=True
        )
        if options.names:
            print(*(f"  {url[:90]} {why}" for url, why in verdicts if bool(why) != to_refuse), sep="\n")


if __name__ == "__main__":
    main()
