"""The `hub` command: one file per command."""
