"""A real OpenID Connect provider lets people into an edge: authorization code with PKCE, and the token at the API."""

import base64
import hashlib
import json
import secrets
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
import yaml

from deploy.broker import free_ports
from services.runtime import oidc
from tests.organisation.offices import Office, Street, make_home
from tests.organisation.small_gate import SmallGate

HERE = Path(__file__).parent
VT, LINDE = "veilig-thuis-noord", "lokaal-team-linde"
AUDIENCE = f"https://edge.{VT}.example"
REDIRECT = "http://127.0.0.1:1/callback"  # nobody listens: the test reads the code off the address
CASE = "case:3f8a1f0e-8f5a-4b53-9d3c-2a1b0c9d8e7f"
REVIEW = {"case": CASE, "body": {"message": CASE.removeprefix("case:"), "outcome": "JUSTIFIED"}}


class Provider:
    """The provider as a process, and a browser that logs in."""

    def __init__(self, algorithm: str) -> None:
        self.algorithm = algorithm
        port = free_ports().clients_port
        self.issuer = f"http://127.0.0.1:{port}"
        line = ["node", "provider.mjs", str(port), REDIRECT, AUDIENCE, algorithm]
        self._process = subprocess.Popen(
            line, cwd=HERE, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self._hear("ready")

    def rotate(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write("rotate\n")
        self._process.stdin.flush()
        self._hear("rotated")

    def stop(self) -> None:
        self._process.kill()
        self._process.wait(20)

    def login(self, who: str, audience: str = AUDIENCE) -> dict[str, Any]:
        """The tokens of a professional, as a case system gets them."""
        verifier = secrets.token_urlsafe(48)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {"client_id": "case-system", "redirect_uri": REDIRECT, "response_type": "code"}
        asked |= {"scope": "openid cases", "resource": audience, "state": "s", "nonce": "n"}
        asked |= {"code_challenge": challenge, "code_challenge_method": "S256"}
        with httpx2.Client(base_url=self.issuer, timeout=30, trust_env=False) as browser:
            answer = browser.get("/auth", params=asked)
            while not (place := answer.headers.get("location", "")).startswith(REDIRECT):
                answer = browser.get(place) if place else browser.post(answer.request.url, data={"login": who})
            code = parse_qs(urlsplit(place).query)["code"][0]
            wanted = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT}
            wanted |= {"client_id": "case-system", "code_verifier": verifier, "resource": audience}
            told = browser.post("/token", data=wanted)
        assert told.status_code == 200, told.text
        return dict(told.json())

    def _hear(self, word: str) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.strip() == word:
                return
        raise AssertionError(f"the provider ended before it said {word}")


@pytest.fixture(scope="module")
def installed(needs: Callable[[str, object], None]) -> None:
    """By the lock and its hashes; from npm's own cache when it has them."""
    needs("Node 20 with npm", shutil.which("node") and shutil.which("npm"))
    if (HERE / "node_modules" / ".package-lock.json").exists():
        return
    line = ["npm", "ci", "--prefer-offline", "--ignore-scripts"]
    done = subprocess.run(line, cwd=HERE, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.fixture(scope="module", params=["RS256", "ES256"])
def provider(request: pytest.FixtureRequest, installed: None) -> Iterator[Provider]:
    made = Provider(request.param)
    try:
        yield made
    finally:
        made.stop()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_home(tmp_path_factory.mktemp("home"))


@pytest.fixture
async def office(provider: Provider, home: Path, tmp_path: Path) -> AsyncIterator[Office]:
    """An edge that knows this provider and no development issuer, listening beyond this machine if it were started."""
    told = {
        "organisation": VT,
        "issuer": provider.issuer,
        "audience": AUDIENCE,
        "roles": {"hulpverlener": "PROFESSIONAL", "fg": "PRIVACY_OFFICER", "beheer": "ADMINISTRATOR"},
        "functions": {"Medewerker": "veilig-thuis-worker"},
        "claims": {"roles": ["realm_access", "roles"]},
    }
    file = tmp_path / "oidc.yaml"
    file.write_text(yaml.safe_dump({"providers": [told]}))
    street = Street(home, SmallGate(home), None, tmp_path)
    yield await street.office(VT, oidc=file, host="0.0.0.0")
    for each in street.open:
        await each.edge.engine.dispose()


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def test_who_logged_in_is_let_in_as_who_they_are(provider: Provider, office: Office) -> None:
    """The provider's own words for role and function become ours; a message bears the professional's ref."""
    token = provider.login("vt-1")["access_token"]
    assert (await office._http.get("/api/worklist", headers=bearer(token))).status_code == 200
    colleague = {"Second-Person": f"Bearer {provider.login('vt-2')['access_token']}"}
    path = "/api/messages/reviews.recorded"
    answer = await office._http.post(path, json=REVIEW, headers=bearer(token) | colleague)
    assert answer.status_code == 202, answer.text
    data = json.loads((await office.sent())[0].value)["data"]
    assert (data["by"]["ref"], data["by"]["function"], data["second"]["ref"]) == ("vt-1", "veilig-thuis-worker", "vt-2")


async def test_nobody_is_their_own_second_person(provider: Provider, office: Office) -> None:
    """Two logins of the same professional are two tokens and one person."""
    one, other = (provider.login("vt-1")["access_token"] for _ in range(2))
    assert one != other
    headers = bearer(one) | {"Second-Person": f"Bearer {other}"}
    answer = await office._http.post("/api/messages/reviews.recorded", json=REVIEW, headers=headers)
    assert answer.status_code == 422 and "same person" in answer.text


async def test_the_role_of_the_provider_decides(provider: Provider, office: Office) -> None:
    """An administrator comes in and sees no case; a privacy officer sees cases and opens nothing."""
    for who, statuses in (("vt-beheer", (403, 403, 403)), ("vt-fg", (200, 403, 403))):
        token = provider.login(who)["access_token"]
        paths = ("/api/cases", "/api/worklist", f"/api/inbox/{CASE[5:]}/content")
        found = [(await office._http.get(path, headers=bearer(token))).status_code for path in paths]
        assert tuple(found) == statuses, who


async def test_a_token_for_something_else_opens_nothing(provider: Provider, office: Office) -> None:
    """Neither one for another audience, nor the ID token, nor one of the development issuer."""
    elsewhere = provider.login("vt-1", audience="https://elsewhere.example")["access_token"]
    identity = provider.login("vt-1")["id_token"]
    development = office.token("vt-1").removeprefix("Bearer ")
    for token in (elsewhere, identity, development):
        answer = await office._http.get("/api/worklist", headers=bearer(token))
        assert answer.status_code == 401, answer.text


async def test_a_new_key_is_taken_up_and_the_old_one_dropped(
    provider: Provider, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a restart: a token under the new key is let in, and one under the key that is gone no longer."""
    monkeypatch.setattr(oidc, "ASK_SECONDS", 0.0)
    before = provider.login("vt-1")["access_token"]
    assert (await office._http.get("/api/worklist", headers=bearer(before))).status_code == 200
    provider.rotate()
    after = provider.login("vt-1")["access_token"]
    assert (await office._http.get("/api/worklist", headers=bearer(after))).status_code == 200
    assert (await office._http.get("/api/worklist", headers=bearer(before))).status_code == 401
