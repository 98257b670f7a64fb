"""Operators with an HTTP API, each plugged in by a description (one TOML file), both ways."""
