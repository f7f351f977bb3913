"""Families, organisations and letters for the tests of the rules. Everyone here is invented."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from schemas.base import dump
from schemas.body import Body
from schemas.care import DossierShared
from schemas.consents import Decision, Scope
from schemas.event import Data, Event
from schemas.manifest import (
    Basis,
    Category,
    GdprArticle,
    Manifest,
    Purpose,
    Section,
    Source,
    SourceKind,
    StatementKind,
    Weighing,
)
from schemas.parties import ExternalKind, OrganisationKind, Party, Professional
from schemas.person import Custody, Person, PersonStatus, Role
from schemas.refusal import Refusal
from schemas.tables.messages import BY_NAME
from services.gate.rules.case import Case, Context, Judgement
from services.gate.rules.case_records import CaseHead, PersonRecord, StatementRecord
from services.gate.rules.record import Record

K = OrganisationKind
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
TODAY = date(2026, 3, 2)
SUBJECT = "case:6b1f6a5e-4a57-4c36-9a53-0d2f4f0b7c11"

TEAM = Party(slug="lokaal-team-linde", kind=K.LOCAL_TEAM)
OTHER_TEAM = Party(slug="lokaal-team-berk", kind=K.LOCAL_TEAM)
VT = Party(slug="veilig-thuis-noord", kind=K.VEILIG_THUIS)
OTHER_VT = Party(slug="veilig-thuis-zuid", kind=K.VEILIG_THUIS)
GI = Party(slug="gi-noord", kind=K.CERTIFIED_INSTITUTION)
RAAD = Party(slug="raad-noord", kind=K.RAAD)
RVT = Party(slug="rvt-noord", kind=K.REGIONAL_SAFETY_TEAM)
SCHOOL = Party(slug="school-de-brug", kind=K.EXTERNAL, external=ExternalKind.SCHOOL, under_secrecy=False)
CLINIC = Party(slug="kliniek-de-es", kind=K.EXTERNAL, external=ExternalKind.PROVIDER)
POLICE = Party(slug="politie-noord", kind=K.EXTERNAL, external=ExternalKind.POLICE, under_secrecy=False)
BOARD = Party(slug="coordinatie-noord", kind=K.COORDINATION)
EVERYONE = {p.slug: p for p in (TEAM, OTHER_TEAM, VT, OTHER_VT, GI, RAAD, RVT, SCHOOL, CLINIC, POLICE, BOARD)}

WORKER = Professional(ref="w-1", function="CASE_MANAGER")
COLLEAGUE = Professional(ref="w-2", function="BEHAVIOURAL_SCIENTIST")
JWE = "eyJhbGciOiJFQ0RILUVTK0EyNTZLVyJ9.a2V5.aXY.dGV4dA.dGFn"


def uid(name: str) -> str:
    """The same UUID for the same name."""
    return str(uuid5(NAMESPACE_OID, name))


def born(years: int, days: int = 0) -> date:
    """The birth date of someone who turned `years` `days` days before TODAY."""
    return date(TODAY.year - years, TODAY.month, TODAY.day) - timedelta(days=days)


def held_by(*holders: str) -> tuple[Custody, ...]:
    """Custody of each of these, without end."""
    return tuple(Custody(holder=holder, checked_on=TODAY) for holder in holders)


def child(age: int = 8, *, ref: str = "child", days: int = 30, **more: Any) -> Person:
    """A youth of that age, in custody of mother and father unless said otherwise."""
    custody = more.pop("custody", held_by("mother", "father"))
    return Person(ref=ref, role=Role.YOUTH, birth_date=born(age, days), custody=custody, **more)


def adult(ref: str, **more: Any) -> Person:
    """A parent, known and reachable unless said otherwise."""
    return Person(ref=ref, role=more.pop("role", Role.PARENT), **more)


MOTHER, FATHER = adult("mother"), adult("father")
GONE = adult("father", status=PersonStatus.WHEREABOUTS_UNKNOWN)
DEAD = adult("father", status=PersonStatus.DECEASED)
UNSAFE = adult("father", contact_unsafe=True)


def case_of(*persons: Person, records: Iterable[Record] = (), parties: Iterable[Party] = (TEAM, OTHER_TEAM)) -> Case:
    """An open case led by the sender, with these persons and records."""
    head = CaseHead(
        open=True,
        regie=TEAM.slug,
        regie_kind=TEAM.kind,
        lead=WORKER,
        parties=tuple(p.slug for p in parties),
        opened_at=NOW,
    )
    found: dict[type[Record], dict[str, Record]] = {}
    for record in (head, *(PersonRecord(person=person) for person in persons), *records):
        found.setdefault(type(record), {})[record.key] = record
    return Case(SUBJECT, found)


def said(
    name: str,
    who: str,
    decision: Decision | None = Decision.GRANTED,
    scope: Scope | None = None,
    *,
    about: str = "child",
    seq: int = 1,
    on: date | None = None,
    **more: Any,
) -> StatementRecord:
    """A statement as the case remembers it; `on` is the day it was recorded (a month ago unless said otherwise)."""
    day = on or TODAY - timedelta(days=30)
    return StatementRecord(
        statement=uid(name),
        about=about,
        given_by=who,
        decision=decision,
        scope=scope or Scope(),
        recorded_at=datetime(day.year, day.month, day.day, 9, tzinfo=UTC),
        seq=seq,
        recorder=more.pop("recorder", TEAM.slug),
        **more,
    )


def yes(*who: str, **more: Any) -> tuple[StatementRecord, ...]:
    """Everyone of these granted everything."""
    return tuple(said(f"yes-{ref}", ref, seq=place, **more) for place, ref in enumerate(who, 1))


def section(
    category: Category = Category.CONCERNS, *about: str, basis: str | None = "CONSENT", name: str = "item", **more: Any
) -> Section:
    """A section about the child unless others are named, each person under the same basis."""
    persons = about or more.pop("persons", ("child",))
    weighing: Weighing | None = more.pop("weighing", None)
    gdpr: GdprArticle = more.pop("gdpr", GdprArticle.PUBLIC_TASK)
    bases = tuple(Basis(person=ref, secrecy=basis, gdpr=gdpr, weighing=weighing) for ref in persons) if basis else ()
    return Section(
        item=uid(name),
        category=category,
        about=persons,
        kind=more.pop("kind", StatementKind.OBSERVATION),
        as_of=TODAY,
        source=more.pop("source", Source(kind=SourceKind.OWN_OBSERVATION)),
        bases=more.pop("bases", bases),
        digest=more.pop("digest", "ab" * 32),
        **more,
    )


@dataclass(frozen=True)
class Letter:
    """A letter to judge; `context` is what the gate hands to the rules."""

    case: Case
    sections: tuple[Section, ...] = ()
    purpose: Purpose = Purpose.HANDOVER
    sender: Party = TEAM
    to: Party = OTHER_TEAM
    body: Body = field(default_factory=DossierShared)
    second: Professional | None = None
    acting_under: OrganisationKind | None = None
    now: datetime = NOW
    sealed: dict[str, str] | None = None
    dry_run: bool = False

    @property
    def context(self) -> Context:
        """As the gate would make it."""
        manifest = Manifest(purpose=self.purpose, sections=self.sections)
        sealed = {s.item: JWE for s in self.sections} if self.sealed is None else self.sealed
        return context(
            self.case,
            self.body,
            self.sender,
            self.to,
            now=self.now,
            dry_run=self.dry_run,
            manifest=manifest,
            sealed=sealed,
            second=self.second,
            acting_under=self.acting_under,
        )


def context(
    case: Case,
    body: Body,
    sender: Party = TEAM,
    to: Party | None = None,
    *,
    now: datetime = NOW,
    dry_run: bool = False,
    **data: Any,
) -> Context:
    """One message, as the rules see it."""
    event = Event(
        id=uid("message"),
        source=sender.slug,
        type=f"nl.estafette.{'dry_run.' if dry_run else ''}{body.name}.v1",
        subject=case.subject,
        time=now,
        data=Data(to=(to.slug,) if to else (), by=WORKER, body=dump(body), **data),
    )
    return Context(now, event, body, BY_NAME[body.name], sender, case, EVERYONE)


def codes(judgement: Judgement) -> list[Refusal]:
    """The refusal codes, in order."""
    return [reason.code for reason in judgement.reasons]
