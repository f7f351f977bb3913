"""Certificates of the project's own making, and those from elsewhere."""

import re
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from deploy import certificates
from deploy.broker import own_user_names, properties, write_certificates
from deploy.certificates import LIFE, Pair
from deploy.container import PORTS


def test_private_keys_can_be_read_by_their_owner_only(tmp_path: Path) -> None:
    """Those of the authorities and the broker's copies too."""
    home, broker = tmp_path / "home", tmp_path / "broker"
    write_certificates(home, broker)
    certificates.issue_user_certificates(home, ["linde"])
    private = [*home.rglob("*.key"), broker / "server.pem", broker / "node.pem"]
    assert {file.name for file in private} >= {"ca.key", "users-ca.key", "server.key", "broker_1.key", "linde.key"}
    assert {stat.S_IMODE(file.stat().st_mode) for file in private} == {0o600}
    assert b"PRIVATE KEY" not in (broker / "ca.crt").read_bytes() + (broker / "users-ca.crt").read_bytes()


def test_a_certificate_is_made_anew_when_it_ends_soon_or_does_not_serve(tmp_path: Path) -> None:
    """Else it stays: whoever has it keeps it."""
    made = certificates.server_certificate(tmp_path)
    first = made.certificate.read_bytes()
    assert certificates.server_certificate(tmp_path).certificate.read_bytes() == first
    assert made.fresh(datetime.now(UTC))
    assert not made.fresh(datetime.now(UTC) + LIFE - timedelta(days=30))
    assert certificates.server_certificate(tmp_path, ("kafka", "127.0.0.1")).certificate.read_bytes() != first
    made.key.write_bytes(certificates.node_certificate(tmp_path, 1).key.read_bytes())
    assert not made.fresh(datetime.now(UTC)), "a key that is another's"


def test_where_others_sign_the_certificates_none_is_made(tmp_path: Path) -> None:
    """Nor is an authority replaced whose key is kept elsewhere."""
    assert certificates.lacking(tmp_path, ["linde"]) == ()
    certificates.authority(certificates.users_authority(tmp_path))
    assert certificates.lacking(tmp_path, ["linde"]) == ("linde",)
    certificates.users_authority(tmp_path).key.unlink()
    with pytest.raises(FileNotFoundError):
        certificates.authority(certificates.users_authority(tmp_path))


def test_users_and_brokers_have_authorities_of_their_own(tmp_path: Path) -> None:
    """An organisation's certificate cannot be shown as a broker's: another signed it, and it is for clients only."""
    certificates.authority(certificates.users_authority(tmp_path))
    certificates.issue_user_certificates(tmp_path, ["linde"])
    user = x509.load_pem_x509_certificate(certificates.user_certificate(tmp_path, "linde").certificate.read_bytes())
    server = x509.load_pem_x509_certificate(certificates.server_certificate(tmp_path).certificate.read_bytes())
    assert user.issuer != server.issuer
    usage = user.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [x509.oid.ExtendedKeyUsageOID.CLIENT_AUTH]


@pytest.mark.parametrize(
    ("subject", "user"),
    [
        ("CN=raad-noord,OU=users,O=estafette", "raad-noord"),
        ("CN=admins,OU=users,O=estafette", "admins"),
        ("CN=admin,OU=users,O=estafette", None),
        ("CN=gate,OU=users,O=estafette", None),
        ("CN=broker_1,OU=users,O=estafette", None),
        ("CN=raad-noord,OU=brokers,O=estafette", None),
        ("CN=raad-noord,OU=users,O=estafette,C=NL", None),
        ("CN=x,CN=raad-noord,OU=users,O=estafette", None),
        ("CN=Raad-Noord,OU=users,O=estafette", None),
    ],
)
def test_only_a_whole_name_is_a_user(subject: str, user: str | None) -> None:
    """As the broker matches it; the real broker: tests/attacks/test_broker_rights.py."""
    rule = own_user_names().removeprefix("RULE:").removesuffix("/$1/")
    found = re.fullmatch(rule, subject)
    assert (found and found[1]) == user


def test_certificates_from_elsewhere_take_the_place_of_the_projects_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Towards users: between brokers the project's own stay, as these never leave the machine."""
    theirs, home, broker = tmp_path / "theirs", tmp_path / "home", tmp_path / "broker"
    certificates.authority(certificates.users_authority(theirs))
    real = certificates.server_certificate(theirs, ("kafka.example",))
    told = {
        "CERTIFICATE": real.certificate,
        "KEY": real.key,
        "CA_FILE": certificates.brokers_authority(theirs).certificate,
        "USERS_CA_FILE": certificates.users_authority(theirs).certificate,
        "USER_NAMES": "RULE:^CN=([a-z-]+)[.]example,.*$/$1/",
    }
    for name, value in told.items():
        monkeypatch.setenv(f"ESTAFETTE_BROKER_{name}", str(value))
    assert write_certificates(home, broker) == told["CA_FILE"]
    assert (broker / "server.pem").read_bytes() == real.pem()
    assert (broker / "users-ca.crt").read_text() == certificates.users_authority(theirs).certificate.read_text()
    assert not certificates.users_authority(home).key.exists(), "none that the broker would not believe"
    assert (broker / "node.pem").read_bytes() == Pair.at(home / "tls", "broker_1").pem()
    assert f"listener.name.certificates.ssl.principal.mapping.rules={told['USER_NAMES']}\n" in properties(PORTS)
    monkeypatch.delenv("ESTAFETTE_BROKER_KEY")
    with pytest.raises(ValueError, match="goes with"):
        write_certificates(home, broker)
