"""What the hub writes, read by OpenSSL: our signature, and the sender's own inside it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from hub_smtp.cms.encrypt import Cipher
from hub_smtp.composing import Composer
from hub_smtp.mail_settings import Format, KeyFiles, MailWriting
from tests.plugins.smtp.mail.world import (
    DOCTOR,
    World,
    body,
    mail,
    parcel,
    part,
    said,
    sent,
    submission,
    text,
)


def openssl(*arguments: str | Path, data: bytes) -> bytes:
    """Run OpenSSL on a mail; fail when it refuses it."""
    ran = subprocess.run(["openssl", *arguments], input=data, capture_output=True, check=False)
    assert ran.returncode == 0, ran.stderr.decode()
    return ran.stdout


def verified(world: World, data: bytes) -> bytes:
    """Return what was signed, as OpenSSL verifies it."""
    return openssl("cms", "-verify", "-CAfile", world.folder / "authority.pem", data=data)


@pytest.mark.parametrize("form", list(Format))
async def test_letter(world: World, form: Format) -> None:
    """OpenSSL verifies a letter that the hub made and signed."""
    letter = said(body("Chère consœur,\nFrom now on\n.\n"), part(b"%PDF \x00\xff", "été.pdf"))
    data = await sent(world.composer(form), parcel(letter))
    assert b"multipart/mixed" in verified(world, data)


async def test_both_signatures(world: World) -> None:
    """OpenSSL verifies the hub's signature, and then the hospital's in what the hub signed."""
    first = await submission(world.reader(), mail(world.signed(text("Bonjour"))))
    data = await sent(world.composer(), parcel(first))
    inner = verified(world, data)
    assert b"Bonjour" in verified(world, inner)


@pytest.mark.parametrize("kind", ["rsa", "p256", "p384"])
@pytest.mark.parametrize("cipher", ["gcm", "cbc"])
async def test_encrypted(world: World, kind: str, cipher: str) -> None:
    """OpenSSL decrypts what is encrypted to RSA and EC keys, and verifies what is inside."""
    pair = world.authority.issue(kind, addresses=[str(DOCTOR)])
    files = world.files("reader", pair)
    signing = KeyFiles(certificate=world.folder / "hub.pem", key=world.folder / "hub.key")
    composer = Composer(MailWriting(signing=signing, cipher=Cipher(cipher)), world.host)
    data = await sent(composer, parcel(said(body("Bonjour\n")), certificates=[pair]))
    plain = openssl("cms", "-decrypt", "-recip", files.certificate, "-inkey", files.key, data=data)
    assert b"Bonjour" in verified(world, plain)


async def test_altered(world: World) -> None:
    """OpenSSL refuses a mail of ours in which one letter was changed."""
    data = await sent(world.composer(), parcel(said(body("Bonjour\n"))))
    with pytest.raises(AssertionError, match="Verification failure"):
        verified(world, data.replace(b"Bonjour", b"Bonsoir"))
