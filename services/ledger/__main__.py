"""The ledger service: reads ledger and alerts into SQL, and answers who may ask. `python -m services.ledger`."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

import structlog

from services.ledger import queries, store
from services.ledger.api import Desk, ledger_api
from services.ledger.projection import ALERTS, LEDGER, Projection
from services.ledger.reads import LookLog
from services.runtime import log as logs
from services.runtime.directory import DirectoryReader, load_pins
from services.runtime.faust_app import App, exit_process, faust_app, read_topics, run
from services.runtime.health import HttpServer
from services.runtime.settings import Settings
from services.runtime.sql import database_url, engine_of
from services.runtime.tokens import Verifier, require_loopback

SERVICE: Final = "ledger"

log = structlog.get_logger(__name__)


async def serve(settings: Settings) -> None:
    """Run until SIGTERM."""
    require_loopback(settings.host)
    cluster, kafka = settings.cluster(), settings.kafka(SERVICE)
    engine = engine_of(database_url(settings.database_url, settings.home, SERVICE))
    model = await store.prepare(engine)
    reader = DirectoryReader(kafka, load_pins(settings.home / "pins.yaml"))
    await reader.start()
    looks = LookLog(kafka)
    app = faust_app(f"ledger.{model}", kafka)  # a new database is a new group: it reads everything from the start
    read_topics(app, "ledger", (LEDGER, ALERTS), Projection(engine, str(cluster.epoch), reader).handle)

    async def health() -> Mapping[str, Any]:
        async with engine.connect() as connection:
            state = await queries.state(connection, str(cluster.epoch), cluster.slots)
        return {**_ready(app), "barrier": state.barrier, "entries": state.entries} | {
            "faults": state.faults,
            "alarms": state.latest,
            "conflicts": len(reader.directory.conflicts),
        }

    desk = Desk(engine, str(cluster.epoch), lambda: reader.directory, Verifier.from_home(settings.home), looks)
    server = HttpServer(ledger_api(desk, health), settings.port, settings.host)
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
    asyncio.run(serve(Settings()))


if __name__ == "__main__":
    main()
