"""What an organisation owes or should look at, in plain words. Follows the states the gate decided."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.base import Slug
from schemas.days import dutch_day
from schemas.event import parse_event
from schemas.handovers import HandoverState as S
from schemas.rights import DestructionAsked, RightDecided
from schemas.tables.ladder import TO_PRIVACY_OFFICERS
from services.organisation import corrections, on_the_way
from services.organisation import tables as t
from services.organisation.cautions import marked
from services.organisation.intake import CONTROL
from services.organisation.standing_in import cases_without_somebody, in_words

SENDER, RECEIVER = "sender", "receiver"


@dataclass(frozen=True, slots=True)
class Task:
    """What a side of a handover has to do while it stands in a state."""

    state: S
    side: str
    text: str
    messages: tuple[str, ...]


TASKS = (
    Task(S.PROPOSED, RECEIVER, "A handover is offered to you: accept it, announce a wait, or decline it with a reason.",
         ("handovers.accepted", "handovers.wait_announced", "handovers.declined", "handovers.questioned")),
    Task(S.WAITING, RECEIVER, "You announced a wait: accept the handover as soon as you can start.",
         ("handovers.accepted", "handovers.wait_announced", "handovers.declined")),
    Task(S.IMPOSED, RECEIVER, "A court order charges you: name the worker and hold the first contact.",
         ("measures.worker_assigned",)),
    Task(S.ACCEPTED, RECEIVER, "Hold the warm conversation with the sender and the family, and say that it was held.",
         ("handovers.warm_contact_attested", "handovers.contact_attempt_failed")),
    Task(S.ACCEPTED, SENDER, "Hold the warm conversation with the receiver and the family, and say that it was held.",
         ("handovers.warm_contact_attested",)),
    Task(S.WARM, RECEIVER, "Read the story and meet the family: the case becomes yours with the first contact.",
         ("handovers.story_acknowledged", "handovers.first_contact_held")),
    Task(S.WARM, SENDER, "You remain responsible until the receiver has met the family.", ()),
    Task(S.EMERGENCY, RECEIVER, "You took over in acute danger: hold the warm conversation and read the story still.",
         ("handovers.warm_contact_attested", "handovers.story_acknowledged", "handovers.emergency_ended")),
    Task(S.EMERGENCY, SENDER, "The case was taken over in acute danger: hold the warm conversation still.",
         ("handovers.warm_contact_attested", "dossiers.shared")),
    Task(S.HANDED_BACK, SENDER, "A handover was given back to you: take it back with a plan, or dispute it.",
         ("handovers.hand_back_answered",)),
    Task(S.RETURNING, RECEIVER, "The danger is over: propose the return, or agree that the case stays with you.",
         ("handovers.proposed", "handovers.return_waived")),
    Task(S.DECLINED, SENDER, "Your handover was declined: offer it to another, or keep the lead with a reason.",
         ("handovers.proposed", "cases.lead_kept")),
)  # fmt: skip
"""By state and side (protocol §4). DECLINED is shown until the sender has moved on."""

Row = dict[str, Any]


async def worklist(connection: AsyncConnection, slug: Slug, now: datetime) -> list[Row]:
    """Everything, most pressing kind first."""
    parts = (
        _standing_in,
        _alerts,
        _handovers,
        _refused,
        _rejected,
        _letters,
        _corrected,
        _blocked,
        _resend,
        _lost,
        _sight,
        _to_erase,
    )
    return await marked(connection, [row for part in parts for row in await part(connection, slug, now)])


def _row(kind: str, text: str, case: str, since: datetime | None, **more: Any) -> Row:
    return {"kind": kind, "text": text, "case": case, "handover": None, "since": since, **more}


async def _standing_in(connection: AsyncConnection, slug: Slug, now: datetime) -> Iterable[Row]:
    """Before anything else, as long as somebody is away: a signal that comes now comes to who stands in (D#158)."""
    away = await cases_without_somebody(connection, slug, dutch_day(now))
    return [_row("STANDS_IN", in_words(row), case, None) | row for case, row in away]


async def _alerts(connection: AsyncConnection, slug: Slug, now: datetime) -> Iterable[Row]:
    shown = sa.and_(t.alerts.c.state == "open", t.alerts.c.code.not_in(sorted(TO_PRIVACY_OFFICERS)))
    query = sa.select(t.alerts).where(shown).order_by(t.alerts.c.tier.desc(), t.alerts.c.due)
    rows = (await connection.execute(query)).mappings().all()
    return [_alert(row, slug) for row in rows]


def _alert(row: sa.RowMapping, slug: Slug) -> Row:
    yours = slug in (row["responsible"] or ())
    who = "You owe this" if yours else f"{', '.join(row['responsible'] or ())} owes this"
    text = f"{who}: {row['code'].replace('_', ' ').lower()} (tier {row['tier']})."
    more = {"handover": row["handover"], "alert": row["alert"], "code": row["code"], "child": row["child"]}
    return _row("ALERT", text, row["subject"], row["at"], **more, due=row["due"])


async def _handovers(connection: AsyncConnection, slug: Slug, now: datetime) -> Iterable[Row]:
    mine = sa.or_(t.handovers.c.sender == slug, t.handovers.c.receiver == slug)
    states = {task.state for task in TASKS}
    query = sa.select(t.handovers).where(mine, t.handovers.c.state.in_(states)).order_by(t.handovers.c.since)
    rows = (await connection.execute(query)).mappings().all()
    done = await _moved_on(connection, [row["id"] for row in rows if row["state"] == S.DECLINED])
    return [
        _row("HANDOVER", task.text, row["subject"], row["since"], handover=row["id"], messages=list(task.messages))
        for row in rows
        if row["id"] not in done
        for task in TASKS
        if task.state == row["state"] and row[task.side] == slug
    ]


async def _moved_on(connection: AsyncConnection, declined: list[str]) -> set[str]:
    """Declined handovers that were offered elsewhere, or whose sender keeps the lead."""
    if not declined:
        return set()
    names = ("handovers.proposed", "cases.lead_kept")
    query = sa.select(t.sent.c.body).where(t.sent.c.name.in_(names), t.sent.c.status == "delivered")
    bodies = [body for (body,) in (await connection.execute(query)).all()]
    named = {body.get("replaces") for body in bodies} | {body["handover"] for body in bodies if "reason" in body}
    return {str(each) for each in named & set(declined)}


async def _refused(connection: AsyncConnection, slug: Slug, now: datetime) -> Iterable[Row]:
    query = (
        sa.select(t.sent)
        .where(t.sent.c.status.in_(("refused", "blocked")), sa.not_(t.sent.c.automatic), sa.not_(t.sent.c.dry_run))
        .where(t.sent.c.decided_at > now - timedelta(days=14))
        .order_by(t.sent.c.decided_at.desc())
        .limit(100)
    )
    rows = (await connection.execute(query)).mappings().all()
    return [
        _row(
            "REFUSED",
            "This was not sent on; the reasons say what would mend it.",
            row["subject"],
            row["decided_at"],
            handover=row["body"].get("handover"),
            message=row["id"],
            name=row["name"],
        )
        for row in rows
    ]


async def _rejected(connection: AsyncConnection, slug: Slug, now: datetime) -> Iterable[Row]:
    rows = await on_the_way.to_mend(connection, slug)
    return [
        _row(
            "REJECTED" if row["author"] == slug else "UNUSABLE",
            _wrong(row, row["author"] == slug),
            row["subject"],
            row["at"],
            message=row["message"],
            item=row["item"],
            reason=row["reason"],
            messages=["dossiers.shared"] if row["author"] == slug else [],
        )
        for row in rows
    ]


def _wrong(row: sa.RowMapping, own: bool) -> str:
    untrue = row["reason"] == on_the_way.UNTRUE
    if own:
        what = "says that an item is not what it is called" if untrue else "could not read an item of your letter"
        return f"{row['by']} {what}: share it anew."
    what = "is not what it is called" if untrue else "could not be read"
    return f"An item of a letter from {row['author']} {what}; {row['author']} was told."


async def _lost(connection: AsyncConnection, slug: Slug, now: datetime) -> Iterable[Row]:
    query = sa.select(t.sent).where(t.sent.c.lost_at > now - timedelta(days=14)).order_by(t.sent.c.lost_at)
    rows = (await connection.execute(query)).mappings().all()
    text = "This never reached its recipient and will not any more: say it anew."
    return [_row("LOST", text, row["subject"], row["lost_at"], message=row["id"], name=row["name"]) for row in rows]


async def _letters(connection: AsyncConnection, slug: Slug, now: datetime) -> Iterable[Row]:
    unread = (t.inbox.c.letter, t.inbox.c.receipt, t.inbox.c.state == "accepted", t.inbox.c.opened_at.is_(None))
    query = sa.select(t.inbox).where(*unread, t.inbox.c.name.not_in(CONTROL)).order_by(t.inbox.c.at)
    rows = (await connection.execute(query)).mappings().all()
    return [
        _row(
            "UNREAD",
            f"A letter from {row['source']} was not opened yet.",
            row["subject"],
            row["at"],
            handover=row["handover"],
            message=row["id"],
            name=row["name"],
        )
        for row in rows
    ]


async def _corrected(connection: AsyncConnection, slug: Slug, now: datetime) -> Iterable[Row]:
    """What was taken back by its author: not to be used any more, and to be said to who got it from here."""
    found = []
    for row, owed in await corrections.to_pass_on(connection, now):
        text = "An item you hold was corrected by its author: do not go by it."
        if owed:
            text = f"An item you passed on was corrected: send the correction to {', '.join(owed)}."
        elif row["source"] == slug:
            continue
        more = {"item": row["item"], "replaced_by": row["replaced_by"]}
        messages = ["dossiers.corrected"] if owed else []
        found.append(_row("CORRECTED", text, row["subject"], row["corrected_at"], **more, messages=messages))
    return found


async def _blocked(connection: AsyncConnection, slug: Slug, now: datetime) -> Iterable[Row]:
    query = sa.select(t.items).where(t.items.c.blocked_at > now - timedelta(days=14)).order_by(t.items.c.blocked_at)
    rows = (await connection.execute(query)).mappings().all()
    text = "Consent for an item you hold was withdrawn: nothing new may rely on it."
    return [_row("WITHDRAWN", text, row["subject"], row["blocked_at"], item=row["item"]) for row in rows]


async def _resend(connection: AsyncConnection, slug: Slug, now: datetime) -> Iterable[Row]:
    s = t.sent.c
    due = (s.resend_due_at.is_not(None), s.resent_as.is_(None), s.stored_at.is_(None), s.lost_at.is_(None))
    rows = (await connection.execute(sa.select(t.sent).where(*due))).mappings().all()
    text = "The recipient misses this letter, and it could not be sent again by itself."
    return [_row("RESEND", text, row["subject"], row["resend_due_at"], message=row["id"]) for row in rows]


async def _to_erase(connection: AsyncConnection, slug: Slug, now: datetime) -> Iterable[Row]:
    """A destruction that was granted, until the dossier was erased here."""
    s, e = t.sent.c, t.erasures.c
    granted = (s.name == RightDecided.name, s.status == "delivered", sa.not_(s.dry_run))
    rows = (await connection.execute(sa.select(t.sent).where(*granted))).mappings().all()
    asked = {request["request"] for request in await _destructions(connection)}
    gone = sa.select(e.subject).where(e.outcome == "ERASED")
    erased = {subject for (subject,) in (await connection.execute(gone)).all()}
    text = "You granted a destruction: the privacy officer and a second person erase the dossier now."
    return [
        _row("ERASE", text, row["subject"], row["decided_at"], message=row["id"], name=row["name"])
        for row in rows
        if row["body"].get("decision") in ("GRANTED", "PARTLY")
        and row["body"].get("request") in asked
        and row["subject"] not in erased
    ]


async def _destructions(connection: AsyncConnection) -> list[dict[str, Any]]:
    """What was asked here: by another organisation, or by the person at this one."""
    own = sa.select(t.sent.c.body).where(t.sent.c.name == DestructionAsked.name, t.sent.c.status == "delivered")
    came = sa.select(t.inbox.c.value).where(t.inbox.c.name == DestructionAsked.name, t.inbox.c.value != b"")
    found = [dict(body) for (body,) in (await connection.execute(own)).all()]
    return found + [parse_event(value).data.body for (value,) in (await connection.execute(came)).all()]


async def _sight(connection: AsyncConnection, slug: Slug, now: datetime) -> Iterable[Row]:
    rows = (await connection.execute(sa.select(t.sight).where(t.sight.c.owner == slug))).mappings().all()
    shown = []
    for row in rows:
        seen = row["confirmed_at"] or row["planned_at"]
        due = seen + timedelta(days=row["plan"]["every_days"])
        if due - timedelta(days=1) <= now:
            text = f"{row['child']} has to be seen, and that it was seen has to be said."
            shown.append(_row("SIGHT", text, row["subject"], seen, child=row["child"], due=due))
    return shown
