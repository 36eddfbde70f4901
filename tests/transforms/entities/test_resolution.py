import datetime as dt
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.topics import article
from warraq.schemas.labels import NAME_SOURCES
from warraq.transforms.arabic import tokenize
from warraq.transforms.entities.canonical_names import entity_normalizer
from warraq.transforms.entities.plausible import NameSpan
from warraq.transforms.entities.resolution import headers, is_near, longer_names, resolve_names

KINDS = {"ش": "person", "م": "place", "ن": "organisation", "غ": "misc"}
MARKED = re.compile(r"\[(.+?)\|(.)\]")


def entities(marked):
    """The text, and the entities that a tagger would find at its marks: [words|kind]."""
    text, spans = MARKED.sub(r"\1", marked), []
    tokens = tokenize(text)
    for mark in MARKED.finditer(marked):
        start = len(MARKED.sub(r"\1", marked[: mark.start()]))
        inside = [at for at, token in enumerate(tokens) if start <= token.start() < start + len(mark[1])]
        spans.append(NameSpan(inside[0], inside[-1] + 1, KINDS[mark[2]], 0.9))
    return text, entity_normalizer().entities(text, tokens, spans)


@pytest.fixture
def resolve(make_article):
    def named(marked, *, title="", description="", tags=(), year=2018):
        text, found = entities(marked)
        titles = [MARKED.sub(r"\1", line) for line in (title, description, *tags)]
        article = make_article(text, title=titles[0], description=titles[1], tags=titles[2:], date=dt.date(year, 5, 1))
        _, in_headers = entities("\n".join(filter(None, (title, description, *tags))))
        return [(entity.name, entity.name_source) for entity in resolve_names(article, found, in_headers)]

    return named


FULL = [("سامر الدرويشي", "article")]


@pytest.mark.parametrize(
    ("text", "headers"),
    [
        ("رحب [سامر الدرويشي|ش] بالضيوف ثم تحدث [الدرويشي|ش]", {}),
        ("تحدث [الدرويشي|ش] طويلا", {"title": "[سامر الدرويشي|ش] يعود"}),
        ("تحدث [الدرويشي|ش] طويلا", {"description": "عودة [سامر الدرويشي|ش]"}),
        ("تحدث [الدرويشي|ش] طويلا", {"tags": ["مسرح", "[سامر الدرويشي|ش]"]}),
        ("حضر سامر الدرويشي وتحدث [الدرويشي|ش] طويلا", {}),  # the tagger missed the first one
    ],
)
def test_a_surname_takes_the_full_name_of_the_article(resolve, text, headers):
    assert resolve(text, **headers)[-1:] == FULL


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("التقى [سامر الدرويشي|ش] مع [هاني الدرويشي|ش] ثم تحدث [الدرويشي|ش]", "الدرويشي"),
        ("تحدث [الدرويشي|ش] طويلا", "الدرويشي"),
    ],
)
def test_a_surname_of_nobody_or_of_several_stays(resolve, text, name):
    assert resolve(text)[-1] == (name, "written")


# The article's own person, and the famous namesake of the lists.
IN_TEXT = "أعلن العقيد [تركي المالكي|ش] في [الرياض|م] اعتراض طائرة مسيرة، وأضاف [المالكي|ش] أن [العراق|م] أدان الهجوم"


def test_the_person_of_the_article_comes_before_the_famous_one(resolve):
    assert [found for found in resolve(IN_TEXT) if "المالكي" in found[0]] == [
        ("تركي المالكي", "written"),
        ("تركي المالكي", "article"),
    ]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        # evidence: place, institution, nationality, office with nationality
        ("وصل [ترامب|ش] إلى [واشنطن|م]", "دونالد ترامب"),
        ("رفض [البيت الأبيض|ن] التعليق على خطط [ترامب|ش]", "دونالد ترامب"),
        ("قال الاقتصاد الأميركي ينمو بحسب [ترامب|ش]", "دونالد ترامب"),
        ("حضر الرئيس الأميركي [ترامب|ش] مباراة المنتخب في ملعب المدينة مع لاعبي الدوري والمدرب", "دونالد ترامب"),
        ("سجل [رونالدو|ش] هدفا في مرمى الضيوف قبل نهاية المباراة", "كريستيانو رونالدو"),
        # none
        ("كتب [ترامب|ش] رواية عن البحر", "ترامب"),
        ("كتب [رونالدو|ش] رواية عن البحر", "رونالدو"),
        # an article about sport
        ("قاد [بيريز|ش] النادي في الدوري وفاز المدرب بالمباراة أمام منتخب [إسرائيل|م] في ملعب الفريقين", "بيريز"),
        # a prison, a number before the currency, another first name
        ("نقلت السلطات في [إسرائيل|م] الأسيرة إلى سجن [شارون|ش]", "شارون"),
        ("هبط سعر السهم في [واشنطن|م] إلى 89.15 [بنس|ش]", "بنس"),
        ("شارك فيها زغبور [ألونسو|ش] مع فيراري في سباق فورمولا", "ألونسو"),
    ],
)
def test_a_famous_bearer_is_believed_with_evidence_only(resolve, text, name):
    [person] = [found for found in resolve(text) if found[0].split()[-1] == name.split()[-1]]
    assert person == (name, "lists" if " " in name else "written")


@pytest.mark.parametrize(("year", "name"), [(2018, "أوستن"), (2022, "لويد أوستن"), (2026, "أوستن")])
def test_a_bearer_has_years(resolve, year, name):
    assert resolve("أعلن [البنتاغون|ن] أن [أوستن|ش] سيزور المنطقة", year=year)[-1][0] == name


def test_a_surname_of_two_bearers_stays_unless_one_is_in_the_article(resolve):
    text = "قال [كلينتون|ش] في [واشنطن|م] إنه متفائل"
    assert resolve(text)[0] == ("كلينتون", "written")
    assert resolve(text, title="خطاب [هيلاري كلينتون|ش]")[0] == ("هيلاري كلينتون", "article")


def test_a_famous_person_in_the_article_comes_before_relatives(resolve):
    found = resolve("سافرت [ميلانيا ترامب|ش] مع [دونالد ترامب|ش] وصرح [ترامب|ش] بذلك في [واشنطن|م]")
    assert found[2] == ("دونالد ترامب", "article")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("طرد حافظ قائد [السبسي|ش] من الحزب في [تونس|م]", ("حافظ قائد السبسي", "article")),  # the son
        ("زار النجم [رونالدو|ش] ملعب النادي قبل المباراة", ("كريستيانو رونالدو", "lists")),
        ("زار البرازيلي [رونالدو|ش] ملعب النادي قبل المباراة", ("رونالدو", "written")),
        ("زار البرتغالي [رونالدو|ش] ملعب النادي قبل المباراة", ("كريستيانو رونالدو", "lists")),
        ("في مقر وزيرة الخارجية الأمريكية حضرته زغبورة [ترامب|ش] أمس", ("ترامب", "written")),
        ("خسر فريق منزل [بورقيبة|ش] في [تونس|م]", ("بورقيبة", "written")),  # a town
        # the namesake's state is in the article, too
        ("سجل [رونالدو|ش] هدفا في مباراة البرازيل في ملعب المدينة", ("رونالدو", "written")),
        ("سجل البرتغالي [رونالدو|ش] هدفا في مباراة البرازيل في ملعب المدينة", ("كريستيانو رونالدو", "lists")),
        ("سجل [كرستيانو رونالدو|ش] هدفا في مباراة البرازيل في ملعب المدينة", ("كريستيانو رونالدو", "lists")),
        ("زار المهاجم البرازيلي السابق [رونالدو|ش] ملعب النادي قبل المباراة", ("رونالدو", "written")),
        # relatives, artists, nicknames, and what has a person's name
        ("زارت السيدة الأولى المصرية انتصار [السيسي|ش] [القاهرة|م]", ("السيسي", "written")),
        ("زار قصر زوجة الرئيس [السيسي|ش] في [القاهرة|م]", ("عبد الفتاح السيسي", "lists")),
        ("بيعت لوحة للفنان [ماتيس|ش] في [نيويورك|م]", ("ماتيس", "written")),
        ('ضم النادي قبل المباراة المهاجم الملقب "[بوغبا|ش]" من ملعب المدينة', ("بوغبا", "written")),
        ("نقل إلى المستشفى الجامعي فطومة [بورقيبة|ش] في [تونس|م]", ("بورقيبة", "written")),
    ],
)
def test_the_words_before_a_surname(resolve, text, name):
    assert resolve(text)[0] == name


def test_a_first_name_that_is_spelt_otherwise_is_that_of_the_bearer(resolve):
    text = "سجل [كرستيانو رونالدو|ش] هدفا في مرمى الضيوف ثم خرج [رونالدو|ش] من المباراة"
    assert resolve(text) == [("كريستيانو رونالدو", "lists"), ("كريستيانو رونالدو", "article")]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("سافر إلى [أمريكا|م]", ("الولايات المتحدة", "lists")),
        ("سافر إلى [السعوديه|م]", ("السعودية", "written")),
        ("زار [الامم المتحدة|ن]", ("الأمم المتحدة", "written")),
        ("زار [الشيخ سامر الدرويشي|ش]", ("سامر الدرويشي", "written")),
        ("زار [عبدالله الدرويشي|ش]", ("عبد الله الدرويشي", "written")),
    ],
)
def test_the_source_of_other_names(resolve, text, found):
    assert resolve(text) == [found]


@pytest.mark.parametrize(
    ("persons", "full"),
    [
        (["سامر الدرويشي", "الدرويشي", "سامر"], {"الدرويشي": {"سامر الدرويشي"}, "سامر": {"سامر الدرويشي"}}),
        (["كيم جونغ أون", "كيم يونج بوك", "كيم"], {"كيم": {"كيم جونغ أون", "كيم يونج بوك"}}),
        (
            ["حسني مبارك", "محمد حسني مبارك", "مبارك"],
            {"حسني مبارك": {"محمد حسني مبارك"}, "مبارك": {"محمد حسني مبارك"}},
        ),
        (["عزام الدخيل", "عزام بن محمد الدخيل"], {"عزام الدخيل": {"عزام بن محمد الدخيل"}}),
        (["سامر الدرويشي", "الدرويشى"], {"الدرويشى": {"سامر الدرويشي"}}),
        (["جونغ", "كيم جونغ أون"], {}),
        ([], {}),
    ],
)
def test_short_mentions(persons, full):
    assert longer_names(persons) == full


@pytest.mark.parametrize(
    ("word", "other", "near"),
    [
        ("كرستيانو", "كريستيانو", True),
        ("ديميتري", "ديمتري", True),
        ("إيمانيول", "إيمانويل", True),
        ("جون", "جيك", False),
        ("جون", "جان", False),  # too short to be a slip
        ("توماس", "روبرت", False),
        ("ديمتري", "ديمتري", False),
    ],
)
def test_near_words(word, other, near):
    assert is_near(word, other) == near == is_near(other, word)


WORDS = ["سامر", "هاني", "بن", "محمد", "عبد", "الله", "الدرويشي", "ترامب", "أبو"]
NAMES = st.lists(
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map(" ".join).map("[{}|ش]".format),
    max_size=5,
)


@given(names=NAMES)
def test_each_mention_keeps_its_place_and_gets_a_source(names):
    text, found = entities(" و ".join(names))
    resolved = resolve_names(article(text), found, [])
    assert [entity._replace(name="", name_source="") for entity in resolved] == [
        entity._replace(name="", name_source="") for entity in found
    ]
    assert all(entity.name and entity.name_source in NAME_SOURCES for entity in resolved)
    assert resolve_names(article(text), found[::-1], [])[::-1] == resolved


def test_headers_leave_out_what_is_not_stated(make_article):
    assert headers(make_article(title=None, tags=["أ", "ب"])) == "أ\nب"


@pytest.mark.parametrize(
    ("full", "short"),
    [
        ("ميزانية [وزارة النقل الكويتية|ن]", "وقالت [وزارة النقل|ن] أمس"),
        ("قرر [الاتحاد الكويتي لكرة القدم|ن]", "وقال [الاتحاد الكويتي|ن] أمس"),
        ("قرض من [صندوق النقد الدولي|ن]", "وقال [صندوق النقد|ن] أمس"),  # listed, without its adjective
        ("فاز [مانشستر سيتي|ن]", "وسجل [سيتي|ن] هدفا"),
        ("قالت [منظمة غلوبال ويتنس|ن]", "وأضافت [غلوبال ويتنس|ن] أمس"),
        ("خسر [كليفلاند كافاليرز|ن]", "وسجل [كافاليرز|ن] 90 نقطة"),
        ("قبل [كأس العالم 2018 لكرة القدم|غ]", "ويشارك في [المونديال|غ] الروسي"),
    ],
)
def test_an_organisation_or_event_has_the_full_form_of_the_article(resolve, full, short):
    (name, _), other = resolve(f"{full} اليوم. {short}.")
    assert other == (name, "article")
    assert resolve(f"{short}.", title=full) == [(name, "article")]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("[وزارة النقل|ن] ثم [وزارة النقل الكويتية|ن] ثم [وزارة النقل المصرية|ن]", "وزارة النقل"),  # one of two
        ("[وزارة النقل|ن] غير [وزارة النقل الكويتية|ن]", "وزارة النقل"),  # before the full form
        ("[الاتحاد|ن] ليس في [الاتحاد العربي|ن]", "الاتحاد"),
        ("[الاتحاد الأوروبي|ن] غير [الاتحاد الأوروبي لكرة القدم|ن]", "الاتحاد الأوروبي"),  # two of the lists
        ("[وزارة النقل|ن] غاضبة من [وزارة النقل المواطنين|ن]", "وزارة النقل"),  # no words of a name
        ("[الأهلي|ن] المصري أمام [الأهلي السعودي|ن]", "الأهلي"),  # the next word says that it is another one
        ("[وزارة النقل|ن] في أفغانستان و[وزارة النقل الباكستانية|ن]", "وزارة النقل"),
        ("[هاكني|ن] و[شرطة هاكني|ن] أمس", "هاكني"),
        ("[المونديال|غ] بعد [مونديال 1998|غ]", "كأس العالم"),  # a cup of the past
        ("[كأس العالم|غ] ثم [كأس العالم للأندية|غ]", "كأس العالم"),
    ],
)
def test_a_short_form_stays_where_the_full_one_may_be_of_another(resolve, text, name):
    assert resolve(text)[0][0] == name
