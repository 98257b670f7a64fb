"""From the prescriber's software to the service and back to the prescriber's mailbox, over HTTP and TLS.

Hub, service and operators are processes of their own. The first test is the whole way; the second kills
the hub at each moment of it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub_demo.processes import until
from hub_demo.world import PRACTICE, World
from tests.system import prescriptions, stage
from tests.system.prescriptions import PHARMACIST, ask, issued, order

pytestmark = pytest.mark.timeout(400)
MORTAL = Path(__file__).parent / "mortal"
PHARMACY = [{"to": PHARMACIST, "as": "token"}]


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """Set a stage for every test of this module; the hub runs."""
    with prescriptions.prescribing() as made:
        made.start_hub()
        yield made


def test_issued_handed_over_dispensed_and_told(world: World) -> None:
    """Number and code for the patient, the token at the pharmacy, word of it to the prescriber."""
    status, answer = order(world, "whole-way", hand_over=PHARMACY, language="fr")
    assert (status, answer["state"]) == (201, "active")
    number = answer["number"]
    # The sheet for the patient, and the code.
    assert ask(world, "GET", f"/v1/prescriptions/{answer['id']}/print.pdf")[1].startswith(b"%PDF")
    assert ask(world, "GET", f"/v1/prescriptions/{answer['id']}/code.png")[1].startswith(b"\x89PNG")
    # The pharmacy's mailbox: the token, under the header that its software looks for.
    until(lambda: bool(world.valbrume.mails(PHARMACIST)), "no mail at the pharmacy", "")
    mail = world.valbrume.mails(PHARMACIST)[0].read_bytes()
    assert b"X-KIM-Dienstkennung: eRezept;Zuweisung;V1.0" in mail
    assert f"Task/{number}/$accept?ac=".encode() in mail
    assert b"Disposition-Notification-To:" in mail
    # The pharmacy dispenses; the prescriber's mailbox hears of it, in the same thread.
    for deed in ("claim", "close"):
        world.rezept.pharmacy(deed, number)
    until(lambda: bool(told(world)), "the prescriber was not told", "")
    assert issued(world, answer["id"])["state"] == "completed"
    (message,) = told(world)
    assert message["answers"] == answer["id"]
    # Too late to cancel: in words, with the service's own inside.
    status, problem = ask(
        world, "DELETE", f"/v1/prescriptions/{answer['id']}", {"reason": {"text": "Erreur."}}
    )
    assert status == 409
    assert problem["detail"]


def told(world: World) -> list[object]:
    """Return what the prescriber's mailbox has got."""
    return [one for one in world.courrier.messages() if one["to"] == PRACTICE]


def test_a_lost_answer_makes_no_second_prescription(world: World) -> None:
    """The service took the prescription, and its answer was lost: found out, with the same number."""
    before = world.rezept.counts()["issued"]
    world.rezept.commit("activate", "lost")
    status, answer = order(world, "lost-answer")
    assert status in {201, 202}
    assert issued(world, answer["id"])["state"] == "active"
    assert world.rezept.counts()["issued"] == before + 1
    again, same = order(world, "lost-answer")
    assert (again, same["id"], same["number"]) == (201, answer["id"], issued(world, answer["id"])["number"])


def test_cancelled_it_is_gone_at_the_service(world: World) -> None:
    """The prescriber gives a reason; asked again, the answer is that it is cancelled already."""
    _, answer = order(world, "to-cancel")
    path = f"/v1/prescriptions/{answer['id']}"
    status, said = ask(world, "DELETE", path, {"reason": {"text": "Erreur de saisie."}})
    assert (status, said["result"]) == (200, "cancelled")
    states = {one["number"]: one["state"] for one in world.rezept.prescriptions()}
    assert states[answer["number"]] == "cancelled"
    assert ask(world, "DELETE", path, {"reason": {"text": "Encore."}})[1]["result"] == "already-cancelled"


def test_no_secret_leaves_by_the_log(world: World) -> None:
    """Access codes, the patient and the medicine stand in no line that the hub wrote."""
    _, answer = order(world, "nothing-logged")
    log = (world.folder / "hub.log").read_text()
    assert "prescription.issued" in log
    for secret in (answer["access_code"], "Rivage", "Amoxival", answer["number"]):
        assert secret not in log


def test_killed_at_every_moment_it_is_issued_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Around each word to the service and each write: one prescription, its number known, one mail."""
    path = os.environ.get("PYTHONPATH", "")
    monkeypatch.setenv("PYTHONPATH", f"{MORTAL}{os.pathsep}{path}" if path else str(MORTAL))
    monkeypatch.setenv("MORTAL", str(tmp_path))
    with prescriptions.prescribing() as world:
        world.start_hub()
        numbers: set[str] = set()
        for at in range(1, 60):
            (tmp_path / "moments").write_text("")
            (tmp_path / "at").write_text(f"{at} of {at}")
            died = not survived(world, f"killed-{at}")
            (tmp_path / "at").unlink(missing_ok=True)
            moments = (tmp_path / "moments").read_text().splitlines()
            if died:
                world.start_hub()
            # Practice software asks again under the same key when it got no answer.
            _, answer = order(world, f"killed-{at}", hand_over=PHARMACY)
            progress = issued(world, answer["id"])
            assert progress["state"] == "active", moments
            numbers.add(progress["number"])
            assert world.rezept.counts()["issued"] == len(numbers) == at, moments
            if not died:
                break
        else:
            raise AssertionError("it has sixty moments and more")
        print("\n".join(moments))
        for call in ("$create", "$activate"):
            assert f"before {call}" in moments
            assert f"after {call}" in moments
        assert at > 12
        until(lambda: len(handed_over(world)) >= at, "a hand-over is missing", "")
        stage.stop(world)
        assert len(handed_over(world)) == at


def handed_over(world: World) -> set[str]:
    """Return what is at the pharmacy, by Message-ID: SMTP knows no other way to tell a repetition."""
    mails = [one.read_text("utf-8", "replace") for one in world.valbrume.mails(PHARMACIST)]
    return {re.findall(r"^Message-ID: (.+)$", one, re.MULTILINE)[0] for one in mails}


def survived(world: World, key: str) -> bool:
    """Order, and say whether the hub lived to the end of everything that follows."""
    try:
        _, answer = order(world, key, hand_over=PHARMACY)
        progress = issued(world, answer["id"])
        until(lambda: bool(ask(world, "GET", f"/v1/prescriptions/{answer['id']}")[1]["handed_over"]), "", "")
    except Exception:  # noqa: BLE001 - whatever a client meets when the hub dies
        assert world.hub is not None
        until(lambda: world.hub is None or world.hub.poll() is not None, "the hub did not die", "")
        return False
    return progress["state"] == "active"
