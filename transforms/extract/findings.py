"""Candidates, and the findings of a page: everything that its readers found, beside what was decided."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Generic, NamedTuple, TypeVar

from warraq.schemas.records import Article

Out = TypeVar("Out")
C = TypeVar("C", bound="Candidate | Any")


class Candidate(NamedTuple):
    """One value that a reader found for a field."""

    value: Any  # text, or a list of texts
    source: str  # the name of a meta tag, "JSON-LD headline", "h1", ...
    evidence: str = ""  # what speaks for it, for people


class Candidates(Generic[C]):
    """The candidates of a field, most trusted first. A reader works only as far as the decision asks."""

    def __init__(self, reader: Iterable[C]) -> None:
        self.seen: list[C] = []
        self._rest = iter(reader)

    def __iter__(self) -> Iterator[C]:
        yield from self.seen
        for candidate in self._rest:
            self.seen.append(candidate)
            yield candidate


@dataclass
class Findings:
    """The candidates and the decision for each field, in the order of decision, and the article or the failure."""

    candidates: dict[str, list[Any]] = field(default_factory=dict)
    decisions: dict[str, Any] = field(default_factory=dict)
    facts: Any = None  # the page's Facts; None for a text without markup
    article: Article | None = None
    failure: Exception | None = None  # a Rejection, or the error if the page broke the code

    def decide(self, name: str, reader: Iterable[C], choose: Callable[[Candidates[C]], Out]) -> Out:
        """The decision that `choose` makes among the candidates of a field. Losers and winner are kept."""
        candidates = Candidates(reader)
        self.candidates[name] = candidates.seen
        self.decisions[name] = decision = choose(candidates)
        return decision

    def result(self) -> Article:
        """The article. Raises the failure if there is none."""
        if self.article is None:
            raise self.failure or ValueError("nothing was extracted yet")
        return self.article


def choose_first(candidates: Iterable[Candidate]) -> Any:
    """The value of the most trusted candidate that has one; None without one."""
    return next((candidate.value for candidate in candidates if candidate.value), None)
