"""What any gate on this engine costs at least: python -m tests.bench.skeleton HOME bare|signed.

Both write each message to an inbox, a line to a ledger and a counter to the state, in one transaction. `signed` also
checks the sender's signature and signs the line.
"""

import asyncio
import hashlib
import json
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from services.relay import relay
from services.relay.types import Emit, Record, Tick, View
from services.runtime import log
from services.runtime.jose import SigningKey, sign_compact, verify_detached
from services.runtime.settings import Settings
from tests.bench.letters import SENDER


class Bare:
    """Counts the messages of each key, and nothing else."""

    name = "bare"

    def inputs(self) -> frozenset[str]:
        return frozenset({f"{self.name}.outbox"})

    def prepare(self, record: Record) -> Any:
        return record

    def decide(self, prepared: Any, view: View, now: datetime, slot: int) -> Sequence[Emit]:
        record: Record = prepared
        key, value = record.key or b"", record.value or b""
        counter = f"count:{key.decode().partition(':')[2]}:n"
        count = int(view.get(counter) or 0) + 1
        view.put(counter, b"%d" % count)
        line = self._line({"at": now.isoformat(), "n": count, "hash": hashlib.sha256(value).hexdigest()})
        return [Emit(f"{self.name}.inbox", key, value, record.headers), Emit(f"{self.name}.ledger", key, line)]

    def failed(self, record: Record, error: Exception, view: View, now: datetime, slot: int) -> Sequence[Emit]:
        raise error

    def tick(self, tick: Tick, view: View, slot: int) -> Sequence[Emit]:
        return []

    def gap(self, topic: str, lost_from: int, lost_to: int, view: View, now: datetime, slot: int) -> Sequence[Emit]:
        return []

    async def refresh(self) -> None: ...

    def _line(self, entry: dict[str, Any]) -> bytes:
        return json.dumps(entry).encode()


class Signed(Bare):
    """The same with one signature checked and one made."""

    name = "signed"

    def __init__(self, home: Path) -> None:
        sender = SigningKey.from_file(home / "keys" / SENDER / "signing.jwk").public()
        self._known = {sender.kid: sender}
        self._own = SigningKey.from_file(home / "keys" / "gate" / "signing.jwk")

    def prepare(self, record: Record) -> Any:
        verify_detached(record.value or b"", dict(record.headers)["jws"], self._known.get)
        return record

    def _line(self, entry: dict[str, Any]) -> bytes:
        return sign_compact(super()._line(entry), self._own).encode()


def main(home: Path, which: str) -> None:
    log.configure(which)
    settings = Settings(home=home)
    decider = Signed(home) if which == Signed.name else Bare()
    asyncio.run(relay.run(decider, settings.kafka("admin"), relay.Options.of(settings.cluster())))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
