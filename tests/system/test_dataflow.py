"""The flex template agrees with our flags, and Beam's own code turns them into the job that Dataflow gets."""

import base64
import bz2
import dataclasses
import json
import os
import pickletools
import re
import runpy
import shlex
import signal
import subprocess
import sys
import urllib.parse
import urllib.request
from pathlib import Path

import jsonschema
import pytest
from apache_beam.portability import common_urns
from apache_beam.portability.api import beam_runner_api_pb2
from google.cloud import dataflow
from google.protobuf import json_format

from tests.support.gcs_server import gcs_server
from tests.support.paths import ROOT
from tests.support.processes import PATIENCE, wait_until
from tests.support.servers import Answer, Handler, http_server
from warraq.pipelines.config import RULES, FlowConfig
from warraq.pipelines.flags import ingest_parser
from warraq.pipelines.flow import RefinePages
from warraq.pipelines.options import parse_ingest

DEPLOY = ROOT / "deploy" / "dataflow"
TEXT = (DEPLOY / "metadata.json").read_text(encoding="utf-8")
PARAMETERS = {parameter["name"]: parameter for parameter in json.loads(TEXT)["parameters"]}
SCHEMA = json.loads(Path(__file__).with_name("flex_template_schema.json").read_text(encoding="utf-8"))
# What a job that only the service watches has no use for.
LEFT_OUT = {"help", "help_all", "config", "print_config", "workers", "strict", "quiet", "timings", "traceback"}
ACTIONS = {action.dest: action for action in ingest_parser()._actions if action.dest not in LEFT_OUT}
DEFAULTS = {action.dest: action.default for action in ACTIONS.values() if isinstance(action.default, (str, float))} | {
    f"{stage}_{field.name}": field.default for stage, rules in RULES.items() for field in dataclasses.fields(rules)
}

arguments = runpy.run_path(str(DEPLOY / "main.py"))["arguments"]


# --- The template


def test_metadata_is_written_from_the_flags():
    assert json.loads(TEXT) == runpy.run_path(str(DEPLOY / "metadata.py"))["metadata"](), (
        "flags have changed: python deploy/dataflow/metadata.py"
    )


def test_metadata_has_the_form_that_dataflow_reads():
    jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker()).validate(json.loads(TEXT))
    read = dataflow.TemplateMetadata(json_format.Parse(TEXT, dataflow.TemplateMetadata.pb(dataflow.TemplateMetadata())))
    assert [parameter.name for parameter in read.parameters] == [*PARAMETERS]


@pytest.mark.parametrize(
    "damage",
    [
        {"name": "input paths"},
        {"paramType": "STRING"},
        {"isOptional": "no"},
        {"regexes": "^a$"},
        {"regexes": ["("]},
        {"required": True},
        {"paramType": "ENUM"},
    ],
    ids=str,
)
def test_the_schema_refuses_what_dataflow_refuses(damage):
    damaged = {"name": "x", "parameters": [{"name": "a", "label": "A", "helpText": "a", **damage}]}
    validator = jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker())
    assert not validator.is_valid(damaged)


def test_every_parameter_is_a_flag_and_every_flag_a_parameter():
    assert {*PARAMETERS} == {*ACTIONS, "sdk_container_image"}
    assert {name for name, parameter in PARAMETERS.items() if not parameter["isOptional"]} == {
        *(action.dest for action in ACTIONS.values() if action.required),
        "sdk_container_image",
    }


def shown(value):
    return str(value).lower() if isinstance(value, bool) else str(value)


@pytest.mark.parametrize("name", [name for name in PARAMETERS if "regexes" in PARAMETERS[name]])
def test_expressions_are_posix_and_take_our_defaults(name):
    for expression in PARAMETERS[name]["regexes"]:
        assert not re.search(r"\\[a-zA-Z]|\(\?|[*+?]\?", expression)
        assert name not in DEFAULTS or re.fullmatch(expression, shown(DEFAULTS[name]))


@pytest.mark.parametrize(
    ("name", "value", "is_taken"),
    [
        ("inputs", "gs://crawl/a.warc.gz s3://crawl/2026/*.warc.gz gs://crawl/folder/", True),
        ("inputs", "crawl.warc.gz", False),
        ("inputs", "gs://crawl/a.warc.gz crawl.warc.gz", False),
        ("output", "gs://bucket/dataset", True),
        ("output", "/tmp/dataset", False),
        ("read_split_bytes", "64M", False),
        ("extract_guard", "true", True),
        ("extract_guard", "yes", False),
    ],
)
def test_expressions_refuse_what_no_worker_could_use(name, value, is_taken):
    assert bool(re.fullmatch(PARAMETERS[name]["regexes"][0], value)) is is_taken


@pytest.mark.parametrize("name", [name for name in PARAMETERS if "defaultValue" in PARAMETERS[name]])
def test_what_the_console_fills_in_changes_nothing(name):
    plain = ["--inputs=gs://a/b", "--output=gs://a/c"]
    filled = [*plain, f"--{name}={PARAMETERS[name]['defaultValue']}"]
    assert parse_ingest([*arguments(filled)]) == parse_ingest([*arguments(plain)])


# --- The entry


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        (["--inputs=gs://a/b  gs://a/c"], ["gs://a/b", "gs://a/c"]),
        (["--output=gs://a/d"], ["--output=gs://a/d"]),
        (["--new=true"], ["--new"]),
        (["--new=false"], []),
        (["--extract_guard=True"], ["--extract_guard"]),
        (["--extract_guard=false"], ["--no-extract_guard"]),
        (["--read_fields=url=link,html=page"], ["--read_fields=url=link,html=page"]),
        (["--enable_prime=true", "--no_use_public_ips"], ["--enable_prime=true", "--no_use_public_ips"]),
    ],
)
def test_parameters_become_arguments(parameters, expected):
    assert [*arguments(parameters)] == expected


# --- The image


def test_the_image_holds_what_is_named():
    lines = (DEPLOY / "Dockerfile").read_text(encoding="utf-8").splitlines()
    copied = [
        part for line in lines if line.startswith("COPY ") and "--from" not in line for part in line.split()[1:-1]
    ]
    assert [path for path in copied if not (ROOT / path).exists()] == []
    assert {"setup.py", "schemas", "transforms", "pipelines", "deploy/dataflow/main.py"} <= {*copied}
    allowed = (DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8").split()
    assert {*copied} == {path[1:] for path in allowed if path.startswith("!")}


# --- The guide

GUIDE = (DEPLOY / "README.md").read_text(encoding="utf-8")


def test_the_commands_of_the_guide_name_what_exists():
    block = re.search(r"^warraq ingest (.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)[1]
    options = parse_ingest(shlex.split(block.replace("\\\n", " ").replace("$BUCKET", "bucket")))
    assert options.runner == "DataflowRunner"
    assert options.config.read.split_bytes == 256 * 1024 * 1024
    handed_over = re.findall(r"--parameters=\S*|--parameters=\"[^\"]*\"", GUIDE)
    named = {pair.partition("=")[0] for one in handed_over for pair in one.partition("=")[2].strip('"').split(",")}
    assert {"output", "read_split_bytes", "sdk_container_image"} <= named <= {*PARAMETERS}


# --- The job

IMAGE = "registry.example/warraq:1"
LAUNCH = {  # what the launcher of a flex template adds to the parameters, and what gcloud's flags become
    "runner": "DataflowRunner",
    "project": "project-of-tests",
    "region": "us-east1",
    "job_name": "warraq-test",
    "temp_location": "gs://crawls/temp",
    "staging_location": "gs://crawls/staging",
    "template_location": "gs://crawls/staging/template_launches/1/job_object",
    "sdk_container_image": IMAGE,
    "experiments": "use_runner_v2",
    "labels": '{"team": "news"}',
    "machine_type": "n2-standard-4",
    "disk_size_gb": "50",
    "autoscaling_algorithm": "THROUGHPUT_BASED",
    "max_num_workers": "100",
}


@dataclasses.dataclass
class Launched:
    """The files and the exit of the launcher."""

    done: subprocess.CompletedProcess
    job: dict
    pipeline: beam_runner_api_pb2.Pipeline
    stored: list[str]


class Bucket:
    """The bucket gs://crawls on a server of ours, with a dump in 2026/, and the environment for its clients."""

    def __init__(self, environment):
        self.environment = {**os.environ, **environment, "PYTHONPATH": str(ROOT)}
        self.url = environment["STORAGE_EMULATOR_HOST"]
        content = (ROOT / "samples" / "dumps" / "news.warc.gz").read_bytes()
        target = f"{self.url}/upload/storage/v1/b/crawls/o?uploadType=media&name=2026%2Fnews.warc.gz"
        urllib.request.urlopen(urllib.request.Request(target, content)).close()

    def names(self):
        with urllib.request.urlopen(f"{self.url}/storage/v1/b/crawls/o") as answer:
            return [item["name"] for item in json.load(answer)["items"]]

    def read(self, address):
        name = urllib.parse.quote(address.removeprefix("gs://crawls/"), safe="")
        with urllib.request.urlopen(f"{self.url}/storage/v1/b/crawls/o/{name}?alt=media") as answer:
            return answer.read()


@pytest.fixture(scope="module")
def bucket(tmp_path_factory):
    with gcs_server("crawls", tmp_path_factory.mktemp("account")) as environment:
        yield Bucket(environment)


def run(bucket, folder, *command):
    return subprocess.run(
        [sys.executable, *map(str, command)], capture_output=True, text=True, cwd=folder, env=bucket.environment
    )


@pytest.fixture(scope="module")
def launched(bucket, tmp_path_factory):
    """Runs the entry of the template as the launcher does, with our storage server instead of Google's."""
    parameters = {"inputs": "gs://crawls/2026/", "output": "gs://crawls/launched", "new": "true", **LAUNCH}
    flags = [f"--{name}={value}" for name, value in parameters.items()]
    done = run(bucket, tmp_path_factory.mktemp("launcher"), DEPLOY / "main.py", *flags)
    names = bucket.names()
    assert LAUNCH["template_location"].removeprefix("gs://crawls/") in names, done.stderr
    job = json.loads(bucket.read(LAUNCH["template_location"]))
    pipeline = bucket.read(job["environment"]["sdkPipelineOptions"]["options"]["pipelineUrl"])
    return Launched(done, job, beam_runner_api_pb2.Pipeline.FromString(pipeline), names)


@pytest.mark.slow
def test_the_launcher_ends_well_and_does_not_wait(launched):
    assert launched.done.returncode == 0, launched.done.stderr


@pytest.mark.slow
def test_the_job_is_what_the_flags_say(launched):
    environment, [pool] = launched.job["environment"], launched.job["environment"]["workerPools"]
    assert launched.job["name"] == "warraq-test"
    assert launched.job["type"] == "JOB_TYPE_BATCH"
    assert launched.job["labels"] == {"team": "news"}
    assert {"use_runner_v2", "use_multiple_sdk_containers"} <= {*environment["experiments"]}
    assert environment["tempStoragePrefix"].startswith("storage.googleapis.com/crawls/temp/")
    assert (pool["machineType"], pool["diskSizeGb"]) == ("n2-standard-4", 50)
    assert pool["autoscalingSettings"] == {"algorithm": "AUTOSCALING_ALGORITHM_BASIC", "maxNumWorkers": 100}


@pytest.mark.slow
def test_workers_run_our_image_one_process_a_core(launched):
    [pool] = launched.job["environment"]["workerPools"]
    [container] = pool["sdkHarnessContainerImages"]
    assert container["containerImage"] == pool["workerHarnessContainerImage"] == IMAGE
    assert container["useSingleCorePerContainer"]
    [environment] = launched.pipeline.components.environments.values()
    assert environment.urn == common_urns.environments.DOCKER.urn
    assert beam_runner_api_pb2.DockerPayload.FromString(environment.payload).container_image == IMAGE
    for package in pool["packages"]:  # all that a worker fetches is there
        assert package["location"].removeprefix("storage.googleapis.com/crawls/") in launched.stored


@pytest.mark.slow
def test_the_pipeline_is_the_flow(launched):
    labels = {transform.unique_name for transform in launched.pipeline.components.transforms.values()}
    stages = [f"Ingest/RefinePages/{stage}" for stage in RefinePages(FlowConfig()).steps()]
    assert {"Ingest/ReadPages", *stages, "Ingest/WriteArticles", "Ingest/WriteRejected", "Ingest/CommitRun"} <= labels


def pickles(pipeline):
    """The name of each step that carries our code, and the strings in it: modules, functions, paths, constants."""
    for transform in pipeline.components.transforms.values():
        if transform.spec.urn == common_urns.primitives.PAR_DO.urn:
            function = beam_runner_api_pb2.ParDoPayload.FromString(transform.spec.payload).do_fn
            packed = bz2.decompress(base64.b64decode(function.payload))
            yield transform.unique_name, [str(part) for _, part, _ in pickletools.genops(packed) if part is not None]


@pytest.mark.slow
def test_no_step_depends_on_this_machine(launched):
    steps = dict(pickles(launched.pipeline))
    assert any("warraq.transforms.extract.page" in strings for strings in steps.values())
    here = (str(ROOT), sys.prefix, "__main__")
    named = {(name, part) for name, strings in steps.items() for part in strings if part.startswith(here)}
    # Beam's own lambdas travel by value, with the name of their file for tracebacks.
    assert {(name, part) for name, part in named if "/apache_beam/" not in part} == set()
    assert str(ROOT).encode() not in launched.pipeline.SerializeToString()
    options = json.dumps(launched.job["environment"]["sdkPipelineOptions"])
    assert str(ROOT) not in options


# --- The service


MESSAGE = {
    "id": "1",
    "time": "2026-11-22T00:00:00Z",
    "messageText": "Traceback (most recent call last):\n  File …\nOSError: no space left [while running 'Ingest/Stage']",
    "messageImportance": "JOB_MESSAGE_ERROR",
}


class Service(Handler):
    """Dataflow, as far as a job that is accepted and fails."""

    asked: list  # what each test looks at afterwards

    def respond(self, content):
        path = self.path.partition("?")[0]
        self.asked.append((self.command, path, content))
        state = {"POST": "JOB_STATE_RUNNING", "GET": "JOB_STATE_FAILED"}[self.command]
        is_job = not path.endswith("/messages")
        answer = {"id": "job-1", "currentState": state} if is_job else {"jobMessages": [MESSAGE]}
        return Answer(200, [("Content-Type", "application/json")], json.dumps(answer).encode())


@pytest.mark.slow
def test_a_job_that_fails_there_is_one_line_here(bucket, tmp_path):
    asked = []
    launch = {name: value for name, value in LAUNCH.items() if name != "template_location"}
    flags = [f"--{name}={value}" for name, value in launch.items()]
    with http_server(type("Service", (Service,), {"asked": asked})) as url:
        endpoint = f"--dataflow_endpoint={url.replace('127.0.0.1', 'localhost')}"
        command = ["ingest", "gs://crawls/2026/", "--output=gs://crawls/failed", *flags, endpoint]
        done = run(bucket, tmp_path, "-m", "warraq", *command)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "warraq: OSError: no space left; nothing was committed"
    [(path, sent)] = [(path, sent) for method, path, sent in asked if method == "POST"]
    assert path == "/v1b3/projects/project-of-tests/locations/us-east1/jobs"
    assert json.loads(sent)["labels"] == {"team": "news"}
    assert [name for name in bucket.names() if name.startswith("failed/")] == []


class Streaming(Service):
    """Dataflow, as far as a job that runs until it is drained."""

    def respond(self, content):
        path = self.path.partition("?")[0]
        self.asked.append((self.command, path, content))
        is_drained = any(method == "PUT" for method, *_ in self.asked)
        state = "JOB_STATE_DRAINED" if is_drained else "JOB_STATE_RUNNING"
        answer = {} if path.endswith("/messages") else {"id": "job-1", "currentState": state}
        return Answer(200, [("Content-Type", "application/json")], json.dumps(answer).encode())


class Refusing(Streaming):
    """Dataflow, for somebody who may start jobs and not drain them."""

    def respond(self, content):
        if self.command == "PUT":
            return Answer(403, [("Content-Type", "application/json")], b'{"error": {"message": "no permission"}}')
        return super().respond(content)


def stop_stream(service, bucket, tmp_path):
    """Starts a job that reads a subscription, and stops it. Returns its exit code, its words, and what was asked."""
    asked = []
    launch = {name: value for name, value in LAUNCH.items() if name != "template_location"}
    flags = [f"--{name}={value}" for name, value in launch.items()]
    with http_server(type("Service", (service,), {"asked": asked})) as url:
        endpoint = f"--dataflow_endpoint={url.replace('127.0.0.1', 'localhost')}"
        command = ["stream", "pubsub://news-project/pages", "--output=gs://crawls/streamed", "--windows=60s"]
        job = subprocess.Popen(
            [sys.executable, "-m", "warraq", *command, *flags, endpoint],
            cwd=tmp_path, env=bucket.environment, text=True, stderr=subprocess.PIPE,
        )  # fmt: skip
        try:
            wait_until(lambda: any(method == "GET" for method, *_ in asked) or job.poll() is not None)
            job.send_signal(signal.SIGTERM)
            words = job.communicate(timeout=PATIENCE)[1]
        finally:
            job.kill()
    return job.returncode, words, asked


@pytest.mark.slow
def test_a_job_that_reads_a_subscription_is_drained(bucket, tmp_path):
    """A job that is cancelled would lose the messages that Dataflow has acknowledged and not written yet."""
    code, words, asked = stop_stream(Streaming, bucket, tmp_path)
    assert code == 0, words
    [sent] = [json.loads(content) for method, _, content in asked if method == "POST"]
    assert dataflow.JobType(sent["type"]) == dataflow.JobType.JOB_TYPE_STREAMING
    [change] = [json.loads(content) for method, _, content in asked if method == "PUT"]
    assert dataflow.JobState(change["requestedState"]) == dataflow.JobState.JOB_STATE_DRAINING
    assert words.splitlines()[-1] == "warraq: stopped; what is not committed is read at the next start"


@pytest.mark.slow
def test_a_job_that_may_not_be_drained_is_told_with_the_remedy(bucket, tmp_path):
    code, words, _ = stop_stream(Refusing, bucket, tmp_path)
    last = words.splitlines()[-1]
    assert code == 1
    assert last.startswith("warraq: Dataflow does not drain the job (")
    assert last.endswith("; it goes on; drain it yourself: gcloud dataflow jobs drain job-1")
