"""Each obligation of the table as it begins: the shortest story after which it is owed."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from schemas.agreements import Agreements
from schemas.handovers import HandoverKind
from schemas.handovers import HandoverState as S
from schemas.parties import OrganisationKind
from schemas.refusal import Flag
from schemas.service import DeliveryState
from schemas.supports import SupportKind
from schemas.tables.transitions import Effect
from tests.oversight.story import CHILD, GI, KINDS, LT, MONDAY, OTHER, SISTER, VT, Story, handover, plan, uuid

RAAD = "raad-noord"
KINDS[RAAD] = OrganisationKind.RAAD
OTHER_CASE = f"case:{uuid(5)}"
EVERYBODY = (VT, LT, GI, RAAD)
LONG = [plan(every_days=92)]
RAAD_WORKER = {"ref": "r1", "function": "raad-investigator"}
TABLE = {"table": uuid(18)}

BODIES: Mapping[str, dict[str, Any]] = {
    "investigations.received": {"investigation": uuid(17)},
    "investigations.wait_announced": {
        "investigation": uuid(17), "expected_on": "2026-04-20", "family_told_on": "2026-03-02",
    },
    "investigations.started": {"investigation": uuid(17), "investigator": RAAD_WORKER},
    "investigations.concluded": {
        "investigation": uuid(17), "outcome": "NO_FURTHER_STEPS", "placement": "NOT_ASKED",
    },
    "tables.requested": {**TABLE, "children": [CHILD]},
    "tables.invited": {**TABLE, "meets_on": "2026-03-20", "invited": [{"person": "parent-1"}]},
    "tables.decided": {**TABLE, "outcome": "INVESTIGATION", "held_on": "2026-03-02", "chair": "chair-1"},
    "reports.investigation_determined": {"report": uuid(8), "determined_on": "2026-03-02"},
    "reports.investigation_concluded": {"report": uuid(8), "finding": "CONFIRMED"},
    "signals.raised": {"raised_by": "PROFESSIONAL", "family_knows": "NOT_TOLD"},
    "cases.match_asked": {"persons": [{"ref": "parent-1", "role": "PARENT"}]},
}  # fmt: skip
GOAL = {"person": CHILD, "measure": "DAYS_AT_SCHOOL", "id": "a", "priority": 1, "due": "2026-05-29"}
TO_MEASURE = {"kind": HandoverKind.TO_MEASURE, "sender": LT, "receiver": GI}
FROM_MEASURE = {"kind": HandoverKind.FROM_MEASURE, "sender": GI, "receiver": LT, "handover_id": OTHER}
LATER = {"person": "parent-1", "told": False, "unless": "UNREACHABLE", "tell_before": "2026-03-10"}


class Act:
    """Somebody says one message."""

    def __init__(self, name: str, by: str, *change: Any, **more: Any) -> None:
        self.name, self.by, self.change = name, by, change
        self.more = {"to": (), **BODIES.get(name, {}), **more}

    def __call__(self, story: Story) -> Story:
        more = dict(self.more)
        support = more.pop("support_kind", None)
        story.take(
            story.fact(self.name, self.by, story.now, *self.change, **more).model_copy(update={"support": support})
        )
        return story


def begun(*acts: Act, **case: Any) -> Callable[..., Story]:
    """A case in which these are said on a Monday morning; more of the case may be given when it is told."""

    def tell(**more: Any) -> Story:
        story = Story(holders=EVERYBODY, **(case | more))
        for act in acts:
            act(story)
        return story

    return tell


def moved(before: S | None, after: S, *effects: Effect, **more: Any) -> Any:
    return handover(before, after, *effects, **more)


PROPOSED = Act("handovers.proposed", VT, moved(None, S.PROPOSED), to=(LT,), sight=LONG)
EMERGENCY = Act(
    "handovers.emergency_taken_over", LT, moved(None, S.EMERGENCY, Effect.STORY_OWED), to=(VT,), sight=LONG,
    case={"regie": LT},
)  # fmt: skip
REPORTED = Act("reports.registered", VT)
DETERMINED = Act("reports.investigation_determined", VT)
ASKED = Act("investigations.registered", LT, to=(RAAD,), sight=LONG, corv="C-1")
ORDERED = Act("measures.started", GI, moved(None, S.IMPOSED, **TO_MEASURE), case={"duty": (GI,)})
COMPLETED = Act(
    "handovers.consult_held", LT, moved(S.ACCEPTED, S.COMPLETED), to=(VT,), case={"regie": LT},
    decision="TAKE_OVER_WITHOUT_FAMILY",
)  # fmt: skip
RETURNS = Act(
    "handovers.proposed", GI, moved(None, S.PROPOSED, **FROM_MEASURE), to=(LT,), kind="FROM_MEASURE", handover=OTHER
)
LED_BY_TEAM = {"regie": LT, "vt_origin": False}
LED_BY_GI = {"regie": GI, "vt_origin": False}
LEAVES = Act("absences.started", VT, reason="LEAVING")

BEGUN: Mapping[str, Callable[..., Story]] = {
    "FIRST_REACTION": begun(PROPOSED),
    "ANSWER_QUESTION": begun(PROPOSED, Act("handovers.questioned", LT, moved(S.PROPOSED, S.PROPOSED))),
    "WAIT_REVIEW": begun(PROPOSED, Act("handovers.wait_announced", LT, moved(S.PROPOSED, S.WAITING))),
    "WARM_CONTACT": begun(PROPOSED, Act("handovers.accepted", LT, moved(S.PROPOSED, S.ACCEPTED))),
    "FIRST_CONTACT": begun(PROPOSED, Act("handovers.accepted", LT, moved(S.PROPOSED, S.ACCEPTED))),
    "JOINT_CONSULT": begun(Act("handovers.questioned", LT, moved(S.PROPOSED, S.PROPOSED, Effect.CONSULT_OPENED))),
    "HAND_BACK_ANSWER": begun(Act("handovers.handed_back", LT, moved(S.WARM, S.HANDED_BACK))),
    "REROUTE": begun(PROPOSED, Act("handovers.declined", LT, moved(S.PROPOSED, S.DECLINED))),
    "WARM_FOLLOW_UP": begun(EMERGENCY),
    "EMERGENCY_FLAG": begun(EMERGENCY),
    "URGENT_REVIEW": begun(EMERGENCY),
    "STORY_OWED": begun(EMERGENCY),
    "VTO_OWED": begun(
        Act("handovers.consult_held", LT, moved(S.ACCEPTED, S.ACCEPTED, Effect.VTO_OWED), decision="VTO")
    ),
    "RETURN_PROPOSAL": begun(EMERGENCY, Act("handovers.emergency_ended", LT, moved(S.EMERGENCY, S.RETURNING))),
    "SAFETY_ASSESSMENT": begun(COMPLETED),
    "CHILD_SEEN": begun(COMPLETED),
    "MONITORING_CHECK": begun(Act("monitoring.planned", VT)),
    "SIGHT_CHECK": begun(Act("sight.planned", VT)),
    "CASE_UPDATE": begun(Act("cases.opened", VT)),
    "INFORM_LATER": begun(Act("handovers.proposed", VT, moved(None, S.PROPOSED), told=[LATER])),
    "GROUND_REVIEW": begun(Act("dossiers.shared", VT, flags=(Flag.URGENT_GROUND,))),
    "SET_ASIDE_REVIEW": begun(Act("consents.set_aside", VT)),
    "VT_ASSESSMENT": begun(REPORTED),
    "VT_START": begun(REPORTED, Act("reports.assessed", VT, outcome="OWN_INVESTIGATION")),
    "VT_DECISION": begun(REPORTED, DETERMINED),
    "VT_INFORM": begun(REPORTED),
    "REPORTER_FEEDBACK": begun(REPORTED, Act("reports.assessed", VT)),
    "INVESTIGATION_FEEDBACK": begun(REPORTED, DETERMINED, Act("reports.investigation_concluded", VT)),
    "RAAD_RECEIPT": begun(ASKED, **LED_BY_TEAM),
    "RAAD_START": begun(ASKED, **LED_BY_TEAM),
    "RAAD_WAIT_NOTICE": begun(ASKED, **LED_BY_TEAM),
    "RAAD_WAIT": begun(ASKED, Act("investigations.wait_announced", RAAD), **LED_BY_TEAM),
    "RAAD_DECISION": begun(ASKED, Act("investigations.started", RAAD), **LED_BY_TEAM),
    "COLLEGE_NOTICE": begun(Act("investigations.registered", VT, to=(RAAD,), sight=LONG)),
    "CORV_REFERENCE": begun(Act("investigations.registered", VT, to=(RAAD,), sight=LONG)),
    "REQUEST_REVIEW": begun(Act("investigations.registered", VT, to=(RAAD,), sight=LONG, acute_danger=True)),
    "TABLE_INVITATION": begun(Act("tables.requested", LT, to=(RAAD,))),
    "TABLE_DECISION": begun(Act("tables.invited", LT)),
    "TABLE_REQUEST": begun(Act("tables.decided", LT)),
    "TABLE_REVIEW": begun(Act("tables.decided", LT, outcome="AGREEMENTS", review_on="2026-04-15"), **LED_BY_TEAM),
    "GI_ASSIGN": begun(ORDERED, **LED_BY_TEAM),
    "MEASURE_END": begun(ORDERED, **LED_BY_TEAM),
    "SIGNAL_ACK": begun(Act("signals.raised", GI, to=(LT,))),
    "MATCH_ANSWER": begun(Act("cases.match_asked", VT, to=(LT,))),
    "INFORMATION_REPLY": begun(Act("information.requested", GI, to=(LT,))),
    "DSAR": begun(Act("access.requested", LT, to=(VT,))),
    "ERASURE": begun(Act("rights.destruction_asked", LT, to=(VT,))),
    "RIGHT_DECISION": begun(Act("rights.objected", LT, to=(VT,))),
    "UNREADABLE_LETTER": begun(Act("dossiers.rejected", LT, to=(VT,))),
    "UNTRUE_CATEGORY": begun(Act("dossiers.rejected", LT, to=(VT,), reason="CATEGORY_UNTRUE")),
    "STAND_IN_NAMED": begun(Act("absences.started", VT)),
    "LEAD_PERSON_NAMED": begun(LEAVES),
    "STAGNATION_ACTION": begun(Act("stagnations.raised", VT)),
    "STAGNATION_EVALUATION": begun(Act("stagnations.raised", VT)),
    "CONSULT_HELD": begun(Act("consults.requested", VT)),
    "INTENDED_REQUEST": begun(Act("consults.held", LT, topic="KEY_DECISION", request="INTENDED")),
    "SCALE_UP": begun(Act("supports.ended", LT, outcome="STOPPED")),
    "PLAN_REVIEW": begun(Act("assessments.recorded", LT, need_changed=True)),
    "GOAL_REVIEW": begun(Act("handovers.proposed", VT, moved(None, S.PROPOSED), to=(LT,), sight=LONG, goals=[GOAL])),
    "SUPPORT_REVIEW": begun(
        Act("supports.accepted", GI, to=(LT,), support_kind=SupportKind.SPECIALIST_CASE_MANAGEMENT), **LED_BY_TEAM
    ),
    "SUPPORT_WAIT_REVIEW": begun(Act("supports.wait_announced", GI, to=(LT,)), **LED_BY_TEAM),
    "LEAD_END": begun(
        Act("handovers.proposed", LT, moved(None, S.PROPOSED, sender=LT, receiver=GI), end_date="2026-09-01"),
        **LED_BY_TEAM,
    ),
    "PLAN": begun(ORDERED, **LED_BY_TEAM),
    "LOCAL_TEAM_OUT_OF_SIGHT": begun(ORDERED, **LED_BY_TEAM),
    "CONSENT_NEEDED_AT_MEASURE_END": begun(ORDERED, **LED_BY_TEAM),
    "RETURN_HANDOVER": begun(ORDERED, Act("measures.ending", GI, on="2026-05-01"), **LED_BY_GI),
    "RETURN_STALLED": begun(RETURNS, **LED_BY_GI),
    "SPLIT_OPEN": begun(Act("cases.split", VT, case={"splitting": (OTHER_CASE,)}), children=(CHILD, SISTER)),
    "DUAL_REGIE": begun(Act("cases.linked", VT, kind="SAME_FAMILY")),
}
"""By code: where messages alone begin it."""


def _at_a_birthday(**case: Any) -> Story:
    """The child turns twelve, and somebody spoke for it."""
    story = Story(holders=EVERYBODY, **case)
    story.birthdays = {CHILD: date(2026, 3, 20)}
    story.tell("consents.recorded", VT, MONDAY)
    return story


def _on_its_way(**case: Any) -> Story:
    story = Story(holders=EVERYBODY, **case)
    story.stores = False
    story.tell("dossiers.shared", VT, MONDAY, to=(LT,))
    return story


def _missed(**case: Any) -> Story:
    story = _on_its_way(**case)
    (owed,) = story.watch.of("RECEIPT")
    story.became(DeliveryState.MISSING, LT, owed.ref, type="dossiers.shared")
    return story


def _corrected(**case: Any) -> Story:
    story = Story(holders=EVERYBODY, **case)
    story.correct(VT, (LT,), ((VT, LT), (VT, GI)))
    return story


PAIR = Agreements.model_validate({"since": "2026-01-01", "document": "noord", "pair": "ALL"})

_OTHERWISE: Mapping[str, Callable[..., Story]] = {
    "CONSENT_REVIEW": _at_a_birthday,
    "RECEIPT": _on_its_way,
    "RESEND": _missed,
    "CORRECTION_SEND": _corrected,
    "PAIR_NAMED": begun(
        Act("cases.lead_person_changed", LT), regie=LT, regie_kind=OrganisationKind.LOCAL_TEAM, agreed=PAIR
    ),
}
ALL: Mapping[str, Callable[..., Story]] = {**BEGUN, **_OTHERWISE}
"""Every obligation of the table."""
