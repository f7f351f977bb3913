"""Every refusal reads as a sentence."""

import pytest

from schemas.body import Body, Phase
from schemas.care import AssessmentRecorded, ReportRegistered
from schemas.manifest import SourceKind
from schemas.refusal import Mend, Reason, Refusal
from schemas.stagnations import StagnationKind, StagnationRaised
from schemas.supports import SupportRequested
from schemas.tables.refusals import MENDS, WORDS, render
from tests.gate.rules.families import GI, NOW, TEAM, TODAY, VT, uid
from tests.gate.rules.play import Play


def test_every_code_and_every_cure_has_words() -> None:
    """A professional never meets a bare code."""
    assert set(WORDS) == set(Refusal)
    assert set(MENDS) == set(Mend)


def test_a_refusal_says_why_and_what_would_cure_it() -> None:
    """With the source it stands on."""
    reason = Reason(code=Refusal.DUAL_REGIE, missing=("NO_OPEN_HANDOVER",), law="D#14", mend=(Mend.WAIT_FOR_STATE,))
    assert WORDS[Refusal.DUAL_REGIE] in render(reason)
    assert "D#14" in render(reason)
    assert "To mend: wait until it is NO_OPEN_HANDOVER." in render(reason)


BEGIN = (
    ReportRegistered(report=uid("r"), received_at=NOW, reporter="POLICE", children=("child",)),
    AssessmentRecorded(
        assessment=uid("a"),
        children=("child",),
        kind="SAFETY",
        instrument="ARIJ",
        made_on=TODAY,
        information_base=(SourceKind.PROFESSIONAL,),
        phase=Phase.STABLE_SAFETY,
    ),
    SupportRequested(support=uid("s"), kind="SIDE_CARE", task="therapy"),
    StagnationRaised(
        stagnation=uid("st"),
        kind=StagnationKind.NO_PROGRESS,
        owner=VT.slug,
        action="mapping",
        act_before=TODAY,
        evaluate_on=TODAY,
    ),
)


@pytest.mark.parametrize("body", BEGIN, ids=lambda body: body.name)
def test_what_has_begun_is_not_waited_for_but_begun_anew_under_another_id(body: Body) -> None:
    """It will never again be as if it had not begun."""
    play = Play(VT)
    to = GI if isinstance(body, SupportRequested) else None
    assert not play.say(VT, body, to).reasons
    (refused,) = play.say(VT, body, to).reasons
    assert refused.mend == (Mend.SEND_ANEW,)
    assert render(refused).endswith("begin another under a new id.")


def test_a_state_that_may_still_come_is_waited_for() -> None:
    play = Play(TEAM)
    play.put(play.head.model_copy(update={"open": False, "regie": None, "last_regie": TEAM.slug}))
    reasons = play.say(TEAM, BEGIN[1]).reasons
    assert [reason.mend for reason in reasons if reason.code is Refusal.WRONG_STATE] == [(Mend.WAIT_FOR_STATE,)]
