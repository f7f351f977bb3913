"""Talks that are told, not drawn: each goes through what an invariant is about, so that none is watched idly."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from schemas.body import WatcherKind
from schemas.consents import Decision, Scope
from schemas.handovers import HandoverKind, HandoverState
from schemas.manifest import Category, Purpose
from services.gate.rules.case_records import ItemRecord
from tests.gate.rules.families import uid
from tests.invariants.nonsense import NONSENSE
from tests.invariants.talk import CHILDREN, GI, OTHER_TEAM, TEAM, VT, Part, Talk

S = HandoverState
H, H2, H3 = uid("h1"), uid("h2"), uid("h3")
CONCERNS = Scope(categories=(Category.CONCERNS,))


def ok(judged: Any) -> None:
    """What a story needs to go on."""
    assert not judged.reasons, judged.reasons


def everyone_agrees(talk: Talk) -> None:
    recorder = TEAM if talk.head.regie == TEAM.slug else VT
    for who, about in (("mother", "child"), ("father", "child"), ("father", "father")):
        ok(talk.consent(who, about, recorder=recorder))
    for who in ("youth", "mother", "father"):
        ok(talk.consent(who, "youth", recorder=recorder))


def proposed(talk: Talk) -> None:
    ok(talk.propose(TEAM, OTHER_TEAM, H))


def accepted(talk: Talk) -> None:
    proposed(talk)
    ok(talk.accept(H))


def warm(talk: Talk) -> None:
    accepted(talk)
    ok(talk.read(H))
    ok(talk.attest("S", H))
    ok(talk.attest("R", H))


def completed(talk: Talk) -> None:
    warm(talk)
    ok(talk.meet(H))


def handed_over(talk: Talk) -> None:
    """A warm handover with everything that may not be skipped tried first; then closed, reopened, led by the family."""
    proposed(talk)
    assert talk.propose(TEAM, GI, H2).reasons
    assert talk.accept(H, professional=None).reasons
    assert talk.meet(H).reasons
    ok(talk.question(H))
    ok(talk.accept(H))
    ok(talk.attest("S", H))
    ok(talk.attest("R", H, family=("mother",)))
    assert talk.state(H) is S.ACCEPTED
    talk.meet(H)
    ok(talk.attest("R", H))
    assert talk.state(H) is S.WARM
    assert talk.meet(H).reasons
    ok(talk.read(H))
    talk.later(hours=30)
    ok(talk.meet(H))
    assert talk.head.regie == OTHER_TEAM.slug
    ok(talk.close(OTHER_TEAM))
    assert talk.propose(TEAM, GI, H2).reasons
    ok(talk.reopen(OTHER_TEAM))
    ok(talk.to_family(OTHER_TEAM))


def in_an_emergency(talk: Talk) -> None:
    """Taken over from outside, the flag stands until the warm part; another ends in a return."""
    everyone_agrees(talk)
    accepted(talk)
    ok(talk.take_over(VT, H2))
    assert talk.state(H) is S.CANCELLED
    talk.later(days=3)
    ok(talk.review(H2))
    ok(talk.end_emergency(H2))
    ok(talk.consent("mother", "mother", recorder=VT))
    ok(talk.propose(VT, TEAM, H3, returns=H2))
    ok(talk.accept(H3))
    ok(talk.attest("S", H3))
    ok(talk.read(H3))
    ok(talk.attest("R", H3))
    ok(talk.meet(H3))
    assert talk.head.regie == TEAM.slug
    ok(talk.take_over(VT, uid("h4")))
    ok(talk.tell_story(uid("h4"), missing=True))
    ok(talk.read(uid("h4")))
    ok(talk.attest("S", uid("h4")))
    ok(talk.attest("R", uid("h4")))
    assert talk.state(uid("h4")) is S.COMPLETED


def without_the_family(talk: Talk) -> None:
    """Both sides decide together that the receiver takes over; then another is handed back and disputed."""
    accepted(talk)
    for _ in range(3):
        ok(talk.fail(H))
    ok(talk.consult("S", "TAKE_OVER_WITHOUT_FAMILY", H))
    assert talk.head.regie == TEAM.slug
    ok(talk.consult("R", "TAKE_OVER_WITHOUT_FAMILY", H))
    assert talk.head.regie == OTHER_TEAM.slug
    ok(talk.propose(OTHER_TEAM, TEAM, H2))
    ok(talk.accept(H2))
    ok(talk.hand_back(H2))
    ok(talk.answer_back("DISPUTED", H2))
    ok(talk.both("RETURN", H2))
    talk.later(days=4)


def of_two_talks(talk: Talk) -> None:
    """Each side attests a talk, and not the same one: a first contact does not make that warm."""
    accepted(talk)
    ok(talk.read(H))
    ok(talk.attest("S", H))
    ok(talk.attest("R", H, family=("mother",)))
    assert talk.meet(H).reasons
    ok(talk.attest("R", H))
    ok(talk.meet(H))


def a_return_refused(talk: Talk) -> None:
    """What was taken over goes back by a proposal; who refuses it leaves the holder owing another."""
    ok(talk.take_over(VT, H))
    ok(talk.tell_story(H, missing=True))
    ok(talk.end_emergency(H))
    ok(talk.consent("mother", "mother", recorder=VT))
    ok(talk.propose(VT, TEAM, H2, returns=H))
    ok(talk.decline(H2))
    talk.later(days=5)


def by_the_court(talk: Talk) -> None:
    """The duty goes at once, regie when both say so; help is shared with who carries out the measure, while it runs."""
    everyone_agrees(talk)
    ok(talk.order(GI, H, "m1", "child"))
    ok(talk.accept(H, "S"))
    ok(talk.assigned(H, regie=True))
    ok(talk.share(TEAM, GI, Purpose.MEASURE, [Part(Category.CONCERNS, (("child", "G4"), ("mother", "G4")))]))
    assert talk.share(TEAM, GI, Purpose.MEASURE, [Part(Category.CONCERNS, (("youth", "G4"),))]).reasons
    ok(talk.share(TEAM, GI, Purpose.JOINT_SUPPORT, [Part(Category.CONCERNS, (("youth", "G2"),))]))
    ok(talk.tell_story(H, missing=True))
    ok(talk.read(H))
    ok(talk.attest("S", H))
    ok(talk.attest("R", H))
    ok(talk.meet(H))
    assert talk.head.regie == GI.slug
    ok(talk.end_measure(GI, "m1"))
    assert talk.share(TEAM, GI, Purpose.MEASURE, [Part(Category.CONCERNS, (("child", "G4"),))]).reasons


def told_on_consent(talk: Talk) -> None:
    """Each of those needed must agree, then one after the other takes it back; sixteen changes who is asked."""
    about_child, about_youth = (
        [Part(Category.CONCERNS, (("child", "CONSENT"),))],
        [Part(Category.CONCERNS, (("youth", "CONSENT"),))],
    )
    share = (TEAM, OTHER_TEAM, Purpose.HANDOVER)
    assert talk.share(*share, about_child).reasons
    ok(talk.consent("mother", "child"))
    assert talk.share(*share, about_child).reasons
    ok(talk.consent("father", "child"))
    fathers = talk.statements[-1]
    ok(talk.share(*share, about_child))
    both = [Part(Category.STORY, (("child", "CONSENT"), ("father", "CONSENT")))]
    assert talk.share(*share, both).reasons
    assert talk.share(TEAM, OTHER_TEAM, Purpose.HANDOVER, [Part(Category.STORY, (("mother", "G10"),))]).reasons
    ok(talk.withdraw(fathers))
    told = [d.inbox for d in talk.steps[-1].inbox if d.event.name == "notices.consent_withdrawn"]
    assert told == [OTHER_TEAM.slug]
    assert talk.share(*share, about_child).reasons
    ok(talk.set_aside("father", "child", CONCERNS))
    ok(talk.share(*share, [Part(Category.CONCERNS, (("child", "REPRESENTATIVE_SET_ASIDE"),))]))
    ok(talk.consent("father", "child", scope=CONCERNS))
    ok(talk.share(*share, about_child))
    ok(talk.consent("mother", "child", Decision.REFUSED, CONCERNS))
    assert talk.share(*share, about_child).reasons
    for who in ("mother", "father"):
        ok(talk.consent(who, "youth"))
    assert talk.share(*share, about_youth).reasons
    ok(talk.consent("youth", "youth", until=talk.today + timedelta(days=30)))
    ok(talk.share(*share, about_youth))
    forwarded = sorted(talk.case.of(ItemRecord))
    assert forwarded
    talk.later(days=20)  # sixteen now: the parents no longer count
    ok(talk.withdraw(talk.statements[-2]))
    ok(talk.share(*share, about_youth))
    talk.later(days=15)
    assert talk.share(*share, about_youth).reasons


def nobody_sees_them(talk: Talk) -> None:
    """Two children wait; one is seen by a professional, one by a parent only; trust breaks; the wait ends."""
    everyone_agrees(talk)
    proposed(talk)
    talk.later(days=5)
    ok(talk.confirm(TEAM, "child"))
    assert talk.confirm(TEAM, "youth", by=WatcherKind.PARENT).reasons
    talk.later(days=4)
    assert raised(talk) == {"youth"}
    talk.later(days=6)
    assert raised(talk) == {"child", "youth"}
    ok(talk.confirm(TEAM, "youth"))
    talk.later(hours=1)
    ok(talk.break_trust(TEAM, "child"))
    talk.later(days=1)
    ok(talk.plan_sight(OTHER_TEAM, *CHILDREN, every_days=28))
    talk.later(days=10)
    ok(talk.decline(H))
    talk.later(days=30)
    ok(talk.order(GI, H2, "m1", "youth"))
    talk.later(days=2)
    ok(talk.assigned(H2))


def raised(talk: Talk) -> set[str]:
    """Of which children an alarm was ever raised."""
    said = [alert.event for step in talk.steps for alert in step.alerts if alert.event]
    bodies = [event.data.body for event in said if event.name == "alerts.raised"]
    return {body["child"] for body in bodies if body["code"] == "NO_OVERSIGHT"}


def much_nonsense(talk: Talk) -> None:
    """Between true messages everything that should never have been sent, twice."""
    proposed(talk)
    for name in sorted(NONSENSE) * 2:
        NONSENSE[name](talk, TEAM)
    ok(talk.accept(H))
    for name in ("again", "same id", "again"):
        NONSENSE[name](talk, TEAM)
    talk.later(hours=2)


def left_open(state: HandoverState) -> Callable[[Talk], None]:
    """A handover that stops in this state: what is owed there is owed, and the sides can get out."""

    def story(talk: Talk) -> None:
        if state is S.IMPOSED:
            ok(talk.order(GI, H, "m1", "child"))
        elif state in (S.EMERGENCY, S.RETURNING):
            ok(talk.take_over(VT, H))
            if state is S.RETURNING:
                ok(talk.end_emergency(H))
        elif state in (S.ACCEPTED, S.WARM, S.HANDED_BACK):
            (warm if state is S.WARM else accepted)(talk)
            if state is S.HANDED_BACK:
                ok(talk.hand_back(H))
        else:
            proposed(talk)
            if state is S.WAITING:
                ok(talk.wait(H))
        assert talk.state(H) is state
        talk.later(days=5)
        talk.later(days=20)

    return story


def of_veilig_thuis(talk: Talk) -> None:
    """A report goes on as help: the ground carries it from Veilig Thuis, and not the other way."""
    ok(talk.report(VT))
    part = [Part(Category.CONCERNS, (("child", "G10"), ("mother", "G10")))]
    assert talk.share(TEAM, OTHER_TEAM, Purpose.HANDOVER, part).reasons
    ok(talk.share(VT, TEAM, Purpose.HANDOVER, part))
    ok(talk.share(TEAM, VT, Purpose.SAFETY_ALERT, [Part(Category.SAFETY, (("child", "G8"),))]))
    assert talk.share(TEAM, OTHER_TEAM, Purpose.SAFETY_ALERT, [Part(Category.SAFETY, (("child", "G8"),))]).reasons
    weighed = [Part(Category.SAFETY, (("father", "G18"),))]
    assert talk.share(TEAM, OTHER_TEAM, Purpose.SAFETY_ALERT, weighed, second=False).reasons
    ok(talk.share(TEAM, OTHER_TEAM, Purpose.SAFETY_ALERT, weighed))
    ok(talk.consent("mother", "mother", recorder=VT))
    ok(talk.propose(VT, TEAM, H2, kind=HandoverKind.INTO_RUNNING_HELP))
    ok(talk.decline(H2))


OPEN = (S.PROPOSED, S.WAITING, S.IMPOSED, S.ACCEPTED, S.WARM, S.EMERGENCY, S.HANDED_BACK, S.RETURNING)
STORIES: dict[str, Callable[[Talk], None]] = {
    story.__name__: story
    for story in (
        handed_over,
        in_an_emergency,
        without_the_family,
        a_return_refused,
        of_two_talks,
        by_the_court,
        told_on_consent,
        nobody_sees_them,
        much_nonsense,
        of_veilig_thuis,
    )
} | {f"left_{state.value.lower()}": left_open(state) for state in OPEN}
