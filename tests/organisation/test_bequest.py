"""What an edge hands to the organisation that goes on in its place, and what that one believes of it."""

import json
import shutil
from base64 import urlsafe_b64decode
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from services.local_team import profile as local_team
from services.organisation import tables as t
from services.organisation.bequest import Heir, NotHandedOver, Taken, Testament
from services.runtime.directory import Accepted
from services.runtime.jose import SigningKey
from tests.gate.succeeded import deed
from tests.organisation import offices
from tests.organisation.offices import KeyedRecord, Office, Street
from tests.organisation.small_gate import SmallGate
from tests.organisation.test_behaviour import LINDE, TEXT, delivered_letter

BERK = "lokaal-team-berk"


class Merged:
    """Linde holds a letter of Veilig Thuis, and goes on as Berk."""

    def __init__(self, home: Path, folder: Path, linde: Office, berk: Office, letter: str) -> None:
        self.home, self.file = home, folder / "store"
        self.linde, self.berk, self.letter = linde, berk, letter
        self.now = linde.edge.clock.now()

    async def write(self) -> None:
        edge = self.linde.edge
        signer = edge.keys.signer(edge.known.directory, self.now)
        await Testament(LINDE, edge.engine, edge.known.directory, signer, edge.keys, self.now).write(self.file, True)

    async def take(self) -> Taken:
        edge = self.berk.edge
        folder = self.home / "keys" / BERK
        heir = Heir(BERK, edge.epoch, edge.engine, edge.known.directory, edge.keys, folder, self.now)
        return await heir.take(self.file)


@pytest.fixture
async def merged(small_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Merged]:
    monkeypatch.setitem(offices.PROFILES, BERK, local_team)
    home = tmp_path / "home"
    shutil.copytree(small_home, home)
    street = Street(home, SmallGate(home), None, tmp_path)
    _, linde, _, letter = await delivered_letter(street)
    berk = await street.office(BERK)
    record = deed(home, LINDE, BERK, linde.edge.clock.now() - timedelta(hours=1))
    for office in street.open:
        revision = office.edge.known.directory.revision
        assert isinstance(office.edge.known.directory.apply(KeyedRecord(revision, LINDE.encode(), record)), Accepted)
    yield Merged(home, tmp_path, linde, berk, letter)
    for office in street.open:
        await office.edge.engine.dispose()


async def test_the_successor_reads_the_letters_and_taking_the_store_twice_changes_nothing(merged: Merged) -> None:
    """With the key that came along; and the case, what was said in it and its handovers show under the new name."""
    await merged.write()
    first = await merged.take()
    assert first.rejected == 0 and first.rows["inbox"] > 0 and first.rows["items"] > 0
    shown = await merged.berk.get(f"/api/inbox/{merged.letter}/content", "berk-1")
    assert shown["sections"][0]["text"] == TEXT
    held = [await merged.berk.rows(table) for table in (t.inbox, t.items, t.timeline)]
    again = await merged.take()
    assert again.rows["inbox"] == again.rows["items"] == again.rows["timeline"] == again.rejected == 0
    assert [await merged.berk.rows(table) for table in (t.inbox, t.items, t.timeline)] == held


async def test_nothing_of_the_store_can_be_read_in_the_file(merged: Merged) -> None:
    """It may lie on a disk between the two."""
    await merged.write()
    lines = merged.file.read_bytes().splitlines()
    assert lines and merged.file.stat().st_mode & 0o777 == 0o600
    for line in lines:  # a signature hides nothing of what it is about
        payload = line.split(b".")[1]
        shown = urlsafe_b64decode(payload + b"=" * (-len(payload) % 4))
        assert TEXT.encode() not in shown and "{" not in json.loads(shown)["sealed"]
    theirs, edge = merged.berk.edge, merged.linde.edge
    other = Heir(BERK, edge.epoch, theirs.engine, edge.known.directory, edge.keys, merged.home, merged.now)
    with pytest.raises(NotHandedOver, match="does not open"):
        await other.take(merged.file)


@pytest.mark.parametrize("how", ["cut off", "left out", "another's signature", "no succession"])
async def test_a_file_that_is_not_whole_or_not_of_the_predecessor_brings_nothing(merged: Merged, how: str) -> None:
    edge = merged.linde.edge
    async with edge.engine.begin() as connection:  # enough for several lines
        query = sa.select(t.items)
        row = dict((await connection.execute(query)).mappings().first() or {})
        more = [{**row, "item": f"{n:08d}-0000-4000-8000-000000000000", "text": "x" * 400_000} for n in range(8)]
        await connection.execute(sa.insert(t.items), more)
    await merged.write()
    lines = merged.file.read_bytes().splitlines(keepends=True)
    assert len(lines) > 2
    if how == "another's signature":
        key = SigningKey.from_file(merged.home / "keys" / BERK / "signing.jwk")
        await Testament(LINDE, edge.engine, edge.known.directory, key, edge.keys, merged.now).write(merged.file, True)
    elif how == "no succession":
        merged.now -= timedelta(days=1)
    else:
        merged.file.write_bytes(b"".join(lines[:-1] if how == "cut off" else [lines[0], *lines[2:]]))
    with pytest.raises(NotHandedOver):
        await merged.take()
    assert await merged.berk.rows(t.items) == []


async def test_a_line_that_nobody_signed_brings_nothing(merged: Merged) -> None:
    """Whoever holds the file for a while changes what is sealed in it, or signs with a key of their own."""
    await merged.write()
    head, _, rest = merged.file.read_bytes().partition(b".")
    payload, _, signature = rest.strip().partition(b".")
    for other in (signature[:-8] + b"AAAAAAAA", b""):
        merged.file.write_bytes(b".".join((head, payload, other)) + b"\n")
        with pytest.raises(NotHandedOver, match="line 1 is not signed"):
            await merged.take()
    assert await merged.berk.rows(t.items) == []


async def test_a_delivery_that_the_gate_did_not_seal_is_not_taken_over(merged: Merged) -> None:
    """Whatever the predecessor wrote."""
    async with merged.linde.edge.engine.begin() as connection:
        await connection.execute(sa.update(t.inbox).values(sequence=t.inbox.c.sequence + 7))
    await merged.write()
    assert (await merged.take()).rejected > 0
    assert await merged.berk.rows(t.inbox) == []


async def test_after_its_end_an_organisation_takes_no_orders_and_gets_none(merged: Merged) -> None:
    """Both are told where to go."""
    order: Any = {"to": [LINDE], "body": {}, "case": "case:00000000-0000-4000-8000-000000000001"}
    answer = await merged.berk.ask("POST", "/api/messages/dossiers.shared", "berk-1", order)
    assert answer.status_code == 422 and f"{LINDE} goes on as {BERK}" in answer.text
    own = {**order, "to": ["veilig-thuis-noord"]}
    answer = await merged.linde.ask("POST", "/api/messages/dossiers.shared", "linde-1", own)
    assert answer.status_code == 422 and f"this organisation goes on as {BERK}" in answer.text
