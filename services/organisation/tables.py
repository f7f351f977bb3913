"""The tables of an edge. `sent` and `inbox` hold what was signed, byte for byte; the others follow from them.

A change here needs a step in `migrations`; a test compares the two.
"""

import sqlalchemy as sa

from services.runtime.alert_table import alert_columns
from services.runtime.sql import Json, Utc

metadata = sa.MetaData()

_Long = sa.BigInteger().with_variant(sa.Integer(), "sqlite")  # only an INTEGER counts up by itself on SQLite
_Id = sa.String(64)
_Slug = sa.String(64)
_Name = sa.String(64)
_Subject = sa.String(64)
_Hash = sa.String(64)

sent = sa.Table(
    "sent",
    metadata,
    sa.Column("position", _Long, primary_key=True, autoincrement=True),  # the order of publication
    sa.Column("id", _Id, nullable=False, unique=True),
    sa.Column("name", _Name, nullable=False),
    sa.Column("subject", _Subject, nullable=False, index=True),
    sa.Column("partition", sa.Integer, nullable=False),
    sa.Column("recipients", Json, nullable=False),
    sa.Column("body", Json, nullable=False),
    sa.Column("by_ref", _Id),
    sa.Column("dry_run", sa.Boolean, nullable=False),
    sa.Column("automatic", sa.Boolean, nullable=False),  # made by this machine, not by a professional
    sa.Column("value", sa.LargeBinary, nullable=False),
    sa.Column("jws", sa.Text, nullable=False),
    sa.Column("status", sa.String(16), nullable=False, index=True),
    sa.Column("queued_at", Utc, nullable=False),  # the organisation's time, simulated or not
    sa.Column("published_at", Utc),  # the wall's: when Kafka had it
    sa.Column("reasons", Json),
    sa.Column("flags", Json),
    sa.Column("decided_at", Utc),
    sa.Column("entry_hash", _Hash),
    sa.Column("seal", sa.Text),
    sa.Column("stored_at", Utc),
    sa.Column("opened_at", Utc),
    sa.Column("answered_by", _Id),
    sa.Column("resend_due_at", Utc),
    sa.Column("resent_as", _Id),
    sa.Column("lost_at", Utc),
    sqlite_autoincrement=True,
)

requests = sa.Table(
    "requests",
    metadata,
    sa.Column("ref", _Id, primary_key=True),  # of the professional who asked
    sa.Column("key", sa.String(64), primary_key=True),
    sa.Column("digest", _Hash, nullable=False),
    sa.Column("answer", Json, nullable=False),
)

directory = sa.Table(  # as last read, so that an edge that starts while Kafka is away knows whom to seal to
    "directory",
    metadata,
    sa.Column("slug", _Slug, primary_key=True),
    sa.Column("offset", sa.BigInteger, nullable=False),
    sa.Column("value", sa.LargeBinary, nullable=False),
)

inbox = sa.Table(
    "inbox",
    metadata,
    sa.Column("epoch", _Id, primary_key=True),
    sa.Column("partition", sa.Integer, primary_key=True),
    sa.Column("sequence", sa.BigInteger, primary_key=True),
    sa.Column("id", _Id, nullable=False, index=True),
    sa.Column("name", _Name, nullable=False),
    sa.Column("subject", _Subject, nullable=False, index=True),
    sa.Column("source", _Slug, nullable=False),
    sa.Column("at", Utc, nullable=False),
    sa.Column("received_at", Utc, nullable=False),
    sa.Column("entry_hash", _Hash, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("reason", sa.String(32)),
    sa.Column("letter", sa.Boolean, nullable=False),
    sa.Column("receipt", sa.Boolean, nullable=False),  # a party's message: its sender is told that it is stored
    sa.Column("handover", _Id),
    sa.Column("opened_at", Utc),
    sa.Column("opened_by", _Id),
    sa.Column("value", sa.LargeBinary, nullable=False),
    sa.Column("jws", sa.Text, nullable=False),
    sa.Column("seal", sa.Text, nullable=False),
)

rejected = sa.Table(  # records without a seal that can be believed: they have no place in the sequence
    "rejected",
    metadata,
    sa.Column("epoch", _Id, primary_key=True),
    sa.Column("partition", sa.Integer, primary_key=True),
    sa.Column("offset", sa.BigInteger, primary_key=True),
    sa.Column("reason", sa.String(32), nullable=False),
    sa.Column("hash", _Hash, nullable=False),
    sa.Column("value", sa.LargeBinary, nullable=False),
    sa.Column("received_at", Utc, nullable=False),
)

positions = sa.Table(
    "positions",
    metadata,
    sa.Column("epoch", _Id, primary_key=True),
    sa.Column("partition", sa.Integer, primary_key=True),
    sa.Column("highest", sa.BigInteger, nullable=False),  # highest sequence stored
    sa.Column("contiguous", sa.BigInteger, nullable=False),  # everything up to here is stored, or known to be lost
    sa.Column("receipted", sa.BigInteger, nullable=False),  # what the last receipt covers
    sa.Column("at", Utc),  # of the last checkpoint
    sa.Column("barrier", _Id),  # of the last checkpoint that had one
    sa.Column("barrier_mark", sa.BigInteger, nullable=False),  # last position of `sent` that was caused before it
    sa.Column("barrier_passed", _Id),  # the last barrier before which all of this edge's own words are with Kafka
)

lost = sa.Table(  # sequences that will not come, by word of the gate
    "lost",
    metadata,
    sa.Column("epoch", _Id, primary_key=True),
    sa.Column("partition", sa.Integer, primary_key=True),
    sa.Column("sequence", sa.BigInteger, primary_key=True),
)

rejections = sa.Table(  # what is wrong with a letter, as who got it says; at its sender and at who got it
    "rejections",
    metadata,
    sa.Column("id", _Id, primary_key=True),  # of the message that says so
    sa.Column("subject", _Subject, nullable=False, index=True),
    sa.Column("message", _Id, nullable=False, index=True),
    sa.Column("item", _Id),
    sa.Column("reason", sa.String(32), nullable=False),
    sa.Column("by", _Slug, nullable=False),
    sa.Column("author", _Slug, nullable=False),  # of the letter
    sa.Column("at", Utc, nullable=False),
    sa.Column("mended_at", Utc),
)

cases = sa.Table(
    "cases",
    metadata,
    sa.Column("subject", _Subject, primary_key=True),
    sa.Column("regie", _Slug),
    sa.Column("phase", sa.String(32)),
    sa.Column("open", sa.Boolean, nullable=False),
    sa.Column("since", Utc, nullable=False),  # the first this organisation knows of it
    sa.Column("changed_at", Utc, nullable=False),
    sa.Column("slot_seq", sa.BigInteger, nullable=False),  # of the entry the holder of regie comes from
    sa.Column("contact", Json),  # the fixed contact, by the latest entry that tells it
    sa.Column("caution", Json),  # what the latest entry says to beware of, with its slot_seq
)

persons = sa.Table(  # of cases this organisation recorded itself; coded, without names
    "persons",
    metadata,
    sa.Column("subject", _Subject, primary_key=True),
    sa.Column("ref", _Id, primary_key=True),
    sa.Column("person", Json, nullable=False),
)

handovers = sa.Table(
    "handovers",
    metadata,
    sa.Column("id", _Id, primary_key=True),
    sa.Column("subject", _Subject, nullable=False, index=True),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("state", sa.String(32), nullable=False, index=True),
    sa.Column("sender", _Slug, nullable=False),
    sa.Column("receiver", _Slug, nullable=False),
    sa.Column("since", Utc, nullable=False),  # of the state
    sa.Column("slot_seq", sa.BigInteger, nullable=False),
    sa.Column("last", _Name, nullable=False),  # the last message about it
)

timeline = sa.Table(
    "timeline",
    metadata,
    sa.Column("entry_hash", _Hash, primary_key=True),
    sa.Column("subject", _Subject, nullable=False, index=True),
    sa.Column("slot_seq", sa.BigInteger, nullable=False),
    sa.Column("case_seq", sa.BigInteger),
    sa.Column("at", Utc, nullable=False),
    sa.Column("message", _Id, nullable=False),
    sa.Column("name", _Name, nullable=False),
    sa.Column("actor", _Slug, nullable=False),
    sa.Column("recipients", Json, nullable=False),
    sa.Column("verdict", sa.String(16)),
)

items = sa.Table(
    "items",
    metadata,
    sa.Column("item", _Id, primary_key=True),
    sa.Column("subject", _Subject, nullable=False, index=True),
    sa.Column("section", Json, nullable=False),  # as in the manifest, without bases
    sa.Column("source", _Slug, nullable=False),  # whom it came from; this organisation for its own
    sa.Column("message", _Id),  # the letter that holds it, of an item received
    sa.Column("salt", sa.LargeBinary),  # of an own item
    sa.Column("text", sa.Text),
    sa.Column("blocked_at", Utc),
    sa.Column("blocked_by", _Id),  # the withdrawn statement
    sa.Column("corrected_at", Utc),
    sa.Column("replaced_by", _Id),  # the item that takes its place
)

statements = sa.Table(  # consent as this organisation recorded it
    "statements",
    metadata,
    sa.Column("statement", _Id, primary_key=True),
    sa.Column("subject", _Subject, nullable=False, index=True),
    sa.Column("body", Json, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("changed_at", Utc, nullable=False),
)

sight = sa.Table(
    "sight",
    metadata,
    sa.Column("subject", _Subject, primary_key=True),
    sa.Column("child", _Id, primary_key=True),
    sa.Column("owner", _Slug, primary_key=True),
    sa.Column("plan", Json, nullable=False),
    sa.Column("planned_at", Utc, nullable=False),
    sa.Column("confirmed_at", Utc),
    sa.Column("slot_seq", sa.BigInteger, nullable=False),
)

alerts = sa.Table(
    "alerts",
    metadata,
    *alert_columns("subject"),
    sa.Column("acknowledged_until", sa.Date),
    sa.Column("slot_seq", sa.BigInteger, nullable=False),
    sa.Index("ix_alerts_subject", "subject"),
    sa.Index("ix_alerts_state", "state"),
)

holds = sa.Table(  # why a dossier must not be erased
    "holds",
    metadata,
    sa.Column("id", _Id, primary_key=True),
    sa.Column("subject", _Subject, nullable=False, index=True),
    sa.Column("reason", sa.String(32), nullable=False),
    sa.Column("placed_at", Utc, nullable=False),
    sa.Column("placed_by", _Id, nullable=False),
    sa.Column("until", sa.Date),  # the last day it holds; without one, until it is lifted
    sa.Column("lifted_at", Utc),
    sa.Column("lifted_by", _Id),
)

erasures = sa.Table(  # requests to erase and what became of them; what was erased is named by id only
    "erasures",
    metadata,
    sa.Column("id", _Id, primary_key=True),
    sa.Column("subject", _Subject, nullable=False, index=True),
    sa.Column("person", _Id),  # None: the whole dossier
    sa.Column("ground", sa.String(32), nullable=False),
    sa.Column("requested_on", sa.Date, nullable=False),
    sa.Column("at", Utc, nullable=False),
    sa.Column("by_ref", _Id, nullable=False),
    sa.Column("second_ref", _Id, nullable=False),
    sa.Column("outcome", sa.String(16), nullable=False),
    sa.Column("reasons", Json, nullable=False),  # why it was refused
    sa.Column("items", Json, nullable=False),
    sa.Column("kept", Json, nullable=False),  # items about others too
    sa.Column("holders", Json, nullable=False),  # organisations that got items of it and hold their own copy
)

restores = sa.Table(  # this database was put back from a backup
    "restores",
    metadata,
    sa.Column("id", _Id, primary_key=True),
    sa.Column("taken_at", Utc, nullable=False),
    sa.Column("at", Utc, nullable=False),
)
