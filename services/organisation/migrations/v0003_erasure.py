"""Holds, erasures, and the word that a database comes from a backup."""

import sqlalchemy as sa
from alembic import op

from services.runtime.sql import Json, Utc

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "holds",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("placed_at", Utc(), nullable=False),
        sa.Column("placed_by", sa.String(length=64), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("lifted_at", Utc(), nullable=True),
        sa.Column("lifted_by", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_holds_subject", "holds", ["subject"], unique=False)
    op.create_table(
        "erasures",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("person", sa.String(length=64), nullable=True),
        sa.Column("ground", sa.String(length=32), nullable=False),
        sa.Column("requested_on", sa.Date(), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("by_ref", sa.String(length=64), nullable=False),
        sa.Column("second_ref", sa.String(length=64), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("reasons", Json, nullable=False),
        sa.Column("items", Json, nullable=False),
        sa.Column("kept", Json, nullable=False),
        sa.Column("holders", Json, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_erasures_subject", "erasures", ["subject"], unique=False)
    op.create_table(
        "restores",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("taken_at", Utc(), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
