"""A case as the organisations see it after a step: who leads, who sees which child, what alarms."""

from collections.abc import Mapping
from concurrent.futures import Executor
from datetime import date
from typing import Any, NamedTuple

from services.cli.play.desk import Desks

Row = Mapping[str, Any]


class Seen(NamedTuple):
    """By organisation: its page of the case (only where it knows the case), and its open alerts about it."""

    pages: Mapping[str, Mapping[str, Any]]
    alerts: Mapping[str, tuple[Row, ...]]

    @property
    def regie(self) -> dict[str, str]:
        """Who leads, as each organisation sees it that was told; "nobody" leads a closed case."""
        told = {slug: page["regie"] if page["open"] else "nobody" for slug, page in self.pages.items()}
        return {slug: holder for slug, holder in told.items() if holder is not None}

    def handover(self, handover: str | None) -> dict[str, str]:
        """The state of one handover, as each organisation sees it."""
        rows = ((slug, row) for slug, page in self.pages.items() for row in page["handovers"])
        return {slug: row["state"] for slug, row in rows if row["id"] == handover}

    @property
    def plans(self) -> list[Row]:
        """The plans in force. Each as its owner sees it: only the owner is sure to know its latest."""
        return [row for slug, page in self.pages.items() for row in page["sight"] if row["owner"] == slug]

    def sight(self, child: str) -> set[str]:
        """Whose plan for this child is in force."""
        return {row["owner"] for row in self.plans if row["child"] == child}

    @property
    def children(self) -> list[str]:
        """Every child somebody has a plan for."""
        return sorted({row["child"] for row in self.plans})


NOTHING = Seen({}, {})


def look(desks: Desks, organisations: tuple[str, ...], case: str | None, pool: Executor, today: date) -> Seen:
    """Ask every organisation of the scenario; nothing is known of a case that was never opened. A plan of sight that
    ended before `today` is none any more.
    """
    if case is None:
        return NOTHING
    pages = pool.map(lambda slug: desks.get(desks.anyone(slug), f"/api/cases/{case}"), organisations)
    alerts = pool.map(lambda slug: _alerts(desks, slug, case), organisations)
    return Seen(
        {
            slug: in_force(page, today)
            for slug, (status, page) in zip(organisations, pages, strict=True)
            if status == 200
        },
        dict(zip(organisations, alerts, strict=True)),
    )


def in_force(page: Mapping[str, Any], today: date) -> Mapping[str, Any]:
    """The page of a case without the plans of sight that are over."""
    plans = [row for row in page["sight"] if row["until"] is None or date.fromisoformat(row["until"]) >= today]
    return {**page, "sight": plans}


def _alerts(desks: Desks, organisation: str, case: str) -> tuple[Row, ...]:
    """What anybody there is told of, and what only its privacy officer is."""
    found: dict[str, Row] = {}
    for who in dict.fromkeys((desks.anyone(organisation), desks.officer(organisation))):
        status, rows = desks.get(who, f"/api/alerts?case={case}&state=open") if who else (0, ())
        found |= {row["alert"]: row for row in rows} if status == 200 else {}
    return tuple(found.values())
