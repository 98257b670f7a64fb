"""The mails of Thunderbird and NSS, read as whole mails: each verdict is what its name says."""

from __future__ import annotations

import re
import warnings
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12

from hub.domain.address import Address
from hub.domain.message import DocumentRole, SignatureResult
from hub.errors import TrustError
from hub.ports.intake import Peer, Submission
from hub.testing.contents import MemoryContent, MemoryStage
from hub_smtp.mail_settings import MailReading, OnInvalid
from hub_smtp.reading import Reader
from hub_smtp.wire import Arrived, Rcpt
from tests.counterparts import SHARED, shared
from tests.plugins.smtp.cms.made import Pair
from tests.plugins.smtp.mail.world import World

FOLDER = SHARED / "vectors" / "smime-nss"
MAILS = sorted(path.name for path in FOLDER.glob("*.eml"))
AT = datetime(2026, 9, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def bob() -> Pair:
    """Hold the key of the one to whom these mails are encrypted."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the file is BER, which cryptography notes
        key, certificate, _ = pkcs12.load_key_and_certificates(
            (shared("vectors/smime-nss") / "Bob.p12").read_bytes(), b"nss"
        )
    assert isinstance(key, rsa.RSAPrivateKey)
    assert certificate is not None
    return Pair(certificate, key)


def expected(name: str) -> SignatureResult:
    """Return the verdict on the outermost signature, by the mail's name."""
    if name == "alice.env.eml":
        return SignatureResult.NONE
    # The last four carry a signature that was made over another encryption: OpenSSL says so too.
    broken = (
        "bad" in name
        or "mismatch" in name
        or "SHA1" in name
        or re.fullmatch(r"alice\.env\.dsig\.\w+\.multipart\.eml", name)
    )
    return SignatureResult.INVALID if broken else SignatureResult.VALID


def reader(world: World, bob: Pair, policy: OnInvalid) -> Reader:
    """Make a reader that trusts the set's authority and holds Bob's key."""
    files = world.files("bob", bob)
    return Reader(
        MailReading(anchors=(FOLDER / "TestCA.pem",), decryption=(files,), invalid_signature=policy),
        world.host,
    )


def arrived(path: Path) -> Arrived:
    """Return a mail as SMTP would have brought it: with CR LF throughout."""
    return Arrived(
        peer=Peer(name="operator:nss"),
        mail_from=None,
        recipients=(Rcpt(address=Address.parse("bob@example.com")),),
        content=MemoryContent(re.sub(rb"\r?\n", b"\r\n", path.read_bytes())),
        at=AT,
    )


@pytest.mark.skipif(not MAILS, reason="the S/MIME mails of NSS are not on this machine")
@pytest.mark.parametrize("name", MAILS)
async def test_verdict(world: World, bob: Pair, name: str) -> None:
    """A mail's signature is judged, and its text found, whatever layers lie around it."""
    found = await reader(world, bob, OnInvalid.RECORD).read(arrived(FOLDER / name), MemoryStage())
    assert isinstance(found, Submission)
    assert expected(name) is found.signature.result
    (body,) = [one for one in found.parts if one.role is DocumentRole.BODY]
    text = await body.content.read()
    assert (b"FAKE" in text) == ("bad" in name or "mismatch" in name)
    assert b"message" in text
    encrypted = ".env" in name
    assert encrypted == any(one.name == "decrypted.eml" for one in found.parts)


@pytest.mark.skipif(not MAILS, reason="the S/MIME mails of NSS are not on this machine")
@pytest.mark.parametrize("name", [one for one in MAILS if expected(one) is SignatureResult.INVALID])
async def test_refused(world: World, bob: Pair, name: str) -> None:
    """With the policy 'refuse', a mail whose signature does not hold is refused with words that say why."""
    with pytest.raises(TrustError, match=r"^smime\.") as caught:
        await reader(world, bob, OnInvalid.REFUSE).read(arrived(FOLDER / name), MemoryStage())
    assert caught.value.words.en.startswith("The signature of the mail does not hold: ")
