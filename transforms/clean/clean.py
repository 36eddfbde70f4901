"""An article in its final form: no later stage alters its text, so that offsets found later stay true.

First the characters are cleaned. Then whole lines are removed: furniture that extraction left, references, repeated
lines, and at both ends the title, the byline, the date and the credit. Prose is never altered: a line is removed or
kept as a whole, except for an encyclopedia's edit mark at its end, and quotes, digits, dashes and other punctuation
stay as written. Cleaning a cleaned article changes nothing.
"""

import dataclasses
from collections.abc import Callable
from dataclasses import field
from typing import Final

from warraq.schemas.records import Article
from warraq.transforms.arabic import normalize_line
from warraq.transforms.clean.bylines import is_byline, is_date_line, is_label, names_authors, names_site
from warraq.transforms.clean.characters import clean_characters, clean_field, count_words
from warraq.transforms.clean.credits import find_agency, read_credit, read_dateline
from warraq.transforms.clean.furniture import is_furniture, is_prose, is_section_name
from warraq.transforms.clean.pii import mask
from warraq.transforms.clean.references import without_edit_mark, without_references
from warraq.transforms.rejection import Rejection

PII: Final = ("keep", "mask")
_LONGEST_LABEL: Final = 1_000  # characters; a longer line is prose or a list, whatever it begins with
_REPEAT_WORDS: Final = 8  # a shorter line may be repeated on purpose: a heading, a refrain, "وأضاف:"


@dataclasses.dataclass(frozen=True)
class CleanRules:
    """The least text of an article."""

    min_words: int = field(default=20, metadata={"help": "fewest words of an article after furniture was removed"})

    pii: str = field(
        default="keep",
        metadata={
            "help": "e-mail addresses, phone, identity and account numbers in texts: keep or mask",
            "choices": PII,
        },
    )

    def __post_init__(self) -> None:
        if self.min_words < 0:
            raise ValueError(f"clean_min_words must be 0 or more, not {self.min_words}")
        if self.pii not in PII:
            raise ValueError(f"pii must be one of {', '.join(PII)}, not {self.pii!r}")


def clean(article: Article, rules: CleanRules) -> Article:
    """`article` with its text, title, names and credit in final form, and `words` counted.

    Raises:
      Rejection: too_short.
    """
    title = clean_field(article.title)
    authors, agencies = _split_authors(article.authors)
    lines = [without_edit_mark(line) for line in clean_characters(article.text).split("\n")]
    body, credited = _trim(_without_furniture(lines, authors), title, authors, clean_field(article.site_name))
    masked = mask if rules.pii == "mask" else str
    text = masked("\n".join(body))
    words = count_words(text)
    if words < rules.min_words:
        raise Rejection("too_short", f"{words} words")
    dateline = read_dateline(body[0]) if body else None
    credit = next(filter(None, [clean_field(article.credit), *credited, dateline, *agencies]), None)
    return article._replace(
        text=text,
        words=words,
        title=title and masked(title),
        authors=authors,
        credit=credit,
        description=_masked_field(article.description, masked),
        section=clean_field(article.section),
        site_name=clean_field(article.site_name),
        tags=list(filter(None, map(clean_characters, article.tags))),
    )


def _masked_field(text: str | None, masked: Callable[[str], str]) -> str | None:
    cleaned = clean_field(text)
    return cleaned and masked(cleaned)


def _without_furniture(lines: list[str], authors: list[str]) -> list[str]:
    """The lines that belong to the article, each long one once."""
    kept = [line for line in lines if not _is_no_text(line, authors)]
    count = None
    while count != len(kept):  # a removed line may have been between a heading and its references
        count = len(kept)
        kept = _without_sections(without_references(_without_repeats(kept)))
    return kept


def _without_sections(lines: list[str]) -> list[str]:
    """The lines without names of sections. Between two paragraphs of prose such a name is a subheading, and stays."""
    around = [False, *map(is_prose, lines), False]
    return [
        line
        for line, above, below in zip(lines, around[:-2], around[2:], strict=True)
        if not is_section_name(line) or (above and below)
    ]


def _is_no_text(line: str, authors: list[str]) -> bool:
    """True for a line that belongs to no article, wherever it is."""
    if len(line) > _LONGEST_LABEL or is_section_name(line):
        return False
    return is_furniture(line) or is_label(line) or names_authors(line, authors)


def _split_authors(names: list[str]) -> tuple[list[str], list[str]]:
    """The people among the authors, and the agencies."""
    cleaned = [name for name in map(clean_field, names) if name]
    agencies = [agency for agency in map(find_agency, cleaned) if agency]
    return [name for name in cleaned if not find_agency(name)], agencies


def _trim(lines: list[str], title: str | None, authors: list[str], site: str | None) -> tuple[list[str], list[str]]:
    """The lines without title, byline, date and credit at both ends, and the sources that these credit."""
    credited: list[str] = []
    start, end = 0, len(lines)
    while start < end and _is_heading(lines[start], title, authors, site):
        credited += filter(None, [read_credit(lines[start])])
        start += 1
    while start < end and (_is_signature(lines[end - 1], authors) or _repeats_title(lines[end - 1], title)):
        credited += filter(None, [read_credit(lines[end - 1])])
        end -= 1
    return lines[start:end], credited


def _is_signature(line: str, authors: list[str]) -> bool:
    return len(line) <= _LONGEST_LABEL and (read_credit(line) is not None or is_byline(line, authors))


def _is_heading(line: str, title: str | None, authors: list[str], site: str | None) -> bool:
    if len(line) > _LONGEST_LABEL:
        return False
    if _repeats_title(line, title) or is_date_line(line) or (site and names_site(line, site)):
        return True
    return is_byline(line, authors) or read_credit(line) is not None


def _repeats_title(line: str, title: str | None) -> bool:
    return title is not None and normalize_line(line) == normalize_line(title)


def _without_repeats(lines: list[str]) -> list[str]:
    """`lines` with each long one once and no line twice in a row."""
    kept: list[str] = []
    seen: set[str] = set()
    for line in lines:
        if line not in seen and line != (kept or [""])[-1]:
            kept.append(line)
            if len(line.split()) >= _REPEAT_WORDS:
                seen.add(line)
    return kept
