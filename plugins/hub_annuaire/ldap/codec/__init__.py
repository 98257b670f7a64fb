"""Messages ↔ bytes (RFC 4511, 5.1), by `sansldap`, which nothing outside this package imports.

Of that library are used its reader and writer of BER, its decoder of messages and its filters. Its
sessions are not: they know neither abandon nor the operations that write, hold a truncated message for
one that is still coming, and take no limit of their own. A message is therefore cut out of the stream
by its outer length first, its nesting is measured without recursion, and only then is it decoded.
"""

from __future__ import annotations

from hub_annuaire.ldap.codec.decoding import MAX_DEPTH, WireError, answer, measure, request
from hub_annuaire.ldap.codec.encoding import encode_answer, encode_request
from hub_annuaire.ldap.codec.filtering import parse_filter

__all__ = [
    "MAX_DEPTH",
    "WireError",
    "answer",
    "encode_answer",
    "encode_request",
    "measure",
    "parse_filter",
    "request",
]
