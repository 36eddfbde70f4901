"""The network of transforms/entities/network.py in PyTorch: pretraining on plain news, training on labels, export.

Pretraining: the network predicts the next word from the left and the last word from the right, against words drawn at
random. Training: a conditional random field over the labels; each corpus has its own last layer, because their
guidelines differ.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy, dropout
from torch.nn.utils import clip_grad_norm_
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from warraq.transforms.entities.bilstm import LABELS, RULE_TAGS
from warraq.transforms.entities.network import GRAM_SCALE, SCALE, SCORE_SCALE
from warraq.transforms.entities.word_features import BUCKETS

WORD, GRAM, FLAG, MIXED, STATE, RULE_TAG = 96, 48, 32, 128, 160, 16  # sizes of the layers
DRAWN = 1_500  # words against which one batch of pretraining guesses
IMPOSSIBLE = -1e4
EXACT = 2.0**24 * 0.98  # sums of whole numbers in float32 are exact up to here; the rest is for rounding
WIDEST = 32_000  # a weight fits into 16 bits


class Table(NamedTuple):
    """Features of distinct words, a row each (see transforms/entities/word_features.py)."""

    word: torch.Tensor
    stem: torch.Tensor
    grams: torch.Tensor
    flags: torch.Tensor

    def rows(self, numbers: torch.Tensor) -> "Table":
        return Table(*(column[numbers] for column in self))


class Sentence(NamedTuple):
    """The rows of the table, rule tags and labels of a sentence, one for each token."""

    words: np.ndarray
    rule_tags: np.ndarray
    labels: np.ndarray


class Encoder(nn.Module):
    """The activations of single words."""

    def __init__(self, words: int, flags: int) -> None:
        super().__init__()
        self.words = nn.Embedding(words + 1, WORD, padding_idx=0, sparse=True)
        self.grams = nn.EmbeddingBag(BUCKETS + 1, GRAM, padding_idx=BUCKETS, mode="mean", sparse=True)
        nn.init.normal_(self.grams.weight, 0, 0.1)
        self.flags = nn.Linear(flags, FLAG)
        self.mix = nn.Linear(2 * WORD + GRAM + FLAG, MIXED)

    def forward(self, table: Table, hidden: float, dropped: float) -> torch.Tensor:
        """A word is hidden with probability `hidden`, so that letters count, an input dropped with `dropped`."""
        word, stem = table.word, table.stem
        if self.training:
            word, stem = (numbers * (torch.rand(numbers.shape) >= hidden) for numbers in (word, stem))
        flags = torch.tanh(self.flags(table.flags.float()))
        mixed = torch.cat([self.words(word), self.words(stem), self.grams(table.grams), flags], -1)
        return torch.tanh(self.mix(dropout(mixed, dropped, self.training)))

    def sparse(self) -> list[nn.Parameter]:
        return [self.words.weight, self.grams.weight]


class Guesser(nn.Module):
    """The network of pretraining, which predicts neighbours."""

    def __init__(self, frequency: np.ndarray, flags: int) -> None:
        super().__init__()
        words = len(frequency)
        self.encoder = Encoder(words, flags)
        self.lstm = nn.LSTM(MIXED, STATE, bidirectional=True, batch_first=True)
        self.next, self.last = nn.Linear(STATE, WORD), nn.Linear(STATE, WORD)
        self.guesses = nn.Embedding(words + 1, WORD, sparse=True)
        self.bias = nn.Embedding(words + 1, 1, sparse=True)
        nn.init.zeros_(self.bias.weight)
        drawn = np.concatenate([[0.0], frequency.astype(np.float64) ** 0.75])
        self.cumulated = np.cumsum(drawn / drawn.sum())
        self.log_drawn = torch.from_numpy(np.log(drawn / drawn.sum() + 1e-12).astype(np.float32))

    def loss(self, table: Table, words: torch.Tensor, generator: np.random.Generator) -> torch.Tensor:
        """The loss of sentences of equal length; `words` are rows of `table`."""
        states, _ = self.lstm(self.encoder(table, 0.15, 0.1)[words])
        states = dropout(states, 0.1)
        numbers = table.word[words]
        onward, back = self.next(states[:, :-1, :STATE]), self.last(states[:, 1:, STATE:])
        guesses = torch.cat([onward.reshape(-1, WORD), back.reshape(-1, WORD)])
        right = torch.cat([numbers[:, 1:].reshape(-1), numbers[:, :-1].reshape(-1)])
        guesses, right = guesses[right > 0], right[right > 0]
        drawn = np.searchsorted(self.cumulated, generator.random(DRAWN))
        wrong = torch.from_numpy(drawn.clip(1, len(self.cumulated) - 1))
        for_right = (guesses * self.guesses(right)).sum(-1) + self.bias(right)[:, 0] - self.log_drawn[right]
        for_wrong = guesses @ self.guesses(wrong).T + self.bias(wrong)[:, 0] - self.log_drawn[wrong]
        for_wrong = for_wrong.masked_fill(wrong[None] == right[:, None], IMPOSSIBLE)
        scores = torch.cat([for_right[:, None], for_wrong], 1)
        return cross_entropy(scores, torch.zeros(len(scores), dtype=torch.long))

    def sparse(self) -> list[nn.Parameter]:
        return [*self.encoder.sparse(), self.guesses.weight, self.bias.weight]


class Labeller(nn.Module):
    """The network of training, which labels by the guidelines of each corpus in `corpora`."""

    def __init__(self, words: int, flags: int, corpora: Sequence[str]) -> None:
        super().__init__()
        self.encoder = Encoder(words, flags)
        self.rule_tags = nn.Embedding(len(RULE_TAGS) + 1, RULE_TAG)
        self.lstm = nn.LSTM(MIXED + RULE_TAG, STATE, bidirectional=True, batch_first=True)
        size = len(LABELS)
        self.labels = nn.ModuleDict({corpus: nn.Linear(2 * STATE + MIXED + RULE_TAG, size) for corpus in corpora})
        self.steps = nn.ParameterDict({corpus: nn.Parameter(torch.zeros(size, size)) for corpus in corpora})
        self.start = nn.ParameterDict({corpus: nn.Parameter(torch.zeros(size)) for corpus in corpora})
        wrong = [[after[0] == "I" and before[1:] != after[1:] for after in LABELS] for before in LABELS]
        self.register_buffer("wrong", torch.tensor(wrong) * IMPOSSIBLE)
        self.register_buffer("wrong_start", torch.tensor([label[0] == "I" for label in LABELS]) * IMPOSSIBLE)

    def learn_from(self, guesser: Guesser) -> None:
        """Copies the pretrained weights; the rule tags have no effect at first."""
        self.encoder.load_state_dict(guesser.encoder.state_dict())
        mine = self.lstm.state_dict()
        for name, value in guesser.lstm.state_dict().items():
            if mine[name].shape == value.shape:
                mine[name].copy_(value)
            else:
                mine[name].zero_()
                mine[name][:, : value.shape[1]].copy_(value)

    def scores(self, table: Table, batch: "Batch", corpus: str, dropped: float, hidden: float) -> torch.Tensor:
        distinct, words = torch.unique(batch.words, return_inverse=True)
        encoded = self.encoder(table.rows(distinct), hidden, dropped / 2)
        inputs = dropout(torch.cat([encoded[words], self.rule_tags(batch.rule_tags)], -1), dropped, self.training)
        packed = pack_padded_sequence(inputs, batch.lengths, batch_first=True, enforce_sorted=False)
        states, _ = pad_packed_sequence(self.lstm(packed)[0], batch_first=True)
        both = dropout(torch.cat([states, inputs], -1), dropped, self.training)
        scored: torch.Tensor = self.labels[corpus](both)
        return scored

    def loss(self, scores: torch.Tensor, batch: "Batch", corpus: str) -> torch.Tensor:
        """Negative log likelihood of the labels, the mean over sentences."""
        steps, start = self.steps[corpus] + self.wrong, self.start[corpus] + self.wrong_start
        labels = batch.labels
        sums = scores[:, 0] + start
        right = sums.gather(1, labels[:, :1])[:, 0]
        for at in range(1, scores.shape[1]):
            inside = at < batch.lengths
            sums = torch.where(inside[:, None], torch.logsumexp(sums[:, :, None] + steps, 1) + scores[:, at], sums)
            gain = steps[labels[:, at - 1], labels[:, at]] + scores[:, at].gather(1, labels[:, at : at + 1])[:, 0]
            right = right + gain * inside
        return (torch.logsumexp(sums, 1) - right).mean()

    def sparse(self) -> list[nn.Parameter]:
        return self.encoder.sparse()


class Batch(NamedTuple):
    """Sentences, padded to the longest."""

    words: torch.Tensor
    rule_tags: torch.Tensor
    labels: torch.Tensor
    lengths: torch.Tensor

    @classmethod
    def of(cls, sentences: Sequence[Sentence]) -> "Batch":
        longest = max(len(sentence.words) for sentence in sentences)
        columns = np.zeros((3, len(sentences), longest), np.int64)
        for row, sentence in enumerate(sentences):
            columns[:, row, : len(sentence.words)] = np.stack(sentence)
        lengths = torch.tensor([len(sentence.words) for sentence in sentences])
        return cls(*(torch.from_numpy(column) for column in columns), lengths)


class Optimiser:
    """Adam, with its sparse form for the tables of words, and a rate that falls during training."""

    def __init__(self, model: Guesser | Labeller, rate: float, sparse_rate: float) -> None:
        sparse = model.sparse()
        known = {id(parameter) for parameter in sparse}
        self._dense = [parameter for parameter in model.parameters() if id(parameter) not in known]
        self._each = [
            (torch.optim.AdamW(self._dense, rate, weight_decay=1e-4), rate),
            (torch.optim.SparseAdam(sparse, sparse_rate), sparse_rate),
        ]

    def step(self, loss: torch.Tensor, share: float) -> None:
        """One step; `share` of the rate, 0..1."""
        for optimiser, rate in self._each:
            optimiser.param_groups[0]["lr"] = rate * share
            optimiser.zero_grad()
        loss.backward()
        clip_grad_norm_(self._dense, 3.0)
        for optimiser, _ in self._each:
            optimiser.step()


def pretrain(
    guesser: Guesser, table: Table, batches: Sequence[np.ndarray], generator: np.random.Generator
) -> Iterator[float]:
    """The loss after each batch of sentences of equal length (rows of `table`)."""
    optimiser = Optimiser(guesser, 2e-3, 1e-3)
    guesser.train()
    for number, sentences in enumerate(batches):
        distinct, words = np.unique(sentences, return_inverse=True)
        rows = table.rows(torch.from_numpy(distinct))
        loss = guesser.loss(rows, torch.from_numpy(words.reshape(sentences.shape)), generator)
        optimiser.step(loss, 1 - 0.9 * number / len(batches))
        yield loss.item()


def batches_of(sentences: Sequence[Sentence], size: int, generator: np.random.Generator) -> list[list[Sentence]]:
    """Batches of sentences of about the same length."""
    order = sorted(generator.permutation(len(sentences)), key=lambda number: len(sentences[number].words) // 6)
    return [[sentences[number] for number in order[first : first + size]] for first in range(0, len(order), size)]


class Recipe(NamedTuple):
    """The settings of one training. Rates fall after the first fifth."""

    epochs: int
    rate: float
    sparse_rate: float
    dropped: float
    sentences: int  # in a batch


def train(
    labeller: Labeller, table: Table, corpora: dict[str, list[Sentence]], recipe: Recipe, seed: int
) -> Iterator[float]:
    """The mean loss after each epoch."""
    torch.manual_seed(seed)
    generator = np.random.default_rng(seed)
    optimiser = Optimiser(labeller, recipe.rate, recipe.sparse_rate)
    for epoch in range(recipe.epochs):
        batches = [
            (corpus, part) for corpus, rows in corpora.items() for part in batches_of(rows, recipe.sentences, generator)
        ]
        labeller.train()
        losses = []
        for number in generator.permutation(len(batches)):
            corpus, part = batches[number]
            batch = Batch.of(part)
            loss = labeller.loss(labeller.scores(table, batch, corpus, recipe.dropped, 0.1), batch, corpus)
            left = 1 - (epoch + len(losses) / len(batches)) / recipe.epochs
            optimiser.step(loss, min(1.0, max(0.02, 1.25 * left)))
            losses.append(loss.item())
        yield float(np.mean(losses))


@torch.no_grad()
def relabel(labellers: Sequence[Labeller], table: Table, sentences: Sequence[Sentence], corpus: str) -> list[Sentence]:
    """The sentences with the best labels by the mean scores of the labellers and the transitions of the last one."""
    for labeller in labellers:
        labeller.eval()
    steps = (labellers[-1].steps[corpus] + labellers[-1].wrong).numpy()
    start = (labellers[-1].start[corpus] + labellers[-1].wrong_start).numpy()
    found: list[Sentence] = []
    for first in range(0, len(sentences), 64):
        part = sentences[first : first + 64]
        batch = Batch.of(part)
        scores = sum(labeller.scores(table, batch, corpus, 0.0, 0.0) for labeller in labellers) / len(labellers)
        for sentence, rows in zip(part, scores.numpy(), strict=True):
            found.append(sentence._replace(labels=best_path(rows[: len(sentence.words)], steps, start)))
    return found


def best_path(scores: np.ndarray, steps: np.ndarray, start: np.ndarray) -> np.ndarray:
    """Viterbi: the labels of one sentence."""
    sums, origins = scores[0] + start, []
    for row in scores[1:]:
        paths = sums[:, None] + steps
        origins.append(paths.argmax(axis=0))
        sums = paths.max(axis=0) + row
    labels = [int(sums.argmax())]
    for origin in reversed(origins):
        labels.append(int(origin[labels[-1]]))
    return np.array(labels[::-1])


# Export: quantized, see transforms/entities/network.py


def export(labeller: Labeller, corpus: str) -> dict[str, np.ndarray]:
    """The arrays of the shipped file, labels by the guidelines of `corpus`."""
    encoder = labeller.encoder
    words, word_unit = _table_in_8_bits(encoder.words.weight)
    grams, gram_unit = _table_in_8_bits(encoder.grams.weight)
    grams[BUCKETS] = 0  # none
    inputs = np.concatenate(
        [np.full(2 * WORD, word_unit), np.full(GRAM, gram_unit / GRAM_SCALE), np.full(FLAG, 1 / SCALE)]
    )
    reach = np.concatenate([np.full(2 * WORD, 127.0), np.full(GRAM, 127 * GRAM_SCALE), np.full(FLAG, SCALE)])
    rule_tags = np.rint(labeller.rule_tags.weight.detach().double().numpy() * SCALE)
    given = np.concatenate([np.full(MIXED, SCALE), np.maximum(np.abs(rule_tags).max(axis=0), 1)])
    last = labeller.labels[corpus]
    arrays = {"words": words, "grams": grams, "hints": rule_tags.astype(np.int16)}
    arrays |= _dense("flags", encoder.flags, np.ones(encoder.flags.in_features), np.ones(encoder.flags.in_features))
    arrays |= _dense("mix", encoder.mix, inputs, reach)
    arrays |= _gates(labeller.lstm, given)
    states = np.full(2 * STATE, SCALE)
    arrays |= _dense("labels", last, np.full(last.in_features, 1 / SCALE), np.concatenate([states, given]))
    steps = (labeller.steps[corpus] + labeller.wrong).detach().double().numpy()
    start = (labeller.start[corpus] + labeller.wrong_start).detach().double().numpy()
    return arrays | {
        "transitions": np.rint(steps * SCORE_SCALE).astype(np.int32),
        "start": np.rint(start * SCORE_SCALE).astype(np.int32),
    }


def _table_in_8_bits(weight: torch.Tensor) -> tuple[np.ndarray, float]:
    """A table in 8 bits and the value of 1; the rare largest values are clipped."""
    values = weight.detach().double().numpy()
    unit = float(np.quantile(np.abs(values), 0.9999)) / 127
    return np.clip(np.rint(values / unit), -127, 127).astype(np.int8), unit


def _quantized(weights: np.ndarray, bias: np.ndarray, reach: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weights (out, in) and bias, quantized as finely as exact sums allow, and the value of 1 for each output."""
    most = np.abs(weights) @ reach + np.abs(bias)
    scale = np.minimum(EXACT / most, WIDEST / np.abs(weights).max(axis=1))
    rounded, shift = np.rint(weights * scale[:, None]), np.rint(bias * scale)
    if (np.abs(rounded) @ reach + np.abs(shift)).max() >= 2**24:
        raise ValueError("sums could pass 2**24")
    return rounded.T.astype(np.int16), shift.astype(np.int32), (1 / scale).astype(np.float32)


def _dense(name: str, layer: nn.Linear, inputs: np.ndarray, reach: np.ndarray) -> dict[str, np.ndarray]:
    weights, bias = layer.weight.detach().double().numpy() * inputs, layer.bias.detach().double().numpy()
    parts = zip(("weights", "bias", "unit"), _quantized(weights, bias, reach), strict=True)
    return {f"{name}_{part}": array for part, array in parts}


def _gates(lstm: nn.LSTM, given: np.ndarray) -> dict[str, np.ndarray]:
    """Both directions stacked. The units of the input, forget and output gates are halved (see network.py)."""
    half = np.repeat([0.5, 0.5, 1.0, 0.5], STATE)
    state = {name: value.detach().double().numpy() for name, value in lstm.state_dict().items()}
    parts = []
    for end in ("", "_reverse"):
        weights = np.concatenate([state[f"weight_ih_l0{end}"], state[f"weight_hh_l0{end}"]], axis=1) / SCALE
        bias = state[f"bias_ih_l0{end}"] + state[f"bias_hh_l0{end}"]
        whole, shift, unit = _quantized(weights, bias, np.concatenate([given, np.full(STATE, SCALE)]))
        parts.append((whole[: len(given)], whole[len(given) :], shift, (unit * half).astype(np.float32)))
    names = ("gates_weights", "recurrent_weights", "gates_bias", "gates_unit")
    return {name: np.stack(column) for name, column in zip(names, zip(*parts, strict=True), strict=True)}
