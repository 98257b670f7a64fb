"""The mail that hands a CDA prescription over: a few words, and the document byte for byte, or the sheet.

The document has its LOINC code beside it, so that a connector to MSSanté puts it into an IHE XDM zip and
names it in the header. Nothing about patient or medicines stands in the subject or in the words.
"""

from __future__ import annotations

from typing import Final

from hub.domain.party import Identifier
from hub.errors import Words
from hub.ports.prescription import Enclosure, Handover
from hub_eprescription.cda import recognising

DOCUMENT_NAME: Final = "ordonnance.xml"
SHEET_NAME: Final = "ordonnance.pdf"
MEDIA_TYPE: Final = "text/xml"
_SUBJECT: Final = Words(en="Prescription", fr="Ordonnance")
_DOCUMENT: Final = Words(
    en="Please find a prescription attached (CDA document eP-MED-DM). It counts as it stands: print it or "
    "change it, and software can no longer check it.\n",
    fr="Veuillez trouver une ordonnance en pièce jointe (document CDA eP-MED-DM). Le document fait foi tel "
    "quel : imprimé ou modifié, il n'est plus vérifiable par un logiciel.\n",
)
_SHEET: Final = Words(
    en="Please find a prescription attached, to be shown or printed for the pharmacy.\n",
    fr="Veuillez trouver une ordonnance en pièce jointe, à présenter ou à imprimer pour la pharmacie.\n",
)
_RECALL_SUBJECT: Final = Words(en="Prescription withdrawn", fr="Ordonnance retirée")


def document(content: bytes, patient: tuple[Identifier, ...], language: str) -> Handover:
    """Hand the document over, byte for byte. `patient` are its patient's national identifiers (INS)."""
    return Handover(
        subject=_SUBJECT.in_language(language),
        enclosures=(
            _body(_DOCUMENT.in_language(language)),
            Enclosure(
                name=DOCUMENT_NAME,
                media_type=MEDIA_TYPE,
                content=content,
                code=recognising.PRESCRIPTION_CODE,
            ),
        ),
        patient=patient,
    )


def sheet(pdf: bytes, language: str) -> Handover:
    """Hand the printed sheet over."""
    return Handover(
        subject=_SUBJECT.in_language(language),
        enclosures=(
            _body(_SHEET.in_language(language)),
            Enclosure(name=SHEET_NAME, media_type="application/pdf", content=pdf),
        ),
    )


def recall(document_id: str, number: str | None, reason: str, language: str) -> Handover:
    """Tell who got a prescription that its prescriber withdraws it."""
    known = Words(
        en=f"number {number}" if number else f"document {document_id}",
        fr=f"numéro {number}" if number else f"document {document_id}",
    )
    words = Words(
        en=f"The prescriber withdraws the prescription that was sent to you before ({known.en}). Please do "
        "not dispense it any more; if it was dispensed already, please tell the prescriber by answering.\n",
        fr=f"Le prescripteur retire l'ordonnance qui vous a été envoyée auparavant ({known.fr}). Merci de ne "
        "plus la délivrer ; si elle l'a déjà été, merci d'en informer le prescripteur en répondant.\n",
    )
    said = words.in_language(language)
    if reason:
        said += Words(en=f"\nReason given: {reason}\n", fr=f"\nMotif indiqué : {reason}\n").in_language(
            language
        )
    return Handover(subject=_RECALL_SUBJECT.in_language(language), enclosures=(_body(said),))


def _body(text: str) -> Enclosure:
    return Enclosure(name="message.txt", media_type="text/plain", content=text.encode(), body=True)
