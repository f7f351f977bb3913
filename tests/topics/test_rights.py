"""The catalogue unfolded."""

import pytest

from topics.catalogue import EVERYBODY, ORGANISATION, SERVICES, TOPICS, Cleanup
from topics.rights import BadSlug, Kind, Right, rights, topics, users

ORGANISATIONS = ("raad-noord", "veilig-thuis-noord")


def test_an_organisation_writes_its_own_outbox_and_reads_its_own_inbox_and_the_directory() -> None:
    """These four rights are all it has."""
    assert {right for right in rights(ORGANISATIONS) if right.user == "raad-noord"} == {
        Right("raad-noord", "WRITE", Kind.TOPIC, "raad-noord.outbox"),
        Right("raad-noord", "READ", Kind.TOPIC, "raad-noord.inbox"),
        Right("raad-noord", "READ", Kind.TOPIC, "directory"),
        Right("raad-noord", "READ", Kind.GROUP, "raad-noord.", prefixed=True),
    }


def test_only_the_gate_writes_inboxes_ledger_and_facts() -> None:
    """There is no path around the gate."""
    guarded = {"raad-noord.inbox", "veilig-thuis-noord.inbox", "ledger", "case.facts"}
    writers = {r.name: r.user for r in rights(ORGANISATIONS) if r.operation == "WRITE" and r.name in guarded}
    assert writers == dict.fromkeys(guarded, "gate")
    assert sum(r.operation == "WRITE" and r.name in guarded for r in rights(ORGANISATIONS)) == len(guarded)


def test_only_consumer_groups_and_transactional_ids_are_given_by_prefix() -> None:
    """A topic right by prefix would reach topics of organisations that come later."""
    assert all(right.kind is not Kind.TOPIC for right in rights(ORGANISATIONS) if right.prefixed)
    assert all(right.name[-1] in ".-" for right in rights(ORGANISATIONS) if right.prefixed)


def test_every_party_of_a_row_is_known() -> None:
    """A misspelt writer would be a user that nobody makes."""
    known = {service.user for service in SERVICES} | {ORGANISATION, EVERYBODY}
    assert {party for row in TOPICS for party in (*row.writers, *row.readers)} <= known


def test_only_state_and_the_directory_are_compacted() -> None:
    """Compaction would take records out of an inbox, the ledger or the facts."""
    compacted = {row.name for row in TOPICS if row.cleanup is Cleanup.COMPACT}
    assert compacted == {"directory", "gate.state", "oversight.state"}


def test_content_lives_seven_days_and_the_ledger_for_ever() -> None:
    """Sealed content never lives longer on the cluster than it takes to store it."""
    by_name = {row.name: row for row in TOPICS}
    for name in ("{organisation}.outbox", "{organisation}.inbox", "quarantine"):
        retention = by_name[name].retention
        assert retention is not None
        assert retention.days == 7
    assert by_name["ledger"].retention is None


def test_all_topics_but_the_directory_have_a_partition_for_each_slot() -> None:
    """One slot is the same partition index everywhere."""
    partitions = {name: number for name, (_, number) in topics(ORGANISATIONS, 12).items()}
    assert partitions.pop("directory") == 1
    assert set(partitions.values()) == {12}


@pytest.mark.parametrize("slug", ["gate", "admin", "Raad", "raad.noord", "raad noord", "", "raad\n", "__transaction"])
def test_a_slug_that_would_take_another_users_place_is_refused(slug: str) -> None:
    """Slugs are Kafka users and the first part of topic names."""
    with pytest.raises(BadSlug):
        users([slug])
