"""Logistic regressions of named numbers, binary and multinomial. Their weights lie in models/ as JSON.

A binary model has a bias and a weight for each name; a multinomial one has kinds and, in their order, lists of both.
"""

import functools
import importlib.resources
import json
import math
from collections.abc import Mapping
from typing import Any


def estimate(model: str, numbers: Mapping[str, float]) -> float:
    """The probability, 0..1, that the model gives for these numbers.

    Raises KeyError if a number has no weight.
    """
    known = _model(model)
    margin = known["bias"] + sum(known["weights"][name] * value for name, value in numbers.items())
    return 1 / (1 + math.exp(-margin)) if margin > 0 else 1 - 1 / (1 + math.exp(margin))


def estimate_kinds(model: str, numbers: Mapping[str, float]) -> dict[str, float]:
    """The probability of each kind, 0..1, that the model gives for these numbers; their sum is 1.

    Raises KeyError if a number has no weights.
    """
    known = _model(model)
    margins = list(known["bias"])
    for name, value in numbers.items():
        if value:
            margins = [margin + weight * value for margin, weight in zip(margins, known["weights"][name], strict=True)]
    most = max(margins)
    powers = [math.exp(margin - most) for margin in margins]
    total = sum(powers)
    return {kind: power / total for kind, power in zip(known["kinds"], powers, strict=True)}


@functools.cache
def _model(name: str) -> dict[str, Any]:
    content = importlib.resources.files("warraq.transforms").joinpath("models", f"{name}.json").read_bytes()
    model: dict[str, Any] = json.loads(content)
    return model
