"""What can be wrong with a CDA prescription, in words for the prescriber."""

from __future__ import annotations

from datetime import date

from hub.errors import ConflictError, InputError, LimitError, MalformedError, TrustError, Words


def malformed(en: str, fr: str) -> MalformedError:
    """Make the error for a document that can't be read as what it says it is. The words end a sentence."""
    return MalformedError(
        "prescription.malformed",
        Words(en=f"The CDA document can't be taken: {en}.", fr=f"Le document CDA ne peut être pris : {fr}."),
        field="prescription",
    )


def too_large(limit: int, en: str, fr: str) -> LimitError:
    """Make the error for too much of something. The words say of what."""
    return LimitError(
        "prescription.too_large",
        Words(
            en=f"A CDA prescription has at most {limit} {en}.",
            fr=f"Une ordonnance CDA a au plus {limit} {fr}.",
        ),
        limit=limit,
    )


def kind(en: str, fr: str) -> InputError:
    """Make the error for a document that is no prescription. The words are sentences."""
    return InputError("prescription.document_type", Words(en=en, fr=fr), field="prescription")


def code_system(line: Words, found: str, known: str) -> InputError:
    """Make the error for a medicine that is coded in a system that nobody here knows."""
    return InputError(
        "prescription.code_system",
        Words(
            en=f"{line.en} is coded in a system that is not known here: {found}. Use one of {known}; a "
            "medicine without a code has nullFlavor NA.",
            fr=f"{line.fr} est codé dans un système inconnu ici : {found}. Utilisez l'un de {known} ; un "
            "médicament sans code porte nullFlavor NA.",
        ),
        field="prescription",
    )


def expired(day: date) -> InputError:
    """Make the error for a prescription whose validity is over."""
    return InputError(
        "prescription.expired",
        Words(
            en=f"The prescription is valid until {day.isoformat()}, which is past. Write a new one.",
            fr=f"L'ordonnance est valable jusqu'au {day:%d/%m/%Y}, date passée. Rédigez-en une nouvelle.",
        ),
        field="prescription",
    )


def other_prescriber() -> TrustError:
    """Make the error for a document of somebody else's."""
    return TrustError(
        "prescription.other_prescriber",
        Words(
            en="The prescription is not the sender's: neither its author nor who takes responsibility for it "
            "has the national identifier under which the directory lists the sender. Send it from the "
            "author's own mailbox.",
            fr="L'ordonnance n'est pas de l'expéditeur : ni son auteur ni son responsable ne porte "
            "l'identifiant national sous lequel l'annuaire connaît l'expéditeur. Envoyez-la depuis la boîte "
            "de l'auteur.",
        ),
    )


def other_signer() -> TrustError:
    """Make the error for a document that somebody else has signed."""
    return TrustError(
        "prescription.other_signer",
        Words(
            en="The prescription bears a valid signature, but not the sender's: the certificate does not "
            "hold the national identifier under which the directory lists the sender.",
            fr="L'ordonnance porte une signature valable, mais pas celle de l'expéditeur : le certificat ne "
            "porte pas l'identifiant national sous lequel l'annuaire connaît l'expéditeur.",
        ),
    )


def signed_otherwise() -> TrustError:
    """Make the error for a document of which something else was signed than what it shows."""
    return TrustError(
        "prescription.signed_otherwise",
        Words(
            en="The prescription is signed, but what was signed does not say what the document says.",
            fr="L'ordonnance est signée, mais ce qui a été signé ne dit pas ce que dit le document.",
        ),
    )


def unsigned() -> TrustError:
    """Make the error for a document without the signature that this hub asks for."""
    return TrustError(
        "prescription.unsigned",
        Words(
            en="The prescription is not signed, and this hub takes signed ones only. Sign the document "
            "(XML signature over the whole of it) and send it again.",
            fr="L'ordonnance n'est pas signée, et ce hub n'accepte que des ordonnances signées. Signez le "
            "document (signature XML portant sur son ensemble) et renvoyez-le.",
        ),
    )


def issued_already() -> ConflictError:
    """Make the error for a document that was issued by another order."""
    return ConflictError(
        "prescription.issued_already",
        Words(
            en="This very document was issued before, under another Idempotency-Key. Look at that "
            "prescription, or give the document a new id and a higher version number.",
            fr="Ce même document a déjà été émis, sous une autre Idempotency-Key. Consultez cette "
            "ordonnance, ou donnez au document un nouvel identifiant et un numéro de version supérieur.",
        ),
    )


def number_taken() -> ConflictError:
    """Make the error for a number that another prescription has."""
    return ConflictError(
        "prescription.number_taken",
        Words(
            en="The number (EPU) in this document is that of another prescription. A number is used once; "
            "only a later version of the same document keeps it.",
            fr="Le numéro (EPU) de ce document est celui d'une autre ordonnance. Un numéro ne sert qu'une "
            "fois ; seule une version ultérieure du même document le garde.",
        ),
    )


def not_issued() -> InputError:
    """Make the error for what can't be handed over yet."""
    return InputError(
        "prescription.not_issued",
        Words(
            en="This prescription is not issued: there is nothing to hand over.",
            fr="Cette ordonnance n'est pas émise : il n'y a rien à remettre.",
        ),
    )


def ended() -> InputError:
    """Make the error for what can't be handed over any more."""
    return InputError(
        "prescription.over",
        Words(
            en="This prescription is over (dispensed, cancelled or expired): it is not handed over any more.",
            fr="Cette ordonnance est terminée (délivrée, annulée ou expirée) : elle n'est plus remise.",
        ),
    )


def no_token() -> InputError:
    """Make the error for a form in which a CDA prescription can't be handed over."""
    return InputError(
        "prescription.handing",
        Words(
            en="A CDA prescription has no token: hand over the document, or the printed sheet.",
            fr="Une ordonnance CDA n'a pas de jeton : remettez le document, ou la feuille imprimée.",
        ),
        field="hand_over",
    )


def nothing_to_sign() -> InputError:
    """Make the error for a signature that nobody waits for."""
    return InputError(
        "prescription.nothing_to_sign",
        Words(
            en="A CDA prescription comes signed, or unsigned; nothing of it is to be signed afterwards.",
            fr="Une ordonnance CDA arrive signée, ou non signée ; rien n'en est à signer ensuite.",
        ),
    )
