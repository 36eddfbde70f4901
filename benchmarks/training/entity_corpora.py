"""Labelled corpora in one form, for training and scoring: rows of (token, label), and texts of such rows.

Labels are "B-person", "I-person" … or "O". The corpora have no articles, so whole sentences are joined to texts of
about 400 tokens, the length of one.
"""

import csv
import gzip
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from benchmarks.data import DATA

KINDS = {
    "PER": "person",
    "PERS": "person",
    "LOC": "place",
    "ORG": "organisation",
    "MISC": "misc",
    "MIS": "misc",
    "GPE": "place",  # Wojood
    "FAC": "place",
}
TEXT_TOKENS = 400

# Classes of WikiFANE that are persons, places and organisations; "Group" (peoples) is nothing, the rest is misc.
_FANE = {
    "person": "Politician Artist Scientist Athlete Businessperson Engineer Lawyer Police",
    "place": "Population-Center Nation Water-Body State-or-Province Building-Grounds Celestial Continent Path Airport "
    "Land-Region-Natural GPE-Cluster County-or-District Subarea-Facility Plant Land",
    "organisation": "Non-Governmental Commercial Government Educational Sports Media Medical-Science Entertainment",
}
_FANE_KIND = {name: kind for kind, names in _FANE.items() for name in names.split()} | {
    "Religious_PER": "person",
    "Other_PER": "person",
    "Religious_ORG": "organisation",
}
_PROCLITICS = ("و", "ف", "ب", "ل", "ك", "س")
_PRONOUNS = ("ها", "ه", "هم", "هما", "هن", "ي", "نا", "ك")

Row = tuple[str, str]  # token; label
Text = list[Row]


class Span(NamedTuple):
    """Tokens `first` up to `end`, exclusive."""

    first: int
    end: int
    kind: str


def label(tag: str) -> str:
    position, _, kind = tag.replace("_", "-").partition("-")
    return f"{position}-{KINDS[kind]}" if kind in KINDS else "O"


def conll(path: str) -> list[Row]:
    """Rows of "token label" lines; a few broken lines of ANERcorp are left out."""
    parts = [line.strip().rpartition(" ") for line in (DATA / path).read_text("utf-8").split("\n")]
    return [(token, label(tag)) for token, space, tag in parts if space]


def anercorp(start: int, end: int) -> list[Row]:
    """The sixths from `start` to `end`."""
    rows = conll("ner/anercorp/ANERCorp.first125114tokens.txt")
    return rows[len(rows) * start // 6 : len(rows) * end // 6]


def caraner() -> list[Row]:
    with (DATA / "ner/caraner/CAraNER.dev.csv").open(encoding="utf-8-sig", newline="") as lines:
        return [(row["Word"], label(row["Revised_Label"] or row["Agreed_Label"])) for row in csv.DictReader(lines)]


def wojood() -> list[Row]:
    """The outermost persons, places and organisations of the sample; the other kinds of Wojood are left out."""
    rows = []
    for line in (DATA / "ner/wojood_sample/train.txt").read_text("utf-8").split("\n"):
        word, _, tags = line.partition(" ")
        if word and word != "$#$":
            rows.append((word, next((label(tag) for tag in tags.split() if label(tag) != "O"), "O")))
    return rows


def wikifane() -> list[Row]:
    """WikiFANE with its proclitics and pronouns joined to their words again."""
    with gzip.open(DATA / "ner/fane/WikiFANE_Gold_2014_500K.txt.gz", "rt", encoding="utf-8-sig") as lines:
        parts = [line.strip("\r\n").replace("\u200e", "").partition("\t") for line in lines]
    return rejoined([(token.strip(), _fane_label(tag)) for token, _, tag in parts if token.strip()])


def _fane_label(tag: str) -> str:
    position, _, kind = tag.partition("-")
    if position not in {"B", "I"} or kind in {"", "Group"}:
        return "O"
    return f"{position}-{_FANE_KIND.get(kind, 'misc')}"


def rejoined(rows: Iterable[Row]) -> list[Row]:
    """The rows with parts of words joined: "و" "باريس" → "وباريس"."""
    joined: list[Row] = []
    before = ""
    for token, tag in rows:
        if token in _PROCLITICS and tag == "O" and len(before) < 2:
            before += token
        elif token in _PRONOUNS and tag == "O" and not before and joined and _takes_pronoun(joined[-1]):
            joined[-1] = (joined[-1][0] + token, "O")
        else:
            if before and not token[0].isalpha():
                joined.append((before, "O"))
                before = ""
            joined.append((_attach(before, token), tag))
            before = ""
    return joined


def _takes_pronoun(row: Row) -> bool:
    return row[1] == "O" and len(row[0]) > 2 and row[0].isalpha()


def _attach(proclitics: str, token: str) -> str:
    """The word with its proclitics; the article loses its alif after "ل"."""
    if proclitics.endswith("ل") and token.startswith("ال"):
        token = token[2:] if token.startswith("الل") else token[1:]
        return proclitics + token
    return proclitics + token


def texts(rows: Iterable[Row]) -> Iterator[Text]:
    """Whole sentences, joined until there are TEXT_TOKENS tokens."""
    text: Text = []
    for row in rows:
        text.append(row)
        if len(text) >= TEXT_TOKENS and row[0] in {".", "؟", "!"}:
            yield text
            text = []
    if text:
        yield text


def gold_spans(text: Text) -> set[Span]:
    """The labelled spans; an "I-" without its "B-" is none."""
    spans = set()
    for first, (_, tag) in enumerate(text):
        if tag.startswith("B-"):
            end = first + 1
            while end < len(text) and text[end][1] == f"I-{tag[2:]}":
                end += 1
            spans.add(Span(first, end, tag[2:]))
    return spans


CORPORA: dict[str, Callable[[], list[Row]]] = {
    "anercorp": lambda: anercorp(5, 6),
    "anercorp-train": lambda: anercorp(0, 5),
    "cleananercorp": lambda: conll("ner/cleananercorp/cleananercorp_TRAIN.txt"),
    "caraner": caraner,
    "wojood": wojood,
}
