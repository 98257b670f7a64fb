"""The public face for plugin authors."""
