"""Who is asked or told something answers: signals, requests for information, a person's questions."""

from typing import Any

import pytest

from schemas.body import Phase
from schemas.service import CaseFact, Fact, FactKind
from services.oversight import state
from services.oversight.app import Oversight
from services.oversight.rules.case import Say
from services.relay.state import BatchView, State
from services.runtime.jose import SigningKey
from tests.oversight.story import CALENDAR, COORDINATION, GI, LT, MONDAY, SCHOOL, VT, Story, at, local, uuid

THREAD = f"thread:{uuid(30)}"


class ThreadStory:
    """One thread as oversight hears of it, through the state that it is kept in."""

    def __init__(self, urgent: bool = False) -> None:
        self.view = BatchView(State())
        self.oversight = Oversight(SigningKey.generate("oversight-1"), CALENDAR)
        self.phase = Phase.DIRECT_SAFETY if urgent else Phase.STABLE_SAFETY

    def tell(self, name: str, by: str, to: str, when: Any, body: dict[str, Any], waits: bool) -> None:
        shown = CaseFact(open=waits, coordination=COORDINATION, phase=self.phase, vt_origin=False, holders=(SCHOOL, LT))
        fact = Fact(
            kind=FactKind.MESSAGE, at=when, id=uuid(), subject=THREAD, type=name, actor=by, by="p1", to=(to,),
            body=body, case=shown,
        )  # fmt: skip
        self.oversight.decide(fact, self.view, when, 0)

    def raised(self) -> None:
        self.tell("signals.raised", SCHOOL, LT, MONDAY, {"raised_by": "PROFESSIONAL", "family_knows": "NOT_TOLD"}, True)

    def acknowledged(self, when: Any) -> None:
        self.tell("signals.acknowledged", LT, SCHOOL, when, {"next": "WE_LOOK_INTO_IT"}, False)

    def owed(self) -> dict[str, str]:
        return {o.code: local(o.due) for o in state.load(self.view, THREAD).owed.values()}

    def tick(self, when: Any) -> list[Say]:
        return list(state.tick(self.view, when, CALENDAR, lambda case, error: None))


def test_a_signal_is_acknowledged_within_two_working_days() -> None:
    story = ThreadStory()
    story.raised()
    assert story.owed()["SIGNAL_ACK"] == "2026-03-04 23:59:59"
    story.acknowledged(at("2026-03-03"))
    assert "SIGNAL_ACK" not in story.owed()


def test_an_urgent_signal_within_four_hours() -> None:
    story = ThreadStory(urgent=True)
    story.raised()
    assert story.owed()["SIGNAL_ACK"] == "2026-03-02 13:00:00"


def test_a_signal_nobody_answers_alarms_who_got_it_and_its_answer_ends_the_alarm() -> None:
    """Also where the receipt is late, nobody outside the thread hears of it before the second tier."""
    story = ThreadStory()
    story.raised()
    said = [say for say in story.tick(at("2026-03-05")) if say.body.code == "SIGNAL_ACK"]
    assert [(say.subject, say.to) for say in said] == [(THREAD, (LT,))]
    story.acknowledged(at("2026-03-05 10:00"))
    assert "SIGNAL_ACK" not in state.load(story.view, THREAD).alerts


def test_a_request_for_information_is_answered_whole_within_ten_working_days() -> None:
    """By who was asked, also a stranger to the case; a part leaves the rest owed."""
    story = Story(holders=(VT, GI, SCHOOL))
    story.tell("information.requested", GI, MONDAY, to=(SCHOOL,))
    owed = story.owed("INFORMATION_REPLY")
    assert (owed.responsible, owed.watcher, local(owed.due)) == ((SCHOOL,), (GI,), "2026-03-16 23:59:59")
    story.tell("information.provided", SCHOOL, at("2026-03-04"), to=(GI,), request=uuid(41))
    story.tell("information.provided", SCHOOL, at("2026-03-04"), to=(GI,), complete=False)
    assert "INFORMATION_REPLY" in story.codes
    story.tell("information.declined", SCHOOL, at("2026-03-05"), to=(GI,))
    assert "INFORMATION_REPLY" not in story.codes


@pytest.mark.parametrize(
    ("asked", "answer", "code", "due"),
    [
        ("access.requested", "access.answered", "DSAR", "2026-05-11 23:59:59"),
        ("rights.correction_asked", "rights.decided", "RIGHT_DECISION", "2026-05-11 23:59:59"),
        ("rights.objected", "rights.decided", "RIGHT_DECISION", "2026-05-11 23:59:59"),
        ("rights.destruction_asked", "rights.decided", "ERASURE", "2026-07-10 23:59:59"),
    ],
)
def test_a_persons_question_is_answered_in_the_months_the_law_gives(
    asked: str, answer: str, code: str, due: str
) -> None:
    """A month from 10 April ends on a Sunday, so it runs on to Monday 11 May (Algemene termijnenwet art. 1)."""
    story = Story()
    story.tell(asked, LT, at("2026-04-10"), to=(VT,))
    owed = story.owed(code)
    assert (owed.responsible, local(owed.due)) == ((VT,), due)
    story.tell(answer, VT, at("2026-04-20"), to=(LT,))
    assert code not in story.codes


def test_a_question_asked_at_the_organisation_itself_is_its_own_to_answer_also_when_the_case_closes() -> None:
    story = Story()
    story.tell("access.requested", LT, MONDAY)
    assert story.owed("DSAR").responsible == (LT,)
    story.tell("cases.closed", VT, at("2026-03-03"), case={"open": False, "regie": None})
    assert "DSAR" in story.codes
    story.tell("access.answered", LT, at("2026-03-04"))
    assert "DSAR" not in story.codes
