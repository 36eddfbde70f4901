import sys

import pytest

from warraq.transforms.backends import load_backend
from warraq.transforms.entities.tagger import BACKENDS as TAGGERS
from warraq.transforms.language.language import DETECTORS
from warraq.transforms.topics.classifier import BACKENDS as CLASSIFIERS


class WithModel:
    def __init__(self, *model):
        self.model = model


TABLE = {"here": f"{__name__}:WithModel", "absent": "no.such.module:Class", "nameless": f"{__name__}:Absent"}


@pytest.fixture(autouse=True)
def importable(monkeypatch):
    monkeypatch.setitem(sys.modules, __name__, sys.modules[__name__])


def test_a_backend_is_made_with_its_model_or_with_nothing():
    assert load_backend(TABLE, "here").model == ()
    assert load_backend(TABLE, "here", "model.bin", "0f").model == ("model.bin", "0f")


def test_a_backend_is_made_once_for_each_model():
    assert load_backend(TABLE, "here") is load_backend(TABLE, "here")
    assert load_backend(TABLE, "here", "a") is not load_backend(TABLE, "here", "b")


@pytest.mark.parametrize(
    ("name", "error"), [("other", KeyError), ("absent", ImportError), ("nameless", AttributeError)]
)
def test_a_backend_that_cannot_be_loaded_says_why(name, error):
    with pytest.raises(error):
        load_backend(TABLE, name)


@pytest.mark.parametrize("table", [TAGGERS, DETECTORS, CLASSIFIERS])
def test_every_default_backend_needs_no_model(table):
    assert load_backend(table, next(iter(table))).__class__.__name__ == table[next(iter(table))].partition(":")[2]
