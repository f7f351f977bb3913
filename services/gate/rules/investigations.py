"""Investigations of the Raad and the round table before them: who may say what when (schemas/tables/investigations.py),
and who sees the child meanwhile.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from schemas.base import Slug
from schemas.body import Body, SightPlan
from schemas.investigations import (
    InvestigationBody,
    InvestigationConcluded,
    InvestigationNoted,
    InvestigationReceived,
    InvestigationRegistered,
    InvestigationStarted,
    InvestigationState,
    RaadWaitAnnounced,
    TableDecided,
    TableInvited,
    TableOutcome,
    TableRequested,
)
from schemas.parties import OrganisationKind
from schemas.person import Person, PersonStatus, Role
from schemas.refusal import Flag, Mend, Reason, Refusal
from schemas.tables.investigations import (
    INVESTIGATION,
    ON_REQUEST,
    OWN_MOTION,
    TABLE,
    By,
    State,
    Step,
    states_for,
    step_for,
)
from services.gate.rules import request, sight
from services.gate.rules.case import (
    Case,
    Context,
    Effects,
    Judgement,
)
from services.gate.rules.case_records import SightRecord
from services.gate.rules.investigation_record import InvestigationRecord, TableRecord
from services.gate.rules.refusing import unknown, used_before, wrong_date

LAW = "Jeugdwet 3.1(1): the college's own or designated organisation, an institution, Veilig Thuis"
INVITED_FROM = 12
"""From this age a youth is invited to a round table (D§3g)."""


def judge_investigation(ctx: Context) -> Judgement:
    """Every message of the conversation investigations."""
    body = ctx.body
    if not isinstance(body, InvestigationBody):
        raise TypeError(f"not about an investigation: {body.name}")
    if isinstance(body, InvestigationRegistered):
        return _registered(ctx, body)
    before = ctx.case.of(InvestigationRecord).get(body.investigation)
    if isinstance(body, InvestigationStarted) and body.own_motion and before is None:
        return _own_motion(ctx, body)
    side = _side(ctx, before.applicant, before.raad) if before else None
    if before is None or side is None:
        return Judgement((unknown("investigation"),))
    variant = _variant(body)
    row = step_for(INVESTIGATION, ctx.event.name, before.state, side, variant)
    reasons = [*_fits(ctx, INVESTIGATION, row, side, variant), *_JUDGES[type(body)](ctx, body, before)]
    if reasons or row is None:
        return Judgement(tuple(reasons))
    corv = getattr(body, "corv", None) or before.corv
    after = before.model_copy(update={"state": row.to or before.state, "corv": corv})
    return Judgement(effects=Effects(put=(after, *sight.recorded(ctx.sender.slug, _plans(body)))))


def ended_with_case(case: Case) -> Effects:
    """A case that ends by law ends its investigations too."""
    pending = (record for record in case.of(InvestigationRecord).values() if record.pending)
    return Effects(put=tuple(r.model_copy(update={"state": InvestigationState.CONCLUDED}) for r in pending))


def pending(case: Case) -> bool:
    """Whether the Raad has still to say something about a child of the case."""
    return any(record.pending for record in case.of(InvestigationRecord).values())


def _side(ctx: Context, applicant: Slug | None, raad: Slug) -> By | None:
    if ctx.sender.slug == raad:
        return By.RAAD
    return By.APPLICANT if ctx.sender.slug == applicant else None


def _variant(body: InvestigationBody) -> str | None:
    match body:
        case InvestigationStarted(own_motion=own):
            return OWN_MOTION if own else ON_REQUEST
        case InvestigationConcluded(outcome=outcome):
            return outcome.value
    return None


def _fits(
    ctx: Context, rows: tuple[Step[State], ...], row: Step[State] | None, side: By, variant: str | None = None
) -> Iterator[Reason]:
    """Why no row fits: the other side says this, or it may not be said now."""
    if row is not None:
        return
    states = states_for(rows, ctx.event.name, side, variant)
    if states:
        yield Reason(code=Refusal.WRONG_STATE, missing=states, mend=(Mend.WAIT_FOR_STATE,))
    else:
        yield Reason(code=Refusal.ROLE_NOT_ALLOWED, missing=(side.value,), law="Jeugdwet 3.1", mend=(Mend.CORRECT,))


def _plans(body: Body) -> tuple[SightPlan, ...]:
    return body.sight if isinstance(body, RaadWaitAnnounced | InvestigationStarted) else ()


# A request


def _registered(ctx: Context, body: InvestigationRegistered) -> Judgement:
    persons = (
        *body.children,
        *(plan.child for plan in body.sight),
        *(risk.child for risk in body.risks),
        *(talk.parent for talk in body.talks),
        *(voice.child for voice in body.youth_voice),
    )
    reasons = list(sight.unknown_persons(ctx, persons))
    before = ctx.case.of(InvestigationRecord).get(body.investigation)
    row = step_for(INVESTIGATION, ctx.event.name, before.state if before else None, By.APPLICANT)
    reasons += [*_not_designated(ctx), *(() if row else (used_before(),)), *_decided_at(ctx, body)]
    if not reasons:
        reasons += request.missing(ctx, body)
        reasons += _not_ahead(ctx, body.observed.seen_on if body.observed else None, "observed.seen_on")
        reasons += _not_ahead(ctx, body.advice.held_on if body.advice else None, "advice.held_on")
        reasons += _not_ahead(ctx, max((t.held_on for t in body.talks if t.held_on), default=None), "talks.held_on")
    if reasons or row is None or row.to is None:
        return Judgement(tuple(reasons))
    record = _record(ctx, body, row.to, ctx.sender.slug, ctx.event.data.to[0])
    put = (record, *sight.recorded(ctx.sender.slug, body.sight))
    return Judgement(effects=Effects(put=put, flags=tuple(_flags(body))))


def _not_designated(ctx: Context) -> Iterator[Reason]:
    if ctx.sender.kind is OrganisationKind.LOCAL_TEAM and not ctx.sender.designated_for_vto:
        mend = (Mend.REPORT_TO_VT, Mend.INFORM_RAAD)
        yield Reason(code=Refusal.ROLE_NOT_ALLOWED, missing=("designated_for_vto",), law=LAW, mend=mend)


def _decided_at(ctx: Context, body: InvestigationRegistered) -> Iterator[Reason]:
    if body.table is not None and body.table not in ctx.case.of(TableRecord):
        yield unknown("table")


def _not_ahead(ctx: Context, day: date | None, field: str) -> Iterator[Reason]:
    if day is not None and day > ctx.today:
        yield Reason(code=Refusal.DATE_NOT_ALLOWED, missing=(field,), mend=(Mend.CORRECT,))


def _flags(body: InvestigationRegistered) -> Iterator[Flag]:
    """Delivered and seen: in danger before everything was done, or without a word beforehand of what would follow."""
    if body.acute_danger:
        yield Flag.ACUTE_DANGER
    if not any(talk.explained for talk in body.talks):
        yield Flag.NO_WARNING_TALK


def _record(
    ctx: Context,
    body: InvestigationRegistered | InvestigationStarted,
    state: InvestigationState,
    applicant: Slug | None,
    raad: Slug,
) -> InvestigationRecord:
    return InvestigationRecord(
        investigation=body.investigation,
        state=state,
        applicant=applicant,
        raad=raad,
        children=body.children,
        opened_at=ctx.now,
        corv=body.corv,
    )


# What the Raad says


def _own_motion(ctx: Context, body: InvestigationStarted) -> Judgement:
    reasons = list(sight.unknown_persons(ctx, (*body.children, *(plan.child for plan in body.sight))))
    if not body.children:
        reasons.append(
            Reason(
                code=Refusal.REQUIRED_SECTION_MISSING, missing=("children",), law="Jeugdwet 3.1(2)", mend=(Mend.ADD,)
            )
        )
    row = step_for(INVESTIGATION, ctx.event.name, None, By.RAAD, OWN_MOTION)
    if reasons or row is None or row.to is None:
        return Judgement(tuple(reasons))
    record = _record(ctx, body, row.to, None, ctx.sender.slug)
    return Judgement(effects=Effects(put=(record, *sight.recorded(ctx.sender.slug, body.sight))))


def _waits(ctx: Context, body: RaadWaitAnnounced, before: InvestigationRecord) -> Iterator[Reason]:
    """Who makes a family wait agrees who sees each child until then."""
    yield from sight.unknown_persons(ctx, (plan.child for plan in body.sight))
    if body.expected_on < ctx.today:
        yield wrong_date("expected_on")
    sides = (before.applicant, before.raad)
    kept = (r.plan for r in ctx.case.of(SightRecord).values() if r.owner in sides)
    covered = {plan.child for plan in (*body.sight, *kept) if sight.in_force(ctx, plan)}
    unseen = tuple(child for child in before.children if child not in covered)
    if unseen:
        yield Reason(code=Refusal.NO_INTERIM_OVERSIGHT, missing=unseen, law=sight.LAW, mend=(Mend.ADD,))


def _starts(ctx: Context, body: InvestigationStarted, before: InvestigationRecord) -> Iterator[Reason]:
    yield from sight.unknown_persons(ctx, (*body.children, *(plan.child for plan in body.sight)))
    if body.children and set(body.children) != set(before.children):
        yield Reason(code=Refusal.TERMS_DIFFER, missing=("children",), law="D§3h", mend=(Mend.CORRECT,))


def _notes(ctx: Context, body: InvestigationNoted, before: InvestigationRecord) -> Iterator[Reason]:
    yield from _not_ahead(ctx, body.college_told_on, "college_told_on")


def _nothing(ctx: Context, body: Any, before: InvestigationRecord) -> Iterable[Reason]:
    return ()


_JUDGES: Mapping[type[Body], Callable[[Context, Any, InvestigationRecord], Iterable[Reason]]] = {
    InvestigationReceived: _nothing,
    RaadWaitAnnounced: _waits,
    InvestigationStarted: _starts,
    InvestigationConcluded: _nothing,
    InvestigationNoted: _notes,
}


# The round table


def judge_table(ctx: Context) -> Judgement:
    """Every message of the conversation tables."""
    body = ctx.body
    if isinstance(body, TableRequested):
        return _table_requested(ctx, body)
    if not isinstance(body, TableInvited | TableDecided):
        raise TypeError(f"not about a round table: {body.name}")
    before = ctx.case.of(TableRecord).get(body.table)
    side = _side(ctx, before.applicant, before.raad) if before else None
    if before is None or side is None:
        return Judgement((unknown("table"),))
    row = step_for(TABLE, ctx.event.name, before.state, side)
    said = _invites(ctx, body, before) if isinstance(body, TableInvited) else _decides(ctx, body)
    reasons = [*_fits(ctx, TABLE, row, side), *said]
    if reasons or row is None:
        return Judgement(tuple(reasons))
    return Judgement(effects=Effects(put=(before.model_copy(update={"state": row.to}),)))


def _table_requested(ctx: Context, body: TableRequested) -> Judgement:
    reasons = list(sight.unknown_persons(ctx, body.children))
    before = ctx.case.of(TableRecord).get(body.table)
    row = step_for(TABLE, ctx.event.name, before.state if before else None, By.APPLICANT)
    if row is None:
        reasons.append(used_before())
    if reasons or row is None:
        return Judgement(tuple(reasons))
    asked = TableRecord(
        table=body.table,
        state=row.to,
        applicant=ctx.sender.slug,
        raad=ctx.event.data.to[0],
        children=body.children,
    )
    return Judgement(effects=Effects(put=(asked,)))


def _invites(ctx: Context, body: TableInvited, before: TableRecord) -> Iterator[Reason]:
    yield from sight.unknown_persons(ctx, (one.person for one in body.invited))
    named = {one.person for one in body.invited}
    forgotten = tuple(p.ref for p in ctx.case.persons if _has_a_seat(ctx, p, before) and p.ref not in named)
    if forgotten:
        yield Reason(code=Refusal.REQUIRED_SECTION_MISSING, missing=forgotten[:64], law="D§3g", mend=(Mend.ADD,))
    if body.meets_on < ctx.today:
        yield wrong_date("meets_on")


def _has_a_seat(ctx: Context, person: Person, table: TableRecord) -> bool:
    """Parents, and the youth it is about from twelve; nobody may be led to who is not safe to be asked."""
    if person.status is not PersonStatus.KNOWN or person.contact_unsafe:
        return False
    if person.ref in table.children:
        return (person.age_on(ctx.today) or 0) >= INVITED_FROM
    return person.role in (Role.PARENT, Role.GUARDIAN)


def _decides(ctx: Context, body: TableDecided) -> Iterator[Reason]:
    yield from sight.unknown_persons(ctx, body.present)
    yield from _not_ahead(ctx, body.held_on, "held_on")
    late = body.review_on is not None and body.review_on <= ctx.today
    if body.outcome is TableOutcome.AGREEMENTS and late:
        yield wrong_date("review_on")
