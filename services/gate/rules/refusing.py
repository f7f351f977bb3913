"""The reasons that every conversation has for a refusal, and the judgement they come to."""

from collections.abc import Iterable
from datetime import date, timedelta

from schemas.refusal import Mend, Reason, Refusal
from schemas.tables.agreed import term_of
from services.gate.rules.case import Context, Effects, Judgement
from services.gate.rules.record import Record


def unknown(field: str, law: str | None = None) -> Reason:
    """The case knows nothing by this reference, or the sender has no part in it."""
    return Reason(code=Refusal.UNKNOWN_REFERENCE, missing=(field,), law=law, mend=(Mend.CORRECT,))


def wrong_state(*states: str, law: str | None = None) -> Reason:
    """It may be said in these states only, and this is none of them."""
    return Reason(code=Refusal.WRONG_STATE, missing=states, law=law, mend=(Mend.WAIT_FOR_STATE,))


def used_before() -> Reason:
    """What is to begin here has begun under this id already."""
    return Reason(code=Refusal.WRONG_STATE, missing=("NONE",), mend=(Mend.SEND_ANEW,))


def wrong_date(field: str, law: str | None = None) -> Reason:
    """The day or moment in this field may not be given."""
    return Reason(code=Refusal.DATE_NOT_ALLOWED, missing=(field,), law=law, mend=(Mend.CORRECT,))


def latest(ctx: Context, term: str) -> date:
    """The last day that this term, given in days, lets somebody name today."""
    return ctx.today + timedelta(days=term_of(term, ctx.agreed).count)


def unless(reasons: Iterable[Reason], effects: Effects) -> Judgement:
    """Refused for these reasons; without any, these effects."""
    found = tuple(reasons)
    return Judgement(found) if found else Judgement(effects=effects)


def put_unless(reasons: Iterable[Reason], *put: Record) -> Judgement:
    """Refused for these reasons; without any, these records."""
    return unless(reasons, Effects(put=put))
