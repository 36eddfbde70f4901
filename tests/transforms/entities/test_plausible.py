from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warraq.transforms.arabic import tokenize
from warraq.transforms.entities.plausible import NameSpan, plausible


def names(text, *spans):
    """(words, kind) of what is left of the spans of a text."""
    tokens = tokenize(text)
    found = plausible(tokens, [NameSpan(*span, 0.9) for span in spans])
    return [(" ".join(token.group() for token in tokens[span.first : span.end]), span.kind) for span in found]


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("كان الوزير رحمه الله كريما", (2, 4, "person")),
        ("قال والحمد لله على كل حال", (1, 3, "person")),
        ("هو الغفور الرحيم كما نقول", (1, 3, "person")),
        ("نقرأ الرحمن الرحيم مالك الملك", (2, 4, "person")),
        ("وإياك نشكر على ذلك", (0, 2, "person")),
        ("ماهي أسباب الغلاء", (0, 1, "place")),
        ("وماهو الحل", (0, 1, "place")),
        ("انتشر فيروس زيكا في البلاد", (2, 3, "person")),
        ("ضرب إعصار كاترينا الساحل", (2, 3, "person")),
        ("أطلق القمر بدر-7 أمس", (2, 3, "person")),
        ("حضر ثلاثون سائحًا بريطانيًا أمس", (3, 4, "place")),
        ("عثر عليه ميتاً في منزله", (2, 3, "organisation")),
        ("سأل الله العلي القدير أن يحفظه", (2, 4, "person")),
        ("سفير خادم الحرمين الشريفين لدى المالديف", (1, 4, "organisation")),
        ("وكم من عبد في حلة سيد", (2, 3, "person")),
        ("بهذا فإن رأيًا كهذا غريب", (1, 3, "person")),
        ("دفع مئة دولار أمس", (2, 3, "misc")),
        ("ارتفع سعر الجنيه الإسترليني أمس", (2, 4, "misc")),
        ("سعر الدولار مقابل الليرة التركية", (3, 5, "misc")),
        ("تحويل الأموال للدينار", (2, 3, "misc")),
    ],
)
def test_what_can_be_no_such_name_is_left_out(text, span):
    assert names(text, span) == []


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("قال عبد الرحمن كريم إنه سعيد", (1, 4, "person")),
        ("قال الحمد الله إنه سعيد", (1, 3, "person")),  # a family
        ("قال كريم إنه سعيد", (1, 2, "person")),
        ("وصل إلى جزيرة ماهي أمس", (3, 4, "place")),
        ("انتشر الفيروس وقال هاني إنه شفي", (3, 4, "person")),
        ("سجل بدر - 7 أهداف", (1, 2, "person")),
        ("أعلن أن محمدًا سافر", (2, 3, "person")),  # the case of a name
        ("أطلقت صاروخ صمود-3 أمس", (2, 3, "misc")),
        ("فازت البرتغال في يورو 2016 على فرنسا", (3, 5, "misc")),
    ],
)
def test_other_names_stay(text, span):
    assert len(names(text, span)) == 1


def test_a_word_that_has_a_number_somewhere_is_no_person_in_the_text():
    assert names("أطلق بدر-7 ثم هبط بدر في البحر", (1, 2, "person"), (6, 7, "person")) == []


@pytest.mark.parametrize(
    ("text", "span", "found"),
    [
        (
            "رحب شيخ الأزهر أحمد الطيب بهم",
            (1, 5, "person"),
            [("الأزهر", "organisation"), ("أحمد الطيب", "person")],
        ),
        ("زار أمير قطر تميم بن حمد لندن", (2, 6, "person"), [("قطر", "place"), ("تميم بن حمد", "person")]),
        (
            "سلم مدير منظمة الصحة العالمية هاني الدرويشي",
            (2, 7, "person"),
            [("منظمة الصحة العالمية", "organisation"), ("هاني الدرويشي", "person")],
        ),
        # the name of a person, after a title that needs no complement
        ("قال اللاعب كولن زغبور أمس", (2, 4, "person"), [("كولن زغبور", "person")]),
        ("ندد الأزهر بالحادث", (1, 2, "person"), [("الأزهر", "organisation")]),
        ("قال البيت الأبيض أمس", (1, 3, "misc"), [("البيت الأبيض", "organisation")]),
        ("قال الدكتور الأزهر أمس", (2, 3, "person"), [("الأزهر", "person")]),
    ],
)
def test_a_body_between_office_and_name_is_an_entity_of_its_own(text, span, found):
    assert names(text, span) == found


@pytest.mark.parametrize(
    ("text", "span", "found"),
    [
        ("افتتح شارع سامر الدرويشي أمس", (2, 4, "person"), [("شارع سامر الدرويشي", "place")]),
        ("افتتح قاعة الملك سلمان أمس", (3, 4, "person"), [("قاعة الملك سلمان", "place")]),
        ("تقع في مديرية الشيخ عثمان أمس", (4, 5, "person"), [("الشيخ عثمان", "place")]),
        ("تقع في محافظة صلاح الدين أمس", (3, 5, "person"), [("صلاح الدين", "place")]),
        ("يدرس بمدرسة سامر الدرويشي أمس", (2, 4, "person"), [("بمدرسة سامر الدرويشي", "organisation")]),
        ("فاز بجائزة سامر الدرويشي أمس", (2, 4, "person"), [("بجائزة سامر الدرويشي", "misc")]),
        ("سجل عن طريق سامر الدرويشي أمس", (3, 5, "person"), [("سامر الدرويشي", "person")]),
        ("حكم بسجن سامر الدرويشي أمس", (2, 4, "person"), [("سامر الدرويشي", "person")]),
        ("شكر مدرسته سامر أمس", (2, 3, "person"), [("سامر", "person")]),
    ],
)
def test_what_is_named_after_a_person_is_no_person(text, span, found):
    assert names(text, span) == found


@pytest.mark.parametrize(
    ("text", "span", "found"),
    [
        ("قمة بين كيم وترامب غدا", (2, 4, "person"), ["كيم", "وترامب"]),
        ("قمة بين مارغريت وليزا غدا", (2, 4, "person"), ["مارغريت", "وليزا"]),
        ("بحضور عماد بن عودة العودة الرئيس", (1, 3, "person"), ["عماد بن عودة العودة"]),
        ("بحضور سعود بن مطلق الطوالة اليوم", (1, 3, "person"), ["سعود بن مطلق الطوالة"]),
        ("صورة فيصل - رحمه الله - في المعرض", (1, 5, "person"), ["فيصل"]),
        ("ابنة رحمة الله اليوم", (1, 3, "person"), ["رحمة الله"]),
        ("وقال حسن لفرانس برس أمس", (1, 3, "person"), ["حسن"]),
        ("وقال صالح لـ«الشرق» أمس", (1, 3, "person"), ["صالح"]),
        ("وانتقل ساري عمرو للشباب أمس", (1, 4, "person"), ["ساري عمرو"]),
        ("وقال كريم لعريبي أمس", (1, 3, "person"), ["كريم لعريبي"]),
        ("أمر خادم الحرمين الشريفين الملك سلمان بذلك", (1, 6, "misc"), ["سلمان"]),
        ("صور سلمان بن عبدالعزيز خادم الحرمين الشريفين", (1, 7, "person"), ["سلمان بن عبدالعزيز"]),
        ("فاز بكأس خادم الحرمين الشريفين أمس", (1, 5, "misc"), ["بكأس خادم الحرمين الشريفين"]),
        ("بحضور عماد بن عودة في الرياض", (1, 3, "person"), ["عماد بن عودة"]),
        ("قال أشتون كارتر أمس", (1, 3, "person"), ["أشتون كارتر"]),  # each word is a surname
        ("قال حسن وهبة أمس", (1, 3, "person"), ["حسن وهبة"]),
        ("قالت سيرينا ويليامز أمس", (1, 3, "person"), ["سيرينا ويليامز"]),
        ("قال فلاديمير بوتين أمس", (1, 3, "person"), ["فلاديمير بوتين"]),
        ("توج صلاح هدافًا للدوري", (1, 3, "person"), ["صلاح"]),
        ("من أمثال آينشتاين وأديسون قديما", (2, 4, "person"), ["آينشتاين", "وأديسون"]),
        ("تغلب تيموثي وياه عليه", (1, 3, "person"), ["تيموثي وياه"]),
        ("منصات غوغل وفيسبوك وتويتر معا", (1, 4, "organisation"), ["غوغل", "وفيسبوك", "وتويتر"]),
        ("وزارة التربية والتعليم أمس", (0, 3, "organisation"), ["وزارة التربية والتعليم"]),
    ],
)
def test_names_end_where_they_end(text, span, found):
    assert [words for words, _ in names(text, span)] == found


def test_a_hyphen_joins_the_parts_of_a_name():
    assert names("قال سونغ يونغ-مو أمس", (1, 3, "person")) == [("سونغ يونغ - مو", "person")]
    assert names("قال سونغ يونغ-مو أمس", (1, 3, "person"), (4, 5, "person")) == [("سونغ يونغ - مو", "person")]
    assert names("لعب حسين ناطر-وائل بالغالي", (1, 3, "person")) == [("حسين ناطر", "person")]  # a list
    assert names("قال حسين ناطر - مو أمس", (1, 3, "person")) == [("حسين ناطر", "person")]


WORDS = [
    "بن",
    "عماد",
    "رأيًا",
    "غوغل",
    "وفيسبوك",
    "شارع",
    "الملك",
    "وترامب",
    "شيخ",
    "الأزهر",
    "أحمد",
    "لله",
    "الحمد",
    "فيروس",
    "ماهي",
    "-",
    "7",
    "مصر",
    "\n",
    ".",
]


@given(words=st.lists(st.sampled_from(WORDS), min_size=1, max_size=9), data=st.data())
def test_what_is_left_lies_in_the_spans_or_ends_two_words_later_in_their_order(words, data):
    tokens = tokenize(" ".join(words))
    cuts = sorted(data.draw(st.sets(st.integers(0, len(tokens)), max_size=6)))
    kinds = st.sampled_from(["person", "place", "organisation", "misc"])
    spans = [NameSpan(first, end, data.draw(kinds), 0.5) for first, end in pairwise(cuts)]
    found = plausible(tokens, spans)
    assert all(any(part.first < part.end <= whole.end + 2 for whole in spans) for part in found)
    assert all(one.end <= other.first for one, other in pairwise(found))
