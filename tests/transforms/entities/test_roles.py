"""Tests for transforms/entities/roles.py."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warraq.schemas.records import Entity
from warraq.transforms.entities.roles import with_roles


def entity(text, words, kind="person"):
    start = text.index(words)
    return Entity(words, kind, start, start + len(words), words, 0.9)


def roles(text, person, **others):
    found = [entity(text, words, kind) for words, kind in others.get("others", {}).items()]
    found = sorted([entity(text, person), *found], key=lambda one: one.start)
    return [one.role for one in with_roles(text, found) if one.text == person]


@pytest.mark.parametrize(
    ("text", "person", "others", "role"),
    [
        ("وقال وزير الخارجية الأميركي جون كيري إن", "جون كيري", {}, "وزير الخارجية الأميركي"),
        ("التقى نائب وزير الدفاع خالد بن سلمان", "خالد بن سلمان", {}, "نائب وزير الدفاع"),
        ("رحب وزير خارجية أمريكا جون كيري", "جون كيري", {"أمريكا": "place"}, "وزير خارجية أمريكا"),
        ("وصل الرئيس الروسي فلاديمير بوتين", "فلاديمير بوتين", {}, "الرئيس الروسي"),
        ("بين الرئيس الأميركي والرئيس الروسي فلاديمير بوتين", "فلاديمير بوتين", {}, "الرئيس الروسي"),
        ("التقى الرئيس المصري وزير الخارجية الأميركي جون كيري", "جون كيري", {}, "وزير الخارجية الأميركي"),
        ("فاز الإسباني رافاييل نادال", "رافاييل نادال", {}, "الإسباني"),
        ("قالت المتحدثة باسم الشرطة الإسرائيلية لوبا السمري", "لوبا السمري", {}, "المتحدثة باسم الشرطة الإسرائيلية"),
        ("بالمنطقة الشرقية محمد الحوت", "محمد الحوت", {}, None),  # of the region
        ("وكانت الثورة الإيرانية علي خامنئي", "علي خامنئي", {}, None),
        ("في السعودية محمد الحوت", "محمد الحوت", {"السعودية": "place"}, None),
        (
            "أكد الأمين العام للأمم المتحدة بان كي مون",
            "بان كي مون",
            {"أمم المتحدة": "organisation"},
            "الأمين العام للأمم المتحدة",
        ),
        (
            "قال المتحدث باسم وزارة الدفاع اللواء أحمد عسيري",
            "أحمد عسيري",
            {"وزارة الدفاع": "organisation"},
            "المتحدث باسم وزارة الدفاع اللواء",
        ),
        ("صرح جون كيري، وزير الخارجية الأميركي، أمس", "جون كيري", {}, "وزير الخارجية الأميركي"),
        ('استفز راموس، قائد الفريق الملكي".', "راموس", {}, "قائد الفريق الملكي"),
        ("نقل محامي مارادونا", "مارادونا", {}, None),  # the lawyer is another
        ("طرد حافظ قائد السبسي", "السبسي", {}, None),
        ("قال للرئيس الراحل علي صالح", "علي صالح", {}, "رئيس الراحل"),  # as "لل" leaves it
        ("صرح جون كيري (وزير الخارجية) أمس", "جون كيري", {}, "وزير الخارجية"),
        ("صرح جون كيري أمس", "جون كيري", {}, None),
        ("في القاهرة أمس جون كيري", "جون كيري", {"القاهرة": "place"}, None),
        ("قال الوزير إن جون كيري", "جون كيري", {}, None),
        ("جون كيري، وزير الخارجية الروسي سيرغي لافروف،", "جون كيري", {"سيرغي لافروف": "person"}, None),
    ],
)
def test_the_role_beside_a_name(text, person, others, role):
    assert roles(text, person, others=others) == [role]


def test_a_role_has_its_offsets():
    text = "وقال وزير الخارجية الأميركي جون كيري"
    [found] = with_roles(text, [entity(text, "جون كيري")])
    assert (found.role, found.role_start, found.role_end) == ("وزير الخارجية الأميركي", 5, 27)


def test_only_persons_have_a_role():
    text = "الرئيس السوري دمشق"
    assert with_roles(text, [entity(text, "دمشق", "place")])[0].role is None


WORDS = st.sampled_from(
    ["الرئيس", "وزير", "والملك", "الروسي", "،", "(", ")", "\n", "في", "كيري", "«", "للأمم", "بوتين", "قال"]
)


@given(st.lists(WORDS, min_size=1, max_size=30), st.integers(0, 29))
def test_a_role_is_a_part_of_the_text_without_the_name(words, number):
    text = " ".join(words)
    number %= len(words)
    start = sum(len(word) + 1 for word in words[:number])
    [found] = with_roles(text, [Entity(words[number], "person", start, start + len(words[number]), "", 0.5)])
    if found.role is not None:
        assert text[found.role_start : found.role_end] == found.role
        assert found.role_end <= start or found.role_start >= found.end
        assert "\n" not in found.role
