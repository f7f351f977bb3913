"""May this section about these persons go to this recipient for this purpose?"""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from schemas.body import Body
from schemas.care import DossierShared, SightConfirmed
from schemas.consents import Decision, Scope
from schemas.handovers import HandoverAnswered
from schemas.manifest import (
    Basis,
    Category,
    GdprArticle,
    Manifest,
    Purpose,
    Section,
    Source,
    SourceKind,
    StatementKind,
    Withheld,
    WithheldReason,
)
from schemas.parties import Party
from schemas.person import Custody, Person, Role
from schemas.refusal import Flag, Mend, Reason, Refusal
from schemas.supports import SupportKind, SupportRequested
from schemas.tables.consent_ages import Mode
from services.gate.rules.case import Case
from services.gate.rules.case_records import ItemRecord, ReportRecord
from services.gate.rules.record import Record
from services.gate.rules.sections import judge_sections
from tests.gate.rules.families import (
    BOARD,
    CLINIC,
    COLLEAGUE,
    DEAD,
    FATHER,
    GI,
    GONE,
    JWE,
    MOTHER,
    NOW,
    OTHER_TEAM,
    RAAD,
    SCHOOL,
    TEAM,
    TODAY,
    UNSAFE,
    VT,
    K,
    Letter,
    case_of,
    child,
    codes,
    context,
    held_by,
    said,
    section,
    uid,
    yes,
)

HEALTH = Scope(categories=(Category.HEALTH,))
CONCERNS = Scope(categories=(Category.CONCERNS,))
NO = Decision.REFUSED


def family(age: int = 8, *records: Record, days: int = 30, father: Person = FATHER, **more: Any) -> Case:
    return case_of(child(age, days=days, **more), MOTHER, father, records=records)


def judged(case: Case, *sections: Section, mode: Mode = Mode.STRICT, **more: Any) -> list[Refusal]:
    return codes(judge_sections(Letter(case, sections or (section(),), **more).context, mode))


def refused(case: Case, one: Section | None = None, **more: Any) -> Reason:
    (reason,) = judge_sections(Letter(case, (one or section(),), **more).context).reasons
    return reason


# Whose consent


@pytest.mark.parametrize(
    ("age", "who", "found"),
    [
        (8, ("mother", "father"), []),
        (8, ("mother",), [Refusal.CONSENT_INCOMPLETE]),
        (8, ("mother", "child"), [Refusal.CONSENT_INCOMPLETE]),
        (13, ("mother", "father"), [Refusal.CONSENT_INCOMPLETE]),
        (13, ("child", "mother"), [Refusal.CONSENT_INCOMPLETE]),
        (13, ("child", "mother", "father"), []),
        (16, ("child",), []),
        (16, ("mother", "father"), [Refusal.CONSENT_INCOMPLETE]),
        (19, ("child",), []),
    ],
)
def test_who_must_consent_follows_from_the_age(age: int, who: tuple[str, ...], found: list[Refusal]) -> None:
    """Below 12 every custody holder, from 12 the youth as well, from 16 the youth alone."""
    assert judged(family(age, *yes(*who))) == found


def test_veilig_thuis_asks_a_competent_youth_alone() -> None:
    """Its law asks the youth from 12 and nobody else; below that the custody holders, as everywhere."""
    assert judged(family(13, *yes("child")), sender=VT) == []
    assert judged(family(11, *yes("child")), sender=VT) == [Refusal.CONSENT_INCOMPLETE]
    assert judged(family(13, *yes("mother", "father")), sender=VT) == [Refusal.CONSENT_INCOMPLETE]


def test_who_cannot_weigh_it_is_represented() -> None:
    """A minor by who holds custody, an adult by the representative on record."""
    assert judged(family(14, *yes("mother", "father"), competent=False)) == []
    assert judged(family(14, *yes("child"), competent=False)) == [Refusal.CONSENT_INCOMPLETE]
    ward = case_of(child(20, competent=False, representative="mother"), MOTHER, records=yes("mother"))
    assert judged(ward) == []


def test_a_youth_who_speaks_has_no_representative() -> None:
    """One on record stands in for custody holders only while the child cannot weigh it."""
    alone = child(12, days=0, custody=(), representative="mother")
    assert judged(case_of(alone, MOTHER, records=yes("child", on=TODAY))) == []
    younger = child(11, custody=(), representative="mother")
    assert judged(case_of(younger, MOTHER, records=yes("mother"))) == []


def test_nobody_to_consent_is_no_consent() -> None:
    """A child without any custody holder is never a child whose custody holders all agreed."""
    for alone in (
        case_of(child(8, custody=())),
        case_of(child(8, custody=held_by("father")), DEAD),
        case_of(child(20, competent=False)),
        case_of(Person(ref="child", role=Role.UNBORN, due_date=TODAY, mother="nobody")),
    ):
        assert judged(alone) != []


def test_a_child_never_holds_custody_over_itself() -> None:
    """Whatever a record says: an eight-year-old's yes is not the yes of who holds custody."""
    assert judged(case_of(child(8, custody=held_by("child")), records=yes("child"))) == [Refusal.CONSENT_INCOMPLETE]


def test_the_dead_drop_out_and_the_missing_do_not() -> None:
    """A father who cannot be found is still asked for; the way round him is a ground, not silence."""
    assert judged(family(8, *yes("mother"), father=DEAD)) == []
    reason = refused(family(8, *yes("mother"), father=GONE))
    assert (reason.code, reason.missing) == (Refusal.CONSENT_INCOMPLETE, ("father",))
    assert Mend.ASK_CONSENT not in reason.mend


def test_custody_counts_on_the_day_itself() -> None:
    """What ended yesterday is not asked, what begins tomorrow not yet."""
    day = timedelta(days=1)
    custody = (
        Custody(holder="mother", checked_on=TODAY, since=TODAY),
        Custody(holder="father", checked_on=TODAY, until=TODAY - day),
        Custody(holder="partner", checked_on=TODAY, since=TODAY + day),
    )
    assert judged(family(8, *yes("mother"), custody=custody)) == []


def test_a_guardian_organisation_consents_for_itself() -> None:
    """Its own recorded word counts; a word another recorded in its name does not."""
    guardian = child(8, custody=held_by(GI.slug))
    assert judged(case_of(guardian, records=yes(GI.slug, recorder=GI.slug))) == []
    assert judged(case_of(guardian, records=yes(GI.slug, recorder=TEAM.slug))) == [Refusal.CONSENT_INCOMPLETE]


def test_what_is_about_an_unborn_child_is_the_mothers() -> None:
    """Her consent about herself carries it."""
    unborn = Person(ref="unborn", role=Role.UNBORN, due_date=TODAY, mother="mother")
    about = section(Category.HEALTH, "unborn")
    assert judged(case_of(unborn, MOTHER, records=yes("mother", about="mother")), about) == []
    assert judged(case_of(unborn, MOTHER), about) == [Refusal.CONSENT_INCOMPLETE]


def test_every_person_in_a_section_has_a_basis() -> None:
    """A mother's illness never rides on the consent for her child."""
    both = section(Category.HEALTH, "child", "mother")
    assert judged(family(8, *yes("mother", "father")), both) == [Refusal.CONSENT_INCOMPLETE]
    own = said("own", "mother", about="mother", seq=9)
    assert judged(family(8, *yes("mother", "father"), own), both) == []
    half = section(Category.HEALTH, "child", "mother", bases=(Basis(person="child", secrecy="CONSENT"),))
    assert judged(family(8, *yes("mother", "father"), own), half) == [Refusal.NO_BASIS]


# Birthdays


def test_at_twelve_the_youth_is_added_and_the_parents_stay() -> None:
    """On the birthday itself; a word from before does not count later."""
    early = said("early", "child", seq=8)
    assert judged(family(11, *yes("mother", "father"), days=360)) == []
    assert judged(family(12, *yes("mother", "father"), early, days=0)) == [Refusal.CONSENT_INCOMPLETE]
    now = said("now", "child", seq=9, on=TODAY)
    assert judged(family(12, *yes("mother", "father"), early, now, days=0)) == []


def test_at_sixteen_only_the_youths_own_word_counts() -> None:
    """What was said at 14 stays; a parent's refusal no longer blocks."""
    then = said("then", "child", on=TODAY - timedelta(days=500))
    no = said("no", "father", NO, seq=2)
    assert judged(family(15, then, no, *yes("mother"), days=364)) == [Refusal.NO_BASIS]
    assert judged(family(16, then, no, days=0)) == []


def test_at_eighteen_what_representatives_said_ends() -> None:
    """Also when the same parent represents the adult: it is asked anew."""
    ward = child(18, days=0, competent=False, representative="mother")
    assert judged(case_of(ward, MOTHER, records=yes("mother"))) == [Refusal.CONSENT_INCOMPLETE]
    assert judged(case_of(ward, MOTHER, records=yes("mother", on=TODAY))) == []


def test_someone_born_on_a_leap_day_turns_eighteen_on_the_first_of_march() -> None:
    """In a year without that day; until then the custody holders speak for who cannot weigh it."""
    ward = child(8, competent=False).model_copy(update={"birth_date": date(2012, 2, 29)})
    case = case_of(ward, MOTHER, FATHER, records=yes("mother", "father"))
    for month, day, found in ((2, 28, []), (3, 1, [Refusal.CONSENT_INCOMPLETE])):
        assert judged(case, now=datetime(2030, month, day, 12, tzinfo=UTC)) == found


def test_the_day_is_that_of_the_netherlands() -> None:
    """Half past eleven at night in UTC is already the birthday."""
    birthday = family(12, *yes("mother", "father"), days=-1)
    late = datetime(TODAY.year, TODAY.month, TODAY.day, 23, 30, tzinfo=UTC)
    assert judged(birthday, now=late - timedelta(hours=1)) == []
    assert judged(birthday, now=late) == [Refusal.CONSENT_INCOMPLETE]


# What they said


@pytest.mark.parametrize(
    ("records", "found"),
    [
        ((said("a", "mother"),), []),
        ((said("a", "mother"), said("b", "mother", NO, seq=2)), [Refusal.NO_BASIS]),
        ((said("a", "mother", NO), said("b", "mother", seq=2)), []),
        ((said("a", "mother"), said("b", "mother", NO, CONCERNS, seq=2)), [Refusal.NO_BASIS]),
        ((said("a", "mother", NO), said("b", "mother", scope=CONCERNS, seq=2)), []),
        ((said("a", "mother", scope=CONCERNS), said("b", "mother", NO, seq=2)), []),
        ((said("a", "mother", NO, CONCERNS), said("b", "mother", seq=2)), [Refusal.NO_BASIS]),
        ((said("a", "mother", scope=HEALTH),), [Refusal.CONSENT_INCOMPLETE]),
        ((said("a", "mother", until=TODAY),), []),
        ((said("a", "mother", until=TODAY - timedelta(days=1)),), [Refusal.CONSENT_INCOMPLETE]),
        ((said("a", "mother", withdrawn_at=NOW, withdrawn_seq=2),), [Refusal.CONSENT_WITHDRAWN]),
    ],
)
def test_the_latest_of_a_scope_then_the_narrowest(records: tuple[Record, ...], found: list[Refusal]) -> None:
    """A later word of the same scope replaces, a narrower one goes before a wider one, whoever came first."""
    assert judged(family(8, *records, custody=held_by("mother"))) == found


@pytest.mark.parametrize(
    ("grant", "refusal", "found"),
    [
        (Scope(items=(uid("item"),)), CONCERNS, []),
        (Scope(items=(uid("item"),)), Scope(items=(uid("item"), uid("other"))), [Refusal.NO_BASIS]),
        (CONCERNS, Scope(recipients=(K.LOCAL_TEAM,)), [Refusal.NO_BASIS]),
        (CONCERNS, Scope(recipients=(OTHER_TEAM.slug,)), [Refusal.NO_BASIS]),
        (Scope(recipients=(OTHER_TEAM.slug,)), Scope(recipients=(K.LOCAL_TEAM,)), []),
        (Scope(recipients=(K.LOCAL_TEAM,)), Scope(recipients=(OTHER_TEAM.slug,)), [Refusal.NO_BASIS]),
        (Scope(purposes=(Purpose.HANDOVER,)), Scope(), []),
        (CONCERNS, Scope(categories=(Category.CONCERNS, Category.HEALTH)), [Refusal.NO_BASIS]),
    ],
)
def test_a_grant_counts_only_where_it_is_narrower(grant: Scope, refusal: Scope, found: list[Refusal]) -> None:
    """A no to one team holds against a yes to one category: neither is narrower, so the no wins."""
    records = (said("yes", "mother", scope=grant), said("no", "mother", NO, refusal, seq=2))
    for order in (records, (records[1], records[0].model_copy(update={"seq": 3}))):
        assert judged(family(8, *order, custody=held_by("mother"))) == found


def test_the_same_scope_in_another_order_is_the_same() -> None:
    """Sets are compared, not lists."""
    first = said("a", "mother", NO, Scope(categories=(Category.CONCERNS, Category.HEALTH)))
    second = said("b", "mother", scope=Scope(categories=(Category.HEALTH, Category.CONCERNS)), seq=2)
    assert judged(family(8, first, second, custody=held_by("mother"))) == []


def test_an_older_wider_yes_does_not_take_the_place_of_what_was_withdrawn() -> None:
    """Who takes a word back is asked again; what is said afterwards is a fresh word."""
    wide = said("wide", "mother", seq=1)
    gone = said("gone", "mother", scope=CONCERNS, seq=2, withdrawn_at=NOW, withdrawn_seq=3)
    assert judged(family(8, wide, gone, custody=held_by("mother"))) == [Refusal.CONSENT_WITHDRAWN]
    fresh = wide.model_copy(update={"seq": 4})
    assert judged(family(8, fresh, gone, custody=held_by("mother"))) == []


def test_an_older_wider_yes_does_not_take_the_place_of_what_ran_out() -> None:
    """A term that was agreed is kept; a yes after its end is a fresh word."""
    wide = said("wide", "mother", seq=1)
    out = said("out", "mother", scope=CONCERNS, seq=2, until=TODAY - timedelta(days=10))
    assert judged(family(8, wide, out, custody=held_by("mother"))) == [Refusal.CONSENT_INCOMPLETE]
    last_day = said("last-day", "mother", seq=3, on=TODAY - timedelta(days=10))
    assert judged(family(8, last_day, out, custody=held_by("mother"))) == [Refusal.CONSENT_INCOMPLETE]
    fresh = said("fresh", "mother", seq=3, on=TODAY - timedelta(days=9))
    assert judged(family(8, fresh, out, custody=held_by("mother"))) == []


def test_one_refusal_is_named_before_what_else_lacks() -> None:
    """One code a person: the no of one goes before the silence of another."""
    reason = refused(family(8, said("no", "father", NO)))
    assert (reason.code, reason.missing) == (Refusal.NO_BASIS, ("father",))
    assert (reason.section, reason.person) == (uid("item"), "child")


def test_everyone_who_was_not_asked_is_named() -> None:
    """So that the professional asks once."""
    reason = refused(family(13))
    assert (reason.code, reason.missing) == (Refusal.CONSENT_INCOMPLETE, ("child", "mother", "father"))
    assert Mend.ASK_CONSENT in reason.mend


@pytest.mark.parametrize("reason", ["YOUTH_KEEPS_WISHING", None])
def test_where_a_region_is_lenient_a_youth_can_pass_over_a_parents_no(reason: str | None) -> None:
    """With a reason, and only where the region chose so; a parent who was not asked is still asked."""
    own = said("own", "child", override=reason)
    no = said("no", "father", NO, seq=3)
    mother = said("m", "mother", seq=2)
    strict, lenient = ([Refusal.NO_BASIS], [] if reason else [Refusal.NO_BASIS])
    assert judged(family(14, own, mother, no)) == strict
    assert judged(family(14, own, mother, no), mode=Mode.LENIENT) == lenient
    assert judged(family(14, own, no), mode=Mode.LENIENT) != []


def test_a_youths_no_is_never_passed_over() -> None:
    """Not by parents, not in a lenient region, not by setting someone aside."""
    no = said("no", "child", NO, seq=5)
    case = family(14, *yes("mother", "father"), no, said("aside", "father", None, CONCERNS, seq=6))
    for mode in Mode:
        for basis in ("CONSENT", "REPRESENTATIVE_SET_ASIDE"):
            assert judged(case, section(basis=basis), mode=mode) == [Refusal.NO_BASIS]


# Set aside


ASIDE = said("aside", "father", None, CONCERNS, seq=5, until=TODAY + timedelta(days=7))


def test_with_a_parent_set_aside_the_others_consent_carries() -> None:
    """Also against his no: the delivery says that there was dissent."""
    case = family(8, *yes("mother"), said("no", "father", NO, seq=4), ASIDE, father=UNSAFE)
    judgement = judge_sections(Letter(case, (section(basis="REPRESENTATIVE_SET_ASIDE"),)).context)
    assert judgement.reasons == ()
    assert judgement.effects.flags == (Flag.DISSENT,)
    (item,) = judgement.effects.put
    assert isinstance(item, ItemRecord)
    assert set(item.relied_on) == {uid("yes-mother"), uid("aside")}


def test_setting_aside_works_only_when_it_is_claimed() -> None:
    """And then the others still have to say yes."""
    assert judged(family(8, *yes("mother"), ASIDE)) == [Refusal.CONSENT_INCOMPLETE]
    assert judged(family(8, ASIDE), section(basis="REPRESENTATIVE_SET_ASIDE")) == [Refusal.CONSENT_INCOMPLETE]


@pytest.mark.parametrize(
    "record",
    [
        None,
        said("aside", "father", None, HEALTH),
        said("aside", "father", None, CONCERNS, until=TODAY - timedelta(days=1)),
        said("aside", "father", None, CONCERNS, withdrawn_at=NOW),
        said("aside", "child", None, CONCERNS),
        said("aside", "father", None, CONCERNS, about="mother"),
    ],
)
def test_setting_aside_holds_for_what_it_names_until_it_is_reviewed(record: Record | None) -> None:
    """Other categories, past its day, taken back, of the youth, about someone else: it does not carry."""
    case = family(13, *yes("mother", "child"), *([record] if record else []))
    assert judged(case, section(basis="REPRESENTATIVE_SET_ASIDE")) == [Refusal.NO_BASIS]


def test_who_alone_could_consent_is_not_set_aside() -> None:
    """Nobody's yes is not a yes: that is a matter for Veilig Thuis, or a conflict of duties."""
    case = family(8, ASIDE, custody=held_by("father"), father=UNSAFE)
    reason = refused(case, section(basis="REPRESENTATIVE_SET_ASIDE"))
    assert reason.code is Refusal.NO_BASIS
    assert reason.mend == (Mend.USE_GROUND, Mend.REPORT_TO_VT, Mend.LEAVE_OUT)
    assert Mend.USE_SET_ASIDE not in refused(family(8, custody=held_by("father"), father=UNSAFE)).mend


# What would cure it


def test_no_advice_leads_to_a_parent_who_is_unsafe() -> None:
    """Not in what lacks, not in what to do: he is set aside, or a ground is used."""
    reason = refused(family(8, *yes("mother"), father=UNSAFE))
    assert reason.missing == ()
    assert reason.mend == (Mend.USE_SET_ASIDE, Mend.USE_GROUND, Mend.REPORT_TO_VT, Mend.LEAVE_OUT)
    both = refused(family(8, father=UNSAFE))
    assert both.missing == ("mother",)
    assert both.mend[:2] == (Mend.ASK_CONSENT, Mend.USE_SET_ASIDE)
    assert refused(family(8, said("no", "father", NO), father=UNSAFE)).missing == ("mother",)
    assert refused(family(8, said("no", "father", NO), *yes("mother"), father=UNSAFE)).missing == ()


def test_who_is_set_aside_already_is_to_be_claimed_so() -> None:
    """Asking the mother alone does not cure a letter on consent; where the letter says so it does."""
    case = family(8, ASIDE, father=UNSAFE)
    assert refused(case).mend[:2] == (Mend.ASK_CONSENT, Mend.USE_SET_ASIDE)
    claimed = refused(case, section(basis="REPRESENTATIVE_SET_ASIDE"))
    assert (claimed.missing, claimed.mend[:2]) == (("mother",), (Mend.ASK_CONSENT, Mend.USE_GROUND))


def test_asking_is_not_advised_where_it_would_not_help() -> None:
    """After someone's no the others' yes does not cure it."""
    assert refused(family(8, said("no", "father", NO))).mend == (Mend.USE_GROUND, Mend.REPORT_TO_VT, Mend.LEAVE_OUT)


def test_an_unsafe_adult_is_not_set_aside_for_their_own_data() -> None:
    """Nor asked."""
    reason = refused(case_of(UNSAFE), section(Category.CONCERNS, "father"))
    assert (reason.missing, reason.mend[0]) == ((), Mend.USE_GROUND)


def test_a_ground_in_the_wrong_direction_tells_who_to_ask() -> None:
    """With the persons, where asking them would do."""
    reason = refused(family(8), section(basis="G8"))
    assert (reason.code, reason.missing) == (Refusal.BASIS_WRONG_DIRECTION, ("mother", "father"))
    assert reason.mend[0] is Mend.ASK_CONSENT


def test_a_secret_address_hides_which_organisation_is_guardian() -> None:
    """Its kind is named instead."""
    hidden = child(8, custody=held_by(GI.slug), location_protected=True)
    assert refused(case_of(hidden)).missing == ("CERTIFIED_INSTITUTION",)


def test_without_a_basis_nothing_goes() -> None:
    """Consent on record does not help a letter that does not claim it."""
    assert judged(family(8, *yes("mother", "father")), section(basis=None)) == [Refusal.NO_BASIS]


def test_leave_to_break_secrecy_is_not_the_gdprs_consent() -> None:
    """Who acts on a task in law never processes on art. 6(1)a; a provider may."""
    free = section(gdpr=GdprArticle.CONSENT)
    case = family(8, *yes("mother", "father"))
    assert judged(case, free) == [Refusal.NO_BASIS]
    assert judged(case, free, sender=CLINIC) == []


# Categories and purposes


@pytest.mark.parametrize(
    ("category", "instead"),
    [(Category.PUBLIC_ORDER, Mend.KEEP_APART), (Category.FINANCIAL_FRAUD, Mend.TALK_IT_OVER)],
)
def test_public_order_and_fraud_go_nowhere(category: Category, instead: Mend) -> None:
    """Whatever the basis, the purpose or the recipient; nobody is asked for it, and it says what to do instead."""
    for to in (OTHER_TEAM, VT, RAAD, GI, SCHOOL):
        for purpose in Purpose:
            reason = refused(family(8), section(category), to=to, purpose=purpose)
            assert (reason.code, reason.mend) == (Refusal.CATEGORY_NOT_ALLOWED, (Mend.LEAVE_OUT, instead))


@pytest.mark.parametrize(
    ("category", "to", "found"),
    [
        (Category.CRIMINAL, GI, []),
        (Category.CRIMINAL, OTHER_TEAM, [Refusal.CATEGORY_NOT_ALLOWED]),
        (Category.CRIMINAL, CLINIC, [Refusal.CATEGORY_NOT_ALLOWED]),
        (Category.HEALTH, CLINIC, []),
        (Category.HEALTH, SCHOOL, [Refusal.CATEGORY_NOT_ALLOWED]),
        (Category.CONCERNS, SCHOOL, []),
        (Category.CONCERNS, BOARD, [Refusal.CATEGORY_NOT_ALLOWED]),
    ],
)
def test_some_categories_go_to_some_kinds_only(category: Category, to: Party, found: list[Refusal]) -> None:
    """Consent of everyone does not change that."""
    assert judged(family(8, *yes("mother", "father")), section(category), to=to) == found


@pytest.mark.parametrize(
    ("category", "purpose", "found"),
    [
        (Category.SAFETY, Purpose.MONITORING, []),
        (Category.STORY, Purpose.MONITORING, [Refusal.PURPOSE_NOT_ALLOWED]),
        (Category.HOUSING_MONEY, Purpose.SAFETY_ALERT, [Refusal.PURPOSE_NOT_ALLOWED]),
        (Category.HEALTH, Purpose.SAFETY_ALERT, []),
        (Category.REPORTER, Purpose.INVESTIGATION, [Refusal.PURPOSE_NOT_ALLOWED]),
        (Category.CONTRARY, Purpose.SAFETY_ALERT, []),
        (Category.CRIMINAL, Purpose.JOINT_SUPPORT, [Refusal.PURPOSE_NOT_ALLOWED]),
        (Category.STORY, Purpose.FEEDBACK, [Refusal.PURPOSE_NOT_ALLOWED]),
    ],
)
def test_a_category_fits_the_purpose(category: Category, purpose: Purpose, found: list[Refusal]) -> None:
    """What speaks for the family travels wherever concerns do."""
    released = Source(kind=SourceKind.REPORTER, released=True)
    case = family(8, *yes("mother", "father"))
    assert judged(case, section(category, source=released), to=VT, purpose=purpose) == found


@pytest.mark.parametrize(
    ("source", "found"),
    [
        (Source(kind=SourceKind.REPORTER), [Refusal.CATEGORY_NOT_ALLOWED]),
        (Source(kind=SourceKind.REPORTER, open=True), [Refusal.CATEGORY_NOT_ALLOWED]),
        (Source(kind=SourceKind.REPORTER, released=True), []),
        (Source(kind=SourceKind.PROFESSIONAL), [Refusal.CATEGORY_NOT_ALLOWED]),
        (Source(kind=SourceKind.PROFESSIONAL, open=True), []),
    ],
)
def test_a_reporter_stays_unnamed(source: Source, found: list[Refusal]) -> None:
    """Unless a professional who reports openly, or released in writing."""
    assert judged(family(8, *yes("mother", "father")), section(Category.REPORTER, source=source)) == found


@pytest.mark.parametrize(
    ("source", "found"),
    [
        (Source(kind=SourceKind.PARENT, qualified=True), [Refusal.DIAGNOSIS_WITHOUT_SOURCE]),
        (Source(kind=SourceKind.PROFESSIONAL), [Refusal.DIAGNOSIS_WITHOUT_SOURCE]),
        (Source(kind=SourceKind.PROFESSIONAL, qualified=True), []),
        (Source(kind=SourceKind.REGISTER), []),
    ],
)
def test_a_diagnosis_says_who_made_it(source: Source, found: list[Refusal]) -> None:
    """Someone who may, or a register."""
    one = section(Category.HEALTH, kind=StatementKind.DIAGNOSIS, source=source)
    assert judged(family(8, *yes("mother", "father")), one) == found


def test_a_section_is_about_someone_the_case_knows() -> None:
    """Only an account and a plan may be about nobody."""
    assert judged(family(8), section(Category.CONCERNS, "stranger")) == [Refusal.PERSON_UNKNOWN]
    assert judged(family(8), section(Category.CONCERNS, persons=())) == [Refusal.PERSON_UNKNOWN]
    for category in (Category.ACCOUNT, Category.PLAN):
        assert judged(family(8), section(category, persons=())) == []


def test_where_someone_in_hiding_lives_goes_to_who_works_with_them() -> None:
    """Not to a school, not to a team that has nobody on the case yet; a first report to Veilig Thuis says it."""
    hidden = case_of(child(8, location_protected=True), MOTHER, FATHER, records=yes("mother", "father"))
    for category in (Category.CONTACT, Category.IDENTITY):
        assert judged(hidden, section(category), to=SCHOOL) == [Refusal.CATEGORY_NOT_ALLOWED]
        assert judged(hidden, section(category)) == [Refusal.CATEGORY_NOT_ALLOWED]
        assert judged(hidden, section(category), sender=OTHER_TEAM, to=TEAM) == []
        assert judged(hidden, section(category, basis="G8"), to=VT, purpose=Purpose.SAFETY_ALERT) == []
    assert judged(hidden) == []


# The letter


def test_each_item_is_sealed_and_nothing_else_is() -> None:
    """Readable text does not pass for a seal."""
    case, one = family(8, *yes("mother", "father")), section()
    for sealed in ({}, {one.item: ""}, {one.item: "mother said that he hit her"}, {one.item: JWE, uid("more"): JWE}):
        assert judged(case, one, sealed=sealed) == [Refusal.REQUIRED_SECTION_MISSING]


def test_a_dry_run_needs_no_content() -> None:
    """The judgement is the same."""
    assert judged(family(8, *yes("mother", "father")), sealed={}, dry_run=True) == []
    assert judged(family(8), sealed={}, dry_run=True) == [Refusal.CONSENT_INCOMPLETE]


def test_only_letters_carry_sections() -> None:
    """A statement has codes only."""
    body: Body = SightConfirmed.model_validate(
        {
            "seen_at": NOW,
            "by": {"kind": "PROFESSIONAL", "function": "NURSE"},
            "channel": "HOME_VISIT",
            "children": [{"child": "child", "alone": True}],
        }
    )
    manifest = Manifest(purpose=Purpose.MONITORING)
    assert codes(judge_sections(context(family(8), body, to=VT, manifest=manifest))) == [Refusal.CATEGORY_NOT_ALLOWED]
    assert judge_sections(context(family(8), body, to=VT)).reasons == ()


def test_a_letter_without_a_manifest_is_fine_and_seals_nothing() -> None:
    """Codes alone need no basis."""
    body = HandoverAnswered(handover=uid("handover"))
    assert judge_sections(context(family(8), body, to=OTHER_TEAM)).reasons == ()
    smuggled = context(family(8), body, to=OTHER_TEAM, sealed={uid("x"): JWE})
    assert codes(judge_sections(smuggled)) == [Refusal.REQUIRED_SECTION_MISSING]


def test_a_conversation_has_its_own_purposes() -> None:
    """Joining in help is not a way to hand over."""
    body = SupportRequested(support=uid("s"), kind=SupportKind.JOIN_SUPPORT, task="HELP")
    case = family(8, *yes("mother", "father"))
    assert judged(case, body=body, to=CLINIC, purpose=Purpose.JOINT_SUPPORT) == []
    assert judged(case, body=body, to=CLINIC, purpose=Purpose.HANDOVER) == [Refusal.PURPOSE_NOT_ALLOWED]


def test_every_reason_is_given_at_once() -> None:
    """Section by section, person by person."""
    two = section(Category.HEALTH, "child", "mother", name="one"), section(Category.CRIMINAL, name="two")
    found = judge_sections(Letter(family(8), two).context).reasons
    assert [(r.section, r.person, r.code) for r in found] == [
        (uid("one"), "child", Refusal.CONSENT_INCOMPLETE),
        (uid("one"), "mother", Refusal.CONSENT_INCOMPLETE),
        (uid("two"), None, Refusal.CATEGORY_NOT_ALLOWED),
    ]


def test_a_refused_letter_changes_nothing() -> None:
    """Also the sections that could have gone."""
    case = family(8, *yes("mother", "father"))
    mixed = (section(name="good"), section(basis=None, name="bad"))
    assert judge_sections(Letter(case, mixed).context).effects.put == ()


# Items on their way


def known(**more: Any) -> ItemRecord:
    values: dict[str, Any] = {
        "item": uid("item"),
        "category": Category.CONCERNS,
        "about": ("child",),
        "digest": "ab" * 32,
        "author": VT.slug,
        "held_by": (VT.slug, TEAM.slug),
        "relied_on": (uid("earlier"),),
        "stated_as": StatementKind.OBSERVATION,
        "as_of": TODAY,
        "source": Source(kind=SourceKind.OWN_OBSERVATION),
    }
    return ItemRecord(**(values | more))


def test_a_delivery_is_remembered_with_what_it_relied_on() -> None:
    """Who made it, who holds it, under whose consent."""
    case = family(8, *yes("mother", "father"))
    (item,) = judge_sections(Letter(case, (section(),)).context).effects.put
    assert isinstance(item, ItemRecord)
    assert (item.author, item.held_by) == (TEAM.slug, (TEAM.slug, OTHER_TEAM.slug))
    assert set(item.relied_on) == {uid("yes-mother"), uid("yes-father")}


def test_what_is_forwarded_keeps_its_author() -> None:
    """One more holds it, and what it relied on earlier is not forgotten."""
    case = family(8, *yes("mother", "father"), known())
    (item,) = judge_sections(Letter(case, (section(),)).context).effects.put
    assert isinstance(item, ItemRecord)
    assert (item.author, item.held_by) == (VT.slug, (VT.slug, TEAM.slug, OTHER_TEAM.slug))
    assert set(item.relied_on) == {uid("earlier"), uid("yes-mother"), uid("yes-father")}


@pytest.mark.parametrize(
    "change",
    [
        {"digest": "cd" * 32},
        {"category": Category.SAFETY},
        {"about": ("child", "mother")},
        {"kind": StatementKind.FACT},
        {"source": Source(kind=SourceKind.REGISTER)},
    ],
)
def test_what_is_forwarded_travels_as_it_was_made(change: dict[str, Any]) -> None:
    """Another text, label, person, weight or source under the same id is refused."""
    own = said("own", "mother", about="mother", seq=9)
    case = family(8, *yes("mother", "father"), own, known())
    persons = change.pop("about", ("child",))
    changed = section(change.pop("category", Category.CONCERNS), *persons, **change)
    assert judged(case, changed) == [Refusal.ITEM_DIFFERS]


def test_an_author_may_add_that_the_source_was_released() -> None:
    """A reporter can agree later; who forwards cannot say so for them."""
    released = section(source=Source(kind=SourceKind.REPORTER, released=True))
    mine = known(author=TEAM.slug, source=Source(kind=SourceKind.REPORTER))
    assert judged(family(8, *yes("mother", "father"), mine), released) == []
    theirs = known(source=Source(kind=SourceKind.REPORTER))
    assert judged(family(8, *yes("mother", "father"), theirs), released) == [Refusal.ITEM_DIFFERS]


def test_nobody_forwards_what_they_do_not_hold() -> None:
    """An id alone is worth nothing."""
    case = family(8, *yes("mother", "father"), known(held_by=(VT.slug,)))
    assert judged(case) == [Refusal.UNKNOWN_REFERENCE]


@pytest.mark.parametrize(
    ("reason", "who", "found"),
    [
        (WithheldReason.NO_BASIS, ("mother", "father"), [Refusal.REQUIRED_SECTION_MISSING]),
        (WithheldReason.NO_BASIS, ("mother",), []),
        (WithheldReason.REPLACED, ("mother", "father"), []),
    ],
)
def test_nothing_is_withheld_for_want_of_a_basis_that_is_there(
    reason: WithheldReason, who: tuple[str, ...], found: list[Refusal]
) -> None:
    """Strengths and contrary findings go along where they may; a last resort that could be weighed is no such basis."""
    strength = known(item=uid("strength"), category=Category.STRENGTHS, author=TEAM.slug)
    case = family(8, *yes(*who), strength)
    manifest = Manifest(purpose=Purpose.HANDOVER, withheld=(Withheld(item=uid("strength"), reason=reason),))
    assert codes(judge_sections(context(case, DossierShared(), to=OTHER_TEAM, manifest=manifest))) == found


def test_a_delivery_against_someones_no_is_seen() -> None:
    """Veilig Thuis hands over on its own ground although the youth refused."""
    report = ReportRecord(report=uid("r"), centre=VT.slug, received_at=NOW, children=("child",))
    case = family(14, said("no", "child", NO), report)
    judgement = judge_sections(Letter(case, (section(basis="G10"),), sender=VT, second=COLLEAGUE).context)
    assert (judgement.reasons, judgement.effects.flags) == ((), (Flag.DISSENT,))
