"""What was wrong is said to everyone who got it, hop by hop, and goes no further."""

from schemas.care import DossierShared
from schemas.corrections import DossierCorrected
from schemas.manifest import Category
from schemas.parties import Party
from schemas.refusal import Mend, Refusal
from schemas.service import CorrectedNotice
from services.gate.facts import fact_of
from services.gate.rules.case import Judgement
from services.gate.rules.case_records import ItemRecord, StatementRecord
from services.gate.rules.corrections import to_correct
from tests.gate.rules.families import OTHER_TEAM, section, uid
from tests.gate.rules.play import GI, TEAM, VT, Play

WRONG, RIGHT = uid("wrong"), uid("right")


def codes(judgement: Judgement) -> set[Refusal]:
    return {reason.code for reason in judgement.reasons}


def share(play: Play, who: Party, to: Party, item: str = "wrong") -> Judgement:
    return play.say(who, DossierShared(), to, sections=(section(Category.CONCERNS, "mother", name=item),))


def correct(play: Play, who: Party, to: Party, *, instead: str | None = "right", carried: bool = True) -> Judgement:
    body = DossierCorrected(item=WRONG, replaced_by=uid(instead) if instead else None, reason="WRONG_FACT")
    letter = (section(Category.CONCERNS, "mother", name=instead),) if instead and carried else ()
    return play.say(who, body, to, sections=letter)


def passed_on() -> Play:
    """From the team to the institution, and from there to another team."""
    play = Play(TEAM)
    for who, to in ((TEAM, GI), (GI, OTHER_TEAM)):
        assert not share(play, who, to).reasons
    return play


def test_the_author_corrects_and_every_holder_hears_it_at_once() -> None:
    """Who is not written to gets the gate's word, without content; who is, gets the letter."""
    play = passed_on()
    found = correct(play, TEAM, GI)
    assert not found.reasons
    assert [(n.to, n.body) for n in found.effects.notices] == [
        (OTHER_TEAM.slug, CorrectedNotice(item=WRONG, replaced_by=RIGHT))
    ]
    record = play.case.of(ItemRecord)[WRONG]
    assert (record.corrected_at, record.replaced_by, record.corrected_for) == (play.now, RIGHT, (GI.slug,))
    assert to_correct(record) == ((GI.slug, OTHER_TEAM.slug),)


def test_each_hop_is_owed_until_it_is_made_and_nobody_is_told_twice() -> None:
    """What oversight is told is what is left."""
    play = passed_on()
    correct(play, TEAM, GI)
    found = correct(play, GI, OTHER_TEAM)
    assert (found.reasons, found.effects.notices) == ((), ())
    ctx, judged = play.accepted[-1]
    assert fact_of(ctx, play.case, judged.effects).to_correct == ()


def test_only_the_author_says_first_that_it_was_wrong() -> None:
    """Who passed it on may say that it is not what it is called, and passes on what the author says."""
    assert codes(correct(passed_on(), GI, OTHER_TEAM)) == {Refusal.ROLE_NOT_ALLOWED}


def test_a_correction_goes_where_the_item_went_from_here() -> None:
    """Not past the one in between, who owes it, and to nobody who never had it."""
    play = passed_on()
    for to in (OTHER_TEAM, VT):
        assert codes(correct(play, TEAM, to)) == {Refusal.UNKNOWN_REFERENCE}
    assert codes(play.say(TEAM, DossierCorrected(item=uid("none"), reason="OUTDATED"), GI)) == {
        Refusal.UNKNOWN_REFERENCE
    }


def test_what_was_corrected_goes_no_further() -> None:
    """And the refusal names what takes its place (D#124)."""
    play = passed_on()
    correct(play, TEAM, GI)
    (reason,) = share(play, GI, VT).reasons
    assert (reason.code, reason.missing) == (Refusal.ITEM_CORRECTED, (RIGHT,))
    assert reason.mend == (Mend.CORRECT, Mend.LEAVE_OUT)
    assert not share(play, GI, VT, "right").reasons


def test_without_a_basis_it_is_said_without_content() -> None:
    """Whoever holds it hears at least that it was wrong; it is left out of what is sent on."""
    play = passed_on()
    assert not correct(play, TEAM, GI, instead=None).reasons
    (reason,) = share(play, GI, VT).reasons
    assert reason.mend == (Mend.LEAVE_OUT,)


def test_what_takes_the_place_travels_along_and_is_the_same_for_all() -> None:
    """The author may still add it later; then everyone hears that too."""
    play = passed_on()
    assert codes(correct(play, TEAM, GI, carried=False)) == {Refusal.REQUIRED_SECTION_MISSING}
    correct(play, TEAM, GI, instead=None)
    later = correct(play, TEAM, GI)
    assert [notice.to for notice in later.effects.notices] == [OTHER_TEAM.slug]
    for who, to in ((GI, OTHER_TEAM), (TEAM, GI)):
        assert codes(correct(play, who, to, instead="another")) == {Refusal.ITEM_DIFFERS}


def test_a_withdrawn_consent_stops_the_content_and_not_the_correction() -> None:
    """The letter with content is refused as any other; the word that it was wrong is not content."""
    play = passed_on()
    (consent,) = play.case.of(StatementRecord).values()
    play.put(consent.model_copy(update={"withdrawn_at": play.now}))
    assert codes(correct(play, TEAM, GI)) == {Refusal.CONSENT_WITHDRAWN}
    assert not correct(play, TEAM, GI, instead=None).reasons
