"""An HTTP server inside a service's own event loop, and the /health page that every service answers."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from typing import Any

import uvicorn
from fastapi import FastAPI
from fastapi.responses import JSONResponse


class _Embedded(uvicorn.Server):
    """uvicorn without signal handlers: the process that hosts it owns the signals."""

    capture_signals = contextlib.nullcontext  # type: ignore[assignment]  # a context manager of the same shape


class HttpServer:
    """Serves an ASGI application as a task of the running loop. Port 0 takes a free port; `port` then tells which."""

    def __init__(self, app: Any, port: int, host: str = "127.0.0.1") -> None:
        self.host = host
        self.port = port
        self._server = _Embedded(
            uvicorn.Config(app, host=host, port=port, log_config=None, access_log=False, lifespan="on")
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


def health_app(state: Callable[[], Mapping[str, Any]]) -> FastAPI:
    """GET /health: the state as JSON; 200 when `ready` is true, else 503 (`reason` says why)."""
    app = FastAPI(title="health", docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/health")
    async def health() -> JSONResponse:
        answer = dict(state())
        return JSONResponse(answer, status_code=200 if answer.get("ready") is True else 503)

    return app


class HealthServer(HttpServer):
    """For services that have no HTTP interface of their own."""

    def __init__(self, port: int, state: Callable[[], Mapping[str, Any]], host: str = "127.0.0.1") -> None:
        super().__init__(health_app(state), port, host)
