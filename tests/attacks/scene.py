"""A gate and whatever else is named, as processes of their own on a broker of their own; and organisations that speak
to Kafka directly, with their own keys and rights, as well or as badly as a test wants.
"""

import contextlib
import hashlib
import json
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import httpx2
import yaml
from confluent_kafka import Consumer, Producer, TopicPartition

from deploy import born
from deploy.directory import DEMO
from deploy.keys import organisation_keys
from deploy.system import System
from schemas.directory import DirectoryRecord, KeyUse, Organisation
from schemas.event import MAX_OUTBOX, wire_type
from services.cli.fresh import free_block
from services.runtime.jose import sign_detached
from services.runtime.settings import Settings
from services.runtime.subjects import slot_of
from services.runtime.tokens import Issuer

SLOTS = 4
VT, LINDE, BERK, DESK = "veilig-thuis-noord", "lokaal-team-linde", "lokaal-team-berk", "coordinatie-noord"
LONGEST = 300.0
"""Seconds after which something that was waited for is said never to come."""
WORKER = {"ref": "vt-1", "function": "veilig-thuis-worker", "registration": "SKJ", "competences": ["SAFETY"]}

T = TypeVar("T")


_OPEN: "list[Scene]" = []


def until(look: Callable[[], T | None], what: str, within: float = LONGEST) -> T:
    """The first answer that is not None or False. A service that ended by itself is said at once: nobody starts it
    anew here.
    """
    end = time.monotonic() + within
    while time.monotonic() < end:
        found = look()
        if found is not None and found is not False:
            return found
        for each in _OPEN:
            each.check_alive()
        time.sleep(0.02)
    logs = "".join(f"\n--- {name}\n{each.log(name)[-2000:]}" for each in _OPEN for name in each.running)
    raise AssertionError(f"waited {within:.0f} s for {what}{logs}")


class Found(NamedTuple):
    """A record as it stands in the log."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes
    headers: Mapping[str, bytes]

    @property
    def event(self) -> dict[str, Any]:
        return dict(json.loads(self.value))

    @property
    def name(self) -> str:
        return str(self.event["type"]).removeprefix("nl.estafette.").removesuffix(".v1")

    @property
    def body(self) -> dict[str, Any]:
        return dict(self.event["data"]["body"])


class Reading:
    """Follows whole topics from their beginning, committed records only, as `user`."""

    def __init__(self, settings: Settings, user: str, *topics: str, partitions: int = SLOTS) -> None:
        config = {
            **settings.kafka(user).confluent(),
            "group.id": f"{user}.{uuid.uuid4()}",
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "isolation.level": "read_committed",
        }
        self._consumer = Consumer(config)
        self._consumer.assign([TopicPartition(topic, p, 0) for topic in topics for p in range(partitions)])
        self.records: list[Found] = []

    def more(self, wait: float = 0.2) -> list[Found]:
        """All read so far, after one more look."""
        for record in self._consumer.consume(5000, wait):
            if record.error() is None:
                headers = {name: bytes(value or b"") for name, value in record.headers() or ()}
                self.records.append(
                    Found(record.topic(), record.partition(), record.offset(), record.key(), record.value(), headers)
                )
        return self.records

    def first(self, fits: Callable[[Found], bool], what: str) -> Found:
        """The first record that fits, waited for."""
        looked = 0

        def look() -> Found | None:
            nonlocal looked
            if looked == len(self.records):
                self.more()
            fresh = self.records[looked:]
            looked += len(fresh)
            return next((one for one in fresh if fits(one)), None)

        return until(look, what)

    def close(self) -> None:
        self._consumer.close()


class Client:
    """One organisation at Kafka, in raw bytes."""

    def __init__(self, settings: Settings, slug: str) -> None:
        self.slug = slug
        _, self.key, self.sealing = organisation_keys(settings.home, slug)
        config = {**settings.kafka(slug).confluent(), "partitioner": "murmur2_random", "message.max.bytes": 6_000_000}
        self._producer = Producer(config)
        self.inbox = Reading(settings, slug, f"{slug}.inbox")

    def event(self, name: str, subject: str, body: Mapping[str, Any], **data: Any) -> dict[str, Any]:
        """A message of this organisation; `to` and the like in `data`."""
        return {
            "specversion": "1.0",
            "id": str(uuid.uuid4()),
            "source": self.slug,
            "type": wire_type(name),
            "subject": subject,
            "time": datetime.now(UTC).isoformat(),
            "data": {"by": WORKER, "body": dict(body), **data},
        }

    def put(
        self,
        value: bytes,
        subject: str,
        jws: str | None = None,
        *,
        partition: int | None = None,
        topic: str | None = None,
        wait: bool = True,
    ) -> str:
        """These bytes into the outbox, signed unless `jws` says otherwise; their hash."""
        signed = sign_detached(value, self.key) if jws is None else jws
        where = slot_of(subject, SLOTS) if partition is None else partition
        headers: list[tuple[str, str | bytes | None]] = [("jws", signed.encode())]
        self._producer.produce(topic or f"{self.slug}.outbox", value, subject.encode(), where, headers=headers)
        if wait:
            self.flush()
        return hashlib.sha256(value).hexdigest()

    def flush(self) -> None:
        assert self._producer.flush(60) == 0, "not everything was written"

    def send(self, event: Mapping[str, Any]) -> str:
        """The hash of a whole message."""
        return self.put(json.dumps(event).encode(), str(event["subject"]))

    def verdict(self, hashed: str, place: int = 0) -> dict[str, Any]:
        """What the gate said of the message with this hash: the body of the verdict; the first, or a later one."""
        seen = 0

        def of_it(found: Found) -> bool:
            nonlocal seen
            if found.name != "verdicts.given" or found.body["message"]["hash"] != hashed:
                return False
            seen += 1
            return seen > place

        return self.inbox.first(of_it, f"a verdict for {self.slug}").body

    def codes(self, hashed: str) -> list[str]:
        """The refusal codes of that verdict; empty when it was delivered."""
        return [reason["code"] for reason in self.verdict(hashed).get("reasons", ())]

    def close(self) -> None:
        self.inbox.close()


class Scene:
    """The system of a test."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.home = system.home
        self.settings = Settings(home=system.home)
        self._running: dict[str, born.Born] = {}
        self._clients: dict[str, Client] = {}

    def start(self, *names: str) -> None:
        """Start those of these services that do not run, and return when all are ready."""
        (self.home / "log").mkdir(exist_ok=True)
        for process in self.system.processes:
            if process.name in names and process.name not in self._running:
                log = self.home / "log" / f"{process.name}.log"
                self._running[process.name] = born.start(
                    process.name, process.module, log, process.environment(self.home)
                )
        until(lambda: self._ready(names), f"{', '.join(names)} to be ready")

    @property
    def running(self) -> tuple[str, ...]:
        return tuple(self._running)

    def check_alive(self) -> None:
        """Fails when a service that was started and not stopped has ended."""
        for name, process in self._running.items():
            if process.poll() is not None:
                raise AssertionError(f"{name} ended: {self.log(name)[-2000:]}")

    def _ready(self, names: Sequence[str]) -> bool:
        return all(answer.get("ready") is True for answer in self.system.health(names).values())

    def stop(self, *names: str) -> None:
        for name in names:
            process = self._running.pop(name)
            process.terminate()
            try:
                process.wait(30)
            except TimeoutError:
                process.kill()
                process.wait()

    def log(self, name: str) -> str:
        return (self.home / "log" / f"{name}.log").read_text()

    def client(self, slug: str) -> Client:
        if slug not in self._clients:
            self._clients[slug] = Client(self.settings, slug)
        return self._clients[slug]

    def reading(self, user: str, *topics: str) -> Reading:
        return Reading(self.settings, user, *topics)

    def public_key(self, slug: str, use: KeyUse) -> dict[str, str]:
        """As the directory tells it."""
        told = DirectoryRecord.model_validate_json((self.home / "directory" / f"{slug}.json").read_bytes())
        key = next(iter(Organisation.model_validate_json(told.entry).keys_for(use)))
        return {**key.jwk.model_dump(), "kid": key.kid}

    def ask(self, slug: str, method: str, path: str, ref: str, at: str | None = None, **more: Any) -> Any:
        """The answer of a page to a professional of `slug`; `at`: of another service's page."""
        issuer = Issuer.from_home(self.home)
        token = issuer.issue(self.system.deployment.organisation(slug).caller(ref))
        url = f"http://127.0.0.1:{self.system.deployment.port(at or slug)}{path}"
        answer = httpx2.request(method, url, headers={"Authorization": f"Bearer {token}"}, timeout=30, **more)
        assert answer.status_code < 300, answer.text
        return answer.json()

    def end(self) -> None:
        for client in self._clients.values():
            client.close()
        self.stop(*self._running)
        self.system.kafka.stop()


@contextlib.contextmanager
def scene(*services: str, organisations: Sequence[str] = (VT, LINDE, BERK, DESK)) -> Iterator[Scene]:
    """A system of these organisations in which these services run, on the wall's clock."""
    with tempfile.TemporaryDirectory(prefix="estafette-attack-") as folder:
        file = Path(folder) / "organisations.yaml"
        told = yaml.safe_load(DEMO.read_text())
        told["organisations"] = [each for each in told["organisations"] if each["slug"] in organisations]
        file.write_text(yaml.safe_dump(told))
        parts = len(told["services"]) + len(organisations)
        made = Scene(System(Path(folder) / "home", file, free_block(parts)))
        try:
            made.system.prepare(SLOTS, "real")
            _OPEN.append(made)
            made.start(*services)
            yield made
        finally:
            if made in _OPEN:
                _OPEN.remove(made)
            made.end()


def new_case() -> str:
    return f"case:{uuid.uuid4()}"


def case_in(slot: int) -> str:
    """A new case of this slot."""
    return next(case for case in iter(new_case, "") if slot_of(case, SLOTS) == slot)


FAMILY: dict[str, Any] = {
    "persons": [
        {
            "ref": "child-1",
            "role": "YOUTH",
            "birth_date": "2018-01-15",
            "custody": [{"holder": "mother", "checked_on": "2026-03-01"}],
        },
        {"ref": "mother", "role": "PARENT", "birth_date": "1990-05-05"},
    ],
    "lead": WORKER,
}
OVERSIZED = MAX_OUTBOX + 1


def consent(*, about: str = "child-1", by: str = "mother", statement: str | None = None) -> dict[str, Any]:
    """A yes to everything."""
    return {
        "statement": statement or str(uuid.uuid4()),
        "about": about,
        "given_by": by,
        "decision": "GRANTED",
        "scope": {},
        "how_asked": "IN_PERSON",
    }
