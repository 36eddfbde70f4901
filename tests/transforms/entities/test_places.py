"""Tests for transforms/entities/places.py, and for what its table says."""

import pytest

from warraq.transforms.entities.lexicon import listed_spellings
from warraq.transforms.entities.places import listed_places

PLACES = {place.name: place for place in listed_places()}


@pytest.mark.parametrize(
    ("name", "country", "latitude", "longitude"),
    [
        ("مصر", "EG", 26.5, 29.9),
        ("القاهرة", "EG", 30.1, 31.2),
        ("طرابلس", "LY", 32.9, 13.2),  # the capital, not the town in Lebanon
        ("واشنطن", "US", 38.9, -77.0),
        ("روسيا", "RU", 61.7, 99.7),  # it crosses the 180th meridian
        ("القدس", None, 31.8, 35.2),
        ("فلوريدا", "US", None, None),
        ("الأنبار", "IQ", None, None),
    ],
)
def test_a_place_has_its_country_and_point(name, country, latitude, longitude):
    place = PLACES[name]
    assert place.country == country
    assert (place.latitude, place.longitude) == (pytest.approx(latitude, abs=0.3), pytest.approx(longitude, abs=0.3))


@pytest.mark.parametrize("name", ["عمان", "القنيطرة", "البيضاء", "الشرق الأوسط", "البحر الأحمر", "الاتحاد السوفيتي"])
def test_what_is_ambiguous_or_in_no_country_is_not_there(name):
    assert name not in PLACES


def test_every_name_is_canonical_and_there_once():
    canonical = {name for listed in ("places", "cldr") for name, _ in listed_spellings(listed)}
    assert len(PLACES) == len(listed_places()) > 1000
    assert set(PLACES) <= canonical


def test_points_are_on_the_globe_and_codes_have_two_letters():
    for place in listed_places():
        assert (place.latitude is None) == (place.longitude is None)
        assert place.country or place.latitude is not None
        assert place.country is None or (len(place.country) == 2 and place.country.isupper())
        assert -90 <= (place.latitude or 0) <= 90
        assert -180 <= (place.longitude or 0) <= 180
