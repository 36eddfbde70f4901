"""URLs: the canonical URL of the article."""

import re
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

from warraq.transforms.addresses import host_of, registered_domain, safely_without_tracking, without_tracking
from warraq.transforms.extract.facts import Facts
from warraq.transforms.extract.findings import Candidate
from warraq.transforms.extract.metadata.meta_tags import from_meta_tags

MAX_URL: Final = 2_000  # characters; a longer URL is an inlined picture or an attack

_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\ufffe\uffff]")


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


def absolute(stated: Any, url: str) -> str | None:
    """The stated URL as an absolute http(s) URL; None if it is none."""
    if not isinstance(stated, str) or not stated.strip() or len(stated) > MAX_URL:
        return None
    try:
        whole = urljoin(url, _CONTROLS.sub("", stated).strip())
        return whole if urlsplit(whole).scheme in {"http", "https"} and urlsplit(whole).hostname else None
    except ValueError:
        return None
