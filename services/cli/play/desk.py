"""The organisations' pages as a player uses them: one bearer token a professional, plain HTTP on this machine."""

import time
from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import uuid4

import httpx2

from deploy.system import System
from schemas.refusal import Refusal
from services.runtime.tokens import Issuer, Role

WITHIN = 60.0
"""Seconds until a verdict must be there. A message may wait for a service that is being started again."""
PAUSE = 0.2
"""Seconds until a service that did not answer is asked again."""


class NoAnswer(Exception):
    """A service did not answer, or not in time."""


class Said(NamedTuple):
    """What became of one message: `status` delivered, refused, blocked, or rejected by the organisation's own page."""

    id: str | None
    subject: str | None
    status: str
    reasons: tuple[Mapping[str, Any], ...] = ()
    flags: tuple[str, ...] = ()

    @property
    def codes(self) -> tuple[str, ...]:
        """The refusal codes, each once, in order."""
        return tuple(dict.fromkeys(str(reason["code"]) for reason in self.reasons))


class Desks:
    """Every page of one running system."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._issuer = Issuer.from_home(system.home)
        self._http = httpx2.Client(timeout=20.0)
        self._bearers: dict[str, str] = {}

    def close(self) -> None:
        self._http.close()

    def say(self, who: str, name: str, payload: Mapping[str, Any], second: str | None) -> list[Said]:
        """Send a message and wait for the verdict on each letter it became."""
        headers = {**self._headers(who), "Idempotency-Key": uuid4().hex}
        if second is not None:
            headers["Second-Person"] = self._headers(second)["Authorization"]
        answer = self._send("POST", who.partition("/")[0], f"/api/messages/{name}", headers, payload)
        if answer.status_code >= 400:
            return [Said(None, None, "rejected", _problems(answer))]
        return [self._verdict(who, message) for message in answer.json()["messages"]]

    def get(self, who: str, path: str, at: str | None = None) -> tuple[int, Any]:
        """Status and JSON of a page; of the professional's own organisation unless `at` names another."""
        answer = self._send("GET", at or who.partition("/")[0], path, self._headers(who))
        try:
            return answer.status_code, answer.json()
        except ValueError:
            return answer.status_code, answer.text

    def anyone(self, organisation: str) -> str:
        """Some professional of an organisation: to read its pages."""
        return f"{organisation}/{self._system.deployment.organisation(organisation).professionals[0].ref}"

    def officer(self, organisation: str) -> str | None:
        """Its privacy officer, where it has one."""
        callers = self._system.deployment.organisation(organisation).professionals
        found = (person.ref for person in callers if person.role is Role.PRIVACY_OFFICER)
        return next((f"{organisation}/{ref}" for ref in found), None)

    def _verdict(self, who: str, message: Mapping[str, Any]) -> Said:
        end, pause = time.monotonic() + WITHIN, 0.03
        while time.monotonic() < end:
            status, found = self.get(who, f"/api/messages/{message['id']}")
            if status == 200 and found["status"] != "queued":
                reasons = tuple(found.get("reasons") or ())
                return Said(
                    message["id"], message["subject"], found["status"], reasons, tuple(found.get("flags") or ())
                )
            time.sleep(pause)
            pause = min(pause * 1.4, 0.3)
        raise NoAnswer(f"{who}: no verdict on {message['id']} within {WITHIN:.0f} s")

    def _headers(self, who: str) -> dict[str, str]:
        if who not in self._bearers:
            organisation, _, ref = who.partition("/")
            try:
                caller = self._system.deployment.organisation(organisation).caller(ref)
            except KeyError:
                raise NoAnswer(f"{who}: nobody of that name works there; see deploy/demo.yaml") from None
            self._bearers[who] = f"Bearer {self._issuer.issue(caller)}"
        return {"Authorization": self._bearers[who]}

    def _send(
        self, method: str, slug: str, path: str, headers: Mapping[str, str], payload: Any = None
    ) -> httpx2.Response:
        """Try again while a service is being started anew, and when it says that this person asks too often; a repeated
        POST carries the same key and counts once."""
        url = f"http://127.0.0.1:{self._system.deployment.port(slug)}{path}"
        end = time.monotonic() + WITHIN
        while True:
            try:
                answer = self._http.request(method, url, headers=dict(headers), json=payload)
                if answer.status_code not in (429, 503) or time.monotonic() > end:
                    return answer
                pause = float(answer.headers.get("retry-after", PAUSE))
            except httpx2.TransportError as error:
                if time.monotonic() > end:
                    raise NoAnswer(f"{slug}: {type(error).__name__}") from None
                pause = PAUSE
            time.sleep(pause)


def _problems(answer: httpx2.Response) -> tuple[Mapping[str, Any], ...]:
    """What the page found wrong before sending, as reasons: there is no such message to send here, or not for this
    professional; or something is wrong with it.
    """
    if answer.status_code in (403, 404, 405):
        return ({"code": Refusal.ROLE_NOT_ALLOWED.value},)
    try:
        found = answer.json()
    except ValueError:
        found = {}
    problems = found.get("problems") or found.get("detail") or [answer.text[:300]]
    if not isinstance(problems, list):
        problems = [problems]
    return tuple({"code": Refusal.MALFORMED.value, "text": str(problem)} for problem in problems)
