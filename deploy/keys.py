"""Private keys on this machine: made once, readable by their owner only, never overwritten."""

import contextlib
import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from services.runtime.jose import SealingKey, SigningKey


class OrganisationKeys(NamedTuple):
    """The three key pairs of one organisation, gate or oversight."""

    identity: SigningKey
    signing: SigningKey
    sealing: SealingKey


def organisation_keys(home: Path, slug: str) -> OrganisationKeys:
    """The keys under `home`/keys/<slug>; what is missing is made."""
    folder = home / "keys" / slug
    return OrganisationKeys(
        identity=signing_key(folder / "identity.jwk", f"{slug}.identity"),
        signing=signing_key(folder / "signing.jwk", f"{slug}.sign"),
        sealing=sealing_key(folder / "sealing.jwk", f"{slug}.seal"),
    )


def operator_key(home: Path) -> SigningKey:
    """The key with which the operator confirms who takes part."""
    return signing_key(home / "keys" / "operator" / "identity.jwk", "operator.identity")


def issuer_key(home: Path) -> SigningKey:
    """The key of the development token issuer; its public half lies beside it for those who check tokens."""
    key = signing_key(home / "issuer" / "private.jwk", "issuer")
    write_once(home / "issuer" / "public.jwk", _text(key.public().to_jwk()))
    return key


def signing_key(file: Path, use: str) -> SigningKey:
    """The key in `file`, made if missing; its id is `use` and a random end, so that a later key has another."""
    if not file.exists():
        write_once(file, _text(SigningKey.generate(_kid(use)).to_jwk()))
    return SigningKey.from_file(file)


def sealing_key(file: Path, use: str) -> SealingKey:
    if not file.exists():
        write_once(file, _text(SealingKey.generate(_kid(use)).to_jwk()))
    return SealingKey.from_file(file)


def write_once(file: Path, text: bytes) -> bool:
    """Write a file only its owner can read, whole or not at all, unless it is there. True when it was written."""
    private_folder(file.parent)
    new = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
    write_private(new, text)
    try:
        with contextlib.suppress(FileExistsError):
            os.link(new, file)
            return True
        return False
    finally:
        new.unlink()


def replace(file: Path, text: bytes) -> None:
    """Write a file only its owner can read in the place of the old one, whole or not at all. Never for a key."""
    private_folder(file.parent)
    new = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
    write_private(new, text)
    new.replace(file)


def write_private(file: Path, text: bytes) -> None:
    """Write a new file with mode 0600 from its first byte."""
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())


def private_folder(folder: Path) -> None:
    """Make a folder, and those above it that are missing, that only the owner can enter."""
    if not folder.exists():
        private_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


def _kid(use: str) -> str:
    return f"{use}.{secrets.token_hex(3)}"


def _text(jwk: Mapping[str, str]) -> bytes:
    return json.dumps(jwk, indent=2).encode() + b"\n"
