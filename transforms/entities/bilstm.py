"""The default tagger `bilstm`: a small network, trained on labelled news, that reads each sentence both ways.

Its input is the features of each word (word_features.py) and the tag that the rules of gazetteer.py give the token.
`benchmarks/training/train_entities.py` trains it.
"""

import functools
import io
import re
import threading
from collections.abc import Iterator, Sequence
from importlib import resources
from itertools import chain
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from warraq.schemas.records import Entity
from warraq.transforms.arabic import normalize_name, tokenize
from warraq.transforms.entities.canonical_names import entity_normalizer
from warraq.transforms.entities.gazetteer import RuleSpan, rule_spans
from warraq.transforms.entities.lexicon import Word, describe, lexicon, usual_spellings
from warraq.transforms.entities.network import Activations, Floats, Network, Words, tanh
from warraq.transforms.entities.plausible import NameSpan
from warraq.transforms.entities.word_features import WordFeatures, feature_key, features

KINDS: Final = ("person", "place", "organisation", "misc")
LABELS: Final = ("O", *(f"{position}-{kind}" for kind in KINDS for position in "BI"))
# The rules' tags of a token: kind, first word of a name, sure. A token without a tag has 0.
RULE_TAGS: Final = {
    tag: number
    for number, tag in enumerate(
        ((kind, first, sure) for kind in KINDS[:3] for first in (True, False) for sure in (False, True)), start=1
    )
}
LONGEST_SENTENCE: Final = 120  # tokens; longer ones are read in parts
_SURE: Final = 0.7  # score of rules from which a tag is sure
_LISTED: Final = 0.9  # score of rules for a name in the lists
_LEAST_SURE: Final = 0.65  # score of a single word; the card says on which data it was chosen
_ENDS: Final = frozenset(".؟!")
_CACHED_WORDS: Final = 1 << 16  # 50 MB
_MODEL: Final = "entities.bilstm.npz"


class NetworkInput(NamedTuple):
    """One text as the input of the network."""

    tokens: list[re.Match[str]]
    keys: list[str]  # one for each token
    sentences: list[tuple[int, int]]  # token numbers: first, end
    rule_tags: npt.NDArray[np.int64]  # one for each token
    rules: list[RuleSpan]  # the spans that the rules find


class Vocabulary:
    """Numbers and features of words."""

    def __init__(self, spellings: Sequence[str]) -> None:
        self._lexicon = lexicon()
        self.numbers = {feature_key(spelling): number for number, spelling in enumerate(spellings, start=1)}
        self._described = functools.lru_cache(_CACHED_WORDS)(self._describe)

    def _describe(self, written: str) -> Word:
        """The lists' facts of a word. Spellings with the same key and the same offsets are described once."""
        key = normalize_name(written)
        like = key if len(key) == len(written) else written
        return describe(self._lexicon, written) if like == written else self._described(like)

    def features(self, key: str) -> WordFeatures:
        """The numbers of the word with that key."""
        return features(key, self._described(key), self.numbers, self._lexicon)

    def read(self, text: str) -> NetworkInput:
        """The input for one text."""
        tokens = tokenize(text)
        words = [self._described(token.group()) for token in tokens]
        rule_tags = np.zeros(len(tokens), np.int64)
        rules = rule_spans(self._lexicon, tokens, words)
        for span in rules:
            for position in range(span.first, span.end):
                rule_tags[position] = rule_tag(span, position)
        return NetworkInput(
            tokens, [word.masked_key for word in words], list(sentences(text, tokens)), rule_tags, rules
        )


def rule_tag(span: RuleSpan, position: int) -> int:
    """The number of the tag that a rule's span gives to the token at `position`."""
    return RULE_TAGS[span.kind, position == span.first, span.score >= _SURE]


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


def found_names(labels: npt.NDArray[np.int8], margins: Floats, lengths: Sequence[int]) -> list[list[NameSpan]]:
    """The names of each sentence, with tokens counted from its first; labels and margins are sentence after sentence.

    The score of a name is that of its least sure token, 0..1.
    """
    found: list[list[NameSpan]] = [[] for _ in lengths]
    ends = np.cumsum(lengths, dtype=np.int64)
    firsts = np.flatnonzero(labels % 2)  # B-person and so on; each is followed by its I
    inside = np.searchsorted(ends, firsts, side="right")
    spans = [_span(labels, first, end) for first, end in zip(firsts.tolist(), ends[inside].tolist(), strict=True)]
    scores = _scores([margins[span].min() for span in spans])
    for span, number, score in zip(spans, inside.tolist(), scores, strict=True):
        start = int(ends[number]) - lengths[number]
        found[number].append(NameSpan(span.start - start, span.stop - start, KINDS[labels[span.start] // 2], score))
    return found


def _span(labels: npt.NDArray[np.int8], first: int, limit: int) -> slice:
    """The tokens of the name that begins at `first`."""
    end = first + 1
    while end < limit and labels[end] == labels[first] + 1:
        end += 1
    return slice(first, end)


def _scores(margins: Sequence[np.float32]) -> list[float]:
    """The logistic of each margin, rounded: 0.5 where two labels are equally likely."""
    halves = tanh(np.array(margins, np.float32) * np.float32(0.5)).tolist()
    return [round(half / 2 + 0.5, 3) for half in halves]


def merge_with_rules(found: Sequence[NameSpan], rules: Sequence[RuleSpan]) -> list[NameSpan]:
    """The network's names without unsure single words, with complete listed persons and the rules' organisations.

    ANERcorp leaves many ministries and offices unlabelled, and the network has learned that. On other corpora and on
    real pages the rules find them.
    """
    persons = [span for span in rules if span.kind == "person" and span.score >= _LISTED]
    listed = {position: span for span in persons for position in range(span.first, span.end)}
    sure = [name for name in found if name.end - name.first > 1 or name.score >= _LEAST_SURE]
    kept: list[NameSpan] = []
    for name in (_complete(name, listed.get(name.first)) for name in sure):
        if not kept or name.first >= kept[-1].end:
            kept.append(name)
    at = {position: name for name in kept for position in range(name.first, name.end)}
    final = dict.fromkeys(kept)
    for span in rules:
        if span.kind == "organisation" or span.honours:
            inside = dict.fromkeys(at[position] for position in range(span.first, span.end) if position in at)
            better = _better(span, list(inside))
            if better:
                for name in inside:
                    del final[name]
                final[better] = None
                at.update(dict.fromkeys(range(better.first, better.end), better))
    return sorted(final)


def _better(span: RuleSpan, inside: Sequence[NameSpan]) -> NameSpan | None:
    """The span that replaces the network's names inside a rule's span; None if the network's names stay."""
    whole = NameSpan(span.first, span.end, span.kind, span.score)
    if not inside or _names_places_inside(span, inside):
        return whole
    if span.honours and all(name.kind == "person" and _holds(span, name) for name in inside):
        return whole  # "جامعة الملك فهد" is no person
    if span.honours and len(inside) == 1 and inside[0].kind == span.kind and inside[0].first == span.first + 1:
        return inside[0]._replace(first=span.first)  # "مركز" belongs to "الملك سلمان للإغاثة"
    return None


def _names_places_inside(organisation: RuleSpan, names: Sequence[NameSpan]) -> bool:
    """True for a listed organisation with places in its name: "الدولة الإسلامية في العراق والشام"."""
    return organisation.score >= _LISTED and all(name.kind == "place" and _holds(organisation, name) for name in names)


def _holds(span: RuleSpan, name: NameSpan) -> bool:
    return span.first <= name.first and name.end <= span.end


def _complete(name: NameSpan, listed: RuleSpan | None) -> NameSpan:
    """The name of a person with all words of the listed name around it."""
    inside = listed and name.kind == "person" and _holds(listed, name)
    return name._replace(first=listed.first, end=listed.end) if listed and inside else name


class BilstmTagger:
    """Tags persons, places, organisations and other names, as the module says."""

    name = "bilstm-1"

    def __init__(self, model: bytes | None = None) -> None:
        packed = model or resources.files("warraq.transforms").joinpath("models", _MODEL).read_bytes()
        self._network = Network(load_arrays(packed))
        self._vocabulary = Vocabulary(usual_spellings())
        self._lock = threading.Lock()
        self._rows: dict[str, int] = {}
        self._encoded: Activations = np.zeros((0, 0), np.int16)

    def tag(self, texts: Sequence[str]) -> list[list[Entity]]:
        """The entities of each text by offset, without overlaps. Each text is judged alone."""
        read = [self._vocabulary.read(text) for text in texts]
        found = self._find(read)
        return [
            entity_normalizer().entities(text, known.tokens, names)
            for text, known, names in zip(texts, read, found, strict=True)
        ]

    def _find(self, read: Sequence[NetworkInput]) -> list[list[NameSpan]]:
        """The names of each text. All sentences go through the network together."""
        parts = [(text, first, end) for text in read for first, end in text.sentences]
        if not parts:
            return [[] for _ in read]
        keys = list(chain.from_iterable(text.keys[first:end] for text, first, end in parts))
        with self._lock:  # runners may tag in several threads
            self._encode(keys)
            words, encoded = np.array([self._rows[key] for key in keys], np.int64), self._encoded
        rule_tags = np.concatenate([text.rule_tags[first:end] for text, first, end in parts])
        lengths = [end - first for _, first, end in parts]
        found = iter(found_names(*self._network.label(encoded, words, rule_tags, lengths), lengths))
        return [
            merge_with_rules([name.moved(first) for first, _ in text.sentences for name in next(found)], text.rules)
            for text in read
        ]

    def _encode(self, keys: Sequence[str]) -> None:
        """Gives each key a row in `_encoded`. The cache changes no result: a word's row depends on the word alone."""
        new = list(dict.fromkeys(key for key in keys if key not in self._rows))
        if len(self._rows) + len(new) > len(self._encoded):
            new = list(dict.fromkeys(keys))
            self._rows = {}  # with a new array, because another thread may still read the old one
            self._encoded = np.empty((max(_CACHED_WORDS, len(new)), self._network.width), np.int16)
        if new:
            columns = [np.array(column) for column in zip(*map(self._vocabulary.features, new), strict=True)]
            first, end = len(self._rows), len(self._rows) + len(new)
            self._encoded[first:end] = self._network.encode(Words(*columns))
            self._rows.update(zip(new, range(first, end), strict=True))


def load_arrays(content: bytes) -> dict[str, npt.NDArray[np.generic]]:
    """The arrays of an .npz file. Raises ValueError if it holds anything but plain arrays (nothing is unpickled)."""
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}
