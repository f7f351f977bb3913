"""JSON lines on stderr that hold ids and codes only, whoever writes them."""

import logging
import sys
from typing import Any

import structlog
from aiokafka.errors import KafkaError
from structlog.typing import EventDict, Processor

from services.runtime import telemetry

_TELLS_NO_CONTENT = (KafkaError, OSError)
_ARGUMENTS_ALLOWED = ("aiokafka", "uvicorn", "alembic")


def configure(service: str, level: int = logging.INFO) -> None:
    """Send structlog and standard logging of this process to stderr as JSON lines that carry `service`."""
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(service=service)
    telemetry.serve_as(service)
    own: list[Processor] = [*_shared(), structlog.stdlib.ProcessorFormatter.wrap_for_formatter]
    structlog.configure(
        processors=own,
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[_template_only, *_shared()],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.getLogger("aiokafka").setLevel(logging.ERROR)
    logging.getLogger("uvicorn").setLevel(logging.WARNING)


def _shared() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        _trace,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _error_without_content,
    ]


def _trace(logger: Any, method: str, event: EventDict) -> EventDict:
    """The trace that the task works for, if any: the same id at every organisation the message passes."""
    trace = telemetry.current()
    if trace is not None:
        event.setdefault("trace", trace.trace_id)
    return event


def _template_only(logger: Any, method: str, event: EventDict) -> EventDict:
    """Other libraries put values into their messages: keep the first line of the template, drop the values."""
    record: logging.LogRecord = event["_record"]
    event.pop("positional_args", None)
    if not record.name.startswith(_ARGUMENTS_ALLOWED):
        event["event"] = str(record.msg).partition("\n")[0]
    return event


def _error_without_content(logger: Any, method: str, event: EventDict) -> EventDict:
    """An exception becomes its class and where it was raised. Its text may quote content; Kafka's does not."""
    info = event.pop("exc_info", None)
    error = sys.exc_info()[1] if info is True else info[1] if isinstance(info, tuple) else info
    if isinstance(error, BaseException):
        event["error"] = type(error).__name__
        event["where"] = _frames(error)
        if isinstance(error, _TELLS_NO_CONTENT):
            event["detail"] = str(error)
    return event


def _frames(error: BaseException) -> list[str]:
    found = []
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        found.append(f"{code.co_filename.rpartition('site-packages/')[2]}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return found[-8:]
