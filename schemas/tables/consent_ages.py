"""Whose consent is needed to share what is written about someone, by age (docs/sources.md, D§3c).

The age is that of the decision date: a birthday changes who is asked without any message. Sharing is not the same as
help: the double consent of Jeugdwet 7.3.4 is written for help, and asking for it when sharing too is our strict mode.
"""

from dataclasses import dataclass
from enum import StrEnum

from schemas.parties import OrganisationKind as K
from schemas.tables.authority import Authority

COMPETENT_FROM = 12
"""A youth's own word counts from here; what was said before does not, also not later."""

ADULT_FROM = 18
"""What a representative said about a minor ends here."""


class Mode(StrEnum):
    """How a region treats the refusal of one parent of a 12 to 15 year old."""

    STRICT = "STRICT"  # it blocks
    LENIENT = "LENIENT"  # it may be overridden with a coded reason by the youth's own yes (Jeugdwet 7.3.4, exceptions)


class Voice(StrEnum):
    """Whose word is asked."""

    SELF = "SELF"
    CUSTODY_HOLDERS = "CUSTODY_HOLDERS"  # every one in force that day; only the dead drop out
    REPRESENTATIVE = "REPRESENTATIVE"  # as recorded


@dataclass(frozen=True, slots=True)
class AgeRow:
    """One line: ages from `start` up to and including `last`, able to weigh their interests or not, and to whom the
    line belongs (`senders` None: whoever sends). The first row that fits counts.
    """

    start: int
    last: int | None
    competent: bool | None
    senders: frozenset[K] | None
    voices: tuple[Voice, ...]
    law: str
    authority: Authority

    def fits(self, age: int | None, competent: bool, sender: K) -> bool:
        """Whether this row is about someone of that age. No birth date on record: an adult."""
        years = ADULT_FROM if age is None else age
        return (
            self.start <= years
            and (self.last is None or years <= self.last)
            and self.competent in (None, competent)
            and (self.senders is None or sender in self.senders)
        )


VT = frozenset({K.VEILIG_THUIS})
SELF, HOLDERS, REPRESENTATIVE = Voice.SELF, Voice.CUSTODY_HOLDERS, Voice.REPRESENTATIVE

AGES: tuple[AgeRow, ...] = (
    AgeRow(0, 11, None, None, (HOLDERS,), "Jeugdwet 7.3.15(1); Wmo 2015 5.3.3(2)a", Authority.LAW),
    AgeRow(12, 17, False, None, (HOLDERS,), "Jeugdwet 7.3.15(1); Wmo 2015 5.3.3(2)b", Authority.LAW),
    AgeRow(12, 15, True, VT, (SELF,), "Wmo 2015 5.3.3(1)-(2)", Authority.LAW),
    AgeRow(12, 15, True, None, (SELF, HOLDERS), "Jeugdwet 7.3.11(1), 7.3.4", Authority.CHOICE),
    AgeRow(16, None, True, None, (SELF,), "Jeugdwet 7.3.11(1)", Authority.LAW),
    AgeRow(18, None, False, None, (REPRESENTATIVE,), "Jeugdwet 7.3.15(2); Wmo 2015 5.3.3(2)b", Authority.LAW),
)
"""Read from the top. A minor who cannot weigh their interests is represented by who holds custody; where nobody does,
by the representative on record.
"""

SET_ASIDE_LAW = "Jeugdwet 7.3.15(4)"
SET_ASIDE_DAYS = 28
"""A custody holder is set aside for four weeks at most before someone looks again: our choice."""
