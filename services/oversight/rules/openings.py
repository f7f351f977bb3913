"""Which obligations a message opens: the rows of the table, made into what this organisation owes in this case."""

from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from typing import NamedTuple

from schemas.base import Slug
from schemas.care import DossierRejected, MeasureStarted, MonitoringPlanned
from schemas.cases import CaseLinked, CaseSplit
from schemas.consents import ConsentSetAside
from schemas.corrections import DossierCorrected
from schemas.handovers import HandoverProposed
from schemas.investigations import InvestigationBody, InvestigationRegistered, TableBody
from schemas.person import PersonRef
from schemas.service import DeliveryFact, HandoverFact
from schemas.supports import SupportAccepted
from schemas.tables.agreeable import MARKS
from schemas.tables.agreed import term_of
from schemas.tables.obligation_row import Per, Row, Who
from schemas.tables.obligations import BY_CODE, ROWS, STANDING
from services.oversight.rules.calendar import Calendar
from services.oversight.rules.case import Handover, Obligation, distinct
from services.oversight.rules.conditions import Event, opens
from services.oversight.rules.help_conditions import FIELDS
from services.oversight.rules.terms import due_of, opens_at


class About(NamedTuple):
    """What one obligation of a row is about."""

    ref: str = ""
    child: PersonRef | None = None
    day: date | None = None
    handover: HandoverFact | None = None
    to: Slug | None = None
    what: str | None = None
    giver: Slug | None = None
    children: tuple[PersonRef, ...] = ()


def follow(event: Event, calendar: Calendar) -> None:
    """Open what this message opens."""
    open_rows(ROWS, event, calendar)
    keep_watched(event, calendar)


def open_rows(rows: Iterable[Row], event: Event, calendar: Calendar) -> None:
    """Open what this event opens of these rows."""
    for row in (row for row in rows if event.watch.head.open or row.after_closing):
        for about in _openings(row, event):
            _open(row, event, calendar, about)


def keep_watched(event: Event, calendar: Calendar) -> None:
    """In every open state at least one obligation is open: where nothing is owed, what the state itself asks is."""
    watch = event.watch
    for handover in watch.open_handovers:
        owed = any(o.handover == handover.id for o in watch.owed.values())
        returning = any(other.returns == handover.id for other in watch.open_handovers)
        if not owed and not returning:
            _open(BY_CODE[STANDING[handover.state]], event, calendar, About(handover.id, handover=_as_fact(handover)))


def _as_fact(handover: Handover) -> HandoverFact:
    return HandoverFact(
        id=handover.id,
        kind=handover.type,
        before=handover.state,
        after=handover.state,
        sender=handover.sender,
        receiver=handover.receiver,
    )


def _openings(row: Row, event: Event) -> Iterator[About]:
    if row.per in (Per.HANDOVER, Per.HANDOVER_CHILD):
        for change in event.changes:
            main = change is event.fact.handover
            if any(opens(on, event, change) and (main or on.message is None) for on in row.opens):
                yield from _OF_HANDOVER[row.per](row, event, change)
    elif any(opens(on, event, event.fact.handover) for on in row.opens):
        yield from _OF_MESSAGE[row.per](event)


def _handover(row: Row, event: Event, change: HandoverFact) -> Iterator[About]:
    yield About(change.id, handover=change)


def _handover_child(row: Row, event: Event, change: HandoverFact) -> Iterator[About]:
    """Each child it concerns; CHILD_SEEN leaves out those the receiver has already seen."""
    handover = event.watch.handovers.get(change.id)
    seen = handover.seen if handover is not None and row.code == "CHILD_SEEN" else ()
    only = handover.child if handover is not None else None
    for child in event.watch.head.children:
        if child not in seen and only in (None, child):
            yield About(change.id, child, handover=change)


def _case(event: Event) -> Iterator[About]:
    yield About()


def _report(event: Event) -> Iterator[About]:
    yield About(getattr(event.body, "report", ""))


def _measure(event: Event) -> Iterator[About]:
    body = event.body
    yield About(getattr(body, "measure", ""), body.child if isinstance(body, MeasureStarted) else None)


def _investigation(event: Event) -> Iterator[About]:
    """Of a request: owed by the Raad it goes to."""
    body = event.body
    if isinstance(body, InvestigationBody):
        asked = isinstance(body, InvestigationRegistered)
        yield About(body.investigation, to=event.fact.to[0] if asked and event.fact.to else None)


def _table(event: Event) -> Iterator[About]:
    body = event.body
    if isinstance(body, TableBody):
        yield About(body.table, day=getattr(body, "review_on", None))


def _message(event: Event) -> Iterator[About]:
    yield About(event.fact.id)


def _delivery(event: Event) -> Iterator[About]:
    """Each inbox that a message went to; of one that was sent again, under its new id."""
    body = event.body
    if isinstance(body, DeliveryFact):
        for message in (body.again,) if body.again else body.messages:
            yield About(message, to=body.recipient, what=body.type)
    else:
        for recipient in event.fact.to:
            yield About(event.fact.id, to=recipient, what=event.fact.type)


def _rejection(event: Event) -> Iterator[About]:
    body = event.body
    if isinstance(body, DossierRejected):
        for sender in event.fact.to:
            yield About(body.item or body.message, to=sender, what=None if body.item else "WHOLE_LETTER")


def _link(event: Event) -> Iterator[About]:
    """The other case. A split that is taken back names this one."""
    body, here = event.body, event.watch.subject
    other = body.into if isinstance(body, CaseSplit) else body.other if isinstance(body, CaseLinked) else here
    if other != here:
        yield About(other)


def _correction(event: Event) -> Iterator[About]:
    """What who speaks and who hears it now passed on. Further hops follow when the correction comes there."""
    here = (event.fact.actor, *event.fact.to)
    if isinstance(event.body, DossierCorrected):
        for giver, taker in event.fact.to_correct:
            if giver in here:
                yield About(event.body.item, to=taker, giver=giver)


def _thread(event: Event) -> Iterator[About]:
    for asked in event.fact.to:
        yield About(to=asked)


def _request(event: Event) -> Iterator[About]:
    """Who is asked, or the organisation itself where the person asked it there."""
    for asked in event.fact.to or ((event.fact.actor,) if event.fact.actor else ()):
        yield About(getattr(event.body, "request", ""), to=asked)


def _statement(event: Event) -> Iterator[About]:
    body = event.body
    if isinstance(body, ConsentSetAside):
        yield About(body.statement, body.about, body.review_on, what=body.holder)


def _planned_date(event: Event) -> Iterator[About]:
    body = event.body
    if isinstance(body, MonitoringPlanned):
        for day in body.dates:
            yield About(body.plan, day=day, children=body.children)


def _not_told(event: Event) -> Iterator[About]:
    body = event.body
    if isinstance(body, HandoverProposed):
        for entry in body.told:
            if not entry.told and entry.unless != "TOO_YOUNG":
                yield About("", entry.person, entry.tell_before)


def _birthday(event: Event) -> Iterator[About]:
    """Of those about whom a consent was recorded, unless it was looked at for this birthday."""
    head = event.watch.head
    for person, day in event.fact.birthdays.items():
        if person in head.consented and head.reviewed.get(person) != day:
            yield About("", person, day)


def _by_its_id(field: str) -> Callable[[Event], Iterator[About]]:
    """One for each thing with an id of its own, which stands in this field."""

    def about(event: Event) -> Iterator[About]:
        yield About(getattr(event.body, field, ""))

    return about


def _support_mark(event: Event) -> Iterator[About]:
    """Each day at which a support that starts is looked at."""
    body = event.body
    if isinstance(body, SupportAccepted):
        for mark in MARKS:
            after = term_of(mark, event.watch.head.agreed).count
            yield About(body.support, day=body.start + timedelta(days=after))


_OF_HANDOVER: dict[Per, Callable[[Row, Event, HandoverFact], Iterator[About]]] = {
    Per.HANDOVER: _handover,
    Per.HANDOVER_CHILD: _handover_child,
}
_OF_MESSAGE: dict[Per, Callable[[Event], Iterator[About]]] = {
    Per.CASE: _case,
    Per.REPORT: _report,
    Per.MEASURE: _measure,
    Per.PLANNED_DATE: _planned_date,
    Per.PERSON_NOT_TOLD: _not_told,
    Per.BIRTHDAY: _birthday,
    Per.INVESTIGATION: _investigation,
    Per.TABLE: _table,
    Per.MESSAGE: _message,
    Per.THREAD: _thread,
    Per.REQUEST: _request,
    Per.DELIVERY: _delivery,
    Per.REJECTION: _rejection,
    Per.LINK: _link,
    Per.CORRECTION: _correction,
    Per.STATEMENT: _statement,
    Per.SUPPORT_MARK: _support_mark,
    **{per: _by_its_id(field) for per, field in FIELDS.items()},
}


def _open(row: Row, event: Event, calendar: Calendar, about: About) -> None:
    """Open one obligation. One that is open already stays as it is, unless the row sets a new date each time."""
    watch, at = event.watch, event.fact.at
    handover = watch.handovers.get(about.handover.id) if about.handover else None
    due = due_of(row, event, calendar, about.ref, about.day, handover)
    owed = Obligation(
        code=row.code,
        ref=about.ref,
        child=about.child,
        children=about.children,
        day=about.day,
        to=about.to,
        what=about.what,
        handover=about.handover.id if about.handover else None,
        responsible=parties(row.responsible, event, about),
        watcher=parties(row.watcher, event, about),
        cause=event.fact.id,
        opened_at=at,
        opens_at=opens_at(row, event, due),
        due=due,
    )
    if owed.key in watch.owed:
        if not row.restarts:
            return
        watch.met.add(owed.alert_key)
    watch.owe(owed)
    if row.keeps_date is not None and handover is not None and handover.warm_due is None:
        watch.handovers[handover.id] = handover.model_copy(update={"warm_due": due})


def parties(who: Who, event: Event, about: About) -> tuple[Slug, ...]:
    """The organisations a row means."""
    head, handover = event.watch.head, about.handover
    sender, receiver = (handover.sender, handover.receiver) if handover else (None, None)
    meant: dict[Who, tuple[Slug | None, ...]] = {
        Who.SENDER: (sender,),
        Who.RECEIVER: (receiver,),
        Who.BOTH: (sender, receiver),
        Who.HOLDER: (head.regie,),
        Who.ACTOR: (event.fact.actor,),
        Who.PLANNED: (getattr(event.body, "by", None),),
        Who.COORDINATION: (head.coordination,),
        Who.RECIPIENT: (about.to,),
        Who.GIVER: (about.giver,),
        Who.DUTY: head.duty or (event.fact.actor,),
        Who.OWNER: (getattr(event.body, "owner", None),),
    }
    return distinct(meant[who])
