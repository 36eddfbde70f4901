"""The package for other machines: an sdist, installed outside of the checkout, gives the same rows."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv

import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.portability.api import beam_runner_api_pb2
from apache_beam.runners.portability.stager import Stager

from tests.support.paths import ROOT

INGEST = ["ingest", "dumps", "--workers", "2", "--quiet", "--read_fetched_at", "2025-06-01T00:00:00Z"]
ASKED = "SELECT * EXCLUDE (dump) FROM articles ORDER BY article_id"

pytestmark = pytest.mark.slow


def run(*command, **settings):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, **settings)
    assert done.returncode == 0, done.stderr or done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def sdist(tmp_path_factory):
    if not importlib.util.find_spec("build"):
        pytest.skip("no `build` in this environment, which makes the sdist")
    folder = tmp_path_factory.mktemp("sdist")
    run(sys.executable, "-m", "build", "--sdist", "--outdir", folder, ROOT)
    [archive] = folder.glob("warraq-*.tar.gz")
    return archive


@pytest.fixture(scope="module")
def installed(sdist, tmp_path_factory):
    """An environment with the project from its sdist. Other packages come from the environment of the tests."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder)
    python = folder / "bin" / "python"
    run(sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps", sdist)
    [packages] = folder.glob("lib/python*/site-packages")
    others = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (packages / "others.pth").write_text("\n".join(sorted(others)))  # no .pth in there is read, such as the checkout's
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("elsewhere")
    shutil.copytree(ROOT / "samples" / "dumps", folder / "dumps")
    return folder


@pytest.fixture(scope="module")
def warraq(installed, folder):
    """A function that runs the command of the installed project or of the checkout."""
    here = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}

    def command(checkout, *arguments):
        start = [sys.executable, "-m", "warraq"] if checkout else [installed / "bin" / "warraq"]
        environment = {**here, "PYTHONPATH": str(ROOT)} if checkout else here
        return run(*start, *arguments, cwd=folder, env=environment)

    return command


def test_only_our_packages_are_installed_and_the_checkout_is_out_of_sight(installed, folder):
    [top] = installed.glob("lib/python*/site-packages/warraq-*.dist-info/top_level.txt")
    assert sorted(top.read_text().split()) == ["warraq"]
    code = "import warraq.pipelines, warraq.schemas, warraq.transforms; print(warraq.pipelines.__file__, warraq.schemas.__file__, warraq.transforms.__file__)"
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    paths = run(installed / "bin" / "python", "-c", code, cwd=folder, env=environment).split()
    assert [path for path in paths if not path.startswith(str(installed))] == []


def test_every_file_of_the_packages_is_in_the_sdist(installed):
    [site] = installed.glob("lib/python*/site-packages")
    for package in ("schemas", "transforms", "pipelines"):
        files = {path.relative_to(ROOT) for path in (ROOT / package).rglob("*") if path.is_file()}
        assert [path for path in files if path.suffix != ".pyc" and not (site / "warraq" / path).is_file()] == []


def test_the_rows_are_those_of_the_checkout(warraq, folder):
    for checkout in (False, True):
        output = f"out-{checkout}"
        warraq(checkout, *INGEST, "--output", output)
    files = [
        {
            path.relative_to(folder / output): path.read_bytes()
            for table in ("articles", "rejected")
            for path in (folder / output / table).rglob("*.parquet")
        }
        for output in ("out-False", "out-True")
    ]
    assert len(files[0]) > 50
    assert files[0] == files[1]
    rows = warraq(False, "query", "out-False", "--format", "json", ASKED)
    assert rows == warraq(True, "query", "out-False", "--format", "json", ASKED)
    assert '"kind":"person"' in rows.replace(" ", "")


def test_explain_finds_its_models(warraq):
    page = ["explain", "dumps/pages/baccalaureate.html"]
    told, expected = (re.sub(r" +[0-9.]+ ms", "", warraq(checkout, *page)) for checkout in (False, True))
    assert told.splitlines()[-1].startswith("kept: ")
    assert told == expected


def test_beam_takes_it_for_workers_without_the_project(sdist, tmp_path):
    """A worker installs an `--extra_package` before it begins."""
    options = PipelineOptions([f"--extra_package={sdist}", "--sdk_location=container", "--no_save_main_session"])
    staged = Stager.create_job_resources(options, str(tmp_path))
    names = [
        beam_runner_api_pb2.ArtifactStagingToRolePayload.FromString(resource.role_payload).staged_name
        for resource in staged
    ]
    assert {sdist.name, "extra_packages.txt"} <= {*names}
    [listed] = tmp_path.glob("extra_packages.txt")
    assert listed.read_text().split() == [sdist.name]
