"""Rotate the keys of an organisation whose keys are on this machine, and publish them, while everything runs."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from deploy.ceremony import CeremonyError, rotate
from deploy.keys import operator_key
from deploy.registry import Folder, apply
from deploy.system import System
from schemas.directory import DirectoryKey, KeyUse
from services.runtime.directory import OPERATOR
from services.runtime.settings import Settings


def rotate_now(
    system: System, slug: str, uses: Iterable[KeyUse] = (KeyUse.SIGN, KeyUse.SEAL)
) -> tuple[DirectoryKey, ...]:
    """New keys of one party, published; running services take them up. Raises CeremonyError and what `apply` does."""
    at = moment(system)
    made = rotate(system.home, folder_of(system), slug, uses, at)
    apply(Settings(home=system.home).kafka(OPERATOR), folder_of(system), operator_key(system.home), at)
    return made


def folder_of(system: System) -> Folder:
    """The folder of a system whose parties all live on this machine."""
    return Folder(system.home / "directory")


def moment(system: System) -> datetime:
    """What time it is for those who check keys: the wall's, or that of the slot furthest behind on a simulated clock.

    Raises CeremonyError when no slot can be asked.
    """
    if Settings(home=system.home).cluster().clock == "real":
        return datetime.now(UTC)
    ticks = slot_times(system.health(["gate"])["gate"])
    if not ticks:
        raise CeremonyError("the clock is simulated and the gate tells no time: give --at")
    return min(ticks)


def slot_times(health: Mapping[str, Any]) -> list[datetime]:
    """The time of each slot, from the gate's health page."""
    ticks = (slot.get("last_tick") for slot in (health.get("slots") or {}).values())
    return [datetime.fromisoformat(tick) for tick in ticks if tick]
