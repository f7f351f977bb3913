"""Alerts: raised when something is overdue, climbing while it stays so, silent when acknowledged, resolved when met."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Literal
from uuid import NAMESPACE_URL, UUID, uuid5

from schemas.agreements import Agreements
from schemas.base import Slug
from schemas.person import PersonRef
from schemas.service import AlertAcknowledged, AlertEscalated, AlertRaised, AlertResolved
from schemas.tables.agreed import ladder_of, term_of
from schemas.tables.ladder import NO_OVERSIGHT, PATTERNS, TO_PRIVACY_OFFICERS, TOP, Ladder
from schemas.tables.obligations import BY_CODE
from services.oversight.rules import investigations, sight
from services.oversight.rules.calendar import Calendar, end_of
from services.oversight.rules.case import Alert, Obligation, Say, Watch, alert_key, distinct, tier_up
from services.oversight.rules.conditions import Event

_NAMES = uuid5(NAMESPACE_URL, "nl.estafette/oversight")
_LADDER_OF = {row.alert_code: row.heights for row in BY_CODE.values()}


def ladder(code: str, direct: bool, agreed: Agreements | None) -> Ladder:
    """The rungs of an alert; NO_OVERSIGHT and patterns have one."""
    return ladder_of(_LADDER_OF.get(code, "AT_THREE"), direct, agreed)


def raise_alert(
    watch: Watch,
    code: str,
    tier: int,
    due: datetime,
    responsible: tuple[Slug, ...],
    child: PersonRef | None = None,
    handover: str | None = None,
    next_at: datetime | None = None,
    also: tuple[Slug, ...] = (),
) -> None:
    """A new alert, told at once. There is one at a time for a case, code and child."""
    number = watch.head.raised + 1
    watch.head = watch.head.model_copy(update={"raised": number})
    alert = Alert(
        id=str(uuid5(_NAMES, f"{watch.subject}|{number}|{code}|{child or ''}")),
        code=code,
        child=child,
        handover=handover,
        tier=tier,
        due=due,
        responsible=responsible,
        also=also,
        next_at=next_at,
    )
    _tell(watch, alert, AlertRaised)


def overdue(watch: Watch, owed: Obligation, calendar: Calendar) -> None:
    """An obligation passed its due moment. It joins the alert that runs for its code, or raises it."""
    watch.owed[owed.key] = owed.model_copy(update={"overdue": True})
    running = watch.alerts.get(owed.alert_key)
    if running is not None:
        both = distinct(running.responsible, owed.responsible)
        also = distinct(running.also, _lookers_on(owed))
        watch.alerts[running.key] = running.model_copy(update={"responsible": both, "also": also})
        return
    code = owed.row.alert_code
    tier = _first_tier(watch, owed)
    child = owed.child if owed.row.alert_per_child else None
    next_at = _next_rung(watch, code, tier, owed.due, calendar)
    raise_alert(watch, code, tier, owed.due, owed.responsible, child, owed.handover, next_at, _lookers_on(owed))


def _first_tier(watch: Watch, owed: Obligation) -> int:
    """The lowest of its ladder; the top where the Raad does not begin with a child that nobody sees. One higher for the
    sight of a child by whom the family broke with: the only one who had sight has lost its way in (IGJ 2023,
    Wachtlijsten 5; D#61).
    """
    unseen = [alert.child or "" for alert in watch.alerts.values() if alert.code == NO_OVERSIGHT]
    if owed.code == investigations.START and any(investigations.awaited(watch, child) for child in unseen):
        return TOP
    first = ladder(owed.row.alert_code, watch.direct, watch.head.agreed)[0].tier
    broken = owed.code == sight.CHECK and set(owed.responsible) & set(watch.head.distrusted)
    return tier_up(first) if broken else first


def _lookers_on(owed: Obligation) -> tuple[Slug, ...]:
    return owed.watcher if owed.row.tells_watcher else ()


def climb(watch: Watch, alert: Alert, calendar: Calendar) -> None:
    """The next moment of an alert has come: one tier up, or at the top after a silence: heard again."""
    at = alert.next_at or alert.due
    tier = tier_up(alert.tier)
    owed = watch.overdue(alert)
    responsible = distinct(*(o.responsible for o in owed)) if owed else alert.responsible
    changed = {
        "tier": tier,
        "responsible": responsible,
        "also": distinct(*map(_lookers_on, owed)),
        "silent_since": None,
        "next_at": _next_rung(watch, alert.code, tier, at, calendar),
    }
    _tell(watch, alert.model_copy(update=changed), AlertEscalated)


def acknowledge(event: Event, calendar: Calendar) -> None:
    """Silent until the date named, ten working days from the first acknowledgement at most; then one tier up."""
    body = event.body
    if not isinstance(body, AlertAcknowledged):
        return
    watch = event.watch
    alert = next((a for a in watch.alerts.values() if a.id == body.alert), None)
    if alert is None or event.fact.actor not in alert.told:
        return
    since = alert.silent_since or event.fact.at
    until = min(end_of(body.until), calendar.after(since, term_of("SILENCE", watch.head.agreed)))
    if until > event.fact.at:
        watch.alerts[alert.key] = alert.model_copy(update={"silent_since": since, "next_at": until})


def quicken(event: Event) -> None:
    """The case became directly unsafe: what runs on a ladder climbs now, unless it is acknowledged."""
    agreed = event.watch.head.agreed
    for alert in tuple(event.watch.alerts.values()):
        rungs = ladder(alert.code, True, agreed)
        faster = alert.code in _LADDER_OF and rungs != ladder(alert.code, False, agreed)
        if faster:
            _climbs_now(event, alert)


def hasten(event: Event) -> None:
    """What runs on a ladder climbs now, unless it is acknowledged or at its top."""
    for alert in tuple(event.watch.alerts.values()):
        if alert.code in _LADDER_OF and alert.tier < TOP:
            _climbs_now(event, alert)


def _climbs_now(event: Event, alert: Alert) -> None:
    if alert.silent_since is None and alert.next_at is not None:
        at = min(alert.next_at, event.fact.at)
        event.watch.alerts[alert.key] = alert.model_copy(update={"next_at": at})


def resolve(watch: Watch, alert: Alert, how: Literal["MET", "NO_LONGER_APPLIES"]) -> None:
    """Everyone who heard of it hears that it is over."""
    del watch.alerts[alert.key]
    if alert.told:
        body = AlertResolved(alert=alert.id, code=alert.code, child=alert.child, how=how)
        for to in _apart(watch, alert.told):
            watch.say.append(Say(watch.subject, alert.id, alert.spoken + 1, to, body))


def _apart(watch: Watch, told: tuple[Slug, ...]) -> Iterator[tuple[Slug, ...]]:
    """All in one message, but for those who must not see whom else it goes to."""
    outside = tuple(slug for slug in told if slug in watch.head.outside)
    inside = tuple(slug for slug in told if slug not in outside)
    yield from ((inside,) if inside else ())
    yield from ((slug,) for slug in outside)


def resolve_met(event: Event) -> None:
    """Resolve every alert that stands for nothing any more."""
    watch = event.watch
    for alert in tuple(watch.alerts.values()):
        if alert.code in PATTERNS:
            continue
        if alert.code == NO_OVERSIGHT:
            _resolve_oversight(event, alert)
        elif not watch.overdue(alert):
            resolve(watch, alert, "MET" if alert.key in watch.met else "NO_LONGER_APPLIES")


def _resolve_oversight(event: Event, alert: Alert) -> None:
    lost = sight.lost_at(event.watch, alert.child or "")
    if lost is None:
        resolve(event.watch, alert, "NO_LONGER_APPLIES")
    elif lost > event.fact.at:
        resolve(event.watch, alert, "MET")


def raise_lost_sight(watch: Watch, child: PersonRef, at: datetime) -> None:
    """A child without oversight: tier 3 at once. If it waits for the Raad, that must begin now."""
    owners = distinct(sight.owners(watch, child)) or distinct(
        tuple(h.sender for h in watch.open_handovers), (watch.head.regie,)
    )
    raise_alert(watch, NO_OVERSIGHT, TOP, at, distinct(owners, investigations.start_at_once(watch, child, at)), child)
    running = watch.alerts.get(investigations.START)
    if running is not None and investigations.awaited(watch, child) and running.tier < TOP:
        _tell(watch, running.model_copy(update={"tier": TOP, "next_at": None, "silent_since": None}), AlertEscalated)


def sights_to_raise(watch: Watch) -> tuple[tuple[datetime, PersonRef], ...]:
    """From when which child is without oversight, where no alert says so yet."""
    found = []
    for child in watch.head.children:
        if alert_key(NO_OVERSIGHT, child) not in watch.alerts:
            lost = sight.lost_at(watch, child)
            if lost is not None:
                found.append((lost, child))
    return tuple(found)


def _next_rung(watch: Watch, code: str, tier: int, at: datetime, calendar: Calendar) -> datetime | None:
    above = next((rung for rung in ladder(code, watch.direct, watch.head.agreed) if rung.tier > tier), None)
    return calendar.after(at, above.after) if above is not None and above.after is not None else None


def _tell(watch: Watch, alert: Alert, kind: type[AlertRaised] | type[AlertEscalated]) -> None:
    """Send it to whom its tier reaches, and remember them."""
    _say(watch, alert, kind, _addressees(watch, alert))


def tell_again(watch: Watch, alerts: Iterable[str], to: Slug) -> None:
    """What is still open of these alerts, as it stands, to one that has to know it anew."""
    for alert in (watch.alerts[key] for key in alerts if key in watch.alerts):
        _say(watch, alert, AlertRaised, (to,))


def told_anew(watch: Watch, before: Watch) -> Watch:
    """The case, with only that to say in which its alerts stand otherwise than was told `before`. An alert that was
    told goes on under its name.
    """
    watch = watch.copy()
    watch.head = watch.head.model_copy(update={"raised": max(watch.head.raised, before.head.raised)})
    for key, alert in tuple(watch.alerts.items()):
        was = before.alerts.get(key)
        if was is None:
            _tell(watch, alert, AlertRaised)
            continue
        same = alert.model_copy(update={"id": was.id, "told": was.told, "spoken": was.spoken})
        watch.alerts[key] = same
        if alert.tier > was.tier:
            _tell(watch, same, AlertEscalated)
    for key, was in before.alerts.items():
        if key not in watch.alerts:
            watch.alerts[key] = was
            resolve(watch, was, "NO_LONGER_APPLIES")
    return watch


def _say(watch: Watch, alert: Alert, kind: type[AlertRaised] | type[AlertEscalated], to: tuple[Slug, ...]) -> None:
    to = _discreet(watch, alert, to)
    spoken = alert.spoken + 1
    told = distinct(alert.told, to)
    watch.alerts[alert.key] = alert.model_copy(update={"told": told, "spoken": spoken})
    if not to:
        return
    body = kind(
        alert=alert.id,
        code=alert.code,
        tier=alert.tier,
        responsible=alert.responsible,
        due=alert.due,
        handover=alert.handover,
        child=alert.child,
    )
    watch.say.append(Say(watch.subject, alert.id, spoken, to, body))


def _addressees(watch: Watch, alert: Alert) -> tuple[Slug, ...]:
    """The responsible, and who looks on where the row says so; from tier 2 the coordination; in tier 3 both
    organisations. Nobody who holds nothing of the case but who said something in it, and when that leaves nobody: the
    coordination.
    """
    head = watch.head
    if alert.code in TO_PRIVACY_OFFICERS:
        return alert.responsible
    wide: tuple[Slug | None, ...] = ()
    if alert.tier >= TOP:
        sides = [h.sides for h in watch.open_handovers if alert.handover in (None, h.id)]
        awaited = [w.of for w in watch.waiting.values()]
        wide = (*distinct(*sides, *awaited), head.regie)
    holding = tuple(slug for slug in distinct(alert.responsible, wide) if slug in head.holders)
    coordination = (head.coordination,) if alert.tier >= 2 or not (holding or alert.also) else ()
    return distinct(holding, alert.also, coordination)


def _discreet(watch: Watch, alert: Alert, to: tuple[Slug, ...]) -> tuple[Slug, ...]:
    """An alert that names others as well does not go outside the chain where an address is secret, as the gate would
    see to; when that leaves nobody, the coordination hears it, and where there is none who leads."""
    if len({*to, *alert.responsible}) == 1:
        return to
    inside = tuple(slug for slug in to if slug not in watch.head.outside)
    return inside or (distinct((watch.head.coordination or watch.head.regie,)) if to else ())


def event_id(say: Say) -> UUID:
    """The id of the alert message: the same alert says the same under the same id, however often it is decided."""
    return uuid5(UUID(say.alert), f"{say.number}|{say.body.name}|{','.join(say.to)}")
