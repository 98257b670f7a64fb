"""A list in XML, namespace `urn:caducee:trust-list:1`: the verified element → a draft of a list.

The schema is shipped beside this file (`schema/trust-list-1.xsd`) and is what is checked. Another
schema is another module with a `read` like the one here.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

from lxml import etree

from hub_trust.content import Draft, DraftDomain, DraftOperator
from hub_trust.faults import Place

NAMESPACE: Final = "urn:caducee:trust-list:1"
ROOT: Final = f"{{{NAMESPACE}}}trustList"
SCHEMA: Final = Path(__file__).with_name("schema") / "trust-list-1.xsd"
_MAX_TOLD: Final = 300

LineOf = Callable[[etree._Element], int | None]  # noqa: SLF001 - lxml has no other name for the type


def read(root: etree._Element, line_of: LineOf, place: Place) -> Draft:
    """Read a list. `line_of` gives the line of an element. Raises MalformedError."""
    _validate(root, line_of, place)
    return Draft(
        name=_text(root, "list"),
        sequence=int(_text(root, "sequence")),
        issued=_moment(root, "issued", line_of, place),
        next_update=_moment(root, "nextUpdate", line_of, place),
        operators=tuple(
            DraftOperator(
                name=_text(one, "name"),
                line=line_of(one),
                admitted=_moment(one, "admitted", line_of, place),
                withdrawn=_optional(one, "withdrawn", line_of, place),
                pins=tuple((pin.text or "", line_of(pin)) for pin in one.iterchildren(f"{{{NAMESPACE}}}pin")),
                domains=tuple(
                    DraftDomain(
                        text=_text(domain, "name"),
                        line=line_of(domain),
                        admitted=_optional(domain, "admitted", line_of, place),
                        withdrawn=_optional(domain, "withdrawn", line_of, place),
                    )
                    for domain in one.iterchildren(f"{{{NAMESPACE}}}domain")
                ),
            )
            for one in root.iterchildren(f"{{{NAMESPACE}}}operator")
        ),
    )


@cache
def _schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(SCHEMA, etree.XMLParser(no_network=True, resolve_entities=False)))


def _validate(root: etree._Element, line_of: LineOf, place: Place) -> None:
    if root.tag != ROOT:
        raise place.at(line_of(root)).malformed(
            "root",
            f"this is not a trust list: its root is not trustList of {NAMESPACE}",
            f"ce n'est pas une liste de confiance : sa racine n'est pas trustList de {NAMESPACE}",
        )
    for element in root.iter():
        # A schema lets `xsi:` pass on any element, and follows where its locations lead.
        if any(str(name).startswith("{") for name in element.attrib):
            raise place.at(line_of(element)).malformed(
                "schema",
                "an attribute with a prefix does not belong into a list",
                "un attribut avec préfixe n'a pas sa place dans une liste",
            )
    schema = _schema()
    if schema.validate(root):
        return
    faults: Any = schema.error_log
    fault = faults[0]
    found: Any = root.getroottree().xpath(fault.path) if fault.path else None
    line = line_of(found[0]) if isinstance(found, list) and found else None
    told = fault.message.replace(f"{{{NAMESPACE}}}", "").rstrip(".")[:_MAX_TOLD]
    raise place.at(line).malformed(
        "schema",
        f"not as {SCHEMA.name} wants it: {told}",
        f"non conforme à {SCHEMA.name} : {told}",
    )


def _text(element: etree._Element, name: str) -> str:
    return str(element.attrib[name])


def _moment(element: etree._Element, name: str, line_of: LineOf, place: Place) -> datetime:
    try:
        return datetime.fromisoformat(_text(element, name))
    except ValueError as error:
        raise place.at(line_of(element)).malformed(
            "moment",
            f"{name} is no moment that exists, such as 2026-03-03T12:00:00Z",
            f"{name} n'est pas un instant qui existe, tel que 2026-03-03T12:00:00Z",
        ) from error


def _optional(element: etree._Element, name: str, line_of: LineOf, place: Place) -> datetime | None:
    return _moment(element, name, line_of, place) if name in element.attrib else None
