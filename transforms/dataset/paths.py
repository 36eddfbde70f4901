"""The paths that a dataset can have: delta-rs must open it, and readers must find no foreign column in it."""

import os
import re
from pathlib import Path
from typing import Final

from warraq.schemas.arrow import TABLES
from warraq.transforms import storage
from warraq.transforms.dataset.errors import DatasetError

_LONGEST_PATH: Final = 4096 - 400  # bytes: the limit of Linux, less the longest path below the dataset's folder

_COLUMNS: Final = {name.lower() for schema in TABLES.values() for name in schema.names}
_REFUSED_LOCAL: Final = {  # patterns that delta-rs can't open in a local path
    r"[\x00-\x1f\x7f]": "a control character",
    r"\\": "a backslash",
    r"%[0-9A-Fa-f]{2}": "a percent sign before two hexadecimal digits",
    r"[\ud800-\udfff]": "bytes that are not UTF-8",
}
_REFUSED_REMOTE: Final = {  # patterns that Beam reads as a glob, or that have another meaning in an address
    r"[*?\[\]{}]": "one of * ? [ ] { }",
    r"[%#\\]": "one of % # \\",
    r"[\x00-\x1f\x7f\ud800-\udfff]": "a control character or bytes that are not UTF-8",
    r"://.*//|/\.\.?(/|$)": "an empty, . or .. folder",
}


def check_path(root: str) -> None:
    """Returns if a dataset can have this path or address.

    Raises:
      DatasetError: the path is empty, too long, or has characters that a library can't handle; or no library here
        reaches the address.
    """
    if not root:
        raise DatasetError("--output is empty; name a folder")
    remote = storage.is_remote(root)
    path = root if remote else os.path.realpath(root)
    for pattern, named in (_REFUSED_REMOTE if remote else _REFUSED_LOCAL).items():
        if re.search(pattern, path):
            raise DatasetError(f"{path!r}: a dataset's path can't have {named}; name another folder")
    if remote and not storage.is_reached(root):
        raise DatasetError(f"{root}: no installed package reads this address; install its extra, or name a folder")
    if not remote and len(os.fsencode(path)) > _LONGEST_PATH:
        raise DatasetError(f"{path[:60]}…: longer than {_LONGEST_PATH} bytes; name a folder with a shorter path")


def check_no_column(root: str) -> None:
    """Returns if no folder in the path has the form COLUMN=VALUE with a column of our tables.

    Raises:
      DatasetError: a folder has it. Readers would give every row that value.
    """
    path = root if storage.is_remote(root) else f"{Path(root).absolute()}/{os.path.realpath(root)}"
    for folder in path.split("/"):
        column, equals, _ = folder.partition("=")
        if equals and column.lower() in _COLUMNS:
            raise DatasetError(
                f"{root}: DuckDB and others would read the folder {folder!r} as the column {column} of every row; "
                "name another --output folder"
            )
