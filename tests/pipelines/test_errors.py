import pytest

from warraq.pipelines.errors import message_of
from warraq.transforms.dataset.errors import DatasetError

DELTA = """Generic LocalFileSystem error
          \x1b[31m↳\x1b[0m Unable to copy data to file
           \x1b[31m↳\x1b[0m No space left on device (os error 28)
"""
ASKED_AFTERWARDS = """
The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File x
RuntimeError: Bundle processing associated with inst030 has failed. Check prior failing response and attached exception.
"""
STEP = " [while running 'Ingest/CommitRun/Publish']"
FULL = "Generic LocalFileSystem error: Unable to copy data to file: No space left on device (os error 28)"


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (KeyboardInterrupt(), "interrupted"),
        (OSError(28, "No space left on device"), "[Errno 28] No space left on device"),
        (OSError(DELTA), FULL),
        (OSError(DELTA + STEP), FULL),
        (RuntimeError(f"Traceback (most recent call last):\n  File x\nOSError: {DELTA}\n{STEP}"), f"OSError: {FULL}"),
        (RuntimeError(f"Traceback\n  File x\nwarraq.errors.DatasetError: gone{STEP}{STEP}"), "gone"),
        (RuntimeError(f"Traceback\n  File x\nOSError: {DELTA}\n{STEP}\n{ASKED_AFTERWARDS}"), f"OSError: {FULL}"),
        (
            RuntimeError(ASKED_AFTERWARDS.partition("File x\n")[2]),
            ASKED_AFTERWARDS.strip().rpartition("RuntimeError: ")[2],
        ),
        (DatasetError("gone"), "gone"),
        (ValueError(), "ValueError"),
    ],
)
def test_a_failure_is_one_line(error, message):
    assert message_of(error) == message
