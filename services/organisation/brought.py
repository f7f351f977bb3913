"""What the last proposal of a case brought, for its page: what was asked of whom and what was not, and the goals."""

from collections.abc import Iterable, Mapping
from typing import Any

from schemas.body import Known
from schemas.brought import LifeArea
from schemas.handovers import HandoverProposed
from services.organisation.said import Told

Row = dict[str, Any]


def brought(told: Iterable[Told]) -> Row | None:
    """Of the latest proposal. Every area of life is there: one that nobody named was not asked, and is shown as that
    (TSD 2017, Bijlage 1; D#169).
    """
    proposed = (one for one in told if one.name == HandoverProposed.name)
    last = max(proposed, key=lambda one: one.at, default=None)
    if last is None:
        return None
    body = last.body
    asked = {row["area"]: row["state"] for row in body.get("areas", ())}
    return {
        "handover": body["handover"],
        "by": last.source,
        "at": last.at,
        "areas": {area.value: asked.get(area.value, Known.NOT_ASKED.value) for area in LifeArea},
        "questions": {row["person"]: row["state"] for row in body.get("questions", ())},
        "group_plan": body.get("group_plan"),
        "goals": sorted(body.get("goals", ()), key=lambda goal: goal["priority"]),
        "family": _family(body),
    }


def _family(body: Mapping[str, Any]) -> list[Row]:
    """Of each person: were they told, when were they given it to read, and what became of their response."""
    told = {row["person"]: row["told"] for row in body.get("told", ())}
    responses = {row["person"]: row for row in body.get("client_response", ())}
    return [
        {
            "person": person,
            "told": told.get(person),
            "shown_on": responses.get(person, {}).get("shown_on"),
            "response": responses.get(person, {}).get("state"),
        }
        for person in dict.fromkeys((*told, *responses))
    ]
