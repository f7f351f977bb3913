"""The whole of Estafette on this machine: a broker, its topics, and every service as a process of its own."""

import json
import os
import time
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple, Self

import httpx2

from deploy import plan
from deploy.directory import DEMO, Deployment, init
from deploy.kafka import LocalKafka
from deploy.keys import operator_key
from deploy.registry import Folder, apply
from services.runtime.directory import OPERATOR
from services.runtime.settings import Settings


class Process(NamedTuple):
    """One service: its name, the package that runs it, its port, and for an edge the organisation it serves."""

    name: str
    module: str
    port: int
    organisation: str | None = None

    def environment(self, home: Path) -> dict[str, str]:
        """What it needs to know; a password or key never stands in it."""
        told = {"ESTAFETTE_HOME": str(home), "ESTAFETTE_PORT": str(self.port)}
        if self.organisation is not None:
            told["ESTAFETTE_ORGANISATION"] = self.organisation
            url = os.environ.get(f"ESTAFETTE_DATABASE_URL_{self.organisation.upper().replace('-', '_')}")
            if url:
                told["ESTAFETTE_DATABASE_URL"] = url
        return {**os.environ, **told}


SERVICES = ("gate", "oversight", "ledger")


class NotReady(Exception):
    """Some services did not come up; the text names them and why."""


class System:
    """One deployment under one home."""

    def __init__(self, home: Path, file: Path = DEMO, first_port: int | None = None) -> None:
        self.home = home.resolve()
        self.file = file
        deployment = Deployment.load(file)
        self.deployment = deployment.moved(first_port) if first_port else deployment
        self.kafka = LocalKafka(self.home)
        self.first_port = first_port
        self._http = httpx2.Client(timeout=5.0)
        self._pool = ThreadPoolExecutor(4)

    @classmethod
    def started(cls, home: Path) -> Self:
        """The system as it was last started under this home, on the ports it got then; of a home that never was, the
        demonstration's.
        """
        try:
            told = json.loads((home.resolve() / "run" / "system.json").read_text())
            return cls(home, Path(told["organisations"]), told["first_port"])
        except FileNotFoundError:
            return cls(home)

    def remember(self) -> None:
        """Write down what `started` needs."""
        folder = self.home / "run"
        folder.mkdir(parents=True, exist_ok=True)
        told = {"organisations": str(self.file.resolve()), "first_port": self.first_port}
        (folder / "system.json").write_text(json.dumps(told))

    @property
    def processes(self) -> tuple[Process, ...]:
        """Every service that runs, in the order in which they are started."""
        services = [Process(name, f"services.{name}", self.deployment.port(name)) for name in SERVICES]
        edges = [Process(o.slug, f"services.{o.profile}", o.port, o.slug) for o in self.deployment.organisations]
        return (*services, *edges)

    def prepare(self, slots: int = 4, clock: str = "simulated") -> None:
        """Start the broker; make topics, users, rights, keys and directory. Repeating it changes nothing."""
        self.kafka = LocalKafka(self.home, slots=slots, clock=clock)
        self.kafka.start()
        settings = Settings(home=self.home)
        told = self.deployment
        cluster = plan.Cluster.connect(settings, told.slugs, with_certificate=told.with_certificate)
        plan.apply(cluster, plan.plan(cluster))
        init(self.home, self.deployment)
        folder = Folder(self.home / "directory")
        apply(settings.kafka(OPERATOR), folder, operator_key(self.home), self.deployment.keys_valid_from)

    def health(self, names: Collection[str] | None = None) -> dict[str, Mapping[str, object]]:
        """What each service (of these) says of itself; one that does not answer is not ready."""
        return self._ask("health", names)

    def barriers(self, names: Collection[str]) -> dict[str, str]:
        """The barrier that each of these has passed, edges or the ledger; empty text for none."""
        return {name: str(answer.get("barrier") or "") for name, answer in self._ask("barrier", names).items()}

    def wait_ready(self, within: float = 240.0) -> None:
        """Return when every service is ready. Raises NotReady after `within` seconds."""
        end = time.monotonic() + within
        while True:
            missing = {name: answer for name, answer in self.health().items() if answer.get("ready") is not True}
            if not missing:
                return
            if time.monotonic() > end:
                raise NotReady("; ".join(f"{name}: {answer.get('reason')}" for name, answer in missing.items()))
            time.sleep(0.5)

    def _ask(self, page: str, names: Collection[str] | None) -> dict[str, Mapping[str, object]]:
        processes = [process for process in self.processes if names is None or process.name in names]
        answers = self._pool.map(lambda process: self._answer(process.port, page), processes)
        return dict(zip((process.name for process in processes), answers, strict=True))

    def _answer(self, port: int, page: str) -> Mapping[str, object]:
        try:
            return dict(self._http.get(f"http://127.0.0.1:{port}/{page}").json())
        except (httpx2.HTTPError, ValueError) as error:
            return {"ready": False, "reason": f"no answer ({type(error).__name__})"}
