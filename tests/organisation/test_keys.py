"""An edge whose keys change while it runs, and what it does with records that were swapped."""

import base64
import json
import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from deploy.ceremony import OVERLAP, revoke, rotate
from deploy.keys import operator_key
from deploy.registry import Folder, plan, write_records
from schemas.directory import DirectoryRecord, KeyUse
from schemas.event import parse_event
from services.organisation import tables as t
from services.organisation.deliveries import Reason
from services.runtime.directory import Directory
from services.runtime.jose import SealingKey, SigningKey
from services.runtime.keys import KeyRing
from tests.organisation.offices import KeyedRecord, Office, Street
from tests.organisation.small_gate import SmallGate
from tests.organisation.test_behaviour import LINDE, OPENED, TEXT, VT, contents, opened_case

BOTH = (KeyUse.SIGN, KeyUse.SEAL)


async def _nothing() -> None:
    """There is nothing more to read."""


class Town(Street):
    """A street with a home of its own, in which keys may change."""

    def __init__(self, home: Path, folder: Path) -> None:
        self.gate = SmallGate(home)
        super().__init__(home, self.gate, None, folder)
        self.home, self.folder = home, Folder(home / "directory")
        self._offset = 100

    async def office(self, slug: str, **more: Any) -> Office:
        """Its directory is always read to its end."""
        made = await super().office(slug, **more)
        made.edge.intake = replace(made.edge.intake, refresh=_nothing)
        return made

    def rotated(self, slug: str, *uses: KeyUse) -> list[str]:
        made = rotate(self.home, self.folder, slug, uses or BOTH, self.gate.now)
        self.publish(slug)
        return [key.kid for key in made]

    def publish(self, slug: str, value: bytes | None = None) -> None:
        """What every edge then reads."""
        known = plan(self.folder, Directory(self.folder.pins), self.gate.now)
        good = write_records(self.folder, known.stated, operator_key(self.home))[slug]
        self._offset += 1
        for office in self.open:
            office.edge.known.directory.apply(KeyedRecord(self._offset, slug.encode(), value or good))


@pytest.fixture
async def town(small_home: Path, tmp_path: Path) -> AsyncIterator[Town]:
    shutil.copytree(small_home, tmp_path / "home")
    made = Town(tmp_path / "home", tmp_path)
    yield made
    for office in made.open:
        await office.edge.engine.dispose()


async def sent(office: Any, case: str) -> tuple[str, Any]:
    """A letter to the local team: its id, and its row."""
    (letter,) = await office.send("dossiers.shared", "vt-1", case=case, to=[LINDE], body={}, manifest=contents())
    return letter["id"], next(row for row in await office.sent() if row.id == letter["id"])


async def text_of(office: Any, message: str) -> list[str]:
    found = await office.get(f"/api/inbox/{message}/content", "linde-1")
    return [section["text"] for section in found["sections"]]


def kids(row: Any) -> tuple[str, str]:
    """The key that signed a letter and the one it is sealed to."""

    def kid(token: str) -> str:
        head = token.partition(".")[0]
        return str(json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))["kid"])

    return kid(row.jws), kid(next(iter(parse_event(row.value).data.sealed.values())))


async def test_a_running_edge_signs_seals_and_opens_with_new_keys(town: Town) -> None:
    """And still opens what was sealed to the old one, also what was on the way when the keys changed."""
    recipient, sender = await town.office(LINDE), await town.office(VT)
    case = await opened_case(sender)
    early, row = await sent(sender, case)
    (sign, _), (_, seal) = town.rotated(VT), town.rotated(LINDE)
    late, later = await sent(sender, case)
    assert kids(row)[0] != sign and kids(row)[1] != seal and kids(later) == (sign, seal)
    for message in (early, late):
        await recipient.take((await sender.decided(message))[LINDE])
        assert await text_of(recipient, message) == [TEXT]


async def test_receivers_follow_the_gate_to_its_new_key(town: Town) -> None:
    """A seal counts with the key that was in use at its date, and not with one that was not."""
    sender = await town.office(VT)
    case = await opened_case(sender)
    (kid,) = town.rotated("gate", KeyUse.SIGN)
    old, town.gate.key = town.gate.key, KeyRing.of(town.home, "gate").signing[kid]
    await sender.decided((await sent(sender, case))[0])
    assert await sender.rows(t.rejected) == []
    town.gate.key, town.gate.now = old, town.gate.now + OVERLAP + timedelta(days=31)
    row = (await sent(sender, case))[1]
    await sender.take(town.gate.refuse(row.value))
    assert [each.reason for each in await sender.rows(t.rejected)] == [Reason.SEAL_FORGED]


async def test_what_the_gate_let_through_before_it_heard_of_a_revocation_is_not_lost(town: Town) -> None:
    """Within a minute it is taken in; a minute later it is not."""
    recipient, sender = await town.office(LINDE), await town.office(VT)
    case = await opened_case(sender)
    (within, row), (after, _) = await sent(sender, case), await sent(sender, case)
    revoke(town.home, town.folder, kids(row)[0], town.gate.now)
    town.publish(VT)
    await recipient.take((await sender.decided(within))[LINDE])
    assert await text_of(recipient, within) == [TEXT]
    town.gate.now += timedelta(minutes=1)
    await recipient.take((await sender.decided(after))[LINDE])
    rejected = {each.id: each.reason for each in await recipient.rows(t.inbox) if each.reason}
    assert rejected == {after: Reason.SIGNATURE_FORGED}


async def test_a_revoked_key_is_not_used_again(town: Town) -> None:
    """The edge goes on with the key that came in its place."""
    sender = await town.office(VT)
    case = await opened_case(sender)
    before = kids((await sent(sender, case))[1])[0]
    (made,) = revoke(town.home, town.folder, before, town.gate.now)
    town.publish(VT)
    assert kids((await sent(sender, case))[1])[0] == made.kid


async def test_an_edge_that_cannot_sign_takes_no_orders(town: Town) -> None:
    """Better than a letter that is refused later; its health says why."""
    sender = await town.office(VT)
    case = await opened_case(sender)
    kid = kids((await sent(sender, case))[1])[0]
    for file in (town.home / "keys" / VT).glob("signing*"):
        old = SigningKey.from_file(file).kid
        assert old == kid
    revoke(town.home, town.folder, kid, town.gate.now)
    for file in (town.home / "keys" / VT).glob("signing-*"):
        file.unlink()
    town.publish(VT)
    answer = await sender.ask("POST", "/api/messages/cases.opened", "vt-1", {"body": OPENED})
    assert answer.status_code == 503 and "no key to sign with" in answer.text
    health = await sender.edge.health()
    assert health["ready"] is False and "no key to sign with" in health["reason"]


async def test_a_swapped_sealing_key_changes_nothing_and_is_told(town: Town) -> None:
    """To whom it concerns: in /health, and on a page for everyone who works there, administrator and FG included."""
    sender = await town.office(VT)
    case = await opened_case(sender)
    before = kids((await sent(sender, case))[1])[1]
    thief = SealingKey.generate(f"{LINDE}.seal.thief")
    good = DirectoryRecord.model_validate_json((town.folder.root / f"{LINDE}.json").read_bytes())
    own = SealingKey.from_file(town.home / "keys" / LINDE / "sealing.jwk").public_jwk()
    swapped = good.entry.replace(own["x"], thief.public_jwk()["x"])
    assert swapped != good.entry
    town.publish(LINDE, good.model_copy(update={"entry": swapped}).model_dump_json().encode())
    assert kids((await sent(sender, case))[1])[1] == before
    (row,) = [row for row in await sender.sent("dossiers.shared") if kids(row)[1] == before][:1]
    assert thief.public_jwk()["x"].encode() not in row.value
    assert "DIRECTORY_CONFLICT" in (await sender.edge.health())["alarms"]
    for reader in ("vt-fg", "vt-beheer", "vt-1"):
        (warning,) = (await sender.get("/api/directory", reader))["warnings"]
        assert (warning["organisation"], warning["reason"]) == (LINDE, "IDENTITY")
        assert "not signed with the identity key" in warning["means"]
