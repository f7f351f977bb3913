"""What is checked before any state is read: form, signature, place. A bad record becomes a refusal."""

from dataclasses import dataclass, field, replace
from functools import lru_cache

from pydantic import ValidationError

from schemas.base import Slug
from schemas.body import Body
from schemas.event import MAX_OUTBOX, Event, MalformedMessage, message_hash, parse_event, problems_of
from schemas.refusal import Refusal
from schemas.tables.messages import BY_NAME, MessageRow
from services.relay.types import Record, Refresh
from services.runtime.directory import Directory
from services.runtime.jose import BadSignature, verify_detached
from services.runtime.subjects import slot_of
from services.runtime.telemetry import HEADER, Trace, parse

BARRIER_TYPE = b"application/estafette-barrier+json"
"""Content type of the mark by which oversight says that it has dealt with a tick."""


@dataclass(frozen=True, slots=True)
class Received:
    """A record of an outbox as far as it could be read. `refusal` is set when it stops here."""

    owner: Slug
    value: bytes = field(repr=False)
    hash: str
    jws: bytes = field(repr=False)
    kid: str | None = None
    event: Event | None = None
    body: Body | None = None
    row: MessageRow | None = None
    refusal: Refusal | None = None
    problems: tuple[str, ...] = ()
    trace: Trace | None = None  # as the sender says; it decides nothing


@dataclass(frozen=True, slots=True)
class Barrier:
    """Oversight has dealt with the tick of this barrier."""

    value: bytes


def owner_of(topic: str) -> Slug:
    """`lokaal-team-linde.outbox` -> `lokaal-team-linde`."""
    return topic.removesuffix(".outbox")


@lru_cache(maxsize=65_536)
def read(record: Record, directory: Directory, slots: int, fresh: bool) -> Received | Barrier:
    """Parse and verify one record.

    Raises Refresh when the signer's key is unknown and the directory is not `fresh`: it may have grown.
    """
    headers = dict(record.headers)
    owner, value, jws = owner_of(record.topic), record.value or b"", headers.get("jws", b"")
    if owner == "oversight" and headers.get("content-type") == BARRIER_TYPE:
        return Barrier(value)
    parsed = _parse(owner, value, jws)
    if HEADER in headers:
        parsed = replace(parsed, trace=parse(headers[HEADER]))
    if parsed.event is None:
        return parsed
    return _place(_verify(parsed, directory, fresh), record, slots)


def _parse(owner: Slug, value: bytes, jws: bytes) -> Received:
    digest = message_hash(value)
    if len(value) > MAX_OUTBOX:
        return Received(owner, value, digest, jws, refusal=Refusal.TOO_LARGE, problems=(f"over {MAX_OUTBOX} bytes",))
    try:
        event = parse_event(value)
    except MalformedMessage as error:
        return Received(owner, value, digest, jws, refusal=Refusal.MALFORMED, problems=error.problems)
    row = BY_NAME.get(event.name)
    if row is None:
        problem = ("type: no organisation may say this; see the list of message types",)
        return Received(owner, value, digest, jws, event=event, refusal=Refusal.MALFORMED, problems=problem)
    try:
        body = row.body.model_validate(event.data.body)
    except ValidationError as error:
        problems = tuple(f"data.body.{problem}" for problem in problems_of(error))
        return Received(owner, value, digest, jws, event=event, row=row, refusal=Refusal.MALFORMED, problems=problems)
    return Received(owner, value, digest, jws, event=event, row=row, body=body)


def _verify(received: Received, directory: Directory, fresh: bool) -> Received:
    """The signature first: until it holds, what the message says of itself is nobody's word."""
    try:
        kid = verify_detached(received.value, received.jws, directory.past_key)
    except BadSignature as error:
        if not fresh and received.jws:
            raise Refresh from None
        return _refused(received, Refusal.UNSIGNED, str(error))
    if directory.owner(kid) != received.owner:
        return _refused(received, Refusal.WRONG_SOURCE, "signed with a key of another organisation")
    event = received.event
    if event is not None and event.source != received.owner:
        return _refused(received, Refusal.WRONG_SOURCE, "source: not the organisation whose outbox this is")
    return replace(received, kid=kid)


def _place(received: Received, record: Record, slots: int) -> Received:
    event = received.event
    if received.refusal is not None or event is None:
        return received
    key = event.subject.encode()
    if record.key != key or slot_of(event.subject, slots) != record.partition:
        return _refused(received, Refusal.WRONG_PARTITION, "key = subject, partition = murmur2(key) % slots")
    return received


def _refused(received: Received, refusal: Refusal, problem: str) -> Received:
    """Keep the first refusal in the order of the checks: a form error found before stands."""
    order = list(Refusal)
    if received.refusal is not None and order.index(received.refusal) < order.index(refusal):
        return received
    return replace(received, body=None, row=None, refusal=refusal, problems=(problem,))
