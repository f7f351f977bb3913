"""How much of what could not be decided is kept for repair: of one organisation no more than an operator can look at.

Beyond that the ledger entry with the hash stands alone; the record itself stays in the outbox as long as content does.
"""

from datetime import datetime, timedelta
from typing import Final

from schemas.base import Count, Frozen, Instant, Slug
from services.relay.types import View

COPIES: Final = 100
"""Copies of one organisation that a slot keeps within an hour; our choice."""
BYTES: Final = 8 * 1024 * 1024
"""The same in bytes: twice the largest outbox record."""
SPAN: Final = timedelta(hours=1)


class Kept(Frozen):
    """What was kept of one organisation since an hour began."""

    since: Instant
    copies: Count = 0
    size: Count = 0


def takes(view: View, owner: Slug, size: int, now: datetime) -> bool:
    """Whether a copy of so many bytes is still kept; it then counts."""
    key = f"quarantine::{owner}"
    stored = view.get(key)
    kept = Kept.model_validate_json(stored) if stored is not None else Kept(since=now)
    if now - kept.since >= SPAN:
        kept = Kept(since=now)
    if kept.copies >= COPIES or kept.size + size > BYTES:
        return False
    counted = Kept(since=kept.since, copies=kept.copies + 1, size=kept.size + size)
    view.put(key, counted.model_dump_json().encode())
    return True
