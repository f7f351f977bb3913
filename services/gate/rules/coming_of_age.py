"""A handover in which every child has turned 18: from that day it goes on with their own yes only (BW 1:233)."""

from collections.abc import Iterator

from schemas.consents import Decision
from schemas.days import dutch_day
from schemas.handovers import (
    ConsultDecision,
    ConsultHeld,
    FirstContactHeld,
    HandoverAccepted,
    HandoverBody,
    HandoverCancelled,
    StoryAcknowledged,
    WarmContactAttested,
)
from schemas.manifest import Purpose
from schemas.person import Person, Role
from schemas.refusal import Mend, Reason, Refusal
from schemas.tables.consent_ages import ADULT_FROM
from services.gate.rules.case import Context
from services.gate.rules.case_records import HandoverRecord, StatementRecord
from services.gate.rules.voices import ended

LAW = "BW 1:233; Jeugdwet 1.1, 7.3.4"
OWN_WORD_FROM = 16
GOES_ON = (HandoverAccepted, WarmContactAttested, StoryAcknowledged, FirstContactHeld)


def reasons(ctx: Context, record: HandoverRecord) -> Iterator[Reason]:
    """Why it may not go on without who came of age, or not end for that."""
    body, grown = ctx.body, _all_grown(ctx)
    if isinstance(body, HandoverCancelled) and body.reason == "END_BY_AGE" and not grown:
        yield Reason(code=Refusal.REASON_NOT_ALLOWED, missing=("reason",), law=LAW, mend=(Mend.CORRECT,))
    silent = tuple(person.ref for person in grown if not _own_yes(ctx, record, person))
    if silent and _goes_on(body):
        yield Reason(code=Refusal.CONSENT_INCOMPLETE, missing=silent, law=LAW, mend=(Mend.ASK_CONSENT,))


def _goes_on(body: object) -> bool:
    without = isinstance(body, ConsultHeld) and body.decision is ConsultDecision.TAKE_OVER_WITHOUT_FAMILY
    return isinstance(body, HandoverBody) and (isinstance(body, GOES_ON) or without)


def _all_grown(ctx: Context) -> tuple[Person, ...]:
    """The youths of the case when none of them is a minor any more; while one is, it goes on for that one."""
    youths = tuple(person for person in ctx.case.family if person.is_child)
    minor = any(p.role is Role.UNBORN or (p.age_on(ctx.today) or 0) < ADULT_FROM for p in youths)
    return () if minor else youths


def _own_yes(ctx: Context, record: HandoverRecord, person: Person) -> bool:
    """A yes of their own that covers this handover; one given from sixteen on stays."""
    to = (record.receiver, ctx.directory[record.receiver].kind if record.receiver in ctx.directory else None)
    return any(
        said.decision is Decision.GRANTED
        and not ended(said, ctx.today)
        and (person.age_on(dutch_day(said.recorded_at)) or 0) >= OWN_WORD_FROM
        and (not said.scope.recipients or any(one in said.scope.recipients for one in to))
        and (not said.scope.purposes or Purpose.HANDOVER in said.scope.purposes)
        for said in ctx.case.of(StatementRecord).values()
        if (said.about, said.given_by) == (person.ref, person.ref)
    )
