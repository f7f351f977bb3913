"""Walks `schemas/tables/grounds.py`: does a ground carry this section about this person to this recipient today?"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from schemas.base import Slug
from schemas.care import MeasureKind
from schemas.handovers import HandoverState
from schemas.information import InformationRequested
from schemas.manifest import Basis, Purpose, Section
from schemas.parties import OrganisationKind, Party
from schemas.person import Person, PersonRef, Role
from schemas.refusal import Refusal
from schemas.tables.grounds import ASKS, GROUNDS, Ground, Weighed
from services.gate.rules.case import Case, Context
from services.gate.rules.case_records import (
    HandoverRecord,
    MeasureRecord,
    ReportRecord,
    SupportRecord,
)
from services.gate.rules.investigation_record import InvestigationRecord

FIVE = 5
"""The questions of the conflict of duties: a weighty interest, no other way, why no consent, does it outweigh, what to
whom.
"""

LENDS_ITS_POWERS = frozenset(
    {OrganisationKind.VEILIG_THUIS, OrganisationKind.RAAD, OrganisationKind.CERTIFIED_INSTITUTION}
)
"""Under whom a regional safety team may act; grounds then look at that organisation (§1 of the protocol reference)."""


def office(ctx: Context) -> OrganisationKind:
    """As what the sender acts. Only a regional safety team acts under the powers of another."""
    under = ctx.event.data.acting_under
    lent = ctx.sender.kind is OrganisationKind.REGIONAL_SAFETY_TEAM and under in LENDS_ITS_POWERS
    return under if lent and under else ctx.sender.kind


@dataclass(frozen=True, slots=True)
class Sharing:
    """One section about one person on its way to one recipient."""

    ctx: Context
    section: Section
    person: Person
    recipient: Party
    purpose: Purpose

    @property
    def basis(self) -> Basis | None:
        """What the sender states for this person."""
        return next((basis for basis in self.section.bases if basis.person == self.person.ref), None)


@dataclass(frozen=True, slots=True)
class Failed:
    """Why a ground does not carry: the code, and what lacks."""

    code: Refusal
    missing: tuple[str, ...] = ()


def judge_ground(ground: Ground, share: Sharing) -> Failed | None:
    """None when the ground carries this section about this person."""
    return _direction(ground, share) or _terms(ground, share) or _weighing(ground, share)


def fitting(share: Sharing) -> tuple[str, ...]:
    """The grounds that would carry it, once weighed where they ask so. The last resort stands last."""
    return tuple(
        ground.code for ground in GROUNDS if _direction(ground, share) is None and _terms(ground, share) is None
    )


def urgent(basis: Basis, ground: Ground) -> bool:
    """Shared in haste under a ground whose answers follow later."""
    return ground.weighed is Weighed.FIVE_QUESTIONS and bool(basis.weighing and basis.weighing.urgent)


def _direction(ground: Ground, share: Sharing) -> Failed | None:
    recipient = share.recipient
    external = not recipient.external or not ground.externals or recipient.external in ground.externals
    if office(share.ctx) in ground.senders and recipient.kind in ground.recipients and external:
        return None
    return Failed(Refusal.BASIS_WRONG_DIRECTION)


def _terms(ground: Ground, share: Sharing) -> Failed | None:
    if share.purpose not in ground.purposes:
        return Failed(Refusal.NO_BASIS, ("purpose",))
    if share.section.category in ground.never:
        return Failed(Refusal.NO_BASIS, ("category",))
    return CONDITIONS[ground.condition](share) or PERSONS[ground.persons](share)


def _weighing(ground: Ground, share: Sharing) -> Failed | None:
    weighing = share.basis.weighing if share.basis else None
    if ground.weighed is Weighed.NOTHING:
        return None
    lacks: list[str] = []
    if ground.weighed is Weighed.ACCOUNT or (weighing and weighing.urgent):
        if weighing is None or weighing.account is None:
            lacks.append("weighing.account")
    else:
        by, second = share.ctx.event.data.by, share.ctx.event.data.second
        if weighing is None or len(weighing.answers) < FIVE or not all(weighing.answers):
            lacks.append("weighing.answers")
        if by is None or second is None or by.ref == second.ref:
            lacks.append("second")
    return Failed(Refusal.BASIS_NEEDS_WEIGHING, tuple(lacks)) if lacks else None


# Conditions of the table, by the names its rows use


def always(_: Sharing) -> Failed | None:
    """No further condition."""
    return None


def both_on_the_roster(share: Sharing) -> Failed | None:
    """Sender and recipient both help in this plan, by a named professional (Jeugdwet 7.3.11(2)a)."""
    on = roster(share.ctx.case, share.ctx.today)
    off = tuple(slug for slug in (share.ctx.sender.slug, share.recipient.slug) if slug not in on)
    return Failed(Refusal.NO_BASIS, ("roster", *off)) if off else None


def supervises(share: Sharing) -> Failed | None:
    """A supervision order, also a provisional one, of this recipient runs today for a child of the case (Besluit
    Jeugdwet art. 1.1 covers both; guardianship and youth probation are no supervision).
    """
    running = supervision(share.ctx.case, share.recipient.slug, share.ctx.today)
    return None if any(running) else Failed(Refusal.BASIS_NEEDS_MEASURE, ("measure",))


def handed_back_only_to_who_had_it(share: Sharing) -> Failed | None:
    """A handover goes back to a Veilig Thuis that is in the case already; a first report is a SAFETY_ALERT."""
    new = share.purpose is Purpose.HANDOVER and not share.ctx.case.is_party(share.recipient.slug)
    return Failed(Refusal.NO_BASIS, ("purpose",)) if new else None


def asks(share: Sharing) -> Failed | None:
    """In a request for information, on the ground that the request names; Veilig Thuis about a report of its own."""
    body, ground = share.ctx.body, share.basis.secrecy if share.basis else ""
    if not isinstance(body, InformationRequested) or ground not in ("", ASKS + body.ground):
        return Failed(Refusal.NO_BASIS, ("request",))
    return own_report(share) if share.ctx.sender.kind is OrganisationKind.VEILIG_THUIS else None


def own_report(share: Sharing) -> Failed | None:
    """The sender got a report in this case, or has led it since a report brought it there. A regional safety team that
    acts for Veilig Thuis shares about that centre's report.
    """
    case, sender = share.ctx.case, share.ctx.sender
    centres = {report.centre for report in case.of(ReportRecord).values()}
    acts_for = sender.kind is not OrganisationKind.VEILIG_THUIS and bool(centres)
    leads = case.head is not None and case.head.regie == sender.slug
    return None if sender.slug in centres or acts_for or leads else Failed(Refusal.NO_BASIS, ("report",))


def asked_it_or_is_charged(share: Sharing) -> Failed | None:
    """The recipient asked the Raad for an investigation in this case, or carries out a measure for a child of it."""
    case, to = share.ctx.case, share.recipient.slug
    asked = any(record.applicant == to for record in _of_the_raad(share))
    charged = any(m.institution == to and runs(m, case, share.ctx.today) for m in case.of(MeasureRecord).values())
    return None if asked or charged else Failed(Refusal.NO_BASIS, ("investigation",))


def _of_the_raad(share: Sharing) -> Iterator[InvestigationRecord]:
    """The investigations the sender carries out; a regional safety team that acts for the Raad: those of the Raad."""
    sender = share.ctx.sender
    for record in share.ctx.case.of(InvestigationRecord).values():
        if sender.kind is not OrganisationKind.RAAD or record.raad == sender.slug:
            yield record


def anyone(_: Sharing) -> Failed | None:
    """Whoever is in the case."""
    return None


def under_supervision(share: Sharing) -> Failed | None:
    """The child of the order, its parents and its guardian: not a sister or brother without an order of their own."""
    return _supervised(share, share.recipient.slug)


def under_own_supervision(share: Sharing) -> Failed | None:
    """The same, where who supervises asks."""
    return _supervised(share, share.ctx.sender.slug)


def _supervised(share: Sharing, institution: Slug) -> Failed | None:
    case, person = share.ctx.case, share.person
    children = list(supervision(case, institution, share.ctx.today))
    if any(person.ref == child.ref or _parent_of(case, person, child) for child in children):
        return None
    return Failed(Refusal.BASIS_NEEDS_MEASURE if person.is_child else Refusal.NO_BASIS, ("measure",))


def investigated(share: Sharing) -> Failed | None:
    """A child the Raad was asked to look into, its parents and its guardian."""
    case, person = share.ctx.case, share.person
    refs = {ref for record in _of_the_raad(share) for ref in record.children}
    children = [child for child in case.persons if child.ref in refs]
    if person.ref in refs or any(not person.is_child and _parent_of(case, person, child) for child in children):
        return None
    return Failed(Refusal.NO_BASIS, ("investigation",))


CONDITIONS: dict[str, Callable[[Sharing], Failed | None]] = {
    check.__name__: check
    for check in (
        always,
        both_on_the_roster,
        supervises,
        handed_back_only_to_who_had_it,
        own_report,
        asked_it_or_is_charged,
        asks,
    )
}
PERSONS: dict[str, Callable[[Sharing], Failed | None]] = {
    check.__name__: check for check in (anyone, under_supervision, investigated, under_own_supervision)
}


def runs(measure: MeasureRecord, case: Case, today: date) -> bool:
    """From its first day until just before its last, its early end, or the child's 18th birthday."""
    child = case.person(measure.child)
    ends = min(measure.until, measure.ended_on or measure.until)
    minor = child is not None and (child.age_on(today) or 0) < 18
    return measure.since <= today < ends and minor


def supervision(case: Case, institution: Slug, today: date) -> Iterator[Person]:
    """The children this institution supervises today."""
    for measure in case.of(MeasureRecord).values():
        child = case.person(measure.child)
        supervision = measure.type in (MeasureKind.OTS, MeasureKind.VOTS)
        if child and supervision and measure.institution == institution and runs(measure, case, today):
            yield child


def _parent_of(case: Case, person: Person, child: Person) -> bool:
    """Holds or held custody, is its mother, or is a parent in the case who is not a parent of others only. The case
    does not record parenthood itself; this is our reading.
    """
    if person.ref == child.mother or _has_custody(person.ref, child):
        return True
    others = [other for other in case.persons if other.is_child and other.ref != child.ref]
    return person.role is Role.PARENT and not any(_has_custody(person.ref, other) for other in others)


def _has_custody(ref: PersonRef, child: Person) -> bool:
    return any(custody.holder == ref for custody in child.custody)


def roster(case: Case, today: date) -> set[Slug]:
    """The organisations that help in this plan today: those with a named professional, and who stays involved."""
    handovers = tuple(case.of(HandoverRecord).values())
    return {*named(case, today), *_staying(handovers)}


def named(case: Case, today: date) -> Iterator[Slug]:
    """Who has a named professional in the case: the regie holder, who accepted to support or to take over, and who
    carries out a measure.
    """
    if case.head and case.head.regie and case.head.lead:
        yield case.head.regie
    for support in case.of(SupportRecord).values():
        if support.state == "ACCEPTED" and support.professional:
            yield support.helper
    for measure in case.of(MeasureRecord).values():
        if measure.worker and runs(measure, case, today):
            yield measure.institution
    for handover in case.of(HandoverRecord).values():
        if _accepted(handover):
            yield handover.receiver


ACCEPTED = frozenset({HandoverState.ACCEPTED, HandoverState.WARM, HandoverState.EMERGENCY, HandoverState.RETURNING})
"""A handover someone accepted by name and that is not over; once over, regie says who helps."""


def _accepted(handover: HandoverRecord) -> bool:
    return handover.state in ACCEPTED and handover.professional is not None


def _staying(handovers: tuple[HandoverRecord, ...]) -> Iterator[Slug]:
    """Who stays beside the receiver, by the accepted handovers and the last one that completed."""
    completed = [handover for handover in handovers if handover.state is HandoverState.COMPLETED]
    last = max(completed, key=lambda handover: handover.opened_at, default=None)
    for handover in handovers:
        if _accepted(handover) or handover is last:
            yield from (staying.organisation for staying in handover.stays)
