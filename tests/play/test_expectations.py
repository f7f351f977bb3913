"""When an expectation is met, and when it is not."""

from datetime import date
from typing import Any

import pytest

from services.cli.play.desk import Said
from services.cli.play.expectations import Judge, includes
from services.cli.play.scenario import Step
from services.cli.play.seen import NOTHING, Seen, in_force

VT, LINDE, DESK = "veilig-thuis-noord", "lokaal-team-linde", "coordinatie-noord"
DELIVERED = Said("m", "case:1", "delivered")
REFUSED = Said("m", "case:1", "refused", ({"code": "NO_BASIS", "person": "mother", "missing": ["mother", "father"]},))


def page(
    regie: str | None, state: str = "PROPOSED", owners: tuple[str, ...] = (VT,), is_open: bool = True
) -> dict[str, Any]:
    return {
        "regie": regie,
        "open": is_open,
        "handovers": [{"id": "h-1", "state": state}],
        "sight": [{"child": "child", "owner": owner} for owner in owners],
    }


def alert(code: str = "FIRST_REACTION", tier: int = 1, child: str | None = None) -> dict[str, Any]:
    return {"alert": f"a-{code}", "code": code, "tier": tier, "child": child}


def met(expect: dict[str, Any], said: list[Said] | None = None, seen: Seen = NOTHING, answer: Any = None) -> list[bool]:
    fields = {"who": f"{VT}/vt-1", "say": "cases.closed"} if said else {}
    judge = Judge(lambda who, get, at: (200, answer), {"$handover": "h-1", "$case": "case:1"})
    step = Step.model_validate({"step": "x", "expect": expect, **fields})
    return [one.met for one in judge.judge(step, said or [], seen)]


def test_a_message_must_be_delivered_unless_a_refusal_is_expected() -> None:
    assert met({}, [DELIVERED]) == [True]
    assert met({}, [REFUSED]) == [False]
    assert met({"delivered": False}, [REFUSED]) == [True]
    assert met({"delivered": False}, [DELIVERED]) == [False]


def test_of_several_letters_each_must_be_delivered() -> None:
    assert met({}, [DELIVERED, REFUSED]) == [False]


def test_refused_means_exactly_these_codes_and_refused_with_at_least() -> None:
    both = Said("m", "c", "refused", ({"code": "NO_BASIS"}, {"code": "WRONG_STATE"}))
    assert met({"refused": ["NO_BASIS"]}, [both]) == [False]
    assert met({"refused": ["WRONG_STATE", "NO_BASIS"]}, [both]) == [True]
    assert met({"refused_with": "NO_BASIS"}, [both]) == [True]
    assert met({"refused_with": "STALE"}, [both]) == [False]
    assert met({"refused": []}, [DELIVERED]) == [True]


def test_a_reason_is_found_field_by_field() -> None:
    assert met({"delivered": False, "reasons": {"person": "mother", "missing": ["father"]}}, [REFUSED]) == [True, True]
    assert met({"delivered": False, "reasons": {"person": "mother", "missing": ["aunt"]}}, [REFUSED]) == [True, False]


def test_flags_are_those_of_the_verdict() -> None:
    flagged = Said("m", "c", "delivered", flags=("DISSENT",))
    assert met({"flags": "DISSENT"}, [flagged]) == [True, True]
    assert met({"flags": "DISSENT"}, [DELIVERED]) == [True, False]


def test_everyone_who_was_told_must_agree_who_leads() -> None:
    assert met({"regie": VT}, seen=Seen({VT: page(VT), LINDE: page(VT)}, {})) == [True]
    assert met({"regie": VT}, seen=Seen({VT: page(VT), LINDE: page(LINDE)}, {})) == [False]
    assert met({"regie": VT}, seen=Seen({VT: page(VT), LINDE: page(None)}, {})) == [True]
    assert met({"regie": VT}) == [False]


def test_nobody_leads_a_closed_case_only() -> None:
    assert met({"regie": "nobody"}, seen=Seen({VT: page(None, is_open=False)}, {})) == [True]
    assert met({"regie": "nobody"}, seen=Seen({VT: page(None)}, {})) == [False]


def test_everyone_who_knows_a_handover_must_see_it_so() -> None:
    assert met(
        {"handovers": {"$handover": "WARM"}}, seen=Seen({VT: page(VT, "WARM"), LINDE: page(VT, "WARM")}, {})
    ) == [True]
    assert met({"handovers": {"$handover": "WARM"}}, seen=Seen({VT: page(VT, "WARM"), LINDE: page(VT)}, {})) == [False]
    assert met({"handovers": {"$other": "WARM"}}, seen=Seen({VT: page(VT, "WARM")}, {})) == [False]


def test_sight_is_what_the_owners_say_of_their_own_plans() -> None:
    """Others may not have heard that a plan changed."""
    seen = Seen({VT: page(VT, owners=(LINDE,)), LINDE: page(VT, owners=(LINDE, VT))}, {})
    assert met({"sight": {"child": LINDE}}, seen=seen) == [True]
    assert met({"sight": {"child": [LINDE, VT]}}, seen=seen) == [False]
    assert met({"sight": {"child": []}}, seen=Seen({VT: page(VT, owners=())}, {})) == [True]
    assert met({"sight": {"child": []}}, seen=NOTHING) == [False]


def test_an_alert_must_have_reached_each_addressee_and_nobody_excluded() -> None:
    seen = Seen({}, {LINDE: (alert(tier=2),), DESK: (alert(tier=2),), VT: ()})
    wanted = {"code": "FIRST_REACTION", "tier": 2, "to": [LINDE, DESK]}
    assert met({"alerts": wanted}, seen=seen) == [True]
    assert met({"alerts": {**wanted, "not_to": VT}}, seen=seen) == [True]
    assert met({"alerts": {**wanted, "not_to": DESK, "to": LINDE}}, seen=seen) == [False]
    assert met({"alerts": {**wanted, "to": [LINDE, VT]}}, seen=seen) == [False]
    assert met({"alerts": {**wanted, "tier": 3}}, seen=seen) == [False]
    assert met({"alerts": {**wanted, "child": "child"}}, seen=seen) == [False]


def test_a_named_alert_can_be_acknowledged_later() -> None:
    labels: dict[str, str] = {}
    judge = Judge(lambda who, get, at: (200, None), labels)
    expect = {"alerts": {"code": "FIRST_REACTION", "to": LINDE, "named": "$silence"}}
    judge.judge(Step.model_validate({"step": "x", "expect": expect}), [], Seen({}, {LINDE: (alert(),)}))
    assert labels == {"$silence": "a-FIRST_REACTION"}


@pytest.mark.parametrize(("expected", "quiet"), [(True, False), ("NO_OVERSIGHT", True), (["FIRST_REACTION"], False)])
def test_no_alert_is_about_all_or_about_these_codes(expected: Any, quiet: bool) -> None:
    assert met({"no_alert": expected}, seen=Seen({}, {LINDE: (), DESK: (alert(),)})) == [quiet]


def test_a_query_looks_at_the_part_it_names() -> None:
    answer = {"entries": [{"name": "a", "verdict": "DELIVERED"}, {"name": "b", "sections": [{"category": "STORY"}]}]}

    def query(**fields: Any) -> list[bool]:
        return met({"queries": {"who": f"{VT}/vt-fg", "get": "/x", "under": "entries", **fields}}, answer=answer)

    assert query(contains=[{"name": "b", "sections": [{"category": "STORY"}]}], count=2) == [True]
    assert query(contains=[{"name": "a", "verdict": "REFUSED"}]) == [False]
    assert query(count=3) == [False]
    assert query(lacks="STORY") == [False]
    assert query(lacks=["HEALTH"]) == [True]
    assert query(status=403) == [False]
    assert query(under="nothing", contains=[{"name": "a"}]) == [False]


@pytest.mark.parametrize(
    ("found", "wanted", "is_in"),
    [
        ({"a": 1, "b": 2}, {"a": 1}, True),
        ({"a": True}, {"a": True}, True),
        ({"a": 1}, {"a": True}, False),
        ({"a": None}, {"a": None}, True),
        ({}, {"a": None}, False),
        (["x", "y"], "y", True),
        ("x", ["x"], False),
    ],
)
def test_includes(found: Any, wanted: Any, is_in: bool) -> None:
    """Everything named is there with its value."""
    assert includes(found, wanted) is is_in


def test_a_plan_that_has_run_out_is_no_sight() -> None:
    """Its last day still counts."""
    plans = [{"child": "child", "owner": VT, "until": "2026-09-09"}, {"child": "child", "owner": LINDE, "until": None}]
    told = {"regie": VT, "open": True, "handovers": [], "sight": plans}
    owners = [
        [row["owner"] for row in in_force(told, date.fromisoformat(day))["sight"]]
        for day in ("2026-09-09", "2026-09-10")
    ]
    assert owners == [[VT, LINDE], [LINDE]]
