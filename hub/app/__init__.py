"""Settings, and the one place where the hub is put together."""
