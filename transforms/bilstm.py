"""The default tagger: a small recurrent network, trained on labelled news, that reads each sentence both ways.

It sees each word's place in a vocabulary, its letters, what the lists say of it (word_features.py), and what the
rules of gazetteer.py make of the place where it stands. `benchmarks/train_entities.py` trains it.
"""

import io
import re
import threading
from collections.abc import Iterator, Sequence
from importlib import resources
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from schemas.records import Entity
from transforms.gazetteer import Span, rule_spans
from transforms.lexicon import Word, describe, fold, lexicon, tokenise
from transforms.names import Found, namer, usual_spellings
from transforms.network import Floats, Network, Words, tanh
from transforms.word_features import WordFeatures, features, key_of

KINDS: Final = ("person", "place", "organisation", "misc")
LABELS: Final = ("O", *(f"{position}-{kind}" for kind in KINDS for position in "BI"))
# What the rules say of a token, 0 for nothing: kind, first word of a name, found in a list.
HINTS: Final = {
    hint: number
    for number, hint in enumerate(
        ((kind, first, sure) for kind in KINDS[:3] for first in (True, False) for sure in (False, True)), start=1
    )
}
LONGEST_SENTENCE: Final = 120  # tokens; longer ones are read in parts
_SURE: Final = 0.7  # score of rules from which a hint is a sure one
_LISTED: Final = 0.9  # score of rules for a name in the lists
_LEAST_SURE: Final = 0.65  # score of a single word; see the card for what it was chosen on
_ENDS: Final = frozenset(".؟!")
_REMEMBERED: Final = 1 << 15  # words; 20 MB
_MODEL: Final = "entities.bilstm.npz"


class Reading(NamedTuple):
    """One text as the network sees it."""

    tokens: list[re.Match[str]]
    sentences: list[tuple[int, int]]  # token numbers: first, end
    hints: npt.NDArray[np.int64]  # one for each token
    rules: list[Span]  # what the rules find


class Vocabulary:
    """Numbers and features of words."""

    def __init__(self, spellings: Sequence[str]) -> None:
        self._lexicon = lexicon()
        self.numbers = {key_of(spelling): number for number, spelling in enumerate(spellings, start=1)}
        self._described: dict[str, Word] = {}

    def described(self, written: str) -> Word:
        """What the lists say of a word, remembered. Spellings that differ in no position are described once."""
        word = self._described.get(written)
        if word is None:
            if len(self._described) >= _REMEMBERED:
                self._described.clear()
            key = fold(written)
            like = key if len(key) == len(written) else written
            word = self._described.get(like) or describe(self._lexicon, like)
            self._described[like] = self._described[written] = word
        return word

    def features(self, key: str) -> WordFeatures:
        """The numbers of the word with that key."""
        return features(key, self.described(key), self.numbers, self._lexicon)

    def read(self, text: str) -> Reading:
        """Tokens, sentences and hints of a text."""
        tokens = tokenise(text)
        hints = np.zeros(len(tokens), np.int64)
        rules = rule_spans(self._lexicon, tokens, [self.described(token.group()) for token in tokens])
        for span in rules:
            for position in range(span.first, span.end):
                hints[position] = hint(span, position)
        return Reading(tokens, list(sentences(text, tokens)), hints, rules)


def hint(span: Span, position: int) -> int:
    """The number by which the network knows what the rules found at a token."""
    return HINTS[span.kind, position == span.first, span.score >= _SURE]


def sentences(text: str, tokens: Sequence[re.Match[str]]) -> Iterator[tuple[int, int]]:
    """Token numbers (first, end) of each sentence, without line ends; none longer than LONGEST_SENTENCE."""
    first = 0
    for number, token in enumerate(tokens):
        word = token.group()
        if word == "\n":
            if number > first:
                yield first, number
            first = number + 1
        elif number + 1 - first >= LONGEST_SENTENCE or (
            word in _ENDS and text[token.end() : token.end() + 1].isspace()
        ):
            yield first, number + 1
            first = number + 1
    if first < len(tokens):
        yield first, len(tokens)


def found_names(labels: Sequence[int], margins: Floats) -> list[Found]:
    """Names of labelled tokens; the score is that of the least sure token, between 0 and 1."""
    kinds = [LABELS[label].partition("-") for label in labels]
    starts = [number for number, (position, _, _) in enumerate(kinds) if position == "B"]
    found = []
    for first in starts:
        end = first + 1
        while end < len(kinds) and kinds[end][0] == "I" and kinds[end][2] == kinds[first][2]:
            end += 1
        found.append(Found(first, end, kinds[first][2], _score(margins[first:end].min())))
    return found


def _score(margin: np.float32) -> float:
    """The logistic of a margin, rounded: 0.5 where two labels are equally likely."""
    half = np.array([margin], np.float32) * np.float32(0.5)
    return round(float(tanh(half)[0]) / 2 + 0.5, 3)


def settled(found: Sequence[Found], rules: Sequence[Span]) -> list[Found]:
    """The network's names without unsure single words, listed persons whole, and organisations that only rules find.

    ANERcorp leaves many ministries and offices unlabelled, and the network has learned that: on other corpora and on
    real pages the rules find what it misses.
    """
    persons = [span for span in rules if span.kind == "person" and span.score >= _LISTED]
    listed = {position: span for span in persons for position in range(span.first, span.end)}
    sure = [name for name in found if name.end - name.first > 1 or name.score >= _LEAST_SURE]
    kept: list[Found] = []
    for name in (_whole(name, listed.get(name.first)) for name in sure):
        if not kept or name.first >= kept[-1].end:
            kept.append(name)
    at = {position: name for name in kept for position in range(name.first, name.end)}
    final = dict.fromkeys(kept)
    for span in rules:
        if span.kind == "organisation":
            inside = dict.fromkeys(at[position] for position in range(span.first, span.end) if position in at)
            if not inside or _names_places_inside(span, list(inside)):
                for name in inside:
                    del final[name]
                final[Found(span.first, span.end, span.kind, span.score)] = None
    return sorted(final)


def _names_places_inside(organisation: Span, names: Sequence[Found]) -> bool:
    """A listed organisation that has the names of places in its own: "الدولة الإسلامية في العراق والشام"."""
    return organisation.score >= _LISTED and all(
        name.kind == "place" and organisation.first <= name.first and name.end <= organisation.end for name in names
    )


def _whole(name: Found, listed: Span | None) -> Found:
    """A person with all words by which the lists know that person."""
    inside = listed and name.kind == "person" and listed.first <= name.first and listed.end >= name.end
    return name._replace(first=listed.first, end=listed.end) if listed and inside else name


class BilstmTagger:
    """Persons, places, organisations and other names; see the module for how."""

    name = "bilstm-1"

    def __init__(self, model: bytes | None = None) -> None:
        packed = model or resources.files("transforms").joinpath("models", _MODEL).read_bytes()
        self._network = Network(load_arrays(packed))
        self._vocabulary = Vocabulary(usual_spellings())
        self._lock = threading.Lock()
        self._rows: dict[str, int] = {}
        self._encoded: Floats = np.zeros((0, 0), np.float32)

    def tag(self, texts: Sequence[str]) -> list[list[Entity]]:
        """The entities of each text by offset, none overlapping. Each text is judged alone."""
        read = [self._vocabulary.read(text) for text in texts]
        found = self._find(read)
        return [
            namer().entities(text, known.tokens, names) for text, known, names in zip(texts, read, found, strict=True)
        ]

    def _find(self, read: Sequence[Reading]) -> list[list[Found]]:
        """The names of each text. All sentences go through the network together."""
        parts = [(text, first, end) for text in read for first, end in text.sentences]
        if not parts:
            return [[] for _ in read]
        keys = [key_of(token.group()) for text, first, end in parts for token in text.tokens[first:end]]
        with self._lock:  # runners may tag in several threads
            self._encode(keys)
            words, encoded = np.array([self._rows[key] for key in keys], np.int64), self._encoded
        hints = np.concatenate([text.hints[first:end] for text, first, end in parts])
        labels, margins = self._network.label(encoded, words, hints, [end - first for _, first, end in parts])
        return self._by_text(read, labels, margins)

    def _by_text(self, read: Sequence[Reading], labels: npt.NDArray[np.int8], margins: Floats) -> list[list[Found]]:
        found, position = [], 0
        for text in read:
            names: list[Found] = []
            for first, end in text.sentences:
                part = slice(position, position + end - first)
                names.extend(
                    name._replace(first=name.first + first, end=name.end + first)
                    for name in found_names(labels[part].tolist(), margins[part])
                )
                position = part.stop
            found.append(settled(names, text.rules))
        return found

    def _encode(self, keys: Sequence[str]) -> None:
        """Gives each key a row in `_encoded`. What is remembered changes nothing: a word's row depends on it alone."""
        if len(self._rows) > _REMEMBERED:
            self._rows, self._encoded = {}, self._encoded[:0]
        new = list(dict.fromkeys(key for key in keys if key not in self._rows))
        if not new:
            return
        rows = [self._vocabulary.features(key) for key in new]
        columns = [np.array(column) for column in zip(*rows, strict=True)]
        encoded = self._network.encode(Words(*columns))
        self._rows.update({key: number for number, key in enumerate(new, start=len(self._rows))})
        self._encoded = np.concatenate([self._encoded, encoded]) if len(self._encoded) else encoded


def load_arrays(content: bytes) -> dict[str, npt.NDArray[np.generic]]:
    """The arrays of an .npz file. Raises ValueError if it holds anything but plain arrays (nothing is unpickled)."""
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}
