"""Addresses: of the article as its page states it, and of the site by the Public Suffix List."""

import functools
import ipaddress
import re
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

from publicsuffixlist import PublicSuffixList

from warraq.transforms.extract.page_index import Look

MAX_URL: Final = 2_000  # characters; a longer address is an inlined picture or an attack

_SUFFIXES: Final = PublicSuffixList()  # the list bundled with the package; no network
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\ufffe\uffff]")
# Parameters that name the reader's way to the page, not the page.
_TRACKING = re.compile(
    r"(?i)^(?:utm_\w+|fbclid|gclid|dclid|gbraid|wbraid|yclid|twclid|ttclid|msclkid|igshid|mibextid|mc_[ce]id|mkt_tok|_ga|_gl"
    r"|ocid|ref_src|xtor|cmpid|guccounter|guce_\w+|at_(?:medium|campaign|custom\d)|__twitter_impression)$"
)


@functools.lru_cache(maxsize=1024)  # asked for the same few addresses, in turn, for each page
def registered_domain(url: str) -> str:
    """The registered domain of the address by the Public Suffix List; its host where there is none."""
    host = host_of(url)
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return _SUFFIXES.privatesuffix(host) or host
    return host


def without_tracking(url: str) -> str:
    """The address without fragment and tracking parameters, host in lower case."""
    parts = urlsplit(url)
    query = parts.query
    if query:
        kept = [(name, value) for name, value in parse_qsl(query, keep_blank_values=True) if not _TRACKING.match(name)]
        query = query if len(kept) == len(parse_qsl(query, keep_blank_values=True)) else urlencode(kept)
    return urlunsplit((parts.scheme, parts.netloc.lower(), parts.path, query, ""))


def find_canonical_url(page: Look, metas: dict[str, list[str]], url: str) -> str:
    """`<link rel=canonical>`, else og:url, resolved against `url`.

    `url` itself if they lead to another site, or to the front page, as templates that were never filled in do.
    """
    links = [link.get("href") for link in page.tagged["link"] if link.get("rel", "").lower().strip() == "canonical"]
    for stated in [*links, *metas.get("og:url", [])]:
        candidate = absolute(stated, url)
        if candidate and (not host_of(url) or _may_stand_for(candidate, url)):
            return without_tracking(candidate)
    return safely_without_tracking(url)


def _may_stand_for(candidate: str, url: str) -> bool:
    leads_home = not urlsplit(candidate).path.strip("/") and not urlsplit(candidate).query
    inside = urlsplit(url).path.strip("/") or urlsplit(url).query
    return registered_domain(candidate) == registered_domain(url) and not (leads_home and inside)


def safely_without_tracking(url: str) -> str:
    try:
        return without_tracking(url)
    except ValueError:  # an address that no parser reads, such as http://[bad
        return url


def host_of(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return ""


def absolute(stated: Any, url: str) -> str | None:
    """The stated address as an absolute http(s) one, None if it is none."""
    if not isinstance(stated, str) or not stated.strip() or len(stated) > MAX_URL:
        return None
    try:
        address = urljoin(url, _CONTROLS.sub("", stated).strip())
        return address if urlsplit(address).scheme in {"http", "https"} and urlsplit(address).hostname else None
    except ValueError:
        return None
