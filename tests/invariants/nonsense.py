"""What should never have been sent."""

from collections.abc import Callable

from schemas.parties import Party
from tests.gate.rules.families import uid
from tests.gate.rules.play import DIRECTORY, proposal
from tests.invariants.talk import ACTORS, OTHER_TEAM, Talk


def _unsigned(talk: Talk, holder: Party) -> None:
    talk.put_out(holder, talk.message(holder, proposal(uid("never")), OTHER_TEAM), jws="")


def _anothers(talk: Talk, holder: Party) -> None:
    talk.put_out(OTHER_TEAM, talk.message(holder, proposal(uid("never")), OTHER_TEAM))


def _last(talk: Talk) -> tuple[Party, bytes]:
    sent = [step.sent for step in talk.steps if step.sent and step.accepted and step.sent.event]
    return DIRECTORY[sent[-1].source], sent[-1].value


def _again(talk: Talk, holder: Party) -> None:
    talk.put_out(*_last(talk))


def _same_id(talk: Talk, holder: Party) -> None:
    who, value = _last(talk)
    talk.put_out(who, value.replace(b'"datacontenttype"', b' "datacontenttype"'))


def _dry_run(talk: Talk, holder: Party) -> None:
    talk.put_out(holder, talk.message(holder, proposal(uid("dry")), OTHER_TEAM, dry_run=True))


def _noise(talk: Talk, holder: Party) -> None:
    talk.put_out(holder, b'{"noise": %d}' % len(talk.steps))


def _outsider(talk: Talk, holder: Party) -> None:
    outsider = next((a for a in ACTORS if not talk.case.is_party(a.slug)), OTHER_TEAM)
    talk.consent("mother", "mother", recorder=outsider)


NONSENSE: dict[str, Callable[[Talk, Party], None]] = {
    "unsigned": _unsigned,
    "another's": _anothers,
    "again": _again,
    "same id": _same_id,
    "dry run": _dry_run,
    "noise": _noise,
    "outsider": _outsider,
}
