"""Who may do what at an edge."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import structlog
from fastapi import Header, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from schemas.base import Slug
from schemas.parties import Professional
from services.runtime.guard import too_many
from services.runtime.oidc import MAX_TOKEN
from services.runtime.problems import Refused
from services.runtime.rates import Rate
from services.runtime.tokens import Caller, Callers, IssuerAway, Role, TokenRefused

SECOND_PERSON = "Second-Person"
Roles = frozenset[Role]

CONTENT: Roles = frozenset({Role.PROFESSIONAL})
"""Who opens letters, and says what the organisation says."""
TRAIL: Roles = frozenset({Role.PROFESSIONAL, Role.PRIVACY_OFFICER})
"""Who sees cases: what was said to whom and when, without a section."""
OWED: Roles = frozenset({Role.PROFESSIONAL, Role.COORDINATOR})
"""Who sees what the organisation owes, takes up an alert, and stands beside a colleague as the second person."""
ALERTS: Roles = OWED | TRAIL
OWN_WORDS: Roles = OWED | TRAIL
"""Who sees what became of one message."""

PERSON_PER_SECOND, PERSON_BURST = 50, 500
"""How often one person may ask: far above what a case system does that waits for a verdict."""

log = structlog.get_logger(__name__)
_bearer = HTTPBearer(auto_error=False, description="Names one professional of this organisation.")
Credentials = Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]


class Doors:
    """Lets callers in by role. An administrator runs the edge and sees no case (JB Noord 2016 §5.4)."""

    def __init__(self, callers: Callers, slug: Slug, rate: Rate | None = None) -> None:
        self._callers = callers
        self._slug = slug
        self._rate = rate or Rate(PERSON_PER_SECOND, PERSON_BURST)

    async def caller(self, credentials: HTTPAuthorizationCredentials | None) -> Caller:
        """Whose token this is. Raises Refused."""
        if credentials is None:
            raise Refused(401, "Authorization: a bearer token is needed")
        caller = await self._known(credentials.credentials, "Authorization")
        wait = self._rate.take(caller.ref)
        if wait > 0:
            raise too_many(wait)
        return caller

    def admits(self, roles: Roles) -> Callable[..., Awaitable[Caller]]:
        """A dependency that gives the caller, when the role is one of these. A look that is refused is logged."""

        async def check(request: Request, credentials: Credentials) -> Caller:
            caller = await self.caller(credentials)
            if caller.role not in roles:
                route: Any = request.scope.get("route")
                log.warning("LOOK_REFUSED", ref=caller.ref, role=caller.role, route=getattr(route, "path", None))
                raise Refused(403, f"a {_words(caller.role)} may not do or see this")
            return caller

        return check

    async def second(
        self,
        credentials: Credentials,
        second_person: Annotated[
            str | None,
            Header(alias=SECOND_PERSON, max_length=MAX_TOKEN + 16, description="Bearer token of a second professional"),
        ] = None,
    ) -> Professional | None:
        """The second person, who is somebody else of the same organisation."""
        if second_person is None:
            return None
        first = await self.caller(credentials)
        scheme, _, token = second_person.partition(" ")
        if scheme.lower() != "bearer":
            raise Refused(401, f"{SECOND_PERSON}: a bearer token is needed")
        second = await self._known(token.strip(), SECOND_PERSON)
        if second.ref == first.ref:
            raise Refused(422, f"{SECOND_PERSON}: is the same person; a second one is needed")
        if second.role not in OWED:
            raise Refused(403, f"{SECOND_PERSON}: a {_words(second.role)} may not do this")
        return second.professional

    async def _known(self, token: str, header: str) -> Caller:
        try:
            return await self._callers.caller(token, self._slug)
        except TokenRefused as refused:
            raise Refused(401, f"{header}: {refused.reason}") from None
        except IssuerAway:
            away = "the organisation's login cannot be asked whether this token is good; try again"
            raise Refused(503, f"{header}: {away}") from None


def _words(role: Role) -> str:
    return role.replace("_", " ").lower()
