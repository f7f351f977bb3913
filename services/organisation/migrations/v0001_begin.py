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
        sa.Column("alert", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("tier", sa.Integer(), nullable=True),
        sa.Column("responsible", Json, nullable=True),
        sa.Column("due", Utc(), nullable=True),
        sa.Column("handover", sa.String(length=64), nullable=True),
        sa.Column("child", sa.String(length=64), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("slot_seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("alert"),
    )
    op.create_index("ix_alerts_state", "alerts", ["state"], unique=False)
    op.create_index("ix_alerts_subject", "alerts", ["subject"], unique=False)

    op.create_table(
        "cases",
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("regie", sa.String(length=64), nullable=True),
        sa.Column("phase", sa.String(length=32), nullable=True),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("since", Utc(), nullable=False),
        sa.Column("changed_at", Utc(), nullable=False),
        sa.Column("slot_seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("subject"),
    )
    op.create_table(
        "directory",
        sa.Column("slug", sa.String(length=64), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("slug"),
    )
    op.create_table(
        "handovers",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("sender", sa.String(length=64), nullable=False),
        sa.Column("receiver", sa.String(length=64), nullable=False),
        sa.Column("since", Utc(), nullable=False),
        sa.Column("slot_seq", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_handovers_state", "handovers", ["state"], unique=False)
    op.create_index("ix_handovers_subject", "handovers", ["subject"], unique=False)

    op.create_table(
        "inbox",
        sa.Column("epoch", sa.String(length=64), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("received_at", Utc(), nullable=False),
        sa.Column("entry_hash", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=True),
        sa.Column("letter", sa.Boolean(), nullable=False),
        sa.Column("receipt", sa.Boolean(), nullable=False),
        sa.Column("handover", sa.String(length=64), nullable=True),
        sa.Column("opened_at", Utc(), nullable=True),
        sa.Column("opened_by", sa.String(length=64), nullable=True),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.Column("jws", sa.Text(), nullable=False),
        sa.Column("seal", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("epoch", "partition", "sequence"),
    )
    op.create_index("ix_inbox_id", "inbox", ["id"], unique=False)
    op.create_index("ix_inbox_subject", "inbox", ["subject"], unique=False)

    op.create_table(
        "items",
        sa.Column("item", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("section", Json, nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("message", sa.String(length=64), nullable=True),
        sa.Column("salt", sa.LargeBinary(), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("blocked_at", Utc(), nullable=True),
        sa.Column("blocked_by", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("item"),
    )
    op.create_index("ix_items_subject", "items", ["subject"], unique=False)

    op.create_table(
        "lost",
        sa.Column("epoch", sa.String(length=64), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("epoch", "partition", "sequence"),
    )
    op.create_table(
        "persons",
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("ref", sa.String(length=64), nullable=False),
        sa.Column("person", Json, nullable=False),
        sa.PrimaryKeyConstraint("subject", "ref"),
    )
    op.create_table(
        "positions",
        sa.Column("epoch", sa.String(length=64), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("highest", sa.BigInteger(), nullable=False),
        sa.Column("contiguous", sa.BigInteger(), nullable=False),
        sa.Column("receipted", sa.BigInteger(), nullable=False),
        sa.Column("at", Utc(), nullable=True),
        sa.Column("barrier", sa.String(length=64), nullable=True),
        sa.Column("barrier_mark", sa.BigInteger(), nullable=False),
        sa.Column("barrier_passed", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("epoch", "partition"),
    )
    op.create_table(
        "rejected",
        sa.Column("epoch", sa.String(length=64), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("epoch", "partition", "offset"),
    )
    op.create_table(
        "requests",
        sa.Column("ref", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("answer", Json, nullable=False),
        sa.PrimaryKeyConstraint("ref", "key"),
    )
    op.create_table(
        "schema_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "sent",
        sa.Column("position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("recipients", Json, nullable=False),
        sa.Column("body", Json, nullable=False),
        sa.Column("by_ref", sa.String(length=64), nullable=True),
        sa.Column("dry_run", sa.Boolean(), nullable=False),
        sa.Column("automatic", sa.Boolean(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.Column("jws", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("queued_at", Utc(), nullable=False),
        sa.Column("published_at", Utc(), nullable=True),
        sa.Column("reasons", Json, nullable=True),
        sa.Column("flags", Json, nullable=True),
        sa.Column("decided_at", Utc(), nullable=True),
        sa.Column("entry_hash", sa.String(length=64), nullable=True),
        sa.Column("seal", sa.Text(), nullable=True),
        sa.Column("stored_at", Utc(), nullable=True),
        sa.Column("opened_at", Utc(), nullable=True),
        sa.Column("answered_by", sa.String(length=64), nullable=True),
        sa.Column("resend_due_at", Utc(), nullable=True),
        sa.Column("resent_as", sa.String(length=64), nullable=True),
        sa.Column("lost_at", Utc(), nullable=True),
        sa.PrimaryKeyConstraint("position"),
        sa.UniqueConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_sent_status", "sent", ["status"], unique=False)
    op.create_index("ix_sent_subject", "sent", ["subject"], unique=False)

    op.create_table(
        "sight",
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("child", sa.String(length=64), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("plan", Json, nullable=False),
        sa.Column("planned_at", Utc(), nullable=False),
        sa.Column("confirmed_at", Utc(), nullable=True),
        sa.Column("slot_seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("subject", "child", "owner"),
    )
    op.create_table(
        "statements",
        sa.Column("statement", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("body", Json, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("changed_at", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("statement"),
    )
    op.create_index("ix_statements_subject", "statements", ["subject"], unique=False)

    op.create_table(
        "timeline",
        sa.Column("entry_hash", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("slot_seq", sa.BigInteger(), nullable=False),
        sa.Column("case_seq", sa.BigInteger(), nullable=True),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("message", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("recipients", Json, nullable=False),
        sa.Column("verdict", sa.String(length=16), nullable=True),
        sa.PrimaryKeyConstraint("entry_hash"),
    )
    op.create_index("ix_timeline_subject", "timeline", ["subject"], unique=False)
