"""The tables as they were when steps began to be counted."""

import sqlalchemy as sa
from alembic import op

from services.runtime.sql import Json, Utc

revision = "0001"
down_revision = None


def upgrade() -> None:
    """From an empty database."""
    op.create_table(
        "alerts",
        sa.Column("epoch", sa.String(length=36), nullable=False),
        sa.Column("alert", sa.String(length=36), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("case", sa.String(length=48), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("tier", sa.Integer(), nullable=True),
        sa.Column("responsible", Json, nullable=False),
        sa.Column("addressees", Json, nullable=False),
        sa.Column("child", sa.String(length=64), nullable=True),
        sa.Column("handover", sa.String(length=36), nullable=True),
        sa.Column("due", Utc(), nullable=True),
        sa.Column("raised_at", Utc(), nullable=True),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("how", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("epoch", "alert"),
    )
    op.create_index("alerts_case", "alerts", ["case"], unique=False)

    op.create_table(
        "entries",
        sa.Column("epoch", sa.String(length=36), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("slot_seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("case", sa.String(length=48), nullable=True),
        sa.Column("case_seq", sa.BigInteger(), nullable=True),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=True),
        sa.Column("actor_ref", sa.String(length=64), nullable=True),
        sa.Column("purpose", sa.String(length=64), nullable=True),
        sa.Column("name", sa.String(length=64), nullable=True),
        sa.Column("message", sa.String(length=64), nullable=True),
        sa.Column("regards", sa.String(length=36), nullable=True),
        sa.Column("verdict", sa.String(length=64), nullable=True),
        sa.Column("jws", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("epoch", "slot", "slot_seq"),
    )
    op.create_index("entries_at", "entries", ["at"], unique=False)
    op.create_index("entries_case", "entries", ["epoch", "case", "case_seq"], unique=False)
    op.create_index("entries_hash", "entries", ["hash"], unique=False)
    op.create_index("entries_regards", "entries", ["regards"], unique=False)

    op.create_table(
        "faults",
        sa.Column("epoch", sa.String(length=36), nullable=False),
        sa.Column("topic", sa.String(length=64), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("slot_seq", sa.BigInteger(), nullable=True),
        sa.Column("detail", sa.String(length=200), nullable=False),
        sa.Column("value", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("epoch", "topic", "partition", "offset", "number"),
    )
    op.create_table(
        "meta",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("value", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "slots",
        sa.Column("epoch", sa.String(length=36), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("slot_seq", sa.BigInteger(), nullable=True),
        sa.Column("hash", sa.String(length=64), nullable=True),
        sa.Column("at", Utc(), nullable=True),
        sa.Column("checkpoint_seq", sa.BigInteger(), nullable=True),
        sa.Column("checkpoint_at", Utc(), nullable=True),
        sa.Column("barrier", sa.String(length=64), nullable=True),
        sa.Column("alerts_barrier", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("epoch", "slot"),
    )
    op.create_table(
        "alert_organisations",
        sa.Column("epoch", sa.String(length=36), nullable=False),
        sa.Column("alert", sa.String(length=36), nullable=False),
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["epoch", "alert"],
            ["alerts.epoch", "alerts.alert"],
        ),
        sa.PrimaryKeyConstraint("epoch", "alert", "organisation"),
    )
    op.create_index("alert_organisations_organisation", "alert_organisations", ["organisation"], unique=False)

    op.create_table(
        "entry_bases",
        sa.Column("epoch", sa.String(length=36), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("slot_seq", sa.BigInteger(), nullable=False),
        sa.Column("item", sa.String(length=36), nullable=False),
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("secrecy", sa.String(length=64), nullable=False),
        sa.Column("gdpr", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["epoch", "slot", "slot_seq"],
            ["entries.epoch", "entries.slot", "entries.slot_seq"],
        ),
        sa.PrimaryKeyConstraint("epoch", "slot", "slot_seq", "item", "person"),
    )
    op.create_table(
        "entry_parties",
        sa.Column("epoch", sa.String(length=36), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("slot_seq", sa.BigInteger(), nullable=False),
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["epoch", "slot", "slot_seq"],
            ["entries.epoch", "entries.slot", "entries.slot_seq"],
        ),
        sa.PrimaryKeyConstraint("epoch", "slot", "slot_seq", "organisation"),
    )
    op.create_index(
        "entry_parties_organisation", "entry_parties", ["organisation", "epoch", "slot", "slot_seq"], unique=False
    )

    op.create_table(
        "entry_persons",
        sa.Column("epoch", sa.String(length=36), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("slot_seq", sa.BigInteger(), nullable=False),
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["epoch", "slot", "slot_seq"],
            ["entries.epoch", "entries.slot", "entries.slot_seq"],
        ),
        sa.PrimaryKeyConstraint("epoch", "slot", "slot_seq", "person"),
    )
    op.create_index("entry_persons_person", "entry_persons", ["person"], unique=False)

    op.create_table(
        "entry_reasons",
        sa.Column("epoch", sa.String(length=36), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("slot_seq", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("section", sa.String(length=64), nullable=True),
        sa.Column("person", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["epoch", "slot", "slot_seq"],
            ["entries.epoch", "entries.slot", "entries.slot_seq"],
        ),
        sa.PrimaryKeyConstraint("epoch", "slot", "slot_seq", "number"),
    )
    op.create_table(
        "entry_recipients",
        sa.Column("epoch", sa.String(length=36), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("slot_seq", sa.BigInteger(), nullable=False),
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["epoch", "slot", "slot_seq"],
            ["entries.epoch", "entries.slot", "entries.slot_seq"],
        ),
        sa.PrimaryKeyConstraint("epoch", "slot", "slot_seq", "organisation"),
    )
    op.create_table(
        "entry_sections",
        sa.Column("epoch", sa.String(length=36), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("slot_seq", sa.BigInteger(), nullable=False),
        sa.Column("item", sa.String(length=36), nullable=False),
        sa.Column("category", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["epoch", "slot", "slot_seq"],
            ["entries.epoch", "entries.slot", "entries.slot_seq"],
        ),
        sa.PrimaryKeyConstraint("epoch", "slot", "slot_seq", "item"),
    )
    op.create_table(
        "inbox_sequences",
        sa.Column("epoch", sa.String(length=36), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("slot_seq", sa.BigInteger(), nullable=False),
        sa.Column("inbox", sa.String(length=64), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["epoch", "slot", "slot_seq"],
            ["entries.epoch", "entries.slot", "entries.slot_seq"],
        ),
        sa.PrimaryKeyConstraint("epoch", "slot", "slot_seq", "inbox"),
    )
    op.create_index("inbox_sequences_last", "inbox_sequences", ["epoch", "slot", "inbox", "sequence"], unique=False)
