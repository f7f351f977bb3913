"""A case as the rules see it: the records of one, and what a message changes in them. No I/O, no clock."""

from collections import ChainMap
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TypeVar, cast

from schemas.agreements import Agreements, agreed_by
from schemas.base import Slug, Subject
from schemas.body import Body
from schemas.days import dutch_day
from schemas.event import Event
from schemas.manifest import Purpose, Section
from schemas.parties import Party
from schemas.person import Person, PersonRef
from schemas.refusal import Flag, Reason
from schemas.service import HandoverFact
from schemas.tables.messages import MessageRow
from services.gate.rules.asked_records import RequestRecord, ThreadRecord
from services.gate.rules.case_records import CaseHead, PersonRecord
from services.gate.rules.record import Record

R = TypeVar("R", bound=Record)


@dataclass(frozen=True, slots=True)
class Case:
    """A case at one moment: its live records by class and key. A class without records may be absent."""

    subject: Subject
    records: Mapping[type[Record], Mapping[str, Record]] = field(default_factory=dict)

    def of(self, kind: type[R]) -> Mapping[str, R]:
        """The records of one class, by key."""
        return cast("Mapping[str, R]", self.records.get(kind, {}))

    @property
    def head(self) -> CaseHead | None:
        """The case head; None when nothing was ever said in this case."""
        return self.of(CaseHead).get("")

    @property
    def thread(self) -> ThreadRecord | None:
        """What is known of a thread; None for a case, and for a thread in which nothing was said."""
        return self.of(ThreadRecord).get("")

    @property
    def guests(self) -> frozenset[Slug]:
        """Who was asked something in this case and is no party of it: it may answer, and nothing else."""
        asked = {request.asked for request in self.of(RequestRecord).values()}
        return frozenset(asked.difference(self.head.parties if self.head else ()))

    def person(self, ref: PersonRef) -> Person | None:
        """One person by ref."""
        found = self.of(PersonRecord).get(ref)
        return found.person if found else None

    def is_here(self, ref: PersonRef) -> bool:
        """Whether somebody is a person of this case who did not go on in another."""
        found = self.of(PersonRecord).get(ref)
        return found is not None and found.left_on is None

    @property
    def family(self) -> tuple[Person, ...]:
        """Everyone this case is about today: without children who go on in another case."""
        return tuple(record.person for record in self.of(PersonRecord).values() if record.left_on is None)

    @property
    def persons(self) -> tuple[Person, ...]:
        """Everyone who was ever in the case: what it holds about who left is still about somebody."""
        return tuple(record.person for record in self.of(PersonRecord).values())

    def is_party(self, slug: Slug) -> bool:
        """Whether an organisation is a party of this case or thread."""
        known = self.head or self.thread
        return known is not None and slug in known.parties

    def after(self, effects: "Effects") -> "Case":
        """The case with these effects in it. Records that stay are not touched, so that they need not be parsed."""
        changed: dict[type[Record], dict[str, Record]] = {}
        for record in effects.put:
            changed.setdefault(type(record), {})[record.key] = record
        merged: dict[type[Record], Mapping[str, Record]] = dict(self.records)
        for kind, new in changed.items():
            before = merged.get(kind, {})
            layers = before.maps if isinstance(before, ChainMap) else [cast("MutableMapping[str, Record]", before)]
            merged[kind] = ChainMap(new, *layers)
        for kind, key in effects.drop:
            merged[kind] = {other: kept for other, kept in merged.get(kind, {}).items() if other != key}
        return Case(self.subject, merged)


@dataclass(frozen=True, slots=True)
class Regarded:
    """The earlier message that a message is about: delivered, and to whom."""

    to: tuple[Slug, ...]


@dataclass(frozen=True, slots=True)
class Context:
    """Everything one decision may look at. `now` is the decision time; the sender's `time` is only a claim."""

    now: datetime
    event: Event
    body: Body
    row: MessageRow
    sender: Party
    case: Case
    directory: Mapping[Slug, Party]
    regarded: Regarded | None = None  # None also for one of long ago

    @property
    def today(self) -> date:
        """The decision date in the Netherlands: ages and terms count by it."""
        return dutch_day(self.now)

    @property
    def agreed(self) -> Agreements | None:
        """What the chain of who leads agreed, as it holds today; in a new case the chain of who speaks."""
        head = self.case.head
        holder = self.directory.get(head.regie or head.last_regie or "", self.sender) if head else self.sender
        return agreed_by(holder, self.directory.get, self.today)

    @property
    def recipients(self) -> tuple[Party, ...]:
        """The recipients known to the directory (an unknown one was refused before any rule ran)."""
        return tuple(self.directory[slug] for slug in self.event.data.to if slug in self.directory)

    @property
    def sections(self) -> tuple[Section, ...]:
        """What the manifest says is in the letter."""
        return self.event.data.manifest.sections if self.event.data.manifest else ()

    @property
    def purpose(self) -> Purpose | None:
        """The purpose of the manifest, if there is one."""
        return self.event.data.manifest.purpose if self.event.data.manifest else None


@dataclass(frozen=True, slots=True)
class Notice:
    """A message the gate makes itself for one recipient, because of this decision."""

    to: Slug
    body: Body


@dataclass(frozen=True, slots=True)
class Effects:
    """What an accepted message does: records written and dropped, notices, flags and what oversight must know."""

    put: tuple[Record, ...] = ()
    drop: tuple[tuple[type[Record], str], ...] = ()
    notices: tuple[Notice, ...] = ()
    flags: tuple[Flag, ...] = ()
    handover: HandoverFact | None = None
    also: tuple[HandoverFact, ...] = ()

    def __add__(self, other: "Effects") -> "Effects":
        """Both, in order; of two writes to one record the later counts."""
        return Effects(
            self.put + other.put,
            self.drop + other.drop,
            self.notices + other.notices,
            self.flags + other.flags,
            other.handover or self.handover,
            self.also + other.also,
        )


@dataclass(frozen=True, slots=True)
class Judgement:
    """All reasons why not (then nothing changes), or the effects."""

    reasons: tuple[Reason, ...] = ()
    effects: Effects = field(default_factory=Effects)
