"""Random lives of a case: any of four organisations says anything at any time, sensible or not, and time passes."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from schemas.body import WatcherKind
from schemas.consents import Decision, Scope
from schemas.handovers import HandoverKind, HandoverState
from schemas.manifest import Category, Purpose
from schemas.parties import Party
from tests.gate.rules.families import uid
from tests.gate.rules.play import DIRECTORY
from tests.invariants.anything import SAYABLE, anyone_says
from tests.invariants.nonsense import NONSENSE
from tests.invariants.stories import OPEN, left_open
from tests.invariants.talk import ACTORS, CHILDREN, GI, OTHER_TEAM, PERSONS, TEAM, VT, Part, Talk
from tests.invariants.watchers import Watcher
from tests.invariants.world import World

S = HandoverState
Act = Callable[[Talk, str], Any]
ACTOR, SIDE, PERSON = st.sampled_from(ACTORS), st.sampled_from(("S", "R")), st.sampled_from(PERSONS)
CATEGORIES = (Category.CONCERNS, Category.STORY, Category.SAFETY, Category.HEALTH, Category.CLIENT_RESPONSE)
BASES = ("CONSENT", "CONSENT", "CONSENT", "REPRESENTATIVE_SET_ASIDE", "G2", "G4", "G8", "G10", "G12", "G18", "", "G99")
PURPOSES = (Purpose.HANDOVER, Purpose.HANDOVER, Purpose.JOINT_SUPPORT, Purpose.MEASURE, Purpose.SAFETY_ALERT)
SCOPES = st.sampled_from(
    (
        Scope(),
        Scope(),
        Scope(categories=(Category.CONCERNS,)),
        Scope(categories=(Category.STORY, Category.SAFETY)),
        Scope(recipients=("LOCAL_TEAM",)),
        Scope(recipients=(OTHER_TEAM.slug,)),
        Scope(purposes=(Purpose.HANDOVER,)),
        Scope(categories=(Category.CONCERNS,), recipients=(VT.slug,)),
    )
)
PART = st.builds(
    Part,
    st.sampled_from(CATEGORIES),
    st.lists(st.tuples(PERSON, st.sampled_from(BASES)), min_size=1, max_size=3, unique_by=lambda p: p[0]).map(tuple),
    st.none() | st.integers(0, 5),
    st.sampled_from((True, True, False)),
)

EITHER: dict[str, Callable[[Talk, str, Any], Any]] = {
    "attest": lambda t, h, side: t.attest(side, h),
    "attest another talk": lambda t, h, side: t.attest(side, h, family=("mother",)),
    "change": lambda t, h, side: t.change(side, h),
    "change to one who was there": lambda t, h, side: t.change(side, h, took_part=True),
    "consult take over": lambda t, h, side: t.consult(side, "TAKE_OVER_WITHOUT_FAMILY", h),
    "consult return": lambda t, h, side: t.consult(side, "RETURN", h),
    "consult try again": lambda t, h, side: t.consult(side, "TRY_AGAIN", h),
    "waive": lambda t, h, side: t.waive(side, h),
    "accept": lambda t, h, side: t.accept(h, side),
}
ONE: dict[str, Act] = {
    "question": lambda t, h: t.question(h),
    "answer": lambda t, h: t.answer(h),
    "wait": lambda t, h: t.wait(h),
    "accept": lambda t, h: t.accept(h),
    "accept without a name": lambda t, h: t.accept(h, professional=None),
    "decline": lambda t, h: t.decline(h),
    "decline for cost": lambda t, h: t.decline(h, "COST"),
    "visit": lambda t, h: t.attest("R", h, first=True),
    "read": lambda t, h: t.read(h),
    "fail": lambda t, h: t.fail(h),
    "meet": lambda t, h: t.meet(h),
    "hand back": lambda t, h: t.hand_back(h),
    "take back": lambda t, h: t.answer_back("TAKEN_BACK", h),
    "dispute": lambda t, h: t.answer_back("DISPUTED", h),
    "cancel": lambda t, h: t.cancel(h),
    "confirm cancel": lambda t, h: t.confirm_cancel(h),
    "take over": lambda t, h: t.take_over(DIRECTORY[t.handover(h).receiver], h),
    "review": lambda t, h: t.review(h),
    "end emergency": lambda t, h: t.end_emergency(h),
    "tell story": lambda t, h: t.tell_story(h, missing=True),
}


class Life(RuleBasedStateMachine):
    """One case. `watchers` look at every step of it."""

    watchers: ClassVar[tuple[type[Watcher], ...]] = ()
    world: ClassVar[type[World]] = World

    @initialize(opener=st.sampled_from((TEAM, VT, GI)), agreed=st.booleans(), course=st.sampled_from((None, *OPEN)))
    def begins(self, opener: Party, agreed: bool, course: HandoverState | None) -> None:
        """At the very beginning, or with a handover on its way from one team."""
        opener = opener if course is None else TEAM
        self.talk = Talk(self.world(), opener=opener)
        self.made = 0 if course is None else 1
        self.orders = 0 if course is None else 1
        self.watching = [watcher(self.talk) for watcher in self.watchers]
        if course is not None:
            left_open(course)(self.talk)
        if agreed:
            for about in ("child", "youth"):
                for who in ("mother", "father", *(("youth",) if about == "youth" else ())):
                    self.talk.consent(who, about, recorder=opener)
            self.talk.consent("father", "father", recorder=opener)

    def _new(self) -> str:
        self.made += 1
        return uid(f"h{self.made}")

    def _holder(self) -> Party:
        return DIRECTORY[self.talk.head.regie or self.talk.head.last_regie or ""]

    # Handovers

    @rule(receiver=ACTOR, agrees=st.booleans())
    def the_holder_proposes(self, receiver: Party, agrees: bool) -> None:
        back = [r for r in self.talk.open_handovers if r.state is S.RETURNING]
        others = [actor for actor in ACTORS if actor != self._holder()]
        to = DIRECTORY[back[0].sender] if back else others[ACTORS.index(receiver) % len(others)]
        if agrees:
            self.talk.consent("mother", "mother", recorder=self._holder())
        returns = back[0].handover if back else None
        self.talk.propose(self._holder(), to, self._new(), returns=returns)

    @rule(sender=ACTOR, receiver=ACTOR, kind=st.sampled_from(HandoverKind))
    def anyone_proposes(self, sender: Party, receiver: Party, kind: HandoverKind) -> None:
        self.talk.propose(sender, receiver, self._new(), kind=kind)

    def goes_on(self) -> None:
        """The next step of the good way."""
        record = self.talk.open_handovers[-1]
        ref = record.handover
        if record.state in (S.PROPOSED, S.WAITING):
            self.talk.accept(ref)
        elif record.state is S.IMPOSED:
            self.talk.accept(ref, "S")
            self.talk.assigned(ref, regie=True)
        elif record.state is S.HANDED_BACK:
            self.talk.answer_back("TAKEN_BACK", ref)
        elif record.state is S.RETURNING:
            self.talk.waive("S", ref)
            self.talk.waive("R", ref)
        elif not record.story_read:
            self.talk.tell_story(ref, missing=True)
            self.talk.read(ref)
        elif record.state is S.WARM:
            self.talk.meet(ref)
        else:
            self.talk.attest("S", ref)
            self.talk.attest("R", ref)

    one_goes_on = precondition(lambda self: self.talk.open_handovers)(rule()(goes_on))

    @precondition(lambda self: self.talk.open_handovers)
    @rule(times=st.integers(1, 4))
    def several_go_on(self, times: int) -> None:
        for _ in range(times):
            if self.talk.open_handovers:
                Life.goes_on(self)

    @precondition(lambda self: self.made)
    @rule(number=st.integers(0, 9), name=st.sampled_from(sorted(ONE)))
    def one_says(self, number: int, name: str) -> None:
        if known := self._known():
            ONE[name](self.talk, known[number % len(known)])

    @precondition(lambda self: self.made)
    @rule(number=st.integers(0, 9), name=st.sampled_from(sorted(EITHER)), side=SIDE)
    def either_says(self, number: int, name: str, side: str) -> None:
        if known := self._known():
            EITHER[name](self.talk, known[number % len(known)], side)

    @precondition(lambda self: self.talk.open_handovers)
    @rule(decision=st.sampled_from(("TAKE_OVER_WITHOUT_FAMILY", "RETURN", "TRY_AGAIN", "GO_ON")))
    def both_decide(self, decision: str) -> None:
        self.talk.both(decision, self.talk.open_handovers[-1].handover)

    def _known(self) -> list[str]:
        return [r.handover for r in self.talk.open_handovers] or [
            uid(f"h{n}") for n in range(1, self.made + 1) if self._there(uid(f"h{n}"))
        ]

    def _there(self, ref: str) -> bool:
        return any(entry.handover and entry.handover.id == ref for entry in self.talk.entries)

    @precondition(lambda self: self.talk.head.regie != VT.slug)
    @rule(actor=st.sampled_from((VT, VT, *ACTORS)))
    def emergency(self, actor: Party) -> None:
        self.talk.take_over(actor, self._new())

    @precondition(lambda self: self.orders < 3)
    @rule(child=st.sampled_from(CHILDREN))
    def the_court_orders(self, child: str) -> None:
        self.orders += 1
        self.talk.order(GI, self._new(), f"m{self.orders}", child)

    @precondition(lambda self: self.orders)
    @rule(number=st.integers(1, 3), ends=st.booleans(), contact=st.booleans())
    def of_a_measure(self, number: int, ends: bool, contact: bool) -> None:
        if ends:
            self.talk.end_measure(GI, f"m{number}")
        else:
            self.talk.assign(GI, f"m{number}", contact=contact, regie=True)

    # Consent and letters

    @rule(
        who=PERSON, about=PERSON, decision=st.sampled_from(Decision), scope=SCOPES, days=st.sampled_from((None, 5, 40))
    )
    def consent(self, who: str, about: str, decision: Decision, scope: Scope, days: int | None) -> None:
        until = None if days is None else self.talk.today + timedelta(days=days)
        self.talk.consent(who, about, decision, scope, until=until, recorder=self._holder())

    @rule(number=st.integers(0, 9), actor=ACTOR)
    def withdraw(self, number: int, actor: Party) -> None:
        if known := self.talk.statements:
            recorder = actor if self.talk.case.is_party(actor.slug) else self._holder()
            self.talk.withdraw(known[number % len(known)], recorder)

    @rule(holder=st.sampled_from(("mother", "father", "youth")), about=st.sampled_from(CHILDREN), scope=SCOPES)
    def set_aside(self, holder: str, about: str, scope: Scope) -> None:
        scope = scope if scope.categories else Scope(categories=(Category.CONCERNS,))
        self.talk.set_aside(holder, about, scope, self._holder())

    @rule(who=ACTOR, to=ACTOR, purpose=st.sampled_from(PURPOSES), parts=st.lists(PART, min_size=1, max_size=3))
    def share(self, who: Party, to: Party, purpose: Purpose, parts: list[Part]) -> None:
        self.talk.share(who, to, purpose, parts)

    @rule(to=ACTOR, category=st.sampled_from(CATEGORIES), about=st.sets(PERSON, min_size=1, max_size=2))
    def share_under_consent(self, to: Party, category: Category, about: set[str]) -> None:
        part = Part(category, tuple((ref, "CONSENT") for ref in sorted(about)))
        self.talk.share(self._holder(), to, Purpose.HANDOVER, [part])

    @rule(who=ACTOR, to=ACTOR, about=PERSON, ground=st.sampled_from(("G2", "G4", "G8", "G10", "G18")))
    def share_on_a_ground(self, who: Party, to: Party, about: str, ground: str) -> None:
        fits = {"G2": Purpose.JOINT_SUPPORT, "G4": Purpose.MEASURE, "G8": Purpose.SAFETY_ALERT}
        purpose = fits.get(ground, Purpose.HANDOVER)
        self.talk.share(who, to, purpose, [Part(Category.CONCERNS, ((about, ground),))])

    # Sight, time, the case

    @rule(who=ACTOR, children=st.sets(st.sampled_from(CHILDREN), min_size=1), every=st.sampled_from((1, 7, 28)))
    def plan_sight(self, who: Party, children: set[str], every: int) -> None:
        self.talk.plan_sight(who, *sorted(children), every_days=every)

    @rule(who=ACTOR, child=st.sampled_from(CHILDREN), by=st.sampled_from(WatcherKind), days=st.integers(0, 4))
    def confirm(self, who: Party, child: str, by: WatcherKind, days: int) -> None:
        self.talk.confirm(who, child, by=by, days=days)

    @rule(who=ACTOR, child=st.sampled_from(CHILDREN))
    def break_trust(self, who: Party, child: str) -> None:
        self.talk.break_trust(who, child)

    @rule(hours=st.sampled_from((0, 5, 30, 24 * 4, 24 * 9, 24 * 15)))
    def time_passes(self, hours: int) -> None:
        self.talk.later(hours=hours)

    @rule(what=st.sampled_from(("close", "reopen", "to_family", "report")), actor=ACTOR, right=st.booleans())
    def the_case(self, what: str, actor: Party, right: bool) -> None:
        holder = self._holder()
        who = {"report": VT}.get(what, holder if right else actor)
        getattr(self.talk, what)(who)

    @rule(names=st.lists(st.sampled_from(sorted(SAYABLE)), min_size=1, max_size=3), draw=st.data())
    def anything(self, names: list[str], draw: st.DataObject) -> None:
        """Of every conversation, whatever its schema allows."""
        for name in names:
            anyone_says(self.talk, SAYABLE[name], draw)

    # What should never have been sent

    @rule(what=st.sampled_from(("unsigned", "another's", "again", "same id", "dry run", "noise", "outsider")))
    def nonsense(self, what: str) -> None:
        NONSENSE[what](self.talk, self._holder())

    def teardown(self) -> None:
        if hasattr(self, "watching"):
            for watcher in self.watching:
                watcher.end()
