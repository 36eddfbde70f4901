"""Scores an entity tagger on public corpora: exact spans of persons, places and organisations (other kinds ignored).

    python benchmarks/entities.py [--backend gazetteer] [--errors anercorp-tune]     # WARRAQ_DATA: folder with ner/

A found span counts for the tokens that it touches, since the corpora leave particles inside their tokens. The corpora
have no articles, so whole sentences are joined to texts of about 400 tokens, the length of one. `anercorp` is the last
sixth of ANERcorp's first 125,114 tokens; nothing was tuned on it. `anercorp-tune` is the part before.
"""

import argparse
import csv
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from schemas.records import Entity  # noqa: E402
from transforms.entities import BACKENDS, Tagger, load_tagger  # noqa: E402

DATA = Path(os.environ.get("WARRAQ_DATA", ROOT.parent / "shared" / "data"))
KINDS = {"PER": "person", "PERS": "person", "LOC": "place", "ORG": "organisation"}
TEXT_TOKENS = 400
SHOWN_ERRORS = 150

Row = tuple[str, str]  # token; label as "B-person", "I-person" or "O"
Text = list[Row]


class Span(NamedTuple):
    """Tokens `first` up to `end`, exclusive."""

    first: int
    end: int
    kind: str


def label(tag: str) -> str:
    position, _, kind = tag.replace("_", "-").partition("-")
    return f"{position}-{KINDS[kind]}" if kind in KINDS else "O"


def conll(path: str) -> list[Row]:
    """Rows of "token label" lines; a few broken lines of ANERcorp are left out."""
    parts = [line.strip().rpartition(" ") for line in (DATA / path).read_text("utf-8").splitlines()]
    return [(token, label(tag)) for token, space, tag in parts if space]


def anercorp(start: int, end: int) -> list[Row]:
    """The sixths from `start` to `end`."""
    rows = conll("ner/anercorp/ANERCorp.first125114tokens.txt")
    return rows[len(rows) * start // 6 : len(rows) * end // 6]


def caraner() -> list[Row]:
    with (DATA / "ner/caraner/CAraNER.dev.csv").open(encoding="utf-8-sig", newline="") as lines:
        return [(row["Word"], label(row["Revised_Label"] or row["Agreed_Label"])) for row in csv.DictReader(lines)]


CORPORA: dict[str, Callable[[], list[Row]]] = {
    "anercorp": lambda: anercorp(5, 6),
    "anercorp-tune": lambda: anercorp(0, 5),
    "cleananercorp": lambda: conll("ner/cleananercorp/cleananercorp_TRAIN.txt"),
    "caraner": caraner,
}


def texts(rows: Iterable[Row]) -> Iterator[Text]:
    """Whole sentences, joined until there are TEXT_TOKENS tokens."""
    text: Text = []
    for row in rows:
        text.append(row)
        if len(text) >= TEXT_TOKENS and row[0] in {".", "؟", "!"}:
            yield text
            text = []
    yield text


def gold_spans(text: Text) -> set[Span]:
    spans = set()
    for first, (_, tag) in enumerate(text):
        if tag.startswith("B-"):
            end = first + 1
            while end < len(text) and text[end][1] == f"I-{tag[2:]}":
                end += 1
            spans.add(Span(first, end, tag[2:]))
    return spans


def found_spans(text: Text, entities: list[Entity]) -> set[Span]:
    token_at = [number for number, (token, _) in enumerate(text) for _ in range(len(token) + 1)]
    return {Span(token_at[entity.start], token_at[entity.end - 1] + 1, entity.kind) for entity in entities}


class Score(NamedTuple):
    """Counts of spans by kind, and the errors in words."""

    right: Counter[str]
    found: Counter[str]
    gold: Counter[str]
    errors: list[str]

    def line(self, kinds: Iterable[str], title: str) -> str:
        right, found, gold = (sum(counts[kind] for kind in kinds) for counts in self[:3])
        precision, recall = right / max(found, 1), right / max(gold, 1)
        return f"  {title:13} P {precision:.3f}  R {recall:.3f}  F1 {2 * right / max(found + gold, 1):.3f}"


def score(tagger: Tagger, rows: list[Row]) -> Score:
    """What `tagger` gets right on a corpus."""
    result = Score(Counter(), Counter(), Counter(), [])
    for text in texts(rows):
        [entities] = tagger.tag([" ".join(token for token, _ in text)])
        found, gold = found_spans(text, entities), gold_spans(text)
        for counts, spans in zip(result[:3], (found & gold, found, gold), strict=True):
            counts.update(span.kind for span in spans)
        result.errors.extend(in_words(text, "wrong", span) for span in sorted(found - gold))
        result.errors.extend(in_words(text, "missed", span) for span in sorted(gold - found))
    return result


def in_words(text: Text, sign: str, span: Span) -> str:
    tokens = [token for token, _ in text]
    before, after = tokens[max(span.first - 2, 0) : span.first], tokens[span.end : span.end + 2]
    return f"{sign:7}{span.kind:13}{' '.join(before)} [{' '.join(tokens[span.first : span.end])}] {' '.join(after)}"


def main() -> None:
    """Prints the scores of one backend."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backend", default="gazetteer", choices=BACKENDS)
    parser.add_argument("--errors", choices=[name for name in CORPORA if name != "anercorp"], help="show errors too")
    options = parser.parse_args()
    if not (DATA / "ner").is_dir():
        sys.exit(f"no corpora at {DATA}: set WARRAQ_DATA")
    tagger = load_tagger(options.backend)
    for corpus in [options.errors] if options.errors else CORPORA:
        result = score(tagger, CORPORA[corpus]())
        print(corpus)
        print(*(result.line([kind], kind) for kind in ("person", "place", "organisation")), sep="\n")
        print(result.line(("person", "place", "organisation"), "micro"))
        if options.errors:
            print(*result.errors[:: len(result.errors) // SHOWN_ERRORS + 1], sep="\n")


if __name__ == "__main__":
    main()
