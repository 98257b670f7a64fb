"""What each row of a file says, and what each mistake in it is told."""

from __future__ import annotations

from datetime import date

import pytest

from hub.domain.address import Address
from hub.domain.party import FINESS, INS_NIR, RPPS, Identifier
from hub.ports.directory import Coded, DirectoryUnavailableError, Entry, MailboxKind, Standing
from hub_annuaire.local.reading import coded
from tests.plugins.annuaire_local.house import AUBEPINE, REPORTS, SECRET, SURGERY, House


async def _entry(house: House, address: str) -> Entry:
    entry = await (await house.open()).by_address(Address.parse(address))
    assert entry is not None
    return entry


async def _wrong(house: House, *files: str) -> str:
    directory = await house.open(**({"files": list(files)} if files else {}))
    with pytest.raises(DirectoryUnavailableError) as caught:
        await directory.by_address(Address.parse(AUBEPINE))
    assert caught.value.code == "local.not_read"
    assert caught.value.words.fr.startswith("L'annuaire propre de l'établissement est illisible : ")
    return caught.value.words.en.removeprefix("The establishment's own directory can't be read: ")


async def test_a_line_of_csv_is_a_mailbox(house: House) -> None:
    """Every column says its own."""
    entry = await _entry(house, AUBEPINE)
    assert entry == Entry(
        address=Address.parse(AUBEPINE),
        mailbox=MailboxKind.PERSONAL,
        name="Dr Élodie AUBÉPINE",
        identifiers=(Identifier(RPPS, "810001234565"),),
        standing=Standing.ACTIVE,
        source=entry.source,
        profession=Coded("10", ""),
        specialties=(Coded("SM04", "Cardio"), Coded("SM54", "")),
        town="Hautmont",
        rank=2,
    )


async def test_a_table_of_toml_is_a_mailbox(house: House) -> None:
    """Certificates are read from their files, and whoever answers is named."""
    entry = await _entry(house, SURGERY)
    assert entry == Entry(
        address=Address.parse(SURGERY),
        mailbox=MailboxKind.ORGANISATIONAL,
        name="Centre hospitalier de Hautmont",
        identifiers=(Identifier(FINESS, "1750712184"),),
        standing=Standing.ACTIVE,
        source=entry.source,
        certificates=(house.certificate,),
        answers_for="Dr Élodie Aubépine",
        structure="Centre hospitalier de Hautmont",
        service="Chirurgie",
        town="Hautmont",
    )
    other = await _entry(house, REPORTS)
    assert other.mailbox is MailboxKind.APPLICATION
    assert other.identifiers == (Identifier(FINESS, "1750712184"), Identifier("urn:oid:2.999.1", "AB 12"))
    assert (await _entry(house, SECRET)).unlisted


@pytest.mark.parametrize(
    ("column", "value", "identifier"),
    [
        ("rpps", "10001234565", Identifier(RPPS, "810001234565")),
        ("RPPS", "810001234565", Identifier(RPPS, "810001234565")),
        ("ADELI", "59A123456", Identifier(RPPS, "059A123456")),
        ("Numéro FINESS", "750712184", Identifier(FINESS, "1750712184")),
        ("SIREN", "552100554", Identifier(FINESS, "2552100554")),
        ("SIRET", "55210055400013", Identifier(FINESS, "355210055400013")),
        ("SIRET", "35600000000048", Identifier(FINESS, "335600000000048")),
        ("SIRET", "35600000000016", None),
        ("INS", "2 55 08 14 168 025 38", Identifier(INS_NIR, "255081416802538")),
        ("identifiers", "https://example.org/id 7", Identifier("https://example.org/id", "7")),
        ("rpps", "10001234566", None),
        ("rpps", "2000123456", None),
        ("adeli", "8", None),
        ("finess", "95071218", None),
        ("siren", "552100555", None),
        ("siret", "55210055400014", None),
        ("ins", "255081416802539", None),
        ("identifiers", "7", None),
    ],
)
async def test_numbers_are_checked(
    column: str, value: str, identifier: Identifier | None, house: House
) -> None:
    """A mistyped number is refused at its line and column, and not repeated."""
    path = house.folder / "people.csv"
    path.write_text(f"address,mailbox,name,{column}\n{AUBEPINE},PER,Dr Aubépine,{value}\n")
    if identifier is not None:
        directory = await house.open(files=["people.csv"])
        (entry,) = await directory.by_identifier(identifier)
        assert entry.identifiers == (identifier,)
        return
    words = await _wrong(house, "people.csv")
    assert words.startswith(f"people.csv, line 2, “{column}”: ")
    assert value not in words.partition(": ")[2].replace("“urn:oid:2.999.1 AB-12”", "")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"application"', '"robot"', "services.toml, line 14, “mailbox”: is none of personal, practice"),
        (
            'answers_for = "Direction informatique"\n',
            "",
            "services.toml, line 12, “answers_for”: is missing: say",
        ),
        (
            'name = "Comptes rendus"',
            "name = 3",
            "services.toml, line 15, “name”: is not a text with something",
        ),
        ('name = "Comptes rendus"\n', "", "services.toml, line 12, “name”: is missing."),
        ("comptes-rendus@", "comptes rendus@", "services.toml, line 13, “address”: An address is written"),
        ("pem/chirurgie.pem", "pem/none.pem", "services.toml, line 10, “certificates”: names a file that"),
        ("pem/chirurgie.pem", "people.csv", "services.toml, line 10, “certificates”: names a file that"),
        (
            "town =",
            "rank = 0\ntown =",
            "services.toml, line 9, “rank”: is not a whole number from 1 to 1000.",
        ),
        ("town =", "twon =", "services.toml, line 9, “twon”: is not known here; known are address,"),
        (
            "town =",
            'standing = "deceased"\nuntil = 2026-01-01\ntown =',
            "services.toml, line 10, “until”: does not go with this standing, which has no end.",
        ),
        (
            "town =",
            "since = 2026-01-02\nuntil = 2026-01-01\ntown =",
            "services.toml, line 10, “until”: is before the first day.",
        ),
        (
            'finess = "750712184"\nidentifiers',
            'finess = ["750712184", "750712184"]\nidentifiers',
            "services.toml, line 16, “finess”: says the same number twice.",
        ),
        (
            "comptes-rendus@hautmont",
            "Chirurgie@hautmont",
            "services.toml, line 13, “address”: stands already in services.toml, line 1.",
        ),
        (
            "comptes-rendus@hautmont",
            "elodie.AUBEPINE@hautmont",
            "services.toml, line 13, “address”: stands already in people.csv, line 2.",
        ),
    ],
)
async def test_a_mistake_is_told_where(old: str, new: str, words: str, house: House) -> None:
    """File, line and key, and what would be right."""
    house.edit("services.toml", old, new)
    assert (await _wrong(house)).startswith(words)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SM04 Cardiologie et maladies vasculaires", Coded("SM04", "Cardiologie et maladies vasculaires")),
        ("10", Coded("10", "")),
        ("Médecin", Coded("", "Médecin")),
        ("SM Cardiologie", Coded("", "SM Cardiologie")),
    ],
)
def test_a_code_and_its_label_stand_together(text: str, expected: Coded) -> None:
    """Either may be left out."""
    assert coded(text) == expected


async def test_dates_are_read_in_both_spellings(house: House) -> None:
    """As the nomenclatures write them and as people do."""
    entry = await _entry(house, "jean.sorbier@hautmont.example")
    assert (entry.standing, entry.since, entry.until) == (
        Standing.SUSPENDED,
        date(2026, 8, 20),
        date(2026, 8, 31),
    )
