"""Measures: the court charges an institution at once. Duty moves by the order; regie only when both sides say so."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from schemas.base import Slug, Uuid
from schemas.body import Body
from schemas.care import MeasureEnded, MeasureEnding, MeasureStarted, MeasureTransferred, PlanTaken, WorkerAssigned
from schemas.handovers import HandoverKind, HandoverState
from schemas.manifest import Category
from schemas.person import PersonRef
from schemas.refusal import Mend, Reason, Refusal
from schemas.tables.transitions import IMPOSED_KINDS, Side
from services.gate.rules import handover, regie, sight, terms
from services.gate.rules.case import Context, Effects, Judgement
from services.gate.rules.case_records import (
    HandoverRecord,
    ItemRecord,
    MeasureRecord,
    SupportRecord,
)
from services.gate.rules.refusing import unknown, used_before, wrong_date, wrong_state
from services.gate.rules.walk import Step, applied, row_for, step

PLAN_LAW = "JB Noord 2016 §2.1.2; D#23: the institution goes on with the family's plan, or says why not"


def judge_measure(ctx: Context) -> Judgement:
    """Every message of the conversation measures."""
    return _JUDGES[type(ctx.body)](ctx, ctx.body)


def _started(ctx: Context, body: MeasureStarted) -> Judgement:
    reasons = list(sight.unknown_persons(ctx, (body.child,)))
    child = ctx.case.person(body.child)
    if child is not None and not child.is_child:
        reasons.append(Reason(code=Refusal.PERSON_UNKNOWN, missing=(body.child,), mend=(Mend.CORRECT,)))
    if body.measure in ctx.case.of(MeasureRecord):
        reasons.append(used_before())
    reasons += _id_taken(ctx, body.handover)
    if reasons:
        return Judgement(tuple(reasons))
    imposed = _imposed(ctx, HandoverKind.TO_MEASURE, body.handover, body.child, body.measure, regie.head_of(ctx).regie)
    measure = MeasureRecord(
        measure=body.measure,
        type=body.kind,
        child=body.child,
        institution=ctx.sender.slug,
        since=body.since,
        until=body.until,
        handover=imposed.handover.id if imposed.handover else None,
    )
    return Judgement(effects=Effects(put=(measure,)) + imposed)


def _transferred(ctx: Context, body: MeasureTransferred) -> Judgement:
    measure = ctx.case.of(MeasureRecord).get(body.measure)
    known = measure is not None and measure.ended_on is None and measure.institution == body.from_institution
    if measure is None or not known or body.from_institution == ctx.sender.slug:
        return Judgement((unknown("measure"),))
    reasons = list(_id_taken(ctx, body.handover))
    if body.on > ctx.today:
        reasons.append(wrong_date("on", "BW 1:259"))
    if reasons:
        return Judgement(tuple(reasons))
    kind, former = HandoverKind.GI_TO_GI, body.from_institution
    imposed = _imposed(ctx, kind, body.handover, measure.child, body.measure, former)
    update = {
        "institution": ctx.sender.slug,
        "worker": None,
        "handover": imposed.handover.id if imposed.handover else None,
    }
    return Judgement(effects=Effects(put=(measure.model_copy(update=update),)) + imposed)


def _id_taken(ctx: Context, new: Uuid) -> Iterator[Reason]:
    if new in ctx.case.of(HandoverRecord):
        yield used_before()


def _imposed(
    ctx: Context, kind: HandoverKind, new: Uuid, child: PersonRef, measure: Uuid, sender: Slug | None
) -> Effects:
    """The handover the order brings about: a running one to this institution joins it, one to another ends."""
    joined = next((r for r in handover.running(ctx) if r.receiver == ctx.sender.slug), None)
    ended = handover.others_end(ctx, joined.handover if joined else None, "MEASURE")
    if joined is not None:
        return ended + _joins(ctx, joined, kind, child, measure)
    if sender is None or sender == ctx.sender.slug:
        return ended
    row = row_for(ctx.event.name, None, Side.OPENER, None, kind, frozenset())
    if row is None:
        raise AssertionError("the table opens an imposed handover")
    record = HandoverRecord(
        handover=new,
        type=kind,
        state=HandoverState.IMPOSED,
        sender=sender,
        receiver=ctx.sender.slug,
        opened_at=ctx.now,
        phase=regie.head_of(ctx).phase,
        child=child,
        measure=measure,
        sender_professional=regie.head_of(ctx).lead if sender == regie.head_of(ctx).regie else None,
        regie_moves=False,
    )
    return ended + handover.outcome(ctx, applied(None, record, row))


def _joins(ctx: Context, joined: HandoverRecord, kind: HandoverKind, child: PersonRef, measure: Uuid) -> Effects:
    row = row_for(ctx.event.name, None, Side.RECEIVER, joined.state, joined.type, frozenset())
    if row is None:
        raise AssertionError("an order joins every running handover to its institution")
    update: dict[str, object] = {"type": kind, "child": child, "measure": measure}
    if joined.type not in IMPOSED_KINDS and not joined.regie_moved:
        agreed = joined.state in (HandoverState.ACCEPTED, HandoverState.WARM)
        both = tuple(sorted((joined.sender, joined.receiver))) if agreed else (joined.sender,)
        update |= {"regie_wanted_by": both, "regie_moves": agreed}
    return handover.outcome(ctx, applied(joined, joined.model_copy(update=update), row))


def _own(ctx: Context, measure: Uuid) -> MeasureRecord | None:
    found = ctx.case.of(MeasureRecord).get(measure)
    return found if found is not None and found.institution == ctx.sender.slug and found.ended_on is None else None


def _worker_assigned(ctx: Context, body: WorkerAssigned) -> Judgement:
    measure = _own(ctx, body.measure)
    if measure is None:
        return Judgement((unknown("measure"),))
    record = ctx.case.of(HandoverRecord).get(measure.handover) if measure.handover else None
    reasons = [*terms.competent(ctx, record, body.worker), *_known_face(ctx, measure, body), *_plan(ctx, body)]
    if body.contact_held_at is not None and body.contact_held_at > ctx.now:
        reasons.append(wrong_date("contact_held_at"))
    if reasons:
        return Judgement(tuple(reasons))
    named = Effects(put=(measure.model_copy(update={"worker": body.worker}),))
    taken = step(ctx, record, Side.RECEIVER) if record else None
    if taken is None:
        return Judgement(effects=named)
    return Judgement(effects=named + handover.outcome(ctx, handover.wanting(taken, ctx.sender.slug, body.regie_moves)))


def _plan(ctx: Context, body: WorkerAssigned) -> Iterator[Reason]:
    """Who says that it goes on with the family's plan has one from another; who says that none was sent has not."""
    items = ctx.case.of(ItemRecord).values()
    mine = ctx.sender.slug
    sent = any(i.category is Category.PLAN and i.author != mine and mine in i.held_by for i in items)
    if body.plan is PlanTaken.JOINED and not sent:
        yield unknown("plan", PLAN_LAW)
    if body.plan is PlanTaken.NEW_NONE_WAS_SENT and sent:
        yield Reason(code=Refusal.REASON_NOT_ALLOWED, missing=("plan",), law=PLAN_LAW, mend=(Mend.CORRECT,))


def _known_face(ctx: Context, measure: MeasureRecord, body: WorkerAssigned) -> Iterator[Reason]:
    """Whom the family knows from before the measure goes on with it; another needs a reason (JB Noord 2016 §4.4)."""
    slug = ctx.sender.slug
    before = [s.professional for s in ctx.case.of(SupportRecord).values() if s.helper == slug]
    before += [
        h.professional
        for h in ctx.case.of(HandoverRecord).values()
        if h.receiver == slug and h.handover != measure.handover and h.state is HandoverState.COMPLETED
    ]
    known = tuple(dict.fromkeys(found.ref for found in before if found is not None))
    if known and measure.worker is None and body.worker.ref not in known and body.other_worker is None:
        law = "D#36: warm means no new face; JB Noord 2016 §4.4"
        mend = (Mend.NAME_PROFESSIONAL, Mend.ADD)
        yield Reason(code=Refusal.REQUIRED_SECTION_MISSING, missing=("other_worker", *known), law=law, mend=mend)


def return_owed(ctx: Context) -> Iterator[Reason]:
    """An institution that still leads after its measure hands back before it lets go (JB Noord 2016 §4.1, §6.1.4)."""
    if any(m.institution == ctx.sender.slug for m in ctx.case.of(MeasureRecord).values()):
        law = "D#7, D#38: the return is completed first"
        yield wrong_state("FROM_MEASURE_COMPLETED", law=law)


def _ending(ctx: Context, body: MeasureEnding) -> Judgement:
    if _own(ctx, body.measure) is None:
        return Judgement((unknown("measure"),))
    return Judgement()


def _ended(ctx: Context, body: MeasureEnded) -> Judgement:
    measure = _own(ctx, body.measure)
    if measure is None:
        return Judgement((unknown("measure"),))
    if body.on > ctx.today:
        return Judgement((wrong_date("on"),))
    ended = Effects(put=(measure.model_copy(update={"ended_on": body.on}),))
    record = ctx.case.of(HandoverRecord).get(measure.handover) if measure.handover else None
    taken: Step | None = step(ctx, record, Side.RECEIVER) if record and not record.final else None
    return Judgement(effects=ended + handover.outcome(ctx, taken) if taken else ended)


_JUDGES: Mapping[type[Body], Callable[[Context, Any], Judgement]] = {
    MeasureStarted: _started,
    MeasureTransferred: _transferred,
    WorkerAssigned: _worker_assigned,
    MeasureEnding: _ending,
    MeasureEnded: _ended,
}
