"""What a log line may hold."""

import io
import json
import logging
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from services.runtime.log import configure


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The lines written so far, parsed; logging is put back afterwards."""
    stderr = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stderr)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    configure("gate")
    yield lambda: [json.loads(line) for line in stderr.getvalue().splitlines()]
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def test_an_exception_is_logged_as_its_class_and_place_without_its_text(lines: Any) -> None:
    """The text of an exception may quote what was being read."""
    try:
        raise ValueError("Jan Jansen")
    except ValueError:
        structlog.get_logger("estafette.gate").exception("not decided", case="case:1")
    (line,) = lines()
    assert line["event"] == "not decided"
    assert line["case"] == "case:1"
    assert line["service"] == "gate"
    assert line["error"] == "ValueError"
    assert "test_log.py" in line["where"][-1]
    assert "Jansen" not in json.dumps(line)


def test_another_librarys_message_keeps_its_template_and_loses_its_values(lines: Any) -> None:
    """Faust and asyncio put records and tasks into their messages."""
    logging.getLogger("faust").error("Agent raised error: %r", "Jan Jansen")
    logging.getLogger("asyncio").error("Task exception was never retrieved\nfuture: <Task exception='Jan Jansen'>")
    assert [line["event"] for line in lines()] == ["Agent raised error: %r", "Task exception was never retrieved"]
    assert "Jansen" not in json.dumps(lines())


def test_a_kafka_error_keeps_its_text(lines: Any) -> None:
    """It tells of topics and brokers, never of content."""
    try:
        raise ConnectionRefusedError("127.0.0.1:9092")
    except OSError:
        logging.getLogger("estafette.gate").exception("no broker")
    assert lines()[0]["detail"] == "127.0.0.1:9092"
