"""The plugin host: finds plugins, asks each one alone what it offers, and names those that fail."""
