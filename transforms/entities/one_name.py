"""One name for an organisation or an event: the article's own full form, also where it calls it by a shorter one.

"صندوق النقد" is "صندوق النقد الدولي" in an article that has both, and "سيتي" the club that it names in full. A short
name with two full forms in the article stays as written, and so does one that the lists have: "الاتحاد الأوروبي" is no
"الاتحاد الأوروبي لكرة القدم". Of the words that a full form adds, only those count that such names have: nationalities
and adjectives of bodies, the sport, the kind of body, and the first part of a foreign name.
"""

import functools
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from warraq.transforms.arabic import normalize_name, tokenize
from warraq.transforms.entities.lexicon import NEVER_NAMES, Word, describe, lexicon, parse_keys

ORGANISATION: Final = "organisation"
OTHER: Final = "misc"

# Words before a name that say what it is, and are left out at will: "شركة", not "شرطة" (of a town).
_ANNOUNCING: Final = parse_keys(
    "منظمة شركة مجموعة مؤسسة وكالة حركة جماعة تنظيم حزب جبهة تيار ائتلاف تحالف صحيفة جريدة مجلة قناة إذاعة شبكة موقع"
    " بنك مصرف نادي فريق ميليشيا ميليشيات مليشيا مليشيات كتائب سرايا وزارة"
)
# Armed groups have one of these words, as the writer thinks of them, and often an epithet.
_ARMED: Final = parse_keys("جماعة حركة تنظيم ميليشيا ميليشيات مليشيا مليشيات ميلشيا ميلشيات عصابة عصابات")
_EPITHETS: Final = parse_keys(
    "الإرهابي الإرهابية الانقلابي الانقلابية المتطرف المتطرفة المتشدد المتشددة المتمردة المتمرد المحظور المحظورة"
    " المسلح المسلحة الإجرامية الإجرامي المدعومة الموالية"
)
_SPORTS: Final = parse_keys("القدم السلة اليد الطائرة الماء")
_JOINED: Final = ("ال", "لل", "وال")
_IN: Final = normalize_name("في")
_OF_BALL: Final = normalize_name("لكرة")

_WORLD_CUP: Final = (normalize_name("كأس"), normalize_name("العالم"))
_MONDIAL: Final = parse_keys("مونديال المونديال")
_CONTEST: Final = parse_keys("بطولة مسابقة نهائيات منافسات")
_CUPS: Final = parse_keys("كأس دوري مونديال المونديال")
_FOR_OTHERS: Final = parse_keys("للأندية للشباب للناشئين للناشئات للسيدات تحت")
_OF_THE_YEAR: Final = parse_keys("عام العام لعام للعام سنة لسنة")
_SIGN: Final = re.compile(r"[^\w\s.&'-]")
_YEAR: Final = re.compile(r"(?:19|20)\d\d")


def listed_variant(keys: Sequence[str]) -> str | None:
    """The organisation of the lists that these words name with another word for an armed group, or with an epithet.

    "ميليشيات الحوثي الانقلابية" is "جماعة الحوثي".
    """
    words = list(keys)
    while len(words) > 1 and words[-1] in _EPITHETS:
        words.pop()
    names = [_listed(words)] if len(words) < len(keys) else []
    if len(words) > 1 and words[0] in _ARMED:
        names += [_listed(words[1:]), *(_listed([head, *words[1:]]) for head in sorted(_ARMED))]
    return next((name for name in names if name), None)


def contest_words(keys: Sequence[str]) -> int:
    """The number of words before a contest's name that only say that it is one: "بطولة" in "بطولة كأس العالم"."""
    is_contest = len(keys) > 1 and keys[0] in _CONTEST and keys[1] in _CUPS
    is_double = len(keys) > 2 and keys[0] in _MONDIAL and tuple(keys[1:3]) == _WORLD_CUP
    return int(is_contest or is_double)


def is_world_cup(keys: Sequence[str]) -> bool:
    """True for "المونديال" and "مونديال 2018"."""
    return keys[0] in _MONDIAL and all(_YEAR.fullmatch(key) for key in keys[1:])


def full_forms(kind: str, names: Iterable[str], year: int) -> Mapping[str, str]:
    """The full form in the article by short name, for the names of one kind. `year` is that of the article."""
    plain = (name for name in dict.fromkeys(names) if not _SIGN.search(name))
    keys = {name: tuple(map(normalize_name, name.split())) for name in plain}
    of_part: dict[tuple[str, ...], dict[str, None]] = {}  # names by their beginnings and ends
    for name, words in keys.items():
        for length in range(1, len(words)):
            for part in (words[:length], words[-length:]):
                of_part.setdefault(part, {})[name] = None
    found: dict[str, str] = {}
    for short, words in keys.items():
        if words not in of_part or (kind == ORGANISATION and _listed(words)):
            continue
        longer = {name: keys[name] for name in of_part[words] if _extends(kind, words, keys[name], year)}
        fullest = [name for name in longer if not any(_adds_to(longer[name], other) for other in longer.values())]
        if len(fullest) == 1:
            found[short] = fullest[0]
    return found


def goes_on_otherwise(kind: str, after: str, full: str) -> bool:
    """True if the words after a short name say that it is another one: "الأهلي" before "المصري".

    They are a nationality, or a place after "في", that the full form lacks; after an event what it is for.
    """
    keys = [normalize_name(token.group()) for token in tokenize(after)[:2]]
    if not keys or keys[0] in map(normalize_name, full.split()):
        return False
    if kind == OTHER:
        return keys[0] in _FOR_OTHERS
    return _is_nationality(keys[0]) or (keys[0] == _IN and _is_place(keys[1:]))


def adds_a_state(short: str, full: str) -> bool:
    """True for "وزارة الصحة" and "وزارة الصحة الأفغانية": before the full form it may be that of another state."""
    added = full.removeprefix(short).split()
    return full.startswith(short) and any(_is_nationality(normalize_name(word)) for word in added)


def _extends(kind: str, short: tuple[str, ...], full: tuple[str, ...], year: int) -> bool:
    """True if the full name is the short one with more words, all of them such as full names add."""
    if kind == OTHER:
        return _extends_event(short, full, year)
    added = len(full) - len(short)
    if kind != ORGANISATION or added < 1:
        return False
    is_known = bool(_listed(full))
    if full[:-added] == short:
        after = full[len(short) :]
        return _is_sport(after) or (_is_told(short) and (is_known or all(map(_is_adjective, after))))
    if full[added:] == short:
        return is_known or (added == 1 and full[0] in _ANNOUNCING) or _is_first_part(full[:added], short)
    return False


def _extends_event(short: tuple[str, ...], full: tuple[str, ...], year: int) -> bool:
    """True if the full name only adds the sport, or the year; a cup of the past is told with its year."""
    if full[: len(short)] != short or not _is_event(short):
        return False
    rest = [key for key in full[len(short) :] if key not in _OF_THE_YEAR]
    years = [int(key) for key in rest if _YEAR.fullmatch(key)]
    others = tuple(key for key in rest if not _YEAR.fullmatch(key))
    return bool(years or others) and all(told >= year for told in years) and (not others or _is_sport(others))


def _is_event(keys: tuple[str, ...]) -> bool:
    return keys[0] in _CONTEST | _CUPS and len(keys) > 1


def _is_sport(keys: tuple[str, ...]) -> bool:
    return len(keys) == 2 and keys[0] == _OF_BALL and keys[1] in _SPORTS


def _adds_to(short: tuple[str, ...], full: tuple[str, ...]) -> bool:
    """True if the other name has all words of this one and more."""
    rest = iter(full)
    return len(full) > len(short) and all(word in rest for word in short)


def _is_adjective(key: str) -> bool:
    return key in lexicon().sets["body_adjectives"] or _is_nationality(key)


def _is_nationality(key: str) -> bool:
    return key.startswith("ال") and key in lexicon().sets["nationalities"]


def _is_told(keys: tuple[str, ...]) -> bool:
    """True if the words say more than a kind of body: not "المجلس"."""
    return len(keys) > 1 or not _described(keys[0]).triggers & {"organisation_heads", "definite_heads"}


def _is_first_part(added: tuple[str, ...], short: tuple[str, ...]) -> bool:
    """True for words without article or office before what is no place: "كليفلاند" before "كافاليرز"."""
    return not _is_place(short) and not any(key.startswith(_JOINED) or _opens(key) for key in added)


def _opens(key: str) -> bool:
    word = _described(key)
    return not word.triggers.isdisjoint(NEVER_NAMES) or "given" in word.roles


def _is_place(keys: Sequence[str]) -> bool:
    return any(entry.kind == "place" for entry in lexicon().entries.get(" ".join(keys), ()))


@functools.lru_cache(maxsize=1 << 14)
def _described(key: str) -> Word:
    return describe(lexicon(), key)


def _listed(keys: Sequence[str]) -> str | None:
    """The name in the lists of the organisation that these words name for sure."""
    entries = lexicon().entries.get(" ".join(keys), ())
    return next((entry.name for entry in entries if entry.kind == ORGANISATION and not entry.unsure), None)
