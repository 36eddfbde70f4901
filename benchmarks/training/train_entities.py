"""Builds the files of the taggers: the generated lists, and the network of the default tagger, with fixed seeds.

    pip install -e '.[dev,train]'
    python -m benchmarks.training.train_entities  # lists, vocabulary, network and checksums in transforms/models
    python -m benchmarks.training.train_entities --inner FILE  # labels of five sixths of ANERcorp only

WARRAQ_DATA: folder with newstext/ant_dev_full.jsonl.gz, ner/anercorp and ner/fane. One process, one thread: about 25
minutes of processor time. The network is pretrained on the plain text of the ANT corpus. From there, three teachers
learn ANERcorp's first five sixths; one of them also learns WikiFANE, with a last layer of its own. The shipped network
learns ANERcorp, and the labels that the teachers together give to a ninth of the ANT corpus.
"""

import argparse
import gzip
import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import torch

from benchmarks.data import MODELS
from benchmarks.training.entity_corpora import DATA, Row, Text, anercorp, gold_spans, texts, wikifane
from benchmarks.training.entity_lists import write_lists
from benchmarks.training.entity_network import (
    WORD,
    Guesser,
    Labeller,
    Recipe,
    Sentence,
    Table,
    export,
    pretrain,
    relabel,
    train,
)
from warraq.transforms.arabic import tokenize
from warraq.transforms.entities.bilstm import LABELS, Vocabulary, sentences
from warraq.transforms.entities.word_features import feature_key

SEED = 1
LEAST_USED = 5  # occurrences of a word of the vocabulary in the news
PRETRAINING_TOKENS = 4_500_000  # of about six million
BATCH_TOKENS = 3_000
TEACHER = Recipe(epochs=10, rate=2e-3, sparse_rate=5e-4, dropped=0.5, sentences=24)
BOTH_CORPORA = Recipe(epochs=2, rate=2e-3, sparse_rate=5e-4, dropped=0.4, sentences=32)
ANERCORP_AFTER = Recipe(epochs=7, rate=1.5e-3, sparse_rate=3e-4, dropped=0.5, sentences=24)
TAUGHT = Recipe(epochs=2, rate=2e-3, sparse_rate=5e-4, dropped=0.35, sentences=40)
TAUGHT_AFTER = Recipe(epochs=5, rate=1e-3, sparse_rate=3e-4, dropped=0.5, sentences=24)
TAUGHT_SHARE = 9  # every ninth article of the news
NEWS = DATA / "newstext" / "ant_dev_full.jsonl.gz"


class Features:
    """The features of all words so far, a row each."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._rows: dict[str, int] = {}
        self._features: list[tuple[np.ndarray, ...]] = []

    def rows(self, keys: Iterable[str]) -> np.ndarray:
        """The rows of words by their keys."""
        found = []
        for key in keys:
            if key not in self._rows:
                self._rows[key] = len(self._rows)
                self._features.append(tuple(np.array(part) for part in self._vocabulary.features(key)))
            found.append(self._rows[key])
        return np.array(found, np.int64)

    def table(self) -> Table:
        return Table(*(torch.from_numpy(np.stack(column)) for column in zip(*self._features, strict=True)))


def news_texts() -> Iterator[str]:
    """Title and text of each article of the news."""
    with gzip.open(NEWS, "rt", encoding="utf-8") as lines:
        for line in lines:
            article = json.loads(line)
            yield f"{article['title']}\n{article['text']}".replace("#", " ").replace("_", " ")


def news_sentences() -> Iterator[list[str]]:
    """The words of each sentence of the news, as written."""
    for text in news_texts():
        tokens = tokenize(text)
        for first, end in sentences(text, tokens):
            yield [token.group() for token in tokens[first:end]]


def spellings(news: Iterable[list[str]]) -> list[str]:
    """The words used LEAST_USED times or more, each as it is mostly spelt, the most frequent first."""
    spelt = Counter(word for sentence in news for word in sentence)
    by_key: dict[str, Counter[str]] = {}
    for word, times in spelt.items():
        by_key.setdefault(feature_key(word), Counter())[word] = times
    usual = {key: min(words, key=lambda word: (-words[word], word)) for key, words in by_key.items()}
    total = {key: words.total() for key, words in by_key.items()}
    return [usual[key] for key in sorted(total, key=lambda key: (-total[key], key)) if total[key] >= LEAST_USED]


def neighbours(news: list[list[str]], words: Vocabulary) -> np.ndarray:
    """Vectors of the words by their neighbours (skip-gram), from which pretraining starts."""
    from gensim.models import Word2Vec  # noqa: PLC0415  (slow to load, and only here)

    keys = [[feature_key(word) for word in sentence] for sentence in news]
    model = Word2Vec(keys, vector_size=WORD, window=3, min_count=LEAST_USED, sg=1, workers=1, seed=SEED, epochs=3)
    vectors = np.zeros((len(words.numbers) + 1, WORD), np.float32)
    for key, number in words.numbers.items():
        if key in model.wv:
            vectors[number] = model.wv[key]
    scaled: np.ndarray = vectors * (0.3 / vectors[1:].std())
    return scaled


def pretrained(news: list[list[str]], words: Vocabulary, features: Features) -> Guesser:
    """A network that has read PRETRAINING_TOKENS tokens of the news once."""
    torch.manual_seed(SEED)
    generator = np.random.default_rng(SEED)
    rows = [features.rows(map(feature_key, sentence)) for sentence in news if len(sentence) >= 4]
    by_length: dict[int, list[np.ndarray]] = {}
    for row in rows:
        by_length.setdefault(len(row), []).append(row)
    batches = []
    for length, same in sorted(by_length.items()):
        order, size = generator.permutation(len(same)), max(1, BATCH_TOKENS // length)
        batches += [np.stack([same[at] for at in order[first : first + size]]) for first in range(0, len(same), size)]
    table = features.table()
    numbers = table.word.numpy()
    frequency = np.bincount(np.concatenate([numbers[row] for row in rows]), minlength=len(words.numbers) + 1)[1:]
    guesser = Guesser(frequency, table.flags.shape[1])
    start = torch.from_numpy(neighbours(news, words))
    guesser.encoder.words.weight.data.copy_(start)
    guesser.guesses.weight.data.copy_(start * 0.5)
    order = generator.permutation(len(batches))
    read = np.cumsum([batches[number].size for number in order])
    chosen = [batches[number] for number in order[: int(np.searchsorted(read, PRETRAINING_TOKENS))]]
    for number, loss in enumerate(pretrain(guesser, table, chosen, generator)):
        if number % 200 == 0:
            print(f"pretraining {number}/{len(chosen)}: {loss:.3f}", flush=True)
    return guesser


def labelled(rows: list[Row], words: Vocabulary, features: Features) -> list[Sentence]:
    """The sentences of a corpus as input of the network."""
    found = []
    for text in texts(rows):
        written = " ".join(token for token, _ in text)
        read = words.read(written)
        labels = own_labels(text, [token.start() for token in read.tokens])
        keys = features.rows(feature_key(token.group()) for token in read.tokens)
        found += [Sentence(keys[a:b], read.rule_tags[a:b], labels[a:b]) for a, b in read.sentences]
    return found


def own_labels(text: Text, starts: list[int]) -> np.ndarray:
    """The labels of our tokens, which begin at `starts`. One token of a corpus may be several of ours."""
    token_at = [number for number, (token, _) in enumerate(text) for _ in range(len(token) + 1)]
    span_at = {position: span for span in gold_spans(text) for position in range(span.first, span.end)}
    labels, begun = np.zeros(len(starts), np.int64), set()
    for number, start in enumerate(starts):
        span = span_at.get(token_at[start])
        if span:
            labels[number] = LABELS.index(f"{'I' if span in begun else 'B'}-{span.kind}")
            begun.add(span)
    return labels


class School:
    """The networks that learn labels, all from one pretrained network."""

    def __init__(self, guesser: Guesser, words: Vocabulary, features: Features) -> None:
        self._guesser, self._words, self._features = guesser, words, features
        self._wiki = [part for part in self._labelled(wikifane()) if len(part.words) > 3 and part.labels.any()]
        self._news = unlabelled(words, features)
        self._gold = {sixths: self._labelled(anercorp(0, sixths)) for sixths in (5, 6)}
        self._table = features.table()

    def _labelled(self, rows: list[Row]) -> list[Sentence]:
        return labelled(rows, self._words, self._features)

    def _learn(self, seed: int, *lessons: tuple[Recipe, dict[str, list[Sentence]]]) -> Labeller:
        torch.manual_seed(seed)
        labeller = Labeller(len(self._words.numbers), self._table.flags.shape[1], ["anercorp", "wikifane"])
        labeller.learn_from(self._guesser)
        for recipe, corpora in lessons:
            for loss in train(labeller, self._table, corpora, recipe, seed):
                print(f"{'+'.join(corpora)}: {loss:.3f}", flush=True)
        return labeller

    def teachers(self) -> list[Labeller]:
        gold = {"anercorp": self._gold[5]}
        return [
            self._learn(1, (TEACHER, gold)),
            self._learn(2, (TEACHER, gold)),
            self._learn(1, (BOTH_CORPORA, gold | {"wikifane": self._wiki}), (ANERCORP_AFTER, gold)),
        ]

    def pupil(self, sixths: int) -> Labeller:
        """The network to ship; it sees the first `sixths` of ANERcorp."""
        taught = relabel(self.teachers(), self._table, self._news, "anercorp")
        gold = self._gold[sixths]
        both = gold + [part for part in taught if part.labels.any()]
        return self._learn(SEED, (TAUGHT, {"anercorp": both}), (TAUGHT_AFTER, {"anercorp": gold}))


def unlabelled(words: Vocabulary, features: Features) -> list[Sentence]:
    """The sentences of every ninth article of the news, with the label O everywhere."""
    found = []
    for text in islice(news_texts(), 0, None, TAUGHT_SHARE):
        read = words.read(text)
        keys = features.rows(feature_key(token.group()) for token in read.tokens)
        nothing = np.zeros(len(keys), np.int64)
        found += [Sentence(keys[a:b], read.rule_tags[a:b], nothing[a:b]) for a, b in read.sentences if b - a >= 4]
    return found


def write_checksums() -> None:
    """Writes the SHA-256 of every file of the taggers, in the form of sha256sum."""
    files = [path for path in sorted(MODELS.glob("entities.*")) if path.suffix not in {".sha256", ".md"}]
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files]
    (MODELS / "entities.sha256").write_text("".join(lines), encoding="utf-8")


def main() -> None:
    """Writes the lists, the network and the checksums; or one network for scoring."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inner", type=Path, metavar="FILE", help="train on five sixths of ANERcorp and write here")
    options = parser.parse_args()
    torch.set_num_threads(1)
    if not options.inner:
        write_lists(NEWS)
    news = list(news_sentences())
    words = spellings(news)
    if not options.inner:
        (MODELS / "entities.vocabulary.txt.gz").write_bytes(gzip.compress("\n".join(words).encode(), mtime=0))
    vocabulary = Vocabulary(words)
    features = Features(vocabulary)
    school = School(pretrained(news, vocabulary, features), vocabulary, features)
    labeller = school.pupil(5 if options.inner else 6)
    np.savez_compressed(options.inner or MODELS / "entities.bilstm.npz", **export(labeller, "anercorp"))
    if not options.inner:
        write_checksums()


if __name__ == "__main__":
    main()
