"""A secret address and a parent who must not be asked stand on every page of a case."""

from typing import Any

from schemas import service
from schemas.entry import Caution, EntryHandover
from tests.organisation.small_gate import SmallGate

VT, LINDE = "veilig-thuis-noord", "lokaal-team-linde"
CASE = "case:3f8a1f0e-8f5a-4b53-9d3c-2a1b0c9d8e7f"
HANDOVER, ALERT = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
BOTH = Caution(unsafe=("father",), address_secret=True)


async def told(street: Any, gate: SmallGate, caution: Caution | None = BOTH) -> Any:
    """A team that got a letter in such a case, and an alert."""
    vt, linde = await street.office(VT), await street.office(LINDE)
    (queued,) = await vt.send(
        "dossiers.shared", "vt-1", case=CASE, to=[LINDE], body={}, manifest={"purpose": "HANDOVER", "sections": []}
    )
    handover = EntryHandover(id=HANDOVER, kind="REGIE", state="ACCEPTED", sender=VT, receiver=LINDE)
    made = await vt.decided(queued["id"], caution=caution, handover=handover, holder=VT)
    await linde.take(made[LINDE])
    about = {"alert": ALERT, "code": "WARM_CONTACT", "tier": 1, "responsible": (LINDE,), "due": gate.now}
    await linde.take(gate.notice(LINDE, CASE, service.AlertRaised(**about)))
    return linde, queued["id"]


async def test_it_stands_on_every_page(street: Any, gate: SmallGate) -> None:
    """Cases, the case, worklist, alerts, what was received, and the letter itself, in words that name what to do."""
    office, letter = await told(street, gate)
    (listed,) = await office.get("/api/cases", "linde-1")
    case = await office.get(f"/api/cases/{CASE}", "linde-1")
    content = await office.get(f"/api/inbox/{letter}/content", "linde-1")
    (received,) = await office.get("/api/received", "linde-1")
    (alert,) = await office.get("/api/alerts", "linde-1")
    work = await office.get("/api/worklist", "linde-1")
    assert work and any("family" in row["text"] for row in work)
    for shown in (listed, case, content, received, alert, *work):
        assert (shown["caution"]["unsafe"], shown["caution"]["address_secret"]) == (["father"], True)
    for row in work:
        assert "Do not ask or inform father" in row["text"] and "never which" in row["text"]


async def test_what_the_family_is_shown_names_kinds(street: Any, gate: SmallGate) -> None:
    """Other organisations nowhere on the page, the own one as it is, and nobody's record; without a secret address
    everything is named.
    """
    office, _ = await told(street, gate)
    page = await office.get(f"/api/cases/{CASE}?shown_to=family", "linde-1")
    assert VT not in str(page) and page["regie"] == "VEILIG_THUIS"
    assert (page["handovers"][0]["sender"], page["handovers"][0]["receiver"]) == ("VEILIG_THUIS", LINDE)
    assert page["timeline"][0]["actor"] == "VEILIG_THUIS" and "persons" not in page and "caution" not in page
    await office.take(gate.notice(LINDE, CASE, service.RegieMoved(regie_to=VT, how="HANDOVER"), caution=Caution()))
    page = await office.get(f"/api/cases/{CASE}?shown_to=family", "linde-1")
    assert page["regie"] == VT


async def test_a_notice_that_says_nothing_of_it_lifts_nothing(street: Any, gate: SmallGate) -> None:
    """Only what the gate says of the case does."""
    office, letter = await told(street, gate)
    await office.take(gate.notice(LINDE, CASE, service.StoredNotice(recipient=VT, messages=(letter,))))
    await office.take(gate.notice(LINDE, CASE, service.HandoverCancelledNotice(handover=HANDOVER, because="CLOSED")))
    assert (await office.get(f"/api/cases/{CASE}", "linde-1"))["caution"]["unsafe"] == ["father"]


async def test_a_case_without_it_says_nothing(street: Any, gate: SmallGate) -> None:
    """A warning that always stands there is not read."""
    office, _ = await told(street, gate, None)
    assert (await office.get(f"/api/cases/{CASE}", "linde-1"))["caution"] is None
    assert all(row["caution"] is None for row in await office.get("/api/worklist", "linde-1"))
