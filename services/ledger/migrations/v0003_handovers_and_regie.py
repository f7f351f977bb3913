"""Where handovers stand and who leads can be asked of the tables; filled from the entries that are there."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

PAGE = 1000
"""Entries read at a time."""
PLACE = ("epoch", "slot", "slot_seq")


def upgrade() -> None:
    handovers = op.create_table(
        "entry_handovers",
        *_place(),
        sa.Column("handover", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("sender", sa.String(length=64), nullable=False),
        sa.Column("receiver", sa.String(length=64), nullable=False),
        _of_entry(),
        sa.PrimaryKeyConstraint(*PLACE, "handover"),
    )
    op.create_index("entry_handovers_handover", "entry_handovers", ["handover"], unique=False)
    op.create_index("entry_handovers_receiver", "entry_handovers", ["receiver"], unique=False)
    regie = op.create_table(
        "entry_regie",
        *_place(),
        sa.Column("holder_before", sa.String(length=64), nullable=True),
        sa.Column("holder_after", sa.String(length=64), nullable=True),
        _of_entry(),
        sa.PrimaryKeyConstraint(*PLACE),
    )
    _fill(op.get_bind(), handovers, regie)


def _place() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("epoch", sa.String(length=36), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("slot_seq", sa.BigInteger(), nullable=False),
    )


def _of_entry() -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(PLACE, [f"entries.{name}" for name in PLACE])


def _fill(connection: sa.Connection, handovers: sa.Table, regie: sa.Table) -> None:
    for row in _entries(connection):
        place = {name: getattr(row, name) for name in PLACE}
        entry = _payload(row.jws)
        stand = {each["id"]: each for each in (*entry.get("also", ()), entry.get("handover")) if each}
        for each in stand.values():
            sides = {name: each[name] for name in ("kind", "state", "sender", "receiver")}
            connection.execute(handovers.insert(), place | {"handover": each["id"], **sides})
        if (moved := entry.get("regie")) is not None:
            connection.execute(
                regie.insert(), place | {name: moved.get(name) for name in ("holder_before", "holder_after")}
            )


def _entries(connection: sa.Connection) -> Iterator[Any]:
    entries = sa.table("entries", *(sa.column(name) for name in (*PLACE, "jws")))
    key = [entries.c[name] for name in PLACE]
    after: tuple[Any, ...] = ("", -1, -1)
    while True:
        query = sa.select(*key, entries.c.jws).where(sa.tuple_(*key) > sa.tuple_(*after)).order_by(*key).limit(PAGE)
        rows = connection.execute(query).all()
        yield from rows
        if len(rows) < PAGE:
            return
        after = tuple(getattr(rows[-1], name) for name in PLACE)


def _payload(jws: str) -> dict[str, Any]:
    payload = jws.split(".", 2)[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return found
