"""What is refused and must be known all the same, and to whom alone."""

import pytest

from schemas.refusal import Flag
from schemas.service import Fact, FactKind
from schemas.tables.ladder import TO_PRIVACY_OFFICERS
from services.oversight.rules.case import Say, Watch
from services.oversight.rules.follow import follow_refused
from tests.oversight.story import COORDINATION, GI, LT, SUBJECT, VT, Story, at, heard, uuid


def refused(story: Story, flag: Flag, actor: str = LT) -> tuple[Watch, tuple[Say, ...]]:
    """A letter of this organisation was refused in the case of the story."""
    fact = Fact(
        kind=FactKind.REFUSED,
        at=at("2026-03-03"),
        id=uuid(),
        subject=SUBJECT,
        type="dossiers.shared",
        actor=actor,
        flags=(flag,),
    )
    story.watch, said = follow_refused(fact, story.watch)
    return story.watch, said


def test_the_ground_of_a_measure_that_does_not_run_is_told_to_the_privacy_officer_of_who_claimed_it() -> None:
    """Once a case, not to the coordination, and over when the measure starts."""
    story = Story(regie=LT)
    story.tell("cases.opened", LT)
    _, said = refused(story, Flag.GROUND_BEFORE_MEASURE, GI)
    assert heard(said) == [("raised", "GROUND_BEFORE_MEASURE", 1, {GI})]
    assert refused(story, Flag.GROUND_BEFORE_MEASURE, GI)[1] == ()
    assert "GROUND_BEFORE_MEASURE" not in {entry[1] for entry in heard(story.wait(at("2026-03-20")))}
    ended = [entry for entry in heard(story.tell("measures.started", GI)) if entry[1] == "GROUND_BEFORE_MEASURE"]
    assert [entry[0] for entry in ended] == ["resolved"]


def test_somebodys_no_is_told_to_who_leads_and_to_nobody_else() -> None:
    """Whether the letter was refused for it or went on another ground; over when somebody is asked anew."""
    story = Story(regie=LT)
    story.tell("cases.opened", LT)
    _, said = refused(story, Flag.DISSENT, VT)
    assert heard(said) == [("raised", "DISSENT", 1, {LT})]
    assert COORDINATION not in {slug for one in said for slug in one.to}


@pytest.mark.parametrize("reason", ["DIGEST", "HEADER_MISMATCH", "CATEGORY_UNTRUE"])
def test_a_letter_that_is_not_what_it_is_called_is_told_to_both_privacy_officers(reason: str) -> None:
    """Until a second person has looked at it."""
    story = Story(regie=LT)
    story.tell("cases.opened", LT)
    said = story.tell("dossiers.rejected", GI, to=(LT,), reason=reason)
    assert ("raised", "MANIFEST_VIOLATION", 1, {LT, GI}) in heard(said)
    over = heard(story.tell("reviews.recorded", LT))
    assert "MANIFEST_VIOLATION" in {entry[1] for entry in over if entry[0] == "resolved"}


def test_a_letter_that_cannot_be_opened_breaks_no_manifest() -> None:
    """A key that was renewed is nobody's fault."""
    story = Story(regie=LT)
    story.tell("cases.opened", LT)
    said = story.tell("dossiers.rejected", GI, to=(LT,))
    assert "MANIFEST_VIOLATION" not in {entry[1] for entry in heard(said)}
    assert {"MANIFEST_VIOLATION", "GROUND_BEFORE_MEASURE"} == TO_PRIVACY_OFFICERS
