"""The /health page and the server it runs on."""

import httpx2
import pytest

from services.runtime.health import HealthServer


async def test_health_tells_ready_by_its_status() -> None:
    """200 when ready, else 503 with the reason."""
    state: dict[str, object] = {"ready": False, "reason": "loading"}
    server = HealthServer(0, lambda: state)
    await server.start()
    try:
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{server.port}", trust_env=False) as client:
            waiting = await client.get("/health")
            assert (waiting.status_code, waiting.json()) == (503, {"ready": False, "reason": "loading"})
            state.clear()
            state.update(ready=True, barrier="b-1")
            ready = await client.get("/health")
            assert (ready.status_code, ready.json()) == (200, {"ready": True, "barrier": "b-1"})
    finally:
        await server.stop()


async def test_a_port_that_is_taken_is_an_error_and_not_the_end_of_the_process() -> None:
    """uvicorn alone would leave by SystemExit."""
    first = HealthServer(0, lambda: {"ready": True})
    await first.start()
    try:
        with pytest.raises(OSError, match="cannot listen"):
            await HealthServer(first.port, lambda: {"ready": True}).start()
    finally:
        await first.stop()
