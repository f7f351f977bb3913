"""What is put under fire: its topics, its processes, its load, and what must hold afterwards."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from deploy.kafka import LocalKafka
from tests.chaos.processes import Act, Kept


class Scene(Protocol):
    """Chaos drives any scene the same way: prepare, processes, load beside faults, settle, check."""

    def prepare(self, kafka: LocalKafka) -> None:
        """Make topics, users and files on the running broker."""
        ...

    def processes(self, logs: Path) -> Sequence[Kept]:
        """Start what is to be killed."""
        ...

    def acts(self) -> Sequence[Act]:
        """What is done to it beside faults. Each is done once; what weighs 0, never again."""
        ...

    def load(self, seconds: float) -> None:
        """Send for this long; returns when all that was sent is accepted. Runs in a thread beside the faults."""
        ...

    def settled(self) -> bool:
        """Whether all that was accepted has come out."""
        ...

    def check(self) -> dict[str, int]:
        """What an independent reader counts. Keys that begin with `!` must be 0."""
        ...

    def kinds(self) -> Mapping[str, tuple[int, int]]:
        """Of each kind of message how many came through and how many were refused, after `check`."""
        ...
