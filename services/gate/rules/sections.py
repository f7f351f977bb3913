"""May each section of a letter go to this recipient for this purpose, for every person it is about?

First what no basis cures (category, purpose, recipient), then the basis of each person: one code per section and
person. A letter is delivered or refused whole; what it delivers is remembered per item, with the consent it relied on.
"""

import re
from collections.abc import Iterator

from schemas.base import Slug, Uuid
from schemas.manifest import Category, Manifest, Section, Source, SourceKind, StatementKind, WithheldReason
from schemas.parties import Party
from schemas.person import PersonRef
from schemas.refusal import Mend, Reason, Refusal
from schemas.tables import categories as table
from schemas.tables.consent_ages import Mode
from schemas.tables.messages import Shape
from services.gate.rules import brought
from services.gate.rules.bases import Carried, holding, judge_basis
from services.gate.rules.case import Context, Effects, Judgement
from services.gate.rules.case_records import ItemRecord
from services.gate.rules.categories import Leg, about_someone, closed, reason, reveals_where, source
from services.gate.rules.grounds import Sharing, office
from services.gate.rules.voices import Day

JWE = re.compile(r"[\w-]+\.[\w-]*\.[\w-]+\.[\w-]+\.[\w-]+", re.ASCII)
"""The compact form of a sealed section (RFC 7516): five parts in base64url. Readable text does not pass for one."""


def judge_sections(ctx: Context, mode: Mode | None = None) -> Judgement:
    """Every reason why this letter's sections may not go, or the items as the case knows them after delivery. `mode`:
    that of the sender's region, unless said otherwise.
    """
    manifest = ctx.event.data.manifest
    if ctx.row.shape is Shape.STATEMENT:
        return Judgement(_only_letters(ctx))
    reasons = _sealed(ctx, manifest.sections if manifest else ())
    if manifest is None:
        return Judgement(reasons)
    reasons += _conversation(ctx, manifest)
    effects = Effects()
    day = Day(ctx.case, ctx.today, office(ctx), mode or _mode(ctx))
    for recipient in ctx.recipients:
        for section in manifest.sections:
            judged = _judge_section(Leg(ctx, section, recipient, manifest.purpose, day))
            reasons += judged.reasons
            effects += judged.effects
        reasons += tuple(why for one in _kept_back(ctx, manifest, recipient, day) for why in one)
    seen = tuple(dict.fromkeys(effects.flags))
    return Judgement(reasons) if reasons else Judgement(effects=Effects(put=effects.put, flags=seen))


def _mode(ctx: Context) -> Mode:
    return Mode.LENIENT if ctx.sender.lenient_consent else Mode.STRICT


# The letter as a whole


def _only_letters(ctx: Context) -> tuple[Reason, ...]:
    if ctx.event.data.manifest is None and not ctx.event.data.sealed:
        return ()
    return (Reason(code=Refusal.CATEGORY_NOT_ALLOWED, missing=("manifest",), mend=(Mend.LEAVE_OUT,)),)


def _sealed(ctx: Context, sections: tuple[Section, ...]) -> tuple[Reason, ...]:
    """Each item of the manifest is sealed, and nothing is sealed that the manifest does not name. A dry run carries no
    content.
    """
    sealed = ctx.event.data.sealed
    listed = {section.item for section in sections}
    bare = () if ctx.event.dry_run else tuple(i for i in sorted(listed) if not JWE.fullmatch(sealed.get(i, "")))
    return tuple(_lacks(item, "sealed") for item in bare) + tuple(
        _lacks(item, "manifest") for item in sorted(set(sealed) - listed)
    )


def _lacks(item: Uuid, where: str) -> Reason:
    return Reason(code=Refusal.REQUIRED_SECTION_MISSING, section=item, missing=(where,), mend=(Mend.ADD,))


def _conversation(ctx: Context, manifest: Manifest) -> tuple[Reason, ...]:
    """A letter about a handover hands over; it is no way to share for something else."""
    allowed = table.CONVERSATIONS.get(ctx.body.name.split(".")[0])
    if not manifest.sections or allowed is None or manifest.purpose in allowed:
        return ()
    return (
        Reason(
            code=Refusal.PURPOSE_NOT_ALLOWED,
            missing=("manifest.purpose",),
            law=table.PURPOSE_LAW.law,
            mend=(Mend.CORRECT,),
        ),
    )


def _kept_back(ctx: Context, manifest: Manifest, to: Party, day: Day) -> Iterator[tuple[Reason, ...]]:
    """What speaks for the family is not withheld for want of a basis that is there (D#81, D#123)."""
    for withheld in manifest.withheld:
        known = ctx.case.of(ItemRecord).get(withheld.item)
        if known is None or known.corrected_at is not None:
            continue
        leg = Leg(ctx, _again(known, ctx), to, manifest.purpose, day)
        if withheld.reason is WithheldReason.NO_BASIS:
            yield _could_go(leg)
        elif withheld.reason is WithheldReason.PURPOSE and _tells_fully(leg):
            yield (reason(leg, Refusal.REQUIRED_SECTION_MISSING, ("section",), (Mend.ADD,), table.CONTRARY_LAW.law),)


def _tells_fully(leg: Leg) -> bool:
    """The Raad and an institution leave out nothing that speaks against what they say (Jeugdwet 3.3)."""
    says_fully = office(leg.ctx) in table.TELLS_FULLY and leg.section.category is Category.CONTRARY
    return says_fully and not closed(leg)


def _again(item: ItemRecord, ctx: Context) -> Section:
    """An item the case knows, as a section that states no basis."""
    return Section(
        item=item.item,
        category=item.category,
        about=item.about,
        kind=item.stated_as or StatementKind.OBSERVATION,
        as_of=item.as_of or ctx.today,
        source=item.source or Source(kind=SourceKind.OWN_OBSERVATION),
        digest=item.digest,
    )


def _could_go(leg: Leg) -> tuple[Reason, ...]:
    case = leg.ctx.case
    persons = [person for person in map(case.person, leg.section.about) if person is not None]
    shares = [Sharing(leg.ctx, leg.section, person, leg.recipient, leg.purpose) for person in persons]
    hidden = any(person.location_protected for person in persons) and reveals_where(leg)
    if closed(leg) or source(leg) or hidden or not all(holding(share, leg.day) for share in shares):
        return ()
    return (reason(leg, Refusal.REQUIRED_SECTION_MISSING, ("section",), (Mend.ADD,), "IGJ 2023; JB Noord 2016 §3.1"),)


# One section


def _judge_section(leg: Leg) -> Judgement:
    shut = closed(leg)
    if shut:
        return Judgement(shut)  # no basis of anyone would cure it
    reasons = _as_made(leg) + _rests(leg) + source(leg) + about_someone(leg)
    carried = [_judge_person(leg, ref) for ref in leg.section.about]
    reasons += tuple(one.reason for one in carried if one.reason)
    relied_on = tuple(statement for one in carried for statement in one.relied_on)
    flags = tuple(flag for one in carried for flag in one.flags)
    return Judgement(reasons, Effects(put=(_item(leg, relied_on),), flags=tuple(dict.fromkeys(flags))))


def _as_made(leg: Leg) -> tuple[Reason, ...]:
    """An item travels on as it was made, and only by who holds it. Its author may add that the source was released."""
    ctx, section = leg.ctx, leg.section
    known = ctx.case.of(ItemRecord).get(section.item)
    if known is None:
        return ()
    sender = ctx.sender.slug
    if sender not in (known.author, *known.held_by):
        return (reason(leg, Refusal.UNKNOWN_REFERENCE, ("item",), (Mend.LEAVE_OUT,)),)
    if known.corrected_at is not None:
        instead = (known.replaced_by,) if known.replaced_by else ()
        mend = (*((Mend.CORRECT,) if instead else ()), Mend.LEAVE_OUT)
        return (reason(leg, Refusal.ITEM_CORRECTED, instead, mend, "GDPR art. 16, 19; D#124"),)
    kept = {
        "digest": known.digest == section.digest,
        "category": known.category is section.category,
        "about": set(known.about) == set(section.about),
        "kind": known.stated_as in (None, section.kind),
        "as_of": known.as_of in (None, section.as_of),
        "source": sender == known.author or known.source in (None, section.source),
    }
    differing = tuple(field for field, same in kept.items() if not same)
    return (reason(leg, Refusal.ITEM_DIFFERS, differing, (Mend.CORRECT,)),) if differing else ()


def _rests(leg: Leg) -> tuple[Reason, ...]:
    unfounded = brought.behind(leg.ctx, leg.section)
    mend = (Mend.CORRECT, Mend.LEAVE_OUT)
    return (reason(leg, Refusal.UNKNOWN_REFERENCE, unfounded, mend, brought.FACTS_LAW),) if unfounded else ()


def _item(leg: Leg, relied_on: tuple[Uuid, ...]) -> ItemRecord:
    """The item after delivery: held by one more, relying on what this delivery relied on as well."""
    section, sender = leg.section, leg.ctx.sender.slug
    known = leg.ctx.case.of(ItemRecord).get(section.item)
    author: Slug = known.author if known else sender
    hop = (sender, leg.recipient.slug)
    passed = known.passed if known else ()
    return ItemRecord(
        item=section.item,
        category=section.category,
        about=known.about if known else section.about,
        digest=section.digest,
        author=author,
        held_by=_once((author, *(known.held_by if known else ()), sender, leg.recipient.slug)),
        relied_on=_once((known.relied_on if known else ()) + relied_on),
        stated_as=section.kind,
        as_of=section.as_of,
        source=section.source,
        passed=passed if hop in passed else (*passed, hop),
    )


def _once(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))


# One person in it


def _judge_person(leg: Leg, ref: PersonRef) -> Carried:
    person = leg.ctx.case.person(ref)
    if person is None:
        mend = (Mend.CORRECT, Mend.LEAVE_OUT)
        return Carried(reason(leg, Refusal.PERSON_UNKNOWN, mend=mend, person=ref))
    if person.location_protected and reveals_where(leg):
        law = table.LOCATION.law
        lacks = ("named_professional",)
        return Carried(reason(leg, Refusal.CATEGORY_NOT_ALLOWED, lacks, (Mend.LEAVE_OUT,), law, ref))
    return judge_basis(Sharing(leg.ctx, leg.section, person, leg.recipient, leg.purpose), leg.day)
