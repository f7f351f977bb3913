"""What an edge hands to the organisation that goes on in its place: letters, dossier texts with salts, and the keys
that open its letters. Sealed to the one, signed by the other.

A file of lines; each is a compact JWS by the organisation that ended, of a piece sealed (JWE) to its successor. The
pieces put together are lines of JSON: a table and some of its rows. It may be written and taken in as often as one
likes: what is there already stays as it is. Nothing that came from the gate is believed for standing in it: every
delivery is checked against its seal again.
"""

import json
import os
import uuid
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from pydantic import Field, ValidationError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from schemas.base import Count, Frozen, Slug, Uuid
from services.organisation import tables as t
from services.organisation.deliveries import Checker, Reason, Unplaced
from services.runtime.directory import Directory
from services.runtime.faust_app import Incoming
from services.runtime.jose import (
    BadSignature,
    CannotOpen,
    SealingKey,
    SigningKey,
    open_sealed,
    seal,
    sign_compact,
    verify_compact,
)
from services.runtime.keys import KeySettings, lock
from services.runtime.sql import insert_new, reading, upsert

ROWS_TOGETHER: Final = 20
PIECE: Final = 1024 * 1024
"""Bytes before they are sealed and signed; both make them a third longer."""
KEYS: Final = "keys"
NUMBERINGS: Final = uuid.UUID("8c0f6c0a-6f5b-5d0e-9d0b-0d2a4a3f1b77")

KEPT: Final = (t.items, t.statements, t.persons, t.timeline, t.holds, t.erasures)
"""Tables whose rows go over as they are, where the successor has none of that name."""
RENAMED: Final[Mapping[sa.Table, tuple[str, ...]]] = {
    t.cases: ("regie",),
    t.handovers: ("sender", "receiver"),
    t.sight: ("owner",),
    t.alerts: ("responsible",),
}
"""Tables that show what is now: under the new name, unless the successor knows better."""


class NotHandedOver(Exception):
    """The store cannot be handed over, or this file not be taken in; the text says why. No content in it."""


class Part(Frozen):
    """The payload of one line."""

    ended: Slug
    successor: Slug
    store: Uuid  # one writing of the file
    number: Count
    last: bool
    sealed: str = Field(repr=False)


class Taken(NamedTuple):
    """What taking in a file brought: rows by table that were new, and deliveries that did not hold."""

    rows: dict[str, int]
    rejected: int


@dataclass(frozen=True, slots=True)
class Testament:
    """Writes the file, as the organisation that ended."""

    slug: Slug
    engine: AsyncEngine
    directory: Directory
    signer: SigningKey = field(repr=False)
    keys: Iterable[SealingKey] = field(repr=False)
    now: datetime

    async def write(self, out: Path, unfinished: bool = False) -> Slug:
        """To whom it was written. Raises NotHandedOver; with `unfinished` also while messages wait for a verdict."""
        successor = self.directory.successions(self.now).get(self.slug)
        if successor is None:
            raise NotHandedOver(f"the directory names no successor of {self.slug} that stands in for it by now")
        key = self.directory.sealing_key(successor, self.now)
        if key is None:
            raise NotHandedOver(f"{successor} has no key to seal to")
        if (waiting := await self._waiting()) and not unfinished:
            raise NotHandedOver(f"{waiting} messages wait for their verdict: let the edge of {self.slug} run on")
        store = str(uuid.uuid4())
        descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            number, piece = 0, bytearray()
            async for rows in self._rows():
                piece += json.dumps(rows, default=_plain).encode() + b"\n"
                while len(piece) > PIECE:
                    file.write(self._line(bytes(piece[:PIECE]), successor, store, number, key))
                    del piece[:PIECE]
                    number += 1
            file.write(self._line(bytes(piece), successor, store, number, key, last=True))
            file.flush()
            os.fsync(file.fileno())
        return successor

    def _line(
        self, piece: bytes, successor: Slug, store: str, number: int, key: Mapping[str, str], last: bool = False
    ) -> str:
        sealed = seal(piece, key)
        part = Part(ended=self.slug, successor=successor, store=store, number=number, last=last, sealed=sealed)
        return sign_compact(part.model_dump_json().encode(), self.signer) + "\n"

    async def _waiting(self) -> int:
        query = sa.select(sa.func.count()).select_from(t.sent).where(t.sent.c.status == "queued")
        async with reading(self.engine) as connection:
            return int((await connection.execute(query)).scalar_one())

    async def _rows(self) -> AsyncIterator[dict[str, Any]]:
        yield {"table": KEYS, "rows": [private.to_jwk() for private in self.keys]}
        async with reading(self.engine) as connection:
            for table in (t.inbox, t.sent, *KEPT, *RENAMED):
                key = list(table.primary_key.columns)
                result = await connection.stream(sa.select(table).order_by(*key))
                async for rows in result.mappings().partitions(ROWS_TOGETHER):
                    yield {"table": table.name, "rows": [dict(row) for row in rows]}


@dataclass(frozen=True, slots=True)
class Heir:
    """Takes in the file, as the successor."""

    slug: Slug
    epoch: str
    engine: AsyncEngine
    directory: Directory
    keys: Iterable[SealingKey] = field(repr=False)
    folder: Path
    now: datetime

    async def take(self, file: Path) -> Taken:
        """Each part is a transaction of its own; after a crash, take it in again. Raises NotHandedOver."""
        ended = self._whole(file)
        rows: dict[str, int] = {}
        rejected = 0
        for told in self._lines(file):
            if told["table"] == KEYS:
                self._keep_keys(told["rows"])
                continue
            async with self.engine.begin() as connection:
                new, wrong = await self._take(connection, ended, told["table"], told["rows"])
            rows[told["table"]] = rows.get(told["table"], 0) + new
            rejected += wrong
        return Taken(rows, rejected)

    def _whole(self, file: Path) -> Slug:
        """Whose it is: every line signed by that one, for this organisation, none left out, the last one there."""
        expected, first, last = 0, None, False
        for part in self._parts(file):
            first = first or part
            same = (part.ended, part.store) == (first.ended, first.store)
            if not same or part.number != expected or last or part.successor != self.slug:
                raise NotHandedOver(f"line {expected + 1} is not what follows, or is for another organisation")
            expected, last = expected + 1, part.last
        if first is None or not last:
            raise NotHandedOver("the file is cut off")
        if self.directory.successions(self.now).get(first.ended) != self.slug:
            raise NotHandedOver(f"the directory does not say that {first.ended} goes on as {self.slug}")
        return first.ended

    def _parts(self, file: Path) -> Iterator[Part]:
        with file.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                try:
                    text, kid = verify_compact(line.strip(), self.directory.past_key)
                    part = Part.model_validate_json(text)
                except (BadSignature, ValidationError):
                    raise NotHandedOver(f"line {number} is not signed with a key of the directory") from None
                if self.directory.owner(kid) != part.ended:
                    raise NotHandedOver(f"line {number} is signed by another than {part.ended}")
                yield part

    def _lines(self, file: Path) -> Iterator[dict[str, Any]]:
        """The rows, put together from their pieces."""
        held = b""
        for part in self._parts(file):
            try:
                held += open_sealed(part.sealed, self.keys)
                *whole, held = held.split(b"\n")
                yield from (json.loads(line, object_hook=_real) for line in whole)
            except (CannotOpen, ValueError):
                raise NotHandedOver(f"line {part.number + 1} does not open with a key of {self.slug}") from None

    def _keep_keys(self, jwks: list[dict[str, str]]) -> None:
        passphrase = KeySettings().passphrase()
        for jwk in jwks:
            key = SealingKey.from_jwk(jwk)
            file = self.folder / f"sealing-of-{key.kid}.jwk"
            if file.exists() or key.kid.partition(".")[0] == self.slug:
                continue
            part = self.folder / f".{uuid.uuid4()}"
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
                out.write(lock(key.to_jwk(), passphrase))
            part.replace(file)

    async def _take(
        self, connection: AsyncConnection, ended: Slug, name: str, rows: list[dict[str, Any]]
    ) -> tuple[int, int]:
        if name == t.inbox.name:
            return await self._inbox(connection, ended, rows)
        if name == t.sent.name:
            return await _sent(connection, rows), 0
        for table, columns in RENAMED.items():
            if table.name == name:
                renamed = [_renamed(row, columns, ended, self.slug) for row in rows]
                return sum([await upsert(connection, table, row, newer=table.c.slot_seq) for row in renamed]), 0
        kept = next((table for table in KEPT if table.name == name), None)
        return (await insert_new(connection, kept, rows) if kept is not None else 0), 0

    async def _inbox(self, connection: AsyncConnection, ended: Slug, rows: list[dict[str, Any]]) -> tuple[int, int]:
        """Deliveries keep their own numbering, beside that of the successor's inbox."""
        checker = Checker(ended, self.epoch, lambda: self.directory)
        good = [row for row in rows if _holds(checker, row)]
        numbering = numbering_of(self.epoch, ended)
        placed = [{**row, "epoch": numbering if row["epoch"] == self.epoch else row["epoch"]} for row in good]
        return await insert_new(connection, t.inbox, placed), len(rows) - len(good)


def numbering_of(epoch: str, ended: Slug) -> str:
    """Under which name the places in an inherited inbox are counted, where one's own are counted under the epoch."""
    return str(uuid.uuid5(NUMBERINGS, f"{epoch}|{ended}"))


def _holds(checker: Checker, row: Mapping[str, Any]) -> bool:
    """Whether the gate did deliver this to the organisation that ended. What was inherited or rejected before, and
    what an erasure has cut since, was checked when it came."""
    if row["epoch"] != checker.epoch or row["state"] != "accepted":
        return True
    headers = (("jws", row["jws"].encode()), ("seal", row["seal"].encode()))
    checked = checker.check(Incoming("", row["partition"], 0, row["subject"].encode(), row["value"], headers))
    if isinstance(checked, Unplaced) or checked.sequence != row["sequence"]:
        return False
    return checked.reason in (None, Reason.HASH, Reason.SIGNATURE_FORGED, Reason.MALFORMED)


async def _sent(connection: AsyncConnection, rows: list[dict[str, Any]]) -> int:
    """What the old organisation said. The successor publishes none of it: what waited there is closed here."""
    known = sa.select(t.sent.c.id).where(t.sent.c.id.in_([row["id"] for row in rows]))
    there = {found for (found,) in (await connection.execute(known)).all()}
    new = [{name: value for name, value in row.items() if name != "position"} for row in rows if row["id"] not in there]
    for row in new:
        row["status"] = "blocked" if row["status"] == "queued" else row["status"]
    if new:
        await connection.execute(sa.insert(t.sent), new)
    return len(new)


def _renamed(row: dict[str, Any], columns: tuple[str, ...], ended: Slug, successor: Slug) -> dict[str, Any]:
    changed: dict[str, Any] = {}
    for name in columns:
        value = row[name]
        changed[name] = (
            [_name(v, ended, successor) for v in value] if isinstance(value, list) else _name(value, ended, successor)
        )
    return {**row, **changed}


def _name(value: Any, ended: Slug, successor: Slug) -> Any:
    return successor if value == ended else value


_REAL: Final[Mapping[str, Callable[[str], Any]]] = {
    "$bytes": b64decode,
    "$moment": datetime.fromisoformat,
    "$day": date.fromisoformat,
}


def _plain(value: Any) -> dict[str, str]:
    """A value of the database in JSON."""
    if isinstance(value, bytes | memoryview):
        return {"$bytes": b64encode(bytes(value)).decode()}
    if isinstance(value, datetime):
        return {"$moment": value.isoformat()}
    if isinstance(value, date):
        return {"$day": value.isoformat()}
    raise TypeError(type(value).__name__)


def _real(found: dict[str, Any]) -> Any:
    if len(found) == 1:
        ((name, value),) = found.items()
        if name in _REAL:
            return _REAL[name](value)
    return found
