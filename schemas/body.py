"""What every coded body shares, and small parts that several conversations use."""

from datetime import date
from enum import StrEnum
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from schemas.base import Code, Count, Frozen, Slug
from schemas.person import PersonRef


class Body(Frozen):
    """The coded part of one message type. `name` is the type without prefix, e.g. `handovers.proposed`."""

    name: ClassVar[str]


class Phase(StrEnum):
    """Phased chain care (Vogtländer & Van Arum 2016): first direct safety, then stable safety, then recovery."""

    DIRECT_SAFETY = "DIRECT_SAFETY"
    STABLE_SAFETY = "STABLE_SAFETY"
    RECOVERY = "RECOVERY"


class WatcherKind(StrEnum):
    """Who sees the child. Parents alone are never a source (TSD 2017 §2.3)."""

    PROFESSIONAL = "PROFESSIONAL"  # of the organisation that owns the plan
    OTHER_ORGANISATION = "OTHER_ORGANISATION"  # school, daycare, GP, midwife: `organisation` or `function` says which
    NETWORK = "NETWORK"
    PARENT = "PARENT"  # may stand beside another, never alone


class Watcher(Frozen):
    """One who sees the child under a plan."""

    kind: WatcherKind
    function: Code
    organisation: Slug | None = None


class SightPlan(Frozen):
    """Who has sight of one child (zicht), how often and until when. Owned by the organisation that sends it."""

    child: PersonRef
    by: Annotated[tuple[Watcher, ...], Field(min_length=1, max_length=8)]
    every_days: Annotated[int, Field(ge=1, le=92)]
    until: date | None = None
    stand_in: Watcher | None = None

    @model_validator(mode="after")
    def _not_parents_alone(self) -> Self:
        if all(w.kind is WatcherKind.PARENT for w in self.by):
            raise ValueError(
                "parents alone are never a source of sight: name a professional, an organisation or the network"
            )
        return self


class ConditionStatus(StrEnum):
    """Where a safety condition stands."""

    OPEN = "OPEN"
    MET = "MET"
    ENDED = "ENDED"


class SafetyCondition(Frozen):
    """A bottom line set at referral (bodemeis, TSD 2017 §2.1). The words are a SAFETY item; `digest` pins them."""

    id: Code
    kind: Code
    digest: Code


class ConditionChange(Frozen):
    """What became of a safety condition."""

    id: Code
    status: ConditionStatus


class Known(StrEnum):
    """Whether a block travels along, and if not, why: an honest gap is a value."""

    GIVEN = "GIVEN"
    NOT_KNOWN = "NOT_KNOWN"
    NOT_ASKED = "NOT_ASKED"
    REFUSED = "REFUSED"
    UNSAFE_TO_ASK = "UNSAFE_TO_ASK"


class Staying(Frozen):
    """Someone who stays involved, and for what."""

    organisation: Slug
    function: Code
    task: Code


class ChildSeen(Frozen):
    """A child that was seen, and whether it was spoken to alone."""

    child: PersonRef
    alone: bool


class ChildPlace(StrEnum):
    """A child's place in a conversation."""

    SPOKEN_ALONE = "SPOKEN_ALONE"
    TOOK_PART = "TOOK_PART"
    PRESENT = "PRESENT"
    NOT_PRESENT = "NOT_PRESENT"


class Channel(StrEnum):
    """How people met."""

    HOME_VISIT = "HOME_VISIT"
    OFFICE = "OFFICE"
    VIDEO = "VIDEO"
    PHONE = "PHONE"
    SCHOOL = "SCHOOL"


class Experience(Frozen):
    """How somebody of the family found the handover (ervaring), asked of parents and of youths: eight in ten parents
    were involved in decisions, five in ten youths (IGJ 2023, Cliëntgericht; D#115).
    """

    person: PersonRef
    involved: Literal["YES", "PARTLY", "NO", "DID_NOT_SAY"]
    told_again: bool | None = None  # had to tell the story once more


class FirstContact(Frozen):
    """The receiver's first real contact with the family. What has changed since is an ACCOUNT item of the receiver."""

    met: Annotated[tuple[PersonRef, ...], Field(min_length=1, max_length=16)]
    children_seen: Annotated[tuple[ChildSeen, ...], Field(max_length=16)] = ()
    changed: Known  # was it asked what has changed since the story was written
    confidential_adviser_told: bool  # vertrouwenspersoon, Jeugdwet 4.1.9
    experiences: Annotated[tuple[Experience, ...], Field(max_length=16)] = ()

    @model_validator(mode="after")
    def _of_who_was_met(self) -> Self:
        seen = {*self.met, *(child.child for child in self.children_seen)}
        if not {one.person for one in self.experiences} <= seen:
            raise ValueError("an experience is of somebody who was met")
        return self


Attempts = Annotated[Count, Field(le=99)]
