"""`estafette documents`: write the pages of docs/ that are made from the tables."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import click

from services.cli import messages
from services.cli.documents import agreements, grounds, handover, obligations, refusals

DOCS: Final = Path(__file__).parents[3] / "docs"
PAGES: Final[Mapping[str, Callable[[], str]]] = {
    "messages.md": messages.document,
    "refusals.md": refusals.document,
    "grounds.md": grounds.document,
    "handover.md": handover.document,
    "obligations.md": obligations.document,
    "agreements.md": agreements.document,
    "agreements-default.yaml": agreements.default,
}
"""Each page and what makes it."""


@click.command("documents")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=DOCS,
    help="Folder to write to.  [default: docs]",
)
def documents(out: Path) -> None:
    """Write the reference pages: messages, refusals, grounds, the handover, obligations, agreements."""
    out.mkdir(parents=True, exist_ok=True)
    for name, make in PAGES.items():
        (out / name).write_text(make())
    click.echo(f"{', '.join(PAGES)} in {out}")
