"""OCSP answers that come with a signature: read, believed when they may be, and kept as they came."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from asn1crypto import cms, core
from asn1crypto import ocsp as asn1
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from hub_eprescription.signing import cades
from hub_eprescription.signing.cms import _RevocationValues
from hub_eprescription.signing.verdict import Doubt
from tests.plugins.eprescription.prescribers import NOW, Holder, authority, prescriber
from tests.plugins.eprescription.signing.forging import attribute, forge

HOUR = timedelta(hours=1)


def answer(
    holder: Holder,
    issuer: Holder,
    *,
    by: Holder | None = None,
    revoked: datetime | None = None,
    at: datetime = NOW + timedelta(minutes=1),
) -> bytes:
    """Answer as a responder does: good, or revoked since a moment."""
    status = ocsp.OCSPCertStatus.REVOKED if revoked else ocsp.OCSPCertStatus.GOOD
    responder = by or issuer
    return (
        ocsp.OCSPResponseBuilder()
        .add_response(
            cert=holder.certificate,
            issuer=issuer.certificate,
            algorithm=hashes.SHA256(),
            cert_status=status,
            this_update=at,
            next_update=at + 24 * HOUR,
            revocation_time=revoked,
            revocation_reason=x509.ReasonFlags.key_compromise if revoked else None,
        )
        .responder_id(ocsp.OCSPResponderEncoding.HASH, responder.certificate)
        .certificates([responder.certificate])
        .sign(responder.key, hashes.SHA256())
        .public_bytes(Encoding.DER)
    )


@pytest.fixture(name="root")
def _root() -> Holder:
    return authority()


@pytest.fixture(name="camille")
def _camille(root: Holder) -> Holder:
    return prescriber(root)


async def test_a_good_answer_confirms(root: Holder, camille: Holder) -> None:
    """An answer that the signer embeds (RFC 5940) says that the certificate was good when it signed."""
    verified = await cades.verify(forge(camille, answers=[answer(camille, root)]), root.trust, NOW + HOUR)
    assert (True, True, ()) == (verified.trusted, verified.confirmed, verified.doubts)


async def test_an_answer_among_the_revocation_values_counts_too(root: Holder, camille: Holder) -> None:
    """CAdES keeps answers in an unsigned attribute: it is read as well."""
    basic = asn1.OCSPResponse.load(answer(camille, root))["response_bytes"]["response"].parsed
    values = _RevocationValues({"ocsp_vals": [basic]})
    unsigned = [attribute("1.2.840.113549.1.9.16.2.24", core.Any(values))]
    verified = await cades.verify(forge(camille, unsigned=unsigned), root.trust, NOW + HOUR)
    assert (True, True) == (verified.trusted, verified.confirmed)


async def test_a_revoked_signer_is_not_trusted(root: Holder, camille: Holder) -> None:
    """Revoked before it signed: the signature holds, and does not count."""
    revoked = answer(camille, root, revoked=NOW - HOUR)
    verified = await cades.verify(forge(camille, answers=[revoked]), root.trust, NOW + HOUR)
    assert (False, False, (Doubt.REVOKED,)) == (verified.trusted, verified.confirmed, verified.doubts)


async def test_a_responder_that_the_authority_named_is_believed(root: Holder, camille: Holder) -> None:
    """Authorities have others answer for them: their certificate says so, and comes with the answer."""
    responder = prescriber(
        root, name="Répondeur", usage="digital_signature", purposes=[ExtendedKeyUsageOID.OCSP_SIGNING]
    )
    for revoked in (None, NOW - HOUR):
        given = answer(camille, root, by=responder, revoked=revoked)
        verified = await cades.verify(forge(camille, answers=[given]), root.trust, NOW + HOUR)
        assert (revoked is None) == verified.trusted == verified.confirmed


async def test_what_a_stranger_answers_says_nothing(root: Holder, camille: Holder) -> None:
    """An answer by somebody whom the authority did not name neither confirms nor revokes."""
    stranger = authority(name="Autorité d'ailleurs")
    for revoked in (None, NOW - HOUR):
        given = answer(camille, root, by=stranger, revoked=revoked)
        verified = await cades.verify(forge(camille, answers=[given]), root.trust, NOW + HOUR)
        assert (True, False) == (verified.trusted, verified.confirmed)


async def test_an_answer_about_another_says_nothing(root: Holder, camille: Holder) -> None:
    """An answer about somebody else's certificate neither confirms nor revokes."""
    other = prescriber(root)
    for revoked in (None, NOW - HOUR):
        given = answer(other, root, revoked=revoked)
        verified = await cades.verify(forge(camille, answers=[given]), root.trust, NOW + HOUR)
        assert (True, False) == (verified.trusted, verified.confirmed)


async def test_answers_stay_as_they_came(root: Holder, camille: Holder) -> None:
    """Nothing is taken out of a signature: its bytes are the evidence, answers included."""
    given = answer(camille, root)
    signed = forge(camille, answers=[given])
    assert given in signed
    data = cms.ContentInfo.load(signed)["content"]
    assert data["crls"][0].chosen["other_rev_info"].dump() == given
