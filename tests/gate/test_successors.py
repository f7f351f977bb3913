"""Successors of successors, circles, and what two had with each other that become one: at the gate and at oversight."""

from collections.abc import Mapping
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from deploy.ceremony import CeremonyError
from deploy.registry import Folder
from deploy.succession import succeed
from schemas.base import dump
from schemas.body import Body
from schemas.care import DossierOpened, DossierShared
from schemas.consents import Decision, Scope
from schemas.entry import EntryKind
from schemas.event import Data, Event, parse_event, wire_type
from schemas.manifest import Category, Purpose
from schemas.parties import Party
from schemas.signals import SignalAcknowledged, SignalRaised
from schemas.supports import SupportAccepted, SupportKind, SupportRequested
from services.gate import succession
from services.gate.rules.asked_records import ThreadRecord
from services.gate.rules.case import Case
from services.gate.rules.case_records import (
    RECORDS,
    SightRecord,
    StatementRecord,
    SupportRecord,
)
from services.gate.rules.succession import Ended, goes_over
from services.ledger.chain import verify
from services.relay.state import BatchView, State
from services.runtime.subjects import slot_of
from tests.gate.bench import SLOTS
from tests.gate.rules.families import SCHOOL, uid
from tests.gate.rules.play import worker_of
from tests.gate.succeeded import HEIRS, Heirs, home, key_of
from tests.invariants.stories import accepted, ok
from tests.invariants.talk import OTHER_TEAM, TEAM, VT, Part, Talk
from tests.invariants.world import Step

LINDE, BERK, EIK = TEAM.slug, OTHER_TEAM.slug, HEIRS[TEAM.slug]
CHAIN = ((LINDE, BERK), (BERK, EIK))


def supported(talk: Talk, helper: Party) -> Talk:
    """The team has asked another to join, which has accepted: both are parties."""
    body = SupportRequested(support=uid("s1"), kind=SupportKind.JOIN_SUPPORT, task="COACHING")
    ok(talk.say(TEAM, body, helper))
    start = talk.today + timedelta(days=1)
    ok(talk.say(helper, SupportAccepted(support=uid("s1"), professional=worker_of(helper.slug), start=start), TEAM))
    return talk


@pytest.fixture
def talk() -> Talk:
    return supported(Talk(Heirs()), VT)


def one_by_one(talk: Talk) -> None:
    """Each succession begins when all cases have gone over by the one before."""
    for old, new in CHAIN:
        talk.world.succeed(old, new)  # type: ignore[attr-defined]  # the world of `talk` has heirs
        talk.later(minutes=5)


def at_once(talk: Talk) -> None:
    """The slot first looks when both have ended."""
    for old, new in CHAIN:
        talk.world.succeed(old, new)  # type: ignore[attr-defined]
    talk.later(minutes=5)


def outermost_first(talk: Talk) -> None:
    """The second ends before the first goes on as it."""
    for old, new in reversed(CHAIN):
        talk.world.succeed(old, new)  # type: ignore[attr-defined]
        talk.later(minutes=5)


WORD = (Part(Category.CONCERNS, (("mother", "CONSENT"),)),)


def letter(talk: Talk, to: str, who: Party = VT) -> Step:
    """What the mother agrees to be told, to whoever goes by this name."""
    talk.share(who, to, Purpose.JOINT_SUPPORT, WORD)  # type: ignore[arg-type]  # one that nobody has is a name as well
    return talk.steps[-1]


def written(talk: Talk, to: str) -> bytes:
    """The same from the team, made and not sent."""
    return talk.message(
        TEAM, DossierShared(), to, purpose=Purpose.JOINT_SUPPORT, sections=tuple(map(talk.section, WORD))
    )


def verdicts(step: Step) -> list[str]:
    return [reason.code for reason in step.decision.entry.reasons]


def verified(talk: Talk) -> None:
    mine = [sealed for step in talk.world.steps for sealed in step.entries if sealed.entry.slot == talk.slot]
    got = [record.sealed for step in talk.world.steps for record in step.inbox]
    lines, held = [each.seal for each in mine], [each.seal for each in got if each.entry.slot == talk.slot]
    report = verify(lines, [key_of("gate").public()], held)
    assert report.ok, report.faults


@pytest.mark.parametrize("how", [one_by_one, at_once, outermost_first])
def test_a_case_goes_over_to_the_end_of_a_chain(talk: Talk, how: Any) -> None:
    """A into B into C: C leads, no other name is left in it, and mail for either of the others comes to C."""
    how(talk)
    assert talk.head.regie == EIK and set(talk.head.parties) == {EIK, VT.slug}
    held = [record for kind in RECORDS for record in talk.case.of(kind).values()]
    told = str([record.model_dump(mode="json") for record in (*held, *talk.world.watch(talk.subject).records())])
    assert f"'{LINDE}'" not in told and f"'{BERK}'" not in told
    for name in (LINDE, BERK, EIK):
        step = letter(talk, name)
        assert verdicts(step) == []
        assert [d.inbox for d in step.inbox if d.event.name == DossierShared.name] == [EIK]
    moves = [each.entry.regie for step in talk.world.steps for each in step.entries if each.entry.regie]
    assert [move.holder_before for move in moves] == [None, *[move.holder_after for move in moves[:-1]]]
    verified(talk)


def test_cases_on_their_way_to_the_second_of_a_chain_all_come_to_the_third(monkeypatch: pytest.MonkeyPatch) -> None:
    """The walk of the first succession has not ended when the second begins."""
    monkeypatch.setattr(succession, "AT_ONCE", 1)
    world = Heirs()
    talks = [supported(Talk(world, number), VT) for number in range(12)]
    slot = talks[0].slot
    mine = [talk for talk in talks if talk.slot == slot]
    assert len(mine) > 2
    world.pass_time(slot, minutes=1)  # so that no receipt takes a case along
    world.succeed(LINDE, BERK)
    world.pass_time(slot, minutes=1)
    holders = [world.case(talk.subject).head.regie for talk in mine]  # type: ignore[union-attr]
    assert {LINDE, BERK} == set(holders)
    world.succeed(BERK, EIK)
    for _ in range(2 * len(mine) + 2):
        world.pass_time(slot, minutes=1)
    assert {world.case(talk.subject).head.regie for talk in mine} == {EIK}  # type: ignore[union-attr]
    verified(mine[0])


def test_more_cases_than_go_over_at_once_go_over_in_the_next_ticks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each in its turn, none twice, and then no more is done."""
    monkeypatch.setattr(succession, "AT_ONCE", 2)
    world = Heirs()
    talks = [Talk(world, number) for number in range(16)]
    slot = talks[0].slot
    mine = [talk for talk in talks if talk.slot == slot]
    world.succeed(LINDE, EIK)
    told = [_told(world.pass_time(slot, minutes=1)) for _ in range(len(mine))]
    assert [len(each) for each in told[: len(mine) // 2]] == [2] * (len(mine) // 2)
    assert sorted(subject for each in told for subject in each) == sorted(talk.subject for talk in mine)
    assert {world.case(talk.subject).head.regie for talk in mine} == {EIK}  # type: ignore[union-attr]


def _told(step: Step) -> list[str]:
    """The cases that came to the successor in this tick."""
    return [d.event.subject for d in step.inbox if d.inbox == EIK and d.event.name == "notices.succeeded"]


def test_a_circle_changes_nothing(talk: Talk) -> None:
    """Whatever two entries say of each other: nobody stands in for anybody, and both speak for themselves."""
    world: Heirs = talk.world  # type: ignore[assignment]
    at = world.bench.now
    world.succeed(LINDE, BERK, at)
    world.succeed(BERK, LINDE, at)
    assert world.bench.reader.directory.successions(at) == {}
    world.succeed(EIK, LINDE, at)
    assert world.bench.reader.directory.successions(at) == {}, "nor for who would go on as one of them"
    talk.later(minutes=5)
    assert talk.head.regie == LINDE
    assert verdicts(letter(talk, LINDE)) == []
    assert [d.inbox for d in talk.steps[-1].inbox if d.event.name == DossierShared.name] == [LINDE]


def test_a_circle_that_closes_later_changes_nothing_more(talk: Talk) -> None:
    """A slot does not unlearn what it did; who would close the circle goes on speaking."""
    world: Heirs = talk.world  # type: ignore[assignment]
    world.succeed(LINDE, BERK)
    talk.later(minutes=5)
    world.succeed(BERK, LINDE)
    talk.later(minutes=5)
    assert talk.head.regie == BERK
    assert [d.inbox for d in letter(talk, LINDE).inbox if d.event.name == DossierShared.name] == [BERK]
    assert verdicts(letter(talk, VT.slug, OTHER_TEAM)) == []


@pytest.mark.timeout(30)  # in a circle nobody comes to an end
@pytest.mark.parametrize(
    ("said", "names"),
    [
        ([{"team-a": "team-b"}, {"team-b": "team-a"}], {"team-a": "team-b"}),
        ([{"team-a": "team-b"}, {"team-b": "team-c"}, {"team-c": "team-a"}], {"team-a": "team-c", "team-b": "team-c"}),
        ([{"team-a": "team-c", "team-b": "team-c"}, {"team-c": "team-b"}], {"team-a": "team-c", "team-b": "team-c"}),
        ([{"team-a": "team-b"}, {}], {"team-a": "team-b"}),
    ],
)
def test_what_a_slot_has_learned_never_becomes_a_circle(
    said: list[Mapping[str, str]], names: Mapping[str, str], talk: Talk
) -> None:
    """Whatever directory it reads one after the other."""
    view = BatchView(State())
    for standing in said:
        directory: Any = SimpleNamespace(successions=lambda _, told=standing: told)
        found = succession.names(view, directory, talk.now)
    assert found == names


def test_the_operator_is_not_given_a_circle_to_confirm(tmp_path: Any) -> None:
    """The third of a chain cannot go on as the first; it is told through whom."""
    own, theirs = Folder(tmp_path), Folder(home() / "directory")
    own.write_pins(theirs.pins)
    for slug in (LINDE, BERK, EIK):
        own.write_entry(slug, *(theirs.entry(slug) or ("", "")))
    at = Heirs().bench.now
    for old, new in CHAIN:
        succeed(home(), own, old, new, at)
    with pytest.raises(CeremonyError, match=f"{BERK} goes on as {EIK}: a circle"):
        succeed(home(), own, EIK, LINDE, at)


# Between the two


@pytest.mark.parametrize(("answered", "state"), [(False, "DECLINED"), (True, "ENDED")])
def test_support_between_two_that_become_one_ends(answered: bool, state: str) -> None:
    """Neither waits for an answer of its own: a child is not said to wait for what will never be said."""
    talk = Talk(Heirs())
    body = SupportRequested(support=uid("s1"), kind=SupportKind.JOIN_SUPPORT, task="COACHING")
    ok(talk.say(TEAM, body, OTHER_TEAM))
    assert len(talk.world.watch(talk.subject).waiting) == 1
    if answered:
        joins = SupportAccepted(support=uid("s1"), professional=worker_of(BERK), start=talk.today + timedelta(days=1))
        ok(talk.say(OTHER_TEAM, joins, TEAM))
    talk.world.succeed(LINDE, BERK)  # type: ignore[attr-defined]
    talk.later(minutes=5)
    (record,) = talk.case.of(SupportRecord).values()
    assert (record.state, record.asked_by, record.helper) == (state, BERK, BERK)
    assert talk.world.watch(talk.subject).waiting == {}
    talk.later(days=60)
    assert "NO_OVERSIGHT" not in [alert.code for alert in talk.world.watch(talk.subject).alerts.values()]


def test_support_of_somebody_else_goes_on(talk: Talk) -> None:
    """Asked by the one that ends, answered to the other."""
    body = SupportRequested(support=uid("s2"), kind=SupportKind.JOIN_SUPPORT, task="COACHING")
    ok(talk.say(TEAM, body, VT))
    talk.world.succeed(LINDE, BERK)  # type: ignore[attr-defined]
    talk.later(minutes=5)
    (waiting,) = talk.world.watch(talk.subject).waiting.values()
    assert (waiting.by, waiting.of) == (BERK, (VT.slug,))
    joins = SupportAccepted(support=uid("s2"), professional=worker_of(VT.slug), start=talk.today + timedelta(days=1))
    ok(talk.say(VT, joins, LINDE))
    assert talk.case.of(SupportRecord)[uid("s2")].state == "ACCEPTED"
    assert talk.world.watch(talk.subject).waiting == {}


LONG, SHORT = date(2027, 3, 1), date(2026, 9, 1)


@pytest.mark.parametrize(
    ("ended", "successor", "kept"),
    [
        ((7, SHORT), (14, LONG), (14, LONG)),
        ((7, LONG), (14, SHORT), (7, LONG)),
        ((7, None), (3, LONG), (7, None)),
        ((14, LONG), (7, LONG), (7, LONG)),
    ],
)
def test_of_two_plans_for_one_child_the_longer_counts_and_then_the_more_frequent(
    ended: Any, successor: Any, kept: Any
) -> None:
    """Both had promised to see the child; one promise is left, the same at the gate and at oversight."""
    talk = Talk(Heirs())
    accepted(talk)
    for who, (every_days, until) in ((TEAM, ended), (OTHER_TEAM, successor)):
        ok(talk.plan_sight(who, "child", every_days=every_days, until=until))
    talk.world.succeed(LINDE, BERK)  # type: ignore[attr-defined]
    talk.later(minutes=5)
    (record,) = [each for each in talk.case.of(SightRecord).values() if each.plan.child == "child"]
    assert (record.owner, record.plan.every_days, record.plan.until) == (BERK, *kept)
    (plan,) = talk.world.watch(talk.subject).sights["child"].plans
    assert (plan.owner, plan.every_days, plan.until) == (BERK, *kept)


# What is said afterwards


def test_nobody_speaks_in_the_name_of_an_organisation_that_has_ended(talk: Talk) -> None:
    """What was said before counts, whenever it comes; after that it is told who speaks. Its machine goes on."""
    sent = letter(talk, LINDE)
    before = written(talk, VT.slug)
    talk.later(minutes=5)
    talk.world.succeed(LINDE, BERK)  # type: ignore[attr-defined]
    talk.later(minutes=5)
    after = written(talk, VT.slug)
    opened = talk.message(TEAM, DossierOpened(message=parse_event(sent.sent.value).id), VT)  # type: ignore[union-attr]
    steps = [talk.put_out(TEAM, value) for value in (before, after, opened)]
    assert [verdicts(step) for step in steps] == [[], ["SUCCEEDED"], []]
    assert steps[1].decision.entry.reasons[0].missing == (BERK,)
    assert steps[0].decision.entry.actor == LINDE and steps[0].decision.entry.kind is EntryKind.MESSAGE


def test_a_letter_between_two_that_are_one_is_needed_by_neither(talk: Talk) -> None:
    """Said before the end and read after it, or said by who does not know yet."""
    ok(talk.say(TEAM, SupportRequested(support=uid("s3"), kind=SupportKind.JOIN_SUPPORT, task="X"), OTHER_TEAM))
    before = written(talk, BERK)
    talk.world.succeed(LINDE, BERK)  # type: ignore[attr-defined]
    talk.later(minutes=5)
    assert verdicts(talk.put_out(TEAM, before)) == ["SUCCEEDED"]
    assert verdicts(letter(talk, LINDE, OTHER_TEAM)) == ["SUCCEEDED"]


def test_a_refusal_goes_with_every_step_of_a_chain(talk: Talk) -> None:
    """And a grant for the first never becomes one for the third, who was refused."""
    talk.consent("father", "child", Decision.REFUSED, Scope(recipients=(EIK,)))
    talk.consent("father", "child", Decision.GRANTED, Scope(recipients=(LINDE,)))
    talk.consent("mother", "child", Decision.REFUSED, Scope(recipients=(LINDE,)))
    one_by_one(talk)
    of = {
        (said.given_by, said.decision): said.scope.recipients
        for said in talk.case.of(StatementRecord).values()
        if said.scope.recipients
    }
    assert of["father", Decision.REFUSED] == of["mother", Decision.REFUSED] == (EIK,)
    assert EIK not in of["father", Decision.GRANTED]


# Threads

THREAD = "thread:6b1f6a5e-4a57-4c36-9a53-0d2f4f0b7c12"
NAMELESS = SignalRaised(raised_by="PROFESSIONAL", family_knows="NOT_TOLD")
HEARD = SignalAcknowledged(next="WE_LOOK_INTO_IT", reporting_code=True)


def in_thread(world: Heirs, who: Party, body: Body, to: str) -> Step:
    """Said in the one thread of this world."""
    data = Data(to=(to,), by=worker_of(who.slug), body=dump(body))
    told = {"source": who.slug, "type": wire_type(body.name), "subject": THREAD, "time": world.bench.now}
    event = Event(id=uid(f"{who.slug} {body.name} {len(world.steps)}"), data=data, **told)
    return world.send(who.slug, event.encode(), THREAD)


def test_a_signal_that_waits_for_its_answer_goes_over() -> None:
    """The new organisation is told, owes the answer and gives it."""
    world = Heirs()
    assert verdicts(in_thread(world, SCHOOL, NAMELESS, LINDE)) == []
    world.succeed(LINDE, BERK)
    told = world.pass_time(slot_of(THREAD, SLOTS), minutes=5)
    assert [d.inbox for d in told.inbox if d.event.name == "notices.succeeded"] == [BERK, SCHOOL.slug]
    (owed,) = world.watch(THREAD).owed.values()
    assert (owed.code, owed.responsible) == ("SIGNAL_ACK", (BERK,))
    answer = in_thread(world, OTHER_TEAM, HEARD, SCHOOL.slug)
    assert verdicts(answer) == [] and SCHOOL.slug in [d.inbox for d in answer.inbox]
    assert "SIGNAL_ACK" not in [each.code for each in world.watch(THREAD).owed.values()]
    assert verdicts(in_thread(world, TEAM, HEARD, SCHOOL.slug)) == ["SUCCEEDED"]


def test_a_thread_between_two_that_become_one_waits_for_nobody() -> None:
    """Within one organisation there is no signal."""
    record = ThreadRecord(conversation="signals", started_by=LINDE, to=BERK)
    thread = Case(THREAD, {ThreadRecord: {"": record}})
    after = thread.after(goes_over(thread, Ended(LINDE, BERK))).thread
    assert after is not None and (after.open, after.parties) == (False, (BERK, BERK))
