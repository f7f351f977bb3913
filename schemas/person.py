"""Persons of a case, by a reference made for it. Name, address and BSN exist only in sealed IDENTITY sections."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from schemas.base import Code, Frozen, Slug

PersonRef = Code
"""Made for one case, e.g. `child-1`; the same human has another ref in another case."""


class Role(StrEnum):
    """A person's place in the family."""

    YOUTH = "YOUTH"  # jeugdige
    UNBORN = "UNBORN"
    PARENT = "PARENT"
    GUARDIAN = "GUARDIAN"  # voogd
    OTHER_ADULT = "OTHER_ADULT"


class PersonStatus(StrEnum):
    """Whether and how far someone can be asked. Consent of a WHEREABOUTS_UNKNOWN holder is still needed."""

    KNOWN = "KNOWN"
    UNKNOWN = "UNKNOWN"
    DECEASED = "DECEASED"
    WHEREABOUTS_UNKNOWN = "WHEREABOUTS_UNKNOWN"


class CustodyKind(StrEnum):
    """How someone holds custody (gezag)."""

    PARENT = "PARENT"
    JOINT_NON_PARENT = "JOINT_NON_PARENT"  # BW 1:253t
    GUARDIAN = "GUARDIAN"  # voogdij; the holder may be an organisation
    PROVISIONAL_GUARDIAN = "PROVISIONAL_GUARDIAN"


class CustodySource(StrEnum):
    """How the custody was established; one parent's word is not enough (Raad NVO, dubbele toestemming)."""

    REGISTER = "REGISTER"  # gezagsregister
    COURT_ORDER = "COURT_ORDER"
    BIRTH_CERTIFICATE = "BIRTH_CERTIFICATE"
    STATEMENT = "STATEMENT"


class Custody(Frozen):
    """One holder of custody over a child, for a span of dates."""

    holder: PersonRef | Slug
    kind: CustodyKind = CustodyKind.PARENT
    since: date | None = None
    until: date | None = None
    checked_on: date
    source: CustodySource = CustodySource.REGISTER

    def holds_on(self, day: date) -> bool:
        """True when this custody is in force on `day` (first and last day included)."""
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)


class Person(Frozen):
    """One person of the case as the rules need them: no name, no address, no number."""

    ref: PersonRef
    role: Role
    birth_date: date | None = None
    due_date: date | None = None
    mother: PersonRef | None = None
    custody: Annotated[tuple[Custody, ...], Field(max_length=8)] = ()
    status: PersonStatus = PersonStatus.KNOWN
    competent: bool | None = None  # wilsbekwaam; None = from 12 presumed
    representative: PersonRef | None = None  # of an adult or youth recorded as not competent
    contact_unsafe: bool = False  # nothing may lead anyone to ask or inform this person
    location_protected: bool = False  # secret address: kinds are shown, not organisations

    @model_validator(mode="after")
    def _dates_fit_the_role(self) -> Self:
        if self.role is Role.YOUTH and self.birth_date is None:
            raise ValueError("a YOUTH needs a birth_date: age decides who consents")
        if self.role is Role.UNBORN and (self.due_date is None or self.mother is None):
            raise ValueError("an UNBORN needs a due_date and its mother's ref")
        return self

    @property
    def is_child(self) -> bool:
        """A child whose sight is watched: a youth, or an unborn child."""
        return self.role in (Role.YOUTH, Role.UNBORN)

    def age_on(self, day: date) -> int | None:
        """Age in whole years on `day`; None without a birth date. Born on 29 February turns on 1 March."""
        if self.birth_date is None:
            return None
        before = (day.month, day.day) < (self.birth_date.month, self.birth_date.day)
        return day.year - self.birth_date.year - before

    def is_competent_on(self, day: date) -> bool:
        """Able to weigh their own interests (wilsbekwaam): as recorded, else presumed from 12 (Jeugdwet 7.3.4)."""
        if self.competent is not None:
            return self.competent
        age = self.age_on(day)
        return age is None or age >= 12
