"""What machines say: alerts of oversight, receipts of the edges, notices and verdicts of the gate, facts between gate
and oversight.
"""

from datetime import date
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from schemas.agreements import Agreements
from schemas.base import Code, Count, Digest, Frozen, Instant, Slug, Subject, Uuid
from schemas.body import Body, Phase, SightPlan
from schemas.entry import EntryMessage, Verdict
from schemas.handovers import HandoverKind, HandoverState
from schemas.manifest import Category
from schemas.parties import OrganisationKind
from schemas.person import Person, PersonRef
from schemas.refusal import Flag, Reason
from schemas.supports import SupportKind

GATE: Slug = "gate"
OVERSIGHT: Slug = "oversight"


class AlertBody(Body):
    """One alert a case, code and, where the row is per child, child."""

    alert: Uuid
    code: Code
    tier: Annotated[int, Field(ge=1, le=3)]
    responsible: tuple[Slug, ...]
    due: Instant
    handover: Uuid | None = None
    child: PersonRef | None = None


class AlertRaised(AlertBody):
    """Something was due and did not happen."""

    name: ClassVar[str] = "alerts.raised"


class AlertEscalated(AlertBody):
    """It still did not happen: one tier up."""

    name: ClassVar[str] = "alerts.escalated"


class AlertResolved(Body):
    """The obligation was met, or no longer applies."""

    name: ClassVar[str] = "alerts.resolved"
    alert: Uuid
    code: Code
    child: PersonRef | None = None
    how: Literal["MET", "NO_LONGER_APPLIES"]


class AlertAcknowledged(Body):
    """Someone took it up: silent until `until` (10 working days at most), then one tier up."""

    name: ClassVar[str] = "alerts.acknowledged"
    alert: Uuid
    reason: Literal["IN_HAND", "AGREED_LATER_DATE", "WAITING_FOR_OTHERS", "STAFF_ABSENT"]
    until: date


class ReceiptStored(Body):
    """Everything up to this sequence of one inbox partition is safely stored. Automatic, cumulative."""

    name: ClassVar[str] = "receipts.stored"
    partition: Count
    up_to: Count


class ReceiptMissing(Body):
    """A hole in an inbox partition: these sequences never came or could not be read."""

    name: ClassVar[str] = "receipts.missing"
    partition: Count
    sequences: Annotated[tuple[Count, ...], Field(min_length=1, max_length=1000)]


class VerdictGiven(Body):
    """The gate's answer to the sender. Proven by the `seal` header: the entry of this very decision."""

    name: ClassVar[str] = "verdicts.given"
    message: EntryMessage
    verdict: Verdict
    reasons: tuple[Reason, ...] = ()
    flags: tuple[Flag, ...] = ()
    original_verdict: Verdict | None = None  # of a DUPLICATE: what became of it the first time
    dry_run: bool = False


class RegieMoved(Body):
    """Regie went from one organisation to another, in the same transaction as what moved it."""

    name: ClassVar[str] = "regie.moved"
    regie_from: Slug | None = None
    regie_to: Slug | None = None
    how: Literal[
        "HANDOVER",
        "CONSULT",
        "EMERGENCY",
        "MEASURE",
        "CLOSED",
        "RETURNED",
        "OPENED",
        "TO_FAMILY",
        "REOPENED",
        "SUCCESSION",
    ]
    handover: Uuid | None = None


class ConsentWithdrawnNotice(Body):
    """Tells who holds items under a statement that it was withdrawn; nothing later may rely on it."""

    name: ClassVar[str] = "notices.consent_withdrawn"
    statement: Uuid
    about: PersonRef
    items: tuple[Uuid, ...]


class CorrectedNotice(Body):
    """Tells who holds an item that its author corrected it, without content. What takes its place, if anything does,
    comes from whom the item came from, where there is a basis to send it.
    """

    name: ClassVar[str] = "notices.corrected"
    item: Uuid
    replaced_by: Uuid | None = None


class StoredNotice(Body):
    """Tells a sender that its letters are stored at the recipient."""

    name: ClassVar[str] = "notices.stored"
    recipient: Slug
    messages: tuple[Uuid, ...]


class ResendDue(Body):
    """Asks a sender to seal and send a letter again: the recipient misses it."""

    name: ClassVar[str] = "notices.resend_due"
    recipient: Slug
    message: Uuid
    sequence: Count


class Lost(Body):
    """Both sides are told that a delivery will not come: its hole is closed."""

    name: ClassVar[str] = "notices.lost"
    recipient: Slug
    message: Uuid
    sequence: Count


class Gone(Body):
    """Tells an inbox that nothing will come at these places: they held words of the gate or of oversight, which nobody
    sends again, or were stored before. What they said stands in the ledger.
    """

    name: ClassVar[str] = "notices.gone"
    recipient: Slug
    sequences: Annotated[tuple[Count, ...], Field(min_length=1, max_length=1000)]


class HandoverCancelledNotice(Body):
    """An open handover to another ended because of an emergency, a court order or a closing."""

    name: ClassVar[str] = "notices.handover_cancelled"
    handover: Uuid
    because: Literal["EMERGENCY", "MEASURE", "CLOSED"]


class Succeeded(Body):
    """One organisation went on as another in this case (BW 2:309). Running handovers and who holds regie stand in the
    entry. `phase`, `taken_over` and, where it now leads, `persons` are told to the successor only.
    """

    name: ClassVar[str] = "notices.succeeded"
    ended: Slug
    successor: Slug
    phase: Phase | None = None
    taken_over: Annotated[tuple[SightPlan, ...], Field(max_length=64)] = ()
    persons: Annotated[tuple[Person, ...], Field(max_length=64)] = ()


class CheckpointMade(Body):
    """The signed state of a slot, sent to every inbox. Proven by its seal."""

    name: ClassVar[str] = "checkpoints.made"
    slot: Count
    slot_seq: Count
    hash: Digest
    at: Instant
    barrier: Code | None = None


class FactKind(StrEnum):
    """What a record on `case.facts` is."""

    MESSAGE = "MESSAGE"
    TICK = "TICK"
    ALERT_REFUSED = "ALERT_REFUSED"
    REFUSED = "REFUSED"  # a letter of a party that was not delivered, where somebody must know that it was tried
    DELIVERY = "DELIVERY"
    SUCCEEDED = "SUCCEEDED"


class DeliveryState(StrEnum):
    """What became of a message on its way to one recipient."""

    STORED = "STORED"  # its edge has it safely
    MISSING = "MISSING"  # its edge says that it never came, or could not be read
    SENT_AGAIN = "SENT_AGAIN"  # sealed anew, and delivered under another id
    LOST = "LOST"  # not sent again in time, or not allowed any more


class DeliveryFact(Body):
    """Messages of one sender to one recipient, and what became of them. Between gate and oversight only."""

    name: ClassVar[str] = "deliveries.followed"
    state: DeliveryState
    sender: Slug
    recipient: Slug
    messages: tuple[Uuid, ...]
    type: Code | None = None  # of a single message: what it was
    again: Uuid | None = None  # of SENT_AGAIN: its new id


class AgeBand(StrEnum):
    """How old a child was on the day: 12 and 16 are where another's consent is needed (Jeugdwet 7.3.4)."""

    UNBORN = "UNBORN"
    UNDER_12 = "UNDER_12"
    FROM_12 = "FROM_12"
    FROM_16 = "FROM_16"
    ADULT = "ADULT"


class HandoverFact(Frozen):
    """A handover before and after a message."""

    id: Uuid
    kind: HandoverKind
    before: HandoverState | None = None
    after: HandoverState
    sender: Slug
    receiver: Slug
    returns: Uuid | None = None
    effects: tuple[
        Code, ...
    ] = ()  # what the row did beyond the state: SECOND_QUESTION, THIRD_ATTEMPT, BOUNCE, AGREED, ...


class CaseFact(Frozen):
    """The case as it stands after a message, as far as oversight needs it."""

    open: bool
    regie: Slug | None = None
    regie_kind: OrganisationKind | None = None
    coordination: Slug | None = None
    phase: Phase
    vt_origin: bool
    children: tuple[PersonRef, ...] = ()
    holders: tuple[Slug, ...] = ()  # organisations that hold a delivery of the case, or opened it
    duty: tuple[Slug, ...] = ()
    splitting: tuple[Subject, ...] = ()  # cases in which children are to go on, not linked yet
    helpers: Count = 0  # professionals on the roster
    outside: tuple[Slug, ...] = ()  # where an address is secret: holders who must not learn of each other (EXTERNAL)
    paired: bool = False  # a professional of the regional safety team is named beside who leads
    agreed: Agreements | None = None  # by the chain of who leads, as it held at this moment


class Fact(Frozen):
    """One coded fact for oversight: what was accepted, and what it changed. Internal; no content, no birth date."""

    kind: FactKind
    at: Instant  # decision time
    id: Code  # message id, or the tick's
    subject: Subject | None = None
    type: Code | None = None  # e.g. handovers.proposed
    actor: Slug | None = None
    actor_kind: OrganisationKind | None = None
    by: Code | None = None
    to: tuple[Slug, ...] = ()
    body: dict[str, Any] = Field(default_factory=dict)
    case: CaseFact | None = None
    handover: HandoverFact | None = None
    also: tuple[HandoverFact, ...] = ()  # other handovers the same message ended or superseded
    flags: tuple[Flag, ...] = ()
    items: tuple[Uuid, ...] = ()  # of the letter's manifest
    to_correct: tuple[tuple[Slug, Slug], ...] = ()  # of a correction: from whom to whom it still has to go
    categories: tuple[Category, ...] = ()  # of the letter's manifest
    support: SupportKind | None = None  # of what sort the support is that it is about
    delivery: DeliveryFact | None = None  # of a DELIVERY
    birthdays: dict[PersonRef, date] = Field(
        default_factory=dict
    )  # next 12th, 16th or 18th birthday, for CONSENT_REVIEW
    ages: dict[PersonRef, AgeBand] = Field(default_factory=dict)  # of the children of the case, on this day
    entry: Count | None = None  # place of the decision's entry in the chain of its slot: what it is counted by
    barrier: Code | None = None  # of a TICK


class ClockRecord(Frozen):
    """One step of a simulated cluster's time, one record to each partition of topic `clock`."""

    at: Instant
    barrier: Code | None = None
