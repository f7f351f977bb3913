"""The whole system under fire: two gates, oversight, the ledger service and edges, with people at work.

Meanwhile parties renew their keys, and one local team merges into the other.
"""

import random
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import yaml
from confluent_kafka import Producer

from deploy.directory import DEMO
from deploy.kafka import LocalKafka
from deploy.renewal import folder_of, rotate_now
from deploy.succession import succeed_now
from deploy.system import NotReady, Process, System
from schemas.directory import KeyUse, Organisation
from services.cli.fresh import free_block
from services.runtime.jose import PublicKey
from tests.chaos.processes import Act, Kept
from tests.chaos.reading import all_records
from tests.chaos.stories import BERK, LINDE, Accepted, Tellers
from tests.chaos.system_check import Succession, by_kind, check
from tests.chaos.trail import Trail, read_trail

ORGANISATIONS = ("veilig-thuis-noord", LINDE, BERK, "coordinatie-noord")
MORE = ("gi-noord", "raad-noord")
"""Who else says something where anything is said."""
SLOTS = 4
PLANTS = ("untransacted", "doubled", "forgotten")
AHEAD = timedelta(seconds=15)
HALFWAY_WITHIN = 120.0
"""So long before it begins a succession is published: longer than a frozen process stays frozen."""
QUIET = 4.0
"""Nothing new for so many seconds: longer than the receipts of the edges take."""


class SystemScene:
    """`plant`: a fault to be seen. `untransacted`: gates that write without transactions; `doubled`: one record is
    delivered twice; `forgotten`: a row of a page's store is gone. `anything`: any message of any conversation is said,
    by more organisations, and not only what the story tells; not by the team that merges, whose last words may come
    too late.
    """

    def __init__(self, seed: int, plant: str = "", anything: bool = False) -> None:
        self._seed = seed
        self._organisations = (*ORGANISATIONS, *MORE) if anything else ORGANISATIONS
        self._speakers = tuple(slug for slug in self._organisations if slug != BERK) if anything else ()
        self._plant = plant
        self._chance = random.Random(seed)
        self._succession: Succession | None = None
        self._last: tuple[int, ...] = ()
        self._since = 0.0
        self.trail: Trail
        """What was found in the end."""

    def prepare(self, kafka: LocalKafka) -> None:
        file = kafka.home / "organisations.yaml"
        told = yaml.safe_load(DEMO.read_text())
        told["organisations"] = [each for each in told["organisations"] if each["slug"] in self._organisations]
        file.write_text(yaml.safe_dump(told))
        self._system = System(kafka.home, file, free_block(len(told["services"]) + len(told["organisations"])))
        self._system.prepare(SLOTS, "real")
        self._kafka = kafka.settings.kafka("admin")
        self._tellers = Tellers(self._system, self._seed, self._speakers)

    def processes(self, logs: Path) -> Sequence[Kept]:
        gate, *others = self._system.processes
        second = Process("gate-2", gate.module, self._system.deployment.port("notifier"))
        kept = [self._kept(process, logs) for process in (gate, second, *others)]
        try:
            self._system.wait_ready(300)
        except NotReady:
            for process in kept:
                process.end()
            raise
        return kept

    def _kept(self, process: Process, logs: Path) -> Kept:
        module = process.module
        if self._plant == "untransacted" and process.name.startswith("gate"):
            module = "tests.chaos.broken_gate"
        environment = process.environment(self._system.home)
        return Kept(process.name, module, logs / f"{process.name}.log", environment)

    def acts(self) -> Sequence[Act]:
        return [("new keys", 0.1, self._renew), ("an organisation merges into another", 0.0, self._merge)]

    def _merge(self) -> None:
        """Not before there is something that the successor has to go on with."""
        self._tellers.halfway.wait(HALFWAY_WITHIN)
        at = datetime.now(UTC).replace(microsecond=0) + AHEAD
        succeed_now(self._system, BERK, LINDE, at)
        self._succession = Succession(BERK, LINDE, at)
        self._tellers.merged_at = at

    def _renew(self) -> None:
        rotate_now(self._system, self._chance.choice(["gate", "oversight", *self._organisations]))

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
            slug = LINDE
            edge = trail.edges[slug]
            trail = trail._replace(edges={**trail.edges, slug: edge._replace(inbox=edge.inbox[:-1])})
        self.trail = trail
        for step, codes in self._tellers.wrongly:
            sys.stderr.write(f"refused though the story says delivered: {step}: {', '.join(codes)}\n")
        return {
            **self.judge(trail),
            "verdicts that pages did not show within a minute": self._tellers.unanswered,
            "stories told on after the merger": self._tellers.told_on,
            "! refused though the story says delivered": len(self._tellers.wrongly),
            "! tellers that broke off": len(self._tellers.broken),
        }

    def kinds(self) -> Mapping[str, tuple[int, int]]:
        """Those that pages sent: a page's own machine and oversight are counted too."""
        return by_kind(self.trail)

    def judge(self, trail: Trail) -> dict[str, int]:
        """What the check says of a trail of this scene."""
        return check(trail, self.accepted, self._succession)

    @property
    def accepted(self) -> Sequence[Accepted]:
        return self._tellers.accepted

    def _trail(self) -> Trail:
        return read_trail(self._system.home, self._kafka, self._organisations, SLOTS, self._gate_keys())

    def _gate_keys(self) -> dict[str, PublicKey]:
        """Every key that the gate ever signed with, from the directory's files."""
        entry = folder_of(self._system).entry("gate")
        assert entry is not None
        keys = Organisation.model_validate_json(entry[0]).keys_for(KeyUse.SIGN)
        return {key.kid: PublicKey.from_jwk(key.jwk.model_dump(), key.kid) for key in keys}

    def _double(self) -> None:
        """The last delivery to the local team once more, seal and all."""
        topic = f"{LINDE}.inbox"
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
