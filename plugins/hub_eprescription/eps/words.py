"""What the prescriber is told, in both languages: what happened, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hub.errors import InputError, MalformedError, PeerError, TrustError, Words
from hub_eprescription.eps.outcome import Said

REFUSED: Final = Words(
    en="The prescription service refuses the prescription; none was issued. Correct it in your software, and "
    "hand it in anew.",
    fr="Le service de prescription refuse l'ordonnance ; aucune n'a été émise. Corrigez-la dans votre "
    "logiciel, puis redonnez-la.",
)
NUMBER: Final = Words(
    en="The prescription's number is wrong: its last sign, the check character, does not fit the others. "
    "None "
    "was issued. Have your software make a new number, and hand the prescription in anew.",
    fr="Le numéro de l'ordonnance est faux : son dernier signe, le caractère de contrôle, ne correspond pas "
    "aux autres. Aucune n'a été émise. Faites former un nouveau numéro par votre logiciel, puis redonnez-la.",
)
TAKEN: Final = Words(
    en="The service has another prescription of this number already; this one was not issued. Have your "
    "software make a new number, and hand it in anew.",
    fr="Le service a déjà une autre ordonnance de ce numéro ; celle-ci n'a pas été émise. Faites former un "
    "nouveau numéro par votre logiciel, puis redonnez-la.",
)
_BY_CODE: Final[Mapping[str, Words]] = {
    "INVALID_VALUE": Words(
        en="A value in the prescription is not one that the service takes; none was issued. Correct it in "
        "your software, and hand it in anew.",
        fr="Une valeur de l'ordonnance n'est pas admise par le service ; aucune n'a été émise. Corrigez-la "
        "dans votre logiciel, puis redonnez-la.",
    ),
    "MISSING_DIGITAL_SIGNATURE": Words(
        en="The service finds no signature in the prescription; none was issued. Hand it in anew.",
        fr="Le service ne trouve pas de signature dans l'ordonnance ; aucune n'a été émise. Redonnez-la.",
    ),
    "FAILURE_TO_PROCESS_MESSAGE": Words(
        en="The service can't process the prescription: something in it is missing or wrong, such as the "
        "patient's NHS number. None was issued. Correct it in your software, and hand it in anew.",
        fr="Le service ne peut traiter l'ordonnance : un élément y manque ou y est faux, par exemple le "
        "numéro "
        "NHS du patient. Aucune n'a été émise. Corrigez-la dans votre logiciel, puis redonnez-la.",
    ),
}
_MISSING: Final = Words(
    en="Something that the service needs is missing in the prescription; none was issued. Complete it in "
    "your "
    "software, and hand it in anew.",
    fr="Un élément dont le service a besoin manque dans l'ordonnance ; aucune n'a été émise. Complétez-la "
    "dans "
    "votre logiciel, puis redonnez-la.",
)
_MISSING_CODES: Final = ("MISSING_VALUE", "MISSING_FIELD", "TOO_FEW_VALUES_SUBMITTED", "required")
UNSURE: Final = Words(
    en="The prescription service may have issued the prescription, and has not said so: the hub asks again "
    "with the same signed message, so that it is issued once. Don't hand it in anew.",
    fr="Le service de prescription a peut-être émis l'ordonnance, sans le dire : le hub redemande par le "
    "même "
    "message signé, afin qu'elle ne soit émise qu'une fois. Ne la redonnez pas.",
)
INSIDE: Final = Words(
    en="The prescription service answered, and says in its answer that it failed.",
    fr="Le service de prescription a répondu, et dit dans sa réponse qu'il a échoué.",
)
AWAITED: Final = Words(
    en="The prescription is ready to be signed; your signature is awaited.",
    fr="L'ordonnance est prête à être signée ; votre signature est attendue.",
)
NOT_BEGUN: Final = Words(
    en="The issue had not got so far that a prescription could exist; it goes on.",
    fr="L'émission n'était pas assez avancée pour qu'une ordonnance existe ; elle continue.",
)
KNOWN: Final = Words(
    en="The service says that it has a prescription of this number already: the hub had sent this one "
    "before, "
    "and the answer was lost.",
    fr="Le service dit avoir déjà une ordonnance de ce numéro : le hub avait envoyé celle-ci auparavant, "
    "et la "
    "réponse s'était perdue.",
)


def refusal(said: Said) -> Words:
    """Say why the service refuses a prescription: in our words, where it is, and the service's own after."""
    if said.mentions("invalid checksum"):
        words = NUMBER
    elif said.says(*_MISSING_CODES):
        words = _MISSING
    else:
        words = next((_BY_CODE[one] for one in said.codes if one in _BY_CODE), REFUSED)
    if said.places:
        where = ", ".join(dict.fromkeys(said.places))[:200]
        words = Words(en=f"{words.en} It is about {where}.", fr=f"{words.fr} Il s'agit de {where}.")
    return said.after(words)


def media_type() -> MalformedError:
    """Say that it is of no type that is taken here."""
    return MalformedError(
        "prescription.media_type",
        Words(
            en="EPS takes a message Bundle in FHIR JSON (application/fhir+json), and nothing else.",
            fr="EPS prend un Bundle de message en FHIR JSON (application/fhir+json), et rien d'autre.",
        ),
        field="prescription.media_type",
    )


def not_signed() -> InputError:
    """Say that it should have come signed."""
    return InputError(
        "prescription.unsigned",
        Words(
            en="This prescription is not signed, and this hub signs none: hand it in with its signature "
            "(Provenance), or have those who run the hub set “signing”.",
            fr="Cette ordonnance n'est pas signée, et ce hub n'en signe aucune : donnez-la avec sa signature "
            "(Provenance), ou faites régler « signing » par l'exploitant du hub.",
        ),
        field="Provenance",
    )


def mechanism(name: str) -> InputError:
    """Say that the service wants a signature that is not allowed, or that the key can't make."""
    return InputError(
        "prescription.mechanism",
        Words(
            en=f"The service wants a signature of kind {name}, and the prescriber's key can't make one, or "
            "the "
            "hub is not allowed to (SHA-1 needs “accepts_sha1”). Whoever runs the hub must look at it.",
            fr=f"Le service veut une signature de type {name}, et la clé du prescripteur ne peut la "
            "produire, ou "
            "le hub n'y est pas autorisé (SHA-1 demande « accepts_sha1 »). L'exploitant du hub doit y "
            "veiller.",
        ),
    )


def other_content() -> InputError:
    """Say that the workstation signed something else than it was given."""
    return InputError(
        "prescription.other_content",
        Words(
            en="What was signed is not what was to be signed: sign exactly the SignedInfo that the hub "
            "gave you.",
            fr="Ce qui a été signé n'est pas ce qui était à signer : signez exactement le SignedInfo que "
            "le hub "
            "vous a donné.",
        ),
    )


def other_signer() -> TrustError:
    """Say that somebody else than the prescriber signed."""
    return TrustError(
        "prescription.other_signer",
        Words(
            en="The signature holds, but its certificate names neither you nor the prescriber whom the "
            "prescription names. Sign with your own card.",
            fr="La signature est valable, mais son certificat ne nomme ni vous ni le prescripteur que nomme "
            "l'ordonnance. Signez avec votre propre carte.",
        ),
    )


def other_prescriber(system: str) -> InputError:
    """Say that the prescription names another prescriber than the one who hands it in."""
    return InputError(
        "prescription.other_prescriber",
        Words(
            en="The prescription names another prescriber than the one who hands it in: their identifiers "
            f"differ ({system}).",
            fr="L'ordonnance nomme un autre prescripteur que celui qui la donne : leurs identifiants "
            "diffèrent "
            f"({system}).",
        ),
        field="Practitioner.identifier",
    )


def token_refused() -> PeerError:
    """Say that the service does not accept the access token that the hub has."""
    return PeerError(
        "prescription.token_refused",
        Words(
            en="The prescription service does not accept the hub's access token: the login has expired, or "
            "is "
            "not for this service. The hub goes on as soon as the token's file holds another.",
            fr="Le service de prescription n'accepte pas le jeton d'accès du hub : la session a expiré, ou "
            "n'est pas pour ce service. Le hub continuera dès que le fichier du jeton en contiendra un "
            "autre.",
        ),
    )


def failed(code: str, words: Words) -> PeerError:
    """Say that the service did not do what it was asked, and may be asked again."""
    return PeerError(code, words)


def unclear() -> PeerError:
    """Say that the service answered well, but said nothing of what it was asked."""
    return PeerError(
        "prescription.answer_unclear",
        Words(
            en="The prescription service answered, but did not say what became of it; the hub asks again.",
            fr="Le service de prescription a répondu, mais sans dire ce qu'il en est ; le hub redemandera.",
        ),
    )


REASONS: Final[Mapping[str, str]] = {
    "0001": "Prescribing Error",
    "0002": "Clinical contra-indication",
    "0003": "Change to medication treatment regime",
    "0004": "Clinical grounds",
    "0005": "At the Patient's request",
    "0006": "At the Pharmacist's request",
    "0007": "Notification of Death",
    "0008": "Patient deducted - other reason",
    "0009": "Patient deducted - registered with new practice",
}
"""Why a prescription may be cancelled (`medicationrequest-status-reason`)."""


def reason_needed() -> Words:
    """Say that a cancel needs one of the service's own reasons."""
    listed = ", ".join(f"{code} {name}" for code, name in REASONS.items())
    return Words(
        en=f"It is not cancelled: give one of the service's reasons by its code. They are: {listed}.",
        fr=f"Elle n'est pas annulée : donnez par son code l'un des motifs du service. Ce sont : {listed}.",
    )
