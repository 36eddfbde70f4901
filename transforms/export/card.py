"""The dataset card of an export: README.md with the YAML that the Hugging Face hub reads, and what a user must know."""

import json
from collections.abc import Iterable, Iterator
from typing import Final

import pyarrow as pa

from warraq.transforms.export import statements
from warraq.transforms.export.facts import Counts, Facts
from warraq.transforms.export.shards import FOLDER

_MOST: Final = 20  # lines of a table
_SIZES: Final = (
    (10**3, "n<1K"),
    (10**4, "1K<n<10K"),
    (10**5, "10K<n<100K"),
    (10**6, "100K<n<1M"),
    (10**7, "1M<n<10M"),
    (10**8, "10M<n<100M"),
    (10**9, "100M<n<1B"),
)
_LOAD: Final = """```python
from datasets import load_dataset

articles = load_dataset("PATH", split="train")
```"""
_FILES: Final = (
    f"The files are in `{FOLDER}/`; `SHA256SUMS` has their digests: `sha256sum --check SHA256SUMS`. `croissant.json` "
    "describes them for programs."
)
# Stages whose rules decide what is left out; the rules of the others say how pages are read.
_DECIDING: Final = ("extract", "clean", "language", "quality", "deduplicate")


def card(facts: Facts) -> str:
    """The text of README.md."""
    sections = [
        _yaml(facts),
        f"# {facts.title}\n\n{_summary(facts)}",
        f"## Load\n\n{_LOAD}\n\n{_FILES}",
        f"## Columns\n\n{_table(['column', 'type', ''], _columns(facts))}",
        *(_counted(facts) if facts.articles else []),
        f"## How it was made\n\n{statements.COLLECTION}\n\n{statements.MISSING}\n\n{_how(facts)}",
        f"## Licence\n\n{_licence(facts)}",
        f"## Personal data\n\n{_list(statements.personal_data(facts))}",
        f"## Take-downs\n\n{_take_downs(facts)}",
        f"## Limits\n\n{_list([*statements.LIMITATIONS, *statements.BIASES])}\n\n{statements.IMPACT}",
    ]
    return "\n\n".join(sections) + "\n"


def _yaml(facts: Facts) -> str:
    licence = facts.licence or "other"
    lines = [
        "---",
        f"pretty_name: {json.dumps(facts.title, ensure_ascii=False)}",
        "language:",
        "- ar",
        f"license: {json.dumps(licence, ensure_ascii=False) if facts.licence else licence}",
    ]
    if not facts.licence:
        lines += ["license_name: publishers", "license_link: README.md#licence"]
    lines += [
        "task_categories:",
        "- text-generation",
        "tags:",
        "- news",
        "- arabic",
        "- croissant",
        "size_categories:",
        f"- {next((name for least, name in _SIZES if facts.articles < least), 'n>1T')}",
        "configs:",
        "- config_name: default",
        "  data_files:",
        "  - split: train",
        f"    path: {FOLDER}/*",
        *_types(facts),
        "---",
    ]
    return "\n".join(lines)


def _types(facts: Facts) -> Iterator[str]:
    """The types of the columns of JSON lines, which state none: a reader would guess them from the first rows alone."""
    if facts.form == "jsonl":
        yield from ("dataset_info:", "  features:")
        for column in facts.columns:
            yield from _type(column.name, column.type, "  ")


def _type(name: str, kind: pa.DataType, indent: str) -> Iterator[str]:
    """The type of a column in the YAML of Hugging Face datasets."""
    yield f"{indent}- name: {name}"
    if not pa.types.is_list(kind):
        yield f"{indent}  dtype: {_dtype(kind)}"
    elif pa.types.is_struct(kind.value_type):
        yield f"{indent}  list:"
        for field in kind.value_type:
            yield from _type(field.name, field.type, f"{indent}  ")
    else:
        yield f"{indent}  list: {_dtype(kind.value_type)}"


def _dtype(kind: pa.DataType) -> str:
    names = {pa.float32(): "float32", pa.float64(): "float64", pa.date32(): "date32", pa.binary(): "string"}
    return names.get(kind, str(kind))


def _summary(facts: Facts) -> str:
    what = "Arabic news articles" if facts.has_text else "Addresses of Arabic news articles"
    lines = [f"{what}, made with Warraq from {facts.dumps:,} crawl dumps. Version {facts.version}."]
    if facts.selection:
        lines.append(f"Chosen with {' '.join(f'`{flag}`' for flag in facts.selection)}.")
    if not facts.has_text:
        lines.append(
            "Whoever has the same dumps makes the texts again, and every text is compared with its digest: "
            "`warraq rehydrate FOLDER NEW_FOLDER --from DUMPS`."
        )
    rows = [
        ("articles", f"{facts.articles:,}"),
        ("originals: no near copy of another article", f"{facts.originals:,}"),
        ("words", f"{facts.words:,}"),
        ("days", f"{facts.first_day} to {facts.last_day}" if facts.first_day else "none"),
        ("articles whose page states no date", f"{facts.undated:,}"),
        ("sites", f"{len(facts.sites):,}"),
        ("files", f"{len(facts.shards):,}, {facts.size:,} bytes"),
    ]
    return "\n\n".join([" ".join(lines), _table(["", ""], rows)])


def _columns(facts: Facts) -> Iterator[tuple[str, ...]]:
    for column in facts.columns:
        yield f"`{column.name}`", f"`{column.type}`".replace("|", "\\|"), column.meaning


def _counted(facts: Facts) -> Iterator[str]:
    for heading, counts in (
        ("Topics", facts.topics),
        ("Years", facts.years),
        ("Where the dates come from", facts.date_sources),
        ("Sites", facts.sites),
    ):
        yield f"## {heading}\n\n{_table(['', 'articles'], _first(counts))}"


def _first(counts: Counts) -> Iterator[tuple[str, ...]]:
    yield from ((_cell(value), f"{number:,}") for value, number in counts[:_MOST])
    if len(counts) > _MOST:
        yield f"{len(counts) - _MOST:,} more", f"{sum(number for _, number in counts[_MOST:]):,}"


def _how(facts: Facts) -> str:
    rules = [
        (f"`{stage}`", f"`{rule}`", " or ".join(f"`{value}`" for value in values))
        for stage, rule, values in facts.settings
        if stage in _DECIDING
    ]
    return f"Made by {', '.join(facts.versions)}.\n\nRules:\n\n{_table(['stage', 'rule', 'value'], rules)}"


def _licence(facts: Facts) -> str:
    lines = [f"Stated by whoever made this export: {facts.licence}."] if facts.licence else []
    lines.append(statements.LICENCE)
    if facts.licences:
        lines.append(f"Licences that pages state:\n\n{_table(['', 'articles'], _first(facts.licences))}")
    if facts.opt_outs:
        lines.append(
            "Signals by which pages or their sites reserve the use for machine learning (column `opt_out`; "
            f'`--where "opt_out IS NULL"` leaves them out):\n\n{_table(["", "articles"], _first(facts.opt_outs))}'
        )
    return "\n\n".join(lines)


def _take_downs(facts: Facts) -> str:
    taken = facts.take_downs
    since = f"since the export of {taken.since}" if taken.since else "until now"
    lines = [f"Articles taken down {since}: {len(taken.article_ids):,}."]
    if taken.rules:
        lines.append(f"Addresses and sites kept out besides: {taken.rules:,}.")
    return f"{' '.join(lines)} {statements.MAINTENANCE}"


def _table(head: Iterable[str], rows: Iterable[tuple[str, ...]]) -> str:
    head = list(head)
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _list(sentences: Iterable[str]) -> str:
    return "\n".join(f"- {sentence}" for sentence in sentences)


def _cell(value: str) -> str:
    """The value of a page in a table: it can't end the cell, begin markup or name an element."""
    flat = " ".join(value.split())
    return "".join(f"\\{sign}" if sign in "\\|`*_[]<>&#!" else sign for sign in flat)
