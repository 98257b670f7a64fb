"""The hub's directory shown by LDAP, read-only, so that mail clients complete addresses from it.

`server` listens, `session` serves one connection, `searching` answers one search: `planning` turns its
filter into questions to the hub's directory, `matching` then holds what was found against the filter.
"""
