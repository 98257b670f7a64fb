"""EPS's own states of a prescription → the neutral ones.

`0007 Not Dispensed` becomes `expired`: it has ended, and the patient did not get it. `completed` would
read as if they had.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hub.domain.prescription import PrescriptionState
from hub.errors import Words

_S = PrescriptionState

BUSINESS: Final[Mapping[str, PrescriptionState]] = {
    "0000": _S.ACTIVE,  # awaiting release
    "0001": _S.ACTIVE,  # to be dispensed
    "0002": _S.CLAIMED,  # with dispenser
    "0003": _S.PARTLY_DISPENSED,  # with dispenser - active
    "0004": _S.EXPIRED,
    "0005": _S.CANCELLED,
    "0006": _S.COMPLETED,  # dispensed
    "0007": _S.EXPIRED,  # not dispensed
    "0008": _S.COMPLETED,  # claimed: the pharmacy has asked for its money
    "0009": _S.COMPLETED,  # no-claimed: it does without
    "9000": _S.ACTIVE,  # repeat dispensing, a future instance
    "9001": _S.ACTIVE,  # future instance requested
    "9005": _S.CANCELLED,  # future instance cancelled
}

WORDS: Final[Mapping[str, Words]] = {
    "0003": Words(
        en="The pharmacy has begun to dispense the prescription.",
        fr="La pharmacie a commencé à délivrer l'ordonnance.",
    ),
    "0005": Words(en="The prescription is cancelled.", fr="L'ordonnance est annulée."),
    "0006": Words(
        en="The pharmacy has dispensed the prescription; it is finished.",
        fr="La pharmacie a délivré l'ordonnance ; elle est terminée.",
    ),
    "0007": Words(
        en="The pharmacy has closed the prescription without dispensing it; the patient did not get it.",
        fr="La pharmacie a clos l'ordonnance sans la délivrer ; le patient ne l'a pas reçue.",
    ),
}
