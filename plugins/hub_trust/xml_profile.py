"""The one profile of signature that lists have, element by element, and what differs from it.

Compared is everything: elements, their order and number, attributes, text. Algorithms and certificates
that pass are used by `xml_signature`.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from lxml import etree

from hub_trust.faults import Place

DS: Final = "http://www.w3.org/2000/09/xmldsig#"
_EXCLUSIVE: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"
_ENVELOPED: Final = f"{DS}enveloped-signature"
_SHA256: Final = "http://www.w3.org/2001/04/xmlenc#sha256"
_METHODS: Final = {
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
}
_BASE64: Final = re.compile(r"[A-Za-z0-9+/=\s]+")


def compare(signature: etree._Element, place: Place) -> None:
    """Refuse a signature that differs from the profile in anything. Raises TrustError."""
    _compare(signature, _SIGNATURE, place)


def line_of(element: etree._Element) -> int | None:
    """Return the line on which an element's tag ends."""
    line: object = element.sourceline
    return line if isinstance(line, int) else None


@dataclass(frozen=True, slots=True)
class _Shape:
    """An element of the profile: its attributes, its children, or (`text`) base64."""

    name: str
    attributes: tuple[tuple[str, frozenset[str]], ...] = ()
    children: tuple[_Shape, ...] = ()
    text: bool = False
    many: bool = False


def _algorithm(name: str, *allowed: str) -> _Shape:
    return _Shape(name, (("Algorithm", frozenset(allowed)),))


_SIGNATURE: Final = _Shape(
    "Signature",
    children=(
        _Shape(
            "SignedInfo",
            children=(
                _algorithm("CanonicalizationMethod", _EXCLUSIVE),
                _algorithm("SignatureMethod", *_METHODS),
                _Shape(
                    "Reference",
                    (("URI", frozenset({""})),),
                    (
                        _Shape(
                            "Transforms",
                            children=(
                                _algorithm("Transform", _ENVELOPED),
                                _algorithm("Transform", _EXCLUSIVE),
                            ),
                        ),
                        _algorithm("DigestMethod", _SHA256),
                        _Shape("DigestValue", text=True),
                    ),
                ),
            ),
        ),
        _Shape("SignatureValue", text=True),
        _Shape(
            "KeyInfo",
            children=(_Shape("X509Data", children=(_Shape("X509Certificate", text=True, many=True),)),),
        ),
    ),
)


def _compare(element: etree._Element, shape: _Shape, place: Place) -> None:
    here = place.at(line_of(element))
    attributes = {str(name): str(value) for name, value in element.items()}
    for name, allowed in shape.attributes:
        value = attributes.pop(name, None)
        if value not in allowed:
            raise _off_profile(here, f"{shape.name}/@{name}", sorted(allowed))
    if attributes:
        raise _off_profile(here, f"{shape.name}/@{min(attributes)}", [])
    if shape.text:
        if len(element) or not _is_base64(element.text or ""):
            raise _off_profile(here, shape.name, ["base64"])
        return
    if "".join([element.text or "", *(one.tail or "" for one in element)]).strip():
        raise _off_profile(here, shape.name, ["–"])
    pairs = list(_pair(element, shape))
    for child, expected in pairs:
        if child is None or expected is None or child.tag != f"{{{DS}}}{expected.name}":
            wanted = [one.name for one in shape.children]
            raise _off_profile(here if child is None else place.at(line_of(child)), shape.name, wanted)
        _compare(child, expected, place)


def _pair(element: etree._Element, shape: _Shape) -> Iterator[tuple[etree._Element | None, _Shape | None]]:
    """Put each child beside what is expected there; None on either side stands for what lacks."""
    count = max(len(element), len(shape.children))
    for number in range(count):
        last = shape.children[-1] if shape.children and shape.children[-1].many else None
        expected = shape.children[number] if number < len(shape.children) else last
        yield (element[number] if number < len(element) else None), expected


def _is_base64(text: str) -> bool:
    compact = "".join(text.split())
    if not compact or not _BASE64.fullmatch(text):
        return False
    try:
        return base64.b64encode(base64.b64decode(compact, validate=True)).decode() == compact
    except ValueError:
        return False


def _off_profile(place: Place, where: str, wanted: list[str]) -> Exception:
    en = f"expected: {', '.join(wanted)}" if wanted else "it must not be there"
    fr = f"attendu : {', '.join(wanted)}" if wanted else "absent attendu"
    return place.untrusted(
        "signature_form",
        f"the signature is not of the profile that lists are signed with, at {where} ({en})",
        f"la signature n'est pas du profil des listes, à {where} ({fr})",
    )
