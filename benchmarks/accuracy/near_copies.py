"""The share of true near copies that Deduplicate links, on SaudiNewsNet: two days of all Saudi papers.

    python -m benchmarks.accuracy.near_copies            (data: $WARRAQ_DATA, else ../shared/data beside the checkout)

The truth is the exact Jaccard similarity of the 5-word n-grams of each pair in near_duplicate_pairs.jsonl, computed
here on normalized words. A pair counts as linked if both articles lead to the same article by `duplicate_of`.
"""

import collections
import itertools
import json
import sys
import zipfile
from pathlib import Path

from benchmarks.data import DATA
from warraq.transforms.deduplicate.deduplicate import Precedence, SignatureRow, deciding, judge_exact, judge_near
from warraq.transforms.minhash import band_keys, normalized_words, signature

_DAY = "2015-07-31"  # of all articles, which are days apart at most
_STEPS = (0.3, 0.4, 0.5, 0.6, 0.65, 0.7, 0.75, 0.8, 0.9, 1.01)


def articles(folder: Path) -> dict[tuple[str, int], list[str]]:
    """(day, index) → normalized words."""
    found = {}
    for path in sorted(folder.glob("*.zip")):
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                for index, article in enumerate(json.loads(archive.read(name))):
                    found[path.stem, index] = normalized_words(article["content"] or "")
    return {key: words for key, words in found.items() if len(words) >= 40}


def ngrams(words: list[str]) -> set[tuple[str, ...]]:
    """All runs of five words."""
    return set(zip(*(words[start:] for start in range(5)), strict=False))


def originals(words: dict[tuple[str, int], list[str]], min_similarity: float) -> dict[tuple[str, int], str]:
    """The first original of each article, as the stage decides; the article itself if it is no copy."""
    keys = {f"{day}/{index:05}": (day, index) for day, index in words}
    exact = collections.defaultdict(list)
    for record_id, key in keys.items():
        precedence = Precedence(True, _DAY, False, address=record_id)
        row = SignatureRow(precedence, record_id, record_id, "", signature(words[key]))
        exact[" ".join(words[key])].append(row)
    verdicts = collections.defaultdict(list)
    bands = collections.defaultdict(list)
    for copies in exact.values():
        first, judged = judge_exact(copies)
        for record_id, verdict in judged:
            verdicts[record_id].append(verdict)
        for band in band_keys(first.signature):
            bands[band].append(first)
    for bucket in bands.values():
        for record_id, verdict in judge_near(bucket, min_similarity):
            verdicts[record_id].append(verdict)
    parents = {}
    for record_id in sorted(keys):  # in order: an original is always earlier, so its own first original is known
        verdict = deciding(verdicts[record_id])
        parents[record_id] = parents[verdict.original] if verdict else record_id
    return {keys[record_id]: root for record_id, root in parents.items()}


def measure(data: Path, min_similarity: float = 0.7) -> dict[str, float]:
    """The share of pairs that are linked, for each step of exact Jaccard similarity, and the recall from 0.8 on."""
    folder = data / "newstext" / "saudinewsnet"
    words = articles(folder)
    original = originals(words, min_similarity)
    found: dict[float, list[bool]] = {step: [] for step in _STEPS}
    for line in (folder / "near_duplicate_pairs.jsonl").read_text(encoding="utf-8").splitlines():
        pair = json.loads(line)
        left, right = ((pair[side]["day"], pair[side]["index"]) for side in "ab")
        if left in words and right in words:
            one, other = ngrams(words[left]), ngrams(words[right])
            jaccard = len(one & other) / len(one | other)
            step = max((step for step in _STEPS if step <= jaccard), default=_STEPS[0])
            found[step].append(original[left] == original[right])
    results = {}
    for low, high in itertools.pairwise(_STEPS):
        if found[low]:
            results[f"{low:.2f} to {high:.2f}: {len(found[low])} pairs, linked"] = sum(found[low]) / len(found[low])
    at_least = [linked for step in _STEPS if step >= 0.8 for linked in found[step]]
    results["recall at Jaccard 0.8"] = sum(at_least) / len(at_least)
    return results


if __name__ == "__main__":
    root = DATA
    if not root.is_dir():
        sys.exit(f"no data at {root}: set WARRAQ_DATA")
    for name, value in measure(root).items():
        print(f"{name:<40}{value:8.3f}")
