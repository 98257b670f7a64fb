"""Doubles: what plays somebody else's service on this machine, for whoever tries a plugin or tests it.

`papers` makes it a certificate that nobody else trusts, `faults` says which faults it is to commit, and
`spoiling` commits those that any service may have. Nothing of it is for a hub that carries real messages.

`papers` and `spoiling` import heavy libraries, so import them where the double opens.
"""
