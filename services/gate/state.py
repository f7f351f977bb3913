"""The gate's state of one slot: cases as records, and the counters of chains and inboxes.

Keys are `<kind>:<group>:<key>` where the group of a case is its UUID. What was said in a case (for duplicates) stands
in a group of its own, so that loading a case does not pass over it.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import takewhile
from typing import TypeVar, cast

from pydantic import BaseModel

from schemas.base import Code, Count, Digest, Frozen, Instant, Slug, Subject, Uuid
from schemas.entry import Verdict
from services.gate.rules.asked_records import ThreadRecord
from services.gate.rules.case import Case, Effects
from services.gate.rules.case_records import RECORDS, CaseHead, ItemRecord
from services.gate.rules.record import Record
from services.relay.types import View
from services.runtime.subjects import group_of

REMEMBERED = timedelta(days=60)
"""How long a message id is known again, and how long a closed case keeps more than its head."""

_BY_KIND: Mapping[str, type[Record]] = {record.kind: record for record in RECORDS}


class Link(Frozen):
    """The end of a chain."""

    seq: Count = 0
    hash: Digest | None = None


class SlotHead(Link):
    """The end of the slot's chain, and where its last checkpoint stood."""

    checkpoint_seq: Count = 0
    checkpoint_at: Instant | None = None


class Decided(Frozen):
    """What became of a message, to answer it again when it comes again."""

    hash: Digest
    entry: Digest
    verdict: Verdict
    at: Instant
    to: tuple[Slug, ...] = ()  # whose inbox has it


class Pending(Frozen):
    """A delivery that its recipient has not confirmed as stored. `said`: SHA-256 of what it says, to know it again."""

    source: Slug
    message: Uuid
    subject: Subject
    name: Code
    said: Digest | None = None


class DryRuns(Frozen):
    """How often a professional asked without sending, within one hour."""

    count: Count
    hour: Instant


@lru_cache(maxsize=50_000)
def _parsed(model: type[BaseModel], value: bytes) -> BaseModel:
    return model.model_validate_json(value)


class _Items(Mapping[str, ItemRecord]):
    """The items of a case, parsed when touched: there may be very many, and a message is about few."""

    def __init__(self, raw: dict[str, bytes]) -> None:
        self._raw = raw

    def __getitem__(self, key: str) -> ItemRecord:
        return cast(ItemRecord, _parsed(ItemRecord, self._raw[key]))

    def __iter__(self) -> Iterator[str]:
        return iter(self._raw)

    def __len__(self) -> int:
        return len(self._raw)


M = TypeVar("M", bound=BaseModel)


def load_case(view: View, subject: Subject) -> Case:
    """The case as it stands; empty when nothing was ever said in it."""
    records: dict[type[Record], dict[str, Record]] = {}
    items: dict[str, bytes] = {}
    for full, value in view.group(group_of(subject)).items():
        kind, _, key = full.split(":", 2)
        if kind == ItemRecord.kind:
            items[key] = value
        elif (record := _BY_KIND.get(kind)) is not None:
            records.setdefault(record, {})[key] = cast(Record, _parsed(record, value))
    return Case(subject, {**records, ItemRecord: _Items(items)})


def save_effects(view: View, subject: Subject, effects: Effects) -> None:
    """Write what a message changed; a record that stays the same is not written again."""
    group = group_of(subject)
    for record in effects.put:
        _put(view, f"{record.kind}:{group}:{record.key}", record)
    for kind, key in effects.drop:
        view.delete(f"{kind.kind}:{group}:{key}")


def _put(view: View, key: str, model: BaseModel) -> None:
    view.put(key, model.model_dump_json(exclude_none=True).encode())


class Counters:
    """Chains, inbox sequences, known messages, pending deliveries and dry runs of one slot."""

    def __init__(self, view: View) -> None:
        self._view = view

    def _get(self, model: type[M], key: str) -> M | None:
        value = self._view.get(key)
        return cast(M, _parsed(model, value)) if value is not None else None

    def slot(self) -> SlotHead:
        """The end of the slot's chain."""
        return self._get(SlotHead, "chain::slot") or SlotHead()

    def set_slot(self, head: SlotHead) -> None:
        _put(self._view, "chain::slot", head)

    def case(self, subject: Subject) -> Link:
        """The end of a case's chain."""
        return self._get(Link, f"chain:{group_of(subject)}:") or Link()

    def set_case(self, subject: Subject, link: Link) -> None:
        _put(self._view, f"chain:{group_of(subject)}:", link)

    def sequence(self, inbox: Slug) -> int:
        """The last sequence given in an inbox; 0 before the first."""
        value = self._view.get(f"sequence::{inbox}")
        return int(value) if value is not None else 0

    def next_sequence(self, inbox: Slug) -> int:
        """Take the next place in an inbox."""
        number = self.sequence(inbox) + 1
        self._view.put(f"sequence::{inbox}", str(number).encode())
        return number

    def decided(self, subject: Subject, source: Slug, message: str) -> Decided | None:
        """What became of this message, if it was decided within the remembered time."""
        return self._get(Decided, _decided_key(subject, source, message))

    def remember(self, subject: Subject, source: Slug, message: str, decided: Decided) -> None:
        _put(self._view, _decided_key(subject, source, message), decided)

    def forget(self, subject: Subject, before: datetime) -> None:
        """Drop what was decided in a case before a moment. It stands in the order in which it was decided."""
        decided = self._view.group(f"{group_of(subject)}/messages").items()
        for key, _ in tuple(takewhile(lambda item: _decided_at(item[1]) < before, decided)):
            self._view.delete(key)

    def pend(self, inbox: Slug, sequence: int, pending: Pending) -> None:
        """Remember a delivery until its recipient confirms that it is stored."""
        _put(self._view, f"pending:{inbox}:{sequence}", pending)

    def pending(self, inbox: Slug) -> dict[int, Pending]:
        """Deliveries of an inbox that were not confirmed, by sequence."""
        return {
            int(key.rpartition(":")[2]): cast(Pending, _parsed(Pending, value))
            for key, value in self._view.group(inbox).items()
            if key.startswith("pending:")
        }

    def stored(self, inbox: Slug, sequence: int) -> None:
        """A delivery is safe, or its hole is closed."""
        self._view.delete(f"pending:{inbox}:{sequence}")
        self._view.delete(_resend_key(inbox, sequence))

    def ask_again(self, inbox: Slug, sequence: int, until: datetime) -> None:
        """The sender was asked to send a missing letter again, before a moment. Asking twice wins no time."""
        key = _resend_key(inbox, sequence)
        if self._view.get(key) is None:
            self._view.put(key, until.isoformat().encode())

    def not_sent_again(self, now: datetime) -> dict[tuple[Slug, int], Pending]:
        """Missing letters whose time to be sent again has passed; each is told once."""
        found: dict[tuple[Slug, int], Pending] = {}
        for key, value in tuple(self._view.group("resends").items()):
            if datetime.fromisoformat(value.decode()) < now:
                inbox, _, sequence = key.removeprefix("resend:resends:").partition("/")
                pending = self._get(Pending, f"pending:{inbox}:{sequence}")
                if pending is not None:
                    found[inbox, int(sequence)] = pending
                self.stored(inbox, int(sequence))
        return found

    def count_dry_run(self, organisation: Slug, professional: str, hour: datetime) -> None:
        """One more question without sending."""
        key = f"dryrun:dryruns:{organisation}/{professional}/{hour:%Y%m%d%H}"
        before = self._get(DryRuns, key)
        _put(self._view, key, DryRuns(count=(before.count if before else 0) + 1, hour=hour))

    def take_dry_runs(self, before: datetime) -> dict[tuple[Slug, str], int]:
        """The counts of hours that have passed, taken out, by organisation and professional."""
        taken: dict[tuple[Slug, str], int] = {}
        for key, value in tuple(self._view.group("dryruns").items()):
            runs = cast(DryRuns, _parsed(DryRuns, value))
            if runs.hour < before:
                organisation, professional, _ = key.partition("dryruns:")[2].split("/", 2)
                taken[organisation, professional] = taken.get((organisation, professional), 0) + runs.count
                self._view.delete(key)
        return taken

    def retire(self, subject: Subject, at: datetime) -> None:
        """A case closed: what it kept beside its head goes 60 days later."""
        self._view.put(f"retire:retire:{subject}", at.isoformat().encode())

    def reopen(self, subject: Subject) -> None:
        self._view.delete(f"retire:retire:{subject}")

    def retire_idle(self, subject: Subject, at: datetime) -> None:
        """Something was said where no case is open: a thread, a case that never was, one that closed. What is
        remembered of it goes too, or anybody could fill this state for ever. A thread that waits for an answer stays.
        """
        thread = self._get(ThreadRecord, f"{ThreadRecord.kind}:{group_of(subject)}:")
        if thread is not None and thread.open:
            self.reopen(subject)
            return
        head = self._get(CaseHead, f"{CaseHead.kind}:{group_of(subject)}:")
        if (head is None or not head.open) and self._view.get(f"retire:retire:{subject}") is None:
            self.retire(subject, at)

    def drop_retired(self, now: datetime) -> None:
        """Tombstone the records of cases closed longer than the remembered time; their heads and chains stay, so that
        outsiders are refused and the chain goes on as before. A message said later is remembered its full time."""
        for key, value in tuple(self._view.group("retire").items()):
            if datetime.fromisoformat(value.decode()) + REMEMBERED < now:
                subject = key.removeprefix("retire:retire:")
                group = group_of(subject)
                for record in tuple(self._view.group(group)):
                    if not record.startswith(("case:", "chain:")):
                        self._view.delete(record)
                self.forget(subject, now - REMEMBERED)
                left = self._view.group(f"{group}/messages").values()
                if left:
                    self._view.put(key, min(map(_decided_at, left)).isoformat().encode())
                else:
                    self._view.delete(key)


def _resend_key(inbox: Slug, sequence: int) -> str:
    return f"resend:resends:{inbox}/{sequence}"


def _decided_at(value: bytes) -> datetime:
    return cast(Decided, _parsed(Decided, value)).at


def _decided_key(subject: Subject, source: Slug, message: str) -> str:
    return f"decided:{group_of(subject)}/messages:{source}/{message}"
