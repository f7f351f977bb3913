"""Sight of the child as the gate judges it: per child, by whose plan, until when. Whether it was confirmed in time is
oversight's.
"""

from collections.abc import Iterable, Iterator

from schemas.base import Slug
from schemas.body import SightPlan
from schemas.person import PersonRef
from schemas.refusal import Mend, Reason, Refusal
from services.gate.rules.case import Case, Context
from services.gate.rules.case_records import SightRecord

LAW = "TSD 2017 §2.3; D#60-62"


def in_force(ctx: Context, plan: SightPlan) -> bool:
    """Whether a plan still says who sees the child today."""
    return plan.until is None or plan.until >= ctx.today


def recorded(owner: Slug, plans: Iterable[SightPlan]) -> tuple[SightRecord, ...]:
    """The plans as records of the organisation that sent them."""
    return tuple(SightRecord(owner=owner, plan=plan) for plan in plans)


def children(case: Case) -> tuple[PersonRef, ...]:
    """Every minor and unborn child of the case."""
    return tuple(person.ref for person in case.family if person.is_child)


def uncovered(ctx: Context, owners: frozenset[Slug], sent: Iterable[SightPlan] = ()) -> Iterator[Reason]:
    """A reason when a child has no plan in force, neither in this message nor of these organisations."""
    kept = (record.plan for record in ctx.case.of(SightRecord).values() if record.owner in owners)
    covered = {plan.child for plan in (*sent, *kept) if in_force(ctx, plan)}
    unseen = tuple(child for child in children(ctx.case) if child not in covered)
    if unseen:
        yield Reason(code=Refusal.NO_INTERIM_OVERSIGHT, missing=unseen, law=LAW, mend=(Mend.ADD,))


def unknown_persons(ctx: Context, refs: Iterable[PersonRef]) -> Iterator[Reason]:
    """A reason when somebody named is not a person of this case."""
    missing = tuple(dict.fromkeys(ref for ref in refs if not ctx.case.is_here(ref)))
    if missing:
        yield Reason(code=Refusal.PERSON_UNKNOWN, missing=missing[:64], mend=(Mend.CORRECT,))
