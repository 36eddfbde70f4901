"""The prompt of `warraq query`: SQL statements, a few commands that begin with a dot, and a history."""

import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import duckdb

from warraq.pipelines.answers import TABLE, deliver
from warraq.pipelines.cli import DONE, print_line
from warraq.pipelines.macros import MACROS
from warraq.pipelines.terminal import one_line
from warraq.pipelines.views import VIEWS, Views
from warraq.schemas.columns import column_text

HISTORY: Final = "~/.warraq_history"
_MOST_LINES: Final = 1_000  # of the history
_LEAVE: Final = ("exit", "quit", ".exit", ".quit")
_HELP: Final = """\
A statement may have several lines and ends with a semicolon. Ctrl-C drops what was typed, or stops a running statement.
  .tables         the views
  .macros         questions that are asked every day, with a name and parameters
  .help NAME      a view's columns, or a macro's parameters
  .quit, Ctrl-D   leave; so do exit and quit"""


def prompt(views: Views, form: str = TABLE) -> int:
    """Reads statements and dot commands from a terminal until exit or Ctrl-D; returns the exit code."""
    print("SQL ends with a semicolon. .tables lists the views, .help the rest; exit or Ctrl-D leaves.", file=sys.stderr)
    statement = ""
    with _line_editing():
        while True:
            try:
                line = input("   ...> " if statement else "warraq> ")
            except EOFError:
                print(file=sys.stderr)
                return DONE
            except KeyboardInterrupt:
                print(file=sys.stderr)
                statement = ""
                continue
            word = line.strip()
            if not statement and word.rstrip("; ").lower() in _LEAVE:
                return DONE
            if not statement and word.startswith("."):
                command(views, word)
                continue
            statement = f"{statement}{line}\n" if statement or word else ""
            if word.endswith(";"):
                _answer(views, statement, form)
                statement = ""


def parts(text: str) -> Iterator[str]:
    """A script in parts: each dot command by itself, and the statements between them together.

    A command is a line that begins with a dot where no statement has begun. `exit` and `quit` end the script.
    """
    statements = ""
    for line in text.splitlines(keepends=True):
        word = line.strip()
        is_open = bool(statements.strip()) and not statements.rstrip().endswith(";")
        if not is_open and word.rstrip("; ").lower() in _LEAVE:
            break
        if not is_open and word.startswith("."):
            yield from filter(str.strip, [statements])
            yield word
            statements = ""
        else:
            statements += line
    yield from filter(str.strip, [statements])


def _answer(views: Views, statement: str, form: str) -> None:
    try:
        views.run(statement, lambda connection, relation: deliver(connection, relation, form))
    except KeyboardInterrupt:
        print(file=sys.stderr)
        print_line("stopped")
    except duckdb.Error as error:
        print(str(error).strip(), file=sys.stderr)  # whole, with the place of the mistake
    except OSError as error:
        print_line(str(error))


def command(views: Views, words: str) -> bool:
    """Carries out a dot command; False if there is none of that name, or it asks for help on what is not there."""
    name, _, argument = words.rstrip("; ").partition(" ")
    argument = argument.strip()
    if name == ".help" and argument:
        return _help_on(views, argument)
    if name == ".help":
        print(_HELP)
    elif name == ".tables":
        print(_list((view, text) for view, text in VIEWS.items()))
    elif name == ".macros":
        print(_list((macro.name, macro.text) for macro in MACROS if macro.is_table))
    else:
        print_line(f"no command {one_line(name)}; there are .tables, .macros, .help and .quit")
        return False
    return True


def _help_on(views: Views, name: str) -> bool:
    macro = next((one for one in MACROS if one.name == name.lower()), None)
    if macro:
        print(f"{macro.signature}\n{macro.text}")
    elif name.lower() in VIEWS:
        columns = views.connection.execute(f"DESCRIBE {name}").fetchall()
        print(VIEWS[name.lower()])
        print(_list((column, column_text(name.lower(), column)) for column, *_ in columns))
    else:
        print_line(f"no view or macro {one_line(name)}; .tables and .macros list them")
        return False
    return True


def _list(entries: Any) -> str:
    """One line for each name, with the first sentence of its text."""
    pairs = [(name, text.partition(". ")[0].rstrip(".")) for name, text in entries]
    width = max(len(name) for name, _ in pairs)
    return "\n".join(f"  {name:<{width}}  {text}" for name, text in pairs)


@contextlib.contextmanager
def _line_editing() -> Iterator[None]:
    """Line editing, a history that is kept, and names on the Tab key, where the platform has readline."""
    try:
        import readline  # noqa: PLC0415  (not on every platform)
    except ImportError:
        yield
        return
    history = Path(HISTORY).expanduser()
    with contextlib.suppress(OSError):  # the first time, or no home folder
        readline.read_history_file(history)
    readline.set_history_length(_MOST_LINES)
    readline.set_completer(completer([*VIEWS, *(f"{macro.name}(" for macro in MACROS), ".help", ".tables", ".macros"]))
    readline.set_completer_delims(" \t\n,()'\"=<>;")
    readline.parse_and_bind("tab: complete")
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            history.touch(mode=0o600)
            readline.write_history_file(history)


def completer(names: list[str]) -> Callable[[str, int], str | None]:
    """A function for readline: completion number `state` of the letters that were typed; None after the last."""

    def complete(letters: str, state: int) -> str | None:
        found = [name for name in names if name.startswith(letters.lower())]
        return found[state] if state < len(found) else None

    return complete
