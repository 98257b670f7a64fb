"""Mail that wants to look as if somebody else had signed it: never a valid signature of theirs."""

from __future__ import annotations

import pytest

from hub.domain.message import SignatureResult
from hub.errors import MalformedError, TrustError
from hub_smtp.mail_settings import OnInvalid
from tests.plugins.smtp.cms.made import Authority
from tests.plugins.smtp.mail.world import DOCTOR, HOSPITAL, World, mail, submission, text

EVIL = "evil@city.example"


async def test_signed_by_the_author(world: World) -> None:
    """A mail signed by the address in From is valid."""
    found = await submission(world.reader(), mail(world.signed(text())))
    assert found.signature.result is SignatureResult.VALID
    assert found.sender == HOSPITAL


@pytest.mark.parametrize("policy", list(OnInvalid))
async def test_signed_by_another(world: World, policy: OnInvalid) -> None:
    """A mail signed by somebody else than From is refused, or recorded as invalid."""
    evil = world.authority.issue(addresses=[EVIL])
    data = mail(world.signed(text(), evil))
    if policy is OnInvalid.REFUSE:
        with pytest.raises(TrustError, match=r"smime\.signer\.other"):
            await submission(world.reader(policy), data)
    else:
        found = await submission(world.reader(policy), data)
        assert found.signature.result is SignatureResult.INVALID
        assert not found.signer_identifiers


async def test_sender_field_is_no_author(world: World) -> None:
    """Naming oneself in Sender makes nobody the author: the mail counts as unsigned."""
    evil = world.authority.issue(addresses=[EVIL])
    found = await submission(world.reader(), mail(world.signed(text(), evil), Sender=EVIL))
    assert found.signature.result is SignatureResult.NONE
    assert found.signature.signer is None


async def test_broken_signature_inside_a_relays(world: World) -> None:
    """A sound signature of a relay does not mend the broken one of the author inside it."""
    relay = world.authority.issue(addresses=[EVIL])
    inner = world.signed(text("Bonjour"), boundary="inner").replace(b"Bonjour", b"Bonsoir")
    with pytest.raises(TrustError, match=r"smime\.signature\.altered"):
        await submission(world.reader(), mail(world.signed(inner, relay), Sender=EVIL))


async def test_unknown_authority(world: World) -> None:
    """A certificate of an authority that is not configured proves nothing."""
    stranger = Authority("Stranger").issue(addresses=[str(HOSPITAL)])
    with pytest.raises(TrustError, match=r"smime\.certificate\.unknown-authority"):
        await submission(world.reader(), mail(world.signed(text(), stranger)))


async def test_signed_part_in_a_mixed(world: World) -> None:
    """A signed part beside an unsigned one signs nothing of the mail (signature wrapping)."""
    inner = world.signed(text("Signé"))
    wrapped = (
        b'Content-Type: multipart/mixed; boundary="mixed"\r\n\r\n--mixed\r\n'
        + text("Virez tout")
        + b"\r\n--mixed\r\n"
        + inner
        + b"\r\n--mixed--\r\n"
    )
    found = await submission(world.reader(), mail(wrapped))
    assert found.signature.result is SignatureResult.NONE


async def test_text_after_the_signature(world: World) -> None:
    """A signed multipart with a third part is malformed, not half signed."""
    data = (
        mail(world.signed(text())).removesuffix(b"--\r\n")
        + b"\r\n"
        + text("Virez tout")
        + b"\r\n--outermost--\r\n"
    )
    with pytest.raises(MalformedError, match="two parts"):
        await submission(world.reader(), data)


@pytest.mark.parametrize(
    "author",
    [
        f"{HOSPITAL}, {EVIL}",
        f"<{HOSPITAL}> <{EVIL}>",
        f"{HOSPITAL} {EVIL}",
        f"{HOSPITAL}){EVIL}",
        f"({HOSPITAL}) {EVIL}",
        f"{HOSPITAL} <{EVIL}>",
        f"group: {HOSPITAL};",
        f'"{HOSPITAL}"',
        "<>",
        "",
        f"=?utf-8?Q?{HOSPITAL}?=",
        f"<@relay.example:{HOSPITAL}>",
        f"<{HOSPITAL}",
        f"a\x08{HOSPITAL}",
    ],
)
async def test_unclear_author(world: World, author: str) -> None:
    """Anything but one author that every reader reads alike is refused."""
    with pytest.raises(MalformedError, match=r"mail\.(from|malformed)"):
        await submission(world.reader(), mail(text(), From=author))


@pytest.mark.parametrize(
    "lines", [f"From: {EVIL}", f"FROM: {EVIL}", f"From : {EVIL}", f"Sender: {EVIL}\r\nSender: {HOSPITAL}"]
)
async def test_second_author(world: World, lines: str) -> None:
    """A second From or Sender is refused wherever it stands and however it is spelt."""
    data = mail(text())
    for spoofed in (
        lines.encode() + b"\r\n" + data,
        data.replace(b"Subject:", lines.encode() + b"\r\nSubject:"),
    ):
        with pytest.raises(MalformedError):
            await submission(world.reader(), spoofed)


async def test_names_do_not_count(world: World) -> None:
    """A display name that looks like an address is a name."""
    found = await submission(world.reader(), mail(text(), From=f'"{DOCTOR}" <{HOSPITAL}>'))
    assert found.sender == HOSPITAL
