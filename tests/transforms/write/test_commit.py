import datetime as dt

import pytest

from warraq.transforms.dataset.data_files import DataFile, DumpPages
from warraq.transforms.errors import LedgerError
from warraq.transforms.ledger import READ, REJECTED, Line
from warraq.transforms.write.commit import Run, reconcile

START = dt.datetime(2025, 6, 1, tzinfo=dt.timezone.utc)


@pytest.mark.parametrize(
    ("all_rejected", "written", "balances"), [(False, 1, True), (False, 2, False), (True, 2, True), (True, 1, False)]
)
def test_every_refusal_that_is_due_has_a_row(all_rejected, written, balances):
    counts = [
        (Line("d", READ), 2),
        (Line("d", REJECTED, "clean", "too_short"), 1),
        (Line("d", REJECTED, "screen", "no_arabic_bytes"), 1),
    ]
    files = [DataFile("rejected", "p", ["clean"], written, 1, [DumpPages("d", written)])]
    run = Run("out", "r1", "recipe", "{}", "1.0", "local", START, [], all_rejected, 0.5)
    if balances:
        assert reconcile(files, counts, run)
    else:
        with pytest.raises(LedgerError, match="2 pages were refused" if all_rejected else "1 pages were refused"):
            reconcile(files, counts, run)
