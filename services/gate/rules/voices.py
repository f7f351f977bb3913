"""Whose consent is needed on a day, and what the statements of each of them come to.

Specificity, in full. A scope has three sides: what (named items, else named categories, else everything), to whom (a
named organisation, else its kind, else everyone) and what for (named purposes, else any). A scope is *narrower* than
another when on no side it is wider and on one side it is closer. A grant counts where it is narrower than every refusal
that also covers the share; so between scopes of equal specificity, or that differ in different directions, the refusal
wins. A statement that was withdrawn or ran out no longer counts, and nothing that was said before its end and is not
narrower takes its place: who takes a word back is asked again.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from schemas.base import Slug, Uuid
from schemas.consents import Decision, Scope
from schemas.days import dutch_day
from schemas.manifest import Category, Purpose
from schemas.parties import OrganisationKind, Party
from schemas.person import Person, PersonRef, PersonStatus, Role
from schemas.tables.consent_ages import (
    ADULT_FROM,
    AGES,
    COMPETENT_FROM,
    AgeRow,
    Mode,
    Voice,
)
from services.gate.rules.case import Case
from services.gate.rules.case_records import StatementRecord

Who = PersonRef | Slug
"""A person of the case, or the organisation that holds custody as guardian."""


@dataclass(frozen=True, slots=True)
class Share:
    """One item on its way to one recipient: what consent is about."""

    item: Uuid
    category: Category
    recipient: Party
    purpose: Purpose


@dataclass(frozen=True, slots=True)
class Day:
    """On what consent is judged: the case, the decision date, the office of who sends, and the region's mode."""

    case: Case
    today: date
    office: OrganisationKind
    mode: Mode = Mode.STRICT
    heard: "dict[PersonRef, tuple[Heard, ...]]" = field(default_factory=dict, compare=False, repr=False)
    """What was found out so far by `hear`: for as long as this one decision."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One whose consent is needed for a person, and what they have said about sharing: the last of each scope."""

    who: Who
    said: tuple[StatementRecord, ...]


class Word(StrEnum):
    """What someone's statements come to for one share."""

    GRANTED = "GRANTED"
    REFUSED = "REFUSED"
    WITHDRAWN = "WITHDRAWN"
    EXPIRED = "EXPIRED"
    NEVER = "NEVER"


@dataclass(frozen=True, slots=True)
class Answer:
    """The word of one whose consent is needed, and the statements it stands on when granted."""

    who: Who
    word: Word
    statements: tuple[Uuid, ...] = ()
    override: bool = False  # the youth's yes carries a reason to pass over a parent's refusal


def speaks_for(case: Case, person: Person) -> Person | None:
    """The person whose data these are: the mother for her unborn child (BW 1:2), else the person."""
    if person.role is not Role.UNBORN:
        return person
    return case.person(person.mother) if person.mother else None


def custody_holders(case: Case, person: Person, today: date) -> tuple[Who, ...]:
    """Everyone who holds custody that day. Only the dead drop out: who cannot be found is still needed. Nobody holds
    custody over themselves, whatever a record says.
    """
    held = dict.fromkeys(custody.holder for custody in person.custody if custody.holds_on(today))
    return tuple(who for who in held if who != person.ref and not _dead(case.person(who)))


def _dead(person: Person | None) -> bool:
    return person is not None and person.status is PersonStatus.DECEASED


def needed(person: Person, day: Day) -> tuple[Who, ...]:
    """Whose consent is needed that day to share what is about `person`. Empty: nobody can give it, so none is given."""
    found: dict[Who, None] = {}
    voices = rule(person, day).voices
    for voice in voices:
        found |= dict.fromkeys(_behind(voice, person, day, speaks=Voice.SELF in voices))
    return tuple(found)


def rule(person: Person, day: Day) -> AgeRow:
    """The row of the table that fits this person that day."""
    age, competent = person.age_on(day.today), person.is_competent_on(day.today)
    return next(row for row in AGES if row.fits(age, competent, day.office))


def _behind(voice: Voice, person: Person, day: Day, speaks: bool) -> tuple[Who, ...]:
    """Who that voice is. A representative stands in for custody holders only of who does not speak for themselves."""
    representative = tuple(who for who in (person.representative,) if who and not _dead(day.case.person(who)))
    if voice is Voice.SELF:
        return (person.ref,)
    if voice is Voice.REPRESENTATIVE:
        return representative
    return custody_holders(day.case, person, day.today) or (() if speaks else representative)


def covers(scope: Scope, share: Share) -> bool:
    """Whether a scope is about this share."""
    to = (share.recipient.slug, share.recipient.kind)
    return (
        (not scope.items or share.item in scope.items)
        and (not scope.categories or share.category in scope.categories)
        and (not scope.recipients or any(one in scope.recipients for one in to))
        and (not scope.purposes or share.purpose in scope.purposes)
    )


def narrower(one: Scope, other: Scope, share: Share) -> bool:
    """Whether `one` is narrower than `other`, of two scopes that cover the share."""
    a, b = _sides(one, share), _sides(other, share)
    return a != b and all(x >= y for x, y in zip(a, b, strict=True))


def _sides(scope: Scope, share: Share) -> tuple[int, int, int]:
    what = 2 if scope.items else 1 if scope.categories else 0
    to_whom = 2 if share.recipient.slug in scope.recipients else 1 if scope.recipients else 0
    return what, to_whom, 1 if scope.purposes else 0


def same_scope(scope: Scope) -> tuple[frozenset[str], ...]:
    """What makes two scopes the same: equal sets, in whatever order they were written."""
    return tuple(frozenset(part) for part in (scope.items, scope.categories, scope.recipients, scope.purposes))


def hear(person: Person, day: Day) -> tuple[Heard, ...]:
    """Everyone whose consent is needed that day to share what is about `person`, with what they have said. It is the
    same for every section about this person."""
    found = day.heard.get(person.ref)
    if found is None:
        found = tuple(Heard(who, _latest(_said(who, person, day))) for who in needed(person, day))
        day.heard[person.ref] = found
    return found


def answer(heard: Heard, share: Share, today: date) -> Answer:
    """What this comes to for one share, as it counts on that day."""
    covering = [said for said in heard.said if covers(said.scope, share)]
    gone = [said for said in covering if ended(said, today)]
    live = [said for said in covering if not ended(said, today)]
    ordered = tuple(said.statement for said in live if said.court_order is not None)
    if ordered:
        return Answer(heard.who, Word.GRANTED, ordered)
    refused = [said for said in live if said.decision is Decision.REFUSED]
    granted = [
        said
        for said in live
        if said.decision is Decision.GRANTED
        and all(narrower(said.scope, no.scope, share) for no in refused)
        and all(narrower(said.scope, end.scope, share) or _after(said, end) for end in gone)
    ]
    if granted:
        reasons = any(said.override is not None for said in granted)
        return Answer(heard.who, Word.GRANTED, tuple(said.statement for said in granted), reasons)
    return Answer(heard.who, _why_not(refused, gone))


def _why_not(refused: list[StatementRecord], gone: list[StatementRecord]) -> Word:
    if refused:
        return Word.REFUSED
    if any(said.withdrawn_at and said.decision is Decision.GRANTED for said in gone):
        return Word.WITHDRAWN
    return Word.EXPIRED if gone else Word.NEVER


def _said(who: Who, person: Person, day: Day) -> Iterable[StatementRecord]:
    """The statements of `who` that can count: not a youth's from before 12, not a representative's from before 18."""
    for said in day.case.of(StatementRecord).values():
        spoken = said.decision is not None and (said.about, said.given_by) == (person.ref, who)
        if spoken and not _outgrown(said, who, person, day.today) and not _for_another(said, who, day.case):
            yield said


def _outgrown(said: StatementRecord, who: Who, person: Person, today: date) -> bool:
    then, now = person.age_on(_day_of(said)), person.age_on(today)
    if then is None or now is None:
        return False
    return then < COMPETENT_FROM if who == person.ref else then < ADULT_FROM <= now


def _for_another(said: StatementRecord, who: Who, case: Case) -> bool:
    """An organisation speaks for itself only: its word comes from nobody else."""
    return case.person(who) is None and said.recorder != who


def _latest(statements: Iterable[StatementRecord]) -> tuple[StatementRecord, ...]:
    """The last of each scope; it replaces the earlier ones of that scope for good. What a court said in somebody's
    place they do not replace.
    """
    last: dict[tuple[bool, tuple[frozenset[str], ...]], StatementRecord] = {}
    for said in sorted(statements, key=lambda s: s.seq):
        last[said.court_order is not None, same_scope(said.scope)] = said
    return tuple(last.values())


def ended(said: StatementRecord, today: date) -> bool:
    """Withdrawn, or past its last day (`until`, included)."""
    return said.withdrawn_at is not None or (said.until is not None and said.until < today)


def _after(said: StatementRecord, gone: StatementRecord) -> bool:
    """Whether `said` was spoken after `gone` had ended: a fresh word."""
    if gone.withdrawn_at is not None:
        return said.seq > gone.withdrawn_seq if gone.withdrawn_seq is not None else said.recorded_at > gone.withdrawn_at
    return gone.until is not None and _day_of(said) > gone.until


def _day_of(said: StatementRecord) -> date:
    return dutch_day(said.recorded_at)


def answers(person: Person, share: Share, day: Day) -> tuple[Answer, ...]:
    """The word of everyone whose consent is needed. Empty when there is nobody who could give it."""
    return tuple(answer(heard, share, day.today) for heard in hear(person, day))


def open_answers(person: Person, given: tuple[Answer, ...], day: Day) -> tuple[Answer, ...]:
    """The answers that still stand in the way. In the lenient mode a refusing parent does not, when the youth's own
    yes says why; the youth's no always does.
    """
    lenient = day.mode is Mode.LENIENT and any(a.override and a.who == person.ref for a in given)
    return tuple(
        a
        for a in given
        if a.word is not Word.GRANTED and not (lenient and a.word is Word.REFUSED and a.who != person.ref)
    )


def set_aside(who: Who, person: Person, share: Share, day: Day) -> tuple[Uuid, ...]:
    """The decisions that set this custody holder aside for this share, in force that day. Never the person itself."""
    if who not in custody_holders(day.case, person, day.today):
        return ()
    return tuple(
        said.statement
        for said in day.case.of(StatementRecord).values()
        if said.decision is None
        and (said.about, said.given_by) == (person.ref, who)
        and not ended(said, day.today)
        and covers(said.scope, share)
    )
