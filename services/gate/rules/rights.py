"""A person's questions about their own data: who may ask, and what an answer must and may not hold."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from schemas.base import Slug, Uuid
from schemas.body import Body
from schemas.consents import Decision
from schemas.person import Person, Role
from schemas.refusal import Mend, Reason, Refusal
from schemas.rights import (
    AccessAnswered,
    AccessRequested,
    Asked,
    CorrectionAsked,
    DestructionAsked,
    Objected,
    RightDecided,
)
from schemas.tables.access_ages import AgeRow, row_for
from schemas.tables.consent_ages import ADULT_FROM
from services.gate.rules import sight
from services.gate.rules.asked_records import RequestRecord, Sort
from services.gate.rules.case import Context, Effects, Judgement
from services.gate.rules.case_records import ItemRecord, ReportRecord, StatementRecord
from services.gate.rules.information import answered, answering
from services.gate.rules.refusing import unknown, used_before, wrong_date
from services.gate.rules.voices import custody_holders, ended

SORTS: Mapping[type[Body], Sort] = {
    AccessRequested: Sort.ACCESS,
    CorrectionAsked: Sort.CORRECTION,
    DestructionAsked: Sort.DESTRUCTION,
    Objected: Sort.OBJECTION,
}
OTHERS_LAW = "GDPR art. 15(4); Wmo 2015 art. 5.3.2(3)"
ADDRESS_LAW = "Wmo 2015 art. 5.3.2(4); Jeugdwet 7.3.10"
HOLD_LAW = "Wmo 2015 art. 5.3.1(3), 5.3.2; UAVG art. 41(1)i"
UNFOUNDED_LAW = "Wmo 2015 art. 5.3.5: a report that proved unfounded is destroyed when asked (D§3d L7)"


def judge_right(ctx: Context) -> Judgement:
    """Every message of access and rights."""
    if isinstance(ctx.body, Asked):
        return _asked(ctx, ctx.body)
    return _ANSWERS[type(ctx.body)](ctx, ctx.body)


# Asking


def _asked(ctx: Context, body: Asked) -> Judgement:
    reasons = [*sight.unknown_persons(ctx, (body.person, body.about)), *_of_whom(ctx), *_points_at(ctx, body)]
    if body.request in ctx.case.of(RequestRecord):
        reasons.append(used_before())
    if not reasons:
        reasons += _may_ask(ctx, body)
    if reasons:
        return Judgement(tuple(reasons))
    to = ctx.event.data.to
    request = RequestRecord(
        request=body.request,
        sort=SORTS[type(body)],
        asker=ctx.sender.slug,
        asked=to[0] if to else ctx.sender.slug,
        about=(body.about,),
        person=body.person,
        ground=body.law if isinstance(body, DestructionAsked) else None,
    )
    return Judgement(effects=Effects(put=(request,)))


def _of_whom(ctx: Context) -> Iterator[Reason]:
    """Who holds something of the case can be asked about it, nobody else: not even that there is a case."""
    head = ctx.case.head
    known = {*head.parties, *head.holders} if head else set[Slug]()
    strangers = tuple(slug for slug in ctx.event.data.to if slug not in known)
    if strangers:
        yield Reason(code=Refusal.ROLE_NOT_ALLOWED, missing=("to", *strangers), mend=(Mend.CORRECT,))


def _points_at(ctx: Context, body: Asked) -> Iterator[Reason]:
    """The item or the report that is meant is there, and about whom it must be."""
    if isinstance(body, CorrectionAsked) and body.item is not None and not _about(ctx, body.item, body.about):
        yield unknown("item", OTHERS_LAW)
    if isinstance(body, DestructionAsked) and body.report is not None:
        report = ctx.case.of(ReportRecord).get(body.report)
        of = ctx.event.data.to[0] if ctx.event.data.to else ctx.sender.slug
        if report is None or report.centre != of:
            yield unknown("report")


def _about(ctx: Context, item: Uuid, person: str) -> bool:
    known = ctx.case.of(ItemRecord).get(item)
    return known is not None and person in known.about


def _may_ask(ctx: Context, body: Asked) -> Iterator[Reason]:
    """By the age of whom it is about, on the day of asking."""
    asking, about = ctx.case.person(body.person), ctx.case.person(body.about)
    if asking is None or about is None:
        return
    row = row_for(about.age_on(ctx.today), about.is_competent_on(ctx.today))
    if not _fits(ctx, body, row, asking, about):
        yes = row.others_with_their_yes and asking.ref != about.ref
        yield Reason(
            code=Refusal.NO_BASIS,
            person=about.ref,
            missing=_who_may(ctx, row, about),
            law=row.law,
            mend=(Mend.ASK_CONSENT,) if yes and not about.contact_unsafe else (Mend.CORRECT,),
        )


def _fits(ctx: Context, body: Asked, row: AgeRow, asking: Person, about: Person) -> bool:
    if asking.ref == about.ref:
        return row.themselves
    if asking.ref in _representatives(ctx, about):
        return row.representative or _said_yes(ctx, body, row)
    parent = asking.role is Role.PARENT and isinstance(body, AccessRequested)
    minor = about.is_child and (about.age_on(ctx.today) or 0) < ADULT_FROM
    return parent and minor and (row.parent_without_custody or _said_yes(ctx, body, row))


def _said_yes(ctx: Context, body: Asked, row: AgeRow) -> bool:
    """The person's own yes, recorded and still standing."""
    said = ctx.case.of(StatementRecord).get(body.statement or "")
    own = said is not None and (said.about, said.given_by, said.decision) == (
        body.about,
        body.about,
        Decision.GRANTED,
    )
    return row.others_with_their_yes and own and said is not None and not ended(said, ctx.today)


def _representatives(ctx: Context, about: Person) -> tuple[str, ...]:
    holders = custody_holders(ctx.case, about, ctx.today)
    return (*holders, *((about.representative,) if about.representative else ()))


def _who_may(ctx: Context, row: AgeRow, about: Person) -> tuple[str, ...]:
    """Who could ask instead, without leading anybody to a person it is not safe to ask."""
    own = (about.ref,) if row.themselves else ()
    named = (*own, *(_representatives(ctx, about) if row.representative else ()))
    return tuple(ref for ref in named if not ((known := ctx.case.person(ref)) and known.contact_unsafe))


# Answering


def _answered(ctx: Context, body: AccessAnswered) -> Judgement:
    request, reasons = answering(ctx, body.request, Sort.ACCESS)
    if request is None:
        return Judgement(tuple(reasons))
    reasons += [*_lines(ctx, body, request), *_held_back(ctx, body, request)]
    return Judgement(tuple(reasons)) if reasons else answered(request, body.complete)


def _lines(ctx: Context, body: AccessAnswered, request: RequestRecord) -> Iterator[Reason]:
    """Lines about this person only; and kinds of organisations where the address of another is secret."""
    foreign = tuple(line.item for line in body.lines if not _about(ctx, line.item, request.about[0]))
    if foreign:
        yield Reason(
            code=Refusal.UNKNOWN_REFERENCE,
            person=request.about[0],
            missing=foreign,
            law=OTHERS_LAW,
            mend=(Mend.LEAVE_OUT,),
        )
    hidden = any(person.location_protected and person.ref != request.person for person in ctx.case.persons)
    if hidden and any(line.organisation for line in body.lines):
        yield Reason(
            code=Refusal.CATEGORY_NOT_ALLOWED, missing=("organisation",), law=ADDRESS_LAW, mend=(Mend.LEAVE_OUT,)
        )


def _held_back(ctx: Context, body: AccessAnswered, request: RequestRecord) -> Iterator[Reason]:
    """Nobody alone holds a line back, or shows one to who must not be led to the family; and it is looked at again."""
    held = [line for line in body.lines if line.decision == "WITHHELD"]
    asking = ctx.case.person(request.person or "")
    unsafe = asking is not None and asking.contact_unsafe and len(held) < len(body.lines)
    if (held or unsafe) and not _second(ctx):
        yield Reason(
            code=Refusal.SECOND_PERSON_MISSING, missing=("second",), law=HOLD_LAW, mend=(Mend.NAME_PROFESSIONAL,)
        )
    if any(line.review_on is not None and line.review_on <= ctx.today for line in held):
        yield wrong_date("review_on", HOLD_LAW)


def _decided(ctx: Context, body: RightDecided) -> Judgement:
    request, reasons = answering(ctx, body.request, Sort.CORRECTION, Sort.DESTRUCTION, Sort.OBJECTION)
    if request is None:
        return Judgement(tuple(reasons))
    if body.decision != "GRANTED":
        if body.reason is None:
            reasons.append(Reason(code=Refusal.REQUIRED_SECTION_MISSING, missing=("reason",), mend=(Mend.ADD,)))
        if not _second(ctx):
            reasons.append(
                Reason(
                    code=Refusal.SECOND_PERSON_MISSING, missing=("second",), law="D§0.9", mend=(Mend.NAME_PROFESSIONAL,)
                )
            )
        if request.ground == "UNFOUNDED_REPORT" and body.reason not in (None, "NOT_UNFOUNDED", "COURT_CASE"):
            reasons.append(
                Reason(code=Refusal.REASON_NOT_ALLOWED, missing=("reason",), law=UNFOUNDED_LAW, mend=(Mend.CORRECT,))
            )
    return Judgement(tuple(reasons)) if reasons else answered(request)


def _second(ctx: Context) -> bool:
    by, second = ctx.event.data.by, ctx.event.data.second
    return second is not None and (by is None or by.ref != second.ref)


_ANSWERS: Mapping[type[Body], Callable[[Context, Any], Judgement]] = {
    AccessAnswered: _answered,
    RightDecided: _decided,
}
