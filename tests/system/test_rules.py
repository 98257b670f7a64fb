"""An establishment's rules and its own directory, edited while a hub runs; all processes."""

from __future__ import annotations

import http.client
import json
import time
import uuid
from collections.abc import Callable
from typing import Any, Final

import pytest

from tests.system import test_serve
from tests.system.test_serve import HOSPITAL, PRACTICE, Place, Served

place = test_serve.place
CLAIRE: Final = "255081416802538"
INS_NIR: Final = "urn:oid:1.2.250.1.213.1.4.8"
NEW: Final = "accueil@ch-hautmont.mssante.example"
RULES: Final = """
[directories.house]
kind = "local"
files = ["people.csv"]

[policies.team]
kind = "care-team"
files = ["teams.csv"]
unknown_patient = "allow"

[policies.opposition]
kind = "opposition"
files = ["oppositions.csv"]

[policies.prescriptions]
kind = "roles"
default = "allow"

[[policies.prescriptions.rules]]
then = "refuse"
messages = ["prescription"]
sender = { mailboxes = ["personal"] }
reason = { en = "this hub carries no prescriptions", fr = "ce hub n'achemine pas d'ordonnances" }

[policies.recipients]
kind = "recipients"
most = 1
"""
FILES: Final = {
    "people.csv": "address;mailbox;name;answers_for\n",
    "teams.csv": "patient;member\n",
    "oppositions.csv": "patient;to\n",
}


@pytest.fixture
def ruled(place: Place) -> Place:
    """Give the hub a directory of its own, and rules."""
    with (place.folder / "hub.toml").open("a") as file:
        file.write(RULES)
    for name, text in FILES.items():
        write(place, name, text)
    return place


def write(place: Place, name: str, text: str) -> None:
    """Write a file beside its place and rename it, as programs should."""
    beside = place.folder / f"{name}.new"
    beside.write_text(text)
    beside.rename(place.folder / name)


def post(place: Place, served: Served, *to: str, **more: Any) -> dict[str, str]:
    """Send a message about a patient; return the codes of refused recipients by what was asked for."""
    body = {"from": PRACTICE, "to": list(to), "subject": "Avis", "text": "Bonjour."}
    body |= {"patient": [{"system": INS_NIR, "value": CLAIRE}]} | more
    headers = {
        "Authorization": f"Bearer {place.token()}",
        "Idempotency-Key": str(uuid.uuid4()),
        "Content-Type": "application/json",
    }
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=30)
    connection.request("POST", "/v1/messages", json.dumps(body), headers)
    response = connection.getresponse()
    answer = json.loads(response.read())
    connection.close()
    assert response.status in {202, 422}, answer
    assert CLAIRE not in json.dumps(answer)
    return {who: why["code"] for who, why in answer.get("refused", {}).items()}


def soon(found: Callable[[], Any], expected: Any) -> None:
    """Wait until a change has been seen: it counts a second after it was written."""
    end = time.monotonic() + 30
    while (last := found()) != expected:
        assert time.monotonic() < end, last
        time.sleep(0.1)


def test_every_rule_speaks_for_itself(ruled: Place) -> None:
    """Team, objection, role and number, each changed while the hub runs; a broken file changes nothing."""
    served = ruled.serve()
    assert post(ruled, served, HOSPITAL) == {}
    assert post(ruled, served, HOSPITAL, kind="prescription") == {HOSPITAL: "policy.roles"}
    write(ruled, "teams.csv", f"patient;member\n{CLAIRE};{PRACTICE}\n")
    soon(lambda: post(ruled, served, HOSPITAL), {HOSPITAL: "policy.care-team"})
    write(ruled, "teams.csv", f"patient;member\n{CLAIRE};{PRACTICE}\n{CLAIRE};{HOSPITAL}\n")
    soon(lambda: post(ruled, served, HOSPITAL), {})
    write(ruled, "oppositions.csv", f"patient;to\n{CLAIRE};\n")
    soon(lambda: post(ruled, served, HOSPITAL), {HOSPITAL: "policy.opposition"})
    write(ruled, "oppositions.csv", f"patient;to\n{CLAIRE[:-1]}9;\n")
    soon(lambda: (post(ruled, served, HOSPITAL), _broken(served)), ({HOSPITAL: "policy.opposition"}, True))
    reason = served.until("sheet.broken")["reason"]
    assert reason.startswith("oppositions.csv, line 2, “patient”: This INS matricule is mistyped")
    assert ruled.hub("check").returncode == 6
    assert served.stop() == 0
    assert CLAIRE not in json.dumps(served.lines)


def test_a_mailbox_of_ones_own_is_added(ruled: Place) -> None:
    """It can be written to a second later, and no longer when its line is gone; one recipient is the most."""
    served = ruled.serve()
    unknown = {NEW: "recipient.unknown"}
    assert post(ruled, served, NEW, patient=[]) == unknown
    write(ruled, "people.csv", f"{FILES['people.csv']}{NEW};ORG;Accueil;Cadre de santé\n")
    soon(lambda: post(ruled, served, NEW, patient=[]), {})
    both = post(ruled, served, NEW, HOSPITAL, patient=[])
    assert both == dict.fromkeys((NEW, HOSPITAL), "policy.recipients")
    write(ruled, "people.csv", FILES["people.csv"])
    soon(lambda: post(ruled, served, NEW, patient=[]), unknown)
    assert served.stop() == 0


def _broken(served: Served) -> bool:
    return any(line["event"] == "sheet.broken" for line in served.lines)


def test_a_hub_that_starts_on_a_broken_rule_lets_nothing_pass(ruled: Place) -> None:
    """Everything waits, and says so; the file is named by `hub check`."""
    write(ruled, "teams.csv", "patient\n")
    checked = ruled.json("check")
    (finding,) = [one for one in checked["findings"] if one["part"] == "policies.team"]
    assert finding["verdict"] == "failed"
    served = ruled.serve()
    sent = ruled.hub(
        "send",
        *("--url", f"http://127.0.0.1:{served.port}", "--from", PRACTICE, "--to", HOSPITAL),
        *("--subject", "Question", "--text", "Bonjour."),
        CADUCEE_TOKEN=ruled.token(),
    )
    assert sent.returncode != 0
    assert "Policy team could not be opened" in sent.stderr
    assert served.stop() == 0
