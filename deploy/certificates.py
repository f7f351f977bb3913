"""Certificates of one's own, for a machine that has none from elsewhere: two authorities, the broker's certificate and
one for each Kafka user that logs in with a certificate.

Two authorities, so that no organisation's certificate is ever taken for a broker's, nor the other way round. All lie
under ESTAFETTE_HOME: `tls/ca` signs brokers (clients check it), `tls/users-ca` signs users (the broker checks it),
`certificates/<user>` is what a user logs in with. Keys are EC P-256, as Kafka reads no Ed25519 keys.
"""

import ipaddress
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from deploy.keys import replace

MARK: Final = "estafette"
"""What every name ends with, `O=estafette`: the broker maps no other name to a user."""
USERS, BROKERS = "users", "brokers"
AUTHORITY_LIFE = timedelta(days=3650)
LIFE = timedelta(days=365)
RENEWED_BEFORE_END = timedelta(days=60)
CLOCKS_DIFFER = timedelta(minutes=5)
LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")
Names = tuple[str, ...]


class Pair(NamedTuple):
    """The files of a certificate (with those that signed it) and of its private key."""

    certificate: Path
    key: Path

    @classmethod
    def at(cls, folder: Path, name: str) -> "Pair":
        return cls(folder / f"{name}.crt", folder / f"{name}.key")

    def exists(self) -> bool:
        return self.certificate.exists() and self.key.exists()

    def fresh(self, now: datetime, names: Names = ()) -> bool:
        """Whether it holds for some time yet, fits its key, and names these hosts."""
        if not self.exists():
            return False
        found = x509.load_pem_x509_certificate(self.certificate.read_bytes())
        fits = load_pem_private_key(self.key.read_bytes(), None).public_key() == found.public_key()
        return fits and found.not_valid_after_utc - now > RENEWED_BEFORE_END and set(names) <= set(_hosts(found))

    def pem(self) -> bytes:
        """Key and certificates in one, which Kafka calls a key store. Private."""
        return self.key.read_bytes() + self.certificate.read_bytes()


class Authority(NamedTuple):
    """Signs certificates."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    def issue(self, pair: Pair, unit: str, name: str, hosts: Names = ()) -> None:
        """Write a new key and a certificate `CN=name,OU=unit,O=estafette`; with hosts it is a server's too."""
        key = ec.generate_private_key(ec.SECP256R1())
        usages = [ExtendedKeyUsageOID.CLIENT_AUTH, *([ExtendedKeyUsageOID.SERVER_AUTH] if hosts else [])]
        made = (
            _begun(_subject(name, unit), self.certificate.subject, key, LIFE)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(digital_signature=True), critical=True)
            .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()),
                critical=False,
            )
        )
        if hosts:
            made = made.add_extension(x509.SubjectAlternativeName([_host(host) for host in hosts]), critical=False)
        signed = made.sign(self.key, hashes.SHA256())
        replace(pair.key, _private(key))
        replace(pair.certificate, _public(signed) + _public(self.certificate))


def brokers_authority(home: Path) -> Pair:
    """Whom clients trust to name a broker."""
    return Pair.at(home / "tls", "ca")


def users_authority(home: Path) -> Pair:
    """Whom the broker trusts to name a user."""
    return Pair.at(home / "tls", "users-ca")


def server_certificate(home: Path, hosts: Names = LOOPBACK) -> Pair:
    """What the broker shows to clients, made or renewed when needed."""
    pair = Pair.at(home / "tls", "server")
    if not pair.fresh(_now(), hosts):
        authority(brokers_authority(home)).issue(pair, BROKERS, "server", hosts)
    return pair


def node_certificate(home: Path, node: int) -> Pair:
    """What the broker shows to other brokers and to the controllers; its name is `broker_<node>`, which no user has."""
    pair = Pair.at(home / "tls", f"broker_{node}")
    if not pair.fresh(_now(), LOOPBACK):
        authority(brokers_authority(home)).issue(pair, BROKERS, f"broker_{node}", LOOPBACK)
    return pair


def user_certificate(home: Path, user: str) -> Pair:
    return Pair.at(home / "certificates", user)


def lacking(home: Path, users: Iterable[str]) -> tuple[str, ...]:
    """Which of these users need a certificate that this machine can make. None where others sign the certificates: the
    key of an authority of its own is missing then."""
    if not users_authority(home).key.exists():
        return ()
    return tuple(user for user in users if not user_certificate(home, user).fresh(_now()))


def issue_user_certificates(home: Path, users: Iterable[str]) -> None:
    for user in users:
        authority(users_authority(home)).issue(user_certificate(home, user), USERS, user)


def withdraw_user_certificate(home: Path, user: str) -> None:
    """This machine logs in as the user with a password again."""
    for file in user_certificate(home, user):
        file.unlink(missing_ok=True)


def authority(pair: Pair) -> Authority:
    """The authority in these files, made when they are missing. Raises FileNotFoundError when its key is elsewhere."""
    if not pair.certificate.exists():
        key = ec.generate_private_key(ec.SECP256R1())
        name = _subject(pair.key.stem, "authorities")
        made = (
            _begun(name, name, key, AUTHORITY_LIFE)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(key, hashes.SHA256())
        )
        replace(pair.key, _private(key))
        replace(pair.certificate, _public(made))
    loaded = load_pem_private_key(pair.key.read_bytes(), None)
    if not isinstance(loaded, ec.EllipticCurvePrivateKey):
        raise TypeError(f"{pair.key} is no EC key")
    return Authority(x509.load_pem_x509_certificate(pair.certificate.read_bytes()), loaded)


def _begun(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, life: timedelta
) -> x509.CertificateBuilder:
    begin = _now() - CLOCKS_DIFFER
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + life)
    )


def _subject(name: str, unit: str) -> x509.Name:
    """Kafka reads it from the end: `CN=name,OU=unit,O=estafette` (RFC 2253 §2.1)."""
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, MARK),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, unit),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )


def _usage(**wanted: bool) -> x509.KeyUsage:
    every = (
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
        "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    )  # fmt: skip
    return x509.KeyUsage(**{name: wanted.get(name, False) for name in every})


def _host(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _hosts(certificate: x509.Certificate) -> Names:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    addresses = (str(address) for address in found.get_values_for_type(x509.IPAddress))
    return (*found.get_values_for_type(x509.DNSName), *addresses)


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _public(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.PEM)


def _now() -> datetime:
    return datetime.now(UTC)
