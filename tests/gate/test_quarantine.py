"""Of what cannot be decided the gate keeps the first of each hour, of each organisation for itself."""

from datetime import UTC, datetime, timedelta

from services.gate.quarantine import BYTES, COPIES, SPAN, takes
from services.relay.state import BatchView, State

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def test_a_number_of_copies_is_kept_and_after_an_hour_again() -> None:
    """One organisation's flood takes nothing from another."""
    view = BatchView(State())
    assert [takes(view, "a", 10, NOW) for _ in range(COPIES + 2)] == [True] * COPIES + [False] * 2
    assert takes(view, "b", 10, NOW)
    assert not takes(view, "a", 10, NOW + SPAN - timedelta(seconds=1))
    assert takes(view, "a", 10, NOW + SPAN)


def test_no_more_than_so_many_bytes_are_kept() -> None:
    """What is too large leaves room for what is not."""
    view = BatchView(State())
    assert takes(view, "a", BYTES - 1, NOW)
    assert not takes(view, "a", 2, NOW)
    assert takes(view, "a", 1, NOW)
