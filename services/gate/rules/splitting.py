"""Children who go different ways: their part of a case ends here when the other case is there, and not before.

Why in this order: docs/decisions/split-cases.md.
"""

from collections.abc import Iterator

from schemas.base import Subject
from schemas.cases import CaseLinked, CaseSplit
from schemas.person import PersonRef
from schemas.refusal import Mend, Reason, Refusal
from services.gate.rules import regie, sight
from services.gate.rules.case import (
    Case,
    Context,
    Effects,
    Judgement,
)
from services.gate.rules.case_records import (
    HandoverRecord,
    MeasureRecord,
    MonitoringRecord,
    PersonRecord,
    SightRecord,
)
from services.gate.rules.investigation_record import InvestigationRecord
from services.gate.rules.refusing import unknown, wrong_state

LAW = "D#14, D#22"


def judge_split(ctx: Context, body: CaseSplit) -> Judgement:
    """The holder says which children go on in which other case. Until that case is linked they stay counted here."""
    reasons = tuple(_reasons(ctx, body))
    if reasons:
        return Judgement(reasons)
    into = None if body.into == ctx.event.subject else body.into
    records = (record for record in ctx.case.of(PersonRecord).values() if record.key in body.children)
    return Judgement(effects=Effects(put=tuple(record.model_copy(update={"into": into}) for record in records)))


def _reasons(ctx: Context, body: CaseSplit) -> Iterator[Reason]:
    yield from regie.not_holder(ctx)
    yield from sight.unknown_persons(ctx, body.children)
    here = sight.children(ctx.case)
    adults = tuple(ref for ref in body.children if ctx.case.is_here(ref) and ref not in here)
    if adults:
        yield Reason(code=Refusal.ROLE_NOT_ALLOWED, missing=adults, law=LAW, mend=(Mend.LEAVE_OUT,))
    if not body.into.startswith("case:"):
        yield unknown("into")
    going = {record.key for record in ctx.case.of(PersonRecord).values() if record.into is not None}
    if body.into != ctx.event.subject and not set(here) - going - set(body.children):
        yield Reason(code=Refusal.WRONG_STATE, missing=("A_CHILD_STAYS",), law=LAW, mend=(Mend.LEAVE_OUT,))
    yield from _in_the_way(ctx, body.children)


def _in_the_way(ctx: Context, children: tuple[PersonRef, ...]) -> Iterator[Reason]:
    """A running handover of all children, or of one of these, ends first: half a family is not handed over. Nor is a
    child split off while the Raad has still to speak about it.
    """
    running = (h for h in ctx.case.of(HandoverRecord).values() if not h.final and h.moves_regie)
    if any(handover.child is None or handover.child in children for handover in running):
        yield wrong_state("NO_OPEN_HANDOVER", law=LAW)
    asked = (record for record in ctx.case.of(InvestigationRecord).values() if record.pending)
    if any(set(record.children) & set(children) for record in asked):
        missing = ("NO_PENDING_INVESTIGATION",)
        yield Reason(code=Refusal.WRONG_STATE, missing=missing, law=LAW, mend=(Mend.WAIT_FOR_STATE,))


def pending(case: Case) -> tuple[Subject, ...]:
    """The other cases in which children are to go on, that are not linked yet."""
    found = (record.into for record in case.of(PersonRecord).values() if record.left_on is None)
    return tuple(dict.fromkeys(into for into in found if into is not None))


def leaving(ctx: Context, body: CaseLinked) -> tuple[tuple[Reason, ...], Effects]:
    """The other case is there: from here on it alone holds these children's sight, monitoring and measures."""
    records = ctx.case.of(PersonRecord).values()
    gone = tuple(record for record in records if record.into == body.other and record.left_on is None)
    children = tuple(record.key for record in gone)
    if not children:
        return (), Effects()
    left = tuple(record.model_copy(update={"left_on": ctx.today}) for record in gone)
    effects = Effects(put=(*left, *_measures(ctx, children))) + _sight(ctx.case, children) + _plans(ctx.case, children)
    return tuple(_in_the_way(ctx, children)), effects


def _measures(ctx: Context, children: tuple[PersonRef, ...]) -> Iterator[MeasureRecord]:
    """The order runs on in the other case, where the institution says so: here its grounds end."""
    for measure in ctx.case.of(MeasureRecord).values():
        if measure.child in children and measure.ended_on is None:
            yield measure.model_copy(update={"ended_on": ctx.today})


def _sight(case: Case, children: tuple[PersonRef, ...]) -> Effects:
    plans = case.of(SightRecord).values()
    return Effects(drop=tuple((SightRecord, plan.key) for plan in plans if plan.plan.child in children))


def _plans(case: Case, children: tuple[PersonRef, ...]) -> Effects:
    effects = Effects()
    for plan in case.of(MonitoringRecord).values():
        stay = tuple(child for child in plan.children if child not in children)
        if stay and stay != plan.children:
            effects += Effects(put=(plan.model_copy(update={"children": stay}),))
        elif not stay:
            effects += Effects(drop=((MonitoringRecord, plan.key),))
    return effects
