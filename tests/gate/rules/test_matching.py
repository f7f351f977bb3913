"""Whether a case of this family exists is asked of a team, and of no machine."""

from typing import Any

import pytest

from schemas.manifest import Category, Section
from schemas.matching import MatchAnswered, MatchAsked
from schemas.parties import Party
from schemas.refusal import Refusal
from schemas.signals import Agreed
from services.gate.rules.case import Case, Judgement
from services.gate.rules.case_records import CaseHead, ItemRecord
from tests.gate.rules.families import NOW, OTHER_TEAM, RAAD, SCHOOL, adult, child, held_by, section, uid
from tests.gate.rules.play import GI, TEAM, VT, Play

THREAD = "thread:6b1f6a5e-4a57-4c36-9a53-0d2f4f0b7c44"
CASE = "case:6b1f6a5e-4a57-4c36-9a53-0d2f4f0b7c55"
FAMILY = (child(custody=held_by("mother")), adult("mother"))


def codes(judgement: Judgement) -> set[Refusal]:
    return {reason.code for reason in judgement.reasons}


def thread() -> Play:
    """Nothing was said yet."""
    play = Play(TEAM)
    play.case, play.accepted = Case(THREAD), []
    return play


def who(category: Category = Category.IDENTITY, basis: str = "G10") -> Section:
    return section(category, "child", basis=basis)


def ask(play: Play, asker: Party = VT, to: Party = TEAM, *sections: Section, **more: Any) -> Judgement:
    body = MatchAsked(**{"persons": FAMILY, "report": uid("report"), **more})
    return play.say(asker, body, to, sections=sections or (who(),))


def answer(play: Play, by: Party = TEAM, to: Party = VT, case: str | None = CASE) -> Judgement:
    return play.say(by, MatchAnswered(found=case is not None, case=case), to)


def test_veilig_thuis_asks_by_its_own_report_and_gets_one_answer() -> None:
    """Before it opens a second case."""
    play = thread()
    assert not ask(play).reasons
    assert play.case.head is None, "a question opens no case"
    assert not answer(play).reasons
    assert codes(answer(play, case=None)) == {Refusal.WRONG_STATE}


def test_only_who_was_asked_answers_and_only_to_who_asked() -> None:
    """Nobody else learns that anything was asked."""
    play = thread()
    ask(play)
    assert codes(answer(play, OTHER_TEAM)) == {Refusal.NOT_A_PARTY}
    assert codes(answer(play, TEAM, GI)) == {Refusal.ROLE_NOT_ALLOWED}
    assert codes(answer(thread())) == {Refusal.NOT_A_PARTY}


def test_a_question_needs_the_basis_of_what_would_follow() -> None:
    """Without a report Veilig Thuis has none, and an institution needs consent."""
    assert codes(ask(thread(), report=None)) == {Refusal.NO_BASIS}
    assert Refusal.BASIS_WRONG_DIRECTION in codes(ask(thread(), GI))
    with_consent = who(basis="CONSENT")
    assert codes(ask(thread(), GI, TEAM, with_consent)) == {Refusal.CONSENT_INCOMPLETE}
    yes = Agreed(statement=uid("yes"), about="child", given_by="mother", how_asked="PHONE")
    play = thread()
    assert not ask(play, GI, TEAM, with_consent, agreed=(yes,)).reasons
    assert play.case.of(ItemRecord)[with_consent.item].relied_on == (uid("yes"),)


def test_a_question_tells_no_more_than_who_it_is_about() -> None:
    """IDENTITY, of these persons only; no birth date of somebody beside them."""
    assert codes(ask(thread(), VT, TEAM, who(Category.CONCERNS))) == {Refusal.CATEGORY_NOT_ALLOWED}
    sister = child(ref="sister", custody=held_by("mother"))
    found = ask(thread(), persons=(*FAMILY, sister))
    assert [(reason.code, reason.missing) for reason in found.reasons] == [(Refusal.PERSON_UNKNOWN, ("sister",))]
    bare = thread().say(VT, MatchAsked(persons=FAMILY, report=uid("report")), TEAM)
    assert Refusal.REQUIRED_SECTION_MISSING in codes(bare)


def test_it_is_asked_of_a_local_team_by_who_would_otherwise_open_a_case() -> None:
    """Not by a school, and never of Veilig Thuis."""
    assert Refusal.ROLE_NOT_ALLOWED in codes(ask(thread(), SCHOOL))
    assert Refusal.ROLE_NOT_ALLOWED in codes(ask(thread(), GI, VT))
    assert Refusal.ROLE_NOT_ALLOWED not in codes(ask(thread(), RAAD))


@pytest.mark.parametrize("known", [None, True, False])
def test_under_the_id_of_a_case_the_answer_is_the_same_whether_it_exists(known: bool | None) -> None:
    """Nobody learns of a case by asking under its id."""
    play = thread()
    play.case = Case(CASE)
    if known is not None:
        regie = TEAM.slug if known else None
        play.put(CaseHead(open=known, regie=regie, parties=(TEAM.slug,), opened_at=NOW))
    assert codes(ask(play)) == {Refusal.UNKNOWN_REFERENCE}


def test_an_answer_names_a_case_or_none() -> None:
    """And carries nothing else."""
    with pytest.raises(ValueError, match="neither"):
        MatchAnswered(found=True)
    with pytest.raises(ValueError, match="neither"):
        MatchAnswered(found=False, case=CASE)
    play = thread()
    ask(play)
    found = play.say(TEAM, MatchAnswered(found=False), VT, sections=(section(Category.ACCOUNT, persons=()),))
    assert codes(found) == {Refusal.CATEGORY_NOT_ALLOWED}
