"""Certificates kept from signed mail: only what the author vouches for, and the newest."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from hub.domain.address import Address
from hub.errors import ConfigError, TrustError
from hub.testing.fakes import RecordingLog
from hub_smtp import harvest
from hub_smtp.cms import ber, certificates, der
from hub_smtp.cms.signer import Signer
from hub_smtp.cms.verdict import Verdict
from hub_smtp.composing import Composer
from hub_smtp.folders import file_name
from hub_smtp.mail_settings import MailReading, MailWriting, OnInvalid
from hub_smtp.mime.segments import Segments
from hub_smtp.reading import Reader
from hub_smtp.sealing import Sealing
from tests.counterparts import program
from tests.plugins.smtp.cms.made import AT, Authority, Pair
from tests.plugins.smtp.mail.world import (
    DOCTOR,
    HOSPITAL,
    World,
    body,
    mail,
    parcel,
    said,
    sent,
    submission,
    text,
)

SIGNS = ("digital_signature",)
READS = ("key_encipherment", "key_agreement")


def reader(world: World, folder: Path, most: int = 100, invalid: OnInvalid = OnInvalid.RECORD) -> Reader:
    """Make a reader that harvests."""
    settings = MailReading(
        anchors=(world.folder / "authority.pem",),
        harvest=folder,
        harvest_most=most,
        invalid_signature=invalid,
    )
    return Reader(settings, replace(world.host, log=RecordingLog()))


def letter(by: Pair, author: str = str(HOSPITAL), more: Sequence[x509.Certificate] = ()) -> bytes:
    """Return a signed mail, with certificates that come along."""
    assert isinstance(by.key, ec.EllipticCurvePrivateKey)
    sealing = Sealing(Signer(by.key, [by.certificate, *more]), AT)
    whole = sealing.signed(Segments((text(),)), "b", AT).whole()
    assert whole is not None
    return mail(whole, From=author)


def names(folder: Path) -> list[str]:
    """Return what a folder holds."""
    return sorted(one.name for one in folder.iterdir())


def kept(folder: Path, address: str = str(HOSPITAL)) -> list[x509.Certificate]:
    """Return what is kept for an address."""
    file = folder / f"{address.lower()}.pem"
    return x509.load_pem_x509_certificates(file.read_bytes()) if file.exists() else []


async def test_who_has_written_can_be_written_to(world: World, tmp_path: Path) -> None:
    """After one signed mail, letters back are encrypted, and the author reads them."""
    middle = Authority("Middle", world.authority)
    doctor = middle.issue(addresses=[str(DOCTOR)])
    await submission(reader(world, tmp_path), letter(doctor, str(DOCTOR), [middle.certificate]))
    assert kept(tmp_path, str(DOCTOR)) == [doctor.certificate, middle.certificate]
    settings = MailWriting(anchors=(world.folder / "authority.pem",), certificates=(tmp_path,))
    back = await sent(Composer(settings, world.host), parcel(said(body("Secret"))))
    assert b"Secret" not in back
    files = world.files("doctor", doctor)
    ran = subprocess.run(  # noqa: ASYNC221 - a test
        [program("openssl"), "cms", "-decrypt", "-recip", files.certificate, "-inkey", files.key],
        input=back,
        capture_output=True,
        check=True,
    )
    assert b"Secret" in ran.stdout


async def test_a_second_certificate(world: World, tmp_path: Path) -> None:
    """When the signer's own can't be encrypted to, the other one of the same address is kept."""
    signs = world.authority.issue(addresses=[str(HOSPITAL)], usage=SIGNS)
    reads = world.authority.issue(addresses=[str(HOSPITAL)], usage=READS)
    stranger = world.authority.issue(addresses=["other@hospital.example"], usage=READS)
    foreign = Authority("Foreign").issue(addresses=[str(HOSPITAL)], usage=READS)
    more = [stranger.certificate, foreign.certificate, reads.certificate]
    await submission(reader(world, tmp_path), letter(signs, more=more))
    assert kept(tmp_path) == [reads.certificate]


@pytest.mark.parametrize("way", ["issuer", "identifier", "alternative", "noise", "nobody"])
def test_the_preferred_one_comes_first(world: World, way: str) -> None:
    """SMIMEEncryptionKeyPreference names one in three ways; what can't be read prefers nobody."""
    signs, reads = (world.authority.issue(addresses=[str(HOSPITAL)]) for _ in range(2))
    known = [certificates.read(one.certificate.public_bytes(Encoding.DER)) for one in (signs, reads)]
    first, second = known
    assert first is not None
    assert second is not None
    preference = {
        "issuer": der.tlv(der.EXPLICIT | 0, ber.single(second.name, der.SEQUENCE).body),
        "identifier": der.tlv(der.EXPLICIT | 1, der.tlv(der.OCTETS, second.key_identifier)),
        "alternative": der.tlv(der.CONTEXT | 2, second.key_identifier),
        "noise": b"\xff\xff\xff",
        "nobody": None,
    }[way]
    verdict = Verdict(
        fault=None, certificate=first.der, others=(first.der, second.der), preference=preference
    )
    order = harvest._in_order([first, second], verdict)
    named = way in {"issuer", "identifier", "alternative"}
    assert order == ([second, first] if named else [first, second])


async def test_only_what_the_author_vouches_for(world: World, tmp_path: Path) -> None:
    """Nothing is kept of an altered mail, of somebody else's signature, or of an unknown authority."""
    made = reader(world, tmp_path)
    pair = world.authority.issue(addresses=[str(HOSPITAL)])
    await submission(made, letter(pair).replace(b"Bonjour", b"Bonsoir"))
    await submission(made, letter(world.authority.issue(addresses=["evil@city.example"])))
    await submission(made, letter(Authority("Stranger").issue(addresses=[str(HOSPITAL)])))
    await submission(made, mail(text()))
    assert names(tmp_path) == []
    strict = reader(world, tmp_path, invalid=OnInvalid.REFUSE)
    with pytest.raises(TrustError):
        await submission(strict, letter(pair).replace(b"Bonjour", b"Bonsoir"))
    assert names(tmp_path) == []


async def test_the_newest_is_kept(world: World, tmp_path: Path) -> None:
    """A renewed certificate replaces the one before; an old mail that comes again changes nothing."""
    old, new = (
        world.authority.issue(addresses=[str(HOSPITAL)], since=timedelta(days=-days)) for days in (90, 2)
    )
    for one, expected in ((old, old), (new, new), (old, new)):
        await submission(reader(world, tmp_path), letter(one))
        assert kept(tmp_path) == [expected.certificate]
    # What is damaged is replaced, and so is what has expired.
    (tmp_path / f"{HOSPITAL}.pem").write_bytes(b"damaged")
    await submission(reader(world, tmp_path), letter(old))
    assert kept(tmp_path) == [old.certificate]
    expired = world.authority.issue(addresses=[str(HOSPITAL)], since=timedelta(days=-20), days=10)
    (tmp_path / f"{HOSPITAL}.pem").write_bytes(expired.pem)
    await submission(reader(world, tmp_path), letter(old))
    assert kept(tmp_path) == [old.certificate]


async def test_a_full_folder(world: World, tmp_path: Path) -> None:
    """When the folder is full nobody is added, and nobody loses theirs; renewals go on."""
    first = world.authority.issue(addresses=[str(HOSPITAL)], since=timedelta(days=-90))
    second = world.authority.issue(addresses=["b@hospital.example"])
    made = reader(world, tmp_path, 1)
    await submission(made, letter(first))
    await submission(made, letter(second, "b@hospital.example"))
    assert names(tmp_path) == [f"{HOSPITAL}.pem"]
    assert isinstance(made._log, RecordingLog)
    assert "smime.harvest.full" in made._log.events()
    renewed = world.authority.issue(addresses=[str(HOSPITAL)])
    await submission(made, letter(renewed))
    assert kept(tmp_path) == [renewed.certificate]


async def test_a_folder_that_fails_never_fails_the_mail(world: World, tmp_path: Path) -> None:
    """The mail is taken when its certificate can't be kept; at the start such a folder is an error."""
    folder = tmp_path / "harvest"
    folder.mkdir()
    made = reader(world, folder)
    folder.rmdir()
    await submission(made, letter(world.authority.issue(addresses=[str(HOSPITAL)])))
    assert isinstance(made._log, RecordingLog)
    assert "smime.harvest.failed" in made._log.events()
    with pytest.raises(ConfigError, match="is not a folder"):
        reader(world, folder)


@pytest.mark.parametrize(
    ("address", "name"),
    [
        (HOSPITAL, "reports@hospital.example.pem"),
        (Address("Dr.Élise", "city.example"), "dr.élise@city.example.pem"),
        (Address("a/../../b", "city.example"), "a%2F..%2F..%2Fb@city.example.pem"),
        (Address("a%2fb", "city.example"), "a%252fb@city.example.pem"),
    ],
)
def test_a_file_is_named_by_its_address(address: Address, name: str) -> None:
    """No address names a file in another folder, nor another address's file."""
    assert file_name(address) == name


def test_a_long_address_has_a_short_name() -> None:
    """What file systems would not take as a name is digested."""
    name = file_name(Address.parse("l" * 60 + "@" + "x" * 60 + "." + "y" * 60 + "." + "z" * 60 + ".example"))
    assert len(name) == len("0" * 64 + ".pem")
