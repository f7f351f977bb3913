"""Sections of a letter: sealed to one recipient on the way out, opened and compared with the manifest on the way in."""

import base64
import hashlib
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from pydantic import ValidationError

from schemas.base import Slug, Subject, Uuid
from schemas.event import Event
from schemas.manifest import SealedHeader, SealedSection, Section
from services.runtime.jose import CannotOpen, SealingKey, open_sealed, seal

SALT_BYTES = 16


class Fault(StrEnum):
    """Why a section is not what its letter says; the codes of `dossiers.rejected`."""

    CANNOT_OPEN = "CANNOT_OPEN"
    DIGEST = "DIGEST"
    HEADER_MISMATCH = "HEADER_MISMATCH"


@dataclass(frozen=True, slots=True)
class Item:
    """One item as its holder has it. Salt and text stay the same on every sealing, and with them the digest."""

    section: Section  # bases left out
    salt: bytes = field(repr=False)
    text: str = field(repr=False)


def new_salt() -> bytes:
    return secrets.token_bytes(SALT_BYTES)


def digest(salt: bytes, text: str) -> str:
    """SHA-256(salt || body)."""
    return hashlib.sha256(salt + text.encode()).hexdigest()


def seal_item(
    item: Item, message: Uuid, source: Slug, recipient: Slug, subject: Subject, key: Mapping[str, Any]
) -> str:
    """The item as a JWE to the recipient's sealing key."""
    section = item.section
    header = SealedHeader(
        source=source,
        recipient=recipient,
        subject=subject,
        message=message,
        item=section.item,
        category=section.category,
        about=section.about,
        kind=section.kind,
    )
    salt = base64.urlsafe_b64encode(item.salt).rstrip(b"=").decode()
    plain = SealedSection(header=header, salt=salt, body=item.text)
    return seal(plain.model_dump_json().encode(), key)


@dataclass(frozen=True, slots=True)
class Opened:
    """One section of a letter: its item, or what is wrong with it."""

    section: Section
    item: Item | None = field(default=None, repr=False)
    fault: Fault | None = None


def open_letter(event: Event, recipient: Slug, keys: Iterable[SealingKey]) -> list[Opened]:
    """Every section of a letter. Never raises, whatever it holds.

    Who holds the key of an organisation it succeeded also opens what was sealed to that one: a key id begins with the
    name of its owner, and such a key comes from that owner alone.
    """
    manifest = event.data.manifest
    held = tuple(keys)
    if event.data.to and event.data.to[0] in {key.kid.partition(".")[0] for key in held}:
        recipient = event.data.to[0]
    return [_open(event, section, recipient, held) for section in (manifest.sections if manifest else ())]


def _open(event: Event, section: Section, recipient: Slug, keys: tuple[SealingKey, ...]) -> Opened:
    sealed = event.data.sealed.get(section.item)
    if sealed is None:
        return Opened(section, fault=Fault.CANNOT_OPEN)
    try:
        plain = SealedSection.model_validate_json(open_sealed(sealed, keys), extra="ignore")
        salt = base64.urlsafe_b64decode(plain.salt + "=" * (-len(plain.salt) % 4))
    except (CannotOpen, ValidationError, ValueError):
        return Opened(section, fault=Fault.CANNOT_OPEN)
    expected = SealedHeader(
        source=event.source,
        recipient=recipient,
        subject=event.subject,
        message=event.id,
        item=section.item,
        category=section.category,
        about=section.about,
        kind=section.kind,
    )
    if plain.header != expected:
        return Opened(section, fault=Fault.HEADER_MISMATCH)
    if digest(salt, plain.body) != section.digest:
        return Opened(section, fault=Fault.DIGEST)
    return Opened(section, Item(section.model_copy(update={"bases": ()}), salt, plain.body))
