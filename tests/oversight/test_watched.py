"""In every open state of a handover something is owed, by somebody named, until some moment; somebody looks on."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.handovers import HandoverKind, HandoverState
from schemas.tables.obligations import BY_CODE, STANDING
from schemas.tables.transitions import OPEN, TRANSITIONS, Effect, Side, Transition, When
from tests.oversight.story import GI, HANDOVER, LT, MONDAY, OTHER, VT, Story, handover, plan

STEP = timedelta(hours=7)
_ARRIVAL = {
    HandoverState.EMERGENCY: "handovers.emergency_taken_over",
    HandoverState.IMPOSED: "measures.started",
    HandoverState.WAITING: "handovers.wait_announced",
}


def _say(story: Story, row: Transition, before: HandoverState | None, kind: HandoverKind) -> HandoverState:
    """Walk one row of the table: as the message itself, or as what another handover's message does to this one."""
    after = row.to or before
    assert after is not None
    change = handover(before, after, *row.effects, kind=kind)
    when = story.now + STEP
    fields = {"decision": row.variant} if row.message == "handovers.consult_held" else {}
    if row.variant and row.message == "handovers.hand_back_answered":
        fields = {"answer": row.variant}
    by = VT if row.by is Side.SENDER else LT
    if row.by is Side.OTHER:
        own = handover(None, HandoverState.PROPOSED, handover_id=OTHER)
        story.tell("handovers.proposed", GI, when, own, also=(change,))
    else:
        story.tell(row.message, by, when, change, **fields)
    return after


def _watched(story: Story, handover_id: str) -> None:
    owed = [o for o in story.watch.owed.values() if o.handover == handover_id]
    assert owed
    assert any(o.responsible and o.watcher and o.due >= o.opened_at for o in owed)


def test_every_open_state_has_something_that_is_owed_in_it() -> None:
    """And it is a row of the obligation table."""
    assert set(STANDING) == OPEN
    assert set(STANDING.values()) <= set(BY_CODE)


@settings(deadline=None, max_examples=40)  # the machine may be busy
@given(st.data())
def test_no_walk_through_the_table_leaves_an_open_handover_unwatched(data: st.DataObject) -> None:
    """Whatever is said in whatever order the table allows, and whatever time passes in between."""
    kind = data.draw(st.sampled_from(HandoverKind))
    story, state = Story(children=()), None
    for _ in range(data.draw(st.integers(1, 12))):
        rows = [row for row in TRANSITIONS if state in row.states and kind in row.kinds]
        if not rows:
            return
        state = _say(story, data.draw(st.sampled_from(rows)), state, kind)
        story.wait(data.draw(st.sampled_from([timedelta(0), timedelta(days=3), timedelta(days=20)])))
        for open_handover in story.watch.open_handovers:
            _watched(story, open_handover.id)
        if state not in OPEN:
            assert HANDOVER not in story.watch.handovers


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.sampled_from(HandoverState), st.sets(st.sampled_from(Effect), max_size=3)), min_size=1))
def test_not_even_a_course_that_the_table_does_not_know(course: list[tuple[HandoverState, set[Effect]]]) -> None:
    """Oversight follows the gate's word about the state, also after a rebuild from the middle."""
    story, before = Story(children=()), None
    for after, effects in course:
        change = handover(before, after, *sorted(effects))
        story.tell("handovers.contact_attempt_failed", LT, story.now + STEP, change)
        for open_handover in story.watch.open_handovers:
            _watched(story, open_handover.id)
        before = after


def _cases() -> list[tuple[Transition, HandoverState | None]]:
    own = [row for row in TRANSITIONS if row.by is not Side.OTHER and (row.opens or row.closes)]
    return [(row, state) for row in own for state in sorted(row.states, key=str)]


@pytest.mark.parametrize(("row", "state"), _cases(), ids=lambda value: getattr(value, "message", None) or str(value))
def test_what_a_row_of_the_transition_table_opens_and_closes_is_opened_and_closed(
    row: Transition, state: HandoverState | None
) -> None:
    """The two tables say the same."""
    kind = sorted(row.kinds)[0]
    story = Story(children=("child-9",), holders=(VT, LT, GI))
    if state is not None:
        effects = (Effect.CONSULT_OPENED,) if When.CONSULT_OPEN in row.when else ()
        if state is HandoverState.EMERGENCY:
            effects = (*effects, Effect.STORY_OWED)
        story.tell(_ARRIVAL.get(state, "handovers.questioned"), LT, MONDAY, handover(None, state, *effects, kind=kind))
    _say(story, row, state, kind)
    assert set(row.opens) <= story.codes
    assert not set(row.closes) - set(row.opens) & story.codes


def test_a_joint_consult_that_only_goes_on_puts_the_ball_back_with_the_sender() -> None:
    """A disputed hand-back would otherwise wait for nobody."""
    story, back = Story(), HandoverState.HANDED_BACK
    story.tell("handovers.handed_back", LT, MONDAY, handover(HandoverState.WARM, back, Effect.BOUNCE))
    disputed = handover(back, back, Effect.DISPUTED, Effect.CONSULT_OPENED)
    story.tell("handovers.hand_back_answered", VT, None, disputed)
    assert "HAND_BACK_ANSWER" not in story.codes
    story.tell("handovers.consult_held", LT, None, handover(back, back, Effect.CONSULT_CLOSED))
    assert story.owed("HAND_BACK_ANSWER").responsible == (VT,)


def test_a_return_that_fails_leaves_the_holder_owing_another() -> None:
    """RETURN_PROPOSAL closes with the proposal, and opens again when that is declined."""
    story = Story()
    emergency = handover(None, HandoverState.EMERGENCY)
    story.tell("handovers.emergency_taken_over", LT, MONDAY, emergency, case={"regie": LT}, sight=[plan()])
    story.tell("handovers.emergency_ended", LT, None, handover(HandoverState.EMERGENCY, HandoverState.RETURNING))
    assert story.owed("RETURN_PROPOSAL").responsible == (LT,)
    back = handover(None, HandoverState.PROPOSED, handover_id=OTHER, sender=LT, receiver=VT, returns=HANDOVER)
    story.tell("handovers.proposed", LT, None, back)
    assert not story.watch.of("RETURN_PROPOSAL")
    declined = back.model_copy(update={"before": HandoverState.PROPOSED, "after": HandoverState.DECLINED})
    story.tell("handovers.declined", VT, None, declined, handover=OTHER)
    assert story.owed("RETURN_PROPOSAL").responsible == (LT,)
