"""What a proposal brings beside the story: what each asks, on which areas of life, and the goals of the plan."""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from schemas.base import Code, Frozen
from schemas.body import Known
from schemas.person import PersonRef


class LifeArea(StrEnum):
    """Where behind one request another may lie (leefgebied; TSD 2017, Bijlage 1)."""

    SAFETY = "SAFETY"
    UPBRINGING = "UPBRINGING"
    HEALTH = "HEALTH"
    MENTAL_HEALTH = "MENTAL_HEALTH"
    ADDICTION = "ADDICTION"
    SCHOOL = "SCHOOL"
    WORK = "WORK"
    MONEY = "MONEY"
    HOUSING = "HOUSING"
    NETWORK = "NETWORK"


class AreaAsked(Frozen):
    """Whether an area of life was gone into. One that is not named counts as NOT_ASKED, and is shown as that."""

    area: LifeArea
    state: Known


class HelpQuestion(Frozen):
    """What this person asks help for (hulpvraag), framed with them; the words are an item about them (TSD 2017, Bijlage
    1: with parents and children).
    """

    person: PersonRef
    state: Known


class GroupPlan(Frozen):
    """Whether the family could make a plan with its own people first (familiegroepsplan; Jeugdwet 4.1.2). MADE: it
    travels along as a PLAN item.
    """

    state: Literal["OFFERED", "MADE", "WAIVED", "NOT_OFFERED_DANGER"]
    on: date


class Goal(Frozen):
    """A goal of the plan (doel): how pressing, how one sees that it is reached, and when it is looked at (TSD 2017,
    Bijlage 1). The words are a PLAN item.
    """

    id: Code
    person: PersonRef
    priority: Annotated[int, Field(ge=1, le=16)]  # 1 is the first
    measure: Code
    due: date


def in_order(goals: Sequence[Goal]) -> bool:
    """Goals have a name and a place of their own."""
    ids, places = {goal.id for goal in goals}, {goal.priority for goal in goals}
    return len(ids) == len(places) == len(goals)
