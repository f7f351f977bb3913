"""A dossier is erased when the person asks: for good, by two persons, and not where the law says no."""

import asyncio
import hashlib
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from schemas import service
from schemas.entry import EntryRegie
from schemas.parties import OrganisationKind
from services.organisation import retention
from services.organisation import tables as t
from services.organisation.erasure import Ground, Journal

VT, LINDE = "veilig-thuis-noord", "lokaal-team-linde"
CASE = "case:3f8a1f0e-8f5a-4b53-9d3c-2a1b0c9d8e7f"
OWN, GOT = "the mother told me at the kitchen table", "the school heard him cry"
ASKED = {"ground": "YOUTH_ACT", "requested_on": "2026-03-01"}


def contents(*texts: str, about: tuple[str, ...] = ("mother",)) -> dict[str, Any]:
    told = {"category": "CONCERNS", "kind": "FACT", "as_of": "2026-03-01", "source": {"kind": "YOUTH"}}
    return {"purpose": "HANDOVER", "sections": [{**told, "about": list(about), "text": text} for text in texts]}


async def correspond(vt: Any, linde: Any, case: str = CASE) -> None:
    """Each sends the other a letter, and is told that it is stored."""
    for sender, reader, ref, text in ((vt, linde, "vt-1", OWN), (linde, vt, "linde-1", GOT)):
        order = {"case": case, "to": [reader.slug], "body": {}, "manifest": contents(text)}
        (message,) = await sender.send("dossiers.shared", ref, **order)
        made = await sender.decided(message["id"])
        await reader.take(made[reader.slug])
        stored = service.StoredNotice(recipient=reader.slug, messages=(message["id"],))
        await sender.take(sender.gate.notice(sender.slug, case, stored))


async def erase(office: Any, case: str = CASE, second: str = "vt-1", **asked: Any) -> Any:
    order = {**ASKED, **asked}
    path = f"/api/cases/{case}/erasures"
    return await office.ask("POST", path, "vt-fg", order, Second_Person=office.token(second))


async def test_nothing_of_it_is_left_in_the_database(any_street: Any, tmp_path: Path, request: Any) -> None:
    """No text, no salt, no sealed bytes: neither in the tables nor in the files the database keeps them in. What the
    ledger knows too is left, and the answer names who holds a copy."""
    vt, linde = await any_street.office(VT), await any_street.office(LINDE)
    await correspond(vt, linde)
    rows = await vt.rows(t.items)
    salt = next(bytes(row.salt) for row in rows if row.text == OWN)
    digest = next(row.section["digest"] for row in rows if row.text == OWN)
    assert hashlib.sha256(salt + OWN.encode()).hexdigest() == digest
    sealed = next(row.value for row in await vt.rows(t.inbox) if row.letter)[-200:-100]
    assert {OWN.encode(), salt, sealed} == await _found(vt, tmp_path, OWN.encode(), salt, sealed)
    answer = await erase(vt)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["outcome"], told["holders"], len(told["items"])) == ("ERASED", [LINDE], 2)
    assert await _found(vt, tmp_path, OWN.encode(), salt, sealed) == set()
    assert {row.entry_hash for row in await vt.rows(t.timeline)}
    assert [row.entry_hash for row in await vt.sent("dossiers.shared")] != [None]
    assert [row.text for row in await linde.rows(t.items) if row.text] == [GOT]
    assert [each["id"] for each in (await vt.get("/api/erasures", "vt-fg"))["erasures"]] == [told["id"]]


async def _found(office: Any, folder: Path, *wanted: bytes) -> set[bytes]:
    """Which of these bytes stand in the files of the database."""
    if office.edge.engine.dialect.name == "sqlite":
        where, pattern = folder, f"{office.slug}.db*"
    else:
        async with office.edge.engine.connect() as connection:
            outside = await connection.execution_options(isolation_level="AUTOCOMMIT")
            await outside.execute(sa.text("checkpoint"))
            folder_ = (await outside.execute(sa.text("show data_directory"))).scalar_one()
            own = sa.text("select oid from pg_database where datname = current_database()")
            number = (await outside.execute(own)).scalar_one()
        where, pattern = Path(folder_) / "base" / str(number), "*"
    held = await asyncio.to_thread(lambda: b"".join(file.read_bytes() for file in where.glob(pattern)))
    return {each for each in wanted if each in held}


async def test_a_letter_that_was_erased_cannot_be_opened_and_everything_else_works_on(street: Any) -> None:
    """404 for the letter; the case, the inbox and what comes next in it are shown as ever."""
    vt, linde = await street.office(VT), await street.office(LINDE)
    await correspond(vt, linde)
    letter = next(row for row in await vt.rows(t.inbox) if row.letter)
    assert (await vt.ask("GET", f"/api/inbox/{letter.id}/content", "vt-1")).status_code == 200
    assert (await erase(vt)).status_code == 200
    assert (await vt.ask("GET", f"/api/inbox/{letter.id}/content", "vt-1")).status_code == 404
    for path in ("/api/sent", "/api/inbox", f"/api/cases/{CASE}", "/api/cases", "/api/worklist"):
        assert (await vt.ask("GET", path, "vt-1")).status_code == 200, path
    await correspond(vt, linde)
    assert sorted(row.text for row in await vt.rows(t.items) if row.text) == [OWN]


@pytest.mark.parametrize(("state", "reason"), [("regie", "CASE_RUNNING"), ("waiting", "MESSAGES_WAITING")])
async def test_what_is_going_on_is_not_erased(street: Any, state: str, reason: str) -> None:
    """A case it leads, or a letter that may have to be sent again; the refusal is kept with its reason."""
    vt, linde = await street.office(VT), await street.office(LINDE)
    await correspond(vt, linde)
    if state == "regie":
        moved = service.RegieMoved(regie_from=None, regie_to=VT, how="OPENED")
        await vt.take(vt.gate.notice(VT, CASE, moved, regie=EntryRegie(holder_before=None, holder_after=VT)))
    else:
        await vt.send("dossiers.shared", "vt-1", case=CASE, to=[LINDE], body={}, manifest=contents("later"))
    answer = await erase(vt)
    assert (answer.status_code, answer.json()["reasons"]) == (409, [reason])
    assert [row.outcome for row in await vt.rows(t.erasures)] == ["REFUSED"]
    assert OWN in [row.text for row in await vt.rows(t.items)]


async def test_a_hold_stands_in_the_way_until_it_is_lifted_or_over(street: Any) -> None:
    """A court case, or the interest of somebody else (Jeugdwet 7.3.9): 409 with every reason, then not any more."""
    vt, linde = await street.office(VT), await street.office(LINDE)
    await correspond(vt, linde)
    path = f"/api/cases/{CASE}/holds"
    court = await vt.ask("POST", path, "vt-fg", {"reason": "COURT_CASE"})
    other = {"reason": "INTEREST_OF_ANOTHER", "until": "2026-03-10"}
    assert (court.status_code, (await vt.ask("POST", path, "vt-fg", other)).status_code) == (201, 201)
    assert (await vt.ask("POST", path, "vt-fg", {"reason": "CASE_RUNNING"})).status_code == 422
    assert sorted((await erase(vt)).json()["reasons"]) == ["COURT_CASE", "INTEREST_OF_ANOTHER"]
    assert (await vt.ask("DELETE", f"/api/holds/{court.json()['id']}", "vt-fg")).status_code == 200
    assert (await vt.ask("DELETE", f"/api/holds/{court.json()['id']}", "vt-fg")).status_code == 404
    assert (await erase(vt)).json()["reasons"] == ["INTEREST_OF_ANOTHER"]
    vt.edge.clock.advance(datetime(2026, 3, 11, 12, tzinfo=UTC))
    assert (await erase(vt)).status_code == 200


async def test_two_persons_erase(street: Any) -> None:
    """A privacy officer with a professional beside; nobody else, not alone, and not what is not held here."""
    vt, linde = await street.office(VT), await street.office(LINDE)
    await correspond(vt, linde)
    path = f"/api/cases/{CASE}/erasures"
    assert (await vt.ask("POST", path, "vt-fg", ASKED)).status_code == 422
    assert (await erase(vt, second="vt-fg")).status_code == 422
    assert (await erase(vt, second="vt-beheer")).status_code == 403
    for ref in ("vt-1", "vt-beheer"):
        answer = await vt.ask("POST", path, ref, ASKED, Second_Person=vt.token("vt-2"))
        assert answer.status_code == 403, ref
        assert (await vt.ask("GET", "/api/erasures", ref)).status_code == 403
    assert (await erase(vt, case="case:" + "0" * 8 + CASE[13:])).status_code == 404
    assert (await erase(vt, requested_on="2027-01-01")).status_code == 422
    assert OWN in [row.text for row in await vt.rows(t.items)]


async def test_what_is_about_others_too_stays(street: Any) -> None:
    """One person asks: items about that person alone go; those about a brother too are named as kept."""
    vt, linde = await street.office(VT), await street.office(LINDE)
    await correspond(vt, linde)
    both = contents("both children were afraid", about=("mother", "child-1"))
    (message,) = await vt.send("dossiers.shared", "vt-1", case=CASE, to=[LINDE], body={}, manifest=both)
    await linde.take((await vt.decided(message["id"]))[LINDE])
    stored = service.StoredNotice(recipient=LINDE, messages=(message["id"],))
    await vt.take(vt.gate.notice(VT, CASE, stored))
    answer = (await erase(vt, person="mother")).json()
    assert (len(answer["items"]), len(answer["kept"])) == (2, 1)
    assert [row.text for row in await vt.rows(t.items)] == ["both children were afraid"]
    letter = next(row for row in await vt.rows(t.inbox) if row.letter)
    shown = await vt.get(f"/api/inbox/{letter.id}/content", "vt-1")
    assert [section["text"] for section in shown["sections"]] == [None]


async def test_what_came_back_is_erased_again(street: Any, tmp_path: Path) -> None:
    """A database from before the erasure, put back: the journal beside it knows, at the next start."""
    vt, linde = await street.office(VT), await street.office(LINDE)
    await correspond(vt, linde)
    vt.edge.eraser.journal._file = tmp_path / "journal"
    before = {table: await vt.rows(table) for table in (t.items, t.sent, t.inbox)}
    assert (await erase(vt)).status_code == 200
    async with vt.edge.engine.begin() as connection:
        await connection.execute(sa.delete(t.erasures))
        for table, rows in before.items():
            await connection.execute(sa.delete(table))
            await connection.execute(sa.insert(table), [row._asdict() for row in rows])
    assert await vt.edge.eraser.again() == 1
    assert await vt.edge.eraser.again() == 0
    assert await vt.rows(t.items) == []
    assert {row.value for row in (*await vt.rows(t.inbox), *await vt.sent())} == {b""}
    assert len(await vt.rows(t.erasures)) == 1
    assert OWN not in json.dumps([each.model_dump(mode="json") for each in vt.edge.eraser.journal.read()])


async def test_what_cannot_be_written_down_is_not_erased(street: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk: nothing has happened, in the database neither; what nobody could erase again must not seem gone."""
    vt, linde = await street.office(VT), await street.office(LINDE)
    await correspond(vt, linde)

    def full(*_: Any) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(Journal, "write", full)
    assert (await erase(vt)).status_code == 500
    assert OWN in [row.text for row in await vt.rows(t.items)]
    assert await vt.rows(t.erasures) == []


async def test_a_line_that_was_cut_off_costs_no_other(street: Any, tmp_path: Path) -> None:
    """Who writes it dies half-way: lines before it count, and so does what is written after it."""
    vt, linde = await street.office(VT), await street.office(LINDE)
    await correspond(vt, linde)
    journal = vt.edge.eraser.journal
    journal._file = tmp_path / "journal"
    first = (await erase(vt)).json()
    with journal._file.open("a") as file:
        file.write(first["id"].join(('{"id":"', '","subject":"case:3f8a')))
    assert [each.id for each in journal.read()] == [first["id"]]
    await correspond(vt, linde)
    second = (await erase(vt)).json()
    assert [each.id for each in journal.read()] == [first["id"], second["id"]]


def test_how_long_a_dossier_is_kept() -> None:
    """Twenty years after the last change; Veilig Thuis fifteen, and until the youngest child is of age."""
    day = date(2026, 3, 2)
    kinds = OrganisationKind
    assert retention.term_ends(kinds.LOCAL_TEAM, day, day, []).isoformat() == "2046-03-02"
    assert retention.term_ends(kinds.VEILIG_THUIS, day, day, []).isoformat() == "2041-03-02"
    baby = date(2026, 1, 15)
    assert retention.term_ends(kinds.VEILIG_THUIS, day, day, [baby]).isoformat() == "2044-01-15"
    assert retention.later(date(2028, 2, 29), 15).isoformat() == "2043-03-01"


async def test_when_its_term_is_over_a_dossier_may_go_without_being_asked_for(street: Any) -> None:
    """Closed, and kept as long as the law says: listed, and erased on that ground; not a day earlier."""
    vt, linde = await street.office(VT), await street.office(LINDE)
    await correspond(vt, linde)
    async with vt.edge.engine.begin() as connection:
        await connection.execute(sa.update(t.cases).values(open=False))
    assert (await erase(vt, ground=Ground.TERM_OVER)).json()["reasons"] == ["TERM_NOT_OVER"]
    vt.edge.clock.advance(vt.gate.now.replace(year=2041) + timedelta(days=2))
    (over,) = await vt.get("/api/retention", "vt-fg")
    assert over == {"case": CASE, "kept_until": "2041-03-02"}
    assert (await erase(vt, ground=Ground.TERM_OVER)).status_code == 200
