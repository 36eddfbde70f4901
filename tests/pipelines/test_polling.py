"""A source that never ends is one poller: its state goes on as a whole, or not at all."""

import pytest

from warraq.pipelines.polling import ENDED, PollTracker


def test_a_runner_may_hand_over_the_state_but_not_split_it():
    tracker = PollTracker("state 1")
    assert tracker.try_claim("state 2")
    assert tracker.try_split(0.5) is None  # Prism asks for it, also while the source waits
    assert tracker.try_split(0) == (ENDED, "state 2")
    assert (tracker.try_split(0), tracker.current_restriction(), tracker.check_done()) == (None, ENDED, True)


def test_a_poll_whose_state_was_handed_over_meanwhile_gives_nothing():
    tracker = PollTracker("state 1")
    tracker.try_split(0)
    assert not tracker.try_claim("state 2")


def test_a_source_is_not_left_before_its_end():
    tracker = PollTracker("state 1")
    with pytest.raises(ValueError, match="before its end"):
        tracker.check_done()
    assert tracker.try_claim(ENDED)
    assert tracker.check_done()
    assert not tracker.is_bounded()
