"""The ledgers of parts: what they must remember across restarts, under a key of their own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the table, and a place for its key."""
    op.add_column("store", sa.Column("ledger_key", sa.LargeBinary))
    op.create_table(
        "ledger",
        sa.Column("lookup", sa.LargeBinary, primary_key=True),
        sa.Column("part", sa.LargeBinary, nullable=False),
        sa.Column("alias", sa.LargeBinary),
        sa.Column("line", sa.LargeBinary, nullable=False),
        sa.Column("until", sa.BigInteger, nullable=False),
        sa.Column("due_at", sa.BigInteger),
    )
    _partial("ledger_alias", ["alias"], "alias IS NOT NULL", unique=True)
    _partial("ledger_due", ["part", "due_at"], "due_at IS NOT NULL")
    op.create_index("ledger_until", "ledger", ["until"])


def _partial(name: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    condition = sa.text(where)
    op.create_index(
        name, "ledger", columns, unique=unique, sqlite_where=condition, postgresql_where=condition
    )
