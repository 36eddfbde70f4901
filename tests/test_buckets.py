"""The whole job in a bucket: dumps read from one, the dataset written to it, against an S3 server started here."""

import json
import os
import subprocess
import sys
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

ROOT = Path(__file__).parents[1]
DUMPS = ROOT / "samples" / "dumps"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server():
    server = ThreadedMotoServer(port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="module")
def environment(server):
    secrets = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "us-east-1"}
    environment = {
        **os.environ,
        **secrets,
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": server,
        "AWS_ALLOW_HTTP": "true",
    }
    client = boto3.client(
        "s3", endpoint_url=server, region_name="us-east-1", aws_access_key_id="key", aws_secret_access_key="secret"
    )
    client.create_bucket(Bucket="crawls")
    client.upload_file(str(DUMPS / "crawl.wet.gz"), "crawls", "2025/crawl.wet.gz")
    return environment


@pytest.fixture
def warraq(environment):
    def run(*arguments):
        command = [sys.executable, "-m", "pipelines", *arguments]
        return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment)

    return run


def test_dumps_are_read_and_the_dataset_is_written_in_buckets(warraq):
    for words in ("", "nothing to do"):  # the second time all of it is there
        done = warraq("ingest", "s3://crawls/2025/", "--output", "s3://crawls/dataset", "--workers", "2", "--quiet")
        assert done.returncode == 0, done.stderr
        assert words in done.stderr
    asked = warraq(
        "query",
        "--output",
        "s3://crawls/dataset",
        "SELECT count(*) AS n, min(date) AS d FROM articles",
        "--format",
        "json",
    )
    assert json.loads(asked.stdout)["n"] == 5, asked.stderr
    asked = warraq(
        "query",
        "--output",
        "s3://crawls/dataset",
        "SELECT dump, dump_offset AS o FROM articles LIMIT 1",
        "--format",
        "json",
    )
    place = json.loads(asked.stdout)
    explained = warraq("explain", f"{place['dump']}@{place['o']}")
    assert explained.stdout.splitlines()[-1].startswith("kept: date="), explained.stderr


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["s3://crawls/missing.warc", "--output", "s3://crawls/other"], "s3://crawls/missing.warc"),
        ([str(DUMPS / "crawl.wet.gz"), "--output", "s3://no-such-bucket/dataset"], "s3://no-such-bucket/dataset"),
    ],
)
def test_a_bucket_that_fails_costs_one_line(warraq, arguments, complaint):
    done = warraq("ingest", *arguments, "--quiet")
    assert done.returncode == 2
    assert complaint in done.stderr
    assert done.stderr.count("\n") == 1
