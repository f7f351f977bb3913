"""Makes the organisation's messages: numbered, dated, signed, and ready to be published as they are."""

import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from schemas.base import Slug, Subject, Uuid, dump
from schemas.body import Body
from schemas.event import MAX_OUTBOX, Data, Event, wire_type
from schemas.manifest import Manifest
from schemas.parties import OrganisationKind, Professional
from services.runtime.jose import SigningKey, sign_detached
from services.runtime.subjects import slot_of


class TooLargeError(Exception):
    """A message over the limit; `size` and `allowed` in bytes."""

    def __init__(self, what: str, size: int, allowed: int) -> None:
        super().__init__(f"{what} takes {size} bytes; {allowed} are allowed")


class Clock:
    """The organisation's time: that of the last checkpoint on a simulated cluster, the wall's otherwise (and before
    the first checkpoint)."""

    def __init__(self, kind: Literal["simulated", "real"]) -> None:
        self._simulated = kind == "simulated"
        self._last: datetime | None = None

    def advance(self, at: datetime | None) -> None:
        """A checkpoint says this moment. Time never goes back."""
        if at is not None and (self._last is None or at > self._last):
            self._last = at

    def now(self) -> datetime:
        if self._simulated and self._last is not None:
            return self._last
        return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message as it will be published."""

    event: Event = field(repr=False)
    name: str
    partition: int
    value: bytes = field(repr=False)
    jws: str
    automatic: bool = False

    def row(self) -> dict[str, Any]:
        """As it is stored in `sent`."""
        data = self.event.data
        return {
            "id": self.event.id,
            "name": self.name,
            "subject": self.event.subject,
            "partition": self.partition,
            "recipients": list(data.to),
            "body": data.body,
            "by_ref": data.by.ref if data.by else None,
            "dry_run": self.event.dry_run,
            "automatic": self.automatic,
            "value": self.value,
            "jws": self.jws,
            "status": "queued",
            "queued_at": self.event.time,
        }


@dataclass(frozen=True, slots=True)
class Author:
    """Writes in the name of one organisation. `key` is the one to sign with at a moment."""

    slug: Slug
    key: Callable[[datetime], SigningKey] = field(repr=False)
    slots: int
    clock: Clock

    def write(
        self,
        subject: Subject,
        body: Body,
        *,
        to: Iterable[Slug] = (),
        by: Professional | None = None,
        second: Professional | None = None,
        acting_under: OrganisationKind | None = None,
        manifest: Manifest | None = None,
        sealed: Mapping[Uuid, str] | None = None,
        message: Uuid | None = None,
        dry_run: bool = False,
        automatic: bool = False,
        resend_of: Uuid | None = None,
    ) -> Outgoing:
        """Raises TooLargeError."""
        now = self.clock.now()
        event = Event(
            id=message or str(uuid.uuid4()),
            source=self.slug,
            type=wire_type(body.name, dry_run),
            subject=subject,
            time=now,
            data=Data(
                to=tuple(to),
                by=by,
                second=second,
                acting_under=acting_under,
                body=dump(body),
                manifest=manifest,
                sealed=dict(sealed or {}),
                resend_of=resend_of,
            ),
        )
        value = event.encode()
        if len(value) > MAX_OUTBOX:
            raise TooLargeError("the message, sealed and signed,", len(value), MAX_OUTBOX)
        jws = sign_detached(value, self.key(now))
        return Outgoing(event, body.name, slot_of(subject, self.slots), value, jws, automatic)
