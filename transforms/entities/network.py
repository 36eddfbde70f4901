"""The trained tagger's network: features of words → BiLSTM → scores of labels → Viterbi.

Results are the same to the last bit on every machine and in every batch. Weights and activations are quantized to
whole numbers in float32. Their sums are exact in any order below 2²⁴, and the weights are scaled so that no sum passes
that. All other steps are additions, products, quotients and roundings of single numbers, which IEEE 754 fixes; hence
`tanh` is a quotient of polynomials.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

SCALE: Final = 512.0  # the whole number for an activation of 1
GRAM_SCALE: Final = 8.0  # the mean of char n-grams is that much finer than its parts
SCORE_SCALE: Final = 1024.0  # the whole number for a label's score of 1, a natural logarithm
_FLAT: Final = np.float32(4.97)  # tanh is nearly constant from here on
_CHUNK_SENTENCES: Final = 96  # at a time: the data of one step stay in the processor's cache
_CHUNK_WORDS: Final = 1_000  # at a time: 10 MB

Floats: TypeAlias = npt.NDArray[np.float32]
Numbers: TypeAlias = npt.NDArray[np.int64]
Activations: TypeAlias = npt.NDArray[np.int16]  # from -SCALE to SCALE


class Dense(NamedTuple):
    """A layer: (x @ weights + bias) * unit. `weights` and `bias` are whole numbers, `unit` is the value of 1."""

    weights: Floats
    bias: Floats
    unit: Floats

    def __call__(self, x: Floats) -> Floats:
        scaled: Floats = (x @ self.weights + self.bias) * self.unit
        return scaled


class Words(NamedTuple):
    """Features of distinct words, one row each."""

    word: Numbers
    stem: Numbers
    grams: Numbers
    flags: npt.NDArray[np.uint8]

    def rows(self, first: int, end: int) -> "Words":
        """The words in rows `first` to `end`."""
        return Words(self.word[first:end], self.stem[first:end], self.grams[first:end], self.flags[first:end])


def tanh(x: Floats) -> Floats:
    """Hyperbolic tangent to 1e-4, by Lambert's continued fraction; overwrites `x`."""
    np.clip(x, -_FLAT, _FLAT, out=x)
    square = x * x
    over = square + np.float32(378)
    for term in (17325, 135135):
        over *= square
        over += np.float32(term)
    over *= x
    under = square * np.float32(28)
    under += np.float32(3150)
    for term in (62370, 135135):
        under *= square
        under += np.float32(term)
    return np.divide(over, under, out=x)


def quantize(activation: Floats) -> Floats:
    """An activation from -1 to 1 as a whole number; overwrites it."""
    activation *= np.float32(SCALE)
    return np.rint(activation, out=activation)


class Network:
    """Labels sentences. The arrays are those that `benchmarks/training/train_entities.py` writes."""

    def __init__(self, arrays: Mapping[str, npt.NDArray[np.generic]]) -> None:
        def dense(name: str) -> Dense:
            parts = (arrays[f"{name}_{part}"].astype(np.float32) for part in ("weights", "bias", "unit"))
            return Dense(*parts)

        self._threads = ThreadpoolController()
        self._words = arrays["words"]
        self._grams = arrays["grams"]
        self._flags, self._mix = dense("flags"), dense("mix")
        self._rule_tags = arrays["hints"].astype(np.float32)  # a row for each tag
        self._gates = arrays["gates_weights"].astype(np.float32)  # direction, word and rule_tag, gates
        self._bias = arrays["gates_bias"].astype(np.float32)[:, None]
        self._unit = arrays["gates_unit"].astype(np.float32)[:, None]
        self._recurrent = arrays["recurrent_weights"].astype(np.float32)  # direction, state, gates
        self._labels = dense("labels")
        self._steps = arrays["transitions"].astype(np.int64)  # from, to
        self._start = arrays["start"].astype(np.int64)
        self.width = self._mix.weights.shape[1]  # activations of an encoded word

    def encode(self, words: Words) -> Activations:
        """The activations of each word, which depend on it alone."""
        parts = range(0, len(words.word), _CHUNK_WORDS)
        with self._threads.limit(limits=1, user_api="blas"):  # small products: threads would wait for each other
            return np.concatenate([self._encode(words.rows(at, at + _CHUNK_WORDS)) for at in parts])

    def _encode(self, words: Words) -> Activations:
        grams = self._grams[words.grams].astype(np.float32).sum(axis=1)
        present = np.maximum((words.grams < len(self._grams) - 1).sum(axis=1, dtype=np.int64), 1)
        mean = np.rint(grams * np.float32(GRAM_SCALE) / present[:, None].astype(np.float32))
        flags = quantize(tanh(self._flags(words.flags.astype(np.float32))))
        known = [self._words[numbers].astype(np.float32) for numbers in (words.word, words.stem)]
        return quantize(tanh(self._mix(np.concatenate([*known, mean, flags], axis=1)))).astype(np.int16)

    def label(
        self, encoded: Activations, words: Numbers, rule_tags: Numbers, lengths: Sequence[int]
    ) -> tuple[npt.NDArray[np.int8], Floats]:
        """The label of each token, and the margin to the next best label, in natural logarithms.

        `words` (rows of `encoded`) and `rule_tags` are those of sentence after sentence, with `lengths` tokens each.
        """
        labels, margins = np.zeros(len(words), np.int8), np.zeros(len(words), np.float32)
        ends = np.cumsum(lengths, dtype=np.int64)
        longest_first = np.argsort(-np.asarray(lengths, np.int64), kind="stable")
        sizes = np.asarray(lengths, np.int64)[longest_first]
        starts = (ends - np.asarray(lengths, np.int64))[longest_first]
        with self._threads.limit(limits=1, user_api="blas"):
            for first in range(0, len(sizes), _CHUNK_SENTENCES):
                chunk = slice(first, first + _CHUNK_SENTENCES)
                self._label_chunk(encoded, words, rule_tags, starts[chunk], sizes[chunk], labels, margins)
        return labels, margins

    def _label_chunk(  # noqa: PLR0913, PLR0917  (the last two are filled)
        self,
        encoded: Activations,
        words: Numbers,
        rule_tags: Numbers,
        starts: Numbers,
        lengths: Numbers,
        labels: npt.NDArray[np.int8],
        margins: Floats,
    ) -> None:
        local = np.cumsum(lengths) - lengths
        tokens = np.arange(lengths.sum()) + np.repeat(starts - local, lengths)
        kinds, inputs = np.unique(words[tokens] * len(self._rule_tags) + rule_tags[tokens], return_inverse=True)
        word, rule_tag = np.divmod(kinds, len(self._rule_tags))
        distinct = np.concatenate([encoded[word], self._rule_tags[rule_tag]], axis=1)
        states = self._bilstm(distinct, inputs, local, lengths)
        scores = np.rint(self._labels(np.concatenate([states, distinct[inputs]], axis=1)) * np.float32(SCORE_SCALE))
        labels[tokens], margins[tokens] = self._viterbi(scores.astype(np.int64), local, lengths)

    def _bilstm(self, distinct: Floats, inputs: Numbers, starts: Numbers, lengths: Numbers) -> Floats:
        """The states of both LSTMs at each token, left to right beside right to left, as whole numbers."""
        given = distinct @ self._gates
        given += self._bias
        size = self._recurrent.shape[1]
        state = np.zeros((2, len(lengths), size), np.float32)
        cell = np.zeros_like(state)
        states = np.empty((len(inputs), 2 * size), np.float32)
        for step in range(int(lengths[0])):
            active = _active(lengths, step)
            onward, back = starts[:active] + step, (starts + lengths)[:active] - 1 - step
            gates = state[:, :active] @ self._recurrent
            gates[0] += given[0, inputs[onward]]
            gates[1] += given[1, inputs[back]]
            gates *= self._unit
            kept = cell[:, :active]
            state = _lstm_cell(tanh(gates), kept, size)
            states[onward, :size], states[back, size:] = state[0], state[1]
        return states

    def _viterbi(
        self, scores: npt.NDArray[np.int64], starts: Numbers, lengths: Numbers
    ) -> tuple[npt.NDArray[np.int8], Floats]:
        """For each sentence the labels whose scores and transitions have the greatest sum.

        The margin of a label is the difference to the greatest sum with another label at that token.
        """
        ending, beginning = np.empty_like(scores), np.zeros_like(scores)  # best sums up to a token, and after it
        ending[starts] = scores[starts] + self._start
        steps = [_active(lengths, step) for step in range(int(lengths[0]))]
        for step, active in enumerate(steps[1:], start=1):
            at = starts[:active] + step
            ending[at] = (ending[at - 1][:, :, None] + self._steps).max(axis=1) + scores[at]
        for step, active in reversed(list(enumerate(steps[1:], start=1))):
            at = starts[:active] + step
            beginning[at - 1] = (self._steps + (beginning[at] + scores[at])[:, None, :]).max(axis=2)
        best = np.empty(len(scores), np.int8)
        best[starts] = (ending[starts] + beginning[starts]).argmax(axis=1)
        for step, active in enumerate(steps[1:], start=1):
            at = starts[:active] + step
            best[at] = (self._steps[best[at - 1]] + scores[at] + beginning[at]).argmax(axis=1)
        return best, _margins(ending + beginning, best)


def _lstm_cell(gates: Floats, cell: Floats, size: int) -> Floats:
    """One step of the LSTM: changes `cell` and gives the next state.

    `gates` are tanh values. Those of the input, forget and output gates have half the argument, which makes them
    logistic functions: logistic(x) = tanh(x / 2) / 2 + 1 / 2.
    """
    half = np.float32(0.5)
    input_gate, forget_gate, candidate, output_gate = (
        gates[:, :, part * size : (part + 1) * size] for part in range(4)
    )
    cell *= forget_gate * half + half
    cell += (input_gate * half + half) * candidate
    state: Floats = tanh(cell.copy()) * (output_gate * half + half)
    return quantize(state)


def _active(lengths: Numbers, step: int) -> int:
    """The number of sentences longer than `step`; they come first."""
    return int(np.searchsorted(-lengths, -step))


def _margins(sums: npt.NDArray[np.int64], best: npt.NDArray[np.int8]) -> Floats:
    rows = np.arange(len(sums))
    chosen = sums[rows, best]
    sums[rows, best] = np.iinfo(np.int64).min
    margin: Floats = (chosen - sums.max(axis=1)).astype(np.float32) / np.float32(SCORE_SCALE)
    return margin
