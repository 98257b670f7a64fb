"""Bytes → messages. Everything that is no message of LDAP is one error."""

from __future__ import annotations

from typing import Final

import sansldap
from sansldap import asn1

from hub_annuaire.ldap.codec.filtering import from_library
from hub_annuaire.ldap.messages import (
    Abandon,
    Answer,
    Bind,
    Change,
    Extended,
    Found,
    Op,
    Page,
    Reference,
    Request,
    Result,
    Scope,
    Search,
    Unbind,
)

MAX_DEPTH: Final = 64
"""Levels of nesting. A filter takes one for each of its own; everything else far fewer."""
MAX_ELEMENTS: Final = 50_000
"""Elements of one message: entries with many values are the largest."""
_MAX_HEADER: Final = 10
"""Bytes of tag and length of a message that fits into memory."""
_MAX_ID: Final = 2**31 - 1
_MANAGE_DSA_IT: Final = "2.16.840.1.113730.3.4.2"
"""Asks to see referrals as entries (RFC 3296): there are none, so it is always granted."""
_FAULTS: Final = (
    ValueError,
    ArithmeticError,
    LookupError,
    NotImplementedError,
    RecursionError,
    TypeError,
    asn1.NotEnougData,
    sansldap.LDAPError,
)
_APPLICATION: Final = asn1.TagClass.APPLICATION
_CHANGES: Final = frozenset({Op.MODIFY, Op.ADD, Op.DELETE, Op.RENAME, Op.COMPARE})


class WireError(Exception):
    """The bytes are no message of LDAP, or pass a limit: the connection can't go on."""


def measure(head: bytes, limit: int) -> int | None:
    """Return how many bytes the message takes that begins with `head`; None: not to be told yet.

    Raises WireError when it is none, or longer than `limit`.
    """
    try:
        header = asn1.ASN1Reader(head[:_MAX_HEADER]).peek_header()
    except asn1.NotEnougData:
        if len(head) >= _MAX_HEADER:
            raise WireError("length") from None
        return None
    except ValueError as error:
        raise WireError("header") from error
    if header.tag != asn1.ASN1Tag.universal_tag(asn1.TypeTagNumber.SEQUENCE, is_constructed=True):
        raise WireError("tag")
    if header.tag_length + header.length > limit:
        raise WireError("size")
    return header.tag_length + header.length


def request(data: bytes) -> Request:
    """Decode what a client sent. Raises WireError."""
    try:
        return _request(data)
    except _FAULTS as error:
        raise WireError("request") from error


def answer(data: bytes) -> Answer | None:
    """Decode what a server sent; None for an intermediate answer. Raises WireError."""
    try:
        return _answer(data)
    except _FAULTS as error:
        raise WireError("answer") from error


def _check(data: bytes) -> None:
    """Measure nesting, and see that every length fits where it stands."""
    readers = [asn1.ASN1Reader(data)]
    elements = 0
    while readers:
        reader = readers[-1]
        if not reader:
            readers.pop()
            continue
        header = reader.peek_header()
        elements += 1
        if elements > MAX_ELEMENTS or len(readers) > MAX_DEPTH:
            raise WireError("nesting")
        if header.tag.is_constructed:
            readers.append(reader.read_sequence(tag=header.tag, header=header))
        else:
            reader.read_octet_string(tag=header.tag, header=header)


def _opened(data: bytes) -> tuple[int, asn1.ASN1Reader, asn1.ASN1Header]:
    _check(data)
    message = asn1.ASN1Reader(data).read_sequence()
    number = message.read_integer()
    header = message.peek_header()
    if not 0 <= number <= _MAX_ID or header.tag.tag_class != _APPLICATION:
        raise WireError("envelope")
    return number, message, header


def _decoded(data: bytes) -> sansldap.LDAPMessage:
    try:
        (message,) = sansldap.LDAPSession().receive(data)
    except sansldap.ProtocolError as error:
        # that of a farewell carries the message; all others are faults
        if error.request is None:
            raise
        return error.request
    return message


def _request(data: bytes) -> Request:
    number, message, header = _opened(data)
    if not number:
        raise WireError("id")
    op = header.tag.tag_number
    if op == Op.ABANDON:
        target = message.read_integer(tag=asn1.ASN1Tag(_APPLICATION, Op.ABANDON, False))
        return Request(id=number, what=Abandon(target=target))
    if op == Op.UNBIND:
        return Request(id=number, what=Unbind())
    if op in _CHANGES:
        return Request(id=number, what=Change(op=Op(op)))
    decoded = _decoded(data)
    page: Page | None = None
    unknown = False
    for control in decoded.controls:
        if isinstance(control, sansldap.PagedResultControl) and isinstance(decoded, sansldap.SearchRequest):
            page = Page(size=control.size, cookie=control.cookie)
        elif control.critical and control.control_type != _MANAGE_DSA_IT:
            unknown = True
    return Request(id=number, what=_asked(decoded, page), unknown=unknown)


def _asked(decoded: sansldap.LDAPMessage, page: Page | None) -> Bind | Search | Extended:
    if isinstance(decoded, sansldap.SearchRequest):
        if decoded.size_limit < 0 or decoded.time_limit < 0:
            raise WireError("limit")
        return Search(
            base=decoded.base_object,
            scope=Scope(decoded.scope),
            filter=from_library(decoded.filter),
            attributes=tuple(decoded.attributes),
            size=decoded.size_limit,
            seconds=decoded.time_limit,
            types_only=decoded.types_only,
            page=page,
        )
    if isinstance(decoded, sansldap.ExtendedRequest):
        return Extended(name=decoded.name)
    if isinstance(decoded, sansldap.BindRequest):
        credential = decoded.authentication
        if isinstance(credential, sansldap.SimpleCredential):
            return Bind(name=decoded.name, password=credential.password, version=decoded.version)
        if isinstance(credential, sansldap.SaslCredential):
            return Bind(name=decoded.name, mechanism=credential.mechanism, version=decoded.version)
    raise WireError("operation")


def _answer(data: bytes) -> Answer | None:
    number, _, header = _opened(data)
    op = header.tag.tag_number
    if op == Op.INTERMEDIATE:
        return None
    decoded = _decoded(data)
    if isinstance(decoded, sansldap.SearchResultEntry):
        attributes = tuple((one.name, tuple(one.values)) for one in decoded.attributes)
        return Answer(id=number, op=Op.ENTRY, what=Found(dn=decoded.object_name, attributes=attributes))
    if isinstance(decoded, sansldap.SearchResultReference):
        return Answer(id=number, op=Op.REFERENCE, what=Reference())
    if isinstance(decoded, sansldap.BindResponse | sansldap.SearchResultDone | sansldap.ExtendedResponse):
        pages = [one for one in decoded.controls if isinstance(one, sansldap.PagedResultControl)]
        result = Result(
            code=int(decoded.result.result_code),
            text=decoded.result.diagnostics_message,
            matched=decoded.result.matched_dn,
            page=Page(size=pages[0].size, cookie=pages[0].cookie) if pages else None,
        )
        return Answer(id=number, op=Op(op), what=result)
    raise WireError("operation")
