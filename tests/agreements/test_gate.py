"""What the gate lets through where a chain agreed otherwise, and what it tells oversight of that."""

from datetime import timedelta

import pytest

from schemas.agreements import Agreements
from schemas.consents import ConsentSetAside, Scope
from schemas.handovers import HandoverState
from schemas.manifest import Category
from schemas.refusal import Refusal
from services.gate.facts import case_fact
from tests.agreements.chains import agreed, chain
from tests.gate.rules.families import OTHER_TEAM, TEAM, VT, uid
from tests.gate.rules.play import Play


def between(*north: Agreements, south: tuple[Agreements, ...] = ()) -> Play:
    """A proposal of Veilig Thuis, of the north, to the other team, of the south."""
    play = Play(VT, directory=chain(*north, south=south))
    play.propose(VT, OTHER_TEAM)
    assert not play.last.reasons, play.last.reasons
    return play


def codes(play: Play) -> list[Refusal]:
    return [reason.code for reason in play.last.reasons]


@pytest.mark.parametrize("days", [28, 14, 42])
def test_a_wait_is_no_longer_than_the_chain_of_who_leads_agreed(days: int) -> None:
    """What the chain of the other side agreed does not count."""
    north, south = agreed(terms={"LONGEST_WAIT": f"{days} days"}), agreed(terms={"LONGEST_WAIT": "1 day"})
    play = between(north, south=(south,))
    play.wait(days=days + 1)
    assert codes(play) == [Refusal.DATE_NOT_ALLOWED]
    assert not play.wait(days=days).reasons


def test_a_wait_may_be_announced_as_often_as_agreed() -> None:
    """Twice where nothing was agreed."""
    for most, times in ((None, 2), (1, 1), (3, 3)):
        play = between(*([agreed(numbers={"WAITS": most})] if most else []))
        given = [bool(play.wait(days=7).reasons) for _ in range(times + 1)]
        assert given == [*[False] * times, True]


@pytest.mark.parametrize(("agreements", "most"), [((), 28), ((agreed(terms={"SET_ASIDE": "14 days"}),), 14)])
def test_a_set_aside_is_looked_at_no_later_than_agreed(agreements: tuple[Agreements, ...], most: int) -> None:
    """Somebody's word was set aside: sooner may be agreed, later not."""
    for days, wrong in ((most, []), (most + 1, [Refusal.DATE_NOT_ALLOWED])):
        play = Play(VT, directory=chain(*agreements))
        scope = Scope(categories=(Category.HEALTH,))
        until = play.today + timedelta(days=days)
        play.say(VT, ConsentSetAside(
            statement=uid("aside"), about="child", holder="father", scope=scope, reason="SUSPECTED_OF_VIOLENCE",
            review_on=until,
        ))  # fmt: skip
        assert codes(play) == wrong


def test_so_many_failed_attempts_open_a_joint_consult_as_agreed() -> None:
    """Three where nothing was agreed."""
    for attempts, agreements in ((3, ()), (1, (agreed(numbers={"ATTEMPTS": 1}),))):
        play = between(*agreements)
        play.accept()
        opened = []
        for _ in range(attempts):
            play.fail()
            opened.append(play.handover().consult_open)
        assert opened == [*[False] * (attempts - 1), True]


def test_agreements_count_from_their_day_on_and_what_was_decided_before_stays() -> None:
    """The same wait is refused on the last day of the old ones, and fits on the first of the new."""
    play = between(agreed(), agreed("2026-03-09", document="noord-2", terms={"LONGEST_WAIT": "42 days"}))
    play.later(days=6)
    assert play.wait(days=42).reasons
    play.later(days=1)
    assert not play.wait(days=42).reasons
    assert play.state() is HandoverState.WAITING


def test_what_was_published_beyond_its_bounds_changes_nothing() -> None:
    """The gate does not trust that somebody checked it."""
    play = between(agreed(terms={"LONGEST_WAIT": "300 days"}, numbers={"WAITS": 50}))
    play.wait(days=29)
    assert codes(play) == [Refusal.DATE_NOT_ALLOWED]


def test_oversight_hears_with_each_message_what_the_chain_of_who_leads_agreed() -> None:
    """And nothing where nothing was agreed; a thread has the agreements of the chain that is asked."""
    north, south = agreed(terms={"CASE_UPDATE": "30 days"}), agreed(document="zuid", numbers={"WAITS": 1})
    play = Play(VT, directory=chain(north, south=(south,)))
    fact = case_fact(play.case, play.directory, play.today)
    assert fact is not None and fact.agreed == north
    silent = Play(VT)
    told = case_fact(silent.case, silent.directory, silent.today)
    assert told is not None and told.agreed is None
    assert "agreed" not in told.model_dump_json(exclude_none=True)


def test_a_new_case_goes_by_the_agreements_of_who_opens_it() -> None:
    """Nobody leads it yet."""
    play = Play(TEAM, directory=chain(agreed()))
    first, _ = play.accepted[0]
    assert first.agreed is None  # who speaks in the tests names no coordination
    known = play.directory[TEAM.slug]
    assert Play(known, directory=chain(agreed())).accepted[0][0].agreed == agreed()
