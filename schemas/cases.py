"""Cases: one family's matter with one regie holder."""

from datetime import date
from enum import StrEnum
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from schemas.base import Code, Subject, Uuid
from schemas.body import Body, Phase, SafetyCondition
from schemas.parties import Professional
from schemas.person import Person, PersonRef

Persons = Annotated[tuple[Person, ...], Field(min_length=1, max_length=32)]


class CaseOpened(Body):
    """A case begins (zaak geopend). The sender holds regie from here; LOCAL_TEAM, VEILIG_THUIS or
    CERTIFIED_INSTITUTION.
    """

    name: ClassVar[str] = "cases.opened"
    persons: Persons
    lead: Professional  # the case manager (casusregisseur) of the sender
    phase: Phase = Phase.STABLE_SAFETY
    from_thread: Subject | None = None
    split_of: Subject | None = None  # the case in which these children were until now (`cases.split`)
    vt_origin: bool = False  # of a split: the case it comes from began at Veilig Thuis
    conditions: Annotated[tuple[SafetyCondition, ...], Field(max_length=16)] = ()  # of a split: those still open

    @model_validator(mode="after")
    def _only_a_split_inherits(self) -> Self:
        if self.split_of is None and (self.vt_origin or self.conditions):
            raise ValueError("where a case came from and its open conditions go along with a split only")
        return self

    @model_validator(mode="after")
    def _refs_once(self) -> Self:
        if len({p.ref for p in self.persons}) != len(self.persons):
            raise ValueError("each person stands in the case once: two share a ref")
        return self


class PersonsChanged(Body):
    """Persons added or replaced, by ref (persoonsgegevens gewijzigd). Lifting protection needs a second person."""

    name: ClassVar[str] = "cases.persons_changed"
    persons: Persons


class LeadPersonChanged(Body):
    """Another case manager inside the organisation that holds regie."""

    name: ClassVar[str] = "cases.lead_person_changed"
    to_lead: Professional
    reason: Literal["ILLNESS", "LEAVING", "FAMILY_ASKED", "WORKLOAD", "OTHER"]
    family_asked: bool
    introduced_in_person: bool


class LeadKept(Body):
    """After a declined handover the holder keeps the lead, for a reason. Closes REROUTE."""

    name: ClassVar[str] = "cases.lead_kept"
    handover: Uuid
    reason: Literal["HELP_CAN_START_HERE", "FAMILY_WISHES", "NO_OTHER_RECEIVER", "OTHER"]


class LeadToFamily(Body):
    """Regie goes to a parent or the network, with a professional back-up of the sender (TSD 2017 §1.1)."""

    name: ClassVar[str] = "cases.lead_to_family"
    holder: PersonRef
    backup: Professional
    review_on: date


class CaseSplit(Body):
    """Children go different ways (splitsing van de zaak): these go on in the case `into`, that the holder opens with
    `split_of` and then links here. Until then they stay counted here. An `into` that names this case takes it back.
    """

    name: ClassVar[str] = "cases.split"
    children: Annotated[tuple[PersonRef, ...], Field(min_length=1, max_length=16)]
    reason: Literal["MOVED", "SEPARATE_HOMES", "SAFETY"]
    into: Subject


class CaseLinked(Body):
    """This case belongs with another. SIBLING: brothers and sisters, each with a case of their own; it also ends a
    split. SAME_FAMILY: two cases about the same persons, of which one must close into the other; JOINED: it did.
    """

    name: ClassVar[str] = "cases.linked"
    other: Subject
    kind: Literal["SAME_FAMILY", "SIBLING", "JOINED"]


class CaseReopened(Body):
    """A closed case goes on (a re-report, a new question) so that nobody has to tell the story anew. Two months after
    closing the broker has forgotten who was in it and who agreed to what: `cases.persons_changed` says who is.
    """

    name: ClassVar[str] = "cases.reopened"
    reason: Literal["NEW_REPORT", "NEW_QUESTION", "NEW_HANDOVER", "CLOSED_IN_ERROR"]
    lead: Professional


class Closing(StrEnum):
    """On what a case may close (toezichtkader STJ, In Zorg: able to go on alone, or follow-up arranged)."""

    SELF_RELIANCE = "SELF_RELIANCE"  # an assessment says the family can go on alone
    FOLLOW_UP = "FOLLOW_UP"  # a follow-up is accepted elsewhere
    END_BY_LAW = "END_BY_LAW"  # age, death, abroad
    INTO_LINKED_CASE = "INTO_LINKED_CASE"
    NO_COOPERATION = "NO_COOPERATION"  # with a SAFETY_ALERT delivered to Veilig Thuis: CLOSED_WITH_OPEN_CONCERN


class CaseClosed(Body):
    """The case ends. Refused while a safety condition is OPEN, unless NO_COOPERATION with the concern reported."""

    name: ClassVar[str] = "cases.closed"
    closing: Closing
    reference: Code | None = None  # assessment, handover, linked case or alert the closing stands on
    consulted: Professional | None = None
