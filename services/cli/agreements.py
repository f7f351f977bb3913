"""`estafette directory agreements`: what a chain agreed otherwise, in plain words, and what may be agreed at all."""

from collections.abc import Iterator
from pathlib import Path

import click

from deploy.agreeing import NotAgreed, read_agreements
from schemas.agreements import Agreements
from schemas.tables.agreeable import NUMBER, TERM
from schemas.tables.agreed import nominal, number_of, term_of, written


@click.command("agreements")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False)
def agreements_command(file: Path | None) -> None:
    """Check the agreements of a chain in FILE, and say what they change. Nothing is published. Ends with 1 when they
    cannot be agreed, with every reason. Without FILE: a file that names everything as it is. See
    docs/agreements.md.
    """
    if file is None:
        click.echo("\n".join(default()))
        return
    try:
        agreed = read_agreements(file)
    except NotAgreed as error:
        raise click.ClickException(str(error)) from None
    click.echo("\n".join(told(agreed)))


def default() -> Iterator[str]:
    """A file that changes nothing, to work from."""
    yield "# Everything that a chain may agree, as it is where nothing was agreed: take over only what is otherwise."
    yield "# Made by `estafette directory agreements`; within which bounds: docs/agreements.md"
    yield "since: 2027-01-01  # the day from which it holds"
    yield "document: werkafspraken-REGION-2027  # where it is written down and signed"
    yield "terms:"
    yield from (f"  {row.name}: {written(row.term)}" for row in TERM.values())
    yield "numbers:"
    yield from (f"  {row.name}: {row.number}" for row in NUMBER.values())


def told(agreed: Agreements) -> Iterator[str]:
    """What agreements change, for people."""
    changes = [*_terms(agreed), *_numbers(agreed)]
    yield f"{agreed.document}: {len(changes)} things are otherwise from {agreed.since} on"
    yield from changes


def _terms(agreed: Agreements) -> Iterator[str]:
    for name in agreed.terms:
        ours, now = TERM[name].term, term_of(name, agreed)
        if now != ours:
            how = "longer" if nominal(now) > nominal(ours) else "shorter"
            yield f"  {name}: {written(now)}, {how} than {written(ours)} ({TERM[name].meaning}; {TERM[name].source})"


def _numbers(agreed: Agreements) -> Iterator[str]:
    for name in agreed.numbers:
        row, now = NUMBER[name], number_of(name, agreed)
        if now != row.number:
            yield f"  {name}: {now} instead of {row.number} ({row.meaning}; {row.source})"
