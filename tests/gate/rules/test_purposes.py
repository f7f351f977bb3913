"""What the letters of each conversation may be sent for, and what not."""

from collections.abc import Mapping

import pytest

from schemas.advice import AdviceAsked, Topic
from schemas.body import Body
from schemas.care import MonitoringChecked, RiskChange, RiskLevel
from schemas.handovers import HandoverAnswered
from schemas.information import InformationProvided
from schemas.investigations import InvestigationRegistered, TableRequested
from schemas.manifest import Category, Purpose
from schemas.refusal import Refusal
from schemas.signals import SignalRaised
from schemas.supports import SupportKind, SupportRequested
from schemas.tables.categories import CONVERSATIONS
from services.gate.rules.sections import judge_sections
from tests.gate.rules.families import FATHER, MOTHER, TODAY, VT, Letter, case_of, child, codes, section, uid, yes

RISK = RiskChange(child="child", risk="VIOLENCE", baseline=RiskLevel.HIGH, now=RiskLevel.LOW)
LETTERS: Mapping[str, Body] = {
    body.name.partition(".")[0]: body
    for body in (
        HandoverAnswered(handover=uid("handover")),
        SupportRequested(support=uid("support"), kind=SupportKind.JOIN_SUPPORT, task="HELP"),
        InformationProvided(request=uid("request")),
        AdviceAsked(topic=Topic.LAW),
        SignalRaised(raised_by="PROFESSIONAL", family_knows="TOLD"),
        InvestigationRegistered(investigation=uid("vto"), children=("child",)),
        TableRequested(table=uid("table"), children=("child",)),
        MonitoringChecked(plan=uid("plan"), planned_for=TODAY, risks=(RISK,)),
    )
}


def test_every_conversation_with_purposes_of_its_own_is_told_here() -> None:
    """One that is added too."""
    assert set(LETTERS) == set(CONVERSATIONS)


@pytest.mark.parametrize("purpose", [purpose for purpose in Purpose if purpose is not Purpose.FEEDBACK])
@pytest.mark.parametrize("conversation", CONVERSATIONS)
def test_a_letter_goes_for_the_purposes_of_its_conversation_and_for_no_other(
    conversation: str, purpose: Purpose
) -> None:
    """Everyone agreed to a section that may travel for any purpose: only the conversation speaks."""
    case = case_of(child(8), MOTHER, FATHER, records=yes("mother", "father"))
    letter = Letter(case, (section(Category.SAFETY),), purpose, to=VT, body=LETTERS[conversation])
    allowed = purpose in CONVERSATIONS[conversation]
    assert codes(judge_sections(letter.context)) == ([] if allowed else [Refusal.PURPOSE_NOT_ALLOWED])
