"""The fixed contact of a family: apart from who leads, and not changed by any handover (D#31-33)."""

from collections.abc import Iterator

from schemas.contacts import FixedContactChanged
from schemas.refusal import Mend, Reason, Refusal
from services.gate.rules import regie
from services.gate.rules.case import Context, Effects, Judgement
from services.gate.rules.refusing import unknown

LAW = "JB Noord 2016 §3.2; D#31-33"


def judge_contact(ctx: Context) -> Judgement:
    """All of contacts.*."""
    body = ctx.body
    if not isinstance(body, FixedContactChanged):
        raise TypeError(f"not about a contact: {body.name}")
    reasons = tuple(_reasons(ctx, body))
    if reasons:
        return Judgement(reasons)
    head = regie.head_of(ctx)
    changes = head.contact_changes + (head.contact is not None)
    after = head.model_copy(update={"contact": body.contact, "contact_changes": changes})
    return Judgement(effects=Effects(put=(after,)))


def _reasons(ctx: Context, body: FixedContactChanged) -> Iterator[Reason]:
    """Said by who leads, by whose contact it was, or by whose it becomes; that one is in the case."""
    head, slug = regie.head_of(ctx), ctx.sender.slug
    present = head.contact.organisation if head.contact else None
    if slug not in (head.regie, present, body.contact.organisation):
        yield Reason(code=Refusal.ROLE_NOT_ALLOWED, missing=("source",), law=LAW, mend=(Mend.ASK_REGIE_HOLDER,))
    if not ctx.case.is_party(body.contact.organisation):
        yield unknown("contact.organisation", LAW)
    if body.contact == head.contact or (body.reason == "FIRST") != (head.contact is None):
        yield Reason(code=Refusal.REASON_NOT_ALLOWED, missing=("reason",), law=LAW, mend=(Mend.CORRECT,))
