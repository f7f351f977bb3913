"""What oversight remembers of a case: frozen records, and the working copy that the rules change. No I/O, no clock."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, ClassVar, Literal

from pydantic import Field

from schemas.agreements import Agreements
from schemas.base import Code, Count, Frozen, Instant, Slug, Subject, Uuid
from schemas.body import Phase
from schemas.handovers import FINAL, HandoverKind, HandoverState
from schemas.parties import OrganisationKind
from schemas.person import PersonRef
from schemas.service import AlertBody, AlertResolved
from schemas.tables.ladder import TOP
from schemas.tables.obligation_row import Row
from schemas.tables.obligations import BY_CODE


class Record(Frozen):
    """One state record of a case, kept under `<kind>:<case>:<key>`."""

    kind: ClassVar[str]

    @property
    def key(self) -> str:
        """What tells it apart within the case."""
        raise NotImplementedError


class Head(Record):
    """The case as the last fact showed it. `said`: how many alerts were raised in it, for their ids."""

    kind: ClassVar[str] = "head"
    subject: Subject
    open: bool = False
    regie: Slug | None = None
    coordination: Slug | None = None
    phase: Phase = Phase.STABLE_SAFETY
    vt_origin: bool = False
    children: tuple[PersonRef, ...] = ()
    holders: tuple[Slug, ...] = ()
    duty: tuple[Slug, ...] = ()
    splitting: tuple[Subject, ...] = ()
    helpers: Count = 0
    outside: tuple[Slug, ...] = ()
    consented: tuple[PersonRef, ...] = ()  # about whom a consent was ever recorded
    statements: dict[Uuid, PersonRef] = Field(default_factory=dict)  # about whom; a withdrawal names no person
    reviewed: dict[PersonRef, date] = Field(default_factory=dict)  # the birthday for which consent was looked at again
    distrusted: tuple[Slug, ...] = ()  # organisations the family broke with, that did not see a child themselves since
    raised: Count = 0
    regie_kind: OrganisationKind | None = None
    paired: bool = False
    agreed: Agreements | None = None  # as the last fact said

    @property
    def key(self) -> str:
        return ""


class Handover(Record):
    """A handover that is not final."""

    kind: ClassVar[str] = "handover"
    id: Uuid
    type: HandoverKind
    state: HandoverState
    sender: Slug
    receiver: Slug
    opened_at: Instant
    returns: Uuid | None = None
    child: PersonRef | None = None  # of an imposed one
    warm_due: Instant | None = None  # the first date of WARM_CONTACT: it is not reset
    seen: tuple[PersonRef, ...] = ()  # children the receiver has seen

    @property
    def key(self) -> str:
        return self.id

    @property
    def final(self) -> bool:
        return self.state in FINAL

    @property
    def sides(self) -> tuple[Slug, ...]:
        return (self.sender, self.receiver)


class Obligation(Record):
    """Something owed and not yet done. `ref`: the handover, report, measure, plan or message it is about."""

    kind: ClassVar[str] = "owed"
    code: Code
    ref: str = ""
    child: PersonRef | None = None  # or the person, where the row is per person
    children: tuple[PersonRef, ...] = ()  # of a planned check: whom it is about
    day: date | None = None
    to: Slug | None = None  # the recipient, where the row is per delivery
    what: Code | None = None  # the type of that message; of a set-aside: who was set aside
    handover: Uuid | None = None
    responsible: tuple[Slug, ...]
    watcher: tuple[Slug, ...] = ()
    cause: Code  # the message that opened it
    opened_at: Instant
    opens_at: Instant  # later than `opened_at` only where a row opens before its date
    due: Instant
    overdue: bool = False

    @property
    def key(self) -> str:
        parts = (self.code, self.ref, self.child or "", self.day.isoformat() if self.day else "", self.to or "")
        return "/".join(parts).rstrip("/")

    @property
    def row(self) -> Row:
        return BY_CODE[self.code]

    @property
    def alert_key(self) -> str:
        """The alert this counts for: one a case and code, and child where the row says so."""
        return alert_key(self.row.alert_code, self.child if self.row.alert_per_child else None)


class Alert(Record):
    """An alert that is not resolved. `told`: everyone who heard of it. `spoken`: how many messages it took so far."""

    kind: ClassVar[str] = "alert"
    id: Uuid
    code: Code
    child: PersonRef | None = None
    handover: Uuid | None = None
    tier: int
    due: Instant
    responsible: tuple[Slug, ...]
    also: tuple[Slug, ...] = ()  # who looks on and hears of it from the first tier
    told: tuple[Slug, ...] = ()
    spoken: Count = 0
    next_at: Instant | None = None
    silent_since: Instant | None = None

    @property
    def key(self) -> str:
        return alert_key(self.code, self.child)


class Plan(Frozen):
    """One organisation's promise to see a child."""

    owner: Slug
    since: Instant
    every_days: int
    until: date | None = None


class Sight(Record):
    """Who sees one child, and when it was last seen."""

    kind: ClassVar[str] = "sight"
    child: PersonRef
    plans: tuple[Plan, ...] = ()
    seen_at: Instant | None = None
    changed_at: Instant  # when the plans last changed
    cause: Code

    @property
    def key(self) -> str:
        return self.child


class Report(Record):
    """A report at Veilig Thuis."""

    kind: ClassVar[str] = "report"
    id: Uuid
    centre: Slug
    received_at: Instant
    investigated: bool = False
    concluded: bool = False

    @property
    def key(self) -> str:
        return self.id


class Waiting(Record):
    """Something beside a handover that a child waits for: a support not answered, a worker not assigned, the Raad that
    has not begun or not concluded.
    """

    kind: ClassVar[str] = "waiting"
    what: Literal["SUPPORT", "WORKER", "RAAD", "INVESTIGATION"]
    id: Uuid
    since: Instant
    of: tuple[Slug, ...]  # who is waited for
    by: Slug | None = None  # who asked for support
    children: tuple[PersonRef, ...] = ()  # empty: every child of the case

    @property
    def key(self) -> str:
        return self.id


RECORDS: tuple[type[Record], ...] = (Head, Handover, Obligation, Alert, Sight, Report, Waiting)


def alert_key(code: str, child: PersonRef | None) -> str:
    return f"{code}/{child}" if child else code


@dataclass(frozen=True, slots=True)
class Say:
    """One alert message to send. `number` counts the messages of its alert, for the id."""

    subject: Subject
    alert: Uuid
    number: int
    to: tuple[Slug, ...]
    body: AlertBody | AlertResolved

    @property
    def tier(self) -> int | None:
        return self.body.tier if isinstance(self.body, AlertBody) else None


@dataclass(slots=True)
class Watch:
    """One case, as a working copy: the rules change it and gather in `say` what is to be sent."""

    head: Head
    handovers: dict[str, Handover] = field(default_factory=dict)
    owed: dict[str, Obligation] = field(default_factory=dict)
    alerts: dict[str, Alert] = field(default_factory=dict)
    sights: dict[str, Sight] = field(default_factory=dict)
    reports: dict[str, Report] = field(default_factory=dict)
    waiting: dict[str, Waiting] = field(default_factory=dict)
    say: list[Say] = field(default_factory=list)
    met: set[str] = field(default_factory=set)  # alerts of which something was done just now

    @property
    def subject(self) -> Subject:
        return self.head.subject

    @property
    def direct(self) -> bool:
        """Direct unsafety."""
        return self.head.phase is Phase.DIRECT_SAFETY

    @property
    def open_handovers(self) -> tuple[Handover, ...]:
        return tuple(h for h in self.handovers.values() if not h.final)

    def owe(self, obligation: Obligation) -> None:
        self.owed[obligation.key] = obligation

    def of(self, code: str, handover: Uuid | None = None) -> tuple[Obligation, ...]:
        """The open obligations of a row, of one handover when given."""
        return tuple(o for o in self.owed.values() if o.code == code and (handover is None or o.handover == handover))

    def overdue(self, alert: Alert) -> tuple[Obligation, ...]:
        """What an alert stands for."""
        return tuple(o for o in self.owed.values() if o.overdue and o.alert_key == alert.key)

    def records(self) -> Iterator[Record]:
        """Everything to keep."""
        yield self.head
        for found in self._tables().values():
            yield from found.values()

    def copy(self) -> "Watch":
        """With its own tables and nothing to say."""
        return Watch(
            self.head,
            dict(self.handovers),
            dict(self.owed),
            dict(self.alerts),
            dict(self.sights),
            dict(self.reports),
            dict(self.waiting),
        )

    def keep(self, record: Record) -> None:
        """Take over a record as it was stored."""
        if isinstance(record, Head):
            self.head = record
        else:
            self._tables()[type(record)][record.key] = record

    def drop(self, record: Record) -> None:
        del self._tables()[type(record)][record.key]

    def _tables(self) -> Mapping[type[Record], dict[str, Any]]:
        return {
            Handover: self.handovers,
            Obligation: self.owed,
            Alert: self.alerts,
            Sight: self.sights,
            Report: self.reports,
            Waiting: self.waiting,
        }


def distinct(*groups: tuple[Slug | None, ...]) -> tuple[Slug, ...]:
    """The organisations named, each once, in order."""
    return tuple(dict.fromkeys(slug for group in groups for slug in group if slug is not None))


def tier_up(tier: int) -> int:
    return min(TOP, tier + 1)
