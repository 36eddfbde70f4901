"""Multinomial logistic regressions of named numbers.

Their weights lie in models/ as JSON: the kinds, a bias for each, and for each number a weight for each kind.
"""

import functools
import importlib.resources
import json
import math
from collections.abc import Mapping
from typing import Any


def estimate_kinds(model: str, numbers: Mapping[str, float]) -> dict[str, float]:
    """The probability of each kind, 0..1; their sum is 1.

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
