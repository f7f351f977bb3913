"""Tokens: who is calling, and who is not let in."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import OctKey, OKPKey
from pydantic import ValidationError

from deploy.keys import issuer_key
from schemas.parties import Competence, Registration
from services.runtime.jose import SigningKey
from services.runtime.tokens import (
    ISSUER,
    Caller,
    Issuer,
    NotLoopbackError,
    Role,
    TokenRefused,
    Verifier,
    require_loopback,
)

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
KEY = SigningKey.generate("issuer.1")
CALLER = Caller(
    organisation="lokaal-team-linde",
    ref="linde-1",
    function="youth-professional",
    registration=Registration.SKJ,
    competences=(Competence.SAFETY,),
    role=Role.PROFESSIONAL,
)
CLAIMS: dict[str, Any] = {
    "iss": ISSUER,
    "aud": "lokaal-team-linde",
    "sub": "linde-1",
    "function": "youth-professional",
    "role": "PROFESSIONAL",
    "exp": int(NOW.timestamp()) + 60,
}


def verifier(now: datetime = NOW) -> Verifier:
    return Verifier(KEY.public(), now=lambda: now)


def token(key: SigningKey = KEY, **claims: Any) -> str:
    whole = {name: value for name, value in {**CLAIMS, **claims}.items() if value is not None}
    return jwt.encode({"alg": "Ed25519"}, whole, OKPKey.import_key({**key.to_jwk()}), algorithms=["Ed25519"])


def test_an_issued_token_names_the_professional() -> None:
    """Everything the issuer asserts comes out, as the professional of a message too."""
    caller = verifier().check(Issuer(KEY).issue(CALLER, NOW), "lokaal-team-linde")
    assert caller == CALLER
    assert caller.professional.competent_for_safety
    with pytest.raises(ValidationError):
        caller.role = Role.ADMINISTRATOR  # type: ignore[misc]


def test_a_token_of_another_make_with_the_same_claims_is_let_in() -> None:
    """The claims are the interface: an OpenID Connect provider can issue them."""
    assert verifier().check(token(competences=["SAFETY"], registration="SKJ"), "lokaal-team-linde") == CALLER


def test_a_token_is_for_one_organisation() -> None:
    """That of one team opens nothing at the other."""
    with pytest.raises(TokenRefused, match="another organisation"):
        verifier().check(Issuer(KEY).issue(CALLER, NOW), "lokaal-team-berk")


def test_a_token_ends() -> None:
    """At its expiry, by the clock the verifier was given."""
    issued = Issuer(KEY, timedelta(hours=1)).issue(CALLER, NOW)
    verifier(NOW + timedelta(minutes=59)).check(issued, "lokaal-team-linde")
    with pytest.raises(TokenRefused, match="expired"):
        verifier(NOW + timedelta(minutes=61)).check(issued, "lokaal-team-linde")


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "someone else"},
        {"iss": None},
        {"aud": None},
        {"exp": None},
        {"exp": "soon"},
        {"sub": None},
        {"sub": 5},
        {"sub": "a name with spaces"},
        {"function": None},
        {"role": None},
        {"role": "MAYOR"},
        {"registration": "NIP"},
        {"competences": ["EVERYTHING"]},
        {"competences": 5},
        {"nbf": int(NOW.timestamp()) + 600},
    ],
)
def test_a_genuine_token_with_other_claims_is_refused(claims: dict[str, Any]) -> None:
    """Each claim is needed and means what it says."""
    with pytest.raises(TokenRefused):
        verifier().check(token(**claims), "lokaal-team-linde")


def test_a_token_of_another_key_is_refused() -> None:
    """Also under the same key id."""
    with pytest.raises(TokenRefused, match="issuer"):
        verifier().check(token(SigningKey.generate(KEY.kid)), "lokaal-team-linde")


def test_a_token_signed_with_the_public_key_as_secret_is_refused() -> None:
    """Algorithm confusion, and no algorithm at all."""
    secret = OctKey.import_key(KEY.public().to_jwk()["x"])
    forged = jwt.encode({"alg": "HS256"}, CLAIMS, secret, algorithms=["HS256"])
    unsigned = "eyJhbGciOiJub25lIn0." + token().split(".")[1] + "."
    for hostile in (forged, unsigned):
        with pytest.raises(TokenRefused):
            verifier().check(hostile, "lokaal-team-linde")


@given(st.text(max_size=200) | st.from_regex(r"\A[A-Za-z0-9_-]{0,60}\.[A-Za-z0-9_-]{0,60}\.[A-Za-z0-9_-]{0,90}\Z"))
def test_garbage_is_refused_and_not_quoted(garbage: str) -> None:
    """The refusal is a fixed sentence."""
    with pytest.raises(TokenRefused) as refused:
        verifier().check(garbage, "lokaal-team-linde")
    assert refused.value.reason == "the token is not one of the issuer this organisation trusts"


def test_a_giant_token_is_not_read() -> None:
    """Its length alone is enough."""
    with pytest.raises(TokenRefused, match="too long"):
        verifier().check("a" * 5000, "lokaal-team-linde")


def test_issuer_and_verifier_find_their_keys_at_home(tmp_path: Path) -> None:
    """The issuer needs the private file, the verifier the public one."""
    issuer_key(tmp_path)
    assert Verifier.from_home(tmp_path).check(Issuer.from_home(tmp_path).issue(CALLER), CALLER.organisation) == CALLER
    (tmp_path / "issuer" / "private.jwk").unlink()
    Verifier.from_home(tmp_path)
    with pytest.raises(FileNotFoundError):
        Issuer.from_home(tmp_path)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_development_tokens_serve_this_machine(host: str) -> None:
    """An edge that listens here only may start."""
    require_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "192.168.1.5", "localhost.example.org", "::ffff:10.0.0.1"])
def test_development_tokens_serve_no_other_machine(host: str) -> None:
    """An edge that listens wider must not start."""
    with pytest.raises(NotLoopbackError):
        require_loopback(host)
