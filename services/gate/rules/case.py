"""A case as the rules see it: frozen records, and what a message changes in them. No I/O, no clock."""

from collections import ChainMap
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Annotated, ClassVar, TypeVar, cast

from pydantic import Field

from schemas.agreements import Agreements, InstitutionRole, agreed_by
from schemas.base import Code, Count, Instant, Slug, Subject, Uuid
from schemas.body import Body, ConditionStatus, Phase, SafetyCondition, SightPlan, Staying
from schemas.care import MeasureKind, RiskLevel
from schemas.consents import Decision, Scope
from schemas.contacts import FixedContact
from schemas.days import dutch_day
from schemas.entry import Caution
from schemas.event import Event
from schemas.handovers import FINAL, ConsultDecision, HandoverKind, HandoverState, WarmContactAttested
from schemas.manifest import Category, Purpose, Section, Source, StatementKind
from schemas.parties import OrganisationKind, Party, Professional
from schemas.person import Person, PersonRef
from schemas.refusal import Flag, Reason
from schemas.service import HandoverFact
from schemas.supports import SupportKind
from schemas.tables.messages import MessageRow
from services.gate.rules.asked_records import RequestRecord as RequestRecord
from services.gate.rules.asked_records import ThreadRecord as ThreadRecord
from services.gate.rules.help_records import AbsenceRecord, ConsultRecord, StagnationRecord
from services.gate.rules.investigation_record import InvestigationRecord, TableRecord
from services.gate.rules.record import Record as Record


class CaseHead(Record):
    """The case itself. `regie` is None exactly when the case is closed (then `last_regie` says who held it)."""

    kind: ClassVar[str] = "case"
    open: bool
    regie: Slug | None = None
    regie_kind: OrganisationKind | None = None
    last_regie: Slug | None = None
    lead: Professional | None = None
    lead_family: PersonRef | None = None  # when a parent or the network leads, `regie` is the back-up's organisation
    phase: Phase = Phase.STABLE_SAFETY
    vt_origin: bool = False
    open_concern: bool = False  # CLOSED_WITH_OPEN_CONCERN
    alerted: tuple[Slug, ...] = ()  # Veilig Thuis centres that hold a SAFETY_ALERT of this case since it opened
    parties: tuple[Slug, ...] = ()
    holders: tuple[Slug, ...] = ()  # opened it or hold a delivery of it: addressees of alerts
    linked: tuple[Subject, ...] = ()
    doubled: tuple[Subject, ...] = ()  # other cases of the same family that did not close into this one
    contact: FixedContact | None = None  # no handover changes it
    contact_changes: Count = 0
    bounces: Count = 0
    caution: Caution | None = None
    opened_at: Instant
    closed_at: Instant | None = None

    @property
    def key(self) -> str:
        return ""


class PersonRecord(Record):
    """A person of the case."""

    kind: ClassVar[str] = "person"
    person: Person
    into: Subject | None = None  # the case in which this child is to go on
    left_on: date | None = None  # since when it does

    @property
    def key(self) -> str:
        return self.person.ref


class StatementRecord(Record):
    """A consent statement or a set-aside. `withdrawn_at` never goes away again."""

    kind: ClassVar[str] = "consent"
    statement: Uuid
    about: PersonRef
    given_by: PersonRef | Slug  # of a set-aside: the custody holder set aside
    decision: Decision | None = None  # None = set aside
    scope: Scope
    recorded_at: Instant
    seq: Count  # order of recording within the case: "latest" means highest
    until: date | None = None
    withdrawn_at: Instant | None = None
    withdrawn_seq: Count | None = None  # place of the withdrawal in the same order
    override: Code | None = None
    court_order: Code | None = None  # it stands in the place of this custody holder's word
    recorder: Slug

    @property
    def key(self) -> str:
        return self.statement


class ItemRecord(Record):
    """An item of the dossier as the gate knows it: who made it, about whom, who holds it and on which consent."""

    kind: ClassVar[str] = "item"
    item: Uuid
    category: Category
    about: tuple[PersonRef, ...]
    digest: str
    author: Slug
    held_by: tuple[Slug, ...]
    relied_on: tuple[Uuid, ...] = ()  # consent statements under which it was delivered
    stated_as: StatementKind | None = None  # a fact stays a fact when it is forwarded
    as_of: date | None = None
    source: Source | None = None
    passed: tuple[tuple[Slug, Slug], ...] = ()  # from whom to whom it went
    corrected_at: Instant | None = None
    replaced_by: Uuid | None = None
    corrected_for: tuple[Slug, ...] = ()  # who got the correction itself

    @property
    def key(self) -> str:
        return self.item


class ConditionRecord(Record):
    """One safety condition; immutable but for its status."""

    kind: ClassVar[str] = "condition"
    condition: SafetyCondition
    set_by: Slug
    status: ConditionStatus = ConditionStatus.OPEN

    @property
    def key(self) -> str:
        return self.condition.id


class HandoverRecord(Record):
    """A handover and everything its next message is judged by."""

    kind: ClassVar[str] = "handover"
    handover: Uuid
    type: HandoverKind
    state: HandoverState
    sender: Slug
    receiver: Slug
    opened_at: Instant
    phase: Phase = Phase.STABLE_SAFETY
    stays: tuple[Staying, ...] = ()
    child: PersonRef | None = None  # of an imposed one
    measure: Uuid | None = None
    professional: Professional | None = None  # of the receiver
    sender_professional: Professional | None = None
    regie_moved: bool = False
    regie_moves: bool = True
    regie_wanted_by: tuple[Slug, ...] = ()  # of an imposed one: who wants regie to move; it does when both sides do
    stand_in: Professional | None = None  # registered for the receiver's professional
    questions: Count = 0
    question_open: bool = False
    waits: Count = 0
    attempts: Count = 0
    tried_again: bool = False
    cancelling: bool = False
    consult_open: bool = False
    consult_sender: ConsultDecision | None = None
    consult_receiver: ConsultDecision | None = None
    attested_sender: WarmContactAttested | None = None
    attested_receiver: WarmContactAttested | None = None
    has_story: bool = False
    story_read: bool = False
    story_read_at: Instant | None = None
    story_read_late: bool = False
    bounces: Count = 0  # how often it was given back
    reviewed: bool = False
    waived: tuple[Slug, ...] = ()
    returns: Uuid | None = None

    @property
    def key(self) -> str:
        return self.handover

    @property
    def final(self) -> bool:
        """No message changes it any more."""
        return self.state in FINAL

    @property
    def moves_regie(self) -> bool:
        """At most one open handover of this sort may run in a case."""
        return self.type is not HandoverKind.INTO_RUNNING_HELP


class MeasureRecord(Record):
    """A measure for one child, and the institution that has the duty."""

    kind: ClassVar[str] = "measure"
    measure: Uuid
    type: MeasureKind
    child: PersonRef
    institution: Slug
    since: date
    until: date
    ended_on: date | None = None
    worker: Professional | None = None
    handover: Uuid | None = None

    @property
    def key(self) -> str:
        return self.measure


class SupportRecord(Record):
    """A support asked for beside the lead; once accepted its professional stands on the roster until ended."""

    kind: ClassVar[str] = "support"
    support: Uuid
    type: SupportKind
    asked_by: Slug
    helper: Slug
    state: Annotated[str, Field(pattern="^(REQUESTED|WAITING|ACCEPTED|DECLINED|ENDED)$")]
    professional: Professional | None = None
    stand_in: Professional | None = None
    task: Code | None = None
    role: InstitutionRole | None = None
    until: date | None = None
    extends: Uuid | None = None
    reviewed_on: date | None = None

    @property
    def key(self) -> str:
        return self.support


class ReportRecord(Record):
    """A report at Veilig Thuis."""

    kind: ClassVar[str] = "report"
    report: Uuid
    centre: Slug
    received_at: Instant
    children: tuple[PersonRef, ...]
    reporter: Code | None = None  # what the reporter is, never who
    assessed: bool = False
    ended: bool = False
    determined_on: date | None = None  # that an investigation of its own is needed
    begun: bool = False
    concluded: bool = False
    inform_by: date | None = None  # once postponed

    @property
    def key(self) -> str:
        return self.report


class SightRecord(Record):
    """The sight plan of one organisation for one child."""

    kind: ClassVar[str] = "sight"
    owner: Slug
    plan: SightPlan

    @property
    def key(self) -> str:
        return f"{self.plan.child}/{self.owner}"


class MonitoringRecord(Record):
    """Planned checks and which were done."""

    kind: ClassVar[str] = "monitoring"
    plan: Uuid
    children: tuple[PersonRef, ...]
    by: Slug
    dates: tuple[date, ...]
    done: tuple[date, ...] = ()
    baselines: tuple[tuple[PersonRef, Code, RiskLevel], ...] = ()  # as the first check that named the risk gave it

    @property
    def key(self) -> str:
        return self.plan


class AssessmentRecord(Record):
    """An assessment that was made."""

    kind: ClassVar[str] = "assessment"
    assessment: Uuid
    type: Code
    made_on: date
    author: Slug

    @property
    def key(self) -> str:
        return self.assessment


RECORDS: tuple[type[Record], ...] = (
    CaseHead,
    PersonRecord,
    StatementRecord,
    ItemRecord,
    ConditionRecord,
    HandoverRecord,
    MeasureRecord,
    SupportRecord,
    ReportRecord,
    SightRecord,
    MonitoringRecord,
    AssessmentRecord,
    AbsenceRecord,
    StagnationRecord,
    ConsultRecord,
    ThreadRecord,
    InvestigationRecord,
    TableRecord,
    RequestRecord,
)

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
