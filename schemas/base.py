"""The value types every message is made of. Nothing here does I/O or reads a clock."""

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints


class Frozen(BaseModel):
    """A value: immutable, and an unknown field is an error rather than silently dropped."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_timedelta="iso8601")


def _aware_utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("an instant needs a time zone, e.g. 2026-03-02T09:00:00Z")
    return value if value.tzinfo is UTC else value.astimezone(UTC)


Instant = Annotated[datetime, AfterValidator(_aware_utc)]
"""A moment, kept in UTC. Written with a time zone; a naive time is refused."""

SLUG_PATTERN = r"[a-z][a-z0-9-]{1,47}"
Slug = Annotated[str, StringConstraints(pattern=f"^{SLUG_PATTERN}$")]
"""An organisation's short name in the directory, its Kafka user and the head of its topics, e.g. `lokaal-team-linde`.
"""

UUID_PATTERN = r"[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
Uuid = Annotated[str, StringConstraints(pattern=f"^{UUID_PATTERN}$")]
"""A UUID in lower-case text."""

Subject = Annotated[str, StringConstraints(pattern=f"^(case|thread):{UUID_PATTERN}$")]
"""What a message is about: `case:<uuid4>`, or `thread:<uuid4>` for what has no case (anonymous advice, a signal)."""

CODE_PATTERN = r"[A-Za-z0-9][A-Za-z0-9_.:/-]{0,63}"
Code = Annotated[str, StringConstraints(pattern=f"^{CODE_PATTERN}$")]
"""A short coded reference in the clear part of a message: never prose, never a name (64 characters at most)."""

Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""SHA-256 in hexadecimal."""

Count = Annotated[int, Field(ge=0, le=2**53)]
"""A whole number that every JSON reader keeps exact."""

MAX_ROWS = 64
"""The most rows any list in the clear part of a message may hold; a family and its helpers fit in it amply."""


def dump(model: BaseModel) -> dict[str, Any]:
    """The model as JSON values, without fields that say nothing (None, and what was left at its default stays)."""
    return model.model_dump(mode="json", exclude_none=True)
