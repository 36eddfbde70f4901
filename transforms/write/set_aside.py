"""The dumps that a run sets aside because too many of their pages broke the code, and the report about them.

The commit step finds the dumps (`ledger.broken_dumps`). It commits nothing, leaves a report under staging, and fails.
The launcher reads the report and runs again without these dumps. It is not enough to leave out only their rows, because
articles of other dumps were rejected as copies of them.
"""

import collections
import json
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from warraq.schemas.labels import ERROR_REASON
from warraq.transforms.dataset.data_files import DataFile, read_table
from warraq.transforms.dataset.dataset import Dataset

_REPORT: Final = "set_aside.json"
_EXAMPLES: Final = 3  # pages named in the report
_COLUMNS: Final = ("dump", "dump_offset", "reason", "detail")


class SetAsideError(Exception):
    """Too many pages of some dumps broke the code; nothing was committed. The message names the dumps."""


class SetAside(NamedTuple):
    """A dump that is set aside: the stage and the exception that most of its broken pages share."""

    dump: str
    stage: str
    error: str  # of the first such page
    pages: int  # with that exception in that stage
    offsets: list[int]  # of the first three such pages


class _Broken(NamedTuple):
    stage: str
    error: str
    offset: int

    @property
    def kind(self) -> tuple[str, str]:
        """Stage and class of the exception."""
        return self.stage, self.error.partition(":")[0]


def find_faults(dataset: Dataset, staging: str, files: Iterable[DataFile], dumps: Sequence[str]) -> list[SetAside]:
    """One fault for each of `dumps`, from the rows of `rejected` that the run has staged."""
    broken: dict[str, list[_Broken]] = {dump: [] for dump in dumps}
    for file in files:
        if file.table == "rejected" and any(part.dump in broken for part in file.dumps):
            rows = read_table(dataset.staged_path(staging, file), _COLUMNS).to_pylist()
            for row in rows:
                if row["reason"] == ERROR_REASON and row["dump"] in broken:
                    broken[row["dump"]].append(_Broken(file.partition[0], row["detail"], row["dump_offset"]))
    return [_fault(dump, pages) for dump, pages in broken.items()]


def _fault(dump: str, broken: Iterable[_Broken]) -> SetAside:
    by_kind = collections.defaultdict(list)
    for page in sorted(broken, key=lambda page: page.offset):
        by_kind[page.kind].append(page)
    pages = by_kind[max(by_kind, key=lambda kind: (len(by_kind[kind]), kind))]
    return SetAside(dump, pages[0].stage, pages[0].error, len(pages), [page.offset for page in pages[:_EXAMPLES]])


def leave_report(dataset: Dataset, staging: str, faults: Sequence[SetAside]) -> None:
    """Writes the report for the launcher. It is removed together with the run's staged files."""
    dataset.write_note(staging, _REPORT, json.dumps([fault._asdict() for fault in faults]).encode())


def read_report(dataset: Dataset, staging: str) -> list[SetAside]:
    """The dumps that a failed run has set aside; none if the run failed for another reason."""
    report = dataset.read_note(staging, _REPORT)
    return [SetAside(**fault) for fault in json.loads(report)] if report is not None else []
