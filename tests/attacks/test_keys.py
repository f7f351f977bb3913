"""Keys change while everything runs, and what thieves, impostors and the operator try with them.

Real broker, gate, ledger and edges; every private key is encrypted on the disk, with a passphrase in the environment.
"""

import base64
import itertools
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from pydantic import SecretStr

from deploy.directory import publish, records
from deploy.keys import organisation_keys
from deploy.registry import public
from schemas.directory import DirectoryRecord, KeyUse, Organisation
from services.cli.__main__ import main
from services.runtime.jose import SealingKey, SigningKey, sign_compact, sign_detached
from services.runtime.keys import read_key
from tests.attacks.scene import BERK, FAMILY, LINDE, VT, Client, Scene, consent, new_case, scene, until

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(900)]
PASSPHRASE = "wij zeggen de sleutel niet hardop"
TEXT = "what only the recipient may read"
GATE = "gate"


@pytest.fixture(scope="module")
def system() -> Iterator[Scene]:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("ESTAFETTE_KEY_PASSPHRASE", PASSPHRASE)
        with scene(GATE, "ledger", VT, LINDE) as made:
            environment.setenv("ESTAFETTE_HOME", str(made.home))
            environment.setenv("COLUMNS", "250")
            made.system.remember()
            yield made


@pytest.fixture(scope="module")
def vt(system: Scene) -> Client:
    """Veilig Thuis at Kafka itself, with the key it began with."""
    return system.client(VT)


@pytest.fixture(scope="module")
def case(system: Scene) -> str:
    """A case that the page of Veilig Thuis opened, in which everything may be shared about the child."""
    opened = say(system, "cases.opened", body={key: FAMILY[key] for key in ("persons", "lead")})
    assert decided(system, opened) == "delivered"
    assert decided(system, say(system, "consents.recorded", case=opened["subject"], body=consent())) == "delivered"
    return str(opened["subject"])


def say(system: Scene, name: str, **order: Any) -> dict[str, Any]:
    """A message through the page of Veilig Thuis."""
    answer = system.ask(VT, "POST", f"/api/messages/{name}", "vt-1", json=order)
    return dict(answer["messages"][0])


def letter(system: Scene, case: str) -> dict[str, Any]:
    """A letter to the local team through the page of Veilig Thuis."""
    section = {
        "category": "CONCERNS",
        "about": ["child-1"],
        "kind": "OBSERVATION",
        "as_of": "2026-03-01",
        "source": {"kind": "OWN_OBSERVATION"},
        "bases": [{"person": "child-1", "secrecy": "CONSENT"}],
        "text": TEXT,
    }
    manifest = {"purpose": "JOINT_SUPPORT", "sections": [section]}
    return say(system, "dossiers.shared", case=case, to=[LINDE], body={}, manifest=manifest)


def decided(system: Scene, message: dict[str, Any]) -> str:
    """What became of a message of Veilig Thuis."""

    def look() -> str | None:
        found = system.ask(VT, "GET", f"/api/messages/{message['id']}", "vt-1")
        return None if found["status"] in ("queued", "sent") else f"{found['status']} {found['reasons'] or ''}".strip()

    return until(look, f"a verdict on {message['id']}")


def opened(system: Scene, message: dict[str, Any]) -> list[Any]:
    """The texts of a letter as the local team reads them, once it is there."""

    def look() -> list[Any] | None:
        known = {each.get("id") for each in system.ask(LINDE, "GET", "/api/inbox", "linde-1")}
        if message["id"] not in known:
            return None
        found = system.ask(LINDE, "GET", f"/api/inbox/{message['id']}/content", "linde-1")
        return [section["text"] for section in found["sections"]]

    return until(look, "the letter at the local team")


def command(*words: str) -> Result:
    """`estafette ...`, as its user types it."""
    return CliRunner().invoke(main, ["--home", os.environ["ESTAFETTE_HOME"], *words])


def directory(*words: str) -> str:
    """`estafette directory ...`, which must succeed."""
    done = command("directory", *words)
    assert done.exit_code == 0, done.output
    return done.output


def made_by(*words: str) -> list[str]:
    """The key ids that a command made."""
    return [line.split()[2] for line in directory(*words).splitlines() if line.startswith("new key ")]


def entry(system: Scene, slug: str) -> Organisation:
    told = DirectoryRecord.model_validate_json(records(system.home)[slug])
    return Organisation.model_validate_json(told.entry)


def kid_in(jws: bytes | str) -> str:
    head = (jws if isinstance(jws, str) else jws.decode()).partition(".")[0]
    return str(json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))["kid"])


def opening(client: Client) -> dict[str, Any]:
    return client.event("cases.opened", new_case(), FAMILY)


def sent_with(client: Client, key: SigningKey) -> str:
    made = opening(client)
    value = json.dumps(made).encode()
    return client.put(value, made["subject"], sign_detached(value, key))


class Traffic:
    """Letters and openings, one after another, until the block ends; all that was taken in."""

    def __init__(self, system: Scene, case: str) -> None:
        self._system, self._case = system, case
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._go, daemon=True)
        self.sent: list[dict[str, Any]] = []
        self.broken: list[BaseException] = []

    def _go(self) -> None:
        try:
            for turn in itertools.count():
                if self._end.is_set():
                    return
                made = letter(self._system, self._case) if turn % 3 else say(self._system, "cases.opened", body=FAMILY)
                self.sent.append({**made, "letter": bool(turn % 3)})
        except BaseException as error:
            self.broken.append(error)

    def more(self, count: int = 6) -> None:
        """Return when so many more were sent."""
        want = len(self.sent) + count
        until(lambda: self.broken or len(self.sent) >= want, "more traffic")

    def __enter__(self) -> "Traffic":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join(60)


def test_keys_rotate_under_traffic_and_nothing_is_lost_or_refused(system: Scene, case: str) -> None:
    """Sender, receiver and gate each get new keys with everything running, and use them; every letter is opened; the
    ledger holds against the gate's entry with both its keys."""
    with Traffic(system, case) as traffic:
        traffic.more()
        new = {slug: made_by("rotate", slug, "--apply") for slug in (VT, LINDE, GATE)}
        traffic.more()
    assert traffic.broken == []
    assert {decided(system, message) for message in traffic.sent} == {"delivered"}
    letters = [message for message in traffic.sent if message["letter"]]
    assert [opened(system, message) for message in letters] == [[TEXT]] * len(letters)

    outbox, inbox = system.reading("admin", f"{VT}.outbox"), system.reading("admin", f"{LINDE}.inbox")
    last = traffic.sent[-1] if traffic.sent[-1]["letter"] else letters[-1]
    first, latest = (outbox.first(_is(each), "it in the outbox") for each in (letters[0], last))
    assert kid_in(first.headers["jws"]) not in new[VT] and kid_in(latest.headers["jws"]) == new[VT][0]
    sealed_to = [kid_in(next(iter(each.event["data"]["sealed"].values()))) for each in (first, latest)]
    assert sealed_to[0] not in new[LINDE] and sealed_to[1] == new[LINDE][1]
    assert kid_in(inbox.first(_is(last), "it in the inbox").headers["seal"]) == new[GATE][0]
    outbox.close()
    inbox.close()
    assert "AUTHENTIC AND UNBROKEN" in verified(system)


def _is(message: dict[str, Any]) -> Any:
    return lambda found: found.event.get("id") == message["id"]


def verified(system: Scene) -> str:
    """`estafette ledger verify` on the whole ledger, with the gate's directory entry."""
    export = system.home / "export"
    export.write_text(command("ledger", "export").output)
    gate = str(system.home / "directory" / "gate.json")
    return command("ledger", "verify", str(export), "--gate-key", gate).output


def test_what_lay_in_the_outbox_when_keys_rotated_arrives(system: Scene, case: str) -> None:
    """Signed with the old key and sealed to the old key, decided after both were rotated."""
    system.stop(GATE)
    waiting = letter(system, case)
    for slug in (VT, LINDE):
        directory("rotate", slug, "--apply")
    system.start(GATE)
    assert decided(system, waiting) == "delivered"
    assert opened(system, waiting) == [TEXT]
    assert decided(system, letter(system, case)) == "delivered"


def test_a_key_counts_for_its_owner_alone_and_only_while_it_counts(system: Scene, vt: Client) -> None:
    """Unknown, of another organisation, expired: refused, each with its own reason."""
    unknown = SigningKey.generate(f"{VT}.sign.unknown")
    assert vt.codes(sent_with(vt, unknown)) == ["UNSIGNED"]
    other, identity = organisation_keys(system.home, BERK).signing, organisation_keys(system.home, VT).identity
    assert vt.codes(sent_with(vt, other)) == ["WRONG_SOURCE"]
    assert vt.codes(sent_with(vt, identity)) == ["UNSIGNED"]

    berk = system.client(BERK)
    assert berk.codes(sent_with(berk, berk.key)) == []
    directory("rotate", BERK, "--sign", "--overlap-hours", "0", "--accept-days", "0", "--apply")
    assert berk.codes(sent_with(berk, berk.key)) == ["STALE_DIRECTORY_KEY"]


def test_a_revoked_key_is_refused_at_once_and_stays_so(system: Scene, vt: Client, case: str) -> None:
    """The next message with it is refused; what was delivered before stays readable and verifiable; the page goes on
    with a new key; and the operator cannot bring the old entry back."""
    before = letter(system, case)
    assert decided(system, before) == "delivered"
    old = records(system.home)[VT]
    outbox = system.reading("admin", f"{VT}.outbox")
    stolen = outbox.first(_is(before), "it in the outbox")
    kid = kid_in(stolen.headers["jws"])
    outbox.close()
    key = private_key(system, VT, kid)
    assert vt.codes(sent_with(vt, key)) == []

    told = directory("revoke", kid, "--apply")
    assert "the gate has it" in told
    assert vt.codes(sent_with(vt, key)) == ["STALE_DIRECTORY_KEY"]
    until(lambda: kid not in used(system, VT), "the page's own directory")
    assert opened(system, before) == [TEXT]
    assert decided(system, letter(system, case)) == "delivered"
    assert "AUTHENTIC AND UNBROKEN" in verified(system)

    publish(system.settings.kafka("operator"), {VT: old})
    assert conflict(system, VT) == {"OLDER"}
    assert vt.codes(sent_with(vt, key)) == ["STALE_DIRECTORY_KEY"]
    mended(system)


def used(system: Scene, slug: str) -> list[str]:
    """The keys in use of an organisation, as its own page has the directory."""
    told = system.ask(slug, "GET", "/api/directory", "vt-1" if slug == VT else "linde-1")
    return next(each["keys"] for each in told["organisations"] if each["slug"] == slug)


def private_key(system: Scene, slug: str, kid: str) -> SigningKey:
    """As a thief has it."""
    for file in (system.home / "keys" / slug).glob("signing*.jwk"):
        key = read_key(file, SecretStr(PASSPHRASE))
        if key.kid == kid and isinstance(key, SigningKey):
            return key
    raise AssertionError(f"{kid} is not there")


def conflict(system: Scene, slug: str) -> set[str]:
    """The reasons that gate, edges and ledger each give for ignoring the record of `slug`: all the same."""

    def look() -> set[str] | None:
        told = [
            {each["reason"] for each in answer["warnings"] if each["organisation"] == slug} for answer in health(system)
        ]
        return told[0] if told[0] and all(each == told[0] for each in told) else None

    return until(look, "everyone to warn")


def mended(system: Scene) -> None:
    """The operator applies the folder: the good record is published again, and no one warns any more."""
    assert "is published again" in directory("apply")
    until(lambda: not any(each["warnings"] for each in health(system)), "no more warnings")


def health(system: Scene) -> list[dict[str, Any]]:
    return [dict(each) for each in system.system.health([GATE, "ledger", VT, LINDE]).values()]


def test_the_operator_cannot_swap_a_sealing_key(system: Scene, case: str) -> None:
    """It signs what it can, with a key of its own in the entry; nothing changes, everyone is told, and the next letter
    is sealed to the right key."""
    thief = SealingKey.generate(f"{LINDE}.seal.thief")
    good = DirectoryRecord.model_validate_json(records(system.home)[LINDE])
    own = entry(system, LINDE)
    key = max(own.keys_for(KeyUse.SEAL), key=lambda key: key.not_before)
    swapped = key.model_copy(update={"kid": thief.kid, "jwk": public(thief.public_jwk()), "not_before": key.not_before})
    forged = own.model_copy(update={"version": own.version + 1, "keys": (*own.keys, swapped)})
    operator = organisation_keys(system.home, "operator").identity
    text = forged.model_dump_json(exclude_none=True)
    membership = own.membership(next(iter(own.keys_for(KeyUse.IDENTITY))).jwk.fingerprint)
    record = good.model_copy(
        update={
            "entry": text,
            "identity_jws": sign_detached(text.encode(), operator),
            "membership": sign_compact(membership.model_dump_json(exclude_none=True).encode(), operator),
        }
    )
    publish(system.settings.kafka("operator"), {LINDE: record.model_dump_json().encode()})
    assert conflict(system, LINDE) == {"IDENTITY"}
    for service in (GATE, VT, LINDE):
        assert "DIRECTORY_CONFLICT" in system.log(service)
    officer = system.ask(VT, "GET", "/api/directory", "vt-fg")
    assert [each["reason"] for each in officer["warnings"]] == ["IDENTITY"]
    shown, status = command("directory", "show"), command("status")
    assert shown.exit_code == 1 and f"ignored: {LINDE}" in shown.output
    assert f"DIRECTORY_CONFLICT {LINDE}" in status.output

    sent = letter(system, case)
    assert decided(system, sent) == "delivered" and opened(system, sent) == [TEXT]
    outbox = system.reading("admin", f"{VT}.outbox")
    sealed = outbox.first(_is(sent), "it in the outbox").event["data"]["sealed"]
    assert {kid_in(each) for each in sealed.values()} == {key.kid}
    outbox.close()
    mended(system)


def test_no_private_key_is_anywhere_but_in_its_encrypted_file(system: Scene) -> None:
    """Not in a log, database, topic, error or health page; and the passphrase nowhere at all."""
    files = sorted((system.home / "keys").glob("*/*.jwk"))
    assert len(files) >= 19  # three of each of four organisations, gate and oversight, and the operator
    secrets: set[bytes] = {PASSPHRASE.encode()}
    for file in files:
        key = read_key(file, SecretStr(PASSPHRASE))
        private = key.to_jwk()["d"]
        secrets |= {private.encode(), base64.urlsafe_b64decode(private + "=")}
        secrets.add(base64.urlsafe_b64decode(private + "=").hex().encode())
    any_secret = re.compile(b"|".join(map(re.escape, sorted(secrets))))
    found = [str(path) for path in (*places(system), *files) if any_secret.search(path.read_bytes())]
    assert found == []
    pages = str(system.system.health()).encode()
    assert not any_secret.search(pages)


def places(system: Scene) -> list[Path]:
    """Every file of the system but keys and Kafka's tables of offsets (large and empty): logs, databases, Kafka's
    records, what was published."""
    files = (path for path in system.home.rglob("*") if path.is_file() and "index" not in path.suffix)
    found = [path for path in files if "keys" not in path.relative_to(system.home).parts]
    kinds = {path.relative_to(system.home).parts[0] for path in found}
    assert {"log", "db", "kafka", "directory"} <= kinds
    return found


def test_without_the_passphrase_no_service_starts_and_it_says_why(system: Scene) -> None:
    """Nor with a wrong one; the reason names the file, never what is in it."""
    process = next(each for each in system.system.processes if each.name == VT)
    for told, reason in (({}, "is encrypted"), ({"ESTAFETTE_KEY_PASSPHRASE": "x" * 20}, "wrong passphrase")):
        environment = {k: v for k, v in process.environment(system.home).items() if k != "ESTAFETTE_KEY_PASSPHRASE"}
        command = [sys.executable, "-m", process.module]
        done = subprocess.run(
            command, env={**environment, **told}, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 1 and reason in done.stderr and "signing" in done.stderr
