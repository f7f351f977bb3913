"""Until when: the due moment of an obligation that opens now."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

from schemas.care import MeasureEnding, MeasureStarted
from schemas.days import dutch_day
from schemas.handovers import HandoverProposed, WaitAnnounced
from schemas.investigations import RaadWaitAnnounced, TableInvited
from schemas.parties import OrganisationKind
from schemas.reports import VtInvestigationDetermined
from schemas.supports import SupportWaitAnnounced
from schemas.tables.agreed import row_of, term_of
from schemas.tables.obligation_row import From, Row, Term, working_days
from schemas.tables.obligations import INFORM_WITHIN, INFORM_WITHIN_VT, LONGEST_EXPECTED
from services.oversight.rules.calendar import Calendar, end_of
from services.oversight.rules.case import Handover
from services.oversight.rules.conditions import Event

BEGAN_BEFORE = frozenset({From.RECEIVED, From.DETERMINED})
"""Clocks of law that count from what happened, not from when it was said."""
_NO_DATE = working_days(2)
"""For a row that takes its date from a message, when it opens without that message."""


def own_term(row: Row, event: Event) -> Term:
    """The row's term in the phase of the case."""
    if row.code == "CASE_UPDATE" and event.watch.head.duty:
        return term_of("CASE_UPDATE.measure", event.watch.head.agreed)
    return row.term(event.watch.direct) or _NO_DATE


def due_of(
    row: Row, event: Event, calendar: Calendar, ref: str, day: date | None, handover: Handover | None
) -> datetime:
    """When it must be done. Only a clock that began before it was told of may have run out already."""
    at, row = event.fact.at, row_of(row, event.watch.head.agreed)
    if row.keeps_date is not None and handover is not None and handover.warm_due is not None:
        least = row.keeps_date.in_direct_unsafety() if event.watch.direct else row.keeps_date
        return max(handover.warm_due, calendar.after(at, least))
    if row.counts_from is From.RECEIVED:
        report = event.watch.reports.get(ref)
        return calendar.after(min(at, report.received_at) if report else at, own_term(row, event))
    due = _BASES.get(row.counts_from, _from_now)(row, event, calendar, day)
    return due if row.counts_from in BEGAN_BEFORE else max(due, at)


def _from_now(row: Row, event: Event, calendar: Calendar, day: date | None) -> datetime:
    return calendar.after(event.fact.at, own_term(row, event))


def _wait_until(row: Row, event: Event, calendar: Calendar, day: date | None) -> datetime:
    if not isinstance(event.body, WaitAnnounced | SupportWaitAnnounced):
        return _from_now(row, event, calendar, day)
    until = max(event.body.until, dutch_day(event.fact.at))
    return min(end_of(until), calendar.after(event.fact.at, term_of("LONGEST_WAIT", event.watch.head.agreed)))


def _on_the_day(row: Row, event: Event, calendar: Calendar, day: date | None) -> datetime:
    return _from_now(row, event, calendar, day) if day is None else end_of(day)


def _determined(row: Row, event: Event, calendar: Calendar, day: date | None) -> datetime:
    """From the day it was established, when that was before it was said."""
    body, at = event.body, event.fact.at
    if isinstance(body, VtInvestigationDetermined):
        at = min(at, end_of(body.determined_on))
    return calendar.after(at, own_term(row, event))


def _expected(row: Row, event: Event, calendar: Calendar, day: date | None) -> datetime:
    body = event.body
    named = (
        body.expected_on
        if isinstance(body, RaadWaitAnnounced)
        else body.meets_on
        if isinstance(body, TableInvited)
        else day
    )
    longest = calendar.after(event.fact.at, LONGEST_EXPECTED)
    return longest if named is None else min(end_of(named), longest)


def _tell_before(row: Row, event: Event, calendar: Calendar, day: date | None) -> datetime:
    by_vt = event.fact.actor_kind is OrganisationKind.VEILIG_THUIS
    limit = calendar.after(event.fact.at, INFORM_WITHIN_VT if by_vt else INFORM_WITHIN)
    return limit if day is None else min(limit, end_of(day))


def _before_end(row: Row, event: Event, calendar: Calendar, day: date | None) -> datetime:
    body = event.body
    if not isinstance(body, MeasureStarted):
        return _from_now(row, event, calendar, day)
    half = (body.until - body.since).days // 2
    before = term_of("MEASURE_END.notice", event.watch.head.agreed).count
    return end_of(body.until - timedelta(days=min(before, half)))


def _ending_on(row: Row, event: Event, calendar: Calendar, day: date | None) -> datetime:
    """The announced end of a measure; when it is over already, the row's own term."""
    body = event.body
    return end_of(body.on) if isinstance(body, MeasureEnding) else _from_now(row, event, calendar, day)


def _first_goal(row: Row, event: Event, calendar: Calendar, day: date | None) -> datetime:
    goals = event.body.goals if isinstance(event.body, HandoverProposed) else ()
    return _on_the_day(row, event, calendar, min((goal.due for goal in goals), default=None))


def _named_in(field: str) -> Callable[[Row, Event, Calendar, date | None], datetime]:
    """The day that a field of the message names."""

    def due(row: Row, event: Event, calendar: Calendar, day: date | None) -> datetime:
        named = getattr(event.body, field, None)
        return _on_the_day(row, event, calendar, named if isinstance(named, date) else None)

    return due


_BASES: dict[From, Callable[[Row, Event, Calendar, date | None], datetime]] = {
    From.WAIT_UNTIL: _wait_until,
    From.PLAN: _on_the_day,
    From.BIRTHDAY: _on_the_day,
    From.REVIEW_ON: _on_the_day,
    From.DETERMINED: _determined,
    From.EXPECTED: _expected,
    From.TELL_BEFORE: _tell_before,
    From.BEFORE_END: _before_end,
    From.ACT_BEFORE: _named_in("act_before"),
    From.EVALUATE_ON: _named_in("evaluate_on"),
    From.BEFORE: _named_in("before"),
    From.END_DATE: _named_in("end_date"),
    From.ENDING_ON: _ending_on,
    From.FIRST_GOAL: _first_goal,
}


def opens_at(row: Row, event: Event, due: datetime) -> datetime:
    """From when a row counts: at once, or a while before its date."""
    before = row_of(row, event.watch.head.agreed).opens_before
    if before is None:
        return event.fact.at
    return max(event.fact.at, end_of(dutch_day(due) - timedelta(days=before.count)))
