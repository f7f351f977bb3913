"""Gate and oversight together, in a region whose agreements change while its cases run."""

from datetime import date

from schemas.service import Fact
from services.oversight.rules.case import Watch
from tests.gate.rules.families import TEAM
from tests.invariants.stories import everyone_agrees, proposed
from tests.invariants.talk import Talk
from tests.invariants.world import AGREED, World


def watched(talk: Talk) -> Watch:
    return talk.world.watch(talk.subject)


def told(talk: Talk) -> list[Fact]:
    return [fact for step in talk.world.steps for fact in step.facts if fact.case is not None]


def test_each_fact_carries_what_held_on_its_day_and_the_past_keeps_its_dates() -> None:
    """First as the tables have it, then what was agreed, then what was agreed after that."""
    talk = Talk(World())
    everyone_agrees(talk)
    proposed(talk)
    (first,) = watched(talk).of("FIRST_REACTION")
    for days in (5, 14):
        talk.later(days=days)
        assert not talk.plan_sight(TEAM, "child").reasons
    names = [fact.case.agreed.document if fact.case and fact.case.agreed else None for fact in told(talk)]
    assert [name for place, name in enumerate(names) if name not in names[:place]] == [None, "noord-1", "noord-2"]
    began = [date.fromisoformat(str(each["since"])) for each in AGREED]
    for fact in told(talk):
        agreed = fact.case.agreed if fact.case else None
        assert agreed is None or (agreed.since in began and agreed.since <= fact.at.date())
    (still,) = watched(talk).of("FIRST_REACTION")
    assert still.due == first.due
