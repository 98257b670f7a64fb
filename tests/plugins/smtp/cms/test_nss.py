"""The S/MIME mails of Thunderbird and NSS: each gives the verdict that its name says."""

from __future__ import annotations

import email
import hashlib
import warnings
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12

from hub_smtp.cms import decrypt, signed, trust
from hub_smtp.cms.verdict import Verdict
from tests.counterparts import SHARED, shared
from tests.plugins.smtp.cms.made import in_pieces, joined

FOLDER = SHARED / "vectors" / "smime-nss"
AT = datetime(2026, 9, 1, tzinfo=UTC)
MAILS = sorted(path.name for path in FOLDER.glob("*.eml"))


@pytest.fixture(scope="module")
def folder() -> Path:
    """Where the mails are, or skip."""
    return shared("vectors/smime-nss")


@pytest.fixture(scope="module")
def anchors(folder: Path) -> trust.Anchors:
    """Trust the authority of these mails."""
    return trust.Anchors([x509.load_pem_x509_certificate((folder / "TestCA.pem").read_bytes())])


@pytest.fixture(scope="module")
def keys(folder: Path) -> decrypt.Keys:
    """Hold the keys of those to whom these mails are encrypted."""
    held = []
    for name in ("Bob", "Fran", "Fran-ec"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the files are BER, which cryptography notes
            key, certificate, _ = pkcs12.load_key_and_certificates(
                (folder / f"{name}.p12").read_bytes(), b"nss"
            )
        assert certificate is not None
        assert isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey)
        held.append(decrypt.Identity(certificate, key))
    return decrypt.Keys(held)


def expected(name: str) -> str | None:
    """Return what the outermost signature of a mail must give, by its name."""
    if "mismatch-econtent" in name:
        return "smime.signature.content-inside"
    if "SHA1" in name:
        return "smime.signature.weak-digest"
    if name.startswith("alice.env.dsig.") and name.endswith("multipart.eml"):
        # Signed over bare LF, which is not canonical (RFC 8551, 3.1.1); OpenSSL refuses them as well.
        return "smime.signature.altered" if "dave" not in name else None
    return "smime.signature.altered" if ".bad." in name else None


async def judged(mail: bytes, anchors: trust.Anchors, keys: decrypt.Keys) -> Verdict | None:
    """Decrypt as long as it is encrypted, then verify the outermost signature."""
    mail = b"\r\n".join(mail.splitlines()) + b"\r\n"
    read = email.message_from_bytes(mail)
    if read.get_content_type() == "multipart/signed":
        boundary = str(read.get_boundary()).encode()
        content = mail.split(b"--" + boundary + b"\r\n", 2)[1].removesuffix(b"\r\n")
        digests = {name: hashlib.new(name, content).digest() for name in ("sha256", "sha384", "sha512")}
        signature = read.get_payload()[1].get_payload(decode=True)  # type: ignore[index, union-attr]
        return signed.parse(signature).verify(digests, anchors, AT)  # type: ignore[arg-type]
    body = read.get_payload(decode=True)
    assert isinstance(body, bytes)
    if read.get_param("smime-type") == "signed-data":
        return (await signed.read(in_pieces(body, 100))).verify(anchors, AT)
    if read.get_param("smime-type") == "enveloped-data":
        opened = await decrypt.decrypt(in_pieces(body, 100), keys)
        return await judged(await joined(opened.pieces()), anchors, keys)
    return None


@pytest.mark.parametrize("name", MAILS)
async def test_the_verdict_is_what_the_name_says(
    name: str, folder: Path, anchors: trust.Anchors, keys: decrypt.Keys
) -> None:
    """Good is valid, bad is altered, SHA-1 is refused, encrypted is read."""
    got = await judged((folder / name).read_bytes(), anchors, keys)
    if got is None:
        assert name == "alice.env.eml"
    else:
        assert (got.fault.code if got.fault else None) == expected(name)
        assert got.signer in {"Alice", "Dave"}
