"""How a page is refused, without Beam: what the pure functions raise, and the row that it becomes."""

import traceback

from schemas.records import Article, Document, Page, Rejected


class Rejection(Exception):  # noqa: N818  (a verdict, not an error)
    """A rule said no. `reason` is one of labels.REASONS[stage]; `detail` is evidence in a few words."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail


def reject(record: Page | Document | Article, stage: str, reason: str, detail: str) -> Rejected:
    """The row that `record` leaves behind when `stage` refuses it."""
    size = len(record.content) if isinstance(record, Page) else record.bytes
    return Rejected(record.url, record.dump, record.dump_offset, stage, reason, detail, size, record.fetched_at)


def describe(error: Exception) -> str:
    """What broke and where, in one line: `ValueError: bad value (dates.py:120)`."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {error}"[:300] + where
