"""The gate in memory: real keys, real directory entries, real rules; only Kafka is left out."""

import asyncio
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

from deploy.directory import records
from schemas.base import dump
from schemas.body import Body
from schemas.entry import Entry, entry_hash
from schemas.event import Data, Event, parse_event, wire_type
from schemas.manifest import Manifest
from schemas.parties import Competence, Professional, Registration
from schemas.service import Fact, VerdictGiven
from services.gate.app import RULES, Gate
from services.gate.scribe import Identity
from services.relay.state import BatchView, State
from services.relay.types import Emit, Record, Refresh, Tick
from services.runtime.directory import Directory, load_pins
from services.runtime.jose import SigningKey, sign_detached, verify_compact, verify_detached
from services.runtime.subjects import slot_of
from tests.gate.rules.families import JWE

SLOTS = 4
START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
WORKER = Professional(ref="p-1", function="worker", registration=Registration.SKJ, competences=(Competence.SAFETY,))
COLLEAGUE = WORKER.model_copy(update={"ref": "p-2"})


class Row(NamedTuple):
    """A directory record as the topic holds it."""

    offset: int
    key: bytes | None
    value: bytes | None


@dataclass
class FakeReader:
    """A directory that is always read to its end; `later` holds records that only a refresh brings in."""

    directory: Directory
    later: list[Row] = field(default_factory=list)
    refreshed: int = 0

    async def refresh(self) -> None:
        self.refreshed += 1
        for row in self.later:
            self.directory.apply(row)
        self.later.clear()


class Outcome:
    """What one record led to."""

    def __init__(self, emits: list[Emit], gate_key: SigningKey) -> None:
        self.emits = emits
        self._keys = {gate_key.kid: gate_key.public()}

    def to(self, topic: str) -> list[Emit]:
        return [emit for emit in self.emits if emit.topic == topic]

    @property
    def seals(self) -> list[str]:
        return [(emit.value or b"").decode() for emit in self.to("ledger")]

    @property
    def entries(self) -> list[Entry]:
        return [Entry.model_validate_json(verify_compact(seal, self._keys.get)[0]) for seal in self.seals]

    @property
    def entry(self) -> Entry:
        """The entry of the decision itself: the first."""
        return self.entries[0]

    @property
    def codes(self) -> list[str]:
        return [reason.code for reason in self.entry.reasons]

    def inbox(self, slug: str) -> list[Event]:
        """What came into an inbox, each with the gate's seal checked."""
        found = []
        for emit in self.to(f"{slug}.inbox"):
            headers = dict(emit.headers)
            verify_compact(headers["seal"], self._keys.get)
            found.append(parse_event(emit.value or b""))
        return found

    def verdict(self, slug: str) -> VerdictGiven:
        """The verdict the sender got, its signature checked."""
        for emit in self.to(f"{slug}.inbox"):
            event = parse_event(emit.value or b"")
            if event.name == "verdicts.given":
                verify_detached(emit.value or b"", dict(emit.headers)["jws"], self._keys.get)
                return VerdictGiven.model_validate(event.data.body)
        raise AssertionError(f"no verdict for {slug}")

    @property
    def facts(self) -> list[Fact]:
        return [Fact.model_validate_json(emit.value or b"") for emit in self.to("case.facts")]


def _of_slot(outcome: Outcome, slot: int) -> Outcome:
    """What the gate says by itself belongs to the slot it stands in: who gets it answers under its subject."""
    said = {emit.key.decode() for emit in outcome.emits if emit.topic.endswith(".inbox")}
    assert all(slot_of(subject, SLOTS) == slot for subject in said), said
    return outcome


class GateBench:
    """One gate with the demo's organisations, decided record by record."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.now = START
        self._rows = [Row(n, slug.encode(), value) for n, (slug, value) in enumerate(sorted(records(home).items()))]
        self.reader = FakeReader(Directory(load_pins(home / "pins.yaml")))
        for row in self._rows:
            self.reader.directory.apply(row)
        self.key = SigningKey.from_file(home / "keys" / "gate" / "signing.jwk")
        identity = Identity(self.key, str(uuid4()), RULES)
        self.elapsed = 0.0
        self.gate = Gate(identity, self.reader, SLOTS, lambda: self.elapsed)  # type: ignore[arg-type]  # the reader's port
        self.states = [State() for _ in range(SLOTS)]
        self.all: list[Outcome] = []

    def signing_key(self, slug: str) -> SigningKey:
        return SigningKey.from_file(self.home / "keys" / slug / "signing.jwk")

    def message(self, source: str, subject: str, body: Body | str, **more: Any) -> Event:
        """A message as an edge would make it."""
        fields: dict[str, Any] = {"by": WORKER, "to": (), **more}
        outer = {name: fields.pop(name) for name in ("id", "time", "dry_run") if name in fields}
        name = body if isinstance(body, str) else body.name
        raw = fields.pop("raw", None) or (dump(body) if isinstance(body, Body) else {})
        return Event(
            id=outer.get("id") or str(uuid4()),
            source=source,
            type=wire_type(name, bool(outer.get("dry_run"))),
            subject=subject,
            time=outer.get("time") or self.now,
            data=Data(body=raw, **fields),
        )

    def say(self, source: str, subject: str, body: Body | str, **more: Any) -> Outcome:
        """Make, sign and decide a message."""
        return self.send(source, self.message(source, subject, body, **more).encode(), subject)

    def letter(
        self, source: str, to: str, subject: str, body: Body, manifest: Manifest | None = None, **more: Any
    ) -> Outcome:
        """Like `say`, to one recipient; sections are sealed with a stand-in text the gate cannot read anyway."""
        sealed = {section.item: JWE for section in manifest.sections} if manifest else {}
        return self.say(source, subject, body, to=(to,), manifest=manifest, sealed=sealed, **more)

    def send(self, source: str, value: bytes, subject: str, jws: str | None = None, slot: int | None = None) -> Outcome:
        """Decide these bytes as they came out of an outbox."""
        where = slot_of(subject, SLOTS) if slot is None else slot
        signed = sign_detached(value, self.signing_key(source)) if jws is None else jws
        headers = (("jws", signed.encode()),)
        return self.decide(Record(f"{source}.outbox", where, 0, subject.encode(), value, headers), where)

    def decide(self, record: Record, slot: int) -> Outcome:
        """What the relay does with one record: prepare, decide, once more after a refresh, and keep the changes."""
        view = BatchView(self.states[slot])
        try:
            emits = self._once(record, view, slot)
        except Refresh:
            view.drop()
            asyncio.run(self.gate.refresh())
            emits = self._once(record, view, slot)
        return self._kept(emits, view, slot)

    def fail(self, record: Record, slot: int, error: Exception) -> Outcome:
        view = BatchView(self.states[slot])
        return self._kept(list(self.gate.failed(record, error, view, self.now, slot)), view, slot)

    def tick(self, slot: int, barrier: str | None = None) -> Outcome:
        view = BatchView(self.states[slot])
        return _of_slot(self._kept(list(self.gate.tick(Tick(self.now, barrier), view, slot)), view, slot), slot)

    def checkpoint(self, slot: int) -> Outcome:
        """Oversight answers a barrier: the gate signs the end of the slot's chain for everyone."""
        value = json.dumps({"barrier": "000000000007", "at": self.now.isoformat()}).encode()
        mark = (("content-type", b"application/estafette-barrier+json"),)
        return _of_slot(self.decide(Record("oversight.outbox", slot, 0, b"barrier", value, mark), slot), slot)

    def pass_time(self, **length: float) -> None:
        self.now += timedelta(**length)

    def _once(self, record: Record, view: BatchView, slot: int) -> list[Emit]:
        return list(self.gate.decide(self.gate.prepare(record), view, self.now, slot))

    def _kept(self, emits: list[Emit], view: BatchView, slot: int) -> Outcome:
        view.keep()
        for key, value in view.changes().items():
            self.states[slot].set(key, value)
        outcome = Outcome(emits, self.key)
        self.all.append(outcome)
        return outcome

    def chain(self, slot: int) -> list[tuple[str, Entry]]:
        """Every entry of a slot with its hash, in order."""
        pairs = [(entry_hash(s), e) for o in self.all for s, e in zip(o.seals, o.entries, strict=True)]
        return [(hashed, entry) for hashed, entry in pairs if entry.slot == slot]
