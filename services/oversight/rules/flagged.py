"""Patterns that the gate saw in one message and flagged: which alert, and what shows that it was looked at."""

from dataclasses import dataclass

from schemas.refusal import Flag
from schemas.tables.ladder import PATTERNS
from services.oversight.rules.case import distinct
from services.oversight.rules.conditions import Event
from services.oversight.rules.ladder import raise_alert, resolve


@dataclass(frozen=True, slots=True)
class Flagged:
    """A flag that is an alert of the same name, on who said it, or who leads (`to_holder`). `over`: what ends it."""

    flag: Flag
    over: tuple[str, ...]
    to_holder: bool = False


_SEEN_BY_LEAD = ("absences.ended", "cases.lead_person_changed", "reviews.recorded")

FLAGGED: tuple[Flagged, ...] = (
    Flagged(Flag.DECIDED_DURING_ABSENCE, _SEEN_BY_LEAD),
    Flagged(Flag.AGREEMENT_OVERRIDDEN, _SEEN_BY_LEAD),
    Flagged(Flag.DISSENT, ("consents.recorded", "consents.set_aside", "reviews.recorded"), to_holder=True),
    Flagged(Flag.GROUND_BEFORE_MEASURE, ("measures.started", "reviews.recorded")),
    Flagged(Flag.NO_SUITABLE_OFFER, ("supports.accepted", "supports.declined", "supports.ended")),
)

AFTER_CLOSING = frozenset(row.flag.value for row in FLAGGED if row.over is _SEEN_BY_LEAD)
"""What closing the case does not end: it may have been the very decision."""


def follow(event: Event) -> None:
    """Resolve those that were looked at, raise the new ones."""
    for row in FLAGGED:
        alert = event.watch.alerts.get(row.flag)
        if alert is not None and event.fact.type in row.over:
            resolve(event.watch, alert, "MET")
    raise_flagged(event)


def raise_flagged(event: Event) -> None:
    """What this message, delivered or refused, makes known."""
    for row in FLAGGED:
        if row.flag in event.fact.flags and row.flag.value not in event.watch.alerts:
            code, who = row.flag.value, event.watch.head.regie if row.to_holder else event.fact.actor
            raise_alert(event.watch, code, PATTERNS[code], event.fact.at, distinct((who,)))
