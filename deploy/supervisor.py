"""Keeps the services of this machine running: starts each, starts it again when it dies, ends all on SIGTERM.

The services are crash-only: on any Kafka error they exit and rely on being started again. In production a container
platform or
systemd does this; here it is `python -m deploy.supervisor`, made by `estafette up`.
"""

import fcntl
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

from deploy import born
from deploy.system import Process, System
from services.runtime.settings import Settings

BACKOFF = (0.0, 0.5, 1.0, 2.0, 5.0)
"""Seconds before the next start, by how often a service died without having run for a minute."""
STEADY = 60.0
TICK = 0.1
STOPPING = 15.0


class Running:
    """One service and how it fares."""

    def __init__(self, process: Process, home: Path) -> None:
        self.process = process
        self._home = home
        self._born: born.Born | None = None
        self._started = 0.0
        self._deaths = 0
        self._again = 0.0

    def tend(self, now: float) -> None:
        """Start it when it should run and does not."""
        if not self.gone():
            return
        if self._born is not None:
            self._deaths = 0 if now - self._started > STEADY else self._deaths + 1
            self._again = now + BACKOFF[min(self._deaths, len(BACKOFF) - 1)]
            self._born = None
        if now >= self._again:
            self._start(now)

    def end(self, signum: int) -> None:
        if self._born is not None:
            self._born.send_signal(signum)

    def gone(self) -> bool:
        return self._born is None or self._born.poll() is not None

    def _start(self, now: float) -> None:
        process, log = self.process, self._home / "log" / f"{self.process.name}.log"
        self._born = born.start(process.name, process.module, log, process.environment(self._home))
        (self._home / "run" / f"{self.process.name}.pid").write_text(str(self._born.pid))
        self._started = now


def hold_lock(home: Path) -> IO[str] | None:
    """The lock a supervisor holds while it lives; None when one lives already."""
    (home / "run").mkdir(parents=True, exist_ok=True)
    file = (home / "run" / "supervisor.lock").open("a")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file


def launch(home: Path, file: Path, first_port: int | None) -> None:
    """Start a supervisor in the background. Does nothing when one runs."""
    lock = hold_lock(home)
    if lock is None:
        return
    lock.close()
    (home / "log").mkdir(exist_ok=True)
    with (home / "log" / "supervisor.log").open("ab") as out:
        subprocess.Popen(
            [sys.executable, "-m", "deploy.supervisor", str(file), str(first_port or 0)],
            env={**os.environ, "ESTAFETTE_HOME": str(home)},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )


def stop(home: Path, within: float = 40.0) -> bool:
    """End the supervisor and all it started; False when none ran. Raises TimeoutError."""
    lock = hold_lock(home)
    if lock is not None:
        lock.close()
        return False
    os.kill(int((home / "run" / "supervisor.pid").read_text()), signal.SIGTERM)
    end = time.monotonic() + within
    while (lock := hold_lock(home)) is None:
        if time.monotonic() > end:
            raise TimeoutError("the supervisor does not end")
        time.sleep(TICK)
    lock.close()
    return True


def main() -> None:
    """Run until SIGTERM."""
    settings = Settings()
    home = settings.home.resolve()
    lock = hold_lock(home)
    if lock is None:
        return
    (home / "run" / "supervisor.pid").write_text(str(os.getpid()))
    system = System(home, Path(sys.argv[1]), int(sys.argv[2]) or None)
    running = [Running(process, home) for process in system.processes]
    stopping: list[int] = []
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, lambda received, _: stopping.append(received))
    while not stopping:
        for service in running:
            service.tend(time.monotonic())
        time.sleep(TICK)
    _end(running)


def _end(running: list[Running]) -> None:
    for service in running:
        service.end(signal.SIGTERM)
    end = time.monotonic() + STOPPING
    while time.monotonic() < end and not all(service.gone() for service in running):
        time.sleep(TICK)
    for service in running:
        service.end(signal.SIGKILL)


if __name__ == "__main__":
    main()
