"""Precision and recall of near copies against the judgement of two readers, and those of MinHash beside it.

    python -m benchmarks.accuracy.copies            (data: $WARRAQ_DATA, else ../shared/data beside the checkout)

`copies_pairs.tsv` has 500 pairs of articles of SaudiNewsNet and ANT, in bands of the share of 3-word n-grams of the
shorter text that the longer one has, from .05 on: of two papers and of one, of the same day and up to 30 days apart.
Two readers judged each pair by both texts under one written rule, each blind to the other:

    same       one text was made from the other, or both from one source text: at least half of the sentences of the
               shorter one stand in the other, lightly edited, and tell the same event
    anew       the same event in other words
    different  another event or other facts, or only a template or background in common

Pairs of even days (half 0) set the thresholds, those of odd days (half 1) report. Pairs on which the readers agree are
the truth; the figures against each reader are beside it. MinHash is that of datatrove's defaults: 5-word n-grams, 14
buckets of 8 hashes; there a pair is linked if it shares a bucket.

Last come the pairs of SaudiNewsNet that a formula found, the Jaccard similarity of 5-word n-grams, by its steps.
"""

import collections
import datetime as dt
import email.utils
import gzip
import hashlib
import itertools
import json
import re
import sys
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.data import DATA
from warraq.transforms.relation import Relation, relation
from warraq.transforms.sketch import anchor_keys, normalized_words, sketch

PAIRS: Final = Path(__file__).with_name("copies_pairs.tsv")
_BUCKETS, _HASHES, _NGRAM = 14, 8, 5
_SHORTEST: Final = 40  # words
_STEPS: Final = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.01)
_PRIME: Final = (1 << 61) - 1


def articles(folder: Path, wanted: set[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The articles with these ids."""
    for path in sorted((folder / "saudinewsnet").glob("*.zip")):
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                for index, article in enumerate(json.loads(archive.read(name))):
                    if (key := f"snn/{path.stem}/{index}") in wanted:
                        yield key, {**article, "text": article["content"], "day": path.stem}
    with gzip.open(folder / "ant_dev_full.jsonl.gz", "rt", encoding="utf-8") as lines:
        for article in map(json.loads, lines):
            if (key := f"ant/{article['id']}") in wanted:
                yield key, {**article, "day": day(article["time"])}


def day(stated: str) -> str:
    """The day of a time as the corpus writes it."""
    if found := re.match(r"(\d\d)/(\d\d)/(\d{4})$", stated):
        return "-".join(found.groups()[::-1])
    if re.match(r"\d{4}-\d\d-\d\d", stated):
        return stated[:10]
    return email.utils.parsedate_to_datetime(stated).date().isoformat()


def minhash(words: list[str]) -> list[tuple[int, ...]]:
    """The buckets of datatrove's defaults."""
    grams = {" ".join(words[start : start + _NGRAM]) for start in range(max(1, len(words) - _NGRAM + 1))}
    hashes = [
        int.from_bytes(hashlib.sha1(gram.encode(), usedforsecurity=False).digest()[:4], "little") for gram in grams
    ]
    numbers = np.random.RandomState(1)
    factors = numbers.randint(1, _PRIME, size=(2, _BUCKETS * _HASHES), dtype=np.uint64)
    values = np.array(hashes, dtype=object)[:, np.newaxis]
    lowest = ((values * factors[0].astype(object) + factors[1].astype(object)) % _PRIME & 0xFFFFFFFF).min(axis=0)
    return [tuple(lowest[start : start + _HASHES]) for start in range(0, len(lowest), _HASHES)]


def jaccard(left: list[str], right: list[str], length: int = 3) -> float:
    """Of n-grams of so many words."""
    one, other = ({*zip(*(words[start:] for start in range(length)), strict=False)} for words in (left, right))
    return len(one & other) / max(1, len(one | other))


def compared(left: dict[str, Any], right: dict[str, Any], words: Sequence[list[str]]) -> tuple[bool, Relation | None]:
    """True if two articles meet at an anchor, and their relation."""
    pair = (left, right)
    sketches = [sketch(article["title"], each, article["url"]) for article, each in zip(pair, words, strict=True)]
    days = abs((dt.date.fromisoformat(left["day"]) - dt.date.fromisoformat(right["day"])).days)
    return bool({*anchor_keys(sketches[0])} & {*anchor_keys(sketches[1])}), relation(*sketches, days)


def judged(folder: Path) -> Iterator[dict[str, Any]]:
    """Each pair with its labels, and whether each method links it."""
    lines = [line.split("\t") for line in PAIRS.read_text("utf-8").splitlines()]
    rows = [dict(zip(lines[0], line, strict=True)) for line in lines[1:]]
    found = dict(articles(folder, {row[side] for row in rows for side in ("first", "second")}))
    for row in rows:
        pair = [found[row[side]] for side in ("first", "second")]
        words = [normalized_words(article["text"]) for article in pair]
        meet, related = compared(pair[0], pair[1], words)
        buckets = [minhash(each) for each in words]
        yield {
            **row,
            "jaccard": jaccard(*words),
            "meet": meet,
            "relation": related,
            "linked": meet and related is not None,
            "minhash": any(one == other for one, other in zip(*buckets, strict=True)),
        }


def by_formula(folder: Path) -> Iterator[tuple[float, bool]]:
    """Of each pair that a formula found: its Jaccard similarity, and whether Warraq links it."""
    lines = (folder / "saudinewsnet" / "near_duplicate_pairs.jsonl").read_text("utf-8").splitlines()
    pairs = [[f"snn/{pair[side]['day']}/{pair[side]['index']}" for side in "ab"] for pair in map(json.loads, lines)]
    found = dict(articles(folder, {key for pair in pairs for key in pair}))
    for pair in pairs:
        left, right = (found[key] for key in pair)
        words = [normalized_words(article["text"] or "") for article in (left, right)]
        if min(map(len, words)) >= _SHORTEST:
            meet, related = compared(left, right, words)
            yield jaccard(words[0], words[1], _NGRAM), meet and related is not None


def scores(pairs: list[dict[str, Any]], method: str, is_same: Callable[[dict[str, Any]], bool | None]) -> str:
    """Precision and recall, with the counts."""
    counts = collections.Counter((is_same(pair), bool(pair[method])) for pair in pairs)
    right, wrong, missed = counts[True, True], counts[False, True], counts[True, False]
    precision, recall = right / max(1, right + wrong), right / max(1, right + missed)
    return f"P {precision:.3f}  R {recall:.3f}  ({right} right, {wrong} wrong, {missed} missed)"


def agreed(pair: dict[str, Any]) -> bool | None:
    """True if both readers say `same`, false if neither does, None if they differ."""
    votes = {pair["label_1"] == "same", pair["label_2"] == "same"}
    return votes.pop() if len(votes) == 1 else None


def main() -> None:
    if not DATA.is_dir():
        sys.exit(f"no data at {DATA}: set WARRAQ_DATA")
    pairs = [*judged(DATA / "newstext")]
    labels = [(pair["label_1"], pair["label_2"]) for pair in pairs]
    alike = sum(one == other for one, other in labels) / len(labels)
    first, second = (collections.Counter(label[reader] for label in labels) for reader in (0, 1))
    chance = sum(first[label] * second[label] for label in first) / len(labels) ** 2
    print(f"{len(pairs)} pairs; readers agree on {alike:.1%}, kappa {(alike - chance) / (1 - chance):.2f}")
    print(f"same or not: they agree on {sum(agreed(pair) is not None for pair in pairs)}")
    for half in "01":
        part = [pair for pair in pairs if pair["half"] == half]
        print(f"half {half}, {len(part)} pairs")
        print("  Warraq                    ", scores(part, "linked", agreed))
        print("  Warraq, candidates only   ", scores(part, "meet", agreed))
        print("  Warraq, relation only     ", scores(part, "relation", agreed))
        print("  MinHash 14 x 8            ", scores(part, "minhash", agreed))
        for reader in "12":
            truth = lambda pair, reader=reader: pair[f"label_{reader}"] == "same"  # noqa: E731
            print(f"  Warraq, against reader {reader}  ", scores(part, "linked", truth))
        near = [pair for pair in part if pair["jaccard"] >= 0.8]
        print("  Warraq, Jaccard from .8 on", scores(near, "linked", agreed))
        both = [pair for pair in part if pair["kind_1"] == pair["kind_2"] and pair["linked"] and agreed(pair)]
        kinds = collections.Counter(pair["relation"].kind == pair["kind_1"] for pair in both)
        print(f"  kind as both readers say: {kinds[True]} of {sum(kinds.values())}")
    for band in sorted({pair["band"] for pair in pairs}):
        part = [pair for pair in pairs if pair["band"] == band]
        print(f"band {band:7}{len(part):>4} pairs ", scores(part, "linked", agreed))
    computed = [*by_formula(DATA / "newstext")]
    for low, high in itertools.pairwise(_STEPS):
        linked = [is_linked for similarity, is_linked in computed if low <= similarity < high]
        print(
            f"by formula, {low:.1f} to {high:.1f}{len(linked):>5} pairs, linked {sum(linked) / max(1, len(linked)):.3f}"
        )


if __name__ == "__main__":
    main()
