"""Conditions of the rows about the help itself (schemas/tables/obligations_of_help.py), one function each."""

from schemas.absences import AbsenceStarted
from schemas.agreements import PairFor
from schemas.care import AssessmentRecorded
from schemas.handovers import HandoverKind, HandoverProposed, HandoverState
from schemas.manifest import Category
from schemas.parties import OrganisationKind
from schemas.stagnations import JointConsultHeld
from schemas.supports import SupportEnded, SupportKind, SupportReviewed
from schemas.tables.obligation_row import Per, When
from services.oversight.rules.case import Obligation, Watch
from services.oversight.rules.conditions import Event, condition

FIELDS: dict[Per, str] = {
    Per.ABSENCE: "absence",
    Per.STAGNATION: "stagnation",
    Per.CONSULT: "consult",
    Per.SUPPORT: "support",
}
"""The field of a message that says which one it is about."""


@condition(When.ABOUT_THIS)
def _about_this(event: Event, owed: Obligation | None) -> bool:
    return owed is not None and _ref(event, owed) == owed.ref


def _ref(event: Event, owed: Obligation) -> str | None:
    return getattr(event.body, FIELDS.get(owed.row.per, "support"), None)


@condition(When.NO_STAND_IN)
def _no_stand_in(event: Event, owed: Obligation | None) -> bool:
    return isinstance(event.body, AbsenceStarted) and event.body.stand_in is None


@condition(When.STAND_IN_GIVEN)
def _stand_in_given(event: Event, owed: Obligation | None) -> bool:
    body = event.body
    return isinstance(body, AbsenceStarted) and body.stand_in is not None and _about_this(event, owed)


@condition(When.LEAVES)
def _leaves(event: Event, owed: Obligation | None) -> bool:
    return isinstance(event.body, AbsenceStarted) and event.body.reason == "LEAVING"


@condition(When.SPECIALIST)
def _specialist(event: Event, owed: Obligation | None) -> bool:
    return event.fact.support is SupportKind.SPECIALIST_CASE_MANAGEMENT


@condition(When.MARK_REVIEWED)
def _mark_reviewed(event: Event, owed: Obligation | None) -> bool:
    near = owed is not None and event.fact.at >= owed.opens_at
    return near and isinstance(event.body, SupportReviewed) and _about_this(event, owed)


@condition(When.RETURN_OWED)
def _return_owed(event: Event, owed: Obligation | None) -> bool:
    runs = any(handover.type is HandoverKind.FROM_MEASURE for handover in event.watch.open_handovers)
    return event.fact.actor == event.watch.head.regie and not runs


@condition(When.RETURN_PROPOSED)
def _return_proposed(event: Event, owed: Obligation | None) -> bool:
    by_them = owed is not None and event.fact.actor in owed.responsible
    return by_them and isinstance(event.body, HandoverProposed) and event.body.kind is HandoverKind.FROM_MEASURE


@condition(When.FROM_MEASURE)
def _from_measure(event: Event, owed: Obligation | None) -> bool:
    return event.fact.handover is not None and event.fact.handover.kind is HandoverKind.FROM_MEASURE


TAKEN = frozenset({HandoverState.ACCEPTED, HandoverState.WARM, HandoverState.COMPLETED})


@condition(When.RETURN_TAKEN)
def _return_taken(event: Event, owed: Obligation | None) -> bool:
    return any(change.kind is HandoverKind.FROM_MEASURE and change.after in TAKEN for change in event.changes)


@condition(When.FOR_A_TIME)
def _for_a_time(event: Event, owed: Obligation | None) -> bool:
    body = event.body
    return isinstance(body, HandoverProposed) and body.kind is HandoverKind.REGIE and body.end_date is not None


@condition(When.PLAN_SENT)
def _plan_sent(event: Event, owed: Obligation | None) -> bool:
    return owed is not None and event.fact.actor in owed.responsible and Category.PLAN in event.fact.categories


@condition(When.DUTY_TELLS)
def _duty_tells(event: Event, owed: Obligation | None) -> bool:
    """A word of a professional that reaches the other side; what a machine sends by itself tells nobody anything."""
    head, fact = event.watch.head, event.fact
    if fact.by is None or fact.actor not in head.duty:
        return False
    return head.regie in fact.to if head.regie != fact.actor else bool(fact.to)


@condition(When.NO_DUTY)
def _no_duty(event: Event, owed: Obligation | None) -> bool:
    return not event.watch.head.duty and event.fact.type == "measures.ended"


@condition(When.INTENDS_REQUEST)
def _intends_request(event: Event, owed: Obligation | None) -> bool:
    return isinstance(event.body, JointConsultHeld) and event.body.request == "INTENDED"


@condition(When.DROPS_REQUEST)
def _drops_request(event: Event, owed: Obligation | None) -> bool:
    return isinstance(event.body, JointConsultHeld) and event.body.request == "DROPPED"


@condition(When.HELP_FAILED)
def _help_failed(event: Event, owed: Obligation | None) -> bool:
    body = event.body
    stopped = isinstance(body, SupportEnded) and body.outcome == "STOPPED"
    return stopped or (isinstance(body, SupportReviewed) and body.outcome == "SCALE_UP")


@condition(When.NEED_CHANGED)
def _need_changed(event: Event, owed: Obligation | None) -> bool:
    return isinstance(event.body, AssessmentRecorded | SupportReviewed) and event.body.need_changed


@condition(When.PLAN_TALKED_OVER)
def _plan_talked_over(event: Event, owed: Obligation | None) -> bool:
    return isinstance(event.body, JointConsultHeld) and event.body.topic == "PLAN_REVIEW"


@condition(When.HAS_GOALS)
def _has_goals(event: Event, owed: Obligation | None) -> bool:
    return isinstance(event.body, HandoverProposed) and bool(event.body.goals)


@condition(When.PAIR_LACKS)
def _pair_lacks(event: Event, owed: Obligation | None) -> bool:
    return _pair_owed(event.watch) and not event.watch.head.paired


@condition(When.PAIRED)
def _is_paired(event: Event, owed: Obligation | None) -> bool:
    return event.watch.head.paired


@condition(When.NO_PAIR_OWED)
def _no_pair_owed(event: Event, owed: Obligation | None) -> bool:
    return not _pair_owed(event.watch)


def _pair_owed(watch: Watch) -> bool:
    """Of a case that a local team leads (D#187)."""
    head = watch.head
    asked = head.agreed.pair if head.agreed else None
    sort = {PairFor.VT_ORIGIN: head.vt_origin, PairFor.DIRECT_SAFETY: watch.direct, PairFor.ALL: True}
    return asked is not None and sort[asked] and head.regie_kind is OrganisationKind.LOCAL_TEAM
