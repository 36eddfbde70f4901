"""Makes the map of `warraq serve`, `pipelines/serve/assets/world.json`: GeoJSON of the countries of Natural Earth.

    npm pack world-atlas@2.0.2 && tar xzf world-atlas-2.0.2.tgz
    python -m benchmarks.training.make_map package/countries-110m.json

The shapes (public domain) are cut at the 180th meridian, in tenths of a degree.
"""

import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias

Point: TypeAlias = tuple[float, float]  # longitude, latitude

ROOT: Final = Path(__file__).parents[2]
ASSETS: Final = ROOT / "pipelines" / "serve" / "assets"


def main() -> None:
    shapes = features(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    world = {"type": "FeatureCollection", "features": shapes}
    (ASSETS / "world.json").write_text(json.dumps(world, separators=(",", ":")), encoding="utf-8")


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


if __name__ == "__main__":
    main()
