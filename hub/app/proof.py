"""The offline check of a sealed envelope, step by step: what holds, and what does not.

1 the bytes are one envelope in its one spelling, 2 the signature holds, 3 the content is an envelope of
version 1, 4 the signer's certificate leads to an authority that the reader trusts, 5 the documents are
the ones that were sealed (when they are at hand).
Not checked: revocation, and the time, which is the signer's own word as long as no time-stamp is there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509

from hub.adapters.keys.description import Described, describe
from hub.adapters.keys.jws import MAX_JWS_BYTES, Opener
from hub.domain import envelope
from hub.domain.envelope import Envelope
from hub.domain.message import Document
from hub.errors import HubError, InputError, TrustError, Words

_PIECE = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One step. `error` has the words for what does not hold; None when it holds."""

    name: Words
    error: HubError | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """All steps that could be made; what follows a broken one is missing."""

    checks: tuple[Check, ...]
    signer: Described | None = None
    envelope: Envelope | None = None

    @property
    def error(self) -> HubError | None:
        """The first thing that does not hold."""
        return next((one.error for one in self.checks if one.error), None)


_SIGNATURE = Words(en="signature", fr="signature")
_CONTENT = Words(en="envelope, version 1", fr="enveloppe, version 1")
_CHAIN = Words(en="certificate leads to an authority", fr="certificat rattaché à une autorité")


def prove(
    jws: bytes, anchors: Sequence[x509.Certificate], now: datetime, documents: Path | None = None
) -> Proof:
    """Check `jws`. Never raises for what it says; reading `documents` may raise InputError."""
    opener = Opener(anchors)
    # 1 and 2. The spelling, the header, the signature.
    try:
        verified = opener.open(jws, now)
    except HubError as error:
        return Proof(checks=(Check(name=_SIGNATURE, error=error),))
    signer = describe(x509.load_der_x509_certificate(verified.chain[0]))
    checks = [Check(name=_SIGNATURE, detail=verified.algorithm)]
    # 3. What was signed.
    try:
        sealed = envelope.from_bytes(verified.payload)
    except HubError as error:
        return Proof(checks=(*checks, Check(name=_CONTENT, error=error)), signer=signer)
    checks.append(Check(name=_CONTENT, detail=sealed.id))
    # 4. The chain, as of the moment of sealing: a certificate may have ended since.
    trusted = opener.open(jws, sealed.created_at).trusted
    checks.append(
        Check(name=_CHAIN, error=None if trusted else _untrusted(signer, anchors), detail=signer.issuer)
    )
    # 5. The documents.
    if documents is not None:
        checks += _documents(sealed.message.documents, documents)
    return Proof(checks=tuple(checks), signer=signer, envelope=sealed)


def read(data: bytes) -> bytes:
    """Return the bytes of a JWS, or raise InputError for what is no envelope at first sight."""
    if len(data) <= MAX_JWS_BYTES and not data.startswith(b"{"):
        raise InputError(
            "envelope.not_one",
            Words(
                en="This is no sealed envelope, which is a JWS in JSON (RFC 7515, 7.2.2);"
                " `hub trace ID --envelope FILE` writes one.",
                fr="Ceci n'est pas une enveloppe scellée, qui est un JWS en JSON (RFC 7515, 7.2.2) ;"
                " `hub trace ID --envelope FICHIER` en écrit une.",
            ),
        )
    if len(data) > MAX_JWS_BYTES:
        raise InputError(
            "envelope.too_large",
            Words(
                en=f"This is larger than {MAX_JWS_BYTES} bytes; no sealed envelope is.",
                fr=f"Ceci dépasse {MAX_JWS_BYTES} octets ; aucune enveloppe scellée n'est si grande.",
            ),
        )
    return data


def _untrusted(signer: Described, anchors: Sequence[x509.Certificate]) -> TrustError:
    if not anchors:
        return TrustError(
            "chain.no_anchors",
            Words(
                en="No authority was given to trust: name a certificate with --anchor.",
                fr="Aucune autorité de confiance n'est donnée : désignez un certificat par --anchor.",
            ),
        )
    return TrustError(
        "chain.untrusted",
        Words(
            en=f"The signer's certificate ({signer.subject}) led to no trusted authority at the time.",
            fr=f"Le certificat du signataire ({signer.subject}) ne menait alors à aucune autorité reconnue.",
        ),
    )


def _documents(wanted: Sequence[Document], folder: Path) -> Iterator[Check]:
    try:
        found = {_digest(path): path.name for path in sorted(folder.iterdir()) if path.is_file()}
    except OSError as error:
        kind = type(error).__name__
        raise InputError(
            "documents.unreadable",
            Words(en=f"{folder} can't be read ({kind}).", fr=f"{folder} est illisible ({kind})."),
        ) from None
    for one in wanted:
        name = Words(en=f"document {one.id} ({one.name})", fr=f"document {one.id} ({one.name})")
        if one.sha256 in found:
            yield Check(name=name, detail=found[one.sha256])
        else:
            yield Check(name=name, error=_absent(one, folder))


def _absent(one: Document, folder: Path) -> TrustError:
    return TrustError(
        "document.absent",
        Words(
            en=f"No file in {folder} has the digest that was sealed for {one.id} ({one.sha256}).",
            fr=f"Aucun fichier de {folder} n'a l'empreinte scellée pour {one.id} ({one.sha256}).",
        ),
    )


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()
