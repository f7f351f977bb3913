"""Who may ask what is known about somebody, by the age of that person on the day of asking (D§3b G13, G23).

The first row that fits counts. `parent_without_custody`: gets on request what a custody holder may get (BW 1:377c).
"""

from dataclasses import dataclass

from schemas.tables.authority import Authority


@dataclass(frozen=True, slots=True)
class AgeRow:
    """From `since` years on, or for who is not `competent` (then whatever the age)."""

    since: int
    competent: bool
    themselves: bool
    representative: bool  # custody holder, guardian, or who represents an adult
    parent_without_custody: bool
    others_with_their_yes: bool
    law: str
    authority: Authority


ROWS = (
    AgeRow(
        0, False, themselves=False, representative=True, parent_without_custody=True, others_with_their_yes=False,
        law="Wmo 2015 art. 5.3.2; Jeugdwet 7.3.15", authority=Authority.LAW,
    ),
    AgeRow(
        16, True, themselves=True, representative=False, parent_without_custody=False, others_with_their_yes=True,
        law="Wmo 2015 art. 5.3.2; BW 1:377c", authority=Authority.LAW,
    ),
    AgeRow(
        12, True, themselves=True, representative=True, parent_without_custody=True, others_with_their_yes=True,
        law="Wmo 2015 art. 5.3.2; Jeugdwet 7.3.10", authority=Authority.LAW,
    ),
    AgeRow(
        0, True, themselves=False, representative=True, parent_without_custody=True, others_with_their_yes=False,
        law="Wmo 2015 art. 5.3.2; Jeugdwet 7.3.15", authority=Authority.LAW,
    ),
)  # fmt: skip
"""An adult is like a youth of 16: nobody asks in their place without their yes."""


def row_for(age: int | None, competent: bool) -> AgeRow:
    """The row for this age (None: an adult) and competence."""
    years = 18 if age is None else age
    return next(row for row in ROWS if row.competent is competent and years >= row.since)
