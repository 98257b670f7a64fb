"""Recipients are found and named by a running hub: typed, described, by number, mistyped; all processes."""

from __future__ import annotations

import http.client
import json
from typing import Any
from urllib.parse import urlencode

from tests.system import test_serve
from tests.system.test_serve import HOSPITAL, PRACTICE, SAMPLE, Place, Served

place = test_serve.place
BELLEGARDE = "dr.octave.bellegarde@ch-hautmont.mssante.example"
BELLEGARDE_RPPS = "99900000219"


def get(place: Place, served: Served, path: str) -> tuple[int, Any]:
    """Ask the API."""
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=30)
    connection.request("GET", path, headers={"Authorization": f"Bearer {place.token()}"})
    response = connection.getresponse()
    answer = response.status, json.loads(response.read())
    connection.close()
    return answer


def send(place: Place, served: Served, *who: str) -> Any:
    """Send a letter to some people."""
    to = [part for one in who for part in ("--to", one)]
    url = f"http://127.0.0.1:{served.port}"
    letter = ("--from", PRACTICE, "--subject", "Avis", "--text", "Bonjour.")
    return place.hub("send", "--url", url, *letter, *to, CADUCEE_TOKEN=place.token())


def test_who_is_found_by_typing_can_be_written_to(place: Place) -> None:
    """Each further letter leaves fewer; the one that is left is a recipient."""
    served = place.serve()
    numbers = []
    for typed in ("p", "pedia", "pédia hautmont", "HAUTMONT pedia oct"):
        status, answer = get(place, served, f"/v1/directory?{urlencode({'q': typed, 'limit': 50})}")
        assert status == 200
        numbers.append(len(answer["entries"]))
    assert numbers == sorted(numbers, reverse=True)
    (found,) = answer["entries"]
    assert found["address"] == BELLEGARDE
    assert get(place, served, f"/v1/directory/{BELLEGARDE}") == (200, found)
    assert send(place, served, found["address"]).returncode == 0
    assert "bellegarde" not in json.dumps(served.lines).lower()
    assert served.stop() == 0


def test_a_slip_of_the_pen_gets_a_suggestion(place: Place) -> None:
    """From the API, on the command line and in the refusal; never a silent correction."""
    served = place.serve()
    mistyped = BELLEGARDE.replace("octave", "otcave")
    status, answer = get(place, served, f"/v1/directory/{mistyped}")
    assert (status, answer["code"], answer["suggestions"]) == (404, "directory.not_listed", [BELLEGARDE])
    done = send(place, served, mistyped)
    assert (done.returncode, done.stdout) == (4, "")
    assert BELLEGARDE in done.stderr
    explained = place.hub("directory", "explain", mistyped)
    assert explained.returncode == 4
    assert f"did you mean  {BELLEGARDE}" in explained.stdout
    assert served.stop() == 0


def test_people_are_recipients_by_number_and_by_description(place: Place) -> None:
    """All three ways lead to one mailbox; a name that fits several is refused with the candidates."""
    served = place.serve()
    for who in (f"rpps:{BELLEGARDE_RPPS}", "Octave Bellegarde", "bellegarde, pediatrie, hautmont-sur-brume"):
        done = send(place, served, who)
        assert done.returncode == 0, done.stderr
        (delivery,) = place.json("trace", done.stdout.strip())["deliveries"]
        assert delivery["recipient"] == BELLEGARDE
    done = send(place, served, "lilas", HOSPITAL)
    assert done.returncode == 0
    assert "refused: lilas: " in done.stderr
    assert "dr.leon.lilas@cabinet-lilas.mssante.example" in done.stderr
    assert served.stop() == 0


def test_the_same_extraction_again_changes_nothing(place: Place) -> None:
    """And is said to; beside a running hub, which goes on answering."""
    served = place.serve()
    told = place.json("directory", "import", *SAMPLE)
    assert told["professionals"] > 0
    assert set(told["changes"].values()) == {0}
    assert place.hub("directory", "import", *SAMPLE).stdout.endswith("Nothing has changed.\n")
    assert get(place, served, f"/v1/directory/{BELLEGARDE}")[0] == 200
    assert served.stop() == 0


def test_history_is_remembered_from_the_first_import_on(place: Place) -> None:
    """Whoever was struck off before is told so, with the day that the authority names."""
    (struck,) = (
        line.split("|")[0].removeprefix("8")
        for file in SAMPLE
        for line in file.read_text("utf-8").splitlines()
        if "|radié|" in line
    )
    told = place.json("directory", "history", f"rpps:{struck}")
    assert "struck off since 2026-06-15" in told["answer"][0]["en"]
    told = place.json("directory", "history", f"rpps:{struck}", "--at", "2026-06-20T14:00+02:00")
    assert told["then"] is None
    assert told["now_known"]["standing"] == "struck-off"
    assert told["at"] == "2026-06-20T12:00:00.000Z"
    assert told["answer"][0]["fr"].startswith("Non connu")
