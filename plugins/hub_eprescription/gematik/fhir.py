"""FHIR R4 as the service writes it, XML or JSON, read into one kind of tree; and what the hub sends.

Reading is safe: no document type, no entities, nothing fetched, limits on size, depth and nodes. What is
read is not validated against profiles: the service does that, and says what it finds.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

from hub.errors import LimitError, MalformedError, Words

XML: Final = "application/fhir+xml"
JSON: Final = "application/fhir+json"
NAMESPACE: Final = "http://hl7.org/fhir"
MAX_BYTES: Final = 4 << 20
MAX_DEPTH: Final = 100
MAX_NODES: Final = 200_000

_KIND: Final = re.compile(r"[A-Z][A-Za-z]{1,63}")
SYSTEMS: Final = "https://gematik.de/fhir/erp"
NUMBER: Final = f"{SYSTEMS}/NamingSystem/GEM_ERP_NS_PrescriptionId"
ACCESS_CODE: Final = f"{SYSTEMS}/NamingSystem/GEM_ERP_NS_AccessCode"
FLOW_TYPE: Final = f"{SYSTEMS}/CodeSystem/GEM_ERP_CS_FlowType"
EXPIRY: Final = f"{SYSTEMS}/StructureDefinition/GEM_ERP_EX_ExpiryDate"
ACCEPT: Final = f"{SYSTEMS}/StructureDefinition/GEM_ERP_EX_AcceptDate"
LAST_DISPENSE: Final = f"{SYSTEMS}/StructureDefinition/GEM_ERP_EX_LastMedicationDispense"


@dataclass(slots=True)
class Node:
    """One element. `kind` is the type of a resource, `value` that of a primitive; both may be empty."""

    kind: str = ""
    value: str | None = None
    children: dict[str, list[Node]] = field(default_factory=dict)

    def all(self, *path: str) -> Iterator[Node]:
        """Yield every node at the end of a path of names, in order."""
        if not path:
            yield self
            return
        for child in self.children.get(path[0], ()):
            yield from child.all(*path[1:])

    def one(self, *path: str) -> Node:
        """Return the first node at the end of a path; an empty one when there is none."""
        return next(self.all(*path), _NOTHING)

    def text(self, *path: str) -> str:
        """Return the first value at the end of a path, in one line; empty when there is none."""
        return next((found.value.strip() for found in self.all(*path) if found.value is not None), "")

    def extension(self, url: str) -> Node | None:
        """Return the extension of this URL."""
        return next((one for one in self.all("extension") if one.text("url") == url), None)

    def walk(self) -> Iterator[Node]:
        """Yield this node and every one below."""
        yield self
        for children in self.children.values():
            for child in children:
                yield from child.walk()


_NOTHING: Final = Node()


def read(body: bytes, media_type: str) -> Node:
    """Read a resource. Raises MalformedError and LimitError."""
    if len(body) > MAX_BYTES:
        raise _too_much()
    if "json" in media_type:
        return _from_json(body)
    return _from_xml(body)


def create(workflow: str) -> bytes:
    """Return the body of `$create`."""
    return (
        f'<Parameters xmlns="{NAMESPACE}"><parameter><name value="workflowType"/><valueCoding>'
        f'<system value="{FLOW_TYPE}"/><code value={quoteattr(workflow)}/>'
        "</valueCoding></parameter></Parameters>"
    ).encode()


def activate(signed: bytes) -> bytes:
    """Return the body of `$activate`: the same for the same signed bytes."""
    data = base64.b64encode(signed).decode("ascii")
    return (
        f'<Parameters xmlns="{NAMESPACE}"><parameter><name value="ePrescription"/><resource>'
        f'<Binary><contentType value="application/pkcs7-mime"/><data value="{data}"/></Binary>'
        "</resource></parameter></Parameters>"
    ).encode()


def subscribe(criteria: str) -> bytes:
    """Return a Subscription whose channel is a WebSocket."""
    return (
        f'<Subscription xmlns="{NAMESPACE}"><status value="requested"/><reason value="notifications"/>'
        f'<criteria value={quoteattr(criteria)}/><channel><type value="websocket"/></channel></Subscription>'
    ).encode()


class _Builder:
    """Builds the tree out of a parser's events (namespaces are written `uri name`)."""

    def __init__(self) -> None:
        self.root: Node | None = None
        self._open: list[Node] = []
        self._holders: list[bool] = []
        self._count = 0

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        uri, _, local = name.rpartition(" ")
        self._count += 1
        if len(self._open) >= MAX_DEPTH or self._count > MAX_NODES:
            raise _too_much()
        if uri != NAMESPACE:
            # The narrative (XHTML) is for people; nothing is read from it.
            node = Node()
        elif self.root is None:
            node = self.root = Node(kind=local)
        elif self._holders and self._holders[-1]:
            node = self._open[-1]
            node.kind = local
        else:
            node = Node(value=attributes.get("value"))
            self._open[-1].children.setdefault(local, []).append(node)
            if "url" in attributes:
                node.children["url"] = [Node(value=attributes["url"])]
        if self.root is None:
            raise _malformed("it is no FHIR resource", "ce n'est pas une ressource FHIR")
        self._holders.append(uri == NAMESPACE and local in {"resource", "contained"} and node.kind == "")
        self._open.append(node)

    def end(self, _name: str) -> None:
        self._open.pop()
        self._holders.pop()


def _from_xml(body: bytes) -> Node:
    builder = _Builder()
    parser = expat.ParserCreate(encoding="utf-8", namespace_separator=" ")
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.StartDoctypeDeclHandler = _no_doctype
    try:
        parser.Parse(body, True)
    except (expat.ExpatError, UnicodeDecodeError, LookupError):
        raise _malformed("it is not well-formed XML", "ce n'est pas du XML bien formé") from None
    return builder.root or Node()


def _from_json(body: bytes) -> Node:
    try:
        held = json.loads(body.decode("utf-8"), parse_float=str, parse_int=str)
    except (ValueError, RecursionError):
        raise _malformed("it is not JSON", "ce n'est pas du JSON") from None
    if not isinstance(held, dict) or not _KIND.fullmatch(str(held.get("resourceType"))):
        raise _malformed("it is no FHIR resource", "ce n'est pas une ressource FHIR")
    return _json_node(held, _Counter(), 0)


class _Counter:
    def __init__(self) -> None:
        self.count = 0


def _json_node(held: Any, counter: _Counter, depth: int) -> Node:
    counter.count += 1
    if depth >= MAX_DEPTH or counter.count > MAX_NODES:
        raise _too_much()
    if not isinstance(held, dict):
        return Node(value=None if held is None else _primitive(held))
    node = Node(kind=str(held.get("resourceType", "")))
    for name, value in held.items():
        if name == "resourceType" or name.startswith("_"):
            continue
        values = value if isinstance(value, list) else [value]
        node.children[name] = [_json_node(one, counter, depth + 1) for one in values]
    for name, value in held.items():
        # Extensions of primitives stand beside them, under their name and an underscore.
        if name.startswith("_"):
            values = value if isinstance(value, list) else [value]
            beside = node.children.setdefault(name[1:], [])
            beside += [Node() for _ in range(len(values) - len(beside))]
            for place, one in zip(beside, values, strict=False):
                if isinstance(one, dict):
                    place.children.update(_json_node(one, counter, depth + 1).children)
    return node


def _primitive(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    # A lone surrogate can be written in JSON, and in no encoding.
    return str(value).encode("utf-8", "replace").decode("utf-8")


def _no_doctype(*_: object) -> None:
    raise _malformed("it has a document type", "il a un type de document (DOCTYPE)")


def _malformed(en: str, fr: str) -> MalformedError:
    return MalformedError(
        "prescription.malformed",
        Words(
            en=f"The prescription can't be read: {en}.",
            fr=f"L'ordonnance ne peut être lue : {fr}.",
        ),
    )


def _too_much() -> LimitError:
    return LimitError(
        "prescription.too_large",
        Words(
            en="The prescription is too large, too deep or too long to be read.",
            fr="L'ordonnance est trop grande, trop profonde ou trop longue pour être lue.",
        ),
    )
