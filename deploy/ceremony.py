"""What the organisations and the operator do to the directory: join, confirm, pin, rotate a key, revoke one.

Each works on files alone, so that no two parties need to share a machine: the folder travels through git, fingerprints
by telephone, private keys not at all.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from pydantic import model_validator

from deploy.keys import identity_key, new_key, operator_key, organisation_keys
from deploy.registry import Folder, fingerprint, public, signed_by
from schemas.agreements import Agreements
from schemas.base import Code, Frozen, Slug
from schemas.directory import (
    MAX_ENTRY,
    Contact,
    DirectoryKey,
    DirectoryRecord,
    Fingerprint,
    KeyUse,
    Organisation,
    Standing,
    Text,
    Topics,
)
from schemas.parties import ExternalKind, OrganisationKind
from services.runtime.directory import OPERATOR, Pins
from services.runtime.jose import SealingKey, SigningKey, sign_detached
from services.runtime.keys import KeySettings

BACK: Final = timedelta(minutes=5)
"""A new key counts from so long before it was made: the clocks of those who check it may be behind by as much as the
gate allows a message to be ahead."""
OVERLAP: Final = timedelta(days=1)
"""So long the old key may still be used, until every edge has taken up the new one. Our own choice."""
ACCEPTED: Final = timedelta(days=30)
"""And so long after that it is accepted: a message is refused for its age before it is refused for its key."""
MAX_KEYS: Final = 64


class CeremonyError(Exception):
    """This cannot be done; the text says why and what to do instead. Nothing was changed."""


class PinDiffersError(CeremonyError):
    """Another identity key is pinned for these. Nothing was changed."""


class About(Frozen):
    """What an organisation says of itself, wherever it does."""

    slug: Slug
    kind: OrganisationKind
    subkind: ExternalKind | None = None
    name: Text
    under_secrecy: bool = False
    designated_for_vto: bool = False
    lenient_consent: bool = False
    coordination: Slug | None = None
    regions: tuple[Code, ...] = ()
    contact: Contact | None = None
    complaint_route: Text | None = None
    agreements: tuple[Agreements, ...] = ()  # of a coordination, past ones first; in a file also their files' names


class Described(About):
    """The file that an organisation hands to `estafette directory join`."""

    topics: Topics | None = None

    @model_validator(mode="after")
    def _joins(self) -> "Described":
        if self.slug == OPERATOR:
            raise ValueError("'operator' is taken")
        return self

    @property
    def standing(self) -> Standing:
        """Raises ValueError (pydantic) for a standing that does not exist."""
        own = self.topics or Topics(outbox=f"{self.slug}.outbox", inbox=f"{self.slug}.inbox")
        return Standing(**{**self.model_dump(include=set(Standing.model_fields)), "topics": own})


def join(home: Path, folder: Folder, described: Described, valid_from: datetime) -> tuple[Organisation, bool]:
    """As the organisation: make the keys that are missing, and sign the entry unless it says the same already.

    The entry as it is now, and whether it was signed anew. Raises KeysUnusable.
    """
    keys = organisation_keys(home, described.slug)
    before = _held(folder, described.slug)
    past = before.keys if before else ()
    known = {key.kid for key in past}
    made = (
        _entry_key(keys.identity, valid_from),
        _entry_key(keys.signing, valid_from),
        _entry_key(keys.sealing, valid_from),
    )
    after = Organisation(
        **_as_it_stands(described.standing, before),
        version=before.version if before else 1,
        name=described.name,
        contact=described.contact,
        complaint_route=described.complaint_route,
        keys=(*past, *(key for key in made if key.kid not in known)),
    )
    if after == before:
        return after, False
    if before is not None:
        after = after.model_copy(update={"version": before.version + 1})
    sign_entry(home, folder, after)
    return after, True


def confirm(folder: Folder, slug: Slug, read_out: Fingerprint) -> Standing:
    """As the operator: this entry is of the organisation whose fingerprint was read out, and its standing is right.

    Raises CeremonyError when the entry is not signed with the key of that fingerprint.
    """
    entry = folder.entry(slug)
    if entry is None:
        raise CeremonyError(f"{slug} has no signed entry in {folder.root}; it makes one: estafette directory join")
    organisation = Organisation.model_validate_json(entry[0])
    if organisation.slug != slug or not signed_by(*entry, read_out, organisation):
        raise CeremonyError(f"the entry of {slug} is not signed with the key of that fingerprint: do not confirm it")
    standing = Standing.model_validate(organisation.model_dump(include=set(Standing.model_fields)))
    folder.write_standing(standing)
    folder.write_pins({**folder.pins, slug: read_out})
    return standing


def operate(home: Path, folder: Folder) -> Fingerprint:
    """As the operator: make the key that confirms standings, if missing; its fingerprint."""
    found = fingerprint(operator_key(home))
    if folder.pins.get(OPERATOR, found) != found:
        raise CeremonyError(f"{folder.root / 'pins.yaml'} names another operator's key")
    folder.write_pins({**folder.pins, OPERATOR: found})
    return found


def pin(folder: Folder, pins: Pins, replace: bool = False) -> None:
    """As any party: from now on believe entries of these identities. Raises PinDiffersError."""
    held = folder.pins
    differing = sorted(slug for slug, wanted in pins.items() if held.get(slug, wanted) != wanted)
    if differing and not replace:
        raise PinDiffersError(", ".join(differing))
    folder.write_pins({**held, **pins})


def rotate(
    home: Path,
    folder: Folder,
    slug: Slug,
    uses: Iterable[KeyUse],
    at: datetime,
    overlap: timedelta = OVERLAP,
    accepted: timedelta = ACCEPTED,
) -> tuple[DirectoryKey, ...]:
    """As the organisation: a new key for each use, beside the old ones, whose end is set now; the new keys.

    The private halves are in place before the entry is signed, so that nobody seals to a key that cannot open yet.
    Raises CeremonyError and KeysUnusable.
    """
    before = own_entry(home, folder, slug)
    wanted = tuple(dict.fromkeys(uses))
    if KeyUse.IDENTITY in wanted:
        raise CeremonyError("an identity is not rotated: everyone has pinned it. See docs/keys.md, when a key leaked")
    if len(before.keys) + len(wanted) > MAX_KEYS:
        raise CeremonyError(f"{slug} has had {len(before.keys)} keys, and past keys stay; {MAX_KEYS} is the most")
    made = tuple(_entry_key(new_key(home, slug, use), at - BACK) for use in wanted)
    ended = tuple(_ended(key, at, overlap, accepted) if key.use in wanted else key for key in before.keys)
    sign_entry(home, folder, before.model_copy(update={"version": before.version + 1, "keys": (*ended, *made)}))
    return made


def revoke(home: Path, folder: Folder, kid: str, at: datetime) -> tuple[DirectoryKey, ...]:
    """As the organisation: nothing made with this key counts from `at` on; the new key, where it was the last in use.

    Raises CeremonyError and KeysUnusable.
    """
    slug = kid.partition(".")[0]
    before = own_entry(home, folder, slug)
    key = next((key for key in before.keys if key.kid == kid), None)
    if key is None:
        raise CeremonyError(f"{slug} has no key {kid}; it has {', '.join(key.kid for key in before.keys)}")
    if key.use is KeyUse.IDENTITY:
        raise CeremonyError("an identity cannot revoke itself. See docs/keys.md, when a key leaked")
    if key.revoked_at is not None and key.revoked_at <= at:
        raise CeremonyError(f"{kid} is revoked already, from {key.revoked_at.isoformat()}")
    revoked = tuple(k.model_copy(update={"revoked_at": at}) if k.kid == kid else k for k in before.keys)
    made: Sequence[DirectoryKey] = ()
    if not any(other.use is key.use and other.in_use(at) for other in revoked):
        made = (_entry_key(new_key(home, slug, key.use), at - BACK),)
    sign_entry(home, folder, before.model_copy(update={"version": before.version + 1, "keys": (*revoked, *made)}))
    return tuple(made)


def _as_it_stands(standing: Standing, before: Organisation | None) -> dict[str, Any]:
    """A successor that was named (deploy/succession.py) stays named, whatever the description says."""
    named = {} if before is None else {"successor": before.successor, "ended_at": before.ended_at}
    return {**standing.model_dump(), **named}


def own_entry(home: Path, folder: Folder, slug: Slug) -> Organisation:
    before = _held(folder, slug)
    if before is None:
        raise CeremonyError(f"{slug} has no entry in {folder.root}: estafette directory join")
    if not (home / "keys" / slug).exists() and KeySettings().pkcs11_module is None:
        raise CeremonyError(f"the keys of {slug} are not on this machine: only {slug} changes its entry")
    return before


def _held(folder: Folder, slug: Slug) -> Organisation | None:
    entry = folder.entry(slug)
    record = folder.root / f"{slug}.json"
    if entry is None and record.exists():  # published before entries were kept apart
        known = DirectoryRecord.model_validate_json(record.read_bytes())
        folder.write_entry(slug, known.entry, known.identity_jws)
        entry = (known.entry, known.identity_jws)
    return Organisation.model_validate_json(entry[0]) if entry else None


def sign_entry(home: Path, folder: Folder, organisation: Organisation) -> None:
    """Readable text, because people compare it in git; exactly these bytes are signed."""
    checked = Organisation.model_validate(organisation.model_dump())
    identity = identity_key(home, checked.slug)
    if fingerprint(identity) not in {key.jwk.fingerprint for key in checked.keys_for(KeyUse.IDENTITY)}:
        raise CeremonyError(f"the identity key of {checked.slug} at hand is not the one in its entry")
    text = checked.model_dump_json(exclude_none=True, indent=1)
    if len(text) > MAX_ENTRY:
        raise CeremonyError(f"the entry of {organisation.slug} is longer than {MAX_ENTRY} characters")
    folder.write_entry(organisation.slug, text, sign_detached(text.encode(), identity))


def _entry_key(key: SigningKey | SealingKey, not_before: datetime) -> DirectoryKey:
    jwk = key.public_jwk() if isinstance(key, SealingKey) else key.public().to_jwk()
    return DirectoryKey(kid=key.kid, use=_use(key.kid), jwk=public(jwk), not_before=not_before)


def _use(kid: str) -> KeyUse:
    """Key ids are made as <slug>.<use>.<random>."""
    return KeyUse(kid.split(".")[1])


def _ended(key: DirectoryKey, at: datetime, overlap: timedelta, accepted: timedelta) -> DirectoryKey:
    """The old key with its end. An end that was set before stays."""
    if key.revoked_at is not None or key.sign_until is not None:
        return key
    until = max(at + overlap, key.not_before + overlap)
    changed = {"sign_until": until, "accept_until": until + accepted}
    return DirectoryKey.model_validate({**key.model_dump(), **changed})


def own_pins(home: Path) -> Folder:
    """Where a party keeps its own pins: pins.yaml under ESTAFETTE_HOME."""
    return Folder(home)
