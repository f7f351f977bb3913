"""A second reading of who sees each child, day by day, from the messages as they were sent: it knows no rule of
oversight.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from schemas.entry import Entry, EntryHandover
from schemas.event import Event
from schemas.service import HandoverFact
from tests.invariants.oracle import dutch
from tests.invariants.world import raw

PLANNING = tuple(f"handovers.{name}" for name in ("proposed", "wait_announced", "consult_held", "emergency_taken_over"))
OVER = ("COMPLETED", "DECLINED", "CANCELLED", "RETURNED", "SUPERSEDED")
GRACE = 1
"""Days after the interval before a child counts as unseen (protocol, sight)."""


@dataclass
class Sights:
    """Promises and visits, child by child."""

    children: tuple[str, ...] = ()
    open: bool = False
    holder: str | None = None
    promises: dict[tuple[str, str], tuple[date, int, date | None]] = field(default_factory=dict)
    visits: dict[str, date] = field(default_factory=dict)
    handovers: dict[str, tuple[str, str | None]] = field(default_factory=dict)  # state, and the child it is about
    rerouting: dict[str, str] = field(default_factory=dict)  # declined, and by whom another receiver is owed
    workers: dict[str, str] = field(default_factory=dict)  # measures without a worker, and their child

    def hear(self, event: Event, entry: Entry, also: tuple[HandoverFact, ...]) -> None:
        """Take in an accepted message. `also`: other handovers that it ended."""
        message, today = raw(event), dutch(entry.at)
        name, body, source = event.name, message["data"]["body"], event.source
        self._case(name, body, entry)
        if name == "handovers.first_contact_held":
            self._seen(body["contact"].get("children_seen", []), min(_at(body["held_at"]), today))
        elif name == "handovers.warm_contact_attested" and "first_contact" in body:
            self._seen(body["first_contact"].get("children_seen", []), min(_at(body["held_at"]), today))
        elif name == "sight.confirmed" and body["by"]["kind"] != "PARENT":
            self._seen(body["children"], min(_at(body["seen_at"]), today))
        if name in PLANNING:
            self._promise(source, body.get("sight", []), today)
        elif name in ("sight.planned", "sight.trust_broken"):
            self._promise(source, body["plans"], today)
        if name == "sight.trust_broken":
            kept = {plan["child"] for plan in body["plans"]}
            self._release(source, [child for child, owner in self.promises if owner == source and child not in kept])
        if entry.handover:
            self._handover(event, entry.handover)
        for change in also:
            self.handovers[change.id] = change.after.value, None
        self._measure(name, body)

    def unseen(self, child: str, now: datetime) -> bool:
        """Whether this child waits, and nobody promised to see it, or who did has not for too long."""
        waits = any(state not in OVER and about in (None, child) for state, about in self.handovers.values())
        waits = waits or bool(self.rerouting) or child in self.workers.values()
        return self.open and waits and not any(self._kept(child, owner, dutch(now)) for owner in self._owners(child))

    def _owners(self, child: str) -> list[str]:
        return [owner for about, owner in self.promises if about == child]

    def _kept(self, child: str, owner: str, today: date) -> bool:
        since, every, until = self.promises[child, owner]
        last = max(since, self.visits.get(child, since)) + timedelta(days=every + GRACE)
        return today <= last and (until is None or today <= until)

    def _case(self, name: str, body: dict[str, object], entry: Entry) -> None:
        if name == "cases.opened":
            persons = body["persons"]
            assert isinstance(persons, list)
            self.children = tuple(p["ref"] for p in persons if p["role"] in ("YOUTH", "UNBORN"))
        if entry.regie:
            lost = entry.regie.holder_before
            self.rerouting = {ref: by for ref, by in self.rerouting.items() if by != lost}
            self.holder = entry.regie.holder_after
            self.open = self.holder is not None
        if name == "cases.closed":
            for table in (self.promises, self.visits, self.handovers, self.rerouting, self.workers):
                table.clear()

    def _promise(self, owner: str, plans: list[dict[str, object]], today: date) -> None:
        for plan in plans:
            key = str(plan["child"]), owner
            until = date.fromisoformat(str(plan["until"])) if "until" in plan else None
            before = self.promises.get(key)
            runs = before is not None and (before[2] is None or before[2] >= today)
            since = before[0] if before is not None and runs else today  # planning anew wins no time
            self.promises[key] = since, int(str(plan["every_days"])), until

    def _seen(self, seen: list[dict[str, str]], day: date) -> None:
        for one in seen:
            self.visits[one["child"]] = max(day, self.visits.get(one["child"], day))

    def _release(self, owner: str, children: list[str]) -> None:
        for child in children:
            self.promises.pop((child, owner), None)

    def _handover(self, event: Event, now: EntryHandover) -> None:
        before = self.handovers.get(now.id, ("", None))
        begun = event.name == "measures.started" and event.data.body["handover"] == now.id
        about = event.data.body["child"] if begun else before[1]
        self.handovers[now.id] = now.state.value, about
        if event.name == "handovers.proposed":
            self.rerouting = {ref: by for ref, by in self.rerouting.items() if by != event.source}
        if now.state == "DECLINED":
            self.rerouting[now.id] = now.sender
        elif before[0] == "DECLINED":
            self.rerouting.pop(now.id, None)
        released = now.kind == "INTO_RUNNING_HELP" or self.holder != now.sender
        if now.state == "COMPLETED" != before[0] and released:
            self._release(now.sender, list(self.children))

    def _measure(self, name: str, body: dict[str, object]) -> None:
        if name == "measures.started":
            self.workers[str(body["measure"])] = str(body["child"])
        elif name == "measures.ended" or (name == "measures.worker_assigned" and "contact_held_at" in body):
            self.workers.pop(str(body["measure"]), None)


def _at(text: str) -> date:
    return dutch(datetime.fromisoformat(text))
