"""How many true near copies Deduplicate links, on SaudiNewsNet: two days of all Saudi papers.

    python -m benchmarks.accuracy.near_copies            (data: $WARRAQ_DATA, else ../shared/data beside the checkout)

Truth is the true Jaccard similarity of 5-word shingles of every pair in near_duplicate_pairs.jsonl, computed here on
the folded words. A pair counts as linked if following `duplicate_of` from both leads to the same article.
"""

import collections
import itertools
import json
import sys
import zipfile
from pathlib import Path

from benchmarks.data import DATA
from warraq.transforms.deduplicate.stage import Reference, band_keys, judge_exact, judge_near, normalized_words, sketch

_STEPS = (0.3, 0.4, 0.5, 0.6, 0.65, 0.7, 0.75, 0.8, 0.9, 1.01)


def articles(folder: Path) -> dict[tuple[str, int], list[str]]:
    """(day, index) → folded words."""
    found = {}
    for path in sorted(folder.glob("*.zip")):
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                for index, article in enumerate(json.loads(archive.read(name))):
                    found[path.stem, index] = normalized_words(article["content"] or "")
    return {key: words for key, words in found.items() if len(words) >= 40}


def shingles(words: list[str]) -> set[tuple[str, ...]]:
    """All runs of five words."""
    return set(zip(*(words[start:] for start in range(5)), strict=False))


def originals(words: dict[tuple[str, int], list[str]], min_similarity: float) -> dict[tuple[str, int], str]:
    """Each article's first original (itself, if it is no copy), as the stage would decide."""
    keys = {f"{day}/{index:05}": (day, index) for day, index in words}
    exact = collections.defaultdict(list)
    for place, key in keys.items():
        exact[" ".join(words[key])].append(Reference(place, place, place, "", sketch(words[key])))
    verdicts = collections.defaultdict(list)
    bands = collections.defaultdict(list)
    for copies in exact.values():
        first, judged = judge_exact(copies)
        for place, verdict in judged:
            verdicts[place].append(verdict)
        for band in band_keys(first.sketch):
            bands[band].append(first)
    for bucket in bands.values():
        for place, verdict in judge_near(bucket, min_similarity):
            verdicts[place].append(verdict)
    parent = {place: min(verdicts[place]).original if place in verdicts else place for place in sorted(keys)}
    for place in parent:  # in order: an original is always earlier, so its own root is known
        parent[place] = parent[parent[place]]
    return {keys[place]: root for place, root in parent.items()}


def measure(data: Path, min_similarity: float = 0.7) -> dict[str, float]:
    """Share of pairs linked for each step of true Jaccard similarity, and the precision of the links."""
    folder = data / "newstext" / "saudinewsnet"
    words = articles(folder)
    original = originals(words, min_similarity)
    found: dict[float, list[bool]] = {step: [] for step in _STEPS}
    for line in (folder / "near_duplicate_pairs.jsonl").read_text(encoding="utf-8").splitlines():
        pair = json.loads(line)
        left, right = ((pair[side]["day"], pair[side]["index"]) for side in "ab")
        if left in words and right in words:
            one, other = shingles(words[left]), shingles(words[right])
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
