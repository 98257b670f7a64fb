"""Whether a server shows a certificate that the space of trust names for a recipient's domain.

What names a certificate: `hub.plugin.pins`.
"""

from __future__ import annotations

from collections.abc import Iterable, MutableMapping, Sequence

from hub.domain.ids import DeliveryId
from hub.domain.outcome import Deferred, Outcome
from hub.errors import Words
from hub.plugin import pins
from hub.ports.connector import Addressee


def admits(shown: frozenset[str], addressee: Addressee) -> bool:
    """Whether a server of these names may get mail for somebody."""
    return pins.admits(shown, addressee.admission)


def serves(shown: frozenset[str], addressees: Iterable[Addressee]) -> bool:
    """Whether a server of these names may get mail for one of them at least."""
    return any(admits(shown, one) for one in addressees)


def served(
    shown: frozenset[str],
    addressees: Sequence[Addressee],
    host: str,
    told: MutableMapping[DeliveryId, Outcome],
) -> Sequence[Addressee]:
    """Return those for whom the server may get mail; the others' outcome joins `told`."""
    allowed = [one for one in addressees if admits(shown, one)]
    told.update((one.delivery, _stranger(one, host)) for one in addressees if not admits(shown, one))
    return allowed


def _stranger(addressee: Addressee, host: str) -> Deferred:
    """Wait: the list may be behind a renewed certificate, or the server be another's for a while."""
    domain = addressee.party.address.domain
    member = addressee.admission.member if addressee.admission is not None else ""
    return Deferred(
        code="smtp.pin",
        reason=Words(
            en=f"{host} shows a certificate that the space of trust does not name for {domain} ({member}); "
            "nothing was sent to it.",
            fr=f"{host} présente un certificat que l'espace de confiance ne nomme pas pour {domain} "
            f"({member}) ; rien ne lui a été envoyé.",
        ),
        operator_failed=True,
    )
