"""Who holds regie, and the only way it moves: with a notice to every party, in the same decision."""

from collections.abc import Iterator
from datetime import date
from typing import Literal

from schemas.base import Slug, Uuid
from schemas.body import ConditionStatus
from schemas.parties import Professional
from schemas.refusal import Mend, Reason, Refusal
from schemas.service import RegieMoved
from services.gate.rules.case import (
    Case,
    Context,
    Effects,
    Notice,
)
from services.gate.rules.case_records import CaseHead, ConditionRecord, MeasureRecord

How = Literal["HANDOVER", "CONSULT", "EMERGENCY", "MEASURE", "CLOSED", "RETURNED", "OPENED", "TO_FAMILY", "REOPENED"]


def head_of(ctx: Context) -> CaseHead:
    """The head of a case that exists; the judge has refused every other before."""
    if ctx.case.head is None:
        raise AssertionError(f"{ctx.body.name} was judged without a case")
    return ctx.case.head


def told(ctx: Context, head: CaseHead, moved: RegieMoved) -> tuple[Notice, ...]:
    """Every party but the sender, who sees the move in the entry of its own message."""
    return tuple(Notice(p, moved) for p in head.parties if p != ctx.sender.slug and p in ctx.directory)


def move(ctx: Context, to: Slug, how: How, lead: Professional | None, handover: Uuid | None = None) -> Effects:
    """Regie goes to `to`, with `lead` as its named professional."""
    head = head_of(ctx)
    after = head.model_copy(
        update={
            "regie": to,
            "regie_kind": ctx.directory[to].kind if to in ctx.directory else None,
            "lead": lead,
            "lead_family": None,
            "parties": tuple(dict.fromkeys((*head.parties, to))),
        }
    )
    moved = RegieMoved(regie_from=head.regie, regie_to=to, how=how, handover=handover)
    return Effects(put=(after,), notices=told(ctx, after, moved))


def not_holder(ctx: Context) -> Iterator[Reason]:
    """A reason when the sender does not hold regie."""
    if head_of(ctx).regie != ctx.sender.slug:
        yield Reason(code=Refusal.NOT_REGIE_HOLDER, law="D#1", mend=(Mend.ASK_REGIE_HOLDER,))


def has_duty(case: Case, slug: Slug, today: date) -> bool:
    """Whether a court order charges this institution with a child of the case now."""
    return any(
        m.institution == slug and m.ended_on is None and m.since <= today < m.until
        for m in case.of(MeasureRecord).values()
    )


def unmet_conditions(ctx: Context, law: str) -> Iterator[Reason]:
    """A reason while a safety condition is open."""
    unmet = tuple(c.key for c in ctx.case.of(ConditionRecord).values() if c.status is ConditionStatus.OPEN)
    if unmet:
        yield Reason(code=Refusal.SAFETY_CONDITIONS_UNMET, missing=unmet[:64], law=law, mend=(Mend.CORRECT,))
