"""The files in deploy/stream give commands that Warraq takes."""

import re
import shlex

import yaml

from tests.support.paths import ROOT
from warraq.pipelines.options import parse_stream

DEPLOY = ROOT / "deploy" / "stream"


def test_the_service_of_systemd_starts_a_stream():
    unit = (DEPLOY / "warraq-stream.service").read_text()
    [line] = re.findall(r"^ExecStart=(.*)$", unit, re.MULTILINE)
    program, command, *arguments = shlex.split(line)
    assert (program, command) == ("/srv/warraq/.venv/bin/warraq", "stream")
    options = parse_stream(arguments)
    assert options.ingest.output == "/srv/dataset"
    assert re.findall(r"^RestartPreventExitStatus=(.*)$", unit, re.MULTILINE) == ["2"]


def test_the_manifest_of_kubernetes_starts_one_stream_on_its_volume():
    claim, deployment = yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text())
    pod = deployment["spec"]["template"]["spec"]
    [container], [volume] = pod["containers"], pod["volumes"]
    command, *arguments = container["args"]
    options = parse_stream(arguments)
    assert command == "stream"
    assert (deployment["spec"]["replicas"], deployment["spec"]["strategy"]["type"]) == (1, "Recreate")
    assert deployment["spec"]["selector"]["matchLabels"] == deployment["spec"]["template"]["metadata"]["labels"]
    assert volume["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]
    [mount] = container["volumeMounts"]
    probe = " ".join(container["readinessProbe"]["exec"]["command"])
    assert f"http://127.0.0.1:{options.metrics_port}/ready" in probe
    assert all(path.startswith(f"{mount['mountPath']}/") for path in (options.ingest.output, options.landing))


def test_the_image_has_what_the_manifest_needs():
    copied = re.findall(r"^COPY (\S+)", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE)
    assert all((ROOT / name).exists() for name in copied)
    assert ".[aws,gcp,kafka,metrics]" in (DEPLOY / "Dockerfile").read_text()
