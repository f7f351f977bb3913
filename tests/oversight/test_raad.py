"""What is owed while a child waits for the Raad, how loud it gets, and what happens when nobody sees it meanwhile."""

from datetime import timedelta
from typing import Any

import pytest

from schemas.parties import OrganisationKind
from tests.oversight.story import (
    CHILD,
    COORDINATION,
    GI,
    KINDS,
    LT,
    MONDAY,
    VT,
    Story,
    alert_body,
    at,
    heard,
    local,
    plan,
    uuid,
)

RAAD = "raad-noord"
KINDS[RAAD] = OrganisationKind.RAAD
VTO, TABLE = uuid(17), uuid(18)
WHOLE: dict[str, Any] = {"corv": "C-1", "college_told_on": "2026-03-02"}
WORKER = {"ref": "r1", "function": "raad-investigator"}
LONG = [plan(every_days=92)]


def story(**case: Any) -> Story:
    return Story(**{"regie": LT, "holders": (VT, LT, RAAD), "vt_origin": False, **case})


def asked(by: str = LT, when: Any = MONDAY, **more: Any) -> Story:
    told = story()
    told.tell("investigations.registered", by, when, to=(RAAD,), **{"sight": LONG, **WHOLE, **more})
    return told


def says(told: Story, name: str, when: str, by: str = RAAD, **more: Any) -> list[Any]:
    least: dict[str, dict[str, Any]] = {
        "received": {},
        "wait_announced": {"expected_on": "2026-04-20", "family_told_on": "2026-03-04"},
        "started": {"investigator": WORKER},
        "concluded": {"outcome": "NO_FURTHER_STEPS", "placement": "NOT_ASKED"},
        "noted": {},
    }
    fields = {"investigation": VTO, **least[name], **more}
    return told.tell(f"investigations.{name}", by, at(when), to=(LT,), **fields)


def test_the_raad_receives_and_starts_within_its_own_norm() -> None:
    """Two working days* to say that it has the request; ten days to begin (D§3a D10)."""
    told = asked()
    owed = {o.code: (o.responsible, o.watcher, local(o.due)) for o in told.watch.owed.values()}
    assert owed["RAAD_RECEIPT"] == ((RAAD,), (LT,), "2026-03-04 23:59:59")
    assert owed["RAAD_START"] == ((RAAD,), (LT,), "2026-03-12 23:59:59")
    assert owed["RAAD_WAIT_NOTICE"] == ((RAAD,), (LT,), "2026-03-16 23:59:59")
    says(told, "received", "2026-03-03")
    assert told.watch.of("RAAD_RECEIPT") == () and told.watch.of("RAAD_START")
    says(told, "started", "2026-03-10")
    assert not told.watch.of("RAAD_START") and not told.watch.of("RAAD_WAIT_NOTICE")
    assert local(told.owed("RAAD_DECISION").due) == "2026-04-21 23:59:59"
    says(told, "concluded", "2026-04-01")
    assert {code for code in told.codes if code.startswith("RAAD")} == set()
    assert not told.said


def test_its_alarms_climb_slowly_and_never_to_the_top_by_themselves() -> None:
    """Day 11 tier 1 at the Raad, twenty days later tier 2 at the coordinator (D#70): most are late."""
    told = asked()
    says(told, "received", "2026-03-03")
    says(told, "wait_announced", "2026-03-04")
    assert heard(told.wait(at("2026-03-12"))) == []
    assert heard(told.wait(at("2026-03-13"))) == [("raised", "RAAD_START", 1, {RAAD})]
    assert heard(told.wait(at("2026-04-01"))) == []
    assert heard(told.wait(at("2026-04-02"))) == [("escalated", "RAAD_START", 2, {RAAD, COORDINATION})]
    later = [entry for entry in heard(told.wait(at("2026-05-20"))) if entry[1] == "RAAD_START"]
    assert later == []


def test_a_wait_is_said_to_the_family_and_ends_on_the_day_named() -> None:
    """D§3a D11; three months on at most."""
    told = asked()
    says(told, "wait_announced", "2026-03-03", family_told_on=None)
    assert told.watch.of("RAAD_WAIT_NOTICE") and not told.watch.of("RAAD_RECEIPT")
    says(told, "wait_announced", "2026-03-04", expected_on="2026-04-20")
    assert not told.watch.of("RAAD_WAIT_NOTICE")
    assert local(told.owed("RAAD_WAIT").due) == "2026-04-20 23:59:59"
    says(told, "wait_announced", "2026-04-20", expected_on="2026-12-01")
    assert local(told.owed("RAAD_WAIT").due) == "2026-07-21 23:59:59"
    says(told, "concluded", "2026-05-01", outcome="NOT_TAKEN_UP")
    assert not told.watch.of("RAAD_WAIT") and not told.watch.of("RAAD_START")


@pytest.mark.parametrize(("by", "owes"), [(LT, False), (VT, True), (GI, True)])
def test_the_college_hears_at_once_that_the_raad_was_asked(by: str, owes: bool) -> None:
    """By Veilig Thuis and an institution; a local team is the college's own (Jeugdwet 3.1(3)-(4))."""
    told = asked(by, college_told_on=None)
    found = [(o.responsible, local(o.due)) for o in told.watch.of("COLLEGE_NOTICE")]
    assert found == ([((by,), "2026-03-02 23:59:59")] if owes else [])
    says(told, "noted", "2026-03-03", college_told_on="2026-03-03")
    assert bool(told.watch.of("COLLEGE_NOTICE")) is owes
    says(told, "noted", "2026-03-03", by, college_told_on="2026-03-03")
    assert not told.watch.of("COLLEGE_NOTICE")
    assert not asked(by).watch.of("COLLEGE_NOTICE")


@pytest.mark.parametrize("own", [True, False])
def test_the_raad_tells_the_college_what_it_begins_by_itself(own: bool) -> None:
    told = story() if own else asked()
    says(told, "started", "2026-03-03", own_motion=own, children=[CHILD])
    assert [o.responsible for o in told.watch.of("COLLEGE_NOTICE")] == ([(RAAD,)] if own else [])


@pytest.mark.parametrize(("message", "by"), [("noted", LT), ("noted", RAAD), ("received", RAAD), ("started", RAAD)])
def test_without_a_reference_of_corv_it_may_never_have_gone(message: str, by: str) -> None:
    """D#89: the broker watches that route and does not replace it."""
    told = asked(corv=None)
    assert local(told.owed("CORV_REFERENCE").due) == "2026-03-09 23:59:59"
    assert told.owed("CORV_REFERENCE").responsible == (LT,)
    if message != "noted":
        says(told, message, "2026-03-03")
        assert told.watch.of("CORV_REFERENCE")
        told = asked(corv=None)
    says(told, message, "2026-03-03", by, corv="C-2")
    assert not told.watch.of("CORV_REFERENCE")
    assert not asked().watch.of("CORV_REFERENCE")


@pytest.mark.parametrize(
    "why",
    [
        {"acute_danger": True},
        {"tried_unless": "FOUNDLING"},
        {"talks": [{"parent": "parent-1", "unless": "IN_PRISON"}]},
    ],
)
def test_what_was_not_done_is_looked_at_by_a_second_professional_within_a_day(why: dict[str, Any]) -> None:
    told = story()
    fact = told.fact("investigations.registered", LT, MONDAY, to=(RAAD,), **{"sight": LONG, **WHOLE, **why})
    told.take(fact)
    assert (told.owed("REQUEST_REVIEW").responsible, local(told.owed("REQUEST_REVIEW").due)) == (
        (LT,),
        "2026-03-03 09:00:00",
    )
    raised = [entry for entry in heard(told.wait(at("2026-03-03 10:00"))) if entry[1] == "URGENT_REVIEW"]
    assert raised == [("raised", "URGENT_REVIEW", 2, {LT, COORDINATION})]
    said = told.tell("reviews.recorded", LT, None, message=fact.id)
    assert ("resolved", "URGENT_REVIEW") in [entry[:2] for entry in heard(said)]
    assert not asked().watch.of("REQUEST_REVIEW")


# Who sees the child meanwhile


def test_a_child_waits_from_the_request_until_the_raad_has_concluded() -> None:
    """D#60: nobody sees it, everybody hears it, also the one it waits for."""
    for begun in (False, True):
        told = asked(sight=[plan(every_days=7)])
        if begun:
            says(told, "started", "2026-03-03")
        raised = [entry for entry in heard(told.wait(at("2026-03-12"))) if entry[1] == "NO_OVERSIGHT"]
        assert raised == [("raised", "NO_OVERSIGHT", 3, {LT, RAAD, COORDINATION})]
        if not begun:
            says(told, "started", "2026-03-12")
        said = says(told, "concluded", "2026-03-12")
        assert ("resolved", "NO_OVERSIGHT") in [entry[:2] for entry in heard(said)]


def test_while_nobody_sees_the_child_the_raad_has_to_start_at_once() -> None:
    """And that alarm, which never pages by itself, is the highest tier at once."""
    told = asked(sight=[plan(every_days=3)])
    says(told, "received", "2026-03-03")
    said = told.wait(at("2026-03-07"))
    assert [entry for entry in heard(said) if entry[1] != "SIGHT_CHECK"] == [
        ("raised", "NO_OVERSIGHT", 3, {LT, RAAD, COORDINATION}),
        ("raised", "RAAD_START", 3, {LT, RAAD, COORDINATION}),
    ]
    lost = next(say for say in said if say.body.code == "NO_OVERSIGHT")
    assert alert_body(lost).responsible == (LT, RAAD)
    said = says(told, "started", "2026-03-07")
    assert ("resolved", "RAAD_START") in [entry[:2] for entry in heard(said)]


def test_an_alarm_that_runs_already_goes_to_the_top_when_nobody_sees_the_child() -> None:
    told = asked(sight=[plan(every_days=12)])
    told.wait(at("2026-03-13"))
    assert told.watch.alerts["RAAD_START"].tier == 1
    said = [entry for entry in heard(told.wait(at("2026-03-16"))) if entry[1] == "RAAD_START"]
    assert said == [("escalated", "RAAD_START", 3, {LT, RAAD, COORDINATION})]


def test_a_child_the_request_is_not_about_does_not_wait() -> None:
    told = story(children=(CHILD, "child-2"))
    told.tell("investigations.registered", LT, MONDAY, to=(RAAD,), sight=LONG, **WHOLE)
    assert not [entry for entry in heard(told.wait(at("2026-03-10"))) if entry[1] == "NO_OVERSIGHT"]


def test_in_danger_without_anybody_who_sees_the_child_everyone_hears_it_at_once() -> None:
    told = asked(sight=[], acute_danger=True)
    raised = [entry[:3] for entry in heard(told.wait(timedelta(minutes=1)))]
    assert ("raised", "NO_OVERSIGHT", 3) in raised and ("raised", "RAAD_START", 3) in raised


def test_what_the_raad_promised_to_see_it_promised_until_it_concluded() -> None:
    told = asked()
    says(told, "wait_announced", "2026-03-04", sight=[plan(every_days=5)])
    assert {p.owner for p in told.watch.sights[CHILD].plans} == {LT, RAAD}
    says(told, "started", "2026-03-05")
    says(told, "concluded", "2026-03-06")
    assert {p.owner for p in told.watch.sights[CHILD].plans} == {LT}


@pytest.mark.parametrize("step", [timedelta(hours=5), timedelta(days=3), timedelta(days=40)])
def test_one_long_wait_says_what_many_short_ones_say(step: timedelta) -> None:
    one, many = asked(sight=[plan(every_days=12)], corv=None), asked(sight=[plan(every_days=12)], corv=None)
    end = at("2026-06-01")
    one.wait(end)
    while many.now < end:
        many.wait(min(many.now + step, end))
    assert heard(one.said) == heard(many.said)


# The round table


def table(told: Story, name: str, when: str, by: str = LT, **more: Any) -> None:
    told.tell(f"tables.{name}", by, at(when), to=(RAAD,), table=TABLE, **more)


def test_a_round_table_is_called_held_and_what_it_decides_is_done() -> None:
    told = story()
    table(told, "requested", "2026-03-02", children=[CHILD])
    assert local(told.owed("TABLE_INVITATION").due) == "2026-03-09 23:59:59"
    table(told, "invited", "2026-03-05", meets_on="2026-03-20", invited=[{"person": "parent-1"}])
    assert not told.watch.of("TABLE_INVITATION")
    assert local(told.owed("TABLE_DECISION").due) == "2026-03-20 23:59:59"
    table(told, "decided", "2026-03-20", outcome="INVESTIGATION", held_on="2026-03-20", chair="chair-1")
    assert not told.watch.of("TABLE_DECISION")
    assert local(told.owed("TABLE_REQUEST").due) == "2026-03-24 23:59:59"
    told.tell("investigations.registered", LT, at("2026-03-23"), to=(RAAD,), sight=LONG, table=TABLE, **WHOLE)
    assert not told.watch.of("TABLE_REQUEST")


def test_agreements_are_looked_at_again_on_their_day() -> None:
    told = story()
    decided = {"outcome": "AGREEMENTS", "held_on": "2026-03-02", "chair": "chair-1", "review_on": "2026-04-15"}
    table(told, "decided", "2026-03-02", **decided)
    owed = told.owed("TABLE_REVIEW")
    assert (owed.responsible, local(owed.due)) == ((LT,), "2026-04-15 23:59:59")
    told.tell("assessments.recorded", LT, at("2026-04-14"))
    assert not told.watch.of("TABLE_REVIEW")
