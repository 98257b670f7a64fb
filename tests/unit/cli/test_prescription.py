"""`hub prescription`: what a person or a script at a terminal orders, sees and cancels."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.cli import exit_codes
from hub.domain.address import Address
from hub.domain.ids import EnvelopeId
from hub.domain.prescription import CancelResult, Handing, PrescriptionState
from hub.domain.prescription_order import HandOrder
from hub.errors import PeerError, Words
from hub.ports.prescription import Cancellation, Reason
from tests.unit.adapters.http.prescribing import (
    NUMBER,
    OUTCOME,
    PRESCRIBER,
    SECRET,
    TOKEN_2D,
    XML,
    Prescribing,
    prescribing,
)
from tests.unit.adapters.http.serving import OTHER, TOKEN
from tests.unit.cli.beside import beside
from tests.unit.cli.conftest import Hub, Said

WORDS = Words(en="A pharmacy has it.", fr="Une pharmacie l'a.")


@pytest.fixture
def api() -> Iterator[Prescribing]:
    """Serve an API with prescriptions beside the program."""
    with beside(prescribing) as one:
        yield one


@pytest.fixture
def rx(hub: Hub, api: Prescribing, monkeypatch: pytest.MonkeyPatch) -> Hub:
    """Return a function that runs a command of the group against that API."""

    def call(command: str, *arguments: str | Path, language: str = "en") -> Said:
        monkeypatch.setenv("CADUCEE_TOKEN", TOKEN)
        return hub("prescription", command, "--url", api.served.url, *arguments, language=language)

    return call


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return a file with a prescription."""
    one = tmp_path / "rx.xml"
    one.write_bytes(XML)
    return one


def _ordered(rx: Hub, file: Path) -> str:
    said = rx("issue", file, "--from", PRESCRIBER, "--json")
    assert said.code == exit_codes.FINE, said.err
    return str(said.json()["id"])


def test_an_issued_prescription_shows_its_number_and_no_secret(rx: Hub, file: Path) -> None:
    """Id, state, number and what to do; access and 2D code are for programs only."""
    said = rx("issue", file, "--from", PRESCRIBER, language="fr")
    assert said.code == exit_codes.FINE, said.err
    assert NUMBER in said.out
    assert "Elle est émise : donnez la feuille" in said.out
    assert SECRET not in said.out
    answer = rx("issue", file, "--from", PRESCRIBER, "--json").json()
    assert (answer["access_code"], answer["token"]) == (SECRET, TOKEN_2D)


def test_what_is_said_on_the_command_line_is_ordered(rx: Hub, api: Prescribing, file: Path) -> None:
    """Service, options, language, key and to whom it is handed over."""
    arguments = ("--service", "erezept", "--option", "workflow=160", "--language", "fr", "--key", "k7")
    said = rx("issue", file, "--from", PRESCRIBER, *arguments, "--to", "rpps:10001234565", "--as", "print")
    assert said.code == exit_codes.FINE, said.err
    (kept,) = api.prescriptions.kept.values()
    assert (kept.order.content, kept.order.media_type) == (XML, "application/fhir+xml")
    assert (kept.order.service, kept.order.options) == ("erezept", {"workflow": "160"})
    assert [one.form for one in kept.order.hand_over] == [Handing.PRINT]
    rx("issue", file, "--from", PRESCRIBER, *arguments, "--to", "rpps:10001234565", "--as", "print")
    assert len(api.prescriptions.kept) == 1


@pytest.mark.parametrize(
    ("name", "content", "media_type"),
    [
        ("rx.xml", XML, "application/fhir+xml"),
        ("rx.json", b"{}", "application/fhir+json"),
        ("rx.xml", b"<ClinicalDocument xmlns='urn:hl7-org:v3'/>", "application/hl7-cda+xml"),
    ],
)
def test_the_kind_of_a_file_is_told_by_its_name_and_beginning(
    rx: Hub, api: Prescribing, tmp_path: Path, *, name: str, content: bytes, media_type: str
) -> None:
    """FHIR in both forms, and CDA."""
    (tmp_path / name).write_bytes(content)
    rx("issue", tmp_path / name, "--from", PRESCRIBER)
    assert [one.order.media_type for one in api.prescriptions.kept.values()] == [media_type]


def test_a_file_of_no_known_kind_is_told(rx: Hub, tmp_path: Path) -> None:
    """With the option that says what it is; so is one that is not there."""
    (tmp_path / "rx").write_bytes(XML)
    said = rx("issue", tmp_path / "rx", "--from", PRESCRIBER)
    assert (said.code, said.out) == (exit_codes.REFUSED, "")
    assert "--media-type" in said.err
    assert rx("issue", tmp_path / "none.xml", "--from", PRESCRIBER).code == exit_codes.REFUSED


def test_what_is_under_way_is_exit_code_six(rx: Hub, api: Prescribing, file: Path) -> None:
    """The hub goes on; the words say not to order it twice."""
    api.prescriptions.at_once = api.prescriptions.defer
    said = rx("issue", file, "--from", PRESCRIBER, "--wait", "0")
    assert said.code == exit_codes.TEMPORARY
    assert "don't order it a second time" in said.out
    assert "2026-03-03T14:01:00.000Z" in said.out


@pytest.mark.parametrize(
    ("cause", "code"),
    [("prescription.refused", exit_codes.REFUSED), ("sender.struck-off", exit_codes.TRUST)],
)
def test_what_is_refused_is_told_in_words(
    rx: Hub, api: Prescribing, file: Path, cause: str, code: int
) -> None:
    """On one line; a program gets the whole problem, with the service's OperationOutcome."""
    api.prescriptions.at_once = lambda one: api.prescriptions.refuse(one, cause)
    said = rx("issue", file, "--from", PRESCRIBER, language="fr")
    assert (said.code, said.out) == (code, "")
    assert said.err.startswith("hub: La posologie manque.")
    said = rx("issue", file, "--from", PRESCRIBER, "--json")
    assert (said.code, said.json()["outcome"], said.json()["cause"]) == (code, OUTCOME, cause)


def test_the_key_is_told_when_no_hub_answers(hub: Hub, file: Path) -> None:
    """So that the same order can be sent again without harm."""
    url = "http://127.0.0.1:9"
    said = hub("prescription", "issue", file, "--from", PRESCRIBER, "--url", url)
    assert said.code == exit_codes.TEMPORARY
    assert "--key" in said.err


def test_the_status_tells_what_happened(rx: Hub, api: Prescribing, file: Path) -> None:
    """State and events; the service is asked when that is wished."""
    one = _ordered(rx, file)
    api.prescriptions.dispense(EnvelopeId(one))
    said = rx("status", one, language="fr")
    assert said.code == exit_codes.FINE
    assert "completed – Délivrée." in said.out
    assert api.prescriptions.asked == []
    assert rx("status", one, "--fresh", "--json").json()["state"] == "completed"
    assert api.prescriptions.asked == [one]


@pytest.mark.parametrize("one", ["x", "../messages/x", "0190163d-8694-739b-aea5-966c26f8ad91"])
def test_a_prescription_that_is_not_there_is_told(rx: Hub, one: str) -> None:
    """Whatever is given for its id, it is looked for among prescriptions only."""
    said = rx("status", one)
    assert (said.code, said.out) == (exit_codes.REFUSED, "")


def test_cancelling(rx: Hub, api: Prescribing, file: Path) -> None:
    """Done, impossible, or still to be done: the exit code tells them apart."""
    one = _ordered(rx, file)
    said = rx("cancel", one, "--reason", "Erreur de dosage", "--code", "0001", language="fr")
    assert (said.code, said.out) == (exit_codes.FINE, "Elle est annulée.\n")
    assert api.prescriptions.reasons == [Reason(code="0001", text="Erreur de dosage")]
    api.prescriptions.cancelling = Cancellation(
        result=CancelResult.WITH_DISPENSER, state=PrescriptionState.CLAIMED, words=WORDS, detail=OUTCOME
    )
    said = rx("cancel", one, "--json")
    assert (said.code, said.json()["result"]) == (exit_codes.REFUSED, "with-dispenser")
    assert said.err == "hub: A pharmacy has it.\n"
    api.prescriptions.cancelling = PeerError("prescription.unreachable", WORDS)
    said = rx("cancel", one)
    assert said.code == exit_codes.TEMPORARY
    assert "the hub goes on asking" in said.out


def test_handing_over(rx: Hub, api: Prescribing, file: Path) -> None:
    """Prints the mail's id; the same again gives the same."""
    one = _ordered(rx, file)
    said = rx("hand-over", one, "--to", "pharmacie@valbrume.example")
    again = rx("hand-over", one, "--to", "pharmacie@valbrume.example", "--json")
    assert (said.code, said.out) == (exit_codes.FINE, again.json()["message"] + "\n")
    standing = api.prescriptions.kept[EnvelopeId(one)].progress.standing
    assert standing is not None
    assert list(standing.handed) == [HandOrder(to=Address.parse("pharmacie@valbrume.example")).name]
    assert rx("hand-over", one, "--to", "rpps:10001234567").code == exit_codes.REFUSED


def test_printing(rx: Hub, file: Path, tmp_path: Path) -> None:
    """The sheet or the code, in a new file that only its owner can read."""
    one = _ordered(rx, file)
    for name, content in (
        ("a.pdf", f"%PDF-1.7 fr {NUMBER}"),
        ("a.png", f"png:{TOKEN_2D}"),
        ("a.SVG", f"svg:{TOKEN_2D}"),
    ):
        said = rx("print", one, tmp_path / name, "--language", "fr")
        assert (said.code, said.out) == (exit_codes.FINE, ""), said.err
        assert (tmp_path / name).read_text() == content
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    said = rx("print", one, tmp_path / "a.pdf")
    assert said.code == exit_codes.REFUSED
    assert "it exists already" in said.err
    said = rx("print", one, tmp_path / "a.txt")
    assert (said.code, (tmp_path / "a.txt").exists()) == (exit_codes.USAGE, False)


def test_signing(rx: Hub, api: Prescribing, file: Path, tmp_path: Path) -> None:
    """What is to be signed comes as a file, and the signed file leads to the number."""
    api.prescriptions.at_once = api.prescriptions.await_signature
    said = rx("issue", file, "--from", PRESCRIBER, "--json")
    assert (said.code, said.json()["awaits_signature"]) == (exit_codes.FINE, True)
    one = said.json()["id"]
    assert rx("sign", one, "--fetch", tmp_path / "to-sign").code == exit_codes.FINE
    (tmp_path / "signed").write_bytes((tmp_path / "to-sign").read_bytes() + b" signed")
    said = rx("sign", one, "--signed", tmp_path / "signed")
    assert said.code == exit_codes.FINE
    assert NUMBER in said.out
    assert rx("sign", one).code == exit_codes.USAGE
    assert rx("sign", one, "--signed", tmp_path / "none").code == exit_codes.REFUSED


def test_another_clients_token_sees_nothing(
    hub: Hub, rx: Hub, api: Prescribing, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if it had never been."""
    one = _ordered(rx, file)
    monkeypatch.setenv("CADUCEE_TOKEN", OTHER)
    said = hub("prescription", "status", one, "--url", api.served.url)
    assert (said.code, said.out) == (exit_codes.REFUSED, "")


@pytest.mark.parametrize("arguments", [("--option", "workflow"), ("--option", "=160")])
def test_an_option_that_is_not_one_is_told(rx: Hub, file: Path, arguments: tuple[str, ...]) -> None:
    """Before anything is ordered."""
    said = rx("issue", file, "--from", PRESCRIBER, *arguments, language="fr")
    assert said.code == exit_codes.REFUSED
    assert "NOM=VALEUR" in said.err


def test_what_a_program_reads_is_what_the_api_says(rx: Hub, file: Path) -> None:
    """`--json` prints the answer as it came."""
    one = _ordered(rx, file)
    assert json.loads(rx("status", one, "--json").out)["id"] == one


def test_the_hub_may_stand_in_the_environment(
    hub: Hub, rx: Hub, api: Prescribing, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With CADUCEE_URL no command needs `--url`."""
    one = _ordered(rx, file)
    monkeypatch.setenv("CADUCEE_URL", api.served.url)
    said = hub("prescription", "status", one)
    assert said.code == exit_codes.FINE
    assert NUMBER in said.out
