"""Erases a dossier when the person asks: the texts, their salts, and what else says something about a person.

What stays is what stands in the ledger too: that a message was sent, by whom, to whom, when, with which digest. With
its salt gone a digest says nothing any more (it cannot be compared with a text somebody thinks of), and the chain that
holds it stays whole.

Law: Jeugdwet 7.3.9 and Wmo 2015 art. 5.3.5, within three months; not where it is of substantial interest to somebody
else that the dossier is kept, or where a law says so (D24). Whoever got a part of it holds a copy of his own and has to
decide himself: the answer names them (GDPR art. 19).
"""

import json
import os
import re
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from schemas.base import UUID_PATTERN, Frozen, Instant, Slug, Subject, Uuid
from schemas.handovers import FINAL
from schemas.parties import OrganisationKind
from schemas.person import PersonRef
from schemas.tables.messages import ROWS, Shape
from services.organisation import retention
from services.organisation import tables as t
from services.runtime.sql import compact, insert_new

LETTERS = tuple(row.name for row in ROWS if row.shape is Shape.LETTER)
_UUID = re.compile(UUID_PATTERN)
log = structlog.get_logger(__name__)


class Ground(StrEnum):
    """Why a dossier is to be erased."""

    YOUTH_ACT = "YOUTH_ACT"  # asked for under Jeugdwet 7.3.9
    SOCIAL_SUPPORT_ACT = "SOCIAL_SUPPORT_ACT"  # asked for under Wmo 2015 art. 5.3.5
    UNFOUNDED_REPORT = "UNFOUNDED_REPORT"  # the report proved unfounded (D§3d L7)
    TERM_OVER = "TERM_OVER"  # kept as long as the law says (retention.py)


class Hold(StrEnum):
    """Why it is not erased now. The first five are recorded by somebody, the others follow from what is going on."""

    COURT_CASE = "COURT_CASE"
    COMPLAINT = "COMPLAINT"
    INSPECTION = "INSPECTION"
    INTEREST_OF_ANOTHER = "INTEREST_OF_ANOTHER"  # substantial: Jeugdwet 7.3.9, Wmo 2015 art. 5.3.5
    LAW = "LAW"
    CASE_RUNNING = "CASE_RUNNING"  # this organisation leads it, or a handover of it is open: a dossier is a duty
    MESSAGES_WAITING = "MESSAGES_WAITING"  # something of it is not decided, or not stored at its recipient
    TERM_NOT_OVER = "TERM_NOT_OVER"


RECORDED = (Hold.COURT_CASE, Hold.COMPLAINT, Hold.INSPECTION, Hold.INTEREST_OF_ANOTHER, Hold.LAW)


class Asked(Frozen):
    """A request to erase. `person`: only what is about that person alone; None: the whole dossier."""

    ground: Ground
    requested_on: date
    person: PersonRef | None = None


class Erasure(Frozen):
    """What became of a request. `kept`: items that are about others too; `holders`: who got items and keeps a copy."""

    id: Uuid
    subject: Subject
    person: PersonRef | None = None
    ground: Ground
    requested_on: date
    at: Instant
    by_ref: str
    second_ref: str
    outcome: str
    reasons: tuple[Hold, ...] = ()
    items: tuple[Uuid, ...] = ()
    kept: tuple[Uuid, ...] = ()
    holders: tuple[Slug, ...] = ()


class Journal:
    """What was erased, by ids, in a file beside the database and in no backup of it: a database that is put back from
    before an erasure is erased again."""

    def __init__(self, home: Path, slug: Slug) -> None:
        self._file = home / "erasures" / f"{slug}.jsonl"

    def write(self, erasure: Erasure) -> None:
        """Returns when it is on the disk."""
        self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file.touch(0o600)
        with self._file.open("a", encoding="utf-8") as file:
            file.write(_mend(self._file) + erasure.model_dump_json() + "\n")
            file.flush()
            os.fsync(file.fileno())

    def read(self) -> list[Erasure]:
        if not self._file.exists():
            return []
        lines = self._file.read_text(encoding="utf-8").splitlines()
        return [Erasure.model_validate_json(line) for line in lines if line.endswith("}")]


def _mend(file: Path) -> str:
    """What ends a line that was cut off when its writer died, so that the next is a line of its own."""
    return "" if file.read_bytes()[-1:] in (b"", b"\n") else "\n"


@dataclass(frozen=True, slots=True)
class Eraser:
    """Erases in the database of one edge. `kind`: of the organisation, for how long the law wants a dossier kept."""

    slug: Slug
    kind: OrganisationKind
    engine: AsyncEngine
    journal: Journal

    async def erase(self, subject: Subject, asked: Asked, by: str, second: str, now: datetime) -> Erasure | None:
        """None when nothing is known of this subject. The outcome is REFUSED, with reasons, or ERASED."""
        async with self.engine.begin() as connection:
            if not await _known(connection, subject):
                return None
            reasons = await self._reasons(connection, subject, asked, now)
            items, kept = await _items(connection, subject, asked.person)
            erasure = Erasure(
                id=str(uuid.uuid4()),
                subject=subject,
                **asked.model_dump(),
                at=now,
                by_ref=by,
                second_ref=second,
                outcome="REFUSED" if reasons else "ERASED",
                reasons=tuple(reasons),
                items=() if reasons else tuple(items),
                kept=tuple(kept),
                holders=tuple(await _holders(connection, subject, items)),
            )
            await insert_new(connection, t.erasures, _row(erasure))
            if not reasons:
                self.journal.write(erasure)
                await _cut(connection, erasure)
        log.info("dossier erased" if not reasons else "erasure refused", erasure=erasure.id, case=subject)
        if not reasons:
            await compact(self.engine)
        return erasure

    async def _reasons(self, connection: AsyncConnection, subject: Subject, asked: Asked, now: datetime) -> list[Hold]:
        """Everything that stands in the way, at once."""
        found = await recorded(connection, subject, now)
        if await _running(connection, self.slug, subject):
            found.append(Hold.CASE_RUNNING)
        if await _waiting(connection, subject):
            found.append(Hold.MESSAGES_WAITING)
        over = await retention.over(connection, self.kind, now) if asked.ground is Ground.TERM_OVER else {subject: None}
        return found if subject in over else [*found, Hold.TERM_NOT_OVER]

    async def again(self) -> int:
        """Erase once more what came back: from a backup, or from an inbox that is read again. How many erasures had
        something to do."""
        done = 0
        for erasure in self.journal.read():
            async with self.engine.begin() as connection:
                await insert_new(connection, t.erasures, _row(erasure))
                done += await _cut(connection, erasure)
        if done:
            log.warning("erased again", erasures=done)
            await compact(self.engine)
        return done


async def recorded(connection: AsyncConnection, subject: Subject, now: datetime) -> list[Hold]:
    """Holds that somebody placed on a dossier and that hold today."""
    h = t.holds.c
    query = sa.select(h.reason).where(
        h.subject == subject, h.lifted_at.is_(None), sa.or_(h.until.is_(None), h.until >= now.date())
    )
    return list(dict.fromkeys(Hold(reason) for (reason,) in (await connection.execute(query)).all()))


async def _running(connection: AsyncConnection, slug: Slug, subject: Subject) -> bool:
    case = sa.select(t.cases.c.subject).where(t.cases.c.subject == subject, t.cases.c.open, t.cases.c.regie == slug)
    handover = sa.select(t.handovers.c.id).where(
        t.handovers.c.subject == subject, t.handovers.c.state.not_in([state.value for state in FINAL])
    )
    rows = [(await connection.execute(query.limit(1))).first() for query in (case, handover)]
    return any(row is not None for row in rows)


async def _waiting(connection: AsyncConnection, subject: Subject) -> bool:
    s = t.sent.c
    undecided = s.status == "queued"
    unstored = sa.and_(s.status == "delivered", s.stored_at.is_(None), s.lost_at.is_(None), s.name.in_(LETTERS))
    ordered = (s.subject == subject, sa.not_(s.dry_run), sa.not_(s.automatic))  # what a person said, not the machine
    query = sa.select(s.id).where(*ordered, sa.or_(undecided, unstored)).limit(1)
    return (await connection.execute(query)).first() is not None


async def _known(connection: AsyncConnection, subject: Subject) -> bool:
    queries = [sa.select(table.c.subject).where(table.c.subject == subject) for table in (t.sent, t.inbox)]
    return (await connection.execute(sa.union(*queries).limit(1))).first() is not None


async def _items(
    connection: AsyncConnection, subject: Subject, person: PersonRef | None
) -> tuple[list[str], list[str]]:
    """The items to erase, and those about this person that stay because they are about others too."""
    query = sa.select(t.items.c.item, t.items.c.section).where(t.items.c.subject == subject).order_by(t.items.c.item)
    rows = [(row.item, row.section.get("about", [])) for row in (await connection.execute(query)).all()]
    if person is None:
        return [item for item, _ in rows], []
    alone = [item for item, about in rows if about == [person]]
    return alone, [item for item, about in rows if person in about and about != [person]]


async def _holders(connection: AsyncConnection, subject: Subject, items: Iterable[str]) -> list[Slug]:
    """To whom these items were delivered from here."""
    wanted, found = set(items), set[str]()
    query = sa.select(t.sent.c.value, t.sent.c.recipients).where(
        t.sent.c.subject == subject, t.sent.c.status == "delivered"
    )
    for row in (await connection.execute(query)).all():
        if row.value and wanted & _sealed(row.value).keys():
            found.update(row.recipients)
    return sorted(found)


def _sealed(value: bytes) -> dict[str, Any]:
    return dict(json.loads(value)["data"].get("sealed") or {})


async def _cut(connection: AsyncConnection, erasure: Erasure) -> bool:
    """Take it out of every table; whether there was anything. May be repeated."""
    items = t.items.c
    for chunk in _chunks(erasure.items):
        await connection.execute(sa.delete(t.items).where(items.item.in_(chunk)))
    if erasure.person is None:
        return await _cut_whole(connection, erasure)
    return await _cut_person(connection, erasure, erasure.person)


async def _cut_whole(connection: AsyncConnection, erasure: Erasure) -> bool:
    subject = erasure.subject
    sent = sa.and_(t.sent.c.subject == subject, t.sent.c.queued_at <= erasure.at, t.sent.c.value != b"")
    sent = sa.and_(sent, t.sent.c.status != "queued")  # a word of the machine that is not out yet goes next time
    inbox = sa.and_(t.inbox.c.subject == subject, t.inbox.c.at <= erasure.at, t.inbox.c.value != b"")
    touched = False
    for row in (await connection.execute(sa.select(t.sent.c.id, t.sent.c.body).where(sent))).all():
        told = {"value": b"", "jws": "", "body": _ids(row.body), "reasons": None}
        await connection.execute(sa.update(t.sent).where(t.sent.c.id == row.id).values(**told))
        touched = True
    erased = await connection.execute(sa.update(t.inbox).where(inbox).values(value=b"", jws="", state="erased"))
    for table in (t.persons, t.statements, t.sight, t.alerts):
        await connection.execute(sa.delete(table).where(table.c.subject == subject))
    answer = sa.cast(t.requests.c.answer, sa.Text)
    await connection.execute(sa.delete(t.requests).where(answer.contains(subject)))
    return touched or erased.rowcount > 0


def _ids(body: dict[str, Any]) -> dict[str, str]:
    """Which handover, statement or message it was about; nothing of what it said."""
    return {name: value for name, value in body.items() if isinstance(value, str) and _UUID.fullmatch(value)}


async def _cut_person(connection: AsyncConnection, erasure: Erasure, person: PersonRef) -> bool:
    """The bytes as they were signed are changed, so their signature fits no more; the seal still tells their hash."""
    touched = False
    for table, at in ((t.sent, t.sent.c.queued_at), (t.inbox, t.inbox.c.at)):
        query = sa.select(table).where(table.c.subject == erasure.subject, at <= erasure.at, table.c.value != b"")
        for row in (await connection.execute(query)).mappings().all():
            value = _without(row["value"], erasure.items, person)
            if value == row["value"]:
                continue
            told: dict[str, Any] = {"value": value}
            if table is t.sent:
                told["body"] = _dropped(row["body"], person)
            await connection.execute(sa.update(table).where(table.c.id == row["id"]).values(**told))
            touched = True
    for found, column in ((t.persons, t.persons.c.ref), (t.sight, t.sight.c.child), (t.alerts, t.alerts.c.child)):
        await connection.execute(sa.delete(found).where(found.c.subject == erasure.subject, column == person))
    s = t.statements.c
    rows = (await connection.execute(sa.select(s.statement, s.body).where(s.subject == erasure.subject))).all()
    for statement, body in rows:
        if body.get("about") == person:
            await connection.execute(sa.delete(t.statements).where(s.statement == statement))
    return touched


def _without(value: bytes, items: Sequence[str], person: PersonRef) -> bytes:
    event = json.loads(value)
    data = event["data"]
    sealed = data.get("sealed") or {}
    kept = {item: text for item, text in sealed.items() if item not in items}
    body = _dropped(data["body"], person)
    if kept == sealed and body == data["body"]:
        return value
    data["body"] = body
    if "sealed" in data:
        data["sealed"] = kept
    return json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode()


def _dropped(found: Any, person: PersonRef) -> Any:
    """A coded body without the rows about one person."""
    if isinstance(found, dict):
        return {name: _dropped(value, person) for name, value in found.items()}
    if isinstance(found, list):
        return [_dropped(each, person) for each in found if not _about(each, person)]
    return found


def _about(row: Any, person: PersonRef) -> bool:
    return row == person or (isinstance(row, dict) and person in (row.get("ref"), row.get("person"), row.get("child")))


def _chunks(items: Sequence[str]) -> Iterable[Sequence[str]]:
    return (items[start : start + 500] for start in range(0, len(items), 500))


def _row(erasure: Erasure) -> dict[str, Any]:
    lists = erasure.model_dump(mode="json", include={"reasons", "items", "kept", "holders"})
    return {**erasure.model_dump(), **lists}
