"""The message interface of EPS: prepared, signed, sent, cancelled, with the codes of the NHS's examples."""

from __future__ import annotations

import base64
import copy
from pathlib import Path

import pytest

from hub_eprescription.simulator import fhir
from hub_eprescription.simulator.fhir import Resource
from hub_eprescription.simulator.simulation import Simulation
from tests.plugins.eprescription.simulator.spine_stage import SpineCaller, cancelling, result, unsigned
from tests.plugins.eprescription.simulator.stage import EVERYBODY, playing


async def test_an_order_is_prepared_signed_and_taken_once(tmp_path: Path) -> None:
    """The same message again gives the same answer and no second prescription."""
    async with playing(tmp_path) as (served, caller):
        spine = SpineCaller(caller, tmp_path)
        order = await spine.signed(unsigned())
        for _ in range(2):
            heard = await spine.ask("POST", "$process-message", order)
            assert heard.status == 200
            assert heard.resource["issue"][0]["code"] == "informational"
        assert len(list(served.simulation.eps.orders)) == 1


async def test_the_other_algorithm(tmp_path: Path) -> None:
    """Where the service asks for RSA with SHA-1, that is what it gets, and nothing else."""
    async with playing(tmp_path, Simulation(EVERYBODY, algorithm="RS1")) as (_, caller):
        spine = SpineCaller(caller, tmp_path)
        heard = await spine.ask("POST", "$process-message", await spine.signed(unsigned()))
        assert heard.status == 400
        heard = await spine.ask("POST", "$process-message", await spine.signed(unsigned(), "sha1"))
        assert heard.status == 200


async def test_a_changed_prescription_is_refused(tmp_path: Path) -> None:
    """What was signed is what counts: another dosage under the same signature does not."""
    async with playing(tmp_path) as (served, caller):
        spine = SpineCaller(caller, tmp_path)
        order = copy.deepcopy(await spine.signed(unsigned()))
        fhir.entries(order, "MedicationRequest")[0]["dosageInstruction"][0]["text"] = "30 times a day"
        heard = await spine.ask("POST", "$process-message", order)
        assert heard.status == 400
        assert list(served.simulation.eps.orders) == []


@pytest.mark.parametrize(
    ("deeds", "code"),
    [
        ((), "R-0001"),
        (("claim",), "R-0002"),
        (("claim", "dispense"), "R-0003"),
        (("claim", "close"), "R-0004"),
        (("claim", "abort"), "R-0010"),
    ],
)
async def test_what_a_cancel_comes_to(tmp_path: Path, deeds: tuple[str, ...], code: str) -> None:
    """It depends on what the pharmacy has done; the transport says 200 in every case."""
    async with playing(tmp_path) as (served, caller):
        spine = SpineCaller(caller, tmp_path)
        number = await spine.issue()
        for deed in deeds:
            getattr(served.simulation.pharmacy, deed)(number)
        heard = await spine.ask("POST", "$process-message", cancelling())
        assert (heard.status, result(heard)) == (200, code)
        header = fhir.entries(heard.resource, "MessageHeader")[0]
        assert header["response"]["code"] == "ok"


async def test_cancelled_twice(tmp_path: Path) -> None:
    """The second time it had already been cancelled."""
    async with playing(tmp_path) as (_, caller):
        spine = SpineCaller(caller, tmp_path)
        await spine.issue()
        assert result(await spine.ask("POST", "$process-message", cancelling())) == "R-0001"
        assert result(await spine.ask("POST", "$process-message", cancelling())) == "R-0006"


async def test_what_is_marked_is_cancelled_when_the_pharmacy_gives_it_back(tmp_path: Path) -> None:
    """The prescriber asked while a pharmacy held it, and gets it in the end."""
    async with playing(tmp_path) as (served, caller):
        spine = SpineCaller(caller, tmp_path)
        number = await spine.issue()
        served.simulation.pharmacy.claim(number)
        await spine.ask("POST", "$process-message", cancelling())
        served.simulation.pharmacy.reject(number)
        task = await stands(spine, number)
        assert fhir.text(task, "businessStatus", "coding", 0, "code") == "0005"


async def stands(spine: SpineCaller, number: str) -> Resource:
    """Return the Task of a prescription."""
    named = f"https%3A%2F%2Ffhir.nhs.uk%2FId%2Fprescription-order-number%7C{number}"
    heard = await spine.ask("GET", f"Task?focus:identifier={named}")
    assert heard.status == 200
    (entry,) = heard.resource["entry"]
    task: Resource = entry["resource"]
    return task


async def test_a_cancel_of_somebody_elses(tmp_path: Path) -> None:
    """Somebody elsewhere, another patient, no such prescription, no reason: each has its own code."""
    async with playing(tmp_path) as (_, caller):
        spine = SpineCaller(caller, tmp_path)
        heard = await spine.ask("POST", "$process-message", cancelling())
        assert (heard.status, result(heard)) == (400, "R-0008")
        await spine.issue()
        other = cancelling()
        for kind in ("Practitioner", "Organization"):
            for one in fhir.entries(other, kind):
                one["identifier"][0]["value"] = "another"
        assert result(await spine.ask("POST", "$process-message", other)) == "R-0007"
        wrong = cancelling()
        fhir.entries(wrong, "Patient")[0]["identifier"][0]["value"] = "9999999999"
        heard = await spine.ask("POST", "$process-message", wrong)
        assert (heard.status, result(heard)) == (400, "R-5000")
        bare = cancelling()
        del fhir.entries(bare, "MedicationRequest")[0]["statusReason"]
        assert result(await spine.ask("POST", "$process-message", bare)) == "R-5888"


async def test_a_request_needs_its_id(tmp_path: Path) -> None:
    """Without a GUID in X-Request-ID nothing is looked at."""
    async with playing(tmp_path) as (_, caller):
        spine = SpineCaller(caller, tmp_path)
        assert (await spine.ask("POST", "$prepare", unsigned(), "no-guid")).status == 400


async def test_a_number_with_a_wrong_check_character_is_refused(tmp_path: Path) -> None:
    """A mistyped number never becomes a prescription."""
    async with playing(tmp_path) as (_, caller):
        spine = SpineCaller(caller, tmp_path)
        order = unsigned()
        for one in fhir.entries(order, "MedicationRequest"):
            one["groupIdentifier"]["value"] = "24F5DA-A83008-7EFE6A"
        heard = await spine.ask("POST", "$process-message", await spine.signed(order))
        assert heard.status == 400
        assert "invalid checksum" in fhir.text(heard.resource, "issue", 0, "details", "coding", 0, "display")


async def test_another_digest_is_refused(tmp_path: Path) -> None:
    """A signature over the digest of another prescription does not count for this one."""
    async with playing(tmp_path) as (_, caller):
        spine = SpineCaller(caller, tmp_path)
        heard = await spine.ask("POST", "$prepare", unsigned())
        given = {one["name"]: one["valueString"] for one in heard.resource["parameter"]}
        info = base64.b64decode(given["digest"]).replace(b"<DigestValue>", b"<DigestValue>AA")
        heard = await spine.ask(
            "POST", "$process-message", spine.sealed(unsigned(), info, given["timestamp"])
        )
        assert heard.status == 400
