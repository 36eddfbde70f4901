"""Servers written in Go. Each is built once from the Go module proxy and kept in the user's cache."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "warraq-tests"


def go_tool(module: str, version: str) -> str:
    """The path of the program that `module` at `version` builds. Skips the test if Go is missing."""
    folder = CACHE / f"{module.rpartition('/')[2]}-{version}"
    program = folder / module.rpartition("/")[2]
    if not program.exists():
        if not shutil.which("go"):
            pytest.skip(f"no Go on this machine, which builds {module}")
        building = CACHE / f".building-{os.getpid()}"
        command = ["go", "install", f"{module}@{version}"]
        done = subprocess.run(command, env={**os.environ, "GOBIN": str(building)}, capture_output=True, text=True)
        if done.returncode:
            pytest.skip(f"{module} can't be built: {done.stderr.strip().splitlines()[-1]}")
        folder.mkdir(parents=True, exist_ok=True)
        (building / program.name).replace(program)
        shutil.rmtree(building)
    return str(program)
