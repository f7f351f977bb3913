"""Standstill (stagnatie) and talking it over: whoever sees it says so, and somebody gets it moving by a date."""

from datetime import date
from enum import StrEnum
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from schemas.base import Code, Slug, Uuid
from schemas.body import Body
from schemas.person import PersonRef


class StagnationKind(StrEnum):
    """The four criteria (JB Noord 2016 §4.2)."""

    NO_PROGRESS = "NO_PROGRESS"  # a: no progress in safety
    TOO_MANY_HELPERS = "TOO_MANY_HELPERS"  # b
    NO_COOPERATION = "NO_COOPERATION"  # c: working with the parents does not get going
    PROFESSIONAL_HESITATION = "PROFESSIONAL_HESITATION"  # d: handelingsverlegenheid


class StagnationRaised(Body):
    """It stands still (stagnatie). Any helper may say so; who breaks through matters less than that someone does, by a
    date, and that it is looked at afterwards (D#65-66).
    """

    name: ClassVar[str] = "stagnations.raised"
    stagnation: Uuid
    kind: StagnationKind
    owner: Slug  # whose it is to get moving
    action: Code
    act_before: date
    evaluate_on: date

    @model_validator(mode="after")
    def _looked_at_afterwards(self) -> Self:
        if self.evaluate_on < self.act_before:
            raise ValueError("it is evaluated after it was acted on")
        return self


class StagnationActioned(Body):
    """The owner did what was agreed."""

    name: ClassVar[str] = "stagnations.actioned"
    stagnation: Uuid
    action: Code


class StagnationResolved(Body):
    """It was evaluated, with the family where that is safe, and this is what came of it."""

    name: ClassVar[str] = "stagnations.resolved"
    stagnation: Uuid
    result: Literal["MOVING_AGAIN", "SCALED_UP", "SCALED_DOWN", "NO_STANDSTILL"]
    with_family: Annotated[tuple[PersonRef, ...], Field(max_length=16)] = ()


class ConsultRequested(Body):
    """Helpers are asked to talk a case over together (gezamenlijk overleg), apart from any handover."""

    name: ClassVar[str] = "consults.requested"
    consult: Uuid
    topic: Literal["STAGNATION", "KEY_DECISION", "PLAN_REVIEW", "SAFETY"]
    invited: Annotated[tuple[Slug, ...], Field(min_length=1, max_length=16)]
    before: date
    stagnation: Uuid | None = None


class AgreementStand(StrEnum):
    """What becomes of an agreement with the family."""

    KEPT = "KEPT"
    CHANGED_WITH_FAMILY = "CHANGED_WITH_FAMILY"
    OVERRIDDEN = "OVERRIDDEN"


class JointConsultHeld(Body):
    """Helpers talked a case over together, and decided. In the absence of who leads: whether they were reached, and
    what becomes of what was agreed with the family (JB Noord 2016 §3.3).
    """

    name: ClassVar[str] = "consults.held"
    consult: Uuid
    topic: Literal["STAGNATION", "KEY_DECISION", "PLAN_REVIEW", "SAFETY"]
    held_on: date
    took_part: Annotated[tuple[Slug, ...], Field(min_length=1, max_length=16)]
    absent: Annotated[tuple[Slug, ...], Field(max_length=16)] = ()  # was invited and did not come (D#180)
    adviser: Literal["BEHAVIOURAL_SCIENTIST", "REGIONAL_SAFETY_TEAM", "CONFIDENTIAL_DOCTOR", "NONE"]
    family: Annotated[tuple[PersonRef, ...], Field(max_length=16)] = ()
    decision: Code
    request: Literal["INTENDED", "DROPPED"] | None = None  # that the Raad will be asked, or will not after all
    absent_lead: Literal["REACHED", "TRIED", "NOT_TRIED"] | None = None
    agreements: Annotated[tuple[tuple[Code, AgreementStand], ...], Field(max_length=16)] = ()
