"""The ledger service without Kafka: a filled read model and its HTTP interface."""

import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import httpx2

from schemas.parties import OrganisationKind
from services.ledger import store
from services.ledger.api import ledger_api
from services.ledger.desk import Desk
from services.ledger.projection import LEDGER, Projection
from services.ledger.reads import RememberedLooks
from services.runtime.directory import Directory
from services.runtime.faust_app import Incoming
from services.runtime.jose import SigningKey
from services.runtime.sql import engine_of
from services.runtime.tokens import Caller, Issuer, Role, Verifier

ISSUER_KEY = SigningKey.generate("issuer.test")


class Member:
    """What the API needs of an organisation's entry."""

    def __init__(self, kind: OrganisationKind, coordination: str | None = None) -> None:
        self.kind = kind
        self.coordination = coordination


class SmallDirectory:
    """Three teams, Veilig Thuis, a school and two desks, of which one coordinates the teams."""

    organisations = {  # noqa: RUF012
        **{slug: Member(OrganisationKind.LOCAL_TEAM, "desk-noord") for slug in ("team-a", "team-b", "team-c")},
        "vt-noord": Member(OrganisationKind.VEILIG_THUIS, "desk-noord"),
        "gi-x": Member(OrganisationKind.CERTIFIED_INSTITUTION, "desk-noord"),
        "school-x": Member(OrganisationKind.EXTERNAL, "desk-noord"),
        "desk-noord": Member(OrganisationKind.COORDINATION),
        "desk-zuid": Member(OrganisationKind.COORDINATION),
    }

    def __init__(self, gate: Any) -> None:
        self._gate = gate
        self.merged: dict[str, str] = {}

    def find(self, slug: str) -> Member | None:
        return self.organisations.get(slug)

    def successions(self, at: Any) -> dict[str, str]:
        return self.merged

    def owner(self, kid: str) -> str:
        return kid.partition(".")[0]

    def past_key(self, kid: str) -> Any:
        return self._gate.resolve(kid)

    def sealed_key(self, kid: str, at: Any) -> Any:
        return self._gate.resolve(kid)

    @property
    def directory(self) -> Any:
        return self

    async def refresh(self) -> None:
        """It is always fresh."""


class Ledger:
    """The service without Kafka: a filled read model and its HTTP interface."""

    def __init__(
        self, client: httpx2.AsyncClient, looks: RememberedLooks, gate: Any, engine: Any, directory: SmallDirectory
    ) -> None:
        self.client = client
        self.directory = directory
        self.looks = looks
        self.gate = gate
        self.engine = engine

    async def get(self, path: str, organisation: str = "team-a", role: Role = Role.PRIVACY_OFFICER) -> httpx2.Response:
        caller = Caller(organisation=organisation, ref="fg-1", function="privacy-officer", role=role)
        token = Issuer(ISSUER_KEY).issue(caller)
        return await self.client.get(path, headers={"Authorization": f"Bearer {token}"})

    async def write(self, more: Callable[[Any], object]) -> None:
        """Let the gate write more, and read it."""
        before = len(self.gate.lines)
        more(self.gate)
        new = enumerate(self.gate.lines[before:], before)
        lines = [Incoming(LEDGER, slot, i, b"", seal.encode(), ()) for i, (slot, seal) in new]
        directory: Any = SmallDirectory(self.gate)
        await Projection(self.engine, self.gate.epoch, directory).handle(lines)


@contextlib.asynccontextmanager
async def served(
    gate: Any, folder: Path, more: Sequence[Incoming] = (), url: str | None = None
) -> AsyncIterator[Ledger]:
    """What this small gate has written, read and ready to be asked; of the database at `url`, or a file in `folder`."""
    looks = RememberedLooks()
    engine = engine_of(url or f"sqlite+aiosqlite:///{folder}/ledger.db")
    await store.prepare(engine)
    directory: Any = SmallDirectory(gate)
    lines = [Incoming(LEDGER, slot, i, b"", seal.encode(), ()) for i, (slot, seal) in enumerate(gate.lines)]
    await Projection(engine, gate.epoch, directory).handle([*more, *lines])

    def current() -> Directory:
        found: Directory = directory
        return found

    async def health() -> dict[str, Any]:
        return {"ready": True}

    desk = Desk(engine, gate.epoch, current, Verifier(ISSUER_KEY.public()), looks)
    transport = httpx2.ASGITransport(app=ledger_api(desk, health))
    async with httpx2.AsyncClient(transport=transport, base_url="http://ledger") as client:
        yield Ledger(client, looks, gate, engine, directory)
    await engine.dispose()
