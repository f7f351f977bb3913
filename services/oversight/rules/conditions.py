"""When a row of the obligation table opens or closes: the table's conditions as functions, one each."""

from collections.abc import Callable
from dataclasses import dataclass

from schemas.body import Body, WatcherKind
from schemas.care import (
    AssessmentRecorded,
    DossierRejected,
    DossierShared,
    MeasureEnded,
    MeasureEnding,
    MeasureStarted,
    MonitoringChecked,
    MonitoringPlanned,
    PersonInformed,
    ReportAssessed,
    ReportEnded,
    ReporterInformed,
    ReportOutcome,
    ReviewRecorded,
    SightConfirmed,
    WorkerAssigned,
)
from schemas.cases import LeadKept
from schemas.consents import ConsentRecorded, ConsentSetAside, ConsentWithdrawn
from schemas.corrections import DossierCorrected
from schemas.handovers import FirstContactHeld, HandoverProposed, WarmContactAttested
from schemas.person import PersonRef
from schemas.refusal import Flag
from schemas.service import DeliveryFact, DeliveryState, Fact, HandoverFact
from schemas.tables.messages import BY_NAME, Audience
from schemas.tables.obligation_row import On, When
from services.oversight.rules.case import Head, Obligation, Watch


@dataclass(frozen=True, slots=True)
class Event:
    """One accepted message: the fact, its body, the case before it, and the watch that shows the case after it."""

    fact: Fact
    body: Body
    before: Head
    watch: Watch

    @property
    def changes(self) -> tuple[HandoverFact, ...]:
        """What became of handovers, that of the message itself first."""
        return ((self.fact.handover,) if self.fact.handover else ()) + self.fact.also

    def change_of(self, owed: Obligation) -> HandoverFact | None:
        """What became of the handover an obligation belongs to."""
        return next((change for change in self.changes if change.id == owed.handover), None)


Condition = Callable[[Event, Obligation | None], bool]
CONDITIONS: dict[When, Condition] = {}


def opens(on: On, event: Event, change: HandoverFact | None) -> bool:
    """Whether this event is `on`, for a handover when `change` is given."""
    return _holds(on, event, change) and (on.when is None or CONDITIONS[on.when](event, None))


def closes(on: On, event: Event, owed: Obligation) -> bool:
    """Whether this event is `on` for an obligation. A bare message about a handover closes what belongs to that one."""
    change = event.change_of(owed)
    bare = on.message is not None and on.when is None
    if bare and owed.handover is not None and (change is None or change is not event.fact.handover):
        return False
    return _holds(on, event, change) and (on.when is None or CONDITIONS[on.when](event, owed))


def _holds(on: On, event: Event, change: HandoverFact | None) -> bool:
    if on.message is not None and on.message != event.fact.type:
        return False
    if on.enters is None and on.leaves is None and on.effect is None:
        return True
    if change is None:
        return False
    moved = change.before is not change.after
    return (
        (on.enters is None or (moved and change.after is on.enters))
        and (on.leaves is None or (moved and change.before is on.leaves))
        and (on.effect is None or on.effect in change.effects)
    )


def children_seen(event: Event) -> tuple[PersonRef, ...]:
    """The children this message says were seen. A parent's word alone is no sight (TSD 2017 §2.3)."""
    body = event.body
    if isinstance(body, SightConfirmed) and body.by.kind is not WatcherKind.PARENT:
        return tuple(seen.child for seen in body.children)
    if isinstance(body, FirstContactHeld):
        return tuple(seen.child for seen in body.contact.children_seen)
    if isinstance(body, WarmContactAttested) and body.first_contact is not None:
        return tuple(seen.child for seen in body.first_contact.children_seen)
    return ()


def condition(when: When) -> Callable[[Condition], Condition]:
    """Makes a function the condition of this name."""

    def register(function: Condition) -> Condition:
        CONDITIONS[when] = function
        return function

    return register


@condition(When.VT_ORIGIN)
def _vt_origin(event: Event, owed: Obligation | None) -> bool:
    return event.watch.head.vt_origin


@condition(When.BY_RESPONSIBLE)
def _by_responsible(event: Event, owed: Obligation | None) -> bool:
    return owed is not None and event.fact.actor in owed.responsible


@condition(When.BY_HOLDER)
def _by_holder(event: Event, owed: Obligation | None) -> bool:
    """Said by a professional of the regie holder: what a machine sends by itself is no update. While another carries
    out a measure, only what reaches it counts (D#25).
    """
    head, fact = event.watch.head, event.fact
    apart = bool(head.duty) and head.regie not in head.duty
    heard = not apart or any(slug in fact.to for slug in head.duty)
    return fact.by is not None and fact.actor == head.regie and heard


@condition(When.THIS_HANDOVER)
def _this_handover(event: Event, owed: Obligation | None) -> bool:
    body = event.body
    return owed is not None and isinstance(body, LeadKept) and body.handover == owed.handover


@condition(When.THIS_REPORT)
def _this_report(event: Event, owed: Obligation | None) -> bool:
    body = event.body
    if not isinstance(body, ReportAssessed | PersonInformed | ReportEnded):
        return False
    return owed is None or body.report == owed.ref


@condition(When.THIS_MEASURE)
def _this_measure(event: Event, owed: Obligation | None) -> bool:
    body = event.body
    return owed is not None and isinstance(body, MeasureEnding | MeasureEnded) and body.measure == owed.ref


@condition(When.THIS_CHILD_ASSESSED)
def _this_child_assessed(event: Event, owed: Obligation | None) -> bool:
    body = event.body
    return (
        _safety_assessed(event, owed)
        and owed is not None
        and isinstance(body, AssessmentRecorded)
        and owed.child in body.children
    )


@condition(When.SAFETY_ASSESSED_BY_RESPONSIBLE)
def _safety_assessed(event: Event, owed: Obligation | None) -> bool:
    body = event.body
    return isinstance(body, AssessmentRecorded) and body.kind == "SAFETY" and _by_responsible(event, owed)


@condition(When.THIS_CHILD_SEEN)
def _this_child_seen(event: Event, owed: Obligation | None) -> bool:
    return owed is not None and owed.child in children_seen(event)


@condition(When.THIS_DATE)
def _this_date(event: Event, owed: Obligation | None) -> bool:
    body = event.body
    if owed is None or not isinstance(body, MonitoringChecked):
        return False
    return (body.plan, body.planned_for) == (owed.ref, owed.day)


@condition(When.DATE_DROPPED)
def _date_dropped(event: Event, owed: Obligation | None) -> bool:
    body = event.body
    if owed is None or not isinstance(body, MonitoringPlanned):
        return False
    return body.plan == owed.ref and owed.day not in body.dates


@condition(When.THIS_PERSON)
def _this_person(event: Event, owed: Obligation | None) -> bool:
    return owed is not None and isinstance(event.body, PersonInformed) and event.body.person == owed.child


@condition(When.PERSON_TOLD)
def _person_told(event: Event, owed: Obligation | None) -> bool:
    body = event.body
    if owed is None or not isinstance(body, HandoverProposed):
        return False
    return any(entry.person == owed.child and entry.told for entry in body.told)


@condition(When.SAME_CHILD)
def _same_child(event: Event, owed: Obligation | None) -> bool:
    body = event.body
    if owed is None or not isinstance(body, MeasureStarted):
        return False
    return body.child == owed.child and body.measure != owed.ref


@condition(When.ABOUT_PERSON)
def _about_person(event: Event, owed: Obligation | None) -> bool:
    if owed is None or event.fact.at < owed.opens_at:
        return False
    body = event.body
    if isinstance(body, ConsentWithdrawn):
        return event.watch.head.statements.get(body.statement) == owed.child
    return isinstance(body, ConsentRecorded) and body.about == owed.child


@condition(When.RETURNS_THIS)
def _returns_this(event: Event, owed: Obligation | None) -> bool:
    change = event.fact.handover
    return owed is not None and change is not None and change.returns is not None and change.returns == owed.handover


@condition(When.LEAD_LOST)
def _lead_lost(event: Event, owed: Obligation | None) -> bool:
    return owed is not None and _regie_moved(event, None) and event.before.regie in owed.responsible


@condition(When.REGIE_MOVED)
def _regie_moved(event: Event, owed: Obligation | None) -> bool:
    return event.before.regie != event.watch.head.regie


@condition(When.INVESTIGATES)
def _investigates(event: Event, owed: Obligation | None) -> bool:
    return isinstance(event.body, ReportAssessed) and event.body.outcome is ReportOutcome.OWN_INVESTIGATION


@condition(When.INVESTIGATED)
def _investigated(event: Event, owed: Obligation | None) -> bool:
    body = event.body
    report = event.watch.reports.get(body.report) if isinstance(body, ReportEnded) else None
    return report is not None and report.investigated and not report.concluded


@condition(When.AFTER_ASSESSMENT)
def _after_assessment(event: Event, owed: Obligation | None) -> bool:
    return _reporter_informed(event, owed, "ASSESSMENT")


@condition(When.AFTER_INVESTIGATION)
def _after_investigation(event: Event, owed: Obligation | None) -> bool:
    return _reporter_informed(event, owed, "INVESTIGATION")


def _reporter_informed(event: Event, owed: Obligation | None, after: str) -> bool:
    body = event.body
    if owed is None or not isinstance(body, ReporterInformed):
        return False
    return (body.report, body.after) == (owed.ref, after)


@condition(When.CONTACT_HELD)
def _contact_held(event: Event, owed: Obligation | None) -> bool:
    body = event.body
    if owed is None or not isinstance(body, WorkerAssigned):
        return False
    return body.measure == owed.ref and body.contact_held_at is not None


@condition(When.URGENT_GROUND)
def _urgent_ground(event: Event, owed: Obligation | None) -> bool:
    return Flag.URGENT_GROUND in event.fact.flags


@condition(When.DELIVERED)
def _delivered(event: Event, owed: Obligation | None) -> bool:
    """What machines say to machines is not confirmed (alerts), nor what reached nobody."""
    if isinstance(event.body, DeliveryFact):
        return event.body.state is DeliveryState.SENT_AGAIN
    row = BY_NAME.get(event.fact.type or "")
    return row is not None and row.audience is not Audience.ANYONE


@condition(When.MISSING)
def _missing(event: Event, owed: Obligation | None) -> bool:
    return isinstance(event.body, DeliveryFact) and event.body.state is DeliveryState.MISSING


@condition(When.STORED)
def _stored(event: Event, owed: Obligation | None) -> bool:
    return _became(event, owed, DeliveryState.STORED)


@condition(When.MISSED)
def _missed(event: Event, owed: Obligation | None) -> bool:
    return _became(event, owed, DeliveryState.MISSING, DeliveryState.LOST)


@condition(When.SENT_AGAIN)
def _sent_again(event: Event, owed: Obligation | None) -> bool:
    return _became(event, owed, DeliveryState.SENT_AGAIN)


def _became(event: Event, owed: Obligation | None, *states: DeliveryState) -> bool:
    """Whether this became of the delivery of an obligation: the same message, at the same recipient."""
    body = event.body
    if owed is None or not isinstance(body, DeliveryFact):
        return False
    return body.state in states and owed.ref in body.messages and owed.to == body.recipient


@condition(When.SAID_ANEW)
def _said_anew(event: Event, owed: Obligation | None) -> bool:
    if owed is None or event.fact.actor not in owed.responsible or owed.to not in event.fact.to:
        return False
    return event.fact.type in (owed.what, DossierShared.name) and event.fact.id != owed.ref


@condition(When.UNREADABLE)
def _unreadable(event: Event, owed: Obligation | None) -> bool:
    return isinstance(event.body, DossierRejected) and event.body.reason != "CATEGORY_UNTRUE"


@condition(When.UNTRUE)
def _untrue(event: Event, owed: Obligation | None) -> bool:
    return isinstance(event.body, DossierRejected) and event.body.reason == "CATEGORY_UNTRUE"


@condition(When.ITEM_SENT)
def _item_sent(event: Event, owed: Obligation | None) -> bool:
    """A whole letter that was rejected is mended by sharing what was in it."""
    if owed is None or not _to_who_rejected(event, owed):
        return False
    return owed.ref in event.fact.items or (owed.what is not None and event.fact.type == DossierShared.name)


@condition(When.SHARED_ANEW)
def _shared_anew(event: Event, owed: Obligation | None) -> bool:
    return owed is not None and event.fact.type == DossierShared.name and _to_who_rejected(event, owed)


def _to_who_rejected(event: Event, owed: Obligation) -> bool:
    return event.fact.actor in owed.responsible and set(owed.watcher) <= set(event.fact.to)


@condition(When.CORRECTED_THERE)
def _corrected_there(event: Event, owed: Obligation | None) -> bool:
    body = event.body
    return (
        owed is not None and isinstance(body, DossierCorrected) and body.item == owed.ref and owed.to in event.fact.to
    )


@condition(When.STATEMENT_OVER)
def _statement_over(event: Event, owed: Obligation | None) -> bool:
    body = event.body
    if owed is None:
        return False
    if isinstance(body, ConsentSetAside):
        return (body.about, body.holder) == (owed.child, owed.what) and body.statement != owed.ref
    return isinstance(body, ConsentWithdrawn) and body.statement == owed.ref


@condition(When.CHARGED)
def _charged(event: Event, owed: Obligation | None) -> bool:
    return isinstance(event.body, MeasureStarted)


@condition(When.HOLDER_SPOKE)
def _holder_spoke(event: Event, owed: Obligation | None) -> bool:
    body = event.body
    return (
        owed is not None
        and isinstance(body, ConsentRecorded)
        and (body.about, body.given_by) == (owed.child, owed.what)
    )


@condition(When.SHOWS_REVIEW)
def _shows_review(event: Event, owed: Obligation | None) -> bool:
    return owed is not None and isinstance(event.body, ReviewRecorded) and event.body.message == owed.cause


@condition(When.THIS_REQUEST)
def _this_request(event: Event, owed: Obligation | None) -> bool:
    """Answered whole: a part with more to come leaves it owed."""
    named = owed is not None and getattr(event.body, "request", None) == owed.ref
    return named and bool(getattr(event.body, "complete", True))
