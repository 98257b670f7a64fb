"""Keys: the hub's seal and the check of anybody's."""
