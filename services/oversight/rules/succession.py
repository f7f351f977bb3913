"""An organisation goes on as another: what is owed, promised and alarmed goes over, and the new one hears what is
open."""

from typing import TypeVar

from schemas.base import Slug
from schemas.service import Succeeded
from schemas.succession import Names, of_today
from services.oversight.rules import sight
from services.oversight.rules.case import Obligation, Plan, Record, Sight, Watch

R = TypeVar("R", bound=Record)


def take_over(watch: Watch, body: Succeeded) -> tuple[Watch, tuple[str, ...]]:
    """The case under the new name, and the alerts of which the old organisation had heard. Nobody waits for an answer
    of its own: support that the two had asked of each other has ended."""
    names = {body.ended: body.successor}
    heard = tuple(alert.key for alert in watch.alerts.values() if body.ended in alert.told)
    return Watch(
        of_today(watch.head, names),
        _table(watch.handovers, names),
        _owed(watch.owed, names),
        _table(watch.alerts, names),
        {child: _sight(of_today(plans, names), body.successor) for child, plans in watch.sights.items()},
        _table(watch.reports, names),
        {key: waiting for key, waiting in _table(watch.waiting, names).items() if waiting.by not in waiting.of},
    ), heard


def _table(records: dict[str, R], names: Names) -> dict[str, R]:
    return {key: of_today(record, names) for key, record in records.items()}


def _owed(records: dict[str, Obligation], names: Names) -> dict[str, Obligation]:
    """A check of sight is named after who promised it. What both owe is owed once, by the first date."""
    found: dict[str, Obligation] = {}
    for record in records.values():
        owed = of_today(record, names)
        if owed.code == sight.CHECK and owed.ref in names:
            owed = owed.model_copy(update={"ref": names[owed.ref]})
        there = found.get(owed.key)
        found[owed.key] = owed if there is None or owed.due < there.due else there
    return found


def _sight(plans: Sight, new: Slug) -> Sight:
    """Of two promises the longer counts, then the more frequent: as at the gate."""
    own = [plan for plan in plans.plans if plan.owner == new]
    if len(own) < 2:
        return plans
    kept = max(own, key=_reach)
    return plans.model_copy(update={"plans": (*(p for p in plans.plans if p.owner != new), kept)})


def _reach(plan: Plan) -> tuple[bool, str, int]:
    return plan.until is None, plan.until.isoformat() if plan.until else "", -plan.every_days
