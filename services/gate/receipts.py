"""Receipts of the edges: what is safely stored, and what never came. No party check and no verdict unless refused."""

from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

from schemas.base import Slug, Subject
from schemas.entry import EntryKind, Verdict
from schemas.event import Event
from schemas.refusal import Mend, Reason, Refusal
from schemas.service import (
    DeliveryFact,
    DeliveryState,
    Gone,
    Lost,
    ReceiptMissing,
    ReceiptStored,
    ResendDue,
    StoredNotice,
    VerdictGiven,
)
from services.gate import facts, telling
from services.gate.envelope import Received
from services.gate.scribe import Scribe
from services.gate.state import Pending

SEND_AGAIN_WITHIN = timedelta(days=4)
"""Our choice: two working days, also over a weekend. After that both sides are told that the letter is lost."""


def handles(received: Received) -> bool:
    """Whether a message is a receipt."""
    return isinstance(received.body, ReceiptStored | ReceiptMissing)


def take(received: Received, scribe: Scribe, today: Callable[[Slug], Slug]) -> None:
    """Write the receipt down and tell each sender what it means for its messages, and who stands in for it."""
    body, event = received.body, received.event
    if event is None or not isinstance(body, ReceiptStored | ReceiptMissing):
        raise AssertionError("a receipt was read as one")
    last = body.up_to if isinstance(body, ReceiptStored) else max(body.sequences)
    if body.partition != scribe.slot or last > scribe.counters.sequence(received.owner):
        _refuse(received, scribe)
        return
    _write(received, scribe, Verdict.DELIVERED)
    if isinstance(body, ReceiptStored):
        _stored(received.owner, body.up_to, event.id, scribe, today)
    else:
        _missing(received.owner, body.sequences, event, scribe, today)


def _stored(inbox: Slug, up_to: int, cause: str, scribe: Scribe, today: Callable[[Slug], Slug]) -> None:
    by_sender: dict[tuple[Slug, Subject], list[str]] = {}
    for sequence, pending in sorted(scribe.counters.pending(inbox).items()):
        if sequence <= up_to:
            by_sender.setdefault((pending.source, pending.subject), []).append(pending.message)
            scribe.counters.stored(inbox, sequence)
    for (source, subject), messages in by_sender.items():
        told = Told(today(source), today(inbox), subject, cause)
        _tell(told, DeliveryState.STORED, tuple(messages), scribe)
        for sender in dict.fromkeys((source, today(source))):
            scribe.notify(sender, subject, StoredNotice(recipient=inbox, messages=tuple(messages)), cause, source)


def _missing(
    inbox: Slug, sequences: tuple[int, ...], event: Event, scribe: Scribe, today: Callable[[Slug], Slug]
) -> None:
    """Who sent what never came is asked to send it again. What the gate said itself, nobody sends again: the inbox is
    told, or its receipts would stop at that hole for ever.
    """
    cause, asked = event.id, event.subject
    pending: dict[int, Pending] = scribe.counters.pending(inbox)
    for sequence in sorted(set(sequences) & pending.keys()):
        lost = pending[sequence]
        told = Told(today(lost.source), today(inbox), lost.subject, cause)
        _tell(told, DeliveryState.MISSING, (lost.message,), scribe, type=lost.name)
        scribe.counters.ask_again(inbox, sequence, scribe.now + SEND_AGAIN_WITHIN)
        body = ResendDue(recipient=inbox, message=lost.message, sequence=sequence)
        for sender in dict.fromkeys((lost.source, today(lost.source))):
            scribe.notify(sender, lost.subject, body, cause, str(sequence))
    gone = tuple(sorted(set(sequences) - pending.keys()))
    if gone:
        scribe.notify(inbox, asked, Gone(recipient=inbox, sequences=gone), cause)


def sent_again(inbox: Slug, pending: Pending, message: str, scribe: Scribe, today: Callable[[Slug], Slug]) -> None:
    """A missing letter was sealed anew and delivered as `message`: its sender owes it no more."""
    told = Told(today(pending.source), today(inbox), pending.subject, message)
    _tell(told, DeliveryState.SENT_AGAIN, (pending.message,), scribe, type=pending.name, again=message)


def give_up(scribe: Scribe, today: Callable[[Slug], Slug]) -> None:
    """Tell both sides of every missing letter that was not sent again in time."""
    for (inbox, sequence), pending in scribe.counters.not_sent_again(scribe.now).items():
        lose(inbox, sequence, pending, scribe, today)


def lose(inbox: Slug, sequence: int, pending: Pending, scribe: Scribe, today: Callable[[Slug], Slug]) -> None:
    """Close a hole for good: the sender and the recipient both learn that the letter will not come."""
    body = Lost(recipient=inbox, message=pending.message, sequence=sequence)
    told = Told(today(pending.source), today(inbox), pending.subject, pending.message)
    _tell(told, DeliveryState.LOST, (pending.message,), scribe, type=pending.name)
    for side in dict.fromkeys((pending.source, inbox, today(pending.source), today(inbox))):
        scribe.notify(side, pending.subject, body, str(sequence))


class Told(NamedTuple):
    """Between whom, about what, and which message says so."""

    sender: Slug
    recipient: Slug
    subject: Subject
    cause: str


def _tell(told: Told, state: DeliveryState, messages: tuple[str, ...], scribe: Scribe, **more: str) -> None:
    """Oversight hears what became of deliveries of a case or thread."""
    body = DeliveryFact(state=state, sender=told.sender, recipient=told.recipient, messages=messages, **more)
    scribe.emits.append(facts.record(facts.delivery_of(body, told.subject, told.cause, scribe.now)))


def _refuse(received: Received, scribe: Scribe) -> None:
    event = received.event
    if event is None:
        return
    reason = Reason(code=Refusal.MALFORMED, missing=("data.body.partition", "data.body.up_to"), mend=(Mend.CORRECT,))
    _write(received, scribe, Verdict.REFUSED, (reason,))
    given = VerdictGiven(message=telling.message(received), verdict=Verdict.REFUSED, reasons=(reason,))
    scribe.notify(received.owner, event.subject, given, event.id, chained=False)


def _write(received: Received, scribe: Scribe, verdict: Verdict, reasons: tuple[Reason, ...] = ()) -> None:
    event = received.event
    scribe.write(
        EntryKind.MESSAGE,
        case=event.subject if event else None,
        claimed_at=event.time if event else None,
        actor=received.owner,
        message=telling.message(received),
        verdict=verdict,
        reasons=reasons,
        keys=(received.kid,) if received.kid else (),
    )
