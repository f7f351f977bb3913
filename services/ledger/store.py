"""The tables of the read model. All of it follows from Kafka: an empty database is filled from the first record on.

A change here needs a step in `migrations`; a test compares the two.
"""

import uuid
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.runtime.alert_table import alert_columns
from services.runtime.migrating import OtherVersionError, migrate
from services.runtime.sql import Json, Utc, insert_new

MIGRATIONS: Final = Path(__file__).parent / "migrations"

metadata = sa.MetaData()
_KEY: Final = ("epoch", "slot", "slot_seq")
CODE: Final = sa.String(64)
DIGEST: Final = sa.String(64)
UUID: Final = sa.String(36)


def _place() -> tuple[sa.Column[Any], ...]:
    """Which entry a row belongs to."""
    return (
        sa.Column("epoch", UUID, primary_key=True),
        sa.Column("slot", sa.Integer, primary_key=True),
        sa.Column("slot_seq", sa.BigInteger, primary_key=True),
    )


def _of_entry() -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(_KEY, [f"entries.{name}" for name in _KEY])


meta = sa.Table("meta", metadata, sa.Column("name", CODE, primary_key=True), sa.Column("value", CODE, nullable=False))

entries = sa.Table(
    "entries",
    metadata,
    *_place(),
    sa.Column("hash", DIGEST, nullable=False),
    sa.Column("case", sa.String(48)),
    sa.Column("case_seq", sa.BigInteger),
    sa.Column("at", Utc, nullable=False),
    sa.Column("kind", CODE, nullable=False),
    sa.Column("actor", CODE),
    sa.Column("actor_ref", CODE),
    sa.Column("purpose", CODE),
    sa.Column("name", CODE),  # of the message, e.g. handovers.proposed
    sa.Column("message", CODE),
    sa.Column("regards", UUID),
    sa.Column("verdict", CODE),
    sa.Column("jws", sa.Text, nullable=False),  # exactly as it was written
    sa.Index("entries_case", "epoch", "case", "case_seq"),
    sa.Index("entries_at", "at"),
    sa.Index("entries_regards", "regards"),
    sa.Index("entries_hash", "hash"),
)

entry_recipients = sa.Table(
    "entry_recipients",
    metadata,
    *_place(),
    sa.Column("organisation", CODE, primary_key=True),
    _of_entry(),
)
"""Whom the message was addressed to, also when it was refused."""

entry_parties = sa.Table(
    "entry_parties",
    metadata,
    *_place(),
    sa.Column("organisation", CODE, primary_key=True),
    _of_entry(),
    sa.Index("entry_parties_organisation", "organisation", "epoch", "slot", "slot_seq"),
)
"""Who acts in the entry or received by it: they, and nobody else, may read it."""

entry_sections = sa.Table(
    "entry_sections",
    metadata,
    *_place(),
    sa.Column("item", UUID, primary_key=True),
    sa.Column("category", CODE, nullable=False),
    sa.Column("digest", DIGEST, nullable=False),
    _of_entry(),
)

entry_persons = sa.Table(
    "entry_persons",
    metadata,
    *_place(),
    sa.Column("person", CODE, primary_key=True),
    _of_entry(),
    sa.Index("entry_persons_person", "person"),
)
"""Persons of the case, by ref, whom a section, a basis or a reason of the entry is about."""

entry_bases = sa.Table(
    "entry_bases",
    metadata,
    *_place(),
    sa.Column("item", UUID, primary_key=True),
    sa.Column("person", CODE, primary_key=True),
    sa.Column("secrecy", CODE, nullable=False),
    sa.Column("gdpr", CODE, nullable=False),
    _of_entry(),
)

entry_reasons = sa.Table(
    "entry_reasons",
    metadata,
    *_place(),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("code", CODE, nullable=False),
    sa.Column("section", CODE),
    sa.Column("person", CODE),
    _of_entry(),
)

entry_handovers = sa.Table(
    "entry_handovers",
    metadata,
    *_place(),
    sa.Column("handover", UUID, primary_key=True),
    sa.Column("kind", CODE, nullable=False),
    sa.Column("state", CODE, nullable=False),
    sa.Column("sender", CODE, nullable=False),
    sa.Column("receiver", CODE, nullable=False),
    _of_entry(),
    sa.Index("entry_handovers_handover", "handover"),
    sa.Index("entry_handovers_receiver", "receiver"),
)
"""Where each handover stood after a decision."""

entry_regie = sa.Table(
    "entry_regie",
    metadata,
    *_place(),
    sa.Column("holder_before", CODE),
    sa.Column("holder_after", CODE),
    _of_entry(),
)
"""The decisions in which regie moved."""

inbox_sequences = sa.Table(
    "inbox_sequences",
    metadata,
    *_place(),
    sa.Column("inbox", CODE, primary_key=True),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    _of_entry(),
    sa.Index("inbox_sequences_last", "epoch", "slot", "inbox", "sequence"),
)

events = sa.Table(
    "events",
    metadata,
    *_place(),
    sa.Column("case", sa.String(48), nullable=False),
    sa.Column("at", Utc, nullable=False),
    sa.Column("name", CODE, nullable=False),
    sa.Column("message", CODE, nullable=False),
    sa.Column("actor", CODE, nullable=False),
    sa.Column("actor_kind", CODE),
    sa.Column("recipient", CODE),
    sa.Column("regie", CODE),  # who led the case after it
    sa.Column("thing", CODE),  # the handover, support, measure, report or other case it is about
    sa.Column("kind", CODE),
    sa.Column("outcome", CODE),
    sa.Column("day", sa.Date, nullable=False),  # the day it speaks of, in the Netherlands; else that of the decision
    sa.Index("events_case", "epoch", "case", "name"),
    sa.Index("events_name", "name", "day"),
)
"""What is counted of accepted messages, from the gate's facts: codes and days, no content. It counts only together with
the signed entry at the same place, so nothing counts twice; an event may be read before its entry."""

event_children = sa.Table(
    "event_children",
    metadata,
    *_place(),
    sa.Column("child", CODE, primary_key=True),
    sa.Column("mark", CODE, primary_key=True),
    sa.Column("age", CODE),
    sa.ForeignKeyConstraint(_KEY, [f"events.{name}" for name in _KEY]),
)
"""The children an event is about, and what it says of each: named, or its place in a talk. Of a talk of helpers the
organisations that were asked stand here, with WAS_THERE or DID_NOT_COME."""

slots = sa.Table(
    "slots",
    metadata,
    sa.Column("epoch", UUID, primary_key=True),
    sa.Column("slot", sa.Integer, primary_key=True),
    sa.Column("slot_seq", sa.BigInteger),
    sa.Column("hash", DIGEST),
    sa.Column("at", Utc),
    sa.Column("checkpoint_seq", sa.BigInteger),
    sa.Column("checkpoint_at", Utc),
    sa.Column("barrier", CODE),  # of the ledger's checkpoints
    sa.Column("alerts_barrier", CODE),  # of oversight.outbox
    sa.Column("facts_barrier", CODE),  # of case.facts
)
"""How far each slot was read."""

alerts = sa.Table(
    "alerts",
    metadata,
    sa.Column("epoch", UUID, primary_key=True),
    *alert_columns("case"),
    sa.Column("offset", sa.BigInteger, nullable=False),  # of the message that gave this state
    sa.Column("addressees", Json, nullable=False),
    sa.Column("raised_at", Utc),
    sa.Column("how", CODE),
    sa.Index("alerts_case", "case"),
)
"""The latest state of each alert, as oversight signed it."""

alert_organisations = sa.Table(
    "alert_organisations",
    metadata,
    sa.Column("epoch", UUID, primary_key=True),
    sa.Column("alert", UUID, primary_key=True),
    sa.Column("organisation", CODE, primary_key=True),
    sa.ForeignKeyConstraint(["epoch", "alert"], ["alerts.epoch", "alerts.alert"]),
    sa.Index("alert_organisations_organisation", "organisation"),
)
"""Who must act on an alert, or was told of it."""

faults = sa.Table(
    "faults",
    metadata,
    sa.Column("epoch", UUID, primary_key=True),
    sa.Column("topic", CODE, primary_key=True),
    sa.Column("partition", sa.Integer, primary_key=True),
    sa.Column("offset", sa.BigInteger, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("code", CODE, nullable=False),
    sa.Column("slot_seq", sa.BigInteger),
    sa.Column("detail", sa.String(200), nullable=False),
    sa.Column("value", sa.Text),  # of what is no good entry, for whoever looks into it
)
"""What did not hold when it was read: an alarm until somebody has looked into it."""


async def prepare(engine: AsyncEngine) -> str:
    """Bring the tables to what this program expects; the id of this read model, made once. Raises OtherVersionError."""
    await migrate(engine, MIGRATIONS, metadata, _adopted)
    async with engine.begin() as connection:
        await insert_new(connection, meta, {"name": "id", "value": uuid.uuid4().hex[:12]})
        return str((await connection.execute(sa.select(meta.c.value).where(meta.c.name == "id"))).scalar_one())


def _adopted(connection: sa.Connection) -> str | None:
    """Before steps were counted the version was a row of `meta`; there was one."""
    if not sa.inspect(connection).has_table(meta.name):
        return None
    held = connection.execute(sa.select(meta.c.value).where(meta.c.name == "version")).scalar()
    if held != "1":
        raise OtherVersionError(f"the database is of version {held}, this program knows version 1 and the steps since")
    return "0001"


async def count(connection: AsyncConnection, table: sa.Table) -> int:
    """How many rows."""
    return (await connection.execute(sa.select(sa.func.count()).select_from(table))).scalar_one()
