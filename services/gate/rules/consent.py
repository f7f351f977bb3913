"""What people say about sharing, as the case records it: asked, granted or refused, set aside, withdrawn."""

from schemas.base import Slug, Uuid
from schemas.consents import ConsentAsked, ConsentRecorded, ConsentSetAside, ConsentWithdrawn, Decision
from schemas.person import PersonRef, Role
from schemas.refusal import Mend, Reason, Refusal
from schemas.service import ConsentWithdrawnNotice
from schemas.tables.consent_ages import SET_ASIDE_LAW
from services.gate.rules.case import (
    Case,
    Context,
    Effects,
    Judgement,
    Notice,
)
from services.gate.rules.case_records import ItemRecord, StatementRecord
from services.gate.rules.refusing import latest, unknown, wrong_date
from services.gate.rules.voices import Who, custody_holders, ended, same_scope

COURT_LAW = "BW 1:253a, 1:265h"


def judge_statement(ctx: Context) -> Judgement:
    """All of consents.*: whether it may be recorded, and what it changes. Saying it is for any party of the case."""
    match ctx.body:
        case ConsentAsked() as asked:
            return Judgement(_may_speak(ctx, asked.about, asked.asked_of))
        case ConsentRecorded() as said:
            return _recorded(ctx, said)
        case ConsentSetAside() as aside:
            return _set_aside(ctx, aside)
        case ConsentWithdrawn() as withdrawn:
            return _withdrawn(ctx, withdrawn)
    raise TypeError(f"not a consent message: {ctx.body.name}")


def _recorded(ctx: Context, body: ConsentRecorded) -> Judgement:
    reasons = _used(ctx, body.statement) + _may_speak(ctx, body.about, body.given_by)
    if ctx.case.person(body.given_by) is None and body.given_by != ctx.sender.slug:
        reasons = reasons or (_not_theirs(body.given_by, ("source",)),)
    reasons = reasons or _court_fits(ctx, body)
    if body.until is not None and body.until < ctx.today:
        reasons += (wrong_date("until"),)
    if reasons:
        return Judgement(reasons)
    said = StatementRecord(
        statement=body.statement,
        about=body.about,
        given_by=body.given_by,
        decision=body.decision,
        scope=body.scope,
        recorded_at=ctx.now,
        seq=_next(ctx.case),
        until=body.until,
        override=body.override_reason,
        court_order=body.court_order,
        recorder=ctx.sender.slug,
    )
    taken_back = _replaced(ctx, said) if body.decision is Decision.REFUSED else ()
    notices = tuple(notice for grant in taken_back for notice in _notices(ctx, grant))
    return Judgement(effects=Effects(put=(said,), notices=notices))


def _court_fits(ctx: Context, body: ConsentRecorded) -> tuple[Reason, ...]:
    """A court stands in for a custody holder, and for nobody's own word about themselves."""
    person = ctx.case.person(body.about)
    if body.court_order is None or (person and body.given_by in custody_holders(ctx.case, person, ctx.today)):
        return ()
    return (Reason(code=Refusal.ROLE_NOT_ALLOWED, missing=("custody",), law=COURT_LAW, mend=(Mend.CORRECT,)),)


def _replaced(ctx: Context, refusal: StatementRecord) -> tuple[StatementRecord, ...]:
    """The grants of the same scope that this refusal takes back: who relied on them is told, as of a withdrawal."""
    return tuple(
        said
        for said in ctx.case.of(StatementRecord).values()
        if said.decision is Decision.GRANTED
        and not ended(said, ctx.today)
        and (said.about, said.given_by) == (refusal.about, refusal.given_by)
        and same_scope(said.scope) == same_scope(refusal.scope)
    )


def _set_aside(ctx: Context, body: ConsentSetAside) -> Judgement:
    reasons = _used(ctx, body.statement) + _unknown(ctx, body.about, body.holder)
    if not reasons:
        reasons = _may_be_set_aside(ctx, body)
    if not ctx.today < body.review_on <= latest(ctx, "SET_ASIDE"):
        reasons += (wrong_date("review_on", SET_ASIDE_LAW),)
    if not (body.scope.categories or body.scope.items):
        reasons += (
            Reason(
                code=Refusal.CATEGORY_NOT_ALLOWED,
                missing=("scope.categories",),
                law=SET_ASIDE_LAW,
                mend=(Mend.ADD,),
            ),
        )
    if reasons:
        return Judgement(reasons)
    aside = StatementRecord(
        statement=body.statement,
        about=body.about,
        given_by=body.holder,
        decision=None,
        scope=body.scope,
        recorded_at=ctx.now,
        seq=_next(ctx.case),
        until=body.review_on,
        override=body.reason,
        recorder=ctx.sender.slug,
    )
    return Judgement(effects=Effects(put=(aside,)))


def _may_be_set_aside(ctx: Context, body: ConsentSetAside) -> tuple[Reason, ...]:
    """A custody holder may; the person whose data these are never."""
    person = ctx.case.person(body.about)
    if person and body.holder in custody_holders(ctx.case, person, ctx.today):
        return ()
    return (
        Reason(
            code=Refusal.ROLE_NOT_ALLOWED,
            person=body.holder,
            missing=("custody",),
            law=SET_ASIDE_LAW,
            mend=(Mend.CORRECT,),
        ),
    )


def _withdrawn(ctx: Context, body: ConsentWithdrawn) -> Judgement:
    said = ctx.case.of(StatementRecord).get(body.statement)
    if said is None:
        return Judgement((unknown("statement"),))
    if said.withdrawn_at is not None:
        return Judgement((Reason(code=Refusal.WRONG_STATE, missing=("statement",), mend=(Mend.LEAVE_OUT,)),))
    gone = said.model_copy(update={"withdrawn_at": ctx.now, "withdrawn_seq": _next(ctx.case)})
    return Judgement(effects=Effects(put=(gone,), notices=_notices(ctx, said)))


def _notices(ctx: Context, said: StatementRecord) -> tuple[Notice, ...]:
    """One to every organisation that holds something delivered under the statement, but not to who just recorded it."""
    held: dict[Slug, list[Uuid]] = {}
    for item in ctx.case.of(ItemRecord).values():
        if said.statement in item.relied_on:
            for holder in item.held_by:
                held.setdefault(holder, []).append(item.item)
    held.pop(ctx.sender.slug, None)
    return tuple(
        Notice(to, ConsentWithdrawnNotice(statement=said.statement, about=said.about, items=tuple(sorted(items))))
        for to, items in sorted(held.items())
    )


def _next(case: Case) -> int:
    """The next place in the order of recording and withdrawing."""
    return 1 + max((max(s.seq, s.withdrawn_seq or 0) for s in case.of(StatementRecord).values()), default=0)


def _used(ctx: Context, statement: Uuid) -> tuple[Reason, ...]:
    if statement not in ctx.case.of(StatementRecord):
        return ()
    return (Reason(code=Refusal.ID_REUSED, missing=("statement",), mend=(Mend.CORRECT,)),)


def _unknown(ctx: Context, about: PersonRef, speaker: Who) -> tuple[Reason, ...]:
    """Persons the case does not know. An organisation may speak for a child when it is the one that sends this."""
    person = ctx.case.person(about)
    known = {p.ref for p in ctx.case.persons}
    unknown = [] if about in known else [about]
    guardian = person is not None and speaker in custody_holders(ctx.case, person, ctx.today)
    if speaker not in known and not guardian and speaker not in unknown:
        unknown.append(speaker)
    return tuple(Reason(code=Refusal.PERSON_UNKNOWN, person=ref, mend=(Mend.CORRECT,)) for ref in unknown)


def _may_speak(ctx: Context, about: PersonRef, speaker: Who) -> tuple[Reason, ...]:
    """Whether the speaker's word can count at all: the person's own, a custody holder's, the representative's. Whether
    it does on a given day follows from the ages of that day.
    """
    person = ctx.case.person(about)
    unknown = _unknown(ctx, about, speaker)
    if unknown or person is None:
        return unknown
    if person.role is Role.UNBORN:
        mother = (person.mother,) if person.mother else ()
        return (Reason(code=Refusal.PERSON_UNKNOWN, person=about, missing=mother, law="BW 1:2", mend=(Mend.CORRECT,)),)
    holders = custody_holders(ctx.case, person, ctx.today)
    may = (about, *holders, *((person.representative,) if person.representative else ()))
    if speaker in may:
        return ()
    safe = tuple(who for who in may if not ((known := ctx.case.person(who)) and known.contact_unsafe))
    return (_not_theirs(speaker, safe),)


def _not_theirs(speaker: Who, missing: tuple[str, ...]) -> Reason:
    """Someone else's word; `missing` names whose would count, or the sender the organisation's own must come from."""
    return Reason(
        code=Refusal.ROLE_NOT_ALLOWED,
        person=speaker,
        missing=missing,
        law="Jeugdwet 7.3.15; Wmo 2015 5.3.3(2)",
        mend=(Mend.CORRECT,),
    )
