import hashlib
import json

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
tokenizers = pytest.importorskip("tokenizers")
pytest.importorskip("onnxruntime")

from warraq.transforms.entities.onnx import Label, OnnxTagger, Window, _first_pieces, parse_label  # noqa: E402
from warraq.transforms.entities.tagger import is_backend, load_tagger  # noqa: E402

LABELS = ["O", "B-PERS", "I-PERS", "B-LOC", "I-LOC", "B-ORG", "I-DATE"]
# The label of each word piece: the model below is a table of them.
PIECES = {
    "[PAD]": "O",
    "[UNK]": "O",
    "[CLS]": "O",
    "[SEP]": "O",
    "سامر": "B-PERS",
    "درو": "I-PERS",
    "##يش": "B-LOC",
    "لبيروت": "B-LOC",
    "الغربية": "I-LOC",
    "منظمة": "B-ORG",
    "أمس": "I-DATE",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A model that labels each word piece by a table, whatever stands around it."""
    where = tmp_path_factory.mktemp("table")
    vocabulary = {piece: number for number, piece in enumerate(PIECES)}
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    tokenizer.post_processor = tokenizers.processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.save(str(where / "tokenizer.json"))
    (where / "config.json").write_text(json.dumps({"id2label": dict(enumerate(LABELS))}), "utf-8")
    (where / "model.onnx").write_bytes(table_model().SerializeToString())
    write_sums(where)
    return where


def table_model():
    table = np.zeros((len(PIECES), len(LABELS)), np.float32)
    for row, label in enumerate(PIECES.values()):
        table[row, LABELS.index(label)] = 4
    helper, integers = onnx.helper, onnx.TensorProto.INT64
    graph = helper.make_graph(
        [helper.make_node("Gather", ["table", "input_ids"], ["logits"])],
        "table",
        [helper.make_tensor_value_info("input_ids", integers, ["batch", "pieces"])],
        [helper.make_tensor_value_info("logits", onnx.TensorProto.FLOAT, ["batch", "pieces", len(LABELS)])],
        [onnx.numpy_helper.from_array(table, "table")],
    )
    return helper.make_model(graph, ir_version=10, opset_imports=[helper.make_opsetid("", 17)])


def write_sums(where):
    files = ("config.json", "tokenizer.json", "model.onnx")
    lines = [f"{hashlib.sha256((where / name).read_bytes()).hexdigest()}  {name}\n" for name in files]
    (where / "SHA256SUMS").write_text("".join(lines), "utf-8")


@pytest.fixture(scope="module")
def tagger(folder):
    return load_tagger(f"onnx:{folder}")


def found(tagger, text):
    [entities] = tagger.tag([text])
    assert all(text[entity.start : entity.end] == entity.text for entity in entities)
    return [(entity.kind, entity.text) for entity in entities]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("سافر سامر درويش لبيروت الغربية أمس", [("person", "سامر درويش"), ("place", "بيروت الغربية")]),
        ("منظمة منظمة", [("organisation", "منظمة"), ("organisation", "منظمة")]),
        ("درويش", [("person", "درويش")]),
        ("أمس", []),
        ("", []),
        ("\n", []),
        ("plain words", []),
    ],
)
def test_words_take_the_label_of_their_first_piece(tagger, text, expected):
    assert found(tagger, text) == expected


def test_scores_are_probabilities(tagger):
    [[entity]] = tagger.tag(["سامر"])
    assert entity.score == pytest.approx(np.exp(4) / (np.exp(4) + 6), abs=1e-3)


def test_long_texts_are_read_in_windows(tagger):
    text = "كلمة " * 1_000 + "سامر درويش " + "كلمة " * 700 + "منظمة"
    assert found(tagger, text) == [("person", "سامر درويش"), ("organisation", "منظمة")]


def test_every_word_of_a_long_text_is_labelled(tagger):
    assert len(found(tagger, "منظمة درويش " * 3_000)) == 6_000


def test_the_batch_changes_nothing(tagger):
    texts = ["سامر " * number for number in range(30)] + ["كلمة " * 900]
    assert tagger.tag(texts) == [tagger.tag([text])[0] for text in texts]


@pytest.mark.parametrize(
    ("written", "label"),
    [
        ("B-PERS", Label(begins=True, kind="person")),
        ("I_loc", Label(begins=False, kind="place")),
        ("ORG", Label(begins=False, kind="organisation")),
        ("B-GPE", Label(begins=True, kind="place")),
        ("B-MISC", Label(begins=True, kind="misc")),
        ("B-DATE", Label(begins=True, kind=None)),
        ("O", Label(begins=False, kind=None)),
        ("LABEL_0", Label(begins=False, kind=None)),
    ],
)
def test_labels(written, label):
    assert parse_label(written) == label


def test_only_first_pieces_count():
    assert list(_first_pieces(Window(0, [2, 9, 9, 9, 3], [None, 0, 0, 1, None]))) == [(1, 0), (3, 1)]


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "model.onnx"])
def test_a_changed_file_is_refused(folder, tmp_path, name):
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / name).write_bytes((folder / name).read_bytes() + b" ")
    with pytest.raises(ValueError, match=name):
        OnnxTagger(str(tmp_path))


def test_a_file_that_is_not_listed_is_refused(folder, tmp_path):
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "SHA256SUMS").write_text("", "utf-8")
    with pytest.raises(ValueError, match="says nothing"):
        OnnxTagger(str(tmp_path))


def test_the_name_tells_the_model(tagger, folder):
    digest = hashlib.sha256((folder / "SHA256SUMS").read_bytes()).hexdigest()
    assert tagger.name == f"onnx-{folder.name}-{digest[:8]}"


@pytest.mark.parametrize(
    ("backend", "known"),
    [
        ("bilstm", True),
        ("gazetteer", True),
        ("onnx:/models/a", True),
        ("onnx", False),
        ("bilstm:x", False),
        ("", False),
    ],
)
def test_backend_names(backend, known):
    assert is_backend(backend) is known
