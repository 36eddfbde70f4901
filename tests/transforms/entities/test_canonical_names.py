import pytest
from hypothesis import given
from hypothesis import strategies as st

from warraq.transforms.arabic import normalize_name, tokenize
from warraq.transforms.entities.canonical_names import Mention, entity_normalizer
from warraq.transforms.entities.lexicon import usual_spellings
from warraq.transforms.entities.plausible import NameSpan


def words(text):
    return text.split()


PERSONS = words("""
والي وليد وائل وسام وسيم وجدي وفاء وداد ورد وحيد واصف وصفي وهبة وديع ويليام والتر ووكر واتسون وارن ويلسون وانغ بلال بشار
باسل بكر بدر باسم بهاء براء برهان بندر بسام بشرى بيتر بوتين بايدن بلير بوش بيل براك باراك بيريز برلسكوني بلاتر بنزيما
بيكهام فهد فيصل فؤاد فادي فاروق فاطمة فراس فايز فواز فريد فتحي فكري فرانسوا فلاديمير فرانك فرج فيدل فوزي لؤي لبيب لطيفة
لمى ليلى لميس لطفي لينا ليونيل لويس لولا لافروف كاظم كمال كريم كامل كارم كنعان كوفي كلينتون كيري كيم كاسترو كولن
كوندوليزا كارلوس كريستيانو كلوب كاكا باول بولتون فيليب فولكر كافاني كريستين كايلي بوكيتينو بيلوسي فيدان فانس بوريل
""")
PLACES = words("""
بيروت بغداد برلين باريس باكستان بلجيكا بريطانيا بنغلاديش بنغازي بولندا بكين بعلبك بعقوبة بيلاروسيا البحرين لبنان ليبيا لندن
لاهاي لاوس لوكسمبورغ لشبونة كوريا كندا كابول كربلاء كركوك كينيا كولومبيا كوبا كوسوفو كردستان كشمير كاليفورنيا كييف فلسطين
فرنسا فيينا فنلندا فنزويلا فيتنام فلوريدا فرانكفورت واشنطن واسط وهران ويلز وجدة كورسك فوكوشيما بلغاريا البصرة بورسعيد
بوركينا كازاخستان كمبوديا فالنسيا ليفربول لاغوس كراتشي ولينغتون
""")
ORGANISATIONS = words("""
وزارة وكالة بنك بلدية برلمان كلية كتلة كتائب لجنة لواء ليفربول فيفا فيسبوك فريق فتح فرقة فورد بوينغ كونغرس كنيسة ليكود
فولكسفاغن بايرن برشلونة لاتسيو فوكس بلومبرغ كرملين بعثة بورصة بيجو
""")
BEGIN_SO = [("person", name) for name in PERSONS] + [("place", name) for name in PLACES]
BEGIN_SO += [("organisation", name) for name in ORGANISATIONS]


def names(text, *spans):
    return [
        entity.name
        for entity in entity_normalizer().entities(text, tokenize(text), [NameSpan(*span, 0.9) for span in spans])
    ]


def test_there_are_enough_names():
    assert len(set(BEGIN_SO)) >= 190


@pytest.mark.parametrize(("kind", "name"), BEGIN_SO)
def test_a_name_that_begins_like_a_particle_is_not_cut(kind, name):
    assert entity_normalizer().first_segmentation(name, kind).skip == 0


@pytest.mark.parametrize("particle", ["و", "ب", "ف", "ول", "وب"])
@pytest.mark.parametrize("name", ["بيروت", "لبنان", "كوريا", "فلسطين", "باكستان", "واشنطن", "روسيا", "المغرب", "لندن"])
def test_particles_are_no_part_of_a_place(particle, name):
    written = particle + (name.replace("ال", "ل", 1) if particle.endswith("ل") and name.startswith("ال") else name)
    assert normalize_name(entity_normalizer().first_segmentation(written, "place").key) == normalize_name(name)


@pytest.mark.parametrize(
    ("kind", "spellings", "name"),
    [
        ("place", ["لروسيا", "وروسيا", "روسيا", "وبروسيا", "رُوسيا"], "روسيا"),
        ("place", ["للسعودية", "السعودية", "والسعودية", "السعوديه"], "السعودية"),
        ("place", ["أمريكا", "امريكا", "وأميركا"], "الولايات المتحدة"),
        ("organisation", ["الامم المتحدة", "الأمم المتحدة", "للأمم المتحدة", "والامم المتحده"], "الأمم المتحدة"),
        ("organisation", ["وزارة الصحه", "لوزارة الصحة", "ووزارة الصحة"], "وزارة الصحة"),
        ("person", ["كيم جونغ أون", "الزعيم كيم جونغ أون", "وكيم جونغ اون"], "كيم جونغ أون"),
        ("person", ["احمد عبدالفتاح الشرقاوي", "أحمد عبد الفتاح الشرقاوي"], "أحمد عبد الفتاح الشرقاوي"),
        ("person", ["أبي حامد المروزي", "ابو حامد المروزي", "لأبي حامد المروزي"], "أبو حامد المروزي"),
        ("person", ["مصطفي درويش", "ومصطفى درويش"], "مصطفى درويش"),
        ("person", ["سمير أبوهلال", "سمير ابوهلال", "سمير أبو هلال"], "سمير أبو هلال"),
        ("person", ["أبوعبدالله الزين", "أبو عبد الله الزين"], "أبو عبد الله الزين"),
        ("person", ["عبد الإله فهد", "عبدالاله فهد"], "عبد الإله فهد"),
        ("person", ["لويس فان غال"], "لويس فان غال"),
        ("person", ["آلان شيرر", "ألان شيرر"], "آلان شيرر"),
        ("person", ["واين روني"], "واين روني"),
        ("place", ["طريق الإمام مسلم", "طريق الامام مسلم"], "طريق الإمام مسلم"),
        ("place", ["ابو عريش", "أبي عريش"], "أبو عريش"),
        ("organisation", ["جامعة الملك عبدالعزيز", "جامعة الملك عبد العزيز"], "جامعة الملك عبد العزيز"),
        ("organisation", ["للجنة الطبية العليا", "اللجنة الطبية العليا"], "اللجنة الطبية العليا"),
        ("organisation", ["لجنة الحكام", "للجنة الحكام"], "لجنة الحكام"),
        ("misc", ["كأس العالم", "بطولة كأس العالم", "المونديال", "للمونديال", "مونديال كأس العالم"], "كأس العالم"),
        ("misc", ["كأس العالم 2018", "مونديال 2018", "بطولة كأس العالم 2018"], "كأس العالم 2018"),
        ("misc", ["مونديال البرازيل"], "مونديال البرازيل"),
        ("misc", ["بطولة دوري أبطال أوروبا", "دوري أبطال أوروبا"], "دوري أبطال أوروبا"),
        ("organisation", ["الحوثيين", "ميليشيات الحوثي", "ميليشيا الحوثي الانقلابية", "لجماعة الحوثي"], "جماعة الحوثي"),
        ("organisation", ["داعش", "تنظيم داعش الإرهابي", "عصابات داعش"], "تنظيم داعش"),
        ("organisation", ["ميليشيات حزب الله", "حزب الله الإرهابي"], "حزب الله"),
    ],
)
def test_spellings_share_a_name(kind, spellings, name):
    assert {names(text, (0, len(text.split()), kind))[0] for text in spellings} == {name}


def test_and_before_an_unknown_name_is_told_by_what_stands_before_it():
    assert names("قال عدنان رحمون وشلزال كدو", (1, 3, "person"), (3, 5, "person")) == ["عدنان رحمون", "شلزال كدو"]
    assert names("عاد عدنان، وشلزال كدو معه", (3, 5, "person")) == ["شلزال كدو"]
    assert names("قال وشلزال كدو", (1, 3, "person")) == ["وشلزال كدو"]
    assert names("شركة «وشلزال» للوساطة", (2, 3, "organisation")) == ["وشلزال"]


@pytest.mark.parametrize("written", ["بي.إن سبورت", "بي.ان سبورت", "بي . إن سبورت"])
def test_letters_and_signs_stand_as_in_print(written):
    assert names(f"قناة {written} أمس", (1, 5, "organisation")) == ["بي.إن سبورت"]


def test_a_name_is_not_levelled_to_an_ordinary_word():
    assert names("صانعة فيات الجديدة", (1, 2, "organisation")) == ["فيات"]  # "فئات" (groups) is the more usual word


def test_a_city_that_begins_like_a_particle_is_told_by_the_text():
    assert names("سافر إلى وجدة", (2, 3, "place")) == ["وجدة"]
    assert names("بين الرياض وجدة ثم عاد إلى جدة", (2, 3, "place"), (6, 7, "place")) == ["جدة", "جدة"]


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("فريال", "فريال"),  # the rest is a currency
        ("بيومي", "بيومي"),
        ("كونور", "كونور"),
        ("فلورانس", "فلورانس"),
        ("وكونور", "كونور"),
        ("بهاني", "هاني"),
        ("لزيدان", "زيدان"),
        ("كرونالدو", "رونالدو"),
    ],
)
def test_the_first_letter_of_a_person_is_a_particle_only_before_a_name(written, name):
    assert names(f"مع {written} أمس", (1, 2, "person")) == [name]


@pytest.mark.parametrize(
    ("text", "spans", "found"),
    [
        ("التقى أبي حامد المروزي", [(1, 4)], ["أبي حامد المروزي"]),  # no case: a verb precedes it
        ("قال أبي حامد المروزي ثم شكر أبي حامد المروزي", [(1, 4), (6, 9)], ["أبي حامد المروزي"] * 2),
        ("قال أبو حامد المروزي ثم شكر أبي حامد المروزي", [(1, 4), (6, 9)], ["أبو حامد المروزي"] * 2),
        ("مع أبي أحمد علي", [(1, 4)], ["أبي أحمد علي"]),  # the lists have "أبي أحمد"
        ("مع هاني بن أبي حامد", [(1, 5)], ["هاني بن أبي حامد"]),
        ("مع آبي زغبور", [(1, 3)], ["آبي زغبور"]),
        ("مع أبولون زغبور", [(1, 3)], ["أبولون زغبور"]),
    ],
)
def test_a_father_in_the_name_has_one_case(text, spans, found):
    assert names(text, *[(*span, "person") for span in spans]) == found


def test_an_entity_leaves_the_particle_out():
    text = "سافر لروسيا"
    [entity] = entity_normalizer().entities(text, tokenize(text), [NameSpan(1, 2, "place", 0.9)])
    assert (entity.text, entity.start, entity.end) == ("روسيا", 6, 11)


def test_an_unknown_word_with_a_particle_is_known_from_elsewhere_in_the_text():
    text = "زار زغبورة ثم وزغبورة"
    assert names(text, (1, 2, "place"), (3, 4, "place")) == ["زغبورة", "زغبورة"]


def test_a_lone_title_stays():
    assert (
        entity_normalizer().name(
            Mention(["الرئيس"], "person", entity_normalizer().first_segmentation("الرئيس", "person"))
        )
        == "الرئيس"
    )


def test_spellings_are_distinct_words():
    words = usual_spellings()
    assert len({normalize_name(word) for word in words}) > 50_000
    assert all(word and not word.isspace() for word in words)


@given(
    st.text(alphabet="ابولكفميرن َـأإىة", min_size=1, max_size=12), st.sampled_from(["person", "place", "organisation"])
)
def test_any_word_keeps_letters(word, kind):
    tokens = tokenize(word)
    for entity in entity_normalizer().entities(
        word, tokens, [NameSpan(at, at + 1, kind, 0.5) for at in range(len(tokens))]
    ):
        assert entity.text == word[entity.start : entity.end] != ""
        assert entity.name
