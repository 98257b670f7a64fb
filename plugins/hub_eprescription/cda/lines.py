"""The lines of a prescription: medicines (FR-Traitement-prescrit) and devices (FR-Dispositif-medical)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice
from typing import Final

from hub.domain.prescription import Medicine
from hub.errors import Words
from hub_eprescription.cda import faults, markup, products
from hub_eprescription.cda.limits import MAX_LINES, MAX_TEXT
from hub_eprescription.cda.markup import Element
from hub_eprescription.cda.narrative import Narrative

MEDICINES: Final = "57828-6"
"""LOINC: prescriptions."""
DEVICES: Final = "46264-8"
"""LOINC: medical equipment."""
_SUBSTITUTION: Final = "1.3.6.1.4.1.19376.1.9.1.3.9.1"
_PATIENT: Final = "PINSTRUCT"
_PHARMACIST: Final = "FINSTRUCT"
_NONE: Final = "N"
"""HL7 ActSubstanceAdminSubstitutionCode: no substitution is allowed."""
_DOSAGE: Final = ("posologie", "fréquence", "dose", "rythme", "voie", "durée du traitement")
"""How the heads of columns begin that say how a medicine is taken."""
_BARE: Final = "posologie"
"""The head that need not be said."""
_LAST: Final = "durée"
_FLAGS: Final = {
    "MED-574": "en rapport avec une ALD",
    "GEN-180": "en rapport avec un AT/MP",
    "GEN-295": "en rapport avec la prévention",
    "GEN-181": "non remboursable",
    "GEN-179": "hors AMM",
}
_PACKS: Final = {"30009000": "boîte(s)", "30015500": "récipient(s)", "30067000": "tube(s)"}
"""EDQM packaging terms, as far as the published documents use them."""
_UNITS: Final = {"d": "jour(s)", "wk": "semaine(s)", "mo": "mois", "a": "an(s)", "h": "heure(s)"}


def read(root: Element) -> tuple[Medicine, ...]:
    """Return every line, in the document's order. Raises InputError, which names the line."""
    found = list(islice(chain(_medicines(root), _devices(root)), MAX_LINES + 1))
    if len(found) > MAX_LINES:
        raise faults.too_large(MAX_LINES, "lines", "lignes")
    if any(len(text) > MAX_TEXT for one in found for text in (one.name, one.dosage, one.note)):
        raise faults.too_large(MAX_TEXT, "signs in one text of a line", "caractères par texte de ligne")
    if not found:
        raise faults.malformed(
            "it prescribes nothing: no medicine and no device",
            "il ne prescrit rien : ni médicament ni dispositif",
        )
    return tuple(found)


def _medicines(root: Element) -> Iterator[Medicine]:
    for number, (narrative, outer) in enumerate(_entries(root, MEDICINES), 1):
        line = Words(en=f"Line {number} of the medicines", fr=f"La ligne {number} des médicaments")
        entry = _act(outer, "substanceAdministration", line)
        product = markup.find(entry, "consumable/manufacturedProduct/manufacturedMaterial")
        if product is None:
            raise _missing(line, "product", "produit")
        products.check(product, line)
        code, system = products.coded(product)
        reference = markup.find(entry, "text")
        name = (
            markup.text(markup.find(product, "name"))
            or products.displayed(product)
            or narrative.text(markup.find(product, "code/originalText"))
            or narrative.text(reference)
        )
        form = product.find(f"{markup.PHARM}formCode")
        yield Medicine(
            name=name or _nameless(line),
            code=code,
            system=system,
            form="" if form is None else str(form.get("displayName", "")).strip(),
            dosage=_dosage(entry, narrative, reference),
            quantity=_quantity(markup.find(entry, "entryRelationship/supply/quantity")),
            substitution=_substitution(entry),
            note=_note(entry, narrative),
        )


def _devices(root: Element) -> Iterator[Medicine]:
    for number, (narrative, outer) in enumerate(_entries(root, DEVICES), 1):
        line = Words(en=f"Line {number} of the devices", fr=f"La ligne {number} des dispositifs")
        entry = _act(outer, "supply", line)
        product = markup.find(entry, "participant/participantRole/playingDevice")
        if product is None:
            raise _missing(line, "device", "dispositif")
        products.check(product, line)
        code, system = products.coded(product)
        name = products.displayed(product) or narrative.text(markup.find(entry, "text"))
        used = markup.find(entry, "expectedUseTime/width")
        yield Medicine(
            name=name or _nameless(line),
            code=code,
            system=system,
            dosage="" if used is None else f"Durée : {_amount(used, _UNITS)}",
            quantity=_quantity(markup.find(entry, "quantity")),
            note=_note(entry, narrative),
        )


def _entries(root: Element, code: str) -> Iterator[tuple[Narrative, Element]]:
    for section in root.iter(f"{markup.HL7}section"):
        if markup.attribute(section, "code", "code") == code:
            narrative = Narrative.of(section)
            for entry in markup.each(section, "entry"):
                yield narrative, entry


def _act(entry: Element, name: str, line: Words) -> Element:
    """Return what an entry prescribes: nothing may stand there that people would not be shown."""
    found = list(entry)
    if len(found) != 1 or found[0].tag != f"{markup.HL7}{name}":
        raise _missing(line, f"{name}, and nothing else", f"{name}, et rien d'autre")
    if found[0].get("negationInd", "false") != "false":
        raise faults.malformed(
            f"{_small(line.en)} is negated (negationInd)", f"{_small(line.fr)} est niée (negationInd)"
        )
    return found[0]


def _dosage(entry: Element, narrative: Narrative, reference: Element | None) -> str:
    """Return how it is to be taken: as the row says; else the texts that the structured dosage refers to."""
    cells = [(head, cell) for head, cell in narrative.row(reference).items() if _names_dosage(head)]
    cells.sort(key=lambda one: _LAST in one[0].lower())
    said = [cell if head.lower().startswith(_BARE) else f"{head} : {cell}" for head, cell in cells]
    if not said:
        said = [narrative.text(one) for one in entry.iter(f"{markup.HL7}originalText") if _is_dosage(one)]
    said.append(_instruction(entry, narrative, _PATIENT))
    return " ; ".join(dict.fromkeys(one for one in said if one))


def _names_dosage(head: str) -> bool:
    return head.lower().startswith(_DOSAGE)


def _is_dosage(text: Element) -> bool:
    holders = {
        f"{markup.HL7}{name}"
        for name in ("effectiveTime", "doseQuantity", "rateQuantity", "routeCode", "approachSiteCode")
    }
    return any(one.tag in holders for one in text.iterancestors())


def _note(entry: Element, narrative: Narrative) -> str:
    said = [_instruction(entry, narrative, _PHARMACIST)]
    repeats = markup.attribute(entry, "repeatNumber", "value")
    if repeats and repeats != "0":
        said.append(f"à renouveler {repeats} fois")
    for one in markup.each(entry, "entryRelationship/observation"):
        flag = _FLAGS.get(markup.attribute(one, "code", "code"))
        if flag and markup.attribute(one, "value", "value") == "true":
            said.append(flag)
    return " ; ".join(one for one in said if one)


def _instruction(entry: Element, narrative: Narrative, code: str) -> str:
    for one in markup.each(entry, "entryRelationship/act"):
        if markup.attribute(one, "code", "code") == code:
            return narrative.text(markup.find(one, "text"))
    return ""


def _substitution(entry: Element) -> bool | None:
    for one in markup.each(entry, "entryRelationship/act"):
        code = markup.attribute(one, "code", "code")
        if markup.has_template(one, _SUBSTITUTION) and code:
            return code != _NONE
    return None


def _quantity(quantity: Element | None) -> str:
    return "" if quantity is None else _amount(quantity, _PACKS)


def _amount(quantity: Element, units: dict[str, str]) -> str:
    value, unit = str(quantity.get("value", "")).strip(), str(quantity.get("unit", "")).strip()
    # A unit that is a number must not be read as one.
    shown = units.get(unit) or (f"(EDQM {unit})" if unit.isdigit() else unit.strip("{}"))
    return " ".join(one for one in (value, shown) if one)


def _missing(line: Words, en: str, fr: str) -> Exception:
    return faults.malformed(f"{_small(line.en)} has no {en}", f"{_small(line.fr)} n'a pas de {fr}")


def _small(text: str) -> str:
    return text[0].lower() + text[1:]


def _nameless(line: Words) -> str:
    raise _missing(line, "name", "nom")
