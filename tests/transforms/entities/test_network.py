import numpy as np
import pytest

from warraq.transforms.entities.network import SCALE, Dense, Network, Words, quantize, tanh

LABELS, STATE, MIXED, RULE_TAGS = 3, 4, 6, 2


def make_arrays(seed=0):
    """A network of random whole numbers, small enough to be exact."""
    draw = np.random.default_rng(seed).integers
    unit = np.float32(1e-4)

    def layer(name, inputs, outputs):
        return {
            f"{name}_weights": draw(-50, 51, (inputs, outputs)),
            f"{name}_bias": draw(-500, 501, outputs),
            f"{name}_unit": np.full(outputs, unit, np.float32),
        }

    return {
        "words": draw(-127, 128, (10, 5)).astype(np.int8),
        "grams": np.concatenate([draw(-127, 128, (8, 3)), np.zeros((1, 3))]).astype(np.int8),
        "hints": draw(-500, 501, (RULE_TAGS, 2)),
        **layer("flags", 4, 3),
        **layer("mix", 5 + 5 + 3 + 3, MIXED),
        "gates_weights": draw(-50, 51, (2, MIXED + 2, 4 * STATE)),
        "recurrent_weights": draw(-50, 51, (2, STATE, 4 * STATE)),
        "gates_bias": draw(-500, 501, (2, 4 * STATE)),
        "gates_unit": np.full((2, 4 * STATE), unit, np.float32),
        **layer("labels", 2 * STATE + MIXED + 2, LABELS),
        "transitions": draw(-2000, 2001, (LABELS, LABELS)),
        "start": draw(-2000, 2001, LABELS),
    }


@pytest.fixture(scope="module")
def network():
    return Network(make_arrays())


@pytest.fixture(scope="module")
def encoded(network):
    draw = np.random.default_rng(1).integers
    return network.encode(
        Words(draw(0, 10, 7), draw(0, 10, 7), draw(0, 9, (7, 24)), draw(0, 2, (7, 4), dtype=np.uint8))
    )


def sentences(lengths, seed=2):
    draw = np.random.default_rng(seed).integers
    return draw(0, 7, sum(lengths)), draw(0, RULE_TAGS, sum(lengths))


def test_tanh_is_nearly_tanh():
    x = np.linspace(-9, 9, 10_001, dtype=np.float32)
    assert np.abs(tanh(x.copy()) - np.tanh(x)).max() < 1.2e-4


def test_activations_become_whole_numbers():
    assert quantize(np.array([-1, 0.25, 1], np.float32)).tolist() == [-SCALE, SCALE / 4, SCALE]


def test_a_layer():
    layer = Dense(np.array([[2.0], [3.0]], np.float32), np.array([1.0], np.float32), np.array([0.5], np.float32))
    assert layer(np.array([[1.0, 1.0]], np.float32)).tolist() == [[3.0]]


def test_a_word_is_encoded_alone(network):
    draw = np.random.default_rng(3).integers
    words = Words(draw(0, 10, 5), draw(0, 10, 5), draw(0, 9, (5, 24)), draw(0, 2, (5, 4), dtype=np.uint8))
    together = network.encode(words)
    for row in range(5):
        alone = network.encode(Words(*(column[row : row + 1] for column in words)))
        assert (alone == together[row]).all()
    assert (together == np.rint(together)).all()


def test_letters_that_are_none_count_for_nothing(network):
    def one(grams):
        return network.encode(Words(np.array([1]), np.array([2]), np.array([grams]), np.zeros((1, 4), np.uint8)))

    assert (one([3, 4, 8, 8]) == one([3, 4])).all()
    assert np.isfinite(one([8, 8])).all()


def test_sentences_do_not_touch_each_other(network, encoded):
    lengths = [3, 1, 120, 7, 7, 40]
    words, rule_tags = sentences(lengths)
    labels, margins = network.label(encoded, words, rule_tags, lengths)
    first = 0
    for length in lengths:
        part = slice(first, first + length)
        alone, alone_margins = network.label(encoded, words[part], rule_tags[part], [length])
        assert alone.tolist() == labels[part].tolist()
        assert alone_margins.tolist() == margins[part].tolist()
        first += length


def test_many_sentences_are_read_in_parts(network, encoded):
    lengths = [50] * 300
    words, rule_tags = sentences([50])
    labels, _ = network.label(encoded, np.tile(words, 300), np.tile(rule_tags, 300), lengths)
    assert (labels.reshape(300, 50) == labels[:50]).all()


def test_the_best_path_is_the_best_of_all(network, encoded):
    words, rule_tags = sentences([5])
    labels, _ = network.label(encoded, words, rule_tags, [5])
    arrays = make_arrays()
    scores = scores_of(network, encoded, words, rule_tags)
    paths = np.stack(np.meshgrid(*[np.arange(LABELS)] * 5, indexing="ij"), -1).reshape(-1, 5)
    sums = arrays["start"][paths[:, 0]] + scores[np.arange(5), paths].sum(axis=1)
    sums += arrays["transitions"][paths[:, :-1], paths[:, 1:]].sum(axis=1)
    assert labels.tolist() == paths[sums.argmax()].tolist()


def scores_of(network, encoded, words, rule_tags):
    distinct = np.concatenate([encoded[words], network._rule_tags[rule_tags]], axis=1)
    states = network._bilstm(distinct, np.arange(5), np.array([0]), np.array([5]))
    return np.rint(network._labels(np.concatenate([states, distinct], axis=1)) * np.float32(1024)).astype(np.int64)
