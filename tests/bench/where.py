"""Where the gate's time goes, without Kafka: python -m tests.bench.where.

The same letters as in the benchmark, decided in this process under cProfile, which makes many small calls look dearer
than they are. The rows do not overlap. What Kafka's client takes on top is the difference with `CPU a message` of the
benchmark.
"""

import asyncio
import cProfile
import pstats
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

from rich.console import Console
from rich.table import Table

from deploy.directory import Deployment, init, records
from services.gate.app import RULES, Gate
from services.gate.scribe import Identity
from services.relay.batch import Batch, Limits
from services.relay.state import State
from services.relay.types import Record
from services.runtime.directory import Directory, load_pins
from services.runtime.jose import SigningKey
from tests.bench.letters import SENDER, SLOTS, Author, Message

CASES, LETTERS, IN_A_BATCH = 100, 1_000, 100
PARTS = {
    "signature checked": ("jose.py", "verify_detached"),
    "signatures made (entry and verdict)": ("jose.py", "_sign"),
    "message parsed and its shape checked": ("envelope.py", "_parse"),
    "rules: who, to whom, consent of each person in each section": ("judge.py", "judge"),
    "case taken from the state": ("state.py", "load_case"),
    "state records written": ("state.py", "_put"),
    "fact for oversight made": ("facts.py", "fact_of"),
}


class Row(NamedTuple):
    """A directory record as the topic holds it."""

    offset: int
    key: bytes | None
    value: bytes | None


class AtItsEnd:
    """A directory that needs no reading."""

    def __init__(self, directory: Directory) -> None:
        self.directory = directory

    async def refresh(self) -> None: ...


class Decided:
    """The gate, its state, and messages decided batch by batch."""

    def __init__(self, home: Path) -> None:
        directory = Directory(load_pins(home / "pins.yaml"))
        for offset, (slug, value) in enumerate(records(home).items()):
            directory.apply(Row(offset, slug.encode(), value))
        identity = Identity(SigningKey.from_file(home / "keys" / "gate" / "signing.jwk"), str(uuid4()), RULES)
        self._gate = Gate(identity, AtItsEnd(directory), SLOTS)  # type: ignore[arg-type]  # the reader's port
        self._states = [State() for _ in range(SLOTS)]

    async def decide(self, messages: Sequence[Message]) -> None:
        for slot, state in enumerate(self._states):
            mine = [message for message in messages if message.partition == slot]
            for start in range(0, len(mine), IN_A_BATCH):
                batch = Batch(self._gate, state, slot, datetime.now(UTC), Limits())
                for number, each in enumerate(mine[start : start + IN_A_BATCH]):
                    headers = tuple(each.headers)
                    await batch.decide(Record(f"{SENDER}.outbox", slot, number, each.key, each.value, headers))
                if batch.failures:
                    raise batch.failures[0][1]
                for key, value in batch.changes().items():
                    state.set(key, value)


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="estafette-where-") as folder:
        home = Path(folder)
        init(home, Deployment.load())
        author, decided = Author.of(home), Decided(home)
        cases = author.cases(CASES)
        asyncio.run(decided.decide([message for case in cases for message in author.opening(case)]))
        letters = author.letters(cases, LETTERS)
        began = time.process_time()
        asyncio.run(decided.decide(letters))
        plain = (time.process_time() - began) / LETTERS
        letters = author.letters(cases, LETTERS)
        profile = cProfile.Profile()
        profile.runcall(asyncio.run, decided.decide(letters))
    Console(file=sys.stdout, width=110).print(_table(pstats.Stats(profile), plain))


def _table(stats: pstats.Stats, plain: float) -> Table:
    taken = {(Path(file).name, name): times[3] for (file, _, name), times in stats.stats.items()}  # type: ignore[attr-defined]
    whole = taken["batch.py", "decide"]
    table = Table(title=f"{plain * 1000:.2f} ms of CPU a letter when not profiled; of that", title_justify="left")
    table.add_column("what")
    table.add_column("share", justify="right")
    for label, function in PARTS.items():
        table.add_row(label, f"{taken[function] / whole:.0%}")
    rest = 1 - sum(taken[function] for function in PARTS.values()) / whole
    table.add_row("entry, verdict and delivery put together; the rest", f"{rest:.0%}")
    return table


if __name__ == "__main__":
    main()
