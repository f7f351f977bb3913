"""In a case with a secret address, what the broker itself tells those outside the chain: nothing about where.

A school or a police station may be in touch with whoever must not find the family. What is sealed to it is the sender's
to choose; beside that it learns of no organisation but the one that wrote to it (Wmo 2015 5.3.2(4); Jeugdwet 7.3.10).
"""

from collections.abc import Iterable, Iterator, Mapping

from schemas.base import Slug
from schemas.parties import OrganisationKind, Party
from schemas.service import AlertBody, RegieMoved
from services.gate.rules.case import Case, Context, Notice

OUTSIDE = OrganisationKind.EXTERNAL


def _secret(case: Case) -> bool:
    return case.head is not None and case.head.caution is not None and case.head.caution.address_secret


def _outside(ctx: Context, slug: Slug) -> bool:
    return slug in ctx.directory and ctx.directory[slug].kind is OUTSIDE


def outside(case: Case, directory: Mapping[Slug, Party]) -> tuple[Slug, ...]:
    """Which holders of the case must not learn of each other and of those inside, for oversight; none where no address
    is secret."""
    if case.head is None or not _secret(case):
        return ()
    return tuple(slug for slug in case.head.holders if slug in directory and directory[slug].kind is OUTSIDE)


def hidden_from(ctx: Context, after: Case) -> bool:
    """Whether the entry must not name the holder of regie, because an outsider of case or chain gets it as a seal."""
    if after.guests.intersection((ctx.sender.slug, *ctx.event.data.to)):
        return True  # who is asked something is not told who leads the case
    if not _secret(after):
        return False
    return ctx.sender.kind is OUTSIDE or any(_outside(ctx, slug) for slug in ctx.event.data.to)


def told_of(ctx: Context, after: Case) -> tuple[Slug, ...]:
    """Who gets a message. An alert that names others as well does not go outside the chain: one seal goes to all."""
    to = ctx.event.data.to
    if ctx.sender.kind is not OrganisationKind.SERVICE or not _secret(after):
        return to
    responsible = ctx.body.responsible if isinstance(ctx.body, AlertBody) else ()
    if len({*to, *responsible}) == 1:
        return to
    return tuple(slug for slug in to if not _outside(ctx, slug))


def discreet(notices: Iterable[Notice], ctx: Context, after: Case) -> Iterator[Notice]:
    """The notices that are sent: who leads now is not told outside the chain."""
    for notice in notices:
        if not (_secret(after) and isinstance(notice.body, RegieMoved) and _outside(ctx, notice.to)):
            yield notice
