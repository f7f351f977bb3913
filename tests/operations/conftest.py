"""A small system on a real clock: a broker of its own, gate, oversight, ledger and two edges, each a process, and a
collector that takes their spans as OpenTelemetry sends them."""

import gzip
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from deploy import born
from deploy.directory import DEMO, Deployment
from deploy.system import Process, System
from services.cli.fresh import free_block
from services.runtime.tokens import Issuer

VT, LINDE = "veilig-thuis-noord", "lokaal-team-linde"
RUNNING = ("gate", "oversight", "ledger", VT, LINDE)
SECRET = "what only the recipient may read"
PERSONS = [
    {"ref": "child-1", "role": "YOUTH", "birth_date": "2018-01-15"},
    {"ref": "mother", "role": "PARENT", "birth_date": "1990-05-05"},
]
LEAD = {"ref": "vt-1", "function": "veilig-thuis-worker", "registration": "SKJ", "competences": ["SAFETY"]}


class Span(NamedTuple):
    """One span as the collector got it."""

    service: str
    name: str
    trace: str
    id: str
    parent: str
    told: dict[str, str]


class Collector:
    """OTLP over HTTP, as a collector takes it."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.raw: list[bytes] = []
        spans, raw = self.spans, self.raw

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                body = gzip.decompress(body) if self.headers.get("content-encoding") == "gzip" else body
                if self.path == "/v1/traces":
                    raw.append(body)
                    spans.extend(_spans(body))
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Says nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _spans(body: bytes) -> Iterator[Span]:
    for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
        service = next(each.value.string_value for each in resource.resource.attributes if each.key == "service.name")
        for scope in resource.scope_spans:
            for span in scope.spans:
                told = {each.key: str(each.value.string_value or each.value.int_value) for each in span.attributes}
                yield Span(service, span.name, span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex(), told)


class Few:
    """The processes, and the people at the edges."""

    def __init__(self, home: Path, collector: Collector) -> None:
        self.system = System(home, DEMO, free_block(len(Deployment.load(DEMO).parts)))
        self.home, self.collector = home, collector
        self._running: dict[str, born.Born] = {}
        self._http = httpx2.Client(timeout=20, trust_env=False)

    def prepare(self) -> None:
        self.system.prepare(slots=2, clock="real")
        self.system.remember()
        (self.home / "log").mkdir(exist_ok=True)
        self._issuer = Issuer.from_home(self.home)

    @property
    def running(self) -> tuple[str, ...]:
        return tuple(self._running)

    def process(self, name: str) -> Process:
        return next(process for process in self.system.processes if process.name == name)

    def start(self, *names: str) -> None:
        told = {"OTEL_EXPORTER_OTLP_ENDPOINT": self.collector.url, "OTEL_BSP_SCHEDULE_DELAY": "200"}
        for name in names:
            process = self.process(name)
            environment = {**process.environment(self.home), **told}
            self._running[name] = born.start(name, process.module, self.log(name), environment)
        self.ready(*names)

    def stop(self, *names: str) -> None:
        for name in names:
            self._running[name].terminate()
        for name in names:
            self._running.pop(name).wait(60)

    def kill(self) -> None:
        for process in self._running.values():
            process.kill()
            process.wait()
        self._running.clear()

    def log(self, name: str) -> Path:
        return self.home / "log" / f"{name}.log"

    def get(self, name: str, path: str) -> httpx2.Response:
        return self._http.get(f"http://127.0.0.1:{self.process(name).port}{path}")

    def is_ready(self, name: str) -> bool:
        try:
            return self.get(name, "/ready").status_code == 200
        except httpx2.TransportError:
            return False

    def ready(self, *names: str) -> None:
        def all_ready() -> bool:
            for name in names:
                assert self._running[name].poll() is None, self.log(name).read_text()[-2000:]
            return all(self.is_ready(name) for name in names)

        until(all_ready)

    def ask(self, method: str, who: str, path: str, json: Any = None, **headers: str) -> httpx2.Response:
        """`who`: organisation/professional, at its own edge unless the path names another service: `ledger:/api`."""
        slug = who.partition("/")[0]
        at, _, rest = path.rpartition(":/")
        url = f"http://127.0.0.1:{self.process(at or slug).port}/{(rest if at else path).lstrip('/')}"
        told = {"Authorization": self.token(who), **{name.replace("_", "-"): v for name, v in headers.items()}}
        return self._http.request(method, url, json=json, headers=told)

    def token(self, who: str) -> str:
        slug, _, ref = who.partition("/")
        return f"Bearer {self._issuer.issue(self.system.deployment.organisation(slug).caller(ref))}"

    def say(self, who: str, name: str, order: dict[str, Any], **headers: str) -> dict[str, Any]:
        """Send a message and wait until the gate has answered; what the edge tells of it then."""
        answer = self.ask("POST", who, f"/api/messages/{name}", order, **headers)
        assert answer.status_code == 202, answer.text
        return self.answered(who, answer.json()["messages"][0]["id"])

    def answered(self, who: str, message: str, wanted: str = "decided_at") -> dict[str, Any]:
        def told() -> dict[str, Any] | None:
            found: dict[str, Any] = self.ask("GET", who, f"/api/messages/{message}").json()
            return found if found.get(wanted) else None

        return dict(until(told))

    def case(self) -> str:
        """A case of Veilig Thuis in which the mother allows that the local team reads about her."""
        opened = self.say(f"{VT}/vt-1", "cases.opened", {"body": {"persons": PERSONS, "lead": LEAD}})
        assert opened["status"] == "delivered", opened
        consent = {
            "statement": "7d1f0d0e-0000-4000-8000-" + opened["id"][-12:],
            "about": "mother",
            "given_by": "mother",
            "decision": "GRANTED",
            "how_asked": "IN_PERSON",
            "scope": {"recipients": [LINDE], "purposes": ["JOINT_SUPPORT"]},
        }
        given = self.say(f"{VT}/vt-1", "consents.recorded", {"case": opened["subject"], "body": consent})
        assert given["status"] == "delivered", given
        return str(opened["subject"])

    def letter(self, case: str, text: str = SECRET, **headers: str) -> dict[str, Any]:
        """A letter about the mother to the local team, once it is stored there and the sender was told so."""
        sent = self.say(f"{VT}/vt-1", "dossiers.shared", self.order(case, LINDE, text), **headers)
        assert sent["status"] == "delivered", sent
        return self.answered(f"{VT}/vt-1", sent["id"], "stored_at")

    def order(self, case: str, to: str, text: str = SECRET) -> dict[str, Any]:
        """A letter with one section about the mother."""
        section = {
            "category": "CONCERNS",
            "about": ["mother"],
            "kind": "FACT",
            "as_of": "2026-03-01",
            "source": {"kind": "OWN_OBSERVATION"},
            "bases": [{"person": "mother", "secrecy": "CONSENT"}],
            "text": text,
        }
        return {
            "case": case,
            "to": [to],
            "body": {},
            "manifest": {"purpose": "JOINT_SUPPORT", "sections": [section]},
        }


def until(condition: Callable[[], Any], within: float = 240.0) -> Any:
    """The first true answer."""
    end = time.monotonic() + within
    while not (found := condition()):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)
    return found


def frozen(pid: int) -> Callable[[], None]:
    """Freeze a process; what thaws it."""
    os.kill(pid, signal.SIGSTOP)
    return lambda: os.kill(pid, signal.SIGCONT)


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Few]:
    collector = Collector()
    few = Few(tmp_path_factory.mktemp("few") / "home", collector)
    try:
        few.prepare()
        few.start(*RUNNING)
        yield few
    finally:
        few.kill()
        few.system.kafka.stop()
        collector.stop()
