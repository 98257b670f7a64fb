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
_BILLED: Final = "LPP"
_CODES: Final = (f"{markup.HL7}code", f"{markup.HL7}translation", f"{markup.PHARM}code")


def check(product: Element, line: Words) -> None:
    """Raise InputError `prescription.code_system` for a code of a system that is not in the table."""
    for one in product.iter(*_CODES):
        system = str(one.get("codeSystem", ""))
        if (system or one.get("code")) and system not in SYSTEMS:
            known = ", ".join(f"{name} ({oid})" for oid, name in SYSTEMS.items())
            raise faults.code_system(line, markup.shown(system), known)


def coded(product: Element) -> tuple[str | None, str | None]:
    """Return code and system (a URI) of a product: its own, or a translation's; None for neither.

    Of a device, what is billed (LPP) says more than its class (EMDN).
    """
    codes = [one for one in _codes(product) if one.get("code")]
    for one in sorted(codes, key=lambda code: _system(code) != _BILLED):
        return str(one.get("code")), f"urn:oid:{one.get('codeSystem')}"
    return None, None


def displayed(product: Element) -> str:
    """Return what the codes of a product call it, in the same order; empty when they call it nothing."""
    names = [(_system(one), str(one.get("displayName", "")).strip()) for one in _codes(product)]
    return next((name for _, name in sorted(names, key=lambda one: one[0] != _BILLED) if name), "")


def _codes(product: Element) -> list[Element]:
    code = markup.find(product, "code")
    return [] if code is None else [code, *markup.each(code, "translation")]


def _system(code: Element) -> str:
    return SYSTEMS.get(str(code.get("codeSystem", "")), "")
