"""Follows what the gate decided: a delivery changes what this edge shows, in the transaction that stores it.

It re-implements no rule. Where a handover stands and who holds regie is read from the signed entry.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas import care, cases, consents, handovers, service
from schemas.base import Slug, Subject, dump
from schemas.body import Body, FirstContact, SightPlan
from schemas.corrections import DossierCorrected
from schemas.entry import Entry, EntryHandover, EntryKind, Verdict
from schemas.event import Event
from schemas.tables.messages import BODIES
from services.organisation import corrections, on_the_way, splitting, succession
from services.organisation import tables as t
from services.organisation.accepted import Said
from services.organisation.answers import THREADS, answered_by
from services.organisation.cautions import follow
from services.organisation.deliveries import Delivery
from services.runtime.sql import insert_new, upsert

log = structlog.get_logger(__name__)


async def apply(connection: AsyncConnection, slug: Slug, delivery: Delivery) -> None:
    """Take in one delivery. Raises only when the database fails or a rule of this module is broken."""
    event, body, entry = delivery.event, delivery.body, delivery.entry
    if event is None:
        return
    if isinstance(body, service.VerdictGiven):
        await _verdict(connection, slug, delivery, body)
        return
    await _timeline(connection, event.subject, delivery.entry_hash, entry)
    said = Said(event.name, event.subject, event.source, body, entry)
    await _follow(connection, said)
    if entry.kind is EntryKind.MESSAGE:
        await _resent(connection, slug, entry)
        await _sections(connection, event)
        await _answered(connection, said, event)


async def _verdict(connection: AsyncConnection, slug: Slug, delivery: Delivery, body: service.VerdictGiven) -> None:
    found = await connection.execute(sa.select(t.sent).where(t.sent.c.id == body.message.id))
    row = found.mappings().first()
    if body.message.source != slug:
        return
    if row is None:  # sent after the backup that this database comes from: the words are lost, that it was said is not
        log.warning("VERDICT_ON_LOST_MESSAGE", message=body.message.id, name=body.message.type)
        await _decided(connection, slug, delivery, body, None)
        return
    verdict = body.original_verdict or body.verdict
    if row["status"] in ("delivered", "refused"):
        return  # decided before: this is the answer to a repeated publication
    await connection.execute(
        sa.update(t.sent)
        .where(t.sent.c.id == row["id"])
        .values(
            status="delivered" if verdict is Verdict.DELIVERED else "refused",
            reasons=[dump(reason) for reason in body.reasons],
            flags=list(body.flags),
            decided_at=delivery.entry.at,
            entry_hash=delivery.entry_hash,
            seal=delivery.seal,
        )
    )
    own = BODIES[row["name"]].model_validate(row["body"]) if body.verdict is Verdict.DELIVERED else None
    await _decided(connection, slug, delivery, body, own)


async def _decided(
    connection: AsyncConnection, slug: Slug, delivery: Delivery, body: service.VerdictGiven, own: Body | None
) -> None:
    if body.dry_run or delivery.event is None:
        return
    subject = delivery.event.subject
    await _timeline(connection, subject, delivery.entry_hash, delivery.entry)
    if body.verdict is Verdict.DELIVERED:
        await _follow(connection, Said(body.message.type, subject, slug, own, delivery.entry))


async def _timeline(connection: AsyncConnection, subject: Subject, entry_hash: str, entry: Entry) -> None:
    if entry.message is None or entry.kind is EntryKind.CHECKPOINT or entry.case is None:
        return
    row = {
        "entry_hash": entry_hash,
        "subject": subject,
        "slot_seq": entry.slot_seq,
        "case_seq": entry.case_seq,
        "at": entry.at,
        "message": entry.message.id,
        "name": entry.message.type,
        "actor": entry.actor or entry.message.source,
        "recipients": list(entry.recipients),
        "verdict": entry.verdict,
    }
    await insert_new(connection, t.timeline, row)


async def _follow(connection: AsyncConnection, said: Said) -> None:
    about_case = said.subject.startswith("case:") and said.entry.kind is not EntryKind.CHECKPOINT
    if about_case and not said.name.startswith("alerts."):
        await _case(connection, said)
        await _handovers(connection, said)
    step = _STEPS.get(type(said.body))
    if step is not None:
        await step(connection, said, said.body)
    await on_the_way.mended(connection, said)
    await _sight(connection, said)


async def _case(connection: AsyncConnection, said: Said) -> None:
    """Regie moves by the entry's own word, or by the notice that repeats it to parties that did not get the message."""
    known = (
        await connection.execute(sa.select(t.cases).where(t.cases.c.subject == said.subject).with_for_update())
    ).mappings()
    row = dict(known.first() or {"subject": said.subject, "regie": None, "phase": None, "open": True, "slot_seq": 0})
    row.setdefault("since", said.at)
    row["changed_at"] = said.at
    moved = _moved(said)
    if moved is not None and said.entry.slot_seq >= row["slot_seq"]:
        row["regie"], row["slot_seq"] = moved[0], said.entry.slot_seq
        row["open"] = moved[0] is not None
    phase = getattr(said.body, "phase", None)
    if phase is not None:
        row["phase"] = phase
    row |= {"contact": dump(said.entry.contact)} if said.entry.contact else {}
    row["caution"] = follow(row.get("caution"), said.entry)
    await upsert(connection, t.cases, row)


def _moved(said: Said) -> tuple[Slug | None] | None:
    if said.entry.regie is not None:
        return (said.entry.regie.holder_after,)
    if isinstance(said.body, service.RegieMoved):
        return (said.body.regie_to,)
    return (said.entry.holder,) if said.entry.holder is not None else None


async def _handovers(connection: AsyncConnection, said: Said) -> None:
    for told in (said.entry.handover, *said.entry.also):
        if told is not None:
            await _handover(connection, said, told)


async def _handover(connection: AsyncConnection, said: Said, told: EntryHandover) -> None:
    query = sa.select(t.handovers.c.state, t.handovers.c.since).where(t.handovers.c.id == told.id)
    before = (await connection.execute(query)).first()
    row = {
        "id": told.id,
        "subject": said.subject,
        "kind": told.kind,
        "state": told.state,
        "sender": told.sender,
        "receiver": told.receiver,
        "since": before.since if before is not None and before.state == told.state else said.at,
        "slot_seq": said.entry.slot_seq,
        "last": said.name,
    }
    await upsert(connection, t.handovers, row, newer=t.handovers.c.slot_seq)


def _plans(body: Body | None) -> tuple[SightPlan, ...]:
    found = getattr(body, "plans", None) or getattr(body, "sight", None) or ()
    return tuple(plan for plan in found if isinstance(plan, SightPlan))


async def _sight(connection: AsyncConnection, said: Said) -> None:
    """Plans are kept by owner. Those of a sender that let go end with the handover, as do plans that broken trust
    leaves out."""
    plans, place = _plans(said.body), t.sight.c
    for plan in plans:
        row = {
            "subject": said.subject,
            "child": plan.child,
            "owner": said.source,
            "plan": dump(plan),
            "planned_at": said.at,
            "slot_seq": said.entry.slot_seq,
        }
        await upsert(connection, t.sight, row, newer=place.slot_seq)
    if isinstance(said.body, care.TrustBroken):
        kept = [plan.child for plan in plans]
        gone = (place.subject == said.subject, place.owner == said.source, place.child.not_in(kept))
        await connection.execute(sa.delete(t.sight).where(*gone))
    if (released := await _released(connection, said)) is not None:
        await connection.execute(sa.delete(t.sight).where(place.subject == said.subject, place.owner == released))
    if (seen := _seen(said)) is not None:
        children, at = seen
        later = sa.or_(place.confirmed_at.is_(None), place.confirmed_at < at)
        where = (place.subject == said.subject, place.child.in_(children), later)
        await connection.execute(sa.update(t.sight).where(*where).values(confirmed_at=at))


async def _released(connection: AsyncConnection, said: Said) -> Slug | None:
    """The sender of a handover that was completed in this decision, where its responsibility went over: now, or before,
    in an emergency.
    """
    told = said.entry.handover
    if told is None or told.state is not handovers.HandoverState.COMPLETED:
        return None
    if told.kind is handovers.HandoverKind.INTO_RUNNING_HELP:
        return told.sender
    query = sa.select(t.cases.c.regie).where(t.cases.c.subject == said.subject)
    regie = (await connection.execute(query)).scalar()
    return told.sender if regie is not None and regie != told.sender else None


def _seen(said: Said) -> tuple[list[str], datetime] | None:
    """Which children were seen, and when."""
    body = said.body
    if isinstance(body, care.SightConfirmed):
        return [seen.child for seen in body.children], body.seen_at
    contact = getattr(body, "contact", None) or getattr(body, "first_contact", None)
    if isinstance(contact, FirstContact) and isinstance(held := getattr(body, "held_at", None), datetime):
        return [seen.child for seen in contact.children_seen], held
    return None


async def _persons(connection: AsyncConnection, said: Said, body: cases.CaseOpened | cases.PersonsChanged) -> None:
    for person in body.persons:
        row = {"subject": said.subject, "ref": person.ref, "person": dump(person)}
        await upsert(connection, t.persons, row)


async def _consent(connection: AsyncConnection, said: Said, body: consents.ConsentRecorded) -> None:
    row = {
        "statement": body.statement,
        "subject": said.subject,
        "body": dump(body),
        "state": body.decision,
        "changed_at": said.at,
    }
    await insert_new(connection, t.statements, row)


async def _withdrawn(connection: AsyncConnection, said: Said, body: consents.ConsentWithdrawn) -> None:
    await connection.execute(
        sa.update(t.statements)
        .where(t.statements.c.statement == body.statement, t.statements.c.subject == said.subject)
        .values(state="WITHDRAWN", changed_at=said.at)
    )


async def _blocked(connection: AsyncConnection, said: Said, body: service.ConsentWithdrawnNotice) -> None:
    await connection.execute(
        sa.update(t.items)
        .where(t.items.c.item.in_(body.items), t.items.c.subject == said.subject, t.items.c.blocked_at.is_(None))
        .values(blocked_at=said.at, blocked_by=body.statement)
    )


async def _alert(connection: AsyncConnection, said: Said, body: service.AlertBody) -> None:
    row = {
        "alert": body.alert,
        "subject": said.subject,
        "code": body.code,
        "tier": body.tier,
        "responsible": list(body.responsible),
        "due": body.due,
        "handover": body.handover,
        "child": body.child,
        "state": "open",
        "acknowledged_until": None,
        "at": said.at,
        "slot_seq": said.entry.slot_seq,
    }
    await upsert(connection, t.alerts, row, newer=t.alerts.c.slot_seq)


async def _alert_over(connection: AsyncConnection, said: Said, body: service.AlertResolved) -> None:
    row = {
        "alert": body.alert,
        "subject": said.subject,
        "code": body.code,
        "child": body.child,
        "state": "resolved",
        "at": said.at,
        "slot_seq": said.entry.slot_seq,
    }
    await upsert(connection, t.alerts, row, newer=t.alerts.c.slot_seq)


async def _alert_in_hand(connection: AsyncConnection, said: Said, body: service.AlertAcknowledged) -> None:
    """It stays open, and silent until that day."""
    taken_up = sa.update(t.alerts).where(t.alerts.c.alert == body.alert)
    await connection.execute(taken_up.values(acknowledged_until=body.until))


async def _cancelled(connection: AsyncConnection, said: Said, body: service.HandoverCancelledNotice) -> None:
    await connection.execute(
        sa.update(t.handovers)
        .where(t.handovers.c.id == body.handover, t.handovers.c.slot_seq < said.entry.slot_seq)
        .values(state=handovers.HandoverState.CANCELLED, since=said.at, slot_seq=said.entry.slot_seq, last=said.name)
    )


async def _closed(connection: AsyncConnection, said: Said, body: Body) -> None:
    await connection.execute(
        sa.update(t.cases).where(t.cases.c.subject == said.subject).values(open=isinstance(body, cases.CaseReopened))
    )


Step = Callable[[AsyncConnection, Said, Any], Awaitable[None]]

_STEPS: Mapping[type[Body] | type[None], Step] = {
    cases.CaseOpened: _persons,
    cases.PersonsChanged: _persons,
    cases.CaseLinked: splitting.linked,
    cases.CaseClosed: _closed,
    cases.CaseReopened: _closed,
    consents.ConsentRecorded: _consent,
    consents.ConsentWithdrawn: _withdrawn,
    care.DossierOpened: on_the_way.opened,
    care.DossierRejected: on_the_way.rejected,
    DossierCorrected: corrections.corrected,
    service.CorrectedNotice: corrections.corrected,
    service.ConsentWithdrawnNotice: _blocked,
    service.StoredNotice: on_the_way.stored,
    service.ResendDue: on_the_way.missing,
    service.Lost: on_the_way.lost,
    service.Gone: on_the_way.gone,
    service.AlertRaised: _alert,
    service.AlertEscalated: _alert,
    service.AlertResolved: _alert_over,
    service.AlertAcknowledged: _alert_in_hand,
    service.HandoverCancelledNotice: _cancelled,
    service.Succeeded: succession.succeeded,
    service.RegieMoved: succession.regie_moved,
}
"""What a message changes here beyond regie, handover and sight plans."""


async def _sections(connection: AsyncConnection, event: Event) -> None:
    """Items of a letter: known by their manifest; their text stays sealed until someone opens the letter."""
    manifest = event.data.manifest
    rows = [
        {
            "item": section.item,
            "subject": event.subject,
            "section": section.model_dump(mode="json", exclude={"bases"}, exclude_none=True),
            "source": event.source,
            "message": event.id,
        }
        for section in (manifest.sections if manifest else ())
    ]
    await insert_new(connection, t.items, rows)


async def _resent(connection: AsyncConnection, slug: Slug, entry: Entry) -> None:
    """A letter sent again closes the hole that its first delivery left."""
    if entry.resends is not None and entry.resends.inbox is None and slug in entry.recipients:
        row = {"epoch": entry.epoch, "partition": entry.slot, "sequence": entry.resends.sequence}
        await insert_new(connection, t.lost, row)


async def _answered(connection: AsyncConnection, said: Said, event: Event) -> None:
    """The latest unanswered message of this organisation to that party, in the same conversation."""
    questions = answered_by(said.name)
    thread = next((f for f in THREADS if event.data.body.get(f)), None)
    whole = said.subject.startswith("thread:")
    if not questions or (thread is None and not whole):
        return
    query = (
        sa.select(t.sent.c.id, t.sent.c.body, t.sent.c.recipients)
        .where(
            t.sent.c.subject == said.subject,
            t.sent.c.name.in_(questions),
            t.sent.c.answered_by.is_(None),
            t.sent.c.status == "delivered",
            sa.not_(t.sent.c.dry_run),
        )
        .order_by(t.sent.c.position.desc())
    )
    for row in (await connection.execute(query)).all():
        same = whole or (thread is not None and row.body.get(thread) == event.data.body[thread])
        if same and said.source in row.recipients:
            await connection.execute(sa.update(t.sent).where(t.sent.c.id == row.id).values(answered_by=event.id))
            return
