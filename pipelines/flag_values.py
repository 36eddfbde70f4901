"""The values of flags, as argparse reads them. Each function raises ArgumentTypeError with one line."""

import argparse
import re

from warraq.transforms.entities import tagger as entities


def tagger(text: str) -> str:
    """The name of a tagger."""
    if not entities.is_backend(text):
        raise argparse.ArgumentTypeError(f"{text}: use one of {entities.CHOICES}")
    return text


def count(text: str, least: int = 1) -> int:
    """A whole number, `least` or more."""
    try:
        number = int(text)
    except ValueError:
        number = -1
    if number < least:
        raise argparse.ArgumentTypeError(f"{text}: must be a whole number, {least} or more")
    return number


def count_or_none(text: str) -> int:
    """A whole number; 0 means none."""
    return count(text, least=0)


def port(text: str) -> int:
    """The number of a TCP port; 0: none."""
    found = count(text, least=0)
    if found >= 1 << 16:
        raise argparse.ArgumentTypeError(f"{text}: must be a port, 1 to 65535")
    return found


def seconds(text: str) -> float:
    """The seconds of a time such as `30s`, `2m`, `1h` or `5`."""
    match = re.fullmatch(r"(\d{1,6}(?:\.\d+)?)([smh]?)", text)
    found = float(match[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[match[2]] if match else 0
    if not found:
        raise argparse.ArgumentTypeError(f"{text}: must be a time such as 5s, 30s or 2m")
    return found


def size(text: str) -> int:
    """The bytes of a size such as `256MB`, `1GB` or `5000`."""
    match = re.fullmatch(r"(\d{1,15})(|MB|GB)", text, re.IGNORECASE)
    if not match or not int(match[1]):
        raise argparse.ArgumentTypeError(f"{text}: must be a size such as 256MB or 1GB")
    return int(match[1]) << {"": 0, "MB": 20, "GB": 30}[match[2].upper()]


def share(text: str) -> float:
    """A number from 0 to 1."""
    try:
        found = float(text)
    except ValueError:
        found = -1.0
    if not 0 <= found <= 1:
        raise argparse.ArgumentTypeError(f"{text}: must be a share from 0 to 1")
    return found
