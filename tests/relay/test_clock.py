"""What time a slot decides at."""

from datetime import UTC, datetime, timedelta

import pytest

from services.relay.clock import BadTime, Due, TopicClock, WallClock, parse
from services.relay.types import Record, Tick

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def clock_record(value: bytes) -> Record:
    return Record("clock", 0, 3, None, value, ())


class Hands:
    """Both clocks of a machine, moved by hand."""

    def __init__(self) -> None:
        self.wall = NOON
        self.monotonic = 100.0

    def clock(self) -> WallClock:
        return WallClock(timedelta(seconds=5), lambda: self.wall, lambda: self.monotonic)


def test_the_wall_clock_ticks_at_once_and_then_every_five_seconds() -> None:
    """By the monotonic clock, so that setting the wall clock back silences nothing."""
    hands = Hands()
    clock = hands.clock()
    assert clock.due(None) == Due(Tick(NOON, None), None)
    assert clock.due(None) is None
    assert clock.wait() == 5.0
    hands.monotonic += 5
    hands.wall -= timedelta(hours=1)
    assert clock.due(None) is not None


def test_decision_time_never_goes_back() -> None:
    """Also when the wall clock does."""
    hands = Hands()
    later = NOON + timedelta(seconds=1)
    assert hands.clock().now(later, None) == later
    assert hands.clock().now(NOON - timedelta(seconds=1), None) == NOON


def test_while_a_tick_waits_all_is_decided_at_its_time() -> None:
    """Else the tick would be earlier than what was decided before it."""
    hands = Hands()
    clock = hands.clock()
    due = clock.due(None)
    hands.wall += timedelta(seconds=3)
    assert clock.now(None, due) == NOON


def test_simulated_time_stands_still_until_its_tick_is_given() -> None:
    """And before the first clock record there is no time at all."""
    clock = TopicClock()
    due = clock.due(clock_record(b'{"at": "2026-03-02T13:00:00+01:00", "barrier": "b1"}'))
    assert due is not None and due.tick == Tick(NOON, "b1")
    earlier = NOON - timedelta(days=1)
    assert clock.now(earlier, due) == earlier
    assert clock.now(None, None) is None
    assert clock.now(None, due) == NOON


@pytest.mark.parametrize(
    "value", [b"", b"{", b"[]", b"{}", b'{"at": "2026-03-02T12:00:00"}', b'{"at": 1}', b'{"at": "x"}']
)
def test_a_clock_record_without_a_time_in_a_zone_is_bad(value: bytes) -> None:
    """It is skipped, not guessed at."""
    with pytest.raises(BadTime):
        parse(clock_record(value))
