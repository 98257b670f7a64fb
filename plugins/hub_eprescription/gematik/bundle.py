"""The KBV bundle as bytes: what is read before it is signed, and the one thing that the hub writes into it.

The service's number goes into `Bundle.identifier`; every other byte stays as the prescriber's software wrote
it, the date of prescribing (`authoredOn`) above all.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final
from xml.parsers import expat

from hub.errors import MalformedError, Words
from hub_eprescription.gematik import fhir
from hub_eprescription.gematik.fhir import NAMESPACE, Node

REQUESTS: Final = ("MedicationRequest", "DeviceRequest")
_BUNDLE: Final = "KBV_PR_ERP_Bundle", "KBV_PR_EVDGA_Bundle"
_DECLARED: Final = re.compile(rb"\s*<\?xml[^>]*?encoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"']")
_TAG: Final = re.compile(rb"<[^\s/>]+")
_ATTRIBUTE: Final = re.compile(rb"\s+([^\s=<>\"']+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_BEFORE: Final = frozenset({"id", "meta", "implicitRules", "language"})
"""What may stand before the identifier in a Bundle (FHIR R4)."""
_CHILD: Final = 2
_MARK: Final = b"\xef\xbb\xbf"


def read(content: bytes) -> Node:
    """Read a prescription's bundle. Raises MalformedError, LimitError."""
    if _encoding(content) != "utf-8":
        raise _malformed("it is not in UTF-8", "elle n'est pas en UTF-8")
    if not content.removeprefix(_MARK).lstrip()[:1] == b"<":
        raise _malformed(
            "it is not XML (application/fhir+xml), the only form in which it may be signed",
            "ce n'est pas du XML (application/fhir+xml), seule forme qui puisse être signée",
        )
    node = fhir.read(content, fhir.XML)
    profiles = [one.value or "" for one in node.all("meta", "profile")]
    if node.kind != "Bundle" or not any(name in one for one in profiles for name in _BUNDLE):
        raise _malformed(
            "it is not a bundle of the KBV's profile for electronic prescriptions (KBV_PR_ERP_Bundle)",
            "ce n'est pas un Bundle du profil KBV des ordonnances électroniques (KBV_PR_ERP_Bundle)",
        )
    if node.text("type") != "document" or _request(node) is None:
        raise _malformed(
            "its bundle is not a document with a prescription (MedicationRequest) in it",
            "son Bundle n'est pas un document contenant une prescription (MedicationRequest)",
        )
    return node


def resources(node: Node, kind: str) -> list[Node]:
    """Return a bundle's resources of one type."""
    return [one for one in node.all("entry", "resource") if one.kind == kind]


def number(node: Node) -> str | None:
    """Return the number that stands in a bundle."""
    if node.text("identifier", "system") != fhir.NUMBER:
        return None
    return node.text("identifier", "value") or None


def authored_on(node: Node) -> date:
    """Return the day of prescribing. Raises MalformedError."""
    request = _request(node)
    try:
        return date.fromisoformat(request.text("authoredOn") if request else "")
    except ValueError:
        raise _malformed(
            "its date of prescribing (authoredOn) is missing, or not a day such as 2026-03-03",
            "sa date de prescription (authoredOn) manque, ou n'est pas un jour tel que 2026-03-03",
        ) from None


def insured_privately(node: Node) -> bool:
    """Whether the prescription is for a privately insured patient."""
    return any(one.text("type", "coding", "code") == "PKV" for one in resources(node, "Coverage"))


def with_number(content: bytes, given: str) -> bytes:
    """Return the bytes with the number in `Bundle.identifier`. Raises MalformedError.

    One that stands there is replaced; when there is none, the element is put where FHIR wants it. What comes
    of it is read again: the number stands there once, and no reader finds another.
    """
    found = _find(content)
    if found.value is not None:
        start, end = found.value
        made = content[:start] + given.encode("ascii") + content[end:]
    elif found.identifier:
        raise _other_identifier()
    else:
        p, system = found.prefix, fhir.NUMBER
        element = f'<{p}identifier><{p}system value="{system}"/><{p}value value="{given}"/></{p}identifier>'
        made = content[: found.insert] + element.encode() + content[found.insert :]
    node = fhir.read(made, fhir.XML)
    said = [[one.value for one in node.all("identifier", part)] for part in ("system", "value")]
    if said != [[fhir.NUMBER], [given]] or len(list(node.all("identifier"))) != 1:
        raise _other_identifier()
    return made


def same(one: bytes, other: bytes) -> bool:
    """Whether two documents say the same: they differ in white space between elements at most."""
    return _essence(one) == _essence(other)


@dataclass(slots=True)
class _Found:
    prefix: str = ""
    identifier: bool = False
    system: bool = False
    value: tuple[int, int] | None = None
    insert: int = -1
    path: list[str] = field(default_factory=list)


def _find(content: bytes) -> _Found:
    found = _Found()
    parser = expat.ParserCreate(encoding="utf-8", namespace_separator=" ")

    def start(name: str, attributes: Mapping[str, str]) -> None:
        uri, _, local = name.rpartition(" ")
        path, at = found.path, parser.CurrentByteIndex
        path.append(local if uri == NAMESPACE else "")
        if len(path) == 1:
            raw = re.match(rb"<([^\s:/>]+:)?", content[at : at + 200])
            found.prefix = (raw[1] or b"").decode("ascii") if raw else ""
        elif path[1:] == ["identifier"]:
            found.identifier = True
        elif len(path) == _CHILD and found.insert < 0 and local not in _BEFORE:
            found.insert = at
        elif path[1:] == ["identifier", "system"]:
            found.system = attributes.get("value", "").strip() == fhir.NUMBER
        elif path[1:] == ["identifier", "value"] and found.system:
            found.value = _value(content, at)

    def end(_name: str) -> None:
        found.path.pop()

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    _parse(parser, content)
    return found


def _value(content: bytes, at: int) -> tuple[int, int] | None:
    """Return from where to where the value of the attribute `value` goes, of the start tag at `at`.

    Whole attributes are passed by one after the other: what looks like one inside another's value is none.
    """
    name = _TAG.match(content, at)
    place = at if name is None else name.end()
    while (found := _ATTRIBUTE.match(content, place)) is not None:
        if found[1] == b"value":
            return found.span(2 if found[2] is not None else 3)
        place = found.end()
    return None


def _essence(content: bytes) -> bytes:
    digest = hashlib.sha256()
    pending: list[str] = []
    parser = expat.ParserCreate(encoding="utf-8", namespace_separator=" ")

    def flush() -> None:
        text = " ".join("".join(pending).split())
        pending.clear()
        if text:
            digest.update(repr(("text", text)).encode("utf-8", "surrogatepass"))

    def start(name: str, attributes: Mapping[str, str]) -> None:
        flush()
        digest.update(repr(("start", name, sorted(attributes.items()))).encode("utf-8", "surrogatepass"))

    def end(_name: str) -> None:
        flush()
        digest.update(b"('end',)")

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = pending.append
    _parse(parser, content)
    return digest.digest()


def _parse(parser: Any, content: bytes) -> None:
    parser.StartDoctypeDeclHandler = _no_doctype
    try:
        parser.Parse(content, True)
    except (expat.ExpatError, UnicodeDecodeError):
        raise _malformed("it is not well-formed XML", "ce n'est pas du XML bien formé") from None


def _no_doctype(*_: object) -> None:
    raise _malformed("it has a document type", "il a un type de document (DOCTYPE)")


def _encoding(content: bytes) -> str:
    text = content.removeprefix(_MARK)
    # A declaration of any length: what stands at its end counts for other readers.
    declared = _DECLARED.match(text[: text.find(b">") + 1])
    return declared[1].decode("ascii").lower() if declared else "utf-8"


def _request(node: Node) -> Node | None:
    return next((one for kind in REQUESTS for one in resources(node, kind)), None)


def _other_identifier() -> MalformedError:
    return _malformed(
        "its Bundle.identifier is not one for a prescription's number, with system and value, each once; "
        "leave it out, and the hub puts it in",
        "son Bundle.identifier n'est pas celui d'un numéro d'ordonnance, avec system et value, chacun une "
        "fois ; omettez-le, et le hub le mettra",
    )


def _malformed(en: str, fr: str) -> MalformedError:
    return MalformedError(
        "prescription.malformed",
        Words(en=f"The prescription can't be taken: {en}.", fr=f"L'ordonnance ne peut être prise : {fr}."),
    )
