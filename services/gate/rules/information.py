"""Asking for information and answering: who may ask on which ground, what the question holds, and what answers it."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from schemas.base import Slug, Uuid
from schemas.body import Body
from schemas.information import InformationDeclined, InformationProvided, InformationRequested
from schemas.manifest import Category, Section
from schemas.parties import ExternalKind
from schemas.parties import OrganisationKind as K
from schemas.refusal import Mend, Reason, Refusal
from schemas.tables.categories import LAWS, NO_ROUTE
from schemas.tables.grounds import BY_CODE, CONSENT, IN_A_REQUEST, SET_ASIDE
from services.gate.rules import regie, sight
from services.gate.rules.asked_records import RequestRecord, Sort
from services.gate.rules.case import Context, Effects, Judgement
from services.gate.rules.grounds import supervision
from services.gate.rules.refusing import unknown, used_before, wrong_date, wrong_state

TASKS: Mapping[str, K] = {"G4": K.CERTIFIED_INSTITUTION, "G7": K.RAAD, "G8": K.VEILIG_THUIS}
"""Whose task each ground serves, and who may therefore ask on it."""
OF_THE_HOLDER = frozenset({CONSENT, SET_ASIDE, "G2", "G18"})
"""On what who leads (or carries out a measure) may ask."""
PRIVILEGED = frozenset({ExternalKind.GP})
"""Whose privilege (verschoningsrecht) makes that no reason is owed (D#149; JB Noord 2016 §8.1)."""
MINIMUM_LAW = "GDPR art. 5(1)c"


def judge_information(ctx: Context) -> Judgement:
    """Every message of the conversation information."""
    return _JUDGES[type(ctx.body)](ctx, ctx.body)


def _requested(ctx: Context, body: InformationRequested) -> Judgement:
    reasons = [*sight.unknown_persons(ctx, body.about), *_may_ask(ctx, body), *_holds(ctx, body)]
    reasons += _no_route(body)
    if body.request in ctx.case.of(RequestRecord):
        reasons.append(used_before())
    if body.until < ctx.today:
        reasons.append(wrong_date("until"))
    if reasons:
        return Judgement(tuple(reasons))
    asked = RequestRecord(
        request=body.request,
        sort=Sort.INFORMATION,
        asker=ctx.sender.slug,
        asked=ctx.event.data.to[0] if ctx.event.data.to else ctx.sender.slug,
        about=body.about,
        categories=body.categories,
        ground=body.ground,
    )
    return Judgement(effects=Effects(put=(asked,)))


def _may_ask(ctx: Context, body: InformationRequested) -> Iterator[Reason]:
    task = TASKS.get(body.ground)
    if task is not None:
        law = BY_CODE[body.ground].law
        if ctx.sender.kind is not task:
            yield Reason(code=Refusal.BASIS_WRONG_DIRECTION, missing=("ground",), law=law, mend=(Mend.USE_GROUND,))
        elif task is K.CERTIFIED_INSTITUTION and not any(supervision(ctx.case, ctx.sender.slug, ctx.today)):
            yield Reason(code=Refusal.BASIS_NEEDS_MEASURE, missing=("measure",), law=law, mend=(Mend.ASK_CONSENT,))
    elif body.ground not in OF_THE_HOLDER:
        yield Reason(code=Refusal.NO_BASIS, missing=("ground",), law="GDPR art. 6", mend=(Mend.CORRECT,))
    elif not regie.has_duty(ctx.case, ctx.sender.slug, ctx.today):
        yield from regie.not_holder(ctx)


def _no_route(body: InformationRequested) -> Iterator[Reason]:
    """What goes to nobody is not asked for either."""
    for category in sorted(NO_ROUTE.intersection(body.categories)):
        yield Reason(
            code=Refusal.CATEGORY_NOT_ALLOWED, missing=(category.value,), law=LAWS[category].law, mend=(Mend.LEAVE_OUT,)
        )


def _holds(ctx: Context, body: InformationRequested) -> Iterator[Reason]:
    """Who it is about and why it is necessary; nothing of the dossier."""
    for section in ctx.sections:
        if section.category not in IN_A_REQUEST:
            yield Reason(
                code=Refusal.CATEGORY_NOT_ALLOWED,
                section=section.item,
                missing=("category",),
                law=MINIMUM_LAW,
                mend=(Mend.LEAVE_OUT,),
            )
    named = {ref for section in ctx.sections if section.category is Category.IDENTITY for ref in section.about}
    lacking = tuple(ref for ref in body.about if ref not in named)
    why = any(section.category is Category.ACCOUNT for section in ctx.sections)
    missing = ((Category.IDENTITY.value, *lacking) if lacking else ()) + (() if why else (Category.ACCOUNT.value,))
    if missing:
        yield Reason(
            code=Refusal.REQUIRED_SECTION_MISSING,
            missing=missing,
            law="KNMG; GDPR art. 5(1)b: why it is necessary",
            mend=(Mend.ADD,),
        )


def answering(ctx: Context, request: Uuid, *sorts: Sort) -> tuple[RequestRecord | None, list[Reason]]:
    """The request that this message answers, and what is wrong with answering it now."""
    found: RequestRecord | None = ctx.case.of(RequestRecord).get(request)
    if found is None or found.asked != ctx.sender.slug or found.sort not in sorts:
        return None, [unknown("request")]
    reasons = [] if found.open else [wrong_state("ASKED")]
    to: tuple[Slug, ...] = () if found.asker == found.asked else (found.asker,)
    if ctx.event.data.to != to:
        reasons.append(Reason(code=Refusal.ROLE_NOT_ALLOWED, missing=("to",), mend=(Mend.CORRECT,)))
    return found, reasons


def answered(request: RequestRecord, complete: bool = True) -> Judgement:
    """The request waits no longer, unless more is to come."""
    return Judgement(effects=Effects(put=(request.model_copy(update={"open": not complete}),)))


def _provided(ctx: Context, body: InformationProvided) -> Judgement:
    request, reasons = answering(ctx, body.request, Sort.INFORMATION)
    if request is None:
        return Judgement(tuple(reasons))
    if not ctx.sections:
        reasons.append(Reason(code=Refusal.REQUIRED_SECTION_MISSING, missing=("sections",), mend=(Mend.ADD,)))
    reasons += [_more_than_asked(section) for section in ctx.sections if not _was_asked(section, request)]
    return Judgement(tuple(reasons)) if reasons else answered(request, body.complete)


def _was_asked(section: Section, request: RequestRecord) -> bool:
    allowed = {*request.categories, *IN_A_REQUEST}
    return section.category in allowed and set(section.about) <= set(request.about)


def _more_than_asked(section: Section) -> Reason:
    """Unasked it may go by dossiers.shared, on a basis of its own."""
    return Reason(
        code=Refusal.CATEGORY_NOT_ALLOWED,
        section=section.item,
        missing=("request",),
        law=MINIMUM_LAW,
        mend=(Mend.LEAVE_OUT,),
    )


def _declined(ctx: Context, body: InformationDeclined) -> Judgement:
    request, reasons = answering(ctx, body.request, Sort.INFORMATION)
    if request is None:
        return Judgement(tuple(reasons))
    under_order = request.ground == "G4"
    if body.reason is None and (under_order or ctx.sender.external not in PRIVILEGED):
        law = BY_CODE["G4"].law if under_order else "D#149"
        reasons.append(Reason(code=Refusal.REQUIRED_SECTION_MISSING, missing=("reason",), law=law, mend=(Mend.ADD,)))
    return Judgement(tuple(reasons)) if reasons else answered(request)


_JUDGES: Mapping[type[Body], Callable[[Context, Any], Judgement]] = {
    InformationRequested: _requested,
    InformationProvided: _provided,
    InformationDeclined: _declined,
}
