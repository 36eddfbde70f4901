"""docs/reference.md, made from the code: commands, columns, views, macros, reasons, counters, exit codes.

python -m tests.project.reference       writes the document
"""

import importlib
import inspect
import re

from tests.support.paths import ROOT
from warraq.pipelines import cli, flags, views
from warraq.pipelines.commands import COMMANDS
from warraq.pipelines.macros import FUNCTIONS, MACROS
from warraq.pipelines.maintain import OPERATIONS, maintain_parser
from warraq.pipelines.remedies import ERROR_REMEDY, REMEDIES
from warraq.schemas import labels
from warraq.schemas.arrow import PARTITIONS, TABLES
from warraq.schemas.columns import column_text
from warraq.transforms.step import Meter

REFERENCE = ROOT / "docs" / "reference.md"
BEGINNING = """\
# Reference

Commands and flags, tables and views with their columns, macros, reasons of refusal, counters and exit codes. This page is
made from the code by `python -m tests.project.reference`.
"""
# Sets of labels → the column that has them.
LABELS = {
    "TOPICS": "topic",
    "ENTITY_KINDS": "kind of an entity",
    "NAME_SOURCES": "name_source of an entity",
    "DATE_SOURCES": "date_source",
    "PAGE_KINDS": "page_kind",
    "EXTRACTION_SOURCES": "extraction_source",
    "OPT_OUTS": "opt_out",
    "COPY_KINDS": "copy_kind",
}


def table(heads, rows):
    """A table of Markdown."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(cell(value) for value in line)} |\n" for line in lines)


def cell(value):
    text = " ".join(str(value).split()).replace("|", "\\|")
    return text if text.startswith("`") else text.replace("<", "\\<")


def code(value):
    return f"`{value}`" if value else ""


def parsers():
    """Every command, and every operation of `maintain`, with its parser: NAME_parser in its module or in flags.py."""
    for name, (module, _) in COMMANDS.items():
        places = (importlib.import_module(module), flags)
        yield next(getattr(place, f"{name}_parser") for place in places if hasattr(place, f"{name}_parser"))()
        if name == "maintain":
            yield from map(maintain_parser, OPERATIONS)


def command(parser):
    """The section of one command: what it does, and a table of its flags for each group."""
    usage = parser.format_usage().removeprefix("usage: ")
    text = f"### `{parser.prog}`\n\n```text\n{' '.join(usage.split())}\n```\n\n"
    first = (parser.description or "").partition("\n\n")[0]
    text += f"{' '.join(first.split())}\n\n" if first else ""
    for group in parser._action_groups:
        actions = [action for action in group._group_actions if "--help" not in action.option_strings]
        if actions:
            title = group.title if group.title not in ("options", "arguments") else ""
            text += f"*{title}*\n\n" if title else ""
            text += table(
                [(title and "flag") or group.title, ""],
                [(code(usage_of(action)), help_of(parser, action)) for action in actions],
            )
            text += "\n"
    return text


def usage_of(action):
    value = action.metavar if action.nargs != 0 else None
    return " ".join(part for part in (", ".join(action.option_strings), str(value or "")) if part)


def help_of(parser, action):
    return parser._get_formatter()._expand_help(action) if action.help else ""


def columns(name, described):
    return table(
        ["column", "type", ""], [(code(column), code(kind), column_text(name, column)) for column, kind in described]
    )


def tables():
    for name, schema in TABLES.items():
        folders = "/".join(f"{column}=…" for column in PARTITIONS[name])
        yield f"### Table `{name}`\n\n"
        yield f"{sentence(views.VIEWS.get(name, 'the index by which later runs find copies'))}"
        yield f" Folders: `{folders}`.\n\n" if folders else "\n\n"
        yield columns(name, [(field.name, short(field.type)) for field in schema]) + "\n"


def short(kind):
    """The name of an Arrow type, of structs without the fields."""
    return re.sub(r"<struct<.*>>$", "<struct>", re.sub(r"(item|element): ", "", str(kind)))


def view_sections():
    connection = views._connect(with_macros=True)
    for name, schema in TABLES.items():
        views._make_table_view(connection, name, views._register(connection, name, schema.empty_table()))
    for name, text in views.VIEWS.items():
        if name not in TABLES:
            described = connection.execute(f"DESCRIBE {name}").fetchall()
            yield f"### View `{name}`\n\n{sentence(text)}\n\n"
            yield columns(name, [(column, kind.lower()) for column, kind, *_ in described]) + "\n"


def sentence(text):
    return f"{text[0].upper()}{text[1:]}".rstrip(".") + "."


def macros():
    for is_table, title in ((True, "Macros"), (False, "Functions")):
        yield f"## {title}\n\n"
        if is_table:
            yield "They stand after FROM: `FROM named_with('القاهرة', kind := 'person')`. [cookbook.md](cookbook.md) has an answer of each.\n\n"
        for macro in MACROS:
            if macro.is_table == is_table:
                yield f"`{macro.signature}`\n: {macro.text}\n\n"
        for name, function in FUNCTIONS.items() if not is_table else ():
            yield f"`{name}{str(inspect.signature(function)).partition(' ->')[0].replace(': str', ' VARCHAR')}`\n: {inspect.getdoc(function)}\n\n"


def reasons():
    rows = [
        (stage, code(reason), meaning, REMEDIES.get(stage, {}).get(reason, ""))
        for stage, texts in labels.REASONS.items()
        for reason, meaning in texts.items()
    ]
    yield table(
        ["stage", "reason", "meaning", "what to do"],
        [*rows, ("any", code(labels.ERROR_REASON), "the page broke our code", ERROR_REMEDY)],
    )
    masses = " and ".join(f"`{reason}`" for reason in sorted(labels.MASS_REASONS))
    yield f"\nPages with the reasons {masses} are counted, and have rows only with `--rejected all`.\n"


def label_sections():
    for name, column in LABELS.items():
        values = getattr(labels, name)
        rows = (
            [(code(one.slug), f"{one.english}, {one.arabic}") for one in values]
            if name == "TOPICS"
            else [(code(value), text) for value, text in values.items()]
        )
        yield f"### {column}\n\n{table(['value', ''], rows)}\n"


def reference():
    """The text of the document."""
    counters = inspect.getdoc(Meter) or ""
    parts = [
        BEGINNING,
        "\n## Commands\n\n",
        *map(command, parsers()),
        "## Exit codes\n\n",
        table(
            ["code", "`--summary json`", ""],
            [(number, code(word), cli.MEANING[number]) for number, word in cli.STATUS.items()],
        ),
        "\n## Tables\n\n",
        *tables(),
        "## Views\n\nThe tables but `signatures` are views, too.\n\n",
        *view_sections(),
        *macros(),
        "## Reasons of refusal\n\n",
        *reasons(),
        "\n## Values of columns\n\n",
        *label_sections(),
        "## Counters\n\n",
        f"{' '.join(counters.split())}\n\n",
        f"The namespaces are the stages: {', '.join(labels.STAGES)}.\n",
    ]
    return "".join(parts)


if __name__ == "__main__":
    REFERENCE.write_text(reference(), encoding="utf-8")
