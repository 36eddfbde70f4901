"""URLs: the canonical URL of the article, and the registered domain of its site by the Public Suffix List."""

import functools
import ipaddress
import re
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

from publicsuffixlist import PublicSuffixList

from warraq.transforms.extract.facts import Facts
from warraq.transforms.extract.findings import Candidate
from warraq.transforms.extract.metadata.meta_tags import from_meta_tags

MAX_URL: Final = 2_000  # characters; a longer URL is an inlined picture or an attack

_SUFFIXES: Final = PublicSuffixList()  # the list in the package; no network
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\ufffe\uffff]")
# Parameters that say how the reader came to the page, not which page it is.
_TRACKING = re.compile(
    r"(?i)^(?:utm_\w+|fbclid|gclid|dclid|gbraid|wbraid|yclid|twclid|ttclid|msclkid|igshid|mibextid|mc_[ce]id|mkt_tok|_ga|_gl"
    r"|ocid|ref_src|xtor|cmpid|guccounter|guce_\w+|at_(?:medium|campaign|custom\d)|__twitter_impression)$"
)


@functools.lru_cache(maxsize=1024)  # each page asks several times for the same few URLs
def registered_domain(url: str) -> str:
    """The registered domain of the URL by the Public Suffix List; its host if it has none."""
    host = host_of(url)
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return _SUFFIXES.privatesuffix(host) or host
    return host


def without_tracking(url: str) -> str:
    """The URL without fragment and tracking parameters, host in lower case.

    Raises ValueError if it is malformed, such as http://[bad.
    """
    parts = urlsplit(url)
    query = parts.query
    if query:
        kept = [(name, value) for name, value in parse_qsl(query, keep_blank_values=True) if not _TRACKING.match(name)]
        query = query if len(kept) == len(parse_qsl(query, keep_blank_values=True)) else urlencode(kept)
    return urlunsplit((parts.scheme, parts.netloc.lower(), parts.path, query, ""))


def read_canonical_urls(facts: Facts) -> list[Candidate]:
    """The absolute URLs that `<link rel=canonical>` and og:url state."""
    links = [link for link in facts.index.tagged["link"] if link.get("rel", "").lower().strip() == "canonical"]
    stated = [Candidate(link.get("href"), "link rel=canonical") for link in links]
    stated += from_meta_tags(facts.meta_tags, "og:url")
    urls = [(absolute(one.value, facts.url), one) for one in stated]
    return [one._replace(value=url) for url, one in urls if url]


def web_address(facts: Facts) -> str:
    """The page's address on the web: its own, or the one that a file states; "" if there is none.

    The path of a file says where somebody keeps it, and nothing of the page.
    """
    if host_of(facts.url):
        return facts.url
    stated = (one.value for one in read_canonical_urls(facts) if host_of(one.value))
    return next((url for url in stated if urlsplit(url).path.strip("/")), "")


def choose_canonical_url(candidates: Iterable[Candidate], url: str) -> str:
    """The first candidate on the site of `url`, else `url` itself, without tracking parameters.

    A candidate that leads to the front page comes from a template that was never filled in.
    """
    named = bool(host_of(url))
    chosen = next((one.value for one in candidates if not named or _may_be_same_page(one.value, url)), None)
    return without_tracking(chosen) if chosen else safely_without_tracking(url)


def _may_be_same_page(candidate: str, url: str) -> bool:
    leads_home = not urlsplit(candidate).path.strip("/") and not urlsplit(candidate).query
    inside = urlsplit(url).path.strip("/") or urlsplit(url).query
    return registered_domain(candidate) == registered_domain(url) and not (leads_home and inside)


def safely_without_tracking(url: str) -> str:
    """As `without_tracking`; a malformed URL stays as it is."""
    try:
        return without_tracking(url)
    except ValueError:
        return url


def host_of(url: str) -> str:
    """The host of the URL; "" if it has none or is malformed."""
    try:
        return (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return ""


def absolute(stated: Any, url: str) -> str | None:
    """The stated URL as an absolute http(s) URL; None if it is none."""
    if not isinstance(stated, str) or not stated.strip() or len(stated) > MAX_URL:
        return None
    try:
        whole = urljoin(url, _CONTROLS.sub("", stated).strip())
        return whole if urlsplit(whole).scheme in {"http", "https"} and urlsplit(whole).hostname else None
    except ValueError:
        return None
