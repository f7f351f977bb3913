"""A case shows the family's fixed contact."""

import sqlalchemy as sa
from alembic import op

from services.runtime.sql import Json

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("cases", sa.Column("contact", Json, nullable=True))
