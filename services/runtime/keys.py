"""Where an organisation's private keys are, and which of them to use now.

Three places, which may be combined: files under ESTAFETTE_HOME/keys/<slug> (encrypted with a passphrase when one is
given), a JWK set in the environment, and a PKCS#11 device. All are looked at again while the process runs, so that a
new key is used without a restart. The identity key, which signs the directory entry, is never taken in here: no running
service needs it.
"""

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Protocol, Self

import structlog
from joserfc import jwe
from joserfc.jwk import OctKey
from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.runtime.directory import Directory
from services.runtime.jose import SealingKey, SigningKey

PASSPHRASE_ROUNDS: Final = 210_000
"""PBKDF2-HMAC-SHA512 (OWASP Password Storage Cheat Sheet, 2023)."""
SHORTEST_PASSPHRASE: Final = 12
_WRAP, _ENCRYPTION = "PBES2-HS512+A256KW", "A256GCM"  # RFC 7518 §4.8; a JWK encrypted as RFC 7517 §7 says
_REGISTRY: Final = jwe.JWERegistry(algorithms=[_WRAP, _ENCRYPTION])

Key = SigningKey | SealingKey

log = structlog.get_logger(__name__)


class KeysUnusable(Exception):
    """Private keys cannot be read or made. The text names file or device and what to do, never key material."""


class NoKey(Exception):
    """There is no key to sign with that the directory accepts now."""


class KeySettings(BaseSettings):
    """Where keys are and what opens them: ESTAFETTE_KEY_PASSPHRASE, _KEY_PASSPHRASE_FILE, _KEY_PASSPHRASE_FD, _KEYS,
    _PKCS11_MODULE, _PKCS11_TOKEN, _PKCS11_PIN and _PKCS11_PIN_FILE."""

    model_config = SettingsConfigDict(env_prefix="ESTAFETTE_", frozen=True, extra="ignore", hide_input_in_errors=True)

    key_passphrase: SecretStr | None = None
    key_passphrase_file: Path | None = None
    key_passphrase_fd: int | None = None
    keys: SecretStr | None = None
    """A JWK set (RFC 7517 §5) with the private keys to sign and to open with."""
    pkcs11_module: Path | None = None
    pkcs11_token: str = "estafette"  # noqa: S105  # the label of a token, no secret
    pkcs11_pin: SecretStr | None = None
    pkcs11_pin_file: Path | None = None

    def passphrase(self) -> SecretStr | None:
        """What key files are encrypted with; None: they are not. Raises KeysUnusable."""
        found = _secret(self.key_passphrase, self.key_passphrase_file)
        if self.key_passphrase_fd is not None:
            found = _from_descriptor(self.key_passphrase_fd)
        if found is not None and len(found.get_secret_value()) < SHORTEST_PASSPHRASE:
            raise KeysUnusable(f"the passphrase of the keys is shorter than {SHORTEST_PASSPHRASE} characters")
        return found

    def pin(self) -> SecretStr:
        """Of the PKCS#11 token. Raises KeysUnusable."""
        found = _secret(self.pkcs11_pin, self.pkcs11_pin_file)
        if found is None:
            raise KeysUnusable("set ESTAFETTE_PKCS11_PIN_FILE or ESTAFETTE_PKCS11_PIN")
        return found


def lock(jwk: Mapping[str, str], passphrase: SecretStr | None) -> bytes:
    """The text of a key file: the JWK encrypted with the passphrase, or as it is without one."""
    if passphrase is None:
        return json.dumps(dict(jwk), indent=2).encode() + b"\n"
    header = {"alg": _WRAP, "enc": _ENCRYPTION, "p2c": PASSPHRASE_ROUNDS, "cty": "jwk+json"}
    text = json.dumps(dict(jwk)).encode()
    return jwe.encrypt_compact(header, text, _wrapping(passphrase), registry=_REGISTRY).encode() + b"\n"


def unlock(text: bytes, passphrase: SecretStr | None, name: str = "the key") -> dict[str, Any]:
    """The JWK in a key file. Raises KeysUnusable."""
    try:
        if not text.lstrip().startswith(b"{"):
            if passphrase is None:
                raise KeysUnusable(f"{name} is encrypted: set ESTAFETTE_KEY_PASSPHRASE_FILE")
            text = jwe.decrypt_compact(text.strip(), _wrapping(passphrase), registry=_REGISTRY).plaintext or b""
        jwk = json.loads(text)
    except KeysUnusable:
        raise
    except Exception:  # the library raises many kinds; none may carry key material
        raise KeysUnusable(f"{name} does not open: wrong passphrase, or no key") from None
    if not isinstance(jwk, dict):
        raise KeysUnusable(f"{name} is no key")
    return jwk


def key_of(jwk: Mapping[str, Any], name: str = "the key") -> Key:
    """To sign with or to open with, by its curve. Raises KeysUnusable."""
    try:
        return SealingKey.from_jwk(jwk) if jwk.get("crv") == "X25519" else SigningKey.from_jwk(jwk)
    except ValueError as wrong:
        raise KeysUnusable(f"{name}: {wrong}") from None


def read_key(file: Path, passphrase: SecretStr | None) -> Key:
    """The key in a file. Raises KeysUnusable."""
    try:
        text = file.read_bytes()
    except OSError as error:
        raise KeysUnusable(f"{file} cannot be read ({type(error).__name__})") from None
    return key_of(unlock(text, passphrase, str(file)), str(file))


class Place(Protocol):
    """Somewhere that private keys of one organisation are."""

    def version(self, revision: int) -> object:
        """Changes when there may be other keys. `revision`: that of the directory as it is known now."""
        ...

    def load(self) -> Iterable[Key]:
        """The keys to sign and to open with. Raises KeysUnusable."""
        ...


class Folder:
    """Key files signing*.jwk and sealing*.jwk; what was read once is not decrypted again."""

    def __init__(self, folder: Path, passphrase: SecretStr | None) -> None:
        self._folder = folder
        self._passphrase = passphrase
        self._read: dict[tuple[str, int], Key] = {}

    def version(self, revision: int) -> object:
        try:
            return self._folder.stat().st_mtime_ns
        except FileNotFoundError:
            return None

    def load(self) -> Iterable[Key]:
        files = [file for use in ("signing", "sealing") for file in sorted(self._folder.glob(f"{use}*.jwk"))]
        names = {(file.name, file.stat().st_mtime_ns): file for file in files}
        self._read = {name: self._read.get(name) or read_key(file, self._passphrase) for name, file in names.items()}
        return self._read.values()


class Given:
    """Keys that the environment holds."""

    def __init__(self, jwks: SecretStr) -> None:
        self._jwks = jwks

    def version(self, revision: int) -> object:
        return None

    def load(self) -> Iterable[Key]:
        try:
            found = json.loads(self._jwks.get_secret_value())["keys"]
        except (ValueError, KeyError, TypeError):
            raise KeysUnusable('ESTAFETTE_KEYS is no JWK set: {"keys": [...]}') from None
        return [key_of(jwk, f"key {number} of ESTAFETTE_KEYS") for number, jwk in enumerate(found, start=1)]


class KeyRing:
    """The keys of one organisation, as they are now in all places. Iterating gives the keys to open with."""

    def __init__(self, slug: str, places: Iterable[Place], revision: Callable[[], int] = lambda: 0) -> None:
        self._slug = slug
        self._places = tuple(places)
        self._revision = revision
        self._seen: object = None
        self._signing: dict[str, SigningKey] = {}
        self._sealing: dict[str, SealingKey] = {}
        self._seen = self._versions()
        self._load()

    @classmethod
    def of(cls, home: Path, slug: str, revision: Callable[[], int] = lambda: 0) -> Self:
        """As the environment says. Raises KeysUnusable, also when there is no key at all to sign with."""
        try:
            return cls._of(home, slug, revision)
        except KeysUnusable as wrong:  # a service that ends for it must have said why
            log.critical("KEYS_UNUSABLE", organisation=slug, reason=str(wrong))
            raise

    @classmethod
    def _of(cls, home: Path, slug: str, revision: Callable[[], int]) -> Self:
        settings = KeySettings()
        places: list[Place] = [Folder(home / "keys" / slug, settings.passphrase())]
        if settings.keys is not None:
            places.append(Given(settings.keys))
        if settings.pkcs11_module is not None:
            from services.runtime.pkcs11 import Device  # python-pkcs11 is an extra of this package

            places.append(Device.of(settings, slug))
        ring = cls(slug, places, revision)
        if not ring.signing:
            raise KeysUnusable(f"{slug} has no key to sign with: neither in {home / 'keys' / slug} nor elsewhere")
        return ring

    @property
    def signing(self) -> Mapping[str, SigningKey]:
        """By key id."""
        self._look()
        return self._signing

    @property
    def sealing(self) -> Mapping[str, SealingKey]:
        """By key id. Old ones stay: letters are kept as they came, and stay sealed to the key of their day."""
        self._look()
        return self._sealing

    def __iter__(self) -> Iterator[SealingKey]:
        return iter(tuple(self.sealing.values()))

    def signer(self, directory: Directory, at: datetime) -> SigningKey:
        """The newest key in use at `at` of which the private half is here. Raises NoKey."""
        held = self.signing
        for kid in directory.own_kids(self._slug, at):
            if kid in held:
                return held[kid]
        raise NoKey(f"{self._slug} holds no key that the directory lets it sign with now: estafette directory rotate")

    def signer_or_last(self, directory: Directory, at: datetime) -> SigningKey:
        """As `signer`; without one, what a message is refused for is better known than why it was never sent."""
        try:
            return self.signer(directory, at)
        except NoKey:
            return tuple(self.signing.values())[-1]

    def _look(self) -> None:
        versions = self._versions()
        if versions != self._seen:
            self._seen = versions
            try:
                self._load()
            except KeysUnusable as wrong:  # a service that signs goes on with what it has
                log.error("KEYS_UNUSABLE", organisation=self._slug, reason=str(wrong))

    def _load(self) -> None:
        found = [key for place in self._places for key in place.load() if self._belongs(place, key)]
        self._signing = {key.kid: key for key in found if isinstance(key, SigningKey)}
        self._sealing = {key.kid: key for key in found if isinstance(key, SealingKey)}

    def _belongs(self, place: Place, key: Key) -> bool:
        """Its own; in its folder also what opens the letters of an organisation that it succeeded."""
        inherited = isinstance(place, Folder) and isinstance(key, SealingKey)
        return inherited or key.kid.startswith(f"{self._slug}.")

    def _versions(self) -> object:
        revision = self._revision()
        return [place.version(revision) for place in self._places]


def _secret(given: SecretStr | None, file: Path | None) -> SecretStr | None:
    if file is None:
        return given
    try:
        return SecretStr(file.read_text(encoding="utf-8").strip())
    except (OSError, ValueError) as error:
        raise KeysUnusable(f"{file} cannot be read ({type(error).__name__})") from None


@lru_cache(maxsize=1)
def _from_descriptor(number: int) -> SecretStr:
    """A descriptor can be read once."""
    try:
        with os.fdopen(number, encoding="utf-8") as pipe:
            return SecretStr(pipe.read().strip())
    except (OSError, ValueError) as error:
        raise KeysUnusable(f"file descriptor {number} cannot be read ({type(error).__name__})") from None


def _wrapping(passphrase: SecretStr) -> OctKey:
    return OctKey.import_key(passphrase.get_secret_value())
