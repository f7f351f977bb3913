"""The read model holds every entry once, keeps its exact bytes, and names what does not hold."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.event import Data, Event, wire_type
from schemas.service import Fact, FactKind
from services.ledger import queries, store
from services.ledger.projection import ALERTS, FACTS, LEDGER, Projection
from services.ledger.queries import Wanted
from services.runtime.faust_app import Incoming
from services.runtime.jose import PublicKey, SigningKey, sign_detached
from services.runtime.sql import engine_of

OVERSIGHT_KEY = SigningKey.generate("oversight.sign.test")
ALERT = "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa"


class KnownKeys:
    """A directory of two keys, one of which may become known only when it is asked again."""

    def __init__(self, *keys: PublicKey, later: tuple[PublicKey, ...] = ()) -> None:
        self._keys = {key.kid: key for key in keys}
        self._later = later
        self.refreshed = 0

    @property
    def directory(self) -> Any:
        return self

    async def refresh(self) -> None:
        self.refreshed += 1
        self._keys |= {key.kid: key for key in self._later}

    def owner(self, kid: str) -> str | None:
        return kid.partition(".")[0] if kid in self._keys else None

    def past_key(self, kid: str) -> PublicKey | None:
        return self._keys.get(kid)

    def sealed_key(self, kid: str, at: Any) -> PublicKey | None:
        return self._keys.get(kid)


def records_of(gate: Any) -> list[Incoming]:
    offsets: dict[int, int] = {}
    found = []
    for slot, seal in gate.lines:
        found.append(Incoming(LEDGER, slot, offsets.get(slot, 0), b"key", seal.encode(), ()))
        offsets[slot] = offsets.get(slot, 0) + 2  # transactions leave holes
    return found


def alert_record(offset: int, name: str, at: Any, key: SigningKey = OVERSIGHT_KEY, **body: Any) -> Incoming:
    event = Event(
        id=f"bbbbbbbb-bbbb-4bbb-8bbb-{offset:012d}",
        source="oversight",
        type=wire_type(name),
        subject="case:00000000-0000-4000-8000-000000000001",
        time=at,
        data=Data(to=("team-a", "desk-noord"), body={"alert": ALERT, "code": "FIRST_REACTION", **body}),
    )
    value = event.encode()
    headers = (("jws", sign_detached(value, key).encode()),)
    return Incoming(ALERTS, 0, offset, event.subject.encode(), value, headers)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
async def engine(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    sqlite = request.param == "sqlite"
    made = engine_of(f"sqlite+aiosqlite:///{tmp_path}/ledger.db" if sqlite else request.getfixturevalue("postgres"))
    async with made.begin() as connection:
        await connection.run_sync(store.metadata.drop_all)
    await store.prepare(made)
    yield made
    await made.dispose()


def projection(engine: AsyncEngine, gate: Any, **keys: Any) -> Projection:
    return Projection(engine, gate.epoch, KnownKeys(gate.key.public(), OVERSIGHT_KEY.public(), **keys))


async def lines_in(engine: AsyncEngine) -> list[str]:
    e = store.entries.c
    async with engine.connect() as connection:
        return list((await connection.execute(sa.select(e.jws).order_by(e.slot, e.slot_seq))).scalars())


async def faults_in(engine: AsyncEngine) -> list[tuple[str, int | None]]:
    f = store.faults.c
    async with engine.connect() as connection:
        rows = await connection.execute(sa.select(f.code, f.slot_seq).order_by(f.partition, f.offset, f.number))
        return [(row.code, row.slot_seq) for row in rows]


@pytest.mark.parametrize("size", [1, 3, 100])
async def test_every_entry_stands_once_with_its_exact_bytes(kit: Any, engine: AsyncEngine, size: int) -> None:
    """Whatever is read again, in whatever batches, changes nothing."""
    gate = kit.story()
    records, project = records_of(gate), projection(engine, gate)
    for again in (0, 0, 5, 11):
        for start in range(again, len(records), size):
            await project.handle(records[start : start + size])
    assert await lines_in(engine) == gate.export()
    assert await faults_in(engine) == []
    async with engine.connect() as connection:
        assert await store.count(connection, store.inbox_sequences) == sum(map(len, gate.held.values()))
        assert await store.count(connection, store.entry_reasons) == 1


async def test_a_break_in_the_chain_is_an_alarm_and_reading_goes_on(kit: Any, engine: AsyncEngine) -> None:
    """An entry that is missing from the topic is named once; what follows is kept."""
    gate = kit.story()
    records, project = records_of(gate), projection(engine, gate)
    kept = [record for record in records if record.value != gate.export()[2].encode()]
    await project.handle(kept)
    await project.handle(kept)
    assert await faults_in(engine) == [("SLOT_GAP", 4), ("INBOX_GAP", 5), ("INBOX_GAP", 6)]
    assert len(await lines_in(engine)) == len(kept)


async def test_another_entry_at_a_place_that_was_read_is_a_fork(kit: Any, engine: AsyncEngine) -> None:
    """The first stays; the second is kept as a fault."""
    honest, forged = kit.SmallGate(), kit.SmallGate()
    honest.delivered(0, kit.case(1), "team-a", "team-b")
    forged.delivered(0, kit.case(1), "team-a", "team-c")
    project = projection(engine, honest)
    await project.handle(records_of(honest))
    await project.handle([record._replace(offset=9) for record in records_of(forged)])
    assert await faults_in(engine) == [("FORK", 1)]
    assert await lines_in(engine) == honest.export()


async def test_what_the_gate_did_not_sign_is_no_entry(kit: Any, engine: AsyncEngine) -> None:
    """Neither a stranger's entry, nor bytes that are none, nor one in the partition of another slot."""
    gate, stranger = kit.SmallGate(), kit.SmallGate(key=SigningKey.generate("team-a.sign.x"))
    stranger.delivered(0, kit.case(1), "team-a", "team-b")
    gate.delivered(1, kit.case(1), "team-a", "team-b")
    records = [
        *records_of(stranger),
        Incoming(LEDGER, 0, 5, None, b"\x00\xff nonsense", ()),
        Incoming(LEDGER, 0, 6, None, None, ()),
        Incoming(LEDGER, 0, 7, None, gate.export()[0].encode(), ()),
    ]
    await projection(engine, gate).handle(records)
    codes = [code for code, _ in await faults_in(engine)]
    assert codes == ["NOT_AUTHENTIC", "NOT_AUTHENTIC", "NOT_AUTHENTIC", "WRONG_SLOT"]
    assert await lines_in(engine) == []


async def test_a_key_that_the_directory_learned_meanwhile_counts(kit: Any, engine: AsyncEngine) -> None:
    """The gate may have changed its key a moment ago: the directory is read again before an entry is doubted."""
    gate = kit.story()
    source = KnownKeys(later=(gate.key.public(),))
    await Projection(engine, gate.epoch, source).handle(records_of(gate))
    assert source.refreshed == 1 and await faults_in(engine) == []


async def test_health_shows_the_lowest_barrier_that_ledger_alerts_and_facts_have_passed(
    kit: Any, engine: AsyncEngine
) -> None:
    """None until every slot has one."""
    gate = kit.story()
    project = projection(engine, gate)

    async def barrier() -> str | None:
        async with engine.connect() as connection:
            return (await queries.state(connection, gate.epoch, 2)).barrier

    def mark(partition: int, offset: int, text: str) -> Incoming:
        return Incoming(ALERTS, partition, offset, b"barrier", json.dumps({"barrier": text}).encode(), ())

    await project.handle(records_of(gate))
    assert await barrier() is None
    await project.handle([mark(0, 0, "000000000001")])
    assert await barrier() is None
    await project.handle([mark(1, 0, "000000000002")])
    assert await barrier() is None
    for slot in (0, 1):
        tick = Fact(kind=FactKind.TICK, at=gate.now, id="tick", barrier="000000000001").model_dump_json().encode()
        await project.handle([Incoming(FACTS, slot, 0, b"tick", tick, ())])
    assert await barrier() == "000000000001"


async def test_what_is_no_fact_is_an_alarm_and_is_not_kept(kit: Any, engine: AsyncEngine) -> None:
    """It may hold what nobody should find in a table; reading goes on."""
    gate = kit.story()
    bad = [Incoming(FACTS, 0, n, b"", value, ()) for n, value in enumerate((None, b"no fact", b'{"kind": "MESSAGE"}'))]
    await projection(engine, gate).handle(bad)
    assert await faults_in(engine) == [("UNREADABLE", None)] * 3
    async with engine.connect() as connection:
        assert set((await connection.execute(sa.select(store.faults.c.value))).scalars()) == {None}


async def test_the_latest_state_of_an_alert_is_kept(kit: Any, engine: AsyncEngine) -> None:
    """Raised, escalated, resolved; read twice, and an older message after a newer one."""
    gate = kit.SmallGate()
    project, at = projection(engine, gate), kit.START
    more = {"tier": 1, "responsible": ["team-b"], "due": at.isoformat(), "child": "child-1"}
    raised = alert_record(0, "alerts.raised", at, **more)
    escalated = alert_record(2, "alerts.escalated", at + timedelta(days=1), **(more | {"tier": 2}))
    resolved = alert_record(4, "alerts.resolved", at + timedelta(days=2), how="MET")
    await project.handle([raised, escalated])
    assert [(a.state, a.tier, a.child) for a in await seen(engine, "team-b")] == [("OPEN", 2, "child-1")]
    await project.handle([resolved])
    await project.handle([raised, escalated])
    found = await seen(engine, "desk-noord")
    assert [(a.state, a.how, a.tier, a.responsible) for a in found] == [("RESOLVED", "MET", 2, ("team-b",))]
    assert found[0].raised_at == at and found[0].at == at + timedelta(days=2)
    assert await seen(engine, "team-c") == ()


async def test_an_alert_that_oversight_did_not_sign_is_an_alarm(kit: Any, engine: AsyncEngine) -> None:
    """Nor does an altered one count."""
    gate = kit.SmallGate()
    more = {"tier": 1, "responsible": ["team-b"], "due": kit.START.isoformat()}
    forged = alert_record(0, "alerts.raised", kit.START, key=SigningKey.generate("team-a.sign.x"), **more)
    genuine = alert_record(1, "alerts.raised", kit.START, **more)
    altered = genuine._replace(value=(genuine.value or b"").replace(b"team-b", b"team-c"))
    await projection(engine, gate).handle([forged, altered])
    assert [code for code, _ in await faults_in(engine)] == ["NOT_AUTHENTIC", "NOT_AUTHENTIC"]
    assert await seen(engine, "team-b") == ()


async def seen(engine: AsyncEngine, organisation: str) -> Any:
    async with engine.connect() as connection:
        return await queries.alerts(connection, {organisation}, None, None, officer=False)


async def test_pages_of_an_audit_follow_one_another(
    kit: Any, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every entry once, in the order of decision, however small the pages."""
    gate = kit.story()
    await projection(engine, gate).handle(records_of(gate))
    monkeypatch.setattr(queries, "PAGE", 2)
    after, found = None, []
    async with engine.connect() as connection:
        while True:
            lines, after = await queries.audit(connection, Wanted("team-a"), after)
            found += [(line.slot, line.slot_seq) for line in lines]
            if after is None:
                break
    assert found == [(0, 1), (0, 2), (0, 3), (0, 5), (1, 3), (0, 8)]
    exported = [line async for line in queries.export(engine, Wanted("team-a"))]
    assert len(exported) == len(found) and exported == [line for line in gate.export() if line in exported]
