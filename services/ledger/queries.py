"""Questions to the read model. Every one is limited to what the asker may see; that limit is part of the SQL."""

import base64
from collections.abc import AsyncIterator, Collection, Iterable
from datetime import datetime
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from schemas.base import Slug, Subject
from schemas.entry import Caution, Entry
from schemas.person import PersonRef
from schemas.service import AlertAcknowledged
from schemas.tables.ladder import TO_PRIVACY_OFFICERS
from services.ledger import store
from services.ledger.alerts import OPEN
from services.ledger.answers import Alert, Line, ReadUpTo, line_of
from services.ledger.chain import FaultCode
from services.runtime.sql import Utc

PAGE: Final = 500
"""Entries in one answer."""

E: Final = store.entries.c


class BadCursorError(ValueError):
    """`after` is not what an earlier answer gave."""


class Wanted(NamedTuple):
    """Which entries are asked for; `reader` is the organisation whose privacy officer asks."""

    reader: Slug
    case: Subject | None = None
    person: PersonRef | None = None
    organisation: Slug | None = None
    since: datetime | None = None
    until: datetime | None = None
    succeeded: tuple[Slug, ...] = ()
    """Organisations that merged into the reader: what concerned them concerns it."""

    @property
    def readers(self) -> tuple[Slug, ...]:
        return (self.reader, *self.succeeded)


async def audit(connection: AsyncConnection, wanted: Wanted, after: str | None = None) -> tuple[list[Line], str | None]:
    """Entries in the order of their decision, and where the next page begins."""
    query = sa.select(E.jws, E.hash, E.at, E.epoch, E.slot, E.slot_seq).where(*_limits(wanted))
    if after is not None:
        query = query.where(sa.tuple_(E.at, E.slot, E.slot_seq) > sa.tuple_(*_bound(after)))
    query = query.order_by(E.at, E.slot, E.slot_seq).limit(PAGE + 1)
    rows = (await connection.execute(query)).all()
    found = [(entry_of(row.jws), row.hash) for row in rows[:PAGE]]
    opened = await _opened(connection, wanted.readers, [e.message.id for e, _ in found if e.message and e.sections])
    lines = [
        line_of(entry, hashed, opened.get(entry.message.id if entry.message else "", ())) for entry, hashed in found
    ]
    return lines, _cursor(rows[PAGE - 1]) if len(rows) > PAGE else None


def _limits(wanted: Wanted) -> list[sa.ColumnElement[bool]]:
    limits = [_concerns(*wanted.readers)]
    if wanted.case is not None:
        limits.append(E.case == wanted.case)
    if wanted.person is not None:
        limits.append(_related(store.entry_persons, store.entry_persons.c.person == wanted.person))
    if wanted.organisation is not None:
        limits.append(_concerns(wanted.organisation))
    if wanted.since is not None:
        limits.append(E.at >= wanted.since)
    if wanted.until is not None:
        limits.append(E.at < wanted.until)
    return limits


def _concerns(*organisations: Slug) -> sa.ColumnElement[bool]:
    """One of these acts in the entry or received by it."""
    return _related(store.entry_parties, store.entry_parties.c.organisation.in_(organisations))


def _related(table: sa.Table, condition: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    same = [table.c[name] == E[name] for name in ("epoch", "slot", "slot_seq")]
    return sa.exists(sa.select(1).select_from(table).where(*same, condition))


async def _opened(
    connection: AsyncConnection, readers: Collection[Slug], messages: Collection[str]
) -> dict[str, tuple[tuple[str, datetime], ...]]:
    """Who opened these messages and when, as far as the reader was told."""
    query = (
        sa.select(E.regards, E.actor, E.at)
        .where(E.name == "dossiers.opened", E.verdict == "DELIVERED", E.regards.in_(messages), _concerns(*readers))
        .order_by(E.at)
    )
    found: dict[str, tuple[tuple[str, datetime], ...]] = {}
    for row in await connection.execute(query):
        found[row.regards] = (*found.get(row.regards, ()), (row.actor, row.at))
    return found


def entry_of(jws: str) -> Entry:
    """The entry of a line whose signature was checked when it was read."""
    payload = jws.split(".", 2)[1]
    return Entry.model_validate_json(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)), extra="ignore")


def _cursor(row: Any) -> str:
    return f"{row.at:%Y%m%dT%H%M%S.%f}Z/{row.slot}/{row.slot_seq}"


def _bound(after: str) -> tuple[Any, ...]:
    try:
        at, slot, slot_seq = after.split("/")
        moment = datetime.strptime(at, "%Y%m%dT%H%M%S.%f%z")
        return sa.literal(moment, Utc), int(slot), int(slot_seq)
    except ValueError:
        raise BadCursorError("`after` is not what an earlier answer gave") from None


async def caution(connection: AsyncConnection, reader: Slug, case: Subject) -> Caution | None:
    """What the latest delivery of the case says to beware of, if the reader has any part in the case."""
    has_part = sa.select(1).where(E.case == case, _concerns(reader)).limit(1)
    if (await connection.execute(has_part)).first() is None:
        return None
    latest = sa.select(E.jws).where(E.case == case, E.verdict == "DELIVERED", E.case_seq.is_not(None))
    found = (await connection.execute(latest.order_by(E.at.desc(), E.case_seq.desc()).limit(1))).scalar()
    return entry_of(found).caution if found else None


async def read_up_to(connection: AsyncConnection, epoch: str) -> tuple[ReadUpTo, ...]:
    """How far each slot was read."""
    s = store.slots.c
    query = sa.select(store.slots).where(s.epoch == epoch, s.slot_seq.is_not(None)).order_by(s.slot)
    return tuple(
        ReadUpTo(slot=r.slot, slot_seq=r.slot_seq, at=r.at, hash=r.hash, checkpoint_seq=r.checkpoint_seq)
        for r in await connection.execute(query)
    )


async def alerts(
    connection: AsyncConnection, seen_by: Iterable[Slug], case: Subject | None, state: str | None, officer: bool
) -> tuple[Alert, ...]:
    """Alerts on which one of these organisations must act or of which it was told, the oldest first."""
    a, o = store.alerts.c, store.alert_organisations.c
    visible = sa.select(1).where(o.epoch == a.epoch, o.alert == a.alert, o.organisation.in_(list(seen_by)))
    query = sa.select(store.alerts).where(sa.exists(visible)).order_by(a.raised_at, a.alert)
    if case is not None:
        query = query.where(a.case == case)
    if state is not None:
        query = query.where(a.state == state)
    if not officer:
        query = query.where(a.code.not_in(sorted(TO_PRIVACY_OFFICERS)))
    rows = (await connection.execute(query)).mappings().all()
    taken = await _taken_up(connection, [row["alert"] for row in rows])
    return tuple(_alert(row, taken.get(row["alert"])) for row in rows)


def _alert(row: sa.RowMapping, taken: tuple[Slug, datetime] | None) -> Alert:
    held = {name: row[name] for name in Alert.model_fields if name in row}
    by, at = taken if taken is not None and taken[1] >= row["at"] and row["state"] == OPEN else (None, None)
    return Alert.model_validate({**held, "acknowledged_by": by, "acknowledged_at": at})


async def _taken_up(connection: AsyncConnection, alerts: Collection[str]) -> dict[str, tuple[Slug, datetime]]:
    """Who last said of each alert that they took it up, of those who were told of it."""
    told = store.alert_organisations
    query = (
        sa.select(E.regards, E.actor, E.at)
        .where(E.name == AlertAcknowledged.name, E.verdict == "DELIVERED", E.regards.in_(alerts))
        .where(sa.exists().where(told.c.alert == E.regards, told.c.organisation == E.actor))
        .order_by(E.at)
    )
    return {row.regards: (row.actor, row.at) for row in await connection.execute(query)}


async def open_alerts(connection: AsyncConnection, epoch: str) -> dict[tuple[str, str], int]:
    """How many alerts are open, by code and tier; of all cases, for the page /metrics."""
    a = store.alerts.c
    query = sa.select(a.code, a.tier, sa.func.count()).where(a.epoch == epoch, a.state == "OPEN")
    rows = await connection.execute(query.group_by(a.code, a.tier))
    return {(code, str(tier or 0)): number for code, tier, number in rows}


async def export(engine: AsyncEngine, wanted: Wanted) -> AsyncIterator[str]:
    """The signed lines that concern the reader, slot after slot. Each page is a transaction of its own."""
    after: tuple[str, int, int] = ("", -1, -1)
    place = (E.epoch, E.slot, E.slot_seq)
    while True:
        query = sa.select(*place, E.jws).where(*_limits(wanted), sa.tuple_(*place) > sa.tuple_(*after))
        async with engine.connect() as connection:
            rows = (await connection.execute(query.order_by(*place).limit(PAGE))).all()
        for row in rows:
            yield row.jws
        if len(rows) < PAGE:
            return
        after = (rows[-1].epoch, rows[-1].slot, rows[-1].slot_seq)


class State(NamedTuple):
    """What /health tells."""

    barrier: str | None
    entries: dict[int, int]  # last entry of each slot
    faults: int
    latest: list[dict[str, Any]]


async def barrier(connection: AsyncConnection, epoch: str, slots: int) -> str | None:
    """The lowest barrier that ledger, alerts and facts have passed in every slot; None until all have one."""
    s = store.slots.c
    query = sa.select(s.barrier, s.alerts_barrier, s.facts_barrier).where(s.epoch == epoch)
    marks = [mark for row in (await connection.execute(query)).all() for mark in row]
    return min(marks) if len(marks) == 3 * slots and all(marks) else None


async def state(connection: AsyncConnection, epoch: str, slots: int) -> State:
    s, f = store.slots.c, store.faults.c
    rows = (await connection.execute(sa.select(s.slot, s.slot_seq).where(s.epoch == epoch))).all()
    latest = sa.select(f.code, f.topic, f.partition, f.slot_seq).where(f.epoch == epoch)
    found = (await connection.execute(latest.order_by(f.partition, f.offset).limit(10))).mappings()
    count = sa.select(sa.func.count()).select_from(store.faults).where(f.epoch == epoch)
    return State(
        await barrier(connection, epoch, slots),
        {row.slot: row.slot_seq or 0 for row in rows},
        (await connection.execute(count)).scalar_one(),
        [{**row, "code": FaultCode(row["code"])} for row in found],
    )
