"""What the gate remembers of a case: one frozen record for each thing in it that a rule looks at."""

from datetime import date
from typing import Annotated, ClassVar

from pydantic import Field

from schemas.agreements import InstitutionRole
from schemas.base import Code, Count, Instant, Slug, Subject, Uuid
from schemas.body import ConditionStatus, Phase, SafetyCondition, SightPlan, Staying
from schemas.care import MeasureKind, RiskLevel
from schemas.consents import Decision, Scope
from schemas.contacts import FixedContact
from schemas.entry import Caution
from schemas.handovers import FINAL, ConsultDecision, HandoverKind, HandoverState, WarmContactAttested
from schemas.manifest import Category, Source, StatementKind
from schemas.parties import OrganisationKind, Professional
from schemas.person import Person, PersonRef
from schemas.supports import SupportKind
from services.gate.rules.asked_records import RequestRecord, ThreadRecord
from services.gate.rules.help_records import AbsenceRecord, ConsultRecord, StagnationRecord
from services.gate.rules.investigation_record import InvestigationRecord, TableRecord
from services.gate.rules.record import Record


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
