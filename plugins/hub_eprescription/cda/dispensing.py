"""What a pharmacy says that it dispensed: an eDISP-MED → the prescriptions that it names, and when.

The document says what was handed over, not whether more is due. So a prescription that something was
dispensed of is partly dispensed, until its validity ends.
"""

from __future__ import annotations

from typing import Final

from hub.domain.prescription import PrescriptionState
from hub.errors import InputError, MalformedError, Words
from hub.ports.prescription import Dispensing
from hub_eprescription.cda import header, markup, moments, number, recognising
from hub_eprescription.cda.markup import Element
from hub_eprescription.cda.moments import Moment
from hub_eprescription.cda.recognising import Model

MEDIA_TYPE: Final = "text/xml"
NAME: Final = "eDISP-MED.xml"
_SECTION: Final = "60590-7"
"""LOINC: medication dispensed."""
_MARKS: Final = (b"urn:hl7-org:v3", recognising.DISPENSING_MODEL.encode())
_MONTHS: Final = (
    ("January", "janvier"),
    ("February", "février"),
    ("March", "mars"),
    ("April", "avril"),
    ("May", "mai"),
    ("June", "juin"),
    ("July", "juillet"),
    ("August", "août"),
    ("September", "septembre"),
    ("October", "octobre"),
    ("November", "novembre"),
    ("December", "décembre"),
)


def read(media_type: str, content: bytes) -> tuple[Dispensing, ...]:
    """Return one event for each prescription that the document names; none for another document.

    A prescription is named as in the document: by its document's id, or by its number (EPU). Raises
    InputError for an eDISP-MED that can't be read.
    """
    if media_type not in recognising.MEDIA_TYPES:
        return ()
    try:
        root = markup.parse(content)
        found = recognising.recognise(root)
    except InputError:
        if all(mark in content for mark in _MARKS):
            raise
        return ()
    if found is None or found.model is not Model.DISPENSING:
        return ()
    named = _prescriptions(root)
    if not named:
        raise _unlinked()
    document, at = _document(root), _at(root)
    return tuple(
        Dispensing(
            id=f"{Model.DISPENSING}:{document}:{one}",
            number=one,
            state=PrescriptionState.PARTLY_DISPENSED,
            at=at.begins,
            text=_words(at, _lines(root)),
            document=content,
            media_type=MEDIA_TYPE,
            document_name=NAME,
        )
        for one in named
    )


def _prescriptions(root: Element) -> tuple[str, ...]:
    """Return what the header says it fulfils; else what its lines refer to."""
    orders = markup.each(root, "inFulfillmentOf/order/id")
    references = [
        one for document in root.iter(f"{markup.HL7}externalDocument") for one in markup.each(document, "id")
    ]
    for ids in (orders, references):
        documents, numbers = [], []
        for one in ids:
            name = header.named(one)
            if name is not None and one.get("root") == number.EPU:
                numbers.append(str(one.get("extension", "")))
            elif name is not None:
                documents.append(name)
        # The same prescription may be named both ways; it is told of once.
        if named := tuple(dict.fromkeys(documents or [one for one in numbers if one])):
            return named
    return ()


def _document(root: Element) -> str:
    ids = markup.each(root, "id")
    name = header.named(ids[0]) if len(ids) == 1 else None
    if name is None:
        raise _malformed("it has no id of its own", "il n'a pas d'id propre")
    return name


def _at(root: Element) -> Moment:
    for event in markup.each(root, "documentationOf/serviceEvent"):
        if markup.attribute(event, "code", "code") == recognising.DISPENSING_CODE:
            for path in ("effectiveTime/low", "effectiveTime/high", "effectiveTime"):
                if text := markup.attribute(event, path, "value"):
                    return moments.parse(text, "the time of dispensing", "l'instant de la dispensation")
    return moments.parse(
        markup.attribute(root, "effectiveTime", "value"), "its effectiveTime", "son effectiveTime"
    )


def _lines(root: Element) -> int:
    return sum(
        len(markup.each(section, "entry/supply"))
        for section in root.iter(f"{markup.HL7}section")
        if markup.attribute(section, "code", "code") == _SECTION
    )


def _words(at: Moment, lines: int) -> Words:
    en, fr = _MONTHS[at.day.month - 1]
    day, year = at.day.day, at.day.year
    return Words(
        en=f"A pharmacy dispensed on {day} {en} {year} ({lines} {'line' if lines == 1 else 'lines'}). "
        "The details are in the dispensing document.",
        fr=f"Une pharmacie a délivré le {'1er' if day == 1 else day} {fr} {year} "
        f"({lines} {'ligne' if lines == 1 else 'lignes'}). Le détail est dans le document de dispensation.",
    )


def _malformed(en: str, fr: str) -> MalformedError:
    return MalformedError(
        "prescription.dispensing_malformed",
        Words(
            en=f"The dispensing document can't be taken: {en}.",
            fr=f"Le document de dispensation ne peut être pris : {fr}.",
        ),
    )


def _unlinked() -> InputError:
    return InputError(
        "prescription.dispensing_unlinked",
        Words(
            en="The dispensing document names no prescription: neither inFulfillmentOf nor a reference in "
            "its lines holds the id of one.",
            fr="Le document de dispensation ne nomme aucune ordonnance : ni inFulfillmentOf ni une référence "
            "de ses lignes n'en porte l'identifiant.",
        ),
    )
