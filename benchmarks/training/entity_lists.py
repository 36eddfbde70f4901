"""Builds the generated lists of the gazetteer tagger: transforms/models/entities.cldr.txt and entities.learned.txt.gz.

The first holds the Arabic names of territories and cities from Unicode CLDR (through babel). The second is counted from
unlabelled news (the ANT corpus): `learned_names` are words that occur mostly beside names, `weak_given` are given names
that mostly do not, `ordinary` are all other words that everyday prose uses, `frequent` the most usual of them. No
labelled corpus is read. The same inputs give the same lists. Called by train_entities.py.
"""

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from babel import Locale

from benchmarks.data import MODELS
from warraq.transforms.arabic import normalize_name, tokenize
from warraq.transforms.entities.lexicon import parse_names, parse_sets

ROUNDS = 2  # learned names help to learn others
LEAST_ORDINARY = 4  # occurrences in about ten million words
LEAST_FREQUENT = 150
LEAST_BESIDE = 3  # occurrences beside a name
LEAST_SHARE = 0.3  # of a word's occurrences that are beside a name
LEAST_SHARE_RIGID = 0.08  # the same for words without inflected forms
INFLECTED = ("ال{}", "{}ه", "{}ها", "{}ات", "{}ت", "{}وا", "{}هم", "ي{}", "ت{}", "{}ين", "{}ي", "ب{}ه", "{}ا")
LEAST_SHARE_VERBAL = 0.6  # the same for words that begin like verbs: those often follow a name
LEAST_SHARE_GIVEN = 0.25
PROCLITICS = "وفبلك"
VERBAL = ("ي", "ت", "ن")
# Sets whose words can't be learned as names.
BARRED = ("not_names", "titles", "title_tails", "speech_verbs", "nationalities", "organisation_heads", "second_parts")
BARRED += ("definite_heads", "family_links")
NOT_TERRITORIES = {"001", "EU", "EZ", "QO", "UN", "ZZ"}  # the world, unions, unknown
NOT_PLACES = {"العالم", "مدينة غير معروفة", "منطقة غير معروفة", "سنتر", "ترك", "نوم", "نيو", "بالمير", "ترول", "ديلي"}


def cldr_places() -> list[str]:
    """Arabic names of territories and of the cities of time zones, sorted; none with signs in it."""
    locale = Locale("ar")
    names = {name for code, name in locale.territories.items() if code not in NOT_TERRITORIES}
    names |= {zone["city"] for zone in locale.time_zones.values() if "city" in zone}
    return sorted(name for name in names - NOT_PLACES if all(letter.isalpha() or letter == " " for letter in name))


def articles(path: Path) -> Iterator[list[str]]:
    """The keys of the tokens of each text."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield [normalize_name(token.group()) for token in tokenize(json.loads(line)["text"])]


def known_keys() -> tuple[set[str], dict[str, frozenset[str]]]:
    """Single words of the hand-written lists, and the sets of words."""
    listed: set[str] = set()
    for name in ("places", "cldr", "persons", "organisations"):
        for _, spelling, unsure in parse_names((MODELS / f"entities.{name}.txt").read_text("utf-8")):
            keys = [normalize_name(token.group()) for token in tokenize(spelling)]
            if len(keys) == 1 and not unsure:
                listed.update(keys)
    return listed, parse_sets((MODELS / "entities.words.txt").read_text("utf-8"))


def strong_given_names() -> set[str]:
    lines = (MODELS / "entities.names.txt").read_text("utf-8").splitlines()
    words = [word for line in lines if not line.startswith("#") for word in line.split()]
    return {normalize_name(word) for word in words if not word.startswith("?")}


def count(path: Path) -> tuple[Counter[str], Counter[tuple[str, str]]]:
    """The number of occurrences of each key, and of each pair of neighbours."""
    total: Counter[str] = Counter()
    pairs: Counter[tuple[str, str]] = Counter()
    for keys in articles(path):
        total.update(keys)
        pairs.update(pairwise(keys))
    return total, pairs


def learn_names(total: Counter[str], pairs: Counter[tuple[str, str]], given: set[str], barred: set[str]) -> set[str]:
    """Words that are names by their neighbours: family names follow first names, first names precede family names."""
    first, family = set(given), set[str]()
    for _ in range(ROUNDS):
        after: Counter[str] = Counter()
        for (left, right), times in pairs.items():
            if left in first:
                after[right] += times
        family |= {key for key, times in after.items() if _is_name(key, times, total) and key not in barred}
        before: Counter[str] = Counter()
        for (left, right), times in pairs.items():
            if right in family:
                before[left] += times
        first |= {key for key, times in before.items() if _is_name(key, times, total) and key not in barred}
    return {name for name in (first | family) - given if not _with_proclitic(name, total)}


def _is_name(key: str, beside: int, total: Counter[str]) -> bool:
    """True for a word that is often beside names; a word that also has inflected forms must be so more often."""
    inflected = sum(total[form.format(key)] for form in INFLECTED)
    share = LEAST_SHARE if inflected * 50 > total[key] else LEAST_SHARE_RIGID
    least = LEAST_SHARE_VERBAL if key[:1] in VERBAL else share
    return key.isalpha() and len(key) > 2 and beside >= LEAST_BESIDE and beside >= least * total[key]


def _with_proclitic(name: str, total: Counter[str]) -> bool:
    """True for a word with a proclitic, which is no name of its own: "وسليم"."""
    return name[0] in PROCLITICS and total[name[1:]] > total[name]


def weak_given_names(
    total: Counter[str], pairs: Counter[tuple[str, str]], given: set[str], names: set[str]
) -> set[str]:
    """Given names that are mostly other words in the news: few occurrences have a name beside them."""
    beside: Counter[str] = Counter()
    for (left, right), times in pairs.items():
        if left in given and (right in names or right in given):
            beside[left] += times
        if right in given and (left in names or left in given):
            beside[right] += times
    return {name for name in given if total[name] >= LEAST_ORDINARY and beside[name] < LEAST_SHARE_GIVEN * total[name]}


def write_lists(news: Path) -> None:
    """Writes both files; `news` has one JSON article a line."""
    header = (
        "# Arabic names of territories and cities: Unicode CLDR, Unicode-3.0. Made by "
        "benchmarks/training/train_entities.py.\n"
    )
    (MODELS / "entities.cldr.txt").write_text(header + "، ".join(cldr_places()) + "\n", encoding="utf-8")
    total, pairs = count(news)
    listed, sets = known_keys()
    given = strong_given_names()
    names = learn_names(total, pairs, given, listed.union(*(sets[name] for name in BARRED)))
    weak = weak_given_names(total, pairs, given, names)
    used = {key for key, times in total.items() if times >= LEAST_ORDINARY and key.isalpha() and not key.isascii()}
    frequent = {key for key in used if total[key] >= LEAST_FREQUENT}
    learned = {
        "learned_names": names,
        "weak_given": weak,
        "ordinary": used - names - listed - given,
        "frequent": frequent - names,
    }
    content = "".join(f"[{name}]\n{' '.join(sorted(keys))}\n" for name, keys in learned.items())
    (MODELS / "entities.learned.txt.gz").write_bytes(gzip.compress(content.encode(), mtime=0))
    print({name: len(keys) for name, keys in learned.items()})
