"""The mail that hands an EPS prescription over: its number, the signed message, or the sheet for the patient.

EPS has no service header for mail. A pharmacy fetches the prescription from the service by the number.
"""

from __future__ import annotations

from hub.domain.prescription import Handing
from hub.errors import spoken
from hub.ports.prescription import Enclosure, Handover, Record
from hub_eprescription import refusing
from hub_eprescription.eps import names, reading, view


def handover(record: Record, signed: bytes | None, form: Handing, language: str, title: str) -> Handover:
    """Make the mail. Raises InputError `prescription.not_issued`."""
    if not record.state.issued or signed is None or record.number is None:
        raise refusing.not_issued()
    french = spoken(language) == "fr"
    made = [_body(record.number, form, french=french)]
    if form is Handing.DOCUMENT:
        made.append(Enclosure(name="prescription.json", media_type=names.MEDIA_TYPE, content=signed))
    if form is Handing.PRINT:
        made.append(_sheet(record, signed, language, title))
    return Handover(
        subject="Ordonnance électronique (EPS)" if french else "Electronic prescription (EPS)",
        enclosures=tuple(made),
        display_receipt=form is Handing.TOKEN,
    )


def _body(number: str, form: Handing, *, french: bool) -> Enclosure:
    if french:
        text = (
            f"Une ordonnance électronique est à disposition au service EPS sous le numéro {number}.\r\n"
            "La pharmacie la récupère par ce numéro dans son logiciel.\r\n"
        )
        more = {
            Handing.DOCUMENT: "Le message signé est joint, tel que le service l'a reçu.\r\n",
            Handing.PRINT: "La feuille pour le patient est jointe.\r\n",
        }
    else:
        text = (
            f"An electronic prescription is at the EPS service under the number {number}.\r\n"
            "The pharmacy fetches it by this number in its software.\r\n"
        )
        more = {
            Handing.DOCUMENT: "The signed message is attached, as the service received it.\r\n",
            Handing.PRINT: "The sheet for the patient is attached.\r\n",
        }
    return Enclosure(
        name="message.txt",
        media_type="text/plain",
        content=(text + more.get(form, "")).encode("utf-8"),
        body=True,
    )


def _sheet(record: Record, signed: bytes, language: str, title: str) -> Enclosure:
    from hub_eprescription.sheet import sheet  # noqa: PLC0415 -- heavy: reportlab

    seen = view.view(reading.bundle(signed))
    return Enclosure(
        name="prescription.pdf",
        media_type="application/pdf",
        content=sheet.pdf(seen, record, language=language, code=None, title=title),
    )
