"""Walks the handover table: takes in what a message says, sees which conditions hold, finds the row, applies it."""

from dataclasses import dataclass

from schemas.base import Slug
from schemas.body import Body
from schemas.care import WorkerAssigned
from schemas.days import dutch_day
from schemas.handovers import (
    FINAL,
    ConsultHeld,
    ContactAttemptFailed,
    HandBackAnswered,
    HandoverAccepted,
    HandoverAnswered,
    HandoverKind,
    HandoverQuestioned,
    HandoverState,
    ProfessionalChanged,
    ReturnWaived,
    StoryAcknowledged,
    WaitAnnounced,
    WarmContactAttested,
)
from schemas.refusal import Mend, Reason, Refusal
from schemas.service import HandoverFact
from schemas.tables.agreed import number_of
from schemas.tables.transitions import IMPOSED_KINDS, TRANSITIONS, UNDER_WAY, Effect, Side, Transition, When, states_for
from services.gate.rules.case import Context
from services.gate.rules.case_records import HandoverRecord, MeasureRecord


@dataclass(frozen=True, slots=True)
class Step:
    """One row applied to one handover. `before` None: the handover begins here."""

    before: HandoverRecord | None
    after: HandoverRecord
    row: Transition
    effects: tuple[Effect, ...]

    @property
    def fact(self) -> HandoverFact:
        """What oversight is told of it."""
        return HandoverFact(
            id=self.after.handover,
            kind=self.after.type,
            before=self.before.state if self.before else None,
            after=self.after.state,
            sender=self.after.sender,
            receiver=self.after.receiver,
            returns=self.after.returns,
            effects=tuple(effect.value for effect in self.effects),
        )


def side_of(record: HandoverRecord, slug: Slug) -> Side | None:
    """Which side of a handover an organisation is."""
    if slug == record.receiver:
        return Side.RECEIVER
    return Side.SENDER if slug == record.sender else None


def other_side(record: HandoverRecord, side: Side) -> Slug:
    """Whom a message of this side goes to."""
    return record.receiver if side is Side.SENDER else record.sender


def variant_of(body: Body) -> str | None:
    """The value by which a message chooses among rows."""
    match body:
        case ConsultHeld(decision=decision):
            return decision.value
        case HandBackAnswered(answer=answer):
            return answer
    return None


def taken_in(ctx: Context, record: HandoverRecord, side: Side) -> HandoverRecord:
    """The record with the content of the message in it, before any row is applied."""
    mine = "receiver" if side is Side.RECEIVER else "sender"
    match ctx.body:
        case HandoverQuestioned():
            rounds = record.questions + (0 if record.question_open else 1)
            return record.model_copy(update={"question_open": True, "questions": rounds})
        case HandoverAnswered():
            return record.model_copy(update={"question_open": False})
        case WaitAnnounced():
            return record.model_copy(update={"waits": record.waits + 1})
        case HandoverAccepted() as said if side is Side.RECEIVER:
            return record.model_copy(update={"professional": said.professional})
        case WarmContactAttested() as said:
            return record.model_copy(update={f"attested_{mine}": said})
        case StoryAcknowledged():
            late = talked_with_family(record)
            return record.model_copy(update={"story_read": True, "story_read_at": ctx.now, "story_read_late": late})
        case ProfessionalChanged(professional=new):
            field = "professional" if side is Side.RECEIVER else "sender_professional"
            return record.model_copy(update={field: new})
        case ContactAttemptFailed():
            return record.model_copy(update={"attempts": min(record.attempts + 1, 99)})
        case ConsultHeld(decision=decision):
            return record.model_copy(update={f"consult_{mine}": decision})
        case ReturnWaived():
            return record.model_copy(update={"waived": tuple(sorted({*record.waived, ctx.sender.slug}))})
        case WorkerAssigned() as named:
            return record.model_copy(update={"professional": named.worker, "stand_in": named.stand_in})
    return record


def talked_with_family(record: HandoverRecord) -> bool:
    """Whether an attested talk with the family lies behind us."""
    said = (record.attested_sender, record.attested_receiver)
    return any(attested is not None and attested.family for attested in said)


def agree(record: HandoverRecord) -> bool:
    """Both sides attest the same talk: same day in the Netherlands, same speakers, same family members."""
    one, two = record.attested_sender, record.attested_receiver
    if one is None or two is None:
        return False
    days = {dutch_day(a.held_at) for a in (one, two)}
    return len(days) == 1 and set(one.spoke) == set(two.spoke) and set(one.family) == set(two.family)


def _contact_carried(record: HandoverRecord) -> bool:
    said, read_at = record.attested_receiver, record.story_read_at
    if said is None or said.first_contact is None or not said.family or not record.story_read or read_at is None:
        return False
    return read_at <= said.held_at


def holding(ctx: Context, was: HandoverRecord, record: HandoverRecord) -> frozenset[When]:
    """The conditions that hold with the message taken in. One line a condition."""
    body = ctx.body
    same = record.consult_sender is not None and record.consult_sender == record.consult_receiver
    facts = {
        When.QUESTION_OPEN: was.question_open,
        When.SECOND_ROUND: record.questions >= 2 and not record.consult_open,
        When.WAIT_LEFT: was.waits < number_of("WAITS", ctx.agreed),
        When.AGREED: agree(record),
        When.READABLE: record.has_story,
        When.STORY_READ: record.story_read,
        When.CONTACT_CARRIED: _contact_carried(record),
        When.CONTACT_HELD: isinstance(body, WorkerAssigned) and body.contact_held_at is not None,
        When.TOOK_PART: isinstance(body, ProfessionalChanged) and body.took_part_in_warm_contact,
        When.THIRD_ATTEMPT: record.attempts >= number_of("ATTEMPTS", ctx.agreed) and not record.consult_open,
        When.CONSULT_OPEN: was.consult_open,
        When.SAME_DECISION: same,
        When.FIRST_TRY_AGAIN: not was.tried_again,
        When.BOUNCED_BEFORE: _bounced_before(ctx, record),
        When.CANCEL_ASKED: was.cancelling,
        When.REGIE_MOVED: record.regie_moved,
        When.NO_MEASURE_LEFT: _no_measure_left(ctx, record),
        When.BOTH_WAIVED: {record.sender, record.receiver} <= set(record.waived),
    }
    return frozenset(when for when, holds in facts.items() if holds)


def _bounced_before(ctx: Context, record: HandoverRecord) -> bool:
    pair = {record.sender, record.receiver}
    return any({h.sender, h.receiver} == pair and h.bounces for h in ctx.case.of(HandoverRecord).values())


def _no_measure_left(ctx: Context, record: HandoverRecord) -> bool:
    ending = getattr(ctx.body, "measure", None)
    return not any(
        m.handover == record.handover and m.ended_on is None and m.measure != ending
        for m in ctx.case.of(MeasureRecord).values()
    )


def row_for(
    message: str,
    variant: str | None,
    side: Side,
    state: HandoverState | None,
    kind: HandoverKind,
    held: frozenset[When],
) -> Transition | None:
    """The first row that fits; None when nothing may be said here."""
    for row in TRANSITIONS:
        if (
            row.message == message
            and row.by is side
            and state in row.states
            and row.variant in (None, variant)
            and kind in row.kinds
            and held.issuperset(row.when)
        ):
            return row
    return None


def step(ctx: Context, before: HandoverRecord, side: Side, message: str | None = None) -> Step | None:
    """What this message makes of a handover, or None when it fits no row."""
    record = taken_in(ctx, before, side) if side is not Side.OTHER else before
    held = holding(ctx, before, record)
    row = row_for(message or ctx.event.name, variant_of(ctx.body), side, before.state, before.type, held)
    return applied(before, record, row) if row else None


def applied(before: HandoverRecord | None, record: HandoverRecord, row: Transition) -> Step:
    """The record with the row's state and effects."""
    to = row.to or record.state
    update: dict[str, object] = {"state": to}
    for effect in row.effects:
        update |= _written(effect, record)
    entered = before is None or before.state is not to
    if to not in UNDER_WAY:
        update["cancelling"] = False
    if entered and (to in FINAL or to is HandoverState.EMERGENCY):
        update |= _QUESTIONS_CLOSED | _CONSULT_CLOSED
    effects = _also_closed(before, row)
    return Step(before, record.model_copy(update=update), row, effects)


def _also_closed(before: HandoverRecord | None, row: Transition) -> tuple[Effect, ...]:
    """A final state or an emergency closes an open consult too."""
    shut = row.to is not None and (row.to in FINAL or row.to is HandoverState.EMERGENCY)
    if before and before.consult_open and shut and Effect.CONSULT_CLOSED not in row.effects:
        return (*row.effects, Effect.CONSULT_CLOSED)
    return row.effects


_NOT_ATTESTED: dict[str, object] = {"attested_sender": None, "attested_receiver": None}
_NOT_READ: dict[str, object] = {"story_read": False, "story_read_at": None}
_QUESTIONS_CLOSED: dict[str, object] = {"question_open": False}
_CONSULT_CLOSED: dict[str, object] = {"consult_open": False, "consult_sender": None, "consult_receiver": None}


def _written(effect: Effect, record: HandoverRecord) -> dict[str, object]:
    """What an effect writes into the record itself."""
    match effect:
        case Effect.LAPSED:
            return _NOT_ATTESTED
        case Effect.READING_REOPENED:
            return _NOT_READ
        case Effect.CONSULT_OPENED:
            return {"consult_open": True}
        case Effect.CONSULT_CLOSED:
            return _CONSULT_CLOSED
        case Effect.TRY_AGAIN:
            again: dict[str, object] = {"tried_again": True, "attempts": 0}
            return again | (
                _NOT_ATTESTED if record.state not in (HandoverState.ACCEPTED, HandoverState.EMERGENCY) else {}
            )
        case Effect.CANCEL_ASKED:
            return {"cancelling": True}
        case Effect.BOUNCE:
            return {"bounces": record.bounces + 1}
        case Effect.STORY_GIVEN:
            return {"has_story": True}
        case Effect.REVIEWED:
            return {"reviewed": True}
    return {}


def wrong_state(ctx: Context, before: HandoverRecord, side: Side) -> Reason:
    """Why no row fits: not for this side or kind at all, or not in this state, or a condition is missing."""
    message, variant = ctx.event.name, variant_of(ctx.body)
    states = states_for(message, side, variant, before.type)
    if not states:
        law = (
            "Jeugdwet 3.2(1): the court imposed it"
            if before.type in IMPOSED_KINDS
            else "D§0.2: the other side says this"
        )
        return Reason(code=Refusal.ROLE_NOT_ALLOWED, missing=(before.type.value, side.value), law=law)
    held = holding(ctx, before, taken_in(ctx, before, side))
    unmet = {
        when.value
        for row in TRANSITIONS
        if row.message == message and row.by is side and before.state in row.states and row.variant in (None, variant)
        for when in row.when
        if when not in held
    }
    return Reason(code=Refusal.WRONG_STATE, missing=(*states, *sorted(unmet)), mend=(Mend.WAIT_FOR_STATE,))
