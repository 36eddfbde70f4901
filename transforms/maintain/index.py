"""`maintain index`: the index of searches is made, or brought up to date. Without it, the next search does that."""

import argparse
from collections.abc import Callable

from warraq.transforms.dataset.dataset import Dataset
from warraq.transforms.search.index import Index


def add_flags(_parser: argparse.ArgumentParser) -> None:
    """The operation has no flags."""


def run(dataset: Dataset, _options: argparse.Namespace, tell: Callable[[str], object]) -> int:
    """Carries out the operation; returns the exit code."""
    index = Index(dataset)
    before = index.state()
    after = index.refresh()
    if after != before:
        tell(f"index: {sum(shard.articles for shard in after.shards.values()):,} articles, up to date")
    return 0
