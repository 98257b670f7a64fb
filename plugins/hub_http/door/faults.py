"""The errors that this door finds beside those of every door (`hub.plugin.door.faults`)."""

from __future__ import annotations

from hub.errors import InputError, StoreError, Words
from hub.plugin.door.faults import UnprovedError


def unproved(proof: str) -> UnprovedError:
    """Make the error for a forged call, and for an operator that is not there: nobody can tell them apart."""
    return UnprovedError(
        "door.unproved",
        Words(
            en="This call does not prove to come from an operator of this hub, at a webhook that it has.",
            fr="Cet appel ne prouve pas qu'il vient d'un opérateur de ce hub, à un webhook qui existe.",
        ),
        proof=proof,
    )


def early() -> StoreError:
    """Make the error for a call about a message whose send has not been answered yet."""
    return StoreError(
        "door.early",
        Words(
            en="The hub is still waiting for the answer to a send that this call may be about; call again.",
            fr="Le hub attend encore la réponse à un envoi dont cet appel parle peut-être ; rappelez.",
        ),
    )


def of_no_kind() -> InputError:
    """Make the error for an event that no row of `kinds` fits."""
    return InputError(
        "door.kind",
        Words(
            en="The call says something that the operator's description has no row of `kinds` for.",
            fr="L'appel dit une chose pour laquelle la description n'a aucune ligne dans `kinds`.",
        ),
    )
