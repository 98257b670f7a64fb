"""FHIR R4 in XML and in JSON, read into the same mappings (FHIR R4, 2.6.1 and 2.6.2).

By code of its own, on purpose: a mistake in the connector's reading must not be made here again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, Self

from hub_eprescription.simulator import shapes
from hub_eprescription.simulator.elements import (
    NUMBERS,
    QUANTITIES,
    REPEATED,
    REPEATED_IN,
    REPEATED_WITHIN,
    TRUTHS,
)
from hub_eprescription.simulator.shapes import ShapeError

if TYPE_CHECKING:
    from lxml.etree import _Element

Resource = dict[str, Any]

NAMESPACE: Final = "http://hl7.org/fhir"
_DEFAULT: Final[Any] = {None: NAMESPACE}
_XHTML: Final = "{http://www.w3.org/1999/xhtml}div"
_HOLDERS: Final = frozenset({"resource", "contained", "outcome"})
"""Elements that hold a whole resource."""
_DEEPEST: Final = 64
_EXTENSIONS: Final = ("extension", "modifierExtension")
"""Elements whose `url` is an attribute."""


class Form(StrEnum):
    """How a resource is written."""

    XML = "application/fhir+xml"
    JSON = "application/fhir+json"

    @classmethod
    def of(cls, media_type: str) -> Form | None:
        """Return the form that a media type asks for; None for one that is neither."""
        kind = media_type.partition(";")[0].strip().lower()
        if kind in {"application/fhir+xml", "application/xml", "text/xml", "xml"}:
            return cls.XML
        if kind in {"application/fhir+json", "application/json", "json"}:
            return cls.JSON
        return None


class Exact(float):
    """A decimal number that is written in XML as it was read: `25.40` is not `25.4` (FHIR R4, decimal)."""

    __slots__ = ("text",)
    text: str

    def __new__(cls, text: str) -> Self:
        """Read a number. Raises ValueError."""
        made = super().__new__(cls, text)
        made.text = text
        return made

    def __str__(self) -> str:
        return self.text


class FhirError(ValueError):
    """It is no FHIR resource. The text names the fault, never what was sent."""


def read(content: bytes, form: Form) -> Resource:
    """Read a resource. Raises FhirError."""
    read = _read_json(content) if form is Form.JSON else _read_xml(content)
    try:
        shapes.check(read)
    except (ShapeError, RecursionError) as error:
        raise FhirError(str(error) or "this is nested too deep") from error
    return read


def write(resource: Mapping[str, Any], form: Form) -> bytes:
    """Write a resource in UTF-8."""
    if form is Form.JSON:
        return json.dumps(resource, ensure_ascii=False, separators=(",", ":")).encode()
    from lxml import etree  # noqa: PLC0415 - heavy

    return bytes(etree.tostring(_resource_to_xml(resource), encoding="utf-8"))


def entries(bundle: Mapping[str, Any], kind: str) -> list[Resource]:
    """Return a bundle's resources of one type, in order."""
    found = []
    for entry in _list(bundle.get("entry")):
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if isinstance(resource, dict) and resource.get("resourceType") == kind:
            found.append(resource)
    return found


def pick(tree: Any, *steps: str | int) -> Any:
    """Return what stands at a path; None where there is nothing. A list's first is taken by a name."""
    for step in steps:
        if isinstance(step, int):
            tree = tree[step] if isinstance(tree, list) and len(tree) > step else None
            continue
        if isinstance(tree, list):
            tree = tree[0] if tree else None
        tree = tree.get(step) if isinstance(tree, dict) else None
    return tree


def text(tree: Any, *steps: str | int) -> str:
    """Return the text at a path; empty where there is none."""
    found = pick(tree, *steps)
    return found if isinstance(found, str) else ""


def extensions(element: Any, url: str) -> list[Resource]:
    """Return an element's extensions with a URL, or with one that ends in `/` and this."""
    held = element.get("extension") if isinstance(element, dict) else None
    return [
        one
        for one in _list(held)
        if isinstance(one, dict) and (one.get("url") == url or str(one.get("url")).endswith(f"/{url}"))
    ]


def identified(identifiers: Any, system: str) -> str | None:
    """Return the value of the first identifier of a system."""
    for one in _list(identifiers):
        if isinstance(one, dict) and one.get("system") == system and isinstance(one.get("value"), str):
            return str(one["value"])
    return None


def _list(held: Any) -> list[Any]:
    return held if isinstance(held, list) else [] if held is None else [held]


def _read_json(content: bytes) -> Resource:
    try:
        held = json.loads(content, parse_float=Exact)
    except (ValueError, RecursionError) as error:
        raise FhirError("this is no JSON") from error
    if not isinstance(held, dict) or not isinstance(held.get("resourceType"), str):
        raise FhirError("this JSON holds no resource")
    return held


def _read_xml(content: bytes) -> Resource:
    from lxml import etree  # noqa: PLC0415 - heavy

    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise FhirError("this is no XML") from error
    if root is None or root.getroottree().docinfo.internalDTD is not None:
        raise FhirError("a document type has no place in FHIR")
    return _resource_from_xml(root, 0)


def _resource_from_xml(element: _Element, depth: int) -> Resource:
    name = _name(element)
    return {"resourceType": name, **_members(element, name, None, depth)}


def _members(element: _Element, kind: str, within: str | None, depth: int) -> Resource:
    """Return an element's children. `kind` is the resource's type, `within` the element's own name."""
    if depth > _DEEPEST:
        raise FhirError("this is nested too deep")
    found: Resource = {}
    for child in element:
        name = _name(child)
        repeats = name in REPEATED or name in (
            REPEATED_IN.get(kind, ()) if within is None else REPEATED_WITHIN.get(within, ())
        )
        beside: Any = None
        if name == "div":
            value: Any = _narrative(child)
        elif name in _HOLDERS and len(child) == 1 and _name(child[0])[:1].isupper():
            value = _resource_from_xml(child[0], depth + 1)
        elif "value" in child.attrib:
            value = _typed(str(child.get("value")), name, within)
            beside = _members(child, kind, name, depth + 1) if len(child) else None
        else:
            value = _attributes(child) | _members(child, kind, name, depth + 1)
        if repeats:
            found.setdefault(name, []).append(value)
        elif name in found:
            # more of it than FHIR R4 knows: keep everything
            held = found[name]
            found[name] = [*held, value] if isinstance(held, list) else [held, value]
        else:
            found[name] = value
        if beside:
            _set_beside(found, f"_{name}", beside, len(_list(found[name])), repeats=repeats)
    return found


def _set_beside(found: Resource, name: str, beside: Resource, place: int, *, repeats: bool) -> None:
    if not repeats:
        found[name] = beside
        return
    held = found.setdefault(name, [])
    held.extend([None] * (place - 1 - len(held)))
    held.append(beside)


def _attributes(element: _Element) -> Resource:
    return {name: str(element.get(name)) for name in ("id", "url") if element.get(name) is not None}


def _typed(value: str, name: str, within: str | None) -> Any:
    if name in TRUTHS:
        return value == "true"
    if name in NUMBERS or (name == "value" and within is not None and _is_quantity(within)):
        try:
            return int(value) if value.lstrip("+-").isdigit() else Exact(value)
        except ValueError:
            return value
    return value


def _is_quantity(name: str) -> bool:
    return name in QUANTITIES or name.endswith("Quantity")


def _narrative(element: _Element) -> str:
    from lxml import etree  # noqa: PLC0415 - heavy

    return str(etree.tostring(element, encoding="unicode", with_tail=False))


def _name(element: _Element) -> str:
    namespace, _, name = str(element.tag).rpartition("}")
    if str(element.tag) == _XHTML:
        return "div"
    if namespace != f"{{{NAMESPACE}":
        raise FhirError("an element is not in FHIR's namespace")
    return name


def _resource_to_xml(resource: Mapping[str, Any]) -> _Element:
    from lxml import etree  # noqa: PLC0415 - heavy

    root = etree.Element(f"{{{NAMESPACE}}}{resource['resourceType']}", nsmap=_DEFAULT)
    _fill(root, {name: one for name, one in resource.items() if name != "resourceType"}, top=True)
    return root


def _fill(element: _Element, members: Mapping[str, Any], *, top: bool = False) -> None:
    for name, held in members.items():
        if name.startswith("_") and name[1:] in members:
            continue
        attribute = (name == "id" and not top) or (name == "url" and _name(element) in _EXTENSIONS)
        if attribute and isinstance(held, str):
            element.set(name, held)
            continue
        besides = _list(members.get(f"_{name}"))
        for place, value in enumerate(_list(held)):
            beside = besides[place] if place < len(besides) else None
            for child in _children(name, value, beside):
                element.append(child)


def _children(name: str, value: Any, beside: Any) -> Iterator[_Element]:
    from lxml import etree  # noqa: PLC0415 - heavy

    if name == "div" and isinstance(value, str):
        with suppress(etree.XMLSyntaxError):  # a narrative that is no XHTML says nothing
            yield etree.fromstring(value, etree.XMLParser(resolve_entities=False, no_network=True))
        return
    child = etree.Element(f"{{{NAMESPACE}}}{name.removeprefix('_')}")
    if isinstance(value, dict) and "resourceType" in value:
        child.append(_resource_to_xml(value))
    elif isinstance(value, dict):
        _fill(child, value)
    elif value is not None:
        child.set("value", str(value).lower() if isinstance(value, bool) else str(value))
    if isinstance(beside, dict):
        _fill(child, beside)
    yield child
