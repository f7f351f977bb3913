"""State records of who is away, what stands still, and what is talked over."""

from datetime import date
from typing import ClassVar

from schemas.absences import Agreement
from schemas.base import Code, Slug, Uuid
from schemas.parties import Professional
from schemas.stagnations import StagnationKind
from services.gate.rules.record import Record


class AbsenceRecord(Record):
    """Someone who is or will be away. `settled`: agreements of which a consult said that they are kept, or changed
    with the family.
    """

    kind: ClassVar[str] = "absence"
    absence: Uuid
    owner: Slug
    professional: Code
    since: date
    until: date | None = None
    stand_in: Professional | None = None
    agreements: tuple[Agreement, ...] = ()
    settled: tuple[Code, ...] = ()
    ended: bool = False

    @property
    def key(self) -> str:
        return self.absence

    def runs_on(self, day: date) -> bool:
        """Whether the professional is away on `day` (first and last day included)."""
        return not self.ended and self.since <= day and (self.until is None or day <= self.until)


class StagnationRecord(Record):
    """A standstill someone raised."""

    kind: ClassVar[str] = "stagnation"
    stagnation: Uuid
    type: StagnationKind
    raised_by: Slug
    owner: Slug
    actioned: bool = False
    resolved: bool = False

    @property
    def key(self) -> str:
        return self.stagnation


class ConsultRecord(Record):
    """A talk of helpers together, asked for or held."""

    kind: ClassVar[str] = "consult"
    consult: Uuid
    asked_by: Slug
    invited: tuple[Slug, ...] = ()
    took_part: tuple[Slug, ...] = ()
    held_on: date | None = None

    @property
    def key(self) -> str:
        return self.consult
