"""`estafette directory agreements`: what a chain agreed otherwise, in plain words, and what may be agreed at all."""

from collections.abc import Iterator
from pathlib import Path

import click

from deploy.agreeing import NotAgreed, read_agreements
from schemas.agreements import Agreements
from schemas.tables.agreeable import NUMBER, TERM
from schemas.tables.agreed import nominal, number_of, term_of, written
from services.cli.documents.agreements import default


@click.command("agreements")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False)
def agreements_command(file: Path | None) -> None:
    """Check the agreements of a chain in FILE, and say what they change. Nothing is published. Ends with 1 when they
    cannot be agreed, with every reason. Without FILE: a file that names everything as it is. See
    docs/agreements.md.
    """
    if file is None:
        click.echo(default(), nl=False)
        return
    try:
        agreed = read_agreements(file)
    except NotAgreed as error:
        raise click.ClickException(str(error)) from None
    click.echo("\n".join(told(agreed)))


def told(agreed: Agreements) -> Iterator[str]:
    """What agreements change, for people."""
    changes = [*_terms(agreed), *_numbers(agreed), *_choices(agreed)]
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


def _choices(agreed: Agreements) -> Iterator[str]:
    """Who does what, and who decides what alone."""
    if agreed.advisers:
        yield f"  advisers: before the Raad is asked {_or(agreed.advisers)} is consulted (D#155)"
    if agreed.institution:
        yield f"  institution: without a measure it {_or(agreed.institution)}; request and acceptance say which (D#17)"
    for power, functions in agreed.powers.items():
        who = _or(functions) if functions else "nobody"
        yield f"  powers: {power} without talking it over first: {who} (D#19)"
    for team, tasks in agreed.teams.items():
        yield f"  teams: {team} does {' and '.join(tasks)} itself (D#139)"
    if agreed.pair:
        yield f"  pair: a fixed pair of team and safety team for {agreed.pair} (D#187)"


def _or(codes: tuple[str, ...]) -> str:
    return " or ".join(codes)
