"""What every process that reads the directory tells of it."""

from collections import Counter
from collections.abc import Callable

from services.runtime.directory import Directory
from services.runtime.metrics import Gauge, Source

DIRECTORY_CONFLICT = "DIRECTORY_CONFLICT"


def directory_alarms(directory: Directory) -> list[str]:
    """An entry is ignored because it contradicts a pin, a signature or an earlier entry."""
    return [DIRECTORY_CONFLICT] if directory.conflicts else []


def directory_gauges(directory: Callable[[], Directory]) -> Source:
    """A source of metrics. `directory` is asked anew each time."""

    async def gauges() -> list[Gauge]:
        found = Counter(conflict.reason for conflict in directory().conflicts)
        return [Gauge("estafette_directory_conflicts", number, (reason,)) for reason, number in found.items()]

    return gauges
