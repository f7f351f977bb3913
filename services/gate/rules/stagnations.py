"""Standstill and joint consults: any helper raises it, an owner acts and says what came of it."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from schemas.agreements import Power
from schemas.base import Slug
from schemas.body import Body
from schemas.refusal import Mend, Reason, Refusal
from schemas.stagnations import (
    AgreementStand,
    ConsultRequested,
    JointConsultHeld,
    StagnationActioned,
    StagnationRaised,
    StagnationResolved,
)
from services.gate.rules import agreed, regie, sight
from services.gate.rules.case import Context, Judgement
from services.gate.rules.help_records import AbsenceRecord, ConsultRecord, StagnationRecord
from services.gate.rules.record import Record
from services.gate.rules.refusing import put_unless, unknown, used_before, wrong_date, wrong_state


def judge_stagnation(ctx: Context) -> Judgement:
    """Every message of the conversations stagnations and consults."""
    return _JUDGES[type(ctx.body)](ctx, ctx.body)


def _raised(ctx: Context, body: StagnationRaised) -> Judgement:
    reasons = []
    if body.stagnation in ctx.case.of(StagnationRecord):
        reasons.append(used_before())
    if not ctx.case.is_party(body.owner):
        reasons.append(unknown("owner"))
    if body.act_before < ctx.today:
        reasons.append(wrong_date("act_before"))
    if body.owner != ctx.sender.slug == regie.head_of(ctx).regie:
        reasons += agreed.power_lacks(ctx, Power.GIVE_STANDSTILL, body.owner)
    record = StagnationRecord(stagnation=body.stagnation, type=body.kind, raised_by=ctx.sender.slug, owner=body.owner)
    return put_unless(reasons, record)


def _actioned(ctx: Context, body: StagnationActioned) -> Judgement:
    found = ctx.case.of(StagnationRecord).get(body.stagnation)
    if found is None or found.owner != ctx.sender.slug:
        return Judgement((unknown("stagnation"),))
    reasons = [_over()] if found.resolved else []
    return put_unless(reasons, found.model_copy(update={"actioned": True}))


def _resolved(ctx: Context, body: StagnationResolved) -> Judgement:
    """By its owner or who leads; not before something was done about it."""
    found, slug = ctx.case.of(StagnationRecord).get(body.stagnation), ctx.sender.slug
    if found is None or slug not in (found.owner, regie.head_of(ctx).regie):
        return Judgement((unknown("stagnation"),))
    reasons = [*sight.unknown_persons(ctx, body.with_family)]
    if found.resolved:
        reasons.append(_over())
    elif not found.actioned and body.result != "NO_STANDSTILL":
        law = "D#65: it must happen, and be evaluated"
        reasons.append(wrong_state("ACTIONED", law=law))
    return put_unless(reasons, found.model_copy(update={"resolved": True}))


def _requested(ctx: Context, body: ConsultRequested) -> Judgement:
    reasons = list(_parties(ctx, body.invited, "invited"))
    if body.consult in ctx.case.of(ConsultRecord):
        reasons.append(used_before())
    if body.stagnation is not None and body.stagnation not in ctx.case.of(StagnationRecord):
        reasons.append(unknown("stagnation"))
    if body.before < ctx.today:
        reasons.append(wrong_date("before"))
    return put_unless(reasons, ConsultRecord(consult=body.consult, asked_by=ctx.sender.slug, invited=body.invited))


def _held(ctx: Context, body: JointConsultHeld) -> Judgement:
    """Said by one who took part; one that nobody asked for in writing counts as well."""
    before = ctx.case.of(ConsultRecord).get(body.consult)
    reasons = [
        *_parties(ctx, (*body.took_part, *body.absent), "took_part"),
        *sight.unknown_persons(ctx, body.family),
    ]
    if ctx.sender.slug not in body.took_part:
        reasons.append(Reason(code=Refusal.ROLE_NOT_ALLOWED, missing=("took_part",), mend=(Mend.CORRECT,)))
    if before is not None and before.held_on is not None:
        reasons.append(_over())
    if body.held_on > ctx.today:
        reasons.append(wrong_date("held_on"))
    kept = before or ConsultRecord(consult=body.consult, asked_by=ctx.sender.slug, invited=body.took_part)
    return put_unless(
        reasons, kept.model_copy(update={"held_on": body.held_on, "took_part": body.took_part}), *_settled(ctx, body)
    )


def _settled(ctx: Context, body: JointConsultHeld) -> Iterable[Record]:
    """What the sender says of its own agreements with the family while its professional is away."""
    stands = dict(body.agreements)
    for record in ctx.case.of(AbsenceRecord).values():
        if record.owner != ctx.sender.slug or not record.runs_on(ctx.today):
            continue
        left = {agreement.id for agreement in record.agreements if agreement.id in stands}
        kept = {ref for ref in left if stands[ref] is not AgreementStand.OVERRIDDEN}
        yield record.model_copy(update={"settled": tuple(sorted(({*record.settled} - left) | kept))})


def _parties(ctx: Context, slugs: Iterable[Slug], field: str) -> Iterable[Reason]:
    if not all(ctx.case.is_party(slug) for slug in slugs):
        yield unknown(field)


def _over() -> Reason:
    return Reason(code=Refusal.WRONG_STATE, missing=("OPEN",), mend=(Mend.SEND_ANEW,))


_JUDGES: Mapping[type[Body], Callable[[Context, Any], Judgement]] = {
    StagnationRaised: _raised,
    StagnationActioned: _actioned,
    StagnationResolved: _resolved,
    ConsultRequested: _requested,
    JointConsultHeld: _held,
}
