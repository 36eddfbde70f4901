"""Beam's in-process runner, with bundles of bounded size and buffers that spill to disk.

Beam's own runner cuts the input of a stage into one bundle for each worker and sends it whole before work begins: a
worker that finishes early waits for the others, and memory grows with the input. Here a free worker takes the next
bundle, and the output of a stage is kept in the buffers of `buffers.py`. The pipeline itself needs no change.
"""

import itertools
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

from apache_beam.metrics.monitoring_infos import consolidate
from apache_beam.portability import common_urns
from apache_beam.portability.api import beam_fn_api_pb2
from apache_beam.runners.portability.fn_api_runner.execution import BundleContextManager
from apache_beam.runners.portability.fn_api_runner.fn_runner import BundleManager, FnApiRunner
from apache_beam.runners.portability.fn_api_runner.translations import split_buffer_id
from apache_beam.utils.thread_pool_executor import shared_unbounded_instance

from warraq.pipelines.local.buffers import MEMORY_KB, SpillingGroups, SpillingList

InstructionResponse: TypeAlias = beam_fn_api_pb2.InstructionResponse
Inputs: TypeAlias = Mapping[str, Iterable[bytes]]  # encoded elements by the transform that reads them

BUNDLE_BYTES: Final = 1 << 20  # of encoded elements, at most: about 150 articles, some seconds of work
_LEAST_BUNDLE: Final = 1 << 17
_BUNDLES: Final = 16  # of a stage, for each of several workers, so that all workers finish at about the same time
_LEAST_RANGE, _MOST_RANGE = 4 << 20, 32 << 20  # bytes of dumps in a bundle; each bundle costs 10 ms more
_RESULTS: Final = 16  # kept by a worker before they are merged: each holds all counters of a stage
_RANGES: Final = common_urns.sdf_components.PROCESS_SIZED_ELEMENTS_AND_RESTRICTIONS.urn


def range_bytes(size: int, workers: int) -> int:
    """The bytes of dumps in a bundle, for dumps of `size` bytes in all."""
    return min(_MOST_RANGE, max(_LEAST_RANGE, size // (_BUNDLES * workers)))


def element_bytes(size: int, workers: int, most: int) -> int:
    """The bytes of elements in a bundle, for `size` bytes in all; `most` with one worker, which waits for no other."""
    return most if workers == 1 else min(most, max(_LEAST_BUNDLE, size // (_BUNDLES * workers)))


class BoundedRunner(FnApiRunner):
    """Runs a batch pipeline and keeps only part of the input and output of each stage in memory."""

    def __init__(
        self,
        memory_kb: int = MEMORY_KB,
        bundle_bytes: int = BUNDLE_BYTES,
        range_bytes: int = _LEAST_RANGE,
        enter: Callable[[Sequence[str]], None] = lambda _: None,
        **options: Any,
    ) -> None:
        """Takes how much of each buffer stays in memory, the sizes of bundles, and FnApiRunner's own options.

        `enter` is called at the beginning of each stage with the labels of its transforms.
        """
        super().__init__(**options)
        self._memory_kb = memory_kb
        self._bundle_bytes = bundle_bytes
        self._range_bytes = range_bytes
        self._enter = enter

    def _execute_bundle(self, run: Any, context: BundleContextManager, bundle_input: Any) -> InstructionResponse:
        self._enter([transform.unique_name for transform in context.stage.transforms])
        return super()._execute_bundle(run, _SpillingContext(context, self._memory_kb), bundle_input)

    def _get_bundle_manager(self, context: BundleContextManager) -> BundleManager:
        if context.stage.is_stateful():
            return super()._get_bundle_manager(context)
        reads_ranges = any(transform.spec.urn == _RANGES for transform in context.stage.transforms)
        return _Bundles(context, self._range_bytes if reads_ranges else self._bundle_bytes, reads_ranges)


class _SpillingContext(BundleContextManager):
    """A stage's context whose outputs go to buffers that spill."""

    def __init__(self, context: BundleContextManager, memory_kb: int) -> None:
        _ = context.process_bundle_descriptor, context.worker_handlers  # Beam computes both at the first access
        self.__dict__.update(context.__dict__)
        self._memory_kb = memory_kb

    def get_buffer(self, buffer_id: bytes, transform_id: str) -> Any:
        buffers = self.execution_context.pcoll_buffers
        kind, _ = split_buffer_id(buffer_id)
        if kind == "timers" or buffer_id in buffers:
            return super().get_buffer(buffer_id, transform_id)
        if kind == "materialize":
            buffers[buffer_id] = SpillingList(self.get_input_coder_impl(transform_id), self._memory_kb)
            return buffers[buffer_id]
        own = vars(super().get_buffer(buffer_id, transform_id))  # Beam's buffer, which has the coders
        if own["_windowing"].is_default():
            buffers[buffer_id] = SpillingGroups(own["_pre_grouped_coder"], own["_post_grouped_coder"], self._memory_kb)
        return buffers[buffer_id]

    def only(self, worker: int) -> BundleContextManager:
        """This context with only one of its workers."""
        context = _SpillingContext(self, self._memory_kb)
        context._worker_handlers = [self.worker_handlers[worker]]
        return context


class _Bundles(BundleManager):
    """Processes the input of a stage in small bundles. Each worker has one bundle at a time."""

    def __init__(self, context: _SpillingContext, bundle_bytes: int, reads_ranges: bool) -> None:
        """Takes the size of a bundle: of the dumps' bytes where a stage reads ranges of them, else of its elements."""
        self._context = context
        self._bundle_bytes = bundle_bytes
        self._reads_ranges = reads_ranges

    def process_bundle(self, inputs: Mapping[str, Any], *rest: Any) -> tuple[InstructionResponse, list[Any]]:
        waiting = _Shared(self._bundles(inputs))

        def work(worker: int) -> tuple[list[InstructionResponse], list[Any]]:
            manager = BundleManager(self._context.only(worker))
            results: list[InstructionResponse] = []
            splits: list[Any] = []
            for bundle in waiting:
                result, more = manager.process_bundle(bundle, *rest)
                results.append(result)
                splits += more
                if len(results) == _RESULTS:
                    results = [_merged(results)]
            return results, splits

        try:
            done = [*shared_unbounded_instance().map(work, range(len(self._context.worker_handlers)))]
        finally:
            waiting.close()
        results, splits = zip(*done, strict=True)
        return _merged([*itertools.chain(*results)]), [*itertools.chain(*splits)]

    def _bundles(self, inputs: Mapping[str, Any]) -> Iterator[Inputs]:
        """The inputs in bundles; one empty bundle if there is no input."""
        nothing: dict[str, list[bytes]] = {transform: [] for transform in inputs}
        pieces = (
            {**nothing, transform: piece} for transform, buffer in inputs.items() for piece in self._pieces(buffer)
        )
        yield next(pieces, nothing)
        yield from pieces

    def _pieces(self, buffer: Any) -> Iterator[list[bytes]]:
        if not isinstance(buffer, (SpillingList, SpillingGroups)):  # the runner's own: an impulse, or empty
            yield [*buffer]
            return
        enough = self._bundle_bytes
        if not self._reads_ranges:
            enough = element_bytes(buffer.size(), len(self._context.worker_handlers), enough)
        piece, size = [], 0
        for value, encoded in buffer.elements():
            piece.append(encoded)
            size += value[1] if self._reads_ranges else len(encoded)  # a range comes with its size
            if size >= enough:
                yield piece
                piece, size = [], 0
        if piece:
            yield piece


class _Shared(Iterator[Inputs]):
    """An iterator that several threads share; one of them may close it."""

    def __init__(self, items: Iterator[Inputs]) -> None:
        self._items = items
        self._lock = threading.Lock()

    def __next__(self) -> Inputs:
        with self._lock:
            return next(self._items)

    def close(self) -> None:
        with self._lock:
            self._items = iter(())


def _merged(results: Sequence[InstructionResponse]) -> InstructionResponse:
    """The results of several bundles of a stage, merged into the result of one."""
    bundles = [result.process_bundle for result in results]
    return InstructionResponse(
        process_bundle=beam_fn_api_pb2.ProcessBundleResponse(
            monitoring_infos=consolidate(itertools.chain(*(bundle.monitoring_infos for bundle in bundles))),
            residual_roots=itertools.chain(*(bundle.residual_roots for bundle in bundles)),
        )
    )
