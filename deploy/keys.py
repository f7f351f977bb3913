"""Private keys of this machine: made once, in files that only their owner reads or in a PKCS#11 device, never
overwritten.

With ESTAFETTE_KEY_PASSPHRASE_FILE (or _KEY_PASSPHRASE, _KEY_PASSPHRASE_FD) the files are encrypted; with
ESTAFETTE_PKCS11_MODULE new keys are made in the device.
"""

import contextlib
import json
import os
import secrets
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from pydantic import SecretStr

from schemas.directory import KeyUse
from services.runtime.jose import SealingKey, SigningKey
from services.runtime.keys import Key, KeySettings, KeysUnusable, lock, read_key

if TYPE_CHECKING:
    from services.runtime.pkcs11 import Device

FILES: Final = {KeyUse.IDENTITY: "identity", KeyUse.SIGN: "signing", KeyUse.SEAL: "sealing"}


class OrganisationKeys(NamedTuple):
    """The three key pairs of one organisation, gate or oversight."""

    identity: SigningKey
    signing: SigningKey
    sealing: SealingKey


def organisation_keys(home: Path, slug: str) -> OrganisationKeys:
    """The first keys of an organisation; what is missing is made. Raises KeysUnusable."""
    return OrganisationKeys(
        identity=identity_key(home, slug),
        signing=_signing(_first_key(home, slug, KeyUse.SIGN)),
        sealing=_sealing(_first_key(home, slug, KeyUse.SEAL)),
    )


def identity_key(home: Path, slug: str) -> SigningKey:
    """The key with which an organisation signs its entry; made if missing. Raises KeysUnusable."""
    return _signing(_first_key(home, slug, KeyUse.IDENTITY))


def operator_key(home: Path) -> SigningKey:
    """The key with which the operator confirms who takes part. Raises KeysUnusable."""
    return identity_key(home, "operator")


def new_key(home: Path, slug: str, use: KeyUse) -> SigningKey | SealingKey:
    """One more key, beside those that are there. Raises KeysUnusable."""
    settings, kid = KeySettings(), _kid(f"{slug}.{use.value}")
    kind = SealingKey if use is KeyUse.SEAL else SigningKey
    if settings.pkcs11_module is not None:
        return device(settings, slug).make(kid, kind)
    key = kind.generate(kid)
    file = home / "keys" / slug / f"{FILES[use]}-{kid.rpartition('.')[2]}.jwk"
    write_once(file, lock(key.to_jwk(), settings.passphrase()))
    return key


def issuer_key(home: Path) -> SigningKey:
    """The key of the development token issuer, never encrypted; its public half lies beside it for those who check."""
    file = home / "issuer" / "private.jwk"
    if not file.exists():
        write_once(file, lock(SigningKey.generate(_kid("issuer")).to_jwk(), None))
    key = SigningKey.from_file(file)
    write_once(home / "issuer" / "public.jwk", json.dumps(key.public().to_jwk(), indent=2).encode() + b"\n")
    return key


def encrypt_files(home: Path, passphrase: SecretStr) -> list[Path]:
    """Encrypt every key file that is not encrypted yet; those files. The organisation's, not the token issuer's."""
    plain = [file for file in sorted((home / "keys").glob("*/*.jwk")) if file.read_bytes().startswith(b"{")]
    for file in plain:
        replace(file, lock(json.loads(file.read_bytes()), passphrase))
    return plain


def device(settings: KeySettings, slug: str) -> "Device":
    """The PKCS#11 device, logged in once. Raises KeysUnusable."""
    try:
        return _device(settings.pkcs11_module, slug)
    except ImportError:
        raise KeysUnusable(
            "a PKCS#11 device needs the package python-pkcs11: pip install 'estafette[pkcs11]'"
        ) from None


@lru_cache
def _device(module: Path, slug: str) -> "Device":
    from services.runtime.pkcs11 import Device  # python-pkcs11 is an extra of this package

    return Device.of(KeySettings(), slug)


def _first_key(home: Path, slug: str, use: KeyUse) -> Key:
    file, settings = home / "keys" / slug / f"{FILES[use]}.jwk", KeySettings()
    if file.exists():
        return read_key(file, settings.passphrase())
    if settings.pkcs11_module is not None:
        held = device(settings, slug).labelled(f"{slug}.{use.value}.")
        return held[0] if held else new_key(home, slug, use)
    kind = SealingKey if use is KeyUse.SEAL else SigningKey
    write_once(file, lock(kind.generate(_kid(f"{slug}.{use.value}")).to_jwk(), settings.passphrase()))
    return read_key(file, settings.passphrase())


def _signing(key: Key) -> SigningKey:
    if not isinstance(key, SigningKey):
        raise KeysUnusable(f"{key.kid} is no key to sign with")
    return key


def _sealing(key: Key) -> SealingKey:
    if not isinstance(key, SealingKey):
        raise KeysUnusable(f"{key.kid} is no key to open with")
    return key


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
    """Write a file only its owner can read in the place of the old one, whole or not at all. Never another key."""
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
