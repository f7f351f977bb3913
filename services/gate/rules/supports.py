"""Supports beside the lead: who may ask whom for what, on which terms, and how they end. None of them moves regie."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from schemas.agreements import Power
from schemas.base import Uuid
from schemas.body import Body
from schemas.manifest import Basis, Category, Purpose, Section, Source, SourceKind, StatementKind
from schemas.parties import OrganisationKind, Party
from schemas.person import Person
from schemas.refusal import Flag, Mend, Reason, Refusal
from schemas.supports import (
    WITHOUT_MEASURE,
    SupportAccepted,
    SupportDeclined,
    SupportEnded,
    SupportKind,
    SupportReason,
    SupportRequested,
    SupportReviewed,
    SupportWaitAnnounced,
)
from schemas.tables.grounds import CONSENT, SET_ASIDE
from schemas.tables.team_reasons import REASON_OF
from services.gate.rules import agreed, regie, sight
from services.gate.rules.bases import judge_basis
from services.gate.rules.case import Context, Effects, Judgement
from services.gate.rules.case_records import HandoverRecord, MeasureRecord, SupportRecord
from services.gate.rules.grounds import Sharing, office
from services.gate.rules.refusing import latest, unknown, used_before, wrong_date, wrong_state
from services.gate.rules.voices import Day
from services.gate.rules.walk import side_of

K = OrganisationKind
ONLY_TO: Mapping[SupportKind, tuple[OrganisationKind, str]] = {
    SupportKind.SPECIALIST_CASE_MANAGEMENT: (K.CERTIFIED_INSTITUTION, "D#6"),
    SupportKind.AFTERCARE: (K.CERTIFIED_INSTITUTION, "D#7"),
    SupportKind.SAFETY_TEAM: (K.REGIONAL_SAFETY_TEAM, "D#91"),
}
"""Which kind of organisation does this, and no other."""
SERVICE_OUTCOMES = frozenset({"RETURNED", "SCALED_UP", "MEASURE_REQUESTED"})


def judge_support(ctx: Context) -> Judgement:
    """Every message of the conversation supports."""
    return _JUDGES[type(ctx.body)](ctx, ctx.body)


def _requested(ctx: Context, body: SupportRequested) -> Judgement:
    reasons = [*sight.unknown_persons(ctx, body.children), *_may_ask(ctx, body)]
    if body.support in ctx.case.of(SupportRecord):
        reasons.append(used_before())
    for recipient in ctx.recipients:
        reasons += _asked_of(ctx, body, recipient)
    reasons += _extends(ctx, body)
    if reasons:
        return Judgement(tuple(reasons))
    record = SupportRecord(
        support=body.support,
        type=body.kind,
        asked_by=ctx.sender.slug,
        helper=ctx.event.data.to[0] if ctx.event.data.to else ctx.sender.slug,
        state="REQUESTED",
        task=body.task,
        role=body.role,
        until=body.until,
        extends=body.extends,
    )
    flags = (Flag.CAPACITY_REASON,) if body.reason is SupportReason.CAPACITY else ()
    return Judgement(effects=Effects(put=(record,), flags=flags))


def _may_ask(ctx: Context, body: SupportRequested) -> Iterator[Reason]:
    """Who leads, or has the duty of a measure. Specialist case management and aftercare only a local team asks for."""
    team = ctx.sender.kind is K.LOCAL_TEAM
    match body.kind:
        case SupportKind.AFTERCARE:
            if not team:
                yield _role("LOCAL_TEAM", law="D#7: aftercare only on the local team's request")
        case SupportKind.SPECIALIST_CASE_MANAGEMENT:
            if not team:
                yield _role("LOCAL_TEAM", law="D#6: asked by the local team that leads")
            yield from regie.not_holder(ctx)
        case SupportKind.SAFETY_TEAM if _hands_over(ctx):
            return
        case _:
            if not regie.has_duty(ctx.case, ctx.sender.slug, ctx.today):
                yield from regie.not_holder(ctx)


def _hands_over(ctx: Context) -> bool:
    """Either side of an open handover may let the safety team join (D#41)."""
    return any(not h.final and side_of(h, ctx.sender.slug) for h in ctx.case.of(HandoverRecord).values())


def _asked_of(ctx: Context, body: SupportRequested, recipient: Party) -> Iterator[Reason]:
    """What this recipient must be told and may be asked."""
    kind, law = ONLY_TO.get(body.kind, (recipient.kind, None))
    if recipient.kind is not kind:
        yield Reason(code=Refusal.ROLE_NOT_ALLOWED, missing=("to", kind), law=law, mend=(Mend.CORRECT,))
        return
    if body.until is not None and body.until <= ctx.today:
        yield wrong_date("until")
    if recipient.kind is not K.CERTIFIED_INSTITUTION or body.kind not in WITHOUT_MEASURE:
        return
    yield from _service_terms(body)
    yield from agreed.role_lacks(ctx, body.role)
    if body.kind is SupportKind.AFTERCARE and not _had_measure(ctx, recipient):
        yield wrong_state("MEASURE", law="D#7: after a measure of this institution")
    if body.kind is SupportKind.JOIN_SUPPORT and not regie.has_duty(ctx.case, recipient.slug, ctx.today):
        yield from _identified(ctx, body, recipient)


def _had_measure(ctx: Context, institution: Party) -> bool:
    return any(m.institution == institution.slug for m in ctx.case.of(MeasureRecord).values())


def _service_terms(body: SupportRequested) -> Iterator[Reason]:
    """An institution is asked for a result in a term, for a reason of content; it leads nothing without the client."""
    special = body.kind is SupportKind.SPECIALIST_CASE_MANAGEMENT
    lacking = {
        "criteria": special and not body.criteria,
        "until": body.until is None,
        "expected_result": body.expected_result is None,
        "reason": body.reason is None and body.kind is not SupportKind.AFTERCARE,
        "wish": special and body.wish is None,
    }
    missing = tuple(name for name, lacks in lacking.items() if lacks)
    if missing:
        law = "D#2, D#6, D#8-9, D#109-110"
        yield Reason(code=Refusal.REQUIRED_SECTION_MISSING, missing=missing, law=law, mend=(Mend.ADD,))
    meant = REASON_OF[body.team_reason] if body.team_reason else body.reason
    if body.reason is not None and meant is not body.reason:
        law = "JB Noord 2016 §4.4, §8.3.3; D#111"
        yield Reason(code=Refusal.REASON_NOT_ALLOWED, missing=("reason", meant), law=law, mend=(Mend.CORRECT,))
    if body.reason is SupportReason.CAPACITY and not body.not_structural:
        law = "D#110: capacity is no reason of content, and none at all when it is structural"
        yield Reason(code=Refusal.REASON_NOT_ALLOWED, missing=("not_structural",), law=law, mend=(Mend.CORRECT,))


def _identified(ctx: Context, body: SupportRequested, recipient: Party) -> Iterator[Reason]:
    """Without a measure an institution learns of a child only with consent (D#5, D#101; Jeugdwet 7.3.11(1))."""
    for person in ctx.case.persons:
        if person.is_child and (not body.children or person.ref in body.children):
            reason = _no_consent(ctx, body, person, recipient)
            if reason is not None:
                yield reason.model_copy(update={"section": None, "law": "Jeugdwet 7.3.11(1); D#5"})


def _no_consent(ctx: Context, body: SupportRequested, child: Person, recipient: Party) -> Reason | None:
    """None when there is consent to share something about the child with this institution for joint support."""
    day = Day(ctx.case, ctx.today, office(ctx))
    first: Reason | None = None
    for secrecy in (CONSENT, SET_ASIDE):
        for category in (Category.IDENTITY, Category.PLAN, Category.STORY, Category.CONCERNS, Category.SAFETY):
            section = Section(
                item=body.support,
                category=category,
                about=(child.ref,),
                kind=StatementKind.FACT,
                as_of=ctx.today,
                source=Source(kind=SourceKind.OWN_OBSERVATION),
                bases=(Basis(person=child.ref, secrecy=secrecy),),
                digest="0" * 64,
            )
            carried = judge_basis(Sharing(ctx, section, child, recipient, Purpose.JOINT_SUPPORT), day)
            if carried.reason is None:
                return None
            first = first or carried.reason
    return first


def _extends(ctx: Context, body: SupportRequested) -> Iterator[Reason]:
    """It goes on with a running support of the same sort by the same helper."""
    if body.extends is None:
        return
    before = ctx.case.of(SupportRecord).get(body.extends)
    if before is None or (before.type, (before.helper,)) != (body.kind, ctx.event.data.to):
        yield unknown("extends")
    elif before.state != "ACCEPTED":
        yield wrong_state("ACCEPTED")


# What becomes of it


def _waits(ctx: Context, body: SupportWaitAnnounced) -> Judgement:
    more = list(sight.unknown_persons(ctx, (plan.child for plan in body.sight)))
    if not ctx.today <= body.until <= latest(ctx, "LONGEST_WAIT"):
        more.append(wrong_date("until", law="D#63"))
    flags: tuple[Flag, ...] = (Flag.NO_BRIDGING_HELP,) if body.bridging == "NONE" else ()
    flags += (Flag.NO_SUITABLE_OFFER,) if body.reason == "NO_SUITABLE_OFFER" else ()
    judged = _becomes(ctx, body.support, ("REQUESTED", "WAITING"), {"state": "WAITING"}, more=more)
    plans = Effects(put=sight.recorded(ctx.sender.slug, body.sight), flags=flags)
    return judged if judged.reasons else Judgement(effects=judged.effects + plans)


def _accepted(ctx: Context, body: SupportAccepted) -> Judgement:
    new = {"state": "ACCEPTED", "professional": body.professional, "stand_in": body.stand_in}
    found = ctx.case.of(SupportRecord).get(body.support)
    more = []
    if found is not None and found.task is not None and body.task not in (None, found.task):
        more.append(Reason(code=Refusal.TERMS_DIFFER, missing=("task",), law="D#17-18", mend=(Mend.CORRECT,)))
    if found is not None and found.role is not body.role:
        more.append(Reason(code=Refusal.TERMS_DIFFER, missing=("role",), law=agreed.ROLE_LAW, mend=(Mend.CORRECT,)))
    judged = _becomes(ctx, body.support, ("REQUESTED", "WAITING"), new, more=more)
    before = ctx.case.of(SupportRecord).get(found.extends) if found and found.extends else None
    if judged.reasons or before is None:
        return judged
    return Judgement(effects=judged.effects + Effects(put=(before.model_copy(update={"state": "ENDED"}),)))


def _declined(ctx: Context, body: SupportDeclined) -> Judgement:
    return _becomes(ctx, body.support, ("REQUESTED", "WAITING"), {"state": "DECLINED"})


def _reviewed(ctx: Context, body: SupportReviewed) -> Judgement:
    more = list(sight.unknown_persons(ctx, body.with_family))
    if body.reviewed_on > ctx.today:
        more.append(wrong_date("reviewed_on"))
    return _becomes(ctx, body.support, ("ACCEPTED",), {"reviewed_on": body.reviewed_on}, more=more)


def _ended(ctx: Context, body: SupportEnded) -> Judgement:
    found = ctx.case.of(SupportRecord).get(body.support)
    more = []
    if found is not None and found.type in WITHOUT_MEASURE and body.outcome not in SERVICE_OUTCOMES:
        law = "D#11; JB Noord 2016 §2.2.1"
        more.append(Reason(code=Refusal.REASON_NOT_ALLOWED, missing=("outcome",), law=law, mend=(Mend.CORRECT,)))
    if found is not None and found.state == "ACCEPTED" and found.helper != ctx.sender.slug:
        more += agreed.power_lacks(ctx, Power.END_HELP, found.helper)
    states = ("REQUESTED", "WAITING", "ACCEPTED")
    return _becomes(ctx, body.support, states, {"state": "ENDED"}, more=more, by_asker=True)


def _becomes(
    ctx: Context,
    support: Uuid,
    states: tuple[str, ...],
    new: dict[str, object],
    *,
    more: list[Reason] | None = None,
    by_asker: bool = False,
) -> Judgement:
    """The helper answers who asked; either may end it."""
    found, slug = ctx.case.of(SupportRecord).get(support), ctx.sender.slug
    if found is None or (slug != found.helper and not (by_asker and slug == found.asked_by)):
        return Judgement((unknown("support"),))
    reasons = list(more or ())
    if found.state not in states:
        reasons.append(wrong_state(*states))
    if ctx.event.data.to != (found.asked_by if slug == found.helper else found.helper,):
        reasons.append(Reason(code=Refusal.ROLE_NOT_ALLOWED, missing=("to",), mend=(Mend.CORRECT,)))
    if reasons:
        return Judgement(tuple(reasons))
    return Judgement(effects=Effects(put=(found.model_copy(update=new),)))


def _role(*kinds: str, law: str) -> Reason:
    return Reason(code=Refusal.ROLE_NOT_ALLOWED, missing=kinds, law=law, mend=(Mend.ASK_REGIE_HOLDER,))


_JUDGES: Mapping[type[Body], Callable[[Context, Any], Judgement]] = {
    SupportRequested: _requested,
    SupportWaitAnnounced: _waits,
    SupportAccepted: _accepted,
    SupportDeclined: _declined,
    SupportReviewed: _reviewed,
    SupportEnded: _ended,
}
