"""The store: SQLAlchemy's one home (`hub.ports.queue`, `hub.ports.records`). See docs/decisions/store.md."""
