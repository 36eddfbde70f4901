"""The table `forgotten`: what was taken down, without text and address, and how it is known again."""

import hashlib
from typing import NamedTuple

from warraq.schemas.records import Article
from warraq.transforms.dataset.dataset import Dataset

_COLUMNS = ("article_id", "text_digest", "url_digests", "site")


class Forgotten(NamedTuple):
    """The articles that were taken down and must not come back, by whichever of these is known."""

    text_digests: frozenset[str] = frozenset()
    article_ids: frozenset[str] = frozenset()
    url_digests: frozenset[str] = frozenset()  # see `url_digest`
    sites: frozenset[str] = frozenset()

    def has(self, article: Article) -> bool:
        """True for an identified article that was taken down."""
        return (
            article.text_digest in self.text_digests
            or article.article_id in self.article_ids
            or article.site in self.sites
            or not self.url_digests.isdisjoint(map(url_digest, (article.source.url, article.canonical_url)))
        )


def url_digest(url: str) -> str:
    """The digest by which an address is remembered without being told: 32 hexadecimal digits."""
    return hashlib.blake2b(url.encode(), digest_size=16).hexdigest()


def read_forgotten(dataset: Dataset) -> Forgotten:
    """All that was taken down. Reads the table whole."""
    rows = dataset.rows("forgotten", _COLUMNS)
    return Forgotten(
        frozenset(row["text_digest"] for row in rows if row["text_digest"]),
        frozenset(row["article_id"] for row in rows if row["article_id"]),
        frozenset(digest for row in rows for digest in row["url_digests"]),
        frozenset(row["site"] for row in rows if row["site"]),
    )
