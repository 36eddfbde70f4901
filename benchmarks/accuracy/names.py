"""Counts persons whose first name stands nowhere in the article that is said to name them, over the ANT articles.

    python -m benchmarks.accuracy.names [--source skynews] [--show 100]

WARRAQ_DATA: folder with newstext. A pair is an article and the name of a person. It is counted if each mention in the
text is shorter than the name, and neither text nor title has the name's first word: then not the article but a list
says who it is. `--show` prints that many such pairs with the words around the mention, evenly spread, to be judged by
reading. Evidence and the first rules were chosen on skynews, the later ones on the even days of all portals
(models/entities.CARD.md).
"""

import argparse
import datetime as dt
import gzip
import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from benchmarks.data import DATA
from warraq.schemas.records import Article, Entity, Source
from warraq.transforms.arabic import clitic_segmentations, normalize_name, tokenize
from warraq.transforms.entities.tagger import DEFAULT, load_tagger, tag_entities

BATCH = 32
DAY = re.compile(r"-((?:19|20)\d\d)(\d\d)(\d\d)$")
MOST = 40  # names that are listed


class Pair(NamedTuple):
    """A person who is named by a surname alone, with the first mention."""

    source: str
    article: Article
    mention: Entity

    def line(self) -> str:
        """The pair with the words around the mention."""
        text, start, end = self.article.text, self.mention.start, self.mention.end
        around = " ".join(f"{text[max(start - 60, 0) : start]}[{text[start:end]}]{text[end : end + 30]}".split())
        return f"{self.mention.name} | {self.article.source.url} | {self.article.title} | {around}"


def articles(wanted: str | None) -> Iterator[tuple[str, Article]]:
    """Source and article of each ANT record, its date from its id."""
    with gzip.open(DATA / "newstext" / "ant_dev_full.jsonl.gz", "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            if not wanted or row["source"] == wanted:
                day = DAY.search(row["id"])
                date = dt.date(int(day[1]), 1, 1) if day else dt.date(2018, 1, 1)  # only the year counts
                source = Source(row["id"], None, "ant", 0, 0)
                yield row["source"], Article(source, "", "", row["title"] or None, row["text"], None, date, "record")


def pairs(source: str, article: Article) -> Iterator[Pair]:
    """The pairs of one tagged article."""
    mentions: defaultdict[str, list[Entity]] = defaultdict(list)
    for entity in article.entities:
        if entity.kind == "person":
            mentions[entity.name].append(entity)
    written = {token.group() for token in tokenize(f"{article.text}\n{article.title or ''}")}
    words = {form.key for word in written for form in clitic_segmentations(word)}
    for name, found in mentions.items():
        parts = key(name).split()
        is_short = all(len(key(mention.text).split()) < len(parts) for mention in found)
        if is_short and words.isdisjoint({parts[0], normalize_name(name.split()[0])}):
            yield Pair(source, article, found[0])


def key(name: str) -> str:
    """The words of a name as they are compared; "عبد الله" is one word."""
    return " ".join(map(normalize_name, name.split())).replace("عبد ", "عبد")


def main() -> None:
    """Prints the counts, the most frequent names, and pairs to judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", help="one portal only")
    parser.add_argument("--show", type=int, default=0, help="pairs to judge")
    options = parser.parse_args()
    if not (DATA / "newstext").is_dir():
        sys.exit(f"no articles at {DATA}: set WARRAQ_DATA")
    tagger, rows, found, read = load_tagger(DEFAULT), articles(options.source), [], Counter[str]()
    while batch := list(islice(rows, BATCH)):
        read.update(source for source, _ in batch)
        tagged = tag_entities([article for _, article in batch], tagger)
        found += [pair for (source, _), article in zip(batch, tagged, strict=True) for pair in pairs(source, article)]
    by_source = Counter(pair.source for pair in found)
    for source, count in sorted(read.items()):
        print(f"{source or '(none)':12}{count:7,} articles {by_source[source]:6,} pairs")
    names = Counter(pair.mention.name for pair in found)
    print(*(f"{count:5}  {name}" for name, count in names.most_common(MOST)), sep="\n")
    if options.show:
        print(*(pair.line() for pair in found[:: len(found) // options.show + 1]), sep="\n")


if __name__ == "__main__":
    main()
