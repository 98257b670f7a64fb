"""Signatures and encryption around a mail: verified, opened, and judged (RFC 8551, RFC 8550).

Only what covers the whole message counts: a signed part beside others is a document like any other.
A signature makes somebody the author when it holds, its certificate leads to a configured authority,
and one of the certificate's addresses is the one in From. A signature made by the address in Sender is
that of whoever passed the mail on (RFC 8550, 3): it must hold, and then what is inside is judged.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from hub.domain.message import SenderSignature, SignatureResult
from hub.domain.party import Identifier
from hub.errors import TrustError, Words
from hub.ports.content import Content
from hub.ports.intake import Stage
from hub_smtp.cms import decrypt, oids, signed
from hub_smtp.cms.trust import Anchors
from hub_smtp.cms.verdict import Fault, Verdict
from hub_smtp.heading import Heading
from hub_smtp.layers import Canonical, Joined, Scratch, Sendable, kept
from hub_smtp.mime import decode
from hub_smtp.mime.fields import Headers
from hub_smtp.mime.limits import Limits
from hub_smtp.mime.refusals import malformed, too_much
from hub_smtp.mime.source import Held, Source
from hub_smtp.mime.structure import Entity, scan
from hub_smtp.revocation import judging
from hub_smtp.revocation.checker import Revocation

SIGNATURES: Final = frozenset({"application/pkcs7-signature", "application/x-pkcs7-signature"})
CMS: Final = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_ENVELOPED: Final = frozenset({oids.ENVELOPED_DATA, oids.AUTH_ENVELOPED_DATA})
_BEGINNING: Final = 4096
_SHORTEST: Final = 32
"""Bytes that an honest ContentInfo surpasses by far."""
_UNSIGNED: Final = SenderSignature(result=SignatureResult.NONE)
_OTHER_SIGNER: Final = Fault(
    "smime.signer.other",
    Words(
        en="The signer's certificate is not for the address in From.",
        fr="Le certificat du signataire n'est pas celui de l'adresse de From.",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A mail with its signatures and encryption taken off.

    The parts of `entity` stand in `source`. `decrypted` is the mail as it would have come unencrypted,
    when it came encrypted to a key of ours. `author` is the verdict on the author's own signature, when
    that is valid.
    """

    source: Source = field(repr=False)
    entity: Entity
    signature: SenderSignature
    identifiers: tuple[Identifier, ...] = ()
    fault: Fault | None = None
    decrypted: Content | None = field(default=None, repr=False)
    author: Verdict | None = field(default=None, repr=False)


class Opener:
    """Opens mails with what was configured."""

    def __init__(
        self,
        anchors: Anchors,
        keys: decrypt.Keys,
        limits: Limits,
        revocation: Revocation | None = None,
    ) -> None:
        self._anchors = anchors
        self._revocation = revocation
        self._keys = keys
        self._limits = limits

    async def open(
        self, source: Source, mail: Entity, heading: Heading, at: datetime, stage: Stage
    ) -> Opened:
        """Take off every layer that covers the whole mail, and judge the signatures as of `at`.

        Raises TrustError (`smime.decrypt`), MalformedError and LimitError; PeerError when nobody says
        whether a signer's certificate is revoked, and that must be known. A signature that does not
        hold is no error here: see `Opened.fault`.
        """
        entity = mail
        decrypted: Content | None = None
        verdicts: list[Verdict] = []
        for _ in range(self._limits.cms_layers + 1):
            if is_signed(entity):
                verdicts.append(await self._detached(source, entity, at))
                entity = entity.children[0]
                continue
            kind = await content_type(source, entity)
            if kind == oids.SIGNED_DATA:
                source, verdict = await self._opaque(source, entity, at, stage)
                verdicts.append(verdict)
            elif kind in _ENVELOPED:
                try:
                    source, decrypted = await self._decrypt(source, entity, mail.headers, stage)
                except decrypt.NotOursError:
                    break
            else:
                break
            entity = await scan(source, self._limits)
        else:
            raise too_much(
                "its signatures and encryptions are nested too deep",
                "ses signatures et chiffrements sont trop imbriqués",
                self._limits.cms_layers,
            )
        verdicts = [await self._unrevoked(one, at) for one in verdicts]
        signature, identifiers, fault = judge(verdicts, heading)
        valid = signature.result is SignatureResult.VALID
        return Opened(
            source=source,
            entity=entity,
            signature=signature,
            identifiers=identifiers,
            fault=fault,
            decrypted=decrypted,
            author=_author(verdicts, heading) if valid else None,
        )

    async def _unrevoked(self, verdict: Verdict, at: datetime) -> Verdict:
        """Return the verdict as revocation leaves it."""
        if self._revocation is None or not verdict.valid:
            return verdict
        fault = await judging.signature(self._revocation, verdict.path, verdict.signed_at, at)
        return verdict if fault is None else verdict.spoilt(fault)

    async def _detached(self, source: Source, entity: Entity, at: datetime) -> Verdict:
        """Verify multipart/signed: what is signed are the first part's bytes (RFC 8551, 3.1.1)."""
        first, second = entity.children
        if second.end - second.body > signed.MAX_DETACHED * 2:
            raise too_much(
                "its signature is too large",
                "sa signature est trop grande",
                signed.MAX_DETACHED,
                second.number,
            )
        data = signed.parse(await decode.whole(source, second))
        name = data.digest_name
        digests = {} if name is None else {name: await _digest(source, first, name)}
        return data.verify(digests, self._anchors, at)

    async def _opaque(
        self, source: Source, entity: Entity, at: datetime, stage: Stage
    ) -> tuple[Source, Verdict]:
        """Verify signed-data, whose content is inside, and return where that content is."""
        scratch = Scratch(stage)
        canonical = Canonical(scratch.write, self._limits)
        opaque = await signed.read(decode.pieces(source, entity), canonical.write)
        await canonical.end()
        return await scratch.finish(), opaque.verify(self._anchors, at)

    async def _decrypt(
        self, source: Source, entity: Entity, outer: Headers, stage: Stage
    ) -> tuple[Source, Content]:
        """Return the mail as it would have come unencrypted: outer header, inner MIME entity."""
        found = await decrypt.decrypt(decode.pieces(source, entity), self._keys)
        scratch = Scratch(stage)
        joined = Joined(scratch.write, outer, self._limits)
        sendable = Sendable(joined.write)
        canonical = Canonical(sendable.write, self._limits)
        async for piece in found.pieces():
            await canonical.write(piece)
        await canonical.end()
        await sendable.end()
        await joined.end()
        opened = await scratch.finish()
        return opened, await kept(opened, stage)


def judge(
    verdicts: Sequence[Verdict], heading: Heading
) -> tuple[SenderSignature, tuple[Identifier, ...], Fault | None]:
    """Say whose the signatures are, from the outermost in, and the national identifiers of the author."""
    for verdict in verdicts:
        if verdict.fault is not None:
            return verdict.for_envelope(), (), verdict.fault
        keys = {one.key for one in verdict.addresses}
        if heading.author.key in keys:
            return verdict.for_envelope(), verdict.identifiers, None
        if heading.sender is None or heading.sender.key not in keys:
            other = SenderSignature(
                result=SignatureResult.INVALID,
                certificate_sha256=verdict.certificate_sha256,
                signer=verdict.signer,
            )
            return other, (), _OTHER_SIGNER
    return _UNSIGNED, (), None


def _author(verdicts: Sequence[Verdict], heading: Heading) -> Verdict | None:
    """Return the verdict that made the author; see `judge`."""
    key = heading.author.key
    return next((one for one in verdicts if any(mine.key == key for mine in one.addresses)), None)


def refuse(fault: Fault) -> TrustError:
    """Return the error for a mail whose signature does not hold."""
    return TrustError(
        fault.code,
        Words(
            en=f"The signature of the mail does not hold: {fault.words.en}",
            fr=f"La signature du courrier n'est pas valable : {fault.words.fr}",
        ),
    )


def is_signed(entity: Entity) -> bool:
    """Whether an entity is an S/MIME multipart/signed. Raises MalformedError for one ill made."""
    if entity.media_type != "multipart/signed":
        return False
    protocol = entity.parameters.get("protocol", "").lower()
    inside = any(child.media_type in SIGNATURES for child in entity.children)
    if protocol not in SIGNATURES and not inside:
        return False
    if len(entity.children) != 2 or entity.children[1].media_type not in SIGNATURES:  # noqa: PLR2004 - RFC 1847, 2.1
        raise malformed(
            "a signed multipart is two parts, the second the signature (RFC 1847)",
            "un multipart signé, ce sont deux parties, la seconde la signature (RFC 1847)",
            entity.number,
        )
    return True


async def content_type(source: Source, entity: Entity) -> bytes | None:
    """Return the encoded content type of a CMS entity, None for what is none.

    The bytes decide, not `smime-type`: nothing binds that parameter to what it describes.
    """
    if entity.media_type not in CMS or entity.parameters.get("smime-type", "").lower() == "certs-only":
        return None
    end = min(entity.end, entity.body + _BEGINNING)
    data = decode.decoder(entity).feed(await source.read(entity.body, end), final=end == entity.end)
    # ContentInfo is a SEQUENCE that begins with an OBJECT IDENTIFIER (RFC 5652, 3).
    if len(data) < _SHORTEST or data[0] != 0x30:  # noqa: PLR2004 - SEQUENCE
        return None
    start = 2 + (data[1] & 0x7F if data[1] & 0x80 else 0)
    return data[start : start + 2 + data[start + 1]]


async def _digest(source: Source, entity: Entity, name: str) -> bytes:
    digest = hashlib.new(name)
    if isinstance(source, Held):
        digest.update(memoryview(source.data)[entity.start : entity.end])
    else:
        async for piece in source.pieces(entity.start, entity.end):
            digest.update(piece)
    return digest.digest()
