"""Quotas of a real cluster, read and written. Neither client library has a call for both, so the two small requests are
put together here for aiokafka's connection (Kafka protocol, keys 48 and 49, version 0).
"""

import asyncio
from collections.abc import Coroutine, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, TypeVar

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError, for_code
from aiokafka.protocol.admin import DescribeClientQuotasRequest
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import Array, Boolean, Float64, Int16, Int32, Schema, String

from services.runtime.kafka import KafkaSettings

USER = "user"
TIMEOUT = 30.0
_Entity = tuple[tuple[str, str | None], ...]
_ENTITY = Array(("entity_type", String("utf-8")), ("entity_name", String("utf-8")))
_T = TypeVar("_T")


class Quota(NamedTuple):
    """One limit. `whose` is e.g. `user raad-noord`; of somebody without a name it is that of all who have no own."""

    whose: _Entity
    limit: str

    @property
    def user(self) -> str | None:
        """The user whose quota this is, if it is one of a user and of nothing narrower."""
        return self.whose[0][1] if len(self.whose) == 1 and self.whose[0][0] == USER else None

    def __str__(self) -> str:
        parts = (f"{kind} {name if name is not None else '(any other)'}" for kind, name in self.whose)
        return f"{self.limit} of {', '.join(parts)}"


def of_user(user: str, limit: str) -> Quota:
    return Quota(((USER, user),), limit)


def read(kafka: KafkaSettings) -> dict[Quota, float]:
    """Every quota of the cluster. Raises KafkaError of aiokafka when this user may not see them."""
    answer = _run(_send(kafka, DescribeClientQuotasRequest([], False)))
    _check(answer.error_code, answer.error_message)
    return {
        Quota(tuple(sorted((kind, name) for kind, name in entity)), limit): value
        for entity, values in answer.entries or ()
        for limit, value in values
    }


def write(kafka: KafkaSettings, changes: Mapping[Quota, float | None]) -> None:
    """Set these quotas; None takes one away. Raises KafkaError of aiokafka when the broker refuses one."""
    by_entity: dict[_Entity, list[tuple[str, float, bool]]] = {}
    for quota, value in changes.items():
        by_entity.setdefault(quota.whose, []).append((quota.limit, value or 0.0, value is None))
    if by_entity:
        answer = _run(_send(kafka, _AlterRequest([(list(whose), limits) for whose, limits in by_entity.items()])))
        for code, message, _ in answer.entries:
            _check(code, message)


class _AlterResponse_v0(Response):  # type: ignore[misc]  # noqa: N801  the library's way to name versions
    API_KEY, API_VERSION = 49, 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("entries", Array(("error_code", Int16), ("error_message", String("utf-8")), ("entity", _ENTITY))),
    )


class _AlterRequest_v0(RequestStruct):  # type: ignore[misc]  # noqa: N801
    API_KEY, API_VERSION, RESPONSE_TYPE = 49, 0, _AlterResponse_v0
    _OPERATIONS = Array(("key", String("utf-8")), ("value", Float64), ("remove", Boolean))
    SCHEMA = Schema(("entries", Array(("entity", _ENTITY), ("ops", _OPERATIONS))), ("validate_only", Boolean))


class _AlterRequest(Request[_AlterRequest_v0]):  # type: ignore[misc]
    API_KEY = 49

    def __init__(self, entries: Iterable[tuple[Any, Any]]) -> None:
        self._entries = list(entries)

    def build(self, request_struct_class: type[_AlterRequest_v0]) -> _AlterRequest_v0:
        return request_struct_class(self._entries, False)


async def _send(kafka: KafkaSettings, request: Any) -> Any:
    async with asyncio.timeout(TIMEOUT):
        client = AIOKafkaAdminClient(**kafka.aiokafka())
        await client.start()
        try:
            return await client._send_request(request)
        finally:
            await client.close()


def _run(sending: Coroutine[Any, Any, _T]) -> _T:
    """In a thread of its own: the caller may be inside an event loop."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, sending).result()


def _check(code: int, message: str | None) -> None:
    if code:
        error: type[KafkaError] = for_code(code)
        raise error(message)
