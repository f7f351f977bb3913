"""Random talk between Veilig Thuis, two local teams and an institution never breaks what must always hold."""

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from schemas.body import Phase
from schemas.handovers import HandoverKind, HandoverState
from schemas.parties import Party
from schemas.service import RegieMoved
from schemas.tables.transitions import IMPOSED_KINDS
from services.gate.rules.case import Case
from services.gate.rules.case_records import HandoverRecord, MeasureRecord
from tests.gate.rules.families import GI, OTHER_TEAM, TEAM, VT, uid
from tests.gate.rules.play import DIRECTORY, Play

S = HandoverState
ACTORS = (VT, TEAM, OTHER_TEAM, GI)
SIDES = st.sampled_from(("S", "R"))
Act = Callable[[Play, str], Any]

BY_EITHER: dict[str, Callable[[Play, str, Any], Any]] = {
    "attest": lambda p, h, side: p.attest(side, h),
    "attest another talk": lambda p, h, side: p.attest(side, h, family=("mother",)),
    "attest without family": lambda p, h, side: p.attest(side, h, family=()),
    "change": lambda p, h, side: p.change(side, h),
    "change to one who was there": lambda p, h, side: p.change(side, h, took_part=True),
    "consult take over": lambda p, h, side: p.consult(side, "TAKE_OVER_WITHOUT_FAMILY", h),
    "consult return": lambda p, h, side: p.consult(side, "RETURN", h),
    "consult try again": lambda p, h, side: p.consult(side, "TRY_AGAIN", h),
    "consult go on": lambda p, h, side: p.consult(side, "GO_ON", h),
    "waive": lambda p, h, side: p.waive(side, h),
    "accept": lambda p, h, side: p.accept(h, side),
}
BY_ONE: dict[str, Act] = {
    "question": lambda p, h: p.question(h),
    "answer": lambda p, h: p.answer(h),
    "wait": lambda p, h: p.wait(h),
    "accept": lambda p, h: p.accept(h),
    "decline": lambda p, h: p.decline(h),
    "visit": lambda p, h: p.attest("R", h, first=True),
    "read": lambda p, h: p.read(h),
    "fail": lambda p, h: p.fail(h),
    "meet": lambda p, h: p.meet(h),
    "hand back": lambda p, h: p.hand_back(h),
    "take back": lambda p, h: p.answer_back("TAKEN_BACK", h),
    "dispute": lambda p, h: p.answer_back("DISPUTED", h),
    "cancel": lambda p, h: p.cancel(h),
    "confirm cancel": lambda p, h: p.confirm_cancel(h),
    "take over": lambda p, h: p.take_over(DIRECTORY[p.handover(h).receiver], h),
    "review": lambda p, h: p.review(h),
    "end emergency": lambda p, h: p.end_emergency(h),
    "tell story": lambda p, h: p.tell_story(h),
}

WAYS_OUT: dict[HandoverState, tuple[Act, ...]] = {
    S.PROPOSED: (lambda p, h: p.decline(h),),
    S.WAITING: (lambda p, h: p.decline(h),),
    S.IMPOSED: (lambda p, h: _assign(p, h),),
    S.ACCEPTED: (
        lambda p, h: p.tell_story(h),
        lambda p, h: p.read(h),
        lambda p, h: p.attest("S", h),
        lambda p, h: p.attest("R", h),
    ),
    S.WARM: (lambda p, h: p.tell_story(h), lambda p, h: p.read(h), lambda p, h: p.meet(h)),
    S.EMERGENCY: (
        lambda p, h: p.tell_story(h),
        lambda p, h: p.attest("S", h),
        lambda p, h: p.attest("R", h),
        lambda p, h: p.read(h),
    ),
    S.HANDED_BACK: (lambda p, h: p.answer_back("TAKEN_BACK", h),),
    S.RETURNING: (lambda p, h: p.waive("S", h), lambda p, h: p.waive("R", h)),
}
"""What the two sides alone say to come to an end, by state. The sides need nobody else."""


def _assign(play: Play, handover: str) -> Any:
    measures = play.case.of(MeasureRecord).items()
    name = next(
        m
        for m in ("m0", "m1", "m2")
        for ref, r in measures
        if ref == uid(m) and r.handover == handover and r.ended_on is None
    )
    return play.assign(DIRECTORY[play.handover(handover).receiver], name)


def come_to_an_end(play: Play, handover: str) -> None:
    """The two sides follow the ways out; raises when they are stuck."""
    for _ in range(6):
        record = play.handover(handover)
        if record.final:
            return
        spoken = 0
        for act in WAYS_OUT[record.state]:
            if play.state(handover) is not record.state:
                break
            spoken += not act(play, handover).reasons
        assert spoken, f"nothing may be said in {record.state}"
    assert play.handover(handover).final, f"{play.handover(handover).state} does not come to an end"


class Chain(RuleBasedStateMachine):
    """One case, four organisations, any message at any time."""

    def __init__(self) -> None:
        super().__init__()
        self.play = Play(VT, phase=Phase.STABLE_SAFETY)
        self.play.put(self.play.head.model_copy(update={"parties": tuple(actor.slug for actor in ACTORS)}))
        self.made = 0
        self.orders = 0

    def _try(self, act: Callable[[], Any]) -> None:
        before, said = self.play.case, len(self.play.accepted)
        judgement = act()
        if judgement.reasons:
            assert self.play.case is before
            assert judgement.effects.put == ()
        else:
            assert len(self.play.accepted) == said + 1
            self._regie_moved_rightly(before)

    def _regie_moved_rightly(self, before: Case) -> None:
        ctx, judgement = self.play.accepted[-1]
        assert before.head is not None
        held, holds = before.head.regie, self.play.head.regie
        moves = [n for n in judgement.effects.notices if isinstance(n.body, RegieMoved)]
        if held == holds:
            assert not moves
            return
        fact = judgement.effects.handover
        assert fact is not None
        assert "REGIE_MOVED" in fact.effects
        assert fact.after in (S.COMPLETED, S.EMERGENCY)
        assert (fact.sender, fact.receiver) == (held, holds)
        assert {n.to for n in moves} == set(self.play.head.parties) - {ctx.sender.slug}

    def _known(self, data: st.DataObject) -> str:
        return data.draw(st.sampled_from(sorted(self.play.case.of(HandoverRecord))))

    @rule(sender=st.sampled_from(ACTORS), receiver=st.sampled_from(ACTORS), kind=st.sampled_from(HandoverKind))
    def propose(self, sender: Party, receiver: Party, kind: HandoverKind) -> None:
        back = [r.handover for r in self.play.case.of(HandoverRecord).values() if r.state is S.RETURNING]
        self.made += 1
        returns = back[0] if back else None
        self._try(lambda: self.play.propose(sender, receiver, uid(f"h{self.made}"), kind=kind, returns=returns))

    @rule(actor=st.sampled_from(ACTORS))
    def emergency(self, actor: Party) -> None:
        self.made += 1
        self._try(lambda: self.play.take_over(actor, uid(f"h{self.made}")))

    @precondition(lambda self: self.orders < 3)
    @rule()
    def order(self) -> None:
        self.made += 1
        self.orders += 1
        self._try(lambda: self.play.order(GI, uid(f"h{self.made}"), f"m{self.orders - 1}"))

    @rule(number=st.integers(0, 2), contact=st.booleans(), regie=st.booleans(), ends=st.booleans())
    def measure(self, number: int, contact: bool, regie: bool, ends: bool) -> None:
        name = f"m{number}"
        if ends:
            self._try(lambda: self.play.end_measure(GI, name))
        else:
            self._try(lambda: self.play.assign(GI, name, contact=contact, regie=regie))

    @precondition(lambda self: self.play.case.of(HandoverRecord))
    @rule(data=st.data(), name=st.sampled_from(sorted(BY_ONE)))
    def one_says(self, data: st.DataObject, name: str) -> None:
        handover = self._known(data)
        self._try(lambda: BY_ONE[name](self.play, handover))

    @precondition(lambda self: self.play.case.of(HandoverRecord))
    @rule(data=st.data(), name=st.sampled_from(sorted(BY_EITHER)), side=SIDES)
    def either_says(self, data: st.DataObject, name: str, side: str) -> None:
        handover = self._known(data)
        self._try(lambda: BY_EITHER[name](self.play, handover, side))

    @precondition(lambda self: any(not r.final for r in self.play.case.of(HandoverRecord).values()))
    @rule()
    def somebody_goes_on(self) -> None:
        """A step of the good way, so that walks reach the far states too."""
        open_now = [r for r in self.play.case.of(HandoverRecord).values() if not r.final]
        record = open_now[-1]
        if record.state in (S.PROPOSED, S.WAITING):
            self._try(lambda: self.play.accept(record.handover))
        else:
            for act in WAYS_OUT[record.state][:2]:
                act(self.play, record.handover)

    @invariant()
    def an_open_case_has_one_that_leads(self) -> None:
        head = self.play.head
        assert head.open
        assert head.regie in {actor.slug for actor in ACTORS}
        assert head.regie_kind is DIRECTORY[head.regie or ""].kind

    @invariant()
    def one_handover_at_most_moves_regie(self) -> None:
        records = self.play.case.of(HandoverRecord).values()
        running = [r for r in records if not r.final and r.moves_regie]
        returning = {r.handover for r in running if r.state is S.RETURNING}
        rest = [r for r in running if r.handover not in returning]
        assert len(rest) <= 1
        assert len(returning) <= 1
        assert all(not returning or r.returns in returning for r in rest)

    @invariant()
    def before_the_move_the_sender_leads(self) -> None:
        for record in self.play.case.of(HandoverRecord).values():
            if record.final or not record.moves_regie or record.type in IMPOSED_KINDS:
                continue
            moved = record.state in (S.EMERGENCY, S.RETURNING)
            assert record.regie_moved is moved
            assert self.play.head.regie == (record.receiver if moved else record.sender)

    @invariant()
    def what_is_over_owes_nothing(self) -> None:
        for record in self.play.case.of(HandoverRecord).values():
            if record.final:
                assert not record.question_open
                assert not record.consult_open
                assert not record.cancelling

    def teardown(self) -> None:
        """From wherever the walk stopped, the two sides of each handover alone can reach an end."""
        for handover in list(self.play.case.of(HandoverRecord)):
            come_to_an_end(self.play, handover)


Chain.TestCase.settings = settings(
    max_examples=30,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestChain = Chain.TestCase
