"""Which keys the gate believes, at which moment, and which of its own it signs with."""

import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from deploy.ceremony import ACCEPTED, OVERLAP, revoke, rotate
from deploy.keys import operator_key
from deploy.registry import Folder, plan, write_records
from schemas.cases import CaseOpened
from schemas.directory import KeyUse
from services.gate.app import Gate
from services.gate.scribe import Identity
from services.relay.types import Stop
from services.runtime.directory import Directory
from services.runtime.jose import SigningKey, sign_detached, verify_compact
from services.runtime.keys import KeyRing
from services.runtime.signing import signer_of
from tests.gate.bench import SLOTS, START, WORKER, GateBench, Row
from tests.gate.test_gate import CHILD, MOTHER

VT, LT = "veilig-thuis-noord", "lokaal-team-linde"


class Keys:
    """A gate whose organisations may change their keys."""

    def __init__(self, home: Path) -> None:
        self.home, self.folder = home, Folder(home / "directory")
        self.bench = GateBench(home)
        self.old = self.bench.signing_key(VT)
        self._offset = 100

    def changed(self, change: Callable[[], Any], slug: str = VT) -> Any:
        """Publish what one party did to its entry."""
        made = change()
        known = plan(self.folder, Directory(self.folder.pins), self.bench.now)
        values = write_records(self.folder, known.stated, operator_key(self.home))
        self._offset += 1
        self.bench.reader.directory.apply(Row(self._offset, slug.encode(), values[slug]))
        return made

    def rotated(self, slug: str = VT, **ends: timedelta) -> SigningKey:
        uses = (KeyUse.SIGN,)
        at = self.bench.now
        (made,) = self.changed(lambda: rotate(self.home, self.folder, slug, uses, at, **ends), slug)
        return KeyRing.of(self.home, slug).signing[made.kid]

    def codes(self, key: SigningKey, source: str = VT) -> list[str]:
        subject = f"case:{uuid4()}"
        value = self.bench.message(source, subject, CaseOpened(persons=(CHILD, MOTHER), lead=WORKER)).encode()
        return self.bench.send(source, value, subject, sign_detached(value, key)).codes


@pytest.fixture
def keys(demo_home: Path, tmp_path: Path) -> Keys:
    shutil.copytree(demo_home, tmp_path / "home")
    return Keys(tmp_path / "home")


def test_both_keys_count_while_they_overlap_and_the_old_one_until_its_end(keys: Keys) -> None:
    """To the microsecond, on the time of the slot."""
    new = keys.rotated()
    assert keys.codes(keys.old) == keys.codes(new) == []
    keys.bench.now = START + OVERLAP + ACCEPTED - timedelta(microseconds=1)
    assert keys.codes(keys.old) == keys.codes(new) == []
    keys.bench.now += timedelta(microseconds=1)
    assert keys.codes(keys.old) == ["STALE_DIRECTORY_KEY"] and keys.codes(new) == []


def test_a_slot_whose_clock_is_a_little_behind_accepts_the_new_key(keys: Keys) -> None:
    """As much as a message may be ahead; further back the key did not exist."""
    new = keys.rotated()
    keys.bench.now = START - timedelta(minutes=5)
    assert keys.codes(new) == []
    keys.bench.now -= timedelta(seconds=1)
    assert keys.codes(new) == ["STALE_DIRECTORY_KEY"]


def test_a_revoked_key_is_refused_from_that_moment_on(keys: Keys) -> None:
    """Also when it is still within its windows, and not before."""
    new = keys.rotated()
    at = keys.bench.now
    keys.changed(lambda: revoke(keys.home, keys.folder, keys.old.kid, at))
    assert keys.codes(keys.old) == ["STALE_DIRECTORY_KEY"] and keys.codes(new) == []


def test_a_key_counts_for_its_owner_only(keys: Keys) -> None:
    """Another organisation's key, an identity key, one under a stolen key id, one that nobody knows."""
    other = keys.bench.signing_key(LT)
    identity = SigningKey.from_file(keys.home / "keys" / VT / "identity.jwk")
    assert keys.codes(other) == ["WRONG_SOURCE"]
    for forged in (identity, SigningKey.generate(keys.old.kid), SigningKey.generate(f"{VT}.sign.unknown")):
        assert keys.codes(forged) == ["UNSIGNED"]


def test_an_unknown_key_is_looked_up_before_it_is_refused(keys: Keys) -> None:
    """The directory may have grown since the gate read it."""
    before = keys.bench.reader.refreshed
    folder, at = keys.folder, keys.bench.now
    (made,) = rotate(keys.home, folder, VT, (KeyUse.SIGN,), at)
    values = write_records(folder, plan(folder, Directory(folder.pins), at).stated, operator_key(keys.home))
    keys.bench.reader.later.append(Row(200, VT.encode(), values[VT]))
    assert keys.codes(KeyRing.of(keys.home, VT).signing[made.kid]) == []
    assert keys.bench.reader.refreshed == before + 1


def test_the_gate_signs_with_its_newest_key_in_use(keys: Keys) -> None:
    """From one decision to the next, without a restart; without any key in use it stops."""
    directory, ring = keys.bench.reader.directory, KeyRing.of(keys.home, "gate")
    identity = Identity(next(iter(ring.signing.values())), str(uuid4()), "test")
    reader: Any = keys.bench.reader
    keys.bench.gate = Gate(identity, reader, SLOTS, signer=signer_of(ring, directory, Stop))

    def signed_by() -> str:
        seal = keys.bench.say(VT, f"case:{uuid4()}", CaseOpened(persons=(CHILD, MOTHER), lead=WORKER)).seals[0]
        return verify_compact(seal, lambda kid: ring.signing[kid].public())[1]

    first = signed_by()
    new = keys.rotated("gate")
    assert first != new.kid and signed_by() == new.kid
    at = keys.bench.now
    (next_one,) = keys.changed(lambda: revoke(keys.home, keys.folder, new.kid, at) or (new,), "gate")
    assert next_one is new and signed_by() == first
    keys.bench.now = START + OVERLAP
    with pytest.raises(Stop, match="estafette directory rotate"):
        signed_by()
