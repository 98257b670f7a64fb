"""What happened to a prescription and what to do, in words: one sentence or two for each way it can stand."""

from __future__ import annotations

from typing import Final

from hub.domain.prescription import PrescriptionState
from hub.errors import Words
from hub.ports.prescribing import Progress
from hub.ports.prescription import Record

_S = PrescriptionState
_SAID: Final = {
    _S.DRAFT: Words(
        en="The hub has the order and is having it issued. Ask again here; don't order it a second time.",
        fr="Le hub a la commande et la fait émettre. Redemandez ici ; ne la commandez pas une seconde fois.",
    ),
    _S.SIGNED: Words(
        en="It is signed and on its way to the service. Ask again here; don't order it a second time.",
        fr="Elle est signée et en route vers le service. Redemandez ici ; ne la commandez pas une seconde"
        " fois.",
    ),
    _S.ACTIVE: Words(
        en="It is issued: give the patient the sheet or the 2D code, or hand it over by secure mail.",
        fr="Elle est émise : donnez la feuille ou le code 2D au patient, ou remettez-la par messagerie"
        " sécurisée.",
    ),
    _S.CLAIMED: Words(
        en="A pharmacy is working on it. To have it cancelled, ask the pharmacy to give it back first.",
        fr="Une pharmacie la traite. Pour la faire annuler, demandez d'abord à la pharmacie de la rendre.",
    ),
    _S.PARTLY_DISPENSED: Words(
        en="A part of it was dispensed; the rest can still be.",
        fr="Une partie en a été délivrée ; le reste peut encore l'être.",
    ),
    _S.COMPLETED: Words(
        en="It was dispensed: nothing more can come of it.", fr="Elle a été délivrée : il n'en reste rien."
    ),
    _S.CANCELLED: Words(
        en="It is cancelled: no pharmacy can dispense it any more.",
        fr="Elle est annulée : aucune pharmacie ne peut plus la délivrer.",
    ),
    _S.REJECTED: Words(
        en="It was refused: nothing was issued. Correct what is wrong, and order it under a new"
        " Idempotency-Key.",
        fr="Elle est refusée : rien n'a été émis. Corrigez ce qui ne va pas, et commandez-la sous une"
        " nouvelle Idempotency-Key.",
    ),
    _S.EXPIRED: Words(
        en="Its validity is over: if it is still needed, order a new one.",
        fr="Sa validité est passée : si elle est encore utile, commandez-en une nouvelle.",
    ),
    _S.UNKNOWN: Words(
        en="What the service says of it could not be understood. Ask again here with ?fresh=true; don't"
        " order it a second time.",
        fr="Ce que le service en dit n'a pas pu être compris. Redemandez ici avec ?fresh=true ; ne la"
        " commandez pas une seconde fois.",
    ),
}
_AWAITS: Final = Words(
    en="It waits for the prescriber's signature: get to-sign, sign exactly those bytes, and put the result"
    " to signed.",
    fr="Elle attend la signature du prescripteur : demandez to-sign, signez exactement ces octets, et déposez"
    " le résultat à signed.",
)
_GOES_ON: Final = Words(
    en="It is not issued yet; the hub goes on trying. Ask again here; don't order it a second time. If the"
    " patient can't wait, cancel it here before you prescribe on paper.",
    fr="Elle n'est pas encore émise ; le hub continue d'essayer. Redemandez ici ; ne la commandez pas une"
    " seconde fois. Si le patient ne peut attendre, annulez-la ici avant de prescrire sur papier.",
)
_TOO_LATE: Final = Words(
    en="It was not issued in time, and its order is over: nothing was issued. If it is still needed, order it"
    " under a new Idempotency-Key.",
    fr="Elle n'a pas été émise à temps, et sa commande a pris fin : rien n'a été émis. Si elle est encore"
    " utile, commandez-la sous une nouvelle Idempotency-Key.",
)
_PERHAPS: Final = Words(
    en="Its order is over, and the service never said whether it took the signed prescription. Ask the"
    " service before you order it again.",
    fr="Sa commande a pris fin, et le service n'a jamais dit s'il a pris l'ordonnance signée. Demandez au"
    " service avant de la commander de nouveau.",
)
_NEVER: Final = Words(
    en="Its order was cancelled before it was issued: nothing was issued.",
    fr="Sa commande a été annulée avant l'émission : rien n'a été émis.",
)
_ASKING: Final = Words(
    en="It could not be cancelled yet; the hub goes on asking the service. Ask again here before you rely on"
    " it.",
    fr="Elle n'a pas encore pu être annulée ; le hub continue de le demander au service. Redemandez ici avant"
    " de vous y fier.",
)

_NOBODY_KNOWS: Final = frozenset({"outcome.unknown"})
"""The code of an order that ended without anybody knowing what came of it (`hub.core.settle`)."""


def issued(progress: Progress) -> bool:
    """Whether the service took it, whatever became of it since."""
    if progress.state in {_S.CANCELLED, _S.EXPIRED, _S.UNKNOWN}:
        # An order can come to these ends too, before anything was issued.
        return progress.standing is not None and progress.standing.record.issued_at is not None
    return progress.state.issued


def over(progress: Progress) -> bool:
    """Whether its order ended without a prescription."""
    return progress.state.final and not issued(progress)


def of(progress: Progress) -> Words:
    """Say how it stands. What the hub or the service gave as a reason comes first."""
    said = _standing(progress)
    plain = issued(progress) or said is _NEVER
    return said if progress.reason is None or plain else joined(progress.reason, said)


def still_asking(why: Words) -> Words:
    """Say that a service could not be asked to cancel now."""
    return joined(why, _ASKING)


def joined(first: Words, second: Words) -> Words:
    """Put one sentence after the other."""
    return Words(en=f"{first.en} {second.en}", fr=f"{first.fr} {second.fr}")


def _standing(progress: Progress) -> Words:
    record = None if progress.standing is None else progress.standing.record
    if record is not None and record.awaits and not progress.state.final:
        return _AWAITS
    if progress.state is _S.UNKNOWN and progress.code in _NOBODY_KNOWS and not issued(progress):
        return _PERHAPS
    if over(progress):
        return _over(progress, record)
    if progress.reason is not None and progress.state in {_S.DRAFT, _S.SIGNED}:
        return _GOES_ON
    return _SAID[progress.state]


def _over(progress: Progress, record: Record | None) -> Words:
    """Say what an order that ended without a prescription came to; never more than is known."""
    left = record is not None and record.signed_sha256 is not None and record.cancelled is None
    match progress.state:
        case _ if progress.code in _NOBODY_KNOWS:
            return _PERHAPS
        case _S.EXPIRED:
            return _PERHAPS if left else _TOO_LATE
        case _S.CANCELLED:
            return _PERHAPS if left else _NEVER
        case _:
            return _SAID[progress.state]
