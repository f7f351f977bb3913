"""What is counted: coded events from the gate's facts, as far back as those are still there."""

import sqlalchemy as sa
from alembic import op

from services.runtime.sql import Utc

revision = "0004"
down_revision = "0003"

PLACE = ("epoch", "slot", "slot_seq")


def upgrade() -> None:
    op.create_table(
        "events",
        sa.Column("epoch", sa.String(length=36), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("slot_seq", sa.BigInteger(), nullable=False),
        sa.Column("case", sa.String(length=48), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("message", sa.String(length=64), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("actor_kind", sa.String(length=64), nullable=True),
        sa.Column("recipient", sa.String(length=64), nullable=True),
        sa.Column("regie", sa.String(length=64), nullable=True),
        sa.Column("thing", sa.String(length=64), nullable=True),
        sa.Column("kind", sa.String(length=64), nullable=True),
        sa.Column("outcome", sa.String(length=64), nullable=True),
        sa.Column("day", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint(*PLACE),
    )
    op.create_index("events_case", "events", ["epoch", "case", "name"], unique=False)
    op.create_index("events_name", "events", ["name", "day"], unique=False)
    op.create_table(
        "event_children",
        sa.Column("epoch", sa.String(length=36), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("slot_seq", sa.BigInteger(), nullable=False),
        sa.Column("child", sa.String(length=64), nullable=False),
        sa.Column("mark", sa.String(length=64), nullable=False),
        sa.Column("age", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(PLACE, [f"events.{name}" for name in PLACE]),
        sa.PrimaryKeyConstraint(*PLACE, "child", "mark"),
    )
    with op.batch_alter_table("slots") as change:
        change.add_column(sa.Column("facts_barrier", sa.String(length=64), nullable=True))
