"""Prescriptions to print, made up, and others' programs that read the pages."""

from __future__ import annotations

import re
import subprocess
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from hub.domain.ids import EnvelopeId
from hub.domain.party import Identifier
from hub.domain.prescription import Medicine, PrescriptionState, PrescriptionView
from hub.ports.prescription import Code2D, Record
from hub_eprescription.codes import token
from tests.counterparts import program

NUMBERS: Final = ("160.346.135.722.516.16", "160.880.966.157.248.22", "169.774.328.939.869.74")
ACCESS_CODE: Final = "0123456789abcdef" * 4
AMOXICILLIN: Final = Medicine(
    name="Amoxicilline Valbrume 500 mg, gélules",
    code="3400930000001",
    system="urn:oid:1.2.250.1.213.2.3.2",
    form="gélule",
    dosage="1 gélule matin, midi et soir pendant 7 jours",
    quantity="2 boîtes de 12",
    substitution=True,
)
PARACETAMOL: Final = Medicine(
    name="Paracétamol Hautmont 1 g, comprimés",
    dosage="1 comprimé si fièvre ≥ 38,5 °C, au plus 3 par jour",
    quantity="1 boîte de 8",
    substitution=False,
    note="Ne pas dépasser 3 g par jour.",
)


def view(number: str | None = NUMBERS[0], *medicines: Medicine, **fields: Any) -> PrescriptionView:
    """Return what people read of a prescription."""
    usual: dict[str, Any] = {
        "number": number,
        "authored_on": date(2026, 3, 1),
        "valid_until": date(2026, 6, 3),
        "patient": "Élodie MARÉCHAL",
        "patient_identifiers": (Identifier("urn:oid:1.2.250.1.213.1.4.8", "261057812345634"),),
        "born": date(1961, 5, 23),
        "prescriber": "Dr Camille LILAS",
        "prescriber_identifiers": (Identifier("urn:oid:1.2.250.1.71.4.2.1", "99900000011"),),
        "organisation": "Cabinet des Lilas",
        "medicines": medicines or (AMOXICILLIN,),
    }
    return PrescriptionView(**(usual | fields))


def text(number: str = NUMBERS[0]) -> str:
    """Return the text of a prescription's code."""
    return token.encode(token.Token(number=number, access_code=ACCESS_CODE))


def code(number: str = NUMBERS[0], symbology: str = "data-matrix") -> Code2D:
    """Return a prescription's code."""
    return Code2D(text=text(number), symbology=symbology)


def record(
    number: str | None = NUMBERS[0], state: PrescriptionState = PrescriptionState.ACTIVE, **fields: Any
) -> Record:
    """Return what the hub knows of a prescription."""
    moment = datetime(2026, 3, 1, 9, tzinfo=UTC)
    return Record(id=EnvelopeId("0190"), state=state, changed_at=moment, number=number, **fields)


def words(pdf: bytes, *options: str) -> str:
    """Return the words of a PDF as `pdftotext` reads them, runs of white space as one space."""
    run = [program("pdftotext"), *options, "-", "-"]
    read = subprocess.run(run, input=pdf, capture_output=True, check=True, timeout=60).stdout
    return re.sub(r"[ \n\f]+", " ", read.decode("utf-8"))


def pictures(pdf: bytes, folder: Path, dots: int = 150) -> list[Path]:
    """Return the pages as `pdftoppm` draws them."""
    run = [program("pdftoppm"), "-r", str(dots), "-gray", "-png", "-", str(folder / "page")]
    subprocess.run(run, input=pdf, capture_output=True, check=True, timeout=60)
    return sorted(folder.glob("page*.png"))


def facts(pdf: bytes) -> dict[str, str]:
    """Return what `pdfinfo` says of a PDF."""
    run = [program("pdfinfo"), "-"]
    read = subprocess.run(run, input=pdf, capture_output=True, check=True, timeout=60).stdout.decode()
    return {
        name.strip(): value.strip() for name, _, value in (line.partition(":") for line in read.splitlines())
    }
