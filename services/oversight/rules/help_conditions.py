"""Conditions of the rows about the help itself (schemas/tables/obligations_of_help.py), one function each."""

from schemas.absences import AbsenceStarted
from schemas.tables.obligation_row import Per, When
from services.oversight.rules.case import Obligation
from services.oversight.rules.conditions import Event, condition

FIELDS: dict[Per, str] = {Per.ABSENCE: "absence", Per.STAGNATION: "stagnation", Per.CONSULT: "consult"}
"""The field of a message that says which one it is about."""


@condition(When.ABOUT_THIS)
def _about_this(event: Event, owed: Obligation | None) -> bool:
    return owed is not None and getattr(event.body, FIELDS[owed.row.per], None) == owed.ref


@condition(When.NO_STAND_IN)
def _no_stand_in(event: Event, owed: Obligation | None) -> bool:
    return isinstance(event.body, AbsenceStarted) and event.body.stand_in is None


@condition(When.STAND_IN_GIVEN)
def _stand_in_given(event: Event, owed: Obligation | None) -> bool:
    body = event.body
    return isinstance(body, AbsenceStarted) and body.stand_in is not None and _about_this(event, owed)


@condition(When.LEAVES)
def _leaves(event: Event, owed: Obligation | None) -> bool:
    return isinstance(event.body, AbsenceStarted) and event.body.reason == "LEAVING"
