"""The account of a play: what a reader sees, and what is left out."""

import io
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from rich.console import Console

from deploy.directory import Deployment
from schemas.days import AMSTERDAM
from schemas.refusal import Mend, Reason, Refusal
from services.cli.play.account import Account
from services.cli.play.desk import Said
from services.cli.play.expectations import Found
from services.cli.play.player import Played
from services.cli.play.scenario import Step
from services.cli.play.seen import NOTHING, Seen

VT, LINDE, DESK = "veilig-thuis-noord", "lokaal-team-linde", "coordinatie-noord"
LABELS = {"$case": "case:1", "$handover": "h-1"}
WIDTH = 80


def played(seen: Seen = NOTHING, said: list[Said] | None = None, found: Iterable[Found] = (), **fields: Any) -> Played:
    step = Step.model_validate({"step": "Something happens", **fields})
    moment = datetime(2026, 3, 2, 14, 0, tzinfo=AMSTERDAM)
    return Played(7, step, moment, said or [], None, seen, list(found), LABELS)


def told(*steps: Played) -> str:
    out = io.StringIO()
    account = Account(Console(file=out, width=WIDTH, highlight=False), Deployment.load())
    for step in steps:
        account.tell(step)
    return out.getvalue()


def page(regie: str = VT, state: str = "PROPOSED") -> dict[str, Any]:
    plan = {"child": "child", "owner": VT, "by": [{"function": "nurse"}], "every_days": 7}
    return {"regie": regie, "open": True, "handovers": [{"id": "h-1", "state": state}], "sight": [plan]}


def alert(tier: int) -> dict[str, Any]:
    return {"alert": "a", "code": "FIRST_REACTION", "tier": tier, "child": None, "responsible": [LINDE]}


def test_a_refusal_says_why_and_how_to_mend_it() -> None:
    reason = Reason(
        code=Refusal.CONSENT_INCOMPLETE,
        person="child",
        missing=("father",),
        mend=(Mend.ASK_CONSENT, Mend.LEAVE_OUT),
    )
    said = Said("m", "case:1", "refused", (reason.model_dump(mode="json"),))
    text = told(played(said=[said], who=f"{VT}/vt-1", say="handovers.proposed", to=LINDE))
    assert "Veilig Thuis Noord vt-1 says handovers.proposed to Lokaal Team Linde" in text
    assert "CONSENT_INCOMPLETE" in text and "ask consent of father; or leave it out" in text


def test_the_same_reason_for_two_sections_is_told_once() -> None:
    reasons = tuple({"code": "NO_BASIS", "section": item, "person": "mother"} for item in ("i-1", "i-2"))
    assert (
        told(played(said=[Said("m", "c", "refused", reasons)], who=f"{VT}/vt-1", say="cases.closed")).count("NO_BASIS")
        == 1
    )


def test_what_the_page_did_not_take_is_told_in_its_words() -> None:
    said = Said(None, None, "rejected", ({"code": "MALFORMED", "text": "body.until: Field required"},))
    assert "body.until: Field required" in told(played(said=[said], who=f"{VT}/vt-1", say="cases.closed"))


def test_only_what_changed_is_told() -> None:
    first, second = played(Seen({VT: page()}, {})), played(Seen({VT: page(LINDE, "COMPLETED")}, {}))
    text = told(first, first, second)
    assert text.count("Veilig Thuis Noord (nurse, every 7 days)") == 1
    assert text.count("handover is PROPOSED") == 1
    assert "handover is COMPLETED" in text
    assert [line.split("  ")[-1].strip() for line in text.splitlines() if "lead " in line] == [
        "Veilig Thuis Noord",
        "Lokaal Team Linde",
    ]


def test_an_alarm_is_told_when_it_rises_climbs_and_ends() -> None:
    none, low = Seen({}, {LINDE: (), DESK: ()}), Seen({}, {LINDE: (alert(1),), DESK: ()})
    high = Seen({}, {LINDE: (alert(2),), DESK: (alert(2),)})
    text = " ".join(told(*map(played, (none, low, low, high, none))).split())
    assert text.count("FIRST_REACTION, tier 1") == 1
    assert "tier 2 (team manager and coordinator) to Lokaal Team Linde, Ketencoördinatie Noord" in text
    assert text.endswith("FIRST_REACTION is over")


def test_an_expectation_that_was_not_met_is_told_with_what_was_found() -> None:
    found = [Found("regie with x", True), Found("no alert", False, "linde: FIRST_REACTION tier 1")]
    text = told(played(found=found))
    assert "expected: no alert" in text and "found: linde: FIRST_REACTION tier 1" in text
    assert "regie with x" not in text


def test_no_line_is_wider_than_the_page_nor_ends_in_spaces() -> None:
    note = "A rather long line for the reader, longer than the page is wide, so that it has to be broken somewhere."
    lines = told(played(note=note, seen=Seen({VT: page()}, {}))).splitlines()
    assert max(map(len, lines)) <= WIDTH
    assert [line for line in lines if line != line.rstrip()] == []


def test_a_step_as_json_names_what_was_met_and_what_not() -> None:
    said = Said("m", "case:1", "refused", ({"code": "STALE"},))
    found = [Found("delivered", False, "refused STALE"), Found("no alert", True)]
    line = played(said=[said], found=found, who=f"{VT}/vt-1", say="cases.closed").as_json()
    assert line["verdict"] == [{"id": "m", "status": "refused", "codes": ("STALE",), "flags": ()}]
    assert line["met"] == ["no alert"]
    assert line["unmet"] == [{"expected": "delivered", "found": "refused STALE"}]
