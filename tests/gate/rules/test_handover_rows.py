"""Every row of the handover table is told as a short story; a row without a story fails the last test."""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Literal, NamedTuple

import pytest

from schemas.handovers import HandoverKind, HandoverState
from schemas.handovers import HandoverState as S
from schemas.tables.transitions import TRANSITIONS, Side, Transition
from services.gate.rules.case import Context, Judgement
from services.gate.rules.case_records import HandoverRecord
from services.gate.rules.handover import RETURNED
from services.gate.rules.walk import row_for, side_of, step
from tests.gate.rules.families import uid
from tests.gate.rules.play import GI, OTHER_GI, TEAM, VT, H, Play

H2, H3 = uid("second"), uid("third")
CONSULTS = ("VTO", "GO_ON")


class Story(NamedTuple):
    """What happens, and where the first handover and regie stand afterwards."""

    name: str
    play: Callable[[], Play]
    state: HandoverState
    regie: str


def story(name: str, state: HandoverState, regie: str, tell: Callable[[], Play]) -> Story:
    return Story(name, tell, state, regie)


def offered() -> Play:
    play = Play(VT)
    play.propose(VT, TEAM)
    return play


def accepted() -> Play:
    return Play(VT).accepted_by(VT, TEAM)


def warm() -> Play:
    return Play(VT).warm(VT, TEAM)


def emergency() -> Play:
    play = offered()
    play.take_over(TEAM)
    return play


def imposed() -> Play:
    play = Play(TEAM)
    play.order()
    return play


def running_help() -> Play:
    play = Play(TEAM)
    play.propose(VT, TEAM, kind=HandoverKind.INTO_RUNNING_HELP)
    return play


def then(start: Callable[[], Play], *acts: Callable[[Play], Judgement]) -> Callable[[], Play]:
    """Each act must be accepted."""

    def tell() -> Play:
        play = start()
        for place, act in enumerate(acts):
            judgement = act(play)
            assert not judgement.reasons, (place, judgement.reasons)
        return play

    return tell


def agreed(play: Play) -> Judgement:
    play.attest("S")
    return play.attest("R")


def in_hand_back(play: Play) -> Judgement:
    play.hand_back()
    return play.answer_back("DISPUTED")


def third_attempt(play: Play) -> Judgement:
    play.fail()
    play.fail()
    return play.fail()


def twice_asked(play: Play) -> Judgement:
    play.question()
    play.answer()
    return play.question()


def given_back_before(play: Play) -> Judgement:
    play.accepted_by(VT, TEAM)
    play.hand_back()
    play.answer_back("TAKEN_BACK")
    play.propose(VT, TEAM, H2)
    return play.accept(H2)


def both_say(first: Literal["S", "R"], decision: str) -> Callable[[Play], Judgement]:
    second: Literal["S", "R"] = "R" if first == "S" else "S"

    def act(play: Play) -> Judgement:
        play.consult(first, decision)
        return play.consult(second, decision)

    return act


def replaced(side: Literal["S", "R"]) -> Callable[[Play], Judgement]:
    return lambda p: p.change(side)


def consults() -> Iterator[Story]:
    """Each decision from each state it may be taken in, confirmed by either side."""
    for first in ("S", "R"):
        side: Literal["S", "R"] = "S" if first == "S" else "R"
        for start, kept, setup in ((accepted, S.ACCEPTED, ()), (emergency, S.EMERGENCY, (third_attempt,))):
            held = VT.slug if kept is S.ACCEPTED else TEAM.slug
            for decision in ("VTO", "GO_ON", "TRY_AGAIN"):
                acts = (*setup, both_say(side, decision))
                yield story(f"{kept} {decision} confirmed to {first}", kept, held, then(start, *acts))
            acts = (*setup, both_say(side, "TAKE_OVER_WITHOUT_FAMILY"))
            yield story(f"{kept} taken over unmet, {first} first", S.COMPLETED, TEAM.slug, then(start, *acts))
        for decision in CONSULTS:
            acts = (twice_asked, both_say(side, decision))
            yield story(f"offer: {decision}, {first} first", S.PROPOSED, VT.slug, then(offered, *acts))
        acts = (both_say(side, "RETURN"),)
        yield story(f"a consult gives it back, {first} first", S.HANDED_BACK, VT.slug, then(warm, *acts))
        acts = (in_hand_back, both_say(side, "RETURN"))
        yield story(f"a disputed hand-back returns, {first} first", S.RETURNED, VT.slug, then(accepted, *acts))
        acts = (in_hand_back, both_say(side, "TRY_AGAIN"))
        yield story(f"a disputed hand-back is tried again, {first} first", S.ACCEPTED, VT.slug, then(warm, *acts))
        for decision in CONSULTS:
            acts = (in_hand_back, both_say(side, decision))
            yield story(f"disputed: {decision}, {first} first", S.HANDED_BACK, VT.slug, then(accepted, *acts))
            acts = (twice_asked, lambda p: p.order(GI, H2), both_say(side, decision))
            start = _proposed_to_institution
            yield story(f"ordered meanwhile: {decision}, {first} first", S.IMPOSED, TEAM.slug, then(start, *acts))
        acts = (in_hand_back, both_say(side, "TAKE_OVER_WITHOUT_FAMILY"))
        yield story(f"disputed, then taken over unmet, {first} first", S.COMPLETED, TEAM.slug, then(accepted, *acts))


def alternatives() -> Iterator[Story]:
    """The same row for the other side."""
    for last in ("S", "R"):
        side: Literal["S", "R"] = "S" if last == "S" else "R"
        other: Literal["S", "R"] = "R" if last == "S" else "S"

        def talk(p: Play, a: Literal["S", "R"] = other, b: Literal["S", "R"] = side, first: bool = False) -> Judgement:
            p.attest(a, first=first and a == "R")
            return p.attest(b, first=first and b == "R")

        def visit(p: Play, act: Callable[..., Judgement] = talk) -> Judgement:
            p.read()
            return act(p, first=True)

        def read_then_talk(p: Play, act: Callable[..., Judgement] = talk) -> Judgement:
            p.read()
            return act(p)

        yield story(f"attested, {last} last", S.WARM, VT.slug, then(accepted, talk))
        yield story(f"one home visit is enough, {last} last", S.COMPLETED, TEAM.slug, then(accepted, visit))
        yield story(f"emergency attested, not read, {last} last", S.EMERGENCY, TEAM.slug, then(emergency, talk))
        yield story(
            f"emergency read, then attested, {last} last", S.COMPLETED, TEAM.slug, then(emergency, read_then_talk)
        )
        for took_part, to in ((True, S.WARM), (False, S.ACCEPTED)):

            def new(p: Play, one: Literal["S", "R"] = side, there: bool = took_part) -> Judgement:
                return p.change(one, took_part=there)

            yield story(f"{last} replaced in WARM, took part {took_part}", to, VT.slug, then(warm, new))
        yield story(f"{last} replaced early", S.ACCEPTED, VT.slug, then(accepted, replaced(side)))


def other_ends() -> Iterator[Story]:
    """What becomes of a handover when somebody else takes the case, or a court charges somebody else."""
    yield story(
        "VT takes over what was on offer",
        S.CANCELLED,
        VT.slug,
        then(_proposed_to_institution, lambda p: p.take_over(VT, H2)),
    )
    yield story(
        "an emergency after an emergency", S.SUPERSEDED, VT.slug,
        then(_institution_took_over, lambda p: p.take_over(VT, H2)),
    )  # fmt: skip
    yield story(
        "a court charges another",
        S.CANCELLED,
        TEAM.slug,
        then(_proposed_to_institution, lambda p: p.order(OTHER_GI, H2)),
    )
    yield story(
        "a court charges while VT holds the case", S.SUPERSEDED, VT.slug, then(_vt_took_over, lambda p: p.order(GI, H2))
    )
    yield story(
        "transferred while another offer runs", S.CANCELLED, TEAM.slug,
        then(imposed, lambda p: p.transfer(OTHER_GI, GI, H2)),
    )  # fmt: skip
    yield story(
        "transferred in an emergency of the former institution", S.SUPERSEDED, GI.slug,
        then(_institution_took_over, lambda p: p.order(GI, H2), lambda p: p.transfer(OTHER_GI, GI, H3)),
    )  # fmt: skip


def _proposed_to_institution() -> Play:
    play = Play(TEAM)
    play.propose(TEAM, GI)
    return play


def _institution_took_over() -> Play:
    play = _proposed_to_institution()
    play.take_over(GI)
    return play


def _vt_took_over() -> Play:
    play = Play(TEAM)
    play.take_over(VT)
    return play


def _two_institutions() -> Play:
    """GI has a measure and its handover is done; the team offers the case to the second institution."""
    play = imposed()
    play.tell_story()
    play.assign()
    play.read()
    play.attest("S")
    play.attest("R")
    play.meet()
    play.propose(TEAM, OTHER_GI, H2)
    assert play.state(H2) is S.PROPOSED, play.last.reasons
    return play


def joined() -> Iterator[Story]:
    """An order to the institution that is being handed the case already."""
    offer = _proposed_to_institution
    yield story("an order makes an offer imposed", S.IMPOSED, TEAM.slug, then(offer, lambda p: p.order(GI, H2)))
    yield story(
        "an order joins a running handover", S.ACCEPTED, TEAM.slug,
        then(lambda: Play(TEAM).accepted_by(TEAM, GI), lambda p: p.order(GI, H2)),
    )  # fmt: skip


STORIES = (
    story("an offer", S.PROPOSED, VT.slug, offered),
    story("an offer into running help", S.PROPOSED, TEAM.slug, running_help),
    story("a question", S.PROPOSED, VT.slug, then(offered, lambda p: p.question())),
    story("a second question", S.PROPOSED, VT.slug, then(offered, twice_asked)),
    story("an answer", S.PROPOSED, VT.slug, then(offered, lambda p: p.question(), lambda p: p.answer())),
    story("a wait", S.WAITING, VT.slug, then(offered, lambda p: p.wait())),
    story("declined", S.DECLINED, VT.slug, then(offered, lambda p: p.decline())),
    story("accepted", S.ACCEPTED, VT.slug, accepted),
    story("taken back", S.CANCELLED, VT.slug, then(offered, lambda p: p.cancel())),
    story("asked to cancel", S.ACCEPTED, VT.slug, then(accepted, lambda p: p.cancel())),
    story(
        "cancelled by both", S.CANCELLED, VT.slug,
        then(accepted, lambda p: p.cancel(), lambda p: p.confirm_cancel()),
    ),
    story("read", S.ACCEPTED, VT.slug, then(accepted, lambda p: p.read())),
    story("attested, then read in an emergency", S.COMPLETED, TEAM.slug, then(emergency, agreed, lambda p: p.read())),
    story("a failed attempt", S.ACCEPTED, VT.slug, then(accepted, lambda p: p.fail())),
    story("three failed attempts", S.ACCEPTED, VT.slug, then(accepted, third_attempt)),
    story("first contact", S.COMPLETED, TEAM.slug, lambda: Play(VT).completed(VT, TEAM)),
    story("into running help, done", S.COMPLETED, TEAM.slug, lambda: _done_in_running_help()),
    story("handed back", S.HANDED_BACK, VT.slug, then(accepted, lambda p: p.hand_back())),
    story("bounced", S.RETURNED, VT.slug, then(lambda: Play(VT), given_back_before, lambda p: p.hand_back(H2))),
    story(
        "taken back", S.RETURNED, VT.slug,
        then(accepted, lambda p: p.hand_back(), lambda p: p.answer_back("TAKEN_BACK")),
    ),
    story("disputed", S.HANDED_BACK, VT.slug, then(accepted, in_hand_back)),
    story("emergency out of an offer", S.EMERGENCY, TEAM.slug, emergency),
    story("emergency without an offer", S.EMERGENCY, VT.slug, _vt_took_over),
    story("the sender tells the story later", S.EMERGENCY, VT.slug, then(_vt_took_over, lambda p: p.tell_story())),
    story("reviewed", S.EMERGENCY, TEAM.slug, then(emergency, lambda p: p.review())),
    story("emergency over", S.RETURNING, TEAM.slug, then(emergency, lambda p: p.end_emergency())),
    story(
        "stays: one says so", S.RETURNING, TEAM.slug,
        then(emergency, lambda p: p.end_emergency(), lambda p: p.waive("S")),
    ),
    story(
        "stays: both say so", S.COMPLETED, TEAM.slug,
        then(emergency, lambda p: p.end_emergency(), lambda p: p.waive("S"), lambda p: p.waive("R")),
    ),
    story(
        "stays: the other order", S.COMPLETED, TEAM.slug,
        then(emergency, lambda p: p.end_emergency(), lambda p: p.waive("R"), lambda p: p.waive("S")),
    ),
    story("returned", S.SUPERSEDED, VT.slug, lambda: _returned()),
    story("imposed", S.IMPOSED, TEAM.slug, imposed),
    story(
        "imposed on another institution", S.CANCELLED, TEAM.slug,
        then(imposed, lambda p: p.transfer(OTHER_GI, GI, H2)),
    ),
    story("the sender agrees that regie moves", S.IMPOSED, TEAM.slug, then(imposed, lambda p: p.accept(side="S"))),
    story("a worker named", S.IMPOSED, TEAM.slug, then(imposed, lambda p: p.assign(contact=False))),
    story("a worker met the family", S.ACCEPTED, TEAM.slug, then(imposed, lambda p: p.assign())),
    story("a measure ends early", S.CANCELLED, TEAM.slug, then(imposed, lambda p: p.end_measure())),
    story(
        "a measure ends after an emergency", S.COMPLETED, GI.slug,
        then(_institution_took_over, lambda p: p.order(GI, H2), lambda p: p.end_measure()),
    ),
    story(
        "transferred to who is being handed the case", S.COMPLETED, TEAM.slug,
        lambda: _transferred_into_offer(False),
    ),
    story("transferred to who has accepted the case", S.COMPLETED, TEAM.slug, lambda: _transferred_into_offer(True)),
    *joined(),
    *consults(),
    *alternatives(),
    *other_ends(),
)  # fmt: skip


def _done_in_running_help() -> Play:
    play = running_help()
    play.accept()
    play.read()
    play.attest("S")
    play.attest("R")
    play.meet()
    return play


def _returned() -> Play:
    play = emergency()
    play.end_emergency()
    play.completed(TEAM, VT, H2, returns=H)
    return play


def _transferred_into_offer(accepted_first: bool) -> Play:
    play = _two_institutions()
    if accepted_first:
        play.accept(H2)
    play.transfer(OTHER_GI, GI, H3)
    assert play.state(H2) is (S.ACCEPTED if accepted_first else S.IMPOSED), play.last.reasons
    assert play.handover(H2).type is HandoverKind.GI_TO_GI
    return play


@cache
def played(told: Story) -> Play:
    """Each story is played once."""
    return told.play()


def rows_of(ctx: Context, judgement: Judgement) -> Iterator[Transition]:
    """The rows this accepted message was judged by."""
    fact = judgement.effects.handover
    known = ctx.case.of(HandoverRecord)
    if fact is not None and fact.before is None:
        found = row_for(ctx.event.name, None, Side.OPENER, None, fact.kind, frozenset())
        yield from filter(None, (found,))
    elif fact is not None:
        before = known[fact.id]
        taken = step(ctx, before, side_of(before, ctx.sender.slug) or Side.OTHER)
        yield from (taken.row for taken in (taken,) if taken)
    for other in judgement.effects.also:
        for message in (ctx.event.name, RETURNED):
            found = row_for(message, None, Side.OTHER, other.before, other.kind, frozenset())
            yield from filter(None, (found,))


@pytest.mark.parametrize("told", STORIES, ids=lambda told: told.name)
def test_a_story_ends_where_the_table_says(told: Story) -> None:
    """The handover stands where its row says, and regie is with whom it should be."""
    play = played(told)
    assert not play.last.reasons, play.last.reasons
    assert (play.state(), play.head.regie) == (told.state, told.regie)


def test_every_row_of_the_table_is_told() -> None:
    """A row nobody tells about is a row nobody checked."""
    walked = {
        id(row) for told in STORIES for ctx, judgement in played(told).accepted for row in rows_of(ctx, judgement)
    }
    untold = [
        (row.message, row.variant, row.by, row.when, sorted(map(str, row.states)))
        for row in TRANSITIONS
        if id(row) not in walked
    ]
    assert not untold


def test_no_row_is_shadowed_by_an_earlier_one() -> None:
    """A row that an earlier row with fewer conditions swallows would never count."""
    for place, row in enumerate(TRANSITIONS):
        for earlier in TRANSITIONS[:place]:
            same = (earlier.message, earlier.by) == (row.message, row.by) and earlier.variant in (None, row.variant)
            swallowed = (
                set(earlier.when) <= set(row.when) and row.states <= earlier.states and row.kinds <= earlier.kinds
            )
            assert not (same and swallowed), (row, earlier)


def test_a_wait_lasts_four_weeks_at_most_and_is_announced_twice_at_most() -> None:
    """The third wait is refused, and the longest is 28 days."""
    play = offered()
    assert play.wait(days=29).reasons
    assert not play.wait(days=28).reasons
    assert not play.wait(days=28).reasons
    assert play.wait(days=7).reasons
    assert not play.accept().reasons
