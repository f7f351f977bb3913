"""The Kafka value: a CloudEvent (NL GOV profile) in structured JSON, signed over exactly these bytes.

The bytes are never re-serialised: what was signed is stored, hashed and passed on as it came.
"""

import hashlib
import json
import re
from typing import Annotated, Any, Final, Literal, NoReturn

from pydantic import Field, StringConstraints, ValidationError

from schemas.base import Frozen, Instant, Slug, Subject, Uuid
from schemas.manifest import Manifest
from schemas.parties import OrganisationKind, Professional

TYPE_PREFIX = "nl.estafette."
TYPE_SUFFIX = ".v1"
DRY_RUN = "dry_run."
CONTENT_TYPE = "application/cloudevents+json"
MAX_PLAINTEXT = 2 * 1024 * 1024  # bytes of section text in a letter
MAX_OUTBOX = 4 * 1024 * 1024  # bytes of an outbox record
MAX_INBOX = 5 * 1024 * 1024  # bytes of an inbox record: message plus seal
MAX_DEPTH = 24
MAX_VALUES = 32_768
"""The most commas in a message: twice what the largest letter needs. Each value that does not fit costs the gate a
fault to name, so a message of nothing else would keep a slot busy for seconds."""


_FIELD: Final = re.compile(r"[a-z][a-z0-9_]{0,40}|\[key\]")


class MalformedMessage(ValueError):
    """The bytes are not a message of this protocol. `problems` says where and why, without quoting content."""

    def __init__(self, *problems: str) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class Data(Frozen):
    """What every message holds beside its coded body.

    `to` is empty for a statement nobody else gets, exactly one for a letter. `by` decided it, `second` is the second
    person
    where a rule asks for one. `sealed` maps an item of the manifest to its JWE.
    """

    to: Annotated[tuple[Slug, ...], Field(max_length=32)] = ()
    by: Professional | None = None  # absent only in what a machine says (receipts, alerts)
    second: Professional | None = None
    acting_under: OrganisationKind | None = None
    body: dict[str, Any]
    manifest: Manifest | None = None
    sealed: dict[Uuid, str] = Field(default_factory=dict, repr=False)
    resend_of: Uuid | None = None


class Event(Frozen):
    """A CloudEvent 1.0. `type` = nl.estafette.<plural>.<event>.v1; `time` is the sender's claim."""

    specversion: Literal["1.0"] = "1.0"
    id: Uuid
    source: Slug
    type: Annotated[str, StringConstraints(pattern=r"^nl\.estafette\.(dry_run\.)?[a-z_]+\.[a-z_]+\.v1$")]
    subject: Subject
    time: Instant
    dataschema: Annotated[str, StringConstraints(max_length=200)] | None = None
    datacontenttype: Literal["application/json"] = "application/json"
    data: Data

    @property
    def name(self) -> str:
        """The type without prefix, version and dry-run mark, e.g. `handovers.proposed`: the key of every rule table."""
        return self.type.removeprefix(TYPE_PREFIX).removeprefix(DRY_RUN).removesuffix(TYPE_SUFFIX)

    @property
    def dry_run(self) -> bool:
        """True when only a judgement is asked."""
        return self.type.startswith(TYPE_PREFIX + DRY_RUN)

    def encode(self) -> bytes:
        """The bytes to sign and send. Only a maker calls this; a reader keeps the bytes it got."""
        return self.model_dump_json(exclude_none=True).encode()


def wire_type(name: str, dry_run: bool = False) -> str:
    """`handovers.proposed` -> `nl.estafette.handovers.proposed.v1`."""
    return f"{TYPE_PREFIX}{DRY_RUN if dry_run else ''}{name}{TYPE_SUFFIX}"


def message_hash(value: bytes) -> str:
    """SHA-256 of a message's exact bytes, in hexadecimal."""
    return hashlib.sha256(value).hexdigest()


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise MalformedMessage("a JSON object names the same key twice")
    return found


def _no_constant(_: str) -> NoReturn:
    raise MalformedMessage("NaN and Infinity are not JSON")


_ODD_ESCAPE = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
_ODD_TEXT = re.compile("[\x00\ud800-\udfff]")


def _text(value: Any) -> None:
    """No character that another reader, or a database, has no place for."""
    if isinstance(value, str):
        if _ODD_TEXT.search(value):
            raise MalformedMessage("a text holds U+0000 or half a character")
    elif isinstance(value, dict):
        for key, inner in value.items():
            _text(key)
            _text(inner)
    elif isinstance(value, list):
        for inner in value:
            _text(inner)


def _depth(value: dict[str, Any] | list[Any], left: int = MAX_DEPTH) -> None:
    if left == 0:
        raise MalformedMessage(f"nested deeper than {MAX_DEPTH}")
    for inner in value.values() if isinstance(value, dict) else value:
        if isinstance(inner, dict | list):
            _depth(inner, left - 1)


def strict_json(value: bytes) -> Any:
    """JSON with one meaning: UTF-8, no duplicate keys, no NaN, whole characters, bounded depth. Raises
    MalformedMessage.
    """
    try:
        text = value.decode("utf-8")
        parsed = json.loads(text, object_pairs_hook=_no_duplicates, parse_constant=_no_constant)
    except MalformedMessage:
        raise
    except (ValueError, RecursionError) as error:
        raise MalformedMessage(f"not JSON in UTF-8: {type(error).__name__}") from None
    if isinstance(parsed, dict | list):
        _depth(parsed)
    if _ODD_ESCAPE.search(text):
        _text(parsed)
    return parsed


def problems_of(error: ValidationError) -> tuple[str, ...]:
    """Where and why a value does not fit, without quoting the value itself (it may be content); nor a key that looks
    like no name of a field, for the same reason."""
    return tuple(
        f"{'.'.join(map(_shown, e['loc'])) or 'message'}: {e['msg']}"[:200]
        for e in error.errors(include_input=False, include_url=False, include_context=False)[:20]
    )


def _shown(part: str | int) -> str:
    return str(part) if isinstance(part, int) or _FIELD.fullmatch(part) else "(key)"


def parse_event(value: bytes) -> Event:
    """The message these bytes hold. Raises MalformedMessage naming every problem."""
    if value.count(b",") > MAX_VALUES:  # counted before anything is built of them
        raise MalformedMessage(f"more than {MAX_VALUES} values")
    try:
        return Event.model_validate(strict_json(value))
    except ValidationError as error:
        raise MalformedMessage(*problems_of(error)) from None
