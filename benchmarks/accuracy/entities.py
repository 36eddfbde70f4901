"""Scores an entity tagger on public corpora, exact spans and kinds, and measures its speed.

    python -m benchmarks.accuracy.entities [--backend NAME] [--model FILE] [--alone] [--strict] [--errors caraner]

WARRAQ_DATA: folder with ner, pages and newstext.

A found span counts for the tokens that it touches, because the corpora leave proclitics inside their tokens.
Currencies, which ANERcorp and CAraNER label as misc, are no entities here and count neither as found nor as missed;
`--strict` counts them as missed. `anercorp`
is the last sixth of ANERcorp's first 125,114 tokens. The shipped tagger is trained on all of them: give the file that
`train_entities.py --inner` writes, which has seen the first five sixths only, to score on the last.
"""

import argparse
import gzip
import json
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.training.entity_corpora import CORPORA, DATA, KINDS, Row, Span, Text, gold_spans, texts
from warraq.schemas.labels import ENTITY_KINDS
from warraq.schemas.records import Entity
from warraq.transforms.arabic import tokenize
from warraq.transforms.entities import bilstm
from warraq.transforms.entities.bilstm import BilstmTagger
from warraq.transforms.entities.lexicon import describe, lexicon
from warraq.transforms.entities.plausible import is_left_out
from warraq.transforms.entities.tagger import BACKENDS, Tagger, load_tagger

NAMED = ("person", "place", "organisation")
SHOWN_ERRORS = 150
TIMED_ARTICLES = 600


def found_spans(text: Text, entities: list[Entity]) -> set[Span]:
    token_at = [number for number, (token, _) in enumerate(text) for _ in range(len(token) + 1)]
    return {Span(token_at[entity.start], token_at[entity.end - 1] + 1, entity.kind) for entity in entities}


def counted(text: Text, spans: Iterable[Span]) -> set[Span]:
    """The spans without what is left out."""
    words = {span: [describe(lexicon(), token) for token, _ in text[span.first : span.end]] for span in spans}
    return {span for span in words if span.kind != "misc" or not is_left_out(words[span])}


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


def score(tagger: Tagger, rows: list[Row], *, strict: bool = False) -> Score:
    """The score of `tagger` on a corpus."""
    result = Score(Counter(), Counter(), Counter(), [])
    for text in texts(rows):
        [entities] = tagger.tag([" ".join(token for token, _ in text)])
        found, gold = found_spans(text, entities), gold_spans(text)
        if not strict:
            found, gold = counted(text, found), counted(text, gold)
        for counts, spans in zip(result[:3], (found & gold, found, gold), strict=True):
            counts.update(span.kind for span in spans)
        result.errors.extend(in_words(text, "wrong", span) for span in sorted(found - gold))
        result.errors.extend(in_words(text, "missed", span) for span in sorted(gold - found))
    return result


def in_words(text: Text, sign: str, span: Span) -> str:
    tokens = [token for token, _ in text]
    before, after = tokens[max(span.first - 2, 0) : span.first], tokens[span.end : span.end + 2]
    return f"{sign:7}{span.kind:13}{' '.join(before)} [{' '.join(tokens[span.first : span.end])}] {' '.join(after)}"


def score_pages(tagger: Tagger) -> str:
    """The score of distinct names (as written, without proclitics) on six pages labelled by hand, without misc."""
    truth = {row["file"]: row for row in json_lines("entities_topic_ar.jsonl")}
    right = found = gold = 0
    for page in json_lines("gt_ar.jsonl"):
        row = truth.get(page["file"])
        if row:
            [entities] = tagger.tag([page["text"]])
            names = {(entity.text, entity.kind) for entity in entities if entity.kind != "misc"}
            wanted = {(name["text"], KINDS[name["type"]]) for name in row["entities"]}
            names = {(name, kind) for name, kind in names if (name, kind) in wanted or name not in row["optional"]}
            right, found, gold = right + len(names & wanted), found + len(names), gold + len(wanted)
    return f"six pages: {gold} names, {right} found, {found - right} wrong, F1 {2 * right / max(found + gold, 1):.3f}"


def json_lines(name: str) -> Iterator[dict[str, Any]]:
    with (DATA / "pages" / name).open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def speed(tagger: Tagger) -> str:
    """Tokens a second of processor time over real articles, 32 at a time, after 32 to warm up."""
    with gzip.open(DATA / "newstext" / "ant_dev_full.jsonl.gz", "rt", encoding="utf-8") as lines:
        articles = [json.loads(line)["text"] for line in islice(lines, TIMED_ARTICLES)]
    tagger.tag(articles[:32])
    tokens = sum(len(tokenize(text)) for text in articles[32:])
    started = time.process_time()
    for first in range(32, len(articles), 32):
        tagger.tag(articles[first : first + 32])
    return (
        f"{tokens / (time.process_time() - started):,.0f} tokens/s over {tokens:,} tokens of {len(articles)} articles"
    )


def main() -> None:
    """Prints the scores and the speed of one backend."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backend", default="bilstm", choices=BACKENDS)
    parser.add_argument("--model", type=Path, help="an .npz file for the backend bilstm, instead of the shipped one")
    parser.add_argument("--alone", action="store_true", help="the network's names as they are, rules aside")
    parser.add_argument("--strict", action="store_true", help="count currencies as the corpora do")
    parser.add_argument("--errors", choices=[name for name in CORPORA if name != "anercorp"], help="show errors too")
    options = parser.parse_args()
    if not (DATA / "ner").is_dir():
        sys.exit(f"no corpora at {DATA}: set WARRAQ_DATA")
    if options.alone:
        bilstm.merge_with_rules = lambda names, _rules: list(names)
    tagger = BilstmTagger(options.model.read_bytes()) if options.model else load_tagger(options.backend)
    for corpus in [options.errors] if options.errors else CORPORA:
        result = score(tagger, CORPORA[corpus](), strict=options.strict)
        print(corpus)
        print(*(result.line([kind], kind) for kind in ENTITY_KINDS), sep="\n")
        print(result.line(NAMED, "first three"))
        print(result.line(ENTITY_KINDS, "micro"))
        if options.errors:
            print(*result.errors[:: len(result.errors) // SHOWN_ERRORS + 1], sep="\n")
    if not options.errors:
        print(score_pages(tagger))
        print(speed(tagger))


if __name__ == "__main__":
    main()
