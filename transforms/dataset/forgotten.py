"""The table `forgotten`: what was taken down, without text and address, and how it is known again."""

import functools
import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

from warraq.schemas.records import Article, Source
from warraq.transforms.addresses import page_key
from warraq.transforms.dataset import loads
from warraq.transforms.dataset.dataset import Dataset
from warraq.transforms.domains import host_of, is_listed

_COLUMNS: Final = ("article_id", "text_digest", "url_digests", "site", "load_id", "dump", "dump_offset")


class Forgotten(NamedTuple):
    """The articles that were taken down and must not come back, by whichever of these is known."""

    text_digests: frozenset[str] = frozenset()
    article_ids: frozenset[str] = frozenset()
    url_digests: frozenset[str] = frozenset()  # see `url_digest`
    sites: frozenset[str] = frozenset()  # domains; their sub-domains belong to them
    places: frozenset[tuple[str, int]] = frozenset()  # dump and offset, of the dumps that are read

    def has(self, article: Article) -> bool:
        """True for an identified article that was taken down."""
        return (
            article.text_digest in self.text_digests
            or article.article_id in self.article_ids
            or article.site in self.sites
            or self.has_page(article.source)
            or self._has_address(article.canonical_url)
        )

    def has_page(self, source: Source) -> bool:
        """True for a page whose place or address was taken down, whatever it says."""
        return (source.dump, source.dump_offset) in self.places or self._has_address(source.url)

    def _has_address(self, url: str) -> bool:
        # The first take-downs have digests of addresses as they were given.
        if self.url_digests and not self.url_digests.isdisjoint({url_digest(url), _digest(url)}):
            return True
        return bool(self.sites) and is_listed(host_of(url), self.sites)


ForgottenOf: TypeAlias = Callable[[Any], Forgotten]  # of a window


def by_window(forgotten: Forgotten | ForgottenOf) -> ForgottenOf:
    """The function of a window that gives what was taken down; one `Forgotten` is for all windows."""
    return functools.partial(_always, forgotten) if isinstance(forgotten, Forgotten) else forgotten


def _always(forgotten: Forgotten, _window: Any) -> Forgotten:
    return forgotten


def url_digest(url: str) -> str:
    """The digest by which an address is remembered without being told: 32 hexadecimal digits.

    All addresses of one page have the same one; see `addresses.page_key`.
    """
    return _digest(page_key(url))


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def read_forgotten(
    dataset: Dataset, dumps: Sequence[Mapping[str, Any]] = (), replaced: Collection[str] = ()
) -> Forgotten:
    """All that was taken down. Reads the table whole.

    Args:
      dataset: the dataset.
      dumps: those that are read, as rows of arrow.DUMP. Other rules may give a page another text, and so another id:
        what was taken down is known there by its place, too.
      replaced: loads that these dumps replace; of one that grew they have an earlier state.
    """
    rows = dataset.rows("forgotten", _COLUMNS)
    return Forgotten(
        frozenset(row["text_digest"] for row in rows if row["text_digest"]),
        frozenset(row["article_id"] for row in rows if row["article_id"]),
        frozenset(digest for row in rows for digest in row["url_digests"]),
        frozenset(row["site"] for row in rows if row["site"]),
        frozenset(_places(rows, dumps, frozenset(replaced))),
    )


def _places(
    rows: Sequence[Mapping[str, Any]], dumps: Sequence[Mapping[str, Any]], replaced: frozenset[str]
) -> set[tuple[str, int]]:
    """The places in these dumps of what was taken down: same content under any name, or same name if it is replaced."""
    names: dict[str, list[str]] = {}
    for dump in dumps:
        names.setdefault(dump["fingerprint"], []).append(dump["dump"])
    read, found = {dump["dump"] for dump in dumps}, set()
    for row in rows:
        if load := row["load_id"]:
            found |= {(name, row["dump_offset"]) for name in names.get(loads.fingerprint_of(load), ())}
            if load in replaced and row["dump"] in read:
                found.add((row["dump"], row["dump_offset"]))
    return found
