"""`estafette schemas`: what clients in any language read, in docs/: the JSON Schema of every message and a worked
example, the topics as AsyncAPI, and the HTTP interface of an edge as OpenAPI.
"""

import json
import subprocess
import sys
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
from services.cli.asyncapi import asyncapi
from services.cli.compatibility import bare, breaks
from services.cli.example import example

DOCS: Final = Path(__file__).parents[2] / "docs"
FOLDER: Final = DOCS / "schemas"
RELEASED: Final = DOCS / "released"
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
    default=DOCS,
    help="Folder to write to.  [default: docs]",
)
@click.option(
    "--against",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Write nothing; name what breaks clients of the last release in this folder (docs/released).",
)
@click.option("--release", metavar="NAME", help="Also keep these schemas as those of a release, e.g. 2026.1.")
def schemas(out: Path, against: Path | None, release: str | None) -> None:
    """Write the JSON Schema of every message, one worked example, and the AsyncAPI and OpenAPI documents."""
    if against is not None:
        _compare(against)
        return
    _write_schemas(out / "schemas")
    for name, text in interfaces().items():
        (out / name).write_text(text)
    if release is not None:
        (out / "released").mkdir(exist_ok=True)
        (out / "released" / f"{release}.json").write_text(_kept())


def documents() -> dict[str, str]:
    """Every schema by its file name."""
    return {f"{name}.json": _text(schema) for name, schema in _schemas()}


def interfaces() -> dict[str, str]:
    """The two documents of interfaces, by file name. Only the organisation engine knows its routes, so it is asked."""
    line = [sys.executable, "-m", "services.organisation.description"]
    told = subprocess.run(line, capture_output=True, check=True, cwd=DOCS.parent).stdout
    return {"asyncapi.json": _text(asyncapi()), "openapi.json": _text(json.loads(told))}


def last_release(folder: Path) -> tuple[str, dict[str, Any]]:
    """Its name and its schemas. Releases are named so that a later one sorts behind."""
    files = sorted(folder.glob("*.json"))
    if not files:
        raise click.ClickException(f"no release is kept in {folder}: `estafette schemas --release NAME` keeps one")
    return files[-1].stem, json.loads(files[-1].read_text())


def _compare(folder: Path) -> None:
    name, held = last_release(folder)
    now = dict(_schemas())
    found = breaks(held, now)
    if not found:
        added = ", ".join(sorted(now.keys() - held.keys())) or "none"
        click.echo(f"clients of {name} go on as they are ({len(held)} schemas compared; new: {added})")
        return
    listed = "\n".join(f"  {each}" for each in found)
    raise click.ClickException(
        f"clients of {name} would fail at:\n{listed}\n"
        "Let it be, or give the message a new version (….v2) that stands side by side with the old one until nobody "
        "sends or reads that any more."
    )


def _write_schemas(out: Path) -> None:
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


def _kept() -> str:
    """One schema a line: small, and a change of one shows as one line."""
    lines = (f"{json.dumps(name)}:{json.dumps(bare(one), separators=(',', ':'))}" for name, one in _schemas())
    return "{" + ",\n".join(lines) + "}\n"


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
