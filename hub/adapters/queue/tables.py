"""The tables, and the indexes that every hot query is served by. Nothing else.

Times are microseconds since 1970 in UTC. What is said of somebody is in the binary columns, encrypted
or as a keyed digest; docs/decisions/store.md lists what is in clear and why. The migrations make
these tables; a test holds both to each other.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
)

metadata: Final = MetaData()

store: Final = Table(
    "store",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("lookup_key", LargeBinary, nullable=False),
    Column("probed_at", BigInteger, nullable=False),
    Column("ledger_key", LargeBinary),
)
"""One row: the wrapped keys of every keyed digest and of the ledgers, and when writing was last tried."""

stages: Final = Table(
    "stages",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("filed", Boolean(create_constraint=False), nullable=False),
    Column("data", LargeBinary),
)
"""The contents of one submission: `data`, or a file of the stage's name (`filed`). Neither once erased."""

envelopes: Final = Table(
    "envelopes",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("stage", String(32), ForeignKey("stages.id"), nullable=False),
    Column("accepted_at", BigInteger, nullable=False),
    Column("record_key", LargeBinary, nullable=False),
    Column("stage_key", LargeBinary),
    Column("record", LargeBinary, nullable=False),
)
"""`record` is the sealed envelope and what goes with it; `stage_key` opens its contents until erased."""

_kept = envelopes.c.stage_key.is_not(None)
Index("envelopes_kept", envelopes.c.accepted_at, sqlite_where=_kept, postgresql_where=_kept)
Index("envelopes_stage", envelopes.c.stage)

submissions: Final = Table(
    "submissions",
    metadata,
    Column("lookup", LargeBinary, primary_key=True),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("envelopes", String, nullable=False),
    Column("refused", LargeBinary),
    sqlite_with_rowid=False,
)
"""Answers given, by peer and key. `envelopes` are ids; `refused` is encrypted under the first one's key."""

deliveries: Final = Table(
    "deliveries",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("envelope", String(36), ForeignKey("envelopes.id"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("operator", String, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", BigInteger),
    Column("leased_until", BigInteger),
    Column("lease", LargeBinary),
    Column("expires_at", BigInteger, nullable=False),
    Column("finished_at", BigInteger),
    Column("code", String),
    Column("reason", LargeBinary),
    Column("receipt", LargeBinary),
    sqlite_with_rowid=False,
)
"""`due_at` is set while it may be claimed, `lease` while it is; `receipt` is what receipts find it by."""

_open = deliveries.c.finished_at.is_(None)
_due = deliveries.c.due_at.is_not(None)
_leased = deliveries.c.leased_until.is_not(None)
_correlated = deliveries.c.receipt.is_not(None)
Index("deliveries_envelope", deliveries.c.envelope, deliveries.c.operator)
Index(
    "deliveries_open",
    deliveries.c.operator,
    deliveries.c.due_at,
    deliveries.c.id,
    sqlite_where=_open,
    postgresql_where=_open,
)
Index("deliveries_ending", deliveries.c.expires_at, sqlite_where=_open, postgresql_where=_open)
Index("deliveries_due", deliveries.c.due_at, sqlite_where=_due, postgresql_where=_due)
Index("deliveries_leased", deliveries.c.leased_until, sqlite_where=_leased, postgresql_where=_leased)
Index("deliveries_receipt", deliveries.c.receipt, sqlite_where=_correlated, postgresql_where=_correlated)

steps: Final = Table(
    "steps",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("envelope", String(36), ForeignKey("envelopes.id"), nullable=False),
    Column("delivery", String(36)),
    Column("at", BigInteger, nullable=False),
    Column("event", String, nullable=False),
    Column("code", String),
    Column("detail", LargeBinary),
)
"""Timelines, from the first attempt on; the steps of acceptance are in the envelope's record."""

Index("steps_envelope", steps.c.envelope)

notes: Final = Table(
    "notes",
    metadata,
    Column("lookup", LargeBinary, primary_key=True),
    sqlite_with_rowid=False,
)
"""What was noted once and is not noted again."""

ledger: Final = Table(
    "ledger",
    metadata,
    Column("lookup", LargeBinary, primary_key=True),
    Column("part", LargeBinary, nullable=False),
    Column("alias", LargeBinary),
    Column("line", LargeBinary, nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("due_at", BigInteger),
)
"""The lines of every part's ledger. `lookup`, `part` and `alias` are keyed digests; `line` is encrypted
and holds key, alias and value. Of several lines put with one alias, the last keeps it."""

_named = ledger.c.alias.is_not(None)
_coming = ledger.c.due_at.is_not(None)
Index("ledger_alias", ledger.c.alias, unique=True, sqlite_where=_named, postgresql_where=_named)
Index("ledger_due", ledger.c.part, ledger.c.due_at, sqlite_where=_coming, postgresql_where=_coming)
Index("ledger_until", ledger.c.until)
