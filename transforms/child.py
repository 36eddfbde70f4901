"""Child processes in Python. They import nothing from the current folder, and the kernel ends them with their parent.

A pipe connects a child to its parent: the kernel kills the child when the last copy of the other end is closed, which
happens at the parent's death, however it dies. Linux's PR_SET_PDEATHSIG is no choice: it kills the child as soon as the
*thread* that started it ends, and Beam's pool ends idle threads.
"""

import fcntl
import os
import select
import signal
import subprocess
import sys
from typing import IO, Any, Final, NamedTuple

from warraq.transforms.import_path import import_path

# The first line removes the current folder from the import path, for Python 3.10, which does not know PYTHONSAFEPATH.
_BEGIN: Final = """
import sys; sys.path[:] = {path!r}
from warraq.transforms.child import end_with
end_with({lifeline})
from {module} import {function}
{function}()
"""


class Child(NamedTuple):
    """A process, and the end of the pipe that kills the process when it is closed."""

    process: "subprocess.Popen[bytes]"
    lifeline: IO[bytes]

    def kill(self) -> None:
        """Kills the process and waits for its end."""
        self.lifeline.close()
        self.process.kill()
        self.process.wait()


def start(module: str, function: str, pass_fds: tuple[int, ...] = (), **options: Any) -> Child:
    """Starts a Python process that calls a function of a module. It imports from the same folders as this process.

    Args:
      module: the module's full name.
      function: the name of a function without parameters.
      pass_fds: file descriptors that stay open in the process.
      **options: of `subprocess.Popen`; `env` has the variables to add to this process's environment.

    Raises:
      OSError: the process can't be started.
    """
    end, own_end = os.pipe()
    lifeline = os.fdopen(own_end, "wb", buffering=0)
    code = _BEGIN.format(path=import_path(), lifeline=end, module=module, function=function)
    environment = {**os.environ, "PYTHONSAFEPATH": "1", **options.pop("env", {})}
    try:
        process = subprocess.Popen([sys.executable, "-c", code], pass_fds=(end, *pass_fds), env=environment, **options)
    except BaseException:
        lifeline.close()
        raise
    finally:
        os.close(end)
    return Child(process, lifeline)


def end_with(lifeline: int) -> None:
    """Asks the kernel to kill this process when the other end of a pipe is closed. Runs in the child.

    Only Linux can do this. On other systems a child ends when it next reads from its parent.
    """
    if not hasattr(fcntl, "F_SETSIG"):
        return
    fcntl.fcntl(lifeline, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(lifeline, fcntl.F_SETSIG, signal.SIGKILL)
    fcntl.fcntl(lifeline, fcntl.F_SETFL, fcntl.fcntl(lifeline, fcntl.F_GETFL) | os.O_ASYNC)
    closed = select.poll()
    closed.register(lifeline, select.POLLHUP)
    if closed.poll(0):  # it was closed before the kernel was asked
        os.kill(os.getpid(), signal.SIGKILL)
