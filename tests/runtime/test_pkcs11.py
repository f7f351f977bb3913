"""Keys in a PKCS#11 device, on a real module: SoftHSM2."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from pkcs11.exceptions import PKCS11Error

from deploy import keys as made_keys
from deploy.ceremony import Described, join, rotate
from deploy.registry import Folder
from schemas.directory import KeyUse
from schemas.parties import OrganisationKind
from services.runtime.jose import CannotOpen, SigningKey, open_sealed, seal, sign_detached, verify_detached
from services.runtime.keys import KeyRing, KeySettings, KeysUnusable
from tests.runtime.test_directory import START

SLUG, PIN = "rvt-noord", "geheim-1234"
MODULES = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so", "/usr/lib64/softhsm/libsofthsm2.so")
TOLD = Described(
    slug=SLUG,
    kind=OrganisationKind.REGIONAL_SAFETY_TEAM,
    name="RVT Noord",
    coordination="coordinatie-noord",
    contact={"email": "rvt@noord.example", "phone": "000"},
    complaint_route="https://rvt-noord.example/klacht",
)


@pytest.fixture(scope="module")
def token(needs: Callable[[str, object], None], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A token of this module's own; once a process, because the library reads its settings once."""
    module = next((each for each in MODULES if Path(each).exists()), None)
    needs("SoftHSM2 (softhsm2-util and its library)", shutil.which("softhsm2-util") and module)
    folder = tmp_path_factory.mktemp("hsm")
    (folder / "tokens").mkdir()
    (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder / 'tokens'}\nobjectstore.backend = file\n")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("SOFTHSM2_CONF", str(folder / "softhsm2.conf"))
        line = ["softhsm2-util", "--init-token", "--free", "--label", "estafette", "--pin", PIN, "--so-pin", "5678"]
        subprocess.run(line, check=True, capture_output=True, timeout=60)
        yield Path(str(module))


@pytest.fixture
def device(token: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "pin").write_text(PIN)
    monkeypatch.setenv("ESTAFETTE_PKCS11_MODULE", str(token))
    monkeypatch.setenv("ESTAFETTE_PKCS11_PIN_FILE", str(tmp_path / "pin"))


@pytest.mark.usefixtures("device")
def test_an_organisation_lives_with_its_keys_in_a_device(tmp_path: Path) -> None:
    """It joins, signs and opens, and rotates, and no private key is ever in a file; a running ring takes up the new."""
    home, folder, revision = tmp_path / "home", Folder(tmp_path / "directory"), [0]
    entry, _ = join(home, folder, TOLD, START)
    again, signed = join(home, folder, TOLD, START)
    assert again == entry and not signed
    assert not list(home.rglob("*.jwk"))

    ring = KeyRing.of(home, SLUG, lambda: revision[0])
    (key,) = ring.signing.values()
    assert verify_detached(b"words", sign_detached(b"words", key), {key.kid: key.public()}.get) == key.kid
    (opener,) = ring
    sealed = seal(b"letter", opener.public_jwk())
    assert open_sealed(sealed, ring) == b"letter"
    assert {key.kid, opener.kid} < {each.kid for each in entry.keys} and len(entry.keys) == 3

    made = rotate(home, folder, SLUG, (KeyUse.SIGN, KeyUse.SEAL), START)
    revision[0] += 1
    assert set(ring.signing) == {key.kid, made[0].kid} and set(ring.sealing) == {opener.kid, made[1].kid}
    assert open_sealed(sealed, ring) == b"letter"


@pytest.mark.usefixtures("device")
def test_a_device_does_not_give_its_keys_away(tmp_path: Path) -> None:
    """Asked for the private part, it refuses; nor does it open what was altered, or agree on a worthless key."""
    keys = made_keys.organisation_keys(tmp_path, SLUG)
    for private in (keys.signing.to_jwk, keys.sealing.to_jwk):
        with pytest.raises(ValueError, match="device"):
            private()
    assert isinstance(keys.signing, SigningKey) and "d" not in keys.sealing.public_jwk()
    sealed = seal(b"letter", keys.sealing.public_jwk())
    with pytest.raises(CannotOpen):
        open_sealed(sealed[:-4] + "AAAA", [keys.sealing])
    device = keys.sealing._key.device  # type: ignore[attr-defined]
    with pytest.raises((ValueError, PKCS11Error)):
        device.exchange(X25519PublicKey.from_public_bytes(bytes(32)))


@pytest.mark.usefixtures("device")
def test_a_device_that_does_not_open_is_named_and_the_pin_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wrong token, or no PIN."""
    monkeypatch.setenv("ESTAFETTE_PKCS11_TOKEN", "another")
    with pytest.raises(KeysUnusable, match="another") as raised:
        KeyRing.of(tmp_path, SLUG)
    assert PIN not in str(raised.value) and PIN not in repr(KeySettings())
    monkeypatch.delenv("ESTAFETTE_PKCS11_PIN_FILE")
    with pytest.raises(KeysUnusable, match="PKCS11_PIN"):
        KeyRing.of(tmp_path, SLUG)
