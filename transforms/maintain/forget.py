"""`maintain forget`: articles are taken down, and kept out when their dumps come again.

Their rows go from every file of the dataset, those that a compaction has replaced included, and from the search index.
The table `forgotten` keeps digests by which they are known again.
"""

import datetime as dt
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final, NamedTuple

from warraq.schemas.arrow import TABLES, file_table
from warraq.transforms import storage
from warraq.transforms.dataset.data_files import DataFile, read_rows
from warraq.transforms.dataset.dataset import REPLACED, Dataset
from warraq.transforms.dataset.forgotten import Forgotten, read_forgotten, url_digest
from warraq.transforms.dataset.publication import Publication
from warraq.transforms.dataset.take_out import PLACE, Condition, TakenOut, take_out
from warraq.transforms.maintain.operation import Operation, carry_out
from warraq.transforms.search.index import Index

_PURGED: Final = ("articles", "rejected", "signatures")  # the tables that tell of pages


class Request(NamedTuple):
    """The articles to be forgotten, and the marks by which they are known when they come again."""

    article_ids: frozenset[str] = frozenset()  # known again by their id, and by their text on any page
    urls: frozenset[str] = frozenset()  # of articles and of rejected pages; known again whatever the page says then
    sites: frozenset[str] = frozenset()  # known again; what the dataset holds of a site is named by the other fields
    rejected_urls: frozenset[str] = frozenset()  # of rejected pages only; not known again


class Receipt(NamedTuple):
    """The rows and rules of one take-down, as they were done."""

    operation_id: str
    articles: list[dict[str, Any]]  # take_out.NAMES of each
    rejected: list[dict[str, Any]]  # `url` and take_out.PLACE of each
    rules: int  # addresses and sites that are kept out from now on
    purged: int = 0  # files in `_replaced` that held such rows


def forget(dataset: Dataset, request: Request, now: dt.datetime) -> Receipt:
    """Takes rows out of the dataset, and out of the files that were replaced before. Repeating it changes nothing.

    Args:
      dataset: the dataset.
      request: what is to be forgotten.
      now: the time that `forgotten` tells.
    """
    goes = Condition(article_ids=request.article_ids, urls=request.urls, rejected_urls=request.rejected_urls)

    def plan(operation: Operation) -> tuple[Publication | None, Receipt]:
        known = read_forgotten(dataset)
        out = take_out(dataset, operation.staging, goes)
        urls = sorted({*map(url_digest, request.urls)} - known.url_digests)
        rules: list[dict[str, Any]] = [{"url_digests": [digest]} for digest in urls]
        rules += [{"site": site} for site in sorted(request.sites - known.sites)]
        rows = [_row(operation.id, now, each) for each in [*_taken_out(out), *rules]]
        receipt = Receipt(operation.id, out.articles, out.rejected, len(rules))
        if not rows:
            return None, receipt
        part = DataFile("forgotten", "part", [], len(rows), 0, [])
        added = dataset.write_staged(operation.staging, part, [file_table("forgotten", rows)])
        change = out.publication(operation.id)
        return change._replace(added=[*change.added, added]), receipt

    receipt = carry_out(dataset, f"forget {sorted(map(sorted, request))}", plan)
    purged = purge(dataset)
    Index(dataset).drop_taken_out()
    return receipt._replace(purged=purged)


def purge(dataset: Dataset) -> int:
    """Removes the files in `_replaced` that hold rows of forgotten articles; returns their number.

    A file goes whole: all that it has besides lies in the files that replaced it. Reads a few columns of each.
    """
    known = read_forgotten(dataset)
    places = {(row["dump"], row["dump_offset"]) for row in dataset.rows("forgotten", ["dump", "dump_offset"])}
    if not (places or known.url_digests):
        return 0
    root = storage.join(dataset.root, REPLACED)
    found = [path for path in storage.files(root, ".parquet") if path.split("/")[0] in _PURGED]
    held = [path for path in found if _holds(storage.join(root, path), path.split("/")[0], known, places)]
    for path in held:
        storage.delete(storage.join(root, path))
    return len(held)


def _holds(path: str, table: str, known: Forgotten, places: Collection[tuple[str, int]]) -> bool:
    columns = ("url", "canonical_url", "article_id", "text_digest", "dump", "dump_offset")
    for group in read_rows(table, path, {}, columns):
        for row in group.to_pylist():
            urls = {url_digest(row[name]) for name in ("url", "canonical_url") if name in row}
            if (
                (row.get("dump"), row.get("dump_offset")) in places
                or row.get("article_id") in known.article_ids
                or row.get("text_digest") in known.text_digests
                or not known.url_digests.isdisjoint(urls)
            ):
                return True
    return False


def _taken_out(out: TakenOut) -> Iterator[dict[str, Any]]:
    for row in out.articles:
        yield {"table": "articles", **{name: row[name] for name in ("article_id", "text_digest", *PLACE)}}
    for row in out.rejected:
        yield {"table": "rejected", **{name: row[name] for name in PLACE}}


def _row(operation_id: str, now: dt.datetime, fields: Mapping[str, Any]) -> dict[str, Any]:
    """A row of `forgotten`."""
    empty: dict[str, Any] = dict.fromkeys(TABLES["forgotten"].names)
    return {**empty, "table": "", "url_digests": [], "operation_id": operation_id, "forgotten_at": now, **fields}
