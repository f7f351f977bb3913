"""Asking the Raad to look into a threat to a child (verzoek tot onderzoek, VTO), and what the Raad says about it."""

from datetime import date
from enum import StrEnum
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from schemas.base import Code, Frozen, Uuid
from schemas.body import Body, Known, SightPlan
from schemas.care import MeasureKind, RiskLevel
from schemas.handovers import YouthVoice
from schemas.parties import Professional
from schemas.person import PersonRef

Children = Annotated[tuple[PersonRef, ...], Field(min_length=1, max_length=16)]
Plans = Annotated[tuple[SightPlan, ...], Field(max_length=16)]


class InvestigationState(StrEnum):
    """Where an investigation stands. It is pending, and its children wait, until CONCLUDED."""

    REQUESTED = "REQUESTED"
    RECEIVED = "RECEIVED"
    WAITING = "WAITING"  # the Raad has said when it expects to start
    STARTED = "STARTED"
    CONCLUDED = "CONCLUDED"


class RequestReason(StrEnum):
    """Why a measure may be needed; nothing else is a reason (JB Noord 2016 §5.3)."""

    NO_COOPERATION = "NO_COOPERATION"  # parents do not cooperate, or not enough
    NO_PROGRESS = "NO_PROGRESS"  # for a longer time, whatever was tried
    ACUTE_DANGER = "ACUTE_DANGER"


class ChildRisk(Frozen):
    """What threatens one child, and how heavy it weighs. The words are a SAFETY item about that child."""

    child: PersonRef
    risk: Code
    level: RiskLevel


class HelpTried(Frozen):
    """Voluntary help that was tried: agreed is not yet taken up (TSD 2017 §2.6). The words are a HELP_HISTORY item."""

    help: Code
    taken_up: Literal["YES", "IN_PART", "NO"]
    effect: Literal["NONE", "TOO_LITTLE", "FADED", "WORSE"]


class NoHelpTried(StrEnum):
    """Why no voluntary help was tried: there is nobody to help."""

    PARENT_IN_PRISON = "PARENT_IN_PRISON"
    PARENT_DECEASED = "PARENT_DECEASED"
    PARENT_ABROAD = "PARENT_ABROAD"
    FOUNDLING = "FOUNDLING"
    NO_PARENT_FOUND = "NO_PARENT_FOUND"


class NoTalk(StrEnum):
    """Why a parent was not spoken with."""

    IN_PRISON = "IN_PRISON"
    DECEASED = "DECEASED"
    ABROAD = "ABROAD"
    UNREACHABLE = "UNREACHABLE"
    REFUSED = "REFUSED"
    UNSAFE_TO_ASK = "UNSAFE_TO_ASK"
    NOT_KNOWN = "NOT_KNOWN"


class ParentTalk(Frozen):
    """The talk with one parent about this request, or why there was none. `response`: what the parent says of its text,
    a CLIENT_RESPONSE item. `explained`: what follows, and what would keep the Raad out, was said (JB Noord 2016 §3.3).
    """

    parent: PersonRef
    held_on: date | None = None
    unless: NoTalk | None = None
    response: Known = Known.NOT_ASKED
    explained: bool = False

    @model_validator(mode="after")
    def _held_or_unless(self) -> Self:
        if (self.held_on is None) == (self.unless is None):
            raise ValueError("a talk was held on a day, or `unless` says why not; never both, never neither")
        return self


class Observation(Frozen):
    """Who saw it with their own eyes: who decides, or somebody independent asked for it (JB Noord 2016 §3.1)."""

    by: Literal["DECIDER", "INDEPENDENT"]
    seen_on: date


class NoJudgement(StrEnum):
    """Why nobody independent looked at it, although those who know the family do not think the same."""

    NOBODY_AVAILABLE = "NOBODY_AVAILABLE"
    FAMILY_REFUSES = "FAMILY_REFUSES"
    CANNOT_WAIT = "CANNOT_WAIT"


class Advice(Frozen):
    """What a behavioural scientist (gedragswetenschapper) thinks of it, or whom the chain names instead (D#155)."""

    adviser: Professional
    held_on: date
    view: Literal["FOR", "AGAINST", "DIVIDED"]


class InvestigationBody(Body):
    """A message about one investigation, by its id."""

    investigation: Uuid


class InvestigationRegistered(InvestigationBody):
    """The Raad is asked to investigate (verzoek tot onderzoek, VTO; Jeugdwet 3.1). The request itself goes by CORV;
    until the Raad has concluded, who asks says who sees each child.

    What must be there stands in schemas/tables/request.py. In acute danger it is delivered all the same, and a second
    professional looks at it within a day.
    """

    name: ClassVar[str] = "investigations.registered"
    children: Children
    reason: RequestReason | None = None
    acute_danger: bool = False
    corv: Code | None = None  # reference of the request, once CORV has given one
    sight: Plans = ()
    risks: Annotated[tuple[ChildRisk, ...], Field(max_length=32)] = ()
    tried: Annotated[tuple[HelpTried, ...], Field(max_length=16)] = ()
    tried_unless: NoHelpTried | None = None
    talks: Annotated[tuple[ParentTalk, ...], Field(max_length=16)] = ()
    observed: Observation | None = None
    advice: Advice | None = None
    youth_voice: Annotated[tuple[YouthVoice, ...], Field(max_length=16)] = ()
    adviser_told_on: date | None = None  # the family was told of the confidential adviser (Jeugdwet 4.1.9)
    college_told_on: date | None = None  # asked of Veilig Thuis and institutions
    table: Uuid | None = None  # the round table that decided it (Beschermingstafel)
    objective_unless: NoJudgement | None = None  # why nobody independent looked, though opinions differ

    @property
    def reviewed(self) -> bool:
        """Whether a second professional must look at it: in danger, or something was not done for a coded reason."""
        unless = (self.tried_unless, self.objective_unless, *(talk.unless for talk in self.talks))
        return self.acute_danger or any(unless)


class InvestigationReceived(InvestigationBody):
    """The Raad has the request (ontvangstbevestiging)."""

    name: ClassVar[str] = "investigations.received"
    corv: Code | None = None


class RaadWaitAnnounced(InvestigationBody):
    """The Raad says when it expects to start. Refused unless who sees each child meanwhile is agreed: by its own plan
    or that of who asked. Its norm of ten days stays.
    """

    name: ClassVar[str] = "investigations.wait_announced"
    expected_on: date
    family_told_on: date | None = None  # the Raad tells the family how long it will take
    sight: Plans = ()


class InvestigationStarted(InvestigationBody):
    """The Raad begins (start raadsonderzoek). `own_motion`: without a request (Jeugdwet 3.1(2)); it then names the
    children and tells the college at once.
    """

    name: ClassVar[str] = "investigations.started"
    investigator: Professional
    own_motion: bool = False
    children: Annotated[tuple[PersonRef, ...], Field(max_length=16)] = ()
    corv: Code | None = None
    college_told_on: date | None = None
    sight: Plans = ()


class Advised(StrEnum):
    """What the Raad concludes."""

    MEASURE_REQUESTED = "MEASURE_REQUESTED"  # of the court
    VOLUNTARY_HELP = "VOLUNTARY_HELP"
    NO_FURTHER_STEPS = "NO_FURTHER_STEPS"
    NOT_TAKEN_UP = "NOT_TAKEN_UP"  # not investigated, also before it started


class InvestigationConcluded(InvestigationBody):
    """The Raad has decided (raadsbesluit). `placement`: whether it asks that the child lives elsewhere, said openly:
    doubt about it hurts most (JB Noord 2016 §3.4).
    """

    name: ClassVar[str] = "investigations.concluded"
    outcome: Advised
    measure: MeasureKind | None = None
    placement: Literal["ASKED", "NOT_ASKED", "UNDECIDED"]
    afterwards: Literal["NEEDED", "AVOIDABLE", "NEEDLESS"] | None = None  # that the Raad was asked (JB Noord 2016 §5.3)

    @model_validator(mode="after")
    def _names_the_measure(self) -> Self:
        if (self.outcome is Advised.MEASURE_REQUESTED) != (self.measure is not None):
            raise ValueError("`measure` is named exactly when a measure is requested")
        return self


class InvestigationNoted(InvestigationBody):
    """Afterwards: the reference CORV gave, or the day the college was told (college van B en W)."""

    name: ClassVar[str] = "investigations.noted"
    corv: Code | None = None
    college_told_on: date | None = None

    @model_validator(mode="after")
    def _notes_something(self) -> Self:
        if self.corv is None and self.college_told_on is None:
            raise ValueError("note `corv`, `college_told_on`, or both")
        return self


class TableState(StrEnum):
    """Where a round table stands."""

    REQUESTED = "REQUESTED"
    INVITED = "INVITED"
    DECIDED = "DECIDED"


class TableOutcome(StrEnum):
    """What a round table may decide (D§3g)."""

    VOLUNTARY = "VOLUNTARY"
    AGREEMENTS = "AGREEMENTS"  # help with firm agreements (drang)
    INVESTIGATION = "INVESTIGATION"


class TableBody(Body):
    """A message about one round table, by its id."""

    table: Uuid


class TableRequested(TableBody):
    """A talk with parents, youth and the Raad is asked for before anybody asks an investigation (verzoek tot
    bespreking, Beschermingstafel). The safety plan goes along as a PLAN item.
    """

    name: ClassVar[str] = "tables.requested"
    children: Children


class Invited(Frozen):
    """Someone of the family is invited, or why not."""

    person: PersonRef
    unless: Literal["UNREACHABLE", "UNSAFE_TO_ASK"] | None = None


class TableInvited(TableBody):
    """Who is invited: every parent, and every youth of twelve and older, or why not."""

    name: ClassVar[str] = "tables.invited"
    meets_on: date
    invited: Annotated[tuple[Invited, ...], Field(min_length=1, max_length=32)]


class TableDecided(TableBody):
    """What the round table decided, under an independent chair. Agreements are looked at again on a day."""

    name: ClassVar[str] = "tables.decided"
    outcome: TableOutcome
    held_on: date
    present: Annotated[tuple[PersonRef, ...], Field(max_length=32)] = ()
    chair: Code
    review_on: date | None = None

    @model_validator(mode="after")
    def _agreements_are_reviewed(self) -> Self:
        if self.outcome is TableOutcome.AGREEMENTS and self.review_on is None:
            raise ValueError("agreements need the day on which they are looked at again (`review_on`)")
        return self
