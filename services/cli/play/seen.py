"""A case as the organisations see it after a step: who leads, who sees which child, what alarms."""

from collections.abc import Mapping
from concurrent.futures import Executor
from typing import Any, NamedTuple

from services.cli.play.desk import Desks

Row = Mapping[str, Any]


class Seen(NamedTuple):
    """By organisation: its page of the case (only where it knows the case), and its open alerts about it."""

    pages: Mapping[str, Mapping[str, Any]]
    alerts: Mapping[str, tuple[Row, ...]]

    @property
    def regie(self) -> dict[str, str]:
        """Who leads, as each organisation that knows the case sees it."""
        return {slug: page["regie"] or "nobody" for slug, page in self.pages.items()}

    def handover(self, handover: str | None) -> dict[str, str]:
        """The state of one handover, as each organisation sees it."""
        rows = ((slug, row) for slug, page in self.pages.items() for row in page["handovers"])
        return {slug: row["state"] for slug, row in rows if row["id"] == handover}

    def sight(self, child: str) -> dict[str, set[str]]:
        """Whose plan for this child is in force, as each organisation sees it."""
        return {
            slug: {row["owner"] for row in page["sight"] if row["child"] == child} for slug, page in self.pages.items()
        }

    @property
    def children(self) -> list[str]:
        """Every child somebody has a plan for."""
        return sorted({row["child"] for page in self.pages.values() for row in page["sight"]})


NOTHING = Seen({}, {})


def look(desks: Desks, organisations: tuple[str, ...], case: str | None, pool: Executor) -> Seen:
    """Ask every organisation of the scenario; nothing is known of a case that was never opened."""
    if case is None:
        return NOTHING
    pages = pool.map(lambda slug: desks.get(desks.anyone(slug), f"/api/cases/{case}"), organisations)
    alerts = pool.map(lambda slug: desks.get(desks.anyone(slug), f"/api/alerts?case={case}&state=open"), organisations)
    return Seen(
        {slug: page for slug, (status, page) in zip(organisations, pages, strict=True) if status == 200},
        {slug: tuple(rows) for slug, (status, rows) in zip(organisations, alerts, strict=True) if status == 200},
    )
