"""What the prescriber is told, in both languages: what happened, and what to do."""

from __future__ import annotations

from datetime import date
from typing import Final

from hub.domain.prescription import CancelResult
from hub.errors import InputError, MalformedError, PeerError, TrustError, Words

REFUSED: Final = Words(
    en="The E-Rezept service refuses the prescription; none was issued. Correct it in your software, and "
    "hand it in anew.",
    fr="Le service E-Rezept refuse l'ordonnance ; aucune n'a été émise. Corrigez-la dans votre logiciel, "
    "puis redonnez-la.",
)
FORBIDDEN: Final = Words(
    en="The E-Rezept service does not let this practice issue prescriptions; none was issued. Whoever runs "
    "the hub must look at its access to the service.",
    fr="Le service E-Rezept ne permet pas à ce cabinet d'émettre des ordonnances ; aucune n'a été émise. "
    "L'exploitant du hub doit vérifier l'accès au service.",
)
GONE: Final = Words(
    en="The E-Rezept service no longer knows the number under which the prescription was to be issued; none "
    "was issued. Hand it in anew.",
    fr="Le service E-Rezept ne connaît plus le numéro sous lequel l'ordonnance devait être émise ; aucune "
    "n'a été émise. Redonnez-la.",
)
GIVEN_UP: Final = Words(
    en="The E-Rezept service failed as often as may be tried; no prescription was issued. Hand it in anew "
    "later, or prescribe on paper.",
    fr="Le service E-Rezept a échoué autant de fois qu'il est permis d'essayer ; aucune ordonnance n'a été "
    "émise. Redonnez-la plus tard, ou prescrivez sur papier.",
)
UNSURE: Final = Words(
    en="The E-Rezept service may have issued the prescription, and has not said so: the hub asks again with "
    "the same signed bytes, so that it is issued once. Don't hand it in anew.",
    fr="Le service E-Rezept a peut-être émis l'ordonnance, sans le dire : le hub redemande avec les mêmes "
    "octets signés, afin qu'elle ne soit émise qu'une fois. Ne la redonnez pas.",
)
RESTING: Final = Words(
    en="The E-Rezept service is not to be asked yet; the hub asks again when it may.",
    fr="Le service E-Rezept ne doit pas encore être rappelé ; le hub le rappellera dès que permis.",
)
UNREADABLE: Final = Words(
    en="The E-Rezept service answered something that can't be read.",
    fr="Le service E-Rezept a répondu quelque chose d'illisible.",
)
AWAITED: Final = Words(
    en="The prescription has its number; your signature is awaited, on the same day.",
    fr="L'ordonnance a son numéro ; votre signature est attendue, le jour même.",
)

CANCELLED: Final[dict[CancelResult, Words]] = {
    CancelResult.CANCELLED: Words(
        en="The prescription is cancelled: no pharmacy can dispense it any more.",
        fr="L'ordonnance est annulée : aucune pharmacie ne peut plus la délivrer.",
    ),
    CancelResult.ALREADY_CANCELLED: Words(
        en="The prescription was cancelled already: no pharmacy can dispense it.",
        fr="L'ordonnance était déjà annulée : aucune pharmacie ne peut la délivrer.",
    ),
    CancelResult.WITH_DISPENSER: Words(
        en="The prescription is not cancelled: a pharmacy holds it at this moment. Call the pharmacy, or the "
        "patient; when the pharmacy gives it back, cancel it again.",
        fr="L'ordonnance n'est pas annulée : une pharmacie la détient en ce moment. Appelez la pharmacie, ou "
        "le patient ; quand la pharmacie l'aura rendue, annulez-la de nouveau.",
    ),
    CancelResult.DISPENSED: Words(
        en="The prescription is not cancelled: a pharmacy has dispensed it. If the patient must not take the "
        "medicine, tell them now.",
        fr="L'ordonnance n'est pas annulée : une pharmacie l'a délivrée. Si le patient ne doit pas prendre "
        "le médicament, prévenez-le maintenant.",
    ),
    CancelResult.OTHER_PRESCRIBER: Words(
        en="The prescription is not cancelled: the service does not accept its access code from this "
        "practice.",
        fr="L'ordonnance n'est pas annulée : le service n'accepte pas son code d'accès de ce cabinet.",
    ),
    CancelResult.EXPIRED: Words(
        en="The prescription has expired: there is nothing left to cancel.",
        fr="L'ordonnance a expiré : il n'y a plus rien à annuler.",
    ),
    CancelResult.NOT_FOUND: Words(
        en="The service does not know this prescription: there is nothing to cancel.",
        fr="Le service ne connaît pas cette ordonnance : il n'y a rien à annuler.",
    ),
    CancelResult.INVALID: Words(
        en="The prescription is not cancelled: the service refuses to. Call the pharmacy or the patient if "
        "it must not be dispensed.",
        fr="L'ordonnance n'est pas annulée : le service refuse. Appelez la pharmacie ou le patient si elle "
        "ne doit pas être délivrée.",
    ),
}


def other_day(authored: date, today: date) -> InputError:
    """Make the error for a date of prescribing that is not the day of the signature."""
    return InputError(
        "prescription.authored_on",
        Words(
            en=f"The prescription bears the date {authored.isoformat()}, but today is {today.isoformat()}: "
            "it must be signed on the day that it bears. Set its date (authoredOn) to today, and hand it in "
            "anew.",
            fr=f"L'ordonnance porte la date du {authored.isoformat()}, or nous sommes le {today.isoformat()} "
            ": elle doit être signée le jour qu'elle porte. Mettez sa date (authoredOn) à aujourd'hui, puis "
            "redonnez-la.",
        ),
        field="authoredOn",
    )


def signed_other_day(authored: date) -> InputError:
    """Make the error for a signature on another day than the prescription bears."""
    return InputError(
        "prescription.signed_on",
        Words(
            en=f"The prescription bears the date {authored.isoformat()}, and the signature was made on "
            "another day: the service would refuse it. Sign it on its day, or hand it in anew with today's "
            "date.",
            fr=f"L'ordonnance porte la date du {authored.isoformat()}, et la signature a été faite un autre "
            "jour : le service la refuserait. Signez-la à sa date, ou redonnez-la à la date du jour.",
        ),
    )


def no_signers() -> PeerError:
    """Make the error for a hub that is to sign, and has nobody's key."""
    return PeerError(
        "prescription.no_signers",
        Words(
            en="The hub is to sign, and has nobody's key: name the prescribers' keys under “signers”, or set"
            " signing = “workstation”.",
            fr="Le hub doit signer, et n'a la clé de personne : indiquez les clés des prescripteurs sous"
            " « signers », ou mettez signing = « workstation ».",
        ),
    )


def other_content() -> InputError:
    """Make the error for something signed that is not what was to be signed."""
    return InputError(
        "prescription.other_content",
        Words(
            en="What was signed is not the prescription that was to be signed: sign exactly what the hub "
            "gave you, its number included.",
            fr="Ce qui a été signé n'est pas l'ordonnance à signer : signez exactement ce que le hub vous a "
            "donné, numéro compris.",
        ),
    )


def other_signer() -> TrustError:
    """Make the error for the signature of somebody else than the prescriber."""
    return TrustError(
        "prescription.other_signer",
        Words(
            en="The signature holds, but its certificate does not name you: it holds neither your secure "
            "address nor an identifier that the directory has of you. Sign with your own card; if you did, "
            "have its identifier (Telematik-ID) put into the directory.",
            fr="La signature est valable, mais son certificat ne vous nomme pas : il ne contient ni votre "
            "adresse sécurisée ni un identifiant que l'annuaire a de vous. Signez avec votre propre carte ; "
            "si c'était elle, faites ajouter son identifiant (Telematik-ID) à l'annuaire.",
        ),
    )


def media_type() -> MalformedError:
    """Make the error for a media type that is not taken here."""
    return MalformedError(
        "prescription.media_type",
        Words(
            en="E-Rezept takes a KBV bundle in FHIR XML (application/fhir+xml), and nothing else.",
            fr="E-Rezept prend un Bundle KBV en FHIR XML (application/fhir+xml), et rien d'autre.",
        ),
        field="prescription.media_type",
    )


def workflow(known: tuple[str, ...]) -> InputError:
    """Make the error for a kind of prescription that is not known."""
    return InputError(
        "prescription.workflow",
        Words(
            en=f"The option “workflow” says which kind of prescription it is: one of {', '.join(known)}.",
            fr=f"L'option « workflow » dit de quel type d'ordonnance il s'agit : {', '.join(known)}.",
        ),
        field="options.workflow",
    )
