"""Web addresses: the host and the site of one, and which addresses are of one page."""

import functools
import ipaddress
import re
from typing import Final
from urllib.parse import quote, unquote_plus, unquote_to_bytes, urlsplit, urlunsplit

from publicsuffixlist import PublicSuffixList

from warraq.transforms.domains import normalized

_SUFFIXES: Final = PublicSuffixList()  # the list in the package; no network
# Parameters that say how the reader came to the page, not which page it is.
_TRACKING: Final = re.compile(
    r"(?i)^(?:utm_\w+|fbclid|gclid|dclid|gbraid|wbraid|yclid|twclid|ttclid|msclkid|igshid|mibextid|mc_[ce]id|mkt_tok|_ga|_gl"
    r"|ocid|ref_src|xtor|cmpid|guccounter|guce_\w+|at_(?:medium|campaign|custom\d)|__twitter_impression)$"
)
_DEFAULT_PORT: Final = re.compile(r":(?:80|443)?$")
_KEPT: Final = "?:@!$'()*+,;=-._~"  # in a part of a path or query, beside letters and digits


def host_of(url: str) -> str:
    """The host of the URL; "" if it has none or is malformed."""
    try:
        return (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return ""


@functools.lru_cache(maxsize=1024)  # each page asks several times for the same few URLs
def registered_domain(url: str) -> str:
    """The registered domain of the URL by the Public Suffix List; its host if it has none."""
    host = host_of(url)
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return _SUFFIXES.privatesuffix(host) or host
    return host


def is_public_suffix(domain: str) -> bool:
    """True for a domain under which anybody may have one, such as `com.sa`; the list's private part counts too."""
    return _SUFFIXES.publicsuffix(domain, accept_unknown=False) == domain


def without_tracking(url: str) -> str:
    """The URL without fragment and tracking parameters, host in lower case.

    Raises ValueError if it is malformed, such as http://[bad.
    """
    parts = urlsplit(url)
    query = "&".join(
        each for each in parts.query.split("&") if not _TRACKING.match(unquote_plus(each.partition("=")[0]))
    )
    return urlunsplit((parts.scheme, parts.netloc.lower(), parts.path, query, ""))


def safely_without_tracking(url: str) -> str:
    """As `without_tracking`; a malformed URL stays as it is."""
    try:
        return without_tracking(url)
    except ValueError:
        return url


def page_key(url: str) -> str:
    """The same for all addresses under which a server gives one page, as a rule.

    These play no part: http or https, `www.`, case and script of the host, its usual port, a `/` at the end, the coding
    of letters, the fragment, tracking parameters. A malformed URL, and one without a host, is its own key.
    """
    try:
        parts = urlsplit(without_tracking(url))
    except ValueError:
        return url
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        return url
    host = normalized(_DEFAULT_PORT.sub("", parts.netloc)) or parts.netloc
    host = host.removeprefix("www.")
    path = "/".join(map(_encoded, parts.path.split("/"))).rstrip("/")
    query = "&".join(map(_encoded, parts.query.split("&")))
    return f"{host}{path}?{query}" if query else f"{host}{path}"


def _encoded(part: str) -> str:
    """A part of an address in one encoding. Its bytes stay, also those of another charset than UTF-8."""
    return quote(unquote_to_bytes(part), safe=_KEPT)
