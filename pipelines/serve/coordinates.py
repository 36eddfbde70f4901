"""Coordinates of places by canonical name, from a table in the package."""

import importlib.resources
from typing import Final


def _read() -> dict[str, tuple[float, float]]:
    table = importlib.resources.files("warraq.pipelines.serve") / "assets" / "places.tsv"
    lines = [line for line in table.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    rows = (line.split("\t") for line in lines)
    return {name: (float(latitude), float(longitude)) for name, latitude, longitude in rows}


COORDINATES: Final = _read()
