"""Sight of the child: who promised to see each child, when it was last seen, and since when nobody does."""

from datetime import datetime, timedelta

from schemas.agreements import Agreements
from schemas.body import SightPlan, WatcherKind
from schemas.care import SightConfirmed, SightPlanned, TrustBroken
from schemas.days import dutch_day
from schemas.handovers import (
    ConsultHeld,
    EmergencyTakenOver,
    HandoverKind,
    HandoverProposed,
    HandoverState,
    WaitAnnounced,
)
from schemas.investigations import (
    InvestigationConcluded,
    InvestigationRegistered,
    InvestigationStarted,
    RaadWaitAnnounced,
)
from schemas.person import PersonRef
from schemas.service import HandoverFact
from schemas.supports import SupportWaitAnnounced
from schemas.tables.agreed import term_of
from services.oversight.rules.calendar import end_of
from services.oversight.rules.case import Obligation, Plan, Sight, Watch
from services.oversight.rules.conditions import Event, children_seen

CHECK = "SIGHT_CHECK"
CARRY_PLANS = (
    HandoverProposed,
    WaitAnnounced,
    ConsultHeld,
    EmergencyTakenOver,
    InvestigationRegistered,
    RaadWaitAnnounced,
    InvestigationStarted,
    SupportWaitAnnounced,
)
"""Messages that say beside other things who sees the child meanwhile."""


def follow(event: Event) -> None:
    """Take in what a message says about sight, and set the next check of every plan."""
    _mark_seen(event)
    for plan in _plans(event):
        _replace(event, plan)
    _trust(event)
    if isinstance(event.body, TrustBroken):
        named = {plan.child for plan in event.body.plans}
        _drop(event, event.fact.actor, [child for child in event.watch.sights if child not in named])
    if isinstance(event.body, InvestigationConcluded):
        _drop(event, event.fact.actor, list(event.watch.sights))
    for change in event.changes:
        if _sender_is_released(event, change):
            _drop(event, change.sender, list(event.watch.sights))
    set_checks(event)


def _trust(event: Event) -> None:
    """Whom the family broke with, until a professional of it sees a child again."""
    head, actor = event.watch.head, event.fact.actor or ""
    broken = isinstance(event.body, TrustBroken)
    if broken or (actor in head.distrusted and _let_in(event)):
        others = tuple(slug for slug in head.distrusted if slug != actor)
        left = (*others, actor) if broken else others
        event.watch.head = head.model_copy(update={"distrusted": left})


def _let_in(event: Event) -> bool:
    body = event.body
    own_eyes = not isinstance(body, SightConfirmed) or body.by.kind is WatcherKind.PROFESSIONAL
    return own_eyes and bool(children_seen(event))


def _plans(event: Event) -> tuple[SightPlan, ...]:
    body = event.body
    if isinstance(body, SightPlanned | TrustBroken):
        return body.plans
    if isinstance(body, CARRY_PLANS):
        return body.sight
    return ()


def _mark_seen(event: Event) -> None:
    at = min(event.fact.at, _claimed(event))
    for child in children_seen(event):
        sight = _sight(event, child)
        if sight.seen_at is None or at > sight.seen_at:
            _put(event, sight.model_copy(update={"seen_at": at, "cause": event.fact.id}))


def _claimed(event: Event) -> datetime:
    """When the child was seen, as the sender says."""
    claimed = getattr(event.body, "seen_at", None) or getattr(event.body, "held_at", None)
    return claimed if isinstance(claimed, datetime) else event.fact.at


def _replace(event: Event, planned: SightPlan) -> None:
    at, owner = event.fact.at, event.fact.actor or ""
    plan = Plan(owner=owner, since=at, every_days=planned.every_days, until=planned.until)
    sight = _sight(event, planned.child)
    others = tuple(other for other in sight.plans if other.owner != plan.owner)
    plan = plan.model_copy(update={"since": _since(sight, plan)})
    _put(event, sight.model_copy(update={"plans": (*others, plan), "changed_at": at, "cause": event.fact.id}))


def _since(sight: Sight, plan: Plan) -> datetime:
    """Planning anew does not win time: a plan that still runs keeps its day 0, and only seeing the child moves it."""
    old = next((old for old in sight.plans if old.owner == plan.owner), None)
    if old is None or (old.until is not None and end_of(old.until) < plan.since):
        return plan.since
    return old.since


def _drop(event: Event, owner: str | None, children: list[PersonRef]) -> None:
    for child in children:
        sight = event.watch.sights[child]
        left = tuple(plan for plan in sight.plans if plan.owner != owner)
        if left != sight.plans:
            _put(event, sight.model_copy(update={"plans": left, "changed_at": event.fact.at, "cause": event.fact.id}))


def _sender_is_released(event: Event, change: HandoverFact) -> bool:
    """After COMPLETED the sender no longer owes sight, where its responsibility went over."""
    if change.after is not HandoverState.COMPLETED or change.before is HandoverState.COMPLETED:
        return False
    return change.kind is HandoverKind.INTO_RUNNING_HELP or event.watch.head.regie != change.sender


def _sight(event: Event, child: PersonRef) -> Sight:
    return event.watch.sights.get(child) or Sight(child=child, changed_at=event.fact.at, cause=event.fact.id)


def _put(event: Event, sight: Sight) -> None:
    event.watch.sights[sight.child] = sight


def set_checks(event: Event) -> None:
    """One SIGHT_CHECK a plan and child. A check that moved to a later date was met."""
    watch = event.watch
    wanted = {owed.key: owed for sight in watch.sights.values() for owed in _checks(event, sight)}
    for old in watch.of(CHECK):
        if old.key not in wanted:
            del watch.owed[old.key]
    for key, owed in wanted.items():
        there = watch.owed.get(key)
        if there is None or there.due != owed.due:
            watch.owed[key] = owed
            watch.met.add(owed.alert_key)


def _checks(event: Event, sight: Sight) -> list[Obligation]:
    found = []
    for plan in sight.plans:
        due = end_of(dutch_day(_base(plan, sight)) + timedelta(days=plan.every_days))
        if plan.until is None or due <= end_of(plan.until):
            found.append(_check(event, sight, plan, due))
    return found


def _check(event: Event, sight: Sight, plan: Plan, due: datetime) -> Obligation:
    coordination = event.watch.head.coordination
    return Obligation(
        code=CHECK,
        ref=plan.owner,
        child=sight.child,
        responsible=(plan.owner,),
        watcher=(coordination,) if coordination else (),
        cause=sight.cause,
        opened_at=_base(plan, sight),
        opens_at=_base(plan, sight),
        due=due,
    )


def _base(plan: Plan, sight: Sight) -> datetime:
    """Day 0: the plan's start, or the last time the child was seen since."""
    return max(plan.since, sight.seen_at or plan.since)


def covered_until(sight: Sight, agreed: Agreements | None) -> datetime | None:
    """Until when somebody may be taken to see this child; None when nobody is named."""
    grace = term_of("SIGHT.grace", agreed).count
    ends = []
    for plan in sight.plans:
        last = end_of(dutch_day(_base(plan, sight)) + timedelta(days=plan.every_days + grace))
        ends.append(last if plan.until is None else min(last, end_of(plan.until)))
    return max(ends, default=None)


def waits_since(watch: Watch, child: PersonRef) -> datetime | None:
    """Since when this child waits: a handover that is not final, a refused one nobody re-routed, a support not
    answered, a worker not assigned, an investigation not concluded. None when it does not wait.
    """
    since = [h.opened_at for h in watch.open_handovers if h.child in (None, child)]
    since += [owed.opened_at for owed in watch.of("REROUTE")]
    since += [w.since for w in watch.waiting.values() if not w.children or child in w.children]
    return min(since, default=None)


def lost_at(watch: Watch, child: PersonRef) -> datetime | None:
    """From when this child is, or will be, without oversight; None when its case does not wait."""
    since = waits_since(watch, child)
    if since is None or not watch.head.open or child not in watch.head.children:
        return None
    sight = watch.sights.get(child)
    covered = covered_until(sight, watch.head.agreed) if sight else None
    if covered is not None:
        return max(since, covered)
    return since if sight is None else max(since, sight.changed_at)


def owners(watch: Watch, child: PersonRef) -> tuple[str, ...]:
    """Whose promise to see this child stands, or stood until it ran out."""
    sight = watch.sights.get(child)
    return tuple(plan.owner for plan in sight.plans) if sight else ()
