"""What the sheet says of its own, in each language, and how it writes a date."""

from __future__ import annotations

from datetime import date
from typing import Final

from hub.domain.prescription import PrescriptionState as State
from hub.errors import Words, spoken

TITLE: Final = Words(en="Electronic prescription", fr="Ordonnance électronique")
LEAD: Final = Words(
    en="Show this sheet at the pharmacy of your choice, on paper or on a screen.",
    fr="Présentez cette feuille à la pharmacie de votre choix, sur papier ou à l’écran.",
)
PATIENT: Final = Words(en="Patient", fr="Patient")
PRESCRIBER: Final = Words(en="Prescriber", fr="Prescripteur")
BORN: Final = Words(en="Born on {}", fr="Date de naissance : {}")
NUMBER: Final = Words(en="Prescription number", fr="Numéro d’ordonnance")
NO_NUMBER: Final = Words(en="none yet", fr="pas encore de numéro")
PRESCRIBED: Final = Words(en="Prescribed on {}", fr="Prescrite le {}")
VALID: Final = Words(en="Valid until {}", fr="Valable jusqu’au {}")
SCAN: Final = Words(en="To be scanned at the pharmacy", fr="À scanner à la pharmacie")
DESCRIBED: Final = Words(en="2D code of the prescription {}", fr="Code 2D de l’ordonnance {}")
FORM: Final = Words(en="Form", fr="Forme")
DOSAGE: Final = Words(en="Dosage", fr="Posologie")
QUANTITY: Final = Words(en="Quantity", fr="Quantité")
SUBSTITUTION: Final = Words(en="Substitution", fr="Substitution")
ALLOWED: Final = Words(en="allowed", fr="autorisée")
FORBIDDEN: Final = Words(en="not allowed", fr="non autorisée")
NOTE: Final = Words(en="Note", fr="Remarque")
CODE: Final = Words(en="Code", fr="Code")
CONTINUED: Final = Words(en="{}, continued", fr="{}, suite")
SAFE: Final = Words(
    en="Keep this sheet safe: whoever has the code can collect the medicines.",
    fr="Gardez cette feuille en lieu sûr : qui possède le code peut retirer les médicaments.",
)
PAGE: Final = Words(en="Page {} of {}", fr="Page {} sur {}")
STEPS_TITLE: Final = Words(en="How to get your medicines", fr="Comment obtenir vos médicaments")
_BRING: Final = Words(
    en="Take this sheet to a pharmacy, or have somebody you trust take it there.",
    fr="Apportez cette feuille dans une pharmacie, ou confiez-la à une personne de confiance.",
)
_ASK: Final = Words(
    en="A question about your treatment? Ask your prescriber or your pharmacist.",
    fr="Une question sur votre traitement ? Demandez à votre prescripteur ou à votre pharmacien.",
)
STEPS: Final = (
    _BRING,
    Words(
        en="The pharmacist scans the code and hands you the medicines.",
        fr="Le pharmacien scanne le code et vous remet les médicaments.",
    ),
    _ASK,
)
STEPS_WITHOUT_CODE: Final = (
    _BRING,
    Words(
        en="The pharmacist finds the prescription by its number and hands you the medicines.",
        fr="Le pharmacien retrouve l’ordonnance par son numéro et vous remet les médicaments.",
    ),
    _ASK,
)
ENDED: Final = {
    State.COMPLETED: Words(
        en="Dispensed: nothing more can be collected.",
        fr="Dispensée : plus rien ne peut être retiré.",
    ),
    State.CANCELLED: Words(
        en="Cancelled by the prescriber: it is no longer valid.",
        fr="Annulée par le prescripteur : elle n’est plus valable.",
    ),
    State.REJECTED: Words(
        en="Refused by the service: it is not valid.",
        fr="Refusée par le service : elle n’est pas valable.",
    ),
    State.EXPIRED: Words(en="Expired: it is no longer valid.", fr="Expirée : elle n’est plus valable."),
    State.DRAFT: Words(en="Not issued: it is not valid.", fr="Non émise : elle n’est pas valable."),
    State.SIGNED: Words(
        en="Not issued yet: it is not valid.",
        fr="Pas encore émise : elle n’est pas valable.",
    ),
}
"""What is said in the place of a code, in states where a pharmacy may give nothing for it."""

_MONTHS: Final = {
    "en": "January February March April May June July August September October November December",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
}


def day(moment: date, language: str) -> str:
    """Write a date: `3 March 2026`, `1er mars 2026`."""
    tongue = spoken(language)
    month = _MONTHS[tongue].split()[moment.month - 1]
    number = "1er" if tongue == "fr" and moment.day == 1 else str(moment.day)
    return f"{number} {month} {moment.year:04d}"
