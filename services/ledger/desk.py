"""Who may ask the ledger what. No question is answered before it is written down who asked."""

from collections.abc import Callable
from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.base import Slug
from schemas.parties import OrganisationKind
from services.ledger import queries
from services.ledger.answers import Alerts, Audit
from services.ledger.discretion import by_kind
from services.ledger.looks import Asked, Question
from services.ledger.patterns import repeated
from services.ledger.queries import Wanted
from services.ledger.questions.scope import Scope
from services.ledger.reads import LookNotWrittenError, Looks
from services.runtime.directory import Directory
from services.runtime.guard import too_many
from services.runtime.problems import Refused
from services.runtime.rates import Rate
from services.runtime.tokens import Caller, Callers, IssuerAway, Role, TokenRefused

PERSON_PER_SECOND, PERSON_BURST = 10, 100
"""How often a person may ask."""

OF_A_REGION: Final = frozenset(
    {
        Question.ALERTS,
        Question.RECEIVED,
        Question.CONTACT,
        Question.WAITS,
        Question.ROUTES,
        Question.ALONE,
        Question.REFUSALS,
        Question.LEARN,
        Question.ORIGINS,
        Question.USES,
        Question.QUALITY,
    }
)
"""What a chain coordinator may ask of its region: alerts, and for the rest how many and how long, never which case."""


class Desk:
    """Who may ask what. Every method writes the question down first."""

    def __init__(
        self, engine: AsyncEngine, epoch: str, directory: Callable[[], Directory], callers: Callers, looks: Looks
    ) -> None:
        self.engine = engine
        self.epoch = epoch
        self._directory = directory
        self._callers = callers
        self._looks = looks
        self._rate = Rate(PERSON_PER_SECOND, PERSON_BURST)

    async def caller(self, token: str | None) -> Caller:
        """Who asks. A token is made for the professional's own organisation, and shows what that may see."""
        if token is None:
            raise Refused(401, "a bearer token is needed", code="UNAUTHORISED")
        try:
            caller = await self._callers.caller(token)
        except TokenRefused as refused:
            raise Refused(401, refused.reason, code="UNAUTHORISED") from None
        except IssuerAway:
            away = "the organisation's login cannot be asked whether this token is good; try again"
            raise Refused(503, away, code="LOGIN_AWAY") from None
        if self._directory().find(caller.organisation) is None:
            raise Refused(401, "the organisation is not in the directory", code="UNAUTHORISED")
        if (wait := self._rate.take(f"{caller.organisation}/{caller.ref}")) > 0:
            raise too_many(wait)
        return caller

    async def note(self, caller: Caller, asked: Asked) -> None:
        """Write the question down; then refuse it if the role does not allow it, whatever was asked about."""
        allowed = caller.role is Role.PRIVACY_OFFICER or (_of_a_region(asked) and self._coordinates(caller))
        try:
            await self._looks.write(caller, asked, allowed)
        except LookNotWrittenError:
            not_written = "the question could not be written down; ask again"
            raise Refused(503, not_written, code="LOOK_NOT_WRITTEN") from None
        if not allowed:
            raise Refused(403, "this role may not ask this", code="ROLE_NOT_ALLOWED")

    async def audit(self, caller: Caller, asked: Asked) -> Audit:
        await self.note(caller, asked)
        wanted = Wanted(caller.organisation, asked.case, asked.person, asked.organisation, asked.since, asked.until)
        wanted = wanted._replace(succeeded=await self.succeeded(caller.organisation))
        async with self.engine.connect() as connection:
            lines, following = await queries.audit(connection, wanted, asked.after)
            reach = await queries.read_up_to(connection, self.epoch)
            caution = await queries.caution(connection, caller.organisation, asked.case) if asked.case else None
        secret = any(said is not None and said.address_secret for said in (caution, *(line.caution for line in lines)))
        hidden = asked.question is Question.PERSON and secret
        if hidden:
            lines = [by_kind(line, caller.organisation, self.kind_of) for line in lines]
        return Audit(
            asked=asked,
            by=caller.organisation,
            entries=tuple(lines),
            caution=caution,
            by_kind=hidden,
            patterns=() if hidden else repeated(lines),
            next=following,
            read_up_to=reach,
        )

    def kind_of(self, slug: Slug) -> OrganisationKind | None:
        organisation = self._directory().find(slug)
        return organisation.kind if organisation else None

    async def alerts(self, caller: Caller, asked: Asked) -> Alerts:
        await self.note(caller, asked)
        state = None if asked.state == "all" else (asked.state or "open").upper()
        async with self.engine.connect() as connection:
            seen_by = self._seen_by(caller) | set(await self.succeeded(caller.organisation))
            return Alerts(
                alerts=await queries.alerts(connection, seen_by, asked.case, state, caller.role is Role.PRIVACY_OFFICER)
            )

    async def succeeded(self, organisation: Slug) -> tuple[Slug, ...]:
        """Which organisations have gone on as this one, by the time up to which the ledger was read."""
        async with self.engine.connect() as connection:
            reach = await queries.read_up_to(connection, self.epoch)
        until = [slot.at for slot in reach if slot.at is not None]
        names = self._directory().successions(max(until)) if until else {}
        return tuple(sorted(old for old, new in names.items() if new == organisation))

    async def scope(self, caller: Caller, asked: Asked) -> Scope:
        """Write the question down; whose matters the answer may be about."""
        await self.note(caller, asked)
        if caller.role is not Role.PRIVACY_OFFICER:
            return Scope(self.epoch, tuple(sorted(self._seen_by(caller) - {caller.organisation})), counts_only=True)
        return Scope(self.epoch, (caller.organisation, *await self.succeeded(caller.organisation)))

    def of_kind(self, kind: OrganisationKind | None) -> tuple[Slug, ...]:
        """The organisations of a kind, or all."""
        known = self._directory().organisations.items()
        return tuple(slug for slug, each in known if kind in (None, each.kind))

    def _coordinates(self, caller: Caller) -> bool:
        organisation = self._directory().find(caller.organisation)
        is_desk = organisation is not None and organisation.kind is OrganisationKind.COORDINATION
        return caller.role is Role.COORDINATOR and is_desk

    def _seen_by(self, caller: Caller) -> set[Slug]:
        """Whose alerts the caller sees: of the own organisation, or of all that a coordinator coordinates."""
        if not self._coordinates(caller):
            return {caller.organisation}
        region = self._directory().organisations.items()
        return {caller.organisation, *(slug for slug, o in region if o.coordination == caller.organisation)}


def _of_a_region(asked: Asked) -> bool:
    return asked.question in OF_A_REGION and (asked.case is None or asked.question is Question.ALERTS)
