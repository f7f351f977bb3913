"""The ledger service: reads ledger and alerts into SQL, and answers who may ask. `python -m services.ledger`."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

import structlog
import uvloop

from services.ledger import queries, store
from services.ledger.api import ledger_api
from services.ledger.desk import Desk
from services.ledger.projection import ALERTS, FACTS, LEDGER, Projection
from services.ledger.reads import LookLog
from services.runtime import log as logs
from services.runtime.directory import DirectoryReader, load_pins
from services.runtime.directory_watch import directory_gauges, directory_state
from services.runtime.faust_app import App, exit_process, faust_app, read_topics, run
from services.runtime.health import HttpServer, add_pages, of_health
from services.runtime.identity import callers
from services.runtime.metrics import Gauge, Metrics
from services.runtime.settings import Settings
from services.runtime.sql import database_url, engine_of, reading
from services.runtime.telemetry import Traced

SERVICE: Final = "ledger"

log = structlog.get_logger(__name__)


async def serve(settings: Settings) -> None:
    """Run until SIGTERM."""
    people = callers(settings)
    cluster, kafka = settings.cluster(), settings.kafka(SERVICE)
    engine = engine_of(database_url(settings.database_url, settings.home, SERVICE))
    model = await store.prepare(engine)
    reader = DirectoryReader(kafka, load_pins(settings.home / "pins.yaml"))
    await reader.start()
    looks = LookLog(kafka)
    app = faust_app(f"ledger.{model}", kafka)  # a new database is a new group: it reads everything from the start
    read_topics(app, "ledger", (LEDGER, ALERTS, FACTS), Projection(engine, str(cluster.epoch), reader).handle)

    async def numbers() -> list[Gauge]:
        async with engine.connect() as connection:
            state = await queries.state(connection, str(cluster.epoch), cluster.slots)
            alerts = await queries.open_alerts(connection, str(cluster.epoch))
        read = [Gauge("estafette_ledger_entries", seq, (str(slot),)) for slot, seq in state.entries.items()]
        told = [Gauge("estafette_alerts_open", number, labels) for labels, number in alerts.items()]
        return [*read, *told, Gauge("estafette_ledger_faults", state.faults)]

    async def health() -> Mapping[str, Any]:
        async with engine.connect() as connection:
            state = await queries.state(connection, str(cluster.epoch), cluster.slots)
        told = directory_state(reader.directory)
        return {**_ready(app), "barrier": state.barrier, "entries": state.entries} | {
            "faults": state.faults,
            "latest_faults": state.latest,
            **told,
            "alarms": (["LEDGER_FAULT"] if state.faults else []) + told["alarms"],
            "conflicts": len(reader.directory.conflicts),
        }

    async def passed() -> str | None:
        async with reading(engine) as connection:
            return await queries.barrier(connection, str(cluster.epoch), cluster.slots)

    desk = Desk(engine, str(cluster.epoch), lambda: reader.directory, people, looks)
    app_ = ledger_api(desk, health)
    metrics = Metrics(numbers, of_health(health), directory_gauges(lambda: reader.directory))
    add_pages(app_, health, metrics, passed)
    app_.add_middleware(Traced)
    server = HttpServer(app_, settings.port, settings.host)
    await server.start()
    following = asyncio.create_task(_follow(reader))
    log.info("started", port=server.port, model=model)
    await run(app)
    following.cancel()
    await server.stop()
    await looks.stop()
    await reader.stop()
    await engine.dispose()


def _ready(app: App) -> dict[str, Any]:
    if app.assigned(LEDGER) or app.assigned(ALERTS):
        return {"ready": True}
    return {"ready": False, "reason": "no partition to read yet"}


async def _follow(reader: DirectoryReader) -> None:
    """A service that no longer hears of new keys ends."""
    try:
        await reader.followed()
    except Exception as error:
        exit_process(error)


def main() -> None:
    logs.configure(SERVICE)
    uvloop.run(serve(Settings()))


if __name__ == "__main__":
    main()
