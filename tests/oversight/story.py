"""A case as oversight hears of it, told in short words: who says what, and how time passes."""

import itertools
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from schemas.body import Phase
from schemas.days import AMSTERDAM
from schemas.handovers import HandoverKind, HandoverState
from schemas.parties import OrganisationKind
from schemas.refusal import Flag
from schemas.service import AlertBody, CaseFact, DeliveryFact, DeliveryState, Fact, FactKind, HandoverFact
from schemas.tables.transitions import Effect
from services.oversight.rules.calendar import Calendar
from services.oversight.rules.case import Obligation, Say, Watch
from services.oversight.rules.follow import apply, fire, follow_delivery, new_watch

VT, LT, GI, SCHOOL, COORDINATION = "vt-noord", "lt-linde", "gi-noord", "school", "coordinatie"
KINDS = {VT: OrganisationKind.VEILIG_THUIS, LT: OrganisationKind.LOCAL_TEAM, GI: OrganisationKind.CERTIFIED_INSTITUTION}
CALENDAR = Calendar()
_ids = itertools.count(1)


def uuid(number: int | None = None) -> str:
    """The number-th id, or a new one."""
    return f"00000000-0000-4000-8000-{number if number is not None else 1000 + next(_ids):012d}"


SUBJECT, HANDOVER, OTHER = f"case:{uuid(1)}", uuid(2), uuid(3)
CHILD, SISTER = "child-1", "child-2"
WORKER = {"ref": "p1", "function": "social-worker", "registration": "SKJ", "competences": ["SAFETY"]}


def at(text: str) -> datetime:
    """`2026-03-02 09:00`, or a day at nine, in the Netherlands."""
    return datetime.fromisoformat(text if " " in text else f"{text} 09:00").replace(tzinfo=AMSTERDAM)


MONDAY = at("2026-03-02")


def plan(child: str = CHILD, every_days: int = 7, until: str | None = None, by: str = "PROFESSIONAL") -> dict[str, Any]:
    """A sight plan for one child."""
    limit = {"until": until} if until else {}
    return {"child": child, "by": [{"kind": by, "function": "worker"}], "every_days": every_days, **limit}


def seen(*children: str) -> list[dict[str, Any]]:
    return [{"child": child, "alone": True} for child in children]


def body(name: str, **fields: Any) -> dict[str, Any]:
    """A body of this type that is valid, with `fields` in it."""
    return {**_LEAST.get(name, {"handover": HANDOVER} if name.startswith("handovers.") else {}), **fields}


_CONTACT = {"met": ["parent-1"], "children_seen": seen(CHILD), "changed": "GIVEN", "confidential_adviser_told": True}
_H = {"handover": HANDOVER}
_LEAST: dict[str, dict[str, Any]] = {
    "cases.opened": {"persons": [{"ref": "parent-1", "role": "PARENT"}], "lead": WORKER},
    "cases.split": {"children": [SISTER], "reason": "SEPARATE_HOMES", "into": f"case:{uuid(5)}"},
    "cases.linked": {"other": f"case:{uuid(5)}", "kind": "SIBLING"},
    "cases.lead_kept": {**_H, "reason": "OTHER"},
    "cases.closed": {"closing": "SELF_RELIANCE"},
    "cases.reopened": {"reason": "NEW_REPORT", "lead": WORKER},
    "cases.lead_person_changed": {
        "to_lead": WORKER, "reason": "LEAVING", "family_asked": False, "introduced_in_person": True,
    },
    "handovers.proposed": {**_H, "reason": "NEGLECT", "phase": "STABLE_SAFETY"},
    "handovers.wait_announced": {**_H, "reason": "CAPACITY", "until": "2026-03-20", "bridging": "NONE", "sight": []},
    "handovers.accepted": {**_H, "professional": WORKER, "first_contact_on": "2026-03-10"},
    "handovers.declined": {**_H, "reason": "NOT_OUR_TASK"},
    "handovers.professional_changed": {
        **_H, "professional": WORKER, "reason": "ILLNESS", "took_part_in_warm_contact": False,
    },
    "handovers.warm_contact_attested": {
        **_H, "held_at": "2026-03-05T09:00:00Z", "channel": "HOME_VISIT", "spoke": ["p1"], "family": ["parent-1"],
    },
    "handovers.story_acknowledged": {**_H, "professional": "p1"},
    "handovers.contact_attempt_failed": {**_H, "at": "2026-03-05T09:00:00Z", "channel": "PHONE"},
    "handovers.consult_held": {**_H, "held_on": "2026-03-05", "decision": "GO_ON", "adviser": "NONE"},
    "handovers.first_contact_held": {
        **_H, "held_at": "2026-03-05T09:00:00Z", "channel": "HOME_VISIT", "contact": _CONTACT,
    },
    "handovers.handed_back": {**_H, "reason": "NO_CONTACT", "attempts": 3},
    "handovers.hand_back_answered": {**_H, "answer": "DISPUTED"},
    "handovers.cancelled": {**_H, "reason": "OTHER"},
    "handovers.emergency_taken_over": {**_H, "danger": "VIOLENCE", "on_duty": WORKER, "sight": []},
    "handovers.urgent_reviewed": {**_H, "outcome": "JUSTIFIED"},
    "handovers.emergency_ended": {**_H, "finding": "OVER"},
    "measures.started": {
        "measure": uuid(7), "kind": "OTS", "child": CHILD, "order": "C/1", "since": "2026-03-01", "until": "2027-03-01",
        **_H,
    },
    "measures.transferred": {
        "measure": uuid(7), "order": "C/2", "from_institution": GI, "on": "2026-03-01", **_H,
    },
    "measures.worker_assigned": {"measure": uuid(7), "worker": WORKER, "contact_held_at": "2026-03-04T09:00:00Z"},
    "measures.ended": {"measure": uuid(7), "on": "2026-03-04", "reason": "COURT"},
    "measures.ending": {"measure": uuid(7), "on": "2026-03-04"},
    "dossiers.shared": dict(_H),
    "reports.registered": {
        "report": uuid(8), "received_at": "2026-03-02T08:00:00Z", "reporter": "POLICE", "children": [CHILD],
    },
    "reports.assessed": {"report": uuid(8), "phase": "STABLE_SAFETY", "outcome": "HANDOVER"},
    "reports.person_informed": {"report": uuid(8), "person": "parent-1"},
    "reports.reporter_informed": {"report": uuid(8), "after": "ASSESSMENT"},
    "reports.ended": {"report": uuid(8), "outcome": "HANDOVER"},
    "sight.planned": {"plans": [plan()]},
    "sight.confirmed": {
        "seen_at": "2026-03-05T09:00:00Z", "by": {"kind": "PROFESSIONAL", "function": "worker"},
        "channel": "HOME_VISIT", "children": seen(CHILD),
    },
    "assessments.recorded": {
        "assessment": uuid(9), "children": [CHILD], "kind": "SAFETY", "instrument": "ARIJ", "made_on": "2026-03-05",
        "information_base": ["PARENT", "PROFESSIONAL"], "phase": "STABLE_SAFETY",
    },
    "monitoring.planned": {"plan": uuid(10), "children": [CHILD], "by": LT, "dates": ["2026-06-01", "2026-12-01"]},
    "monitoring.checked": {
        "plan": uuid(10), "planned_for": "2026-06-01",
        "risks": [{"child": CHILD, "risk": "violence", "baseline": "HIGH", "now": "LOW"}],
    },
    "reviews.recorded": {"message": uuid(13), "outcome": "JUSTIFIED"},
    "supports.requested": {"support": uuid(11), "kind": "SIDE_CARE", "task": "therapy"},
    "supports.accepted": {"support": uuid(11), "professional": WORKER, "start": "2026-03-02"},
    "supports.reviewed": {"support": uuid(11), "reviewed_on": "2026-05-01", "outcome": "GO_ON"},
    "supports.ended": {"support": uuid(11), "outcome": "RETURNED"},
    "supports.wait_announced": {
        "support": uuid(11), "reason": "CAPACITY", "until": "2026-03-20", "bridging": "LOCAL_TEAM",
    },
    "supports.declined": {"support": uuid(11), "reason": "NOT_OUR_TASK"},
    "consents.recorded": {
        "statement": uuid(12), "about": CHILD, "given_by": "parent-1", "decision": "GRANTED", "scope": {},
        "how_asked": "IN_PERSON",
    },
    "consents.withdrawn": {"statement": uuid(12)},
    "consents.set_aside": {
        "statement": uuid(14), "about": CHILD, "holder": "parent-2", "scope": {"categories": ["SAFETY"]},
        "reason": "DANGER_ON_ASKING", "review_on": "2026-03-20",
    },
    "information.requested": {
        "request": uuid(40), "about": [CHILD], "categories": ["EDUCATION"], "ground": "G4", "until": "2026-03-20",
    },
    "information.provided": {"request": uuid(40)},
    "information.declined": {"request": uuid(40)},
    "access.requested": {"request": uuid(40), "person": "parent-1", "about": CHILD},
    "access.answered": {"request": uuid(40)},
    "rights.correction_asked": {"request": uuid(40), "person": "parent-1", "about": CHILD},
    "rights.destruction_asked": {"request": uuid(40), "person": "parent-1", "about": CHILD, "law": "YOUTH_ACT"},
    "rights.objected": {"request": uuid(40), "person": "parent-1", "about": CHILD, "against": "JOINT_SUPPORT"},
    "rights.decided": {"request": uuid(40), "decision": "GRANTED", "complaint_told": True},
    "investigations.registered": {"investigation": uuid(17), "children": [CHILD], "sight": [plan()]},
    "dossiers.corrected": {"item": uuid(16), "reason": "WRONG_FACT"},
    "absences.started": {
        "absence": uuid(18), "professional": "p1", "since": "2026-03-02", "reason": "ILLNESS",
    },
    "absences.ended": {"absence": uuid(18)},
    "stagnations.raised": {
        "stagnation": uuid(19), "kind": "NO_PROGRESS", "owner": LT, "action": "mapping-session",
        "act_before": "2026-03-10", "evaluate_on": "2026-04-10",
    },
    "stagnations.actioned": {"stagnation": uuid(19), "action": "mapping-session"},
    "stagnations.resolved": {"stagnation": uuid(19), "result": "MOVING_AGAIN"},
    "consults.requested": {"consult": uuid(20), "topic": "STAGNATION", "invited": [LT], "before": "2026-03-06"},
    "consults.held": {
        "consult": uuid(20), "topic": "STAGNATION", "held_on": "2026-03-05", "took_part": [LT, VT], "adviser": "NONE",
        "decision": "go-on",
    },
    "dossiers.rejected": {"message": uuid(15), "item": uuid(16), "reason": "CANNOT_OPEN"},
}  # fmt: skip


def handover(
    before: HandoverState | None,
    after: HandoverState,
    *effects: Effect,
    kind: HandoverKind = HandoverKind.REGIE,
    sender: str = VT,
    receiver: str = LT,
    handover_id: str = HANDOVER,
    returns: str | None = None,
) -> HandoverFact:
    """What became of a handover."""
    return HandoverFact(
        id=handover_id,
        kind=kind,
        before=before,
        after=after,
        sender=sender,
        receiver=receiver,
        returns=returns,
        effects=effects,
    )


class Story:
    """One case from Veilig Thuis with one child, unless told otherwise. `said` gathers every alert message."""

    def __init__(self, **case: Any) -> None:
        self.case = CaseFact.model_validate(
            {
                "open": True,
                "regie": VT,
                "regie_kind": OrganisationKind.VEILIG_THUIS,
                "coordination": COORDINATION,
                "phase": Phase.STABLE_SAFETY,
                "vt_origin": True,
                "children": (CHILD,),
                "holders": (VT, LT),
                **case,
            }
        )
        self.watch: Watch = new_watch(SUBJECT)
        self.said: list[Say] = []
        self.now = MONDAY
        self.birthdays: dict[str, Any] = {}
        self.stores = True  # each recipient stores at once what it gets

    def fact(
        self, name: str, by: str, when: datetime, change: HandoverFact | None = None, *,
        also: Iterable[HandoverFact] = (), to: tuple[str, ...] = (), flags: tuple[Flag, ...] = (),
        case: dict[str, Any] | None = None, automatic: bool = False, items: tuple[str, ...] = (), **fields: Any,
    ) -> Fact:  # fmt: skip
        self.case = self.case.model_copy(update=case or {})
        return Fact(
            kind=FactKind.MESSAGE, at=when, id=uuid(), subject=SUBJECT, type=name, actor=by, actor_kind=KINDS.get(by),
            by=None if automatic else "p1", to=to, body=body(name, **fields), case=self.case, handover=change,
            also=tuple(also), flags=flags, items=items, birthdays=self.birthdays,
        )  # fmt: skip

    def tell(self, name: str, by: str, when: datetime | None = None, *change: HandoverFact, **more: Any) -> list[Say]:
        """Somebody says something; the alerts that this causes or resolves."""
        self.now = max(self.now, when or self.now)
        return self.take(self.fact(name, by, self.now, *change, **more))

    def take(self, fact: Fact) -> list[Say]:
        """A fact reaches oversight."""
        self.now = max(self.now, fact.at)
        self.watch, said = apply(fact, self.watch, CALENDAR)
        self.said += said
        if self.stores:
            for recipient in fact.to:
                said = (*said, *self.became(DeliveryState.STORED, recipient, fact.id, sender=fact.actor or ""))
        return list(said)

    def correct(self, who: str, to: tuple[str, ...], left: tuple[tuple[str, str], ...]) -> list[Say]:
        """An item is corrected; `left`: from whom to whom it still has to go."""
        fact = self.fact("dossiers.corrected", who, self.now, to=to)
        return self.take(fact.model_copy(update={"to_correct": left}))

    def became(
        self, state: DeliveryState, recipient: str, *messages: str, when: datetime | None = None, sender: str = VT,
        **more: Any,
    ) -> list[Say]:  # fmt: skip
        """What became of messages on their way to one recipient."""
        self.now = max(self.now, when or self.now)
        told = DeliveryFact(state=state, sender=sender, recipient=recipient, messages=messages, **more)
        fact = Fact(kind=FactKind.DELIVERY, at=self.now, id=uuid(), subject=SUBJECT, actor=sender, delivery=told)
        self.watch, said = follow_delivery(fact, self.watch, CALENDAR)
        self.said += said
        return list(said)

    def wait(self, until: datetime | timedelta) -> list[Say]:
        """Time passes; the alerts that this causes."""
        self.now = self.now + until if isinstance(until, timedelta) else until
        self.watch, said = fire(self.watch, self.now, CALENDAR)
        self.said += said
        return list(said)

    def propose(self, when: datetime = MONDAY, **more: Any) -> list[Say]:
        """Veilig Thuis offers the case to the local team, and sees the child meanwhile."""
        fields = {"sight": [plan(child, 92) for child in self.case.children], **more}
        return self.tell("handovers.proposed", VT, when, handover(None, HandoverState.PROPOSED), to=(LT,), **fields)

    def accept(self, when: datetime = MONDAY, **more: Any) -> list[Say]:
        change = handover(HandoverState.PROPOSED, HandoverState.ACCEPTED)
        return self.tell("handovers.accepted", LT, when, change, to=(VT,), **more)

    def acknowledge(self, alert: str, by: str, when: datetime, until: str) -> list[Say]:
        return self.tell("alerts.acknowledged", by, when, alert=alert, reason="IN_HAND", until=until)

    def owed(self, code: str) -> Obligation:
        """The one open obligation of a row."""
        (found,) = self.watch.of(code)
        return found

    @property
    def codes(self) -> set[str]:
        """The rows of which something is open."""
        return {owed.code for owed in self.watch.owed.values()}


def heard(said: Iterable[Say]) -> list[tuple[str, str, int | None, set[str]]]:
    """What was said, in short: raised, escalated or resolved; code; tier; to whom."""
    return [(say.body.name.removeprefix("alerts."), say.body.code, say.tier, set(say.to)) for say in said]


def alert_body(say: Say) -> AlertBody:
    assert isinstance(say.body, AlertBody)
    return say.body


def local(moment: datetime) -> str:
    return moment.astimezone(AMSTERDAM).strftime("%Y-%m-%d %H:%M:%S")
