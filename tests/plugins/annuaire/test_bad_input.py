"""Each bad file is refused in exact words, and changes nothing."""

from __future__ import annotations

import zipfile
from collections.abc import Callable

import pytest

from hub.errors import LimitError, MalformedError
from hub_annuaire.settings import Settings
from tests import build_annuaire as sample
from tests.plugins.annuaire import place as places
from tests.plugins.annuaire.place import ACTIVITY, MAILBOXES, STATED, Place

Spoil = Callable[[Place], None]


def _field(name: str, line: int, column: str, value: str) -> Spoil:
    return lambda place: place.edit_field(name, line, column, value)


def _text(name: str, change: Callable[[str], str]) -> Spoil:
    return lambda place: place.edit(name, change)


def _bytes(name: str, change: Callable[[bytes], bytes]) -> Spoil:
    return lambda place: void(place.path(name).write_bytes(change(place.path(name).read_bytes())))


def void(_anything: object) -> None:
    """Forget a result."""


def _second_mailboxes(place: Place) -> None:
    data = place.path(MAILBOXES).read_bytes()
    place.path("Extraction_Correspondance_MSSante_202608260600.txt").write_bytes(data)


def _zip(place: Place, name: str, spoil: Callable[[bytes], bytes]) -> None:
    path = place.path(name)
    archive = path.with_suffix(".zip")
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.write(path, name)
    archive.write_bytes(spoil(archive.read_bytes()))
    archive.rename(path)


def _encrypted(data: bytes) -> bytes:
    """Set the flag in the file's own header and in the central directory (APPNOTE, 4.4.4)."""
    central = data.index(b"PK\x01\x02")
    data = data[:6] + bytes([data[6] | 1]) + data[7:]
    return data[: central + 8] + bytes([data[central + 8] | 1]) + data[central + 9 :]


def _many(place: Place) -> None:
    path = place.path(ACTIVITY)
    path.unlink()
    with zipfile.ZipFile(path, "w") as packed:
        for number in range(101):
            packed.writestr(f"{number}.txt", "")


def _flipped(data: bytes) -> bytes:
    return data[:200] + bytes([data[200] ^ 0xFF]) + data[201:]


def _somebody_else(text: str) -> str:
    """Return the last line with the name of another person."""
    last = text.split("\n")[-2]
    return last.replace("MIRABEL", "ORMESSON").replace("Capucine", "Gaël") + "\n"


WRONG: dict[str, tuple[Spoil, str, str, str]] = {
    "column missing": (
        _text(MAILBOXES, lambda text: text.replace("Adresse BAL", "Courriel", 1)),
        "annuaire.column_missing",
        f"{MAILBOXES}, line 1: the column “Adresse BAL” of Extraction_Correspondance_MSSante is missing.",
        f"{MAILBOXES}, ligne 1 : il manque la colonne « Adresse BAL » de Extraction_Correspondance_MSSante.",
    ),
    "column renamed": (
        _text(ACTIVITY, lambda text: text.replace("|Code profession|", "|Code de la profession|", 1)),
        "annuaire.column_missing",
        (
            f"{ACTIVITY}, line 1: the column “Code profession” of PS_LibreAcces_Personne_activite is "
            "missing; the file has “Code de la profession”, which looks like it."
        ),
        (
            f"{ACTIVITY}, ligne 1 : il manque la colonne « Code profession » de "
            "PS_LibreAcces_Personne_activite ; le fichier a « Code de la profession », qui y ressemble."
        ),
    ),
    "a FINESS of a place of work that is none": (
        _field(ACTIVITY, 19, "Numéro FINESS site", "99000001"),
        "annuaire.structure",
        f"{ACTIVITY}, line 19, column “Numéro FINESS site”: not an identifier of this kind.",
        f"{ACTIVITY}, ligne 19, colonne « Numéro FINESS site » : pas un identifiant de ce genre.",
    ),
    "one number for two people": (
        _text(ACTIVITY, lambda text: text + _somebody_else(text)),
        "annuaire.person_contradicted",
        (
            f"{ACTIVITY}, line 43, column “Nom d'exercice”: "
            "another line gives the same identifier to somebody of another name."
        ),
        (
            f"{ACTIVITY}, ligne 43, colonne « Nom d'exercice » : "
            "une autre ligne donne le même identifiant à quelqu'un d'un autre nom."
        ),
    ),
    "a suspension that ends before it begins": (
        _bytes(
            STATED,
            lambda _data: (
                f"Identification nationale PP;Etat;Depuis;Jusqu'au\n8{sample.rpps(4)};suspendu;"
                "2026-09-02;01/09/2026\n"
            ).encode(),
        ),
        "annuaire.dates_crossed",
        f"{STATED}, line 2, column “Jusqu'au”: it ends before it begins.",
        f"{STATED}, ligne 2, colonne « Jusqu'au » : la fin précède le début.",
    ),
    "column twice": (
        _text(MAILBOXES, lambda text: text.replace("Catégorie profession", "ADRESSE BAL", 1)),
        "annuaire.column_twice",
        f"{MAILBOXES}, line 1: the column “Adresse BAL” stands there twice.",
        f"{MAILBOXES}, ligne 1 : la colonne « Adresse BAL » y figure deux fois.",
    ),
    "another file": (
        _text(MAILBOXES, lambda _text: "a;b;c\n1;2;3\n"),
        "annuaire.file_unknown",
        (
            f"{MAILBOXES}, line 1: not of the directory; known are Extraction_Correspondance_MSSante, "
            "PS_LibreAcces_Personne_activite, PS_LibreAcces_SavoirFaire, PS_LibreAcces_Dipl_AutExerc, "
            "Etat_Exercice."
        ),
        (
            f"{MAILBOXES}, ligne 1 : inconnu ; connus : Extraction_Correspondance_MSSante, "
            "PS_LibreAcces_Personne_activite, PS_LibreAcces_SavoirFaire, PS_LibreAcces_Dipl_AutExerc, "
            "Etat_Exercice."
        ),
    ),
    "empty": (
        _text(ACTIVITY, lambda _text: ""),
        "annuaire.empty",
        f"{ACTIVITY}: the file is empty.",
        f"{ACTIVITY} : le fichier est vide.",
    ),
    "header only": (
        _text(ACTIVITY, lambda text: text.split("\n")[0] + "\n"),
        "annuaire.no_lines",
        f"{ACTIVITY}: nothing after the header.",
        f"{ACTIVITY} : rien après l'en-tête.",
    ),
    "too few columns": (
        _text(ACTIVITY, lambda text: text.replace("|Médecin|", "|", 1)),
        "annuaire.columns",
        f"{ACTIVITY}, line 2: 55 columns instead of 56.",
        f"{ACTIVITY}, ligne 2 : 55 colonnes au lieu de 56.",
    ),
    "too many columns": (
        _text(MAILBOXES, lambda text: text.replace("|France\n", "|France|\n", 1)),
        "annuaire.columns",
        f"{MAILBOXES}, line 2: 32 columns instead of 31.",
        f"{MAILBOXES}, ligne 2 : 32 colonnes au lieu de 31.",
    ),
    "cut in a line": (
        _text(MAILBOXES, lambda text: text[:-100]),
        "annuaire.truncated",
        f"{MAILBOXES}, line 53: the file ends in the middle of a line: it is truncated.",
        f"{MAILBOXES}, ligne 53 : le fichier s'arrête au milieu d'une ligne : il est tronqué.",
    ),
    "no final newline": (
        _text(ACTIVITY, lambda text: text[:-1]),
        "annuaire.truncated",
        f"{ACTIVITY}, line 42: the file ends in the middle of a line: it is truncated.",
        f"{ACTIVITY}, ligne 42 : le fichier s'arrête au milieu d'une ligne : il est tronqué.",
    ),
    "short last line": (
        _text(ACTIVITY, lambda text: text[:-30].rstrip("\n") + "\n"),
        "annuaire.columns",
        f"{ACTIVITY}, line 42: 38 columns instead of 56.",
        f"{ACTIVITY}, ligne 42 : 38 colonnes au lieu de 56.",
    ),
    "utf-16": (
        _bytes(STATED, lambda data: data.decode().encode("utf-16")),
        "annuaire.encoding",
        f"{STATED}, line 1: the text is UTF-16; it must be UTF-8 or Windows-1252.",
        f"{STATED}, ligne 1 : le texte est en UTF-16 ; il doit être en UTF-8 ou Windows-1252.",
    ),
    "two encodings": (
        _bytes(
            ACTIVITY, lambda data: data.replace("LÉON".encode(), b"LEON").replace("Léon".encode(), b"L\xe9on")
        ),
        "annuaire.encoding",
        f"{ACTIVITY}, line 3: the text is not in UTF-8, the encoding of this file so far, from byte 48 on.",
        (
            f"{ACTIVITY}, ligne 3 : le texte n'est pas en UTF-8, l'encodage du fichier jusqu'ici, "
            "à partir de l'octet 48."
        ),
    ),
    "unknown type of mailbox": (
        _field(MAILBOXES, 5, "Type de BAL", "XYZ"),
        "annuaire.mailbox_type",
        f"{MAILBOXES}, line 5, column “Type de BAL”: not a type of mailbox (PER, CAB, ORG, APP).",
        (
            f"{MAILBOXES}, ligne 5, colonne « Type de BAL » : "
            "pas un type de boîte aux lettres (PER, CAB, ORG, APP)."
        ),
    ),
    "no address": (
        _field(MAILBOXES, 12, "Adresse BAL", "dr.x at a.example"),
        "annuaire.address",
        f"{MAILBOXES}, line 12, column “Adresse BAL”: not an address, which is written name@domain.",
        f"{MAILBOXES}, ligne 12, colonne « Adresse BAL » : pas une adresse, qui s'écrit nom@domaine.",
    ),
    "wrong check digit": (
        _field(MAILBOXES, 14, "Identification nationale PP", "899900000012"),
        "annuaire.identifier",
        f"{MAILBOXES}, line 14, column “Identification nationale PP”: the check digit of the RPPS is wrong.",
        (
            f"{MAILBOXES}, ligne 14, colonne « Identification nationale PP » : "
            "la clé de contrôle du RPPS est fausse."
        ),
    ),
    "wrong check digit of somebody at work": (
        _field(ACTIVITY, 7, "Identification nationale PP", "899900000012"),
        "annuaire.identifier",
        f"{ACTIVITY}, line 7, column “Identification nationale PP”: the check digit of the RPPS is wrong.",
        (
            f"{ACTIVITY}, ligne 7, colonne « Identification nationale PP » : "
            "la clé de contrôle du RPPS est fausse."
        ),
    ),
    "an RPPS that is too short": (
        _field(ACTIVITY, 7, "Identification nationale PP", "89990000001"),
        "annuaire.identifier",
        f"{ACTIVITY}, line 7, column “Identification nationale PP”: an RPPS is 8 followed by 11 digits.",
        (
            f"{ACTIVITY}, ligne 7, colonne « Identification nationale PP » : "
            "un RPPS s'écrit 8 suivi de 11 chiffres."
        ),
    ),
    "an ADELI that is none": (
        _field(ACTIVITY, 7, "Identification nationale PP", "0123"),
        "annuaire.identifier",
        (
            f"{ACTIVITY}, line 7, column “Identification nationale PP”: "
            "an ADELI number is 0 followed by 9 letters or digits."
        ),
        (
            f"{ACTIVITY}, ligne 7, colonne « Identification nationale PP » : "
            "un numéro ADELI s'écrit 0 suivi de 9 lettres ou chiffres."
        ),
    ),
    "nobody at work": (
        _field(ACTIVITY, 7, "Identification nationale PP", ""),
        "annuaire.identifier",
        (
            f"{ACTIVITY}, line 7, column “Identification nationale PP”: "
            "a national identifier is its type digit followed by the identifier."
        ),
        (
            f"{ACTIVITY}, ligne 7, colonne « Identification nationale PP » : "
            "un identifiant national s'écrit par son chiffre de type suivi de l'identifiant."
        ),
    ),
    "identifiers that differ": (
        _field(ACTIVITY, 7, "Identifiant PP", "99900000011"),
        "annuaire.identifiers_differ",
        f"{ACTIVITY}, line 7, column “Identifiant PP”: not the identifier that the national one holds.",
        (
            f"{ACTIVITY}, ligne 7, colonne « Identifiant PP » : "
            "pas l'identifiant contenu dans l'identification nationale."
        ),
    ),
    "identifier without its national form": (
        _field(MAILBOXES, 14, "Identification nationale PP", ""),
        "annuaire.identifier_missing",
        (
            f"{MAILBOXES}, line 14, column “Identification nationale PP”: "
            "empty, though the line gives an identifier."
        ),
        (
            f"{MAILBOXES}, ligne 14, colonne « Identification nationale PP » : "
            "vide, alors que la ligne donne un identifiant."
        ),
    ),
    "a FINESS that is none": (
        _field(MAILBOXES, 2, "Identification Structure", "99000001"),
        "annuaire.structure",
        (
            f"{MAILBOXES}, line 2, column “Identification Structure”: "
            "not an identifier of the type in “Type identifiant structure”."
        ),
        (
            f"{MAILBOXES}, ligne 2, colonne « Identification Structure » : "
            "pas un identifiant du type donné par « Type identifiant structure »."
        ),
    ),
    "an unknown state": (
        _field(STATED, 2, "Etat", "fâché"),
        "annuaire.state",
        f"{STATED}, line 2, column “Etat”: not one of actif, cessé, suspendu, radié, décédé.",
        f"{STATED}, ligne 2, colonne « Etat » : aucun de actif, cessé, suspendu, radié, décédé.",
    ),
    "a date that is none": (
        _field(STATED, 3, "Depuis", "2026-02-30"),
        "annuaire.date",
        f"{STATED}, line 3, column “Depuis”: a date is written 2026-08-26 or 26/08/2026.",
        f"{STATED}, ligne 3, colonne « Depuis » : une date s'écrit 2026-08-26 ou 26/08/2026.",
    ),
    "two states": (
        _text(STATED, lambda text: text + text.split("\n")[1] + "\n"),
        "annuaire.person_twice",
        f"{STATED}, line 4, column “Identification nationale PP”: this person stands there twice.",
        f"{STATED}, ligne 4, colonne « Identification nationale PP » : cette personne y figure deux fois.",
    ),
    "two of a kind": (
        _second_mailboxes,
        "annuaire.format_twice",
        (
            "Extraction_Correspondance_MSSante_202608260600.txt: "
            "a second file of Extraction_Correspondance_MSSante; give one of each."
        ),
        (
            "Extraction_Correspondance_MSSante_202608260600.txt : "
            "un second fichier Extraction_Correspondance_MSSante ; donnez-en un de chaque."
        ),
    ),
    "extraction missing": (
        lambda place: place.path(ACTIVITY).unlink(),
        "annuaire.file_missing",
        "An import takes both extractions: PS_LibreAcces_Personne_activite_….txt (or its zip) is missing.",
        (
            "Un import prend les deux extractions : "
            "il manque PS_LibreAcces_Personne_activite_….txt (ou son zip)."
        ),
    ),
    "a damaged zip": (
        lambda place: _zip(place, ACTIVITY, _flipped),
        "annuaire.zip_damaged",
        f"{ACTIVITY}/{ACTIVITY}: the zip is damaged.",
        f"{ACTIVITY}/{ACTIVITY} : l'archive zip est endommagée.",
    ),
    "an encrypted zip": (
        lambda place: _zip(place, ACTIVITY, _encrypted),
        "annuaire.zip_unreadable",
        f"{ACTIVITY}/{ACTIVITY}: this file of the zip is encrypted, or packed in an unknown way.",
        f"{ACTIVITY}/{ACTIVITY} : ce fichier du zip est chiffré, ou compressé d'une façon inconnue.",
    ),
    "bytes of no encoding": (
        _bytes(STATED, lambda data: data.replace("radié".encode(), b"radi\x81")),
        "annuaire.encoding",
        (
            f"{STATED}, line 2: the text is not in Windows-1252, the encoding of this file so far, "
            "from byte 18 on."
        ),
        (
            f"{STATED}, ligne 2 : le texte n'est pas en Windows-1252, l'encodage du fichier jusqu'ici, "
            "à partir de l'octet 18."
        ),
    ),
    "a truncated zip": (
        lambda place: _zip(place, ACTIVITY, lambda data: data[:-40]),
        "annuaire.zip_damaged",
        f"{ACTIVITY}: the zip is damaged.",
        f"{ACTIVITY} : l'archive zip est endommagée.",
    ),
}


@pytest.mark.parametrize("case", WRONG)
async def test_a_bad_file_is_named_and_changes_nothing(case: str, place: Place) -> None:
    """The words say file, line, column and what would be right; yesterday's answers remain."""
    spoil, code, en, fr = WRONG[case]
    place.load(place.earlier)
    spoil(place)
    with pytest.raises(MalformedError) as caught:
        place.load()
    assert (code, en, fr) == (caught.value.code, caught.value.words.en, caught.value.words.fr)
    entry = await place.look_up(places.MARTIN)
    assert entry is not None
    assert entry.source == "annuaire 2026-08-25T05:09"
    assert sorted(path.name for path in (place.folder / "data").iterdir()) == [
        "annuaire.sqlite",
        "annuaire.sqlite.lock",
    ]


def test_a_file_that_is_not_there_is_named(place: Place) -> None:
    """Not a stack of the system's own words."""
    with pytest.raises(MalformedError) as caught:
        place.load([place.path("nowhere.txt")])
    assert caught.value.words.en == "nowhere.txt: no such file, or it can't be read."


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (Settings(max_line=300), f"{ACTIVITY}, line 1: longer than 300 bytes."),
        (Settings(max_file=5000), f"{ACTIVITY}: larger than 5000 bytes."),
    ],
)
def test_what_is_too_large_is_refused(settings: Settings, words: str, place: Place) -> None:
    """Both limits are the configuration's."""
    place.load(place.earlier)
    files = sorted(place.files, key=lambda path: path.name != ACTIVITY)
    with pytest.raises(LimitError) as caught:
        place.load(files, settings)
    assert words == caught.value.words.en


def test_a_zip_that_lies_about_its_size_is_stopped(place: Place) -> None:
    """The bytes that come out count, not those that were announced."""
    path = place.path(MAILBOXES)
    archive = place.path("bomb.zip")
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(MAILBOXES, path.read_bytes() * 200)
    path.unlink()
    with pytest.raises(LimitError) as caught:
        place.load([archive, place.path(ACTIVITY)], Settings(max_file=200_000))
    assert caught.value.words.en == f"bomb.zip/{MAILBOXES}: larger than 200000 bytes."


def test_a_zip_of_too_many_files_is_refused(place: Place) -> None:
    """An extraction's has three."""
    _many(place)
    with pytest.raises(LimitError) as caught:
        place.load()
    assert caught.value.words.en == f"{ACTIVITY}: more than 100 files."


async def test_a_file_cut_at_the_end_of_a_line_is_refused(place: Place) -> None:
    """It looks whole, but would make most of the country cease to practise."""
    place.load()
    place.edit(MAILBOXES, lambda text: "\n".join(text.split("\n")[:20]) + "\n")
    with pytest.raises(MalformedError) as caught:
        place.load()
    assert caught.value.code == "annuaire.shrunk"
    assert caught.value.words.en == (
        f"{MAILBOXES}: 16 where the directory has 49: more than 20 % less looks like a file cut short; "
        "raise max_loss in the configuration if it is right."
    )
    assert place.load(settings=Settings(max_loss=100)).mailboxes == 16


def test_going_back_to_an_older_extraction_is_refused(place: Place) -> None:
    """An old file would bring struck-off doctors back."""
    place.load()
    with pytest.raises(MalformedError) as caught:
        place.load(place.earlier)
    assert caught.value.words.en == (
        "Extraction_Correspondance_MSSante_202608250509.txt: "
        "older than the extraction of 2026-08-26T05:12 that the directory holds."
    )


def test_nothing_personal_is_in_the_words(place: Place) -> None:
    """What stands in the wrong column is somebody's: it is located, not repeated."""
    place.edit_field(MAILBOXES, 14, "Identification nationale PP", "899900000012")
    with pytest.raises(MalformedError) as caught:
        place.load()
    assert "99900000012" not in f"{caught.value} {caught.value.fields}"


@pytest.mark.parametrize("first", [True, False])
def test_two_people_under_one_number_are_noticed(first: bool, place: Place) -> None:  # noqa: FBT001 - a case
    """Whether both came at once or one after the other; another family name alone is a marriage."""
    if not first:
        place.load(place.earlier)
    before = place.path(ACTIVITY).read_bytes()
    far = before.decode().split("\n")
    for spoilt, line in (
        (before.decode() + _somebody_else(before.decode()), 43),
        ("\n".join([far[0], _somebody_else(before.decode()).strip(), *far[1:]]), 43 if first else 2),
    ):
        place.path(ACTIVITY).write_text(spoilt, "utf-8")
        with pytest.raises(MalformedError) as caught:
            place.load()
        assert (caught.value.code, caught.value.fields["line"]) == ("annuaire.person_contradicted", line)
    place.path(ACTIVITY).write_bytes(before)
    place.edit(ACTIVITY, lambda text: text + text.split("\n")[-2].replace("MIRABEL", "ORMESSON") + "\n")
    assert place.load().professionals == 37


@pytest.mark.parametrize("behind", [MAILBOXES, ACTIVITY])
def test_one_file_may_not_be_older_than_the_one_loaded(behind: str, place: Place) -> None:
    """Though the other is newer: each is compared with the one of its own kind."""
    place.load()
    stamps = dict.fromkeys((MAILBOXES, ACTIVITY), "202608270512") | {behind: "202608250512"}
    paths = [
        place.path(name).rename(place.path(name.replace(sample.TODAY, stamp)))
        for name, stamp in stamps.items()
    ]
    with pytest.raises(MalformedError) as caught:
        place.load(paths)
    assert caught.value.code == "annuaire.older"
    assert caught.value.fields["file"] == behind.replace(sample.TODAY, "202608250512")


@pytest.mark.parametrize("data", [b"", b"not a zip at all", b"<html>Service unavailable</html>\n"])
def test_a_zip_that_is_none_is_named(data: bytes, place: Place) -> None:
    """What a portal in trouble serves instead is not taken for an extraction."""
    path = place.path("PS_LibreAcces_202608260512.zip")
    path.write_bytes(data)
    with pytest.raises(MalformedError) as caught:
        place.load([place.path(MAILBOXES), path])
    assert caught.value.words.en == f"{path.name}: named like a zip, and is none."


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("what", ["vanishes", "grows", "is replaced"])
async def test_a_source_that_changes_while_it_is_read_is_refused(
    what: str,
    zipped: bool,  # noqa: FBT001 - a case
    place: Place,
) -> None:
    """Half of one day and half of another would be neither; what was loaded goes on serving."""
    place.load(place.earlier)
    path = place.path(ACTIVITY)
    files = [place.path(MAILBOXES), path]
    if zipped:
        path = files[1] = place.path("PS_LibreAcces_202608260512.zip")
        with zipfile.ZipFile(path, "w") as packed:
            packed.write(place.path(ACTIVITY), ACTIVITY)

    def spoil(file: str, _done: int, _all: int) -> None:
        if not file.endswith(ACTIVITY):
            return
        data = path.read_bytes() if path.exists() else b""
        if what == "grows":
            path.write_bytes(data + b"\n")
        else:
            path.unlink(missing_ok=True)
        if what == "is replaced":
            path.write_bytes(data)

    with pytest.raises(MalformedError) as caught:
        place.directory().load(files, spoil)
    name = f"{path.name}/{ACTIVITY}" if zipped else path.name
    assert caught.value.words.en == f"{name}: the file changed while it was read."
    entry = await place.look_up(places.MARTIN)
    assert entry is not None
    assert entry.source == "annuaire 2026-08-25T05:09"


def test_a_source_that_vanishes_before_it_is_read_is_named(place: Place) -> None:
    """Between the first look and the reading, as on a share that goes away."""
    place.load(place.earlier)

    def vanish(file: str, _done: int, _all: int) -> None:
        if file == ACTIVITY:
            place.path(MAILBOXES).unlink(missing_ok=True)

    with pytest.raises(MalformedError) as caught:
        place.directory().load(place.files, vanish)
    assert caught.value.words.en == f"{MAILBOXES}: no such file, or it can't be read."
