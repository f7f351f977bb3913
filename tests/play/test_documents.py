"""The pages for writers say what is."""

import re

import pytest
from pydantic import BaseModel

from schemas.handovers import HandoverState
from schemas.manifest import Category, Purpose, SourceKind
from schemas.refusal import Flag
from schemas.tables.grounds import GROUNDS
from services.cli.messages import document
from services.cli.play import scenario as format_
from tests.play.conftest import DOCS


def page() -> str:
    return (DOCS / "scenarios.md").read_text()


def test_the_list_of_messages_is_that_of_the_schemas() -> None:
    """`estafette messages > docs/messages.md` makes it so."""
    assert (DOCS / "messages.md").read_text() == document()


def test_every_link_in_the_list_of_messages_leads_somewhere() -> None:
    text = document()
    headings = {heading.lower() for heading in re.findall(r"^### (\w+)$", text, re.MULTILINE)}
    assert set(re.findall(r"\(#(\w+)\)", text)) <= headings


@pytest.mark.parametrize(
    "model",
    [
        format_.Scenario,
        format_.PersonSpec,
        format_.Step,
        format_.SectionSpec,
        format_.ForwardSpec,
        format_.Expect,
        format_.AlertExpected,
        format_.QueryExpected,
    ],
)
def test_every_field_is_explained(model: type[BaseModel]) -> None:
    text = page()
    quoted = " ".join(re.findall(r"`[^`]+`", re.sub(r"```.*?```", "", text, flags=re.DOTALL)))
    assert [name for name in model.model_fields if not re.search(rf"\b{name}\b", quoted)] == []


def test_every_value_a_writer_may_choose_is_named() -> None:
    text = page()
    chosen = [*Category, *Purpose, *SourceKind, *Flag, *HandoverState, *(ground.code for ground in GROUNDS)]
    assert [str(value) for value in chosen if str(value) not in text] == []
