"""The spine under fire: messages of every kind on several outboxes, two processes, and what must come out of them.

The spine does not judge: it carries whatever bytes there are, as long as messages of each kind are.
"""

import json
import random
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from confluent_kafka import KafkaError, Message, Producer
from confluent_kafka.admin import AdminClient, NewTopic

from deploy.kafka import LocalKafka
from schemas.event import Data, Event, wire_type
from schemas.tables.messages import BODIES
from services.runtime.kafka import KafkaSettings
from tests.chaos.engine import INPUTS
from tests.chaos.processes import Act, Kept
from tests.chaos.reading import Read, partition_records
from tests.chaos.spine import FACTS, INBOX, RAISES, STATE
from tests.invariants.making import Making

SLOTS = 4
OUTBOXES = ("a.outbox", "b.outbox", "c.outbox")
ADDED = "d.outbox"
KEYS = 97
OFFICES = ("veilig-thuis-noord", "lokaal-team-linde")
EACH = 5
"""Different messages of each kind."""
CLOCKS_APART_MS = 20
"""How far the broker's clock and a process's may be apart on one machine, with rounding to ms."""


def mix(chance: random.Random) -> Iterator[tuple[str, bytes]]:
    """Some messages of every kind there is, machines' too, as bytes."""
    now, subject = datetime.now(UTC), f"case:{uuid4()}"
    making = Making(chance.choice, now, subject, ("child", "mother"), OFFICES, {}, lambda: str(uuid4()))
    for name, body in BODIES.items():
        for _ in range(EACH):
            made = making.body(body)
            if made is not None:
                said = {"source": OFFICES[0], "subject": subject, "time": now, "data": Data(body=made)}
                event = Event(id=str(uuid4()), type=wire_type(name), **said)
                yield name, event.encode()


class SpineScene:
    """`rate` messages a second; each key has one outbox and one slot. Halfway one outbox is added."""

    def __init__(self, rate: float, broken: str = "", processes: int = 2, seed: int = 1) -> None:
        self._rate = rate
        self._broken = broken
        self._processes = processes
        self._chance = random.Random(seed)
        self._mix = tuple(mix(self._chance))
        self._kinds: Counter[str] = Counter()
        self._accepted = 0
        self._refused: list[KafkaError] = []
        self._outboxes = list(OUTBOXES)

    def prepare(self, kafka: LocalKafka) -> None:
        self._home = kafka.home
        self._kafka: KafkaSettings = kafka.settings.kafka("admin")
        self._make(*OUTBOXES, INBOX, FACTS, STATE)
        self._write_inputs()

    def processes(self, logs: Path) -> Sequence[Kept]:
        told = [str(self._home), *([self._broken] if self._broken else [])]
        return [
            Kept(f"spine {i}", "tests.chaos.engine", logs / f"spine-{i}.log", arguments=told)
            for i in range(self._processes)
        ]

    def acts(self) -> Sequence[Act]:
        return ()

    def load(self, seconds: float) -> None:
        producer = Producer({**self._kafka.confluent(), "enable.idempotence": True, "message.timeout.ms": 600_000})
        start, number = time.monotonic(), 0
        while (passed := time.monotonic() - start) < seconds:
            if passed > seconds / 2 and ADDED not in self._outboxes:
                self._add()
            while number < passed * self._rate:
                number += 1
                key = self._chance.randrange(KEYS * len(self._outboxes))
                kind, said = self._chance.choice(self._mix)
                self._kinds[kind] += 1
                producer.produce(
                    self._outboxes[key // KEYS],
                    key=b"k%d" % key,
                    value=b"%d %s" % (number, said),
                    partition=key % SLOTS,
                    on_delivery=self._delivered,
                )
            producer.poll(0.02)
        producer.flush(120)

    def _delivered(self, error: KafkaError | None, message: Message) -> None:
        if error is None:
            self._accepted += 1
        else:
            self._refused.append(error)

    def _add(self) -> None:
        self._make(ADDED)
        self._outboxes.append(ADDED)
        self._write_inputs()

    def _make(self, *topics: str) -> None:
        admin = AdminClient(self._kafka.confluent())
        new = [
            NewTopic(topic, SLOTS, 1, config={"cleanup.policy": "compact"} if topic == STATE else {})
            for topic in topics
        ]
        for made in admin.create_topics(new, request_timeout=60).values():
            made.result(90)

    def _write_inputs(self) -> None:
        new = self._home / f"{INPUTS}.new"
        new.write_text("\n".join(self._outboxes))
        new.replace(self._home / INPUTS)

    def settled(self) -> bool:
        """An inbox that cannot be read to its end holds a transaction that is still open."""
        try:
            return (
                sum(1 for slot in range(SLOTS) for _ in partition_records(self._kafka, INBOX, slot)) >= self._accepted
            )
        except TimeoutError:
            return False

    def kinds(self) -> Mapping[str, tuple[int, int]]:
        """What was sent: the engine refuses nothing."""
        return {kind: (count, 0) for kind, count in sorted(self._kinds.items())}

    def check(self) -> dict[str, int]:
        found: Counter[str] = Counter()
        found["! not accepted by the broker"] = len(self._refused)
        for slot in range(SLOTS):
            sent = [read for topic in self._outboxes for read in partition_records(self._kafka, topic, slot)]
            found.update(check_slot(sent, list(self._read(INBOX, slot)), list(self._read(FACTS, slot))))
        found["! accepted by the broker and not there"] = max(0, self._accepted - found["messages"])
        return dict(found)

    def _read(self, topic: str, slot: int) -> Sequence[Read]:
        return list(partition_records(self._kafka, topic, slot))


def check_slot(sent: Sequence[Read], inbox: Sequence[Read], facts: Sequence[Read]) -> dict[str, int]:
    """One partition of everything: exactly what went in, once, in order, with unbroken numbers."""
    wanted = Counter(_number(read) for read in sent)
    decided = [(read.key, json.loads(read.value)) for read in inbox]
    told = [(read.key, json.loads(read.value)) for read in facts if read.key != b"tick"]
    got = Counter(body["number"] for _, body in decided)
    return {
        "messages": len(sent),
        "exceptions in decide": sum(1 for _, body in decided if body["failed"]),
        "! lost": sum((wanted - got).values()),
        "! doubled": sum((got - wanted).values()),
        "! out of order": _out_of_order(decided),
        "! keys with a wrong counter": _broken_counters(decided),
        "! slot sequence broken": int([body["seq"] for _, body in decided] != list(range(1, len(decided) + 1))),
        "! outputs of one transaction differ": int(decided != told),
        "! exceptions wrongly handled": sum(1 for _, b in decided if bool(b["failed"]) != (b["number"] % RAISES == 0)),
        **check_ticks(sent, facts),
    }


def check_ticks(sent: Sequence[Read], facts: Sequence[Read]) -> dict[str, int]:
    """Time runs forward; ticks are counted without a gap; before a tick stands all that was sent before its time."""
    bodies: list[Mapping[str, Any]] = [json.loads(read.value) for read in facts]
    ticks = [body for body in bodies if "tick" in body]
    times = [body["at"] for body in bodies]
    appended = sorted((read.appended, _number(read)) for read in sent)
    early, seen, due = 0, set[int](), 0
    for body in bodies:
        if "tick" not in body:
            seen.add(body["number"])
            continue
        moment = datetime.fromisoformat(body["at"]).timestamp() * 1000 - CLOCKS_APART_MS
        while due < len(appended) and appended[due][0] < moment:
            early += appended[due][1] not in seen
            due += 1
    return {
        "ticks": len(ticks),
        "! tick count broken": int([body["tick"] for body in ticks] != list(range(1, len(ticks) + 1))),
        "! time ran back": int(times != sorted(times)),
        "! decided after a tick though sent before it": early,
    }


def _number(read: Read) -> int:
    return int(read.value.partition(b" ")[0])


def _out_of_order(decided: Sequence[tuple[bytes, Mapping[str, Any]]]) -> int:
    last: dict[bytes, int] = {}
    bad = 0
    for key, body in decided:
        bad += body["number"] < last.get(key, 0)
        last[key] = body["number"]
    return bad


def _broken_counters(decided: Sequence[tuple[bytes, Mapping[str, Any]]]) -> int:
    counters: defaultdict[bytes, list[int]] = defaultdict(list)
    for key, body in decided:
        counters[key].append(body["n"])
    return sum(1 for numbers in counters.values() if numbers != list(range(1, len(numbers) + 1)))
