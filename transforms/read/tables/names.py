"""The names that dumps give to our fields in JSON lines and Parquet, and the check of the names that the user states.

The known names are those of Common Crawl exports, Scrapy feeds, news-please, fundus, trafilatura, newspaper3k,
feedparser, schema.org, datatrove, OSCAR, HPLT, RedPajama, FineWeb, C4, Dolma and SaudiNewsNet. Case and signs in a name
don't matter: `datePublished`, `date_published` and `Date Published` are one name. A dot leads into a nested object.
"""

import functools
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from warraq.transforms.file_names import shown_name
from warraq.transforms.read.dump import Dump, InputError
from warraq.transforms.read.rules import ReadRules

# Our field → its names in dumps, best first. "body" is HTML in a Scrapy feed and text elsewhere: for names in `either`
# the content decides. A name in `dated` is the date of publication in a feed, and of the fetch in an export of a crawl,
# which the fields in `export` give away.
KNOWN: Final[Mapping[str, tuple[str, ...]]] = {
    "url": (
        "url", "warc_headers.warc-target-uri", "target_uri", "warc_target_uri", "uri", "link", "canonical_url",
        "page_url", "source_url", "article_url", "news_url", "html.responded_url", "html.requested_url", "href",
        "permalink", "u",
    ),
    "text": (
        "text", "maintext", "main_text", "raw_content", "plain_text", "full_text", "article_text", "articlebody",
        "content_text", "news_text", "article_content", "news_content", "raw_text", "story",
    ),
    "html": ("html", "raw_html", "html_content", "content_html", "page_html", "response_body", "html.content"),
    "either": ("content", "body", "article"),
    "title": ("title", "headline", "page_title", "article_title", "news_title", "title_page"),
    "fetched_at": (
        "fetched_at", "fetch_time", "fetch_date", "crawled_at", "crawl_time", "scraped_at", "scrape_date",
        "date_scraped", "date_download", "download_date", "downloaded_at", "timestamp", "warc_date", "crawl_date",
        "date_crawled", "date_extracted", "extracted_at", "retrieved_at", "date_retrieved", "accessed_at",
        "access_date", "collected_at", "date_collected", "indexed_at", "inserted_at", "added", "added_at",
        "warc_headers.warc-date", "html.crawl_date", "filedate", "ts",
    ),
    "published_at": (
        "published_at", "date_published", "date_publish", "publish_date", "publishing_date", "publication_date",
        "publication_time", "pub_date", "published", "published_date", "published_on", "published_time",
        "publish_time", "publication_datetime", "article:published_time", "issued", "date_issued", "first_published",
        "first_published_at", "posted_at", "posted_on", "posted", "date_posted", "post_date", "release_date",
        "article_date", "news_date",
    ),
    "dated": ("date", "datetime", "time", "date_time", "created_at", "date_created", "created", "creation_date"),
    "modified_at": (
        "modified_at", "date_modified", "date_modify", "modified", "updated_at", "updated", "date_updated",
        "update_date", "last_modified", "lastmod", "article:modified_time",
    ),
    "authors": (
        "authors", "author", "author_name", "author_names", "byline", "by", "creator", "creators", "dc:creator",
        "writer", "writers", "reporter", "journalist", "written_by",
    ),
    "section": (
        "section", "article_section", "category", "categories", "category_name", "cat", "rubric", "channel", "desk",
        "topic",
    ),
    "site_name": (
        "site_name", "publisher", "newspaper", "outlet", "source_name", "site", "website", "source", "provider",
        "html.source_info.publisher", "source_domain", "domain", "hostname", "host",
    ),
    "tags": ("tags", "keywords", "news_keywords", "meta_keywords", "topics", "hashtags", "tag"),
    "description": (
        "description", "meta_description", "summary", "abstract", "excerpt", "lead", "standfirst", "teaser",
        "subtitle", "subheadline", "alternative_headline", "snippet",
    ),
    "image_url": (
        "image_url", "image", "top_image", "main_image", "lead_image", "image_link", "thumbnail_url", "thumbnail",
        "images",
    ),
    "charset": ("charset", "content_charset", "encoding"),
    "export": ("dump", "file_path", "cc_segment", "warc_filename", "language_score", "token_count"),
}  # fmt: skip
CONTENT: Final = ("text", "html", "either")
_WRAPPERS: Final = ("metadata", "meta", "article", "data", "item", "_source", "fields")  # objects around the fields
_CHECKED_OBJECTS: Final = 100  # a field may be missing in some records, but hardly in so many


class Use(NamedTuple):
    """The use of a field of a dump. Of several fields for one use, the lowest rank wins."""

    rank: int
    field: str  # a key of KNOWN


class Names(NamedTuple):
    """The names of our fields in dumps."""

    uses: Mapping[str, Use]  # by path, as the user states it, or by its key
    parents: frozenset[str]  # keys of the paths of objects with such fields
    stated: Mapping[str, str]  # our name → the path that the user states


@functools.lru_cache(maxsize=4096)  # records repeat their names
def name_key(path: str) -> str:
    """The path in lower case, without signs except dots: `warc_headers.WARC-Date` → `warcheaders.warcdate`."""
    return "".join(sign for sign in path.lower() if sign.isalnum() or sign == ".")


def names_of(rules: ReadRules) -> Names:
    """The names that the user states, then the known names, then these inside the usual wrappers."""
    ranked = [(name_key(name), field) for field, names in KNOWN.items() for name in names]
    ranked += [(name_key(f"{wrapper}.{name}"), field) for wrapper in _WRAPPERS for name, field in ranked]
    uses = {name: Use(rank, field) for rank, (name, field) in reversed(list(enumerate(ranked)))}
    stated = rules.stated_fields()
    uses |= {path: Use(-1, field) for field, path in stated.items()}
    parents = frozenset(parent for path in uses for parent in _parents(name_key(path)))
    return Names(uses, parents, stated)


def _parents(path: str) -> Iterator[str]:
    """`a.b.c` → `a`, `a.b`."""
    parts = path.split(".")
    return (".".join(parts[:end]) for end in range(1, len(parts)))


def use_of(path: str, names: Names) -> Use | None:
    """The use of the field at `path`; None if it has none."""
    return names.uses.get(path) or names.uses.get(path.lower()) or names.uses.get(name_key(path))


def walk_fields(record: Mapping[str, Any], names: Names, above: str = "") -> Iterator[tuple[str, Any]]:
    """The fields of `record` and of the objects in `names.parents`, with their paths.

    An object that has a use itself, such as `author`, is given too, before its fields.
    """
    for name, value in record.items():
        path = above + name
        is_parent = isinstance(value, dict) and name_key(path) in names.parents
        if not is_parent or use_of(path, names):
            yield path, value
        if is_parent:
            yield from walk_fields(value, names, path + ".")


class StatedFields:
    """A check for misspelt names: one of the first objects of a file must have each field in --read_fields."""

    def __init__(self, names: Names, dump: Dump) -> None:
        self._names = names
        self._dump = dump
        self._missing = dict(names.stated)
        self._objects = 0

    def check(self, record: Mapping[str, Any]) -> None:
        """Counts an object.

        Raises:
          InputError: this is object 100, and none had a field that the user states.
        """
        if not self._missing or self._objects == _CHECKED_OBJECTS:
            return
        self._objects += 1
        paths = {path for path, _ in walk_fields(record, self._names)}
        paths |= {path.lower() for path in paths}
        self._missing = {field: path for field, path in self._missing.items() if path not in paths}
        for field, path in self._missing.items() if self._objects == _CHECKED_OBJECTS else ():
            where = f"no field {path!r} for {field} in the first {_CHECKED_OBJECTS} objects"
            cure = f"correct --read_fields, the last object has {', '.join(record)}"
            raise InputError(f"{shown_name(self._dump.path)}: {where}; {cure}")
