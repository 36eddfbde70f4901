import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warraq.schemas.labels import ENTITY_KINDS, IN_ARTICLE, IN_NAMES
from warraq.schemas.records import Entity
from warraq.transforms.entities.tagger import NoTagger, tag_entities
from warraq.transforms.entities.user_names import ListedName, UserNames, names_as_json

LISTED = [
    ListedName("محمد بن سلمان", "person", ["الأمير الشاب", "بن سلمان"]),
    ListedName("سلمان بن عبد العزيز", "person", ["الملك سلمان", "سلمان"]),
    ListedName("جماعة الحوثي", "organisation", ["الحوثيون", "ميليشيات الحوثي", "الحوثيين"]),
    ListedName("كأس العالم", "misc", ["المونديال"]),
    ListedName("أبو مازن الجديد", "person", []),
]


def found(text, *spans):
    """The entities of a tagger: (words, kind), at the first place of the words."""
    return [Entity(words, kind, text.index(words), text.index(words) + len(words), words, 0.5) for words, kind in spans]


@pytest.mark.parametrize(
    ("text", "tagged", "expected"),
    [
        ("وصل الأمير الشاب أمس", [], [("الأمير الشاب", "محمد بن سلمان")]),
        ("قال للحوثيين إن", [], [("حوثيين", "جماعة الحوثي")]),
        ("فاز بالمونديال وبكأس العالم", [], [("المونديال", "كأس العالم"), ("كأس العالم", "كأس العالم")]),
        ("ميليشيات الحوثي", [("الحوثي", "person")], [("ميليشيات الحوثي", "جماعة الحوثي")]),
        ("المونديال", [("المونديال", "place")], [("المونديال", "كأس العالم")]),
        # inside a longer entity
        (
            "مركز الملك سلمان للإغاثة",
            [("مركز الملك سلمان للإغاثة", "organisation")],
            [("مركز الملك سلمان للإغاثة", None)],
        ),
        ("قال محمد الأمير سلمان", [("محمد الأمير سلمان", "person")], [("محمد الأمير سلمان", None)]),
        ("سلمان الدوسري كتب", [("سلمان الدوسري", "person")], [("سلمان الدوسري", None)]),
        ("محمد بن سلمان أمس", [("محمد بن سلمان أمس", "person")], [("محمد بن سلمان", "محمد بن سلمان")]),
        # spelt otherwise
        ("سلمان بن عبدالعزيز", [], [("سلمان بن عبدالعزيز", "سلمان بن عبد العزيز")]),
        ("مع أبي مازن الجديد", [], [("أبي مازن الجديد", "أبو مازن الجديد")]),
        ("المُونديال", [], [("المُونديال", "كأس العالم")]),
        ("لا شيء هنا", [("هنا", "person")], [("هنا", None)]),
    ],
)
def test_a_listed_name_is_marked_with_its_name(text, tagged, expected):
    entities = UserNames(LISTED).mark(text, found(text, *tagged))
    assert [(one.text, one.name if one.name_source == IN_NAMES else None) for one in entities] == expected
    assert all(text[one.start : one.end] == one.text for one in entities)


WORDS = st.sampled_from(["محمد", "بن", "سلمان", "الملك", "و", "بالمونديال", "جماعة", "الحوثي", "كأس", "العالم", "قال"])
TEXTS = st.lists(WORDS, max_size=12).map(" ".join)


@given(TEXTS, st.data())
def test_the_entities_are_sorted_and_never_overlap(text, data):
    edges = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=6)))
    kinds = st.sampled_from(sorted(ENTITY_KINDS))
    spans = list(zip(edges[::2], edges[1::2], strict=False))
    tagged = [Entity(text[start:end], data.draw(kinds), start, end, "x", 0.5) for start, end in spans]
    entities = UserNames(LISTED).mark(text, tagged)
    assert all(one.end <= other.start for one, other in itertools.pairwise(entities))
    assert all(text[one.start : one.end] == one.text for one in entities)


def test_the_list_wins_over_the_article_and_helps_it(make_article):
    listed = json.dumps([["محمد بن سلمان آل سعود", "person", ["محمد بن سلمان"]]], ensure_ascii=False)
    article = make_article("قال محمد بن سلمان إن الأمير محمد بن سلمان سافر.")
    [tagged] = tag_entities([article], NoTagger(), listed)
    assert [(one.text, one.name, one.name_source, one.score) for one in tagged.entities] == [
        ("محمد بن سلمان", "محمد بن سلمان آل سعود", IN_NAMES, 1.0)
    ] * 2
    assert tagged.tagger == "off"


def test_a_name_that_the_article_completes_is_looked_up_as_well(make_article):
    class Surnames:
        name = "surnames"

        def tag(self, texts):
            return [
                found(text, ("عزام بن محمد الدخيل", "person"), ("الدخيل أمس", "person")) for text in texts if text
            ] or [[] for _ in texts]

    text = "وقال عزام بن محمد الدخيل. وسافر الدخيل أمس"
    listed = json.dumps([["الوزير عزام الدخيل", "person", ["عزام بن محمد الدخيل"]]], ensure_ascii=False)
    [tagged] = tag_entities([make_article(text, title="", description="", tags=[])], Surnames(), listed)
    assert {one.name for one in tagged.entities if one.name_source == IN_NAMES} == {"الوزير عزام الدخيل"}
    assert all(one.name_source != IN_ARTICLE for one in tagged.entities)


def test_a_list_is_the_same_in_each_format_and_order(tmp_path):
    (tmp_path / "names.csv").write_text("﻿name,kind,aliases\nأ ب,person,ج|د\nه,place,\n", encoding="utf-8")
    (tmp_path / "names.json").write_text(
        json.dumps([{"name": "ه", "kind": "place"}, {"name": "أ  ب", "kind": "person", "aliases": ["د", "ج", "أ ب"]}])
    )
    first, second = (names_as_json(str(tmp_path / name)) for name in ("names.csv", "names.json"))
    assert first == second
    assert json.loads(first) == [["أ ب", "person", ["ج", "د"]], ["ه", "place", []]]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("", "no name in it; must be CSV"),
        ("name,kind\n", "no name in it"),
        ("name,aliases\nأ,ب\n", "line 2: must be CSV with the columns name, kind, aliases"),
        ("name,kind,spelling\nأ,person,ب\n", "line 2: must be CSV with the columns"),
        ("name,kind\nأ,human\n", "line 2: kind must be person, place, organisation, misc, not 'human'"),
        ("name,kind\n-,person\n", "line 2: has no name"),
        ("name,kind\nأ,person,ب,ج\n", "line 2: must be CSV"),
        ('name,kind\n"أ,person\n', "unexpected end of data"),
        ("[1]", "must be CSV"),
        ("[", "Expecting value"),
        ('[{"name": "أ", "kind": "person", "aliases": "ب"}]', "name 1: aliases must be a list of texts"),
        ("name,kind,aliases\nأ,person,س\nب,person,س\n", "'س' stands for 'أ' and for 'ب'; leave it out of one"),
    ],
)
def test_a_wrong_list_is_one_line_that_names_the_file(tmp_path, content, complaint):
    path = tmp_path / "names.txt"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match="names.txt: ") as error:
        names_as_json(str(path))
    assert complaint in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_that_is_missing_or_in_another_charset_is_one_line(tmp_path):
    (tmp_path / "names.csv").write_bytes("name,kind\nأ,person\n".encode("cp1256"))
    with pytest.raises(ValueError, match="not in UTF-8"):
        names_as_json(str(tmp_path / "names.csv"))
    with pytest.raises(ValueError, match="can't be read \\(No such file or directory\\)"):
        names_as_json(str(tmp_path / "missing.csv"))
