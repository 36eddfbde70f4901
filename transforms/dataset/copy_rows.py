"""The row of `rejected` for a page whose article is found to be an exact copy after its file was written."""

from collections.abc import Mapping
from typing import Any, Final

from warraq.transforms.dataset.data_files import DataFile

DUPLICATE: Final = "duplicate"  # the reason of an exact copy
STAGE: Final = "deduplicate"
PAGE: Final = ("url", "fetched_at", "dump", "dump_offset", "load_id")  # columns of `articles` that the row keeps


def copy_row(article: Mapping[str, Any], original: str, run_id: str) -> dict[str, Any]:
    """The row for an article with the columns PAGE. How many bytes the page had is not known any more."""
    kept = {name: article[name] for name in PAGE}
    return {**kept, "reason": DUPLICATE, "detail": original, "bytes": 0, "run_id": run_id}


def copies_file(rows: int) -> DataFile:
    """The file for so many rows, to be completed."""
    return DataFile("rejected", f"stage={STAGE}/part", [STAGE], rows, 0, [])
