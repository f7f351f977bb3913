"""Days as the Netherlands count them."""

from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

AMSTERDAM: Final = ZoneInfo("Europe/Amsterdam")


@lru_cache(maxsize=4096)
def dutch_day(moment: datetime) -> date:
    """The date in the Netherlands at a moment."""
    return moment.astimezone(AMSTERDAM).date()


def midnight(day: date | None, later: int = 0) -> datetime | None:
    """The first moment of a day, `later` days on; None for no day, and for one before all time zones."""
    if day is None:
        return None
    shifted = date.fromordinal(min(day.toordinal() + later, date.max.toordinal()))
    return datetime.combine(shifted, time.min, AMSTERDAM).astimezone(UTC) if shifted.year > 1 else None
