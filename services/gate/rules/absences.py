"""Who is away and who stands in; and what may not be decided over the head of who leads."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from schemas.absences import AbsenceEnded, AbsencePlanned, AbsenceStarted
from schemas.body import Body
from schemas.parties import Competence
from schemas.refusal import Flag, Mend, Reason, Refusal
from schemas.tables.key_decisions import is_key_decision
from services.gate.rules import terms
from services.gate.rules.case import Context, Effects, Judgement
from services.gate.rules.help_records import AbsenceRecord
from services.gate.rules.refusing import unknown, wrong_date
from services.gate.rules.stand_ins import carriers, leads, running

STAND_IN_LAW = "Besluit Jeugdwet 4.2.1(2), 4.2.2(2)a, 4.2.3(2)a; D#82"


def judge_absence(ctx: Context) -> Judgement:
    """Every message of the conversation absences."""
    return _JUDGES[type(ctx.body)](ctx, ctx.body)


def _planned(ctx: Context, body: AbsencePlanned) -> Judgement:
    reasons = list(_fits(ctx, body))
    if body.stand_in is None:
        reasons.append(_no_stand_in())
    if body.until < ctx.today:
        reasons.append(wrong_date("until"))
    return _away(ctx, body, reasons)


def _started(ctx: Context, body: AbsenceStarted) -> Judgement:
    reasons = list(_fits(ctx, body))
    if body.since > ctx.today:
        reasons.append(wrong_date("since"))
    if body.absence not in ctx.case.of(AbsenceRecord):
        reasons += _by_who_coordinates(ctx, body)
    return _away(ctx, body, reasons)


def _by_who_coordinates(ctx: Context, body: AbsenceStarted) -> Iterator[Reason]:
    """Nobody reports a colleague away but whoever answers for the team; who falls ill need not do it themselves."""
    by = ctx.event.data.by
    if by is not None and Competence.MANAGEMENT not in by.competences:
        yield Reason(
            code=Refusal.COMPETENCE_MISSING,
            missing=(Competence.MANAGEMENT,),
            law="D#13, D#184: an unplanned absence is said by whoever coordinates the team",
            mend=(Mend.NAME_PROFESSIONAL,),
        )


def _fits(ctx: Context, body: AbsencePlanned | AbsenceStarted) -> Iterator[Reason]:
    """It is about somebody of the sender who carries this case, and the stand-in may carry it."""
    before = ctx.case.of(AbsenceRecord).get(body.absence)
    if before is not None and (before.owner != ctx.sender.slug or before.professional != body.professional):
        yield unknown("absence")
    elif body.professional not in carriers(ctx.case, ctx.sender.slug) and before is None:
        yield unknown("professional")
    if before is not None and before.ended:
        yield Reason(code=Refusal.WRONG_STATE, missing=("NOT_ENDED",), mend=(Mend.SEND_ANEW,))
    if body.stand_in is not None and body.stand_in.ref == body.professional:
        yield _no_stand_in()
    yield from terms.competent(ctx, None, body.stand_in)


def _away(ctx: Context, body: AbsencePlanned | AbsenceStarted, reasons: list[Reason]) -> Judgement:
    if reasons:
        return Judgement(tuple(reasons))
    kept = ctx.case.of(AbsenceRecord).get(body.absence)
    record = AbsenceRecord(
        absence=body.absence,
        owner=ctx.sender.slug,
        professional=body.professional,
        since=body.since,
        until=body.until,
        stand_in=body.stand_in or (kept.stand_in if kept else None),
        agreements=body.agreements or (kept.agreements if kept else ()),
        settled=kept.settled if kept else (),
    )
    return Judgement(effects=Effects(put=(record,)))


def _ended(ctx: Context, body: AbsenceEnded) -> Judgement:
    found = ctx.case.of(AbsenceRecord).get(body.absence)
    if found is None or found.owner != ctx.sender.slug:
        return Judgement((unknown("absence"),))
    if found.ended:
        return Judgement((Reason(code=Refusal.WRONG_STATE, missing=("NOT_ENDED",), mend=(Mend.SEND_ANEW,)),))
    return Judgement(effects=Effects(put=(found.model_copy(update={"ended": True}),)))


# What needs the stand-in


def _lead_away(ctx: Context) -> Iterator[AbsenceRecord]:
    """Absences over which this message decides: of who leads for the sender, unless they say it themselves."""
    if not is_key_decision(ctx.event.name, getattr(ctx.body, "kind", None)):
        return
    refs = {found.ref for found in leads(ctx.case, ctx.sender.slug) if found is not None}
    by = ctx.event.data.by
    for record in running(ctx):
        if record.professional in refs and (by is None or by.ref != record.professional):
            yield record


def reasons(ctx: Context) -> Iterator[Reason]:
    """A key decision while the lead is away needs a named stand-in, who signs it as first or second person. In acute
    danger nobody waits for that; a second professional looks at it within a day.
    """
    if getattr(ctx.body, "acute_danger", False):
        return
    signed = {who.ref for who in (ctx.event.data.by, ctx.event.data.second) if who is not None}
    for record in _lead_away(ctx):
        if record.stand_in is None:
            yield _no_stand_in()
        elif record.stand_in.ref not in signed:
            yield Reason(
                code=Refusal.NO_NAMED_PROFESSIONAL,
                missing=(record.stand_in.ref,),
                law="D#82: the stand-in signs what is decided in an absence",
                mend=(Mend.NAME_PROFESSIONAL,),
            )


def flags(ctx: Context) -> tuple[Flag, ...]:
    """What is seen of a key decision that was taken while the lead was away (JB Noord 2016 §3.3)."""
    away = tuple(_lead_away(ctx))
    if not away:
        return ()
    open_left = any(agreement.id not in record.settled for record in away for agreement in record.agreements)
    return (Flag.DECIDED_DURING_ABSENCE, *((Flag.AGREEMENT_OVERRIDDEN,) if open_left else ()))


def _no_stand_in() -> Reason:
    return Reason(
        code=Refusal.NO_NAMED_PROFESSIONAL, missing=("stand_in",), law=STAND_IN_LAW, mend=(Mend.NAME_PROFESSIONAL,)
    )


_JUDGES: Mapping[type[Body], Callable[[Context, Any], Judgement]] = {
    AbsencePlanned: _planned,
    AbsenceStarted: _started,
    AbsenceEnded: _ended,
}
