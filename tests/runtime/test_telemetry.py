"""A trace is read strictly, carried along, and tells nothing but names of steps."""

import json
import logging
from collections.abc import Iterator

import httpx2
import pytest
import structlog
from fastapi import FastAPI

from services.runtime import log, telemetry
from services.runtime.telemetry import Kind, Trace, Traced, parse

GIVEN = Trace("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", True)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "01" + str(GIVEN)[2:],
        str(GIVEN) + "-more",
        str(GIVEN).upper(),
        f"00-{'0' * 32}-{GIVEN.span_id}-01",
        f"00-{GIVEN.trace_id}-{'0' * 16}-01",
        str(GIVEN)[:-1],
        "\r\nSet-Cookie: a",
        b"\xff" * 55,
        b"x" * 1_000_000,
    ],
)
def test_what_is_no_traceparent_is_no_trace(header: str | bytes) -> None:
    """It is a claim from outside: all but exactly the form is left out."""
    assert parse(header) is None


def test_a_traceparent_says_what_was_read() -> None:
    """There and back."""
    assert parse(str(GIVEN)) == parse(str(GIVEN).encode()) == GIVEN
    assert parse(str(GIVEN._replace(sampled=False))) == GIVEN._replace(sampled=False)


def test_a_step_tells_what_stands_in_the_table_and_nothing_else() -> None:
    """Whoever adds an attribute adds it to the table first."""
    with pytest.raises(ValueError, match="person"):
        telemetry._checked({"person": "mother"})


def test_without_a_collector_only_the_place_in_the_trace_travels(monkeypatch: pytest.MonkeyPatch) -> None:
    """No span is made, and the next step goes on from the one before."""
    monkeypatch.setattr(telemetry, "_tracer", lambda: None)
    assert telemetry.step("store", Kind.CONSUMER, GIVEN, {}).trace == GIVEN
    assert telemetry.step("store", Kind.CONSUMER, None, {}).trace is None


@pytest.fixture
def app() -> Iterator[FastAPI]:
    made = FastAPI()

    @made.get("/cases/{case}")
    async def read(case: str) -> str:
        return str(telemetry.current())

    @made.get("/live")
    async def live() -> str:
        return str(telemetry.current())

    made.add_middleware(Traced)
    yield made


async def test_a_request_goes_on_with_the_callers_trace_or_begins_one(app: FastAPI) -> None:
    """Every request has one; the pages that machines ask all day have none."""
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://edge") as client:
        told = (await client.get("/cases/1", headers={"traceparent": str(GIVEN)})).json()
        assert told == str(GIVEN)
        first, second = [parse((await client.get("/cases/1")).json()) for _ in range(2)]
        assert first is not None and second is not None and first.trace_id != second.trace_id
        assert (await client.get("/live", headers={"traceparent": str(GIVEN)})).json() == "None"


def test_a_log_line_names_the_trace_it_belongs_to(capsys: pytest.CaptureFixture[str]) -> None:
    """And a line outside any trace names none."""
    before = logging.getLogger().handlers[:]
    try:
        log.configure("test")
        with telemetry.within(GIVEN):
            structlog.get_logger("a").info("inside")
        structlog.get_logger("a").info("outside")
    finally:
        logging.getLogger().handlers[:] = before
        structlog.reset_defaults()
    inside, outside = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert inside["trace"] == GIVEN.trace_id
    assert "trace" not in outside
