"""`warraq search`: the articles that match a query, best first, each with a snippet.

The index beside the dataset is brought up to date before it is asked. What is shown comes from the dataset itself.
"""

import argparse
import datetime as dt
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, NamedTuple, TypeVar

from warraq.pipelines.cli import (
    DONE,
    FAILED,
    WRONG_USAGE,
    Parser,
    add_dataset,
    configure_file_systems,
    counted,
    parse_with_dataset,
    print_line,
)
from warraq.pipelines.terminal import Safe, one_line
from warraq.transforms import storage
from warraq.transforms.dataset import delta_log
from warraq.transforms.dataset.data_files import read_table
from warraq.transforms.dataset.dataset import Dataset
from warraq.transforms.dataset.errors import DamagedDatasetError, DatasetError
from warraq.transforms.search.index import Index, LostShardError, State
from warraq.transforms.search.match import Match, Matcher
from warraq.transforms.search.query import (
    ANYWHERE,
    NAME,
    TEXT,
    TITLE,
    All,
    Part,
    QueryError,
    filters,
    parse,
    positive,
)
from warraq.transforms.search.snippet import Span, marks, snippet

LIMIT: Final = 20
_MOST: Final = 10_000  # hits
_ATTEMPTS: Final = 5  # while other processes change the dataset or its index
_COLUMNS: Final = ("article_id", "url", "site", "title", "text", "entities")


T = TypeVar("T")


class Hit(NamedTuple):
    """An article that was found. Offsets are code points, half-open."""

    article_id: str
    score: float  # BM25; comparable within one search only
    title: str | None
    url: str
    site: str
    date: dt.date
    topic: str
    snippet: str  # of the text
    marks: list[Span]  # what was found, in the snippet
    offset: int  # of the snippet in the text
    title_marks: list[Span]


class Found(NamedTuple):
    """The result of a search."""

    total: int  # articles that match
    hits: list[Hit]


class MovedError(DatasetError):
    """The dataset has changed since the index was brought up to date."""


class Search:
    """Searches in a dataset. Each search sees the dataset as it is then."""

    def __init__(self, dataset: Dataset, tell: Callable[[str], object] = lambda _: None) -> None:
        self._dataset, self._tell = dataset, tell
        self._index = Index(dataset)
        self._state: State | None = None
        self._matcher = Matcher([])

    def find(  # noqa: PLR0913  (the filters have names)
        self,
        query: str = "",
        *,
        since: dt.date | str | None = None,
        until: dt.date | str | None = None,
        site: str | None = None,
        topic: str | None = None,
        name: str | None = None,
        limit: int = LIMIT,
        offset: int = 0,
        by_date: bool = False,
    ) -> Found:
        """The articles that match a query and all of the filters, best first; of equals the newest first, then by id.

        Args:
          query: see docs/search.md; without words the newest articles come first.
          since: the first day: a date, or text such as 2024-05-31, 2024-05 or 2024.
          until: the last day.
          site: a registered domain.
          topic: a topic's slug, or its name.
          name: words in the name of an entity.
          limit: the number of hits, at most.
          offset: the number of better hits that are left out.
          by_date: the newest first.

        Raises:
          QueryError: the query or a filter is wrong.
          DatasetError: there is no dataset, or it can't be read.
          DamagedDatasetError: a data file is missing or broken.
        """
        asked = filters(since=since, until=until, site=site, topic=topic, name=name)
        part = All((parse(query), *asked)) if asked else parse(query)

        def answer(matcher: Matcher) -> Found:
            matches = matcher.find(part, max(1, offset + limit), by_date=by_date)
            return Found(matches.total, self._hits(matcher, part, matches.first[offset : offset + limit]))

        return self._answered(answer)

    def matches(self, query: str, limit: int, **asked: Any) -> list[Match]:
        """The articles that match a query and the filters of `find`, in its order, without what only their rows tell.

        Raises:
          QueryError, DatasetError, DamagedDatasetError: as `find`.
        """
        part = All((parse(query), *filters(**asked))) if asked else parse(query)
        return self._answered(lambda matcher: matcher.find(part, max(1, limit)).first[:limit])

    def phrases(self, query: str) -> list[tuple[str, ...]]:
        """The words of a query in all their forms, as texts have them.

        Raises:
          QueryError, DatasetError, DamagedDatasetError: as `find`.
        """
        wanted = [each for each in positive(parse(query)) if each.field in (TEXT, TITLE, ANYWHERE, NAME)]
        return self._answered(lambda matcher: [phrase for each in wanted for phrase in matcher.phrases(each)])

    def _answered(self, answer: Callable[[Matcher], T], attempts: int = _ATTEMPTS) -> T:
        """The answer, asked for again if other processes change the dataset or its index meanwhile."""
        try:
            return answer(self._refreshed())
        except LostShardError as lost:
            if attempts == 1:
                raise DatasetError(f"{self._index.folder}: can't be read; remove that folder") from lost
            if attempts < _ATTEMPTS:  # it was not only that another process had just changed it
                self._index.drop(str(lost))
        except (MovedError, DamagedDatasetError):
            if attempts <= _ATTEMPTS - 2:
                raise
        self._state = None
        return self._answered(answer, attempts - 1)

    def _refreshed(self) -> Matcher:
        state = self._index.refresh(self._tell)
        if state != self._state:
            self._matcher = Matcher([self._index.open(shard) for _, shard in sorted(state.shards.items())])
            self._state = state
        return self._matcher

    def _hits(self, matcher: Matcher, part: Part, matches: Sequence[Match]) -> list[Hit]:
        rows = self._rows(matches)
        wanted = positive(part)
        in_title, in_text = (
            [phrase for each in wanted if each.field in (field, ANYWHERE) for phrase in matcher.phrases(each)]
            for field in (TITLE, TEXT)
        )
        names = [each.words for each in wanted if each.field == NAME]
        hits = []
        for match in matches:
            row = rows[match.article_id]
            mentions = [
                (entity["start"], entity["end"]) for entity in row["entities"] if marks(entity["name"] or "", names)
            ]
            shown = snippet(row["text"], in_text, mentions)
            hits.append(
                Hit(
                    article_id=match.article_id,
                    score=match.score,
                    title=row["title"],
                    url=row["url"],
                    site=row["site"],
                    date=match.date,
                    topic=match.topic,
                    snippet=shown.text,
                    marks=shown.marks,
                    offset=shown.start,
                    title_marks=marks(row["title"] or "", in_title),
                )
            )
        return hits

    def _rows(self, matches: Iterable[Match]) -> dict[str, dict[str, Any]]:
        """The rows of articles, by id."""
        ids: dict[tuple[str, str], set[str]] = {}
        for match in matches:
            ids.setdefault((match.date.isoformat(), match.topic), set()).add(match.article_id)
        found: dict[str, dict[str, Any]] = {}
        for file in delta_log.data_files("articles", self._dataset.open("articles")) if ids else []:
            if wanted := ids.get((file.partition[0], file.partition[1])):
                for row in read_table(self._dataset.path(file), _COLUMNS).to_pylist():
                    if row["article_id"] in wanted:
                        found[row["article_id"]] = row
        if missing := {key for keys in ids.values() for key in keys} - found.keys():
            raise MovedError(f"{self._dataset.root}: {len(missing)} articles that were found are gone")
        return found


# The command.

FORMATS: Final = ("text", "json")
_MARK, _DIM, _PLAIN = "\x1b[1;33m", "\x1b[2m", "\x1b[0m"


def search_parser() -> Parser:
    """The parser of `warraq search`."""
    parser = Parser(
        prog="warraq search",
        usage='warraq search DIR "QUERY" [flags]',
        description="Finds articles by their words, best first. All words are wanted. How hamza and the like are\n"
        "spelt does not count, nor do the article and joined و ف ب ل ك.\n\n"
        'Queries:  "a phrase"   a OR b   -a   (a b)   ~a (related words)\n'
        "Fields:   title:  text:  name:  site:  topic:  since:  until:",
        epilog="Example:\n  warraq search dataset '\"مجلس الأمن\" ليبيا OR اليمن' --since 2018-05 --limit 5",
    )
    add_dataset(parser)
    parser.add_argument("query", nargs="?", metavar="QUERY", help="the words; without, the newest articles")
    parser.add_argument("--since", metavar="DAY", help="the first day: 2024-05-31, 2024-05 or 2024")
    parser.add_argument("--until", metavar="DAY", help="the last day")
    parser.add_argument("--site", metavar="SITE", help="only this site")
    parser.add_argument("--topic", metavar="TOPIC", help="only this topic: sport, رياضة")
    parser.add_argument("--name", metavar="NAME", help="only articles that name it: 'محمد بن سلمان'")
    parser.add_argument("--newest", action="store_true", help="the newest first, not the best")
    parser.add_argument("--limit", type=_number, default=LIMIT, metavar="N", help=f"articles (default: {LIMIT})")
    parser.add_argument("--format", choices=FORMATS, default=FORMATS[0], help="text, or json: a line an article")
    return parser


def _number(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= _MOST:
        raise argparse.ArgumentTypeError(f"{text}: not a number from 1 to {_MOST:,}")
    return int(text)


def main(arguments: Sequence[str]) -> int:
    """`warraq search`; returns the exit code."""
    options = parse_with_dataset(search_parser(), arguments, "query")
    if storage.is_remote(options.dataset):
        configure_file_systems()
    try:
        found = Search(Dataset(options.dataset), print_line).find(
            options.query or "",
            since=options.since,
            until=options.until,
            site=options.site,
            topic=options.topic,
            name=options.name,
            limit=options.limit,
            by_date=options.newest,
        )
    except DamagedDatasetError as error:
        return print_line(str(error), FAILED)
    except (QueryError, DatasetError, OSError) as error:
        return print_line(str(error), WRONG_USAGE)
    for hit in found.hits:
        print(_as_json(hit) if options.format == "json" else _as_text(hit, is_terminal=sys.stdout.isatty()))
    shown = f", {len(found.hits):,} of them shown" if len(found.hits) < found.total else ""
    return print_line(f"{counted(found.total, 'article')} found{shown}", DONE)


def _as_json(hit: Hit) -> str:
    return json.dumps({**hit._asdict(), "date": hit.date.isoformat()}, ensure_ascii=False)


def _as_text(hit: Hit, *, is_terminal: bool) -> str:
    """A hit in four lines; on a terminal with colours, where control characters of the page are made visible."""
    title = _marked(hit.title or hit.url, hit.title_marks if hit.title else [], is_terminal)
    text = _marked(hit.snippet, hit.marks, is_terminal)
    facts = one_line(f"{hit.date.isoformat()}  {hit.site}  {hit.topic}  {hit.article_id}")
    if is_terminal:
        return Safe(f"{title}\n  {_DIM}{facts}{_PLAIN}\n  {text}\n")
    return f"{title}\n  {facts}\n  {text}\n"


def _marked(text: str, marks: Sequence[Span], is_terminal: bool) -> str:
    """The text in one line, with the marks in colour on a terminal."""
    if not is_terminal:
        return one_line(text)
    parts, end = [], 0
    for start, stop in marks:
        parts += [one_line(text[end:start].replace("\n", " ")), _MARK, one_line(text[start:stop]), _PLAIN]
        end = stop
    return "".join([*parts, one_line(text[end:])])
