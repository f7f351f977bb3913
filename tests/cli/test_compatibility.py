"""A release can be followed by one that its clients go on with; what they would fail on is named."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from services.cli.__main__ import main
from services.cli.compatibility import bare, breaks
from services.cli.schemas import FOLDER, RELEASED, last_release

NAME = "bodies/handovers.proposed"
PROPOSED = json.loads((FOLDER / f"{NAME}.json").read_text())


def changed(change: Callable[[dict[str, Any]], object]) -> list[tuple[str, str]]:
    """What breaks when the published schema becomes what `change` makes of it."""
    new = copy.deepcopy(PROPOSED)
    change(new)
    return [(each.place, each.why) for each in breaks({NAME: PROPOSED}, {NAME: new})]


def add_optional(schema: dict[str, Any]) -> None:
    schema["properties"]["remark"] = {"type": "string", "default": ""}


def add_value(schema: dict[str, Any]) -> None:
    schema["$defs"]["Phase"]["enum"].append("AFTERCARE")


def widen(schema: dict[str, Any]) -> None:
    schema["properties"]["conditions"]["maxItems"] += 1


def may_be_null(schema: dict[str, Any]) -> None:
    schema["properties"]["phase"] = {"anyOf": [schema["properties"]["phase"], {"type": "null"}]}


def reword(schema: dict[str, Any]) -> None:
    schema["description"] = "said otherwise"


@pytest.mark.parametrize("change", [add_optional, add_value, widen, may_be_null, reword])
def test_what_an_older_client_may_ignore_breaks_nothing(change: Callable[[dict[str, Any]], None]) -> None:
    assert changed(change) == []


def remove(schema: dict[str, Any]) -> None:
    del schema["properties"]["phase"]
    schema["required"].remove("phase")


def rename(schema: dict[str, Any]) -> None:
    schema["properties"]["stage"] = schema["properties"].pop("phase")
    schema["required"] = [{"phase": "stage"}.get(name, name) for name in schema["required"]]


def require(schema: dict[str, Any]) -> None:
    schema["required"].append("conditions")


def let_go(schema: dict[str, Any]) -> None:
    schema["required"].remove("phase")


def drop_value(schema: dict[str, Any]) -> None:
    schema["$defs"]["Phase"]["enum"].remove("RECOVERY")


def narrow_list(schema: dict[str, Any]) -> None:
    schema["properties"]["conditions"]["maxItems"] = 1


def narrow_text(schema: dict[str, Any]) -> None:
    schema["properties"]["handover"]["pattern"] = "^x$"


def other_type(schema: dict[str, Any]) -> None:
    schema["properties"]["conditions"] = {"type": "string"}


def other_meaning(schema: dict[str, Any]) -> None:
    schema["properties"]["kind"]["default"] = "TO_MEASURE"


def other_form(schema: dict[str, Any]) -> None:
    schema["properties"]["phase"] = {"anyOf": [schema["properties"]["phase"], {"type": "integer"}]}


@pytest.mark.parametrize(
    ("change", "place", "word"),
    [
        (remove, "phase", "no longer there"),
        (rename, "phase", "no longer there"),
        (rename, "stage", "new and required"),
        (require, "conditions", "required now"),
        (let_go, "phase", "may be absent now"),
        (drop_value, "phase", "no longer RECOVERY"),
        (narrow_list, "conditions", "maxItems 1 instead of"),
        (narrow_text, "handover", "pattern"),
        (other_type, "conditions", "type string instead of array"),
        (other_meaning, "kind", "when absent it means"),
        (other_form, "phase", "a form that readers do not know"),
    ],
)
def test_what_an_older_client_fails_on_is_named_with_its_place(
    change: Callable[[dict[str, Any]], None], place: str, word: str
) -> None:
    assert any(found == place and word in why for found, why in changed(change)), changed(change)


def test_a_message_that_is_gone_breaks_and_a_new_one_does_not() -> None:
    assert [str(each) for each in breaks({NAME: PROPOSED}, {})] == [f"{NAME}: no longer there"]
    assert breaks({}, {NAME: PROPOSED}) == []


def test_a_part_that_two_fields_share_is_followed_into_lists() -> None:
    """A break inside a part shows at a field that holds it."""

    def change(schema: dict[str, Any]) -> None:
        schema["$defs"]["SafetyCondition"]["required"].append("digest2")

    assert any("conditions[]" in place for place, _ in changed(change)), changed(change)


def test_clients_of_the_last_release_go_on() -> None:
    """Not so? Keep the old message beside a new version of it. `estafette schemas --release NAME` keeps a release."""
    done = CliRunner().invoke(main, ["schemas", "--against", str(RELEASED)])
    assert done.exit_code == 0, done.output


def test_the_command_names_each_place_and_says_what_to_do(tmp_path: Path) -> None:
    _, held = last_release(RELEASED)
    held[NAME]["properties"]["forgotten"] = {"type": "string"}
    held["bodies/cases.forgotten"] = {}
    (tmp_path / "0.0.9.json").write_text(json.dumps(held))
    done = CliRunner().invoke(main, ["schemas", "--against", str(tmp_path)])
    assert done.exit_code == 1
    assert f"{NAME}: forgotten: no longer there" in done.output
    assert "bodies/cases.forgotten: no longer there" in done.output
    assert "side by side" in done.output


def test_a_folder_without_a_release_is_said_to_be_so(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["schemas", "--against", str(tmp_path)])
    assert done.exit_code == 1
    assert "no release is kept" in done.output


def test_a_release_is_kept_without_words_and_a_field_called_description_stays() -> None:
    kept = bare({"description": "words", "properties": {"description": {"type": "string", "title": "T"}}})
    assert kept == {"properties": {"description": {"type": "string"}}}
