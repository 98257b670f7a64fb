"""The submission API: HTTP in, the hub's own intake behind it."""
