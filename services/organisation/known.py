"""The directory as this edge last read it, kept in its own database.

An edge that starts while Kafka is away knows from it whom to seal to. Nothing is believed for having been kept: every
record is checked against the pins like one that was just read.
"""

import asyncio
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from services.organisation import tables as t
from services.runtime.directory import Directory, DirectoryReader, KeyedRecord, Pins
from services.runtime.kafka import KafkaSettings
from services.runtime.sql import reading, upsert


class _Kept(NamedTuple):
    offset: int
    key: bytes
    value: bytes


class KnownDirectory:
    """Holds the reader; a new one after each failed attempt to start."""

    def __init__(self, kafka: KafkaSettings, pins: Pins, engine: AsyncEngine) -> None:
        self._kafka, self._pins, self._engine = kafka, pins, engine
        self._fresh: dict[str, _Kept] = {}
        self._changed = asyncio.Event()
        self.reader = self._new()
        self.read = False
        """Whether the topic was read to its end since the start."""

    @property
    def directory(self) -> Directory:
        return self.reader.directory

    async def load(self) -> None:
        """Take in what was kept."""
        async with reading(self._engine) as connection:
            rows = (await connection.execute(sa.select(t.directory).order_by(t.directory.c.offset))).all()
        for row in rows:
            self.directory.apply(_Kept(row.offset, row.slug.encode(), row.value))

    async def start(self) -> None:
        """Read the topic to its end. Raises what DirectoryReader.start does; it may be called again then."""
        try:
            await self.reader.start()
        except BaseException:
            self.reader = self._new()
            await self.load()
            raise
        self.read = True

    async def refresh(self) -> None:
        await self.reader.refresh()

    async def keep(self) -> None:
        """Write down what was accepted, as it comes. Runs until cancelled."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            fresh, self._fresh = self._fresh, {}
            async with self._engine.begin() as connection:
                for slug, record in fresh.items():
                    row = {"slug": slug, "offset": record.offset, "value": record.value}
                    await upsert(connection, t.directory, row)

    def _new(self) -> DirectoryReader:
        return DirectoryReader(self._kafka, self._pins, accepted=self._accept)

    def _accept(self, record: KeyedRecord) -> None:
        if record.key is not None and record.value is not None:
            self._fresh[record.key.decode()] = _Kept(record.offset, record.key, record.value)
            self._changed.set()
