"""The patient's sheet: pharmacies' readers read its code, people read its words."""

from __future__ import annotations

import hashlib
import io
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from hub.domain.prescription import Medicine, PrescriptionState
from hub.errors import InputError, LimitError
from hub.ports.prescription import Code2D
from hub_eprescription.codes import draw, reading
from hub_eprescription.sheet import sheet
from hub_eprescription.sheet.item import Item
from tests.counterparts import program
from tests.plugins.eprescription.sheet import made
from tests.plugins.eprescription.sheet.made import AMOXICILLIN, NUMBERS, PARACETAMOL


def one(language: str = "fr", *medicines: Medicine, **fields: Any) -> bytes:
    """Print one prescription with its code."""
    view = made.view(NUMBERS[0], *medicines, **fields)
    return sheet.pdf(view, made.record(), language=language, code=made.code(), title="E-Rezept")


def scan(picture: Path, how_many: int) -> set[str]:
    """Return what `dmtxread` reads on a page."""
    run = [program("dmtxread"), "-n", f"-N{how_many}", "-m60000", picture]
    read = subprocess.run(run, capture_output=True, check=True, timeout=100).stdout
    return set(read.decode().splitlines())


def test_code_is_read(tmp_path: Path) -> None:
    """A camera that sees the printed page reads the code, letter for letter."""
    (page,) = made.pictures(one(), tmp_path)
    assert {made.text()} == scan(page, 1)


@pytest.mark.parametrize("symbology", draw.Symbology)
def test_code_is_read_from_a_screen(symbology: draw.Symbology, tmp_path: Path) -> None:
    """At the few dots of a screen, the code is read too, in both symbologies."""
    pdf = sheet.pdf(
        made.view(), made.record(), language="en", code=made.code(NUMBERS[0], symbology), title=""
    )
    (page,) = made.pictures(pdf, tmp_path, dots=96)
    assert made.text().encode() == reading.read(page.read_bytes()).content


def test_three_on_a_page(tmp_path: Path) -> None:
    """Three prescriptions of one patient share a page, and each code is read."""
    items = [
        Item(view=made.view(number), record=made.record(number), code=made.code(number)) for number in NUMBERS
    ]
    pdf = sheet.pdf_of(items, language="en", title="E-Rezept")
    (page,) = made.pictures(pdf, tmp_path)
    assert set(map(made.text, NUMBERS)) == scan(page, 3)
    assert all(number in made.words(pdf) for number in NUMBERS)


def test_words_in_french() -> None:
    """Everything that patient and pharmacist need stands on the page, in French."""
    words = made.words(one("fr", AMOXICILLIN, PARACETAMOL), "-layout")
    for wanted in (
        "E-Rezept",
        "Ordonnance électronique",
        "Élodie MARÉCHAL",
        "Date de naissance\u00a0: 23 mai 1961".replace("\u00a0", " "),
        "INS 261057812345634",
        "Dr Camille LILAS",
        "Cabinet des Lilas",
        "RPPS 99900000011",
        NUMBERS[0],
        "Prescrite le 1er mars 2026",
        "Valable jusqu’au 3 juin 2026",
        "1. Amoxicilline Valbrume 500 mg, gélules",
        "Posologie 1 gélule matin, midi et soir pendant 7 jours",
        "Quantité 2 boîtes de 12",
        "Substitution autorisée",
        "Code CIP 3400930000001",
        "2. Paracétamol Hautmont 1 g, comprimés",
        "Substitution non autorisée",
        "Remarque Ne pas dépasser 3 g par jour.",
        "qui possède le code peut retirer les médicaments",
        "Page 1 sur 1",
    ):
        assert wanted in words


def test_words_in_english() -> None:
    """The same in English."""
    words = made.words(one("en"), "-layout")
    for wanted in (
        "Electronic prescription",
        "Born on 23 May 1961",
        "Prescribed on 1 March 2026",
        "Valid until 3 June 2026",
        "Dosage 1 gélule matin, midi et soir pendant 7 jours",
        "Quantity 2 boîtes de 12",
        "Substitution allowed",
        "whoever has the code can collect the medicines",
        "Page 1 of 1",
    ):
        assert wanted in words


def test_other_language() -> None:
    """A language that the sheet doesn't speak gives English, a region its language."""
    assert "Electronic prescription" in made.words(one("de"))
    assert one("fr-CA") == one("fr")


def test_secret_is_not_in_words() -> None:
    """The access code stands in the 2D code alone: it can't be read or copied from the page as text."""
    pdf = one()
    assert made.ACCESS_CODE not in made.words(pdf)
    assert made.ACCESS_CODE.encode() not in pdf


def test_properties() -> None:
    """Title and language are set, the page is A4, nothing runs and nothing is left outside."""
    pdf = one("fr")
    facts = made.facts(pdf)
    assert f"Ordonnance électronique – {NUMBERS[0]}" == facts["Title"]
    assert "A4" in facts["Page size"]
    assert "no" == facts["JavaScript"]
    assert b"/Lang (fr)" in pdf
    assert re.search(rb"/DisplayDocTitle\s+true", pdf)
    assert "MARÉCHAL" not in facts["Title"]


def test_read_aloud() -> None:
    """Who can't see the page hears it: headings, paragraphs whole and in order, what the code is."""
    dosage = " ".join(["un comprimé matin et soir"] * 8)
    pdf = one("fr", replace(AMOXICILLIN, dosage=dosage), PARACETAMOL)
    assert "yes" == made.facts(pdf)["Tagged"]
    run = [program("pdfinfo"), "-struct-text", "-"]
    said = subprocess.run(run, input=pdf, capture_output=True, check=True, timeout=60).stdout.decode()
    told = re.sub(r"\s+", " ", said)
    wanted = (
        'H1 (block) "Ordonnance électronique"',
        '"Patient" P (block) "Élodie MARÉCHAL"',
        '"Prescripteur" P (block) "Dr Camille LILAS"',
        "Figure",
        f'H2 (block) "{NUMBERS[0]}"',
        'H3 (block) "1. Amoxicilline Valbrume 500 mg, gélules"',
        '"Posologie" "un comprimé',
        'H3 (block) "2. Paracétamol Hautmont 1 g, comprimés"',
        '"3. Une question sur votre traitement',
    )
    places = [told.index(piece) for piece in wanted]
    assert sorted(places) == places
    paragraph = told[told.index('"Posologie"') : told.index("Quantité")].replace('"', "")
    assert f"Posologie {dosage}" in re.sub(" +", " ", paragraph)
    assert "Page 1 sur 1" not in told
    assert re.search(rb"/Alt \(Code 2D de l", pdf)


def test_fonts_are_inside() -> None:
    """Every font is embedded: the page looks the same everywhere."""
    run = [program("pdffonts"), "-"]
    said = subprocess.run(run, input=one(), capture_output=True, check=True, timeout=60).stdout.decode()
    fonts = [line.split() for line in said.splitlines()[2:]]
    assert fonts
    assert {"yes"} == {cells[-5] for cells in fonts}


def test_same_bytes() -> None:
    """The same prescription gives the same file: twice, in two threads, in another process."""
    here = one("fr", AMOXICILLIN, PARACETAMOL)
    with ThreadPoolExecutor(4) as threads:
        assert {here} == set(threads.map(lambda _: one("fr", AMOXICILLIN, PARACETAMOL), range(8)))
    program_text = (
        "import sys, hashlib\n"
        "from tests.plugins.eprescription.sheet import test_sheet as t\n"
        "print(hashlib.sha256(t.one('fr', t.AMOXICILLIN, t.PARACETAMOL)).hexdigest())\n"
    )
    root = Path(__file__).parents[4]
    said = {
        subprocess.run(
            [sys.executable, "-c", program_text],
            cwd=root,
            env={"PYTHONPATH": str(root), "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            timeout=100,
        ).stdout
        for seed in ("1", "2")
    }
    assert {hashlib.sha256(here).hexdigest().encode()} == {line.strip() for line in said}


def test_many_medicines(tmp_path: Path) -> None:
    """A long prescription goes over several pages, numbered; every medicine is there, none twice."""
    medicines = [replace(AMOXICILLIN, name=f"Médicament numéro {place:02}") for place in range(1, 31)]
    pdf = one("fr", *medicines)
    words = made.words(pdf, "-layout")
    pages = int(made.facts(pdf)["Pages"])
    assert pages > 3
    for place in range(1, 31):
        assert 1 == words.count(f"{place}. Médicament numéro {place:02}")
    for number in range(1, pages + 1):
        assert f"Page {number} sur {pages}" in words
    assert pages - 1 == words.count(f"{NUMBERS[0]}, suite")
    assert {made.text()} == scan(made.pictures(pdf, tmp_path)[0], 1)


def test_long_text() -> None:
    """A very long dosage is printed to its last word, and a word longer than a line to its last letter."""
    long = " ".join(f"mot{place}" for place in range(2000))
    endless = "".join(f"{place:03}" for place in range(300))
    words = made.words(one("fr", replace(AMOXICILLIN, dosage=long, note=endless)), "-raw")
    assert all(f"mot{place}" in words for place in range(2000))
    assert endless in words.replace(" ", "")


def test_too_long() -> None:
    """A text of a book's length is refused with the limit."""
    with pytest.raises(LimitError) as caught:
        one("fr", replace(AMOXICILLIN, note="x" * 60_000))
    assert "prescription.sheet_too_long" == caught.value.code


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (PrescriptionState.CANCELLED, "Cancelled by the prescriber: it is no longer valid."),
        (PrescriptionState.COMPLETED, "Dispensed: nothing more can be collected."),
        (PrescriptionState.EXPIRED, "Expired: it is no longer valid."),
        (PrescriptionState.DRAFT, "Not issued: it is not valid."),
    ],
)
def test_no_longer_valid(state: PrescriptionState, said: str, tmp_path: Path) -> None:
    """What a pharmacy may give nothing for is printed without its code, and says why."""
    pdf = sheet.pdf(made.view(), made.record(state=state), language="en", code=made.code(), title="")
    words = made.words(pdf)
    assert said in words
    assert "Valid until" not in words
    assert "How to get your medicines" not in words
    (page,) = made.pictures(pdf, tmp_path, dots=96)
    with pytest.raises(InputError, match="0 were found"):
        reading.read(page.read_bytes())


def test_without_code() -> None:
    """A service without 2D codes: the number leads, and nothing speaks of a code."""
    pdf = sheet.pdf(made.view("9C4B2A-A83008-81F2CK"), made.record(None), language="en", title="EPS")
    words = made.words(pdf)
    assert "9C4B2A-A83008-81F2CK" in words
    assert "scan" not in words
    assert "the code" not in words


def test_issuers_picture(tmp_path: Path) -> None:
    """A code that the issuer gave as a picture is printed as it is, and read again."""
    with Image.open(io.BytesIO(draw.png("01S2EXAMPLE0000001", "qr", module=1))) as small:
        file = io.BytesIO()
        small.convert("RGB").save(file, "PNG")
    code = Code2D(image=file.getvalue(), image_type="image/png")
    pdf = sheet.pdf(made.view("01S2EXAMPLE0000001"), made.record(None), language="fr", code=code, title="")
    (page,) = made.pictures(pdf, tmp_path)
    assert b"01S2EXAMPLE0000001" == reading.read(page.read_bytes()).content


def test_broken_picture() -> None:
    """A picture that can't be read is refused, not left out."""
    with pytest.raises(InputError) as caught:
        sheet.pdf(made.view(), made.record(), language="fr", code=Code2D(image=b"GIF89a"), title="")
    assert "prescription.picture_malformed" == caught.value.code


def test_number_of_the_service() -> None:
    """The number that the service gave goes before the one in the document."""
    pdf = sheet.pdf(made.view(NUMBERS[1]), made.record(NUMBERS[0]), language="fr", title="")
    assert NUMBERS[0] in made.words(pdf)
    assert NUMBERS[1] not in made.words(pdf)


def test_expiry_of_the_service() -> None:
    """Where the document says no last day, the service's own is printed."""
    record = made.record(expires_at=datetime(2026, 4, 2, tzinfo=UTC))
    pdf = sheet.pdf(made.view(valid_until=None), record, language="en", code=made.code(), title="")
    assert "Valid until 2 April 2026" in made.words(pdf)


def test_different_people() -> None:
    """Prescriptions of two patients never share a sheet."""
    items = [
        Item(view=made.view(), record=made.record()),
        Item(view=made.view(patient="Octave BELLEGARDE"), record=made.record()),
    ]
    with pytest.raises(ValueError, match="one patient"):
        sheet.pdf_of(items, language="fr")
    with pytest.raises(ValueError, match="one patient"):
        sheet.pdf_of([], language="fr")
