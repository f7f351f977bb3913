"""The topics as an AsyncAPI 3 document: docs/asyncapi.json, from the catalogue of topics and the table of messages.

Payloads point at docs/schemas/, beside which the document lies. An operation is named after whoever does it: one reads
the document from the side of an organisation, or of a service.
"""

import inspect
from collections.abc import Iterable, Iterator
from typing import Any, Final

from schemas.base import UUID_PATTERN
from schemas.body import Body
from schemas.event import CONTENT_TYPE, wire_type
from schemas.parties import OrganisationKind
from schemas.tables.messages import BODIES, GATE_MADE, ROWS, MessageRow
from topics.catalogue import ORGANISATION, TOPICS, Cleanup, Topic

Json = dict[str, Any]

KEY: Final[Json] = {"type": "string", "pattern": f"^(case|thread):{UUID_PATTERN}$"}
JWS: Final[Json] = {
    "type": "string",
    "description": "detached JWS (RFC 7797, Ed25519) by the source over the exact bytes of the value",
}
SEAL: Final[Json] = {
    "type": "string",
    "description": "compact JWS (Ed25519) by the gate: the ledger entry of this very decision, schemas/entry.json",
}
FREE: Final[Json] = {
    "content-type": {"type": "string", "const": CONTENT_TYPE},
    "traceparent": {"type": "string", "description": "W3C Trace Context; outside the signature"},
}
ALERTS: Final = tuple(row for row in ROWS if OrganisationKind.SERVICE in row.senders)
SENT: Final = tuple(row for row in ROWS if row.senders - {OrganisationKind.SERVICE})
COMPACT, JSON, BYTES = "application/jose", "application/json", "application/octet-stream"
OTHERS: Final[dict[str, tuple[str, Json]]] = {
    "directory": (JSON, {"$ref": "./schemas/directory-record.json"}),
    "ledger": (COMPACT, {**SEAL, "description": "compact JWS whose payload is schemas/entry.json; its hash chains"}),
    "ledger.reads": (JSON, {"type": "object", "description": "a look; internal to the ledger"}),
    "case.facts": (JSON, {"type": "object", "description": "a coded fact or a tick; internal to gate and oversight"}),
    "gate.state": (JSON, {"type": "object", "description": "a record of state; internal to the gate"}),
    "oversight.state": (JSON, {"type": "object", "description": "a record of state; internal to oversight"}),
    "clock": (JSON, {"type": "object", "description": "a step of simulated time, or a barrier"}),
    "quarantine": (BYTES, {"type": "string", "format": "binary", "description": "the record as it came"}),
}
"""Topics that hold no messages: the form of their value. A topic that is in neither place has no description."""


def asyncapi() -> Json:
    """docs/asyncapi.json."""
    return {
        "asyncapi": "3.1.0",
        "id": "urn:estafette:v1:topics",
        "info": _info(),
        "defaultContentType": CONTENT_TYPE,
        "servers": {"chain": _server()},
        "channels": {_channel_id(row): _channel(row) for row in TOPICS},
        "operations": dict(_operations()),
        "components": {
            "messageTraits": _traits(),
            "schemas": {name: _payload(name) for name in sorted(BODIES)},
            "securitySchemes": {
                "password": {"type": "scramSha512", "description": "the slug of the organisation as user"},
                "certificate": {"type": "X509", "description": "at the port for certificates"},
            },
        },
    }


def _info() -> Json:
    return {
        "title": "Estafette: the topics",
        "version": "1",
        "description": "What stands on Kafka, who may write it, who may read it, and how long it lives. Read committed "
        "records only. Bytes and signatures: docs/write-a-client.md. Who may say what: docs/messages.md.",
        "license": {"name": "EUPL-1.2"},
    }


def _server() -> Json:
    return {
        "host": "{bootstrap}",
        "protocol": "kafka-secure",
        "variables": {"bootstrap": {"description": "the address that the operator gives you"}},
        "security": [
            {"$ref": "#/components/securitySchemes/password"},
            {"$ref": "#/components/securitySchemes/certificate"},
        ],
    }


def _channel_id(row: Topic) -> str:
    return row.name.removeprefix(f"{ORGANISATION}.")


def _channel(row: Topic) -> Json:
    made: Json = {"address": row.name, "title": row.name, "description": row.purpose}
    if ORGANISATION in row.name:
        made["parameters"] = {"organisation": {"description": "the slug of the organisation: each has its own"}}
    partitions = {"partitions": row.partitions} if isinstance(row.partitions, int) else {}
    kafka = {"topicConfiguration": _configuration(row), **partitions, "bindingVersion": "0.5.0"}
    held = f"{row.retention.days} days" if row.retention else "the newest of each key, for ever"
    return made | {
        "messages": dict(_messages(row)),
        "bindings": {"kafka": kafka},
        "x-estafette-key": row.key,
        "x-estafette-partitions": row.partitions,
        "x-estafette-kept": held if row.retention or row.cleanup is Cleanup.COMPACT else "for ever",
        "x-estafette-writers": [_user(each) for each in row.writers],
        "x-estafette-readers": [_user(each) for each in row.readers],
    }


def _configuration(row: Topic) -> Json:
    kept = -1 if row.retention is None else int(row.retention.total_seconds() * 1000)
    return {"cleanup.policy": [row.cleanup.value], "retention.ms": kept, "max.message.bytes": row.largest}


def _user(party: str) -> str:
    return "organisation" if party == ORGANISATION else party


def _messages(row: Topic) -> Iterator[tuple[str, Json]]:
    if row.name == f"{ORGANISATION}.outbox":
        yield from _stated(SENT, "signed")
    elif row.name == f"{ORGANISATION}.inbox":
        yield from _stated(ROWS, "delivered")
        for body in GATE_MADE:
            yield body.name, _message(body, "delivered") | {"x-estafette-senders": ["gate"]}
    elif row.name == "oversight.outbox":
        yield from _stated(ALERTS, "signed")
        yield "barrier", {"contentType": "application/estafette-barrier+json", "payload": {"type": "object"}}
    else:
        content_type, payload = OTHERS[row.name]
        key = {"type": "string", "description": row.key}
        yield row.name, {"contentType": content_type, "payload": payload, "bindings": {"kafka": {"key": key}}}


def _stated(rows: Iterable[MessageRow], trait: str) -> Iterator[tuple[str, Json]]:
    for row in rows:
        told = {
            "x-estafette-shape": row.shape.value,
            "x-estafette-senders": sorted(row.senders),
            "x-estafette-recipients": sorted(row.recipients),
        }
        yield row.name, _message(row.body, trait) | told


def _message(body: type[Body], trait: str) -> Json:
    return {
        "name": wire_type(body.name),
        "title": body.name,
        "summary": " ".join(inspect.cleandoc(body.__doc__ or "").split()),
        "payload": {"$ref": f"#/components/schemas/{body.name}"},
        "traits": [{"$ref": f"#/components/messageTraits/{trait}"}],
    }


def _payload(name: str) -> Json:
    """The envelope, with this type and this body."""
    dry = [] if BODIES[name] in GATE_MADE else [wire_type(name, dry_run=True)]
    body = {"properties": {"body": {"$ref": f"./schemas/bodies/{name}.json"}}}
    return {
        "allOf": [
            {"$ref": "./schemas/envelope.json"},
            {"properties": {"type": {"enum": [wire_type(name), *dry]}, "data": body}},
        ]
    }


def _traits() -> Json:
    bound = {"kafka": {"key": KEY, "bindingVersion": "0.5.0"}}
    signed = {"type": "object", "required": ["jws"], "properties": {"jws": JWS, **FREE}}
    delivered = {"type": "object", "required": ["seal"], "properties": {"jws": JWS, "seal": SEAL, **FREE}}
    return {
        "signed": {"contentType": CONTENT_TYPE, "headers": signed, "bindings": bound},
        "delivered": {"contentType": CONTENT_TYPE, "headers": delivered, "bindings": bound},
    }


def _operations() -> Iterator[tuple[str, Json]]:
    for row in TOPICS:
        for action, verb, users in (("send", "writes", row.writers), ("receive", "reads", row.readers)):
            for user in map(_user, users):
                yield (
                    f"{user}.{action}.{_channel_id(row)}",
                    {
                        "action": action,
                        "channel": {"$ref": f"#/channels/{_channel_id(row)}"},
                        "title": f"{user} {verb} {row.name}",
                    },
                )
