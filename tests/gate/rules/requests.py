"""A whole request to the Raad, with its words, for tests to take parts from. Everyone here is invented."""

from typing import Any

from schemas.body import Known
from schemas.care import RiskLevel
from schemas.handovers import YouthVoice
from schemas.investigations import (
    Advice,
    ChildRisk,
    HelpTried,
    InvestigationRegistered,
    Observation,
    ParentTalk,
    RequestReason,
)
from schemas.manifest import Category, Purpose, Section, Source, SourceKind, Weighing
from schemas.parties import Competence, Party, Professional
from schemas.refusal import Reason
from tests.gate.rules.families import RAAD, TODAY, section, uid
from tests.gate.rules.play import Play, plan

VTO = uid("vto")
SCIENTIST = Professional(ref="bs-1", function="behavioural-scientist", competences=(Competence.BEHAVIOURAL_SCIENCE,))
WEIGHED = Weighing(account=uid("vto-ACCOUNT"))
WORDS = (Category.ACCOUNT, Category.SAFETY, Category.HELP_HISTORY, Category.CLIENT_RESPONSE)


def request(investigation: str = VTO, children: tuple[str, ...] = ("child",), **more: Any) -> InvestigationRegistered:
    """With every element there."""
    whole: dict[str, Any] = {
        "reason": RequestReason.NO_PROGRESS,
        "corv": "CORV-1",
        "sight": tuple(map(plan, children)),
        "risks": tuple(ChildRisk(child=ref, risk="NEGLECT", level=RiskLevel.HIGH) for ref in children),
        "tried": (HelpTried(help="HOME_COACHING", taken_up="IN_PART", effect="FADED"),),
        "talks": tuple(
            ParentTalk(parent=ref, held_on=TODAY, response=Known.GIVEN, explained=True) for ref in ("mother", "father")
        ),
        "observed": Observation(by="DECIDER", seen_on=TODAY),
        "advice": Advice(adviser=SCIENTIST, held_on=TODAY, view="FOR"),
        "youth_voice": tuple(YouthVoice(child=ref, given=False, unless="TOO_YOUNG") for ref in children),
        "adviser_told_on": TODAY,
        "college_told_on": TODAY,
    }
    return InvestigationRegistered(investigation=investigation, children=children, **(whole | more))


def words(*categories: Category, **more: Any) -> tuple[Section, ...]:
    """Sections about child and parents on the ground for telling the Raad, seen by who writes."""
    about = more.pop("about", ("child", "mother", "father"))
    source = more.pop("source", Source(kind=SourceKind.OWN_OBSERVATION))
    return tuple(
        section(category, *about, basis="G7", name=f"vto-{category}", weighing=WEIGHED, source=source, **more)
        for category in categories or WORDS
    )


def asked(
    play: Play, by: Party, body: InvestigationRegistered | None = None, to: Party = RAAD, **data: Any
) -> tuple[Reason, ...]:
    """The reasons why such a request does not go."""
    carried: dict[str, Any] = {"sections": words(), **data}
    carried |= {"purpose": Purpose.INVESTIGATION} if carried["sections"] else {}
    return play.say(by, body or request(), to, **carried).reasons


__all__ = ["SCIENTIST", "VTO", "WORDS", "asked", "request", "words"]
