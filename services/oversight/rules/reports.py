"""The clocks of an investigation of Veilig Thuis, and of telling a person later."""

from schemas.reports import InformingPostponed, VtInvestigationConcluded, VtInvestigationDetermined
from schemas.tables.obligation_row import When
from services.oversight.rules.calendar import end_of
from services.oversight.rules.case import Obligation
from services.oversight.rules.conditions import Event, condition


def follow(event: Event) -> None:
    """That an investigation was concluded is remembered; what is postponed is due later."""
    body, watch = event.body, event.watch
    if isinstance(body, VtInvestigationConcluded) and body.report in watch.reports:
        watch.reports[body.report] = watch.reports[body.report].model_copy(update={"concluded": True})
    elif isinstance(body, InformingPostponed):
        told = [*watch.of("VT_INFORM"), *watch.of("INFORM_LATER")]
        for owed in told:
            if body.report == owed.ref or (body.person == owed.child and event.fact.actor in owed.responsible):
                due = max(owed.due, end_of(body.until))
                watch.owe(owed.model_copy(update={"due": due, "overdue": owed.overdue and due <= event.fact.at}))


@condition(When.INVESTIGATION_BEGUN)
def _begun(event: Event, owed: Obligation | None) -> bool:
    body = event.body
    begun = isinstance(body, VtInvestigationDetermined) and body.started_on is not None
    return begun and (owed is None or getattr(body, "report", None) == owed.ref)


@condition(When.INVESTIGATION_CONCLUDED)
def _concluded(event: Event, owed: Obligation | None) -> bool:
    body = event.body
    return isinstance(body, VtInvestigationConcluded) and (owed is None or body.report == owed.ref)
