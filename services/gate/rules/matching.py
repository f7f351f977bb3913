"""Asking whether a case exists. The question and its answer stand in a thread: no case is touched, and none is shown.

What may be asked is judged like the letter that would follow, on the persons the question names: Veilig Thuis by its
own report (G10), anybody by consent or under a ground that was weighed.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from schemas.body import Body
from schemas.consents import Decision, Scope
from schemas.manifest import Category
from schemas.matching import MatchAnswered, MatchAsked
from schemas.parties import OrganisationKind
from schemas.refusal import Mend, Reason, Refusal
from schemas.signals import Agreed
from services.gate.rules.case import Context, Effects, Judgement
from services.gate.rules.case_records import PersonRecord, ReportRecord, StatementRecord
from services.gate.rules.family import family_fits
from services.gate.rules.record import Record
from services.gate.rules.refusing import used_before
from services.gate.rules.threads import in_place, thread_after

LAW = "D#21, D#30; GDPR art. 5(1)c"


def judge_match(ctx: Context, body: MatchAsked | MatchAnswered) -> Judgement:
    """Both messages."""
    reasons = (*in_place(ctx), *_REASONS[type(body)](ctx, body))
    return Judgement(reasons) if reasons else Judgement(effects=Effects(put=_EFFECTS[type(body)](ctx, body)))


def _asked_reasons(ctx: Context, body: MatchAsked) -> Iterator[Reason]:
    yield from family_fits(ctx, body.persons)
    if ctx.case.thread is not None:
        yield used_before()
    if not ctx.sections:
        yield Reason(code=Refusal.REQUIRED_SECTION_MISSING, missing=(Category.IDENTITY,), law=LAW, mend=(Mend.ADD,))
    for section in ctx.sections:
        if section.category is not Category.IDENTITY:
            yield Reason(code=Refusal.CATEGORY_NOT_ALLOWED, section=section.item, law=LAW, mend=(Mend.LEAVE_OUT,))
    about = {ref for section in ctx.sections for ref in section.about}
    beside = tuple(p.ref for p in body.persons if (p.birth_date or p.due_date) and p.ref not in about)
    if beside:
        yield Reason(code=Refusal.PERSON_UNKNOWN, missing=beside, law=LAW, mend=(Mend.LEAVE_OUT,))


def _asked(ctx: Context, body: MatchAsked) -> tuple[Record, ...]:
    """What the sections are judged on stands in the thread, and goes with it."""
    persons = (PersonRecord(person=person) for person in body.persons)
    agreed = (_statement(ctx, one, place) for place, one in enumerate(body.agreed, 1))
    return (thread_after(ctx, about_persons=True), *persons, *agreed, *_report(ctx, body))


def _report(ctx: Context, body: MatchAsked) -> Iterator[ReportRecord]:
    if body.report is not None and ctx.sender.kind is OrganisationKind.VEILIG_THUIS:
        yield ReportRecord(report=body.report, centre=ctx.sender.slug, received_at=ctx.now, children=())


def _statement(ctx: Context, one: Agreed, place: int) -> StatementRecord:
    """Covers this question only."""
    return StatementRecord(
        statement=one.statement,
        about=one.about,
        given_by=one.given_by,
        decision=Decision.GRANTED,
        scope=Scope(categories=(Category.IDENTITY,), recipients=ctx.event.data.to),
        recorded_at=ctx.now,
        seq=place,
        recorder=ctx.sender.slug,
    )


def _answered_reasons(ctx: Context, body: MatchAnswered) -> Iterator[Reason]:
    thread = ctx.case.thread
    if thread is not None and not thread.open:
        yield Reason(code=Refusal.WRONG_STATE, missing=("ASKED",), mend=(Mend.LEAVE_OUT,))
    manifest = ctx.event.data.manifest
    if manifest is not None and (manifest.sections or manifest.withheld):
        yield Reason(code=Refusal.CATEGORY_NOT_ALLOWED, missing=("manifest",), law=LAW, mend=(Mend.LEAVE_OUT,))


def _answered(ctx: Context, body: MatchAnswered) -> tuple[Record, ...]:
    return (thread_after(ctx, open=False),)


_REASONS: Mapping[type[Body], Callable[[Context, Any], Iterator[Reason]]] = {
    MatchAsked: _asked_reasons,
    MatchAnswered: _answered_reasons,
}
_EFFECTS: Mapping[type[Body], Callable[[Context, Any], tuple[Record, ...]]] = {
    MatchAsked: _asked,
    MatchAnswered: _answered,
}
