"""Cases: how they begin, who is in them, who leads, and on what they may close."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from schemas.body import Body, Phase
from schemas.cases import (
    CaseClosed,
    CaseLinked,
    CaseOpened,
    CaseReopened,
    CaseSplit,
    Closing,
    LeadKept,
    LeadPersonChanged,
    LeadToFamily,
    PersonsChanged,
)
from schemas.entry import Caution
from schemas.handovers import HandoverState
from schemas.matching import MatchAnswered, MatchAsked
from schemas.parties import OrganisationKind
from schemas.person import Person, Role
from schemas.refusal import Flag, Mend, Reason, Refusal
from schemas.service import RegieMoved
from services.gate.rules import investigations, measures, regie, sight, splitting
from services.gate.rules.case import Context, Effects, Judgement
from services.gate.rules.case_records import (
    AssessmentRecord,
    CaseHead,
    ConditionRecord,
    HandoverRecord,
    MeasureRecord,
    PersonRecord,
    ReportRecord,
    SupportRecord,
)
from services.gate.rules.family import family_fits
from services.gate.rules.matching import judge_match
from services.gate.rules.refusing import unknown, unless, wrong_date, wrong_state

CLOSING_LAW = "TSD 2017, In Zorg; D#50, D#53"
PROTECTION = ("location_protected", "contact_unsafe")
"""What keeps a person safe from another of the same case."""


def judge_case(ctx: Context) -> Judgement:
    """Every message of the conversation cases."""
    return _JUDGES[type(ctx.body)](ctx, ctx.body)


def _opened(ctx: Context, body: CaseOpened) -> Judgement:
    reasons = list(family_fits(ctx, body.persons))
    if ctx.case.head is not None:
        reasons.append(Reason(code=Refusal.CASE_EXISTS, missing=("subject",), mend=(Mend.SEND_ANEW,)))
    if not ctx.event.subject.startswith("case:"):
        reasons.append(unknown("subject"))
    if body.from_thread is not None and not body.from_thread.startswith("thread:"):
        reasons.append(unknown("from_thread"))
    if reasons:
        return Judgement(tuple(reasons))
    slug = ctx.sender.slug
    head = CaseHead(
        open=True,
        regie=slug,
        regie_kind=ctx.sender.kind,
        lead=body.lead,
        phase=body.phase,
        vt_origin=body.vt_origin,
        linked=(body.split_of,) if body.split_of else (),
        parties=(slug,),
        holders=(slug,),
        caution=caution_for(body.persons),
        opened_at=ctx.now,
    )
    conditions = (ConditionRecord(condition=condition, set_by=slug) for condition in body.conditions)
    persons = (PersonRecord(person=person) for person in body.persons)
    return Judgement(effects=Effects(put=(head, *persons, *conditions)))


def _persons_changed(ctx: Context, body: PersonsChanged) -> Judgement:
    reasons = [*_may_change_persons(ctx), *family_fits(ctx, body.persons), *_protection_lifted(ctx, body.persons)]
    if len({person.ref for person in body.persons}) != len(body.persons):
        reasons.append(Reason(code=Refusal.PERSON_UNKNOWN, missing=("persons",), mend=(Mend.CORRECT,)))
    records = tuple(_replaced(ctx, person) for person in body.persons)
    if reasons:
        return Judgement(tuple(reasons))
    family = {person.ref: person for person in (*ctx.case.persons, *body.persons)}
    head, caution = regie.head_of(ctx), caution_for(family.values())
    changed = (head.model_copy(update={"caution": caution}),) if caution != head.caution else ()
    return Judgement(effects=Effects(put=(*changed, *records)))


def _replaced(ctx: Context, person: Person) -> PersonRecord:
    before = ctx.case.of(PersonRecord).get(person.ref)
    return before.model_copy(update={"person": person}) if before else PersonRecord(person=person)


def caution_for(family: Iterable[Person]) -> Caution | None:
    """What everyone who sees the case must beware of."""
    persons = tuple(family)
    unsafe = tuple(sorted(person.ref for person in persons if person.contact_unsafe))[:64]
    secret = any(person.location_protected for person in persons)
    return Caution(unsafe=unsafe, address_secret=secret) if unsafe or secret else None


def _may_change_persons(ctx: Context) -> Iterator[Reason]:
    slug = ctx.sender.slug
    reports = any(report.centre == slug and not report.ended for report in ctx.case.of(ReportRecord).values())
    if not reports and not regie.has_duty(ctx.case, slug, ctx.today):
        yield from regie.not_holder(ctx)


def _protection_lifted(ctx: Context, persons: Iterable[Person]) -> Iterator[Reason]:
    """Nobody alone lifts what keeps a person safe."""
    for person in persons:
        before = ctx.case.person(person.ref)
        if before is None or _second_given(ctx):
            continue
        lifted = tuple(name for name in PROTECTION if getattr(before, name) and not getattr(person, name))
        if lifted:
            yield Reason(
                code=Refusal.SECOND_PERSON_MISSING,
                person=person.ref,
                missing=("second", *lifted),
                law="Wmo 2015 art. 5.3.2(4); Jeugdwet 7.3.10",
                mend=(Mend.NAME_PROFESSIONAL,),
            )


def _second_given(ctx: Context) -> bool:
    by, second = ctx.event.data.by, ctx.event.data.second
    return second is not None and (by is None or second.ref != by.ref)


def _lead_person_changed(ctx: Context, body: LeadPersonChanged) -> Judgement:
    slug, head = ctx.sender.slug, regie.head_of(ctx)
    if head.regie == slug:
        return Judgement(effects=Effects(put=(head.model_copy(update={"lead": body.to_lead, "lead_family": None}),)))
    if regie.has_duty(ctx.case, slug, ctx.today):
        own = (m for m in ctx.case.of(MeasureRecord).values() if m.institution == slug and m.ended_on is None)
        return Judgement(effects=Effects(put=tuple(m.model_copy(update={"worker": body.to_lead}) for m in own)))
    return Judgement(tuple(regie.not_holder(ctx)))


def _lead_kept(ctx: Context, body: LeadKept) -> Judgement:
    reasons = list(regie.not_holder(ctx))
    declined = ctx.case.of(HandoverRecord).get(body.handover)
    if declined is None or declined.sender != ctx.sender.slug:
        reasons.append(unknown("handover"))
    elif declined.state is not HandoverState.DECLINED:
        reasons.append(wrong_state(HandoverState.DECLINED.value))
    return unless(reasons, Effects())


def _lead_to_family(ctx: Context, body: LeadToFamily) -> Judgement:
    reasons = [
        *regie.not_holder(ctx),
        *_no_open_handover(ctx),
        *regie.unmet_conditions(ctx, "TSD 2017 §1.1, §2.1"),
        *sight.unknown_persons(ctx, (body.holder,)),
    ]
    head, holder = regie.head_of(ctx), ctx.case.person(body.holder)
    if head.phase is Phase.DIRECT_SAFETY:
        reasons.append(wrong_state(Phase.STABLE_SAFETY.value, Phase.RECOVERY.value))
    if holder is not None and (holder.contact_unsafe or holder.role is Role.UNBORN):
        reasons.append(
            Reason(code=Refusal.ROLE_NOT_ALLOWED, person=body.holder, missing=("holder",), law="TSD 2017 §1.1")
        )
    if body.review_on <= ctx.today:
        reasons.append(wrong_date("review_on"))
    if reasons:
        return Judgement(tuple(reasons))
    after = head.model_copy(update={"lead": body.backup, "lead_family": body.holder})
    moved = RegieMoved(regie_from=head.regie, regie_to=head.regie, how="TO_FAMILY")
    return Judgement(effects=Effects(put=(after,), notices=regie.told(ctx, after, moved)))


def _linked(ctx: Context, body: CaseLinked) -> Judgement:
    reasons, head = list(regie.not_holder(ctx)), regie.head_of(ctx)
    if body.other == ctx.event.subject or not body.other.startswith("case:"):
        reasons.append(unknown("other"))
    if body.kind == "JOINED" and body.other not in head.linked:
        reasons.append(unknown("other", "D#14"))
    in_the_way, left = splitting.leaving(ctx, body)
    linked = tuple(dict.fromkeys((*head.linked, body.other)))
    doubled = tuple(other for other in head.doubled if other != body.other)
    if body.kind == "SAME_FAMILY":
        doubled = (*doubled, body.other)
    after = head.model_copy(update={"linked": linked, "doubled": doubled})
    return unless([*reasons, *in_the_way], Effects(put=(after,)) + left)


def _reopened(ctx: Context, body: CaseReopened) -> Judgement:
    """By who held it last, Veilig Thuis, or one it was once handed to who is now asked again."""
    head, slug = regie.head_of(ctx), ctx.sender.slug
    reasons = [wrong_state("CLOSED")] if head.open else []
    receiver = any(h.receiver == slug for h in ctx.case.of(HandoverRecord).values())
    again = body.reason == "NEW_HANDOVER" and receiver
    if slug != head.last_regie and ctx.sender.kind is not OrganisationKind.VEILIG_THUIS and not again:
        reasons.append(Reason(code=Refusal.NOT_REGIE_HOLDER, law="D#21, D#30", mend=(Mend.ASK_REGIE_HOLDER,)))
    if reasons:
        return Judgement(tuple(reasons))
    opened = head.model_copy(update={"open": True, "closed_at": None, "open_concern": False, "alerted": ()})
    moved = regie.move(ctx, slug, "REOPENED", body.lead)
    put = tuple(opened.model_copy(update=_lead_of(r)) for r in moved.put if isinstance(r, CaseHead))
    return Judgement(effects=Effects(put=put, notices=moved.notices))


def _lead_of(head: CaseHead) -> dict[str, object]:
    return {name: getattr(head, name) for name in ("regie", "regie_kind", "lead", "lead_family", "parties")}


def _closed(ctx: Context, body: CaseClosed) -> Judgement:
    reasons = [*regie.not_holder(ctx), *_no_open_handover(ctx), *_nothing_left(ctx, body), *_stands_on(ctx, body)]
    if body.closing not in (Closing.END_BY_LAW, Closing.INTO_LINKED_CASE):
        reasons += measures.return_owed(ctx)
    if body.closing is not Closing.NO_COOPERATION:
        reasons += regie.unmet_conditions(ctx, CLOSING_LAW)
    if reasons:
        return Judgement(tuple(reasons))
    head, concern = regie.head_of(ctx), body.closing is Closing.NO_COOPERATION
    after = head.model_copy(
        update={
            "open": False,
            "regie": None,
            "regie_kind": None,
            "last_regie": head.regie,
            "lead_family": None,
            "open_concern": concern,
            "closed_at": ctx.now,
        }
    )
    moved = RegieMoved(regie_from=head.regie, how="CLOSED")
    flags = (Flag.CLOSED_WITH_OPEN_CONCERN,) if concern else ()
    ended = Effects(put=(after,), notices=regie.told(ctx, head, moved), flags=flags)
    return Judgement(effects=ended + investigations.ended_with_case(ctx.case))


def _nothing_left(ctx: Context, body: CaseClosed) -> Iterator[Reason]:
    """Only what ends by law ends under a measure, or while the Raad has still to speak."""
    if body.closing is Closing.END_BY_LAW:
        return
    if any(m.ended_on is None and ctx.today < m.until for m in ctx.case.of(MeasureRecord).values()):
        yield wrong_state("NO_MEASURE_LEFT")
    if investigations.pending(ctx.case):
        yield wrong_state("NO_PENDING_INVESTIGATION")


def _stands_on(ctx: Context, body: CaseClosed) -> Iterator[Reason]:
    """What a closing refers to is there: "follow-up arranged" is something one can point at."""
    if body.closing is Closing.NO_COOPERATION:
        lacking = tuple(
            name
            for name, given in (
                ("consulted", body.consulted is not None),
                ("SAFETY_ALERT", bool(regie.head_of(ctx).alerted)),
            )
            if not given
        )
        if lacking:
            yield Reason(
                code=Refusal.SAFETY_CONDITIONS_UNMET,
                missing=lacking,
                law=f"{CLOSING_LAW}; Wmo 2015 art. 5.2.6",
                mend=(Mend.REPORT_TO_VT, Mend.ADD),
            )
    elif not _refers(ctx, body):
        yield Reason(code=Refusal.UNKNOWN_REFERENCE, missing=("reference",), law=CLOSING_LAW, mend=(Mend.ADD,))


def _refers(ctx: Context, body: CaseClosed) -> bool:
    reference = body.reference or ""
    match body.closing:
        case Closing.SELF_RELIANCE:
            assessment = ctx.case.of(AssessmentRecord).get(reference)
            return assessment is not None and assessment.type == "SELF_RELIANCE"
        case Closing.FOLLOW_UP:
            support = ctx.case.of(SupportRecord).get(reference)
            handover = ctx.case.of(HandoverRecord).get(reference)
            completed = handover is not None and handover.state is HandoverState.COMPLETED
            return completed or (support is not None and support.state == "ACCEPTED")
        case Closing.INTO_LINKED_CASE:
            return reference in regie.head_of(ctx).linked
    return True


def _no_open_handover(ctx: Context) -> Iterator[Reason]:
    if any(not handover.final for handover in ctx.case.of(HandoverRecord).values()):
        yield wrong_state("NO_OPEN_HANDOVER")


_JUDGES: Mapping[type[Body], Callable[[Context, Any], Judgement]] = {
    CaseOpened: _opened,
    PersonsChanged: _persons_changed,
    LeadPersonChanged: _lead_person_changed,
    LeadKept: _lead_kept,
    LeadToFamily: _lead_to_family,
    CaseSplit: splitting.judge_split,
    CaseLinked: _linked,
    MatchAsked: judge_match,
    MatchAnswered: judge_match,
    CaseReopened: _reopened,
    CaseClosed: _closed,
}
