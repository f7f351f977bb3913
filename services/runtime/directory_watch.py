"""What every process that reads the directory tells of it."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from schemas.directory import DIRECTORY_CONFLICT
from services.runtime.conflicts import warnings
from services.runtime.directory import Directory
from services.runtime.metrics import Gauge, Source


def directory_alarms(directory: Directory) -> list[str]:
    """An entry is ignored because it contradicts a pin, a signature or an earlier entry."""
    return [DIRECTORY_CONFLICT] if directory.conflicts else []


def directory_state(directory: Directory) -> dict[str, Any]:
    """For /health: how far the directory was read, and each record that was ignored, in words."""
    return {
        "alarms": directory_alarms(directory),
        "directory": directory.revision,
        "warnings": warnings(directory.conflicts),
    }


def directory_gauges(directory: Callable[[], Directory]) -> Source:
    """A source of metrics. `directory` is asked anew each time."""

    async def gauges() -> list[Gauge]:
        found = Counter(conflict.reason for conflict in directory().conflicts)
        return [Gauge("estafette_directory_conflicts", number, (reason,)) for reason, number in found.items()]

    return gauges
