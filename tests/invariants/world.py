"""Gate and oversight in memory, each fed with what the other writes. Real keys, envelopes, rules, seals; no Kafka."""

import atexit
import json
import tempfile
from base64 import urlsafe_b64decode
from collections import deque
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from deploy.directory import Deployment, init
from schemas.entry import Entry, entry_hash
from schemas.event import Event, message_hash, parse_event
from schemas.service import OVERSIGHT, Fact, ReceiptStored
from services.gate.rules.case import Case
from services.gate.state import Counters, load_case
from services.oversight import state as watching
from services.oversight.app import FACTS, OUTBOX, Oversight
from services.oversight.rules.calendar import Calendar
from services.oversight.rules.case import Watch
from services.relay.clock import NO_TIME
from services.relay.state import BatchView, State
from services.relay.types import Emit, Record
from services.runtime.jose import SigningKey, sign_detached
from services.runtime.subjects import slot_of
from tests.gate.bench import SLOTS, GateBench, Outcome


@cache
def demo_home() -> Path:
    """The keys and the directory of the demonstration, made once a run and thrown away."""
    folder = tempfile.TemporaryDirectory(prefix="estafette-invariants-")
    atexit.register(folder.cleanup)
    init(Path(folder.name), _agreed(Deployment.load()))
    return Path(folder.name)


AGREED = (
    {
        "since": "2026-03-06",
        "document": "noord-1",
        "terms": {"FIRST_REACTION": "1 working day", "CASE_UPDATE": "20 days", "LONGEST_WAIT": "14 days"},
        "numbers": {"WAITS": 1, "ATTEMPTS": 1, "HELPERS": 3},
        "teams": {"lokaal-team-berk": ["SIGNAL_AND_DISCUSS"]},
        "pair": "ALL",
    },
    {
        "since": "2026-03-20",
        "document": "noord-2",
        "terms": {"FIRST_REACTION": "6 working days", "heights.STANDARD.2": "1 working day"},
        "advisers": ["SAFETY"],
        "institution": ["BESIDE"],
        "powers": {"GIVE_STANDSTILL": [], "END_HELP": []},
    },
)
"""Lives begin as the tables have it; on the way they come into what was agreed, and into what was agreed after that.
When a child counts as unseen stays ours: by that day I7 is judged.
"""


def _agreed(deployment: Deployment) -> Deployment:
    told = deployment.model_dump()
    for each in told["organisations"]:
        if each["kind"] == "COORDINATION":
            each["agreements"] = AGREED
    return Deployment.model_validate(told)


@cache
def signing_key(slug: str) -> SigningKey:
    return SigningKey.from_file(demo_home() / "keys" / slug / "signing.jwk")


class Sealed(NamedTuple):
    """One line of the ledger."""

    seal: str
    hash: str
    entry: Entry


class Delivered(NamedTuple):
    """One record of an inbox, with the entry that is its seal."""

    inbox: str
    value: bytes
    event: Event
    sealed: Sealed


class Sent(NamedTuple):
    """What an organisation put into its outbox. `event` None: unreadable."""

    source: str
    value: bytes
    event: Event | None


@dataclass
class Step:
    """Everything that one message, or one tick, led to, until nobody had anything to say any more."""

    sent: Sent | None = None
    ticked: bool = False
    entries: list[Sealed] = field(default_factory=list)
    inbox: list[Delivered] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    alerts: list[Sent] = field(default_factory=list)

    @property
    def decision(self) -> Sealed:
        """The entry of the message itself."""
        return self.entries[0]

    @property
    def accepted(self) -> list[tuple[Event, Entry, tuple[str, ...]]]:
        """What was delivered in this step: the message, its entry and who received it. Alerts of oversight too."""
        known = {message_hash(sent.value): sent for sent in (*([self.sent] if self.sent else ()), *self.alerts)}
        found = []
        for _, _, entry in self.entries:
            said = known.get(entry.message.hash) if entry.message else None
            if said is not None and said.event is not None and entry.verdict == "DELIVERED":
                to = tuple(d.inbox for d in self.inbox if d.value == said.value)
                found.append((said.event, entry, to))
        return found


class World:
    """One cluster. `now` is its simulated time."""

    def __init__(self) -> None:
        self.bench = GateBench(demo_home())
        self.oversight = Oversight(signing_key(OVERSIGHT), Calendar())
        self.watched = [State() for _ in range(SLOTS)]
        self.steps: list[Step] = []

    def send(self, source: str, value: bytes, subject: str, jws: str | None = None) -> Step:
        """An organisation puts these bytes into its outbox."""
        slot = slot_of(subject, SLOTS)
        signed = sign_detached(value, signing_key(source)) if jws is None else jws
        step = Step(sent=Sent(source, value, _readable(value)))
        self._settle(step, self.bench.send(source, value, subject, jws=signed, slot=slot), slot)
        self.steps.append(step)
        return step

    def pass_time(self, slot: int, **length: float) -> Step:
        """Every edge says what it stored; then time passes, and the slot's clock ticks once."""
        step = Step(ticked=True)
        for inbox in sorted(self._waiting(slot)):
            self._settle(step, self._receipt(inbox, slot), slot)
        self.bench.pass_time(**length)
        self._settle(step, self.bench.tick(slot), slot)
        self.steps.append(step)
        return step

    def _waiting(self, slot: int) -> set[str]:
        """The inboxes with something that no receipt covers."""
        keys = (key for group in self.bench.states[slot].group_names() for key in self.bench.states[slot].group(group))
        return {key.split(":")[1] for key in keys if key.startswith("pending:")}

    def _receipt(self, inbox: str, slot: int) -> Outcome:
        counters = Counters(BatchView(self.bench.states[slot]))
        subject = next(iter(counters.pending(inbox).values())).subject
        body = ReceiptStored(partition=slot, up_to=counters.sequence(inbox))
        return self.bench.say(inbox, subject, body, by=None)

    def checkpoint(self, slot: int) -> Step:
        """Oversight answers a barrier: the gate signs the end of the slot's chain for everyone."""
        step = Step()
        self._settle(step, self.bench.checkpoint(slot), slot)
        self.steps.append(step)
        return step

    def case(self, subject: str) -> Case:
        """The case as the gate's state has it."""
        return load_case(BatchView(self.bench.states[slot_of(subject, SLOTS)]), subject)

    def watch(self, subject: str) -> Watch:
        """The case as oversight's state has it."""
        return watching.load(BatchView(self.watched[slot_of(subject, SLOTS)]), subject)

    def _settle(self, step: Step, outcome: Outcome, slot: int) -> None:
        waiting = deque(outcome.emits)
        while waiting:
            emit = waiting.popleft()
            self._keep(step, emit)
            if emit.topic == FACTS:
                waiting.extend(self._oversee(emit, slot))
            elif emit.topic == OUTBOX:
                step.alerts.append(Sent(OVERSIGHT, emit.value or b"", _readable(emit.value or b"")))
                record = Record(OUTBOX, slot, 0, emit.key, emit.value, emit.headers)
                waiting.extend(self.bench.decide(record, slot).emits)

    def _oversee(self, emit: Emit, slot: int) -> list[Emit]:
        view = BatchView(self.watched[slot])
        record = Record(FACTS, slot, 0, emit.key, emit.value, emit.headers)
        said = list(self.oversight.decide(self.oversight.prepare(record), view, NO_TIME, slot))
        view.keep()
        for key, value in view.changes().items():
            self.watched[slot].set(key, value)
        return said

    def _keep(self, step: Step, emit: Emit) -> None:
        value = emit.value or b""
        if emit.topic == "ledger":
            step.entries.append(sealed(value.decode()))
        elif emit.topic.endswith(".inbox"):
            seal = dict(emit.headers)["seal"].decode()
            step.inbox.append(Delivered(emit.topic.removesuffix(".inbox"), value, parse_event(value), sealed(seal)))
        elif emit.topic == FACTS:
            step.facts.append(Fact.model_validate_json(value))


def sealed(seal: str) -> Sealed:
    return Sealed(seal, entry_hash(seal), _entry(seal))


@cache
def _entry(seal: str) -> Entry:
    """Unverified: whether the gate signed it is checked where the whole ledger is."""
    body = seal.split(".")[1]
    return Entry.model_validate_json(urlsafe_b64decode(body + "=" * (-len(body) % 4)))


def _readable(value: bytes) -> Event | None:
    try:
        return parse_event(value)
    except ValueError:
        return None


def raw(event: Event) -> dict[str, Any]:
    """The message as plain JSON, for who does not want to read it with the models of the gate."""
    found: dict[str, Any] = json.loads(event.encode())
    return found
