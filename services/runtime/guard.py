"""What stands before every HTTP interface: bounds on what is taken in, and headers that make a browser do nothing.

There is no cookie and no CORS: whoever has no bearer token has nothing, so a page of another site can do nothing either
(no CSRF). A request body is JSON or it is not read.
"""

import asyncio
import math
import time
from collections.abc import MutableMapping
from typing import Any, Final

import h11
import structlog
from fastapi import APIRouter, Depends, FastAPI, Request
from uvicorn.protocols.http.h11_impl import H11Protocol

from services.runtime.problems import ProblemAnswer, Refused, answer_problems, described
from services.runtime.rates import Rate

MAX_TARGET: Final = 8 * 1024
"""Bytes of path and query."""
MAX_HEADERS: Final = 16 * 1024
"""Bytes of all headers; what the server itself buffers of a request's head is bounded by twice that."""
MAX_HEADER_LINES: Final = 64
BODY_SECONDS: Final = 20.0
"""How long a client may take to send a body."""
SEND_SECONDS: Final = 60.0
"""How long a client may leave one piece of an answer unread."""
HEAD_SECONDS: Final = 10.0
"""How long a client may take to send the head of a request, and to begin one on a new connection."""
MAX_CONNECTIONS: Final = 512

HEADERS: Final = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
"""On every answer that does not set one itself."""

log = structlog.get_logger(__name__)
Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]


ANSWERS: Final = described(400, 408, 413, 414, 415, 429, 431, 500)
"""What a guarded route may answer besides its own, for its description."""


def guard(app: FastAPI, max_body: int, rate: Rate) -> None:
    """Set it up for an application, before its routes: bounds, headers, no unknown question, and one form for every
    error. `rate` counts by network address.
    """
    answer_problems(app)
    app.router.dependencies.append(Depends(only_known_questions))
    app.add_middleware(Guard, max_body=max_body, rate=rate)


def routes_of(tag: str, *statuses: int) -> APIRouter:
    """Routes for a guarded application, to be taken over with `take`. `statuses`: what each may answer besides."""
    return APIRouter(
        tags=[tag], responses={**ANSWERS, **described(*statuses)}, dependencies=[Depends(only_known_questions)]
    )


def take(app: FastAPI, routes: APIRouter) -> None:
    """As they are: of an included router FastAPI works out every route a second time, which takes an edge a second."""
    app.router.routes.extend(routes.routes)


def only_known_questions(request: Request) -> None:
    """A misspelled limit must not be answered as if nothing was limited; one that stands twice has two meanings."""
    described = request.app.openapi()["paths"].get(getattr(request.scope.get("route"), "path", ""), {})
    parameters = described.get(request.method.lower(), {}).get("parameters", ())
    known = {each["name"] for each in parameters if each["in"] == "query"}
    asked = [name for name, _ in request.query_params.multi_items()]
    unknown = len(set(asked) - known)
    wrong = [f"query: {unknown} unknown; known are {', '.join(sorted(known)) or 'none'}"] if unknown else []
    wrong += [f"query.{name}: stands twice" for name in sorted(known) if asked.count(name) > 1]
    if wrong:
        raise Refused(422, *wrong)


class Guard:
    """ASGI middleware. `max_body` in bytes."""

    def __init__(self, app: Any, max_body: int, rate: Rate) -> None:
        self._app = app
        self._max_body = max_body
        self._rate = rate

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(send)
        try:
            self._check(scope)
            body = _Body(receive, self._max_body, BODY_SECONDS)
            await self._app(scope, body.receive, answer.send)
        except Refused as refused:
            await answer.refuse(refused, scope, receive)
        except Exception:  # a fault of ours: whoever asked gets an answer, and nothing of the error
            log.exception("REQUEST_FAILED", method=scope["method"])
            await answer.refuse(Refused(500, "this went wrong here; the operator can see it"), scope, receive)

    def _check(self, scope: Scope) -> None:
        wait = self._rate.take(address(scope))
        if wait > 0:
            raise too_many(wait)
        if len(scope["raw_path"]) + len(scope["query_string"]) > MAX_TARGET:
            raise Refused(414, f"path and query take more than {MAX_TARGET} bytes")
        headers = scope["headers"]
        if len(headers) > MAX_HEADER_LINES or sum(len(n) + len(v) for n, v in headers) > MAX_HEADERS:
            raise Refused(431, f"more than {MAX_HEADER_LINES} headers, or {MAX_HEADERS} bytes of them")
        told = dict(headers)
        length = told.get(b"content-length", b"0")
        if not length.isdigit() or int(length) > self._max_body:
            raise _too_large(self._max_body)
        has_body = length != b"0" or b"transfer-encoding" in told
        if has_body and told.get(b"content-type", b"").split(b";")[0].strip().lower() != b"application/json":
            raise Refused(415, "Content-Type: application/json is what is read here")


class _Body:
    """A request's body, in a bounded number of bytes and seconds."""

    def __init__(self, receive: Any, most: int, seconds: float) -> None:
        self._receive = receive
        self._most = most
        self._read = 0
        self._end = time.monotonic() + seconds
        self._whole = False

    async def receive(self) -> Message:
        if self._whole:  # what is waited for now is that the client goes away
            message: Message = await self._receive()
            return message
        try:
            async with asyncio.timeout(max(0.0, self._end - time.monotonic())):
                message = await self._receive()
        except TimeoutError:
            raise Refused(408, "the request was not sent in time", headers={"Connection": "close"}) from None
        self._read += len(message.get("body", b""))
        if self._read > self._most:
            raise _too_large(self._most)
        self._whole = not message.get("more_body", False)
        return message


class _Answer:
    """Adds the headers; a client that does not read is given up."""

    def __init__(self, send: Any) -> None:
        self._send = send
        self._begun = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._begun = True
            there = {name.lower() for name, _ in message.get("headers", ())}
            added = [(n.encode(), v.encode()) for n, v in HEADERS.items() if n.encode() not in there]
            message = {**message, "headers": [*message.get("headers", ()), *added]}
        async with asyncio.timeout(SEND_SECONDS):
            await self._send(message)

    async def refuse(self, refused: Refused, scope: Scope, receive: Any) -> None:
        """Nothing can be said any more when the answer had begun: its connection is cut by what serves it."""
        if self._begun:
            raise ConnectionAbortedError
        await ProblemAnswer(refused)(scope, receive, self.send)


def address(scope: Scope) -> str:
    """Where a request came from, as far as the network tells."""
    client = scope.get("client")
    return str(client[0]) if client else "unknown"


def too_many(wait: float) -> Refused:
    """The answer for who asks too often; `wait` in seconds."""
    return Refused(429, "too many requests", headers={"Retry-After": str(math.ceil(wait))})


def _too_large(most: int) -> Refused:
    return Refused(413, f"the request takes more than {most} bytes", headers={"Connection": "close"})


class PatientProtocol(H11Protocol):
    """HTTP/1.1 on one connection that is closed when the head of a request does not come in time."""

    patience = HEAD_SECONDS
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._stop()

    def _watch(self) -> None:
        if self.conn.their_state is not h11.IDLE:
            self._stop()
        elif self._timer is None:
            self._timer = self.loop.call_later(self.patience, self._give_up)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _give_up(self) -> None:
        self._timer = None
        if self.conn.their_state is h11.IDLE:
            self.transport.close()


SERVER: Final[dict[str, Any]] = {
    "http": PatientProtocol,
    "ws": "none",
    "h11_max_incomplete_event_size": 2 * MAX_HEADERS,
    "limit_concurrency": MAX_CONNECTIONS,
    "server_header": False,
}
"""How uvicorn serves every interface."""
