"""Whether certificates of mail have been revoked: CRLs (RFC 5280, 5 and 6.3) and OCSP (RFC 6960).

Lists come from files, folders and a certificate's distribution points, OCSP answers from where the
certificate says (authority information access). The network is asked by HTTP only, and only where the
configuration's allow-list says: a certificate can't make the hub call anybody else.

Not done: delta lists, indirect lists and lists of some reasons only (their answer is no answer), LDAP,
and responders that sign with RSASSA-PSS.

| to … | use |
| --- | --- |
| read the configuration | `settings` |
| ask | `checker.open_revocation`, `Revocation.check` |
"""
