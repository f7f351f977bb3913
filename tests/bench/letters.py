"""What is sent: open cases with recorded consents, and letters of which everything has to be checked.

Everything is made and signed before any clock runs. The sealed text is really sealed, once a case: the gate cannot read
it, so that each letter carries it again changes nothing for the gate.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

from schemas.base import dump
from schemas.body import Body
from schemas.care import DossierShared
from schemas.cases import CaseOpened
from schemas.consents import ConsentRecorded, Decision, Scope
from schemas.event import CONTENT_TYPE, Data, Event, wire_type
from schemas.manifest import Basis, Category, Manifest, Purpose, Section, Source, SourceKind, StatementKind
from schemas.parties import Competence, Professional, Registration
from schemas.person import Custody, Person, Role
from services.runtime.jose import SealingKey, SigningKey, seal, sign_detached
from services.runtime.subjects import slot_of

SENDER, RECIPIENT = "lokaal-team-linde", "rvt-noord"
SLOTS = 4
WORKER = Professional(ref="linde-1", function="worker", registration=Registration.SKJ, competences=(Competence.SAFETY,))
CHECKED = date(2026, 1, 5)
CHILD = Person(
    ref="child",
    role=Role.YOUTH,
    birth_date=date(2018, 3, 9),
    custody=(Custody(holder="mother", checked_on=CHECKED), Custody(holder="father", checked_on=CHECKED)),
)
MOTHER = Person(ref="mother", role=Role.PARENT, birth_date=date(1988, 5, 5))
FATHER = Person(ref="father", role=Role.PARENT, birth_date=date(1986, 6, 6))
CONSENTS = (("child", "mother"), ("child", "father"), ("mother", "mother"))
"""Of each: whose data, and who said yes. Sharing about the child needs both who hold custody."""
ABOUT = ("child", "mother")
TEXT = b"x" * 200
"""Stands for the text of a section."""


class Message(NamedTuple):
    """A record as its edge would write it."""

    key: bytes
    partition: int
    value: bytes
    jws: bytes

    @property
    def headers(self) -> list[tuple[str, bytes]]:
        return [("jws", self.jws), ("content-type", CONTENT_TYPE.encode())]


@dataclass(frozen=True)
class Case:
    """A case and the two sections each of its letters carries: the same words, as items of their own."""

    subject: str
    sealed: str = field(repr=False)


@dataclass(frozen=True)
class Author:
    """Writes as one organisation would, with its real keys."""

    key: SigningKey
    recipient_key: dict[str, str]

    @classmethod
    def of(cls, home: Path) -> "Author":
        sealing = SealingKey.from_file(home / "keys" / RECIPIENT / "sealing.jwk")
        return cls(SigningKey.from_file(home / "keys" / SENDER / "signing.jwk"), sealing.public_jwk())

    def cases(self, count: int) -> list[Case]:
        return [Case(f"case:{uuid4()}", seal(TEXT, self.recipient_key)) for _ in range(count)]

    def opening(self, case: Case) -> Iterator[Message]:
        """What stands in a case before anything is shared: who it is about, and the consents."""
        yield self._write(case, CaseOpened(persons=(CHILD, MOTHER, FATHER), lead=WORKER))
        for about, given_by in CONSENTS:
            yield self._write(case, consent(about, given_by))

    def letters(self, cases: Sequence[Case], count: int) -> list[Message]:
        """One after another through the cases, each letter with two new items."""
        return [self._letter(cases[number % len(cases)]) for number in range(count)]

    def _letter(self, case: Case) -> Message:
        sections = (section(Category.CONCERNS), section(Category.SAFETY))
        manifest = Manifest(purpose=Purpose.JOINT_SUPPORT, sections=sections)
        sealed = {each.item: case.sealed for each in sections}
        return self._write(case, DossierShared(), to=(RECIPIENT,), manifest=manifest, sealed=sealed)

    def _write(self, case: Case, body: Body, **more: Any) -> Message:
        event = Event(
            id=str(uuid4()),
            source=SENDER,
            type=wire_type(body.name),
            subject=case.subject,
            time=datetime.now(UTC),
            data=Data(by=WORKER, body=dump(body), **more),
        )
        value = event.encode()
        key = case.subject.encode()
        return Message(key, slot_of(case.subject, SLOTS), value, sign_detached(value, self.key).encode())


def consent(about: str, given_by: str) -> ConsentRecorded:
    return ConsentRecorded(
        statement=str(uuid4()),
        about=about,
        given_by=given_by,
        decision=Decision.GRANTED,
        scope=Scope(recipients=(RECIPIENT,), purposes=(Purpose.JOINT_SUPPORT,)),
        how_asked="IN_PERSON",
    )


def section(category: Category) -> Section:
    item = str(uuid4())
    return Section(
        item=item,
        category=category,
        about=ABOUT,
        kind=StatementKind.OBSERVATION,
        as_of=CHECKED,
        source=Source(kind=SourceKind.OWN_OBSERVATION),
        bases=tuple(Basis(person=person, secrecy="CONSENT") for person in ABOUT),
        digest=hashlib.sha256(item.encode()).hexdigest(),
    )
