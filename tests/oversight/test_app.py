"""The decider: facts in, signed alert messages out, on no clock but that of the facts."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from schemas.event import CONTENT_TYPE, parse_event
from schemas.handovers import HandoverState
from schemas.service import AlertRaised, Fact, FactKind
from schemas.tables.messages import BY_NAME
from services.oversight.app import BARRIER_TYPE, FACTS, OUTBOX, Oversight
from services.oversight.rules.calendar import Calendar
from services.relay.clock import NO_TIME
from services.relay.state import BatchView, State
from services.relay.types import Emit, Record, Stop
from services.runtime.jose import SigningKey, verify_detached
from tests.oversight.story import LT, MONDAY, SUBJECT, VT, Story, at, handover, plan, uuid

KEY = SigningKey.generate("oversight.sign.test")
S = HandoverState


class Slot:
    """One slot of oversight, without Kafka."""

    def __init__(self) -> None:
        self.oversight = Oversight(KEY, Calendar())
        self.view = BatchView(State())
        self.offset = 0

    def hear(self, *facts: Fact) -> list[Emit]:
        return [emit for fact in facts for emit in self.read(fact.model_dump_json().encode())]

    def read(self, value: bytes) -> Sequence[Emit]:
        record = Record(FACTS, 0, self.offset, b"key", value, ())
        self.offset += 1
        emits = self.oversight.decide(self.oversight.prepare(record), self.view, NO_TIME, 0)
        self.view.keep()
        return emits


def proposed(story: Story, when: datetime = MONDAY) -> Fact:
    return story.fact("handovers.proposed", VT, when, handover(None, S.PROPOSED), sight=[plan(every_days=92)])


def tick(when: datetime, barrier: str | None = None) -> Fact:
    return Fact(kind=FactKind.TICK, at=when, id=uuid(), barrier=barrier)


def test_an_alert_is_a_signed_message_about_the_case_to_its_addressees() -> None:
    """One the gate takes as from any other: source, type, subject, key, signature."""
    slot = Slot()
    (emit,) = slot.hear(proposed(Story()), tick(at("2026-03-06")))
    assert emit.value is not None
    headers = dict(emit.headers)
    assert (emit.topic, emit.key, headers["content-type"]) == (OUTBOX, SUBJECT.encode(), CONTENT_TYPE.encode())
    resolve = {KEY.kid: KEY.public()}.get
    assert verify_detached(emit.value, headers["jws"], resolve) == KEY.kid
    event = parse_event(emit.value)
    assert (event.source, event.name, event.subject, event.data.to) == ("oversight", "alerts.raised", SUBJECT, (LT,))
    body = BY_NAME[event.name].body.model_validate(event.data.body)
    assert isinstance(body, AlertRaised)
    assert (body.code, body.tier) == ("FIRST_REACTION", 1)


def test_its_time_is_that_of_the_tick_that_made_it() -> None:
    """Not of the wall, nor of the moment that passed unnoticed."""
    (emit,) = Slot().hear(proposed(Story()), tick(at("2026-03-06 07:00")))
    assert parse_event(emit.value or b"").time == at("2026-03-06 07:00").astimezone(UTC)


def test_a_barrier_is_written_after_the_alerts_of_its_tick() -> None:
    """It says that all the tick caused stands before it."""
    emits = Slot().hear(proposed(Story()), tick(at("2026-03-06"), "000000000007"))
    assert [emit.key for emit in emits] == [SUBJECT.encode(), b"barrier"]
    assert json.loads(emits[-1].value or b"")["barrier"] == "000000000007"
    assert dict(emits[-1].headers) == {"content-type": BARRIER_TYPE.encode()}


def test_a_tick_without_barrier_writes_none() -> None:
    """In production there are no barriers."""
    assert Slot().hear(tick(MONDAY)) == []


def test_the_same_facts_give_the_same_bytes() -> None:
    """After a crash a message is made again as it was."""
    story = Story()
    facts = [proposed(story), tick(at("2026-03-06")), tick(at("2026-03-20"))]
    first, second = Slot().hear(*facts), Slot().hear(*facts)
    assert first == second
    assert len({parse_event(emit.value or b"").id for emit in first}) == len(first) == 3


def test_an_answer_read_before_the_tick_prevents_the_alarm() -> None:
    """However late the tick is."""
    story, slot = Story(), Slot()
    accepted = story.fact("handovers.accepted", LT, at("2026-03-06 00:00"), handover(S.PROPOSED, S.ACCEPTED))
    assert slot.hear(proposed(story), accepted, tick(at("2026-03-06 00:01"))) == []


def test_what_has_no_case_is_passed_over() -> None:
    """Advice and signals have a thread, and no child to watch."""
    fact = Fact(kind=FactKind.MESSAGE, at=MONDAY, id=uuid(), subject=f"thread:{uuid()}", type="sight.planned")
    assert Slot().hear(fact) == []


def test_a_refused_alert_is_counted_for_the_operator() -> None:
    """It shows on the health page."""
    slot = Slot()
    slot.hear(Fact(kind=FactKind.ALERT_REFUSED, at=MONDAY, id=uuid(), subject=SUBJECT, type="alerts.raised"))
    assert slot.oversight.status() == {"facts_not_judged": 0, "alerts_refused": 1}


def test_a_fact_that_cannot_be_judged_is_counted_and_the_next_one_is_judged() -> None:
    """Nothing is written for it, and nothing of it stays."""
    slot = Slot()
    story = Story()
    broken = proposed(story).model_copy(update={"body": {"handover": "nonsense"}})
    with pytest.raises(ValueError, match="handover") as caught:
        slot.hear(broken)
    slot.view.drop()
    record = Record(FACTS, 0, 0, b"key", b"{}", ())
    assert slot.oversight.failed(record, caught.value, slot.view, NO_TIME, 0) == []
    assert slot.oversight.status()["facts_not_judged"] == 1
    assert len(slot.hear(proposed(story), tick(at("2026-03-06")))) == 1


def test_a_gap_in_the_facts_stops_the_slot() -> None:
    """Silence would look like safety."""
    slot = Slot()
    with pytest.raises(Stop, match="rebuild"):
        slot.oversight.gap(FACTS, 3, 9, slot.view, NO_TIME, 0)


def test_a_year_without_configured_days_off_stops_the_slot_with_what_to_do() -> None:
    """No term is guessed."""
    story = Story()
    with pytest.raises(Stop, match=r"2031.*decree-days"):
        Slot().hear(proposed(story, at("2031-03-03")))


def test_dates_far_ahead_need_no_calendar_yet() -> None:
    """A monitoring date in an unconfigured year is a date; only its rungs are reckoned, when it is missed."""
    story = Story()
    assert Slot().hear(story.fact("monitoring.planned", VT, MONDAY, dates=["2035-03-01"]), tick(MONDAY)) == []


def test_state_keys_hold_ids_only() -> None:
    """No value of a fact but ids and codes is in them."""
    slot = Slot()
    slot.hear(proposed(Story()), tick(MONDAY + timedelta(days=30)))
    kinds = {key.partition(":")[0] for key in slot.view.changes()}
    assert kinds == {"head", "handover", "owed", "alert", "sight", "cursor", "moment", "next"}
    assert all(len(key) < 200 for key in slot.view.changes())
