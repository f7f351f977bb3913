"""One process of the spine's relay: python -m tests.chaos.engine HOME [untransacted|forgetful].

The second argument breaks it on purpose, to show that the check sees it.
"""

import asyncio
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from aiokafka import AIOKafkaProducer

from services.relay import relay
from services.relay.kafka import KafkaLog
from services.relay.types import Emit
from services.runtime import log
from services.runtime.kafka import started
from services.runtime.settings import Settings
from tests.chaos.spine import ForgetfulSpine, Spine

INPUTS = "inputs.txt"


class Untransacted(KafkaLog):
    """Broken on purpose: writes one by one, fences nobody."""

    async def fence(self) -> None:
        self._plain = await started(AIOKafkaProducer(**self._kafka.aiokafka(), acks="all"))

    async def commit(self, writes: Sequence[Emit]) -> None:
        for topic, key, value, headers in writes:
            await self._plain.send(topic, value, key, self._slot, headers=list(headers))
        await self._plain.flush()


class InputsFile:
    """The names of the inputs, one a line, read anew each time the file changes: stands for the directory."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._seen = 0
        self._topics: frozenset[str] = frozenset()

    def __call__(self) -> frozenset[str]:
        changed = self._file.stat().st_mtime_ns
        if changed != self._seen:
            self._seen, self._topics = changed, frozenset(self._file.read_text().split())
        return self._topics


def main(home: Path, broken: str = "") -> None:
    log.configure("spine")
    if broken == "untransacted":
        setattr(relay, "KafkaLog", Untransacted)  # noqa: B010 - a fault injected into a module that exports no such name
    settings = Settings(home=home)
    decider = (ForgetfulSpine if broken == "forgetful" else Spine)(InputsFile(home / INPUTS))
    options = relay.Options.of(settings.cluster(), tick_every=timedelta(seconds=1))
    asyncio.run(relay.run(decider, settings.kafka("admin"), options))


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
