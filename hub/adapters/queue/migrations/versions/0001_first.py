"""The first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make every table."""
    op.create_table(
        "store",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("lookup_key", sa.LargeBinary, nullable=False),
        sa.Column("probed_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "stages",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("filed", sa.Boolean(create_constraint=False), nullable=False),
        sa.Column("data", sa.LargeBinary),
    )
    op.create_table(
        "envelopes",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("stage", sa.String(32), sa.ForeignKey("stages.id"), nullable=False),
        sa.Column("accepted_at", sa.BigInteger, nullable=False),
        sa.Column("record_key", sa.LargeBinary, nullable=False),
        sa.Column("stage_key", sa.LargeBinary),
        sa.Column("record", sa.LargeBinary, nullable=False),
    )
    _partial("envelopes_kept", "envelopes", ["accepted_at"], "stage_key IS NOT NULL")
    op.create_index("envelopes_stage", "envelopes", ["stage"])
    op.create_table(
        "submissions",
        sa.Column("lookup", sa.LargeBinary, primary_key=True),
        sa.Column("fingerprint", sa.LargeBinary, nullable=False),
        sa.Column("envelopes", sa.String, nullable=False),
        sa.Column("refused", sa.LargeBinary),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "deliveries",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("envelope", sa.String(36), sa.ForeignKey("envelopes.id"), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("operator", sa.String, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("due_at", sa.BigInteger),
        sa.Column("leased_until", sa.BigInteger),
        sa.Column("lease", sa.LargeBinary),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("finished_at", sa.BigInteger),
        sa.Column("code", sa.String),
        sa.Column("reason", sa.LargeBinary),
        sa.Column("receipt", sa.LargeBinary),
        sqlite_with_rowid=False,
    )
    op.create_index("deliveries_envelope", "deliveries", ["envelope", "operator"])
    _partial("deliveries_open", "deliveries", ["operator", "due_at", "id"], "finished_at IS NULL")
    _partial("deliveries_ending", "deliveries", ["expires_at"], "finished_at IS NULL")
    _partial("deliveries_due", "deliveries", ["due_at"], "due_at IS NOT NULL")
    _partial("deliveries_leased", "deliveries", ["leased_until"], "leased_until IS NOT NULL")
    _partial("deliveries_receipt", "deliveries", ["receipt"], "receipt IS NOT NULL")
    op.create_table(
        "steps",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("envelope", sa.String(36), sa.ForeignKey("envelopes.id"), nullable=False),
        sa.Column("delivery", sa.String(36)),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("event", sa.String, nullable=False),
        sa.Column("code", sa.String),
        sa.Column("detail", sa.LargeBinary),
    )
    op.create_index("steps_envelope", "steps", ["envelope"])
    op.create_table("notes", sa.Column("lookup", sa.LargeBinary, primary_key=True), sqlite_with_rowid=False)


def _partial(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
