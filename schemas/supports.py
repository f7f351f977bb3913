"""What is asked beside the lead (aansluiten): none of it moves regie."""

from datetime import date
from enum import StrEnum
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from schemas.agreements import InstitutionRole
from schemas.base import Code, Frozen, Uuid
from schemas.body import Body, SightPlan
from schemas.parties import Professional
from schemas.person import PersonRef


class SupportKind(StrEnum):
    """What is asked beside the lead; none of these moves regie. The first three are an institution's work without a
    measure (werken zonder maatregel, JB Noord 2016 §2.1); its advice is anonymous and another conversation.
    """

    JOIN_SUPPORT = "JOIN_SUPPORT"  # b: aansluiten en ondersteunen
    SPECIALIST_CASE_MANAGEMENT = "SPECIALIST_CASE_MANAGEMENT"  # c
    AFTERCARE = "AFTERCARE"  # d: nazorg
    SAFETY_TEAM = "SAFETY_TEAM"  # the regional safety team joins
    SIDE_CARE = "SIDE_CARE"


WITHOUT_MEASURE = frozenset({SupportKind.JOIN_SUPPORT, SupportKind.SPECIALIST_CASE_MANAGEMENT, SupportKind.AFTERCARE})
"""The services of a certified institution; each ends with exactly one outcome (JB Noord 2016 §2.2.1)."""


class SupportReason(StrEnum):
    """Why an institution is asked (JB Noord 2016 §8.3.3): the first four are reasons of content. CAPACITY may be given
    only as not structural, and is counted.
    """

    STAGNATION = "STAGNATION"
    OBJECTIVE_JUDGEMENT = "OBJECTIVE_JUDGEMENT"
    PERSPECTIVE_ON_MEASURE = "PERSPECTIVE_ON_MEASURE"
    COMPLEXITY = "COMPLEXITY"
    CAPACITY = "CAPACITY"


class TeamReason(StrEnum):
    """Why teams themselves say they ask an institution (JB Noord 2016 §4.4 a-h). Which reason each of them is:
    schemas/tables/team_reasons.py.
    """

    BREAKTHROUGH = "BREAKTHROUGH"  # a: doorbraak
    BACK_IN_POSITION = "BACK_IN_POSITION"  # b: in positie
    SPARRING = "SPARRING"  # c
    JUDGEMENT = "JUDGEMENT"  # d: oordeel
    DE_ESCALATION = "DE_ESCALATION"  # e
    CAPACITY = "CAPACITY"  # f
    COMPLEXITY = "COMPLEXITY"  # g
    CONTINUITY = "CONTINUITY"  # h: towards or after a measure


class ClientWish(Frozen):
    """Whom the client wants to lead, and what was done with that: asked, the wish, followed or why not (D#2)."""

    asked: Literal["ASKED", "UNREACHABLE", "DID_NOT_WANT", "UNSAFE_TO_ASK"]
    wish: Literal["KEEP_CURRENT", "NEW_LEAD", "NO_PREFERENCE"] | None = None
    followed: bool | None = None
    unless: Code | None = None  # why it was not followed

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.asked == "ASKED") != (self.wish is not None and self.followed is not None):
            raise ValueError("who was asked has a `wish` that was `followed` or not; who was not asked has neither")
        if (self.followed is False) != (self.unless is not None):
            raise ValueError("a wish that was not followed needs `unless`: why not")
        return self


class SupportRequested(Body):
    """Someone is asked to join (aansluiten). Regie stays where it is."""

    name: ClassVar[str] = "supports.requested"
    support: Uuid
    kind: SupportKind
    children: Annotated[tuple[PersonRef, ...], Field(max_length=16)] = ()
    criteria: Annotated[tuple[Literal["A", "B", "C"], ...], Field(max_length=3)] = ()
    until: date | None = None
    task: Code
    reason: SupportReason | None = None  # asked of an institution
    not_structural: bool = False  # of CAPACITY: only for now
    expected_result: Code | None = None  # asked of an institution, with `until` as the term
    wish: ClientWish | None = None  # of specialist case management
    extends: Uuid | None = None  # the support this one goes on with
    team_reason: TeamReason | None = None  # in the team's own terms
    role: InstitutionRole | None = None  # what an institution is to do with the family, where the chain agreed on it


class SupportWaitAnnounced(Body):
    """Who was asked cannot start yet (wachttijd): registered, and counted on who makes wait. Bridging NONE is seen."""

    name: ClassVar[str] = "supports.wait_announced"
    support: Uuid
    reason: Literal["CAPACITY", "NO_COMPETENT_STAFF", "NO_SUITABLE_OFFER"]
    until: date
    bridging: Code  # what help there is meanwhile, e.g. NONE, LOCAL_TEAM
    sight: Annotated[tuple[SightPlan, ...], Field(max_length=16)] = ()


class SupportAccepted(Body):
    """The asked organisation joins; the professional named stands on the roster of the plan."""

    name: ClassVar[str] = "supports.accepted"
    support: Uuid
    professional: Professional
    stand_in: Professional | None = None
    start: date
    task: Code | None = None  # restated; differing = TERMS_DIFFER
    role: InstitutionRole | None = None  # restated as well


class SupportDeclined(Body):
    """The asked organisation does not join."""

    name: ClassVar[str] = "supports.declined"
    support: Uuid
    reason: Literal["NOT_OUR_TASK", "NOT_OUR_AREA", "NO_COMPETENT_STAFF", "FAMILY_OBJECTS", "ALREADY_ELSEWHERE"]


class SupportReviewed(Body):
    """Was it looked at whether the regular case manager can take over again (evaluatie)."""

    name: ClassVar[str] = "supports.reviewed"
    support: Uuid
    reviewed_on: date
    outcome: Literal["GO_ON", "END_PLANNED", "SCALE_UP"]
    with_family: Annotated[tuple[PersonRef, ...], Field(max_length=16)] = ()
    need_changed: bool = False  # another help is needed: the plan is reviewed


class SupportEnded(Body):
    """The support ends, with exactly one outcome; of an institution's work without a measure one of the first three
    (JB Noord 2016 §2.2.1).
    """

    name: ClassVar[str] = "supports.ended"
    support: Uuid
    outcome: Literal["RETURNED", "SCALED_UP", "MEASURE_REQUESTED", "TASK_DONE", "STOPPED"]
