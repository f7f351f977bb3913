"""Alerts have the columns they have at an edge; steps take the place of a version."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    with op.batch_alter_table("alerts") as change:
        change.alter_column("alert", existing_type=sa.String(36), type_=sa.String(64))
        change.alter_column("case", existing_type=sa.String(48), type_=sa.String(64))
        change.alter_column("handover", existing_type=sa.String(36), type_=sa.String(64))
        change.alter_column("state", existing_type=sa.String(64), type_=sa.String(16))
    meta = sa.table("meta", sa.column("name", sa.String(64)))
    op.execute(sa.delete(meta).where(meta.c.name == "version"))
