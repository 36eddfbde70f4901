"""The commands of README run in an empty folder and print what README shows."""

import os
import re
import subprocess

import duckdb
import pytest

from tests.support.paths import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```console\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
COMMANDS = [
    step.split("\n", 1) for block in BLOCKS for step in re.split(r"^\$ ", block, flags=re.MULTILINE) if step.strip()
]
# Not run here: these name the reader's own dumps, are this very test run, or need the duckdb client.
NOT_RUN = ("./run_local.sh crawl/", "./run_tests.sh", "duckdb ")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The folder in which the commands run, with the samples that they name."""
    folder = tmp_path_factory.mktemp("readme")
    (folder / "samples").symlink_to(ROOT / "samples")
    return folder


def run(command, folder):
    environment = {**os.environ, "PATH": f"{ROOT}/.venv/bin:{os.environ['PATH']}", "WARRAQ_VENV": str(ROOT / ".venv")}
    command = command.replace("./run_local.sh", f"{ROOT}/run_local.sh")
    return subprocess.run(["bash", "-c", command], capture_output=True, text=True, cwd=folder, env=environment)


def test_the_commands_print_what_the_readme_shows(folder):
    for command, shown in COMMANDS:
        if command.startswith(NOT_RUN):
            continue
        done = run(command, folder)
        assert done.returncode == 0, f"{command}: {done.stderr}"
        assert not shown.strip() or done.stdout == shown, command
    assert (folder / "out" / "articles").is_dir()


def test_the_plain_duckdb_client_sees_the_same(folder, monkeypatch):
    """The client is no Python package, so its SQL runs in the library."""
    if not (folder / "out").exists():  # this test alone
        assert run("./run_local.sh", folder).returncode == 0
    [sql] = re.findall(r'^\$ duckdb -c "(.*)"$', README, re.MULTILINE)
    ours = run("warraq query out 'SELECT count(*) FROM articles' --format csv", folder)
    monkeypatch.chdir(folder)
    assert duckdb.sql(sql).fetchall() == [(int(ours.stdout.splitlines()[1]),)]


def test_the_crontab_line_is_a_command(folder):
    [line] = re.findall(r"^15 \* \* \* \*  (.*)$", README, re.MULTILINE)
    command = (
        line.replace("/srv/warraq", str(folder))
        .replace(".venv/bin/", "")
        .replace("/srv/crawl/*.warc.gz", str(ROOT / "samples/dumps/*.warc.gz"))
    )
    for code in (0, 4):  # the second time there is nothing new
        done = run(command.replace("/srv/dataset", f"{folder}/scheduled"), folder)
        assert (done.returncode, done.stderr) == (code, "")
