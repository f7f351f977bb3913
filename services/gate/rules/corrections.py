"""A correction follows its item: from the author on, along every hop the item made, and as a notice to all who hold it.

Who got something wrong about a family must be able to hear that it was wrong, also where no basis is left to send what
takes its place: that much the gate tells every holder, without content, in the decision on the author's first word.
"""

from collections.abc import Iterator

from schemas.base import Slug
from schemas.corrections import DossierCorrected
from schemas.refusal import Mend, Reason, Refusal
from schemas.service import CorrectedNotice
from services.gate.rules.case import (
    Context,
    Effects,
    Judgement,
    Notice,
)
from services.gate.rules.case_records import ItemRecord
from services.gate.rules.refusing import unknown

LAW = "GDPR art. 16, 19; D#124"


def judge_correction(ctx: Context, body: DossierCorrected) -> Judgement:
    """Whether this correction may be said to this recipient, and what it changes."""
    known = ctx.case.of(ItemRecord).get(body.item)
    if known is None:
        return Judgement((unknown("item"),))
    reasons = tuple(_reasons(ctx, body, known))
    return Judgement(reasons) if reasons else Judgement(effects=_corrected(ctx, body, known))


def _reasons(ctx: Context, body: DossierCorrected, known: ItemRecord) -> Iterator[Reason]:
    slug = ctx.sender.slug
    if known.corrected_at is None and slug != known.author:
        yield Reason(code=Refusal.ROLE_NOT_ALLOWED, missing=("author",), law=LAW, mend=(Mend.WAIT_FOR_STATE,))
    if any((slug, to) not in known.passed for to in ctx.event.data.to):
        yield unknown("to", LAW)
    if _another(body, known, slug):
        yield Reason(code=Refusal.ITEM_DIFFERS, missing=("replaced_by",), law=LAW, mend=(Mend.CORRECT,))
    manifest = ctx.event.data.manifest
    carried = {section.item for section in manifest.sections} if manifest else set()
    if body.replaced_by is not None and body.replaced_by not in carried:
        yield Reason(
            code=Refusal.REQUIRED_SECTION_MISSING, missing=(body.replaced_by,), law=LAW, mend=(Mend.ADD, Mend.LEAVE_OUT)
        )


def _another(body: DossierCorrected, known: ItemRecord, slug: Slug) -> bool:
    """What takes the place is said by the author, once; a mistake in that is corrected like any other item."""
    if known.corrected_at is None or (known.replaced_by is None and slug == known.author):
        return False
    return body.replaced_by not in (None, known.replaced_by)


def _corrected(ctx: Context, body: DossierCorrected, known: ItemRecord) -> Effects:
    news = known.corrected_at is None or (known.replaced_by is None and body.replaced_by is not None)
    replaced_by = known.replaced_by or body.replaced_by
    before = () if news else known.corrected_for
    after = known.model_copy(
        update={
            "corrected_at": known.corrected_at or ctx.now,
            "replaced_by": replaced_by,
            "corrected_for": tuple(dict.fromkeys((*before, *ctx.event.data.to))),
        }
    )
    told = CorrectedNotice(item=body.item, replaced_by=replaced_by)
    skip = {ctx.sender.slug, *ctx.event.data.to}
    others = (slug for slug in known.held_by if slug not in skip and slug in ctx.directory) if news else ()
    return Effects(put=(after,), notices=tuple(Notice(to, told) for to in others))


def to_correct(item: ItemRecord) -> tuple[tuple[Slug, Slug], ...]:
    """The hops along which a correction still has to go: each who got the item once, from whom it came first."""
    found: dict[Slug, tuple[Slug, Slug]] = {}
    for giver, taker in item.passed:
        if taker not in (giver, item.author, *item.corrected_for):
            found.setdefault(taker, (giver, taker))
    return tuple(found.values())
