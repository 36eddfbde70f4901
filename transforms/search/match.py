"""Articles that match a query, ranked: the query as each shard of the index is asked.

Articles are ranked by BM25 over all shards. All forms of a word count as one word: each has the weight of all of them
together, so that a rare form is not worth more than a frequent one.
"""

import datetime as dt
import functools
import math
import typing
from collections.abc import Sequence
from typing import Final, NamedTuple

import tantivy
from tantivy import Occur, Query

from warraq.transforms.search import query as language
from warraq.transforms.search.index import day_number, day_of, schema
from warraq.transforms.search.query import All, Any, Days, Not, Part, Words
from warraq.transforms.search.words import forms, is_related, joined_forms, stem_prefixes

_SCHEMA: Final = schema()
_TITLE_WEIGHT: Final = 2.0  # of a word in the title
_OTHER_FORMS: Final = 0.1  # what a further form of a word adds
_MOST_FORMS: Final = 200  # of a word with all that are related to it
_FIRST_DAY, _LAST_DAY = day_number(dt.date.min), day_number(dt.date.max)
_DIGITS: Final = 4  # of a score that count: sums of the same numbers in another order differ in later ones


class Match(NamedTuple):
    """An article that matches a query."""

    article_id: str
    date: dt.date
    topic: str
    score: float


class Matches(NamedTuple):
    """The number of all matches, and the first of them."""

    total: int
    first: list[Match]


class Matcher:
    """Answers queries from the shards of an index."""

    def __init__(self, shards: Sequence[tantivy.Index]) -> None:
        self._shards = [shard.searcher() for shard in shards]
        self._articles = sum(shard.num_docs for shard in self._shards)
        self._frequency = functools.lru_cache(maxsize=1 << 16)(self._count)

    def frequency(self, word: str, field: str = language.TEXT) -> int:
        """The number of articles that have a normalized word in the field."""
        return self._frequency(field, word)

    def _count(self, field: str, word: str) -> int:
        return sum(shard.doc_freq(field, word) for shard in self._shards)

    def phrases(self, wanted: Words) -> list[tuple[str, ...]]:
        """The words as articles may have them: all forms of a word, or of a phrase."""
        if wanted.field in (language.SITE, language.TOPIC):
            return [wanted.words]
        field = language.TEXT if wanted.field == language.ANYWHERE else wanted.field
        frequency = functools.partial(self.frequency, field=field)
        first, *rest = wanted.words
        if wanted.is_wide:
            return [(word,) for word in self._related(first, field)]
        if wanted.field == language.NAME:
            return [wanted.words]
        found = joined_forms(first, frequency) if wanted.is_quoted else forms(first, frequency)
        return [(form, *rest) for form in found]

    def _related(self, word: str, field: str) -> list[str]:
        """The words of the index that are related to a word, the most frequent ones."""
        counts = {word: self.frequency(word, field)}
        for prefix in stem_prefixes(word):
            for shard in self._shards:
                for other, count in shard.terms_with_prefix(field, prefix):
                    if is_related(word, other):
                        counts[other] = counts.get(other, 0) + count
        return sorted(counts, key=lambda other: (other != word, -counts[other], other))[:_MOST_FORMS]

    def find(self, part: Part, wanted: int, *, by_date: bool = False) -> Matches:
        """The first `wanted` matches, best first; of equals the newest, then by id.

        Args:
          part: the query.
          wanted: the number of matches to be told.
          by_date: the newest first, whatever their score.
        """
        by_date = by_date or not language.positive(part)
        total, found = 0, []
        for shard in self._shards:
            count, first = self._search(shard, self._query(shard, part), wanted, by_date)
            total += count
            found += first
        if by_date:
            found.sort(key=lambda match: (-match.date.toordinal(), match.article_id))
        else:
            found.sort(key=lambda match: (-match.score, -match.date.toordinal(), match.article_id))
        return Matches(total, found[:wanted])

    def _search(self, shard: tantivy.Searcher, query: Query, wanted: int, by_date: bool) -> tuple[int, list[Match]]:
        """The number of matches in a shard, and the first ones: `wanted`, and those that equal the last of them."""
        order = "date" if by_date else None
        limit = wanted + 1
        while True:
            found: typing.Any = shard.search(query, max(1, min(limit, shard.num_docs)), order_by_field=order)
            keys = [key if by_date else _rounded(key) for key, _ in found.hits]
            if len(keys) < limit or keys[-1] != keys[wanted - 1]:
                break
            limit *= 4
        addresses = [address for _, address in found.hits]
        days = shard.fast_field_values("date", addresses) if addresses else []
        matches = []
        for key, day, address in zip(keys, days, addresses, strict=True):
            stored = shard.doc(address).to_dict()
            score = 0.0 if by_date else _rounded(key)
            matches.append(Match(stored["article_id"][0], day_of(int(day or 0)), stored["topic"][0], score))
        return found.count, matches

    def _query(self, shard: tantivy.Searcher, part: Part) -> Query:
        if isinstance(part, Words):
            return self._words(shard, part)
        if isinstance(part, Days):
            first = day_number(part.since) if part.since else _FIRST_DAY
            last = day_number(part.until) if part.until else _LAST_DAY
            period = Query.range_query(_SCHEMA, "date", tantivy.FieldType.Integer, first, last)
            return Query.const_score_query(period, 0.0)
        if isinstance(part, Not):
            everything = Query.const_score_query(Query.all_query(), 0.0)
            return Query.boolean_query([(Occur.Must, everything), (Occur.MustNot, self._query(shard, part.part))])
        if isinstance(part, Any):
            return Query.boolean_query([(Occur.Should, self._query(shard, each)) for each in part.parts])
        if not part.parts:
            return Query.const_score_query(Query.all_query(), 0.0)
        asked = [each.part if isinstance(each, Not) else each for each in part.parts]
        occur = [Occur.MustNot if isinstance(each, Not) else Occur.Must for each in part.parts]
        if Occur.Must not in occur:
            asked, occur = [All(()), *asked], [Occur.Must, *occur]
        queries = [(must, self._query(shard, each)) for must, each in zip(occur, asked, strict=True)]
        if (together := _neighbours(part)) is not None:
            queries.append((Occur.Should, self._words(shard, together)))
        return Query.boolean_query(queries)

    def _words(self, shard: tantivy.Searcher, wanted: Words) -> Query:
        if wanted.field in (language.SITE, language.TOPIC):
            return Query.const_score_query(Query.term_query(_SCHEMA, wanted.field, wanted.words[0], "basic"), 0.0)
        phrases = self.phrases(wanted)
        if wanted.field != language.ANYWHERE:
            return self._phrases(shard, wanted.field, phrases)
        title = Query.boost_query(self._phrases(shard, language.TITLE, phrases), _TITLE_WEIGHT)
        text = self._phrases(shard, language.TEXT, phrases)
        return Query.boolean_query([(Occur.Should, title), (Occur.Should, text)])

    def _phrases(self, shard: tantivy.Searcher, field: str, phrases: Sequence[tuple[str, ...]]) -> Query:
        """The phrases in one field, each with the weight of all of them together."""
        weight = self._weight(field, phrases)
        queries = []
        for phrase in phrases:
            counts = [shard.doc_freq(field, word) for word in phrase]
            if all(counts):
                own = sum(_idf(count, shard.num_docs) for count in counts)
                queries.append(Query.boost_query(_phrase(field, phrase), weight / own))
        if not queries:
            return Query.empty_query()
        return queries[0] if len(queries) == 1 else Query.disjunction_max_query(queries, _OTHER_FORMS)

    def _weight(self, field: str, phrases: Sequence[tuple[str, ...]]) -> float:
        first = min(self._articles, sum(self.frequency(phrase[0], field) for phrase in phrases))
        rest = [self.frequency(word, field) for word in phrases[0][1:]]
        return sum(_idf(count, self._articles) for count in [first, *rest])


def _neighbours(part: All) -> Words | None:
    """The words that stand alone in a query, as one phrase: articles with it are better. None if there is only one."""
    alone = [each for each in part.parts if isinstance(each, Words) and each.field == language.ANYWHERE]
    if len(alone) < 2 or any(each.is_wide for each in alone):
        return None
    return Words(language.ANYWHERE, tuple(word for each in alone for word in each.words), is_quoted=True)


def _phrase(field: str, phrase: tuple[str, ...]) -> Query:
    if len(phrase) == 1:
        return Query.term_query(_SCHEMA, field, phrase[0], "freq")
    return Query.phrase_query(_SCHEMA, field, list(phrase))


def _idf(count: int, articles: int) -> float:
    """The weight of a word as tantivy has it: less the more articles have the word."""
    return math.log(1 + (articles - count + 0.5) / (count + 0.5))


def _rounded(score: float) -> float:
    return float(f"{score:.{_DIGITS}g}")
