"""Handovers: from a message and the table to reasons or effects. Regie moves here and nowhere by itself."""

from collections.abc import Iterator
from typing import Literal

from schemas.base import Slug
from schemas.handovers import (
    ConsultHeld,
    EmergencyTakenOver,
    HandoverAccepted,
    HandoverBody,
    HandoverKind,
    HandoverProposed,
    HandoverState,
    WaitAnnounced,
)
from schemas.parties import OrganisationKind
from schemas.refusal import Flag, Mend, Reason, Refusal
from schemas.service import HandoverCancelledNotice
from schemas.tables.transitions import IMPOSED_KINDS, Effect, Side, Transition
from services.gate.rules import brought, coming_of_age, regie, required, sight, terms
from services.gate.rules.case import (
    Context,
    Effects,
    Judgement,
    Notice,
)
from services.gate.rules.case_records import (
    CaseHead,
    ConditionRecord,
    HandoverRecord,
    SightRecord,
)
from services.gate.rules.refusing import unknown, used_before
from services.gate.rules.walk import Step, applied, other_side, row_for, side_of, step, wrong_state

RETURNED = "handovers.returned"
"""Said of a RETURNING handover when the one that brings it back completes."""


def judge_handover(ctx: Context) -> Judgement:
    """Every message of the conversation handovers."""
    body = ctx.body
    if isinstance(body, HandoverProposed):
        return _proposed(ctx, body)
    if isinstance(body, EmergencyTakenOver):
        return _emergency(ctx, body)
    if not isinstance(body, HandoverBody):
        raise TypeError(f"not about a handover: {body.name}")
    before = ctx.case.of(HandoverRecord).get(body.handover)
    side = side_of(before, ctx.sender.slug) if before else None
    if before is None or side is None:
        return Judgement((unknown("handover"),))
    reasons = [*_wrong_recipient(ctx, other_side(before, side)), *terms.reasons(ctx, before, side)]
    reasons += coming_of_age.reasons(ctx, before)
    taken = step(ctx, before, side)
    if taken is None:
        reasons.insert(0, wrong_state(ctx, before, side))
    if reasons or taken is None:
        return Judgement(tuple(reasons))
    return Judgement(effects=Effects(put=_plans(ctx)) + outcome(ctx, _agreed(ctx, taken)))


def _wrong_recipient(ctx: Context, counterpart: Slug | None) -> Iterator[Reason]:
    if ctx.event.data.to != (counterpart,):
        yield Reason(code=Refusal.ROLE_NOT_ALLOWED, missing=("to",), law="D§0.2", mend=(Mend.CORRECT,))


def _plans(ctx: Context) -> tuple[SightRecord, ...]:
    """Sight plans that travel with a message count from then on, as the sender's."""
    if isinstance(ctx.body, WaitAnnounced | ConsultHeld | HandoverProposed | EmergencyTakenOver):
        return sight.recorded(ctx.sender.slug, ctx.body.sight)
    return ()


def _agreed(ctx: Context, taken: Step) -> Step:
    """An imposed handover moves regie only when both sides say so: the institution with its worker, the sender here."""
    if not (isinstance(ctx.body, HandoverAccepted) and taken.row.by is Side.SENDER):
        return taken
    return wanting(taken, ctx.sender.slug, ctx.body.regie_moves)


def wanting(taken: Step, slug: Slug, wants: bool) -> Step:
    """The step with one side's word on whether regie is to move."""
    wanted = {*taken.after.regie_wanted_by, slug} if wants else {*taken.after.regie_wanted_by} - {slug}
    both = {taken.after.sender, taken.after.receiver} <= wanted
    after = taken.after.model_copy(update={"regie_wanted_by": tuple(sorted(wanted)), "regie_moves": both})
    effects = tuple(e for e in taken.effects if e is not Effect.TERMS_AGREED)
    return Step(taken.before, after, taken.row, (*effects, Effect.TERMS_AGREED) if both else effects)


# What a row does to the case


def outcome(ctx: Context, taken: Step) -> Effects:
    """The effects of one applied row on the case: the record, regie, counters, flags, and other handovers."""
    after, effects = taken.after, taken.effects
    result = Effects()
    if Effect.TAKES_OVER in effects:
        result += _takes_over(ctx, taken)
    elif Effect.COMPLETES in effects:
        result += _completes(ctx, taken)
    if Effect.BOUNCE in effects:
        head = regie.head_of(ctx)
        result += Effects(put=(head.model_copy(update={"bounces": head.bounces + 1}),))
    moved = any(isinstance(record, CaseHead) and record.regie != regie.head_of(ctx).regie for record in result.put)
    if moved:
        after = after.model_copy(update={"regie_moved": True})
        effects = (*effects, Effect.REGIE_MOVED)
    stepped = Step(taken.before, after, taken.row, effects)
    return Effects(put=(after,), flags=_flags(after, effects), handover=stepped.fact) + result


def _flags(after: HandoverRecord, effects: tuple[Effect, ...]) -> tuple[Flag, ...]:
    found = {
        Flag.FAMILY_NOT_MET: Effect.FAMILY_NOT_MET in effects,
        Flag.STORY_READ_LATE: Effect.STORY_READ in effects and after.story_read_late,
        Flag.BOUNCE_LOOP: Effect.BOUNCE_LOOP in effects,
        Flag.EMERGENCY_OPEN: Effect.TAKES_OVER in effects,
    }
    return tuple(flag for flag, raised in found.items() if raised)


def _completes(ctx: Context, taken: Step) -> Effects:
    """Regie moves if this handover moves it and has not yet; what it returns is superseded."""
    record, head = taken.after, regie.head_of(ctx)
    result = Effects()
    moves = record.moves_regie and record.regie_moves and not record.regie_moved
    if moves and head.regie == record.sender:
        result += regie.move(ctx, record.receiver, _how(taken), record.professional, record.handover)
    returning = ctx.case.of(HandoverRecord).get(record.returns) if record.returns else None
    row = _other_row(returning, RETURNED) if returning else None
    if returning and row:
        superseded = applied(returning, returning, row)
        result += Effects(put=(superseded.after,), also=(superseded.fact,))
    return result


def _how(taken: Step) -> regie.How:
    if taken.after.returns:
        return "RETURNED"
    if Effect.FAMILY_NOT_MET in taken.effects:
        return "CONSULT"
    return "MEASURE" if taken.after.type in IMPOSED_KINDS else "HANDOVER"


def _takes_over(ctx: Context, taken: Step) -> Effects:
    record = taken.after
    moved = regie.move(ctx, record.receiver, "EMERGENCY", record.professional, record.handover)
    return moved + others_end(ctx, record.handover, "EMERGENCY")


def _other_row(record: HandoverRecord, message: str) -> Transition | None:
    return row_for(message, None, Side.OTHER, record.state, record.type, frozenset())


def others_end(ctx: Context, handover: str | None, because: Literal["EMERGENCY", "MEASURE"]) -> Effects:
    """Open handovers to a third end; both their sides are told."""
    result = Effects()
    for record in ctx.case.of(HandoverRecord).values():
        row = _other_row(record, ctx.event.name)
        if row is None or record.handover == handover:
            continue
        ended = applied(record, record, row)
        body = HandoverCancelledNotice(handover=record.handover, because=because)
        sides = tuple(s for s in dict.fromkeys((record.sender, record.receiver)) if s in ctx.directory)
        notices = tuple(Notice(side, body) for side in sides)
        result += Effects(put=(ended.after,), also=(ended.fact,), notices=notices)
    return result


# How a handover begins


def running(ctx: Context) -> Iterator[HandoverRecord]:
    """The open handovers that move regie."""
    return (r for r in ctx.case.of(HandoverRecord).values() if not r.final and r.moves_regie)


def _proposed(ctx: Context, body: HandoverProposed) -> Judgement:
    if body.kind in IMPOSED_KINDS:
        return Judgement((_imposed(),))
    before = ctx.case.of(HandoverRecord).get(body.handover)
    record = _offer(ctx, body)
    row = row_for(ctx.event.name, None, Side.OPENER, before.state if before else None, body.kind, frozenset())
    reasons = list(_proposal_reasons(ctx, body))
    if row is None:
        reasons.insert(0, used_before())
    if reasons or row is None:
        return Judgement(tuple(reasons))
    conditions = tuple(
        ConditionRecord(condition=condition, set_by=ctx.sender.slug)
        for condition in body.conditions
        if condition.id not in ctx.case.of(ConditionRecord)
    )
    head = regie.head_of(ctx)
    from_vt = ctx.sender.kind is OrganisationKind.VEILIG_THUIS
    head = head.model_copy(update={"phase": body.phase, "vt_origin": head.vt_origin or from_vt})
    opened = outcome(ctx, applied(None, record, row))
    return Judgement(effects=Effects(put=(head, *conditions, *_plans(ctx))) + opened)


def _imposed() -> Reason:
    """Whatever it holds: a measure begins by the court's order."""
    mend = (Mend.CORRECT,)
    return Reason(code=Refusal.ROLE_NOT_ALLOWED, missing=("measures.started",), law="Jeugdwet 3.2(1)", mend=mend)


def _offer(ctx: Context, body: HandoverProposed) -> HandoverRecord:
    return HandoverRecord(
        handover=body.handover,
        type=body.kind,
        state=HandoverState.PROPOSED,
        sender=ctx.sender.slug,
        receiver=ctx.event.data.to[0] if ctx.event.data.to else ctx.sender.slug,
        opened_at=ctx.now,
        phase=body.phase,
        stays=body.stays,
        sender_professional=ctx.event.data.by,
        has_story=True,
        returns=body.returns,
    )


def _proposal_reasons(ctx: Context, body: HandoverProposed) -> Iterator[Reason]:
    to = ctx.event.data.to
    if ctx.sender.slug in to:
        yield Reason(code=Refusal.ROLE_NOT_ALLOWED, missing=("to",), mend=(Mend.CORRECT,))
    yield from _may_propose(ctx, body)
    yield from _second_regie(ctx, body)
    yield from _references(ctx, body)
    persons = (
        *(plan.child for plan in body.sight),
        *(told.person for told in body.told),
        *(voice.child for voice in body.youth_voice),
        *(response.person for response in body.client_response),
    )
    yield from sight.unknown_persons(ctx, persons)
    yield from sight.uncovered(ctx, frozenset({ctx.sender.slug}), body.sight)
    yield from required.missing(ctx, body)
    yield from brought.reasons(ctx, body)


def _may_propose(ctx: Context, body: HandoverProposed) -> Iterator[Reason]:
    if body.kind is HandoverKind.INTO_RUNNING_HELP:
        if ctx.sender.kind is not OrganisationKind.VEILIG_THUIS:
            yield Reason(code=Refusal.ROLE_NOT_ALLOWED, missing=("VEILIG_THUIS",), law="D§3f", mend=(Mend.CORRECT,))
        elif ctx.event.data.to != (regie.head_of(ctx).regie,):
            yield Reason(code=Refusal.NOT_REGIE_HOLDER, missing=("to",), law="D§3f", mend=(Mend.CORRECT,))
        return
    yield from regie.not_holder(ctx)
    if body.kind is HandoverKind.FROM_MEASURE and ctx.sender.kind is not OrganisationKind.CERTIFIED_INSTITUTION:
        yield Reason(code=Refusal.ROLE_NOT_ALLOWED, missing=("CERTIFIED_INSTITUTION",), law="D#7", mend=(Mend.CORRECT,))


def _second_regie(ctx: Context, body: HandoverProposed) -> Iterator[Reason]:
    if body.kind is HandoverKind.INTO_RUNNING_HELP:
        return
    open_now = [r for r in running(ctx) if r.handover not in (body.returns, body.handover)]
    if open_now:
        yield Reason(
            code=Refusal.DUAL_REGIE, missing=("NO_OPEN_HANDOVER",), law="D#14, D#21", mend=(Mend.WAIT_FOR_STATE,)
        )
    doubled = regie.head_of(ctx).doubled
    if doubled and body.returns is None:
        yield Reason(code=Refusal.DUAL_REGIE, missing=doubled[:64], law="D#14, D#21", mend=(Mend.CORRECT,))


def _references(ctx: Context, body: HandoverProposed) -> Iterator[Reason]:
    known, to = ctx.case.of(HandoverRecord), ctx.event.data.to
    if body.returns is not None:
        back = known.get(body.returns)
        fits = (
            back and back.state is HandoverState.RETURNING and back.receiver == ctx.sender.slug and to == (back.sender,)
        )
        if not fits:
            yield unknown("returns")
    if body.replaces is not None:
        declined = known.get(body.replaces)
        fits = declined and declined.state is HandoverState.DECLINED and declined.sender == ctx.sender.slug
        if not fits:
            yield unknown("replaces")
    conditions = ctx.case.of(ConditionRecord)
    changed = tuple(c.id for c in body.conditions if c.id in conditions and conditions[c.id].condition != c)
    if changed:
        yield Reason(code=Refusal.TERMS_DIFFER, missing=changed, law="TSD 2017 §2.1: set once", mend=(Mend.CORRECT,))


def _emergency(ctx: Context, body: EmergencyTakenOver) -> Judgement:
    head, slug = regie.head_of(ctx), ctx.sender.slug
    before = ctx.case.of(HandoverRecord).get(body.handover)
    side = side_of(before, slug) if before else Side.OPENER
    if side is None:
        return Judgement((unknown("handover"),))
    kind, state = (before.type, before.state) if before else (HandoverKind.REGIE, None)
    row = row_for(ctx.event.name, None, side, state, kind, frozenset())
    reasons = [*_may_take_over(ctx, before, side), *_wrong_recipient(ctx, head.regie)]
    reasons += sight.unknown_persons(ctx, (plan.child for plan in body.sight))
    reasons += sight.uncovered(ctx, frozenset({slug}), body.sight)
    if row is None and before is not None:
        reasons.insert(0, wrong_state(ctx, before, side))
    if reasons or row is None or head.regie is None:
        return Judgement(tuple(reasons))
    record = _taken_over(ctx, body, before, head.regie)
    return Judgement(effects=Effects(put=_plans(ctx)) + outcome(ctx, applied(before, record, row)))


def _may_take_over(ctx: Context, before: HandoverRecord | None, side: Side) -> Iterator[Reason]:
    vt = ctx.sender.kind is OrganisationKind.VEILIG_THUIS
    law = "Uitvoeringsbesluit Wmo 2015 art. 4.1.1(2)a; Jeugdwet 3.2(1)"
    if regie.head_of(ctx).regie == ctx.sender.slug:
        yield Reason(code=Refusal.ROLE_NOT_ALLOWED, missing=("HOLDS_REGIE",), law=law)
    elif side is Side.OPENER and not vt and not regie.has_duty(ctx.case, ctx.sender.slug, ctx.today):
        yield Reason(code=Refusal.ROLE_NOT_ALLOWED, missing=("VEILIG_THUIS",), law=law, mend=(Mend.REPORT_TO_VT,))


def _taken_over(ctx: Context, body: EmergencyTakenOver, before: HandoverRecord | None, holder: Slug) -> HandoverRecord:
    """The taker is the receiver and the holder until now the sender; a new reader has to read, a new talk is owed."""
    head = regie.head_of(ctx)
    if before is None:
        return HandoverRecord(
            handover=body.handover,
            type=HandoverKind.REGIE,
            state=HandoverState.EMERGENCY,
            sender=holder,
            receiver=ctx.sender.slug,
            opened_at=ctx.now,
            phase=head.phase,
            professional=body.on_duty,
            sender_professional=head.lead,
        )
    same = before.professional is not None and before.professional.ref == body.on_duty.ref
    return before.model_copy(
        update={
            "sender": holder,
            "sender_professional": before.sender_professional if before.sender == holder else head.lead,
            "professional": body.on_duty,
            "attested_sender": None,
            "attested_receiver": None,
            "story_read": before.story_read and same,
            "story_read_at": before.story_read_at if same else None,
            "regie_moved": False,
        }
    )
