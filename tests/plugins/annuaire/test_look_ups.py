"""What a look-up finds, and what it says when it can't."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from hub.domain.address import Address
from hub.domain.party import FINESS, RPPS, Identifier, PartyKind
from hub.ports.directory import DirectoryUnavailableError, Standing
from hub_annuaire.settings import Settings
from tests import build_annuaire as sample
from tests.plugins.annuaire import place as places
from tests.plugins.annuaire.place import Place

MARTIN = Address.parse(places.MARTIN)


def _certificate(name: str) -> tuple[bytes, bytes]:
    """Return a certificate in PEM and DER."""
    key = ed25519.Ed25519PrivateKey.generate()
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2027, 1, 1, tzinfo=UTC))
        .sign(key, None)
    )
    return made.public_bytes(Encoding.PEM), made.public_bytes(Encoding.DER)


@pytest.mark.parametrize(
    ("address", "kind", "name"),
    [
        (places.MARTIN, PartyKind.PERSON, "Dr Camille MARTIN"),
        ("pr.solene.grandchamp@ch-hautmont.mssante.example", PartyKind.PERSON, "Pr Solène GRANDCHAMP"),
        ("agathe.beaulieu@valbrume.mssante.example", PartyKind.PERSON, "Mme Agathe BEAULIEU"),
        (
            "dr.zoe.de-la-sabliere@valbrume.mssante.example",
            PartyKind.PERSON,
            "Dr Zoé DE LA SABLIÈRE",
        ),
        (places.REPORTS, PartyKind.ORGANISATION, "CENTRE HOSPITALIER DE HAUTMONT"),
        (
            "chirurgie@ch-hautmont.mssante.example",
            PartyKind.ORGANISATION,
            "CENTRE HOSPITALIER DE HAUTMONT (Chirurgie)",
        ),
        ("cabinet@cabinet-lilas.mssante.example", PartyKind.ORGANISATION, "CABINET MEDICAL DES LILAS"),
        (
            "dpi@ch-hautmont.mssante.example",
            PartyKind.APPLICATION,
            "CENTRE HOSPITALIER DE HAUTMONT (Dossier patient)",
        ),
    ],
)
async def test_names_are_readable(address: str, kind: PartyKind, name: str, place: Place) -> None:
    """As one would write them on a letter; types of mailboxes are told apart."""
    place.load()
    entry = await place.look_up(address)
    assert entry is not None
    assert (entry.kind, entry.name, entry.standing) == (kind, name, Standing.ACTIVE)


async def test_a_mailbox_on_several_lines_is_one(place: Place) -> None:
    """Whatever the case of its spellings; it bears the identifiers of all its structures."""
    place.load()
    entry = await place.look_up("imagerie@ch-hautmont.mssante.example")
    assert entry is not None
    assert entry.identifiers == (Identifier(FINESS, "1990000017"), Identifier(FINESS, "1990000025"))


async def test_a_structures_general_mailbox_is_preferred(place: Place) -> None:
    """Then its services' in the order of the alphabet, then its applications."""
    place.load()
    found = await place.directory().by_identifier(Identifier(FINESS, "1990000017"))
    assert [one.address.local for one in found] == [
        "compte-rendus",
        "cardiologie",
        "chirurgie",
        "Imagerie",
        "dpi",
    ]


async def test_a_persons_own_mailboxes_are_preferred_over_the_practices(place: Place) -> None:
    """Among their own the one that accepts paperless documents comes first."""
    place.load()
    lilas = sample.professionals()[1]
    found = await place.directory().by_identifier(Identifier(RPPS, f"8{lilas.rpps}"))
    assert [str(one.address) for one in found] == [
        "dr.leon.lilas@cabinet-lilas.mssante.example",
        "dr.leon.lilas@valbrume.mssante.example",
        "cabinet@cabinet-lilas.mssante.example",
    ]


@pytest.mark.parametrize(
    ("system", "value", "national"),
    [
        (RPPS, sample.rpps(4), f"8{sample.rpps(4)}"),
        (FINESS, "990000017", "1990000017"),
        (FINESS, "99900000100017", "399900000100017"),
    ],
)
async def test_the_type_digit_may_be_left_out(system: str, value: str, national: str, place: Place) -> None:
    """An RPPS, FINESS or SIRET as people write them is understood."""
    place.load()
    directory = place.directory()
    found = await directory.by_identifier(Identifier(system, value))
    assert found
    assert found == await directory.by_identifier(Identifier(system, national))


async def test_before_the_first_import_it_says_what_to_do(place: Place) -> None:
    """Never 'not listed'."""
    with pytest.raises(DirectoryUnavailableError) as caught:
        await place.look_up(places.MARTIN)
    assert caught.value.code == "annuaire.not_imported"
    assert caught.value.words.en == (
        "The national directory holds nothing yet. Import first: hub directory import FILES."
    )


async def test_the_first_import_is_seen_without_a_restart(place: Place) -> None:
    """A hub that was started empty begins to answer."""
    directory = place.directory()
    with pytest.raises(DirectoryUnavailableError):
        await directory.by_address(MARTIN)
    place.load()
    place.clock.advance(timedelta(seconds=1))
    assert await directory.by_address(MARTIN) is not None


DAMAGE: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "cut": (lambda data: data[: len(data) // 3], "annuaire.damaged"),
    "empty": (lambda _data: b"", "annuaire.damaged"),
    "something else": (lambda _data: b"not a database" * 1000, "annuaire.damaged"),
    "zeros": (lambda data: data[:4096] + bytes(len(data) - 4096), "annuaire.damaged"),
    "another release's": (
        lambda data: data[:60] + (99).to_bytes(4, "big") + data[64:],
        "annuaire.other_release",
    ),
}


@pytest.mark.parametrize("case", DAMAGE)
async def test_a_damaged_database_is_unavailable(case: str, place: Place) -> None:
    """Senders wait instead of being told that nobody exists; an import repairs it at once."""
    spoil, code = DAMAGE[case]
    place.load()
    path = place.folder / "data" / "annuaire.sqlite"
    spoilt = path.with_name("spoilt")
    spoilt.write_bytes(spoil(path.read_bytes()))
    spoilt.replace(path)
    directory = place.directory()
    for _ in range(2):
        with pytest.raises(DirectoryUnavailableError) as caught:
            await directory.by_address(MARTIN)
        assert caught.value.code == code
        assert "hub directory import" in caught.value.words.fr
    directory.load(place.files, places.silent)
    assert await directory.by_address(MARTIN) is not None


async def test_certificates_come_from_their_folder(place: Place, tmp_path: Path) -> None:
    """Several in one file keep their order; a new file is seen within a second."""
    folder = tmp_path / "certificates"
    folder.mkdir()
    place.load()
    directory = place.directory(Settings(certificates=folder))
    entry = await directory.by_address(MARTIN)
    assert entry is not None
    assert entry.certificates == ()
    (first, first_der), (second, second_der) = _certificate("1"), _certificate("2")
    (folder / f"{places.MARTIN}.pem").write_bytes(first + second)
    place.clock.advance(timedelta(seconds=1))
    entry = await directory.by_address(Address.parse(places.MARTIN.upper()))
    assert entry is not None
    assert entry.certificates == (first_der, second_der)


async def test_a_certificate_that_is_edited_in_place_is_seen_within_a_minute(
    place: Place, tmp_path: Path
) -> None:
    """Though the folder itself looks the same."""
    folder = tmp_path / "certificates"
    folder.mkdir()
    path = folder / f"{places.MARTIN}.pem"
    path.write_bytes(_certificate("1")[0])
    place.load()
    directory = place.directory(Settings(certificates=folder))
    await directory.by_address(MARTIN)
    status = folder.stat()
    pem, der = _certificate("2")
    path.write_bytes(pem)
    os.utime(folder, ns=(status.st_atime_ns, status.st_mtime_ns))
    place.clock.advance(timedelta(seconds=61))
    entry = await directory.by_address(MARTIN)
    assert entry is not None
    assert entry.certificates == (der,)


@pytest.mark.parametrize(
    "content", [b"", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", b"x" * 70_000]
)
async def test_an_unreadable_certificate_makes_its_mail_wait(
    content: bytes, place: Place, tmp_path: Path
) -> None:
    """It is never taken for 'no certificate', which would send in clear what can be encrypted."""
    folder = tmp_path / "certificates"
    folder.mkdir()
    (folder / f"{places.MARTIN}.pem").write_bytes(content)
    place.load()
    directory = place.directory(Settings(certificates=folder))
    with pytest.raises(DirectoryUnavailableError) as caught:
        await directory.by_address(MARTIN)
    assert caught.value.code == "annuaire.certificate_unreadable"
    assert await directory.by_address(Address.parse(places.REPORTS)) is not None


async def test_an_address_never_names_a_file_elsewhere(place: Place, tmp_path: Path) -> None:
    """A slash is lawful in an address."""
    folder = tmp_path / "certificates"
    (folder / "x").mkdir(parents=True)
    place.edit_field(places.MAILBOXES, 3, "Adresse BAL", "x/a@valbrume.mssante.example")
    (folder / "x" / "a@valbrume.mssante.example.pem").write_bytes(_certificate("1")[0])
    place.load()
    entry = await place.directory(Settings(certificates=folder)).by_address(
        Address.parse("x/a@valbrume.mssante.example")
    )
    assert entry is not None
    assert entry.certificates == ()


async def test_an_old_extraction_is_warned_of_once_a_day(place: Place) -> None:
    """Nobody may have imported for a week, and the mail still flows."""
    place.load()
    directory = place.directory(Settings(max_age=timedelta(days=3)))
    await directory.by_address(MARTIN)
    assert "directory.old" not in place.log.events()
    place.clock.advance(timedelta(days=4))
    for _ in range(3):
        await directory.by_address(MARTIN)
        place.clock.advance(timedelta(seconds=2))
    assert place.log.lines[-1] == (
        "warning",
        "directory.old",
        {"directory": "national", "version": "2026-08-26T05:12", "count": 4},
    )
    assert place.log.events().count("directory.old") == 1
    place.clock.advance(timedelta(days=1))
    await directory.by_address(MARTIN)
    assert place.log.events().count("directory.old") == 2
