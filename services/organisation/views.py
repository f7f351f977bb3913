"""What is shown: rows of the edge's own tables as JSON. Nothing here changes anything."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.base import Slug, Subject
from schemas.tables import lead
from schemas.tables.ladder import TO_PRIVACY_OFFICERS
from services.organisation import corrections, steps
from services.organisation import tables as t
from services.organisation.brought import brought
from services.organisation.cautions import marked, shown
from services.organisation.on_the_way import rejections
from services.organisation.refusals import explained
from services.organisation.roster import roster_of
from services.organisation.said import told_in
from services.organisation.splitting import linked_to
from services.organisation.standing_in import stand_ins_of

Row = dict[str, Any]
LIMIT = 1000
"""The most rows of one answer."""

_SENT = (
    "id", "name", "subject", "status", "reasons", "flags", "queued_at", "decided_at", "stored_at", "opened_at",
    "answered_by", "entry_hash", "dry_run", "by_ref", "resend_due_at", "resent_as", "lost_at",
)  # fmt: skip
_INBOX = (
    "partition", "sequence", "id", "name", "subject", "source", "at", "received_at", "state", "reason", "letter",
    "handover", "opened_at", "entry_hash",
)  # fmt: skip


def _sent(row: sa.RowMapping) -> Row:
    shown = {name: row[name] for name in _SENT}
    reasons = [explained(reason) for reason in row["reasons"] or ()]
    return {**shown, "to": row["recipients"], "reasons": reasons, "flags": row["flags"] or []}


async def message(connection: AsyncConnection, message_id: str) -> Row | None:
    """One message this organisation sent, and what became of it."""
    query = sa.select(t.sent).where(t.sent.c.id == message_id)
    row = (await connection.execute(query)).mappings().first()
    return {**_sent(row), "rejected": await rejections(connection, message_id)} if row is not None else None


async def sent(connection: AsyncConnection, case: Subject | None, status: str | None) -> list[Row]:
    """What was sent by people here, newest first."""
    query = sa.select(t.sent).where(sa.not_(t.sent.c.automatic)).order_by(t.sent.c.position.desc()).limit(LIMIT)
    if case is not None:
        query = query.where(t.sent.c.subject == case)
    if status is not None:
        query = query.where(t.sent.c.status == status)
    return [_sent(row) for row in (await connection.execute(query)).mappings()]


async def inbox(connection: AsyncConnection, epoch: str, after: Mapping[int, int], slots: int) -> list[Row]:
    """What came in, by partition and sequence; a hole is a row `missing`, `closed` when nothing is expected there any
    more. `after`: the last sequence seen of each.
    """
    found: list[Row] = []
    query_lost = sa.select(t.lost.c.partition, t.lost.c.sequence).where(t.lost.c.epoch == epoch)
    closed = {(row.partition, row.sequence) for row in (await connection.execute(query_lost)).all()}
    for partition in range(slots):
        last = after.get(partition, 0)
        query = (
            sa.select(t.inbox)
            .where(t.inbox.c.epoch == epoch, t.inbox.c.partition == partition, t.inbox.c.sequence > last)
            .order_by(t.inbox.c.sequence)
            .limit(LIMIT)
        )
        for row in (await connection.execute(query)).mappings():
            holes = range(last + 1, row["sequence"])[:LIMIT]
            found += [
                {"partition": partition, "sequence": h, "missing": True, "closed": (partition, h) in closed}
                for h in holes
            ]
            found.append({name: row[name] for name in _INBOX})
            last = row["sequence"]
    return found


async def cases(connection: AsyncConnection) -> list[Row]:
    """The cases this organisation knows, last changed first."""
    query = sa.select(t.cases).order_by(t.cases.c.changed_at.desc(), t.cases.c.subject).limit(LIMIT)
    columns = ("subject", "regie", "phase", "open", "since", "changed_at")
    rows = (await connection.execute(query)).mappings()
    return [{**{name: row[name] for name in columns}, "caution": shown(row["caution"])} for row in rows]


async def case(connection: AsyncConnection, subject: Subject, today: date) -> Row | None:
    """One case as this organisation knows it. While somebody is away: first of all who stands in, with what was agreed
    with the family.
    """
    head = (await connection.execute(sa.select(t.cases).where(t.cases.c.subject == subject))).mappings().first()
    if head is None:
        return None
    handovers = await _of(connection, t.handovers, subject, t.handovers.c.slot_seq)
    ahead = await told_in(connection, subject, steps.NAMES)
    return {
        "standing_in": await stand_ins_of(connection, subject, today),
        "subject": subject,
        "regie": head["regie"],
        "lead_means": {"decides": list(lead.ALONE.values()), "owes": list(lead.OWED)},
        "phase": head["phase"],
        "open": head["open"],
        "contact": head["contact"],
        "roster": await roster_of(connection, subject, head["regie"]),
        "caution": shown(head["caution"]),
        "persons": [r.person for r in await _of(connection, t.persons, subject, t.persons.c.ref)],
        "steps": steps.steps(ahead, handovers, head["regie"], today),
        "limits": steps.limits(ahead),
        "handovers": [_handover(row) for row in handovers],
        "brought": brought(ahead),
        "sight": [_sight(r) for r in await _of(connection, t.sight, subject, t.sight.c.child)],
        "linked": await linked_to(connection, subject),
        "corrections": await corrections.of_case(connection, subject),
        "timeline": [_step(r) for r in await _of(connection, t.timeline, subject, t.timeline.c.slot_seq)],
    }


async def _of(connection: AsyncConnection, table: sa.Table, subject: Subject, order: sa.Column[Any]) -> list[Any]:
    query = sa.select(table).where(table.c.subject == subject).order_by(order).limit(LIMIT)
    return list((await connection.execute(query)).all())


def _handover(row: Any) -> Row:
    columns = ("id", "kind", "state", "sender", "receiver", "since")
    return {name: getattr(row, name) for name in columns}


def _sight(row: Any) -> Row:
    plan = row.plan
    return {
        "child": row.child,
        "owner": row.owner,
        "by": plan["by"],
        "every_days": plan["every_days"],
        "until": plan.get("until"),
        "planned_at": row.planned_at,
        "confirmed_at": row.confirmed_at,
    }


def _step(row: Any) -> Row:
    columns = ("at", "message", "name", "actor", "verdict", "entry_hash", "case_seq")
    return {**{name: getattr(row, name) for name in columns}, "to": row.recipients}


async def alerts(connection: AsyncConnection, subject: Subject | None, state: str, officer: bool) -> list[Row]:
    """The latest state of each alert this organisation was told of; an acknowledged one is still open."""
    query = sa.select(t.alerts).order_by(t.alerts.c.at.desc(), t.alerts.c.alert).limit(LIMIT)
    if subject is not None:
        query = query.where(t.alerts.c.subject == subject)
    if state != "all":
        query = query.where(t.alerts.c.state == state)
    if not officer:
        query = query.where(t.alerts.c.code.not_in(sorted(TO_PRIVACY_OFFICERS)))
    return await marked(connection, [_alert(row) for row in (await connection.execute(query)).mappings()])


def _alert(row: sa.RowMapping) -> Row:
    columns = ("alert", "code", "tier", "responsible", "child", "handover", "due", "at", "state", "acknowledged_until")
    return {**{name: row[name] for name in columns}, "case": row["subject"]}


async def received(
    connection: AsyncConnection, sources: frozenset[Slug], since: datetime | None, until: datetime | None
) -> list[Row]:
    """All that parties delivered here between two moments, however much, oldest first, with where it stands: the list
    that no team could give the inspection (TSD 2017, Het onderzoek; D#47).
    """
    h, c = t.handovers.c, t.cases.c
    stands = [h[name].label(f"handover_{name}") for name in ("kind", "state", "last", "since")]
    came = [t.inbox.c[name] for name in ("id", "name", "subject", "source", "at", "opened_at", "handover")]
    query = (
        sa.select(*came, *stands, c.regie.label("leads"), c.open.label("case_open"))
        .join_from(t.inbox, t.handovers, t.inbox.c.handover == h.id, isouter=True)
        .outerjoin(t.cases, t.inbox.c.subject == c.subject)
        .where(t.inbox.c.receipt, t.inbox.c.source.in_(sources), t.inbox.c.state == "accepted")
        .order_by(t.inbox.c.at, t.inbox.c.partition, t.inbox.c.sequence)
    )
    if since is not None:
        query = query.where(t.inbox.c.at >= since)
    if until is not None:
        query = query.where(t.inbox.c.at < until)
    return await marked(connection, [_received(row) for row in (await connection.execute(query)).mappings()])


def _received(row: sa.RowMapping) -> Row:
    handover = row["handover"]
    return {
        "id": row["id"],
        "name": row["name"],
        "case": row["subject"],
        "from": row["source"],
        "at": row["at"],
        "opened_at": row["opened_at"],
        "handover": handover,
        "kind": row["handover_kind"],
        "state": row["handover_state"] if handover else "OPENED" if row["opened_at"] else "RECEIVED",
        "outcome": row["handover_last"] if handover else None,
        "outcome_at": row["handover_since"] if handover else None,
        "leads": row["leads"],
        "case_open": row["case_open"],
    }
