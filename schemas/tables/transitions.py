"""The warm handover as a table: in which state which side may say what, and what the handover becomes.

Read a row as: "in one of STATES, SIDE may say MESSAGE (VARIANT of it) when all of WHEN hold; the handover is then TO".
Of several rows that fit, the first counts, so a row with more conditions stands before the one with fewer. What fits no
row is refused as WRONG_STATE and changes nothing. The walker is services/gate/rules/handover.py.

States outside the table: a handover that does not exist yet is in no state (None).
"""

from dataclasses import dataclass
from enum import StrEnum

from schemas.handovers import FINAL, HandoverKind, HandoverState
from schemas.handovers import HandoverState as S

NO_STATE = "NONE"
"""How the state of a handover that does not exist yet is written, e.g. in a refusal."""
MOST_WAITS = 2
"""A wait may be announced once more. Ours; a chain may agree otherwise (tables/agreeable.py)."""
ATTEMPTS = 3
"""So many failed attempts open a joint consult. Ours; a chain may agree otherwise."""


class Side(StrEnum):
    """Who speaks, seen from one handover."""

    OPENER = "OPENER"  # opens it; who may is said with the message
    SENDER = "SENDER"
    RECEIVER = "RECEIVER"
    OTHER = "OTHER"  # it is said about another handover of the same case, and touches this one


class When(StrEnum):
    """What must hold besides the state, with the message counted in. Each is one line of `holding` in the walker."""

    QUESTION_OPEN = "QUESTION_OPEN"
    SECOND_ROUND = "SECOND_ROUND"  # of questions, with no joint consult open
    WAIT_LEFT = "WAIT_LEFT"  # a wait may be announced twice
    AGREED = "AGREED"  # the latest attestations of both sides name the same day, speakers and family
    READABLE = "READABLE"  # there is a story to read, or the coded reason why there is none
    STORY_READ = "STORY_READ"
    CONTACT_CARRIED = "CONTACT_CARRIED"  # the talk was the first contact too, and the story read before it
    CONTACT_HELD = "CONTACT_HELD"
    TOOK_PART = "TOOK_PART"
    THIRD_ATTEMPT = "THIRD_ATTEMPT"  # or a later one, with no joint consult open
    CONSULT_OPEN = "CONSULT_OPEN"
    SAME_DECISION = "SAME_DECISION"  # the other side sent the same
    FIRST_TRY_AGAIN = "FIRST_TRY_AGAIN"
    BOUNCED_BEFORE = "BOUNCED_BEFORE"  # between the same two
    CANCEL_ASKED = "CANCEL_ASKED"
    REGIE_MOVED = "REGIE_MOVED"
    NO_MEASURE_LEFT = "NO_MEASURE_LEFT"
    BOTH_WAIVED = "BOTH_WAIVED"


class Effect(StrEnum):
    """What a row does beyond the state. These codes reach oversight in the fact of the message."""

    SECOND_QUESTION = "SECOND_QUESTION"
    TERMS_AGREED = "TERMS_AGREED"  # both sides of an imposed handover want regie to move
    AGREED = "AGREED"
    LAPSED = "LAPSED"  # the attestations count no more: another talk is needed
    READING_REOPENED = "READING_REOPENED"
    STORY_OWED = "STORY_OWED"
    STORY_GIVEN = "STORY_GIVEN"
    STORY_READ = "STORY_READ"
    THIRD_ATTEMPT = "THIRD_ATTEMPT"
    CONSULT_OPENED = "CONSULT_OPENED"
    CONSULT_CLOSED = "CONSULT_CLOSED"
    TRY_AGAIN = "TRY_AGAIN"
    VTO_OWED = "VTO_OWED"  # the sender registers a request for investigation, with interim sight
    FAMILY_NOT_MET = "FAMILY_NOT_MET"
    BOUNCE = "BOUNCE"
    BOUNCE_LOOP = "BOUNCE_LOOP"
    DISPUTED = "DISPUTED"
    CANCEL_ASKED = "CANCEL_ASKED"
    REVIEWED = "REVIEWED"
    FIRST_CONTACT = "FIRST_CONTACT"
    COMPLETES = "COMPLETES"  # regie moves now, if this handover moves it and it has not moved yet
    TAKES_OVER = "TAKES_OVER"  # regie moves now, before the warm part
    REGIE_MOVED = "REGIE_MOVED"  # added where it really moved


ANY_KIND = frozenset(HandoverKind)
IMPOSED_KINDS = frozenset({HandoverKind.TO_MEASURE, HandoverKind.GI_TO_GI})
"""Opened by a court order: nobody may decline, hand back or cancel them."""
OFFERED_KINDS = ANY_KIND - IMPOSED_KINDS
MOVING_KINDS = ANY_KIND - {HandoverKind.INTO_RUNNING_HELP}
"""At most one open handover of these kinds may run in a case."""

OFFER = frozenset({S.PROPOSED, S.WAITING})
UNDER_WAY = frozenset({S.ACCEPTED, S.WARM})
LIVE = UNDER_WAY | {S.EMERGENCY}
BEFORE_MOVE = OFFER | UNDER_WAY | {S.IMPOSED, S.HANDED_BACK}
OPEN = frozenset(HandoverState) - FINAL


@dataclass(frozen=True, slots=True)
class Transition:
    """One row. `to` None: the state stays. `opens` and `closes` name obligations (schemas/tables/obligations.py)."""

    message: str
    states: frozenset[HandoverState | None]
    by: Side
    to: HandoverState | None
    source: str
    when: tuple[When, ...] = ()
    variant: str | None = None
    kinds: frozenset[HandoverKind] = ANY_KIND
    effects: tuple[Effect, ...] = ()
    opens: tuple[str, ...] = ()
    closes: tuple[str, ...] = ()


def _in(*states: HandoverState | None) -> frozenset[HandoverState | None]:
    return frozenset(states)


NEW = _in(None)
_OFFER = _in(*OFFER)
_UNDER_WAY = _in(*UNDER_WAY)
_LIVE = _in(*LIVE)
E, W = Effect, When

OPENING = (
    Transition(
        "handovers.proposed", NEW, Side.OPENER, S.PROPOSED, "D#1, D§0.2: the sender stays responsible",
        kinds=OFFERED_KINDS, opens=("FIRST_REACTION",),
    ),
    Transition(
        "measures.started", NEW, Side.OPENER, S.IMPOSED, "Jeugdwet 3.2(1); Besluit Jeugdwet 4.2.1: the court charges",
        kinds=IMPOSED_KINDS, effects=(E.STORY_OWED,), opens=("GI_ASSIGN", "FIRST_CONTACT", "WARM_CONTACT"),
    ),
    Transition(
        "measures.transferred", NEW, Side.OPENER, S.IMPOSED, "BW 1:259; Besluit Jeugdwet 4.2.2",
        kinds=IMPOSED_KINDS, effects=(E.STORY_OWED,), opens=("GI_ASSIGN", "FIRST_CONTACT", "WARM_CONTACT"),
    ),
    Transition(
        "handovers.emergency_taken_over", NEW, Side.OPENER, S.EMERGENCY, "D#79; Uitvoeringsbesluit Wmo 4.1.1(2)a",
        kinds=frozenset({HandoverKind.REGIE}), effects=(E.TAKES_OVER, E.STORY_OWED),
        opens=("EMERGENCY_FLAG", "WARM_FOLLOW_UP", "URGENT_REVIEW", "STORY_OWED"),
    ),
)  # fmt: skip
"""How a handover begins."""

ANSWERING = (
    Transition(
        "handovers.questioned", _OFFER, Side.RECEIVER, None, "D#13, D#44: a question never orphans the case",
        when=(W.SECOND_ROUND,), effects=(E.SECOND_QUESTION, E.CONSULT_OPENED),
        opens=("ANSWER_QUESTION", "JOINT_CONSULT"),
    ),
    Transition("handovers.questioned", _OFFER, Side.RECEIVER, None, "D#44", opens=("ANSWER_QUESTION",)),
    Transition(
        "handovers.answered", _OFFER | _UNDER_WAY, Side.SENDER, None, "D#44", when=(W.QUESTION_OPEN,),
        closes=("ANSWER_QUESTION",),
    ),
    Transition(
        "handovers.wait_announced", _OFFER, Side.RECEIVER, S.WAITING, "D#63: the wait counts on the receiver",
        when=(W.WAIT_LEFT,), opens=("WAIT_REVIEW",), closes=("FIRST_REACTION", "WAIT_REVIEW"),
    ),
    Transition(
        "handovers.declined", _OFFER, Side.RECEIVER, S.DECLINED, "D#38, D#57", kinds=OFFERED_KINDS,
        opens=("REROUTE",), closes=("FIRST_REACTION", "WAIT_REVIEW"),
    ),
    Transition(
        "handovers.accepted", _OFFER, Side.RECEIVER, S.ACCEPTED, "D#40, D§3e.8: yes, by name",
        opens=("WARM_CONTACT", "FIRST_CONTACT"), closes=("FIRST_REACTION", "WAIT_REVIEW"),
    ),
    Transition(
        "handovers.accepted", _in(S.IMPOSED, S.ACCEPTED, S.WARM), Side.SENDER, None,
        "D#1, D#3: a measure does not move regie by itself, both say so",
        kinds=IMPOSED_KINDS, effects=(E.TERMS_AGREED,),
    ),
    Transition("handovers.cancelled", _OFFER, Side.SENDER, S.CANCELLED, "D§0.2", kinds=OFFERED_KINDS),
    Transition(
        "handovers.cancelled", _UNDER_WAY, Side.SENDER, None, "D§0.2: after acceptance only with the receiver's yes",
        kinds=OFFERED_KINDS, effects=(E.CANCEL_ASKED,),
    ),
    Transition(
        "handovers.cancel_confirmed", _UNDER_WAY, Side.RECEIVER, S.CANCELLED, "D§0.2", when=(W.CANCEL_ASKED,),
        kinds=OFFERED_KINDS,
    ),
)  # fmt: skip
"""How the receiver answers an offer, and how the sender takes it back."""


def _attested(side: Side) -> tuple[Transition, ...]:
    name, agreed = "handovers.warm_contact_attested", ("WARM_CONTACT",)
    return (
        Transition(
            name, _in(S.ACCEPTED), side, S.COMPLETED, "D#27, D§3e.2-3: one home visit of old and new worker is normal",
            when=(W.AGREED, W.CONTACT_CARRIED), effects=(E.AGREED, E.FIRST_CONTACT, E.COMPLETES),
            opens=("SAFETY_ASSESSMENT", "CHILD_SEEN"), closes=agreed,
        ),
        Transition(
            name, _in(S.ACCEPTED), side, S.WARM, "D#27, D§3e.2", when=(W.AGREED,), effects=(E.AGREED,), closes=agreed,
        ),
        Transition(
            name, _in(S.EMERGENCY), side, S.COMPLETED, "JB Noord 2016 §3.1: the warm part still follows",
            when=(W.AGREED, W.STORY_READ), effects=(E.AGREED, E.COMPLETES),
            opens=("SAFETY_ASSESSMENT", "CHILD_SEEN"), closes=("EMERGENCY_FLAG", "WARM_FOLLOW_UP"),
        ),
        Transition(name, _in(S.EMERGENCY), side, None, "JB Noord 2016 §3.1", when=(W.AGREED,), effects=(E.AGREED,)),
        Transition(name, _in(S.ACCEPTED, S.EMERGENCY), side, None, "D§3e.2: the latest word of a side counts"),
    )  # fmt: skip


def _changed(side: Side) -> tuple[Transition, ...]:
    name, source = "handovers.professional_changed", "D#31: a change of person is an event"
    reread = (E.READING_REOPENED,) if side is Side.RECEIVER else ()
    return (
        Transition(name, _LIVE, side, None, source, when=(W.TOOK_PART,), effects=reread),
        Transition(
            name, _in(S.WARM), side, S.ACCEPTED, source, effects=(E.LAPSED, *reread), opens=("WARM_CONTACT",),
        ),
        Transition(name, _in(S.ACCEPTED, S.EMERGENCY), side, None, source, effects=(E.LAPSED, *reread)),
    )  # fmt: skip


WARM = (
    *_attested(Side.SENDER),
    *_attested(Side.RECEIVER),
    Transition(
        "handovers.story_acknowledged", _in(S.EMERGENCY), Side.RECEIVER, S.COMPLETED, "D#27",
        when=(W.READABLE, W.AGREED), effects=(E.STORY_READ, E.COMPLETES),
        opens=("SAFETY_ASSESSMENT", "CHILD_SEEN"), closes=("EMERGENCY_FLAG", "WARM_FOLLOW_UP"),
    ),
    Transition(
        "handovers.story_acknowledged", _LIVE, Side.RECEIVER, None, "D#27: read before the first contact",
        when=(W.READABLE,), effects=(E.STORY_READ,),
    ),
    *_changed(Side.SENDER),
    *_changed(Side.RECEIVER),
    Transition(
        "handovers.contact_attempt_failed", _LIVE, Side.RECEIVER, None, "D#43-45", when=(W.THIRD_ATTEMPT,),
        effects=(E.THIRD_ATTEMPT, E.CONSULT_OPENED), opens=("JOINT_CONSULT",),
    ),
    Transition("handovers.contact_attempt_failed", _LIVE, Side.RECEIVER, None, "D#43-45"),
    Transition(
        "handovers.first_contact_held", _in(S.WARM), Side.RECEIVER, S.COMPLETED, "D§0.2, D§3e.3, D§3e.8",
        when=(W.STORY_READ,), effects=(E.FIRST_CONTACT, E.COMPLETES),
        opens=("SAFETY_ASSESSMENT", "CHILD_SEEN"), closes=("FIRST_CONTACT",),
    ),
)  # fmt: skip
"""The warm conversation, the reading and the first contact."""


def _consult(side: Side) -> tuple[Transition, ...]:
    """A consult is for an accepted handover at any time, elsewhere while JOINT_CONSULT is open."""
    name, closed, done = "handovers.consult_held", ("JOINT_CONSULT",), E.CONSULT_CLOSED
    both, asked = (W.SAME_DECISION,), (W.SAME_DECISION, W.CONSULT_OPEN)
    again = (E.TRY_AGAIN, done)
    without = (E.FAMILY_NOT_MET, E.COMPLETES, done)
    taken = ("SAFETY_ASSESSMENT", "CHILD_SEEN")

    def row(
        variant: str,
        states: frozenset[HandoverState | None],
        to: HandoverState | None,
        when: tuple[When, ...],
        effects: tuple[Effect, ...] = (),
        kinds: frozenset[HandoverKind] = ANY_KIND,
        opens: tuple[str, ...] = (),
    ) -> Transition:
        closes = closed if W.SAME_DECISION in when else ()
        return Transition(
            name, states, side, to, "D#43-45; JB Noord 2016 §5.2", when, variant, kinds, effects, opens, closes
        )

    once, once_asked = (*both, W.FIRST_TRY_AGAIN), (*asked, W.FIRST_TRY_AGAIN)
    in_back, elsewhere = _in(S.HANDED_BACK), _OFFER | _in(S.IMPOSED, S.EMERGENCY, S.HANDED_BACK)
    return (
        row("TAKE_OVER_WITHOUT_FAMILY", _UNDER_WAY, S.COMPLETED, both, without, opens=taken),
        row("TAKE_OVER_WITHOUT_FAMILY", _in(S.EMERGENCY, S.HANDED_BACK), S.COMPLETED, asked, without, opens=taken),
        row("TAKE_OVER_WITHOUT_FAMILY", _UNDER_WAY, None, ()),
        row("TAKE_OVER_WITHOUT_FAMILY", _in(S.EMERGENCY, S.HANDED_BACK), None, (W.CONSULT_OPEN,)),
        row("RETURN", _UNDER_WAY, S.HANDED_BACK, both, (E.BOUNCE, done), OFFERED_KINDS, ("HAND_BACK_ANSWER",)),
        row("RETURN", in_back, S.RETURNED, asked, (done,), OFFERED_KINDS),
        row("RETURN", _UNDER_WAY, None, (), kinds=OFFERED_KINDS),
        row("RETURN", in_back, None, (W.CONSULT_OPEN,), kinds=OFFERED_KINDS),
        row("TRY_AGAIN", _in(S.WARM, S.ACCEPTED), S.ACCEPTED, once, again, opens=("WARM_CONTACT", "FIRST_CONTACT")),
        row("TRY_AGAIN", in_back, S.ACCEPTED, once_asked, again, opens=("WARM_CONTACT", "FIRST_CONTACT")),
        row("TRY_AGAIN", _in(S.EMERGENCY), None, once_asked, again),
        row("TRY_AGAIN", _UNDER_WAY, None, (W.FIRST_TRY_AGAIN,)),
        row("TRY_AGAIN", _in(S.EMERGENCY, S.HANDED_BACK), None, (W.CONSULT_OPEN, W.FIRST_TRY_AGAIN)),
        row("VTO", _UNDER_WAY, None, both, (E.VTO_OWED, done)),
        row("VTO", elsewhere, None, asked, (E.VTO_OWED, done)),
        row("VTO", _UNDER_WAY, None, ()),
        row("VTO", elsewhere, None, (W.CONSULT_OPEN,)),
        row("GO_ON", _UNDER_WAY, None, both, (done,)),
        row("GO_ON", elsewhere, None, asked, (done,)),
        row("GO_ON", _UNDER_WAY, None, ()),
        row("GO_ON", elsewhere, None, (W.CONSULT_OPEN,)),
    )  # fmt: skip


GOING_BACK = (
    *_consult(Side.SENDER),
    *_consult(Side.RECEIVER),
    Transition(
        "handovers.handed_back", _UNDER_WAY, Side.RECEIVER, S.HANDED_BACK, "D#43: the second bounce of the same two",
        when=(W.BOUNCED_BEFORE,), kinds=OFFERED_KINDS, effects=(E.BOUNCE, E.BOUNCE_LOOP, E.CONSULT_OPENED),
        opens=("HAND_BACK_ANSWER", "JOINT_CONSULT"),
    ),
    Transition(
        "handovers.handed_back", _UNDER_WAY, Side.RECEIVER, S.HANDED_BACK, "D#44: given back with reasons",
        kinds=OFFERED_KINDS, effects=(E.BOUNCE,), opens=("HAND_BACK_ANSWER",),
    ),
    Transition(
        "handovers.hand_back_answered", _in(S.HANDED_BACK), Side.SENDER, S.RETURNED, "D#44", variant="TAKEN_BACK",
        closes=("HAND_BACK_ANSWER",),
    ),
    Transition(
        "handovers.hand_back_answered", _in(S.HANDED_BACK), Side.SENDER, None, "D#44: silence is not an answer",
        variant="DISPUTED", effects=(E.DISPUTED, E.CONSULT_OPENED), opens=("JOINT_CONSULT",),
        closes=("HAND_BACK_ANSWER",),
    ),
)  # fmt: skip
"""Joint consult, hand-back and its answer."""

EMERGENCY = (
    Transition(
        "handovers.emergency_taken_over", _in(*OFFER, *UNDER_WAY, S.DECLINED, S.HANDED_BACK), Side.RECEIVER,
        S.EMERGENCY, "D#79; Uitvoeringsbesluit Wmo 4.1.1(2)a", kinds=MOVING_KINDS, effects=(E.TAKES_OVER,),
        opens=("EMERGENCY_FLAG", "WARM_FOLLOW_UP", "URGENT_REVIEW"), closes=("REROUTE",),
    ),
    Transition(
        "handovers.emergency_taken_over", _in(*BEFORE_MOVE), Side.OTHER, S.CANCELLED,
        "an open handover to a third ends when somebody takes the case over",
    ),
    Transition(
        "handovers.emergency_taken_over", _in(S.EMERGENCY, S.RETURNING), Side.OTHER, S.SUPERSEDED,
        "the next emergency takes the place of this one",
    ),
    Transition(
        "handovers.urgent_reviewed", _in(S.EMERGENCY), Side.RECEIVER, None, "JB Noord 2016 §3.3: a second pair of eyes",
        effects=(E.REVIEWED,), closes=("URGENT_REVIEW",),
    ),
    Transition(
        "handovers.emergency_ended", _in(S.EMERGENCY), Side.RECEIVER, S.RETURNING, "JB Noord 2016 §3.3",
        effects=(E.REVIEWED,), opens=("RETURN_PROPOSAL",), closes=("EMERGENCY_FLAG", "WARM_FOLLOW_UP", "URGENT_REVIEW"),
    ),
    Transition(
        "handovers.returned", _in(S.RETURNING), Side.OTHER, S.SUPERSEDED, "the handover that returns it is complete",
        closes=("RETURN_PROPOSAL",),
    ),
    *(
        Transition(
            "handovers.return_waived", _in(S.RETURNING), side, to, "both agree that it stays", when=when, closes=closes,
        )
        for side in (Side.SENDER, Side.RECEIVER)
        for to, when, closes in ((S.COMPLETED, (W.BOTH_WAIVED,), ("RETURN_PROPOSAL",)), (None, (), ()))
    ),
)  # fmt: skip
"""Taking a case over in acute danger, and giving it back. `handovers.returned` is not a message: it is said of a
handover when another one, which names it in `returns`, completes.
"""


def _ordered(name: str) -> tuple[Transition, ...]:
    return (
        Transition(
            name, _in(*OFFER, S.HANDED_BACK), Side.RECEIVER, S.IMPOSED, "the order makes the offer an imposed one",
            kinds=MOVING_KINDS, opens=("GI_ASSIGN", "FIRST_CONTACT", "WARM_CONTACT"),
            closes=("FIRST_REACTION", "WAIT_REVIEW"),
        ),
        Transition(
            name, _in(S.IMPOSED, *LIVE, S.RETURNING), Side.RECEIVER, None, "the order joins the running handover",
            kinds=MOVING_KINDS, opens=("GI_ASSIGN",),
        ),
        Transition(
            name, _in(*BEFORE_MOVE), Side.OTHER, S.CANCELLED, "the court charges another", kinds=MOVING_KINDS,
        ),
        Transition(
            name, _in(S.EMERGENCY, S.RETURNING), Side.OTHER, S.SUPERSEDED, "the court charges another",
            kinds=MOVING_KINDS,
        ),
    )  # fmt: skip


MEASURES = (
    *_ordered("measures.started"),
    *_ordered("measures.transferred"),
    Transition(
        "measures.worker_assigned", _in(S.IMPOSED), Side.RECEIVER, S.ACCEPTED, "Besluit Jeugdwet 4.2.1",
        when=(W.CONTACT_HELD,), kinds=IMPOSED_KINDS, closes=("GI_ASSIGN",),
    ),
    Transition(
        "measures.worker_assigned", _in(S.IMPOSED), Side.RECEIVER, None, "Besluit Jeugdwet 4.2.1: named, not met yet",
        kinds=IMPOSED_KINDS,
    ),
    Transition(
        "measures.ended", _in(*OPEN), Side.RECEIVER, S.COMPLETED, "regie moved before the measure ended",
        when=(W.NO_MEASURE_LEFT, W.REGIE_MOVED), kinds=IMPOSED_KINDS,
    ),
    Transition(
        "measures.ended", _in(*OPEN), Side.RECEIVER, S.CANCELLED, "without a measure there is nothing to hand over",
        when=(W.NO_MEASURE_LEFT,), kinds=IMPOSED_KINDS,
    ),
    Transition(
        "dossiers.shared", _in(S.IMPOSED, *LIVE), Side.SENDER, None, "D#27: the sender's story, still owed",
        effects=(E.STORY_GIVEN,), closes=("STORY_OWED",),
    ),
)  # fmt: skip
"""What a court order does, and the story that the sender then still owes."""

TRANSITIONS: tuple[Transition, ...] = (*OPENING, *ANSWERING, *WARM, *GOING_BACK, *EMERGENCY, *MEASURES)
"""The whole table, in the order in which rows are tried."""

MESSAGES = frozenset(row.message for row in TRANSITIONS)


def states_for(message: str, side: Side, variant: str | None, kind: HandoverKind) -> tuple[str, ...]:
    """The states in which this side may say this, in the order of the enum; NONE first where it opens a handover."""
    sides = (side, Side.OPENER)
    named = {
        state
        for row in TRANSITIONS
        if row.message == message and row.by in sides and kind in row.kinds and row.variant in (None, variant)
        for state in row.states
    }
    return tuple(([NO_STATE] if None in named else []) + [state.value for state in HandoverState if state in named])
