"""The code systems in which French prescriptions name medicines and devices; any other is refused."""

from __future__ import annotations

from typing import Final

from hub.errors import Words
from hub_eprescription.cda import faults, markup
from hub_eprescription.cda.markup import Element

SYSTEMS: Final = {
    "1.2.250.1.213.2.3.1": "CIS",
    "1.2.250.1.213.2.3.2": "CIP",
    "1.2.250.1.213.2.61": "UCD",
    "1.2.250.1.213.2.59": "MV",
    "2.16.840.1.113883.6.73": "ATC",
    "2.16.840.1.113883.3.6905.2": "SMS",
    "1.2.250.1.215.200.2.1": "LPP",
    "1.2.250.1.213.2.68": "EMDN",
}
"""By OID: specialities, presentations, common units and virtual medicines; substances; devices."""
_CODES: Final = (f"{markup.HL7}code", f"{markup.HL7}translation", f"{markup.PHARM}code")


def check(product: Element, line: Words) -> None:
    """Raise InputError `prescription.code_system` for a code of a system that is not in the table."""
    for one in product.iter(*_CODES):
        system = str(one.get("codeSystem", ""))
        if (system or one.get("code")) and system not in SYSTEMS:
            known = ", ".join(f"{name} ({oid})" for oid, name in SYSTEMS.items())
            raise faults.code_system(line, markup.shown(system), known)


def coded(product: Element) -> tuple[str | None, str | None]:
    """Return code and system (a URI) of a product: its own, or its first translation; None for neither."""
    code = markup.find(product, "code")
    if code is None:
        return None, None
    for one in (code, *markup.each(code, "translation")):
        if one.get("code"):
            return str(one.get("code")), f"urn:oid:{one.get('codeSystem')}"
    return None, None


def displayed(product: Element) -> str:
    """Return what the codes of a product call it; empty when they call it nothing.

    A device's class (EMDN) says less than what is billed (LPP).
    """
    code = markup.find(product, "code")
    if code is None:
        return ""
    found = [
        (one.get("codeSystem"), str(one.get("displayName", "")).strip())
        for one in (code, *markup.each(code, "translation"))
    ]
    billed = [name for system, name in found if name and SYSTEMS.get(str(system)) == "LPP"]
    return next(iter(billed + [name for _, name in found if name]), "")
