"""The readers of docs/readers.md: their lines of code, and processes that run these.

Packages that the tests themselves do not have come from PyPI, and Delta's jars for Spark from Maven Central: once, in the
versions that the document names, into the user's cache.
"""

import contextlib
import functools
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import duckdb
import pytest

from tests.support.paths import ROOT

DOCUMENT = ROOT / "docs" / "readers.md"
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "warraq" / "readers"
# What a package needs beside the packages of the test environment.
NEEDED = {
    "pandas": ["python-dateutil", "six"],
    "datasets": ["pandas", "dill", "multiprocess", "xxhash", "python-dateutil", "six"],
    "pyspark": ["py4j"],
}
LARGE = {"pyspark"}  # 487 MB installed; a minute to start beside other work
_SECTION = re.compile(r"^## (.+?)\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Reader:
    """A row of the document's table, and the block of code under the heading of that name."""

    name: str
    by: str  # log or glob
    date: str  # how it gives the column: day or text
    opened_before: str  # what is read after a rewrite: error or rows
    packages: tuple[str, ...]  # name==version
    code: str
    shell: str  # the command that starts it

    @property
    def missing(self) -> list[str]:
        """The packages that the test environment does not have in this version."""
        return [package for package in self.packages if _version(package.split("==")[0]) != package.split("==")[1]]


def documented() -> list[Reader]:
    """The readers of the document, in its order: the rows of its first table, without the first, `warraq query`."""
    text = DOCUMENT.read_text(encoding="utf-8")
    sections = dict(_SECTION.findall(text))
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text.partition("## ")[0].splitlines()
        if line[:2] == "| "
    ]
    return [
        Reader(
            *row[:4],
            tuple("==".join(package) for package in re.findall(r"`(\S+) (\d\S*)`", row[4])),
            *(
                "".join(re.findall(rf"^```{kind}\n(.*?)^```", sections[row[0]], re.MULTILINE | re.DOTALL))
                for kind in ("python", "console")
            ),
        )
        for row in cells[2:]
    ]


def sections() -> list[str]:
    """The headings of the document."""
    return [name for name, _ in _SECTION.findall(DOCUMENT.read_text(encoding="utf-8"))]


@dataclass
class Running:
    """The process of a reader."""

    process: subprocess.Popen
    dataset: str = ""  # the folder that stands for `dataset` in the code

    def open(self, code: str, result: int) -> str | None:
        """Runs a block of code on the dataset and keeps one of its two results unread. Returns an error's sentence."""
        code = code.replace("dataset/articles", f"{self.dataset}/articles")
        return self._ask({"open": code, "result": result}).get("error")

    def read(self) -> list[dict] | str:
        """The rows of the result, or an error's sentence."""
        answer = self._ask({"read": True})
        return answer["error"] if "error" in answer else answer["rows"]

    def _ask(self, request: dict) -> dict:
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        assert answer, "the reader's process has died"
        return json.loads(answer)


@contextlib.contextmanager
def running(reader: Reader, folder: Path) -> Iterator[Running]:
    """A process that has the reader's packages. Skips the test if they can't be had here."""
    paths, settings = [ROOT], {}
    if reader.missing:
        wanted = os.environ.get("WARRAQ_READERS") == "all"
        if not wanted and LARGE & {package.split("==")[0] for package in reader.missing}:
            pytest.skip(f"{reader.name} is large: set WARRAQ_READERS=all to fetch and test it")
        paths.insert(0, _fetch(tuple(reader.missing)))
    if (paths[0] / "duckdb_extension_delta").exists():
        _install_extension(paths[0] / "duckdb_extension_delta" / "extensions", folder)
    if reader.shell:
        settings = {"SPARK_SETTINGS": json.dumps(_spark_settings(reader.shell, folder))}
    environment = {
        **os.environ,
        **settings,
        "PYTHONPATH": os.pathsep.join(map(str, paths)),
        "HOME": str(folder),  # no reader leaves a cache in the user's, or finds one there
        "HF_HUB_OFFLINE": "1",
        "TZ": "UTC",
    }
    command = [sys.executable, "-m", "tests.support.reader_process"]
    with (folder / "stderr").open("w") as noise:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=noise, text=True, cwd=folder, env=environment
        )
    with process:
        yield Running(process)
        process.stdin.close()


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


@functools.cache
def _fetch(packages: tuple[str, ...]) -> Path:
    """A folder of these packages and of what they need. Skips the test if they can't be had."""
    names = [package.split("==")[0] for package in packages]
    needed = sorted({other for name in names for other in NEEDED.get(name, []) if not _version(other)})
    folder = CACHE / f"{sys.implementation.cache_tag}-{'-'.join(packages).replace('==', '-')}"
    if not folder.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as building:
            command = [sys.executable, "-I", "-m", "pip", "install", "--quiet", "--no-deps", "--target", building]
            done = subprocess.run([*command, *packages, *needed], capture_output=True, text=True)
            if done.returncode:
                pytest.skip(f"{', '.join(packages)} can't be had here: {done.stderr.strip().splitlines()[-1]}")
            with contextlib.suppress(OSError):  # another process was first
                Path(building).rename(folder)
            Path(building).mkdir(exist_ok=True)
    return folder


def _install_extension(extensions: Path, home: Path) -> None:
    """Puts the extension where DuckDB's INSTALL looks first, and finds it without the network."""
    [file] = extensions.rglob("*.duckdb_extension")
    [(platform,)] = duckdb.sql("PRAGMA platform").fetchall()
    folder = home / ".duckdb" / "extensions" / file.parent.name / platform
    folder.mkdir(parents=True)
    shutil.copy(file, folder)


def _spark_settings(shell: str, folder: Path) -> dict[str, str]:
    """The settings of the command that starts Spark, with the jars of its packages; and those of a small machine."""
    [coordinate] = re.findall(r"--packages (\S+)", shell)
    group, artifact, version = coordinate.split(":")
    jars = CACHE / f"{artifact}-{version}"
    if not jars.exists():
        with tempfile.TemporaryDirectory(dir=CACHE) as building:
            for name in (artifact, "delta-storage"):
                command = [
                    *("mvn", "--batch-mode", "--quiet", "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy"),
                    *(f"-Dartifact={group}:{name}:{version}", f"-DoutputDirectory={building}"),
                ]
                done = subprocess.run(command, capture_output=True, text=True) if shutil.which("mvn") else None
                if not done or done.returncode:
                    pytest.skip(f"no Maven, or {coordinate} can't be had here")
            Path(building).rename(jars)
            Path(building).mkdir()
    return {
        **dict(re.findall(r"--conf (\S+?)=(\S+)", shell)),
        "spark.jars": ",".join(map(str, sorted(jars.glob("*.jar")))),
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "1",
        "spark.databricks.delta.snapshotPartitions": "1",
        "spark.local.dir": str(folder),
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
    }
