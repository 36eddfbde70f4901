"""The tagger `onnx`: any token classification model in ONNX form, from a folder on this machine.

The folder has `config.json` (with id2label), `tokenizer.json`, `model.onnx`, and `SHA256SUMS` with the checksums of the
other three as sha256sum writes them. No other file is read, and nothing is unpickled. It needs the extra `onnx`. Long
texts are read in overlapping windows; a word has the label from the window in which it is furthest from a border.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from warraq.schemas.records import Entity
from warraq.transforms.arabic import tokenize
from warraq.transforms.entities.canonical_names import entity_normalizer
from warraq.transforms.entities.plausible import NameSpan

_FILES: Final = ("config.json", "tokenizer.json", "model.onnx")
_WINDOW: Final = 256  # word pieces, borders included
_OVERLAP: Final = 64
_BATCH: Final = 8  # windows
_KINDS: Final = {
    "person": ("PER", "PERS", "PERSON"),
    "place": ("LOC", "LOCATION", "GPE", "FAC", "PLACE"),
    "organisation": ("ORG", "ORGANIZATION", "ORGANISATION"),
    "misc": ("MISC", "MIS"),
}
_KIND: Final = {name: kind for kind, names in _KINDS.items() for name in names}


class Label(NamedTuple):
    """A model's label: `begins` if a name begins here, and the kind, which is None for labels that are not ours."""

    begins: bool
    kind: str | None


class Window(NamedTuple):
    """Word pieces of one stretch of a text."""

    text: int  # number of the text
    pieces: list[int]
    words: list[int | None]  # number of the word of each piece; None for the borders


def parse_label(written: str) -> Label:
    """The label as written: "B-PERS" begins a person, "I-LOC" continues a place, "ORG" may do either."""
    position, dash, kind = written.upper().replace("_", "-").partition("-")
    return Label(position == "B", _KIND.get(kind if dash else position))


def check_folder(folder: Path) -> str:
    """The SHA-256 of the SHA256SUMS file, which fixes the whole model.

    Raises ValueError if a file has another checksum than SHA256SUMS says, or is not named there.
    """
    sums = (folder / "SHA256SUMS").read_text("utf-8")
    named = {
        name.removeprefix("*"): digest
        for digest, name in (line.split(maxsplit=1) for line in sums.splitlines() if line)
    }
    for name in _FILES:
        found = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        if named.get(name) != found:
            raise ValueError(f"{folder / name} has SHA-256 {found}, SHA256SUMS says {named.get(name, 'nothing')}")
    return hashlib.sha256(sums.encode()).hexdigest()


class OnnxTagger:
    """Labels words by their first piece. All batches have one shape, so that a text's labels depend on it alone.

    Raises ValueError if a file of the model has another checksum, ImportError without the extra `onnx`.
    """

    def __init__(self, folder: str, sha256: str = "") -> None:
        import onnxruntime  # type: ignore[import-untyped]  # noqa: PLC0415  (an extra)
        import tokenizers  # noqa: PLC0415

        where = Path(folder)
        found = check_folder(where)
        if sha256 and found != sha256.lower():
            raise ValueError(f"{where / 'SHA256SUMS'} has SHA-256 {found}, not {sha256}")
        self.name = f"onnx-{where.name}-{found[:8]}"
        labels = json.loads((where / "config.json").read_text("utf-8"))["id2label"]
        self._labels = [parse_label(labels[str(number)]) for number in range(len(labels))]
        self._tokenizer = tokenizers.Tokenizer.from_file(str(where / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(_WINDOW, stride=_OVERLAP)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            str(where / "model.onnx"), options, providers=["CPUExecutionProvider"]
        )
        self._inputs = {node.name for node in self._session.get_inputs()}

    def tag(self, texts: Sequence[str]) -> list[list[Entity]]:
        """The entities of each text by offset, without overlaps. Each text is judged alone."""
        tokens = [[token for token in tokenize(text) if token.group() != "\n"] for text in texts]
        written = [[token.group() for token in parts] for parts in tokens]
        windows = [window for number, words in enumerate(written) for window in self._windows(number, words)]
        scores = self._word_scores(windows, [len(words) for words in written])
        return [
            entity_normalizer().entities(text, parts, list(self._found(rows)))
            for text, parts, rows in zip(texts, tokens, scores, strict=True)
        ]

    def _windows(self, number: int, words: list[str]) -> Iterator[Window]:
        if words:
            encoding = self._tokenizer.encode(words, is_pretokenized=True)
            for part in (encoding, *encoding.overflowing):
                yield Window(number, part.ids, part.word_ids)

    def _word_scores(self, windows: list[Window], sizes: list[int]) -> list[npt.NDArray[np.float32]]:
        """Probabilities of labels for each word of each text; a word without pieces has zeros."""
        scores = [np.zeros((size, len(self._labels)), np.float32) for size in sizes]
        depths = [np.zeros(size, np.int64) for size in sizes]
        for first in range(0, len(windows), _BATCH):
            batch = windows[first : first + _BATCH]
            for window, probabilities in zip(batch, self._run(batch), strict=False):
                for piece, word in _first_pieces(window):
                    depth = min(piece, len(window.pieces) - 1 - piece) + 1
                    if depth > depths[window.text][word]:
                        depths[window.text][word] = depth
                        scores[window.text][word] = probabilities[piece]
        return scores

    def _run(self, batch: Sequence[Window]) -> npt.NDArray[np.float32]:
        """Probabilities of labels for each piece of each window."""
        pieces, mask = np.zeros((2, _BATCH, _WINDOW), np.int64)
        for row, window in enumerate(batch):
            pieces[row, : len(window.pieces)] = window.pieces
            mask[row, : len(window.pieces)] = 1
        mask[len(batch) :, 0] = 1  # an empty row has one piece, because attention to no piece is not a number
        known: dict[str, Any] = {"input_ids": pieces, "attention_mask": mask, "token_type_ids": np.zeros_like(pieces)}
        [logits, *_] = self._session.run(None, {name: known[name] for name in self._inputs})
        raised = np.exp(logits - logits.max(axis=-1, keepdims=True))
        probabilities: npt.NDArray[np.float32] = raised / raised.sum(axis=-1, keepdims=True)
        return probabilities

    def _found(self, scores: npt.NDArray[np.float32]) -> Iterator[NameSpan]:
        """Names among words; the score is the mean probability of their labels."""
        best = [
            self._labels[number] if row.any() else Label(begins=False, kind=None)
            for number, row in zip(scores.argmax(axis=1), scores, strict=True)
        ]
        first = 0
        while first < len(best):
            end = first + 1
            kind = best[first].kind
            while kind and end < len(best) and best[end].kind == kind and not best[end].begins:
                end += 1
            if kind:
                yield NameSpan(first, end, kind, round(float(scores[first:end].max(axis=1).mean()), 3))
            first = end


def _first_pieces(window: Window) -> Iterator[tuple[int, int]]:
    """(piece, word) of the first piece of each word in the window; a word cut by a border has none."""
    before: int | None = None
    for piece, word in enumerate(window.words):
        if word is not None and word != before:
            yield piece, word
        before = word if word is not None else before
