"""Time passes over many cases: in due order, once, and however many steps it takes."""

import time
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.body import Phase
from schemas.handovers import HandoverState
from schemas.service import Fact, FactKind
from schemas.tables.transitions import Effect
from services.oversight import state
from services.oversight.rules import ladder
from services.oversight.rules.calendar import Calendar
from services.oversight.rules.case import Say
from services.oversight.rules.follow import apply, next_moment
from services.relay.state import BatchView, State
from tests.oversight.story import CHILD, COORDINATION, LT, MONDAY, VT, at, body, handover, plan, uuid

S = HandoverState
CALENDAR = Calendar()
PHASES = st.sampled_from(Phase)


class Slot:
    """The state of one slot, and what was said in it."""

    def __init__(self) -> None:
        self.view = BatchView(State())
        self.said: list[Say] = []
        self.broken: list[str] = []

    def hear(self, fact: Fact) -> None:
        assert fact.subject is not None
        state.begin(self.view, fact.at)
        watch, said = apply(fact, state.load(self.view, fact.subject), CALENDAR)
        state.save(self.view, watch)
        self.said += said
        self.view.keep()

    def tick(self, until: datetime) -> list[Say]:
        said = list(state.tick(self.view, until, CALENDAR, lambda case, error: self.broken.append(case)))
        self.said += said
        self.view.keep()
        return said

    @property
    def kept(self) -> dict[str, bytes]:
        """All state but the cursor, which tells how far time has come."""
        changes = self.view.changes().items()
        return {key: value for key, value in changes if value is not None and not key.startswith("cursor:")}


def fact(case: int, name: str, by: str, when: datetime, change: object = None, **fields: object) -> Fact:
    phase = fields.pop("phase", Phase.STABLE_SAFETY)
    return Fact.model_validate(
        {
            "kind": FactKind.MESSAGE,
            "at": when,
            "id": uuid(int(when.timestamp()) % 10**9),
            "subject": f"case:{uuid(case)}",
            "type": name,
            "actor": by,
            "by": "p1",
            "body": body(name, **fields),
            "handover": change,
            "case": {
                "open": True, "regie": VT, "regie_kind": "VEILIG_THUIS", "coordination": COORDINATION, "phase": phase,
                "vt_origin": True, "children": (CHILD,), "holders": (VT, LT),
            },
        }
    )  # fmt: skip


def proposed(case: int, when: datetime, phase: Phase = Phase.STABLE_SAFETY, every_days: int = 7) -> Fact:
    return fact(
        case,
        "handovers.proposed",
        VT,
        when,
        handover(None, S.PROPOSED),
        sight=[plan(every_days=every_days)],
        phase=phase,
    )


MESSAGES = st.sampled_from(
    [
        ("handovers.proposed", VT, handover(None, S.PROPOSED)),
        ("handovers.accepted", LT, handover(S.PROPOSED, S.ACCEPTED)),
        ("handovers.wait_announced", LT, handover(S.PROPOSED, S.WAITING)),
        ("handovers.handed_back", LT, handover(S.WARM, S.HANDED_BACK, Effect.BOUNCE, Effect.CONSULT_OPENED)),
        ("handovers.emergency_taken_over", LT, handover(S.PROPOSED, S.EMERGENCY)),
        ("handovers.first_contact_held", LT, handover(S.WARM, S.COMPLETED)),
        ("sight.planned", VT, None),
        ("sight.confirmed", LT, None),
        ("monitoring.planned", VT, None),
        ("reports.registered", VT, None),
    ]
)
HISTORY = st.lists(st.tuples(st.integers(0, 2), MESSAGES, PHASES, st.integers(0, 72)), min_size=1, max_size=8)


def _told(slot: Slot, history: list[tuple[int, tuple[str, str, object], Phase, int]]) -> datetime:
    when = MONDAY
    for case, (name, by, change), phase, hours in history:
        when += timedelta(hours=hours, seconds=1)
        slot.hear(fact(case, name, by, when, change, phase=phase))
    return when


@settings(deadline=None, max_examples=30)  # the machine may be busy
@given(HISTORY, st.lists(st.integers(1, 20 * 24), max_size=8))
def test_one_big_tick_says_what_many_small_ones_say(
    history: list[tuple[int, tuple[str, str, object], Phase, int]], steps: list[int]
) -> None:
    """The same alerts in the same order with the same ids, and the same state."""
    big, small = Slot(), Slot()
    end = _told(big, history)
    _told(small, history)
    when = end
    for hours in steps:
        when += timedelta(hours=hours)
        small.tick(when)
    last = max(when, end + timedelta(days=120))
    small.tick(last)
    big.tick(last)
    assert [ladder.event_id(say) for say in big.said] == [ladder.event_id(say) for say in small.said]
    assert big.said == small.said
    assert big.kept == small.kept


@settings(deadline=None, max_examples=30)
@given(HISTORY)
def test_the_index_knows_every_case_that_waits_for_time(
    history: list[tuple[int, tuple[str, str, object], Phase, int]],
) -> None:
    """One record a case, in the hour of its next moment; none for a case that time does nothing to."""
    slot = Slot()
    _told(slot, history)
    for case in {entry[0] for entry in history}:
        moment = next_moment(state.load(slot.view, f"case:{uuid(case)}"))
        entries = [key for key in slot.kept if key.startswith("moment:") and key.endswith(uuid(case))]
        assert len(entries) == (moment is not None)


def test_alarms_of_many_cases_come_in_the_order_in_which_they_were_due() -> None:
    """Not case by case."""
    slot = Slot()
    for case, day in ((1, "2026-03-04"), (2, "2026-03-02"), (3, "2026-03-03")):
        slot.hear(proposed(case, at(day), every_days=92))
    said = [say for say in slot.tick(at("2026-03-12")) if say.body.code == "FIRST_REACTION"]
    expected = [(2, 1), (3, 1), (1, 1), (2, 2), (3, 2), (1, 2)]
    assert [(say.subject, say.tier) for say in said] == [(f"case:{uuid(case)}", tier) for case, tier in expected][
        : len(said)
    ]
    assert len(said) >= 5


def test_nothing_is_said_twice_when_time_stands_still() -> None:
    """A tick of the same moment has nothing left to do."""
    slot = Slot()
    slot.hear(proposed(1, MONDAY))
    assert slot.tick(at("2026-03-06"))
    assert slot.tick(at("2026-03-06")) == []


def test_what_was_due_before_the_last_tick_is_said_at_the_next() -> None:
    """A report registered late may be overdue at once."""
    slot = Slot()
    slot.tick(MONDAY)
    slot.hear(fact(1, "reports.registered", VT, MONDAY + timedelta(minutes=1), received_at="2026-01-05T09:00:00Z"))
    assert "VT_ASSESSMENT" in [say.body.code for say in slot.tick(MONDAY + timedelta(minutes=2))]


def test_an_error_about_one_case_silences_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told, and tried again an hour later; what was said before stays said."""
    slot = Slot()
    slot.hear(proposed(1, MONDAY, every_days=92))
    slot.hear(proposed(2, MONDAY, every_days=92))
    whole = ladder.overdue

    def fails(watch: object, *more: object) -> None:
        if watch.subject.endswith(uuid(1)):  # type: ignore[attr-defined]  # a Watch
            raise ZeroDivisionError
        whole(watch, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(ladder, "overdue", fails)
    assert [say.subject for say in slot.tick(at("2026-03-06 00:00"))] == [f"case:{uuid(2)}"]
    assert slot.broken == [uuid(1)]
    monkeypatch.setattr(ladder, "overdue", whole)
    assert slot.tick(at("2026-03-06 00:30")) == []
    assert [say.subject for say in slot.tick(at("2026-03-06 01:00"))] == [f"case:{uuid(1)}"]


def test_a_tick_costs_what_is_due_and_not_what_is_watched() -> None:
    """With 20,000 cases of which none is due, a tick is a look at one hour."""
    slot = Slot()
    committed = State()
    slot.view = BatchView(committed)
    slot.hear(proposed(1, MONDAY))
    slot.tick(MONDAY)
    for number in range(20_000):
        committed.set(f"moment:2026120112:{uuid(number)}", b"2026-12-01T12:00:00.000000+00:00")
    began = time.perf_counter()
    for minute in range(100):
        assert slot.tick(MONDAY + timedelta(minutes=minute)) == []
    assert time.perf_counter() - began < 1.0
