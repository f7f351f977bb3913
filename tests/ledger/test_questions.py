"""Who leads, who knew what, what was received and what was refused: asked over HTTP, answered from signed entries."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command

from schemas.entry import Caution, EntryHandover, EntryRegie, EntrySection
from schemas.handovers import HandoverKind, HandoverState
from services.ledger import store
from services.ledger.looks import Question
from services.runtime import migrating
from services.runtime.sql import engine_of
from services.runtime.tokens import Role
from tests.ledger.served import Ledger, served

HANDOVER = "33333333-3333-4333-8333-333333333333"
RUNNING = "44444444-4444-4444-8444-444444444444"
VT, TEAM, OTHER = "vt-noord", "team-a", "team-b"


def stands(state: str, kind: str = "REGIE", handover: str = HANDOVER, receiver: str = TEAM) -> EntryHandover:
    return EntryHandover(id=handover, kind=HandoverKind(kind), state=HandoverState(state), sender=VT, receiver=receiver)


def moves(before: str | None, after: str | None) -> EntryRegie:
    return EntryRegie(holder_before=before, holder_after=after)


class Story:
    """Veilig Thuis hands a family over; the team leads, then a second report goes into its running help."""

    def __init__(self, kit: Any) -> None:
        self.gate = gate = kit.SmallGate()
        self.case, self.story = kit.case(1), kit.section("STORY")
        self.health: EntrySection = kit.section("HEALTH")
        said = gate.delivered
        said(0, self.case, VT, TEAM, name="cases.opened", regie=moves(None, VT))
        said(0, self.case, VT, TEAM, (self.story,), handover=stands("PROPOSED"))
        said(0, self.case, TEAM, VT, name="handovers.accepted", handover=stands("ACCEPTED"))
        letter = gate.lines[1][1]
        opened = {"name": "dossiers.opened", "regards": kit.message_of(letter, gate)}
        self.before_opening = gate.now
        said(0, self.case, TEAM, VT, **opened)
        self.led_by_vt = gate.now
        gate.now += timedelta(days=3)
        first_contact = {"name": "handovers.first_contact_held", "regie": moves(VT, TEAM)}
        said(0, self.case, TEAM, VT, handover=stands("COMPLETED"), **first_contact)
        gate.now += timedelta(days=3)
        said(0, self.case, TEAM, OTHER, (self.health,), name="dossiers.shared")
        said(0, self.case, VT, TEAM, handover=stands("PROPOSED", "INTO_RUNNING_HELP", RUNNING))
        gate.refused(0, self.case, TEAM, OTHER, kit.NO_CONSENT)
        gate.refused(0, self.case, TEAM, OTHER, kit.NO_CONSENT)


@pytest.fixture
def story(kit: Any) -> Story:
    return Story(kit)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
async def ledger(request: pytest.FixtureRequest, story: Story, tmp_path: Path) -> AsyncIterator[Ledger]:
    url = request.getfixturevalue("postgres") if request.param == "postgresql" else None
    async with served(story.gate, tmp_path, url=url) as ledger:
        yield ledger


async def answer(ledger: Ledger, path: str, organisation: str = TEAM, role: Role = Role.PRIVACY_OFFICER) -> Any:
    response = await ledger.get(path, organisation, role)
    assert response.status_code == 200, response.text
    return response.json()["answer"]


async def test_who_leads_now_and_who_led_before_is_answered_from_signed_entries(story: Story, ledger: Ledger) -> None:
    """Each spell names the entry that proves it; at a moment in the past another led."""
    now = await answer(ledger, f"/api/cases/{story.case}/leads")
    assert [(s["holder"], s["by"]) for s in now["spells"]] == [
        (VT, "cases.opened"),
        (TEAM, "handovers.first_contact_held"),
    ]
    assert now["then"]["holder"] == TEAM and now["then"]["until"] is None
    past = await answer(ledger, f"/api/cases/{story.case}/leads?at={story.led_by_vt:%Y-%m-%dT%H:%M:%SZ}")
    assert past["then"]["holder"] == VT and past["then"]["until"] == now["then"]["since"]
    before = await answer(ledger, f"/api/cases/{story.case}/leads?at=2020-01-01T00:00:00Z")
    assert before["then"] is None


async def test_who_never_led_sees_who_led_from_its_first_part_on(story: Story, ledger: Ledger) -> None:
    """And who has no part at all sees nothing, as of a case that does not exist."""
    seen = await answer(ledger, f"/api/cases/{story.case}/leads", OTHER)
    assert [s["holder"] for s in seen["spells"]] == [TEAM]
    own = await answer(ledger, f"/api/cases/{story.case}/leads")
    assert seen["spells"][0]["since"] > own["spells"][1]["since"]
    assert (await answer(ledger, f"/api/cases/{story.case}/leads", "team-c"))["spells"] == []


async def test_a_lead_person_of_the_same_team_begins_no_new_spell_and_a_family_does(
    story: Story, ledger: Ledger
) -> None:
    """When a parent leads, the organisation behind them is named and it is said that the family leads."""
    more = {"name": "cases.lead_person_changed"}
    await ledger.write(lambda gate: gate.delivered(0, story.case, TEAM, VT, **more))
    await ledger.write(lambda gate: gate.delivered(0, story.case, TEAM, VT, name="cases.lead_to_family"))
    spells = (await answer(ledger, f"/api/cases/{story.case}/leads"))["spells"]
    assert [(s["holder"], s["family"]) for s in spells] == [(VT, False), (TEAM, False), (TEAM, True)]


async def test_a_closed_case_is_led_by_nobody(story: Story, ledger: Ledger) -> None:
    """The last spell has no holder; who held it before still stands there."""
    closing = {"name": "cases.closed", "regie": moves(TEAM, None)}
    await ledger.write(lambda gate: gate.delivered(0, story.case, TEAM, VT, **closing))
    found = await answer(ledger, f"/api/cases/{story.case}/leads")
    assert [s["holder"] for s in found["spells"]] == [VT, TEAM, None] and found["then"]["holder"] is None


async def test_outside_the_chain_a_secret_address_hides_who_leads(story: Story, ledger: Ledger) -> None:
    """A school learns that a local team leads, not which."""
    caution = Caution(address_secret=True)
    await ledger.write(lambda gate: gate.delivered(0, story.case, TEAM, "school-x", caution=caution))
    (spell,) = (await answer(ledger, f"/api/cases/{story.case}/leads", "school-x"))["spells"]
    assert spell["holder"] == "local-team"
    assert (await answer(ledger, f"/api/cases/{story.case}/leads", VT))["then"]["holder"] == TEAM


async def test_what_an_organisation_knew_is_what_it_held_at_that_moment(story: Story, ledger: Ledger) -> None:
    """Before the letter nothing; delivered but not opened; opened; and the author held its own all along."""
    path = f"/api/cases/{story.case}/knew?at="
    assert (await answer(ledger, f"{path}2020-01-01T00:00:00Z"))["organisations"] == []
    then = await answer(ledger, f"{path}{story.before_opening - timedelta(seconds=1):%Y-%m-%dT%H:%M:%SZ}")
    by = {o["organisation"]: o["items"] for o in then["organisations"]}
    assert by[TEAM][0]["item"] == by[VT][0]["item"] == story.story.item
    assert (by[TEAM][0]["source"], by[TEAM][0]["opened_at"]) == (VT, None) and then["lead"]["holder"] == VT
    later = await answer(ledger, f"{path}{story.led_by_vt:%Y-%m-%dT%H:%M:%SZ}")
    held = {o["organisation"]: o["items"][0]["opened_at"] for o in later["organisations"]}
    assert held[TEAM] is not None
    now = await answer(ledger, f"/api/cases/{story.case}/knew")
    assert {o["organisation"]: len(o["items"]) for o in now["organisations"]} == {VT: 1, TEAM: 2, OTHER: 1}


async def test_of_another_only_what_passed_between_the_two_is_told(story: Story, ledger: Ledger) -> None:
    """Veilig Thuis does not learn that health went to another team."""
    found = await answer(ledger, f"/api/cases/{story.case}/knew", VT)
    assert story.health.item not in str(found) and OTHER not in str(found)


async def test_everything_received_from_veilig_thuis_is_one_answer_with_state_and_outcome(
    story: Story, ledger: Ledger
) -> None:
    """Both kinds of handover: the one that was taken over and the one into running help (TSD 2017, D#47)."""
    found = await answer(ledger, "/api/received?kind=VEILIG_THUIS&since=2026-03-01&until=2026-03-31")
    rows = [(h["handover"], h["kind"], h["state"], h["outcome"]) for h in found["handovers"]]
    assert rows == [
        (HANDOVER, "REGIE", "COMPLETED", "handovers.first_contact_held"),
        (RUNNING, "INTO_RUNNING_HELP", "PROPOSED", "handovers.proposed"),
    ]
    assert {h["leads"] for h in found["handovers"]} == {TEAM} and found["counts"] == []
    early = await answer(ledger, "/api/received?kind=VEILIG_THUIS&since=2026-03-02&until=2026-03-02")
    assert [h["handover"] for h in early["handovers"]] == [HANDOVER]
    assert (await answer(ledger, "/api/received?kind=RAAD"))["handovers"] == []
    assert (await answer(ledger, "/api/received?kind=VEILIG_THUIS", OTHER))["handovers"] == []
    letters = (await answer(ledger, "/api/received", OTHER))["letters"]
    assert [(each["name"], each["opened_at"]) for each in letters] == [("dossiers.shared", None)]


async def test_a_closed_case_says_so_in_what_was_received(story: Story, ledger: Ledger) -> None:
    closing = {"name": "cases.closed", "regie": moves(TEAM, None)}
    await ledger.write(lambda gate: gate.delivered(0, story.case, TEAM, VT, **closing))
    row = (await answer(ledger, "/api/received?kind=VEILIG_THUIS"))["handovers"][0]
    assert row["leads"] is None and row["case_closed_at"] is not None


async def test_a_coordinator_gets_counts_of_its_region_and_never_a_case(story: Story, ledger: Ledger) -> None:
    """Of another region nothing; of a case of its own region neither who leads nor who knew."""
    found = await answer(ledger, "/api/received?kind=VEILIG_THUIS", "desk-noord", Role.COORDINATOR)
    assert [(c["receiver"], c["kind"], c["state"], c["number"]) for c in found["counts"]] == [
        (TEAM, "INTO_RUNNING_HELP", "PROPOSED", 1),
        (TEAM, "REGIE", "COMPLETED", 1),
    ]
    assert found["handovers"] == found["letters"] == [] and "case:" not in str(found)
    assert (await answer(ledger, "/api/received", "desk-zuid", Role.COORDINATOR))["counts"] == []
    for question in ("leads", "knew"):
        refused = await ledger.get(f"/api/cases/{story.case}/{question}", "desk-noord", Role.COORDINATOR)
        assert refused.status_code == 403


async def test_refusals_are_counted_by_reason_for_who_was_refused(story: Story, ledger: Ledger) -> None:
    """Whom the refused letter was meant for learns nothing of it."""
    own = await answer(ledger, "/api/numbers/refusals")
    assert (own["refused"], [(r["code"], r["name"], r["number"]) for r in own["reasons"]]) == (
        2,
        [("CONSENT_INCOMPLETE", "handovers.proposed", 2)],
    )
    assert (await answer(ledger, "/api/numbers/refusals", OTHER))["refused"] == 0
    region = await answer(ledger, "/api/numbers/refusals", "desk-noord", Role.COORDINATOR)
    assert region == own
    assert (await answer(ledger, "/api/numbers/refusals?until=2026-03-02"))["refused"] == 0


@pytest.mark.parametrize("path", ["cases/{}/leads", "cases/{}/knew", "received", "numbers/refusals", "numbers/routes"])
async def test_each_of_these_questions_is_written_down_first(story: Story, ledger: Ledger, path: str) -> None:
    """With what was asked; a professional is refused, and that is written down too."""
    whole = f"/api/{path.format(story.case)}"
    assert (await ledger.get(whole, TEAM, Role.PROFESSIONAL)).status_code == 403
    await answer(ledger, whole)
    assert [allowed for _, _, allowed in ledger.looks.written] == [False, True]
    assert ledger.looks.written[0][1].question in Question
    ledger.looks.fails = True
    assert (await ledger.get(whole)).status_code == 503


async def test_entries_that_were_read_before_can_be_asked_about_too(ledger: Ledger, tmp_path: Path) -> None:
    """A database of an earlier version gets from its signed entries what a new one gets while reading."""
    old = engine_of(f"sqlite+aiosqlite:///{tmp_path}/old.db")

    def up_to_the_step_before(connection: sa.Connection) -> None:
        command.upgrade(migrating._config(store.MIGRATIONS, connection, store.metadata), "0002")

    async with old.begin() as connection:
        await connection.run_sync(up_to_the_step_before)
    async with ledger.engine.connect() as source, old.begin() as target:
        entries = [dict(row) for row in (await source.execute(sa.select(store.entries))).mappings()]
        await target.execute(store.entries.insert(), entries)
    await store.prepare(old)
    for table in (store.entry_handovers, store.entry_regie):
        query = sa.select(table).order_by(*table.primary_key.columns)
        async with ledger.engine.connect() as source, old.connect() as target:
            found = (await target.execute(query)).all()
            assert found == (await source.execute(query)).all() and found
    await old.dispose()
