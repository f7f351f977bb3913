"""A real edge behind a real HTTP server in a thread of its own, without Kafka."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import httpx2

from tests.organisation.offices import Office, Street, make_home
from tests.organisation.small_gate import SmallGate

VT, LINDE = "veilig-thuis-noord", "lokaal-team-linde"
ID = "3f8a1f0e-8f5a-4b53-9d3c-2a1b0c9d8e7f"
CASE = f"case:{ID}"
OPEN, SHARE = "/api/messages/cases.opened", "/api/messages/dossiers.shared"
LEAD = {"ref": "vt-1", "function": "veilig-thuis-worker", "registration": "SKJ", "competences": ["SAFETY"]}
OPENING = {"body": {"persons": [{"ref": "child-1", "role": "YOUTH", "birth_date": "2015-01-01"}], "lead": LEAD}}
T = TypeVar("T")
SECONDS = 60.0


class Served:
    """One office and its address. `run` does something in the server's own loop."""

    def __init__(self, office: Office, loop: asyncio.AbstractEventLoop) -> None:
        self.office = office
        self.url = f"http://127.0.0.1:{office.edge.server.port}"
        self._loop = loop

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(SECONDS)

    @contextlib.contextmanager
    def line(self) -> Iterator[socket.socket]:
        """A connection on which a test can say whatever it likes."""
        with socket.create_connection(("127.0.0.1", self.office.edge.server.port), SECONDS) as made:
            yield made

    def hear(self, said: bytes) -> bytes:
        """All that is answered to these bytes until the server closes the line."""
        with self.line() as line:
            line.sendall(said)
            return heard(line)


def heard(line: socket.socket) -> bytes:
    """What comes until the other side closes; nothing for a connection that is cut."""
    found = b""
    with contextlib.suppress(ConnectionError):
        while chunk := line.recv(65536):
            found += chunk
    return found


@contextlib.contextmanager
def served(slug: str, folder: Path) -> Iterator[Served]:
    """The edge of an organisation, open until the end of the block."""
    home = make_home(folder / "home")
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="edge", daemon=True)
    thread.start()

    async def start() -> Office:
        office = await Street(home, SmallGate(home), None, folder).office(slug)
        await office.edge.server.start()
        return office

    async def stop(office: Office) -> None:
        await office.edge.server.stop()
        await office.edge.engine.dispose()

    office = asyncio.run_coroutine_threadsafe(start(), loop).result(SECONDS)
    try:
        yield Served(office, loop)
    finally:
        asyncio.run_coroutine_threadsafe(stop(office), loop).result(SECONDS)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(SECONDS)
        loop.close()


def bearer(edge: Served, ref: str = "vt-1") -> dict[str, str]:
    return {"Authorization": edge.office.token(ref)}


def told(answer: httpx2.Response, status: int) -> list[str]:
    """The problems of an answer, which has the form of every other."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["type"], problem["status"]) == ("about:blank", status) and problem["title"] and problem["problems"]
    return list(problem["problems"])
