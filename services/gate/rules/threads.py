"""Threads: anonymous advice and signals. No case: who began a thread and to whom it went are its only parties."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from schemas.advice import AdviceAsked, AdviceGiven
from schemas.body import Body
from schemas.consents import Decision, Scope
from schemas.manifest import Category
from schemas.parties import OrganisationKind as K
from schemas.refusal import Flag, Mend, Reason, Refusal
from schemas.signals import Agreed, SignalAcknowledged, SignalRaised
from schemas.tables.categories import ABOUT_NOBODY
from services.gate.rules.asked_records import ThreadRecord
from services.gate.rules.case import Context, Effects, Judgement
from services.gate.rules.case_records import PersonRecord, StatementRecord
from services.gate.rules.family import family_fits
from services.gate.rules.record import Record
from services.gate.rules.refusing import unknown, used_before, wrong_date, wrong_state
from services.gate.rules.voices import custody_holders

ANONYMOUS_LAW = "JB Noord 2016 §2.1, §7.1: advice is about nobody"
SIGNAL_LAW = "Wmo 2015 art. 5.2.6; Jeugdwet 7.3.11(1)"
CODE_LAW = "Wmo 2015 art. 3.3; Jeugdwet 4.1.7"
SAID_IN_ANY = frozenset({"dossiers.opened", "dossiers.rejected", "reviews.recorded", "consents.withdrawn"})
"""What a party of a thread may say beside its own conversation."""
OPENS_CASES = frozenset({K.LOCAL_TEAM, K.VEILIG_THUIS, K.CERTIFIED_INSTITUTION})
"""Who has a case to put its own concern in, and so raises a signal only when a parent or youth asks it to."""


def is_outsider(ctx: Context) -> bool:
    """Whether the sender may not even learn that this thread exists."""
    thread = ctx.case.thread
    if thread is None:
        return not ctx.row.opens_case
    row = ctx.row
    if not row.party_bound and not row.makes_party:
        return False
    known = row.thread or row.name in SAID_IN_ANY
    return not known or ctx.sender.slug not in thread.parties


def judge_thread(ctx: Context) -> Judgement:
    """Every message of advice and signals."""
    reasons = list(in_place(ctx))
    return Judgement(tuple(reasons)) if reasons else _JUDGES[type(ctx.body)](ctx, ctx.body)


def in_place(ctx: Context) -> Iterator[Reason]:
    """In a thread of this conversation, and to the other one in it."""
    thread, conversation = ctx.case.thread, ctx.row.name.partition(".")[0]
    if not ctx.event.subject.startswith("thread:"):
        yield unknown("subject")
    elif thread is not None and thread.conversation != conversation:
        yield wrong_state(f"A_THREAD_OF_{conversation.upper()}")
    elif thread is not None:
        first = ctx.sender.slug == thread.started_by
        if ctx.row.opens_case is not first:
            yield Reason(code=Refusal.ROLE_NOT_ALLOWED, missing=("source",), mend=(Mend.CORRECT,))
        elif ctx.event.data.to != (thread.to if first else thread.started_by,):
            yield Reason(code=Refusal.ROLE_NOT_ALLOWED, missing=("to",), mend=(Mend.CORRECT,))


# Advice


def _asked(ctx: Context, body: AdviceAsked) -> Judgement:
    return _about_nobody(ctx, True)


def _given(ctx: Context, body: AdviceGiven) -> Judgement:
    return _about_nobody(ctx, False)


def _about_nobody(ctx: Context, waits: bool) -> Judgement:
    """Nothing in it is about a person, by category or by name; who advises could keep no such thing."""
    manifest = ctx.event.data.manifest
    named = [s for s in ctx.sections if s.about or s.bases or s.category not in ABOUT_NOBODY]
    reasons = [
        Reason(
            code=Refusal.CATEGORY_NOT_ALLOWED,
            section=section.item,
            missing=("about",) if section.about else ("category",),
            law=ANONYMOUS_LAW,
            mend=(Mend.LEAVE_OUT,),
        )
        for section in named
    ]
    if manifest and manifest.withheld:
        reasons.append(
            Reason(code=Refusal.CATEGORY_NOT_ALLOWED, missing=("withheld",), law=ANONYMOUS_LAW, mend=(Mend.LEAVE_OUT,))
        )
    return Judgement(tuple(reasons)) if reasons else Judgement(effects=Effects(put=(thread_after(ctx, open=waits),)))


# Signals


def _raised(ctx: Context, body: SignalRaised) -> Judgement:
    reasons = [*_may_raise(ctx, body), *family_fits(ctx, body.persons), *_all_stand_in_it(ctx, body)]
    if ctx.case.thread is not None:
        reasons.append(used_before())
    persons = tuple(PersonRecord(person=person) for person in body.persons)
    agreed = [_statement(ctx, one, place) for place, one in enumerate(body.agreed, 1)]
    reasons += _agreed_by_whom_it_concerns(ctx, body)
    if reasons:
        return Judgement(tuple(reasons))
    thread = thread_after(
        ctx,
        urgent=body.urgent,
        about_persons=bool(body.persons),
        by_professional=body.raised_by == "PROFESSIONAL",
    )
    put: tuple[Record, ...] = (thread, *persons, *agreed)
    flags = (Flag.NOBODY_LEADS,) if body.who_leads == "NOBODY" else ()
    return Judgement(effects=Effects(put=put, flags=flags))


def _may_raise(ctx: Context, body: SignalRaised) -> Iterator[Reason]:
    """Who opens cases puts its own concern in one; a parent or youth may signal through anybody."""
    if body.raised_by == "PROFESSIONAL" and ctx.sender.kind in OPENS_CASES:
        yield Reason(
            code=Refusal.ROLE_NOT_ALLOWED,
            missing=("raised_by", "cases.opened"),
            law="D#68, D#185",
            mend=(Mend.CORRECT,),
        )


def _all_stand_in_it(ctx: Context, body: SignalRaised) -> Iterator[Reason]:
    """Nobody's data ride along: whoever is named stands in a section with a basis, or only has custody of who does."""
    named = {ref for section in ctx.sections for ref in section.about}
    for person in body.persons:
        if person.ref in named:
            named |= {custody.holder for custody in person.custody}
            named |= {ref for ref in (person.mother, person.representative) if ref is not None}
    lacking = tuple(person.ref for person in body.persons if person.ref not in named)
    if lacking:
        yield Reason(
            code=Refusal.REQUIRED_SECTION_MISSING,
            missing=(Category.IDENTITY.value, *lacking)[:64],
            law=SIGNAL_LAW,
            mend=(Mend.ADD, Mend.LEAVE_OUT),
        )


def _agreed_by_whom_it_concerns(ctx: Context, body: SignalRaised) -> Iterator[Reason]:
    """A word that can count: the person's own, a custody holder's, the representative's."""
    family = ctx.case.after(Effects(put=tuple(PersonRecord(person=person) for person in body.persons)))
    for one in body.agreed:
        person = family.person(one.about)
        if person is None:
            yield Reason(code=Refusal.PERSON_UNKNOWN, person=one.about, mend=(Mend.CORRECT,))
            continue
        representative = (person.representative,) if person.representative else ()
        if one.given_by not in (one.about, *custody_holders(family, person, ctx.today), *representative):
            yield Reason(
                code=Refusal.ROLE_NOT_ALLOWED, person=one.given_by, law="Jeugdwet 7.3.15", mend=(Mend.CORRECT,)
            )


def _statement(ctx: Context, one: Agreed, place: int) -> StatementRecord:
    """Covers this signal: to this recipient, for its purpose."""
    purposes = (ctx.purpose,) if ctx.purpose else ()
    return StatementRecord(
        statement=one.statement,
        about=one.about,
        given_by=one.given_by,
        decision=Decision.GRANTED,
        scope=Scope(recipients=ctx.event.data.to, purposes=purposes),
        recorded_at=ctx.now,
        seq=place,
        recorder=ctx.sender.slug,
    )


def _acknowledged(ctx: Context, body: SignalAcknowledged) -> Judgement:
    thread = ctx.case.thread
    if thread is None:
        raise AssertionError("an answer in no thread was let through")
    reasons = [] if thread.open else [wrong_state("RAISED")]
    if body.hears_by is not None and body.hears_by < ctx.today:
        reasons.append(wrong_date("hears_by"))
    if thread.by_professional and not thread.about_persons and not body.reporting_code:
        reasons.append(
            Reason(code=Refusal.REQUIRED_SECTION_MISSING, missing=("reporting_code",), law=CODE_LAW, mend=(Mend.ADD,))
        )
    return Judgement(tuple(reasons)) if reasons else Judgement(effects=Effects(put=(thread_after(ctx, open=False),)))


def thread_after(ctx: Context, **changed: Any) -> ThreadRecord:
    """The thread after this message."""
    known = ctx.case.thread
    if known is not None:
        return known.model_copy(update=changed)
    to = ctx.event.data.to[0] if ctx.event.data.to else ctx.sender.slug
    conversation = ctx.row.name.partition(".")[0]
    return ThreadRecord(conversation=conversation, started_by=ctx.sender.slug, to=to, **changed)


_JUDGES: Mapping[type[Body], Callable[[Context, Any], Judgement]] = {
    AdviceAsked: _asked,
    AdviceGiven: _given,
    SignalRaised: _raised,
    SignalAcknowledged: _acknowledged,
}
