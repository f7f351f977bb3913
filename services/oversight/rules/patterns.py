"""Alerts that no due moment causes: something in the course of the case calls for a look."""

from collections.abc import Callable, Mapping

from schemas.care import AssessmentRecorded, DossierRejected, TrustBroken
from schemas.manifest import SourceKind
from schemas.refusal import Flag
from schemas.tables.agreed import number_of
from schemas.tables.ladder import PATTERNS
from schemas.tables.transitions import Effect
from services.oversight.rules import flagged
from services.oversight.rules.case import distinct
from services.oversight.rules.conditions import Event
from services.oversight.rules.ladder import hasten, raise_alert, resolve

BOUNCE_LOOP = "BOUNCE_LOOP"
REPORTED_AGAIN = "REPORT_DURING_MONITORING"
OPEN_CONCERN = "CLOSED_WITH_OPEN_CONCERN"
SINGLE_SOURCE = "SINGLE_SOURCE"
MANIFEST = "MANIFEST_VIOLATION"
NOT_AS_CALLED = frozenset({"DIGEST", "HEADER_MISMATCH", "CATEGORY_UNTRUE"})
AFTER_CLOSING = flagged.AFTER_CLOSING | {OPEN_CONCERN}
"""What closing the case does not end."""
TOO_MANY = "TOO_MANY_HELPERS"


def follow(event: Event) -> None:
    """Resolve the patterns that are over, raise the new ones."""
    for code, over in _OVER.items():
        alert = event.watch.alerts.get(code)
        if alert is not None and over(event):
            resolve(event.watch, alert, "MET")
    _bounce_loop(event)
    _open_concern(event)
    _single_source(event)
    _manifest(event)
    _reported_again(event)
    _trust_broken(event)
    flagged.follow(event)
    _too_many_helpers(event)


def _bounce_loop(event: Event) -> None:
    """The second bounce between the same two (D#43)."""
    change = event.fact.handover
    looped = Flag.BOUNCE_LOOP in event.fact.flags or (change is not None and Effect.BOUNCE_LOOP in change.effects)
    if looped:
        sides = (change.sender, change.receiver) if change else (event.fact.actor,)
        _raise(event, BOUNCE_LOOP, distinct(sides), change.id if change else None)


def _bounce_over(event: Event) -> bool:
    return not event.watch.open_handovers or any(Effect.CONSULT_CLOSED in change.effects for change in event.changes)


def _open_concern(event: Event) -> None:
    """The family stopped and the danger did not (In Zorg: able to go on alone, or follow-up arranged)."""
    if Flag.CLOSED_WITH_OPEN_CONCERN in event.fact.flags:
        _raise(event, OPEN_CONCERN, distinct((event.fact.actor,)), None)


def _concern_over(event: Event) -> bool:
    return event.fact.type in ("cases.reopened", "reports.registered")


def _single_source(event: Event) -> None:
    """An assessment on the parents' word alone (TSD 2017 §2.3)."""
    if Flag.SINGLE_SOURCE in event.fact.flags or _on_parents_only(event):
        _raise(event, SINGLE_SOURCE, distinct((event.watch.head.regie,)), None)


def _manifest(event: Event) -> None:
    """A letter was not what its manifest says: the privacy officers of who made it and who got it look at it. Over when
    a second person has reviewed it.
    """
    alert, body = event.watch.alerts.get(MANIFEST), event.body
    if alert is not None and event.fact.type == "reviews.recorded":
        resolve(event.watch, alert, "MET")
    if isinstance(body, DossierRejected) and body.reason in NOT_AS_CALLED and MANIFEST not in event.watch.alerts:
        both = distinct(event.fact.to, (event.fact.actor,))
        raise_alert(event.watch, MANIFEST, PATTERNS[MANIFEST], event.fact.at, both)


def _sources_over(event: Event) -> bool:
    return isinstance(event.body, AssessmentRecorded) and not _on_parents_only(event)


def _on_parents_only(event: Event) -> bool:
    body = event.body
    return isinstance(body, AssessmentRecorded) and set(body.information_base) == {SourceKind.PARENT}


def _too_many_helpers(event: Event) -> None:
    """So many that the family does not know who they are: who leads looks whether it can be with fewer (D#34-35)."""
    if event.watch.head.open and not _few_helpers(event):
        _raise(event, TOO_MANY, distinct((event.watch.head.regie,)), None)


def _few_helpers(event: Event) -> bool:
    head = event.watch.head
    return head.helpers <= number_of("HELPERS", head.agreed)


def _another_leads(event: Event) -> bool:
    return event.before.regie != event.watch.head.regie


def _reported_again(event: Event) -> None:
    """A new report while it was being watched whether it stays safe: who monitors and who leads hear it, and what was
    already late goes a tier up (D§6.1: one report in twenty).
    """
    monitors = event.watch.of("MONITORING_CHECK")
    if event.fact.type == "reports.registered" and monitors:
        told = distinct(*(owed.responsible for owed in monitors), (event.watch.head.regie,))
        _raise(event, REPORTED_AGAIN, told, None)
        hasten(event)


def _trust_broken(event: Event) -> None:
    """Who must act can no longer get in: what was already late goes a tier up (D#61; IGJ 2023, Wachtlijsten 5)."""
    if isinstance(event.body, TrustBroken):
        hasten(event)


_OVER: Mapping[str, Callable[[Event], bool]] = {
    BOUNCE_LOOP: _bounce_over,
    OPEN_CONCERN: _concern_over,
    SINGLE_SOURCE: _sources_over,
    REPORTED_AGAIN: lambda event: event.fact.type == "reports.assessed",
    TOO_MANY: lambda event: _few_helpers(event) or _another_leads(event),
}
"""When a pattern is over."""


def _raise(event: Event, code: str, responsible: tuple[str, ...], handover: str | None) -> None:
    if code not in event.watch.alerts:
        raise_alert(event.watch, code, PATTERNS[code], event.fact.at, responsible, handover=handover)
