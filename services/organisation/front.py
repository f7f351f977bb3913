"""What the HTTP interface needs of an edge."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.base import Slug
from services.organisation.author import Clock
from services.organisation.desk import Desk
from services.organisation.erasure import Eraser
from services.organisation.letters import Letters
from services.organisation.profile import Profile
from services.runtime.directory import Directory
from services.runtime.metrics import Metrics
from services.runtime.tokens import Callers


@dataclass(frozen=True, slots=True)
class Front:
    """One edge, seen from its door. `directory` is asked anew each time; `wake` when something was queued."""

    slug: Slug
    profile: Profile
    epoch: str
    slots: int
    engine: AsyncEngine
    clock: Clock
    callers: Callers
    desk: Desk
    letters: Letters
    eraser: Eraser
    directory: Callable[[], Directory]
    wake: Callable[[], None]
    can_sign: Callable[[], bool]
    health: Callable[[], Awaitable[Mapping[str, Any]]]
    barrier: Callable[[], Awaitable[str | None]]
    metrics: Metrics
