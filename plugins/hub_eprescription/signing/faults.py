"""What can be wrong with a signature or a signer, in words."""

from __future__ import annotations

from hub.errors import MalformedError, PeerError, TrustError, Words


def malformed(en: str, fr: str) -> MalformedError:
    """Make the error for what is not a signature that is taken here. The words end a sentence."""
    return MalformedError(
        "prescription.signature_malformed",
        Words(en=f"The signature can't be taken: {en}.", fr=f"La signature ne peut être prise : {fr}."),
    )


def broken(en: str, fr: str) -> TrustError:
    """Make the error for a signature that does not hold. The words end a sentence."""
    return TrustError(
        "prescription.signature_broken",
        Words(en=f"The signature does not hold: {en}.", fr=f"La signature ne tient pas : {fr}."),
    )


def changed() -> TrustError:
    """Make the error for signed bytes, or a signature, that are not what they were."""
    return broken(
        "what was signed, or the signature, was changed afterwards",
        "ce qui a été signé, ou la signature, a été modifié ensuite",
    )


def unavailable(en: str, fr: str, **fields: object) -> PeerError:
    """Make the error for a key that can't be used now, but may be later. The words end a sentence."""
    return PeerError(
        "signer.unavailable",
        Words(
            en=f"The prescriber's key can't be used now: {en}.",
            fr=f"La clé du prescripteur est inutilisable pour l'instant : {fr}.",
        ),
        **fields,
    )
