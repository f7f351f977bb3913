"""Tokens of an OpenID Connect provider: whose are believed, and what of them."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey
from pydantic import ValidationError

from services.runtime import oidc
from services.runtime.identity import NoProviderError, callers
from services.runtime.oidc import OidcCallers, Provider
from services.runtime.settings import Settings
from services.runtime.tokens import Caller, IssuerAway, NotLoopbackError, Role, TokenRefused

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
ISSUER, AUDIENCE = "https://login.linde.example/realm", "https://edge.linde.example"
LINDE = "lokaal-team-linde"
FIRST = RSAKey.generate_key(2048, {"kid": "first", "use": "sig"})
SECOND = ECKey.generate_key("P-256", {"kid": "second", "alg": "ES256"})
CLAIMS: dict[str, Any] = {
    "iss": ISSUER,
    "aud": [AUDIENCE, "https://elsewhere.example"],
    "sub": "linde-1",
    "function": "youth-professional",
    "registration": "SKJ",
    "competences": ["SAFETY"],
    "roles": ["PROFESSIONAL", "offline_access"],
    "exp": int(NOW.timestamp()) + 60,
    "iat": int(NOW.timestamp()) - 60,
}


class Login(httpx2.AsyncBaseTransport):
    """A provider's two pages. What it answers can be changed; `asked` counts the times its keys were read."""

    def __init__(self, *keys: Any) -> None:
        self.keys: list[dict[str, Any]] = [dict(key.as_dict(private=False)) for key in keys]
        self.says: dict[str, Any] = {"issuer": ISSUER, "jwks_uri": f"{ISSUER}/keys"}
        self.away = False
        self.asked = 0
        self.status = 200

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if self.away:
            raise httpx2.ConnectError("away")
        if request.url.path.endswith("/.well-known/openid-configuration"):
            return httpx2.Response(self.status, json=self.says, headers={"Location": "https://other.example"})
        self.asked += 1
        return httpx2.Response(200, json={"keys": self.keys})


class Desk:
    """What stands between a token and its caller, with clocks a test can move."""

    def __init__(self, login: Login, **more: Any) -> None:
        provider = Provider(organisation=LINDE, issuer=ISSUER, audience=AUDIENCE, **more)
        self.elapsed = 0.0
        self._callers = OidcCallers((provider,), lambda: NOW, lambda: self.elapsed, login)

    async def let_in(self, token: str, organisation: str | None = LINDE) -> Caller:
        return await self._callers.caller(token, organisation)

    async def refuse(self, token: str, organisation: str | None = LINDE) -> str:
        with pytest.raises(TokenRefused) as refused:
            await self._callers.caller(token, organisation)
        return refused.value.reason


def token(key: Any = FIRST, alg: str = "RS256", typ: str = "at+jwt", header: Any = None, **claims: Any) -> str:
    whole = {name: value for name, value in {**CLAIMS, **claims}.items() if value is not None}
    head = {"alg": alg, "kid": key.kid, "typ": typ} | (header or {})
    return jwt.encode({n: v for n, v in head.items() if v is not None}, whole, key, algorithms=[alg])


def with_secret(secret: bytes) -> str:
    """The token with the provider's public key as an HMAC secret; libraries refuse to make it."""
    head = base64.urlsafe_b64encode(b'{"alg":"HS256","kid":"first","typ":"at+jwt"}').rstrip(b"=")
    signed = head + b"." + token().split(".")[1].encode()
    mac = hmac.new(secret, signed, hashlib.sha256).digest()
    return (signed + b"." + base64.urlsafe_b64encode(mac).rstrip(b"=")).decode()


async def test_a_token_names_the_professional() -> None:
    """With keys of any kind that is accepted; also where any organisation may ask."""
    desk = Desk(Login(FIRST, SECOND))
    caller = await desk.let_in(token())
    assert (caller.organisation, caller.ref, caller.role) == (LINDE, "linde-1", Role.PROFESSIONAL)
    assert caller.professional.competent_for_safety
    assert await desk.let_in(token(SECOND, "ES256"), None) == caller


@pytest.mark.parametrize(
    ("claims", "word"),
    [
        ({"iss": "https://login.berk.example"}, "issuer"),
        ({"aud": "https://edge.berk.example"}, "audience"),
        ({"aud": None}, "audience"),
        ({"exp": int(NOW.timestamp()) - oidc.LEEWAY - 1}, "expired"),
        ({"exp": None}, "lacks"),
        ({"sub": None}, "lacks"),
        ({"nbf": int(NOW.timestamp()) + oidc.LEEWAY + 1}, "not valid now"),
        ({"iat": int(NOW.timestamp()) + oidc.LEEWAY + 1}, "not valid now"),
        ({"roles": ["offline_access"]}, "one role"),
        ({"roles": {"PROFESSIONAL": True}}, "one role"),
        ({"roles": ["PROFESSIONAL", "ADMINISTRATOR"]}, "not several"),
        ({"function": None}, "function"),
        ({"sub": "somebody@linde.example"}, "ref"),
        ({"competences": ["EVERYTHING"]}, "competences"),
    ],
)
async def test_every_claim_means_what_it_says(claims: dict[str, Any], word: str) -> None:
    """A genuine token that is for somebody or something else, or says too little or too much."""
    assert word in await Desk(Login(FIRST)).refuse(token(**claims))


@pytest.mark.parametrize(
    "hostile",
    [
        lambda: token(RSAKey.generate_key(2048, {"kid": "first"})),
        lambda: token(header={"kid": None}),
        lambda: token(header={"kid": "unknown"}),
        lambda: token(alg="RS512"),
        lambda: token(typ="JWT"),
        lambda: token(header={"crit": ["b64"], "b64": True}),
        lambda: "eyJhbGciOiJub25lIiwia2lkIjoiZmlyc3QiLCJ0eXAiOiJhdCtqd3QifQ." + token().split(".")[1] + ".",
        lambda: with_secret(FIRST.as_pem(private=False)),
        lambda: token()[:-4] + "AAAA",
        lambda: "a" * (oidc.MAX_TOKEN + 1),
        lambda: "e30.e30.",
        lambda: "..",
        lambda: "é.é.é",
        lambda: "W10.W10.W10",
    ],
)
async def test_what_was_not_signed_by_a_published_key_is_refused(hostile: Callable[[], str]) -> None:
    """Another key, none, another algorithm than is accepted, an ID token, `none`, and the public key as a secret."""
    assert await Desk(Login(FIRST)).refuse(hostile())


async def test_a_key_serves_the_algorithm_it_is_published_for() -> None:
    """And a published secret, or a key to encrypt with, serves nothing."""
    login = Login(FIRST, SECOND)
    login.keys[0] |= {"alg": "PS256"}
    assert "accepted" in await Desk(login).refuse(token())
    secret = OctKey.generate_key(256, {"kid": "secret"})
    login = Login(FIRST, SECOND, secret)
    login.keys[0] |= {"use": "enc"}
    login.keys[2] |= secret.as_dict(private=True)
    login.keys.append({"kty": "RSA", "kid": "broken"})
    assert "not publish" in await Desk(login).refuse(token())
    assert await Desk(login).let_in(token(SECOND, "ES256"))


async def test_a_new_key_is_asked_for_and_an_old_one_is_dropped() -> None:
    """At once for a name that is not known, and within five minutes for a key that is gone."""
    login = Login(FIRST)
    desk = Desk(login)
    await desk.let_in(token())
    login.keys = [dict(SECOND.as_dict(private=False))]
    desk.elapsed += oidc.ASK_SECONDS
    await desk.let_in(token(SECOND, "ES256"))
    assert "not publish" in await desk.refuse(token())
    login.keys = []
    desk.elapsed += oidc.FRESH_SECONDS - 1
    await desk.let_in(token(SECOND, "ES256"))
    desk.elapsed += 1
    assert "not publish" in await desk.refuse(token(SECOND, "ES256"))


async def test_strange_tokens_do_not_make_the_edge_ask_and_ask() -> None:
    """However many keys they name, the provider is asked once in ten seconds."""
    login = Login(FIRST)
    desk = Desk(login)
    for number in range(50):
        await desk.refuse(token(header={"kid": f"made-up-{number}"}))
    assert login.asked == 1


async def test_while_the_provider_is_away_its_keys_serve_an_hour() -> None:
    """Then nobody is let in, and it is said that this is not the token's fault."""
    login = Login(FIRST)
    desk = Desk(login)
    await desk.let_in(token())
    login.away = True
    desk.elapsed = oidc.STALE_SECONDS
    await desk.let_in(token())
    desk.elapsed += 1
    with pytest.raises(IssuerAway):
        await desk.let_in(token())
    login.away = False
    desk.elapsed += oidc.ASK_SECONDS
    await desk.let_in(token())


@pytest.mark.parametrize(
    "strange",
    [
        {"issuer": "https://login.berk.example"},
        {"jwks_uri": "http://login.linde.example/keys"},
        {"jwks_uri": 5},
        {"status": 302},
        {"keys": [{"kid": "x" * oidc.MAX_ANSWER}]},
    ],
)
async def test_a_provider_that_answers_strangely_is_as_good_as_away(strange: dict[str, Any]) -> None:
    """One that calls itself otherwise, sends us elsewhere or off the encrypted line, or never stops talking."""
    login = Login(FIRST)
    login.status = strange.pop("status", 200)
    login.keys += strange.pop("keys", [])
    login.says |= strange
    with pytest.raises(IssuerAway):
        await Desk(login).let_in(token())


async def test_each_organisation_is_spoken_for_by_its_own_provider() -> None:
    """Where all may ask, the same provider gives another organisation only by another audience."""
    berk = Provider(organisation="lokaal-team-berk", issuer=ISSUER, audience="https://edge.berk.example")
    linde = Provider(organisation=LINDE, issuer=ISSUER, audience=AUDIENCE)
    both = OidcCallers((linde, berk), lambda: NOW, lambda: 0.0, Login(FIRST))
    assert (await both.caller(token())).organisation == LINDE
    assert (await both.caller(token(aud=["https://edge.berk.example"]))).organisation == "lokaal-team-berk"
    with pytest.raises(TokenRefused):
        await both.caller(token(), "lokaal-team-berk")


@pytest.mark.parametrize(
    "wrong",
    [
        {"algorithms": ["HS256"]},
        {"algorithms": ["none"]},
        {"algorithms": []},
        {"issuer": "http://login.linde.example"},
        {"token_types": ["anything"]},
        {"roles": {"boss": "MAYOR"}},
    ],
)
def test_what_would_open_the_door_cannot_be_configured(wrong: dict[str, Any]) -> None:
    """Secrets shared with the provider, no signature, and an open line to it."""
    with pytest.raises(ValidationError):
        Provider.model_validate({"organisation": LINDE, "issuer": ISSUER, "audience": AUDIENCE} | wrong)


def test_without_a_provider_an_interface_serves_this_machine_only(tmp_path: Path) -> None:
    """The development issuer refuses to stand behind anything wider; a provider for others does not help."""
    with pytest.raises(NotLoopbackError, match="OpenID Connect"):
        callers(Settings(home=tmp_path, host="0.0.0.0"), LINDE)
    file = tmp_path / "oidc.yaml"
    file.write_text(json.dumps({"providers": [{"organisation": LINDE, "issuer": ISSUER, "audience": AUDIENCE}]}))
    assert isinstance(callers(Settings(home=tmp_path, host="0.0.0.0", oidc=file), LINDE), OidcCallers)
    with pytest.raises(NoProviderError):
        callers(Settings(home=tmp_path, oidc=file), "lokaal-team-berk")
