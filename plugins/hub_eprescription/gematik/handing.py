"""The mail that hands a prescription over: gematik's binding for secure mail (KIM), or document, or sheet.

A token's mail has two parts of text: a letter, and `Task/<number>/$accept?ac=<access code>` alone; the
header `X-KIM-Dienstkennung` names it to the pharmacy's software (docs/erp_steuerung_durch_le.adoc).
"""

from __future__ import annotations

from typing import Final

from hub.domain.prescription import Handing
from hub.errors import Words
from hub.ports.prescription import Code2D, Enclosure, Handover, Record
from hub_eprescription import refusing
from hub_eprescription.codes import token
from hub_eprescription.gematik.reading import read_view

SERVICE_HEADER: Final = ("X-KIM-Dienstkennung", "eRezept;Zuweisung;V1.0")
_TEXT: Final = "text/plain;charset=UTF-8"
_SUBJECT: Final = Words(en="E-prescription", fr="Ordonnance électronique")
_LETTERS: Final = {
    Handing.TOKEN: Words(
        en="Good day,\n\nplease find below the token of an electronic prescription (E-Rezept): your "
        "pharmacy's software fetches the prescription with it. Whoever has the token has the prescription: "
        "please treat it as confidential.\n\nKind regards\n",
        fr="Bonjour,\n\nvous trouverez ci-dessous le jeton d'une ordonnance électronique (E-Rezept) : le "
        "logiciel de la pharmacie récupère l'ordonnance avec lui. Qui a le jeton a l'ordonnance : merci de "
        "le traiter comme confidentiel.\n\nCordialement\n",
    ),
    Handing.DOCUMENT: Words(
        en="Good day,\n\nplease find attached an electronic prescription as it was signed. It is for your "
        "information: a pharmacy dispenses it by its token only.\n\nKind regards\n",
        fr="Bonjour,\n\nvous trouverez ci-joint une ordonnance électronique telle qu'elle a été signée, pour "
        "information : une pharmacie ne la délivre qu'avec son jeton.\n\nCordialement\n",
    ),
    Handing.PRINT: Words(
        en="Good day,\n\nplease find attached the sheet of your electronic prescription. Show its code at a "
        "pharmacy, on paper or on your screen. Whoever has the code has the prescription: keep it to "
        "yourself.\n\nKind regards\n",
        fr="Bonjour,\n\nvous trouverez ci-joint la feuille de votre ordonnance électronique. Montrez son "
        "code à une pharmacie, sur papier ou à l'écran. Qui a le code a l'ordonnance : gardez-le pour "
        "vous.\n\nCordialement\n",
    ),
}


def hand_over(record: Record, signed: bytes | None, form: Handing, language: str, title: str) -> Handover:
    """Make the mail. Raises InputError before it is issued."""
    if not record.state.issued or record.number is None or record.secret is None or signed is None:
        raise refusing.not_issued()
    letter = Enclosure(
        name="letter.txt", media_type=_TEXT, content=_LETTERS[form].in_language(language).encode(), body=True
    )
    subject = _SUBJECT.in_language(language)
    if form is Handing.TOKEN:
        path = token.Token(number=record.number, access_code=record.secret).path
        beside = Enclosure(name="token.txt", media_type=_TEXT, content=path.encode())
        return Handover(
            subject=subject, enclosures=(letter, beside), service_header=SERVICE_HEADER, display_receipt=True
        )
    if form is Handing.DOCUMENT:
        beside = Enclosure(
            name="prescription.p7m", media_type=record.signed_type or "application/pkcs7-mime", content=signed
        )
    else:
        beside = Enclosure(
            name="prescription.pdf",
            media_type="application/pdf",
            content=_sheet(record, signed, language, title),
        )
    return Handover(subject=subject, enclosures=(letter, beside))


def code(record: Record) -> Code2D | None:
    """Return the 2D code: a DataMatrix of the token; None before it is issued."""
    return Code2D(text=record.code) if record.code is not None and record.state.issued else None


def _sheet(record: Record, signed: bytes, language: str, title: str) -> bytes:
    from hub_eprescription.sheet import sheet  # noqa: PLC0415 -- heavy: reportlab

    view = read_view(record.signed_type or "", signed)
    return sheet.pdf(view, record, language=language, code=code(record), title=title)
