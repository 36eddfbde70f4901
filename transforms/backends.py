"""Backends: the classes behind the tagger, the classifier and the language detector, loaded by name.

A stage keeps a table of its backends, "module:Class" by name, so that a backend's packages are imported only where it
is chosen. A backend that reads a model from a file or a folder is made with that path and its SHA-256; any other one
is made without arguments.
"""

import functools
import importlib
from collections.abc import Mapping
from typing import Any


def load_backend(table: Mapping[str, str], name: str, model: str = "", sha256: str = "") -> Any:
    """The backend of that name and model, made once for each process.

    Raises:
      KeyError: the table has no such name.
      ImportError: a package is missing. Other errors are those of the backend, such as a model with another checksum.
    """
    return _made(table[name], model, sha256)


@functools.cache
def _made(path: str, model: str, sha256: str) -> Any:
    module, _, class_name = path.partition(":")
    backend = getattr(importlib.import_module(module), class_name)
    return backend(model, sha256) if model else backend()
