"""Files in which a host reserves its pages: robots.txt and /.well-known/tdmrep.json. They are pages of a dump, too.

robots.txt (RFC 9309) has Content-Usage (draft-ietf-aipref-attach), Content-Signal (contentsignals.org) and
DisallowAITraining (draft-canel-robots-ai-control) for all robots, and rules for robots that gather texts for training.
tdmrep.json is of the TDM Reservation Protocol.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple
from urllib.parse import quote, urlsplit

from warraq.transforms.domains import host_of
from warraq.transforms.opt_out import denies, denies_signal, sorted_signals

_ROBOTS: Final = "/robots.txt"
_TDMREP: Final = "/.well-known/tdmrep.json"
# Robots whose operators say that their texts train models (their documentation, November 2026).
_GATHERERS: Final = frozenset({
    "ai2bot", "amazonbot", "anthropic-ai", "applebot-extended", "bytespider", "ccbot", "claudebot",
    "cohere-training-data-crawler", "google-extended", "gptbot", "meta-externalagent", "pangubot",
})  # fmt: skip
_ALL: Final = "*"
_USAGES: Final = {"content-usage": ("content_usage", denies), "content-signal": ("content_signal", denies_signal)}
_RULES: Final = frozenset({"allow", "disallow", "disallowaitraining", *_USAGES})
_MOST_BYTES: Final = 512_000  # RFC 9309, 2.5, asks for 500 KiB at least
_MOST_RULES: Final = 1000  # of one reservation, and of all of a host: each of its pages is compared with them
_ESCAPE: Final = re.compile(r"%([0-9a-fA-F]{2})")
_UNRESERVED: Final = re.compile(r"[A-Za-z0-9._~-]")
_ASCII: Final = "".join(map(chr, range(0x21, 0x7F)))


class PathRule(NamedTuple):
    """A rule on pages whose path begins with `pattern`; `*` in it stands for any characters, `$` for the end."""

    pattern: str
    reserves: bool


class Reservation(NamedTuple):
    """One signal of a host. The first rule that fits a page decides."""

    signal: str  # one of labels.OPT_OUTS
    rules: list[PathRule]


def is_site_file(url: str) -> bool:
    """True for the address of a robots.txt or tdmrep.json."""
    return url.endswith((_ROBOTS, _TDMREP)) and host_of(url) != "" and urlsplit(url).path in (_ROBOTS, _TDMREP)


def reservations(url: str, content: bytes) -> list[Reservation]:
    """The signals in the file of this address, sorted; none of a page, and of a file that reserves nothing."""
    if not is_site_file(url):
        return []
    text = content[:_MOST_BYTES].decode("utf-8-sig", "replace")
    found = _of_robots(text) if url.endswith(_ROBOTS) else _of_tdmrep(text)
    return joined(one for one in found if any(rule.reserves for rule in one.rules))


def joined(stated: Iterable[Reservation]) -> list[Reservation]:
    """Each reservation once, sorted, whatever the order of the files. Those beyond _MOST_RULES are left out."""
    kept, rules = [], 0
    for one in sorted({(one.signal, *one.rules): one for one in stated}.values()):
        rules += len(one.rules)
        if rules <= _MOST_RULES:
            kept.append(one)
    return kept


def signals_for(url: str, stated: Iterable[Reservation]) -> list[str]:
    """The signals that hold for a page, in the order of labels.OPT_OUTS."""
    parts = urlsplit(url)
    path = _normalized((parts.path or "/") + (f"?{parts.query}" if parts.query else ""))
    return sorted_signals(one.signal for one in stated if _is_reserved(path, one.rules))


def _is_reserved(path: str, rules: Iterable[PathRule]) -> bool:
    return next((rule.reserves for rule in rules if _fits(rule.pattern, path)), False)


def _fits(pattern: str, path: str) -> bool:
    """True if the path begins as the pattern says. Takes linear time, whatever a hostile pattern is."""
    first, *others = pattern.removesuffix("$").split("*")
    if not path.startswith(first):
        return False
    at, ends = len(first), pattern.endswith("$")
    last = others.pop() if ends and others else None
    for part in others:
        found = path.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    if last is not None:
        return path.endswith(last) and len(path) - len(last) >= at
    return not ends or at == len(path)


def _of_robots(text: str) -> Iterator[Reservation]:
    """The reservations for all robots, and those of the robots that gather for training."""
    groups: dict[str, list[PathRule]] = {}
    for_all: dict[str, list[PathRule]] = {"noai": [], "content_usage": [], "content_signal": []}
    for robots, name, value in _grouped(text):
        if name in ("allow", "disallow") and value:
            for robot in _GATHERERS.intersection(robots):
                groups.setdefault(robot, []).append(PathRule(_normalized(value), name == "disallow"))
        elif _ALL in robots and name == "disallowaitraining" and value:
            for_all["noai"].append(PathRule(_normalized(value), True))
        elif _ALL in robots and name in _USAGES:
            label, reads = _USAGES[name]
            for_all[label] += _preference(value, reads)
    for label, rules in for_all.items():
        first = rules[:_MOST_RULES]
        yield Reservation(label, sorted(first, key=lambda rule: (-len(rule.pattern), not rule.reserves)))
    for rules in groups.values():
        first = rules[:_MOST_RULES]  # of equal patterns the one that allows counts (RFC 9309, 2.2.2)
        yield Reservation("ai_robots", sorted(first, key=lambda rule: (-len(rule.pattern), rule.reserves)))


def _grouped(text: str) -> Iterator[tuple[list[str], str, str]]:
    """Each rule: the robots of its group, its name and its value. Rules before all groups are for all robots."""
    robots, begins = [_ALL], False
    for name, value in _lines(text):
        if name == "user-agent":
            robots = [*robots, value.lower()] if begins else [value.lower()]
            begins = True
        elif name in _RULES:  # others, such as Sitemap, belong to no group
            begins = False
            yield robots, name, value


def _lines(text: str) -> Iterator[tuple[str, str]]:
    """Name and value of each line, without comments."""
    for line in text.splitlines():
        name, colon, value = line.partition("#")[0].partition(":")
        if colon:
            yield name.strip().lower(), value.strip()


def _preference(value: str, reads: Callable[[str], bool | None]) -> list[PathRule]:
    """The rule in `/path train-ai=n`; the path may be left out. None if it is of other uses."""
    path, _, uses = value.partition(" ") if value.startswith("/") else ("", "", value)
    reserves = reads(uses)
    return [] if reserves is None else [PathRule(_normalized(path), reserves)]


def _of_tdmrep(text: str) -> Iterator[Reservation]:
    """The reservation of a tdmrep.json, whose rules count in the order in which they stand."""
    try:
        stated = json.loads(text)
    except (ValueError, RecursionError):
        return
    listed = stated if isinstance(stated, list) else [stated]
    yield Reservation("tdm_reservation", [rule for each in listed[:_MOST_RULES] if (rule := _tdm_rule(each))])


def _tdm_rule(stated: object) -> PathRule | None:
    """One rule of a tdmrep.json; None if it has no location or says nothing."""
    if not isinstance(stated, dict) or "tdm-reservation" not in stated:
        return None
    location = stated.get("location")
    if not isinstance(location, str):
        return None
    return PathRule(_normalized(location), str(stated["tdm-reservation"]).strip() == "1")


def _normalized(path: str) -> str:
    """The path as two spellings of it are compared: what is not ASCII is escaped, and no letter or digit is."""
    return _ESCAPE.sub(_unescaped, quote(path.strip(), safe=_ASCII))


def _unescaped(escape: re.Match[str]) -> str:
    sign = chr(int(escape[1], 16))
    return sign if _UNRESERVED.fullmatch(sign) else escape[0].upper()
