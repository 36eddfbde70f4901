"""Training of the logistic regressions that transforms/extract/body/logistic.py applies."""

import hashlib
import json
from typing import Final, NamedTuple

import numpy as np
import scipy.optimize
from numpy.typing import NDArray

from benchmarks.data import MODELS

REGULARISATION: Final = 3.3  # of the L2 penalty, on standardised numbers
PARTS: Final = 10  # of the sites

Floats = NDArray[np.float64]


class Lesson(NamedTuple):
    """Pages as numbers, a row each."""

    names: list[str]  # of the columns
    numbers: Floats
    truth: Floats  # 0 or 1
    weights: Floats
    sites: list[str]


class Model(NamedTuple):
    """Weights of standardised numbers."""

    mean: Floats
    scale: Floats
    weights: Floats
    bias: float

    def estimate(self, numbers: Floats) -> Floats:
        """The probability for each row."""
        return 1 / (1 + np.exp(-((numbers - self.mean) / self.scale @ self.weights + self.bias)))


def part_of(site: str) -> int:
    """The number of the part to which all pages of the site belong."""
    return int(hashlib.sha256(site.encode()).hexdigest(), 16) % PARTS


def unseen(lesson: Lesson) -> Floats:
    """The probability for each row by a model that has seen no page of its site: ten models of nine parts each."""
    parts = np.array([part_of(site) for site in lesson.sites])
    found = np.zeros(len(parts))
    for number in range(PARTS):
        known = parts != number
        found[~known] = _train(lesson, known).estimate(lesson.numbers[~known])
    return found


def write(name: str, lesson: Lesson) -> None:
    """Writes models/`name`.json, trained on all rows."""
    model = _train(lesson, np.full(len(lesson.truth), fill_value=True))
    steps = model.weights / model.scale
    written = {
        "bias": round(model.bias - float(steps @ model.mean), 4),
        "weights": {name: round(float(step), 4) for name, step in zip(lesson.names, steps, strict=True)},
    }
    (MODELS / f"{name}.json").write_text(json.dumps(written, indent=1) + "\n", "utf-8")


def _train(lesson: Lesson, chosen: NDArray[np.bool_]) -> Model:
    """A logistic regression with an L2 penalty on all weights but the bias."""
    numbers, truth, weights = lesson.numbers[chosen], lesson.truth[chosen], lesson.weights[chosen]
    mean, scale = numbers.mean(0), numbers.std(0)
    scale[scale == 0] = 1
    standard = (numbers - mean) / scale

    def loss(parameters: Floats) -> tuple[float, Floats]:
        margin = standard @ parameters[:-1] + parameters[-1]
        error = weights * (1 / (1 + np.exp(-margin)) - truth)
        penalty = REGULARISATION * parameters[:-1]
        value = weights @ np.logaddexp(0, np.where(truth > 0, -margin, margin)) + penalty @ parameters[:-1] / 2
        return float(value), np.append(standard.T @ error + penalty, error.sum())

    found = scipy.optimize.minimize(loss, np.zeros(numbers.shape[1] + 1), jac=True, method="L-BFGS-B").x
    return Model(mean, scale, found[:-1], float(found[-1]))
