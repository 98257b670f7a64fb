"""The mail tables of the configuration: read strictly, with errors that name key and file."""

from __future__ import annotations

import tomllib
from datetime import timedelta
from pathlib import Path

import pytest

from hub.errors import ConfigError
from hub.plugin import Table
from hub_smtp.composing import Composer
from hub_smtp.mail_settings import (
    DirectoryCertificates,
    Encrypt,
    Format,
    KeyFiles,
    MailReading,
    MailWriting,
    OnInvalid,
    parse_mail,
    parse_reading,
)
from hub_smtp.reading import Reader
from hub_smtp.revocation.places import Place
from hub_smtp.revocation.settings import OnNoAnswer, RevocationSettings
from tests.plugins.smtp.mail.world import World


def table(text: str) -> Table:
    """Return a table as the configuration gives it."""
    return Table(tomllib.loads(text), file=Path("/etc/hub/hub.toml"), path="receivers.smtp.mail")


def test_reading() -> None:
    """Every key of the example is read, relative to the file."""
    found = parse_reading(
        table(
            """
            anchors = ["smime/authority.pem"]
            decryption = [{ certificate = "smime/hub.pem", key = "smime/hub.key" }]
            invalid_signature = "record"
            limits = { parts = 7, header_bytes = "32KiB" }
            xdm = { entry_bytes = "10MiB" }
            """
        )
    )
    assert found.anchors == (Path("/etc/hub/smime/authority.pem"),)
    assert found.decryption == (
        KeyFiles(certificate=Path("/etc/hub/smime/hub.pem"), key=Path("/etc/hub/smime/hub.key")),
    )
    assert found.invalid_signature is OnInvalid.RECORD
    assert (found.limits.parts, found.limits.header_bytes, found.limits.depth) == (7, 32 << 10, 10)
    assert found.xdm.entry_bytes == 10 << 20


def test_defaults() -> None:
    """An empty table refuses what does not hold, and encrypts when it can."""
    assert parse_reading(table("")) == MailReading()
    assert parse_mail(table("")) == MailWriting()


def test_writing() -> None:
    """Every key of the example is read."""
    found = parse_mail(
        table(
            """
            format = "plain"
            signing_certificates = "hub.pem"
            signing_key = "hub.key"
            encrypt = "always"
            cipher = "cbc"
            key_transport = "oaep"
            """
        )
    )
    assert (found.format, found.encrypt) == (Format.PLAIN, Encrypt.ALWAYS)
    assert found.signing == KeyFiles(certificate=Path("/etc/hub/hub.pem"), key=Path("/etc/hub/hub.key"))


def test_certificates() -> None:
    """Where recipients' certificates come from, and whether they are revoked, with every default."""
    found = parse_mail(
        table(
            """
            anchors = ["ca.pem"]
            certificates = ["people", "/srv/harvested"]
            directory_certificates = "last"
            revocation = "require"
            revocation_from.lists = ["lists"]
            revocation_from.urls = ["http://crl.authority.example/lists/"]
            revocation_from.keep = "6h"
            """
        )
    )
    assert found.certificates == (Path("/etc/hub/people"), Path("/srv/harvested"))
    assert found.directory_certificates is DirectoryCertificates.LAST
    assert found.revocation == RevocationSettings(
        policy=OnNoAnswer.REQUIRE,
        lists=(Path("/etc/hub/lists"),),
        urls=(Place.parse("http://crl.authority.example/lists/"),),
        keep=timedelta(hours=6),
    )
    kept = parse_reading(table('harvest = "harvested"'))
    assert (kept.harvest, kept.harvest_most) == (Path("/etc/hub/harvested"), 10_000)


@pytest.mark.parametrize(
    ("text", "policy"),
    [
        ("", OnNoAnswer.OFF),
        ('anchors = ["ca.pem"]', OnNoAnswer.OFF),
        ('anchors = ["ca.pem"]\nrevocation_from.lists = ["lists"]', OnNoAnswer.PREFER),
        ('anchors = ["ca.pem"]\nrevocation = "off"\nrevocation_from.lists = ["lists"]', OnNoAnswer.OFF),
    ],
)
def test_revocation_is_asked_for_once_it_can_be(text: str, policy: OnNoAnswer) -> None:
    """Naming authorities and where to ask is enough; both ways read the same."""
    assert parse_mail(table(text)).revocation.policy is policy
    assert parse_reading(table(text)).revocation.policy is policy


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('revocation = "require"', "revocation needs `anchors`"),
        ('anchors = ["a"]\nrevocation = "prefer"', "revocation_from.urls"),
        ('revocation_from.urls = ["https://x.example/"]', "urls is not the beginning of a URL"),
        ('revocation_from.hosts = ["x"]', "revocation_from.hosts is not known here"),
        ("harvest_most = 0", "harvest_most is not a whole number from 1"),
        ('invalid_signature = "ignore"', "is not one of refuse, record"),
        ("decryption = [1]", "decryption is not a list of tables"),
        ('decryption = [{ certificate = "a" }]', "decryption.1.key is missing"),
        ("limits = { depth = 0 }", "limits.depth is not a whole number from 1"),
        ("anchor = []", "anchor is not known here"),
    ],
)
def test_wrong(text: str, words: str) -> None:
    """A wrong value is refused with its key and what would be right."""
    with pytest.raises(ConfigError) as caught:
        parse_reading(table(text))
    assert words in caught.value.words.en


def test_signing_is_whole() -> None:
    """A signing key without its certificates is refused."""
    with pytest.raises(ConfigError, match="signing_certificates is missing"):
        parse_mail(table('signing_key = "hub.key"'))


def test_files(world: World, tmp_path: Path) -> None:
    """A file that is not there, holds something else, or does not fit is named at the start."""
    (tmp_path / "empty.pem").touch()
    other = world.authority.issue()
    files = KeyFiles(certificate=world.folder / "hub.pem", key=world.file("other.key", other.key_pem))
    for reading in (
        MailReading(anchors=(tmp_path / "none.pem",)),
        MailReading(anchors=(tmp_path / "empty.pem",)),
        MailReading(decryption=(files,)),
        MailReading(decryption=(KeyFiles(certificate=files.certificate, key=files.certificate),)),
    ):
        with pytest.raises(ConfigError, match=r"config\.file.*\.(pem|key) "):
            Reader(reading, world.host)
    with pytest.raises(ConfigError, match=r"is not the key of the first certificate"):
        Composer(MailWriting(signing=files), world.host)
    key = world.file("ed.key", world.authority.issue("ed25519").key_pem)
    with pytest.raises(ConfigError, match=r"neither RSA nor EC"):
        Composer(MailWriting(signing=KeyFiles(certificate=files.certificate, key=key)), world.host)
