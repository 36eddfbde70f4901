import os
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.paths import ROOT
from warraq.schemas.labels import ENTITY_KINDS
from warraq.transforms.entities.tagger import load_tagger

DATA = Path(os.environ.get("WARRAQ_DATA", ROOT.parent / "shared" / "data"))
REPORT = (
    "أعلنت وكالة الأنباء المركزية في كوريا الشمالية أن الزعيم كيم جونغ أون زار موسكو.\n"
    "وقالت وزارة الخارجية الأمريكية إن وحلف الناتو قلقان، وإن القتال لروسيا في كورسك بأوكرانيا مستمر."
)


@pytest.fixture(scope="module")
def tagger():
    return load_tagger("gazetteer")


@pytest.fixture(scope="module")
def tag(tagger):
    """(kind, text, name) of each entity of a sentence."""

    def found(text):
        [entities] = tagger.tag([text])
        return [(entity.kind, entity.text, entity.name) for entity in entities]

    return found


# What is found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("سافر الوفد لروسيا ثم وبيروت", [("place", "روسيا", "روسيا"), ("place", "بيروت", "بيروت")]),
        (
            "تصدر للسعودية وللولايات المتحدة",
            [("place", "سعودية", "السعودية"), ("place", "ولايات المتحدة", "الولايات المتحدة")],
        ),
        ("زار امريكا", [("place", "امريكا", "الولايات المتحدة")]),
        ("اجتماع حلف شمال الأطلسي", [("organisation", "حلف شمال الأطلسي", "حلف شمال الأطلسي")]),
        ("قال الناتو", [("organisation", "الناتو", "حلف شمال الأطلسي")]),
        ("الامم المتحدة", [("organisation", "الامم المتحدة", "الأمم المتحدة")]),
        ("في كُورِيا الشَّمالِيَّة", [("place", "كُورِيا الشَّمالِيَّة", "كوريا الشمالية")]),
        ("إلى دولة مالي", [("place", "دولة مالي", "مالي")]),
        ("دعم مالي كبير", []),
        ("أدى صلاة المغرب", []),
        ("عاد إلى المغرب", [("place", "المغرب", "المغرب")]),
        ("الحكومة السعودية والقوات الروسية وجندي أمريكي", []),
        ("زار السعودية", [("place", "السعودية", "السعودية")]),
        ("وصل إلى مدينة كوستيانتينيفكا", [("place", "كوستيانتينيفكا", "كوستيانتينيفكا")]),
        ("هبطت في مطار بيروت الدولي", [("place", "مطار بيروت الدولي", "مطار بيروت الدولي")]),
        ("غادر مطار الملك خالد الدولي", [("place", "مطار الملك خالد الدولي", "مطار الملك خالد الدولي")]),
        ("زار قصر الملك", []),
        ("وقع القتال على جبهة أوكرانيا", [("place", "أوكرانيا", "أوكرانيا")]),
    ],
)
def test_places(tag, text, expected):
    assert tag(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("قالت وزارة الموارد المائية والري إن", ["وزارة الموارد المائية والري"]),
        ("بيان لوزارة الخارجية الأمريكية التي", ["وزارة الخارجية الأمريكية"]),
        ("في جامعة القاهرة أمس", ["جامعة القاهرة"]),
        ("قرار البنك المركزي المصري رفع", ["البنك المركزي المصري"]),
        ("دعا حزب الإرادة والتجديد إلى", ["حزب الإرادة والتجديد"]),
        ("وقالت شركة مايكروسوفت إن", ["مايكروسوفت"]),
        ("ذكرت صحيفة واشنطن بوست أن", ["واشنطن بوست"]),
        ("أرباح الشركة السعودية للكهرباء ارتفعت", ["الشركة السعودية للكهرباء"]),
        ("درس في جامعة الملك فهد أمس", ["جامعة الملك فهد"]),
        ("سيّر مركز الملك سلمان للإغاثة سبع شاحنات", ["مركز الملك سلمان للإغاثة"]),
        ("اجتمعت جمعية التراث سلمى الكاتب تديرها", ["جمعية التراث"]),
        ("أعلنت وزارة التجارة الأسبوع الماضي", ["وزارة التجارة"]),
        ("دعت وزارة الصحة المواطنين إلى الحذر", ["وزارة الصحة"]),
        ("وصفت وزارة الخزانة الشركة بأنها", ["وزارة الخزانة"]),
        ("قالت جمعية القضاة المتقاعدين إن", ["جمعية القضاة المتقاعدين"]),
        ("عضو مجلس الإدارة المشرف العام أمس", []),
        ("تشكيل منظمة إجرامية كبيرة", []),
        ("زار كلية الملك", []),
        ("عقد مجلس الإدارة اجتماعه", []),
        ("كل فئات المجتمع", []),
        ("شكل فريق العمل لجنة صغيرة", []),
        ("وزارة كبيرة", []),
    ],
)
def test_organisations(tag, text, expected):
    assert [name for kind, _, name in tag(text) if kind == "organisation"] == expected


def test_a_hidden_article_comes_back_in_the_name(tag):
    assert tag("انتماؤه للجيش الأردني") == [("organisation", "جيش الأردني", "الجيش الأردني")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("أمر الزعيم كيم جونغ أون جنوده", [("كيم جونغ أون", "كيم جونغ أون")]),
        ("زيارة بوتين المقبلة", [("بوتين", "بوتين")]),
        ("التقى وزير الخارجية التركي هاكان فيدان", [("هاكان فيدان", "هاكان فيدان")]),
        ("قال محمود عبد الغني شعبان أمس", [("محمود عبد الغني شعبان", "محمود عبد الغني شعبان")]),
        ("وقال ليفاندرسون إن", [("ليفاندرسون", "ليفاندرسون")]),
        ("ومع وليد جنبلاط", [("وليد جنبلاط", "وليد جنبلاط")]),
        ("هذا رجل كريم وعمل جميل", []),
        ("اتفقوا علي الخطة", []),
        ("الملك سلمان بن عبد العزيز", [("سلمان بن عبد العزيز", "سلمان بن عبد العزيز")]),
    ],
)
def test_persons(tag, text, expected):
    assert [(text, name) for kind, text, name in tag(text) if kind == "person"] == expected


def test_a_short_mention_gets_the_full_name(tag):
    found = tag("قال الوزير سامر الدرويشي أمس. ثم غادر الدرويشي القاعة.")
    assert [name for *_, name in found] == ["سامر الدرويشي", "سامر الدرويشي"]


def test_a_short_mention_of_two_persons_keeps_its_own(tag):
    found = tag("زار كيم جونغ أون المصنع مع الجنرال كيم يونج بوك. وقال كيم إن الخطة تمت.")
    assert [name for *_, name in found] == ["كيم جونغ أون", "كيم يونج بوك", "كيم"]


def test_a_report(tag):
    assert tag(REPORT) == [
        ("organisation", "وكالة الأنباء المركزية في كوريا الشمالية", "وكالة الأنباء المركزية الكورية"),
        ("person", "كيم جونغ أون", "كيم جونغ أون"),
        ("place", "موسكو", "موسكو"),
        ("organisation", "وزارة الخارجية الأمريكية", "وزارة الخارجية الأمريكية"),
        ("organisation", "حلف الناتو", "حلف شمال الأطلسي"),
        ("place", "روسيا", "روسيا"),
        ("place", "كورسك", "كورسك"),
        ("place", "أوكرانيا", "أوكرانيا"),
    ]


def test_the_seed(tag):
    files = sorted((DATA.parent / "seed").glob("*.txt"))
    if not files:
        pytest.skip(f"no seed text beside {DATA}")
    found = {(kind, name) for kind, _, name in tag(files[0].read_text("utf-8"))}
    assert {("place", name) for name in ("كوريا الشمالية", "روسيا", "أوكرانيا", "كورسك")} <= found
    assert ("person", "كيم جونغ أون") in found
    assert {("organisation", "حلف شمال الأطلسي"), ("organisation", "وزارة الخارجية الأمريكية")} <= found


# What is always true

PROSE = (
    "الرئيس محمد علي عبد الله بن أبو وزارة الخارجية الأمريكية للسعودية وَلِرُوسيا مدينة مطار بيروت الدولي في قال كيم صحيفة "
    "Le Monde الاتحاد الأوروبي لكرة القدم جامعة الملك سعود ـــ ، . \u200f٣٥ المدرب زيـدان مالي نادي الهلال للأمم المتحدة"
)
WORDS = st.sampled_from([*PROSE.split(), "\n"])
ARABIC = st.one_of(
    st.lists(WORDS, max_size=40).map(" ".join),
    st.text(alphabet="ابولكفميرن َـأإىة ،\n", max_size=80),
    st.text(max_size=60),
)


@settings(deadline=None, max_examples=300)
@given(ARABIC)
def test_offsets_are_true_and_spans_apart(text):
    [entities] = load_tagger("gazetteer").tag([text])
    assert all(text[entity.start : entity.end] == entity.text and entity.text and entity.name for entity in entities)
    assert all(one.end <= other.start for one, other in pairwise(entities))
    assert all(entity.kind in ENTITY_KINDS and 0 <= entity.score <= 1 for entity in entities)


@settings(deadline=None, max_examples=50)
@given(st.lists(ARABIC, max_size=6))
def test_the_batch_changes_nothing(texts):
    tagger = load_tagger("gazetteer")
    assert tagger.tag(texts) == [tagger.tag([text])[0] for text in texts]


@pytest.mark.parametrize("text", ["", "\n", "روسيا", "No Arabic here.", "محمد " * 20_000, "أ" * 100_000])
def test_odd_texts_are_no_trouble(tagger, text):
    [entities] = tagger.tag([text])
    assert all(text[entity.start : entity.end] == entity.text for entity in entities)
