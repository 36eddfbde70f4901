"""Training of the multinomial logistic regression that transforms/extract/body/logistic.py applies."""

import json
from typing import Final, NamedTuple

import numpy as np
import scipy.optimize

from benchmarks.data import MODELS
from benchmarks.training.logistic import PARTS, Floats, part_of

REGULARISATION: Final = 100.0  # of the L2 penalty, on standardised numbers; 30 is less sure on sites not seen


class Kinds(NamedTuple):
    """Pages as numbers, a row each, and the number of the kind of each."""

    kinds: list[str]
    names: list[str]  # of the columns
    numbers: Floats
    truth: "np.typing.NDArray[np.int_]"
    weights: Floats
    sites: list[str]


class Model(NamedTuple):
    """Weights of standardised numbers, a column for each kind; the last row is the bias."""

    mean: Floats
    scale: Floats
    weights: Floats

    def estimate(self, numbers: Floats) -> Floats:
        """The probability of each kind, for each row."""
        return np.exp(_log_shares(_standard(numbers, self.mean, self.scale) @ self.weights))


def unseen_kinds(lesson: Kinds) -> Floats:
    """The probabilities for each row by a model that has seen no page of its site: ten models of nine parts each."""
    parts = np.array([part_of(site) for site in lesson.sites])
    found = np.zeros((len(parts), len(lesson.kinds)))
    for number in range(PARTS):
        known = parts != number
        model = _train(lesson._replace(**{
            name: getattr(lesson, name)[known] for name in ("numbers", "truth", "weights")
        }))  # fmt: skip
        found[~known] = model.estimate(lesson.numbers[~known])
    return found


def write_kinds(name: str, lesson: Kinds) -> None:
    """Writes models/`name`.json, trained on all rows: the kinds, and for each number its weights in their order."""
    model = _train(lesson)
    steps = model.weights[:-1] / model.scale[:, None]
    bias = model.weights[-1] - model.mean @ steps
    weights = ",\n".join(f'  "{number}": {_rounded(row)}' for number, row in zip(lesson.names, steps, strict=True))
    head = f'"kinds": {json.dumps(lesson.kinds)},\n "bias": {_rounded(bias)}'
    (MODELS / f"{name}.json").write_text(f'{{\n {head},\n "weights": {{\n{weights}\n }}\n}}\n', "utf-8")


def _rounded(values: Floats) -> list[float]:
    return [round(float(value), 4) for value in values]


def _train(lesson: Kinds) -> Model:
    """A multinomial logistic regression with an L2 penalty on all weights but the bias."""
    mean, scale = lesson.numbers.mean(0), lesson.numbers.std(0)
    scale[scale == 0] = 1
    standard = _standard(lesson.numbers, mean, scale)
    truth = np.eye(len(lesson.kinds))[lesson.truth]
    form = (standard.shape[1], len(lesson.kinds))

    def loss(parameters: Floats) -> tuple[float, Floats]:
        weights = parameters.reshape(form)
        shares = _log_shares(standard @ weights)
        penalty = REGULARISATION * np.vstack([weights[:-1], np.zeros(form[1])])
        value = -lesson.weights @ (shares * truth).sum(1) + (penalty * weights).sum() / 2
        error = (np.exp(shares) - truth) * lesson.weights[:, None]
        return float(value), (standard.T @ error + penalty).ravel()

    start = np.zeros(form[0] * form[1])
    found = scipy.optimize.minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 1000}).x
    return Model(mean, scale, found.reshape(form))


def _standard(numbers: Floats, mean: Floats, scale: Floats) -> Floats:
    return np.hstack([(numbers - mean) / scale, np.ones((len(numbers), 1))])


def _log_shares(margins: Floats) -> Floats:
    margins = margins - margins.max(1, keepdims=True)
    return np.asarray(margins - np.log(np.exp(margins).sum(1, keepdims=True)))
