"""One watcher an invariant. Each looks at every step of a talk: at what was written, not at what was meant."""

from collections import Counter
from datetime import datetime
from typing import Any

from schemas.entry import Entry
from schemas.event import Event, message_hash
from schemas.handovers import HandoverState
from schemas.service import OVERSIGHT, AlertRaised, AlertResolved, ConsentWithdrawnNotice, RegieMoved, VerdictGiven
from schemas.tables.messages import BODIES
from services.gate.rules.case_records import ItemRecord, MeasureRecord
from services.oversight.rules.terms import BEGAN_BEFORE
from tests.invariants.ends import come_to_an_end
from tests.invariants.oracle import Oracle
from tests.invariants.sights import Sights
from tests.invariants.talk import ACTORS, Talk
from tests.invariants.world import Step, raw

LEADS = {actor.slug for actor in ACTORS}
S = HandoverState


def body_of(event: Event) -> Any:
    return BODIES[event.name].model_validate(event.data.body)


class Watcher:
    """Sees a talk from its beginning. Raises AssertionError, whose text begins with the number of the invariant."""

    def __init__(self, talk: Talk) -> None:
        self.talk = talk
        for step in talk.steps[:]:
            self.after(step)
        talk.looking.append(self.after)

    def after(self, step: Step) -> None:
        """Look at what one step wrote, and at the state behind it."""

    def end(self) -> None:
        """The talk is over."""


class OneHolder(Watcher):
    """I1: an open case has exactly one regie holder, by its entries and by the state; a closed one a last holder."""

    def __init__(self, talk: Talk) -> None:
        self.holder: str | None = None
        self.last: str | None = None
        self.open = False
        super().__init__(talk)

    def after(self, step: Step) -> None:
        for event, entry, _ in step.accepted:
            self._follow(event, entry)
        head = self.talk.head
        assert (self.holder is not None) == self.open, "I1: open and led are the same"
        assert self.holder is None or self.holder in LEADS, f"I1: {self.holder} may not lead"
        assert (head.open, head.regie) == (self.open, self.holder), "I1: the state says otherwise than the entries"
        assert self.open or head.last_regie == self.last, "I1: a closed case has its last holder"
        for fact in step.facts:
            if fact.case is not None and fact is step.facts[-1]:
                assert fact.case.regie == self.holder, "I1: oversight is told of another holder"
        moving = [r for r in self.talk.open_handovers if r.moves_regie and r.state is not S.RETURNING]
        assert len(moving) <= 1, "I1: two open handovers could each make a holder"

    def _follow(self, event: Event, entry: Entry) -> None:
        if event.name in ("cases.opened", "cases.reopened", "cases.closed"):
            self.open = event.name != "cases.closed"
            assert entry.regie is not None, f"I1: {event.name} does not say who leads"
        if entry.regie is not None:
            assert entry.regie.holder_before == self.holder, "I1: the entry takes regie from who does not hold it"
            assert entry.regie.holder_before != entry.regie.holder_after, "I1: a move that moves nothing"
            self.last = self.holder or self.last
            self.holder = entry.regie.holder_after
        assert entry.holder == self.holder, "I1: the entry names another holder than the one before it"


class Hearing(Watcher):
    """A watcher that keeps the oracle up to date. `told` is called before the oracle hears a message."""

    def __init__(self, talk: Talk) -> None:
        self.oracle = Oracle()
        super().__init__(talk)

    def after(self, step: Step) -> None:
        for event, entry, to in step.accepted:
            self.told(event, entry, to, step)
            handover = entry.handover.model_dump(mode="json") if entry.handover else None
            leader = entry.regie.holder_after if entry.regie else self.oracle.leader
            self.oracle.hear(raw(event), entry.at, handover, leader)

    def told(self, event: Event, entry: Entry, to: tuple[str, ...], step: Step) -> None:
        """One accepted message, and whose inboxes it is in."""


class Founded(Hearing):
    """I2: every section that is delivered has a valid basis for every person it is about."""

    def told(self, event: Event, entry: Entry, to: tuple[str, ...], step: Step) -> None:
        for recipient in to:
            unfounded = self.oracle.unfounded(raw(event), recipient, entry.at)
            assert not unfounded, f"I2: delivered without a basis: {unfounded}"


class RightMoves(Hearing):
    """I3: regie moves only by the allowed ways, each told to every other party; a measure's duty only by its order."""

    def __init__(self, talk: Talk) -> None:
        self.said: dict[str, dict[str, Any]] = {}
        self.duty: dict[str, str] = {}
        super().__init__(talk)

    def after(self, step: Step) -> None:
        super().after(step)
        for measure in self.talk.case.of(MeasureRecord).values():
            assert self.duty[measure.measure] == measure.institution, "I3: the duty moved without an order"
        owed = self.talk.world.watch(self.talk.subject)
        for record in self.talk.open_handovers:
            if record.state is S.EMERGENCY:
                flagged = owed.of("EMERGENCY_FLAG", record.handover)
                assert flagged, "I3: an emergency became normal without its warm part"

    def told(self, event: Event, entry: Entry, to: tuple[str, ...], step: Step) -> None:
        body = event.data.body
        if event.source == OVERSIGHT:
            return
        if event.name in ("measures.started", "measures.transferred"):
            self.duty[body["measure"]] = event.source
        self._note(event, entry)
        moved = entry.regie is not None
        if moved:
            way = self._way(event, entry)
            assert way, f"I3: regie moved by {event.name}: {entry.regie} {self._of(event)}"
        self._everyone_told(event, entry, step, moved or event.name == "cases.lead_to_family")

    def _of(self, event: Event) -> dict[str, Any]:
        return self.said.setdefault(event.data.body.get("handover", ""), {})

    def _note(self, event: Event, entry: Entry) -> None:
        """What each side has said about a handover, in short."""
        about, body, name = self._of(event), event.data.body, event.name
        if name in ("handovers.accepted", "handovers.emergency_taken_over"):
            about[f"accepted by {event.source}"] = body.get("professional") or body.get("on_duty")
        elif name == "measures.worker_assigned" and entry.handover:
            self.said.setdefault(entry.handover.id, {})[f"accepted by {event.source}"] = body["worker"]
        elif name == "handovers.warm_contact_attested":
            day = datetime.fromisoformat(body["held_at"]).date()
            about[f"talk by {event.source}"] = (day, sorted(body["spoke"]), sorted(body.get("family", [])))
            about["met"] = about.get("met") or (body.get("first_contact") and event.source)
        elif name == "handovers.story_acknowledged":
            about["read by"] = event.source
        elif name == "handovers.first_contact_held":
            about["met"] = event.source
        elif name == "handovers.consult_held":
            about[f"consult by {event.source}"] = body["decision"]
        elif name == "handovers.professional_changed":
            if not body["took_part_in_warm_contact"]:
                for gone in [key for key in about if key.startswith("talk by ")]:
                    del about[gone]
            if entry.handover and event.source == entry.handover.receiver:
                about.pop("read by", None)

    def _way(self, event: Event, entry: Entry) -> str | None:
        """By which of the allowed ways regie went, if any."""
        assert entry.regie is not None
        before, after, now = entry.regie.holder_before, entry.regie.holder_after, entry.handover
        if event.name in ("cases.opened", "cases.reopened") and (before, after) == (None, event.source):
            return event.name
        if event.name == "cases.closed" and (before, after) == (event.source, None):
            return "closed by its holder"
        if now is None or (before, after) != (now.sender, now.receiver):
            return None
        if event.name == "handovers.emergency_taken_over":
            flagged = "EMERGENCY_OPEN" in entry.flags and now.state is S.EMERGENCY
            return "a flagged emergency" if flagged and event.source == after else None
        if now.state is not S.COMPLETED:
            return None
        if "FAMILY_NOT_MET" in entry.flags:
            return self._both_decided(event, (now.sender, now.receiver))
        return self._warm(event, now.sender, now.receiver)

    def _both_decided(self, event: Event, sides: tuple[str, str]) -> str | None:
        said = {self._of(event).get(f"consult by {side}") for side in sides}
        return "a joint consult" if said == {"TAKE_OVER_WITHOUT_FAMILY"} else None

    def _warm(self, event: Event, sender: str, receiver: str) -> str | None:
        about = self._of(event)
        talks = [about.get(f"talk by {side}") for side in (sender, receiver)]
        named = about.get(f"accepted by {receiver}")
        whole = named and talks[0] is not None and talks[0] == talks[1] and about.get("read by") == receiver
        return "a warm handover" if whole and about.get("met") == receiver else None

    def _everyone_told(self, event: Event, entry: Entry, step: Step, moved: bool) -> None:
        told = [(d.inbox, d.event) for d in step.inbox if d.event.name == RegieMoved.name]
        expected = self.oracle.parties | {entry.regie.holder_after} if moved and entry.regie else self.oracle.parties
        others = {slug for slug in expected if slug} - {event.source} if moved else set()
        assert sorted(inbox for inbox, _ in told) == sorted(others), "I3: not every other party was told of the move"
        for _, notice in told:
            body = RegieMoved.model_validate(notice.data.body)
            if entry.regie:
                assert (body.regie_from, body.regie_to) == (entry.regie.holder_before, entry.regie.holder_after), "I3"


class OneVerdict(Watcher):
    """I4: every message one verdict; an accepted one exactly one delivery a recipient, in the gate's order."""

    def __init__(self, talk: Talk) -> None:
        self.sequences: Counter[tuple[str, int]] = Counter()
        self.places: dict[str, int] = {}
        self.letters: Counter[tuple[str, str]] = Counter()
        self.accepted: set[str] = set()
        super().__init__(talk)

    def after(self, step: Step) -> None:
        if step.sent is not None:
            self._answered(step)
        self._delivered(step)
        self._numbered(step)

    def _answered(self, step: Step) -> None:
        assert step.sent is not None
        source, hashed = step.sent.source, message_hash(step.sent.value)
        verdicts = [body_of(d.event) for d in step.inbox if d.event.name == VerdictGiven.name]
        mine = [v for v in verdicts if v.message.hash == hashed]
        assert len(mine) == len(verdicts) == 1, f"I4: {len(mine)} verdicts on one message"
        assert all(d.inbox == source for d in step.inbox if d.event.name == VerdictGiven.name), "I4: told to another"
        decided = [s for s in step.entries if s.entry.message and s.entry.message.hash == hashed]
        assert len(decided) <= 1, "I4: decided twice"
        again = hashed in self.accepted
        assert (mine[0].verdict == "DUPLICATE") == again, "I4: accepted twice, or called a duplicate the first time"
        if mine[0].verdict == "DELIVERED" and not mine[0].dry_run:
            self.accepted.add(hashed)
        for one in decided:
            assert one.entry.verdict == mine[0].verdict, "I4: the ledger says otherwise than the verdict"

    def _delivered(self, step: Step) -> None:
        sent = [*([step.sent] if step.sent else []), *step.alerts]
        for said in sent:
            decided = [
                s.entry for s in step.entries if s.entry.message and s.entry.message.hash == message_hash(said.value)
            ]
            accepted = any(entry.verdict == "DELIVERED" for entry in decided)
            to = sorted(said.event.data.to) if accepted and said.event else []
            got = sorted(d.inbox for d in step.inbox if d.value == said.value)
            assert got == to, f"I4: meant for {to}, delivered to {got}"
        for record in step.inbox:
            self.letters[record.inbox, message_hash(record.value)] += 1
            assert self.letters[record.inbox, message_hash(record.value)] == 1, "I4: delivered twice"

    def _numbered(self, step: Step) -> None:
        written = {sealed.hash for sealed in step.entries}
        for record in step.inbox:
            entry = record.sealed.entry
            assert record.sealed.hash in written, "I4: delivered without an entry"
            mine = [place.sequence for place in entry.inbox if place.inbox == record.inbox]
            self.sequences[record.inbox, entry.slot] += 1
            assert mine == [self.sequences[record.inbox, entry.slot]], "I4: a hole in the inbox, or a number twice"
            if entry.case_seq is not None:
                assert entry.case_seq > self.places.get(record.inbox, 0), "I4: not in the order of the case"
                self.places[record.inbox] = entry.case_seq


class Watched(Watcher):
    """I5: something is owed, by somebody, until some moment, in every open state; and two sides can reach an end."""

    def after(self, step: Step) -> None:
        watch = self.talk.world.watch(self.talk.subject)
        known = {r.handover: r.state for r in self.talk.open_handovers}
        assert {h.id: h.state for h in watch.open_handovers} == known, "I5: oversight follows another course"
        for owed in watch.owed.values():
            counts_back = owed.row.counts_from in BEGAN_BEFORE
            assert counts_back or owed.due >= owed.opened_at, f"I5: {owed.code} was due before it was owed"
        for handover in known:
            named = [o for o in watch.owed.values() if o.handover == handover or self._returning(o.handover, handover)]
            assert any(o.responsible and o.watcher and set(o.responsible) <= LEADS for o in named), (
                f"I5: nobody owes anything in {known[handover]}"
            )
        if self.talk.head.open:
            assert any(o.responsible for o in watch.owed.values()), "I5: nobody owes anything in an open case"

    def _returning(self, other: str | None, handover: str) -> bool:
        return any(r.handover == other and r.returns == handover for r in self.talk.open_handovers)

    def end(self) -> None:
        for record in self.talk.open_handovers:
            come_to_an_end(self.talk, record.handover)


class Withdrawn(Hearing):
    """I6: after a withdrawal nothing delivered relies on it, and everyone who holds something under it is told."""

    def __init__(self, talk: Talk) -> None:
        self.under: dict[str, set[str]] = {}
        self.gone: set[str] = set()
        super().__init__(talk)

    def told(self, event: Event, entry: Entry, to: tuple[str, ...], step: Step) -> None:
        letter = raw(event)
        stated = {ref for section in entry.sections for basis in section.bases for ref in basis.statements}
        assert not stated & self.gone, "I6: the entry itself names a withdrawn statement"
        for statement in stated:
            self.under.setdefault(statement, set()).update({*to, event.source})
        for recipient in to:
            unfounded = self.oracle.unfounded(letter, recipient, entry.at)
            assert not unfounded, f"I6: relies on what was withdrawn: {unfounded}"
            for statement in self.oracle.relies_on(letter, recipient, entry.at):
                self.under.setdefault(statement, set()).update({recipient, event.source})
        if event.name == "consents.withdrawn":
            self.gone.add(event.data.body["statement"])
            self._holders_told(event, step)

    def _holders_told(self, event: Event, step: Step) -> None:
        statement = event.data.body["statement"]
        told = {d.inbox for d in step.inbox if d.event.name == ConsentWithdrawnNotice.name}
        missed = self.under.get(statement, set()) - {event.source} - told
        assert not missed, f"I6: {missed} hold something under it and were not told"
        held = {slug for item in self.talk.case.of(ItemRecord).values() for slug in (*item.held_by, item.author)}
        assert told <= held, "I6: told to one who holds nothing"


class ChildSeen(Watcher):
    """I7: of every child in a waiting case that nobody is known to see, an alarm is open; of no other child."""

    def __init__(self, talk: Talk) -> None:
        self.sights = Sights()
        self.alarms: dict[str, str] = {}
        super().__init__(talk)

    def after(self, step: Step) -> None:
        for event, entry, to in step.accepted:
            if not event.name.startswith("alerts."):
                self.sights.hear(event, entry, next(fact.also for fact in step.facts if fact.id == event.id))
            elif to:
                self._alarm(body_of(event))
        if step.ticked:
            now, alone = self.talk.now, self.sights
            must = {child for child in alone.children if alone.unseen(child, now)}
            assert must <= set(self.alarms), f"I7: nobody sees {must - set(self.alarms)} and no alarm says so"
            assert set(self.alarms) <= must, f"I7: an alarm for {set(self.alarms) - must}, who is seen or does not wait"

    def _alarm(self, body: Any) -> None:
        if body.code != "NO_OVERSIGHT":
            return
        if isinstance(body, AlertRaised):
            assert body.tier == 3, "I7: an unseen child is the highest tier at once"
            assert body.child is not None, "I7: the alarm is per child"
            assert body.child not in self.alarms, "I7: alarmed twice"
            self.alarms[body.child] = body.alert
        elif isinstance(body, AlertResolved):
            self.alarms.pop(body.child or "", None)


WATCHERS: dict[str, type[Watcher]] = {
    "I1": OneHolder,
    "I2": Founded,
    "I3": RightMoves,
    "I4": OneVerdict,
    "I5": Watched,
    "I6": Withdrawn,
    "I7": ChildSeen,
}
"""By number. I8 is about the whole ledger: test_ledger.py."""
