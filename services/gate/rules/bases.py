"""The basis of one person in one section: does what the sender claims hold, and if not, what would really cure it.

Only what is claimed counts. Another basis that would hold is shown to the professional and never applied by itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from schemas.base import Uuid
from schemas.manifest import Basis, GdprArticle
from schemas.parties import OrganisationKind
from schemas.person import Person, PersonStatus
from schemas.refusal import Flag, Mend, Reason, Refusal
from schemas.signals import SignalRaised
from schemas.tables.categories import EXEMPTIONS, LAWS, SPECIAL
from schemas.tables.consent_ages import ADULT_FROM, SET_ASIDE_LAW
from schemas.tables.grounds import BY_CODE, CONSENT, NEVER_BY_CONSENT, OWN_WORD, SET_ASIDE, Weighed
from services.gate.rules.grounds import Failed, Sharing, fitting, judge_ground, urgent
from services.gate.rules.voices import (
    Answer,
    Day,
    Share,
    Who,
    Word,
    answers,
    custody_holders,
    open_answers,
    rule,
    set_aside,
    speaks_for,
)


@dataclass(frozen=True, slots=True)
class Carried:
    """The outcome: a reason why not, or the consent statements relied on and what must be seen."""

    reason: Reason | None = None
    relied_on: tuple[Uuid, ...] = ()
    flags: tuple[Flag, ...] = ()


@dataclass(frozen=True, slots=True)
class View:
    """Everything a basis is judged by: what everyone needed has said about this share."""

    sharing: Sharing
    subject: Person  # whose data these are: of an unborn child the mother
    day: Day
    share: Share
    given: tuple[Answer, ...]

    @property
    def aside(self) -> Mapping[Who, tuple[Uuid, ...]]:
        """Who of them is set aside for this share, and by which decisions."""
        found = {a.who: set_aside(a.who, self.subject, self.share, self.day) for a in self.given}
        return {who: decisions for who, decisions in found.items() if decisions}

    @property
    def open(self) -> tuple[Answer, ...]:
        """Who stands in the way of consent."""
        return open_answers(self.subject, self.given, self.day)

    @property
    def others(self) -> tuple[Answer, ...]:
        """Whose word still counts beside those set aside."""
        return tuple(given for given in self.given if given.who not in self.aside)


def judge_basis(sharing: Sharing, day: Day) -> Carried:
    """Whether this section may go as far as this person is concerned."""
    view = look(sharing, day)
    basis = sharing.basis
    if view is None:
        return Carried(_reason(sharing, Refusal.PERSON_UNKNOWN, missing=("mother",), mend=(Mend.CORRECT,)))
    if basis is None:
        return Carried(_refused(view, Failed(Refusal.NO_BASIS), None))
    failed = _claim(basis, view)
    if failed is not None:
        return Carried(_refused(view, failed, basis))
    if basis.gdpr is GdprArticle.CONSENT and day.office in NEVER_BY_CONSENT:
        gdpr = _reason(sharing, Refusal.NO_BASIS, missing=("gdpr",), mend=(Mend.CORRECT,), law="GDPR art. 6(1)a")
        return Carried(gdpr)
    if not _exempt(basis, sharing, day.office):
        mend = (Mend.CORRECT, Mend.LEAVE_OUT)
        law = LAWS.get(sharing.section.category, SPECIAL)
        return Carried(_reason(sharing, Refusal.NO_BASIS, missing=("special",), mend=mend, law=law.law))
    return Carried(relied_on=_relied_on(basis, view), flags=_flags(basis, view))


def _exempt(basis: Basis, sharing: Sharing, office: OrganisationKind) -> bool:
    """Health and criminal data need an exemption beside the basis; what the sender states must be one that fits."""
    category, external = sharing.section.category, sharing.ctx.sender.external
    if category not in {row.category for row in EXEMPTIONS}:
        return basis.special is None
    fit = [row.article for row in EXEMPTIONS if row.fits(category, office, external, basis.secrecy)]
    return basis.special in fit if basis.special else bool(fit)


def look(sharing: Sharing, day: Day) -> View | None:
    """What is known about consent for this share; None when nobody can be told whose data these are."""
    section, subject = sharing.section, speaks_for(day.case, sharing.person)
    if subject is None:
        return None
    share = Share(section.item, section.category, sharing.recipient, sharing.purpose)
    return View(sharing, subject, day, share, answers(subject, share, day))


def holding(sharing: Sharing, day: Day) -> tuple[str, ...]:
    """Every basis that holds today for this section and person without anything more being weighed or asked."""
    view = look(sharing, day)
    weighed = {code for code, ground in BY_CODE.items() if ground.weighed is not Weighed.NOTHING}
    return tuple(code for code in _holding(view) if code not in weighed) if view else ()


def _claim(basis: Basis, view: View) -> Failed | None:
    if basis.secrecy == CONSENT:
        return _consent(view)
    if basis.secrecy == SET_ASIDE:
        return _with_set_aside(view)
    if basis.secrecy == OWN_WORD:
        return _own_word(view)
    ground = BY_CODE.get(basis.secrecy)
    return judge_ground(ground, view.sharing) if ground else Failed(Refusal.NO_BASIS, ("secrecy",))


def _consent(view: View) -> Failed | None:
    """Everyone needed has granted. Where nobody can grant there is no consent."""
    if not view.given:
        minor = (view.subject.age_on(view.day.today) or 0) < ADULT_FROM if view.subject.birth_date else False
        return Failed(Refusal.CONSENT_INCOMPLETE, ("custody" if minor else "representative",))
    return _code(view.open)


def _own_word(view: View) -> Failed | None:
    """A parent's or youth's own signal, in a section about nobody but them."""
    body, sharing = view.sharing.ctx.body, view.sharing
    own = isinstance(body, SignalRaised) and body.self_ref == sharing.person.ref
    return None if own and sharing.section.about == (sharing.person.ref,) else Failed(Refusal.NO_BASIS, ("self_ref",))


def _with_set_aside(view: View) -> Failed | None:
    """Some custody holder is set aside for this share, and everyone else has granted. Somebody must have: to set aside
    the only one who could consent is no consent (our choice; such a case goes to Veilig Thuis or under G18).
    """
    if not view.aside or not view.others:
        return Failed(Refusal.NO_BASIS, ("set_aside",))
    return _code(tuple(given for given in view.others if given.word is not Word.GRANTED))


def _code(lacking: tuple[Answer, ...]) -> Failed | None:
    """One code: a refusal before a withdrawal before what was never asked or ran out."""
    if not lacking:
        return None
    refused = tuple(given.who for given in lacking if given.word is Word.REFUSED)
    if refused:
        return Failed(Refusal.NO_BASIS, refused)
    withdrawn = any(given.word is Word.WITHDRAWN for given in lacking)
    code = Refusal.CONSENT_WITHDRAWN if withdrawn else Refusal.CONSENT_INCOMPLETE
    return Failed(code, tuple(given.who for given in lacking))


def _relied_on(basis: Basis, view: View) -> tuple[Uuid, ...]:
    if basis.secrecy == CONSENT:
        return tuple(said for given in view.given for said in given.statements)
    if basis.secrecy == SET_ASIDE:
        theirs = tuple(said for given in view.others for said in given.statements)
        return theirs + tuple(said for found in view.aside.values() for said in found)
    return ()


def _flags(basis: Basis, view: View) -> tuple[Flag, ...]:
    """Delivered against someone's no, or before it was weighed in full: seen and counted."""
    ground = BY_CODE.get(basis.secrecy)
    dissent = any(given.word is Word.REFUSED for given in view.given)
    flags = (Flag.DISSENT,) if dissent else ()
    return (*flags, Flag.URGENT_GROUND) if ground and urgent(basis, ground) else flags


# What would cure it


def _refused(view: View, failed: Failed, basis: Basis | None) -> Reason:
    claimed = basis.secrecy if basis else None
    weighing = failed.code is Refusal.BASIS_NEEDS_WEIGHING
    first = (Mend.ADD,) if weighing else _ask(view, claimed)
    to_ask = tuple(given.who for given in view.open if _may_be_asked(given, view))
    missing = to_ask if Mend.ASK_CONSENT in first else failed.missing
    grounds = tuple(code for code in _holding(view) if code != claimed)
    mend = (*first, *((Mend.USE_GROUND,) if grounds else ()), *_report(view), Mend.LEAVE_OUT)
    return _reason(view.sharing, failed.code, _shown(view, missing), mend, _law(view, claimed), grounds)


def _holding(view: View) -> tuple[str, ...]:
    """Every basis that would hold today, once weighed where a ground asks so."""
    agreed = (CONSENT,) if _consent(view) is None else ()
    aside = (SET_ASIDE,) if _with_set_aside(view) is None else ()
    return (*agreed, *aside, *fitting(view.sharing))


def _ask(view: View, claimed: str | None) -> tuple[Mend, ...]:
    """Asking, setting aside, or both: only when together they would complete the consent. Who is set aside already
    still stands in the way of a letter that does not say so.
    """
    asked = [given for given in view.open if _may_be_asked(given, view)]
    rest = [given for given in view.open if given not in asked]
    unsafe = [given for given in rest if _stands_in_the_way(given, view)]
    if not view.open or len(unsafe) < len(rest) or len(unsafe) == len(view.given):
        return ()
    ask = (Mend.ASK_CONSENT,) if asked else ()
    said_so = claimed == SET_ASIDE and all(given.who in view.aside for given in unsafe)
    return ask if said_so or not unsafe else (*ask, Mend.USE_SET_ASIDE)


def _may_be_asked(given: Answer, view: View) -> bool:
    person = view.day.case.person(given.who)
    safe = person is None or (not person.contact_unsafe and person.status is PersonStatus.KNOWN)
    return safe and given.word is not Word.REFUSED


def _stands_in_the_way(given: Answer, view: View) -> bool:
    """A custody holder whom it is not safe to ask."""
    person = view.day.case.person(given.who)
    holders = custody_holders(view.day.case, view.subject, view.day.today)
    return person is not None and person.contact_unsafe and given.who in holders


def _report(view: View) -> tuple[Mend, ...]:
    centre = OrganisationKind.VEILIG_THUIS
    there_already = view.day.office is centre or view.sharing.recipient.kind is centre
    return () if there_already else (Mend.REPORT_TO_VT,)


def _shown(view: View, missing: tuple[str, ...]) -> tuple[str, ...]:
    """Without those who may not be led to, and with a kind for an organisation where an address is secret."""
    ctx = view.sharing.ctx
    secret = any(person.location_protected for person in ctx.case.persons)
    shown: dict[str, None] = {}
    for name in missing:
        person, party = ctx.case.person(name), ctx.directory.get(name)
        if person is None or not person.contact_unsafe:
            shown[party.kind if secret and party and person is None else name] = None
    return tuple(shown)


def _law(view: View, claimed: str | None) -> str:
    if claimed == SET_ASIDE:
        return SET_ASIDE_LAW
    ground = BY_CODE.get(claimed or CONSENT)
    return ground.law if ground else rule(view.subject, view.day).law


def _reason(
    sharing: Sharing,
    code: Refusal,
    missing: tuple[str, ...] = (),
    mend: tuple[Mend, ...] = (),
    law: str | None = None,
    grounds: tuple[str, ...] = (),
) -> Reason:
    return Reason(
        code=code,
        section=sharing.section.item,
        person=sharing.person.ref,
        missing=missing,
        law=law,
        mend=mend,
        grounds=grounds[:8],
    )
