"""What oversight is told of an accepted message: coded facts about the case as it stands after it."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from schemas.agreements import agreed_by
from schemas.base import Count, Slug, Subject
from schemas.body import Phase
from schemas.corrections import DossierCorrected
from schemas.parties import Party
from schemas.person import Person, PersonRef
from schemas.refusal import Flag, Reason, Refusal
from schemas.service import AgeBand, CaseFact, DeliveryFact, Fact, FactKind
from schemas.supports import SupportKind
from schemas.tables.consent_ages import AGES
from schemas.tables.grounds import CONSENT
from services.gate.discretion import outside
from services.gate.rules.case import Case, Context, Effects
from services.gate.rules.case_records import ItemRecord, MeasureRecord, SupportRecord
from services.gate.rules.corrections import to_correct
from services.gate.rules.roster import helpers
from services.gate.rules.splitting import pending
from services.relay.types import Emit

TOPIC = "case.facts"
TURNING_AGES = tuple(sorted({row.start for row in AGES} - {0}))
"""Birthdays on which another consent is needed (Jeugdwet 7.3.4, 7.3.15; schemas/tables/consent_ages.py)."""


def fact_of(ctx: Context, after: Case, effects: Effects, entry: Count | None = None) -> Fact:
    """The fact of one accepted message. `after` is the case with its effects; `entry` the place of its ledger entry."""
    data = ctx.event.data
    support = after.of(SupportRecord).get(getattr(ctx.body, "support", ""))
    return _of_message(
        ctx,
        FactKind.MESSAGE,
        by=data.by.ref if data.by else None,
        to=data.to,
        body=data.body,
        case=case_fact(after, ctx.directory, ctx.today) or thread_fact(after, ctx.directory, ctx.today),
        handover=effects.handover,
        also=effects.also,
        flags=effects.flags,
        items=tuple(section.item for section in ctx.sections),
        categories=tuple(dict.fromkeys(section.category for section in ctx.sections)),
        support=support.type if support else None,
        to_correct=_to_correct(ctx, after),
        birthdays=birthdays(after, ctx.today),
        ages={person.ref: age_band(person, ctx.today) for person in after.persons if person.is_child},
        entry=entry,
    )


def _to_correct(ctx: Context, after: Case) -> tuple[tuple[Slug, Slug], ...]:
    item = after.of(ItemRecord).get(ctx.body.item) if isinstance(ctx.body, DossierCorrected) else None
    return to_correct(item) if item else ()


NOT_ASKED_OF_PEOPLE = frozenset({"gdpr", "special", "secrecy", "set_aside"})
"""What NO_BASIS lacks where nobody said no."""


def refused_of(ctx: Context, reasons: tuple[Reason, ...]) -> Fact | None:
    """What oversight is told of a refused letter: that it went against somebody's no, which the regie holder must know,
    or on the ground of a measure that does not run, which the privacy officer must. None: nobody needs to know.
    """
    claimed = _claimed(ctx)
    no = any(
        reason.code is Refusal.NO_BASIS
        and claimed.get((reason.section or "", reason.person or "")) == CONSENT
        and not NOT_ASKED_OF_PEOPLE.intersection(reason.missing)
        for reason in reasons
    )
    early = any(reason.code is Refusal.BASIS_NEEDS_MEASURE for reason in reasons)
    flags = ((Flag.DISSENT,) if no else ()) + ((Flag.GROUND_BEFORE_MEASURE,) if early else ())
    if not flags:
        return None
    return _of_message(ctx, FactKind.REFUSED, flags=flags)


def _of_message(ctx: Context, kind: FactKind, **more: Any) -> Fact:
    event, sender = ctx.event, ctx.sender
    said: dict[str, Any] = {"at": ctx.now, "id": event.id, "subject": event.subject, "type": event.name}
    return Fact(kind=kind, actor=sender.slug, actor_kind=sender.kind, **said, **more)


def _claimed(ctx: Context) -> dict[tuple[str, str], str]:
    return {(section.item, basis.person): basis.secrecy for section in ctx.sections for basis in section.bases}


def record(fact: Fact) -> Emit:
    """The fact as it is written for oversight."""
    return Emit(TOPIC, (fact.subject or "tick").encode(), fact.model_dump_json(exclude_none=True).encode())


def delivery_of(body: DeliveryFact, subject: Subject, cause: str, at: datetime) -> Fact:
    """The fact of what became of deliveries. `cause`: the message that told it, or the tick."""
    return Fact(kind=FactKind.DELIVERY, at=at, id=cause, subject=subject, actor=body.sender, delivery=body)


def case_fact(case: Case, directory: Mapping[Slug, Party], today: date) -> CaseFact | None:
    """The case as oversight needs it; None when nothing was ever said in it."""
    head = case.head
    if head is None:
        return None
    holder = directory.get(head.regie or head.last_regie or "")
    return CaseFact(
        open=head.open,
        regie=head.regie,
        regie_kind=head.regie_kind,
        coordination=holder.coordination if holder else None,
        phase=head.phase,
        vt_origin=head.vt_origin,
        children=tuple(p.ref for p in case.family if p.is_child),
        splitting=pending(case),
        helpers=len(helpers(case, today)),
        holders=head.holders,
        duty=_duty(case.of(MeasureRecord).values(), today),
        outside=outside(case, directory),
        paired=_paired(case.of(SupportRecord).values()),
        agreed=agreed_by(holder, directory.get, today),
    )


def thread_fact(thread: Case, directory: Mapping[Slug, Party], today: date) -> CaseFact | None:
    """A thread as oversight needs it: nobody leads and no child is known; it is open while an answer is waited for."""
    known = thread.thread
    if known is None:
        return None
    asked = directory.get(known.to)
    return CaseFact(
        open=known.open,
        coordination=asked.coordination if asked else None,
        phase=Phase.DIRECT_SAFETY if known.urgent else Phase.STABLE_SAFETY,
        vt_origin=False,
        holders=known.parties,
        agreed=agreed_by(asked, directory.get, today),
    )


def _duty(measures: Iterable[MeasureRecord], today: date) -> tuple[Slug, ...]:
    running = (m for m in measures if m.ended_on is None and m.since <= today < m.until)
    return tuple(dict.fromkeys(m.institution for m in running))


def _paired(supports: Iterable[SupportRecord]) -> bool:
    joined = (support for support in supports if support.type is SupportKind.SAFETY_TEAM)
    return any(support.state == "ACCEPTED" and support.professional is not None for support in joined)


def age_band(child: Person, today: date) -> AgeBand:
    """Of a child of the case."""
    age = child.age_on(today)
    if age is None:
        return AgeBand.UNBORN
    if age < 12:
        return AgeBand.UNDER_12
    return AgeBand.FROM_12 if age < 16 else AgeBand.FROM_16 if age < 18 else AgeBand.ADULT


def birthdays(case: Case, today: date) -> dict[PersonRef, date]:
    """Whose next turning is when."""
    found = {person.ref: next_turning(person, today) for person in case.family}
    return {ref: day for ref, day in found.items() if day is not None}


def next_turning(person: Person, today: date) -> date | None:
    """The next birthday on which another consent is needed; None for adults and when no birth date is known."""
    return _next_turning(person.birth_date, today) if person.birth_date else None


@lru_cache(maxsize=4096)
def _next_turning(born: date, today: date) -> date | None:
    days = (_birthday(born, age) for age in TURNING_AGES)
    return next((day for day in days if day > today), None)


def _birthday(born: date, age: int) -> date:
    """The day someone turns an age; born on 29 February: 1 March in other years."""
    try:
        return born.replace(year=born.year + age)
    except ValueError:
        return date(born.year + age, 3, 1)
