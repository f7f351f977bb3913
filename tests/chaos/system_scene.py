"""The whole system under fire: two gates, oversight, the ledger service and edges, with people at work."""

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import httpx2
import yaml
from confluent_kafka import Producer

from deploy.directory import DEMO
from deploy.kafka import LocalKafka
from deploy.system import Process, System
from services.cli.fresh import free_block
from services.runtime.jose import SigningKey
from tests.chaos.processes import Kept
from tests.chaos.reading import all_records
from tests.chaos.stories import Accepted, Tellers
from tests.chaos.system_check import check
from tests.chaos.trail import Trail, read_trail

ORGANISATIONS = ("veilig-thuis-noord", "lokaal-team-linde", "coordinatie-noord")
SLOTS = 4
PLANTS = ("untransacted", "doubled", "forgotten")
QUIET = 4.0
"""Nothing new for so many seconds: longer than the receipts of the edges take."""


class SystemScene:
    """`plant`: a fault to be seen. `untransacted`: gates that write without transactions; `doubled`: one record is
    delivered twice; `forgotten`: a row of a page's store is gone."""

    def __init__(self, seed: int, plant: str = "") -> None:
        self._seed = seed
        self._plant = plant
        self._last: tuple[int, ...] = ()
        self._since = 0.0
        self.trail: Trail
        """What was found in the end."""

    def prepare(self, kafka: LocalKafka) -> None:
        file = kafka.home / "organisations.yaml"
        told = yaml.safe_load(DEMO.read_text())
        told["organisations"] = [each for each in told["organisations"] if each["slug"] in ORGANISATIONS]
        file.write_text(yaml.safe_dump(told))
        self._system = System(kafka.home, file, free_block(len(told["services"]) + len(told["organisations"])))
        self._system.prepare(SLOTS, "real")
        self._kafka = kafka.settings.kafka("admin")
        self._tellers = Tellers(self._system, self._seed)
        key = SigningKey.from_file(kafka.home / "keys" / "gate" / "signing.jwk")
        self._gate_key = key.public()

    def processes(self, logs: Path) -> Sequence[Kept]:
        gate, *others = self._system.processes
        second = Process("gate-2", gate.module, self._system.deployment.port("notifier"))
        kept = [self._kept(process, logs) for process in (gate, second, *others)]
        self._system.wait_ready(180)
        return kept

    def _kept(self, process: Process, logs: Path) -> Kept:
        command = process.command()
        if self._plant == "untransacted" and process.name.startswith("gate"):
            command = [sys.executable, "-m", "tests.chaos.broken_gate"]
        environment = process.environment(self._system.home)
        return Kept(process.name, command, logs / f"{process.name}.log", environment)

    def load(self, seconds: float) -> None:
        self._tellers.tell(seconds)

    def settled(self) -> bool:
        """All that pages took is decided, and nothing has changed anywhere for a while."""
        if not self._ready():
            return False
        try:
            trail = self._trail()
        except TimeoutError:
            return False
        now = _size(trail)
        if now != self._last:
            self._last, self._since = now, time.monotonic()
        return _caught_up(trail) and time.monotonic() - self._since > QUIET

    def _ready(self) -> bool:
        try:
            return all(answer.get("ready") is True for answer in self._system.health().values())
        except httpx2.HTTPError:
            return False

    def check(self) -> dict[str, int]:
        plants: dict[str, Callable[[], None]] = {"doubled": self._double}
        plants.get(self._plant, lambda: None)()
        trail = self._trail()
        if self._plant == "forgotten":
            slug = ORGANISATIONS[1]
            edge = trail.edges[slug]
            trail = trail._replace(edges={**trail.edges, slug: edge._replace(inbox=edge.inbox[:-1])})
        self.trail = trail
        return {
            **check(trail, self.accepted),
            "verdicts that pages did not show within a minute": self._tellers.unanswered,
            "! tellers that broke off": len(self._tellers.broken),
        }

    @property
    def accepted(self) -> Sequence[Accepted]:
        return self._tellers.accepted

    def _trail(self) -> Trail:
        return read_trail(self._system.home, self._kafka, ORGANISATIONS, SLOTS, self._gate_key)

    def _double(self) -> None:
        """The last delivery to the local team once more, seal and all."""
        topic = f"{ORGANISATIONS[1]}.inbox"
        found = all_records(self._kafka, [topic], SLOTS)
        last = next(records[-1] for records in found.values() if records)
        producer = Producer(self._kafka.confluent())
        producer.produce(topic, last.value, last.key, partition=last.partition, headers=list(last.headers))
        producer.flush(30)


def _caught_up(trail: Trail) -> bool:
    """Each message has its verdict, each delivery is stored, each entry is in the read model."""
    ours = (row for edge in trail.edges.values() for row in edge.sent.values() if not row["automatic"])
    delivered = all(
        len(edge.inbox) == sum(len(slot.inboxes[slug]) for slot in trail.slots) for slug, edge in trail.edges.items()
    )
    entries = sum(len(slot.ledger) for slot in trail.slots)
    return all(row["status"] != "queued" for row in ours) and delivered and len(trail.read_model) == entries


def _size(trail: Trail) -> tuple[int, ...]:
    """How much there is of everything but ticks, which never end on the wall's clock."""
    kafka = [len(records) for slot in trail.slots for records in (slot.ledger, *slot.outboxes.values())]
    return (*kafka, len(trail.read_model), *(len(edge.inbox) for edge in trail.edges.values()))
