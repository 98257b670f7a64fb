"""Whose signature counts: what speaks against a signer is said, each by its own name."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from hub.domain.address import Address
from hub.domain.party import RPPS, Identifier, Party, PartyKind
from hub.errors import ConfigError, TrustError
from hub_eprescription.signing import cades
from hub_eprescription.signing.authorities import Authorities
from hub_eprescription.signing.verdict import Doubt, Verified
from tests.plugins.eprescription.prescribers import (
    CAMILLE,
    FROM,
    NOW,
    Holder,
    authority,
    make_key,
    prescriber,
)
from tests.plugins.eprescription.signing.forging import HASHES, forge

DAY = timedelta(days=1)


async def judge(holder: Holder, trust: Authorities, at: datetime = NOW, **more: Any) -> Verified:
    """Verify a signature of somebody's."""
    more = {"at": at, "certificates": [holder.der, *holder.signer.chain[1:]]} | more
    return await cades.verify(forge(holder, **more), trust, NOW)


async def test_nobody_is_trusted_without_authorities() -> None:
    """The arithmetic of a stranger's signature holds, and it counts for nothing."""
    verified = await judge(prescriber(None), Authorities())
    assert (False, (Doubt.UNKNOWN_AUTHORITY,)) == (verified.trusted, verified.doubts)
    with pytest.raises(TrustError, match="none of the authorities") as caught:
        verified.require()
    assert caught.value.code == "prescription.signer_untrusted"


async def test_another_authority_of_the_same_name_is_another() -> None:
    """A name proves nothing: only the key of the configured authority does."""
    mine, other = authority(), authority()
    assert (await judge(prescriber(mine), mine.trust)).trusted
    assert (Doubt.UNKNOWN_AUTHORITY,) == (await judge(prescriber(other), mine.trust)).doubts


async def test_a_prescriber_certifies_nobody() -> None:
    """A certificate that is not an authority's has no say over others."""
    root = authority()
    camille = prescriber(root)
    fake = prescriber(Holder(key=camille.key, certificate=camille.certificate))
    verified = await judge(fake, root.trust, certificates=[fake.der, camille.der])
    assert (Doubt.UNKNOWN_AUTHORITY,) == verified.doubts


async def test_a_path_without_its_middle_leads_nowhere() -> None:
    """Who does not send the authority between is not trusted; who does, is."""
    root = authority()
    camille = prescriber(authority(name="Autorité de Hautmont", by=root))
    assert (await judge(camille, root.trust)).trusted
    assert not (await judge(camille, root.trust, certificates=[camille.der])).trusted


async def test_many_authorities_of_one_name_lead_nowhere_fast() -> None:
    """Certificates that could follow each other in any order by their names are not tried in every order."""
    root = authority(name="Autorité")
    strangers = [authority(name="Autorité") for _ in range(12)]
    camille = prescriber(strangers[0])
    offered = [camille.der, *(one.der for one in strangers)]
    assert (Doubt.UNKNOWN_AUTHORITY,) == (await judge(camille, root.trust, certificates=offered)).doubts
    # each certified by the next
    line = [authority(name="Autorité")]
    for _ in range(11):
        line.append(authority(name="Autorité", by=line[-1]))
    camille = prescriber(line[-1])
    offered = [camille.der, *(one.der for one in line)]
    assert (Doubt.UNKNOWN_AUTHORITY,) == (await judge(camille, root.trust, certificates=offered)).doubts


async def test_what_is_offered_beside_the_path_does_no_harm() -> None:
    """The path is found among certificates of no use, one of them of the same name."""
    root = authority()
    between = authority(name="Autorité de Hautmont", by=root)
    camille = prescriber(between)
    double = authority(name="Autorité de Hautmont")
    offered = [camille.der, double.der, between.der, root.der]
    assert (await judge(camille, root.trust, certificates=offered)).trusted


@pytest.mark.parametrize("moment", [FROM, NOW, NOW + timedelta(minutes=4)])
async def test_it_is_judged_when_it_was_signed(moment: datetime) -> None:
    """A certificate that has expired since was good when it signed."""
    root = authority()
    assert (await judge(prescriber(root, ends=moment + DAY), root.trust, moment)).trusted


@pytest.mark.parametrize(
    ("at", "more", "doubt"),
    [
        (NOW - 2 * DAY, {"begins": NOW - DAY}, Doubt.NOT_YET_VALID),
        (NOW - DAY, {"ends": NOW - 2 * DAY}, Doubt.EXPIRED),
        (NOW + timedelta(minutes=6), {}, Doubt.FUTURE),
        (NOW, {"usage": None}, Doubt.USAGE),
        (NOW, {"usage": "key_encipherment"}, Doubt.USAGE),
        (NOW, {"purposes": [ExtendedKeyUsageOID.CLIENT_AUTH]}, Doubt.USAGE),
    ],
)
async def test_each_doubt_has_its_name(at: datetime, more: dict[str, Any], doubt: Doubt) -> None:
    """Too early, too late, yet to come, or not for signing: the words say which, in both languages."""
    root = authority()
    verified = await judge(prescriber(root, **more), root.trust, at)
    assert (False, (doubt,)) == (verified.trusted, verified.doubts)
    assert verified.words.en
    assert verified.words.fr


@pytest.mark.parametrize("usage", ["digital_signature", "content_commitment"])
async def test_either_usage_signs(usage: str) -> None:
    """Cards sign by digitalSignature in some countries, by nonRepudiation in others."""
    root = authority()
    assert (await judge(prescriber(root, usage=usage), root.trust)).trusted


async def test_a_signer_who_is_configured_is_trusted_within_their_time() -> None:
    """A certificate that is itself in `trust` needs nobody above it, but still its time and its usage."""
    root = authority()
    for more, trusted in (({}, True), ({"ends": NOW - DAY}, False), ({"usage": None}, False)):
        camille = prescriber(root, **more)
        assert trusted == (await judge(camille, camille.trust)).trusted


async def test_short_keys_are_not_trusted() -> None:
    """RSA of 1024 bits is too short, for a signer and for who certifies them."""
    root = authority(make_key("rsa"))
    verified = await judge(prescriber(root, make_key("rsa1024")), root.trust)
    assert (False, (Doubt.WEAK_KEY,)) == (verified.trusted, verified.doubts)
    between = authority(make_key("rsa1024"), name="Autorité de Hautmont", by=root)
    verified = await judge(prescriber(between, make_key("rsa")), root.trust)
    assert (False, (Doubt.WEAK_PATH,)) == (verified.trusted, verified.doubts)


async def test_sha1_is_flagged_and_accepted_only_where_it_is_demanded() -> None:
    """A service that signs with SHA-1 has its signatures trusted there, and flagged; nobody else's are."""
    root = authority(make_key("rsa"))
    camille = prescriber(root, make_key("rsa"))
    made = {"digest": "sha1", "hashed": "sha1"}
    verified = await judge(camille, root.trust, **made)
    assert (False, (Doubt.WEAK_HASH,)) == (verified.trusted, verified.doubts)
    verified = await judge(camille, Authorities([root.der], accepts_sha1=True), **made)
    assert (True, (Doubt.WEAK_HASH,)) == (verified.trusted, verified.doubts)
    assert "SHA-1" in verified.words.en


async def test_who_accepts_sha1_accepts_nothing_else() -> None:
    """Where SHA-1 is taken, every other doubt takes trust away as everywhere."""
    root = authority(make_key("rsa"))
    trust = Authorities([root.der], accepts_sha1=True)
    camille = prescriber(root, make_key("rsa"), ends=NOW - DAY)
    verified = await judge(camille, trust, digest="sha1", hashed="sha1")
    assert (False, (Doubt.EXPIRED, Doubt.WEAK_HASH)) == (verified.trusted, verified.doubts)


async def test_a_certificate_by_sha1_counts_only_where_it_is_demanded() -> None:
    """A certificate that its authority signed with SHA-1 is a weak link, except at such a service."""
    root = authority(make_key("rsa"))
    between = by_sha1(authority(make_key("rsa"), name="Autorité de Hautmont", by=root), root)
    for camille in (by_sha1(prescriber(root, make_key("rsa")), root), prescriber(between)):
        assert (Doubt.WEAK_PATH,) == (await judge(camille, root.trust)).doubts
        assert (await judge(camille, Authorities([root.der], accepts_sha1=True))).trusted


def by_sha1(holder: Holder, root: Holder) -> Holder:
    """Sign a certificate anew, with SHA-1: the libraries do so no more."""
    made = asn1.Certificate.load(holder.der)
    algorithm = {"algorithm": "sha1_rsa"}
    made["tbs_certificate"]["signature"] = algorithm
    made["signature_algorithm"] = algorithm
    assert isinstance(root.key, rsa.RSAPrivateKey)
    signed = made["tbs_certificate"].dump(force=True)
    made["signature_value"] = root.key.sign(signed, padding.PKCS1v15(), HASHES["sha1"])
    return replace(holder, certificate=x509.load_der_x509_certificate(made.dump()))


async def test_a_number_is_a_countrys_own() -> None:
    """Twelve digits that are an RPPS in France are none elsewhere."""
    root = authority()
    assert (await judge(prescriber(root), root.trust)).identifiers
    assert not (await judge(prescriber(root, country="BE"), root.trust)).identifiers
    assert not (await judge(prescriber(root, name=f"{CAMILLE}0"), root.trust)).identifiers


async def test_a_root_that_vouches_by_md5_is_not_needed_strong() -> None:
    """The anchor's own signature is not asked about: it is trusted because it is configured."""
    root = authority(hashed=hashes.SHA512())
    assert (await judge(prescriber(root, hashed=hashes.SHA384()), root.trust)).trusted


async def test_a_prescriber_is_recognised() -> None:
    """Whether the signer is the one who ordered: by national number, or by address; else not."""
    root = authority()
    verified = await judge(
        prescriber(root, mail="Dr.Camille.Lilas@cabinet-lilas.mssante.example"), root.trust
    )

    def party(address: str, number: str) -> Party:
        return Party(
            kind=PartyKind.PERSON,
            name="Camille Lilas",
            address=Address.parse(address),
            identifiers=(Identifier(RPPS, number),),
        )

    other = "dr.autre@cabinet-lilas.mssante.example"
    assert verified.is_of(party(other, CAMILLE))
    assert verified.is_of(party("dr.camille.lilas@cabinet-lilas.mssante.example", "810000000000"))
    assert not verified.is_of(party(other, "810000000000"))


def test_authorities_are_read_from_files(tmp_path: Path) -> None:
    """PEM files with one or several certificates; what is none is named."""
    first, second = authority(), authority(name="Autorité de Hautmont")
    _, path = first.write(tmp_path)
    both = tmp_path / "both.pem"
    both.write_bytes(path.read_bytes() + second.write(tmp_path)[1].read_bytes())
    assert Authorities.load([both]).anchors == (first.der, second.der)
    empty = tmp_path / "empty.pem"
    empty.write_bytes(b"")
    for wrong in (empty, tmp_path / "nowhere.pem"):
        with pytest.raises(ConfigError, match=wrong.name):
            Authorities.load([wrong])


def test_a_verdict_shows_nobody() -> None:
    """What was signed, and by whom, is not in a representation that a log might show."""
    verified = Verified(
        content=b"<Patient/>",
        certificate=b"c",
        signer="Camille",
        signed_at=NOW,
        trusted=True,
        addresses=frozenset({"dr@lilas.example"}),
    )
    shown = repr(verified)
    assert not any(one in shown for one in ("Patient", "Camille", "lilas"))
