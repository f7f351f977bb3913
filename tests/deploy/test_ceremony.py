"""Joining, rotating and revoking, by parties that share a folder in git and nothing else."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result
from pydantic import SecretStr

from deploy.ceremony import (
    ACCEPTED,
    BACK,
    OVERLAP,
    CeremonyError,
    Described,
    PinDiffersError,
    confirm,
    join,
    operate,
    own_pins,
    pin,
    revoke,
    rotate,
)
from deploy.fingerprints import Misheard, heard, spoken
from deploy.keys import encrypt_files, identity_key, operator_key
from deploy.registry import Folder, Plan, fingerprint, plan, public, write_records
from schemas.directory import DirectoryKey, KeyState, KeyUse, Organisation
from services.cli.directory import directory as directory_command
from services.runtime.directory import Accepted, Conflict, Directory
from services.runtime.jose import SealingKey, open_sealed, seal
from services.runtime.keys import KeyRing
from tests.runtime.test_directory import Row

LINDE, DESK = "lokaal-team-linde", "coordinatie-noord"
START = datetime(2026, 3, 2, 9, tzinfo=UTC)
BOTH = (KeyUse.SIGN, KeyUse.SEAL)


def told(slug: str = LINDE, **changes: Any) -> Described:
    kind, desk = ("COORDINATION", None) if slug == DESK else ("LOCAL_TEAM", DESK)
    own = {"email": f"bereikbaar@{slug}.example", "phone": "000-0000011"}
    plain = {"slug": slug, "kind": kind, "coordination": desk, "regions": ["noord"], "name": slug.title()}
    return Described.model_validate_json(
        json.dumps({**plain, "contact": own, "complaint_route": f"https://{slug}.example/klacht", **changes})
    )


class Parties:
    """Three machines, one folder."""

    def __init__(self, root: Path) -> None:
        self.folder = Folder(root / "git")
        self.homes = {name: root / name for name in (LINDE, DESK, "operator")}
        self.offset = 0

    def fingerprint(self, slug: str) -> str:
        return fingerprint(identity_key(self.homes[slug], slug))

    def joined(self) -> "Parties":
        operate(self.homes["operator"], self.folder)
        for slug in (LINDE, DESK):
            join(self.homes[slug], self.folder, told(slug), START - OVERLAP)
            confirm(self.folder, slug, heard(spoken(self.fingerprint(slug))))
        return self

    def plan(self, held: Directory | None = None, at: datetime = START) -> Plan:
        return plan(self.folder, held or Directory(self.folder.pins), at)

    def reader(self) -> Directory:
        """Who pinned what was read out, and has read what is published now."""
        held = Directory(self.folder.pins)
        self.publish(held)
        return held

    def publish(self, held: Directory) -> list[Accepted | Conflict]:
        values = write_records(self.folder, self.plan(held).stated, operator_key(self.homes["operator"]))
        results = []
        for slug, value in values.items():
            results.append(held.apply(Row(self.offset, slug.encode(), value)))
            self.offset += 1
        return results


@pytest.fixture
def parties(tmp_path: Path) -> Parties:
    return Parties(tmp_path).joined()


def entry(parties: Parties) -> Organisation:
    text, _ = parties.folder.entry(LINDE) or ("", "")
    return Organisation.model_validate_json(text)


def problems(parties: Parties, held: Directory | None = None) -> list[str]:
    return [f"{problem.slug}: {problem.what}" for problem in parties.plan(held).problems]


def test_organisations_join_without_a_shared_machine(parties: Parties) -> None:
    """Every party with those pins believes the entries; no private key left its own machine."""
    first = parties.plan()
    assert first.problems == () and [change.slug for change in first.changes] == [DESK, LINDE]
    held = parties.reader()
    assert set(held.organisations) == {LINDE, DESK} and held.conflicts == ()
    for slug, home in parties.homes.items():
        assert [path.name for path in (home / "keys").iterdir()] == [slug]
    shared = b"".join(path.read_bytes() for path in parties.folder.root.rglob("*") if path.is_file())
    private = [json.loads(p.read_bytes())["d"] for home in parties.homes.values() for p in home.rglob("*.jwk")]
    assert len(private) == 7 and not [each for each in private if each.encode() in shared]
    assert parties.plan(held).changes == ()


def test_what_the_operator_heard_is_compared_with_who_signed(parties: Parties) -> None:
    """Another fingerprint confirms nothing, and neither does one that was misheard."""
    with pytest.raises(CeremonyError, match="do not confirm"):
        confirm(parties.folder, LINDE, parties.fingerprint(DESK))
    with pytest.raises(CeremonyError, match="estafette directory join"):
        confirm(parties.folder, "gi-noord", parties.fingerprint(DESK))
    for wrong in ("", "12ab", spoken(parties.fingerprint(LINDE))[:-5], "zz" * 32):
        with pytest.raises(Misheard):
            heard(wrong)
    assert heard(spoken(parties.fingerprint(LINDE)).upper()) == parties.fingerprint(LINDE)


def test_a_pin_is_not_replaced_by_accident(parties: Parties, tmp_path: Path) -> None:
    """Only on purpose; another slug is added beside it."""
    own = own_pins(tmp_path / "party")
    pin(own, {LINDE: parties.fingerprint(LINDE)})
    pin(own, {DESK: parties.fingerprint(DESK)})
    with pytest.raises(PinDiffersError, match=LINDE):
        pin(own, {LINDE: parties.fingerprint(DESK)})
    pin(own, {LINDE: parties.fingerprint(DESK)}, replace=True)
    assert own.pins == {LINDE: parties.fingerprint(DESK), DESK: parties.fingerprint(DESK)}


def test_a_plan_names_every_problem_and_how_to_mend_it(parties: Parties) -> None:
    """An altered entry, a standing that differs, one without pin, one without entry, a coordination that is none."""
    root = parties.folder.root
    text, jws = parties.folder.entry(LINDE) or ("", "")
    parties.folder.write_entry(LINDE, text.replace("Lokaal", "Lokale"), jws)
    standing = yaml.safe_load((root / "standing" / f"{LINDE}.yaml").read_text())
    (root / "standing" / f"{LINDE}.yaml").write_text(yaml.safe_dump({**standing, "designated_for_vto": True}))
    (root / "standing" / f"{DESK}.yaml").unlink()
    (root / "entries" / f"{DESK}.json").write_text("{}")
    (root / "standing" / "raad-noord.yaml").write_text("slug: raad-noord\nkind: NOTHING\n")
    found = problems(parties)
    for part in (
        f"{LINDE}: its entry is not signed with the pinned identity key",
        f"{LINDE}: entry and standing differ in designated_for_vto: operator: True, entry: False",
        f"{LINDE}: its coordination {DESK} is none",
        f"{DESK}: its entry cannot be read",
        "raad-noord: has no signed entry",
        "raad-noord: its identity is not pinned",
        "raad-noord: standing/raad-noord.yaml cannot be read",
    ):
        assert any(each.startswith(part) for each in found), (part, found)
    assert all(problem.mend for problem in parties.plan().problems)


def test_a_plan_shows_what_readers_will_see(parties: Parties) -> None:
    """A changed standing, a new key, the end of the old one, a revocation; and the last key that ends soon."""
    held = parties.reader()
    old = entry(parties).keys[1].kid
    home = parties.homes[LINDE]
    join(home, parties.folder, told(regions=["noord", "oost"]), START)
    assert problems(parties, held) == [
        f"{LINDE}: entry and standing differ in regions: operator: noord, entry: noord, oost"
    ]
    confirm(parties.folder, LINDE, parties.fingerprint(LINDE))
    (sign,) = rotate(home, parties.folder, LINDE, (KeyUse.SIGN,), START)
    seal_kid = next(key.kid for key in entry(parties).keys if key.use is KeyUse.SEAL)
    revoke(home, parties.folder, seal_kid, START)
    lines = "\n".join(parties.plan(held).lines())
    for part in (
        f"{LINDE}: version 1 -> 4",
        "regions: noord -> noord, oost",
        f"+ key {sign.kid} (sign) from 2026-03-02 08:55",
        f"~ key {old} (sign), in use until 2026-03-03 09:00, accepted until 2026-04-02 09:00",
        f"- key {seal_kid} (seal) revoked from 2026-03-02 09:00",
        "1 to publish, 1 unchanged",
    ):
        assert part in lines, (part, lines)
    assert [type(result) for result in parties.publish(held)] == [Accepted, Accepted]
    rotate(home, parties.folder, LINDE, (KeyUse.SEAL,), START)
    assert parties.plan(held).problems == ()


def test_what_was_published_is_never_undone_from_the_folder(parties: Parties) -> None:
    """An older checkout of the folder is a problem, not a change."""
    before = parties.folder.entry(LINDE) or ("", "")
    rotate(parties.homes[LINDE], parties.folder, LINDE, BOTH, START)
    held = parties.reader()
    parties.folder.write_entry(LINDE, *before)
    assert problems(parties, held) == [f"{LINDE}: an older version of the entry was published again"]


def test_a_swapped_record_is_put_right_by_publishing_the_folder_again(parties: Parties) -> None:
    """The plan says that what stands in the topic is ignored, though the folder did not change."""
    held = parties.reader()
    assert isinstance(held.apply(Row(99, LINDE.encode(), b"{}")), Conflict)
    (change,) = parties.plan(held).changes
    assert change.slug == LINDE and "is published again" in change.what
    assert [type(result) for result in parties.publish(held)] == [Accepted, Accepted] and held.conflicts == ()


def test_old_and_new_key_overlap_so_that_nothing_is_refused_wrongly(parties: Parties) -> None:
    """At every moment before and after, what an edge signs or seals with what it knows is accepted and opened."""
    before, old = parties.reader(), entry(parties)
    made = {key.use: key for key in rotate(parties.homes[LINDE], parties.folder, LINDE, BOTH, START)}
    after, ring = parties.reader(), KeyRing.of(parties.homes[LINDE], LINDE)
    first = {key.use: key for key in old.keys}
    step = timedelta(microseconds=1)
    for at in (START - BACK, START, START + OVERLAP - step, START + OVERLAP, START + OVERLAP + ACCEPTED - step):
        for known in (before, after):
            sealed = seal(b"letter", known.sealing_key(LINDE, at) or {})
            assert open_sealed(sealed, ring) == b"letter"
        assert after.key_state(ring.signer(after, at).kid, at) is KeyState.ACCEPTED
        assert ring.signer(after, at).kid == made[KeyUse.SIGN].kid
        assert after.key_state(first[KeyUse.SIGN].kid, at) is KeyState.ACCEPTED
    late = START + OVERLAP + ACCEPTED
    assert after.key_state(first[KeyUse.SIGN].kid, late) is KeyState.EXPIRED
    assert after.own_kids(LINDE, START + OVERLAP) == (made[KeyUse.SIGN].kid,)


def test_a_second_rotation_does_not_prolong_the_first_key(parties: Parties) -> None:
    """Its end was told once, and stays."""
    home = parties.homes[LINDE]
    rotate(home, parties.folder, LINDE, (KeyUse.SIGN,), START)
    ends = {key.kid: key.sign_until for key in entry(parties).keys if key.sign_until}
    rotate(home, parties.folder, LINDE, (KeyUse.SIGN,), START + timedelta(hours=5))
    assert ends.items() < {key.kid: key.sign_until for key in entry(parties).keys}.items()


def test_revoking_the_last_key_makes_the_next(parties: Parties) -> None:
    """So that the organisation can go on; revoking one of two makes none."""
    home, kid = parties.homes[LINDE], entry(parties).keys[1].kid
    (made,) = revoke(home, parties.folder, kid, START)
    assert made.use is KeyUse.SIGN and parties.reader().own_kids(LINDE, START) == (made.kid,)
    rotate(home, parties.folder, LINDE, (KeyUse.SIGN,), START)
    assert revoke(home, parties.folder, made.kid, START) == ()


def test_what_cannot_be_done_says_what_to_do_instead(parties: Parties) -> None:
    """The identity key, a key that is not there or revoked already, keys of another organisation's machine."""
    home, keys = parties.homes[LINDE], entry(parties).keys
    revoke(home, parties.folder, keys[1].kid, START)
    tries: list[tuple[Any, str]] = [
        (lambda: rotate(home, parties.folder, LINDE, (KeyUse.IDENTITY,), START), "docs/keys.md"),
        (lambda: revoke(home, parties.folder, keys[0].kid, START), "docs/keys.md"),
        (lambda: revoke(home, parties.folder, f"{LINDE}.sign.none", START), "has no key"),
        (lambda: revoke(home, parties.folder, keys[1].kid, START), "revoked already"),
        (lambda: rotate(parties.homes[DESK], parties.folder, LINDE, BOTH, START), "not on this machine"),
        (lambda: rotate(home, parties.folder, "gi-noord", BOTH, START), "estafette directory join"),
    ]
    before = parties.folder.entry(LINDE)
    for attempt, said in tries:
        with pytest.raises(CeremonyError, match=said):
            attempt()
    assert parties.folder.entry(LINDE) == before


def test_the_operator_may_change_neither_key_nor_standing_alone(parties: Parties) -> None:
    """What it writes into the folder in an organisation's place does not pass the plan, and no reader."""
    held, thief = parties.reader(), SealingKey.generate(f"{LINDE}.seal.thief")
    own = entry(parties)
    theirs = DirectoryKey(kid=thief.kid, use=KeyUse.SEAL, jwk=public(thief.public_jwk()), not_before=START)
    swapped = own.model_copy(update={"version": 2, "keys": (*own.keys[:2], theirs)})
    _, jws = parties.folder.entry(LINDE) or ("", "")
    parties.folder.write_entry(LINDE, swapped.model_dump_json(exclude_none=True, indent=1), jws)
    assert any("not signed with the pinned identity key" in each for each in problems(parties, held))
    results = {result.slug: result for result in parties.publish(held)}
    assert isinstance(results[LINDE], Conflict)
    assert (held.sealing_key(LINDE, START) or {})["kid"] != thief.kid


def test_a_leaked_identity_is_replaced_and_the_keys_stay(parties: Parties) -> None:
    """Who pinned the new one believes it, past keys included; who did not keeps what it had and is told."""
    held, before = parties.reader(), entry(parties)
    home, old = parties.homes[LINDE], parties.fingerprint(LINDE)
    (home / "keys" / LINDE / "identity.jwk").rename(home / "aside.jwk")
    join(home, parties.folder, told(), START)
    assert any("not signed with the pinned identity key" in each for each in problems(parties, held))
    confirm(parties.folder, LINDE, parties.fingerprint(LINDE))
    assert parties.fingerprint(LINDE) != old
    after = parties.reader()
    assert after.conflicts == () and {key.kid for key in before.keys} < {key.kid for key in entry(parties).keys}
    assert after.own_kid(LINDE, START) == held.own_kid(LINDE, START)
    results = {result.slug: result for result in parties.publish(held)}
    assert isinstance(results[LINDE], Conflict) and held.find(LINDE) == before


def test_key_files_are_encrypted_afterwards_and_stay_the_same_keys(parties: Parties, monkeypatch: Any) -> None:
    """`estafette directory encrypt`; twice is harmless."""
    home, secret = parties.homes[LINDE], "een zin die niemand raadt"
    kids = set(KeyRing.of(home, LINDE).signing)
    private = [json.loads(file.read_bytes())["d"].encode() for file in home.rglob("*.jwk")]
    monkeypatch.setenv("ESTAFETTE_KEY_PASSPHRASE", secret)
    assert len(encrypt_files(home, SecretStr(secret))) == 3 and encrypt_files(home, SecretStr(secret)) == []
    assert set(KeyRing.of(home, LINDE).signing) == kids
    texts = [file.read_bytes() for file in home.rglob("*.jwk")]
    assert not [d for d in private for text in texts if d in text]


def run(home: Path, *words: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(directory_command, list(words), env={"ESTAFETTE_HOME": str(home)}, input=stdin)


def test_the_ceremony_on_the_command_line(tmp_path: Path) -> None:
    """Operator, two organisations and a party that pins, each with a home of its own, as docs/keys.md tells it."""
    folder = ("--folder", str(tmp_path / "git"))
    made = run(tmp_path / "operator", "operator", *folder)
    assert made.exit_code == 0, made.output
    for slug in (DESK, LINDE):
        file = tmp_path / f"{slug}.yaml"
        file.write_text(yaml.safe_dump(told(slug).model_dump(mode="json", exclude_none=True)))
        joined = run(tmp_path / slug, "join", str(file), *folder)
        assert joined.exit_code == 0, joined.output
        aloud = joined.output.splitlines()[2].strip()
        assert len(aloud.split()) == 16
        wrong = run(tmp_path / "operator", "confirm", slug, *folder, stdin=aloud.replace(aloud[:4], "0000", 1) + "\n")
        assert wrong.exit_code == 1 and "do not confirm" in wrong.output
        right = run(tmp_path / "operator", "confirm", slug, *folder, stdin=aloud + "\n")
        assert right.exit_code == 0 and "takes part as" in right.output
        assert run(tmp_path / "party", "pin", slug, *aloud.split()).exit_code == 0
    differs = run(tmp_path / "party", "pin", DESK, *aloud.split())
    assert differs.exit_code == 1 and "--replace" in differs.output
    at = ("--at", "2026-03-02T09:00:00Z")
    rotated = run(tmp_path / LINDE, "rotate", LINDE, "--sign", *folder, *at)
    assert rotated.exit_code == 0 and "counts from 2026-03-02 08:55" in rotated.output
    assert "once the operator has applied it" in rotated.output
    assert run(tmp_path / LINDE, "revoke", "lokaal-team-linde.sign.no", *folder, *at).exit_code == 1
    assert "time zone" in run(tmp_path / LINDE, "rotate", LINDE, *folder, "--at", "2026-03-02").output
