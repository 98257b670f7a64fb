"""Whose key is where: what the configuration says, and what it is told when it is wrong."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from hub.domain.address import Address
from hub.domain.party import RPPS, Identifier, Party, PartyKind
from hub.errors import ConfigError
from hub.plugin import Table
from hub.ports.directory import Entry, MailboxKind, Standing
from hub.ports.signing import Mechanism
from hub_eprescription.signing import cades
from hub_eprescription.signing.pkcs11 import TokenSettings
from hub_eprescription.signing.signers import SignerSettings, open_signers, parse_signers
from tests.plugins.eprescription.prescribers import CAMILLE, NOW, Holder, authority, make_key, prescriber
from tests.plugins.eprescription.signing.tokens import Lent

ADDRESS = "dr.camille.lilas@cabinet-lilas.mssante.example"
PEM = f'[signers."{ADDRESS}"]\nkind = "pem"\nkey = "key.pem"\ncertificate = "certificate.pem"\n'


def parse(folder: Path, text: str) -> SignerSettings:
    """Read a table as an operator's."""
    table = Table(tomllib.loads(text), file=folder / "hub.toml", path="operators.erezept")
    settings = parse_signers(table)
    table.finish()
    return settings


def party(address: str = ADDRESS, number: str = CAMILLE) -> Party:
    """Make a prescriber."""
    return Party(
        kind=PartyKind.PERSON,
        name="Camille Lilas",
        address=Address.parse(address),
        identifiers=(Identifier(RPPS, number),),
    )


async def test_a_prescriber_has_their_signer(tmp_path: Path) -> None:
    """By address, however it is spelt, or by national number; nobody else has it."""
    root = authority()
    holder = prescriber(root)
    holder.write(tmp_path)
    by_number = PEM.replace(ADDRESS, f"{RPPS}|{CAMILLE}")
    for text, other in ((PEM, party("autre@lilas.example", CAMILLE)), (by_number, party(ADDRESS, "81"))):
        async with open_signers(parse(tmp_path, text), Lent().host(tmp_path)) as signers:
            assert signers.of(other) is None
            found = signers.of(party(ADDRESS.upper().replace("EXAMPLE", "example")))
            assert found is not None
            assert found.chain == (holder.der,)
            signed = await cades.envelop(b"<Bundle/>", found, NOW)
            assert (await cades.verify(signed, root.trust, NOW)).is_of(party())


async def test_the_directory_may_know_the_number(tmp_path: Path) -> None:
    """A number that stands in the directory, not in the order, finds the signer too."""
    prescriber(authority()).write(tmp_path)
    bare = Party(kind=PartyKind.PERSON, name="Camille Lilas", address=Address.parse("autre@lilas.example"))
    entry = Entry(
        address=bare.address,
        mailbox=MailboxKind.PERSONAL,
        name="Camille Lilas",
        identifiers=(Identifier(RPPS, CAMILLE),),
        standing=Standing.ACTIVE,
        source="essai",
    )
    settings = parse(tmp_path, PEM.replace(ADDRESS, f"{RPPS}|{CAMILLE}"))
    async with open_signers(settings, Lent().host(tmp_path)) as signers:
        assert signers.of(bare) is None
        assert signers.of(bare, entry) is not None


async def test_without_signers_nobody_has_one(tmp_path: Path) -> None:
    """A workstation signs, or the document comes signed: then none is configured."""
    async with open_signers(parse(tmp_path, ""), Lent().host(tmp_path)) as signers:
        assert signers.of(party()) is None


def test_a_card_can_be_described(tmp_path: Path) -> None:
    """Every setting of a card: token and key by their names, PIN and certificate by their files."""
    settings = parse(
        tmp_path,
        f'[signers."{ADDRESS}"]\nkind = "pkcs11"\nmodule = "/usr/lib/carte.so"\ntoken = "Carte Lilas"\n'
        'serial = "0042"\npin = "secrets/pin"\nkey_label = "sig"\nkey_id = "0aFF"\n'
        'certificate = "chain.pem"\n',
    )
    (only,) = settings.keys.values()
    assert isinstance(only, TokenSettings)
    where = only.where
    assert ("/usr/lib/carte.so", "Carte Lilas", "0042") == (where.module, where.token, where.serial)
    assert ("sig", b"\x0a\xff") == (where.key_label, where.key_id)
    assert (tmp_path / "secrets/pin", tmp_path / "chain.pem") == (only.pin, only.certificate)


def test_a_pad_needs_no_pin(tmp_path: Path) -> None:
    """Without a PIN file it is typed at the reader's own pad."""
    settings = parse(
        tmp_path,
        f'[signers."{ADDRESS}"]\nkind = "pkcs11"\nmodule = "m.so"\ntoken = "t"\nkey_id = "01"\n',
    )
    (only,) = settings.keys.values()
    assert isinstance(only, TokenSettings)
    assert only.pin is None
    assert only.certificate is None
    assert only.where.serial is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (PEM.replace(ADDRESS, "Camille Lilas"), "names nobody"),
        (PEM.replace(ADDRESS, "|1"), "names nobody"),
        (PEM.replace('"pem"', '"p12"'), "kind is not one of pem, pkcs11"),
        (PEM + "pin = 'p'\n", "pin is not known here"),
        (PEM.replace('key = "key.pem"\n', ""), "key is missing"),
        (
            f'[signers."{ADDRESS}"]\nkind = "pkcs11"\nmodule = "m"\ntoken = "t"\npin = "p"\n',
            "name the key by “key_label” or “key_id”",
        ),
        (
            f'[signers."{ADDRESS}"]\nkind = "pkcs11"\nmodule = "m"\ntoken = "t"\nkey_id = "abc"\n',
            "is not hexadecimal",
        ),
    ],
)
def test_a_wrong_table_is_named(tmp_path: Path, text: str, words: str) -> None:
    """What is wrong is said with its place."""
    with pytest.raises(ConfigError, match=words) as caught:
        parse(tmp_path, text)
    assert "operators.erezept.signers" in str(caught.value)


def foreign(folder: Path) -> None:
    """Put another key beside the certificate."""
    (folder / "key.pem").write_bytes(_pem(prescriber(None)))


def encrypted(folder: Path) -> None:
    """Protect the key by a password."""
    key = make_key()
    (folder / "key.pem").write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"essai"))
    )


def short(folder: Path) -> None:
    """Take a key that is too short."""
    prescriber(None, make_key("rsa1024")).write(folder)


def edwards(folder: Path) -> None:
    """Take a key of a kind that no service knows."""
    key = ed25519.Ed25519PrivateKey.generate()
    (folder / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def shown(folder: Path) -> None:
    """Let others read the key."""
    (folder / "key.pem").chmod(0o640)


def missing(folder: Path) -> None:
    """Take the key away."""
    (folder / "key.pem").unlink()


def empty(folder: Path) -> None:
    """Empty the certificate's file."""
    (folder / "certificate.pem").write_bytes(b"")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (foreign, "not the key of the first certificate"),
        (encrypted, "without a password"),
        (short, "RSA of 2048 bits"),
        (edwards, "neither RSA"),
        (shown, "chmod 600"),
        (missing, "no such file"),
        (empty, "no certificate in PEM"),
    ],
)
async def test_files_that_cannot_sign_are_refused_at_the_start(
    tmp_path: Path, spoil: object, words: str
) -> None:
    """A hub does not begin with a key that can't sign; the file is named, its content is not shown."""
    prescriber(authority()).write(tmp_path)
    assert callable(spoil)
    spoil(tmp_path)
    with pytest.raises(ConfigError, match=words) as caught:
        async with open_signers(parse(tmp_path, PEM), Lent().host(tmp_path)):
            pass
    assert str(tmp_path) in str(caught.value)
    assert "PRIVATE" not in str(caught.value)


async def test_a_signer_does_only_what_it_offers() -> None:
    """A mechanism that the key is not for is a mistake of the caller's."""
    signer = prescriber(None).signer
    assert signer.mechanisms == (Mechanism.ECDSA_SHA256,)
    with pytest.raises(ValueError, match="rsa"):
        await signer.sign(b"", Mechanism.RSA_PKCS1_SHA256)


def _pem(holder: Holder) -> bytes:
    return holder.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
