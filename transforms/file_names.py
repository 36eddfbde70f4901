"""The names of dumps: the form of the operating system, and the form in rows and messages.

A file name is bytes, a row has text. A name in UTF-8 is written as it is. In any other name, each byte that is not
UTF-8 and each "%" become "%" and two hex digits, and "./" is put before the name ("/." before an absolute path):
`./pages/%CE%C8%D1.html`. The paths of dumps are normalised, so no other name begins like this. Therefore two files
never have the same written name, and the file can be found by it.
"""

import re
from typing import Final
from urllib.parse import unquote_to_bytes

from warraq.transforms.storage import is_remote

_MARKS: Final = ("./", "/./")
_NOT_UTF8: Final = re.compile(r"[%\udc80-\udcff]")
# And the characters that would end or change the line that shows the name: controls, line separators, bidi overrides.
_NOT_SHOWN: Final = re.compile(r"[%\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\udc80-\udcff]")


def is_utf8(name: str) -> bool:
    """True for a name that is valid UTF-8."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def stored_name(path: str) -> str:
    """The name in rows of a file with this normalised path. Paths in UTF-8 and addresses stay as they are."""
    return path if is_utf8(path) else _escaped(path, _NOT_UTF8)


def shown_name(name: str) -> str:
    """The name in messages of a path or stored name: as `stored_name`, with control characters escaped too."""
    return _shown(os_name(name))


def os_name(name: str) -> str:
    """The path from a name that `stored_name` or `shown_name` made; any other name as it is."""
    if not name.startswith(_MARKS) or not is_utf8(name):
        return name
    path = unquote_to_bytes(name[2:]).decode("utf-8", "surrogateescape")
    return path if name in (stored_name(path), _shown(path)) else name


def _shown(path: str) -> str:
    is_plain = is_remote(path) or not _NOT_SHOWN.search(path.replace("%", ""))
    return path if is_plain else _escaped(path, _NOT_SHOWN)


def _escaped(path: str, characters: re.Pattern[str]) -> str:
    mark = "/." if path.startswith("/") else "./"
    return mark + characters.sub(lambda match: "".join(f"%{byte:02X}" for byte in _bytes(match[0])), path)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
