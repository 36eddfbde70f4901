import hashlib
import io
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.paths import ROOT
from warraq.schemas.labels import ENTITY_KINDS
from warraq.transforms.arabic import tokenize
from warraq.transforms.entities import bilstm
from warraq.transforms.entities.bilstm import (
    LABELS,
    LONGEST_SENTENCE,
    BilstmTagger,
    found_names,
    load_arrays,
    merge_with_rules,
    sentences,
)
from warraq.transforms.entities.gazetteer import RuleSpan
from warraq.transforms.entities.plausible import NameSpan
from warraq.transforms.entities.tagger import load_tagger, tag_entities

MODELS = ROOT / "transforms" / "models"
PROSE = (
    "الرئيس محمد علي عبد الله بن أبو وزارة الخارجية الأمريكية للسعودية وَلِرُوسيا مدينة مطار بيروت الدولي في قال كيم صحيفة "
    "Le Monde الاتحاد الأوروبي لكرة القدم جامعة الملك سعود ـــ ، . \u200f٣٥ المدرب زيـدان مالي نادي الهلال للأمم المتحدة"
)
ARABIC = st.one_of(
    st.lists(st.sampled_from([*PROSE.split(), "\n"]), max_size=40).map(" ".join),
    st.text(alphabet="ابولكفميرن َـأإىة ،\n", max_size=80),
    st.text(max_size=60),
)


@pytest.fixture(scope="module")
def tagger():
    return load_tagger("bilstm")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("سافر الوفد لروسيا ثم إلى بيروت .", {("place", "روسيا"), ("place", "بيروت")}),
        ("قال وزير الخارجية الأمريكي أنتوني بلينكن أمس .", {("person", "أنتوني بلينكن")}),
        ("أعلنت الامم المتحدة في جنيف عن اجتماع .", {("organisation", "الأمم المتحدة"), ("place", "جنيف")}),
        ("فاز ريال مدريد على برشلونة في مدريد .", {("organisation", "ريال مدريد"), ("place", "مدريد")}),
        ("هذا يوم جميل من أيام الربيع .", set()),
    ],
)
def test_entities_of_plain_sentences(tagger, text, expected):
    [entities] = tagger.tag([text])
    assert expected <= {(entity.kind, entity.name) for entity in entities}
    assert expected or not entities


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "أشاد شيخ الأزهر أحمد الطيب بالمبادرة، ثم دعا الأزهر الناس إلى الهدوء.",
            {("الأزهر", "organisation"), ("أحمد الطيب", "person")},
        ),
        ("تزايدت الإصابات بفيروس كوفيد، وظهر كوفيد-19 في أوروبا أيضا.", {("أوروبا", "place")}),
        ("ماهي أسباب الأزمة في تونس؟", {("تونس", "place")}),
        # letters of a Persian keyboard
        ("وصل الرئیس إلى کرکوک ثم إیران أمس.", {("كركوك", "place"), ("إيران", "place")}),
    ],
)
def test_what_looks_like_a_name(tagger, text, found):
    [entities] = tagger.tag([text])
    assert {(entity.name, entity.kind) for entity in entities} == found


def test_a_short_mention_gets_the_full_name(tagger, make_article):
    text = "قال الوزير سامر الدرويشي أمس إن الخطة تمت. وأضاف الدرويشي أن العمل مستمر."
    [article] = tag_entities([make_article(text)], tagger)
    found = [(entity.name, entity.name_source) for entity in article.entities if entity.kind == "person"]
    assert found == [("سامر الدرويشي", "written"), ("سامر الدرويشي", "article")]


def test_a_short_mention_gets_the_full_name_of_the_title(tagger, make_article):
    text = "وصل الدرويشي إلى القاهرة أمس والتقى الدرويشي وزير الثقافة."
    [article] = tag_entities([make_article(text, title="الفنان سامر الدرويشي يزور القاهرة")], tagger)
    persons = {(entity.name, entity.name_source) for entity in article.entities if entity.kind == "person"}
    assert persons == {("سامر الدرويشي", "article")}


@pytest.mark.parametrize(
    ("text", "lengths"),
    [
        ("", []),
        ("\n\n", []),
        ("كلمة", [1]),
        ("قال كذا. ثم قال", [3, 2]),
        ("بلغ 3.5 بالمئة", [5]),
        ("عنوان\nوقال", [1, 1]),
        ("كم؟ نعم!", [2, 2]),
        ("كلمة " * 250, [LONGEST_SENTENCE, LONGEST_SENTENCE, 10]),
    ],
)
def test_sentences(text, lengths):
    assert [end - first for first, end in sentences(text, tokenize(text))] == lengths


@given(ARABIC)
def test_sentences_hold_every_token_but_line_ends(text):
    tokens = tokenize(text)
    inside = [number for first, end in sentences(text, tokens) for number in range(first, end)]
    assert inside == [number for number, token in enumerate(tokens) if token.group() != "\n"]


def labelled(*labels):
    return np.array([LABELS.index(label) for label in labels], np.int8)


def test_names_from_labels():
    labels = labelled("B-person", "I-person", "O", "B-place", "B-place", "I-misc")
    margins = np.array([3, 1, 0, 0, 20, 1], np.float32)
    [found] = found_names(labels, margins, [6])
    assert found == [NameSpan(0, 2, "person", 0.731), NameSpan(3, 4, "place", 0.5), NameSpan(4, 5, "place", 1.0)]


def test_names_end_with_their_sentence():
    labels = labelled("O", "B-place", "I-place", "B-misc", "I-misc", "I-misc", "I-misc", "I-misc")
    found = found_names(labels, np.ones(8, np.float32), [1, 1, 1, 3, 2])
    assert [[name[:3] for name in names] for names in found] == [[], [(0, 1, "place")], [], [(0, 3, "misc")], []]


def test_no_names_from_no_labels():
    assert found_names(labelled(), np.zeros(0, np.float32), []) == []
    assert found_names(labelled("O"), np.zeros(1, np.float32), [1]) == [[]]


@settings(deadline=None, max_examples=150)
@given(ARABIC)
def test_offsets_are_true_and_spans_apart(text):
    [entities] = load_tagger("bilstm").tag([text])
    assert all(text[entity.start : entity.end] == entity.text and entity.text and entity.name for entity in entities)
    assert all(one.end <= other.start for one, other in pairwise(entities))
    assert all(entity.kind in ENTITY_KINDS and 0 <= entity.score <= 1 for entity in entities)


@settings(deadline=None, max_examples=40)
@given(st.lists(ARABIC, max_size=6))
def test_neither_batch_nor_order_changes_anything(texts):
    tagger = load_tagger("bilstm")
    together = tagger.tag(texts)
    assert together == [tagger.tag([text])[0] for text in texts]
    assert tagger.tag(texts[::-1]) == together[::-1]


def test_threads_share_a_tagger(monkeypatch):
    monkeypatch.setattr(bilstm, "_CACHED_WORDS", 8)  # so that what is remembered is thrown away again and again
    texts = [" ".join(PROSE.split()[first:]) for first in range(24)]
    tagger = BilstmTagger()
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda text: tagger.tag([text])[0], texts * 3))
    assert found == tagger.tag(texts) * 3


def test_what_is_remembered_changes_nothing(tagger):
    assert BilstmTagger().tag([PROSE]) == tagger.tag([PROSE])


def test_another_processor_finds_the_same(tagger):
    """OpenBLAS multiplies and adds in another order when it is told that the processor is an old one."""
    program = "import sys; from warraq.transforms.entities.tagger import load_tagger; print(load_tagger('bilstm').tag([sys.argv[1]]))"
    old = {**os.environ, "OPENBLAS_CORETYPE": "Prescott", "PYTHONHASHSEED": "7", "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        [sys.executable, "-c", program, PROSE], cwd=MODELS.parents[1], env=old, capture_output=True, check=True
    )
    assert done.stdout.decode("utf-8").strip() == str(tagger.tag([PROSE]))


@pytest.mark.parametrize("text", ["", "\n", "روسيا", "No Arabic here.", "1 2 3", "\u200f", "أ" * 100_000])
def test_odd_texts_are_no_trouble(tagger, text):
    started = time.process_time()
    tagger.tag([text])
    assert time.process_time() - started < 5


def test_long_texts_take_time_in_proportion(tagger):
    def seconds(words):
        started = time.process_time()
        tagger.tag(["قال محمد في القاهرة إن الخطة تمت . " * (words // 8)])
        return time.process_time() - started

    seconds(1_000)
    assert seconds(100_000) < 40 * seconds(10_000)


def test_no_pickle_is_loaded():
    packed = io.BytesIO()
    np.savez(packed, words=np.array([{"a": 1}], dtype=object))
    with pytest.raises(ValueError, match="allow_pickle"):
        load_arrays(packed.getvalue())


def test_nothing_in_the_file_needs_a_sum_past_exactness(tagger):
    network = tagger._network
    given = np.concatenate(
        [np.full(network._gates.shape[1] - network._rule_tags.shape[1], 512.0), np.abs(network._rule_tags).max(0)]
    )
    most = given @ np.abs(network._gates) + 512 * np.abs(network._recurrent).sum(axis=1) + np.abs(network._bias[:, 0])
    assert most.max() < 2**24
    states = np.concatenate([np.full(2 * network._recurrent.shape[1], 512.0), given])
    assert (states @ np.abs(network._labels.weights) + np.abs(network._labels.bias)).max() < 2**24


@pytest.mark.parametrize(
    ("found", "rules", "expected"),
    [
        ([(0, 1, "person", 0.6)], [], []),
        ([(0, 1, "person", 0.7)], [], [(0, 1, "person")]),
        ([(0, 2, "person", 0.5)], [], [(0, 2, "person")]),
        ([], [(3, 5, "organisation", 0.4)], [(3, 5, "organisation")]),
        ([], [(3, 5, "place", 0.9)], []),
        ([(4, 5, "place", 0.9)], [(3, 5, "organisation", 0.4)], [(4, 5, "place")]),
        ([(4, 5, "place", 0.9), (6, 7, "place", 0.9)], [(3, 7, "organisation", 0.9)], [(3, 7, "organisation")]),
        ([(4, 6, "organisation", 0.9)], [(3, 6, "organisation", 0.9)], [(4, 6, "organisation")]),
        ([(2, 3, "person", 0.9)], [(1, 4, "person", 0.9)], [(1, 4, "person")]),
        ([(2, 3, "person", 0.9), (3, 4, "person", 0.9)], [(1, 4, "person", 0.9)], [(1, 4, "person")]),
        ([(2, 3, "person", 0.9)], [(1, 4, "person", 0.7)], [(2, 3, "person")]),
    ],
)
def test_network_and_rules_are_settled(found, rules, expected):
    names = merge_with_rules(
        [NameSpan(*name) for name in found],
        [RuleSpan(first, end, 0, kind, None, score) for first, end, kind, score in rules],
    )
    assert [name[:3] for name in names] == expected


@pytest.mark.parametrize(
    ("found", "kind", "expected"),
    [
        ([(5, 6, "person", 0.9)], "organisation", [(3, 6, "organisation")]),
        ([(5, 6, "person", 0.9)], "place", [(3, 6, "place")]),
        ([(5, 8, "person", 0.9)], "place", [(5, 8, "person")]),
        ([(4, 8, "organisation", 0.9)], "organisation", [(3, 8, "organisation")]),
        ([], "place", [(3, 6, "place")]),
    ],
)
def test_what_bears_a_rulers_name_is_not_the_ruler(found, kind, expected):
    university = RuleSpan(3, 6, 0, kind, None, 0.4, honours=True)
    assert [name[:3] for name in merge_with_rules([NameSpan(*name) for name in found], [university])] == expected


def test_the_files_are_what_the_checksums_say():
    lines = (MODELS / "entities.sha256").read_text("utf-8").splitlines()
    named = {name: digest for digest, name in (line.split("  ") for line in lines)}
    files = {path.name: path for path in MODELS.glob("entities.*") if path.suffix not in {".sha256", ".md"}}
    assert named == {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()}


def test_the_files_are_small():
    assert sum(path.stat().st_size for path in MODELS.glob("entities.*")) <= 10_000_000
