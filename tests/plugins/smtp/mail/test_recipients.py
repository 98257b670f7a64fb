"""Which of a recipient's certificates is encrypted to, and what is said when none can be."""

from __future__ import annotations

import base64
import subprocess
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import HealthCheck, given
from hypothesis import settings as bounded
from hypothesis import strategies as st

from hub.domain.outcome import Deferred, Outcome, Refused
from hub.errors import ConfigError
from hub.ports.connector import Parcel
from hub.testing.fakes import FixedClock
from hub_smtp.cms.encrypt import Cipher
from hub_smtp.composing import Composer
from hub_smtp.mail_settings import DirectoryCertificates, Encrypt, MailWriting
from hub_smtp.revocation.checker import open_revocation
from hub_smtp.revocation.settings import OnNoAnswer
from tests.counterparts import program
from tests.plugins.smtp.cms.made import AT, Authority, Pair
from tests.plugins.smtp.cms.test_gpgsm import Gpgsm
from tests.plugins.smtp.mail.world import DOCTOR, World, body, bytes_of, parcel, said
from tests.plugins.smtp.revocation.authority import NOW, Issued, OpensslAuthority, free_port, places
from tests.plugins.smtp.revocation.world import http, serving, settings

SECRET = "Compte rendu secret\n"


@pytest.fixture
def openssl_authority(tmp_path: Path) -> OpensslAuthority:
    """Make an authority by OpenSSL."""
    return OpensslAuthority(tmp_path / "authority")


def writing(authority: Path, **more: Any) -> MailWriting:
    """Return settings that know one authority."""
    return MailWriting(anchors=(authority,), **more)


@asynccontextmanager
async def composing(world: World, mail: MailWriting, folder: Path | None = None) -> AsyncIterator[Composer]:
    """Open a composer with what it asks for revocation."""
    clock = FixedClock(datetime.now(UTC))  # authorities by OpenSSL begin with the moment of their making
    host = replace(world.host, clock=clock, data=folder or world.folder)
    async with open_revocation(mail.revocation, host) as revocation:
        yield Composer(mail, host, revocation)


def letter(*certificates: bytes) -> Parcel:
    """Return a letter to the doctor, whom the directory gives these certificates (DER)."""
    made = parcel(said(body(SECRET)))
    (one,) = made.addressees
    return replace(made, addressees=(replace(one, entry=replace(one.entry, certificates=certificates)),))


def der(*pairs: Pair) -> tuple[bytes, ...]:
    """Return certificates in DER."""
    return tuple(one.certificate.public_bytes(Encoding.DER) for one in pairs)


async def outcome(composer: Composer, what: Parcel) -> Outcome | bytes:
    """Return the one mail, or the one outcome."""
    mails, outcomes = await composer.mails(what)
    if outcomes:
        assert not mails
        (only,) = outcomes.values()
        return only
    (one,) = mails
    return await bytes_of(one)


def decrypted(data: bytes, reader: Issued) -> bytes:
    """Decrypt a mail by OpenSSL, as this reader."""
    ran = subprocess.run(
        [program("openssl"), "cms", "-decrypt", "-recip", reader.file, "-inkey", reader.key_file],
        input=data,
        capture_output=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr.decode()
    return ran.stdout


def refused(found: Outcome | bytes, *words: str) -> Refused:
    """See that it is a refusal that says all of this in one of its languages."""
    assert isinstance(found, Refused)
    assert found.code == "recipient.certificate"
    for one in words:
        assert one in found.reason.en or one in found.reason.fr, (one, found.reason)
    return found


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"since": timedelta(days=-30), "days": 10}, f"expired on {AT - timedelta(days=20):%Y-%m-%d}"),
        ({"since": timedelta(days=2)}, f"not valid before {AT + timedelta(days=2):%Y-%m-%d}"),
        ({"usage": ["digital_signature"]}, "not issued for this use"),
        ({"purposes": [ExtendedKeyUsageOID.SERVER_AUTH]}, "not issued for this use"),
        ({"addresses": ["someone.else@city.example"]}, "not for this address"),
        ({"addresses": ()}, "not for this address"),
    ],
)
async def test_a_certificate_that_cant_be_used_is_named(
    world: World, asked: dict[str, Any], words: str
) -> None:
    """The sender reads which certificate it is, by holder and serial number, and what is wrong with it."""
    bad = world.authority.issue(**({"addresses": [str(DOCTOR)]} | asked))
    async with composing(world, writing(world.folder / "authority.pem")) as composer:
        found = await outcome(composer, letter(*der(bad)))
    serial = f"{bad.certificate.serial_number:X}"
    refused(found, words, f"Certificate of Alice, serial number {serial}", f"numéro de série {serial}")


async def test_an_authority_that_is_not_ours(world: World) -> None:
    """A certificate of an unknown authority is refused by name, and one that can't be read too."""
    stranger = Authority("Stranger").issue(addresses=[str(DOCTOR)])
    async with composing(world, writing(world.folder / "authority.pem")) as composer:
        refused(await outcome(composer, letter(*der(stranger))), "Certificate of Alice", "authority")
        refused(await outcome(composer, letter(b"noise")), "can't be read")
        weak = world.authority.issue("weak", addresses=[str(DOCTOR)])
        refused(await outcome(composer, letter(*der(weak))), "Certificate of Alice")


async def test_the_first_good_one_is_used(
    world: World, openssl_authority: OpensslAuthority, tmp_path: Path
) -> None:
    """Of several certificates the first that can be used is, whatever is wrong with those before it."""
    bad = openssl_authority.issue(address="other@city.example")
    late = openssl_authority.issue(address=str(DOCTOR), end=NOW - timedelta(days=1))
    good, next_one = (openssl_authority.issue(address=str(DOCTOR), kind=kind) for kind in ("rsa", "p256"))
    async with composing(world, writing(openssl_authority.file), tmp_path) as composer:
        found = await outcome(composer, letter(b"noise", *der(bad, late, good, next_one)))
    assert isinstance(found, bytes)
    assert SECRET.encode().rstrip() in decrypted(found, good)


async def test_a_revoked_one_is_refused_by_day_and_reason(
    world: World, openssl_authority: OpensslAuthority, tmp_path: Path
) -> None:
    """What a real responder calls revoked is refused by either policy; a good one is read by its holder."""
    port = free_port()
    good, gone = (openssl_authority.issue(*places(port), address=str(DOCTOR)) for _ in range(2))
    openssl_authority.revoke(gone, "keyCompromise")
    with openssl_authority.answering(port):
        for policy in (OnNoAnswer.REQUIRE, OnNoAnswer.PREFER):
            mail = writing(openssl_authority.file, revocation=settings(port, policy))
            async with composing(world, mail, tmp_path / policy) as composer:
                found = await outcome(composer, letter(*der(gone)))
                refused(
                    found,
                    "was revoked on 2",
                    "(its key was compromised)",
                    "clé compromise",
                    "Dr Martin",
                )
                sent = await outcome(composer, letter(*der(gone, good)))
            assert isinstance(sent, bytes)
            assert SECRET.encode().rstrip() in decrypted(sent, good)


async def test_no_answer(world: World, openssl_authority: OpensslAuthority, tmp_path: Path) -> None:
    """When nobody says whether it is revoked, the mail waits, or goes on, as the policy says."""
    one = openssl_authority.issue(*places(free_port()), address=str(DOCTOR))
    required = writing(openssl_authority.file, revocation=settings(free_port()))
    async with composing(world, required, tmp_path) as composer:
        found = await outcome(composer, letter(*der(one)))
    assert isinstance(found, Deferred)
    assert found.code == "recipient.certificate-unchecked"
    assert found.retry_after == timedelta(minutes=1)
    assert "Dr Martin" in found.reason.en
    assert "révoqué" in found.reason.fr
    preferred = writing(openssl_authority.file, revocation=settings(free_port(), OnNoAnswer.PREFER))
    async with composing(world, preferred, tmp_path) as composer:
        sent = await outcome(composer, letter(*der(one)))
    assert isinstance(sent, bytes)
    assert SECRET.encode().rstrip() in decrypted(sent, one)


async def test_a_verdict_is_used_for_a_while(
    world: World, openssl_authority: OpensslAuthority, tmp_path: Path
) -> None:
    """A thousand letters to one doctor ask the authority once."""
    async with serving() as server:
        one = openssl_authority.issue(
            *places(server.port, ocsp=False, lists=["list.crl"]), address=str(DOCTOR)
        )
        server.answers["/list.crl"] = http(openssl_authority.revocation_list())
        mail = writing(openssl_authority.file, revocation=settings(server.port))
        async with composing(world, mail, tmp_path) as composer:
            for _ in range(50):
                assert isinstance(await outcome(composer, letter(*der(one))), bytes)
        assert server.asked == {"/list.crl": 1}


async def test_a_composer_without_a_checker_is_a_mistake(world: World) -> None:
    """Settings that ask about revocation can't be opened without anybody who answers."""
    with pytest.raises(ValueError, match="revoked"):
        Composer(writing(world.folder / "authority.pem", revocation=settings(1)), world.host)


# Folders.


async def test_a_folder(world: World, tmp_path: Path) -> None:
    """A PEM file named by the address is used as soon as it is there, and its intermediates with it."""
    middle = Authority("Middle", world.authority)
    pair = middle.issue("p256", addresses=[str(DOCTOR).upper()])
    mail = writing(world.folder / "authority.pem", certificates=(tmp_path,))
    async with composing(world, mail) as composer:
        plain = await outcome(composer, letter())
        assert isinstance(plain, bytes)
        assert SECRET.encode().rstrip() in plain
        (tmp_path / f"{DOCTOR.key}.pem").write_bytes(pair.pem)
        refused(await outcome(composer, letter()), "authority")
        (tmp_path / f"{DOCTOR.key}.pem").write_bytes(pair.pem + middle.pem)
        sent = await outcome(composer, letter())
        assert isinstance(sent, bytes)
        assert b"pkcs7-mime" in sent
        (tmp_path / f"{DOCTOR.key}.pem").write_bytes(b"")
        refused(await outcome(composer, letter()), "can't be read")


@pytest.mark.parametrize("order", list(DirectoryCertificates))
async def test_the_order_of_places(
    world: World, openssl_authority: OpensslAuthority, tmp_path: Path, order: DirectoryCertificates
) -> None:
    """The directory's certificate comes before the folder's, or after it, as configured."""
    listed, kept = (openssl_authority.issue(address=str(DOCTOR), kind="rsa") for _ in range(2))
    (tmp_path / f"{DOCTOR.key}.pem").write_bytes(kept.pem)
    mail = writing(openssl_authority.file, certificates=(tmp_path,), directory_certificates=order)
    async with composing(world, mail) as composer:
        sent = await outcome(composer, letter(*der(listed)))
    assert isinstance(sent, bytes)
    reader = listed if order is DirectoryCertificates.FIRST else kept
    assert SECRET.encode().rstrip() in decrypted(sent, reader)


async def test_a_folder_that_is_gone_makes_the_mail_wait(world: World, tmp_path: Path) -> None:
    """A share that is not mounted must not read as 'no certificate'; at the start it is an error."""
    folder = tmp_path / "people"
    folder.mkdir()
    mail = writing(world.folder / "authority.pem", certificates=(folder,))
    async with composing(world, mail) as composer:
        folder.rmdir()
        found = await outcome(composer, letter())
        assert isinstance(found, Deferred)
        assert found.code == "smime.folder"
    with pytest.raises(ConfigError, match="is not a folder"):
        Composer(mail, world.host)


# Whatever comes.


@st.composite
def directories(draw: st.DrawFn, good: bytes) -> tuple[bytes, ...]:
    """Draw what a directory might hold: noise, altered certificates, empty values, or a good one."""

    def altered(at: int, byte: int) -> bytes:
        data = bytearray(good)
        data[at % len(data)] ^= byte
        return bytes(data)

    one = st.one_of(
        st.binary(max_size=40),
        st.builds(altered, st.integers(min_value=0), st.integers(min_value=1, max_value=255)),
        st.builds(lambda size: good[:size], st.integers(min_value=0, max_value=len(good))),
        st.just(good),
    )
    return tuple(draw(st.lists(one, min_size=1, max_size=4)))


@bounded(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    data=st.data(), policy=st.sampled_from((Encrypt.ALWAYS, Encrypt.WHEN_POSSIBLE)), anchored=st.booleans()
)
async def test_never_plain_when_there_is_a_certificate(
    world: World,
    data: st.DataObject,
    policy: Encrypt,
    anchored: bool,  # noqa: FBT001 - of the property
) -> None:
    """Whatever the directory holds, what leaves is encrypted, or nothing leaves."""
    (good,) = der(_reader(world))
    held: Sequence[bytes] = data.draw(directories(good))
    anchors = (world.folder / "authority.pem",) if anchored else ()
    composer = Composer(MailWriting(anchors=anchors, encrypt=policy), world.host)
    mails, outcomes = await composer.mails(letter(*held))
    assert len(mails) + len(outcomes) == 1
    for one in mails:
        sent = await bytes_of(one)
        assert b"secret" not in sent
        assert b"application/pkcs7-mime" in sent
    for why in outcomes.values():
        refused(why)


@bounded(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
async def test_never_plain_when_there_is_a_file(world: World, tmp_path: Path, data: st.DataObject) -> None:
    """Whatever a recipient's file holds, what leaves is encrypted, or nothing leaves."""
    good = _reader(world).pem
    held = data.draw(
        st.one_of(
            st.binary(max_size=60),
            st.builds(lambda size: good[:size], st.integers(min_value=0, max_value=len(good))),
            st.builds(lambda before: before + good, st.binary(max_size=20)),
            st.builds(lambda cut: good + good[cut:], st.integers(min_value=0, max_value=len(good))),
        )
    )
    (tmp_path / f"{DOCTOR.key}.pem").write_bytes(held)
    composer = Composer(writing(world.folder / "authority.pem", certificates=(tmp_path,)), world.host)
    mails, outcomes = await composer.mails(letter())
    assert len(mails) + len(outcomes) == 1
    for one in mails:
        sent = await bytes_of(one)
        assert b"secret" not in sent
        assert b"application/pkcs7-mime" in sent


def _reader(world: World, made: dict[int, Pair] = {}) -> Pair:  # noqa: B006 - one key for all examples
    if id(world) not in made:
        made[id(world)] = world.authority.issue("p256", addresses=[str(DOCTOR)])
    return made[id(world)]


async def test_gpgsm_reads_it(world: World) -> None:
    """GnuPG, a second reader, decrypts what was encrypted to a certificate that passed every check."""
    reader = world.authority.issue("rsa", addresses=[str(DOCTOR)])
    mail = writing(world.folder / "authority.pem", cipher=Cipher.CBC)
    async with composing(world, mail) as composer:
        sent = await outcome(composer, letter(*der(reader)))
    assert isinstance(sent, bytes)
    assert SECRET.encode().rstrip() in _by_gpgsm(world, reader, sent)


def _by_gpgsm(world: World, reader: Pair, sent: bytes) -> bytes:
    """Return what GnuPG decrypts."""
    with tempfile.TemporaryDirectory(prefix="gpg", ignore_cleanup_errors=True) as home:
        try:
            gpgsm = Gpgsm(Path(home), world.authority)
            gpgsm.hold(reader)
            data = base64.b64decode(sent.split(b"\r\n\r\n", 1)[1])
            done = gpgsm.run("--decrypt", data=data)
        finally:
            subprocess.run([program("gpgconf"), "--homedir", home, "--kill", "all"], check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout
