"""Signatures that gematik and NHS England have published: each verifies, and none after a change."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from hub.errors import MalformedError, TrustError
from hub_eprescription.signing import cades, certificates, xmldsig
from hub_eprescription.signing.authorities import Authorities
from hub_eprescription.signing.verdict import Doubt
from tests.counterparts import SHARED, program, shared
from tests.plugins.eprescription.prescribers import NOW
from tests.plugins.eprescription.signing.xml import DS

ASSETS = Path(__file__).parents[3] / "assets"
KEPT = sorted((ASSETS / "gematik-erezept").rglob("*_signed_document.b64"))
ENGLISH = ASSETS / "nhs-eps"


def read(path: Path) -> bytes:
    """Return a recorded signature."""
    return base64.b64decode(path.read_bytes())


async def check(path: Path) -> None:
    """Check one of gematik's."""
    signed = read(path)
    verified = await cades.verify(signed, Authorities(), NOW)
    to_sign = next(iter(path.parent.glob(f"{int(path.name[:3]) - 1:03}_document_to_sign.xml")), None)
    if to_sign is not None:
        # It was published indented.
        assert _tight(to_sign.read_bytes()) == _tight(verified.content)
    assert (False, (Doubt.UNKNOWN_AUTHORITY,)) == (verified.trusted, verified.doubts)
    assert verified.signed_at is not None
    assert certificates.TELEMATIK in {one.system for one in verified.identifiers}
    # Its authority is not published beside it: whoever configures the signer's own certificate trusts it.
    trusted = await cades.verify(signed, Authorities([verified.certificate]), NOW)
    assert (True, ()) == (trusted.trusted, trusted.doubts)
    ran = openssl(signed)
    assert (0, verified.content) == (ran.returncode, ran.stdout), ran.stderr


async def test_the_kept_signatures_verify() -> None:
    """Prescribers' signatures over recorded prescriptions hold, and OpenSSL agrees to the last byte."""
    assert KEPT
    for path in KEPT:
        await check(path)


async def test_every_recorded_signature_verifies() -> None:
    """The same, for each of gematik's scenarios."""
    found = sorted(shared("gematik-erezept").rglob("*_signed_document.b64"))
    assert len(found) == 112
    for path in found:
        await check(path)


@given(path=st.sampled_from(KEPT), data=st.data())
@settings(max_examples=100, deadline=None)
async def test_a_changed_byte_of_a_recorded_prescription_never_verifies(
    path: Path, data: st.DataObject
) -> None:
    """No byte of a recorded prescription can be changed without its signature saying so."""
    signed = read(path)
    content = cades.content_of(signed)
    # Streamed BER holds the content in pieces: the first is long enough to find.
    start = signed.index(content[:100])
    changed = bytearray(signed)
    changed[start + data.draw(st.integers(0, 99))] ^= data.draw(st.integers(1, 255))
    with pytest.raises((MalformedError, TrustError)):
        await cades.verify(bytes(changed), Authorities(), NOW)


async def test_the_english_signatures_verify() -> None:
    """Signatures in NHS England's examples hold; those of expired test cards, by SHA-1, are flagged so."""
    found = {one for folder in (ENGLISH, SHARED / "nhs-eps") for one in _signatures(folder)}
    held = 0
    for one in sorted(found):
        signature = etree.fromstring(one.strip())
        value = signature.findtext(f"{{{DS}}}SignatureValue") or ""
        if _is_empty(value):
            # Examples before their signing: they are no signatures, and are not taken for any.
            with pytest.raises(MalformedError):
                await xmldsig.verify(one, Authorities(), NOW)
            continue
        verified = await xmldsig.verify(one, Authorities(), NOW)
        held += 1
        assert not verified.trusted
        assert {Doubt.WEAK_HASH, Doubt.EXPIRED, Doubt.UNKNOWN_AUTHORITY} <= set(verified.doubts)
        info = signature.find(f"{{{DS}}}SignedInfo")
        assert verified.content == etree.tostring(info, method="c14n", exclusive=True)
        digest = signature.findtext(f".//{{{DS}}}DigestValue") or ""
        changed = one.replace(digest.encode(), b"A" * 27 + b"=")
        with pytest.raises(TrustError):
            await xmldsig.verify(changed, Authorities(), NOW)
    assert held >= 3
    if (SHARED / "nhs-eps").exists():
        assert held == 34


def _tight(document: bytes) -> bytes:
    parser = etree.XMLParser(remove_blank_text=True)
    return bytes(etree.tostring(etree.fromstring(document, parser), method="c14n"))


def _is_empty(value: str) -> bool:
    """Whether it is no signature: nothing, or with something behind its padding (one example)."""
    return "=" in value.rstrip().rstrip("=") or not value


def _signatures(folder: Path) -> Iterator[bytes]:
    for path in sorted(folder.rglob("*.json")):
        yield from _within(json.loads(path.read_bytes()))


def _within(value: Any) -> Iterator[bytes]:
    if isinstance(value, dict):
        if value.get("resourceType") == "Provenance":
            for one in value.get("signature", ()):
                yield base64.b64decode(one["data"])
        for inner in value.values():
            yield from _within(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _within(inner)


def openssl(signed: bytes) -> subprocess.CompletedProcess[bytes]:
    """Have OpenSSL verify the arithmetic."""
    return subprocess.run(
        [program("openssl"), "cms", "-verify", "-noverify", "-binary", "-inform", "DER"],
        input=signed,
        capture_output=True,
        check=False,
    )
