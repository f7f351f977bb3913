"""Keys in a PKCS#11 device: it signs and agrees on keys, and never gives a private key away.

A key is found by its label, which is its key id. Ed25519 goes by CKM_EDDSA, X25519 by CKM_ECDH1_DERIVE. Calls block
for as long as the device takes: milliseconds for one in the machine.
"""

import threading
from collections.abc import Iterable
from typing import Any, Self

import pkcs11  # bindings to any vendor's module; kept up by a community around one maintainer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from pkcs11 import KDF, Attribute, KeyType, Mechanism, MechanismFlag, ObjectClass
from pkcs11.exceptions import PKCS11Error, UserAlreadyLoggedIn
from pkcs11.util.ec import encode_named_curve_parameters

from services.runtime.jose import SealingKey, SigningKey
from services.runtime.keys import Key, KeySettings, KeysUnusable

_CURVES = {SigningKey: "1.3.101.112", SealingKey: "1.3.101.110"}  # RFC 8410
_RAW = 32


class Device:
    """One token of a PKCS#11 module, and in it the keys of one organisation."""

    def __init__(self, session: Any, slug: str) -> None:
        self._session = session
        self._slug = slug
        self._one = threading.Lock()  # a session does one thing at a time

    @classmethod
    def of(cls, settings: KeySettings, slug: str) -> Self:
        """Log in. Raises KeysUnusable."""
        pin = settings.pin().get_secret_value()
        try:
            token = pkcs11.lib(str(settings.pkcs11_module)).get_token(token_label=settings.pkcs11_token)
            try:
                return cls(token.open(rw=True, user_pin=pin), slug)
            except UserAlreadyLoggedIn:  # a process logs in once for all its sessions
                return cls(token.open(rw=True), slug)
        except (PKCS11Error, RuntimeError, OSError) as error:
            told = f"the PKCS#11 token {settings.pkcs11_token} cannot be opened ({type(error).__name__})"
            raise KeysUnusable(told) from None

    def version(self, revision: int) -> object:
        """A new key of the organisation is in the device before it is in the directory."""
        return revision

    def load(self) -> Iterable[Key]:
        return [key for key in self.labelled(f"{self._slug}.") if ".identity." not in key.kid]

    def labelled(self, start: str) -> list[Key]:
        """The keys of which the id begins so, in the order of their ids. Raises KeysUnusable."""
        try:
            with self._one:
                found = list(self._session.get_objects({Attribute.CLASS: ObjectClass.PRIVATE_KEY}))
            own = {str(key.label): key for key in found if str(key.label).startswith(start)}
            return [self._key(kid, own[kid]) for kid in sorted(own)]
        except PKCS11Error as error:
            raise KeysUnusable(f"the PKCS#11 device does not answer ({type(error).__name__})") from None

    def make(self, kid: str, kind: type[SigningKey] | type[SealingKey]) -> Key:
        """A new key that the device made and keeps. Raises KeysUnusable."""
        sign = kind is SigningKey
        curve = {Attribute.EC_PARAMS: encode_named_curve_parameters(_CURVES[kind])}
        try:
            with self._one:
                form = self._session.create_domain_parameters(KeyType.EC_EDWARDS, curve, local=True)
                form.generate_keypair(
                    mechanism=Mechanism.EC_EDWARDS_KEY_PAIR_GEN,
                    capabilities=MechanismFlag.SIGN | MechanismFlag.VERIFY if sign else MechanismFlag.DERIVE,
                    label=kid,
                    id=kid.encode(),
                    store=True,
                )
        except PKCS11Error as error:
            raise KeysUnusable(f"the PKCS#11 device makes no such key ({type(error).__name__})") from None
        return next(key for key in self.labelled(kid) if key.kid == kid)

    def _key(self, kid: str, private: Any) -> Key:
        with self._one:
            wanted = {Attribute.CLASS: ObjectClass.PUBLIC_KEY, Attribute.LABEL: kid}
            public = next(iter(list(self._session.get_objects(wanted))), None)
            if public is None:
                raise KeysUnusable(f"the PKCS#11 device holds {kid} without its public half")
            parameters, point = bytes(public[Attribute.EC_PARAMS]), bytes(public[Attribute.EC_POINT])[-_RAW:]
        if parameters == encode_named_curve_parameters(_CURVES[SealingKey]):
            return SealingKey.in_device(kid, _Exchange(private, point, self._one))
        return SigningKey(kid, _Sign(private, point, self._one))


class _Sign:
    def __init__(self, private: Any, public: bytes, one: threading.Lock) -> None:
        self._private, self._public, self._one = private, Ed25519PublicKey.from_public_bytes(public), one

    def sign(self, data: bytes, /) -> bytes:
        with self._one:
            return bytes(self._private.sign(data, mechanism=Mechanism.EDDSA))

    def public_key(self) -> Ed25519PublicKey:
        return self._public


class _Exchange:
    def __init__(self, private: Any, public: bytes, one: threading.Lock) -> None:
        self._private, self._public, self._one = private, X25519PublicKey.from_public_bytes(public), one

    def exchange(self, peer: X25519PublicKey, /) -> bytes:
        """The shared secret. Raises ValueError for a point that makes it the same for everyone (RFC 7748 §6.1)."""
        told = (KDF.NULL, None, peer.public_bytes_raw())
        shape = {Attribute.SENSITIVE: False, Attribute.EXTRACTABLE: True}
        with self._one:
            shared = self._private.derive_key(
                KeyType.GENERIC_SECRET,
                8 * _RAW,
                mechanism=Mechanism.ECDH1_DERIVE,
                mechanism_param=told,
                store=False,
                template=shape,
            )
            secret = bytes(shared[Attribute.VALUE])
        if not any(secret):
            raise ValueError("not a point to agree on a key with")
        return secret

    def public_key(self) -> X25519PublicKey:
        return self._public
