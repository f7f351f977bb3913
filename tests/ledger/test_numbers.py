"""First contact, moves, waits, and who was spoken to alone: counted from what was said, by whoever may ask it."""

import itertools
from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.body import Channel, ChildSeen, FirstContact, Known, Phase, Watcher, WatcherKind
from schemas.care import ReportRegistered, SightConfirmed
from schemas.cases import CaseOpened
from schemas.entry import EntryRegie
from schemas.handovers import (
    FirstContactHeld,
    HandedBack,
    HandoverAccepted,
    HandoverProposed,
    HandoverState,
    Referral,
    WarmContactAttested,
)
from schemas.parties import Professional
from schemas.person import Person
from schemas.person import Role as PersonRole
from schemas.service import AgeBand
from schemas.supports import SupportAccepted, SupportRequested
from services.ledger.questions.learn import LEAST, days_of, told
from services.runtime.tokens import Role
from tests.ledger.groningen import made
from tests.ledger.served import Ledger, served
from tests.ledger.telling import Teller

S = HandoverState
VT, TEAM, OTHER, GI = "vt-noord", "team-a", "team-b", "gi-x"
WORKER = Professional(ref="worker-1", function="youth-professional")
CHILD, BABY = "child", "baby"
AGES = {CHILD: AgeBand.FROM_12, BABY: AgeBand.UNBORN}


class Chain:
    """Cases of Veilig Thuis that are given back or come to somebody who visits; days pass in between."""

    def __init__(self, kit: Any) -> None:
        self.kit = kit
        self.teller = Teller(kit.SmallGate(), leads=VT)

    def later(self, **much: int) -> None:
        self.teller.gate.now += timedelta(**much)

    def case(self, number: int) -> str:
        """A report, and a case opened for it two days later."""
        subject: str = self.kit.case(number)
        received = self.teller.gate.now
        self.later(days=2)
        opened = CaseOpened(persons=(Person(ref="mother", role=PersonRole.PARENT),), lead=WORKER)
        self.say(subject, VT, TEAM, opened, regie=EntryRegie(holder_after=VT))
        report = ReportRegistered(
            report=made("report", number), received_at=received, reporter="POLICE", children=(CHILD,)
        )
        self.say(subject, VT, TEAM, report)
        return subject

    def say(self, subject: str, actor: str, to: str, body: Any, state: Any = None, **entry: Any) -> None:
        self.teller.say(subject, actor, to, body, (CHILD, BABY), AGES, state, **entry)

    def propose(self, subject: str, to: str, handover: str) -> None:
        body = HandoverProposed(handover=handover, reason=Referral.NEGLECT, phase=Phase.STABLE_SAFETY)
        self.say(subject, VT, to, body, (None, S.PROPOSED, VT, to))

    def accept(self, subject: str, to: str, handover: str) -> None:
        body = HandoverAccepted(handover=handover, professional=WORKER, first_contact_on=date(2026, 4, 1))
        self.say(subject, to, VT, body, (S.PROPOSED, S.ACCEPTED, VT, to))

    def give_back(self, subject: str, to: str, handover: str) -> None:
        body = HandedBack(handover=handover, reason="NO_CONTACT", attempts=3)
        self.say(subject, to, VT, body, (S.ACCEPTED, S.HANDED_BACK, VT, to))

    def meet(self, subject: str, to: str, handover: str, alone: bool) -> None:
        met = FirstContact(
            met=("mother",),
            children_seen=(ChildSeen(child=CHILD, alone=alone),),
            changed=Known.GIVEN,
            confidential_adviser_told=True,
        )
        body = FirstContactHeld(
            handover=handover, held_at=self.teller.gate.now, channel=Channel.HOME_VISIT, contact=met
        )
        moved = EntryRegie(holder_before=VT, holder_after=to)
        self.say(subject, to, VT, body, (S.WARM, S.COMPLETED, VT, to), regie=moved)


@pytest.fixture
def chain(kit: Any) -> Chain:
    """Case 1 goes to and fro and is met on day 22; case 2 is met on day 9, the child alone; nobody comes to case 3."""
    chain = Chain(kit)
    first = chain.case(1)
    for turn in range(2):
        chain.propose(first, TEAM, made("to-and-fro", turn))
        chain.later(days=3)
        chain.accept(first, TEAM, made("to-and-fro", turn))
        chain.later(days=4)
        chain.give_back(first, TEAM, made("to-and-fro", turn))
        chain.later(days=1)
    chain.propose(first, OTHER, made("third", 1))
    chain.later(days=4)
    chain.meet(first, OTHER, made("third", 1), alone=False)
    second = chain.case(2)
    chain.propose(second, TEAM, made("second", 1))
    chain.later(days=7)
    chain.meet(second, TEAM, made("second", 1), alone=True)
    chain.case(3)
    chain.later(days=10)
    asked = SupportRequested(support=made("support", 3), kind="JOIN_SUPPORT", task="join", children=(CHILD,))
    chain.say(kit.case(3), VT, GI, asked)
    chain.later(days=5)
    chain.say(
        kit.case(3), GI, VT, SupportAccepted(support=made("support", 3), professional=WORKER, start=date(2026, 5, 1))
    )
    chain.later(days=1)
    chain.say(kit.case(3), VT, TEAM, asked.model_copy(update={"support": made("support", 4)}))
    chain.later(days=1)
    chain.teller.gate.checkpoint(3)
    return chain


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
async def ledger(request: pytest.FixtureRequest, chain: Chain, tmp_path: Path) -> AsyncIterator[Ledger]:
    url = request.getfixturevalue("postgres") if request.param == "postgresql" else None
    async with served(chain.teller.gate, tmp_path, chain.teller.told(), url) as ledger:
        yield ledger


async def answer(ledger: Ledger, path: str, who: str = VT, role: Role = Role.PRIVACY_OFFICER) -> Any:
    response = await ledger.get(f"/api/numbers/{path}", who, role)
    assert response.status_code == 200, response.text
    return response.json()["answer"]


async def test_the_clock_runs_from_the_first_report_and_never_begins_anew(kit: Any, ledger: Ledger) -> None:
    """However often the case was given back, and while nobody has come it runs on (D#43, D#45)."""
    found = await answer(ledger, "contact")
    rows = {c["case"]: (c["days"], c["first_contact_on"] is not None, c["hops"], c["bounces"]) for c in found["cases"]}
    assert rows == {kit.case(1): (22, True, 1, 2), kit.case(2): (9, True, 1, 0), kit.case(3): (19, False, 0, 0)}
    assert {c["begins_with"] for c in found["cases"]} == {"REPORT"}
    assert (found["met"], found["met_mean_days"], found["met_longest_days"]) == (2, 15.5, 22)
    assert (found["waiting"], found["waiting_mean_days"]) == (1, 19)
    assert found["bounces"] == [{"times": 0, "cases": 2}, {"times": 2, "cases": 1}]
    assert found["hops"] == [{"times": 0, "cases": 1}, {"times": 1, "cases": 2}]


async def test_first_contact_is_looked_at_on_a_day_and_over_days(kit: Any, ledger: Ledger) -> None:
    """What had not happened by then is not known; a case belongs to the day of its first report."""
    early = await answer(ledger, "contact?on=2026-03-12")
    assert [(c["case"], c["days"], c["bounces"]) for c in early["cases"]] == [(kit.case(1), 10, 1)]
    only = await answer(ledger, "contact?since=2026-03-03&until=2026-03-31")
    assert [c["case"] for c in only["cases"]] == [kit.case(2)]


async def test_who_has_no_part_in_a_case_is_told_nothing_of_it(kit: Any, ledger: Ledger) -> None:
    """The second team met one family; a coordinator is told how many and never which."""
    own = await answer(ledger, "contact", OTHER)
    assert [c["case"] for c in own["cases"]] == [kit.case(1)]
    region = await answer(ledger, "contact", "desk-noord", Role.COORDINATOR)
    assert (region["met"], region["waiting"], region["cases"]) == (2, 1, []) and "case:" not in str(region)
    assert (await answer(ledger, "contact", "desk-zuid", Role.COORDINATOR))["met"] == 0


async def test_each_link_of_the_chain_shows_who_waited_how_long_on_whom(ledger: Ledger) -> None:
    """A handover that is proposed waits on the receiver, one given back on the sender, help on who was asked for it."""
    found = (await answer(ledger, "waits"))["waits"]
    links = {(w["what"], w["waiting"], w["on"]): (w["number"], w["running"], round(w["mean_days"], 2)) for w in found}
    assert links["PROPOSED", VT, TEAM] == (3, 0, pytest.approx((3 + 3 + 7) / 3, abs=0.01))
    assert links["ACCEPTED", VT, TEAM] == (2, 0, 4.0)
    assert links["PROPOSED", VT, OTHER] == (1, 0, 4.0)
    assert links["HELP_ASKED", VT, GI] == (1, 0, 5.0) and links["HELP_ASKED", VT, TEAM] == (1, 1, 1.0)
    number, running, _ = links["HANDED_BACK", TEAM, VT]
    assert (number, running) == (2, 2)  # neither was ever answered
    kinds = {(w["waiting_kind"], w["on_kind"]) for w in found if w["what"] == "PROPOSED"}
    assert kinds == {("VEILIG_THUIS", "LOCAL_TEAM")}
    assert found == sorted(found, key=lambda wait: -wait["mean_days"])


async def test_waits_of_one_case_are_told_to_who_waited_there_and_not_to_a_region(kit: Any, ledger: Ledger) -> None:
    path = f"waits?case={kit.case(2)}"
    assert [(w["what"], w["case"]) for w in (await answer(ledger, path, TEAM))["waits"]] == [("PROPOSED", kit.case(2))]
    assert (await answer(ledger, path, OTHER))["waits"] == []
    refused = await ledger.get(f"/api/numbers/{path}", "desk-noord", Role.COORDINATOR)
    assert refused.status_code == 403
    assert len((await answer(ledger, "waits", "desk-noord", Role.COORDINATOR))["waits"]) == 6


async def test_the_share_of_youths_spoken_to_alone_is_by_age_and_leaves_out_the_unborn(
    kit: Any, chain: Chain, ledger: Ledger
) -> None:
    """Two children came to another organisation, one of them was spoken to alone (D#114)."""
    found = await answer(ledger, "alone")
    assert (found["children"], found["alone"], found["percent"]) == (2, 1, 50.0)
    assert found["ages"] == [{"age": "FROM_12", "children": 2, "alone": 1, "percent": 50.0}]
    assert (await answer(ledger, "alone", OTHER))["percent"] == 0.0
    assert (await answer(ledger, "alone", GI))["percent"] is None


async def test_a_talk_before_the_handover_counts_only_from_its_proposal_on(kit: Any, tmp_path: Path) -> None:
    """Being seen alone at school last year is not being heard in this handover; in the warm talk is."""
    chain = Chain(kit)
    for number, when in ((1, "before"), (2, "warm")):
        subject = chain.case(number)
        handover = made("alone", number)
        if when == "before":
            watcher = Watcher(kind=WatcherKind.PROFESSIONAL, function="nurse")
            seen = ChildSeen(child=CHILD, alone=True)
            at = chain.teller.gate.now
            chain.say(
                subject, VT, TEAM, SightConfirmed(seen_at=at, by=watcher, channel=Channel.SCHOOL, children=(seen,))
            )
        chain.propose(subject, TEAM, handover)
        if when == "warm":
            talk = WarmContactAttested(
                handover=handover,
                held_at=chain.teller.gate.now,
                channel=Channel.OFFICE,
                spoke=("a", "b"),
                family=("mother",),
                children=((CHILD, "SPOKEN_ALONE"),),
            )
            chain.say(subject, TEAM, VT, talk, (S.ACCEPTED, S.WARM, VT, TEAM))
        chain.meet(subject, TEAM, handover, alone=False)
    async with served(chain.teller.gate, tmp_path, chain.teller.told()) as ledger:
        found = await answer(ledger, "alone")
    assert (found["children"], found["alone"]) == (2, 1)


async def test_decisions_whose_facts_were_gone_are_told_beside_the_number(
    kit: Any, chain: Chain, tmp_path: Path
) -> None:
    """Whoever reads a number knows how much of it was counted."""
    facts = chain.teller.told()
    async with served(chain.teller.gate, tmp_path, facts[4:]) as ledger:
        whole = (await ledger.get("/api/numbers/contact", VT)).json()
        assert whole["uncounted"] == 4  # opened, reported, proposed, accepted
        assert (await ledger.get("/api/numbers/contact?until=2026-03-01", VT)).json()["uncounted"] == 0
        assert (await ledger.get("/api/numbers/contact", GI)).json()["uncounted"] == 0


@pytest.mark.parametrize("path", ["contact", "waits", "alone", "routes", "learn?quarter=2026-Q1"])
async def test_every_question_with_numbers_is_written_down_first(ledger: Ledger, path: str) -> None:
    assert (await ledger.get(f"/api/numbers/{path}", VT, Role.PROFESSIONAL)).status_code == 403
    await answer(ledger, path)
    assert [allowed for _, _, allowed in ledger.looks.written] == [False, True]
    ledger.looks.fails = True
    assert (await ledger.get(f"/api/numbers/{path}", VT)).status_code == 503


async def test_what_is_learned_from_names_nobody(kit: Any, tmp_path: Path) -> None:
    """No case, person or organisation; of a few it says nothing, of many how many by kind."""
    chain = Chain(kit)
    chain.later(days=-40)
    for number in range(1, 13):
        subject = chain.case(number)
        chain.propose(subject, TEAM if number % 2 else OTHER, made("many", number))
        chain.later(hours=20)
        chain.meet(subject, TEAM if number % 2 else OTHER, made("many", number), alone=number <= 3)
    chain.later(days=60)
    chain.teller.gate.checkpoint(0)
    async with served(chain.teller.gate, tmp_path, chain.teller.told()) as ledger:
        response = await ledger.get("/api/numbers/learn?quarter=2026-Q1", "desk-noord", Role.COORDINATOR)
        early = await ledger.get("/api/numbers/learn?quarter=2026-Q4", "desk-noord", Role.COORDINATOR)
    assert (early.status_code, early.json()["code"]) == (422, "QUARTER_NOT_ENDED")
    found = response.json()["answer"]
    cells = {(c["of"], *c["what"]): (c["number"], c["mean_days"]) for c in found["cells"]}
    assert cells["WAIT", "PROPOSED", "VEILIG_THUIS", "LOCAL_TEAM"] == (12, 1)
    assert cells["FIRST_CONTACT", "MET"] == (12, 3) and cells["HOPS", "1"] == (12, None)
    assert not any(key[0] == "SPOKEN" for key in cells)  # three alone, nine not: a few, and the rest would tell them
    text = str(found)
    for identifying in ("case:", CHILD, TEAM, OTHER, VT, "worker", "2026-0"):
        assert identifying not in text


@given(st.lists(st.integers(0, 40), max_size=8))
def test_what_is_left_out_is_never_a_few(numbers: list[int]) -> None:
    """Also for who knows the whole: nothing under the least is told, and no rest under the least remains."""
    cells = list(told(("ROUTE", (str(n),), number, None) for n, number in enumerate(numbers)))
    assert all(cell.number >= LEAST for cell in cells)
    rest = sum(numbers) - sum(cell.number for cell in cells)
    assert rest == 0 or rest >= LEAST or not cells
    if all(number >= LEAST for number in numbers):
        assert len(cells) == len(numbers)


def test_quarters_follow_each_other_without_a_day_between() -> None:
    days = [days_of(f"{year}-Q{number}") for year in (2027, 2028) for number in range(1, 5)]
    assert days[0] == (date(2027, 1, 1), date(2027, 3, 31)) and days[-1] == (date(2028, 10, 1), date(2028, 12, 31))
    assert all(last + timedelta(days=1) == first for (_, last), (first, _) in itertools.pairwise(days))
