"""The E-Rezept service's state machine, asked over real HTTPS."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub_eprescription.simulator import fhir
from hub_eprescription.simulator.fhir import Form
from tests.plugins.eprescription.simulator.stage import (
    OTHER_PRESCRIBER,
    PATIENT,
    PHARMACY,
    PRESCRIBER,
    Signer,
    playing,
    prescription,
)


async def test_a_prescription_goes_from_the_prescriber_to_the_pharmacy_and_back(tmp_path: Path) -> None:
    """Number, signature, activation, dispensing: everyone sees what they may, and the signed bytes stay."""
    async with playing(tmp_path) as (served, caller):
        number, code = await caller.create()
        signed = Signer(tmp_path).sign(prescription(number))
        heard = await caller.activate(number, code, signed)
        assert heard.status == 200
        assert heard.resource["status"] == "ready"
        heard = await caller.ask(PHARMACY, "POST", f"/Task/{number}/$accept?ac={code}")
        assert heard.status == 200
        task, binary = (one["resource"] for one in heard.resource["entry"])
        assert task["status"] == "in-progress"
        held = served.simulation.gematik.kept.get(number)
        assert held is not None
        assert held.signed == signed
        assert fhir.text(binary, "contentType") == "application/pkcs7-mime"
        served.simulation.pharmacy.close(number)
        heard = await caller.ask(PRESCRIBER, "GET", f"/Task/{number}", code=code, accept=Form.JSON)
        assert heard.resource["entry"][0]["resource"]["status"] == "completed"
        heard = await caller.ask(PRESCRIBER, "GET", "/MedicationDispense?whenhandedover=ge2020-01-01")
        kinds = [one["resource"]["resourceType"] for one in heard.resource["entry"]]
        assert kinds == ["MedicationDispense", "Medication"]
        heard = await caller.ask(PATIENT, "GET", f"/MedicationDispense?identifier=x|{number}")
        assert heard.resource["total"] == 0
        heard = await caller.ask(OTHER_PRESCRIBER, "GET", "/MedicationDispense")
        assert heard.resource["total"] == 0


async def test_the_same_bytes_again_say_that_it_is_ready(tmp_path: Path) -> None:
    """Whoever lost the answer to an activation repeats it, and learns from the refusal that it counted."""
    async with playing(tmp_path) as (_, caller):
        number, code = await caller.create()
        signed = Signer(tmp_path).sign(prescription(number))
        assert (await caller.activate(number, code, signed)).status == 200
        again = await caller.activate(number, code, signed)
        assert again.status == 403
        assert again.words == [("forbidden", "Task not in status draft but in status ready")]


@pytest.mark.parametrize("place", [0, -1, 200])
async def test_a_changed_byte_activates_nothing(tmp_path: Path, place: int) -> None:
    """What does not verify stays a draft."""
    async with playing(tmp_path) as (served, caller):
        number, code = await caller.create()
        signed = bytearray(Signer(tmp_path).sign(prescription(number)))
        signed[place] ^= 1
        assert (await caller.activate(number, code, bytes(signed))).status == 400
        assert served.simulation.gematik.kept.counts()["draft"] == 1


async def test_yesterdays_prescription_is_refused(tmp_path: Path) -> None:
    """A prescription is signed on the day that it bears."""
    async with playing(tmp_path) as (_, caller):
        number, code = await caller.create()
        heard = await caller.activate(number, code, Signer(tmp_path).sign(prescription(number, "2026-01-02")))
        assert heard.status == 400
        assert heard.words[0][1].startswith("Ausstellungsdatum und Signaturzeitpunkt")


async def test_a_prescription_stays_under_its_own_number(tmp_path: Path) -> None:
    """What bears another number than the draft's is refused."""
    async with playing(tmp_path) as (_, caller):
        other, _ = await caller.create()
        number, code = await caller.create()
        heard = await caller.activate(number, code, Signer(tmp_path).sign(prescription(other)))
        assert heard.status == 400


async def test_a_wrong_access_code_opens_nothing(tmp_path: Path) -> None:
    """Neither activation, nor cancelling, nor a pharmacy's look."""
    async with playing(tmp_path) as (_, caller):
        number, _ = await caller.issue(Signer(tmp_path))
        wrong = "0" * 64
        heard = [
            await caller.activate(number, wrong, b""),
            await caller.ask(PRESCRIBER, "POST", f"/Task/{number}/$abort", code=wrong),
            await caller.ask(PHARMACY, "POST", f"/Task/{number}/$accept?ac={wrong}"),
            await caller.ask(OTHER_PRESCRIBER, "GET", f"/Task/{number}"),
        ]
        assert [(one.status, one.words) for one in heard] == [
            (403, [("forbidden", "AccessCode mismatch")])
        ] * 4


async def test_cancelled_once_and_again(tmp_path: Path) -> None:
    """The second time the service says that it has already been deleted."""
    async with playing(tmp_path) as (_, caller):
        number, code = await caller.issue(Signer(tmp_path))
        first = await caller.ask(PRESCRIBER, "POST", f"/Task/{number}/$abort", code=code)
        again = await caller.ask(PRESCRIBER, "POST", f"/Task/{number}/$abort", code=code)
        assert (first.status, first.body) == (204, b"")
        assert (again.status, again.words) == (410, [("processing", "Task has already been deleted")])


async def test_who_has_no_token_gets_nothing(tmp_path: Path) -> None:
    """No operation is done for somebody unknown."""
    async with playing(tmp_path) as (served, caller):
        heard = await caller.ask(None, "POST", "/Task/$create", b"<x/>")
        assert heard.status == 401
        assert sum(served.simulation.gematik.kept.counts().values()) == 0


async def test_a_method_that_is_not_there(tmp_path: Path) -> None:
    """The answer says which ones are."""
    async with playing(tmp_path) as (_, caller):
        heard = await caller.ask(PRESCRIBER, "PUT", "/Task/$create", b"<x/>")
        assert (heard.status, heard.headers["Allow"]) == (405, "POST")
