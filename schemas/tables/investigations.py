"""An investigation of the Raad, and the round table before it, as tables: in which state who may say what.

Read a row as: "in one of STATES, BY may say MESSAGE (VARIANT of it); it is then TO". What fits no row is refused as
WRONG_STATE. The walker is services/gate/rules/investigations.py. None: there is none of that id yet.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from schemas.investigations import InvestigationState as S
from schemas.investigations import TableState as T

NO_STATE = "NONE"


class By(StrEnum):
    """Who speaks, seen from one investigation or table."""

    APPLICANT = "APPLICANT"
    RAAD = "RAAD"
    EITHER = "EITHER"


State = TypeVar("State", S, T)


@dataclass(frozen=True, slots=True)
class Step(Generic[State]):
    """One row. `to` None: the state stays."""

    message: str
    states: frozenset[State | None]
    by: By
    to: State | None
    source: str
    variant: str | None = None


def _in(*states: State | None) -> frozenset[State | None]:
    return frozenset(states)


NEW: frozenset[S | None] = frozenset({None})
BEFORE_START = _in(S.REQUESTED, S.RECEIVED, S.WAITING)
OWN_MOTION, ON_REQUEST = "OWN_MOTION", "ON_REQUEST"

INVESTIGATION: tuple[Step[S], ...] = (
    Step("investigations.registered", NEW, By.APPLICANT, S.REQUESTED, "Jeugdwet 3.1(1)"),
    Step("investigations.received", _in(S.REQUESTED), By.RAAD, S.RECEIVED, "D#89"),
    Step("investigations.wait_announced", BEFORE_START, By.RAAD, S.WAITING, "D#59, D§3a D11"),
    Step("investigations.started", BEFORE_START, By.RAAD, S.STARTED, "Jeugdwet 3.1(1); D§3a D10", ON_REQUEST),
    Step("investigations.started", NEW, By.RAAD, S.STARTED, "Jeugdwet 3.1(2)", OWN_MOTION),
    Step("investigations.concluded", BEFORE_START, By.RAAD, S.CONCLUDED, "Jeugdwet 3.1", "NOT_TAKEN_UP"),
    Step("investigations.concluded", _in(S.STARTED), By.RAAD, S.CONCLUDED, "Jeugdwet 3.1; D§3h"),
    Step("investigations.noted", _in(*S), By.EITHER, None, "D#89; Jeugdwet 3.1(3)-(4), Wmo 2015 art. 4.1.1(2)f"),
)  # fmt: skip

TABLE: tuple[Step[T], ...] = (
    Step("tables.requested", frozenset({None}), By.APPLICANT, T.REQUESTED, "D§3g; D#76"),
    Step("tables.invited", _in(T.REQUESTED, T.INVITED), By.EITHER, T.INVITED, "D§3g: parents, and youth from twelve"),
    Step("tables.decided", _in(T.INVITED), By.EITHER, T.DECIDED, "D§3g: three outcomes"),
)  # fmt: skip


def step_for(
    rows: tuple[Step[State], ...], message: str, state: State | None, by: By, variant: str | None = None
) -> Step[State] | None:
    """The row that fits; None when it may not be said here."""
    for row in rows:
        if (
            row.message == message
            and row.by in (by, By.EITHER)
            and state in row.states
            and row.variant in (None, variant)
        ):
            return row
    return None


def states_for(rows: tuple[Step[State], ...], message: str, by: By, variant: str | None = None) -> tuple[str, ...]:
    """In which states this side may say it."""
    fits = [row for row in rows if row.message == message and row.by in (by, By.EITHER)]
    fits = [row for row in fits if row.variant in (None, variant)]
    found = {state.value if state else NO_STATE for row in fits for state in row.states}
    return tuple(sorted(found))
