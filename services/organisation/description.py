"""`python -m services.organisation.description`: the OpenAPI description of an edge, of every kind in one document.

`x-estafette-kinds` at an operation names the kinds of organisations whose edge has it; without it every edge has it.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, cast

from schemas.parties import OrganisationKind
from services.organisation.api import build
from services.organisation.front import Front
from services.organisation.profile import Profile
from services.runtime.metrics import Metrics

KINDS = tuple(kind for kind in OrganisationKind if kind is not OrganisationKind.SERVICE)
KINDS_OF = "x-estafette-kinds"
TITLE = "Estafette: the HTTP interface of an edge"


def description() -> dict[str, Any]:
    """One document for all kinds. What two of them describe, they describe alike."""
    paths: dict[str, Any] = {}
    schemas: dict[str, Any] = {}
    having: dict[tuple[str, str], list[str]] = {}
    plain: dict[str, Any] = {}
    for kind in KINDS:
        plain = build(_front(kind)).openapi()
        _add(schemas, plain["components"]["schemas"])
        for path, item in plain["paths"].items():
            _add(paths.setdefault(path, {}), item)
            for method in item:
                having.setdefault((path, method), []).append(kind.value)
    for (path, method), kinds in having.items():
        if len(kinds) < len(KINDS):
            paths[path][method][KINDS_OF] = kinds
    components = {**plain["components"], "schemas": dict(sorted(schemas.items()))}
    about = {**plain["info"], "title": TITLE}
    return {**plain, "info": about, "paths": dict(sorted(paths.items())), "components": components}


def _add(all_: dict[str, Any], more: Mapping[str, Any]) -> None:
    for name, one in more.items():
        if all_.setdefault(name, one) != one:
            raise ValueError(f"{name} is described in two ways")


def _front(kind: OrganisationKind) -> Front:
    """An edge that is only looked at: nothing of it is used before the first request."""
    nothing = cast(Any, None)
    unused = cast(Callable[..., Any], lambda: None)
    return Front(
        slug="edge",
        profile=Profile(kind=kind, title=TITLE),
        epoch="",
        slots=1,
        engine=nothing,
        clock=nothing,
        callers=nothing,
        desk=nothing,
        letters=nothing,
        eraser=nothing,
        directory=unused,
        wake=unused,
        can_sign=unused,
        health=unused,
        barrier=unused,
        metrics=Metrics(),
    )


if __name__ == "__main__":
    print(json.dumps(description()))  # noqa: T201  # for `estafette schemas`
