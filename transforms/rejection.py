"""How a page is refused, without Beam: what the pure functions raise, and the row that it becomes."""

import traceback
from collections.abc import Callable
from typing import TypeVar

from warraq.schemas.labels import ERROR_REASON
from warraq.schemas.records import Article, Document, Page, Rejected
from warraq.schemas.sound import sound, sound_text

Out = TypeVar("Out", Page, Document, Article)


class Rejection(Exception):  # noqa: N818  (a verdict, not an error)
    """A rule said no. `reason` is one of labels.REASONS[stage]; `detail` is evidence in a few words."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail


def attempt(record: Page | Document | Article, stage: str, call: Callable[[], Out]) -> Out | Rejected:
    """The record that `call` returns for `record`, fit to be encoded; or the row that its failure leaves.

    Raises:
      MemoryError: the machine's trouble, not the page's. The runner tries again.
    """
    try:
        result = call()
        return result if result is record else sound(result)  # what came in has been checked
    except Rejection as verdict:
        return reject(record, stage, verdict.reason, verdict.detail)
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001  (the page broke our code: a row, not a lost run)
        return reject(record, stage, ERROR_REASON, describe(error))


def reject(record: Page | Document | Article, stage: str, reason: str, detail: str) -> Rejected:
    """The row that `record` leaves behind when `stage` refuses it."""
    return Rejected(record.source, stage, reason, sound_text(detail))


def describe(error: Exception) -> str:
    """What broke and where, in one line: `ValueError: bad value (dates.py:120)`."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:300] + where
