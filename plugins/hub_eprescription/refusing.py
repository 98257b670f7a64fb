"""Why a prescription is not signed, handed over or cancelled, in words."""

from __future__ import annotations

from hub.errors import InputError, LimitError, PeerError, Words
from hub.ports.prescription import Record


def handed_often() -> LimitError:
    """Make the error for one that was handed over more often than can be remembered."""
    return LimitError(
        "prescription.handed_often",
        Words(
            en="This prescription was handed over to so many that the hub can't remember more of them; "
            "nothing was sent.",
            fr="Cette ordonnance a été remise à tant de destinataires que le hub ne peut en retenir "
            "davantage ; rien n'a été envoyé.",
        ),
    )


def withdrawn() -> InputError:
    """Make the error for one that its prescriber has taken back."""
    return InputError(
        "prescription.withdrawn",
        Words(
            en="You have withdrawn this prescription: it is not handed over any more.",
            fr="Vous avez retiré cette ordonnance : elle n'est plus remise.",
        ),
    )


def to_be_cancelled() -> PeerError:
    """Make the error for one that the service has yet to say of whether it is cancelled."""
    return PeerError(
        "prescription.to_be_cancelled",
        Words(
            en="You have asked to cancel this prescription: it is handed over only if the service answers "
            "that it stands.",
            fr="Vous avez demandé d'annuler cette ordonnance : elle n'est remise que si le service répond "
            "qu'elle tient.",
        ),
    )


def not_to_hand_over(record: Record) -> InputError:
    """Make the error for one that is over, or not issued."""
    if record.state.final:
        return InputError(
            "prescription.over",
            Words(
                en=f"This prescription is {record.state.value}: there is nothing to hand over any more.",
                fr=f"Cette ordonnance est à l'état {record.state.value} : il n'y a plus rien à remettre.",
            ),
        )
    return InputError(
        "prescription.not_issued",
        Words(
            en="This prescription is not issued: there is nothing to print or hand over.",
            fr="Cette ordonnance n'est pas émise : il n'y a rien à imprimer ni à remettre.",
        ),
    )


def under_way() -> PeerError:
    """Make the error for one whose issue has not come to its end."""
    return PeerError(
        "prescription.under_way",
        Words(
            en="It is being issued at this moment; it is cancelled as soon as the outcome is known.",
            fr="Elle est en cours d'émission ; elle sera annulée dès que l'issue en sera connue.",
        ),
    )


def no_signer() -> InputError:
    """Make the error for a prescriber of whom the hub has no key."""
    return InputError(
        "prescription.no_signer",
        Words(
            en="The hub has no signing key of yours: whoever runs it must name one under “signers”, or let "
            "your workstation sign.",
            fr="Le hub n'a pas de clé de signature à votre nom : son exploitant doit en indiquer une sous "
            "« signers », ou laisser votre poste signer.",
        ),
    )


def nothing_to_sign() -> InputError:
    """Make the error for a signature that nobody awaits."""
    return InputError(
        "prescription.nothing_to_sign",
        Words(
            en="Nothing of this prescription is to be signed now.",
            fr="Rien de cette ordonnance n'est à signer pour l'instant.",
        ),
    )


def not_issued() -> InputError:
    """Make the error for handing over what is not issued."""
    return InputError(
        "prescription.not_issued",
        Words(
            en="The prescription is not issued yet: there is nothing to hand over.",
            fr="L'ordonnance n'est pas encore émise : il n'y a rien à remettre.",
        ),
    )
