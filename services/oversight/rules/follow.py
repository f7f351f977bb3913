"""One accepted message changes what is owed in its case; time alone changes what is overdue. Both are pure."""

from datetime import datetime

from schemas.body import Body
from schemas.care import (
    MeasureEnded,
    MeasureStarted,
    MeasureTransferred,
    ReportAssessed,
    ReportOutcome,
    ReportRegistered,
    WorkerAssigned,
)
from schemas.consents import ConsentRecorded, ConsentSetAside
from schemas.days import dutch_day
from schemas.handovers import FINAL, HandoverState
from schemas.service import CaseFact, Fact, HandoverFact, Succeeded
from schemas.supports import SupportAccepted, SupportDeclined, SupportEnded, SupportRequested
from schemas.tables.agreed import row_of
from schemas.tables.ladder import PATTERNS
from schemas.tables.messages import BODIES
from schemas.tables.obligation_row import Per, Who
from schemas.tables.obligations import DELIVERIES
from services.oversight.rules import (
    family,
    flagged,
    investigations,
    ladder,
    openings,
    patterns,
    reports,
    sight,
    succession,
)
from services.oversight.rules.calendar import Calendar
from services.oversight.rules.case import Alert, Handover, Head, Obligation, Report, Say, Waiting, Watch
from services.oversight.rules.conditions import Event, children_seen, closes


def apply(fact: Fact, watch: Watch, calendar: Calendar) -> tuple[Watch, tuple[Say, ...]]:
    """The case after an accepted message, and the alerts it resolves or causes. `fact` names a type and a case.

    Nothing becomes overdue here: that is for the next tick, which the gate gives only when every answer that was sent
    before has been read.
    """
    body = BODIES[fact.type or ""].model_validate(fact.body)
    heard: tuple[str, ...] = ()
    if isinstance(body, Succeeded):
        watch, heard = succession.take_over(watch, body)
    before = watch.head
    watch = watch.copy()
    event = Event(fact, body, before, watch)
    _follow_case(event)
    family.follow(event)
    if not watch.head.open:
        _end(event)
        _follow_report(event)
        _close(event)
        openings.follow(event, calendar)
        ladder.resolve_met(event)
    else:
        _follow_parts(event)
        _close(event)
        openings.follow(event, calendar)
        sight.follow(event)
        _tighten(event, calendar)
        ladder.resolve_met(event)
        _forget_final(event)
    patterns.follow(event)
    ladder.acknowledge(event, calendar)
    if isinstance(body, Succeeded):
        ladder.tell_again(watch, heard, body.successor)
    return watch, tuple(watch.say)


def follow_delivery(fact: Fact, watch: Watch, calendar: Calendar) -> tuple[Watch, tuple[Say, ...]]:
    """The case after what became of deliveries in it, and the alerts that this resolves. `fact` is of a DELIVERY."""
    if fact.delivery is None:
        raise ValueError("a fact of a delivery says what became of it")
    watch = watch.copy()
    event = Event(fact, fact.delivery, watch.head, watch)
    _close(event)
    openings.open_rows(DELIVERIES, event, calendar)
    ladder.resolve_met(event)
    return watch, tuple(watch.say)


def follow_refused(fact: Fact, watch: Watch) -> tuple[Watch, tuple[Say, ...]]:
    """The case after a letter that was refused: what somebody must know of the attempt."""
    watch = watch.copy()
    flagged.raise_flagged(Event(fact, Body(), watch.head, watch))
    return watch, tuple(watch.say)


def _follow_case(event: Event) -> None:
    """The case head as the fact shows it, and whose consent was ever asked for."""
    watch, fact = event.watch, event.fact
    shown = {name: getattr(fact.case, name) for name in Head.model_fields if name in CaseFact.model_fields}
    head = watch.head.model_copy(update=shown)
    body = event.body
    if isinstance(body, ConsentRecorded | ConsentSetAside):
        about = body.about
        consented = head.consented if about in head.consented else (*head.consented, about)
        statements = {**head.statements, body.statement: about}
        head = head.model_copy(update={"consented": consented, "statements": statements})
    watch.head = head
    if event.before.regie != head.regie and head.regie is not None:
        _hand_to_holder(watch)
    _drop_other_birthdays(watch, fact)


def _hand_to_holder(watch: Watch) -> None:
    """What the holder of regie owes, the new holder owes."""
    for key, owed in watch.owed.items():
        if owed.row.responsible is Who.HOLDER and watch.head.regie is not None:
            watch.owed[key] = owed.model_copy(update={"responsible": (watch.head.regie,)})


def _drop_other_birthdays(watch: Watch, fact: Fact) -> None:
    """A birthday still to come that the case no longer shows was a mistake."""
    for owed in watch.of("CONSENT_REVIEW"):
        to_come = owed.day is not None and owed.day > dutch_day(fact.at)
        if to_come and fact.birthdays.get(owed.child or "") != owed.day:
            del watch.owed[owed.key]


def _end(event: Event) -> None:
    """A closed case owes nothing but what the law asks after closing; who was alarmed about the rest is told."""
    watch = event.watch
    for alert in tuple(watch.alerts.values()):
        if alert.code in PATTERNS and alert.code not in patterns.AFTER_CLOSING:
            ladder.resolve(watch, alert, "NO_LONGER_APPLIES")
    for record in tuple(watch.records()):
        stays = isinstance(record, Obligation) and record.row.after_closing
        if not stays and not isinstance(record, Head | Alert | Report):
            watch.drop(record)


def _follow_parts(event: Event) -> None:
    """Handovers, reports and what a child waits for."""
    for change in event.changes:
        event.watch.handovers[change.id] = _handover(event, change)
    for handover in event.watch.open_handovers:
        if event.fact.actor == handover.receiver and (seen := children_seen(event)):
            both = tuple(dict.fromkeys(handover.seen + seen))
            event.watch.handovers[handover.id] = handover.model_copy(update={"seen": both})
    _follow_report(event)
    _follow_waiting(event)


def _handover(event: Event, change: HandoverFact) -> Handover:
    """A handover after a change; taking over a refused one in an emergency begins a new wait."""
    body, known = event.body, event.watch.handovers.get(change.id)
    child = body.child if isinstance(body, MeasureStarted) and body.handover == change.id else None
    kept = {} if known is None else known.model_dump(include={"opened_at", "child", "warm_due", "seen", "returns"})
    shown = {"id": change.id, "type": change.kind, "state": change.after, "sender": change.sender}
    return Handover.model_validate(
        {
            "opened_at": event.fact.at,
            **kept,
            **shown,
            "receiver": change.receiver,
            **({"returns": change.returns} if change.returns else {}),
            **({"child": child} if child else {}),
            "seen": _seen_at_once(event, change, known),
        }
    )


def _seen_at_once(event: Event, change: HandoverFact, known: Handover | None) -> tuple[str, ...]:
    """Children the receiver has seen, with those of the message that ends the handover."""
    seen = known.seen if known else ()
    if event.fact.actor == change.receiver:
        seen = tuple(dict.fromkeys(seen + children_seen(event)))
    return seen


def _follow_report(event: Event) -> None:
    reports.follow(event)
    body, known = event.body, event.watch.reports
    if isinstance(body, ReportRegistered):
        received = min(body.received_at, event.fact.at)
        known[body.report] = Report(id=body.report, centre=event.fact.actor or "", received_at=received)
    elif isinstance(body, ReportAssessed) and body.report in known:
        investigated = body.outcome is ReportOutcome.OWN_INVESTIGATION
        known[body.report] = known[body.report].model_copy(update={"investigated": investigated})


def _follow_waiting(event: Event) -> None:
    body, fact, waiting = event.body, event.fact, event.watch.waiting
    investigations.follow(event)
    if isinstance(body, SupportRequested):
        waiting[body.support] = Waiting(
            what="SUPPORT", id=body.support, since=fact.at, of=fact.to, by=fact.actor, children=body.children
        )
    elif isinstance(body, SupportAccepted | SupportDeclined | SupportEnded):
        waiting.pop(body.support, None)
    elif isinstance(body, MeasureStarted | MeasureTransferred):
        _follow_measure(event, body)
    elif isinstance(body, MeasureEnded) or (isinstance(body, WorkerAssigned) and body.contact_held_at is not None):
        waiting.pop(body.measure, None)


def _follow_measure(event: Event, body: MeasureStarted | MeasureTransferred) -> None:
    """A child waits for its worker; after a transfer the new institution owes what the old one owed."""
    watch, actor = event.watch, event.fact.actor or ""
    children = (body.child,) if isinstance(body, MeasureStarted) else ()
    watch.waiting[body.measure] = Waiting(
        what="WORKER", id=body.measure, since=event.fact.at, of=(actor,), children=children
    )
    for key, owed in watch.owed.items():
        if owed.row.per is Per.MEASURE and owed.ref == body.measure:
            watch.owed[key] = owed.model_copy(update={"responsible": (actor,)})


def _close(event: Event) -> None:
    """Close what this message closes, then whatever belongs to a handover that ended or was overtaken."""
    watch = event.watch
    for owed in tuple(watch.owed.values()):
        if owed.row.per is Per.CHILD:
            continue
        on = next((on for on in owed.row.closes if closes(on, event, owed)), None)
        if on is not None:
            _shut(watch, owed, on.met)
    for change in event.changes:
        moved = change.after is not change.before
        if moved and (change.after in FINAL or change.after is HandoverState.EMERGENCY):
            for owed in tuple(watch.owed.values()):
                if owed.handover == change.id and not owed.row.outlives:
                    _shut(watch, owed, met=False)


def _shut(watch: Watch, owed: Obligation, met: bool) -> None:
    del watch.owed[owed.key]
    if met:
        watch.met.add(owed.alert_key)
    if owed.row.per is Per.BIRTHDAY and owed.child is not None and owed.day is not None:
        reviewed = {**watch.head.reviewed, owed.child: owed.day}
        watch.head = watch.head.model_copy(update={"reviewed": reviewed})


def _tighten(event: Event, calendar: Calendar) -> None:
    """The case became directly unsafe: from now on the short terms count, and alarms climb the short ladder."""
    watch = event.watch
    if not watch.direct or event.before.phase is watch.head.phase:
        return
    for key, owed in tuple(watch.owed.items()):
        row = row_of(owed.row, watch.head.agreed)
        slow, fast = row.term(False), row.term(True)
        if fast is not None and fast != slow and not owed.overdue:
            due = min(owed.due, calendar.after(event.fact.at, fast))
            watch.owed[key] = owed.model_copy(update={"due": due})
    ladder.quicken(event)


def _forget_final(event: Event) -> None:
    for handover in tuple(event.watch.handovers.values()):
        if handover.final:
            del event.watch.handovers[handover.id]


Moment = tuple[datetime, int, str]
_OWED, _ALERT, _SIGHT = range(3)


def _moments(watch: Watch) -> list[Moment]:
    """Everything that time alone will do, each with its kind and key."""
    found: list[Moment] = [(max(o.due, o.opens_at), _OWED, o.key) for o in watch.owed.values() if not o.overdue]
    found += [(a.next_at, _ALERT, a.key) for a in watch.alerts.values() if a.next_at is not None]
    if watch.head.open:
        found += [(at, _SIGHT, child) for at, child in ladder.sights_to_raise(watch)]
    return found


def next_moment(watch: Watch) -> datetime | None:
    """When time alone will next do something in this case."""
    return min((at for at, _, _ in _moments(watch)), default=None)


def fire_next(watch: Watch, calendar: Calendar) -> tuple[Watch, tuple[Say, ...]]:
    """Let the earliest of these moments do its work."""
    at, kind, key = min(_moments(watch))
    watch = watch.copy()
    if kind == _OWED:
        ladder.overdue(watch, watch.owed[key], calendar)
    elif kind == _ALERT:
        ladder.climb(watch, watch.alerts[key], calendar)
    else:
        ladder.raise_lost_sight(watch, key, at)
    return watch, tuple(watch.say)


def fire(watch: Watch, until: datetime, calendar: Calendar) -> tuple[Watch, tuple[Say, ...]]:
    """Everything due by `until`, in the order in which it was due: one big step says what many small ones say."""
    said: list[Say] = []
    while (at := next_moment(watch)) is not None and at <= until:
        watch, more = fire_next(watch, calendar)
        said += more
    return watch, tuple(said)


def new_watch(subject: str) -> Watch:
    """A case of which nothing is known yet."""
    return Watch(Head(subject=subject))
