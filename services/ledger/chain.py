"""Checks a ledger without the ledger's help: from the lines, the gate's public keys and what others hold, nothing else.

An export is one compact JWS a line, slot after slot and within a slot in the order of its sequence. Whoever holds seals
(the entries that came with deliveries and verdicts, and checkpoints) can hold them against the export: an entry that is
missing or reads otherwise is named.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from pydantic import ValidationError

from schemas.base import Slug, Subject
from schemas.directory import DirectoryKey
from schemas.entry import Entry, EntryKind, Verdict, entry_hash
from services.runtime.jose import BadSignature, PublicKey, Resolve, verify_compact


class FaultCode(StrEnum):
    """What can be wrong with a ledger."""

    NOT_AUTHENTIC = "NOT_AUTHENTIC"  # not signed by a key of the gate, or altered since
    KEY_OUT_OF_TIME = "KEY_OUT_OF_TIME"  # signed with a key that did not count at its date
    UNREADABLE = "UNREADABLE"  # signed by the gate, but no entry
    OTHER_EPOCH = "OTHER_EPOCH"  # of another ledger
    OUT_OF_ORDER = "OUT_OF_ORDER"  # stands again, or after what it should come before
    SLOT_GAP = "SLOT_GAP"
    SLOT_LINK = "SLOT_LINK"  # names another entry as the previous one of its slot
    CASE_GAP = "CASE_GAP"
    CASE_LINK = "CASE_LINK"
    TIME_BACK = "TIME_BACK"
    INBOX_GAP = "INBOX_GAP"
    WRONG_SLOT = "WRONG_SLOT"  # stands in another partition than that of its slot
    FORK = "FORK"  # another entry was read at this place before
    OUT_OF_SCOPE = "OUT_OF_SCOPE"  # does not belong in an export of this case or organisation
    HELD_MISSING = "HELD_MISSING"
    HELD_DIFFERS = "HELD_DIFFERS"
    HELD_UNUSABLE = "HELD_UNUSABLE"  # what is held proves nothing: not of the gate, or of another ledger


class Fault(NamedTuple):
    """One thing that is wrong, and where. `line` counts from 1, in the export or among the held seals."""

    code: FaultCode
    slot: int | None
    seq: int | None
    detail: str
    line: int | None = None

    def __str__(self) -> str:
        place = f"slot {self.slot} entry {self.seq}" if self.slot is not None else "unknown place"
        source = "held seal" if self.code.startswith("HELD_") else "line"
        where = f"{source} {self.line}, {place}" if self.line is not None else place
        return f"{where}: {self.detail} [{self.code}]"


class End(NamedTuple):
    """The last entry of a chain."""

    seq: int
    hash: str
    at: datetime


class Before(NamedTuple):
    """What came before an entry: the ends of its slot's chain and its case's, and the last sequence of each inbox."""

    slot: End | None
    case: End | None
    inboxes: Mapping[Slug, int]


class Scope(NamedTuple):
    """What an export claims to be: the whole ledger, one case of it, or what concerns one organisation."""

    case: Subject | None = None
    organisation: Slug | None = None

    @property
    def whole(self) -> bool:
        return self.case is None and self.organisation is None

    def holds(self, entry: Entry) -> bool:
        """Whether the entry belongs in such an export."""
        right_case = self.case is None or entry.case == self.case
        return right_case and (self.organisation is None or self.organisation in concerned(entry))


def concerned(entry: Entry) -> frozenset[Slug]:
    """The organisations that act in an entry or receive by it; not those a refused message was meant for."""
    delivered = entry.recipients if entry.verdict in (Verdict.DELIVERED, None) else ()
    return frozenset((*((entry.actor,) if entry.actor else ()), *delivered, *(place.inbox for place in entry.inbox)))


def read_entry(line: str | bytes, resolve: Resolve) -> Entry:
    """The entry of a compact JWS; fields of a later version are passed over. Raises BadSignature or ValidationError."""
    return read_signed(line, resolve).entry


class Signed(NamedTuple):
    """An entry and the key that signed it."""

    entry: Entry
    kid: str


def read_signed(line: str | bytes, resolve: Resolve) -> Signed:
    """As `read_entry`, with the key."""
    payload, kid = verify_compact(line, resolve)
    return Signed(Entry.model_validate_json(payload, extra="ignore"), kid)


def out_of_time(entry: Entry, kid: str) -> Fault:
    """The key of an entry was not yet, or no longer, to be used at the entry's date."""
    return Fault(
        FaultCode.KEY_OUT_OF_TIME, entry.slot, entry.slot_seq, f"is signed with {kid}, which did not count then"
    )


def chain_faults(entry: Entry, before: Before, scope: Scope = Scope()) -> Iterator[Fault]:  # noqa: B008  # immutable
    """What does not fit between an entry and what came before it, in an export of this scope."""
    for code, detail in (
        *_slot_problems(entry, before.slot, scope),
        *_case_problems(entry, before.case, scope),
        *_inbox_problems(entry, before.inboxes, scope),
    ):
        yield Fault(code, entry.slot, entry.slot_seq, detail)


Problem = tuple[FaultCode, str]


def _slot_problems(entry: Entry, end: End | None, scope: Scope) -> Iterator[Problem]:
    last = end.seq if end else 0
    if entry.slot_seq <= last:
        yield FaultCode.OUT_OF_ORDER, f"comes after entry {last} of its slot"
    elif entry.slot_seq > last + 1:
        if scope.whole:
            yield FaultCode.SLOT_GAP, f"{_span(last + 1, entry.slot_seq - 1)} of the slot missing before it"
    elif end is not None and entry.slot_previous != end.hash:
        yield FaultCode.SLOT_LINK, f"does not follow from entry {last} of its slot as it stands here"
    if end is not None and entry.at < end.at:
        yield FaultCode.TIME_BACK, f"is dated {entry.at.isoformat()}, before the entry it follows"


def _case_problems(entry: Entry, end: End | None, scope: Scope) -> Iterator[Problem]:
    if entry.case_seq is None:
        return
    last = end.seq if end else 0
    if entry.case_seq <= last:
        yield FaultCode.OUT_OF_ORDER, f"is number {entry.case_seq} of its case, after number {last}"
    elif entry.case_seq > last + 1:
        if scope.organisation is None:
            yield FaultCode.CASE_GAP, f"{_span(last + 1, entry.case_seq - 1)} of its case missing before it"
    elif entry.case_previous != (end.hash if end else None):
        yield FaultCode.CASE_LINK, f"does not follow from number {last} of its case as it stands here"


def _inbox_problems(entry: Entry, inboxes: Mapping[Slug, int], scope: Scope) -> Iterator[Problem]:
    for place in entry.inbox:
        last = inboxes.get(place.inbox, 0)
        must_be_whole = scope.whole or (scope.case is None and place.inbox == scope.organisation)
        if place.sequence <= last or (must_be_whole and place.sequence != last + 1):
            told = f"is number {place.sequence} in the inbox of {place.inbox}, after number {last}"
            yield FaultCode.INBOX_GAP, told


def _span(first: int, last: int) -> str:
    return f"entry {first}" if first == last else f"entries {first} to {last}"


class SlotReport(NamedTuple):
    """How far one slot of the export reaches. `held`: the last held seal of the slot that the export confirms."""

    slot: int
    entries: int
    last: End
    checkpoint: End | None
    held: int | None


@dataclass(frozen=True, slots=True)
class Report:
    """What an export is worth."""

    scope: Scope
    epoch: str | None
    entries: int
    cases: int
    slots: tuple[SlotReport, ...]
    held: int  # seals that were held against the export
    held_elsewhere: int  # seals that this export need not contain
    faults: tuple[Fault, ...]

    @property
    def ok(self) -> bool:
        return not self.faults

    @property
    def exit_code(self) -> int:
        return 0 if self.ok else 1

    def says(self, *codes: FaultCode) -> bool:
        """Whether one of these is among the faults."""
        return any(fault.code in codes for fault in self.faults)


@dataclass(slots=True)
class _Walk:
    """The export as far as it was read."""

    scope: Scope
    resolve: Resolve
    windows: Mapping[str, DirectoryKey]
    faults: list[Fault] = field(default_factory=list)
    epoch: str | None = None
    entries: int = 0
    slot: int = -1  # the slot whose entries are being read
    ends: dict[int, End] = field(default_factory=dict)
    counts: dict[int, int] = field(default_factory=dict)
    checkpoints: dict[int, End] = field(default_factory=dict)
    cases: dict[Subject, End] = field(default_factory=dict)
    inboxes: dict[tuple[int, Slug], int] = field(default_factory=dict)
    hashes: dict[tuple[int, int], str] = field(default_factory=dict)

    def line(self, number: int, line: str) -> None:
        try:
            entry, kid = read_signed(line, self.resolve)
        except BadSignature as bad:
            self.faults.append(Fault(FaultCode.NOT_AUTHENTIC, None, None, str(bad), number))
        except ValidationError:
            self.faults.append(Fault(FaultCode.UNREADABLE, None, None, "is not a ledger entry", number))
        else:
            if kid in self.windows and not self.windows[kid].credible(entry.at):
                self.faults.append(out_of_time(entry, kid)._replace(line=number))
            self._take(number, entry, entry_hash(line))

    def _take(self, number: int, entry: Entry, hashed: str) -> None:
        self.entries += 1
        found = [*self._misplaced(entry), *chain_faults(entry, self._before(entry), self.scope)]
        self.faults.extend(fault._replace(line=number) for fault in found)
        self.hashes.setdefault((entry.slot, entry.slot_seq), hashed)
        self.counts[entry.slot] = self.counts.get(entry.slot, 0) + 1
        end = End(entry.slot_seq, hashed, entry.at)
        if entry.slot_seq > self._last(entry.slot):
            self.ends[entry.slot] = end
        if entry.kind is EntryKind.CHECKPOINT:
            self.checkpoints[entry.slot] = end
        if entry.case and entry.case_seq is not None:
            self.cases[entry.case] = End(entry.case_seq, hashed, entry.at)
        for place in entry.inbox:
            self.inboxes[entry.slot, place.inbox] = place.sequence

    def _misplaced(self, entry: Entry) -> Iterator[Fault]:
        self.epoch = self.epoch or entry.epoch
        if entry.epoch != self.epoch:
            yield Fault(FaultCode.OTHER_EPOCH, entry.slot, entry.slot_seq, "belongs to another ledger")
        if entry.slot < self.slot:
            yield Fault(FaultCode.OUT_OF_ORDER, entry.slot, entry.slot_seq, f"comes after entries of slot {self.slot}")
        self.slot = max(self.slot, entry.slot)
        if not self.scope.holds(entry):
            yield Fault(FaultCode.OUT_OF_SCOPE, entry.slot, entry.slot_seq, "does not belong in this export")

    def _before(self, entry: Entry) -> Before:
        inboxes = {place.inbox: self.inboxes.get((entry.slot, place.inbox), 0) for place in entry.inbox}
        return Before(self.ends.get(entry.slot), self.cases.get(entry.case) if entry.case else None, inboxes)

    def _last(self, slot: int) -> int:
        return self.ends[slot].seq if slot in self.ends else 0


@dataclass(slots=True)
class _Held:
    """Seals held against the export."""

    walk: _Walk
    compared: int = 0
    elsewhere: int = 0
    confirmed: dict[int, int] = field(default_factory=dict)

    def line(self, number: int, line: str) -> None:
        try:
            entry = read_entry(line, self.walk.resolve)
        except (BadSignature, ValidationError):
            self._fault(FaultCode.HELD_UNUSABLE, None, "what is held is not an entry signed by the gate", number)
            return
        if self.walk.epoch is not None and entry.epoch != self.walk.epoch:
            self._fault(FaultCode.HELD_UNUSABLE, entry, "what is held belongs to another ledger", number)
        elif self.walk.scope.holds(entry):
            self._compare(number, entry, entry_hash(line))
        else:
            self.elsewhere += 1

    def _compare(self, number: int, entry: Entry, hashed: str) -> None:
        self.compared += 1
        here = self.walk.hashes.get((entry.slot, entry.slot_seq))
        if here is None:
            self._fault(FaultCode.HELD_MISSING, entry, "is held, and missing from the export", number)
        elif here != hashed:
            self._fault(FaultCode.HELD_DIFFERS, entry, "is held with another content than in the export", number)
        else:
            self.confirmed[entry.slot] = max(self.confirmed.get(entry.slot, 0), entry.slot_seq)

    def _fault(self, code: FaultCode, entry: Entry | None, detail: str, number: int) -> None:
        slot, seq = (entry.slot, entry.slot_seq) if entry else (None, None)
        self.walk.faults.append(Fault(code, slot, seq, detail, number))


def verify(
    entries: Iterable[str],
    keys: Iterable[PublicKey],
    held: Iterable[str] = (),
    scope: Scope = Scope(),  # noqa: B008  # immutable
    windows: Iterable[DirectoryKey] = (),
) -> Report:
    """Check an export and hold seals against it. Blank lines are passed over. Names every fault, raises for none.

    `windows`: the directory's word on these keys. What is signed with one of them must be dated when it counted.
    """
    by_kid = {key.kid: key for key in keys}
    walk = _Walk(scope, by_kid.get, {key.kid: key for key in windows})
    for number, line in _lines(entries):
        walk.line(number, line)
    held_up = _Held(walk)
    for number, line in _lines(held):
        held_up.line(number, line)
    slots = tuple(
        SlotReport(slot, walk.counts[slot], end, walk.checkpoints.get(slot), held_up.confirmed.get(slot))
        for slot, end in sorted(walk.ends.items())
    )
    return Report(
        scope=scope,
        epoch=walk.epoch,
        entries=walk.entries,
        cases=len(walk.cases),
        slots=slots,
        held=held_up.compared,
        held_elsewhere=held_up.elsewhere,
        faults=tuple(walk.faults),
    )


def _lines(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(lines, start=1):
        text = line.rstrip("\r\n")
        if text:
            yield number, text
