"""The statements of a page about itself in numbers: JSON-LD, meta tags, and the classes of its body."""

import re
from typing import Final

from warraq.transforms.extract.facts import Facts

LISTING_TYPES: Final = frozenset({"CollectionPage", "SearchResultsPage", "ImageGallery", "ProfilePage", "ContactPage"})
LISTING_CLASS: Final = re.compile(
    r"(?:^|\s)(?:home|blog|archive|category|tag|author|search|search-results|error404)(?:\s|$)"
)
ARTICLE_CLASS: Final = re.compile(r"(?:^|\s)(?:single|single-post|postid-\d+|page-article)(?:\s|$)")
_PRODUCT_TYPES: Final = frozenset({"Product", "Offer", "ProductGroup"})
_FORUM_TYPES: Final = frozenset({"DiscussionForumPosting", "QAPage"})
_CLASSES: Final = {
    "class of shop": re.compile(r"woocommerce|product"),
    "class of forum": re.compile(r"forum|topic|thread|bbpress|question"),
    "class of archive": re.compile(r"archive|categor|taxonomy|tag-|collection|listing|search"),
    "class of story": re.compile(r"article|story|post(?:\s|$|-)|news"),
    "class of page": re.compile(r"(?:^|\s)(?:page|page-template\S*|page-id-\d+)(?:\s|$)"),
}
_PUBLISHED: Final = re.compile(r"(?i)publish|pubdate|dc\.date|^date$")
_AUTHOR_TAGS: Final = ("article:author", "author", "sailthru.author", "parsely-author", "byl")


def measure_statements(facts: Facts) -> dict[str, float]:
    """The numbers by name, always the same names."""
    types = {name for node in facts.json_ld.nodes for name in node.types}
    top = {name for node in facts.json_ld.top for name in node.types}
    meta = facts.meta_tags
    og_type = " ".join(meta.get("og:type", [])).lower()
    classes = body_class(facts)
    truths = {
        "JSON-LD": bool(types),
        "JSON-LD article": facts.json_ld.states_article,
        "JSON-LD listing": bool(top & LISTING_TYPES),
        "JSON-LD product": bool(types & _PRODUCT_TYPES),
        "JSON-LD forum": bool(types & _FORUM_TYPES),
        "og article": "article" in og_type,
        "og product": "product" in og_type,
        "og website": "website" in og_type,
        "meta price": any("price" in name for name in meta),
        "meta author": any(name in meta for name in _AUTHOR_TAGS),
        "meta day": any(map(_PUBLISHED.search, meta)),
        "published": any(name.startswith("article:published") for name in meta),
        "news keywords": "news_keywords" in meta,
        "class of listing": LISTING_CLASS.search(classes) is not None,
        "class of article": ARTICLE_CLASS.search(classes) is not None,
        **{name: pattern.search(classes) is not None for name, pattern in _CLASSES.items()},
    }
    return {name: float(truth) for name, truth in truths.items()}


def body_class(facts: Facts) -> str:
    """The class of the page's body; WordPress names the kind of page there."""
    return next((body.get("class") or "" for body in facts.index.tagged["body"]), "")
