"""A Flink cluster on this machine, without Docker: job manager, task managers, Beam's job server, Python workers.

    python deploy/flink/cluster.py COMMAND…     runs COMMAND with the flags that send a Beam job there, then stops all
    python deploy/flink/cluster.py              says those flags and runs until it is interrupted

Flink comes from PyPI, the job server from Maven Central (pom.xml), once, into the user's cache. Needs Java 11 or 17,
pip and Maven. Everything listens on ports that were free.
"""

import contextlib
import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

FLINK: Final = "1.19.3"
POM: Final = Path(__file__).resolve().with_name("pom.xml")
WORKER: Final = POM.with_name("worker.py")
CACHE: Final = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "warraq"
START_LIMIT: Final = 180  # seconds until a process must answer, on a machine that does much else

# What Flink and Beam reach into that Java has closed since 16: the list of the distribution's own configuration.
_OPENED: Final = tuple(
    f"--add-opens=java.base/{package}=ALL-UNNAMED"
    for package in (
        *("java.lang", "java.lang.reflect", "java.net", "java.io", "java.nio", "java.text", "java.time", "java.util"),
        *("java.util.concurrent", "java.util.concurrent.atomic", "java.util.concurrent.locks", "sun.nio.ch"),
    )
)
_MEMORY: Final = "org.apache.flink.runtime.util.bash.BashJavaUtils"
_JOB_MANAGER: Final = "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint"
_TASK_MANAGER: Final = "org.apache.flink.runtime.taskexecutor.TaskManagerRunner"
_JOB_SERVER: Final = "org.apache.beam.runners.flink.FlinkJobServerDriver"
SETTINGS: Final = {
    "jobmanager.rpc.address": "127.0.0.1",
    "jobmanager.bind-host": "127.0.0.1",
    "jobmanager.memory.process.size": "1024m",
    "rest.address": "127.0.0.1",
    "rest.bind-address": "127.0.0.1",
    "taskmanager.host": "127.0.0.1",
    "taskmanager.bind-host": "127.0.0.1",
    "taskmanager.memory.process.size": "1536m",
    # Each exchange between two steps of a batch job takes buffers of its own: by default, 512 of 32 KiB.
    "taskmanager.memory.network.min": "256m",
    "taskmanager.memory.network.max": "256m",
    "taskmanager.network.sort-shuffle.min-buffers": "128",
    # Beam lies beside Flink, not in the job: only then does a Python worker live on between two steps of a job.
    "classloader.resolve-order": "parent-first",
    # A task manager that dies is missed within seconds, and its job begins again on the slots that are there then.
    "heartbeat.interval": "1000",
    "heartbeat.timeout": "5000",
    "restart-strategy.type": "fixed-delay",
    "restart-strategy.fixed-delay.attempts": "3",
    "restart-strategy.fixed-delay.delay": "5s",  # so long that the dead one is missed before the attempts are used up
}


class ClusterError(Exception):
    """This machine lacks what a cluster needs, or a part of it did not start; the message says which."""


@dataclass
class Cluster:
    """A running cluster: `slots` are those of a task manager, `rest` is the address of Flink's REST interface."""

    folder: Path
    slots: int
    rest: str
    job_endpoint: str
    environment: Mapping[str, str]  # of all processes, beside the launcher's own
    processes: dict[str, subprocess.Popen] = field(default_factory=dict)
    dead: list[subprocess.Popen] = field(default_factory=list)  # whose children may live

    def flags(self, parallelism: int) -> list[str]:
        """The flags with which a Beam job is sent here."""
        return [
            "--runner=PortableRunner",
            f"--job_endpoint={self.job_endpoint}",
            "--environment_type=PROCESS",
            f"--environment_option=process_command={WORKER}",
            f"--sdk_worker_parallelism={self.slots}",
            "--environment_cache_millis=60000",
            "--experiments=disable_logging_submission_environment",  # so that nothing need be staged
            f"--parallelism={parallelism}",
        ]

    def ask(self, path: str) -> Any:
        """The answer of Flink's REST interface."""
        with urllib.request.urlopen(f"{self.rest}{path}", timeout=30) as answer:  # noqa: S310  (our own address)
            return json.load(answer)

    def start_task_manager(self) -> str:
        """Starts one more, which serves a job as soon as it has registered; returns its name."""
        name = f"task-manager-{len(self.processes) + len(self.dead)}"
        self.start(name, _flink(_TASK_MANAGER, "TM", self.folder))
        return name

    def kill(self, name: str) -> None:
        """Ends one process with SIGKILL; the Python workers that it started are left to see for themselves."""
        process = self.processes.pop(name)
        process.kill()
        process.wait()
        self.dead.append(process)

    def stop(self) -> None:
        """Ends everything that was started here."""
        for process in (*self.processes.values(), *self.dead):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def start(self, name: str, command: Sequence[str]) -> None:
        """Starts a process of the cluster; its words go to NAME.log."""
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])  # there a worker finds `python3`
        environment = {**os.environ, **self.environment, "PATH": path}
        with (self.folder / f"{name}.log").open("wb") as log:
            self.processes[name] = subprocess.Popen(
                command, stdout=log, stderr=log, env=environment, start_new_session=True
            )

    def wait_until(self, is_so: Callable[[], bool]) -> None:
        """Returns once `is_so`; a refused connection is a no.

        Raises:
          ClusterError: a process has ended, or the limit has passed.
        """
        deadline = time.monotonic() + START_LIMIT
        while time.monotonic() < deadline:
            for name, process in self.processes.items():
                if process.poll() is not None:
                    words = (self.folder / f"{name}.log").read_text(errors="replace").strip()[-2000:]
                    raise ClusterError(f"{name} has ended: {words}")
            with contextlib.suppress(OSError):
                if is_so():
                    return
            time.sleep(0.2)
        raise ClusterError(f"waited {START_LIMIT} seconds for a Flink cluster; its logs are in {self.folder}")


@contextlib.contextmanager
def flink_cluster(
    folder: Path, task_managers: int = 2, slots: int = 2, environment: Mapping[str, str] | None = None
) -> Iterator[Cluster]:
    """A cluster of `task_managers` with `slots` each, its files in `folder`. Stops with the block.

    Raises:
      ClusterError: it can't be.
    """
    rest, rpc, jobs, artifacts, expansion = _free_ports(5)
    settings = {**SETTINGS, "rest.port": rest, "jobmanager.rpc.port": rpc, "taskmanager.numberOfTaskSlots": slots}
    settings["io.tmp.dirs"] = folder
    (folder / "config.yaml").write_text("".join(f"{name}: {value}\n" for name, value in settings.items()))
    cluster = Cluster(folder, slots, f"http://127.0.0.1:{rest}", f"127.0.0.1:{jobs}", environment or {})
    server = {
        "flink-master": f"127.0.0.1:{rest}",
        "job-host": "127.0.0.1",
        "job-port": jobs,
        "artifacts-dir": folder / "artifacts",
    }
    server |= {"artifact-port": artifacts, "expansion-port": expansion}
    try:
        cluster.start("job-manager", _flink(_JOB_MANAGER, "JM", folder))
        for _ in range(task_managers):
            cluster.start_task_manager()
        flags = [f"--{name}={value}" for name, value in server.items()]
        cluster.start(
            "job-server", ["java", *_OPENED, "-Xmx512m", "-cp", f"{job_server_jars()}/*", _JOB_SERVER, *flags]
        )
        cluster.wait_until(lambda: _listens(jobs))
        cluster.wait_until(lambda: cluster.ask("/overview")["taskmanagers"] == task_managers)
        yield cluster
    finally:
        cluster.stop()


def fetch() -> None:
    """This machine has all that a cluster needs.

    Raises:
      ClusterError: it can't be had.
    """
    if not shutil.which("java"):
        raise ClusterError("no java on this machine")
    flink_jars()
    job_server_jars()


def flink_jars() -> Path:
    """The folder of the jars of Flink's distribution that run a cluster."""
    folder = CACHE / f"flink-{FLINK}"
    if not folder.exists():
        with _making(folder) as building:
            package = f"apache-flink-libraries=={FLINK}"
            _fetch(
                sys.executable, "-I", "-m", "pip", "download", "--no-deps", "--dest", str(building / "archive"), package
            )
            [archive] = (building / "archive").iterdir()
            with tarfile.open(archive) as distribution:
                for member in distribution:
                    name = Path(member.name).name
                    if name.endswith(".jar") and name.startswith(("flink-dist", "log4j", "bash-java-utils")):
                        (building / name).write_bytes(distribution.extractfile(member).read())
            shutil.rmtree(building / "archive")
            (building / "bin").mkdir()  # it logs in its own way: not for the cluster's class path
            (building / "bash-java-utils.jar").rename(building / "bin" / "bash-java-utils.jar")
    return folder


def job_server_jars() -> Path:
    """The folder of the jars that pom.xml names."""
    folder = CACHE / f"beam-flink-job-server-{hashlib.sha256(POM.read_bytes()).hexdigest()[:8]}"
    if not folder.exists():
        with _making(folder) as building:
            _fetch("mvn", "--batch-mode", "--file", str(POM), "package", f"-Dto={building}")
    return folder


@contextlib.contextmanager
def _making(folder: Path) -> Iterator[Path]:
    """An empty folder that becomes `folder` unless the block fails."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(prefix=".building-", dir=folder.parent))
    try:
        yield building
        with contextlib.suppress(OSError):  # another process has made it meanwhile
            building.rename(folder)
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _fetch(*command: str) -> None:
    if not shutil.which(command[0]):
        raise ClusterError(f"no {command[0]} on this machine")
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        words = (done.stderr.strip() or done.stdout.strip()).splitlines()
        raise ClusterError(f"{command[0]} {done.returncode}: {next((w for w in words if 'ERROR' in w), words[-1])}")


def memory(kind: str, folder: Path) -> tuple[list[str], list[str]]:
    """The memory of a JM or TM by the settings in `folder`: arguments of Java, arguments of Flink.

    Raises:
      ClusterError: they don't add up.
    """
    fetch()
    jars = f"{flink_jars()}/bin/*:{flink_jars()}/*"
    ask = ["java", "-cp", jars, _MEMORY, f"GET_{kind}_RESOURCE_PARAMS", "--configDir", str(folder)]
    done = subprocess.run(ask, check=False, capture_output=True, text=True)
    marker = "BASH_JAVA_UTILS_EXEC_RESULT:"
    answers = [line.removeprefix(marker).split() for line in done.stdout.splitlines() if line.startswith(marker)]
    if len(answers) != 2:
        raise ClusterError(f"Flink can't share out its memory: {done.stderr[-2000:]}")
    return answers[0], answers[1]


def _flink(main: str, kind: str, folder: Path) -> list[str]:
    """The command that starts a part of Flink, with the memory that its own scripts would give it."""
    machine, settings = memory(kind, folder)
    jars = f"{flink_jars()}/*:{job_server_jars()}/*"
    return ["java", *machine, *_OPENED, "-cp", jars, main, "--configDir", str(folder), *settings]


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        held = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [each.getsockname()[1] for each in held]


def _listens(port: int) -> bool:
    with socket.create_connection(("127.0.0.1", port), timeout=5):
        return True


def main(command: Sequence[str]) -> int:
    """Runs `command` on a cluster of two task managers with two slots each; returns its exit code."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory() as folder:
        try:
            with flink_cluster(Path(folder)) as cluster:
                flags = cluster.flags(parallelism=4)
                if command:
                    return subprocess.run([*command, *flags], check=False).returncode
                print(f"Flink's dashboard: {cluster.rest}\nflags for a job: {' '.join(flags)}", flush=True)
                signal.pause()
        except ClusterError as error:
            print(f"no Flink cluster: {error}", file=sys.stderr)
        except KeyboardInterrupt:
            pass
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
