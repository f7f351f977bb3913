"""People of an organisation come in with an access token of its own OpenID Connect provider.

The file at ESTAFETTE_OIDC says which provider serves which organisation and under which claims it tells what is needed.
Only that provider can speak for that organisation, and only with tokens made for this very interface.
"""

import asyncio
import ssl
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import httpx2
import structlog
import yaml
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, OKPKey, RSAKey
from pydantic import Field, StringConstraints, ValidationError, field_validator

from schemas.base import Code, Frozen, Slug
from services.runtime.tokens import Caller, IssuerAway, Role, TokenRefused, check_registered, is_loopback, part

Algorithm = Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "Ed25519", "EdDSA"]
"""Signatures that only the holder of a private key can make. `none` and the HMACs cannot even be configured."""
Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]
ClaimPath = Annotated[tuple[Name, ...], Field(min_length=1, max_length=4)]
"""Where a claim stands: one name, or several where objects lie within each other (Keycloak: realm_access, roles)."""
Key = RSAKey | ECKey | OKPKey

MAX_TOKEN: Final = 8 * 1024
"""Longest token, in characters."""
LEEWAY: Final = 30
"""Seconds that the clocks of provider and edge may differ."""
FRESH_SECONDS: Final = 300.0
"""How long published keys are believed without asking again: a key that is withdrawn counts no longer."""
STALE_SECONDS: Final = 3600.0
"""How long they are believed while the provider does not answer."""
ASK_SECONDS: Final = 10.0
"""The provider is asked no oftener than this, however many strange tokens come."""
TIMEOUT_SECONDS: Final = 5.0
MAX_ANSWER: Final = 256 * 1024
"""Bytes of one answer of the provider."""

log = structlog.get_logger(__name__)


class Claims(Frozen):
    """Under which claims a provider tells what is needed."""

    ref: ClaimPath = ("sub",)  # made by the organisation, means nothing elsewhere: it travels in messages
    function: ClaimPath = ("function",)
    registration: ClaimPath = ("registration",)
    competences: ClaimPath = ("competences",)
    roles: ClaimPath = ("roles",)


class Provider(Frozen):
    """The provider of one organisation."""

    organisation: Slug
    issuer: Name  # exactly as in its tokens
    audience: Name  # what its tokens for this interface name as `aud`
    algorithms: Annotated[tuple[Algorithm, ...], Field(min_length=1)] = ("RS256", "PS256", "ES256", "Ed25519")
    token_types: Annotated[tuple[Literal["at+jwt", "JWT"], ...], Field(min_length=1)] = ("at+jwt",)  # RFC 9068
    claims: Claims = Claims()
    roles: Mapping[Name, Role] = Field(default_factory=lambda: {role.value: role for role in Role})
    functions: Mapping[Name, Code] = Field(default_factory=dict)  # the provider's words, where they are other ones
    ca_file: Path | None = None

    @field_validator("issuer")
    @classmethod
    def _encrypted(cls, issuer: str) -> str:
        """What comes over an open line could be anybody's keys; on this machine it is a test."""
        url = httpx2.URL(issuer)
        if url.scheme != "https" and not (url.scheme == "http" and is_loopback(url.host)):
            raise ValueError("an issuer is an https address")
        return issuer


class Providers(Frozen):
    """The file at ESTAFETTE_OIDC."""

    providers: Annotated[tuple[Provider, ...], Field(min_length=1)]


def load_providers(file: Path) -> tuple[Provider, ...]:
    """Raises OSError, yaml.YAMLError, pydantic.ValidationError."""
    return Providers.model_validate(yaml.safe_load(file.read_text(encoding="utf-8"))).providers


class Keys:
    """The public keys of a provider, found by discovery and asked for again when an unknown one is named."""

    def __init__(
        self,
        provider: Provider,
        now: Callable[[], float] = time.monotonic,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        self._provider = provider
        self._transport = transport
        self._now = now
        self._held: dict[str, Key] = {}
        self._read_at = float("-inf")
        self._asked_at = float("-inf")
        self._lock = asyncio.Lock()

    async def find(self, kid: str) -> Key:
        """Raises TokenRefused for a key the provider does not publish, IssuerAway when it cannot be asked."""
        if not self._knows(kid):
            async with self._lock:
                if not self._knows(kid) and self._now() - self._asked_at >= ASK_SECONDS:
                    await self._ask()
        if self._now() - self._read_at > STALE_SECONDS:
            raise IssuerAway
        if kid not in self._held:
            raise TokenRefused("the token is signed with a key its issuer does not publish")
        return self._held[kid]

    def _knows(self, kid: str) -> bool:
        return kid in self._held and self._now() - self._read_at < FRESH_SECONDS

    async def _ask(self) -> None:
        self._asked_at = self._now()
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS), self._client() as client:
                said = await _get(client, f"{self._provider.issuer.rstrip('/')}/.well-known/openid-configuration")
                if said.get("issuer") != self._provider.issuer:
                    raise ValueError("it calls itself otherwise")
                address = httpx2.URL(str(said["jwks_uri"]))
                if address.scheme != httpx2.URL(self._provider.issuer).scheme:
                    raise ValueError("its keys lie on another kind of line")
                published = (await _get(client, str(address)))["keys"]
                self._held = dict(found for each in published if (found := _public(each)) is not None)
        except (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError, ValueError, KeyError, TypeError, OSError) as error:
            log.warning("ISSUER_AWAY", issuer=self._provider.organisation, error=type(error).__name__)
        else:
            self._read_at = self._now()

    def _client(self) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(
            verify=ssl.create_default_context(cafile=self._provider.ca_file),
            timeout=TIMEOUT_SECONDS,
            follow_redirects=False,
            trust_env=False,
            transport=self._transport,
        )


async def _get(client: httpx2.AsyncClient, url: str) -> dict[str, Any]:
    async with client.stream("GET", url, headers={"Accept": "application/json"}) as answer:
        answer.raise_for_status()
        if answer.status_code != 200:
            raise ValueError("no answer but a way to another")
        raw = b""
        async for chunk in answer.aiter_bytes():
            raw += chunk
            if len(raw) > MAX_ANSWER:
                raise ValueError("too long an answer")
    found = httpx2.Response(200, content=raw).json()
    if not isinstance(found, dict):
        raise ValueError("no JSON object")
    return found


def _public(published: Any) -> tuple[str, Key] | None:
    """A key to check signatures with; None for any other, for a secret, and for one without a name."""
    try:
        kid, use = published["kid"], published.get("use", "sig")
        if use != "sig" or published["kty"] not in ("RSA", "EC", "OKP") or not isinstance(kid, str):
            return None
        key = JWKRegistry.import_key(published)
    except (JoseError, KeyError, TypeError, ValueError, AttributeError):
        return None
    return (kid, key) if isinstance(key, RSAKey | ECKey | OKPKey) else None


class OidcCallers:
    """Lets people in by the tokens of their organisations' providers. `elapsed` counts seconds from anywhere."""

    def __init__(
        self,
        providers: tuple[Provider, ...],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        elapsed: Callable[[], float] = time.monotonic,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        self._known = [(provider, Keys(provider, elapsed, transport)) for provider in providers]
        self._now = now

    async def caller(self, token: str, organisation: Slug | None = None) -> Caller:
        """As `services.runtime.tokens.Callers`."""
        if len(token) > MAX_TOKEN:
            raise TokenRefused("the token is too long")
        header = part(token, 0)
        provider, keys = self._of(part(token, 1), organisation)
        algorithm, kid = header.get("alg"), header.get("kid")
        if algorithm not in provider.algorithms or not isinstance(kid, str) or "crit" in header:
            raise TokenRefused("the token is not signed in a way that is accepted here")
        if str(header.get("typ", "")).lower().removeprefix("application/") not in map(str.lower, provider.token_types):
            raise TokenRefused("the token is no access token")
        claims = _signed(token, await keys.find(kid), str(algorithm))
        check_registered(claims, provider.issuer, provider.audience, self._now(), LEEWAY)
        return _caller(claims, provider)

    def _of(self, claimed: Mapping[str, Any], organisation: Slug | None) -> tuple[Provider, Keys]:
        """The provider that may have made this token, by what the token says of itself."""
        mine = [(p, k) for p, k in self._known if organisation in (None, p.organisation)]
        of_issuer = [(p, k) for p, k in mine if p.issuer == claimed.get("iss")]
        if not of_issuer:
            raise TokenRefused("the token is not one of the issuer this organisation trusts")
        aud = claimed.get("aud")
        for provider, keys in of_issuer:
            if provider.audience in (aud if isinstance(aud, list) else [aud]):
                return provider, keys
        raise TokenRefused("the token is for another audience")


def _signed(token: str, key: Key, algorithm: str) -> dict[str, Any]:
    if key.as_dict(private=False).get("alg", algorithm) != algorithm:
        raise TokenRefused("the token is not signed in a way that is accepted here")
    try:
        return jwt.decode(token, key, algorithms=[algorithm]).claims
    except Exception:  # whatever the library makes of hostile input, the answer is no
        raise TokenRefused("the token is not one of the issuer this organisation trusts") from None


def _caller(claims: Mapping[str, Any], provider: Provider) -> Caller:
    at = provider.claims
    roles = {provider.roles[each] for each in _several(_claim(claims, at.roles)) if each in provider.roles}
    if len(roles) != 1:
        raise TokenRefused("the token has to give one role of this system" + (", not several" if roles else ""))
    function = _claim(claims, at.function)
    try:
        return Caller(
            organisation=provider.organisation,
            ref=_claim(claims, at.ref),
            function=provider.functions.get(function, function) if isinstance(function, str) else function,
            registration=_claim(claims, at.registration),
            competences=_several(_claim(claims, at.competences)),
            role=roles.pop(),
        )
    except ValidationError as error:
        wrong = sorted({str(each["loc"][0]) for each in error.errors()})
        raise TokenRefused(f"the token does not tell who this is: {', '.join(wrong)}") from None


def _claim(claims: Mapping[str, Any], path: ClaimPath) -> Any:
    found: Any = claims
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def _several(value: Any) -> tuple[str, ...]:
    """One text, or a list of texts; nothing of any other kind."""
    if isinstance(value, str):
        return (value,)
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, list) else ()
