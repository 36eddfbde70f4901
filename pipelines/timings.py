"""The table of `warraq ingest --timings`: the time of each stage, from the metrics of a run."""

from collections.abc import Iterator
from typing import Any, Final

from warraq.schemas.labels import STAGES

_COLUMNS: Final = ("in", "out", "rejected", "ms each", "ms most", "seconds", "size")


def timings(metrics: Any) -> Iterator[str]:
    """The lines of the table; `metrics` is what a runner's result gives.

    "ms each" is the mean of a record, "seconds" the sum of all workers, "size" the mean bytes of a page or characters
    of an article that leaves. A runner that reports no times, or a stage that no record reached, has "-" there.
    """
    found = metrics.query()
    counters = {(each.key.metric.namespace, each.key.metric.name): each.result for each in found["counters"]}
    spread = {(each.key.metric.namespace, each.key.metric.name): each.result for each in found["distributions"]}
    yield f"{'stage':<13}" + "".join(f"{column:>10}" for column in _COLUMNS)
    for stage in STAGES:
        came, left = (counters.get((stage, name), 0) for name in ("pages_in", "pages_out"))
        step, size = spread.get((stage, "step_usec")), spread.get((stage, "size"))
        times = (step.mean / 1000, step.max / 1000, step.sum / 1e6) if step and step.count else ()
        shown = "".join(f"{time:>10,.2f}" for time in times) or f"{'-':>10}" * 3
        mean = f"{size.mean:>10,.0f}" if size and size.count else f"{'-':>10}"
        yield f"{stage:<13}{came:>10,}{left:>10,}{came - left:>10,}{shown}{mean}"
