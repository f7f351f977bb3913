"""/docs: the description of an HTTP interface as a page for people. Plain HTML without any script, from /openapi.json.

It fetches nothing, so it can be read where no other host can be reached, under a policy that allows nothing but its own
style.
"""

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any, Final

from fastapi import FastAPI
from fastapi.responses import HTMLResponse

PATH: Final = "/docs"
STYLE: Final = """
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1a1a1a }
code, h3 { font-family: ui-monospace, monospace }
table { border-collapse: collapse; margin: .5rem 0 1rem; width: 100% }
th, td { border: 1px solid #8a8a8a; padding: .2rem .5rem; text-align: left; vertical-align: top }
section { border-top: 1px solid #8a8a8a }
"""
POLICY: Final = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; style-src 'sha256-"
    + base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    + "'"
)
Json = Mapping[str, Any]


def add_page(app: FastAPI) -> None:
    """Serve it."""

    @app.get(PATH, include_in_schema=False)
    async def page() -> HTMLResponse:
        return HTMLResponse(rendered(app.openapi()), headers={"Content-Security-Policy": POLICY})


def rendered(description: Json) -> str:
    """The page of an OpenAPI description."""
    title = escape(description["info"]["title"])
    schemas = description.get("components", {}).get("schemas", {})
    body = [*_index(description), *_operations(description), "<h2>Bodies</h2>", *_schemas(schemas)]
    head = f'<meta charset="utf-8"><title>{title}</title><style>{STYLE}</style>'
    about = _paragraph(description["info"].get("description")) + '<p>For machines: <a href="/openapi.json">OpenAPI</a>.'
    lines = "\n".join(body)
    return f'<!doctype html><html lang="en"><head>{head}</head><body><h1>{title}</h1>{about}\n{lines}</body></html>'


def _all(description: Json) -> Iterator[tuple[str, str, Json]]:
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def _index(description: Json) -> Iterator[str]:
    yield "<ul>"
    for method, path, _ in _all(description):
        yield f'<li><a href="#{_anchor(method, path)}"><code>{method} {escape(path)}</code></a>'
    yield "</ul>"


def _operations(description: Json) -> Iterator[str]:
    for method, path, operation in _all(description):
        yield f'<section id="{_anchor(method, path)}"><h3>{method} {escape(path)}</h3>'
        yield _paragraph(operation.get("description"))
        rows = [
            (each["name"], f"{each['in']}{', needed' if each.get('required') else ''}", _type(each.get("schema", {})))
            for each in operation.get("parameters", ())
        ]
        yield from _table(("parameter", "where", "form"), rows)
        if "requestBody" in operation:
            yield f"<p>Body: {_content(operation['requestBody'])}"
        answers = [(code, escape(a.get("description", "")), _content(a)) for code, a in operation["responses"].items()]
        yield from _table(("answer", "meaning", "body"), answers)
        yield "</section>"


def _schemas(schemas: Json) -> Iterator[str]:
    for name, schema in sorted(schemas.items()):
        yield f'<section id="{escape(name)}"><h3>{escape(name)}</h3>{_paragraph(schema.get("description"))}'
        needed = schema.get("required", ())
        rows = [
            (field, f"{_type(form)}{'' if field not in needed else ', needed'}", escape(form.get("description", "")))
            for field, form in schema.get("properties", {}).items()
        ]
        yield from _table(("field", "form", "meaning"), rows) if rows else (f"<p>{_type(schema)}",)
        yield "</section>"


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """Cells but the first are HTML already."""
    if rows:
        yield "<table><tr>" + "".join(f"<th>{each}" for each in head)
        for first, *rest in rows:
            yield f"<tr><td><code>{escape(first)}</code>" + "".join(f"<td>{each}" for each in rest)
        yield "</table>"


def _content(has: Json) -> str:
    return ", ".join(_type(media.get("schema", {})) for media in has.get("content", {}).values())


def _type(schema: Json) -> str:
    """The form of a value in a few words, with links to other bodies."""
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f'<a href="#{name}">{name}</a>'
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            return " or ".join(_type(each) for each in schema[several])
    if "enum" in schema:
        return "one of " + ", ".join(f"<code>{escape(str(each))}</code>" for each in schema["enum"])
    if "const" in schema:
        return f"<code>{escape(str(schema['const']))}</code>"
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    kind = escape(str(schema.get("format") or schema.get("type") or "any"))
    return f"{kind} <code>{escape(schema['pattern'])}</code>" if "pattern" in schema else kind


def _paragraph(text: str | None) -> str:
    return f"<p>{escape(text)}</p>" if text else ""


def _anchor(method: str, path: str) -> str:
    return escape(f"{method}{path}".replace("/", "-").replace("{", "").replace("}", ""))
