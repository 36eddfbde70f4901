"""The rejection of a page, without Beam: the exception that pure functions raise, and the row that it becomes."""

import traceback
from collections.abc import Callable
from typing import TypeVar

from warraq.schemas.encodable import make_encodable, without_surrogates
from warraq.schemas.labels import ERROR_REASON
from warraq.schemas.records import Article, Document, Page, Rejected

Out = TypeVar("Out", Page, Document, Article)


class Rejection(Exception):  # noqa: N818  (a verdict, not an error)
    """A rule rejected the page. `reason` is one of labels.REASONS[stage]; `detail` is evidence in a few words."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail


def attempt(record: Page | Document | Article, stage: str, call: Callable[[], Out]) -> Out | Rejected:
    """The result of `call` for `record`, with text that can be encoded; or the row of `rejected` if the call fails.

    Raises:
      MemoryError: the machine has too little memory, which is no fault of the page. The runner tries again.
    """
    try:
        result = call()
        return result if result is record else make_encodable(result)  # the input has been checked before
    except Rejection as verdict:
        return reject(record, stage, verdict.reason, verdict.detail)
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001  (the page broke our code, which costs a row and not the run)
        return reject(record, stage, ERROR_REASON, describe(error))


def reject(record: Page | Document | Article, stage: str, reason: str, detail: str) -> Rejected:
    """The row of `rejected` for a record that `stage` rejects."""
    return Rejected(record.source, stage, reason, without_surrogates(detail))


def describe(error: Exception) -> str:
    """The exception and its place in the code, in one line: `ValueError: bad value (dates.py:120)`."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:300] + where
