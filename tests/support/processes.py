"""The processes of a run and their sockets, read from Linux's /proc, and how tests wait for them."""

import contextlib
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

LISTENING = "0A"  # of TCP, as /proc/net/tcp writes it
ACCEPTING = 0x10000  # a flag of a Unix socket


def descendants(root: int) -> set[int]:
    """The process and its descendants. A descendant whose parent has ended is not found."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parents[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
    found = {root}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def is_running(pid: int) -> bool:
    """False for a process that has ended, also if its parent has not asked for its exit code yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def workers(root: int) -> set[int]:
    """The worker processes of a launcher."""
    return {pid for pid in descendants(root) if "from warraq.pipelines.local.worker import" in _command(pid)}


def guards(root: int) -> set[int]:
    """The sandboxes below a process."""
    return {pid for pid in descendants(root) if "from warraq.transforms.extract.sandbox import" in _command(pid)}


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(errors="replace")
    except OSError:
        return ""


def listening(root: int) -> set[str]:
    """The sockets on which the process and its descendants listen: TCP addresses in hexadecimal, paths of Unix sockets."""
    inodes = set()
    for pid in descendants(root):
        with contextlib.suppress(OSError):
            for descriptor in Path(f"/proc/{pid}/fd").iterdir():
                with contextlib.suppress(OSError):
                    inodes.add(str(descriptor.readlink()).removeprefix("socket:[").removesuffix("]"))
    found = set()
    for name in ("tcp", "tcp6"):
        lines = [line.split() for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]]
        found |= {fields[1] for fields in lines if fields[3] == LISTENING and fields[9] in inodes}
    for line in Path("/proc/net/unix").read_text().splitlines()[1:]:
        fields = line.split(maxsplit=7)
        if int(fields[3], 16) & ACCEPTING and fields[6] in inodes:
            found.add(fields[7])
    return found


PATIENCE = 600  # seconds that tests wait for a process; a busy machine does not need them, only a broken one


def wait_until(is_so: Callable[[], object], seconds: float = PATIENCE) -> None:
    """Returns once `is_so()` is true. Fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def wait_for_work(job: subprocess.Popen) -> None:
    """Returns once a run has two workers and one of them extracts a page. Fails if the run ends before."""
    wait_until(lambda: (len(workers(job.pid)) == 2 and guards(job.pid)) or job.poll() is not None)
    assert job.poll() is None
