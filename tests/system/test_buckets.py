"""The whole job in a bucket: reads dumps from it and writes the dataset to it. The servers run here."""

import json
import os
import subprocess
import sys
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import boto3
import pytest
from moto.server import ThreadedMotoServer

from tests.support.gcs_server import gcs_server
from tests.support.paths import ROOT

DUMPS = ROOT / "samples" / "dumps"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def s3():
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    url = "http://{}:{}".format(*server.get_host_and_port())
    secrets = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}
    client = boto3.client(
        "s3", endpoint_url=url, region_name="us-east-1", aws_access_key_id="key", aws_secret_access_key="secret"
    )
    client.create_bucket(Bucket="crawls")
    client.upload_file(str(DUMPS / "crawl.wet.gz"), "crawls", "2025/crawl.wet.gz")
    place = {"AWS_ENDPOINT_URL": url, "AWS_ALLOW_HTTP": "true", "AWS_DEFAULT_REGION": "us-east-1"}
    yield {**os.environ, **secrets, **place, "AWS_REGION": "us-east-1"}
    server.stop()


@pytest.fixture(scope="module")
def gs(tmp_path_factory):
    with gcs_server("crawls", tmp_path_factory.mktemp("account")) as environment:
        target = f"{environment['STORAGE_EMULATOR_HOST']}/upload/storage/v1/b/crawls/o?uploadType=media"
        content = (DUMPS / "crawl.wet.gz").read_bytes()
        upload = urllib.request.Request(f"{target}&name=2025%2Fcrawl.wet.gz", content)
        urllib.request.urlopen(upload).close()
        yield {**os.environ, **environment, "PYTHONPATH": str(ROOT)}  # with Google's clients


@pytest.fixture(params=["s3", "gs"])
def scheme(request):
    """The kind of bucket."""
    return request.param


@pytest.fixture
def warraq(scheme, request):
    environment = request.getfixturevalue(scheme)

    def run(*arguments, **more):
        arguments = [argument.replace("bucket://", f"{scheme}://") for argument in arguments]
        command = [sys.executable, "-m", "warraq", *arguments]
        return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env={**environment, **more})

    return run


def test_dumps_are_read_and_the_dataset_is_written_and_maintained_in_buckets(warraq):
    for code in (0, 4):  # the second time all of it is there
        done = warraq(
            "ingest", "bucket://crawls/2025/", "--output", "bucket://crawls/dataset", "--workers", "2", "--quiet"
        )
        assert done.returncode == code, done.stderr
    for arguments, words in (
        (["compact", "--before", "2999-01-01", "--whole"], "of articles "),
        (["vacuum", "--keep", "0h"], "replaced files removed"),
        (["vacuum"], "nothing to do"),
        (["check"], "no fault"),
    ):
        done = warraq("maintain", "bucket://crawls/dataset", *arguments)
        assert (done.returncode, words in done.stderr) == (0, True), done.stderr
    places = ask(warraq, "bucket://crawls/dataset", "SELECT dump, dump_offset FROM articles")
    assert len(places) == 5
    explained = warraq("explain", "{dump}@{dump_offset}".format(**places[0]))
    assert explained.stdout.splitlines()[-1].startswith("kept: date="), explained.stderr


FAST = ("--workers", "1", "--quiet", "--tagger", "gazetteer")


def ask(warraq, dataset, sql):
    asked = warraq("query", dataset, sql, "--format", "json")
    assert asked.returncode == 0, asked.stderr
    return [json.loads(line) for line in asked.stdout.splitlines()]


@pytest.mark.parametrize("scheme", ["s3"], indirect=True)  # a minute each; both move files when they are compacted
def test_rows_are_replaced_forgotten_and_undone_in_a_bucket(warraq):
    dataset = "bucket://crawls/changed"

    def done(*arguments):
        done = warraq(*arguments)
        assert done.returncode == 0, done.stderr
        return [row["url"] for row in ask(warraq, dataset, "SELECT url FROM articles ORDER BY url")]

    few = done("ingest", "bucket://crawls/2025/", "--output", dataset, *FAST, "--clean_min_words", "60")
    first, *others = done("ingest", "bucket://crawls/2025/", "--output", dataset, *FAST, "--replace")
    assert len(few) < len([first, *others]) == 5
    assert len(ask(warraq, dataset, "FROM runs")) == 1
    assert done("maintain", dataset, "forget", "--url", first, "--yes") == others
    [run] = ask(warraq, dataset, "SELECT run_id FROM runs")
    assert done("maintain", dataset, "undo", run["run_id"]) == []
    assert done("ingest", "bucket://crawls/2025/", "--output", dataset, *FAST) == others, "what is forgotten stays out"
    checked = warraq("maintain", dataset, "check")
    assert (checked.returncode, "no fault" in checked.stderr) == (0, True), checked.stderr


@pytest.mark.parametrize("scheme", ["gs"], indirect=True)
def test_a_dataset_in_a_bucket_is_searched_and_what_is_taken_down_is_found_no_more(warraq, tmp_path):
    """The index is in the cache of the user, and nothing is written to the bucket."""
    dataset = "bucket://crawls/searched"
    assert warraq("ingest", "bucket://crawls/2025/", "--output", dataset, *FAST).returncode == 0

    def search():
        found = warraq("search", dataset, "since:2000", "--format", "json", XDG_CACHE_HOME=str(tmp_path))
        assert found.returncode == 0, found.stderr
        return [json.loads(line)["article_id"] for line in found.stdout.splitlines()]

    first, *others = search()
    assert len(others) == 4
    assert (tmp_path / "warraq" / "search").is_dir()
    taken = warraq("maintain", dataset, "forget", "--id", first, "--yes", XDG_CACHE_HOME=str(tmp_path / "other"))
    assert taken.returncode == 0, taken.stderr
    assert search() == others
    [row] = ask(warraq, dataset, "SELECT article_id FROM articles JOIN search('since:2000') USING (article_id) LIMIT 1")
    assert row["article_id"] in others


def test_two_runs_at_once_in_a_bucket_add_each_dump_once(warraq):
    """They have a dump in common, and each stages files that the other must not remove."""
    dataset, dump = "bucket://crawls/shared", "bucket://crawls/2025/crawl.wet.gz"
    jobs = ((dump, str(DUMPS / "legacy.warc")), (dump, str(DUMPS / "feed.jsonl")))
    with ThreadPoolExecutor() as pool:
        ended = [*pool.map(lambda dumps: warraq("ingest", *dumps, "--output", dataset, *FAST), jobs)]
    assert {done.returncode for done in ended} == {0}, [done.stderr for done in ended]
    loads = ask(warraq, dataset, "SELECT dump, count(*) AS n FROM loads GROUP BY ALL")
    assert [load["n"] for load in loads] == [1, 1, 1]
    again = warraq("ingest", *{dump for job in jobs for dump in job}, "--output", dataset, *FAST)
    assert again.returncode == 4, again.stderr
    checked = warraq("maintain", dataset, "check")
    assert "no fault" in checked.stderr, checked.stderr


def test_a_prefix_is_streamed(warraq):
    """The second stream has all of it: no cycle of it has anything to tell."""
    flags = ["--every", "1s", "--cycles", "2", "--workers", "1", "--log_format", "json"]
    for counts in ([(1, 0, 8)], []):
        done = warraq("stream", "bucket://crawls/2025/", "--output", "bucket://crawls/streamed", *flags)
        assert done.returncode == 0, done.stderr
        cycles = [line for line in map(json.loads, done.stderr.splitlines()) if "cycle" in line]
        assert [(cycle["arrived"], cycle["waiting"], cycle["pages"]) for cycle in cycles] == counts


@pytest.mark.parametrize(
    ("arguments", "code", "complaint"),
    [
        (["bucket://crawls/missing.warc", "--output", "bucket://crawls/other"], 5, "bucket://crawls/missing.warc"),
        (
            [str(DUMPS / "crawl.wet.gz"), "--output", "bucket://no-such-bucket/dataset"],
            2,
            "bucket://no-such-bucket/dataset",
        ),
    ],
)
def test_a_bucket_that_fails_costs_one_line(warraq, scheme, arguments, code, complaint):
    done = warraq("ingest", *arguments, "--quiet")
    assert done.returncode == code
    assert complaint in done.stderr.replace(f"{scheme}://", "bucket://")
    assert done.stderr.count("\n") == 1
