"""Who may ask the ledger what, and what the answer tells and does not tell."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from schemas.entry import Caution
from schemas.manifest import Category, GdprArticle, Purpose
from schemas.refusal import Flag
from schemas.tables.grounds import GROUNDS
from services.ledger import store, words
from services.ledger.chain import Scope, verify
from services.ledger.looks import Question
from services.runtime.jose import SigningKey
from services.runtime.tokens import Caller, Issuer, Role
from tests.ledger.served import Ledger, served


@pytest.fixture
async def ledger(kit: Any, tmp_path: Path) -> AsyncIterator[Ledger]:
    async with served(kit.story(), tmp_path) as ledger:
        yield ledger


async def test_a_successor_sees_what_concerned_the_organisation_that_merged_into_it(kit: Any, ledger: Ledger) -> None:
    """Under the old name, as it was said; and nobody else does."""
    path = f"/api/cases/{kit.case(1)}/audit"
    before = [(await ledger.get(path, slug)).json()["entries"] for slug in ("team-a", "team-c")]
    assert before[0] and not before[1]
    ledger.directory.merged = {"team-a": "team-c"}
    assert (await ledger.get(path, "team-c")).json()["entries"] == before[0]
    assert (await ledger.get("/api/export", "team-c")).text.count("\n") >= len(before[0])
    assert (await ledger.get(path, "team-b")).json()["entries"] != before[0]


async def test_an_audit_says_what_was_shared_with_whom_on_which_basis_in_words(kit: Any, ledger: Ledger) -> None:
    """Codes stand beside the words; a refusal comes with its reasons and what would mend it."""
    answer = (await ledger.get(f"/api/cases/{kit.case(1)}/audit")).json()
    shared, refused, accepted = answer["entries"]
    assert (shared["actor"], shared["recipients"], shared["verdict"]) == ("team-a", ["team-b"], "DELIVERED")
    section = shared["sections"][0]
    assert section["category_in_words"] == "the family's own story" and section["about"] == ["child-1"]
    assert (
        "consent" in section["bases"][0]["secrecy_in_words"] and "public task" in section["bases"][0]["gdpr_in_words"]
    )
    assert refused["reasons"][0]["code"] == "CONSENT_INCOMPLETE"
    assert refused["reasons"][0]["in_words"] == "not everyone whose consent is needed has given it"
    assert refused["reasons"][0]["mend"] == ["ask consent of parent-1"]
    attempted = [(each["category"], each["about"], each["bases"][0]["secrecy"]) for each in refused["sections"]]
    assert attempted == [("HEALTH", ["child-1"], "CONSENT")]
    assert accepted["name"] == "handovers.accepted"
    assert [(slot["slot"], slot["slot_seq"]) for slot in answer["read_up_to"]] == [(0, 8), (1, 6)]


async def test_only_what_the_own_organisation_did_or_received_is_told(kit: Any, ledger: Ledger) -> None:
    """The one a refused letter was meant for learns nothing; nor does anyone else."""
    by_b = (await ledger.get(f"/api/cases/{kit.case(1)}/audit", "team-b")).json()
    assert [line["slot_seq"] for line in by_b["entries"]] == [1, 3]
    by_c = (await ledger.get(f"/api/cases/{kit.case(1)}/audit", "team-c")).json()
    assert by_c["entries"] == []


async def test_an_empty_answer_does_not_tell_whether_a_case_exists(kit: Any, ledger: Ledger) -> None:
    """A case of others and one that nobody ever opened read alike."""
    theirs = (await ledger.get(f"/api/cases/{kit.case(1)}/audit", "team-c")).json()
    nobodys = (await ledger.get(f"/api/cases/{kit.case(99)}/audit", "team-c")).json()
    theirs.pop("asked"), nobodys.pop("asked")
    assert theirs == nobodys


async def test_a_person_is_asked_for_within_one_case(kit: Any, ledger: Ledger) -> None:
    """Sections about the person and refusals that name them; the same ref elsewhere is somebody else."""
    answer = (await ledger.get(f"/api/persons/{kit.case(1)}/child-1/audit")).json()
    assert [line["verdict"] for line in answer["entries"]] == ["DELIVERED", "REFUSED"]
    assert (await ledger.get(f"/api/persons/{kit.case(3)}/child-1/audit")).json()["entries"] == []


async def test_an_organisation_is_asked_for_over_a_period(kit: Any, ledger: Ledger) -> None:
    """What passed between the two, from `since` up to but not including `until`."""
    everything = (await ledger.get("/api/organisations/team-b/audit")).json()["entries"]
    assert [(line["slot"], line["slot_seq"]) for line in everything] == [(0, 1), (0, 3), (0, 8)]
    until = everything[1]["at"]
    early = (await ledger.get(f"/api/organisations/team-b/audit?until={until}")).json()["entries"]
    late = (await ledger.get(f"/api/organisations/team-b/audit?since={until}")).json()["entries"]
    assert (early, late) == (everything[:1], everything[1:])


async def test_every_question_is_written_down_before_it_is_answered(kit: Any, ledger: Ledger) -> None:
    """Also one that the role does not allow; and what cannot be written down is not answered."""
    await ledger.get(f"/api/cases/{kit.case(1)}/audit")
    await ledger.get("/api/alerts?state=all", "team-b", Role.PROFESSIONAL)
    written = [(c.organisation, a.question, a.case, ok) for c, a, ok in ledger.looks.written]
    assert written == [("team-a", Question.CASE, kit.case(1), True), ("team-b", Question.ALERTS, None, False)]
    ledger.looks.fails = True
    for path in (f"/api/cases/{kit.case(1)}/audit", "/api/alerts", "/api/export"):
        response = await ledger.get(path)
        assert response.status_code == 503 and response.json()["code"] == "LOOK_NOT_WRITTEN"


@pytest.mark.parametrize("role", [Role.PROFESSIONAL, Role.ADMINISTRATOR, Role.COORDINATOR])
async def test_only_a_privacy_officer_reads_entries(kit: Any, ledger: Ledger, role: Role) -> None:
    """The refusal is the same for every case, so it tells nothing either."""
    paths = (f"/api/cases/{kit.case(1)}/audit", f"/api/cases/{kit.case(99)}/audit", "/api/export")
    for path in paths:
        for organisation in ("team-a", "desk-noord"):
            response = await ledger.get(path, organisation, role)
            assert (response.status_code, response.json()["code"]) == (403, "ROLE_NOT_ALLOWED")


async def test_a_coordinator_sees_the_alerts_of_its_own_region_only(kit: Any, ledger: Ledger) -> None:
    """Of the organisations it coordinates, or that it was told of; a team's own coordinator counts for nothing."""
    row = {"epoch": kit.EPOCH, "case": kit.case(1), "code": "FIRST_REACTION", "at": kit.START, "state": "OPEN"}
    async with ledger.engine.begin() as connection:
        for number, slug in enumerate(("team-a", "team-far")):
            alert = f"aaaaaaaa-aaaa-4aaa-8aaa-{number:012d}"
            told = row | {"alert": alert, "offset": number, "responsible": [slug], "addressees": []}
            await connection.execute(store.alerts.insert().values(**told))
            link = {"epoch": kit.EPOCH, "alert": alert, "organisation": slug}
            await connection.execute(store.alert_organisations.insert().values(**link))
    noord = (await ledger.get("/api/alerts", "desk-noord", Role.COORDINATOR)).json()["alerts"]
    assert [alert["responsible"] for alert in noord] == [["team-a"]]
    assert (await ledger.get("/api/alerts", "desk-zuid", Role.COORDINATOR)).json() == {"alerts": []}
    assert (await ledger.get("/api/alerts", "team-a", Role.COORDINATOR)).status_code == 403
    own = (await ledger.get("/api/alerts?state=resolved", "team-a")).json()["alerts"]
    assert own == []


async def test_the_audit_of_a_person_does_not_tell_where_a_hidden_family_is(kit: Any, ledger: Ledger) -> None:
    """It is made to be given to that person: others go by their kind, from the first line on; the officer's own audit
    of the case names them, and says what to beware of.
    """
    person, case = f"/api/persons/{kit.case(1)}/child-1/audit", f"/api/cases/{kit.case(1)}/audit"
    before = (await ledger.get(person, "team-b")).json()
    assert (before["by_kind"], before["entries"][0]["actor"]) == (False, "team-a")
    caution = Caution(unsafe=("father",), address_secret=True)
    await ledger.write(lambda gate: gate.delivered(0, kit.case(1), "team-a", "team-c", caution=caution))
    after = (await ledger.get(person, "team-b")).json()
    (line,) = after["entries"]
    assert (after["by_kind"], line["actor"], line["recipients"]) == (True, "local-team", ["team-b"])
    assert line["professional"] is None and "team-a" not in str(after)
    named = (await ledger.get(case, "team-b")).json()
    assert named["entries"][0]["actor"] == "team-a" and named["caution"] == caution.model_dump(mode="json")
    assert (await ledger.get(case, "desk-zuid")).json()["caution"] is None
    await ledger.write(lambda gate: gate.delivered(0, kit.case(1), "team-a", "team-c"))
    assert (await ledger.get(person, "team-b")).json()["by_kind"] is False


async def test_an_alert_that_was_taken_up_says_by_whom(kit: Any, ledger: Ledger) -> None:
    """Until it is escalated or resolved; a word of who was never told of it counts for nothing."""
    alert = "aaaaaaaa-aaaa-4aaa-8aaa-000000000001"
    row = {"epoch": kit.EPOCH, "case": kit.case(1), "code": "FIRST_REACTION", "at": kit.START, "state": "OPEN"}
    row |= {"alert": alert, "offset": 1, "responsible": ["team-a"], "addressees": []}
    async with ledger.engine.begin() as connection:
        await connection.execute(store.alerts.insert().values(**row))
        told = {"epoch": kit.EPOCH, "alert": alert, "organisation": "team-a"}
        await connection.execute(store.alert_organisations.insert().values(**told))

    async def shown() -> tuple[Any, Any]:
        (found,) = (await ledger.get("/api/alerts?state=all", "team-a")).json()["alerts"]
        return found["acknowledged_by"], found["acknowledged_at"]

    take_up = {"name": "alerts.acknowledged", "regards": alert}
    await ledger.write(lambda gate: gate.delivered(0, kit.case(1), "team-b", "team-a", **take_up))
    assert await shown() == (None, None)
    await ledger.write(lambda gate: gate.delivered(0, kit.case(1), "team-a", "team-b", **take_up))
    by, at = await shown()
    assert by == "team-a" and at is not None
    async with ledger.engine.begin() as connection:
        await connection.execute(store.alerts.update().values(at=ledger.gate.now))
    assert await shown() == (None, None)


async def test_an_export_verifies_as_what_the_organisation_may_see(kit: Any, ledger: Ledger) -> None:
    """Offline, against the seals the organisation holds."""
    text = (await ledger.get("/api/export", "team-b")).text
    held = ledger.gate.held["team-b"]
    report = verify(text.splitlines(), ledger.gate.public, held, Scope(organisation="team-b"))
    assert report.ok and report.held == len(held) == report.entries
    one = (await ledger.get(f"/api/export?case={kit.case(1)}", "team-b")).text.splitlines()
    assert len(one) == 2 and set(one) < set(text.splitlines())


@pytest.mark.parametrize(
    "header", [None, "Bearer nonsense", "Bearer a.b.c", "Basic dXNlcjpwYXNz", "Bearer " + "x" * 5000]
)
async def test_without_a_good_token_nobody_is_answered(kit: Any, ledger: Ledger, header: str | None) -> None:
    """Nor is anything written down: nobody is known to have asked."""
    headers = {"Authorization": header} if header else {}
    response = await ledger.client.get(f"/api/cases/{kit.case(1)}/audit", headers=headers)
    assert response.status_code == 401 and ledger.looks.written == []


async def test_tokens_of_unknown_organisations_or_issuers_are_refused(kit: Any, ledger: Ledger) -> None:
    """Also when everything else is right."""
    caller = Caller(organisation="team-a", ref="fg-1", function="privacy-officer", role=Role.PRIVACY_OFFICER)
    forged = Issuer(SigningKey.generate("issuer.test")).issue(caller)
    headers = {"Authorization": f"Bearer {forged}"}
    assert (await ledger.client.get("/api/export", headers=headers)).status_code == 401
    assert (await ledger.get("/api/export", "team-unknown")).status_code == 401


@pytest.mark.parametrize(
    "path",
    [
        "/api/cases/not-a-case/audit",
        "/api/organisations/team-b/audit?since=2026-01-01",
        "/api/organisations/team-b/audit?after=0",
        "/api/organisations/team-b/audit?after=20260302T090000.000000Z/x/1",
        "/api/alerts?state=some",
    ],
)
async def test_a_question_that_cannot_be_read_is_refused(ledger: Ledger, path: str) -> None:
    """With 422, never with an error of the server."""
    assert (await ledger.get(path)).status_code == 422


def test_every_code_has_its_words() -> None:
    """A new category, purpose, flag or ground is not shown as a bare code."""
    assert set(words.CATEGORIES) == set(Category)
    assert set(words.PURPOSES) == set(Purpose)
    assert set(words.FLAGS) == set(Flag)
    assert set(words.GDPR) == set(GdprArticle)
    assert {ground.code for ground in GROUNDS} <= set(words.BASES)
