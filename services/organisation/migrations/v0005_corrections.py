"""An item that was corrected says so."""

import sqlalchemy as sa
from alembic import op

from services.runtime.sql import Utc

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("items", sa.Column("corrected_at", Utc(), nullable=True))
    op.add_column("items", sa.Column("replaced_by", sa.String(length=64), nullable=True))
