"""The tutorial about a first prescription, done as it stands on the page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import pytest

from hub_demo.processes import until
from tests.counterparts import program
from tests.shape.codes import ROOT
from tests.system.readers import Reader, until_answers

pytestmark = pytest.mark.timeout(300)

PAGE: Final = (ROOT / "docs" / "tutorial" / "first-prescription.md").read_text("utf-8")
PORTS: Final = ("9444", "9443", "8025")
PRESCRIBER: Final = "dr.camille.lilas@cabinet-lilas.mssante.example"
PHARMACIST: Final = "victor.bruyere@valbrume.mssante.example"


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    """Return one at the beginning of the page."""
    program("openssl")
    program("curl")
    with ExitStack() as stack:
        yield Reader(PAGE, tmp_path, stack, PORTS)


def done(reader: Reader, command: str, *, nth: int = 0) -> str:
    """Run a command of the page that must succeed; return what it printed."""
    ran = reader.run(command, nth=nth)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def fields(printed: str) -> dict[str, str]:
    """Return what a command printed as a name and a value beside it."""
    rows = (line.split(maxsplit=1) for line in printed.splitlines())
    return {row[0]: row[1] for row in rows if len(row) == 2}


def set_up(reader: Reader) -> None:
    """Do sections 1 and 2: the doubles and the hub run."""
    reader.start("hub prescription simulate", f" --listen 127.0.0.1:{reader.port('9444')}")
    reader.start("hub operator simulate")
    service = f"https://localhost:{reader.port('9444')}/_simulator/counts"
    until_answers(service, reader.folder / "simulator" / "authority.pem")
    mails(reader)
    done(reader, "hub init cabinet")
    done(reader, "hub --config cabinet/hub.toml directory import")
    done(reader, "sed -i 's/^addresses")
    done(reader, "openssl req")
    configuration = reader.folder / "cabinet" / "hub.toml"
    configuration.write_text(reader.own(configuration.read_text("utf-8")), "utf-8")
    reader.add("cabinet/hub.toml", 0)
    done(reader, "cp ")
    done(reader, "hub --config cabinet/hub.toml check")
    reader.start("hub --config cabinet/hub.toml serve")
    until_answers(f"http://127.0.0.1:{reader.port('8025')}/readyz")


def mails(reader: Reader) -> list[Any]:
    """Return what the mail operator holds."""
    url = f"https://localhost:{reader.port('9443')}/_double/messages"
    held: list[Any] = json.loads(until_answers(url, reader.folder / "mail" / "authority.pem"))["messages"]
    return [one["to"] for one in held]


def until_mails(reader: Reader, recipients: list[list[str]]) -> None:
    """Wait until the mail operator holds a mail to each of these, in this order."""
    until(lambda: mails(reader) == recipients, f"not the mails to {recipients}", "")


def test_the_tutorial_does_what_it_says(
    reader: Reader, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """From nothing to a dispensed prescription: issued once, printed, handed over, its prescriber told."""
    set_up(reader)
    monkeypatch.setenv("CADUCEE_URL", f"http://127.0.0.1:{reader.port('8025')}")
    # 3 to 5
    done(reader, 'sed "s/{day}')
    done(reader, "export CADUCEE_TOKEN")
    first = fields(done(reader, "hub prescription issue verordnung.xml"))
    assert first["state"] == "active"
    done(reader, "ID=")
    done(reader, "NUMBER=")
    by_software = [json.loads(done(reader, "curl http://127.0.0.1"))["number"] for _ in range(2)]
    assert by_software[0] == by_software[1] != first["number"]
    done(reader, "curl --cacert simulator/authority.pem https://localhost:9444/_simulator/faults")
    third = fields(done(reader, "hub prescription issue verordnung.xml", nth=1))
    assert third["state"] == "active"
    counts = json.loads(
        done(reader, "curl --cacert simulator/authority.pem https://localhost:9444/_simulator/counts")
    )
    assert counts["issued"] == 3
    # 6
    done(reader, "sed 's/authoredOn")
    refused = reader.run("hub prescription issue old.xml")
    assert refused.returncode == 4
    assert "2026-01-01" in refused.stderr
    # 7
    done(reader, "hub prescription print")
    done(reader, "hub prescription print", nth=1)
    assert (tmp_path / "sheet.pdf").read_bytes().startswith(b"%PDF-")
    assert (tmp_path / "code.png").read_bytes().startswith(b"\x89PNG")
    done(reader, "hub prescription hand-over")
    until_mails(reader, [[PHARMACIST]])
    # 8
    pharmacy = "curl --cacert simulator/authority.pem -X POST"
    done(reader, pharmacy)
    assert fields(done(reader, "hub prescription status"))["state"] == "claimed"
    done(reader, pharmacy, nth=1)
    until_mails(reader, [[PHARMACIST], [PRESCRIBER]])
    assert fields(done(reader, "hub prescription status", nth=1))["state"] == "completed"
    # 9
    done(reader, "hub prescription cancel")
