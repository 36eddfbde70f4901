import pytest

from warraq.transforms.entities.bearers import bearers_of, is_short, name_key, parse_bearers
from warraq.transforms.entities.lexicon import lexicon, listed_spellings

LINES = """
# a comment
@ روسيا، موسكو | روسي، الكرملين
فلاديمير بوتين=بوتن 1999، سيرغي لافروف 2003-2010
@ sport | مباراة، المدرب
ليونيل ميسي (أرجنتيني لا برازيلي) 2004
"""


def test_a_group_gives_its_evidence_to_its_bearers():
    found = {bearer.name: (bearer, list(more)) for bearer, more in parse_bearers(LINES, lexicon())}
    putin, surnames = found["فلاديمير بوتين"]
    assert (putin.first_year, putin.last_year, surnames) == (1999, 9999, ["بوتن"])
    assert {"روسيا", "موسكو"} <= putin.group.names
    assert {"الروسيه", "روسي", "الكرملين"} <= putin.group.words
    assert (found["سيرغي لافروف"][0].last_year, putin.group.is_sport) == (2010, False)
    messi, _ = found["ليونيل ميسي"]
    assert (messi.group.words, messi.group.is_sport, messi.first_year) == ({"مباراه", "المدرب"}, True, 2004)
    assert {"الارجنتيني", "ارجنتيني"} <= messi.nationality
    assert {"البرازيل", "برازيلي", "البرازيليه"} <= messi.rival
    assert not putin.rival


def test_each_surname_of_the_lists_has_a_bearer_or_is_never_completed():
    names = {name for name, _ in listed_spellings("persons")}
    short = {(name, spelling) for name, spelling in listed_spellings("persons") if is_short(spelling, name)}
    with_bearers = [(name, spelling) for name, spelling in short if bearers_of(spelling)]
    assert len(with_bearers) > 0.85 * len(short)
    for _, spelling in with_bearers:
        for bearer in bearers_of(spelling):
            assert bearer.first_year <= bearer.last_year
            assert bearer.group.words or bearer.group.names
            assert bearer.name in names or " " in bearer.name


@pytest.mark.parametrize(
    ("spelling", "name", "short"),
    [
        ("أوباما", "باراك أوباما", True),
        ("أحمدي نجاد", "محمود أحمدي نجاد", True),
        ("أبو مازن", "محمود عباس", True),
        ("بن لادن", "أسامة بن لادن", True),
        ("الرئيس الأسد", "بشار الأسد", True),
        ("نيمار", "نيمار", False),
        ("سيرجي لافروف", "سيرغي لافروف", False),
        ("الملك سلمان بن عبد العزيز", "سلمان بن عبد العزيز", False),
        ("أبي مصعب الزرقاوي", "أبو مصعب الزرقاوي", False),
        ("عبدالفتاح السيسي", "عبد الفتاح السيسي", False),
    ],
)
def test_short_spellings(spelling, name, short):
    assert is_short(spelling, name) == short


def test_a_verb_with_other_hamzas_is_no_surname():
    assert bearers_of("هنية")
    assert not bearers_of("هنئه")


@pytest.mark.parametrize(
    ("one", "other"), [("عبدالله", "عبد الله"), ("أبي بكر", "أبو بكر"), ("عبد ربه", "عبدربه"), ("مُحمد", "محمد")]
)
def test_spellings_of_a_name_have_one_key(one, other):
    assert name_key(one) == name_key(other)
