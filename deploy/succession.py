"""One organisation goes on as another: what both do to the directory and to their keys.

The organisation that ends says so in its entry, as it rotates a key: on files, signed with its identity key. The
operator checks the deed of the merger (BW 2:318) and confirms. The private keys that open the letters of the one that
ends go to the other: on one machine by a copy, between two in the sealed store (`estafette organisation
hand-over-store`).
"""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from deploy.ceremony import CeremonyError, confirm, own_entry, sign_entry
from deploy.keys import identity_key, operator_key, write_once
from deploy.registry import Folder, apply, fingerprint
from deploy.renewal import folder_of, moment
from deploy.system import System
from schemas.base import Slug
from schemas.directory import Organisation
from services.runtime.directory import OPERATOR
from services.runtime.jose import SealingKey
from services.runtime.keys import KeySettings, lock, read_key
from services.runtime.settings import Settings

AHEAD: Final = timedelta(minutes=1)
"""On the wall's clock a succession begins so much later than it is published: by then every edge has read of it, and
none takes an order that would come too late."""


def succeed(home: Path, folder: Folder, old: Slug, new: Slug, at: datetime) -> Organisation:
    """As the organisation that ends: from `at` on `new` stands in its place. The entry, signed.

    Raises CeremonyError and KeysUnusable. It can be said again, and not taken back.
    """
    before = own_entry(home, folder, old)
    if (before.successor, before.ended_at) == (new, at):
        return before
    if before.successor is not None:
        raise CeremonyError(f"{old} goes on as {before.successor} since {before.ended_at}; that is not taken back")
    _may_succeed(folder, before, new)
    update = {"version": before.version + 1, "successor": new, "ended_at": at}
    after = Organisation.model_validate({**before.model_dump(), **update})
    sign_entry(home, folder, after)
    return after


def succeed_now(system: System, old: Slug, new: Slug, at: datetime | None = None) -> Organisation:
    """Play every part, for a system whose parties all live on this machine, while it runs: keys, entry, confirmation,
    publication. `at`: from when; a minute from now, or at once on a simulated clock. The entry of `old`.

    Raises CeremonyError, KeysUnusable and what `apply` does.
    """
    home, folder, settings = system.home, folder_of(system), Settings(home=system.home)
    now = moment(system)
    begins = at or (now + AHEAD if settings.cluster().clock == "real" else now)
    hand_over_keys(home, old, new)
    entry = succeed(home, folder, old, new, begins)
    confirm(folder, old, identity_of(home, old))
    apply(settings.kafka(OPERATOR), folder, operator_key(home), now)
    return entry


def identity_of(home: Path, slug: Slug) -> str:
    """The fingerprint that the operator compares."""
    return fingerprint(identity_key(home, slug))


def hand_over_keys(home: Path, old: Slug, new: Slug) -> list[str]:
    """Copy what opens the letters of `old` into the key store of `new`, where both are on this machine; the key ids.

    Raises KeysUnusable. A key in a PKCS#11 device stays there: what is sealed to it, only the old edge opens.
    """
    passphrase = KeySettings().passphrase()
    copied = []
    for file in sorted((home / "keys" / old).glob("sealing*.jwk")):
        key = read_key(file, passphrase)
        if isinstance(key, SealingKey):
            keep_key(home, new, key)
            copied.append(key.kid)
    return copied


def keep_key(home: Path, slug: Slug, key: SealingKey) -> None:
    """Put a key of a predecessor where the edge of `slug` finds it; it is taken up without a restart."""
    file = home / "keys" / slug / f"sealing-of-{key.kid}.jwk"
    write_once(file, lock(key.to_jwk(), KeySettings().passphrase()))


def _may_succeed(folder: Folder, ended: Organisation, new: Slug) -> None:
    entry = folder.entry(new)
    if entry is None:
        raise CeremonyError(f"{new} takes no part: it joins first (estafette directory join)")
    other = Organisation.model_validate_json(entry[0])
    if (other.kind, other.subkind) != (ended.kind, ended.subkind):
        raise CeremonyError(
            f"{new} is a {other.subkind or other.kind} and {ended.slug} a {ended.subkind or ended.kind}: "
            "only the same kind succeeds; anything else is handed over case by case"
        )
    passed = {ended.slug}
    while other.successor is not None:
        passed.add(other.slug)
        if other.successor in passed:
            raise CeremonyError(f"{other.slug} goes on as {other.successor}: a circle")
        following = folder.entry(other.successor)
        if following is None:
            return
        other = Organisation.model_validate_json(following[0])
