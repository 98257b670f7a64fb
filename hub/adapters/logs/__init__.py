"""The log: structlog on standard error, with allow-listed keys only."""
