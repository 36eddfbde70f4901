"""A dataset that an older version wrote is read, upgraded and written to by this one."""

import os
import subprocess
import sys

import pytest

from tests.support.paths import ROOT
from warraq.pipelines.ingest import main as ingest
from warraq.pipelines.maintain import main as maintain
from warraq.pipelines.query import connect
from warraq.schemas.arrow import SCHEMA_VERSION
from warraq.transforms.dataset.dataset import Dataset, schema_version

OLDER = {1: "042f02e", 2: "a8ed868", 3: "415d91a"}  # schema version: the last commit that wrote it
DUMPS = ROOT / "samples" / "dumps"
FAST = ["--workers", "1", "--quiet", "--tagger", "gazetteer"]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=OLDER)
def old(request, tmp_path_factory):
    """A dataset of two runs, written by the code of that commit, with the schema version of then."""
    commit = OLDER[request.param]
    folder = tmp_path_factory.mktemp("old")
    code = folder / "code"
    made = subprocess.run(["git", "clone", "-q", "--shared", ROOT, code], capture_output=True)
    if made.returncode or subprocess.run(["git", "checkout", "-q", commit], cwd=code, capture_output=True).returncode:
        pytest.skip(f"the history of this checkout does not reach back to {commit}")
    for dumps in (["legacy.warc", "feed.jsonl"], ["texts.jsonl.gz"]):
        paths = [str(DUMPS / name) for name in dumps]
        command = [sys.executable, "-m", "warraq", "ingest", *paths, "--output", str(folder / "out"), *FAST]
        subprocess.run(command, cwd=code, check=True, capture_output=True, env={**os.environ, "PYTHONPATH": str(code)})
    assert schema_version(Dataset(str(folder / "out")).open("runs")) == request.param
    return folder / "out", request.param


ARTICLES = "SELECT article_id, dump, dump_offset, duplicate_of, text FROM articles ORDER BY ALL"


FIRST_NAME_SOURCES = 3  # schema version
NAME_SOURCES = "SELECT DISTINCT name_source FROM mentions ORDER BY ALL"
ROLES = "SELECT DISTINCT role, role_start, role_end FROM mentions"


def test_an_old_dataset_is_upgraded_and_goes_on(old, capsys):
    old, version = old
    dataset = Dataset(str(old))
    before = connect(dataset).execute(ARTICLES).fetchall()
    assert before
    # its dumps are known, under the rules of then
    assert ingest([str(DUMPS / "legacy.warc"), "--output", str(old), "--new", *FAST]) == 4
    assert f"upgraded from schema {version} to {SCHEMA_VERSION}" in capsys.readouterr().err
    assert {schema_version(dataset.open(name)) for name in ("articles", "rejected", "runs")} == {SCHEMA_VERSION}
    assert connect(dataset).execute(ARTICLES).fetchall() == before
    if version < FIRST_NAME_SOURCES:
        assert connect(dataset).execute(NAME_SOURCES).fetchall() == [(None,)]
    assert connect(dataset).execute(ROLES).fetchall() == [(None, None, None)]
    assert maintain([str(old), "check"]) == 0
    # the index that was made for it finds copies
    assert ingest([str(DUMPS / "news.warc.gz"), "--output", str(old), *FAST]) == 0
    assert maintain([str(old), "upgrade"]) == 0
    assert maintain([str(old), "check"]) == 0
    connection = connect(dataset)
    older = {(None,)} if version < FIRST_NAME_SOURCES else set()
    assert {("written",), *older} < {*connection.execute(NAME_SOURCES).fetchall()}  # null in the older rows
    assert len(connection.execute(ROLES).fetchall()) > 1
    assert connection.execute("SELECT count(*) FROM articles WHERE load_id IS NULL").fetchall() == [(0,)]
    # a run of the old version can be taken out, by its loads
    [run] = connection.execute("SELECT run_id FROM loads WHERE dump LIKE '%texts.jsonl.gz'").fetchone()
    assert maintain([str(old), "undo", run]) == 0
    assert maintain([str(old), "check"]) == 0
    left = connect(dataset).execute("SELECT count(*) FROM articles WHERE dump LIKE '%texts.jsonl.gz'").fetchall()
    assert left == [(0,)]
