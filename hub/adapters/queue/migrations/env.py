"""How Alembic runs our migrations: on the connection it is given, leaving logging alone."""

from __future__ import annotations

from alembic import context

context.configure(connection=context.config.attributes["connection"], transactional_ddl=False)
context.run_migrations()
