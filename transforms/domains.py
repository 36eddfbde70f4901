"""Lists of domains: which site a host belongs to, sub-domains included."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

_LIST: Final = "domains"  # the file of a category in a blacklist as the University of Toulouse publishes it


def read_domains(path: str) -> frozenset[str]:
    """The domains that a file lists, one a line; `#` begins a comment.

    `path` may be a folder in the layout of the University of Toulouse's lists: then the files `domains` in it and below
    it are read.

    Raises:
      ValueError: a line is no domain, or there is none; the message is one line.
      OSError: a file can't be read.
    """
    where = Path(path)
    files = sorted(where.rglob(_LIST)) if where.is_dir() else [where]
    found: set[str] = set()
    for file in files:
        for number, line in enumerate(file.read_bytes().decode("utf-8-sig", "replace").splitlines(), 1):
            words = line.partition("#")[0].split()
            if words:
                domain = normalized(words[0]) if len(words) == 1 else ""
                if not domain:
                    raise ValueError(f"{file}, line {number}: {line.strip()[:60]!r} is no domain; give one a line")
                found.add(domain)
    if not found:
        raise ValueError(f"{path}: no domain in it; give one a line")
    return frozenset(found)


def normalized(domain: str) -> str:
    """The domain in lower case and in ASCII, as hosts are compared; "" if it can't be one."""
    name = domain.strip().strip(".").lower()
    if not name.isascii():
        try:
            name = name.encode("idna").decode()
        except UnicodeError:
            return ""
    if set(name) & set("/\\@?#:,;\"'<>()*") or not name:
        return ""
    return name


def site_of(stated: str) -> str:
    """The domain that somebody means by a domain or an address; "" if it can't be one. `www.` plays no part."""
    return (host_of(stated) if "://" in stated else normalized(stated)).removeprefix("www.")


def is_listed(host: str, domains: frozenset[str]) -> bool:
    """True for a host that is one of the domains, or a sub-domain of one."""
    return any(name in domains for name in _and_above(host))


def host_of(url: str) -> str:
    """The host of an address, normalized; "" if there is none."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:  # such as a broken IPv6 address
        return ""
    return normalized(host)


def listed_hosts(hosts: Iterable[str], domains: frozenset[str]) -> Iterator[str]:
    """The hosts that are listed, in the order given."""
    return (host for host in hosts if is_listed(normalized(host), domains))


def _and_above(host: str) -> Iterator[str]:
    """The host and the domains that it belongs to: `a.b.c`, `b.c`, `c`."""
    labels = host.split(".")
    for start in range(len(labels)):
        yield ".".join(labels[start:])
