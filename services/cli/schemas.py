"""`estafette schemas`: the JSON Schema of every message, for clients in any language: docs/schemas/."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import click
from pydantic import BaseModel

from schemas.directory import DirectoryRecord, Membership, Organisation
from schemas.entry import Entry
from schemas.event import Event
from schemas.manifest import Manifest, SealedSection
from schemas.tables.messages import BODIES
from services.cli.example import example

FOLDER: Final = Path(__file__).parents[2] / "docs" / "schemas"
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
EXAMPLE: Final = "example.json"
PARTS: Final[Mapping[str, type[BaseModel]]] = {
    "envelope": Event,
    "manifest": Manifest,
    "section": SealedSection,
    "entry": Entry,
    "directory-record": DirectoryRecord,
    "directory-entry": Organisation,
    "directory-membership": Membership,
}
"""What stands around the bodies: the Kafka value, the manifest in it, what is sealed, the seal, and the directory."""


@click.command("schemas")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=FOLDER,
    help="Folder to write to.  [default: docs/schemas]",
)
def schemas(out: Path) -> None:
    """Write the JSON Schema of every message, and one worked example, for clients in other languages."""
    wanted = documents()
    for old in sorted(out.glob("**/*.json")):
        if str(old.relative_to(out)) not in {*wanted, EXAMPLE}:
            old.unlink()
    for name, text in wanted.items():
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_text(text)
    held = json.loads((out / EXAMPLE).read_text()) if (out / EXAMPLE).exists() else None
    (out / EXAMPLE).write_text(_text(example(held)))
    click.echo(f"{len(wanted)} schemas and {EXAMPLE} in {out}")


def documents() -> dict[str, str]:
    """Every schema by its file name."""
    return {f"{name}.json": _text(schema) for name, schema in _schemas()}


def _schemas() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, model in PARTS.items():
        yield name, _schema(name, model)
    for name, body in sorted(BODIES.items()):
        yield f"bodies/{name}", _schema(name, body)


def _schema(name: str, model: type[BaseModel]) -> dict[str, Any]:
    """As pydantic tells it. Rules between fields are not in it: the gate's refusal names them."""
    made = model.model_json_schema()
    return {"$schema": DIALECT, "$id": f"urn:estafette:v1:{name}", **_plain(made), "title": name}


def _plain(value: Any) -> Any:
    """Descriptions on one line; the titles that pydantic makes of field names left out."""
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if not isinstance(value, dict):
        return value
    kept = {key: _plain(one) for key, one in value.items() if not (key == "title" and isinstance(one, str))}
    if isinstance(kept.get("description"), str):
        kept["description"] = " ".join(kept["description"].split())
    return kept


def _text(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"
