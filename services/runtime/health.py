"""An HTTP server inside a service's own event loop, and the pages by which every service is watched.

/live answers 200 while the process's loop turns: start it anew when it does not. /ready says whether it can do its work
now. /health says the same with all details, and /metrics has the numbers. /barrier is for who moves a simulated clock.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import uvicorn
from fastapi import FastAPI
from fastapi.responses import JSONResponse, Response

from services.runtime.guard import SERVER
from services.runtime.metrics import CONTENT_TYPE, Gauge, Metrics, alarms


class _Embedded(uvicorn.Server):
    """uvicorn without signal handlers: the process that hosts it owns the signals."""

    capture_signals = contextlib.nullcontext  # type: ignore[assignment]  # a context manager of the same shape


class HttpServer:
    """Serves an ASGI application as a task of the running loop. Port 0 takes a free port; `port` then tells which."""

    def __init__(self, app: Any, port: int, host: str = "127.0.0.1") -> None:
        self.host = host
        self.port = port
        self._server = _Embedded(
            uvicorn.Config(app, host=host, port=port, log_config=None, access_log=False, lifespan="on", **SERVER)
        )
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Returns when the port is open. Raises OSError when it cannot be had."""
        self._task = asyncio.create_task(self._run())
        while not self._server.started:
            if self._task.done():
                self._task.result()
                raise OSError(f"HTTP server on port {self.port} ended while starting")
            await asyncio.sleep(0.01)
        self.port = self._server.servers[0].sockets[0].getsockname()[1]

    async def _run(self) -> None:
        try:
            await self._server.serve()
        except SystemExit:  # how uvicorn reports that the port is taken
            raise OSError(f"cannot listen on {self.host}:{self.port}") from None

    async def stop(self) -> None:
        self._server.should_exit = True
        if self._task is not None:
            await self._task


State = Callable[[], Mapping[str, Any]]
"""What /health tells: `ready`, `reason` when it is not, `alarms` (codes), and whatever else is worth knowing."""


def health_app(state: State, metrics: Metrics | None = None) -> FastAPI:
    """GET /health: the state as JSON; 200 when `ready` is true, else 503 (`reason` says why). And the other pages."""
    app = FastAPI(title="health", docs_url=None, redoc_url=None, openapi_url=None)

    async def told() -> Mapping[str, Any]:
        return state()

    @app.get("/health")
    async def health() -> JSONResponse:
        answer = dict(state())
        return JSONResponse(answer, status_code=200 if answer.get("ready") is True else 503)

    add_pages(app, told, metrics or Metrics())
    return app


def add_pages(
    app: FastAPI,
    health: Callable[[], Awaitable[Mapping[str, Any]]],
    metrics: Metrics,
    barrier: Callable[[], Awaitable[str | None]] | None = None,
) -> None:
    """/live, /ready and /metrics for an application that has its own /health. With `barrier`, which tells the last
    barrier that was passed, /barrier too: it is asked often and must cost little.
    """
    if barrier is not None:

        @app.get("/barrier", include_in_schema=False)
        async def passed() -> JSONResponse:
            return JSONResponse({"barrier": await barrier()})

    @app.get("/live", include_in_schema=False)
    async def live() -> JSONResponse:
        return JSONResponse({"live": True})

    @app.get("/ready", include_in_schema=False)
    async def ready() -> JSONResponse:
        answer = await health()
        told = {name: answer[name] for name in ("ready", "reason", "alarms") if name in answer}
        return JSONResponse(told, status_code=200 if answer.get("ready") is True else 503)

    @app.get("/metrics", include_in_schema=False)
    async def numbers() -> Response:
        return Response(await metrics.page(), media_type=CONTENT_TYPE)


def of_health(health: Callable[[], Awaitable[Mapping[str, Any]]]) -> Callable[[], Awaitable[list[Gauge]]]:
    """A source of metrics: whether the process is ready, and its alarms."""

    async def gauges() -> list[Gauge]:
        answer = await health()
        return [Gauge("estafette_ready", float(answer.get("ready") is True)), *alarms(answer.get("alarms", ()))]

    return gauges


class HealthServer(HttpServer):
    """For services that have no HTTP interface of their own."""

    def __init__(self, port: int, state: State, host: str = "127.0.0.1", metrics: Metrics | None = None) -> None:
        super().__init__(health_app(state, metrics), port, host)
