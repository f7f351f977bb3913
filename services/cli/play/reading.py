"""Reads a scenario file and says everything that is wrong with it, by line."""

import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from deploy.directory import Deployment
from services.cli.play.check import check
from services.cli.play.faults import faults
from services.cli.play.scenario import Scenario

SafePath = tuple[str | int, ...]
TRUTH = "tag:yaml.org,2002:bool"


class Loader(yaml.SafeLoader):
    """Safe YAML in which `on`, `YES` and `No` are the words that stand there: the field `on` of a message, a code, a
    title. Only `true`, `false`, `yes` and `no` are true and false.
    """

    yaml_implicit_resolvers = {  # noqa: RUF012  # the library's own way
        first: [(tag, pattern) for tag, pattern in rows if tag != TRUTH]
        for first, rows in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


Loader.add_implicit_resolver(TRUTH, re.compile(r"^(?:yes|no|true|True|TRUE|false|False|FALSE)$"), list("yntTfF"))
QUOTES = "A text with `: ` or ` #` in it, and inside {...} one with a `,` or `?`, stands between quotes."
LARGEST = 100_000
"""The most values a scenario may hold; the longest of ours has 2,500. A few aliases of aliases hold millions."""


class BadScenario(Exception):
    """The file is not a scenario; the text says where and why, and how to mend it."""


def load(file: Path, deployment: Deployment) -> Scenario:
    """Read and check a scenario file. Raises BadScenario naming every fault."""
    try:
        text = file.read_text(encoding="utf-8")
        node = yaml.compose(text, Loader)
        if _unfolded(node, {}) > LARGEST:
            raise BadScenario(f"{file}: too large: with its aliases written out it holds over {LARGEST} values")
        content = yaml.load(text, Loader)  # noqa: S506  # a SafeLoader, but for fewer words for true
    except (OSError, UnicodeDecodeError) as error:
        raise BadScenario(f"{file}: cannot be read: {error}") from None
    # The library lets out other errors on a date such as 2026-02-30 and on a tag that does not fit.
    except (yaml.YAMLError, ValueError, LookupError, AttributeError, TypeError) as error:
        raise BadScenario(f"{file}: this is not YAML: {error}\n{QUOTES}") from None
    except RecursionError:
        raise BadScenario(f"{file}: nested too deeply") from None
    if not isinstance(content, dict):
        raise BadScenario(f"{file}: a scenario starts with fields such as `scenario:`, `start:` and `steps:`")
    return _checked(file, node, content, deployment)


def _unfolded(node: yaml.Node | None, known: dict[int, float]) -> float:
    """How many values a part of the file holds with every alias written out; without end when it holds itself."""
    if id(node) not in known:
        known[id(node)] = math.inf
        pairs = node.value if isinstance(node, yaml.MappingNode) else ()
        rows = node.value if isinstance(node, yaml.SequenceNode) else ()
        inner = [*(part for pair in pairs for part in pair), *rows]
        known[id(node)] = 1 + sum(_unfolded(part, known) for part in inner)
    return known[id(node)]


def _checked(file: Path, node: yaml.Node | None, content: dict[str, Any], deployment: Deployment) -> Scenario:
    found: list[tuple[SafePath, str]] = list(_twice(node))
    try:
        scenario = Scenario.model_validate(content)
        found += check(scenario, deployment)
    except ValidationError as error:
        found += faults(Scenario, error)
    if found:
        lines = [f"  {_where(node, path, content)}: {says}" for path, says in found]
        raise BadScenario("\n".join([f"{file}: {len(found)} fault{'s' if len(found) > 1 else ''}", *lines]))
    return scenario


def _where(node: yaml.Node | None, path: SafePath, content: Any) -> str:
    """`line 12, step 3 (Title), body.handover`."""
    words, rest = [f"line {_line(node, path)}"], list(path)
    if len(rest) > 1 and rest[0] == "steps" and isinstance(rest[1], int):
        step = content["steps"][rest[1]]
        title = step.get("step") if isinstance(step, dict) else None
        words.append(f"step {rest[1] + 1}" + (f" ({title})" if title else ""))
        rest = rest[2:]
    return ", ".join([*words, ".".join(map(str, rest))] if rest else words)


def _line(node: yaml.Node | None, path: SafePath) -> int:
    """The line of the innermost part of the path that stands in the file."""
    line = 1
    for part in path:
        if isinstance(node, yaml.MappingNode):
            pair = next(((key, value) for key, value in node.value if key.value == part), None)
            if pair is None:
                return line
            line, node = pair[0].start_mark.line + 1, pair[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line + 1
    return line


def _twice(node: yaml.Node | None, path: SafePath = ()) -> Iterator[tuple[SafePath, str]]:
    """YAML keeps the last of two equal fields without a word; a writer means both."""
    if isinstance(node, yaml.MappingNode):
        seen = set()
        for key, value in node.value:
            if key.value in seen and key.value != "<<":
                yield (*path, key.value), f"the field {key.value!r} stands here twice"
            seen.add(key.value)
            yield from _twice(value, (*path, key.value))
    elif isinstance(node, yaml.SequenceNode):
        for place, value in enumerate(node.value):
            yield from _twice(value, (*path, place))
