"""What a message about a handover must hold beside being said in the right state. One short function a message."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from schemas.body import Body, Phase, SightPlan, WatcherKind
from schemas.handovers import (
    ConsultDecision,
    ConsultHeld,
    DeclineReason,
    FirstContactHeld,
    HandBackReason,
    HandedBack,
    HandoverAccepted,
    HandoverCancelled,
    HandoverDeclined,
    HandoverKind,
    ProfessionalChanged,
    StoryAcknowledged,
    WaitAnnounced,
    WarmContactAttested,
)
from schemas.parties import OrganisationKind, Professional
from schemas.refusal import Mend, Reason, Refusal
from schemas.tables.transitions import UNDER_WAY, Side
from services.gate.rules import agreed, sight
from services.gate.rules.case import Context
from services.gate.rules.case_records import HandoverRecord, SightRecord
from services.gate.rules.refusing import latest, wrong_date
from services.gate.rules.regie import head_of
from services.gate.rules.stand_ins import stand_ins

Terms = Callable[[Context, HandoverRecord, Side, Any], Iterator[Reason]]


def reasons(ctx: Context, record: HandoverRecord, side: Side) -> Iterator[Reason]:
    """Everything this message lacks."""
    check = _TERMS.get(type(ctx.body))
    if check is not None:
        yield from check(ctx, record, side, ctx.body)


def competent(ctx: Context, record: HandoverRecord | None, professional: Professional | None) -> Iterator[Reason]:
    """A case that came from Veilig Thuis or is directly unsafe goes to someone registered and trained in safety."""
    if professional is not None and _unsafe(ctx, record) and not professional.competent_for_safety:
        law = "Besluit Jeugdwet 5.1.1; IGJ 2023; D#40"
        yield Reason(
            code=Refusal.COMPETENCE_MISSING, missing=("registration", "SAFETY"), law=law, mend=(Mend.NAME_PROFESSIONAL,)
        )


def _unsafe(ctx: Context, record: HandoverRecord | None) -> bool:
    """It came from Veilig Thuis, or is directly unsafe."""
    head = head_of(ctx)
    return head.vt_origin or Phase.DIRECT_SAFETY in (head.phase, record.phase if record else head.phase)


def _accepted(ctx: Context, record: HandoverRecord, side: Side, body: HandoverAccepted) -> Iterator[Reason]:
    if side is Side.SENDER:
        return
    if body.professional is None:
        yield Reason(
            code=Refusal.NO_NAMED_PROFESSIONAL,
            missing=("professional",),
            law="D#13, D#40",
            mend=(Mend.NAME_PROFESSIONAL,),
        )
    yield from competent(ctx, record, body.professional)
    if _unsafe(ctx, record):
        yield from agreed.team_lacks(ctx)
    differing = {f"{s.organisation}/{s.function}/{s.task}"[:64] for s in set(body.stays) ^ set(record.stays)}
    if record.type in (HandoverKind.REGIE, HandoverKind.FROM_MEASURE) and not body.regie_moves:
        differing.add("regie_moves")
    if differing:
        yield Reason(code=Refusal.TERMS_DIFFER, missing=tuple(sorted(differing)), law="D#18", mend=(Mend.CORRECT,))


def _declined(ctx: Context, record: HandoverRecord, side: Side, body: HandoverDeclined) -> Iterator[Reason]:
    if body.reason in (DeclineReason.COST, DeclineReason.CAPACITY):
        yield _reason_not_allowed("wait_announced", law="D#63")
    if body.reason is DeclineReason.NO_COMPETENT_STAFF and not _local_team_and_institution(ctx, record):
        yield _reason_not_allowed("reason", law="D#40")
    if body.reason is DeclineReason.NOT_OUR_AREA and body.right_area is None:
        yield _reason_not_allowed("right_area", law="D#57")


def _local_team_and_institution(ctx: Context, record: HandoverRecord) -> bool:
    kinds = {ctx.directory[slug].kind for slug in (record.sender, record.receiver) if slug in ctx.directory}
    return kinds == {OrganisationKind.LOCAL_TEAM, OrganisationKind.CERTIFIED_INSTITUTION}


def _handed_back(ctx: Context, record: HandoverRecord, side: Side, body: HandedBack) -> Iterator[Reason]:
    if body.reason in (HandBackReason.COST, HandBackReason.CAPACITY):
        yield _reason_not_allowed("reason", law="D#44, D#63")
    if body.reason is HandBackReason.NO_CONTACT and body.attempts < 1:
        yield _reason_not_allowed("attempts", law="D#44")


def _waits(ctx: Context, record: HandoverRecord, side: Side, body: WaitAnnounced) -> Iterator[Reason]:
    if not ctx.today <= body.until <= latest(ctx, "LONGEST_WAIT"):
        yield wrong_date("until", "D#63")
    yield from sight.unknown_persons(ctx, (plan.child for plan in body.sight))
    yield from sight.uncovered(ctx, frozenset({record.sender, record.receiver}), body.sight)


def _attested(ctx: Context, record: HandoverRecord, side: Side, body: WarmContactAttested) -> Iterator[Reason]:
    named = record.professional if side is Side.RECEIVER else record.sender_professional
    own = {p.ref for p in (named, ctx.event.data.by if side is Side.SENDER else None) if p is not None}
    if own and not own.intersection(body.spoke):
        yield Reason(
            code=Refusal.NO_NAMED_PROFESSIONAL,
            missing=("spoke", *sorted(own)),
            law="D§3e.2: a live talk of both professionals and the family",
            mend=(Mend.CORRECT,),
        )
    if body.held_at > ctx.now:
        yield _not_yet("held_at")
    if body.first_contact is not None and side is Side.SENDER:
        yield Reason(code=Refusal.ROLE_NOT_ALLOWED, missing=("first_contact",), law="D§3e.3", mend=(Mend.LEAVE_OUT,))
    met = body.first_contact.met if body.first_contact else ()
    seen = body.first_contact.children_seen if body.first_contact else ()
    refs = (*body.family, *(child for child, _ in body.children), *met, *(c.child for c in seen))
    yield from sight.unknown_persons(ctx, refs)


def _story_read(ctx: Context, record: HandoverRecord, side: Side, body: StoryAcknowledged) -> Iterator[Reason]:
    named = (record.professional, record.stand_in, *stand_ins(ctx, record.professional))
    readers = {p.ref for p in named if p is not None}
    by = ctx.event.data.by
    if body.professional not in readers or by is None or by.ref != body.professional:
        yield _named_only(record, "D#27: whoever meets the family has read its story")


def _first_contact(ctx: Context, record: HandoverRecord, side: Side, body: FirstContactHeld) -> Iterator[Reason]:
    by = ctx.event.data.by
    if record.professional is not None and (by is None or by.ref != record.professional.ref):
        yield _named_only(record, "D#13: a named person, not a function")
    if body.held_at > ctx.now:
        yield _not_yet("held_at")
    yield from sight.unknown_persons(ctx, (*body.contact.met, *(c.child for c in body.contact.children_seen)))


def _changed(ctx: Context, record: HandoverRecord, side: Side, body: ProfessionalChanged) -> Iterator[Reason]:
    if side is Side.RECEIVER:
        yield from competent(ctx, record, body.professional)


def _cancelled(ctx: Context, record: HandoverRecord, side: Side, body: HandoverCancelled) -> Iterator[Reason]:
    if record.state in UNDER_WAY:
        yield from sight.uncovered(ctx, frozenset({record.sender}))


def _consulted(ctx: Context, record: HandoverRecord, side: Side, body: ConsultHeld) -> Iterator[Reason]:
    yield from sight.unknown_persons(ctx, (plan.child for plan in body.sight))
    if body.held_on > ctx.today:
        yield _not_yet("held_on")
    if body.decision is ConsultDecision.TAKE_OVER_WITHOUT_FAMILY:
        third = (WatcherKind.OTHER_ORGANISATION, WatcherKind.NETWORK)
        plans = [plan for plan in body.sight if any(watcher.kind in third for watcher in plan.by)]
        yield from sight.uncovered(ctx, frozenset(), (*plans, *_kept_by_third_parties(ctx, record)))


def _kept_by_third_parties(ctx: Context, record: HandoverRecord) -> Iterator[SightPlan]:
    for kept in ctx.case.of(SightRecord).values():
        outside = any(w.kind in (WatcherKind.OTHER_ORGANISATION, WatcherKind.NETWORK) for w in kept.plan.by)
        if outside and kept.owner in (record.sender, record.receiver):
            yield kept.plan


def _reason_not_allowed(missing: str, law: str) -> Reason:
    return Reason(code=Refusal.REASON_NOT_ALLOWED, missing=(missing,), law=law, mend=(Mend.CORRECT,))


def _not_yet(field: str) -> Reason:
    return Reason(code=Refusal.DATE_NOT_ALLOWED, missing=(field,), mend=(Mend.CORRECT,))


def _named_only(record: HandoverRecord, law: str) -> Reason:
    missing = (record.professional.ref,) if record.professional else ("professional",)
    return Reason(code=Refusal.NO_NAMED_PROFESSIONAL, missing=missing, law=law, mend=(Mend.NAME_PROFESSIONAL,))


_TERMS: Mapping[type[Body], Terms] = {
    HandoverAccepted: _accepted,
    HandoverDeclined: _declined,
    HandedBack: _handed_back,
    WaitAnnounced: _waits,
    WarmContactAttested: _attested,
    StoryAcknowledged: _story_read,
    FirstContactHeld: _first_contact,
    ProfessionalChanged: _changed,
    HandoverCancelled: _cancelled,
    ConsultHeld: _consulted,
}
