"""Roles: the office, title or nationality that stands beside a person's name, as written and with its place.

"وزير الخارجية الأميركي" before "جون كيري" is a role, and so is "الإسباني" before "نادال". Words are read from the name
backwards, as far as they can belong to one phrase: titles, definite words, nationalities, places and organisations.
The phrase begins at its first title. After a name a role stands between commas or in brackets.
"""

import functools
import re
from collections.abc import Mapping, Sequence
from typing import Final

from warraq.schemas.records import Entity
from warraq.transforms.arabic import normalize_name, tokenize
from warraq.transforms.entities.lexicon import Word, describe, lexicon

_LONGEST: Final = 12  # words of a role
_LONGEST_LETTERS: Final = 120


def _keys(words: str) -> frozenset[str]:
    return frozenset(map(normalize_name, words.split()))


_OFFICES: Final = _keys(  # they stand before a complement: "وزير" + "الخارجية"
    "رئيس رئيسة نائب نائبة وزير وزيرة وكيل مساعد مساعدة مستشار مستشارة مدير مديرة أمين أمينة عضو عضوة محافظ حاكم عمدة"
    " قائد زعيم زعيمة متحدث متحدثة ناطق ناطقة سفير سفيرة مندوب مندوبة مبعوث مبعوثة منسق منسقة مفوض مفوضة مدع مدعي نقيب"
    " مفتي شيخ ملك ملكة أمير سلطان ولي ولية مؤسس مدرب مهاجم مدافع حارس لاعب لاعبة نجم نجمة كبير كبيرة أستاذ أستاذة خبير"
    " خبيرة باحث باحثة كاتب كاتبة محلل محللة مراسل مراسلة سكرتير سكرتيرة صاحب محامي محامية قاضي قاضية طبيب طبيبة مخرج"
    " مخرجة ممثل ممثلة مشرف عميد عميدة"
)
_DEFINITE_OFFICES: Final = frozenset(f"ال{office}" for office in _OFFICES)
_KIN: Final = _keys("زميله زوجته زوجها شقيقه شقيقته ابنه ابنته والده نجله الأخ الأخت الأعمال")
_LINKS: Final = _keys("باسم لشؤون شؤون عام عامة أول سابق سابقة عهد")
_NOT_IN_PHRASE: Final = _keys("الذي التي الذين اللذين الآن اليوم الماضي الماضية الجاري المقبل الله")
_IN_THE_NAME_OF: Final = "باسم"
_QUOTES: Final = frozenset('"«»“”')
_OPENING: Final = frozenset("،,(")
_CLOSING: Final = frozenset("،,).؛")


@functools.lru_cache(maxsize=1 << 16)
def _described(written: str) -> Word:
    return describe(lexicon(), written)


def with_roles(text: str, entities: Sequence[Entity]) -> list[Entity]:
    """The entities of a text, persons with the role that stands beside them."""
    at = {offset: entity for entity in entities for offset in range(entity.start, entity.end)}
    return [_with_role(text, entity, at) if entity.kind == "person" else entity for entity in entities]


def _with_role(text: str, entity: Entity, at: Mapping[int, Entity]) -> Entity:
    found = _before(text, entity, at) or _after(text, entity, at)
    if not found:
        return entity
    start, end = found
    return entity._replace(role=text[start:end], role_start=start, role_end=end)


def _before(text: str, entity: Entity, at: Mapping[int, Entity]) -> tuple[int, int] | None:
    """The offsets of the role before a name."""
    offset = max(entity.start - _LONGEST_LETTERS, 0)
    words = tokenize(text[offset : entity.start])[-_LONGEST:]
    begin, end = None, None
    for number in range(len(words) - 1, -1, -1):
        token, place = words[number], offset + words[number].start()
        if token.group() in _QUOTES:
            continue
        last = at.get(offset + token.end() - 1)  # of "للأمم المتحدة" the entity begins inside the word
        is_complement = bool(not last and number and _is_complement(words[number - 1], token))
        skip = 0 if last else _hidden_title(token)
        if skip and (token.group().startswith("لل") or not is_complement):
            begin, end = place + skip, end or offset + token.end()
            break
        if not (_belongs(token, last) or is_complement):
            break
        word = _described(token.group())
        if end is None and (word.key in _OFFICES or word.key == _IN_THE_NAME_OF):
            return None  # "محامي مارادونا" is another person
        end = end or offset + token.end()
        is_alone = begin is None and number == len(words) - 1 and not last
        if _is_title(word) or (is_alone and _is_nationality(word) and not _is_described(words[:number])):
            begin = place
        if word.key in _OFFICES and (number == 0 or not _is_office(words[number - 1])):
            break  # before "وزير الخارجية" another person's phrase may end: "التقى الرئيس وزير الخارجية"
    if begin is None or end is None or _is_middle_name(text[offset:begin], text[begin:end]):
        return None
    return begin, end


def _is_described(before: Sequence[re.Match[str]]) -> bool:
    """True if a nationality after these words belongs to their last one: "الشرطة" + "الإسرائيلية"."""
    word = before[-1].group() if before else ""
    return word.startswith(("ال", "بال")) and not _is_title(_described(word))


def _is_middle_name(before: str, role: str) -> bool:
    """True for "قائد" in "حافظ قائد السبسي"."""
    words = tokenize(before)
    return " " not in role and bool(words) and "given" in _described(words[-1].group()).roles


def _after(text: str, entity: Entity, at: Mapping[int, Entity]) -> tuple[int, int] | None:
    """The offsets of a role after a name, between commas or in brackets: "جون كيري، وزير الخارجية،"."""
    words = tokenize(text[entity.end : entity.end + _LONGEST_LETTERS])[: _LONGEST + 2]
    if len(words) < 3 or words[0].group() not in _OPENING or not _is_title(_described(words[1].group())):
        return None
    for number, token in enumerate(words[1:], start=1):
        if token.group() in _CLOSING:
            last_word = next(word for word in reversed(words[:number]) if word.group() not in _QUOTES)
            return entity.end + words[1].start(), entity.end + last_word.end()
        last = at.get(entity.end + token.end() - 1)
        is_complement = not last and _is_complement(words[number - 1], token)
        if not (_belongs(token, last) or is_complement or token.group() in _QUOTES):
            return None
    return None


def _belongs(token: re.Match[str], entity: Entity | None) -> bool:
    """True for a word that may be part of a role."""
    if entity:
        return entity.kind in {"place", "organisation"}
    word = _described(token.group())
    if not token.group()[0].isalpha() or word.key in _NOT_IN_PHRASE:
        return False
    definite = word.key.startswith(("ال", "لل", "وال")) and len(word.key) > 4
    if word.key.startswith("وال") and _is_title(_described(token.group()[1:])):
        return False  # "والرئيس" begins a phrase of its own
    in_names = not word.roles.isdisjoint({"organisation_heads", "title_tails"})
    return definite or _is_title(word) or _is_nationality(word) or word.key in _LINKS or in_names


def _hidden_title(token: re.Match[str]) -> int:
    """The letters of proclitics before a title: 1 in "والرئيس", 0 for other words."""
    for form in _described(token.group()).segmentations[1:]:
        if form.key in lexicon().sets["titles"] - _KIN or form.key in _OFFICES:
            return form.skip
    return 0


def _is_title(word: Word) -> bool:
    return word.key not in _KIN and (word.key in _OFFICES or word.key in _DEFINITE_OFFICES or "titles" in word.roles)


def _is_office(token: re.Match[str]) -> bool:
    return any(form.key in _OFFICES for form in _described(token.group()).segmentations)


def _is_complement(before: re.Match[str], token: re.Match[str]) -> bool:
    """True for any word after "وزير", as "خارجية", or after "مجلس", as "إدارة"."""
    if not token.group()[0].isalpha():
        return False
    return _is_office(before) or "organisation_heads" in _described(before.group()).roles


def _is_nationality(word: Word) -> bool:
    return word.key.startswith("ال") and "nationalities" in word.roles
