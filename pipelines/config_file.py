"""Configuration files: flags as TOML.

A rule is a key in the section of its stage: `--read_max_bytes 5` is `max_bytes = 5` under `[read]`. Every other flag is
a key at the top level, and `beam_flags` is the list of Beam's own.
"""

import argparse
import difflib
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from warraq.transforms.file_names import is_utf8, shown_name

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Key = tuple[str, str]  # section and name; the section of the top level is ""

BEAM: Final = "beam_flags"
_LISTS: Final = ("inputs", BEAM)
_COUNT: Final = "N"  # the metavar of flags such as `--workers 2`
_WITH_UNITS: Final = ("TIME", "SIZE")  # the metavar of flags such as `--every 30s`


class Measure:
    """The type of a value that is a number, or a text with its unit."""


_KINDS: Final = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text in quotes",
    Measure: "a number, or a text with its unit",
}


def read(path: str, keys: Mapping[Key, type]) -> dict[Key, Any]:
    """The values in the file, each of the type that `keys` gives its key; `list` means a list of texts.

    Raises:
      ValueError: the file can't be read, or has an unknown key or a value of another type. The message names the file.
    """
    try:
        content = tomllib.loads(Path(path).read_bytes().decode("utf-8-sig"))  # some editors write a BOM
    except OSError as error:
        raise ValueError(f"{shown_name(path)}: can't be read ({error.strerror or error})") from error
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{shown_name(path)}: not a TOML file in UTF-8 ({error})") from error
    values = dict(_flat(content))
    for key, value in values.items():
        if key not in keys:
            raise ValueError(f"{shown_name(path)}: unknown key {_shown(key)}{_nearest(key, keys)}")
        kind = keys[key]
        if not _is_of(value, kind):
            what = _KINDS.get(kind, "a list of texts in quotes")
            raise ValueError(f"{shown_name(path)}: {_shown(key)} must be {what}")
    return values


def _flat(content: Mapping[str, Any]) -> Iterator[tuple[Key, Any]]:
    for name, value in content.items():
        if isinstance(value, dict):
            yield from (((name, inner), deep) for inner, deep in value.items())
        else:
            yield ("", name), value


def _is_of(value: Any, kind: type) -> bool:
    if kind is list:
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    if kind is Measure:
        return type(value) in (int, float, str)
    return type(value) is kind or (kind is float and type(value) is int)


def _shown(key: Key) -> str:
    section, name = key
    return f"[{section}] {name}" if section else name


def _nearest(key: Key, keys: Mapping[Key, type]) -> str:
    """The remedy for an unknown key: the nearest known one, if there is one."""
    by_name = {_shown(known): known for known in keys}
    same = [shown for shown, (_, name) in by_name.items() if name == key[1] or "_".join(by_name[shown]) == key[1]]
    close = same or difflib.get_close_matches(_shown(key), by_name, 1)
    return f"; did you mean {close[0]}?" if close else "; --print_config shows every key"


def arguments(action: argparse.Action, value: Any) -> list[str]:
    """The arguments of the command line that give a flag this value. False gives none if there is no `--no-…`."""
    flag, *no = action.option_strings
    if value is True:
        return [flag]
    return no[:1] if value is False else [f"{flag}={value}"]


def lines(entries: Sequence[tuple[Key, Any, str, bool]]) -> Iterator[str]:
    """The lines of a file with these keys, values and helps; an entry that is not set is a comment.

    Raises:
      ValueError: a value is not UTF-8.
    """
    section = ""
    for (place, name), value, text, is_set in entries:
        if place != section:
            section = place
            yield f"\n[{section}]"
        yield f"# {text}"
        yield f"{'' if is_set else '# '}{name} = {_toml(value)}"


def _toml(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, str):
        if not is_utf8(value):
            raise ValueError(f"{shown_name(value)}: not UTF-8, which TOML needs; name it on the command line")
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return json.dumps(value) if isinstance(value, bool) else repr(value)


def kind_of(action: argparse.Action) -> type:
    """The type of a flag's value in a file."""
    if action.dest in _LISTS:
        return list
    if action.nargs == 0 or isinstance(action, argparse.BooleanOptionalAction):
        return bool
    if action.metavar in _WITH_UNITS:
        return Measure
    if action.metavar == _COUNT:
        return int
    if action.type in (int, float):
        return action.type
    return type(action.default) if isinstance(action.default, (int, float)) else str
