"""What oversight makes of a split, of two cases of one family, and of very many helpers."""

from tests.oversight.story import (
    CHILD,
    COORDINATION,
    LT,
    MONDAY,
    SISTER,
    SUBJECT,
    VT,
    Story,
    at,
    heard,
    local,
    plan,
    uuid,
)
from tests.oversight.test_asked import ThreadStory

OTHER = f"case:{uuid(5)}"
BOTH = (CHILD, SISTER)


def test_a_split_is_finished_within_a_working_day() -> None:
    """By who leads; the coordination looks on."""
    story = Story(children=BOTH)
    story.tell("cases.split", VT, MONDAY, case={"splitting": (OTHER,)})
    owed = story.owed("SPLIT_OPEN")
    assert (owed.ref, owed.responsible, owed.watcher, local(owed.due)) == (
        OTHER, (VT,), (COORDINATION,), "2026-03-03 23:59:59",
    )  # fmt: skip
    story.tell("cases.linked", VT, case={"splitting": (), "children": (CHILD,)})
    assert "SPLIT_OPEN" not in story.codes


def test_a_split_that_is_taken_back_is_owed_no_more() -> None:
    story = Story(children=BOTH)
    story.tell("cases.split", VT, MONDAY, case={"splitting": (OTHER,)})
    story.tell("cases.split", VT, into=SUBJECT, case={"splitting": ()})
    assert "SPLIT_OPEN" not in story.codes


def test_who_left_is_watched_no_more_and_who_stayed_is() -> None:
    """No check of sight, no alarm and no planned date about a child that is another case's."""
    story = Story(children=BOTH)
    story.tell("sight.planned", VT, MONDAY, plans=[plan(), plan(SISTER)])
    story.propose(sight=[])
    story.tell("monitoring.planned", VT, children=[SISTER])
    story.wait(at("2026-03-20"))
    raised = {say.body.child for say in story.said if say.body.code == "NO_OVERSIGHT"}
    assert raised == {CHILD, SISTER}
    told = story.tell("cases.linked", VT, case={"children": (CHILD,)})
    assert [word for word in heard(told) if word[0] == "resolved" and word[1] == "NO_OVERSIGHT"]
    assert {owed.child for owed in story.watch.of("SIGHT_CHECK")} == {CHILD}
    assert (set(story.watch.sights), story.watch.of("MONITORING_CHECK")) == ({CHILD}, ())
    story.wait(at("2026-06-20"))
    assert not [say for say in story.said if say.body.child == SISTER and say not in told and say.tier == 3][1:]


def test_two_cases_of_one_family_are_one_within_five_working_days() -> None:
    story = Story()
    story.tell("cases.linked", VT, MONDAY, kind="SAME_FAMILY")
    assert local(story.owed("DUAL_REGIE").due) == "2026-03-09 23:59:59"
    story.tell("cases.linked", VT, kind="JOINED")
    assert "DUAL_REGIE" not in story.codes


def test_too_many_helpers_are_told_to_who_leads_and_to_nobody_else() -> None:
    """Also to who leads next; with fewer it is over (D#34-35)."""
    story = Story()
    assert heard(story.tell("sight.planned", VT, MONDAY, case={"helpers": 7})) == []
    said = story.tell("sight.planned", VT, case={"helpers": 8})
    assert heard(said) == [("raised", "TOO_MANY_HELPERS", 1, {VT})]
    moved = story.tell("sight.planned", LT, case={"regie": LT})
    assert heard(moved) == [
        ("resolved", "TOO_MANY_HELPERS", None, {VT}),
        ("raised", "TOO_MANY_HELPERS", 1, {LT}),
    ]
    over = story.tell("sight.planned", LT, case={"helpers": 6})
    assert heard(over) == [("resolved", "TOO_MANY_HELPERS", None, {LT})]


def test_a_team_that_is_asked_whether_it_knows_a_family_answers_within_two_working_days() -> None:
    """Otherwise a second case is opened; who asked looks on."""
    story = ThreadStory()
    person = {"ref": "parent-1", "role": "PARENT"}
    story.tell("cases.match_asked", VT, LT, MONDAY, {"persons": [person]}, True)
    assert story.owed()["MATCH_ANSWER"] == "2026-03-04 23:59:59"
    story.tell("cases.match_answered", LT, VT, at("2026-03-03"), {"found": False}, False)
    assert "MATCH_ANSWER" not in story.owed()
