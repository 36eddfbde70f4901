"""The same job gives the same rows, byte by byte, on every engine: the local one, Prism, and a Flink cluster."""

import json
import os
import signal
import subprocess
import sys

import boto3
import pytest
from moto.server import ThreadedMotoServer

from tests.support.flink_cluster import cluster_for_tests
from tests.support.go_tools import go_tool
from tests.support.paths import ROOT
from tests.support.processes import PATIENCE
from tests.support.site_files import write_dump
from warraq.pipelines.query import connect
from warraq.transforms.dataset.dataset import Dataset

DUMPS = ROOT / "samples" / "dumps"
# Small ranges, so that one WARC is read by several workers.
CONFIG = ("--rejected", "all", "--read_fetched_at", "2025-06-20T06:00:00Z", "--read_split_bytes", "4096", "--quiet")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def environment():
    """The environment in which the bucket s3://crawls is on a server of ours."""
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    url = "http://{}:{}".format(*server.get_host_and_port())
    variables = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "us-east-1"}
    variables |= {"AWS_ENDPOINT_URL": url, "AWS_ALLOW_HTTP": "true", "AWS_REGION": "us-east-1"}
    client = boto3.client(
        "s3", endpoint_url=url, region_name="us-east-1", aws_access_key_id="key", aws_secret_access_key="secret"
    )
    client.create_bucket(Bucket="crawls")
    client.upload_file(str(DUMPS / "crawl.wet.gz"), "crawls", "2025/crawl.wet.gz")
    yield variables
    server.stop()


@pytest.fixture(scope="module")
def cluster(environment, tmp_path_factory):
    with cluster_for_tests(tmp_path_factory.mktemp("cluster"), environment) as running:
        yield running


@pytest.fixture(scope="module")
def prism():
    program = go_tool("github.com/apache/beam/sdks/v2/go/cmd/prism", "v2.77.0")
    return ["--runner", "PrismRunner", "--prism_location", program]


@pytest.fixture
def engine(request):
    """The flags of an engine, by a name like `flink-4`."""
    name, _, parallelism = request.param.partition("-")
    if name == "local":
        return ["--workers", parallelism]
    return (
        request.getfixturevalue("prism") if name == "prism" else request.getfixturevalue("cluster").flags(parallelism)
    )


@pytest.fixture(scope="module")
def dumps(tmp_path_factory):
    """Every sample dump, a damaged copy of one, and one whose hosts reserve their pages."""
    folder = tmp_path_factory.mktemp("dumps")
    damaged = bytearray((DUMPS / "news.warc.gz").read_bytes())
    damaged[9000:9100] = b"?" * 100
    (folder / "damaged.warc.gz").write_bytes(damaged[:-500])
    write_dump(folder / "reserved.warc")
    return [str(DUMPS), str(folder)]


def start(environment, *arguments):
    command = [sys.executable, "-m", "warraq", "ingest", *map(str, arguments)]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **environment}
    )


def finish(job):
    """The exit code, and the lines of Warraq itself: the rest of stderr is the runner's log."""
    try:
        _, log = job.communicate(timeout=PATIENCE)
    finally:
        job.kill()
    return job.returncode, [line for line in log.splitlines() if line.startswith("warraq: ")] or log[-2000:]


def contents(output):
    """The files of a dataset and their bytes."""
    tables = [output / "articles", output / "rejected"]
    return {str(path.relative_to(output)): path.read_bytes() for table in tables for path in table.rglob("*.parquet")}


@pytest.fixture(scope="module")
def undisturbed(environment, dumps, tmp_path_factory):
    output = tmp_path_factory.mktemp("undisturbed") / "out"
    assert finish(start(environment, *dumps, "--output", output, *CONFIG, "--workers", 2))[0] == 0
    return contents(output)


@pytest.mark.parametrize("engine", ["local-1", "prism", "flink-4"], indirect=True)
def test_rows_and_books_are_the_same_on_every_engine(engine, environment, dumps, tmp_path, undisturbed):
    output = tmp_path / "out"
    code, words = finish(start(environment, *dumps, "--output", output, *CONFIG, *engine))
    assert code == 0, words
    assert contents(output) == undisturbed
    books = connect(Dataset(str(output))).execute(
        "SELECT dump, sum(CASE door WHEN 'read' THEN pages ELSE -pages END)::INT AS missing FROM ledger GROUP BY ALL"
    )
    assert {missing for _, missing in books.fetchall()} == {0}


@pytest.mark.parametrize("engine", ["prism"], indirect=True)  # Flink gives them, too, in three minutes more
def test_a_dump_that_grows_and_is_replaced_gives_the_same_rows_on_another_engine(engine, environment, tmp_path):
    """The first state ends inside a record. Its refusal goes when the record comes whole; --replace takes all out."""
    content = (DUMPS / "feed.jsonl").read_bytes()
    dump = tmp_path / "growing.jsonl"
    found = []
    for name, flags in (("local", ["--workers", "1"]), ("engine", engine)):
        output = tmp_path / name
        for end, rules in ((8_000, ()), (len(content), ()), (len(content), ("--clean_min_words", "60", "--replace"))):
            dump.write_bytes(content[:end])
            code, words = finish(start(environment, dump, "--output", output, *CONFIG, *flags, *rules))
            assert code == 0, words
            found.append(contents(output))
        checked = subprocess.run([sys.executable, "-m", "warraq", "maintain", output, "check"], capture_output=True)
        assert checked.returncode == 0, checked.stderr
    assert found[:3] == found[3:]
    assert found[0] != found[1] != found[2]


@pytest.mark.parametrize("engine", ["prism", "flink-1"], indirect=True)
def test_a_job_that_fails_commits_nothing_and_says_why_in_one_line(engine, environment, tmp_path):
    output = tmp_path / "out"
    no_model = ("--tagger", f"onnx:{tmp_path}/nowhere")  # found by the workers, in the midst of the job
    code, words = finish(start(environment, DUMPS / "crawl.wet.gz", "--output", output, "--quiet", *no_model, *engine))
    assert code == 1
    [line] = words
    assert "No such file or directory" in line
    assert "nowhere" in line
    assert line.endswith("; nothing was committed")
    assert [path for path in output.rglob("*") if path.is_file() and "_staging" in path.parts] == []
    assert contents(output) == {}


@pytest.mark.parametrize("engine", ["flink-1"], indirect=True)
def test_dumps_and_dataset_may_be_in_a_bucket(engine, environment, request):
    output = f"s3://crawls/{request.node.callspec.id}"
    code, words = finish(start(environment, "s3://crawls/2025/", "--output", output, "--quiet", *engine))
    assert code == 0, words
    question = ["query", "--output", output, "SELECT count(*) AS articles FROM articles", "--format", "json"]
    answer = subprocess.run(
        [sys.executable, "-m", "warraq", *question],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
    )
    assert json.loads(answer.stdout) == {"articles": 5}, answer.stderr


def jobs_at(cluster, step):
    """The ids of the jobs that are at `step` right now."""
    running = [job["id"] for job in cluster.ask("/jobs")["jobs"] if job["status"] == "RUNNING"]
    steps = [(job, vertex) for job in running for vertex in cluster.ask(f"/jobs/{job}")["vertices"]]
    return [job for job, vertex in steps if step in vertex["name"] and vertex["status"] == "RUNNING"]


def wait_for_step(cluster, launcher, step):
    """Waits until a job is at `step`; returns its id."""
    found = []

    def is_there():
        found.extend(jobs_at(cluster, step))
        return found or launcher.poll() is not None

    cluster.wait_until(is_there)
    return found[0]


def test_a_task_manager_that_is_killed_costs_no_row(cluster, environment, dumps, tmp_path, undisturbed):
    output = tmp_path / "out"
    job = start(environment, *dumps, "--output", output, *CONFIG, *cluster.flags(parallelism=4))
    killed = wait_for_step(cluster, job, "RefinePages")
    cluster.kill("task-manager-1")
    cluster.start_task_manager()
    code, words = finish(job)
    assert code == 0, words
    assert contents(output) == undisturbed
    lost = cluster.ask(f"/jobs/{killed}/exceptions")["exceptionHistory"]["entries"]
    assert lost, "the job did not notice"


def test_an_interrupted_job_that_goes_on_does_no_harm(cluster, environment, dumps, tmp_path, undisturbed):
    """Beam's job server reports a batch job as cancelled while Flink continues it; the same command then runs beside it."""
    arguments = (*dumps, "--output", tmp_path / "out", *CONFIG, *cluster.flags(parallelism=2))
    job = start(environment, *arguments)
    wait_for_step(cluster, job, "RefinePages")
    job.send_signal(signal.SIGINT)
    assert finish(job) == (1, ["warraq: interrupted; nothing was committed"])
    code, words = finish(start(environment, *arguments))
    cluster.wait_until(lambda: not cluster.ask("/overview")["jobs-running"])
    assert contents(tmp_path / "out") == undisturbed
    assert code in (0, 4), words  # 4: the first job has committed before the second began
