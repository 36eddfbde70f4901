"""`warraq maintain DIR forget`: finds the articles that are to be taken down, shows them, and takes them down."""

import argparse
import contextlib
import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any, Final
from urllib.parse import urlsplit

import duckdb

from warraq.pipelines.cli import DONE, WRONG_USAGE, counted
from warraq.pipelines.query import connect
from warraq.transforms.addresses import is_public_suffix, page_key
from warraq.transforms.dataset.dataset import Dataset
from warraq.transforms.domains import site_of
from warraq.transforms.file_names import shown_name
from warraq.transforms.maintain.forget import Receipt, Request, forget

_SHOWN: Final = 20  # articles that are listed

_FOUND: Final = """
    SELECT article_id, url, canonical_url, date, title FROM articles WHERE {} ORDER BY date, article_id"""
_HOST: Final = "lower(regexp_extract({}, '://(?:[^/?#]*@)?([^/:?#]+)', 1))"
_IS_OF_SITE: Final = " OR ".join(
    f"{_HOST.format(name)} = each OR ends_with({_HOST.format(name)}, '.' || each)" for name in ("url", "canonical_url")
)
_OF_SITES: Final = f"EXISTS (SELECT 1 FROM unnest($sites) AS sites(each) WHERE {_IS_OF_SITE})"  # noqa: S608
_REFUSED: Final = f"SELECT DISTINCT url FROM (SELECT url, url AS canonical_url FROM rejected) WHERE {_OF_SITES}"  # noqa: S608

_ON_HOSTS: Final = f"""
    SELECT DISTINCT url FROM
        (SELECT url FROM articles UNION ALL SELECT canonical_url FROM articles UNION ALL SELECT url FROM rejected)
    WHERE regexp_replace({_HOST.format("url")}, '^www\\.', '') IN (SELECT unnest($hosts))"""  # noqa: S608


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Adds the flags of the operation."""
    parser.add_argument("--url", action="append", default=[], metavar="URL", help="the page at this address, for good")
    parser.add_argument("--id", action="append", default=[], metavar="ID", help="the article, and its text anywhere")
    about = "all pages of this domain and its sub-domains, for good"
    parser.add_argument("--site", action="append", default=[], metavar="SITE", help=about)
    parser.add_argument("--where", metavar="SQL", help="articles that this condition on the view `articles` finds")
    parser.add_argument("--yes", action="store_true", help="do it; without this flag it is only told what would go")


def run(dataset: Dataset, options: argparse.Namespace, tell: Callable[[str], object]) -> int:
    """Carries out the operation as its flags say; returns the exit code. The receipt is printed on stdout."""
    if not (options.url or options.id or options.site or options.where):
        tell("forget: name what is to be forgotten: --url, --id, --site or --where")
        return WRONG_USAGE
    options.url = [url.strip() for url in options.url]
    wrong = [f"--site: {fault}" for fault in map(_wrong_site, options.site) if fault]
    wrong += [f"--url: {fault}" for fault in map(_wrong_url, options.url) if fault]
    if wrong:
        tell(wrong[0])
        return WRONG_USAGE
    try:
        found, request = _find(connect(dataset), options)
    except duckdb.Error as error:
        tell(f"--where: {str(error).splitlines()[0]}")
        return WRONG_USAGE
    for line in _listed(found):
        print(line)
    if not options.yes:
        rules = len(options.url) + len(options.site)
        later = f", and {counted(rules, 'rule')} would keep pages out" * bool(rules)
        tell(f"forget: {counted(len(found), 'article')} would go{later}; --yes does it")
        return DONE
    receipt = forget(dataset, request, dt.datetime.now(dt.timezone.utc))
    for line in _receipt(receipt):
        print(line)
    tell(f"forget: {counted(len(receipt.articles), 'article')} taken down")
    return DONE


def _wrong_site(stated: str) -> str:
    """The fault of a site as it was given, in one line; "" if it names a site."""
    name, site = shown_name(stated), site_of(stated)
    if not site:
        return f"{name} is no domain; give one such as akhbar.example"
    if "://" in stated and (urlsplit(stated).path.strip("/") or urlsplit(stated).query):
        return f"{name} is a page; --url takes it down, --site {site} all pages of its site"
    if is_public_suffix(site):
        return f"{name} is no site: anybody can have a domain under it; give one such as akhbar.{site}"
    return ""


def _wrong_url(stated: str) -> str:
    """The fault of an address as it was given, in one line; "" if a page can have it."""
    try:
        parts = urlsplit(stated)
        if parts.scheme == "file" or (parts.scheme in {"http", "https"} and parts.hostname):
            return ""
    except ValueError:  # such as a broken IPv6 address
        pass
    return f"{shown_name(stated)!r} is no address of a page; give it whole, such as https://akhbar.example/a/1"


def _find(connection: duckdb.DuckDBPyConnection, options: argparse.Namespace) -> tuple[list[tuple[Any, ...]], Request]:
    """The articles that the flags name, and the request that takes them down."""
    conditions = ["article_id IN (SELECT unnest($ids))", "url IN (SELECT unnest($urls))"]
    conditions += ["canonical_url IN (SELECT unnest($urls))", f"site IN (SELECT unnest($sites)) OR {_OF_SITES}"]
    conditions += [f"({options.where}\n)"] if options.where else []
    sites = [site_of(site) for site in options.site]
    urls = _addresses(connection, options.url)
    given = {"ids": options.id, "urls": urls, "sites": [form for site in sites for form in _spellings(site)]}
    found = connection.execute(_FOUND.format(" OR ".join(conditions)), given).fetchall()
    refused = connection.execute(_REFUSED, {"sites": given["sites"]}).fetchall() if sites else []
    rejected = {url for (url,) in refused}
    rejected |= {url for row in found for url in row[1:3]}
    request = Request(
        article_ids=frozenset(options.id) | {row[0] for row in found},
        urls=frozenset(urls),
        sites=frozenset(sites),
        rejected_urls=frozenset(rejected),
    )
    return found, request


def _addresses(connection: duckdb.DuckDBPyConnection, given: list[str]) -> list[str]:
    """The addresses that were given, and all in the dataset that are of the same pages."""
    pages = {page_key(url) for url in given}
    hosts = [form for url in given for form in _spellings(site_of(url))]
    found = connection.execute(_ON_HOSTS, {"hosts": hosts}).fetchall() if hosts else []
    return sorted({*given, *(url for (url,) in found if page_key(url) in pages)})


def _spellings(site: str) -> list[str]:
    """A domain as the column `site` has it, and as an address may."""
    with contextlib.suppress(UnicodeError):
        return sorted({site, site.encode().decode("idna")})
    return [site]


def _listed(found: list[tuple[Any, ...]]) -> Iterator[str]:
    for article_id, url, _, date, title in found[:_SHOWN]:
        yield f"{article_id}  {date.isoformat()}  {url}  {title or ''}".rstrip()
    if len(found) > _SHOWN:
        yield f"and {len(found) - _SHOWN:,} more"


def _receipt(receipt: Receipt) -> Iterator[str]:
    yield f"operation     {receipt.operation_id}"
    yield f"articles      {len(receipt.articles):,}"
    yield f"rejected      {len(receipt.rejected):,} pages"
    yield f"new rules     {receipt.rules:,} (addresses and sites that stay out)"
    yield f"purged        {receipt.purged:,} replaced files"
    yield "not reached   your dumps, backups, exports, query results, and search indexes outside the dataset"
