"""A source that never ends: something is asked again and again, and what it gives is an element of the next window.

Beam's own `Watch` gives each new thing by itself, and keeps the names of all things that it ever gave. Here the dataset
says what has been read. So the state is small, and of one poller: it can't be split.
"""

import time
from collections.abc import Iterator
from typing import Any, Final, NamedTuple, Protocol

import apache_beam as beam
from apache_beam.io.iobase import RestrictionTracker
from apache_beam.io.watermark_estimators import ManualWatermarkEstimator
from apache_beam.transforms.core import RestrictionProvider
from apache_beam.transforms.window import TimestampedValue
from apache_beam.utils.timestamp import Duration, Timestamp

ENDED: Final = "ended"  # the state of a source that gives no more
_MOMENT: Final = Duration(micros=1000)  # the least that all runners tell apart


class Turn(NamedTuple):
    """The result of one poll."""

    state: Any  # with which it is asked the next time, or ENDED
    given: Any  # an element; None for nothing
    until: float  # seconds since 1970: the end of the window of the element. No later one gets an earlier time
    wait: float  # seconds until the next poll


class Polled(Protocol):
    """Something that is asked again and again."""

    def poll(self, state: Any, now: float) -> Turn:
        """Asks. `state` is that of the last turn that the runner has taken note of, None at first."""


class PollTracker(RestrictionTracker):
    """The state of a poller. All of it goes on elsewhere, or nothing: two pollers would give everything twice.

    Prism otherwise splits a source, also one that waits.
    """

    def __init__(self, state: Any) -> None:
        self._state = state
        self._is_handed_over = False

    def current_restriction(self) -> Any:
        return self._state

    def try_claim(self, state: Any) -> bool:
        """Takes the state after a poll; False if the runner has handed over the former one meanwhile."""
        if not self._is_handed_over:
            self._state = state
        return not self._is_handed_over

    def try_split(self, fraction_of_remainder: float) -> tuple[Any, Any] | None:
        if fraction_of_remainder or self._is_handed_over or self._state == ENDED:
            return None
        self._is_handed_over = True
        rest, self._state = self._state, ENDED
        return ENDED, rest

    def check_done(self) -> bool:
        if self._state != ENDED:
            raise ValueError("the source was left before its end")
        return True

    def is_bounded(self) -> bool:
        return False


class PollFn(beam.DoFn, RestrictionProvider):
    """Nothing → what a source gives, stamped a moment before the end of its window."""

    def __init__(self, polled: Polled) -> None:
        self._polled = polled

    def initial_restriction(self, _: bytes) -> Any:
        return None

    def create_tracker(self, restriction: Any) -> PollTracker:
        return PollTracker(restriction)

    def restriction_size(self, _: bytes, _restriction: Any) -> int:
        return 1

    @beam.DoFn.unbounded_per_element()
    def process(
        self,
        _: bytes,
        tracker: Any = beam.DoFn.RestrictionParam(),  # noqa: B008  (Beam's form)
        watermark: Any = beam.DoFn.WatermarkEstimatorParam(ManualWatermarkEstimator.default_provider()),  # noqa: B008
    ) -> Iterator[Any]:
        turn = self._polled.poll(tracker.current_restriction(), time.time())
        if tracker.try_claim(turn.state):  # else the runner has handed the state over, and the next poll finds the same
            end = Timestamp.of(turn.until)
            if turn.given is not None:
                yield TimestampedValue(turn.given, end - _MOMENT)
            watermark.set_watermark(max(end, watermark.current_watermark() or end))
            if turn.state != ENDED:
                tracker.defer_remainder(Duration.of(turn.wait))
