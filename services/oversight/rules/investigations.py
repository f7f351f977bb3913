"""What oversight follows of an investigation of the Raad: who waits for whom, and what opens and closes its rows."""

from datetime import datetime

from schemas.investigations import (
    InvestigationBody,
    InvestigationConcluded,
    InvestigationNoted,
    InvestigationReceived,
    InvestigationRegistered,
    InvestigationStarted,
    RaadWaitAnnounced,
    TableBody,
    TableDecided,
    TableOutcome,
)
from schemas.parties import OrganisationKind
from schemas.person import PersonRef
from schemas.tables.obligation_row import When
from services.oversight.rules.case import Obligation, Waiting, Watch, distinct
from services.oversight.rules.conditions import Event, condition

START = "RAAD_START"
TELLS_COLLEGE = frozenset(
    {OrganisationKind.VEILIG_THUIS, OrganisationKind.CERTIFIED_INSTITUTION, OrganisationKind.RAAD}
)
"""Who tells the college that the Raad was asked; a local team is the college's own (Jeugdwet 3.1(3)-(4))."""


def follow(event: Event) -> None:
    """A child waits from the request, or the Raad's own start, until the Raad has concluded."""
    body, fact, waiting = event.body, event.fact, event.watch.waiting
    if isinstance(body, InvestigationRegistered):
        waiting[body.investigation] = Waiting(
            what="RAAD", id=body.investigation, since=fact.at, of=fact.to, children=body.children
        )
    elif isinstance(body, InvestigationStarted):
        known = waiting.get(body.investigation)
        waiting[body.investigation] = Waiting(
            what="INVESTIGATION",
            id=body.investigation,
            since=known.since if known else fact.at,
            of=(fact.actor or "",),
            children=known.children if known else body.children,
        )
    elif isinstance(body, InvestigationConcluded):
        waiting.pop(body.investigation, None)


def awaited(watch: Watch, child: PersonRef) -> tuple[Waiting, ...]:
    """The requests about this child that the Raad has not begun with."""
    return tuple(w for w in watch.waiting.values() if w.what == "RAAD" and child in w.children)


def start_at_once(watch: Watch, child: PersonRef, at: datetime) -> tuple[str, ...]:
    """Nobody sees a child that waits for the Raad: it has to begin now. Who has to."""
    asked = awaited(watch, child)
    wanted = {w.id for w in asked}
    for owed in watch.of(START):
        if owed.ref in wanted and not owed.overdue:
            watch.owe(owed.model_copy(update={"due": min(owed.due, at)}))
    return distinct(*(w.of for w in asked))


def _about(event: Event, owed: Obligation | None) -> bool:
    return isinstance(event.body, InvestigationBody) and (owed is None or event.body.investigation == owed.ref)


@condition(When.THIS_INVESTIGATION)
def _this_investigation(event: Event, owed: Obligation | None) -> bool:
    return _about(event, owed)


@condition(When.FAMILY_TOLD)
def _family_told(event: Event, owed: Obligation | None) -> bool:
    body = event.body
    return isinstance(body, RaadWaitAnnounced) and body.family_told_on is not None and _about(event, owed)


@condition(When.COLLEGE_UNTOLD)
def _college_untold(event: Event, owed: Obligation | None) -> bool:
    body = event.body
    if isinstance(body, InvestigationStarted) and not body.own_motion:
        return False
    untold = isinstance(body, InvestigationRegistered | InvestigationStarted) and body.college_told_on is None
    return untold and event.fact.actor_kind in TELLS_COLLEGE


@condition(When.COLLEGE_TOLD)
def _college_told(event: Event, owed: Obligation | None) -> bool:
    """By who owes it: that another told it, is for them to say."""
    body = event.body
    told = isinstance(body, InvestigationNoted) and body.college_told_on is not None
    return told and _about(event, owed) and owed is not None and event.fact.actor in owed.responsible


@condition(When.CORV_MISSING)
def _corv_missing(event: Event, owed: Obligation | None) -> bool:
    return isinstance(event.body, InvestigationRegistered) and event.body.corv is None


@condition(When.CORV_GIVEN)
def _corv_given(event: Event, owed: Obligation | None) -> bool:
    body = event.body
    given = isinstance(body, InvestigationNoted | InvestigationReceived | InvestigationStarted)
    return given and getattr(body, "corv", None) is not None and _about(event, owed)


@condition(When.NOT_IN_FULL)
def _not_in_full(event: Event, owed: Obligation | None) -> bool:
    return isinstance(event.body, InvestigationRegistered) and event.body.reviewed


@condition(When.THIS_TABLE)
def _this_table(event: Event, owed: Obligation | None) -> bool:
    return isinstance(event.body, TableBody) and (owed is None or event.body.table == owed.ref)


@condition(When.RAAD_TO_LOOK)
def _raad_to_look(event: Event, owed: Obligation | None) -> bool:
    return isinstance(event.body, TableDecided) and event.body.outcome is TableOutcome.INVESTIGATION


@condition(When.FIRM_AGREEMENTS)
def _firm_agreements(event: Event, owed: Obligation | None) -> bool:
    return isinstance(event.body, TableDecided) and event.body.outcome is TableOutcome.AGREEMENTS
