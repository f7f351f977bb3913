"""What happens with the child and its help: sight, reports, measures, supports, assessments, monitoring, dossiers,
reviews.
"""

from datetime import date
from enum import StrEnum
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from schemas.base import Code, Frozen, Instant, Slug, Uuid
from schemas.body import Body, Channel, ChildSeen, ConditionChange, Phase, SightPlan, Watcher
from schemas.manifest import SourceKind
from schemas.parties import Professional
from schemas.person import PersonRef

Children = Annotated[tuple[PersonRef, ...], Field(min_length=1, max_length=16)]


class SightPlanned(Body):
    """Who has sight of each child (zicht op het kind), from now on; replaces the sender's earlier plan."""

    name: ClassVar[str] = "sight.planned"
    plans: Annotated[tuple[SightPlan, ...], Field(min_length=1, max_length=16)]


class SightConfirmed(Body):
    """Children were seen, by whom; sent by the organisation that owns the plan, or the watcher it names."""

    name: ClassVar[str] = "sight.confirmed"
    seen_at: Instant
    by: Watcher
    channel: Channel
    children: Annotated[tuple[ChildSeen, ...], Field(min_length=1, max_length=16)]


class TrustBroken(Body):
    """The family has broken with this organisation (vertrouwensbreuk): someone else must keep sight."""

    name: ClassVar[str] = "sight.trust_broken"
    plans: Annotated[tuple[SightPlan, ...], Field(min_length=1, max_length=16)]


class ReportRegistered(Body):
    """Veilig Thuis received a report (melding). Its clocks run from `received_at` (Uitvoeringsbesluit Wmo 2015 art.
    4.1.7).
    """

    name: ClassVar[str] = "reports.registered"
    report: Uuid
    received_at: Instant
    reporter: Literal["POLICE", "PROFESSIONAL", "CITIZEN", "FAMILY", "YOUTH"]
    children: Children
    follow_up_of: Uuid | None = None


class ReportOutcome(StrEnum):
    """What Veilig Thuis does after the safety assessment."""

    OWN_INVESTIGATION = "OWN_INVESTIGATION"
    INVESTIGATION_BY_RAAD = "INVESTIGATION_BY_RAAD"
    CONDITIONS_AND_FOLLOW_UP = "CONDITIONS_AND_FOLLOW_UP"  # voorwaarden en vervolg
    HANDOVER = "HANDOVER"
    RUNNING_HELP = "RUNNING_HELP"
    END = "END"


class ReportAssessed(Body):
    """Safety assessment of a report (veiligheidsbeoordeling), due within five working days."""

    name: ClassVar[str] = "reports.assessed"
    report: Uuid
    phase: Phase
    outcome: ReportOutcome


class PersonInformed(Body):
    """A person whose data came from others was told (Wmo 2015 art. 5.3.1)."""

    name: ClassVar[str] = "reports.person_informed"
    report: Uuid
    person: PersonRef


class ReporterInformed(Body):
    """The reporter was told what Veilig Thuis does with the report (Wmo 2015 art. 4.1.1(2)g); nothing of the family's
    story.
    """

    name: ClassVar[str] = "reports.reporter_informed"
    report: Uuid
    after: Literal["ASSESSMENT", "INVESTIGATION"]


class ReportEnded(Body):
    """Veilig Thuis' involvement with a report ends."""

    name: ClassVar[str] = "reports.ended"
    report: Uuid
    outcome: ReportOutcome


class MeasureKind(StrEnum):
    """A child-protection measure."""

    OTS = "OTS"  # ondertoezichtstelling, BW 1:255
    VOTS = "VOTS"  # provisional, BW 1:257
    GUARDIANSHIP = "GUARDIANSHIP"  # voogdij
    YOUTH_PROBATION = "YOUTH_PROBATION"  # jeugdreclassering


Possible = Literal["NOT_POSSIBLE", "POSSIBLE"]


class MeasureStarted(Body):
    """A court order charges this institution with a measure for one child. Opens a TO_MEASURE handover by itself."""

    name: ClassVar[str] = "measures.started"
    measure: Uuid
    kind: MeasureKind
    child: PersonRef
    order: Code
    since: date
    until: date
    handover: Uuid  # the id the imposed handover gets
    without_measure: Possible | None = None  # was help without it possible (JB Noord 2016 §2.2: routes A, B)

    @model_validator(mode="after")
    def _within_the_law(self) -> Self:
        if self.until <= self.since:
            raise ValueError("a measure ends after it starts")
        return self


class PlanTaken(StrEnum):
    """Whether the institution goes on with the family's plan, and if not, why (JB Noord 2016 §2.1.2)."""

    JOINED = "JOINED"
    NEW_NONE_WAS_SENT = "NEW_NONE_WAS_SENT"
    NEW_FAMILY_ASKED = "NEW_FAMILY_ASKED"
    NEW_COURT_ASKED = "NEW_COURT_ASKED"
    NEW_IT_WAS_NOT_SAFE = "NEW_IT_WAS_NOT_SAFE"


class WorkerAssigned(Body):
    """The institution named the youth protection worker and held first contact (Besluit Jeugdwet art. 4.2.1)."""

    name: ClassVar[str] = "measures.worker_assigned"
    measure: Uuid
    worker: Professional
    stand_in: Professional | None = None
    contact_held_at: Instant | None = None
    other_worker: Literal["LEFT", "ILL", "FAMILY_ASKED", "OTHER_EXPERTISE_NEEDED"] | None = None  # why no known face
    regie_moves: bool = False
    plan: PlanTaken | None = None


class MeasureTransferred(Body):
    """The court replaces the institution; sent by the new one. Opens a GI_TO_GI handover."""

    name: ClassVar[str] = "measures.transferred"
    measure: Uuid
    order: Code
    from_institution: Slug
    on: date
    handover: Uuid


class MeasureEnding(Body):
    """The measure will end; the return handover can begin."""

    name: ClassVar[str] = "measures.ending"
    measure: Uuid
    on: date


class MeasureEnded(Body):
    """The measure ended, and with it the grounds that stood on it."""

    name: ClassVar[str] = "measures.ended"
    measure: Uuid
    on: date
    reason: Literal["TERM", "COURT", "AGE", "GUARDIANSHIP"]


class AssessmentRecorded(Body):
    """A safety assessment (veiligheidsinschatting) was made. Its reasoning goes in a letter."""

    name: ClassVar[str] = "assessments.recorded"
    assessment: Uuid
    children: Children
    kind: Literal["SAFETY", "SELF_RELIANCE"]
    instrument: Code  # LIRIK, ARIJ, SOS, PROFESSIONAL_JUDGEMENT, ...
    made_on: date
    information_base: Annotated[tuple[SourceKind, ...], Field(min_length=1, max_length=8)]
    phase: Phase
    conditions: Annotated[tuple[ConditionChange, ...], Field(max_length=16)] = ()
    need_changed: bool = False  # another help is needed: the plan is reviewed
    together_with: Annotated[tuple[Slug, ...], Field(max_length=4)] = ()  # who examined it as well


class MonitoringPlanned(Body):
    """When it is checked whether it is and stays safe (monitoring)."""

    name: ClassVar[str] = "monitoring.planned"
    plan: Uuid
    children: Children
    by: Slug
    dates: Annotated[tuple[date, ...], Field(min_length=1, max_length=12)]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if list(self.dates) != sorted(set(self.dates)):
            raise ValueError("the dates stand in order, each once")
        return self


class RiskLevel(StrEnum):
    """How heavy one risk weighs; change is read against the baseline, no score decides (TSD 2017, In Zorg)."""

    NONE = "NONE"
    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"


class RiskChange(Frozen):
    """One risk of one child: at the start and now."""

    child: PersonRef
    risk: Code
    baseline: RiskLevel
    now: RiskLevel


class MonitoringChecked(Body):
    """A planned check was done and is reported (letter to who monitors)."""

    name: ClassVar[str] = "monitoring.checked"
    plan: Uuid
    planned_for: date
    risks: Annotated[tuple[RiskChange, ...], Field(min_length=1, max_length=32)]
    conditions: Annotated[tuple[ConditionChange, ...], Field(max_length=16)] = ()


class DossierShared(Body):
    """Items of the dossier go to one recipient, each with its basis (dossier gedeeld)."""

    name: ClassVar[str] = "dossiers.shared"
    handover: Uuid | None = None
    on_request: bool = False
    story_missing: Literal["NO_TIME", "FAMILY_REFUSES", "UNKNOWN_FAMILY"] | None = None  # owed after an emergency


class DossierOpened(Body):
    """A professional opened a letter: the family can see when."""

    name: ClassVar[str] = "dossiers.opened"
    message: Uuid
    items: Annotated[tuple[Uuid, ...], Field(max_length=64)] = ()


class DossierRejected(Body):
    """A letter could not be opened, or its content is not what the manifest says. CATEGORY_UNTRUE is said by a
    professional, who names the item; the other reasons by a machine.
    """

    name: ClassVar[str] = "dossiers.rejected"
    message: Uuid
    item: Uuid | None = None
    reason: Literal["CANNOT_OPEN", "DIGEST", "HEADER_MISMATCH", "CATEGORY_UNTRUE"]


class ReviewRecorded(Body):
    """A second person reviewed a message (an urgent ground, a set-aside)."""

    name: ClassVar[str] = "reviews.recorded"
    message: Uuid
    outcome: Literal["JUSTIFIED", "NOT_JUSTIFIED"]
