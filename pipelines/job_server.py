"""The job server of a cluster: a job is sent to it, or one line says why it can't be."""

from typing import Any, Final

import apache_beam as beam
import grpc
from apache_beam.options.pipeline_options import PipelineOptions, PortableOptions
from apache_beam.runners.runner import create_runner

from warraq.pipelines.cli import WRONG_USAGE
from warraq.pipelines.errors import WarraqError, message_of

_PATIENCE: Final = 10.0  # seconds for an answer; Beam itself waits 60, and tries again, without a word
_PORTABLE: Final = "PortableRunner"
_HERE: Final = "embed"  # the name of a job server that Beam starts in this process
_FETCHING: Final = ("FlinkRunner", "SparkRunner")  # without an address they fetch a job server and start it, or fail
_REMEDY: Final = "start one (see deploy/flink), and name it: --runner PortableRunner --job_endpoint HOST:PORT"


def check_runner(runner: str, options: PipelineOptions) -> None:
    """Returns if Beam has a runner of this name, and the job server that it needs answers.

    Raises:
      WarraqError: there is none, or it does not answer.
    """
    try:
        create_runner(runner)
    except (ValueError, ImportError) as error:
        raise WarraqError(f"--runner: {message_of(error)}", WRONG_USAGE) from error
    endpoint = options.view_as(PortableOptions).job_endpoint
    if not endpoint and runner == _PORTABLE:
        raise WarraqError(f"{_PORTABLE}: it has no job server; {_REMEDY}", WRONG_USAGE)
    if not endpoint or endpoint == _HERE:
        return
    with grpc.insecure_channel(endpoint) as channel:
        try:
            grpc.channel_ready_future(channel).result(timeout=_PATIENCE)
        except grpc.FutureTimeoutError as error:
            raise WarraqError(
                f"--job_endpoint {endpoint}: no job server answers there; start it, or correct the address"
            ) from error


def send(pipeline: beam.Pipeline, runner: str, options: PipelineOptions) -> Any:
    """The result of a job that the runner has taken.

    Raises:
      WarraqError: the runner has no job server, or that refuses the job.
    """
    check_runner(runner, options)
    try:
        return pipeline.run()
    except grpc.RpcError as error:
        raise WarraqError(words_of(error)) from error
    except (RuntimeError, OSError) as error:
        if runner not in _FETCHING or options.view_as(PortableOptions).job_endpoint:
            raise
        raise WarraqError(f"{runner}: Beam has no job server here; {_REMEDY} ({message_of(error)[:200]})") from error


def words_of(error: grpc.RpcError) -> str:
    """The answer of a job server that refuses, or the reason why none came, in one line."""
    why = getattr(error, "details", lambda: "")() or str(error)
    return f"the job server: {' '.join(why.split())[:300]}"
