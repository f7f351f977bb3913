"""Days as the Netherlands count them."""

from datetime import UTC, date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

AMSTERDAM: Final = ZoneInfo("Europe/Amsterdam")


def midnight(day: date | None, later: int = 0) -> datetime | None:
    """The first moment of a day, `later` days on; None for no day, and for one before all time zones."""
    if day is None:
        return None
    shifted = date.fromordinal(min(day.toordinal() + later, date.max.toordinal()))
    return datetime.combine(shifted, time.min, AMSTERDAM).astimezone(UTC) if shifted.year > 1 else None
