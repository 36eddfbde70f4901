"""The description of the article by its page: site, section, title, authors, tags, description and lead image.

Sources in the order of trust: JSON-LD (the article's own node), OpenGraph and other `<meta property>`, Dublin Core and
`<meta name>`, microdata, the visible page (h1, byline, links), `<title>`. Values are taken as stated, with white space
collapsed. Only the title loses the site's name, and names of authors lose labels such as "بقلم".
"""

import functools
import itertools
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from warraq.schemas.records import NOTHING_STATED, Stated
from warraq.transforms.addresses import registered_domain, safely_without_tracking
from warraq.transforms.extract.facts import Facts
from warraq.transforms.extract.findings import Candidate, Findings, choose_first
from warraq.transforms.extract.metadata.authors import choose_authors, read_authors
from warraq.transforms.extract.metadata.meta_tags import compared, from_meta_tags, from_values, string, text_of
from warraq.transforms.extract.metadata.record import RECORD, choose_record_authors, read_record, read_record_authors
from warraq.transforms.extract.metadata.sections import choose_section, read_sections
from warraq.transforms.extract.metadata.sites import all_site_names, read_site_names
from warraq.transforms.extract.metadata.titles import choose_title, read_titles
from warraq.transforms.extract.metadata.urls import absolute, choose_canonical_url, read_canonical_urls

MAX_TAGS: Final = 50
_TAG_LENGTH: Final = range(2, 61)  # characters
_BETWEEN_TAGS = re.compile(r"[,،;؛|\n]")
# Pictures that sites use where an article has none.
_NO_PICTURE = re.compile(  # searched in the file's name only: folders such as sites/default/ say nothing
    r"(?i)(?:^|[_.-])(?:logo|favicon|placeholder|default|no-?(?:image|photo|img|thumb)|blank|spacer|pixel|1x1|avatar"
    r"|transparent|lazy|loading)(?:[\W_]|\d|$)|\.(?:svg|ico)$"
)
_LEAST_SIDE: Final = 50  # pixels; smaller pictures are counters and icons
_IMAGE_NAMES: Final = (
    "og:image",
    "og:image:url",
    "og:image:secure_url",
    "twitter:image",
    "twitter:image:src",
    "thumbnail",
    "image",
)


class Metadata(NamedTuple):
    """The description of one article."""

    title: str | None
    authors: list[str]
    site: str  # registered domain; the host if there is none
    site_name: str | None
    section: str | None
    tags: list[str]
    canonical_url: str
    description: str | None
    image_url: str | None


def decide_metadata(facts: Facts, findings: Findings) -> Metadata:
    """All fields. The URL is decided first: its site is cut off the title and is no author."""
    choose_url = functools.partial(choose_canonical_url, url=facts.url)
    canonical_url = findings.decide("canonical_url", read_canonical_urls(facts), choose_url)
    sites = all_site_names(facts, canonical_url)
    sections = [*read_sections(facts), *read_record(facts.stated, "section")]
    choose = functools.partial(choose_title, sites=sites, sections={compared(one.value) for one in sections})
    if facts.stated_title:
        title = findings.decide("title", [Candidate(facts.stated_title, RECORD), *read_titles(facts)], choose_first)
    else:
        title = findings.decide("title", read_titles(facts), choose)
    return Metadata(
        title=title,
        authors=findings.decide(
            "authors",
            itertools.chain(read_record_authors(facts.stated), read_authors(facts)),
            functools.partial(choose_authors, facts=facts, sites=sites),
        ),
        site=registered_domain(canonical_url),
        site_name=findings.decide(
            "site_name", [*read_site_names(facts), *read_record(facts.stated, "site_name")], choose_first
        ),
        section=findings.decide("section", sections, functools.partial(choose_section, title=title, sites=sites)),
        tags=findings.decide("tags", itertools.chain(read_tags(facts), [read_record_tags(facts.stated)]), choose_first)
        or [],
        canonical_url=canonical_url,
        description=findings.decide(
            "description", [*read_descriptions(facts), *read_record(facts.stated, "description")], choose_first
        ),
        image_url=findings.decide(
            "image_url",
            [*read_images(facts), *read_record(facts.stated, "image_url")],
            functools.partial(choose_image, url=canonical_url),
        ),
    )


def without_page(url: str, title: str | None, stated: Stated = NOTHING_STATED) -> Metadata:
    """The metadata of an article that came without its page: its address, and the facts of its record in a feed."""
    canonical = safely_without_tracking(url)
    return Metadata(
        title=title,
        authors=choose_record_authors(stated),
        site=registered_domain(canonical),
        site_name=stated.site_name,
        section=stated.section,
        tags=read_record_tags(stated).value,
        canonical_url=canonical,
        description=stated.description,
        image_url=choose_image(read_record(stated, "image_url"), canonical),
    )


def read_descriptions(facts: Facts) -> list[Candidate]:
    """The description in JSON-LD and meta tags."""
    names = ("og:description", "dc.description", "description", "twitter:description")
    return [
        *from_values("JSON-LD description", facts.json_ld.article.get("description")),
        *from_meta_tags(facts.meta_tags, *names),
    ]


def read_tags(facts: Facts) -> Iterator[Candidate]:
    """The keywords of each source, once each."""
    keywords, metas = facts.json_ld.article.get("keywords"), facts.meta_tags
    yield _tags("JSON-LD keywords", keywords if isinstance(keywords, list) else [keywords])
    yield _tags("article:tag", metas.get("article:tag", []))
    named = from_meta_tags(metas, "news_keywords", "keywords", "parsely-tags")
    yield _tags("meta keywords", [one.value for one in named])
    yield _tags("a rel=tag", (text_of(a) for a in facts.index.tagged["a"] if "tag" in a.get("rel", "").split()))


def read_record_tags(stated: Stated) -> Candidate:
    """The tags of the record."""
    return _tags(RECORD, stated.tags)


def _tags(source: str, stated: Iterable[Any]) -> Candidate:
    words = [word.strip(" #\"'.") for each in map(string, stated) if each for word in _BETWEEN_TAGS.split(each)]
    return Candidate(list(dict.fromkeys(word for word in words if len(word) in _TAG_LENGTH))[:MAX_TAGS], source)


def read_images(facts: Facts) -> list[Candidate]:
    """The URLs of pictures, absolute or not, in JSON-LD, meta tags and `<link rel=image_src>`."""
    article = facts.json_ld.article
    links = (link.get("href") for link in facts.index.tagged["link"] if link.get("rel", "").lower() == "image_src")
    return [
        *(Candidate(url, "JSON-LD image") for url in _pictures(article.get("image"))),
        *(Candidate(url, "JSON-LD thumbnailUrl") for url in _pictures(article.get("thumbnailUrl"))),
        *from_meta_tags(facts.meta_tags, *_IMAGE_NAMES),
        *(Candidate(url, "link rel=image_src") for url in links),
    ]


def choose_image(candidates: Iterable[Candidate], url: str) -> str | None:
    """The first picture that is not the site's own: no logo, no placeholder, no counter. Absolute, seen from `url`."""
    for candidate in candidates:
        picture = absolute(candidate.value, url)
        parts = urlsplit(picture or "")
        file = parts.path.rpartition("/")[2] or parts.query
        if file and not _NO_PICTURE.search(file):
            return picture
    return None


def _pictures(image: Any) -> Iterator[Any]:
    """The URLs in a JSON-LD image: a URL, an object, or a list of these."""
    for each in image if isinstance(image, list) else [image]:
        if not isinstance(each, dict):
            yield each
        elif not any(_is_tiny(each.get(side)) for side in ("width", "height")):
            yield each.get("url") or each.get("contentUrl")


def _is_tiny(side: Any) -> bool:
    """True for a side in pixels that is shorter than any side of an article's picture."""
    digits = str(side)
    return digits.isdecimal() and len(digits) < 9 and int(digits) < _LEAST_SIDE
