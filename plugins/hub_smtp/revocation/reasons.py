"""Why an authority's word could not be had or does not count, in words that continue a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from hub.errors import Words


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason. `code` goes to the log; the words hold nothing from the certificate."""

    code: str
    words: Words


class UnusableError(Exception):
    """There is no answer, or one that does not count; `reason` says why."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.code)
        self.reason = reason


def _reason(code: str, en: str, fr: str) -> Reason:
    return Reason(code, Words(en=en, fr=fr))


# Nobody to ask.
NO_PLACE: Final = _reason(
    "no-place",
    "no list of ours covers it, and it names no place to ask by HTTP",
    "aucune de nos listes ne le couvre, et il ne nomme aucun lieu à interroger par HTTP",
)
NOT_ALLOWED: Final = _reason(
    "not-allowed",
    "the places that it names are not among those that this hub may ask (revocation_from.urls)",
    "les lieux qu'il nomme ne sont pas de ceux que ce hub peut interroger (revocation_from.urls)",
)
# Asked, and no answer.
UNREACHABLE: Final = _reason("unreachable", "its authority can't be reached", "son autorité est injoignable")
SILENT: Final = _reason(
    "silent", "its authority did not answer in time", "son autorité n'a pas répondu à temps"
)
STATUS: Final = _reason(
    "status",
    "its authority answered with another HTTP status than 200",
    "son autorité a répondu par un autre statut HTTP que 200",
)
TOO_LARGE: Final = _reason(
    "too-large",
    "its authority's answer is larger than is taken here",
    "la réponse de son autorité dépasse la taille admise ici",
)
REFUSED: Final = _reason(
    "refused",
    "its authority's responder would not answer now",
    "le répondeur de son autorité n'a pas voulu répondre maintenant",
)
UNKNOWN: Final = _reason(
    "unknown",
    "its authority's responder does not know it",
    "le répondeur de son autorité ne le connaît pas",
)
# An answer that does not count.
MALFORMED: Final = _reason(
    "malformed", "its authority's answer can't be read", "la réponse de son autorité est illisible"
)
OTHER: Final = _reason(
    "other",
    "the answer is about another certificate or another authority",
    "la réponse porte sur un autre certificat ou une autre autorité",
)
FORGED: Final = _reason(
    "forged",
    "the answer is not signed by its authority, nor by whom it has charged with that",
    "la réponse n'est signée ni par son autorité ni par qui elle en a chargé",
)
WEAK: Final = _reason(
    "weak",
    "the answer is signed with an algorithm that is not taken here",
    "la réponse est signée avec un algorithme qui n'est pas admis ici",
)
OUT_OF_DATE: Final = _reason(
    "out-of-date",
    "the authority's latest answer has passed its end, or is dated ahead",
    "la dernière réponse de l'autorité est périmée, ou datée du futur",
)
REPLAYED: Final = _reason(
    "replayed",
    "the answer is one to another question (its nonce differs)",
    "la réponse est celle d'une autre question (son nonce diffère)",
)
UNSUPPORTED: Final = _reason(
    "unsupported",
    "its authority's list is a delta or indirect one, of some reasons only, or has a critical extension"
    " that is not known here",
    "la liste de son autorité est différentielle, indirecte ou partielle, ou a une extension critique"
    " inconnue ici",
)
OTHER_PART: Final = _reason(
    "other-part",
    "the list is for another part of its authority's certificates",
    "la liste est celle d'une autre partie des certificats de son autorité",
)
