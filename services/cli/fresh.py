"""A throw-away system: its own temporary home, its own ports, gone afterwards."""

import contextlib
import random
import shutil
import signal
import socket
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

from deploy.directory import Deployment
from deploy.system import System
from services.cli.system import start, stop

PORTS = range(20_000, 32_000)
"""Below what Linux gives to outgoing connections."""


SLOTS = 2
"""Enough for cases to live in different slots; each slot more makes every barrier slower."""


@contextlib.contextmanager
def fresh_system(file: Path, tell: Callable[[str], None]) -> Iterator[System]:
    """A system that runs until the block ends, also when that ends by Ctrl-C or SIGTERM."""
    home = Path(tempfile.mkdtemp(prefix="estafette-"))
    system = System(home / "home", file, free_block(len(Deployment.load(file).parts)))
    before = signal.signal(signal.SIGTERM, _leave)
    try:
        start(system, SLOTS, tell=lambda text: tell(f"starting {text}"))
        yield system
    finally:
        signal.signal(signal.SIGTERM, before)
        tell("ending it")
        stop(system)
        shutil.rmtree(home, ignore_errors=True)


def free_block(length: int) -> int:
    """The first of so many consecutive ports that nobody listens on now."""
    for _ in range(200):
        first = random.randrange(PORTS.start, PORTS.stop - length)  # noqa: S311  # no secret
        if all(_free(port) for port in range(first, first + length)):
            return first
    raise OSError(f"no {length} consecutive free ports")


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _leave(_: int, __: FrameType | None) -> None:
    raise SystemExit(143)
