"""The share of unlike articles of one template that Deduplicate would link: none should be.

    python -m benchmarks.accuracy.templates [--pairs 10000]

Six templates, written for this: weather, prices, prayer times, match reports, obituaries, appointments. Both articles
of a pair are of one template and of the same day, and differ in facts: all of them, or the one or two of the title.
"""

import argparse
import collections
import datetime as dt
import random
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from warraq.transforms.relation import relation
from warraq.transforms.sketch import normalized_words, sketch

DAY: Final = dt.date(2025, 5, 1)
CITIES: Final = [
    "الرياض",
    "جدة",
    "الدمام",
    "تبوك",
    "أبها",
    "حائل",
    "جازان",
    "نجران",
    "الباحة",
    "عرعر",
    "سكاكا",
    "ينبع",
    "الطائف",
    "بريدة",
    "عنيزة",
    "الخرج",
    "القطيف",
    "صبيا",
    "بيشة",
    "الدوادمي",
    "القنفذة",
    "رابغ",
    "ضباء",
    "تيماء",
    "شرورة",
    "طريف",
]
FIRST: Final = [
    "سالم",
    "فهد",
    "ناصر",
    "حمد",
    "راشد",
    "ماجد",
    "طلال",
    "بدر",
    "زياد",
    "عادل",
    "هاني",
    "وليد",
    "مازن",
    "رائد",
    "سامي",
    "غازي",
    "نبيل",
    "كريم",
    "أنور",
    "جابر",
]
LAST: Final = [
    "الشمري",
    "العنزي",
    "الحربي",
    "القحطاني",
    "المطيري",
    "الدوسري",
    "الغامدي",
    "الزهراني",
    "البلوي",
    "السبيعي",
    "العتيبي",
    "الرشيدي",
    "الخالدي",
    "الشهري",
    "الجهني",
    "الأحمدي",
    "الثقفي",
    "السلمي",
    "اليامي",
    "العسيري",
]
CLUBS: Final = [
    "الفيحاء",
    "الرائد",
    "ضمك",
    "الخليج",
    "الأخدود",
    "الرياض",
    "التعاون",
    "الوحدة",
    "الطائي",
    "الحزم",
    "أبها",
    "الفتح",
    "الشباب",
    "الاتفاق",
    "النجمة",
    "نيوم",
]
POSTS: Final = [
    "مديرا عاما لفرع الوزارة",
    "رئيسا لبلدية المحافظة",
    "عميدا لكلية العلوم",
    "وكيلا للشؤون المالية",
    "مستشارا في الديوان",
    "أمينا عاما للمجلس",
    "مديرا لمستشفى المدينة",
    "سفيرا لدى المملكة الأردنية",
    "قائدا لحرس الحدود",
    "رئيسا تنفيذيا للشركة",
]


class Story(NamedTuple):
    """An article of a template: title, text, and the facts in it."""

    title: str
    text: str
    facts: tuple[str, ...]


class Template(NamedTuple):
    """The words of a story, with a place for each fact, and the source of each fact."""

    title: str
    text: str
    facts: tuple[Callable[[random.Random], str], ...]

    def story(self, facts: tuple[str, ...]) -> Story:
        return Story(self.title.format(*facts), self.text.format(*facts), facts)


def number(low: int, high: int) -> Callable[[random.Random], str]:
    return lambda chance: str(chance.randint(low, high))


def one_of(words: list[str] | tuple[str, ...]) -> Callable[[random.Random], str]:
    return lambda chance: chance.choice(words)


def name(chance: random.Random) -> str:
    return f"{chance.choice(FIRST)} بن {chance.choice(FIRST)} {chance.choice(LAST)}"


def clock(low: int, high: int) -> Callable[[random.Random], str]:
    return lambda chance: f"{chance.randint(low, high)}:{chance.randint(0, 59):02}"


TEMPLATES: Final = {
    "weather": Template(
        "حالة الطقس المتوقعة اليوم في {0}",
        "توقع المركز الوطني للأرصاد في تقريره اليومي أن يكون الطقس اليوم في {0} غائما جزئيا مع فرصة لهطول "
        "أمطار رعدية تسبق "
        "برياح نشطة مثيرة للأتربة على الأجزاء المرتفعة، فيما تكون السماء صافية في ساعات الليل. وتبلغ درجة "
        "الحرارة العظمى "
        "{1} درجة مئوية والصغرى {2} درجة، وتصل نسبة الرطوبة إلى {3} بالمئة. وتكون الرياح السطحية شمالية غربية "
        "بسرعة {4} "
        "كيلومترا في الساعة. ودعا المركز السائقين إلى توخي الحذر على الطرق السريعة عند تدني مدى الرؤية "
        "الأفقية، ومتابعة ما "
        "يصدر عنه من تنبيهات عبر موقعه وحساباته.",
        (one_of(CITIES), number(24, 48), number(8, 23), number(10, 90), number(10, 60)),
    ),
    "prices": Template(
        "أسعار الذهب والعملات في أسواق {0} اليوم",
        "استقرت أسعار الذهب في أسواق {0} خلال تعاملات اليوم، حيث سجل سعر الغرام من عيار 24 نحو {1} ريالا "
        "للبيع و{2} ريالا "
        "للشراء، وبلغ سعر الغرام من عيار 21 وهو الأكثر مبيعا {3} ريالا، فيما وصل سعر عيار 18 إلى {4} ريالا. "
        "وسجل سعر صرف "
        "الدولار في محال الصرافة {5} للشراء. وقال متعاملون في السوق إن حركة البيع والشراء محدودة منذ بداية "
        "الأسبوع بسبب "
        "ترقب المتعاملين لقرارات البنوك المركزية، وإن الأسعار لا تشمل أجور الصياغة وضريبة القيمة المضافة.",
        (
            one_of(CITIES),
            number(300, 420),
            number(290, 410),
            number(250, 380),
            number(200, 300),
            number(350, 390),
        ),
    ),
    "prayer": Template(
        "مواقيت الصلاة اليوم في {0}",
        "نعرض لكم مواقيت الصلاة اليوم في {0} والمحافظات التابعة لها حسب التقويم المعتمد: يرفع أذان الفجر عند "
        "الساعة {1} "
        "وتشرق الشمس عند الساعة {2}، ويحين موعد صلاة الظهر عند الساعة {3} وصلاة العصر عند الساعة {4}، ويرفع "
        "أذان المغرب عند "
        "الساعة {5} وأذان العشاء بعد ذلك بساعة ونصف الساعة. ويستحب للمسلم أن يبادر إلى أداء الصلاة في أول "
        "وقتها، وأن يحرص على "
        "صلاة الجماعة في المسجد كلما استطاع إلى ذلك سبيلا.",
        (one_of(CITIES), clock(3, 5), clock(5, 6), clock(11, 12), clock(3, 4), clock(6, 7)),
    ),
    "match": Template(
        "{0} يتغلب على {1}",
        "حقق فريق {0} فوزا ثمينا على ضيفه فريق {1} بنتيجة {2} مقابل هدف في المباراة التي جمعتهما مساء اليوم "
        "ضمن الجولة {3} من "
        "دوري المحترفين لكرة القدم. وافتتح اللاعب {4} التسجيل لأصحاب الأرض في الدقيقة {5} بعد تمريرة عرضية "
        "داخل منطقة الجزاء، "
        "ثم أدرك الضيوف التعادل قبل نهاية الشوط الأول، قبل أن يحسم {6} النتيجة في الدقائق الأخيرة من عمر "
        "اللقاء. ورفع الفائز "
        "رصيده إلى {7} نقطة في جدول الترتيب، وتجمد رصيد الخاسر عند {8} نقطة. وأدار المباراة طاقم تحكيم محلي "
        "وسط حضور جماهيري "
        "كبير.",
        (
            one_of(CLUBS),
            one_of(CLUBS),
            number(2, 6),
            number(1, 34),
            name,
            number(1, 44),
            name,
            number(10, 70),
            number(5, 60),
        ),
    ),
    "obituary": Template(
        "{0} إلى رحمة الله",
        "انتقل إلى رحمة الله تعالى {0} بعد معاناة طويلة مع المرض، وسيصلى على الفقيد بعد صلاة العصر اليوم في "
        "جامع {1} الكبير، "
        "ويوارى جثمانه الثرى في مقبرة الحي. والفقيد والد كل من {2} و{3}. وتتقبل الأسرة العزاء للرجال والنساء "
        "في منزل الفقيد في "
        "حي {4} ولمدة ثلاثة أيام. والصحيفة التي آلمها النبأ تتقدم بخالص العزاء والمواساة إلى أسرة الفقيد "
        "وذويه، سائلة المولى عز "
        "وجل أن يتغمده بواسع رحمته وأن يسكنه فسيح جناته وأن يلهم أهله الصبر والسلوان، إنا لله وإنا إليه راجعون.",
        (name, one_of(CITIES), one_of(FIRST), one_of(FIRST), one_of(CITIES)),
    ),
    "appointment": Template(
        "تعيين {0} {1}",
        "أصدر الوزير اليوم قرارا يقضي بتعيين {0} {1} في {2} اعتبارا من بداية الشهر المقبل. وعبر المعين عن "
        "شكره وتقديره للقيادة "
        "على هذه الثقة الغالية، داعيا الله أن يوفقه في أداء مهام عمله الجديد وأن يكون عند حسن ظن المسؤولين "
        "به. ويحمل المعين "
        "شهادة عليا في الإدارة العامة، وشغل قبل ذلك عددا من المناصب القيادية، وشارك في كثير من اللجان "
        "والمؤتمرات داخل البلاد "
        "وخارجها. وقدم زملاؤه التهاني له متمنين له التوفيق والسداد في خدمة الدين ثم الوطن.",
        (name, one_of(POSTS), one_of(CITIES)),
    ),
}
KEY_FACTS: Final = {
    "weather": (0, 1),
    "prices": (0, 1),
    "prayer": (0, 1),
    "match": (0, 1),
    "obituary": (0,),
    "appointment": (0,),
}


def pairs(count: int) -> Iterator[tuple[str, Story, Story]]:
    """Pairs of one template: every other one differs in all facts, the rest in the one or two that make the story."""
    chance = random.Random(5)  # noqa: S311
    kinds = list(TEMPLATES)
    for place in range(count):
        kind = kinds[place % len(kinds)]
        template = TEMPLATES[kind]
        first = tuple(fact(chance) for fact in template.facts)
        changed = range(len(first)) if place // len(kinds) % 2 else KEY_FACTS[kind]
        second = list(first)
        for fact in changed:
            while second[fact] == first[fact]:
                second[fact] = template.facts[fact](chance)
        yield kind, template.story(first), template.story(tuple(second))


def measure(count: int) -> dict[str, tuple[int, int]]:
    """Pairs and linked pairs of each template."""
    found: dict[str, list[bool]] = collections.defaultdict(list)
    for kind, one, other in pairs(count):
        left, right = (
            sketch(story.title, normalized_words(story.text), f"https://{n}.example/")
            for n, story in enumerate((one, other))
        )
        found[kind].append(relation(left, right, 0) is not None)
    return {kind: (len(linked), sum(linked)) for kind, linked in found.items()}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=10_000)
    for template, (made, linked) in measure(parser.parse_args().pairs).items():
        print(f"{template:12}{made:>7} pairs{linked:>6} linked")
