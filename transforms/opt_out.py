"""Signals by which a page or its server reserves the use for machine learning: HTTP headers and meta tags.

`noai`, `noimageai` and `noml` are values of robots; the others are the TDM Reservation Protocol of the W3C community
group and the IETF's Content-Usage (AI Preferences).
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from warraq.schemas.labels import OPT_OUTS, PICTURES_ONLY

_ROBOTS: Final = frozenset({"noai", "noimageai", "noml"})
_USES: Final = frozenset(
    {"ai", "bots", "genai", "tdm", "train-ai", "train-genai"}
)  # keys of Content-Usage that reserve
_SIGNALS: Final = frozenset({"ai-train"})  # keys of Content-Signal that do
_USAGE: Final = re.compile(r"([a-z][a-z0-9_*.-]*)\s*=\s*\"?([a-z]+)")
_ROBOTS_NAMES: Final = ("robots", "googlebot", "bingbot", "ai", "gptbot")


def header_signals(fields: Mapping[str, Sequence[str]]) -> list[str]:
    """The signals in HTTP headers, whose names are in lower case."""
    found = {*_robots(fields.get("x-robots-tag", ())), *_tdm(fields.get("tdm-reservation", ()))}
    if any(map(denies, fields.get("content-usage", ()))):
        found.add("content_usage")
    return sorted_signals(found)


def meta_signals(tags: Mapping[str, Sequence[str]]) -> list[str]:
    """The signals in meta tags, whose names are in lower case."""
    robots = (value for name in _ROBOTS_NAMES for value in tags.get(name, ()))
    return sorted_signals({*_robots(robots), *_tdm(tags.get("tdm-reservation", ()))})


def denies(usage: str) -> bool | None:
    """True if Content-Usage says n to training or to AI; None if it says nothing of them."""
    return _denied(usage, _USES)


def denies_signal(usage: str) -> bool | None:
    """The same of Content-Signal, which says `ai-train=no`."""
    return _denied(usage, _SIGNALS)


def _denied(usage: str, keys: frozenset[str]) -> bool | None:
    stated = [use.startswith("n") for key, use in _USAGE.findall(usage.lower()) if key in keys]
    return any(stated) if stated else None


def against_texts(signals: Iterable[str]) -> list[str]:
    """The signals that reserve texts, not pictures only."""
    return [signal for signal in signals if signal not in PICTURES_ONLY]


def sorted_signals(found: Iterable[str]) -> list[str]:
    """Each signal once, in the order of labels.OPT_OUTS."""
    known = set(found)
    return [signal for signal in OPT_OUTS if signal in known]


def _robots(values: Iterable[str]) -> Iterator[str]:
    for value in values:
        # A value may name the robot that it is for: `otherbot: noai`.
        yield from _ROBOTS.intersection(re.split(r"[\s,;:]+", value.lower()))


def _tdm(values: Iterable[str]) -> list[str]:
    return ["tdm_reservation"] if any(value.strip() == "1" for value in values) else []
