"""Logistic regressions of named numbers; their weights lie in models/ as JSON: a bias and a weight for each name."""

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


@functools.cache
def _model(name: str) -> dict[str, Any]:
    content = importlib.resources.files("warraq.transforms").joinpath("models", f"{name}.json").read_bytes()
    model: dict[str, Any] = json.loads(content)
    return model
