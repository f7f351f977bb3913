"""Every term that a chain may agree otherwise is the one that holds where it was agreed, and nowhere else."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from schemas.agreements import Agreements
from schemas.body import Phase
from schemas.tables.agreeable import BEFORE, DIRECT, TERM
from schemas.tables.agreed import flaws, written
from schemas.tables.obligation_row import Row, Term
from schemas.tables.obligations import ROWS
from tests.oversight.begun import ALL, LED_BY_GI, ORDERED, Act
from tests.oversight.begun import begun as begun_with
from tests.oversight.story import GI, VT, Story, plan

HEIGHTS = [name for name in TERM if name.startswith("heights.")]
OF_ROWS = [name for name in TERM if name.removesuffix(BEFORE).removesuffix(DIRECT) in ALL]


ENDED = begun_with(ORDERED, Act("measures.ended", GI), **LED_BY_GI)
"""The term of handing back counts once the measure is over; before that, its end does."""


def agreed(name: str) -> Agreements:
    """Half the term, or one more where it cannot be halved."""
    row = TERM[name]
    terms = (replace(row.term, count=count) for count in (row.term.count // 2, row.term.count + 1) if count > 0)
    return next(found for term in terms if not any(flaws(found := _of(name, term))))


def _of(name: str, term: Term) -> Agreements:
    said = {"since": "2026-01-01", "document": "noord", "pair": "ALL", "terms": {name: written(term)}}
    return Agreements.model_validate(said)


def begun(code: str, name: str, **more: Any) -> Story:
    story = ENDED if code == "RETURN_HANDOVER" else ALL[code]
    return story(phase=Phase.DIRECT_SAFETY if DIRECT in name else Phase.STABLE_SAFETY, **more)


def dates(story: Story, code: str) -> set[tuple[datetime, datetime]]:
    """When each of these obligations shows, and when it is due."""
    found = {(owed.opens_at, owed.due) for owed in story.watch.of(code)}
    assert found
    return found


@pytest.mark.parametrize("name", OF_ROWS)
def test_an_obligation_has_the_dates_that_were_agreed(name: str) -> None:
    code = name.removesuffix(BEFORE).removesuffix(DIRECT)
    usual = {} if code != "PAIR_NAMED" else {"agreed": _of("SILENCE", TERM["SILENCE"].term)}
    assert dates(begun(code, name, agreed=agreed(name)), code) != dates(begun(code, name, **usual), code)


def climbs(row: Row, name: str, **more: Any) -> list[tuple[int | None, datetime]]:
    """Each tier at which the alarm of a row is heard, and when."""
    story = begun(row.code, name, **more)
    story.tell("sight.planned", VT, plans=[plan(every_days=92)])
    due = min(owed.due for owed in story.watch.of(row.code))
    heard = []
    for hours in range(0, 24 * 45, 6):
        said = story.wait(max(story.now, due + timedelta(hours=hours)))
        heard += [(say.tier, story.now) for say in said if say.body.code == row.alert_code]
    return heard


@pytest.mark.parametrize("name", HEIGHTS)
def test_an_alarm_climbs_when_it_was_agreed(name: str) -> None:
    """And is first heard when it always was."""
    row = next(row for row in ROWS if row.heights == name.split(".")[1])
    usual, otherwise = climbs(row, name), climbs(row, name, agreed=agreed(name))
    assert usual[0] == otherwise[0] and usual != otherwise
    assert [tier for tier, _ in usual] == [tier for tier, _ in otherwise]
