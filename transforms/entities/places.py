"""The country and the coordinates of the places in the lists, from `models/places.tsv`."""

import functools
from importlib import resources
from typing import NamedTuple


class Place(NamedTuple):
    """A place of the lists. What is unknown, or disputed, is None."""

    name: str  # canonical, as in Entity.name
    country: str | None  # ISO 3166, two letters
    latitude: float | None  # degrees, WGS 84
    longitude: float | None


@functools.lru_cache(maxsize=1)
def listed_places() -> tuple[Place, ...]:
    """The places with a country or a point, sorted by name, each name once."""
    table = resources.files("warraq.transforms").joinpath("models", "places.tsv").read_text(encoding="utf-8")
    return tuple(_place(line) for line in table.splitlines() if not line.startswith("#"))


def _place(line: str) -> Place:
    name, country, latitude, longitude, _ = line.split("\t")
    return Place(name, country or None, *(float(degrees) if degrees else None for degrees in (latitude, longitude)))
