"""The local engine: Beam's own in-process runner, with worker processes on this machine.

It is not `DirectRunner`, which would first try to download another runner (apache-beam 2.68 and later).
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

from apache_beam.options.pipeline_options import DirectOptions, PipelineOptions

from warraq.pipelines.local.runner import BoundedRunner, range_bytes
from warraq.pipelines.local.supervisor import WorkerEnvironment

Options = TypeVar("Options", bound=PipelineOptions)


class LocalOptions(PipelineOptions):
    """Beam's options, each view of which is made once.

    Beam looks at its options a thousand times while it describes and runs one graph, and each look builds a parser of
    arguments: a fifth of the processor time of a small run, its imports left out.
    """

    def view_as(self, cls: type[Options]) -> Options:
        views = self.__dict__.setdefault("_views", {})
        if cls not in views:
            views[cls] = super().view_as(cls)
        return views[cls]


def local_runner(
    options: PipelineOptions,
    workers: int,
    size: int,
    is_apart: bool,
    enter: Callable[[Sequence[str]], None] = lambda _: None,
) -> BoundedRunner:
    """A runner with `workers` processes for dumps of `size` bytes. With `is_apart` it needs `Supervisor.watching`.

    Without it, the only worker works inside the launcher, which saves the start of a process. Beam's flags that start
    workers in other ways have no effect, because such workers listen on all interfaces. `enter` is called with the
    labels of each stage when it begins.
    """
    direct = options.view_as(DirectOptions)
    direct.direct_embed_docker_python = False
    direct.direct_running_mode = None  # the environment below says it; a mode has one of its own, or a warning
    environment = WorkerEnvironment.with_options(options) if is_apart else None
    return BoundedRunner(range_bytes=range_bytes(size, workers), enter=enter, default_environment=environment)
