"""Messages → bytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import sansldap
from sansldap import asn1

from hub_annuaire.ldap.codec.filtering import to_library
from hub_annuaire.ldap.messages import (
    Abandon,
    Answer,
    Bind,
    Change,
    Extended,
    Found,
    Op,
    Page,
    Request,
    Result,
    Search,
    Unbind,
)

_APPLICATION: Final = asn1.TagClass.APPLICATION
_CONTEXT: Final = asn1.TagClass.CONTEXT_SPECIFIC


def encode_request(given: Request) -> bytes:
    """Encode what a client sends."""
    what = given.what
    controls: list[sansldap.LDAPControl] = []
    writer = asn1.ASN1Writer()
    with writer.push_sequence() as message:
        message.write_integer(given.id)
        if isinstance(what, Abandon):
            message.write_integer(what.target, tag=asn1.ASN1Tag(_APPLICATION, Op.ABANDON, False))
        elif isinstance(what, Unbind):
            message.write_octet_string(b"", tag=asn1.ASN1Tag(_APPLICATION, Op.UNBIND, False))
        elif isinstance(what, Change):
            raise TypeError("the hub only reads")
        else:
            op = {Bind: Op.BIND, Search: Op.SEARCH, Extended: Op.EXTENDED}[type(what)]
            with message.push_sequence(asn1.ASN1Tag(_APPLICATION, op, True)) as body:
                if isinstance(what, Bind):
                    _write_bind(body, what)
                elif isinstance(what, Search):
                    _write_search(body, what)
                    controls = _paging(what.page)
                else:
                    body.write_octet_string(what.name.encode(), tag=asn1.ASN1Tag(_CONTEXT, 0, False))
        _write_controls(message, controls)
    return bytes(writer.get_data())


def encode_answer(given: Answer, *, name: str | None = None) -> bytes:
    """Encode what a server sends; `name` is the OID of an extended answer."""
    what = given.what
    writer = asn1.ASN1Writer()
    with writer.push_sequence() as message:
        message.write_integer(given.id)
        with message.push_sequence(asn1.ASN1Tag(_APPLICATION, given.op, True)) as body:
            if isinstance(what, Result):
                body.write_enumerated(what.code)
                body.write_octet_string(what.matched.encode())
                body.write_octet_string(what.text.encode())
                if name is not None:
                    body.write_octet_string(name.encode(), tag=asn1.ASN1Tag(_CONTEXT, 10, False))
            elif isinstance(what, Found):
                _write_found(body, what)
        if isinstance(what, Result):
            _write_controls(message, _paging(what.page))
    return bytes(writer.get_data())


def _write_bind(body: asn1.ASN1Writer, given: Bind) -> None:
    body.write_integer(given.version)
    body.write_octet_string(given.name.encode())
    options = sansldap.AuthenticationOptions()
    if given.mechanism is None:
        sansldap.SimpleCredential(password=given.password).pack(body, options)
    else:
        sansldap.SaslCredential(mechanism=given.mechanism, credentials=b"").pack(body, options)


def _write_search(body: asn1.ASN1Writer, given: Search) -> None:
    body.write_octet_string(given.base.encode())
    body.write_enumerated(given.scope)
    body.write_enumerated(sansldap.DereferencingPolicy.NEVER)
    body.write_integer(given.size)
    body.write_integer(given.seconds)
    body.write_boolean(given.types_only)
    to_library(given.filter).pack(body, sansldap.FilterOptions())
    with body.push_sequence() as wanted:
        for one in given.attributes:
            wanted.write_octet_string(one.encode())


def _write_found(body: asn1.ASN1Writer, found: Found) -> None:
    body.write_octet_string(found.dn.encode())
    with body.push_sequence() as attributes:
        for name, values in found.attributes:
            with attributes.push_sequence() as attribute:
                attribute.write_octet_string(name.encode())
                with attribute.push_set_of() as held:
                    for value in values:
                        held.write_octet_string(value)


def _paging(page: Page | None) -> list[sansldap.LDAPControl]:
    if page is None:
        return []
    return [sansldap.PagedResultControl(critical=False, size=page.size, cookie=page.cookie)]


def _write_controls(message: asn1.ASN1Writer, controls: Sequence[sansldap.LDAPControl]) -> None:
    if controls:
        with message.push_sequence(asn1.ASN1Tag(_CONTEXT, 0, True)) as held:
            for control in controls:
                control.pack(held, sansldap.ControlOptions())
