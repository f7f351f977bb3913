"""What is wrong with a letter, as who got it says."""

import sqlalchemy as sa
from alembic import op

from services.runtime.sql import Utc

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "rejections",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("message", sa.String(length=64), nullable=False),
        sa.Column("item", sa.String(length=64), nullable=True),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("author", sa.String(length=64), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("mended_at", Utc(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_rejections_subject", "rejections", ["subject"], unique=False)
    op.create_index("ix_rejections_message", "rejections", ["message"], unique=False)
