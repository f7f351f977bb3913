"""Consent to share (toestemming om de geheimhouding te doorbreken). Not the GDPR basis: that stands beside it."""

from datetime import date
from enum import StrEnum
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from schemas.base import Code, Frozen, Slug, Uuid
from schemas.body import Body
from schemas.manifest import Category, Purpose
from schemas.parties import OrganisationKind
from schemas.person import PersonRef


class Scope(Frozen):
    """What a statement covers. An empty list means every one of that kind; `items` narrows to named items."""

    categories: Annotated[tuple[Category, ...], Field(max_length=32)] = ()
    recipients: Annotated[tuple[Slug | OrganisationKind, ...], Field(max_length=32)] = ()
    purposes: Annotated[tuple[Purpose, ...], Field(max_length=16)] = ()
    items: Annotated[tuple[Uuid, ...], Field(max_length=64)] = ()


class Decision(StrEnum):
    """What was said."""

    GRANTED = "GRANTED"
    REFUSED = "REFUSED"


class ConsentAsked(Body):
    """Someone was asked and has not answered yet."""

    name: ClassVar[str] = "consents.asked"
    about: PersonRef
    asked_of: PersonRef | Slug  # an organisation where it is the guardian
    scope: Scope


class ConsentRecorded(Body):
    """What `given_by` said about sharing data of `about`. The latest statement of a scope replaces an earlier one of
    that scope.
    """

    name: ClassVar[str] = "consents.recorded"
    statement: Uuid
    about: PersonRef
    given_by: PersonRef | Slug
    decision: Decision
    scope: Scope
    until: date | None = None
    how_asked: Literal["IN_PERSON", "PHONE", "VIDEO", "WRITTEN", "INTERPRETER"]
    court_order: Code | None = None  # a court's yes in place of this custody holder's (BW 1:253a, 1:265h)
    override_reason: Literal["SERIOUS_HARM", "YOUTH_KEEPS_WISHING"] | None = None  # lenient mode only

    @model_validator(mode="after")
    def _a_court_grants(self) -> Self:
        if self.court_order is not None and self.decision is not Decision.GRANTED:
            raise ValueError("a court gives consent in somebody's place; it does not refuse in it")
        return self


class ConsentSetAside(Body):
    """A custody holder is set aside for named categories (Jeugdwet 7.3.15(4)). Needs a second professional; reviewed
    within 4 weeks.
    """

    name: ClassVar[str] = "consents.set_aside"
    statement: Uuid
    about: PersonRef
    holder: PersonRef | Slug
    scope: Scope
    reason: Literal["SUSPECTED_OF_VIOLENCE", "DANGER_ON_ASKING", "CONTRARY_TO_GOOD_CARE"]
    review_on: date


class ConsentWithdrawn(Body):
    """An earlier statement is withdrawn: at once where it is recorded, chain-wide from the gate's decision time."""

    name: ClassVar[str] = "consents.withdrawn"
    statement: Uuid
