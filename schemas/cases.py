"""Cases: one family's matter with one regie holder."""

from datetime import date
from enum import StrEnum
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from schemas.base import Code, Subject, Uuid
from schemas.body import Body, Phase
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


class CaseLinked(Body):
    """This case belongs with another."""

    name: ClassVar[str] = "cases.linked"
    other: Subject
    kind: Literal["SAME_FAMILY", "SIBLING"]


class CaseReopened(Body):
    """A closed case goes on (a re-report, a new question) so that nobody has to tell the story anew."""

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
