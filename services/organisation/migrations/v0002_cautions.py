"""Cases say what to beware of; alerts have the columns they have at the ledger; steps take the place of a version."""

import sqlalchemy as sa
from alembic import op

from services.runtime.sql import Json

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("cases", sa.Column("caution", Json))
    alerts = sa.table("alerts", sa.column("responsible", Json))
    op.execute(sa.update(alerts).where(alerts.c.responsible.is_(None)).values(responsible=[]))
    with op.batch_alter_table("alerts") as change:
        change.alter_column("until", new_column_name="acknowledged_until")
        change.alter_column("responsible", existing_type=Json, nullable=False)
    op.drop_table("schema_version")
