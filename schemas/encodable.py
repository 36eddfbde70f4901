"""Makes records encodable by Beam's coder, by UTF-8 and by Arrow. Imports no Beam.

Pages fill most fields, so a field may hold text that UTF-8 can't encode, or a value that its type excludes. Text is
mended; a wrong value raises. The checks of a record are derived from its annotations.
"""

import datetime as dt
import functools
import operator
import types
import typing
from collections.abc import Callable
from typing import Any, Final, NamedTuple, TypeAlias, TypeVar

_Record = TypeVar("_Record", bound=tuple[Any, ...])
_Check: TypeAlias = Callable[[Any], Any]  # the value or its mended form; raises ValueError

_INT64: Final = 2**63
_NO_OFFSET: Final = dt.timedelta(0)


def without_surrogates(text: str) -> str:
    """`text` without lone surrogates, which no encoder accepts.

    The two halves of a character are joined. A half alone becomes U+FFFD, as `String.toWellFormed` does in JavaScript.
    Text without them is returned itself.
    """
    if text.isascii():
        return text
    try:
        text.encode("utf-16-le")  # a fourth of the time that UTF-8 takes
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def make_encodable(record: _Record) -> _Record:
    """The record with `without_surrogates` applied to every text; the record itself if nothing had to be mended.

    Raises:
      ValueError: a field holds what its type excludes, such as an integer of more than 64 bits; the message names it.
    """
    checks = _checks(type(record))
    values = [check(value) for check, value in zip(checks, record, strict=True)]
    return record if all(map(operator.is_, values, record)) else type(record)(*values)


@functools.cache
def _checks(record: type[tuple[Any, ...]]) -> tuple[_Check, ...]:
    """The check of each field of a record class, in order."""
    hints = typing.get_type_hints(record)
    return tuple(_check(f"{record.__name__}.{name}", hint) for name, hint in hints.items())


def _check(field: str, hint: Any) -> _Check:
    """The check for values of a type annotation.

    Raises:
      TypeError: no check exists for such an annotation.
    """
    if hint in _KINDS:
        return _checked(field, _KINDS[hint])
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is list:
        return _checked(field, _Kind(list, mend=functools.partial(_mend_list, _check(field, arguments[0]))))
    if origin in (types.UnionType, typing.Union) and len(arguments) == 2 and arguments[1] is types.NoneType:
        check = _check(field, arguments[0])
        return lambda value: None if value is None else check(value)
    if isinstance(hint, type) and issubclass(hint, tuple):
        return _checked(field, _Kind(hint, mend=make_encodable))
    raise TypeError(f"{field}: no check for {hint}")


class _Kind(NamedTuple):
    """The values that a field takes."""

    accepted: type | tuple[type, ...]
    is_sound: Callable[[Any], bool] | None = None  # beyond its type
    mend: _Check | None = None


def _checked(field: str, kind: _Kind) -> _Check:
    accepted, is_sound, mend = kind

    def check(value: Any) -> Any:
        if not isinstance(value, accepted) or (is_sound is not None and not is_sound(value)):
            raise ValueError(f"{field} can't hold {value!r:.60}")
        return value if mend is None else mend(value)

    return check


def _mend_list(check: _Check, values: list[Any]) -> list[Any]:
    mended = [check(value) for value in values]
    return values if all(map(operator.is_, mended, values)) else mended


_KINDS: Final[dict[Any, _Kind]] = {
    str: _Kind(str, mend=without_surrogates),
    bytes: _Kind(bytes),
    bool: _Kind(bool),
    int: _Kind(int, lambda value: -_INT64 <= value < _INT64),
    float: _Kind((float, int)),
    dt.datetime: _Kind(dt.datetime, lambda value: value.utcoffset() == _NO_OFFSET),
    dt.date: _Kind(dt.date, lambda value: not isinstance(value, dt.datetime)),
}
