"""A second reading of who may be told what, from the messages as they were sent: it knows no rule of the gate.

Reads plain JSON and keeps plain values. Written from the protocol's words (whose consent, which ground), on purpose in
another way than services/gate/rules: people and scopes as sets, one question at a time.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

KINDS = {
    "veilig-thuis-noord": "VEILIG_THUIS",
    "lokaal-team-linde": "LOCAL_TEAM",
    "lokaal-team-berk": "LOCAL_TEAM",
    "gi-noord": "CERTIFIED_INSTITUTION",
}
TO_VEILIG_THUIS = {"MONITORING", "SAFETY_ALERT", "INVESTIGATION", "HANDOVER"}
HELPING = {"LOCAL_TEAM", "CERTIFIED_INSTITUTION"}
SIDES = ("items", "categories", "recipients", "purposes")
Json = dict[str, Any]


@dataclass
class Said:
    """One statement, as it was recorded."""

    who: str
    about: str
    what: str  # YES, NO or ASIDE
    scope: Json
    day: date
    order: int
    until: date | None
    recorder: str
    gone: int | None = None  # the place of its withdrawal

    def over(self, today: date) -> bool:
        return self.gone is not None or (self.until is not None and self.until < today)

    @property
    def same(self) -> tuple[frozenset[str], ...]:
        return tuple(frozenset(self.scope.get(side, ())) for side in SIDES)


@dataclass
class Letter:
    """A letter on its way."""

    sender: str
    recipient: str
    purpose: str
    day: date
    by: str | None
    second: str | None


@dataclass
class Oracle:
    """What has been said in one case, message by message."""

    people: dict[str, Json] = field(default_factory=dict)
    said: dict[str, Said] = field(default_factory=dict)
    centres: set[str] = field(default_factory=set)
    orders: dict[str, Json] = field(default_factory=dict)
    parties: set[str] = field(default_factory=set)
    states: dict[str, Json] = field(default_factory=dict)  # of handovers, as their entries say
    leader: str | None = None
    order: int = 0

    def hear(self, message: Json, at: datetime, handover: Json | None, leader: str | None) -> None:
        """Take in an accepted message. `handover` and `leader`: what its entry says of them."""
        self.order += 1
        self.leader = leader
        name, body, source = _name(message), message["data"]["body"], message["source"]
        if name in ("cases.opened", "cases.persons_changed"):
            self.people |= {person["ref"]: person for person in body["persons"]}
        elif name == "consents.recorded":
            what = "YES" if body["decision"] == "GRANTED" else "NO"
            self._says(body["given_by"], what, message, at, body.get("until"))
        elif name == "consents.set_aside":
            self._says(body["holder"], "ASIDE", message, at, body["review_on"])
        elif name == "consents.withdrawn":
            self.said[body["statement"]].gone = self.order
        elif name == "reports.registered":
            self.centres.add(source)
        elif name == "measures.started":
            self.orders[body["measure"]] = {**body, "by": source}
        elif name == "measures.worker_assigned":
            self.orders[body["measure"]]["worker"] = True
        elif name == "measures.ended":
            self.orders[body["measure"]]["ended"] = body["on"]
        if handover is not None:
            self.states[handover["id"]] = handover
        self._joins(message)

    def _says(self, who: str, what: str, message: Json, at: datetime, until: str | None) -> None:
        body = message["data"]["body"]
        last = date.fromisoformat(until) if until else None
        told = Said(who, body["about"], what, body["scope"], dutch(at), self.order, last, message["source"])
        self.said[body["statement"]] = told

    def _joins(self, message: Json) -> None:
        name = _name(message)
        if not name.startswith(("alerts.", "receipts.")):
            self.parties.add(message["source"])
            letter = name.startswith(("handovers.", "dossiers.", "supports."))
            self.parties |= set(message["data"]["to"]) if letter else set()

    # The question

    def unfounded(self, message: Json, recipient: str, at: datetime) -> list[str]:
        """Every section and person of a letter that nothing allows to be told to this recipient."""
        data = message["data"]
        manifest = data.get("manifest") or {"sections": [], "purpose": ""}
        by, second = data.get("by") or {}, data.get("second") or {}
        letter = Letter(message["source"], recipient, manifest["purpose"], dutch(at), by.get("ref"), second.get("ref"))
        found = []
        for section in manifest["sections"]:
            for ref in section["about"]:
                stated = [basis for basis in section.get("bases", []) if basis["person"] == ref]
                if len(stated) != 1 or not self._holds(stated[0], section, ref, letter):
                    found.append(f"{section['category']} about {ref} under {stated} to {recipient}")
        return found

    def relies_on(self, message: Json, recipient: str, at: datetime) -> set[str]:
        """The statements without which something in this letter could not have been told."""
        needed = set()
        for statement, one in self.said.items():
            kept, one.gone = one.gone, one.gone or self.order + 1
            if kept is None and self.unfounded(message, recipient, at):
                needed.add(statement)
            one.gone = kept
        return needed

    def _holds(self, basis: Json, section: Json, ref: str, letter: Letter) -> bool:
        kind, person = basis["secrecy"], self.people.get(ref)
        if person is None or basis.get("gdpr") == "6.1.a":
            return False
        if kind in ("CONSENT", "REPRESENTATIVE_SET_ASIDE"):
            return self._agreed(person, section, letter, aside=kind != "CONSENT")
        return self._ground(kind, basis.get("weighing") or {}, person, letter)

    # Consent

    def _agreed(self, person: Json, section: Json, letter: Letter, aside: bool) -> bool:
        voices = self._voices(person, letter)
        passed_over = set()
        if aside:
            passed_over = voices & set(self._guardians(person, letter.day)) & self._set_aside(person, section, letter)
            if not passed_over:
                return False
        left = voices - passed_over
        return bool(left) and all(self._says_yes(who, person, section, letter) for who in left)

    def _voices(self, person: Json, letter: Letter) -> set[str]:
        """Whose yes is needed that day."""
        age = _age(person, letter.day)
        able = person.get("competent")
        able = (age is None or age >= 12) if able is None else able
        self_, guardians = {person["ref"]}, set(self._guardians(person, letter.day))
        if age is None or age >= 18:
            return self_ if able else {person.get("representative")} - {None}  # type: ignore[return-value]
        if age < 12 or not able:
            return guardians
        if age >= 16 or KINDS[letter.sender] == "VEILIG_THUIS":
            return self_
        return self_ | guardians

    def _guardians(self, person: Json, day: date) -> Iterator[str]:
        for custody in person.get("custody", []):
            holder = custody["holder"]
            dead = self.people.get(holder, {}).get("status") == "DECEASED"
            runs = custody.get("since", "") <= day.isoformat() <= custody.get("until", "9999-12-31")
            if runs and not dead and holder != person["ref"]:
                yield holder

    def _set_aside(self, person: Json, section: Json, letter: Letter) -> set[str]:
        return {
            one.who
            for one in self.said.values()
            if one.what == "ASIDE" and one.about == person["ref"] and not one.over(letter.day)
            if _covers(one.scope, section, letter)
        }

    def _says_yes(self, who: str, person: Json, section: Json, letter: Letter) -> bool:
        theirs: dict[tuple[frozenset[str], ...], Said] = {}
        for one in sorted(self.said.values(), key=lambda said: said.order):
            own = one.who == who and one.about == person["ref"] and one.what != "ASIDE"
            if own and not _outgrown(one, who, person, letter.day):
                theirs[one.same] = one
        about_this = [one for one in theirs.values() if _covers(one.scope, section, letter)]
        return any(
            one.what == "YES"
            and not one.over(letter.day)
            and all(_closer(one, no, letter) for no in about_this if no.what == "NO" and not no.over(letter.day))
            and all(_closer(one, gone, letter) or _newer(one, gone) for gone in about_this if gone.over(letter.day))
            for one in about_this
        )

    # Grounds

    def _ground(self, ground: str, weighing: Json, person: Json, letter: Letter) -> bool:
        sender, recipient = KINDS[letter.sender], KINDS.get(letter.recipient, "")
        if ground == "G2":
            roster = self._roster(letter.day)
            return letter.purpose == "JOINT_SUPPORT" and {letter.sender, letter.recipient} <= roster
        if ground == "G4":
            return letter.purpose == "MEASURE" and any(
                person["ref"] == child["ref"] or person["ref"] in self._guardians(child, letter.day)
                for child in self._supervised(letter.recipient, letter.day)
            )
        if ground == "G8":
            there = letter.purpose != "HANDOVER" or letter.recipient in self.parties
            return sender != "VEILIG_THUIS" == recipient and letter.purpose in TO_VEILIG_THUIS and there
        if ground == "G10":
            own = letter.sender in self.centres or self.leader == letter.sender
            return sender == "VEILIG_THUIS" and recipient in HELPING and letter.purpose == "HANDOVER" and own
        if ground == "G18":
            two = letter.by is not None and letter.second is not None and letter.by != letter.second
            if weighing.get("urgent"):
                return weighing.get("account") is not None
            return list(weighing.get("answers", [])) == [True] * 5 and two
        return False

    def _supervised(self, institution: str, day: date) -> Iterator[Json]:
        for order in self.orders.values():
            last = min(order["until"], order.get("ended", order["until"]))
            child = self.people[order["child"]]
            minor = (_age(child, day) or 0) < 18
            if order["by"] == institution and order["since"] <= day.isoformat() < last and minor:
                yield child

    def _roster(self, day: date) -> set[str]:
        found = {self.leader} if self.leader else set()
        found |= {o["by"] for o in self.orders.values() if o.get("worker") and any(self._supervised(o["by"], day))}
        live = ("ACCEPTED", "WARM", "EMERGENCY", "RETURNING")
        return found | {state["receiver"] for state in self.states.values() if state["state"] in live}


def dutch(at: datetime) -> date:
    return at.astimezone(ZoneInfo("Europe/Amsterdam")).date()


def _name(message: Json) -> str:
    return ".".join(message["type"].split(".")[2:-1])


def _age(person: Json, day: date) -> int | None:
    if "birth_date" not in person:
        return None
    born = date.fromisoformat(person["birth_date"])
    years = day.year - born.year
    return years if (day.month, day.day) >= (born.month, born.day) else years - 1


def _outgrown(one: Said, who: str, person: Json, today: date) -> bool:
    then, now = _age(person, one.day), _age(person, today)
    if then is None or now is None:
        return False
    return then < 12 if who == person["ref"] else then < 18 <= now


def _covers(scope: Json, section: Json, letter: Letter) -> bool:
    values = (
        {section["item"]},
        {section["category"]},
        {letter.recipient, KINDS.get(letter.recipient)},
        {letter.purpose},
    )
    return all(not scope.get(side) or values[n] & set(scope[side]) for n, side in enumerate(SIDES))


def _closer(one: Said, other: Said, letter: Letter) -> bool:
    """Whether `one` says more exactly what it is about than `other`, and on no side less exactly."""
    exact = [_exactness(said.scope, letter) for said in (one, other)]
    return exact[0] != exact[1] and not any(mine < theirs for mine, theirs in zip(*exact, strict=True))


def _exactness(scope: Json, letter: Letter) -> list[int]:
    what = len([1 for side in ("items", "categories") if scope.get(side)]) and (2 if scope.get("items") else 1)
    to = (1 + (letter.recipient in scope["recipients"])) if scope.get("recipients") else 0
    return [what, to, int(bool(scope.get("purposes")))]


def _newer(one: Said, gone: Said) -> bool:
    """Said after the other had ended: a fresh word."""
    if gone.gone is not None:
        return one.order > gone.gone
    return gone.until is not None and one.day > gone.until
