"""A sender's signature, when the certificate behind it has been revoked, or nobody says."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from hub.domain.message import SignatureResult
from hub.errors import PeerError, TrustError
from hub.ports.intake import Submission
from hub.testing.contents import MemoryStage
from hub.testing.fakes import FixedClock, RecordingLog
from hub_smtp import faults
from hub_smtp.cms.signer import Signer
from hub_smtp.mail_settings import MailReading, OnInvalid
from hub_smtp.mime.segments import Segments
from hub_smtp.reading import Reader
from hub_smtp.revocation.checker import open_revocation
from hub_smtp.revocation.settings import OnNoAnswer
from hub_smtp.sealing import Sealing
from tests.plugins.smtp.mail.world import HOSPITAL, World, arrived, mail, text
from tests.plugins.smtp.revocation.authority import Issued, OpensslAuthority, free_port, places
from tests.plugins.smtp.revocation.world import settings


@pytest.fixture
def issuer(tmp_path: Path) -> OpensslAuthority:
    """Make an authority by OpenSSL."""
    return OpensslAuthority(tmp_path / "authority")


@asynccontextmanager
async def reading(
    world: World,
    issuer: OpensslAuthority,
    port: int,
    policy: OnNoAnswer = OnNoAnswer.REQUIRE,
    invalid: OnInvalid = OnInvalid.REFUSE,
) -> AsyncIterator[Reader]:
    """Open a reader that asks one responder."""
    host = replace(
        world.host,
        clock=FixedClock(datetime.now(UTC)),
        data=issuer.folder / "data",
        log=RecordingLog(),
    )
    found = MailReading(anchors=(issuer.file,), invalid_signature=invalid, revocation=settings(port, policy))
    async with open_revocation(found.revocation, host) as revocation:
        yield Reader(found, host, revocation)


def signed(by: Issued, at: datetime | None = None) -> bytes:
    """Return a mail that the hospital signed, at a time that it states."""
    assert isinstance(by.key, ec.EllipticCurvePrivateKey)
    at = at or datetime.now(UTC)
    whole = Sealing(Signer(by.key, [by.certificate]), at).signed(Segments((text(),)), "b", at).whole()
    assert whole is not None
    return mail(whole)


async def taken(reader: Reader, data: bytes) -> Submission:
    """Read a mail that comes in now."""
    found = await reader.read(replace(arrived(data), at=datetime.now(UTC)), MemoryStage())
    assert isinstance(found, Submission)
    return found


async def test_good_and_revoked(world: World, issuer: OpensslAuthority) -> None:
    """A good signer is valid by a real responder's word; a revoked one is refused by day and reason."""
    port = free_port()
    good, gone = (issuer.issue(*places(port), address=str(HOSPITAL)) for _ in range(2))
    issuer.revoke(gone, "keyCompromise")
    with issuer.answering(port):
        async with reading(world, issuer, port) as reader:
            found = await taken(reader, signed(good))
            assert found.signature.result is SignatureResult.VALID
            with pytest.raises(TrustError, match=r"smime\.certificate\.revoked") as caught:
                await taken(reader, signed(gone))
    assert "was revoked on 2" in caught.value.words.en
    assert "clé compromise" in caught.value.words.fr


async def test_recorded(world: World, issuer: OpensslAuthority) -> None:
    """Where invalid signatures are recorded, the envelope says invalid, and vouches for nobody."""
    port = free_port()
    gone = issuer.issue(*places(port), address=str(HOSPITAL), name="899700000000")
    issuer.revoke(gone, "keyCompromise")
    with issuer.answering(port):
        async with reading(world, issuer, port, invalid=OnInvalid.RECORD) as reader:
            found = await taken(reader, signed(gone))
    assert found.signature.result is SignatureResult.INVALID
    assert not found.signer_identifiers


@pytest.mark.parametrize(
    ("reason", "ago", "valid"),
    [
        ("superseded", timedelta(days=2), True),
        ("cessationOfOperation", timedelta(days=2), True),
        ("superseded", timedelta(days=-2), False),
        ("keyCompromise", timedelta(days=2), False),
        ("unspecified", timedelta(days=2), False),
    ],
)
async def test_signed_before(
    world: World,
    issuer: OpensslAuthority,
    reason: str,
    ago: timedelta,
    valid: bool,  # noqa: FBT001 - of the table
) -> None:
    """A signature made before an orderly revocation counts; whoever stole a key can't date it back."""
    port = free_port()
    gone = issuer.issue(*places(port), address=str(HOSPITAL))
    issuer.revoke(gone, reason)
    data = signed(gone, datetime.now(UTC) - ago)
    with issuer.answering(port):
        async with reading(world, issuer, port, invalid=OnInvalid.RECORD) as reader:
            found = await taken(reader, data)
    assert (found.signature.result is SignatureResult.VALID) is valid


async def test_no_answer(world: World, issuer: OpensslAuthority) -> None:
    """Without an answer the sender is told to try again (451), or the mail is taken, as the policy says."""
    one = issuer.issue(*places(free_port()), address=str(HOSPITAL))
    async with reading(world, issuer, free_port()) as reader:
        with pytest.raises(PeerError) as caught:
            await taken(reader, signed(one))
    assert caught.value.code == "smime.revocation.unanswered"
    assert faults.reply_for(caught.value).code == 451
    async with reading(world, issuer, free_port(), OnNoAnswer.PREFER) as reader:
        found = await taken(reader, signed(one))
    assert found.signature.result is SignatureResult.VALID


async def test_a_reader_without_a_checker_is_a_mistake(world: World) -> None:
    """Settings that ask about revocation can't be opened without anybody who answers."""
    with pytest.raises(ValueError, match="revoked"):
        Reader(MailReading(revocation=settings(1)), world.host)
