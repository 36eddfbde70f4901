import json

import pytest

from benchmarks.data import MODELS
from warraq.transforms.extract.body.logistic import estimate_kinds
from warraq.transforms.extract.body.page_shape import measure_shape
from warraq.transforms.extract.facts import Facts


def test_the_shares_are_the_softmax_of_weighted_numbers():
    model = json.loads((MODELS / "page_kind.json").read_text("utf-8"))
    name = "cards"
    shares = estimate_kinds("page_kind", {name: 2.0})
    margins = [bias + 2.0 * weight for bias, weight in zip(model["bias"], model["weights"][name], strict=True)]
    assert list(shares) == model["kinds"]
    assert sum(shares.values()) == pytest.approx(1)
    assert max(shares, key=shares.get) == model["kinds"][margins.index(max(margins))]


def test_the_model_knows_each_number_of_a_shape_and_no_other():
    model = json.loads((MODELS / "page_kind.json").read_text("utf-8"))
    assert list(model["weights"]) == list(measure_shape(Facts("<p>x</p>", "")))


def test_a_number_without_weights_is_an_error():
    with pytest.raises(KeyError):
        estimate_kinds("page_kind", {"no such number": 1.0})
