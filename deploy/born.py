"""Starts services as processes that need not import everything anew.

Importing the libraries takes a service seconds; here that is done once, in a server process of Python's own
(multiprocessing's forkserver), and each service is forked from it. A service is a process of its own all the same,
under its own id, and what it runs is exactly `python -m <module>`.
"""

import contextlib
import ctypes
import multiprocessing
import os
import runpy
import signal
import sys
from collections.abc import Mapping, Sequence
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Final

WARM: Final = [
    "deploy.born",
    "services.gate.app",
    "services.oversight.app",
    "services.ledger.projection",
    "services.ledger.api",
    "services.organisation.app",
    "deploy.settled",
]
"""What the services have in common; none of these starts a thread or reads a setting when it is imported."""
SET_DEATH_SIGNAL: Final = 1
SET_NAME: Final = 15
"""Of Linux' prctl."""


class Born:
    """A service that runs, as `subprocess.Popen` shows a process."""

    def __init__(self, process: ForkServerProcess) -> None:
        self._process = process
        self.pid = process.pid or 0

    def poll(self) -> int | None:
        """Its exit code, -9 when killed by signal 9; None while it lives."""
        return self._process.exitcode

    def wait(self, within: float | None = None) -> int:
        """Its exit code, when it has ended. Raises TimeoutError."""
        self._process.join(within)
        code = self.poll()
        if code is None:
            raise TimeoutError(f"{self._process.name} does not end")
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def start(name: str, module: str, log: Path, environment: Mapping[str, str], arguments: Sequence[str] = ()) -> Born:
    """Run a module as a process; what it says goes to the end of `log`."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(WARM)
    process = context.Process(
        target=_live, args=(name, module, str(log), dict(environment), list(arguments)), name=name
    )
    process.start()
    return Born(process)


def _live(name: str, module: str, log: str, environment: Mapping[str, str], arguments: Sequence[str]) -> None:
    for number, file, flags in (
        (0, os.devnull, os.O_RDONLY),
        (1, log, os.O_WRONLY | os.O_APPEND | os.O_CREAT),
        (2, log, os.O_WRONLY | os.O_APPEND | os.O_CREAT),
    ):
        opened = os.open(file, flags, 0o666)
        os.dup2(opened, number)
        os.close(opened)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115  # as a process of its own has it: multiprocessing put another here
    os.environ.clear()
    os.environ.update(environment)
    _known_to_linux(name)
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _known_to_linux(name: str) -> None:
    """The kernel ends a service whose supervisor is gone, so that none runs unwatched; and `ps` tells which it is."""
    with contextlib.suppress(OSError, AttributeError):
        linux = ctypes.CDLL(None)
        linux.prctl(SET_DEATH_SIGNAL, signal.SIGTERM)
        linux.prctl(SET_NAME, name.encode()[:15])
