"""The words of letters to prescribers, in French and English.

Subjects name neither patient nor number: a mail's header travels in clear even when its content does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time
from typing import Final

from hub.domain.prescription import CancelResult, PrescriptionState
from hub.errors import Words
from hub_eprescription.mail.letter import About

_S = PrescriptionState
STATES: Final[Mapping[PrescriptionState, Words]] = {
    _S.DRAFT: Words(en="in preparation", fr="en préparation"),
    _S.SIGNED: Words(en="signed", fr="signée"),
    _S.ACTIVE: Words(en="ready to be dispensed", fr="prête à être délivrée"),
    _S.CLAIMED: Words(en="taken by a pharmacy", fr="prise en charge par une pharmacie"),
    _S.PARTLY_DISPENSED: Words(en="dispensed in part", fr="délivrée en partie"),
    _S.COMPLETED: Words(en="dispensed", fr="délivrée"),
    _S.CANCELLED: Words(en="cancelled", fr="annulée"),
    _S.REJECTED: Words(en="refused by the service", fr="refusée par le service"),
    _S.EXPIRED: Words(en="expired", fr="expirée"),
    _S.UNKNOWN: Words(en="news of it", fr="des nouvelles"),
}
RESULTS: Final[Mapping[CancelResult, Words]] = {
    CancelResult.CANCELLED: Words(en="cancelled", fr="annulée"),
    CancelResult.ALREADY_CANCELLED: Words(en="cancelled", fr="annulée"),
    CancelResult.WITH_DISPENSER: Words(en="not cancelled, a pharmacy has it", fr="non annulée, en pharmacie"),
    CancelResult.DISPENSED: Words(en="not cancelled, it is dispensed", fr="non annulée, déjà délivrée"),
    CancelResult.OTHER_PRESCRIBER: Words(en="not cancelled", fr="non annulée"),
    CancelResult.EXPIRED: Words(en="not cancelled, it has expired", fr="non annulée, expirée"),
    CancelResult.NOT_FOUND: Words(
        en="not cancelled, the service does not know it", fr="non annulée, inconnue du service"
    ),
    CancelResult.NOT_SUPPORTED: Words(
        en="not cancelled, the service can't", fr="non annulée, le service ne le permet pas"
    ),
    CancelResult.INVALID: Words(en="not cancelled", fr="non annulée"),
}
ANSWER: Final = Words(en="an answer about a prescription", fr="une réponse au sujet d'une ordonnance")
NOT_HANDED: Final = Words(en="not handed over", fr="non remise")

_MIDNIGHT: Final = time()
_MONTHS: Final = (
    "janvier", "février", "mars", "avril", "mai", "juin",
    "juillet", "août", "septembre", "octobre", "novembre", "décembre",
)  # fmt: skip


def subject(title: str, what: Words, tongue: str) -> str:
    """Return a subject: which service speaks, and what of."""
    said = what.in_language(tongue)
    return f"{title} : {said}" if french(tongue) else f"{title}: {said}"


def french(tongue: str) -> bool:
    """Whether the words for this language are French; English is for all others."""
    return Words(en="en", fr="fr").in_language(tongue) == "fr"


def which(about: About, tongue: str) -> str:
    """Say which prescription it is: `the prescription 160… for Élodie Martin`."""
    number, patient = about.record.number, about.view.patient if about.view else ""
    written = about.view.authored_on if about.view else None
    if french(tongue):
        said = "l'ordonnance" + (f" {number}" if number else "")
        said += f" de {patient}" if patient else ""
        return said + (f", rédigée le {_jour(written.day, written.month, written.year)}" if written else "")
    said = "the prescription" + (f" {number}" if number else "")
    said += f" for {patient}" if patient else ""
    return said + (f", written on {written.isoformat()}" if written else "")


def when(moment: datetime, tongue: str) -> str:
    """Return a moment, in UTC, as people write it; midnight is that of a day whose hour nobody said."""
    utc = moment.astimezone(UTC)
    at = "" if utc.time() == _MIDNIGHT else f"{utc:%H:%M} (UTC)"
    if french(tongue):
        return _jour(utc.day, utc.month, utc.year) + (f" à {at}" if at else "")
    return f"{utc:%Y-%m-%d}" + (f" at {at}" if at else "")


def paragraphs(*several: str) -> str:
    """Return a text of paragraphs; empty ones are left out."""
    return "\n\n".join(one.strip("\n") for one in several if one.strip())


def _jour(day: int, month: int, year: int) -> str:
    return f"{'1er' if day == 1 else day} {_MONTHS[month - 1]} {year}"
