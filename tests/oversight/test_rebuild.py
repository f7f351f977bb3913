"""State made anew from facts: the same as before, nothing said twice, and an honest word about what is gone."""

import asyncio
import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.event import parse_event
from schemas.handovers import HandoverState
from schemas.service import Fact, FactKind
from services.oversight.app import FACTS, OUTBOX, Oversight
from services.oversight.rebuild import MOST, Rebuilt, rebuild
from services.oversight.rules.calendar import Calendar
from services.relay.clock import NO_TIME
from services.relay.log import Fenced
from services.relay.memory import MemoryCluster, MemoryLog
from services.relay.own import BIRTH, Birth, position_key
from services.relay.state import BatchView, State
from services.runtime.jose import SigningKey
from tests.oversight.story import LT, MONDAY, VT, Story, at, handover, plan, uuid

KEY = SigningKey.generate("oversight.sign.test")
S = HandoverState
STATE = "oversight.state"
BIRTH_OF_TEST = Birth("00000000-0000-4000-8000-000000000000", "simulated", 1)


class Slot:
    """Oversight on a log in memory: what it reads, keeps and says, and the repair of it."""

    def __init__(self) -> None:
        self.cluster = MemoryCluster()
        self.cluster.make(FACTS, OUTBOX, STATE)
        self.now = MONDAY
        self.write(BIRTH, BIRTH_OF_TEST.to_bytes())

    def write(self, key: str, value: bytes | None) -> None:
        self.cluster.append(STATE, 0, key.encode(), value)

    def fact(self, fact: Fact) -> None:
        self.cluster.append(FACTS, 0, b"key", fact.model_dump_json().encode())

    def say(self, case: int, name: str, by: str, *change: Any, **more: Any) -> None:
        found = Story().fact(name, by, self.now, *change, **more)
        self.fact(found.model_copy(update={"subject": f"case:{uuid(case)}"}))

    def tick(self, when: datetime, barrier: str | None = None) -> None:
        self.now = when
        self.fact(Fact(kind=FactKind.TICK, at=when, id=uuid(), barrier=barrier))

    def watch(self, upto: int | None = None) -> None:
        """What the running process does with the facts it has not read."""
        state = self.state()
        oversight, start = Oversight(KEY, Calendar()), int(state.get(position_key(FACTS)) or 0)
        for record in self.cluster.read(FACTS, 0)[:upto]:
            if record.offset < start:
                continue
            view = BatchView(state)
            for emit in oversight.decide(oversight.prepare(record), view, NO_TIME, 0):
                self.cluster.append(emit.topic, 0, emit.key, emit.value, emit.headers)
            view.keep()
            for key, value in (*view.changes().items(), (position_key(FACTS), b"%d" % (record.offset + 1))):
                state.set(key, value)
                self.write(key, value)

    def rebuild(self) -> Rebuilt:
        return asyncio.run(
            rebuild(MemoryLog(self.cluster, "oversight", 0), Oversight(KEY, Calendar()), BIRTH_OF_TEST, 0)
        )

    def forget(self) -> None:
        """The state is lost."""
        self.cluster.topics[STATE][0].records.clear()

    def state(self) -> State:
        found = State()
        for record in self.cluster.read(STATE, 0):
            found.set((record.key or b"").decode(), record.value)
        return found

    @property
    def kept(self) -> dict[str, Any]:
        """The watched cases as records, but how often and to whom an alert was told."""
        found = {}
        state = self.state()
        for group in state.group_names():
            for key, value in state.group(group).items():
                if key.split(":")[0] in ("head", "handover", "owed", "alert", "sight", "report", "waiting"):
                    record = json.loads(value)
                    found[key] = {k: v for k, v in record.items() if k not in ("told", "spoken")}
        return found

    @property
    def said(self) -> list[tuple[str, str, str]]:
        """Every alert message: what, which code, which alert."""
        found = [parse_event(r.value or b"") for r in self.cluster.read(OUTBOX, 0) if r.key != b"barrier"]
        return [(e.name, e.data.body["code"], e.data.body["alert"]) for e in found]

    @property
    def ids(self) -> list[str]:
        return [parse_event(r.value or b"").id for r in self.cluster.read(OUTBOX, 0) if r.key != b"barrier"]


def opened(slot: Slot, *cases: int) -> None:
    for case in cases:
        slot.say(case, "cases.opened", VT)
        slot.say(
            case, "handovers.proposed", VT, handover(None, S.PROPOSED, handover_id=uuid(100 + case)), sight=[plan()]
        )


def accepted(slot: Slot, case: int) -> None:
    change = handover(S.PROPOSED, S.ACCEPTED, handover_id=uuid(100 + case))
    slot.say(case, "handovers.accepted", LT, change, handover=uuid(100 + case))


STEPS = st.lists(
    st.tuples(st.sampled_from(["open", "accept", "see", "store", "tick"]), st.integers(1, 3), st.integers(1, 150)),
    min_size=1, max_size=14,
)  # fmt: skip


def play(slot: Slot, steps: list[tuple[str, int, int]]) -> None:
    begun: set[int] = set()
    for what, case, hours in steps:
        if what == "tick":
            slot.tick(slot.now + timedelta(hours=hours))
        elif case not in begun:
            begun.add(case)
            opened(slot, case)
        elif what == "accept":
            accepted(slot, case)
        elif what == "see":
            slot.say(case, "sight.confirmed", LT)
        elif what == "store":
            slot.say(case, "dossiers.shared", VT, to=(LT,))


@settings(deadline=None, max_examples=25)
@given(STEPS, st.booleans())
def test_from_all_facts_the_state_becomes_what_it_was_and_nothing_is_said_but_what_is_open(
    steps: list[tuple[str, int, int]], lost: bool
) -> None:
    """With the old state at hand nothing at all is said; without it each open alarm once more, under its own name."""
    slot = Slot()
    play(slot, steps)
    slot.watch()
    before, said = slot.kept, slot.said
    if lost:
        slot.forget()
    done = slot.rebuild()
    assert slot.kept == before
    assert done.begun_late == set() and done.lost is None and done.not_judged == 0
    open_alerts = [record["id"] for key, record in before.items() if key.startswith("alert:")]
    told = slot.said[len(said) :]
    assert sorted(alert for _, _, alert in told) == (sorted(open_alerts) if lost else [])
    assert len(set(slot.ids)) == len(slot.ids), "an id is never used twice"
    slot.tick(slot.now + timedelta(days=3))
    slot.watch()
    assert len(set(slot.ids)) == len(slot.ids)


@settings(deadline=None, max_examples=25)
@given(STEPS, st.data())
def test_stopped_anywhere_it_goes_on_to_where_it_would_have_come(
    steps: list[tuple[str, int, int]], data: st.DataObject
) -> None:
    """A state that is behind is brought up; every alarm that is open then was told."""
    slot, whole = Slot(), Slot()
    play(slot, steps)
    whole.cluster.topics[FACTS] = slot.cluster.topics[FACTS]
    whole.watch()
    slot.watch(data.draw(st.integers(0, len(slot.cluster.read(FACTS, 0)))))
    slot.rebuild()
    assert slot.kept.keys() == whole.kept.keys()
    open_alerts = {record["id"] for key, record in slot.kept.items() if key.startswith("alert:")}
    assert open_alerts <= {alert for _, _, alert in slot.said}
    assert len(set(slot.ids)) == len(slot.ids)


def test_a_wrong_state_is_put_right_and_who_heard_a_false_alarm_is_told() -> None:
    """An obligation that was never there, and an alarm that should not be."""
    slot = Slot()
    opened(slot, 1)
    slot.tick(at("2026-03-06"))
    slot.watch()
    right = slot.kept
    false = {
        **next(v for k, v in right.items() if k.startswith("alert:")),
        "code": "REROUTE",
        "id": uuid(9),
        "told": [LT],
    }
    slot.write(f"alert:{uuid(1)}:REROUTE", json.dumps(false).encode())
    slot.write(next(key for key in right if key.startswith("owed:")), None)
    slot.rebuild()
    assert slot.kept == right
    assert slot.said[-1][:2] == ("alerts.resolved", "REROUTE")


def test_after_a_gap_it_goes_on_from_what_was_known() -> None:
    """What was owed stays owed until a later fact says otherwise; a case nothing is heard of stays watched."""
    slot = Slot()
    opened(slot, 1, 2)
    slot.watch()
    accepted(slot, 1)
    opened(slot, 3)
    slot.cluster.delete_before(FACTS, 0, 7)
    slot.say(1, "sight.confirmed", LT)
    slot.tick(at("2026-03-20"))
    done = slot.rebuild()
    assert done.lost == (4, 7)
    assert (done.went_on, done.begun_late) == ({uuid(1), uuid(2)}, set())
    owed = {(key.split(":")[1], key.split(":")[2].split("/")[0]) for key in slot.kept if key.startswith("owed:")}
    assert (uuid(1), "FIRST_REACTION") in owed and (uuid(2), "FIRST_REACTION") in owed
    assert {code for _, code, _ in slot.said} >= {"FIRST_REACTION"}
    slot.tick(at("2026-04-20"))
    slot.watch()
    assert len(set(slot.ids)) == len(slot.ids)


def test_a_case_of_which_only_the_middle_is_known_is_named_and_watched_from_there() -> None:
    """Its alarms get numbers that no earlier alarm of it can have had."""
    slot = Slot()
    opened(slot, 1)
    slot.tick(at("2026-03-06"))
    slot.watch()
    names = {alert for _, _, alert in slot.said}
    slot.cluster.delete_before(FACTS, 0, 3)
    slot.forget()
    accepted(slot, 1)
    slot.tick(at("2026-03-30"))
    done = slot.rebuild()
    assert done.begun_late == {uuid(1)}
    owed = {key.split(":")[2].split("/")[0] for key in slot.kept if key.startswith("owed:")}
    assert {"WARM_CONTACT", "FIRST_CONTACT"} <= owed
    later = {alert for _, _, alert in slot.said} - names
    assert later and len(set(slot.ids)) == len(slot.ids)
    first = slot.kept[f"head:{uuid(1)}:"]["raised"] - len(later)
    assert first >= 3 * MOST, "each of the facts that are gone may have raised several"


def test_a_barrier_that_was_not_echoed_is() -> None:
    """Or a player would wait for it for ever; one that was, is not echoed again."""
    slot = Slot()
    opened(slot, 1)
    slot.tick(at("2026-03-02 12:00"), "000000000001")
    slot.watch()
    slot.tick(at("2026-03-02 13:00"), "000000000002")
    slot.rebuild()
    echoed = [json.loads(r.value or b"")["barrier"] for r in slot.cluster.read(OUTBOX, 0) if r.key == b"barrier"]
    assert echoed == ["000000000001", "000000000002"]


def test_a_fact_that_cannot_be_judged_is_counted_and_the_others_are_judged() -> None:
    slot = Slot()
    slot.cluster.append(FACTS, 0, b"key", b"{}")
    opened(slot, 1)
    done = slot.rebuild()
    assert (done.not_judged, done.facts, done.anew) == (1, 2, {uuid(1)})


def test_it_is_not_made_anew_while_oversight_runs() -> None:
    """Of two that would write one state the one that came first writes nothing more; nor does a repair that is late."""
    slot = Slot()
    opened(slot, 1)
    running = MemoryLog(slot.cluster, "oversight", 0)
    asyncio.run(running.fence())
    slot.rebuild()
    with pytest.raises(Fenced):
        asyncio.run(running.commit([]))

    class Meanwhile(MemoryLog):
        async def position(self, topic: str) -> int:
            await running.fence()
            return await super().position(topic)

    before = slot.state()
    with pytest.raises(Fenced):
        asyncio.run(rebuild(Meanwhile(slot.cluster, "oversight", 0), Oversight(KEY, Calendar()), BIRTH_OF_TEST, 0))
    assert slot.state().by_group() == before.by_group()


def test_a_number_that_an_alarm_had_is_not_given_again() -> None:
    """Alarms of which the facts say nothing any more were told under theirs."""
    slot = Slot()
    opened(slot, 1)
    slot.tick(at("2026-03-06"))
    slot.watch()
    key = f"head:{uuid(1)}:"
    head = json.loads(slot.state().get(key) or b"")
    slot.write(key, json.dumps({**head, "raised": head["raised"] + 6}).encode())
    slot.rebuild()
    assert slot.kept[key]["raised"] == head["raised"] + 6
