"""Which terms and numbers a chain may agree otherwise (schemas/agreements.py), within which bounds, and our own.

Read a row as: "NAME is TERM where nothing was agreed; it may be agreed within BOUND, because of SOURCE". The names of
obligations are those of obligations.py; what is not a row of that table follows below. Not here, so not to be agreed:
what the law wants at once, whose consent is needed, what may be shared, the terms of telling a person (Wmo 2015
art. 5.3.1), the three months of the Raad (D§3a D11), and what machines need among themselves.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from schemas.tables.consent_ages import SET_ASIDE_DAYS
from schemas.tables.ladder import LADDERS, LONGEST_SILENCE, MANY_HELPERS
from schemas.tables.obligation_row import Basis, Row, Term, days
from schemas.tables.obligations import (
    BEFORE_MEASURE_END,
    CASE_UPDATE_WITH_MEASURE,
    LONGEST_WAIT,
    ROWS,
    SIGHT_GRACE,
)
from schemas.tables.obligations_of_help import REVIEW_MARKS
from schemas.tables.transitions import ATTEMPTS, MOST_WAITS


class Bound(StrEnum):
    """How far a chain may go."""

    LAW = "LAW"  # shorter only: the law gives the term
    NORM = "NORM"  # shorter only: the norm of the field, which the inspectorate holds it to
    DANGER = "DANGER"  # shorter only: a child may be in danger, or somebody's word was set aside
    DOUBLE = "DOUBLE"  # shorter, or up to twice as long
    NEAR = "NEAR"  # between half and twice


@dataclass(frozen=True, slots=True)
class Agreeable:
    """One term. `meaning` completes "how long ..."."""

    name: str
    term: Term
    bound: Bound
    source: str
    meaning: str

    @property
    def own_unit(self) -> bool:
        """Whether it is agreed in the unit it has: where it is laid beside a date, or may only become shorter."""
        return self.bound is not Bound.DOUBLE or self.name in IN_DAYS


@dataclass(frozen=True, slots=True)
class Counted:
    """One number, with the least and the most that may be agreed."""

    name: str
    number: int
    least: int
    most: int
    source: str
    meaning: str


IN_DANGER = frozenset({"WARM_FOLLOW_UP", "URGENT_REVIEW", "GROUND_REVIEW", "REQUEST_REVIEW", "STORY_OWED"})
"""Rows whose term is ours, and is there because something went before its time."""
IN_DAYS = frozenset({"LONGEST_WAIT", "SIGHT.grace"})
DIRECT, LEAST, BEFORE = ".direct", ".least", ".before"
_BOUNDS = {Basis.LAW: Bound.LAW, Basis.NORM: Bound.NORM, Basis.OURS: Bound.DOUBLE}


def _of_row(row: Row) -> Iterator[Agreeable]:
    """What a row of the table of obligations leaves to be agreed."""
    if row.due is not None and row.due.count > 0:
        bound = Bound.DANGER if row.code in IN_DANGER else _BOUNDS[row.due.basis]
        if row.due.count > 1 or bound is Bound.DOUBLE:  # one of its unit cannot become shorter
            yield Agreeable(row.code, row.due, bound, row.source, f"until {row.code} is due")
    if row.direct is not None:
        yield Agreeable(row.code + DIRECT, row.direct, Bound.DOUBLE, row.source, "the same in direct unsafety")
    if row.keeps_date is not None:
        yield Agreeable(row.code + LEAST, row.keeps_date, Bound.DOUBLE, row.source, "is left when it opens again")
    if row.opens_before is not None:
        yield Agreeable(row.code + BEFORE, row.opens_before, Bound.NEAR, row.source, "it shows before its date")


def _heights() -> Iterator[Agreeable]:
    """Each rung above the first. A ladder that is the same in direct unsafety is named once."""
    for name, (usual, direct) in LADDERS.items():
        for suffix, ladder in (("", usual), (DIRECT, direct if direct is not usual else ())):
            for rung in ladder:
                if rung.after is not None:
                    meaning = f"an alert waits before tier {rung.tier}"
                    yield Agreeable(height(name, suffix, rung.tier), rung.after, Bound.DOUBLE, "D#20", meaning)


def height(ladder: str, suffix: str, tier: int) -> str:
    """The name of a rung: `heights.STANDARD.2`, `heights.STANDARD.direct.3`."""
    return f"heights.{ladder}{suffix}.{tier}"


MARKS = ("SUPPORT_REVIEW.first", "SUPPORT_REVIEW.second", "SUPPORT_REVIEW.third")
_MARK = "after the start specialist case management is looked at"

TERMS: tuple[Agreeable, ...] = (
    *(agreeable for row in ROWS for agreeable in _of_row(row)),
    Agreeable("CASE_UPDATE.measure", CASE_UPDATE_WITH_MEASURE, Bound.DOUBLE, "D#25", "the same while a measure runs"),
    Agreeable("LONGEST_WAIT", LONGEST_WAIT, Bound.DOUBLE, "D#63", "a wait may be announced for"),
    Agreeable(
        "MEASURE_END.notice",
        days(BEFORE_MEASURE_END),
        Bound.NEAR,
        "D§3a D19",
        "before the end of a measure MEASURE_END is owed",
    ),
    Agreeable("SIGHT.grace", days(SIGHT_GRACE), Bound.DOUBLE, "D#60-62", "after its interval a child counts as unseen"),
    *(
        Agreeable(name, days(mark), Bound.NEAR, "D#9, D#98", _MARK)
        for name, mark in zip(MARKS, REVIEW_MARKS, strict=True)
    ),
    Agreeable("SET_ASIDE", days(SET_ASIDE_DAYS), Bound.DANGER, "Jeugdwet 7.3.15(4)", "a set-aside stands unreviewed"),
    Agreeable("SILENCE", LONGEST_SILENCE, Bound.DOUBLE, "D#20", "acknowledging keeps an alert silent"),
    *_heights(),
)

NUMBERS: tuple[Counted, ...] = (
    Counted("WAITS", MOST_WAITS, 1, 4, "D#63", "times a wait may be announced for one handover"),
    Counted("ATTEMPTS", ATTEMPTS, 1, 6, "D#44", "failed attempts open a joint consult"),
    Counted("HELPERS", MANY_HELPERS, 3, 14, "JB Noord 2016 §3.2", "named professionals around a family, not more"),
)

TERM = MappingProxyType({row.name: row for row in TERMS})
NUMBER = MappingProxyType({row.name: row for row in NUMBERS})
