"""What every reader of alerts keeps of one: its latest state, as the watcher said it."""

from typing import Any

import sqlalchemy as sa

from services.runtime.sql import Json, Utc


def alert_columns(case: str) -> tuple[sa.Column[Any], ...]:
    """The columns that an edge and the ledger share; `case` is what the reader calls the subject."""
    return (
        sa.Column("alert", sa.String(64), primary_key=True),
        sa.Column(case, sa.String(64), nullable=False),
        sa.Column("code", sa.String(64), nullable=False),
        sa.Column("tier", sa.Integer),  # absent where only its end was heard of
        sa.Column("responsible", Json, nullable=False, default=list),
        sa.Column("child", sa.String(64)),
        sa.Column("handover", sa.String(64)),
        sa.Column("due", Utc),
        sa.Column("at", Utc, nullable=False),  # of this state
        sa.Column("state", sa.String(16), nullable=False),
    )
