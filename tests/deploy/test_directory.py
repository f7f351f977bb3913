"""Making keys, entries, pins and tokens on a machine."""

import json
import stat
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml
from click.testing import CliRunner
from pydantic import ValidationError

from deploy.directory import DEMO, Change, Deployment, PinDiffersError, init, records
from deploy.keys import organisation_keys, write_once
from schemas.directory import DirectoryRecord, Organisation
from schemas.parties import OrganisationKind
from services.cli.directory import directory as directory_command
from services.cli.directory import token as token_command
from services.runtime.directory import Accepted, Directory, load_pins
from services.runtime.tokens import Role, Verifier

LINDE = "lokaal-team-linde"


class Row(NamedTuple):
    offset: int
    key: bytes | None
    value: bytes | None


def read(home: Path) -> Directory:
    """The directory a party with these pins holds after reading what was made."""
    found = Directory(load_pins(home / "pins.yaml"))
    for offset, (slug, value) in enumerate(records(home).items()):
        assert isinstance(found.apply(Row(offset, slug.encode(), value)), Accepted)
    return found


def files(home: Path) -> dict[str, bytes]:
    return {str(file.relative_to(home)): file.read_bytes() for file in home.rglob("*") if file.is_file()}


def deployment(**linde: object) -> Deployment:
    """The demonstration with one organisation changed."""
    plain = Deployment.load().model_dump()
    for part in plain["organisations"]:
        if part["slug"] == LINDE:
            part.update(linde)
    return Deployment.model_validate(plain)


def test_the_demonstration_has_every_kind_of_organisation() -> None:
    """Two local teams and one of every other kind, and everyone has a privacy officer."""
    demo = Deployment.load()
    assert {part.kind for part in demo.organisations} == set(OrganisationKind) - {OrganisationKind.SERVICE}
    for part in demo.organisations:
        assert Role.PRIVACY_OFFICER in {member.role for member in part.professionals}
        assert Role.ADMINISTRATOR in {member.role for member in part.professionals}
        assert len({member.ref for member in part.professionals}) == len(part.professionals)


def test_who_may_decide_has_a_colleague_to_decide_with() -> None:
    """A second person is another token: every professional organisation has two or more."""
    for part in Deployment.load().organisations:
        assert sum(member.role in (Role.PROFESSIONAL, Role.COORDINATOR) for member in part.professionals) >= 2


def test_ports_can_be_moved_together() -> None:
    """Consecutive from the first, so that two systems fit on one machine."""
    moved = Deployment.load().moved(20_000)
    assert moved.port("gate") == 20_000
    assert sorted(part.port for part in moved.parts) == list(range(20_000, 20_000 + len(moved.parts)))
    assert Deployment.load().port("gate") == 8400
    with pytest.raises(ValidationError):
        Deployment.load().moved(65_530)


@pytest.mark.parametrize(
    "change", [{"port": 8400}, {"slug": "gate"}, {"slug": "operator"}, {"coordination": "rvt-noord"}]
)
def test_a_contradictory_deployment_is_refused(change: dict[str, object]) -> None:
    """A port or slug twice, the operator's name, a coordination that is none."""
    with pytest.raises(ValidationError):
        deployment(**change)


def test_everyone_made_is_found_by_everyone(tmp_path: Path) -> None:
    """Every entry holds against the pins made with it; each party signs with its own key."""
    demo = Deployment.load()
    assert set(init(tmp_path, demo).values()) == {Change.MADE}
    found = read(tmp_path)
    assert set(found.organisations) == {part.slug for part in demo.organisations} | {"gate", "oversight"}
    for slug in found.organisations:
        keys = organisation_keys(tmp_path, slug)
        assert found.own_kid(slug, demo.keys_valid_from) == keys.signing.kid
        assert found.sealing_key(slug, demo.keys_valid_from) == keys.sealing.public_jwk()
    oversight = found.find("oversight")
    assert oversight is not None and oversight.topics.outbox == "oversight.outbox" and oversight.topics.inbox is None


def test_only_the_owner_can_read_what_was_made(tmp_path: Path) -> None:
    """0600 for files, 0700 for folders, whatever the umask."""
    home = tmp_path / "home"
    init(home, Deployment.load())
    for path in (home, *home.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_making_again_changes_not_one_byte(tmp_path: Path) -> None:
    """Keys are never overwritten and an entry that says the same stays as it was signed."""
    init(tmp_path, Deployment.load())
    before = files(tmp_path)
    assert set(init(tmp_path, Deployment.load()).values()) == {Change.KEPT}
    assert files(tmp_path) == before


def test_a_changed_organisation_gets_a_higher_version(tmp_path: Path) -> None:
    """With the same keys, and readers of the earlier entry accept it."""
    init(tmp_path, Deployment.load())
    found = read(tmp_path)
    keys = {name: text for name, text in files(tmp_path).items() if name.startswith("keys/")}
    changes = init(tmp_path, deployment(regions=("noord", "oost")))
    assert [slug for slug, change in changes.items() if change is not Change.KEPT] == [LINDE]
    assert isinstance(found.apply(Row(99, LINDE.encode(), records(tmp_path)[LINDE])), Accepted)
    organisation = found.find(LINDE)
    assert organisation is not None and organisation.version == 2 and organisation.regions == ("noord", "oost")
    assert {name: text for name, text in files(tmp_path).items() if name.startswith("keys/")} == keys


def test_a_new_signing_key_joins_the_old_one(tmp_path: Path) -> None:
    """A lost key is replaced by one with another id; the lost one stays, to check what it signed."""
    init(tmp_path, Deployment.load())
    lost = organisation_keys(tmp_path, LINDE).signing
    (tmp_path / "keys" / LINDE / "signing.jwk").unlink()
    assert init(tmp_path, Deployment.load())[LINDE] is Change.CHANGED
    found = read(tmp_path)
    assert found.past_key(lost.kid) is not None
    assert found.past_key(organisation_keys(tmp_path, LINDE).signing.kid) is not None


def test_another_identity_than_the_pinned_one_changes_nothing(tmp_path: Path) -> None:
    """A replaced identity key stops everything: pins change by hand only."""
    init(tmp_path, Deployment.load())
    (tmp_path / "keys" / LINDE / "identity.jwk").unlink()
    before = records(tmp_path), (tmp_path / "pins.yaml").read_bytes()
    with pytest.raises(PinDiffersError, match=LINDE):
        init(tmp_path, deployment(name="Another"))
    assert (records(tmp_path), (tmp_path / "pins.yaml").read_bytes()) == before


def test_a_file_is_written_once(tmp_path: Path) -> None:
    """Whoever comes second keeps what is there, and nothing is left behind."""
    assert write_once(tmp_path / "a" / "key", b"first")
    assert not write_once(tmp_path / "a" / "key", b"second")
    assert files(tmp_path) == {"a/key": b"first"}


def test_nothing_published_is_secret(tmp_path: Path) -> None:
    """No private part of any key stands in an entry or in the pins."""
    init(tmp_path, Deployment.load())
    shown = b"".join(records(tmp_path).values()) + (tmp_path / "pins.yaml").read_bytes()
    private = [json.loads(file.read_bytes())["d"] for file in (tmp_path / "keys").rglob("*.jwk")]
    assert len(private) == 31
    assert not [part for part in private if part.encode() in shown]


def test_an_entry_names_where_to_complain(tmp_path: Path) -> None:
    """D#128: an organisation without a complaint route cannot join."""
    init(tmp_path, Deployment.load())
    entry = DirectoryRecord.model_validate_json(records(tmp_path)[LINDE]).entry
    assert Organisation.model_validate_json(entry).complaint_route == "https://lokaal-team-linde.example/klacht"


def test_the_command_line_makes_a_home_and_a_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`estafette directory init`, then `estafette token ORG PROFESSIONAL` prints one that lets this professional in."""
    monkeypatch.setenv("ESTAFETTE_HOME", str(tmp_path))
    run = CliRunner().invoke
    early = run(token_command, [LINDE, "linde-1"])
    assert early.exit_code == 1 and "estafette directory init" in early.output
    made = run(directory_command, ["init"])
    assert made.exit_code == 0 and f"made     {LINDE}" in made.output
    printed = run(token_command, [LINDE, "linde-1"])
    assert printed.exit_code == 0
    caller = Verifier.from_home(tmp_path).check(printed.output.strip(), LINDE)
    assert (caller.ref, caller.role) == ("linde-1", Role.PROFESSIONAL)
    for unknown in (["nobody", "linde-1"], [LINDE, "nobody"]):
        refused = run(token_command, unknown)
        assert refused.exit_code == 1 and "unknown: nobody" in refused.output


def test_another_list_of_organisations_can_be_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By option or environment variable; one that makes no sense is explained."""
    monkeypatch.setenv("ESTAFETTE_HOME", str(tmp_path / "home"))
    plain = yaml.safe_load(DEMO.read_bytes())
    plain["organisations"] = [part for part in plain["organisations"] if part["slug"] == "coordinatie-noord"]
    file = tmp_path / "organisations.yaml"
    file.write_text(yaml.safe_dump(plain))
    made = CliRunner().invoke(directory_command, ["init", "--organisations", str(file)])
    assert made.exit_code == 0 and set(records(tmp_path / "home")) == {"gate", "oversight", "coordinatie-noord"}
    file.write_text("organisations: []\n")
    refused = CliRunner().invoke(directory_command, ["init", "--organisations", str(file)])
    assert refused.exit_code == 1 and "keys_valid_from" in refused.output
