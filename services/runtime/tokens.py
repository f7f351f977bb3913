"""Who is calling: a bearer token names one professional of one organisation.

`Callers` is the one door of every interface. Behind it stands the organisation's OpenID Connect provider
(`services.runtime.oidc`), or the development issuer of this module, which hands a token to whoever can read its key
file and therefore serves loopback only.
"""

import base64
import ipaddress
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final, Protocol, Self

from joserfc import jwt
from joserfc.errors import ExpiredTokenError, InvalidClaimError, JoseError
from joserfc.jwk import OKPKey
from pydantic import Field, ValidationError

from schemas.base import Code, Frozen, Slug
from schemas.parties import Competence, Professional, Registration
from services.runtime.jose import ALGORITHM, PublicKey, SigningKey

ISSUER: Final = "urn:estafette:development-issuer"
LIFETIME: Final = timedelta(hours=12)
MAX_TOKEN: Final = 4096
"""Longest token, in characters."""


class Role(StrEnum):
    """What the caller may see and do in the organisation's own desk."""

    PROFESSIONAL = "PROFESSIONAL"
    COORDINATOR = "COORDINATOR"  # of a team, or of the chain: what is owed and the alerts; no section, no case file
    PRIVACY_OFFICER = "PRIVACY_OFFICER"  # functionaris gegevensbescherming: the trail, no section
    ADMINISTRATOR = "ADMINISTRATOR"  # runs the edge; sees no case (D#145)


class Caller(Frozen):
    """One professional acting for one organisation, as the issuer asserts."""

    organisation: Slug
    ref: Code
    function: Code
    registration: Registration | None = None
    competences: Annotated[tuple[Competence, ...], Field(max_length=8)] = ()
    role: Role

    @property
    def professional(self) -> Professional:
        """As it stands in a message."""
        return Professional(
            ref=self.ref, function=self.function, registration=self.registration, competences=self.competences
        )


class TokenRefused(Exception):
    """The token does not let the caller in. `reason` may be told to the caller; it quotes nothing of the token."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NotLoopbackError(Exception):
    """Development tokens are accepted, but the server would listen beyond this machine."""


class IssuerAway(Exception):
    """The provider's keys cannot be had now: whether the token is good is not known."""


class Callers(Protocol):
    """Tells whose token it is."""

    async def caller(self, token: str, organisation: Slug | None = None) -> Caller:
        """The caller, when the token is genuine, current and meant for this interface; with `organisation`, a
        professional of that one. Raises TokenRefused, IssuerAway.
        """


def _wall() -> datetime:
    return datetime.now(UTC)


def part(token: str, number: int) -> dict[str, Any]:
    """The header (0) or the claims (1) as they stand in a token. Worth nothing until the token was checked: only good
    to choose what to check it with. Raises TokenRefused.
    """
    try:
        text = token.split(".")[number]
        found = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, IndexError, RecursionError):
        raise TokenRefused("the token cannot be read") from None
    if not isinstance(found, dict):
        raise TokenRefused("the token cannot be read")
    return found


class Issuer:
    """The development issuer. Tokens live by the wall clock, also where the chain runs on a simulated one."""

    def __init__(self, key: SigningKey, lifetime: timedelta = LIFETIME) -> None:
        self._kid = key.kid
        self._key = OKPKey.import_key({**key.to_jwk()})
        self._lifetime = lifetime

    @classmethod
    def from_home(cls, home: Path) -> Self:
        """Raises FileNotFoundError where this machine does not hold the issuer's key."""
        return cls(SigningKey.from_file(home / "issuer" / "private.jwk"))

    def issue(self, caller: Caller, at: datetime | None = None) -> str:
        """A token for this caller, for use at its own organisation only, from `at` (default: now)."""
        issued = at or _wall()
        claims = {
            "iss": ISSUER,
            "aud": caller.organisation,
            "sub": caller.ref,
            "iat": int(issued.timestamp()),
            "exp": int((issued + self._lifetime).timestamp()),
            **caller.model_dump(mode="json", include={"function", "registration", "competences", "role"}),
        }
        return jwt.encode({"alg": ALGORITHM, "kid": self._kid}, claims, self._key, algorithms=[ALGORITHM])


class Verifier:
    """Checks tokens of the development issuer, whose audience is the organisation's slug."""

    def __init__(self, key: PublicKey, issuer: str = ISSUER, now: Callable[[], datetime] = _wall) -> None:
        self._key = OKPKey.import_key({**key.to_jwk()})
        self._issuer = issuer
        self._now = now

    @classmethod
    def from_home(cls, home: Path) -> Self:
        return cls(PublicKey.from_jwk(json.loads((home / "issuer" / "public.jwk").read_bytes())))

    async def caller(self, token: str, organisation: Slug | None = None) -> Caller:
        """As `Callers`. Where any organisation may ask, the token says which."""
        if len(token) > MAX_TOKEN:
            raise TokenRefused("the token is too long")
        return self.check(token, organisation or str(part(token, 1).get("aud")))

    def check(self, token: str, audience: str) -> Caller:
        """The caller, when the token is genuine, current and meant for `audience` (the organisation's slug).

        Raises TokenRefused.
        """
        claims = self._claims(token)
        check_registered(claims, self._issuer, audience, self._now())
        try:
            return Caller(
                organisation=audience,
                ref=claims["sub"],
                function=claims["function"],
                registration=claims.get("registration"),
                competences=tuple(claims.get("competences", ())),
                role=claims["role"],
            )
        except (KeyError, TypeError, ValidationError):
            raise TokenRefused("the token does not describe a professional") from None

    def _claims(self, token: str) -> dict[str, Any]:
        if len(token) > MAX_TOKEN:
            raise TokenRefused("the token is too long")
        try:
            return jwt.decode(token, self._key, algorithms=[ALGORITHM]).claims
        except Exception:  # whatever the library makes of hostile input, the answer is no
            raise TokenRefused("the token is not one of the issuer this organisation trusts") from None


def check_registered(claims: dict[str, Any], issuer: str, audience: str, at: datetime, leeway: int = 0) -> None:
    """Who made the token, for whom, for which professional, and that it counts at `at` (RFC 7519 section 4.1).

    `leeway`: seconds that the maker's clock may differ. Raises TokenRefused.
    """
    registry = jwt.JWTClaimsRegistry(
        now=int(at.timestamp()),
        leeway=leeway,
        iss={"essential": True, "value": issuer},
        aud={"essential": True, "value": audience},
        sub={"essential": True},
        exp={"essential": True},
    )
    try:
        registry.validate(claims)
    except ExpiredTokenError:
        raise TokenRefused("the token has expired") from None
    except InvalidClaimError as error:
        if error.claim == "aud":
            raise TokenRefused("the token is for another organisation") from None
        raise TokenRefused("the token is not valid now or not of this issuer") from None
    except (JoseError, TypeError, ValueError):
        raise TokenRefused("the token lacks a claim") from None


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach what listens there."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def require_loopback(host: str) -> None:
    """To be called before an edge that accepts development tokens starts to listen. Raises NotLoopbackError."""
    if not is_loopback(host):
        raise NotLoopbackError("development tokens are accepted on 127.0.0.1 or ::1 only; use OpenID Connect elsewhere")
