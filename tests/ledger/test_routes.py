"""Routes A to D: Table 1 of the Groningen study comes out of its messages, counted by the database."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.care import MeasureEnded, MeasureStarted
from schemas.parties import Professional
from schemas.supports import SupportAccepted, SupportRequested
from services.ledger import store
from services.ledger.projection import Projection
from services.ledger.questions.routes import Days, Routes, routes
from services.ledger.questions.scope import Scope
from services.runtime.sql import engine_of
from tests.ledger import groningen
from tests.ledger.groningen import FIRST, GI, LOOKED_AT, TEAM, Trajectory, made
from tests.ledger.served import SmallDirectory
from tests.ledger.telling import Teller


@pytest.fixture(scope="module")
def study(kit: Any) -> Teller:
    """Everything said in the study's year."""
    teller = Teller(kit.SmallGate(now=kit.START.replace(year=2015, month=1, day=1)))
    groningen.say_all(teller, kit)
    return teller


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest, study: Teller, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Read in any order, in batches, and half of it again after a restart."""
    file = tmp_path_factory.mktemp("routes") / "ledger.db"
    sqlite = request.param == "sqlite"
    url: str = f"sqlite+aiosqlite:///{file}" if sqlite else request.getfixturevalue("postgres_server")()

    async def fill() -> None:
        made = engine_of(url)
        async with made.begin() as connection:
            await connection.run_sync(store.metadata.drop_all)
        await store.prepare(made)
        facts = study.told()
        random.Random(580).shuffle(facts)
        await read(made, study, [*facts[:900], *study.entries(), *facts[500:], *study.entries()[:300]])
        await made.dispose()

    asyncio.run(fill())
    return url


@pytest.fixture
async def engine(database: str) -> AsyncIterator[AsyncEngine]:
    made = engine_of(database)
    yield made
    await made.dispose()


async def read(engine: AsyncEngine, teller: Teller, records: list[Any], size: int = 400) -> None:
    directory: Any = SmallDirectory(teller.gate)
    projection = Projection(engine, teller.gate.epoch, directory)
    for start in range(0, len(records), size):
        await projection.handle(records[start : start + size])


async def asked(
    engine: AsyncEngine, who: Iterable[str] = (GI,), days: Days | None = None, siblings: bool = True
) -> Routes:
    scope = Scope("11111111-1111-4111-8111-111111111111", tuple(who))
    async with engine.connect() as connection:
        return await routes(connection, scope, days or Days(FIRST, LOOKED_AT, LOOKED_AT), siblings)


async def test_table_1_of_the_study_comes_out_of_its_messages(engine: AsyncEngine) -> None:
    """580 = 446 + 134; 101 finished, 19 to a measure (18.8 %), 33 open on 29-02-2016; 164, 78, 185, 249 days (D#96-98).

    Some facts were read twice and the entries as well: everything counts once.
    """
    table = (await asked(engine)).table
    assert (table.trajectories, table.measures, table.help) == (580, 446, 134)
    spells = (table.finished, table.to_measure, table.not_to_measure, table.open)
    assert [spell.number for spell in spells] == [101, 19, 82, 33]
    assert [round(spell.mean_days or 0) for spell in spells] == [164, 78, 185, 249]
    assert round(table.percent_to_measure or 0, 1) == 18.8
    assert round(100 * table.measures / table.trajectories) == 77 and round(100 * table.finished.number / 134) == 75


async def test_each_child_is_on_one_route(engine: AsyncEngine) -> None:
    """C and D of who got help, with its days; A and B as the institution judged; 4 % of measures had help first."""
    found = {r.route: (r.number, r.mean_days) for r in (await asked(engine)).routes}
    plan = groningen.trajectories()
    straight = Counter(t.number % 3 for t in plan if not t.help)
    assert {route: number for route, (number, _) in found.items()} == {
        "A": straight[0],
        "B": straight[1],
        "A_OR_B": straight[2],
        "C": 82,
        "D": 19,
        "OPEN": 33,
    }
    assert sum(number for number, _ in found.values()) == 561
    assert found["A"][1] is None and round(found["C"][1] or 0) == 185 and round(found["D"][1] or 0) == 78
    assert round(100 * found["D"][0] / 446) == 4


async def test_without_brothers_and_sisters_each_family_counts_once(engine: AsyncEngine, kit: Any) -> None:
    """In one case or in linked ones; of each family the first (D#103)."""
    plan = groningen.trajectories()
    table = (await asked(engine, siblings=False)).table
    helped = first_of_each([t for t in plan if t.help], lambda t: t.began, kit)
    measured = first_of_each([t for t in plan if t.measure], lambda t: t.ended or t.began, kit)
    finished = [t for t in helped if t.ended]
    assert (table.help, table.measures) == (len(helped), len(measured)) and table.help < 134 and table.measures < 446
    assert (table.finished.number, table.open.number) == (len(finished), len(helped) - len(finished))
    assert table.finished.mean_days == pytest.approx(sum(t.days for t in finished) / len(finished))
    assert table.to_measure.number == sum(t.measure for t in finished)


def first_of_each(trajectories: list[Trajectory], day: Any, kit: Any) -> list[Trajectory]:
    """The first of each family by hand: by day, then case, then child."""

    def order(t: Trajectory) -> Any:
        return day(t), kit.case(t.number if t.number % 2 else t.case), t.child

    families: dict[int, Trajectory] = {}
    for trajectory in sorted(trajectories, key=order):
        families.setdefault(trajectory.case, trajectory)
    return list(families.values())


@pytest.mark.parametrize("looked_at", [date(2015, 6, 30), date(2015, 3, 1), date(2014, 12, 31)])
async def test_the_table_is_of_any_period_and_any_day_it_is_looked_at(engine: AsyncEngine, looked_at: date) -> None:
    """What had not begun is not there; what had not ended was open then."""
    table = (await asked(engine, days=Days(None, None, looked_at))).table
    begun = [t for t in groningen.trajectories() if t.help and t.began <= looked_at]
    ended = [t for t in begun if t.ended and t.ended <= looked_at]
    measured = [t for t in groningen.trajectories() if t.measure and (t.ended or t.began) <= looked_at]
    assert (table.help, table.finished.number, table.measures) == (len(begun), len(ended), len(measured))
    if len(begun) > len(ended):
        still = [(looked_at - t.began).days for t in begun if t not in ended]
        assert table.open.mean_days == pytest.approx(sum(still) / len(still))


async def test_a_region_counts_its_own_and_another_counts_nothing(engine: AsyncEngine) -> None:
    """The local team that led is of the region too; an organisation without a part counts none."""
    assert (await asked(engine, (TEAM,))).table == (await asked(engine)).table
    assert (await asked(engine, ("gi-y",))).table.trajectories == 0 and not (await asked(engine, ())).routes


async def fresh(tmp_path: Path, teller: Teller, records: list[Any]) -> AsyncEngine:
    made = engine_of(f"sqlite+aiosqlite:///{tmp_path}/l.db")
    await store.prepare(made)
    await read(made, teller, records)
    return made


async def test_a_fact_without_its_signed_entry_does_not_count(kit: Any, tmp_path: Path) -> None:
    """Nor one that says another message stood there: what counts is what the gate signed."""
    teller = Teller(kit.SmallGate())
    teller.say(kit.case(1), GI, TEAM, measure("m1", "child-1", kit.START.date()), ("child-1",))
    teller.say(kit.case(1), GI, TEAM, measure("m2", "child-2", kit.START.date()), ("child-2",))
    slot, second = teller.facts[1]
    teller.facts[1] = (slot, second.model_copy(update={"id": made("other", 1)}))
    engine = await fresh(tmp_path, teller, teller.told())
    days = Days(None, None, date(2030, 1, 1))
    assert (await asked(engine, days=days)).table.measures == 0
    await read(engine, teller, teller.entries())
    assert (await asked(engine, days=days)).table.measures == 1
    await engine.dispose()


def measure(name: str, child: str, since: date) -> MeasureStarted:
    return MeasureStarted(
        measure=made(name, 1),
        kind="VOTS",
        child=child,
        order="order-1",
        since=since,
        until=since + timedelta(days=90),
        handover=made(f"handover-{name}", 1),
    )


async def test_a_measure_that_follows_without_a_day_between_is_the_same_one(kit: Any, tmp_path: Path) -> None:
    """A supervision order after a provisional one is no second trajectory; one after a year is."""
    teller, subject = Teller(kit.SmallGate()), kit.case(1)
    day = kit.START.date()
    for name, since in (("vots", day), ("ots", day + timedelta(days=90)), ("again", day + timedelta(days=500))):
        teller.say(subject, GI, TEAM, measure(name, "child-1", since), ("child-1",))
        ended = MeasureEnded(measure=made(name, 1), on=since + timedelta(days=90), reason="TERM")
        teller.say(subject, GI, TEAM, ended)
    engine = await fresh(tmp_path, teller, [*teller.told(), *teller.entries()])
    found = await asked(engine, days=Days(None, None, day + timedelta(days=1000)))
    assert found.table.measures == 2
    await engine.dispose()


async def test_what_the_table_leaves_out_is_said(kit: Any, tmp_path: Path) -> None:
    """Aftercare, and help of others than a certified institution, are no trajectories (D#100)."""
    teller, subject = Teller(kit.SmallGate()), kit.case(1)
    worker = Professional(ref="worker-1", function="youth-protection-worker")
    for number, (kind, who) in enumerate((("AFTERCARE", GI), ("JOIN_SUPPORT", "vt-noord"), ("JOIN_SUPPORT", GI))):
        support = made("support", number)
        asked_for = SupportRequested(support=support, kind=kind, task="join")
        teller.say(subject, TEAM, who, asked_for, ("child-1", "child-2"))
        accepted = SupportAccepted(support=support, professional=worker, start=kit.START.date())
        teller.say(subject, who, TEAM, accepted)
    engine = await fresh(tmp_path, teller, [*teller.told(), *teller.entries()])
    found = await asked(engine, (TEAM,), Days(None, None, kit.START.date()))
    assert {n.kind: n.number for n in found.not_counted} == {"AFTERCARE": 1, "JOIN_SUPPORT": 1}
    assert found.table.help == 2  # asked for the whole family: for each child of it
    await engine.dispose()
