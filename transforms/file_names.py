"""The names of dumps: as the operating system has them, and as rows and messages write them.

A file name is bytes, a row holds text. A name in UTF-8 is written as it is. In any other name, each byte that is not
UTF-8 and each "%" become "%" and two hex digits, and "./" is put before it ("/." before an absolute path):
`./pages/%CE%C8%D1.html`. Names of dumps are normalised, so no other name begins like this: two files are never written
alike, and the written name finds the file again.
"""

import re
from typing import Final
from urllib.parse import unquote_to_bytes

from warraq.transforms.storage import is_remote

_MARKS: Final = ("./", "/./")
_NOT_UTF8: Final = re.compile(r"[%\udc80-\udcff]")
# Beside them, what would end or rewrite the line that shows the name: controls, line separators, bidi overrides.
_NOT_SHOWN: Final = re.compile(r"[%\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\udc80-\udcff]")


def is_utf8(name: str) -> bool:
    """True for a name that can be written as it is."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def stored_name(path: str) -> str:
    """The name in rows, for the normalised path of a file. Paths in UTF-8 and addresses stay as they are."""
    return path if is_utf8(path) else _escaped(path, _NOT_UTF8)


def shown_name(name: str) -> str:
    """The name in messages, of a path or a stored name: as `stored_name`, with control characters escaped, too."""
    return _shown(os_name(name))


def os_name(name: str) -> str:
    """The path that `stored_name` or `shown_name` has written as `name`; any other name as it is."""
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
