"""What a person may ask about their own data: who saw what, a correction, destruction, an objection."""

from datetime import date
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from schemas.base import MAX_ROWS, Code, Frozen, Instant, Slug, Uuid
from schemas.body import Body
from schemas.manifest import Category, Purpose
from schemas.parties import OrganisationKind
from schemas.person import PersonRef


class Asked(Body):
    """What every such question holds: who asks, and about whose data. `to` is who recorded the data; nobody when the
    person asks at this very organisation.
    """

    request: Uuid
    person: PersonRef  # who asks
    about: PersonRef  # whose data
    statement: Uuid | None = None  # a youth of 16 and over agrees that this person gets it


class AccessRequested(Asked):
    """Somebody asks who saw what (inzage, GDPR art. 15)."""

    name: ClassVar[str] = "access.requested"
    since: date | None = None
    until: date | None = None


class AccessLine(Frozen):
    """One share of one item: shown, or held back by an article, until it is looked at again."""

    item: Uuid
    message: Uuid
    decision: Literal["SHOWN", "WITHHELD"]
    at: Instant | None = None
    organisation: Slug | None = None  # left out where an address is secret: then the kind says enough
    kind: OrganisationKind | None = None
    category: Category | None = None
    ground: Code | None = None
    opened_at: Instant | None = None
    article: (
        Literal["WMO_5_3_2", "WMO_5_3_1_3", "UAVG_41", "JEUGDWET_7_3_10", "JEUGDWET_7_3_2_4", "GDPR_15_4"] | None
    ) = None
    review_on: date | None = None

    @model_validator(mode="after")
    def _one_or_the_other(self) -> Self:
        shown = (self.at, self.kind, self.category, self.ground)
        held, beside = (self.article, self.review_on), (self.organisation, self.opened_at)
        whole, empty = (shown, held) if self.decision == "SHOWN" else (held, (*shown, *beside))
        if None in whole or any(value is not None for value in empty):
            raise ValueError("a line SHOWN has at, kind, category and ground; one WITHHELD article and review_on alone")
        return self


class AccessAnswered(Body):
    """The answer, line by line; never a line about somebody else."""

    name: ClassVar[str] = "access.answered"
    request: Uuid
    lines: Annotated[tuple[AccessLine, ...], Field(max_length=MAX_ROWS)] = ()
    complete: bool = True  # false: more lines follow


class CorrectionAsked(Asked):
    """Something about a person is wrong or incomplete (rectificatie, GDPR art. 16)."""

    name: ClassVar[str] = "rights.correction_asked"
    item: Uuid | None = None  # which one, where it is known


class DestructionAsked(Asked):
    """A person asks that their dossier is destroyed (vernietiging; Jeugdwet 7.3.9, Wmo 2015 art. 5.3.5)."""

    name: ClassVar[str] = "rights.destruction_asked"
    law: Literal["YOUTH_ACT", "SOCIAL_SUPPORT_ACT", "UNFOUNDED_REPORT"]
    report: Uuid | None = None  # that proved unfounded

    @model_validator(mode="after")
    def _names_the_report(self) -> Self:
        if (self.law == "UNFOUNDED_REPORT") is not (self.report is not None):
            raise ValueError("`report` names the report that proved unfounded, and stands with that law alone")
        return self


class Objected(Asked):
    """A person objects to a use of their data (bezwaar, GDPR art. 21)."""

    name: ClassVar[str] = "rights.objected"
    against: Purpose


class RightDecided(Body):
    """What was decided on a correction, a destruction or an objection. A no needs a reason and a second person."""

    name: ClassVar[str] = "rights.decided"
    request: Uuid
    decision: Literal["GRANTED", "PARTLY", "REFUSED"]
    reason: (
        Literal["INTEREST_OF_ANOTHER", "LAW", "NOT_WRONG", "NOT_UNFOUNDED", "COURT_CASE", "TASK_NEEDS_IT"] | None
    ) = None
    complaint_told: bool  # that they may complain, and where
