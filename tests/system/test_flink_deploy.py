"""Versions, ports and sizes in deploy/flink agree with each other, with setup.py and with the tested cluster."""

import re

import pytest
import yaml

from tests.support.flink_cluster import FLINK, SETTINGS, ClusterError, fetch, memory
from tests.support.paths import ROOT

HERE = ROOT / "deploy" / "flink"
DOCKERFILE = (HERE / "Dockerfile").read_text()
COMPOSE = yaml.safe_load((HERE / "docker-compose.yml").read_text())["services"]
CLUSTER = yaml.safe_load((HERE / "kubernetes" / "flink.yaml").read_text())["spec"]
JOB = yaml.safe_load((HERE / "kubernetes" / "ingest.yaml").read_text())["spec"]["template"]["spec"]
CONTAINERS = {one["name"]: one for one in CLUSTER["taskManager"]["podTemplate"]["spec"]["containers"]}
# 500 of a worker with its models and 180 of the process that extracts (benchmarks/speed/flink.py); the rest for large pages.
WORKER_MB = 1400


def mebibytes(text):
    number, unit = re.fullmatch(r"(\d+)\s?(Mi|Gi|m|g)", text).groups()
    return int(number) * (1024 if unit in {"Gi", "g"} else 1)


def flags(arguments):
    return dict(one.removeprefix("--").split("=", 1) for one in arguments if one.startswith("--") and "=" in one)


COMPOSE_SETTINGS = yaml.safe_load(COMPOSE["taskmanager-1"]["environment"]["FLINK_PROPERTIES"])
KUBERNETES_SETTINGS = {
    **CLUSTER["flinkConfiguration"],
    "jobmanager.memory.process.size": CLUSTER["jobManager"]["resource"]["memory"],
    "taskmanager.memory.process.size": CLUSTER["taskManager"]["resource"]["memory"],
}
PLACES = pytest.mark.parametrize(
    ("settings", "submit", "server", "worker_memory"),
    [
        (
            COMPOSE_SETTINGS,
            flags(COMPOSE["submit"]["entrypoint"]),
            flags(COMPOSE["jobserver"]["command"]),
            COMPOSE["worker-1"]["mem_limit"],
        ),
        (
            KUBERNETES_SETTINGS,
            flags(JOB["containers"][0]["args"]),
            flags(JOB["initContainers"][0]["args"]),
            CONTAINERS["worker"]["resources"]["limits"]["memory"],
        ),
    ],
    ids=["compose", "kubernetes"],
)


def test_versions_are_those_of_the_tests():
    assert f"ARG FLINK={FLINK}\n" in DOCKERFILE
    assert CLUSTER["flinkVersion"] == "v" + "_".join(FLINK.split(".")[:2])
    assert f"<artifactId>beam-runners-flink-{FLINK.rpartition('.')[0]}</artifactId>" in (HERE / "pom.xml").read_text()
    [least] = re.findall(r'"apache-beam>=([\d.]+),<', (ROOT / "setup.py").read_text())
    [image] = re.findall(r"ARG BEAM=([\d.]+)\n", DOCKERFILE)
    assert image.startswith(f"{least}.")
    assert re.findall(r"^FROM (\S+) AS (\w+)", DOCKERFILE, re.MULTILINE)[1:] == [
        ("flink:${FLINK}-java17", "flink"),
        ("apache/beam_python3.11_sdk:${BEAM}", "worker"),
    ]


def test_a_job_is_sent_once_its_server_listens():
    port = flags(COMPOSE["submit"]["entrypoint"])["job_endpoint"].replace(":", "/")
    assert COMPOSE["jobserver"]["healthcheck"]["test"][-1] == f"</dev/tcp/{port}"
    assert COMPOSE["submit"]["depends_on"] == {"jobserver": {"condition": "service_healthy"}}
    [sidecar] = [one for one in JOB["initContainers"] if "startupProbe" in one]
    [endpoint] = [flags(one["args"])["job_endpoint"] for one in JOB["containers"] if "args" in one]
    assert endpoint == f"localhost:{sidecar['startupProbe']['tcpSocket']['port']}"


def test_images_are_those_that_the_dockerfile_makes():
    used = {service["image"] for service in COMPOSE.values()} | {CLUSTER["image"]}
    used |= {one["image"] for one in (*JOB["containers"], *JOB["initContainers"], CONTAINERS["worker"])}
    assert used == set(re.findall(r"-t (\S+)", DOCKERFILE)) == {"warraq-flink", "warraq-worker"}
    for source in re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE):
        assert [name for name in source.split() if not (ROOT / name).exists()] == []


@PLACES
def test_flags_agree_with_the_cluster(settings, submit, server, worker_memory):
    slots = int(settings["taskmanager.numberOfTaskSlots"])
    assert submit["runner"] == "PortableRunner"
    assert submit["environment_type"] == "EXTERNAL"
    assert submit["environment_config"] == "localhost:50000"  # where Beam's `boot --worker_pool` listens
    assert submit["job_endpoint"] == f"{server['job-host']}:{server['job-port']}"
    assert submit["sdk_worker_parallelism"] == str(slots)
    assert int(submit["parallelism"]) % slots == 0
    assert mebibytes(worker_memory) >= slots * WORKER_MB
    for name in ("classloader.resolve-order", "restart-strategy.type", "taskmanager.network.sort-shuffle.min-buffers"):
        assert str(settings[name]) == SETTINGS[name]


def test_names_are_those_of_the_cluster():
    assert flags(COMPOSE["jobserver"]["command"])["flink-master"] == "jobmanager:8081"
    assert COMPOSE_SETTINGS["jobmanager.rpc.address"] == "jobmanager"
    assert flags(COMPOSE["jobserver"]["command"])["job-host"] == "jobserver"
    assert {"jobmanager", "jobserver"} < set(COMPOSE)
    for number in "12":
        assert COMPOSE[f"worker-{number}"]["network_mode"] == f"service:taskmanager-{number}"
        assert COMPOSE[f"taskmanager-{number}"]["mem_limit"] == COMPOSE_SETTINGS["taskmanager.memory.process.size"]
    managers = [name for name in COMPOSE if name.startswith("taskmanager")]
    slots = len(managers) * COMPOSE_SETTINGS["taskmanager.numberOfTaskSlots"]
    assert flags(COMPOSE["submit"]["entrypoint"])["parallelism"] == str(slots)
    metadata = yaml.safe_load((HERE / "kubernetes" / "flink.yaml").read_text())["metadata"]
    assert flags(JOB["initContainers"][0]["args"])["flink-master"] == f"{metadata['name']}-rest:8081"


@pytest.mark.parametrize("words", [COMPOSE["jobserver"]["entrypoint"], JOB["initContainers"][0]["command"]])
def test_the_job_server_is_the_tested_one(words):
    assert words[-2:] == ["/opt/job-server/*", "org.apache.beam.runners.flink.FlinkJobServerDriver"]
    assert "COPY --from=jars /job-server/ /opt/job-server/" in DOCKERFILE


@pytest.mark.slow
@pytest.mark.parametrize("settings", [COMPOSE_SETTINGS, KUBERNETES_SETTINGS], ids=["compose", "kubernetes"])
@pytest.mark.parametrize("kind", ["JM", "TM"])
def test_flink_can_share_out_its_memory(settings, kind, tmp_path):
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(settings))
    try:
        fetch()
    except ClusterError as error:
        pytest.skip(f"no Flink on this machine: {error}")
    machine, shares = memory(kind, tmp_path)
    assert any(one.startswith("-Xmx") for one in machine)
    if kind == "TM":
        assert f"taskmanager.numberOfTaskSlots={settings['taskmanager.numberOfTaskSlots']}" in shares
