"""The process of an edge: one event loop with the HTTP interface, the inbox reader, the publisher and the receipts.

It serves HTTP while Kafka is away, so that orders are taken in and kept; /health says what is missing. Any failure of
the database, and one of Kafka's clients that does not mend itself, ends the process for its supervisor to start anew.
"""

import asyncio
import contextlib
import sys
from collections.abc import Coroutine
from typing import Any

import sqlalchemy as sa
import structlog
import uvloop
from aiokafka.errors import KafkaError

from services.organisation import retention, store, watching
from services.organisation import tables as t
from services.organisation.api import build
from services.organisation.author import Author, Clock
from services.organisation.deliveries import Checker
from services.organisation.desk import Desk
from services.organisation.erasure import Eraser, Journal
from services.organisation.front import Front
from services.organisation.holdings import Holdings
from services.organisation.intake import Intake
from services.organisation.known import KnownDirectory
from services.organisation.letters import Letters
from services.organisation.profile import Profile
from services.organisation.publisher import Publisher, send_receipts
from services.organisation.resending import Resender
from services.runtime import log as logging
from services.runtime.directory import load_pins
from services.runtime.directory_watch import directory_gauges, directory_state
from services.runtime.faust_app import STOP_SECONDS, App, ended, exit_process, faust_app, read_topics, stop_signal
from services.runtime.health import HttpServer, of_health
from services.runtime.identity import callers
from services.runtime.keys import KeyRing, NoKey
from services.runtime.metrics import Gauge, Metrics
from services.runtime.settings import Settings
from services.runtime.sql import check_writable, database_url, engine_of, reading

RETRY_SECONDS = 2.0
TIDY_SECONDS = 3600.0

log = structlog.get_logger(__name__)


class Edge:
    """One organisation's edge. `crash` is the crash boundary."""

    def __init__(self, settings: Settings, profile: Profile, crash: Any = exit_process) -> None:
        if settings.organisation is None:
            raise ValueError("ESTAFETTE_ORGANISATION is not set")
        self.slug = settings.organisation
        self.callers = callers(settings, self.slug)
        self.profile = profile
        self.cluster = settings.cluster()
        self.epoch = str(self.cluster.epoch)
        self.kafka = settings.kafka(self.slug)
        self.clock = Clock(self.cluster.clock)
        self.engine = engine_of(database_url(settings.database_url, settings.home, self.slug))
        self.known = KnownDirectory(self.kafka, load_pins(settings.home / "pins.yaml"), self.engine)
        self.keys = keys = KeyRing.of(settings.home, self.slug, lambda: self.known.directory.revision)
        signer = lambda at: keys.signer_or_last(self.known.directory, at)  # noqa: E731
        author = Author(self.slug, signer, self.cluster.slots, self.clock)
        self.publisher = Publisher(self.slug, self.kafka, self.engine)
        directory = lambda: self.known.directory  # noqa: E731  # asked anew each time
        holdings = Holdings(self.slug, keys)
        self.desk = Desk(self.engine, author, holdings, directory, self.publisher.wake)
        resender = Resender(author, holdings, directory)
        checker = Checker(self.slug, self.epoch, directory)
        self.intake = Intake(
            checker, self.known.refresh, self.engine, author, keys, resender, self.publisher.wake, asyncio.Event()
        )
        self.eraser = Eraser(self.slug, profile.kind, self.engine, Journal(settings.home, self.slug))
        self.letters = Letters(self.engine, author, keys)
        self.api = build(self._front())
        self.server = HttpServer(self.api, settings.port, settings.host)
        self.app: App | None = None
        self._crash = crash
        self._tasks: list[asyncio.Task[None]] = []

    def _front(self) -> Front:
        return Front(
            slug=self.slug,
            profile=self.profile,
            epoch=self.epoch,
            slots=self.cluster.slots,
            engine=self.engine,
            clock=self.clock,
            callers=self.callers,
            desk=self.desk,
            letters=self.letters,
            eraser=self.eraser,
            directory=lambda: self.known.directory,
            wake=self.publisher.wake,
            can_sign=self.can_sign,
            health=self.health,
            barrier=self.barrier,
            metrics=self.metrics(),
        )

    async def start(self) -> None:
        """Returns when the HTTP interface is open; the rest comes up as Kafka does."""
        await store.prepare(self.engine)
        async with reading(self.engine) as connection:
            query = sa.select(sa.func.max(t.positions.c.at)).where(t.positions.c.epoch == self.epoch)
            self.clock.advance((await connection.execute(query)).scalar())
        await self.known.load()
        await self.eraser.again()
        await self.server.start()
        self._go(self._tidy())
        self._go(self.publisher.run())
        self._go(self._connect())

    async def stop(self) -> None:
        """In good order: no more orders, no more records, then the rest."""
        await self.server.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self.app is not None:
            await self.app.stop()
        await self.known.reader.stop()
        await self.engine.dispose()

    async def barrier(self) -> str | None:
        """The lowest barrier of a simulated clock that was passed on every partition."""
        async with reading(self.engine) as connection:
            return await store.barrier(connection, self.epoch, self.cluster.slots)

    async def health(self) -> dict[str, Any]:
        """Ready: the directory is read, the whole inbox is assigned and the database takes writes."""
        try:
            await check_writable(self.engine)
            async with reading(self.engine) as connection:
                passed = await store.barrier(connection, self.epoch, self.cluster.slots)
                found = await watching.alarms(connection, self.epoch, self.publisher.reached)
        except (sa.exc.SQLAlchemyError, OSError):
            return {"ready": False, "reason": "database not writable", "barrier": None}
        assigned = self.app.assigned(f"{self.slug}.inbox") if self.app else frozenset()
        reason = None
        if not self.known.read:
            reason = "directory not read"
        elif self.known.directory.find(self.slug) is None:
            reason = "this organisation does not stand in the directory"
        elif not self.can_sign():
            reason = "no key to sign with that the directory accepts now"
        elif len(assigned) != self.cluster.slots:
            reason = "inbox not assigned"
        answer: dict[str, Any] = {"ready": reason is None, "barrier": passed, "organisation": self.slug}
        state = directory_state(self.known.directory)
        answer |= {**state, "inbox": sorted(assigned), "alarms": found + state["alarms"]}
        return answer if reason is None else {**answer, "reason": reason}

    def can_sign(self) -> bool:
        """Whether what is signed here now would be accepted."""
        try:
            self.keys.signer(self.known.directory, self.clock.now())
        except NoKey:
            return False
        return True

    async def _tidy(self) -> None:
        """What was erased stays so, and what served its time goes. Until cancelled."""
        while True:
            await asyncio.sleep(TIDY_SECONDS)
            await self.eraser.again()
            async with self.engine.begin() as connection:
                await retention.prune(connection, self.clock.now())

    def metrics(self) -> Metrics:
        """The page of this edge."""

        async def numbers() -> list[Gauge]:
            async with reading(self.engine) as connection:
                return await watching.gauges(connection, self.epoch)

        return Metrics(numbers, of_health(self.health), directory_gauges(lambda: self.known.directory))

    async def _connect(self) -> None:
        """The directory to its end first; only then is anything of the inbox believed."""
        while True:
            try:
                await self.known.start()
                break
            except (KafkaError, TimeoutError, OSError) as error:
                log.warning("directory not reached", error=type(error).__name__)
                await asyncio.sleep(RETRY_SECONDS)
        self._go(self.known.reader.followed())
        self._go(self.known.keep())
        self._go(send_receipts(self.intake))
        async with reading(self.engine) as connection:
            group = await store.reader_group(connection, self.slug)
        self.app = faust_app(group, self.kafka)
        read_topics(self.app, "inbox", [f"{self.slug}.inbox"], self.intake.take, crash=self._crash)
        await self.app.start()
        self._crash(await ended(self.app))

    def _go(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.append(asyncio.create_task(self._guarded(work)))

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception as error:
            self._crash(error)


async def _run(profile: Profile) -> None:
    settings = Settings()
    stop = stop_signal()
    edge = Edge(settings, profile)
    await edge.start()
    log.info("edge open", organisation=edge.slug, port=edge.server.port)
    await stop.wait()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(STOP_SECONDS):
            await edge.stop()


def main(profile: Profile) -> None:
    """Run an edge until SIGTERM or SIGINT. Any failure at the start ends the process with a status that is not 0."""
    logging.configure(Settings().organisation or "edge")
    try:
        uvloop.run(_run(profile))
    except Exception as error:
        log.critical("edge ends", exc_info=error)
        sys.exit(1)
