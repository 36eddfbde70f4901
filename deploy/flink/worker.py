#!/usr/bin/env python3
"""A Python worker where Warraq is installed: what `boot` does in Beam's containers, without the container.

A task manager starts it, as the flags --environment_type=PROCESS --environment_option=process_command=…/worker.py ask.
"""

import argparse
import os
import sys
from typing import Final

import grpc
from apache_beam.portability.api import beam_provision_api_pb2 as messages
from apache_beam.portability.api import beam_provision_api_pb2_grpc as services
from apache_beam.runners.worker import sdk_worker_main
from apache_beam.runners.worker.worker_id_interceptor import WorkerIdInterceptor
from google.protobuf import json_format, text_format

PARENT_LIMIT: Final = 60  # seconds that the task manager may take to say what is to be done


def main(arguments: list[str]) -> None:
    """Works until the task manager closes the connection."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--id", required=True)
    parser.add_argument("--provision_endpoint", required=True)
    given, _ = parser.parse_known_args(arguments)
    os.environ.update(environment(given.id, provision(given.id, given.provision_endpoint)))
    sdk_worker_main.main(sys.argv)


def provision(worker: str, endpoint: str) -> messages.ProvisionInfo:
    """The settings that the task manager gives its worker: addresses and the pipeline's options."""
    with grpc.insecure_channel(endpoint) as channel:
        known = grpc.intercept_channel(channel, WorkerIdInterceptor(worker))
        request = messages.GetProvisionInfoRequest()
        return services.ProvisionServiceStub(known).GetProvisionInfo(request, timeout=PARENT_LIMIT).info


def environment(worker: str, info: messages.ProvisionInfo) -> dict[str, str]:
    """The same in the variables from which Beam's worker takes it."""
    return {
        "WORKER_ID": worker,
        "PIPELINE_OPTIONS": json_format.MessageToJson(info.pipeline_options),
        "LOGGING_API_SERVICE_DESCRIPTOR": text_format.MessageToString(info.logging_endpoint),
        "CONTROL_API_SERVICE_DESCRIPTOR": text_format.MessageToString(info.control_endpoint),
        "RUNNER_CAPABILITIES": " ".join(info.runner_capabilities),
    }


if __name__ == "__main__":
    main(sys.argv[1:])
