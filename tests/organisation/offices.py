"""Edges without Kafka: a home with keys and a directory, a gate in miniature, and the HTTP interface in process."""

import json
import uuid
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import httpx2
import sqlalchemy as sa

from deploy.directory import Deployment, init, records
from services.certified_institution import profile as gi
from services.local_team import profile as local_team
from services.organisation import store
from services.organisation import tables as t
from services.organisation.app import Edge
from services.runtime.settings import Settings
from services.runtime.tokens import Caller, Issuer
from services.veilig_thuis import profile as veilig_thuis
from tests.organisation.small_gate import SmallGate

PROFILES: dict[str, ModuleType] = {
    "veilig-thuis-noord": veilig_thuis,
    "lokaal-team-linde": local_team,
    "gi-noord": gi,
}


class KeyedRecord(NamedTuple):
    offset: int
    key: bytes
    value: bytes


class Office:
    """One edge in this process, as its people and the gate meet it. Nothing of it is connected to Kafka."""

    def __init__(self, edge: Edge, home: Path, gate: SmallGate) -> None:
        self.edge = edge
        self.slug = edge.slug
        self.gate = gate
        self._issuer = Issuer.from_home(home)
        self._deployment = Deployment.load()
        self._http = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=edge.api), base_url="http://edge")

    def token(self, ref: str, organisation: str | None = None, **other: Any) -> str:
        """Of a professional here or at another organisation; `other`: what the issuer says otherwise."""
        theirs = next(o for o in self._deployment.organisations if o.slug == (organisation or self.slug))
        return f"Bearer {self._issuer.issue(Caller.model_validate({**theirs.caller(ref).model_dump(), **other}))}"

    async def ask(self, method: str, path: str, ref: str, json: Any = None, **headers: str) -> httpx2.Response:
        told = {"Authorization": self.token(ref), **{k.replace("_", "-"): v for k, v in headers.items()}}
        if isinstance(json, bytes):
            told.setdefault("Content-Type", "application/json")
            return await self._http.request(method, path, content=json, headers=told)
        return await self._http.request(method, path, json=json, headers=told)

    async def get(self, path: str, ref: str) -> Any:
        answer = await self.ask("GET", path, ref)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def send(self, name: str, ref: str, **order: Any) -> list[dict[str, Any]]:
        answer = await self.ask("POST", f"/api/messages/{name}", ref, order)
        assert answer.status_code == 202, answer.text
        return list(answer.json()["messages"])

    async def take(self, *incoming: Any) -> None:
        await self.edge.intake.take(incoming)

    async def sent(self, name: str | None = None) -> list[Any]:
        """The rows of `sent`, in order."""
        query = sa.select(t.sent).order_by(t.sent.c.position)
        if name is not None:
            query = query.where(t.sent.c.name == name)
        async with self.edge.engine.connect() as connection:
            return list((await connection.execute(query)).all())

    async def rows(self, table: sa.Table) -> list[Any]:
        async with self.edge.engine.connect() as connection:
            return list((await connection.execute(sa.select(table))).all())

    async def published(self, *positions: int) -> None:
        """As the publisher does once Kafka has them."""
        await self.edge.publisher._mark(positions)

    async def decided(self, message: str, **fields: Any) -> dict[str, Any]:
        """Let the gate accept a message that was queued here; the records it made, by organisation."""
        row = next(row for row in await self.sent() if row.id == message)
        made = self.gate.accept(row.value, row.jws, **fields)
        await self.take(made[self.slug])
        return made


def make_home(home: Path) -> Path:
    """A home of the demonstration's organisations, without a broker."""
    init(home, Deployment.load())
    kafka = {"bootstrap": "127.0.0.1:1"}
    cluster = {"epoch": str(uuid.uuid4()), "slots": 4, "clock": "simulated", "kafka": kafka}
    (home / "cluster.json").write_text(json.dumps(cluster))
    (home / "secrets").mkdir()
    for organisation in Deployment.load().organisations:
        (home / "secrets" / organisation.slug).write_text("nobody connects with this")
    return home


class Street:
    """Makes offices that share one gate."""

    def __init__(self, home: Path, gate: SmallGate, url: str | None, folder: Path) -> None:
        self._home, self._gate, self._url, self._folder = home, gate, url, folder
        self.open: list[Office] = []

    async def office(self, slug: str, **more: Any) -> Office:
        """`more`: settings."""
        url = self._url if self._url and not self.open else f"sqlite+aiosqlite:///{self._folder / slug}.db"
        settings = Settings(home=self._home, organisation=slug, database_url=url, **more)
        office = Office(Edge(settings, PROFILES[slug].PROFILE, crash=_raise), self._home, self._gate)
        if url == self._url:
            async with office.edge.engine.begin() as connection:
                await connection.run_sync(t.metadata.drop_all)
        await store.prepare(office.edge.engine)
        for offset, (other, value) in enumerate(records(self._home).items()):
            office.edge.known.directory.apply(KeyedRecord(offset, other.encode(), value))
        office.edge.known.read = True
        office.edge.clock.advance(self._gate.now)
        self.open.append(office)
        return office


def _raise(error: BaseException) -> None:
    raise error
