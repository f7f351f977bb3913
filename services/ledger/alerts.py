"""Alerts as oversight signed them, read directly from its outbox: they show also while the gate is down."""

import json
from datetime import datetime
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.event import MalformedMessage, parse_event
from schemas.service import OVERSIGHT, AlertEscalated, AlertRaised, AlertResolved
from services.ledger import store
from services.runtime.directory import Directory
from services.runtime.faust_app import Incoming
from services.runtime.jose import BadSignature, PublicKey, verify_detached
from services.runtime.sql import insert_new, upsert

BARRIER_KEY: Final = b"barrier"
OPEN: Final = "OPEN"
RESOLVED: Final = "RESOLVED"
_BODIES: Final = {body.name: body for body in (AlertRaised, AlertEscalated, AlertResolved)}


class UnusableAlert(Exception):
    """Not a message of oversight. The text quotes nothing of it."""


class AlertChange(NamedTuple):
    """One message about an alert."""

    epoch: str
    offset: int
    case: str
    at: datetime
    addressees: tuple[str, ...]
    body: AlertRaised | AlertEscalated | AlertResolved


def barrier_of(record: Incoming) -> str | None:
    """The step of a simulated clock that oversight answered; None when the mark cannot be read."""
    try:
        barrier = json.loads(record.value or b"")["barrier"]
    except (ValueError, KeyError, TypeError):
        return None
    return barrier if isinstance(barrier, str) and len(barrier) <= 64 else None


def read_alert(record: Incoming, directory: Directory, epoch: str) -> AlertChange | None:
    """The change a record brings; None for a message that is not about an alert. Raises UnusableAlert."""
    value, signature = record.value or b"", dict(record.headers).get("jws", b"")
    try:
        kid = verify_detached(value, signature, lambda kid: _key(directory, kid))
        event = parse_event(value)
        if directory.sealed_key(kid, event.time) is None:
            raise UnusableAlert("signed with a key that did not count then")
        if event.source != OVERSIGHT:
            raise UnusableAlert("another source than oversight")
        body = _BODIES.get(event.name)
        if body is None:
            return None
        parsed = body.model_validate(event.data.body, extra="ignore")
        return AlertChange(epoch, record.offset, event.subject, event.time, event.data.to, parsed)
    except BadSignature as bad:
        raise UnusableAlert(f"alert: {bad}") from None
    except (MalformedMessage, ValidationError):
        raise UnusableAlert("alert: not a message of this protocol") from None


def _key(directory: Directory, kid: str) -> PublicKey | None:
    return directory.past_key(kid) if directory.owner(kid) == OVERSIGHT else None


async def write_alert(connection: AsyncConnection, change: AlertChange) -> None:
    """Keep the latest state; a message that was read before, or is older than what is known, changes nothing."""
    a = store.alerts.c
    wanted = sa.select(store.alerts).where(a.epoch == change.epoch, a.alert == change.body.alert)
    held = (await connection.execute(wanted)).mappings().first()
    if held is not None and held["offset"] >= change.offset:
        return
    row = _row(change, dict(held) if held else {})
    await upsert(connection, store.alerts, row)
    involved = dict.fromkeys((*row["responsible"], *row["addressees"]))
    told = [{"epoch": change.epoch, "alert": change.body.alert, "organisation": slug} for slug in involved]
    await insert_new(connection, store.alert_organisations, told)


def _row(change: AlertChange, held: dict[str, Any]) -> dict[str, Any]:
    body = change.body
    row: dict[str, Any] = {
        "responsible": [],
        "addressees": [],
        "raised_at": change.at,
        **held,
        "epoch": change.epoch,
        "alert": body.alert,
        "offset": change.offset,
        "case": change.case,
        "code": body.code,
        "child": body.child,
        "at": change.at,
    }
    row["addressees"] = list(dict.fromkeys((*row["addressees"], *change.addressees)))
    if isinstance(body, AlertResolved):
        return row | {"state": RESOLVED, "how": body.how}
    return row | {
        "state": OPEN,
        "how": None,
        "tier": body.tier,
        "responsible": list(body.responsible),
        "handover": body.handover,
        "due": body.due,
    }
