"""A letter waits in the queue, and the world changes: its recipient is struck off, or the space shrinks."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import pytest
from rich.console import Console

from hub.errors import PeerError
from hub_demo.show import Show
from hub_demo.story import COLLEAGUE, TODAY, TOMORROW, Story
from hub_demo.world import HOSPITAL, World, until
from tests.system import worlds

SAMPLE: Final = Path(str(files("hub_demo") / "annuaire"))
NATIONAL: Final = "899900000052"
"""The identifier of COLLEAGUE's bearer in the sample."""


@pytest.fixture
def world() -> Iterator[World]:
    """Make a hub whose city operator is down."""
    with worlds.world() as made:
        made.hautmont.start()
        made.start_hub()
        yield made


def waiting_letter(world: World) -> str:
    """Have the hospital send a letter to the city doctor, and the hub try in vain."""
    envelope: str = Story(world, Show(Console(quiet=True), "en"))._mail([COLLEAGUE], "Compte rendu")
    until(
        lambda: any(one["attempts"] for one in world.json("queue", "list", language="en")["deliveries"]),
        "it does not wait",
        "il n'attend pas",
    )
    return envelope


def tomorrow(folder: Path, *states: str) -> list[str]:
    """Write the next day's files: the same, with what an authority says since."""
    made = []
    for old in sorted(SAMPLE.glob(f"*_{TODAY}.txt")):
        new = folder / old.name.replace(TODAY, TOMORROW)
        text = old.read_text("utf-8")
        new.write_text(text + "".join(f"{one}\n" for one in states) if "Etat" in old.name else text, "utf-8")
        made.append(str(new))
    return made


def outcome(world: World, envelope: str) -> Any:
    """Wait until the letter has its end; return what `hub trace` says."""
    until(
        lambda: worlds.report(world, envelope)["deliveries"][0]["state"] == "refused",
        "it was not refused",
        "il n'a pas été refusé",
    )
    return worlds.report(world, envelope)


def test_who_is_struck_off_while_a_letter_waits_gets_nothing(world: World, tmp_path: Path) -> None:
    """The sender's mailbox gets a notice that says so; the timeline, which directory version decided."""
    envelope = waiting_letter(world)
    before = {step["detail"] for step in _decisions(worlds.report(world, envelope))}
    loaded = world.json(
        "directory", "import", *tomorrow(tmp_path, f"{NATIONAL}|radié|2026-08-26"), language="en"
    )
    until(
        lambda: world.ask(f"/v1/directory/{COLLEAGUE}")["standing"] == "struck-off", "not taken", "pas pris"
    )
    world.valbrume.start()
    report = outcome(world, envelope)
    (delivery,) = report["deliveries"]
    assert delivery["code"] == "recipient.struck-off"
    assert world.valbrume.mails(COLLEAGUE) == []
    decided = [step["detail"] for step in _decisions(report) if step.get("delivery") == delivery["id"]][-1]
    assert decided == loaded["version"]
    assert before
    assert decided not in before
    until(lambda: bool(world.hautmont.mails(HOSPITAL)), "no notice came", "aucun avis n'est venu")
    (notice,) = [one.read_bytes() for one in world.hautmont.mails(HOSPITAL)]
    assert b"multipart/report" in notice
    text = notice.decode("utf-8", "replace")
    assert "has been struck off the register since 2026-08-26" in text.replace("=\r\n", "")


def test_a_domain_withdrawn_while_a_letter_waits_gets_nothing(world: World) -> None:
    """Within one reload of the list; the sender is told, and the timeline names the list."""
    envelope = waiting_letter(world)
    world.admit(2, withdrawn=["valbrume.mssante.example"], language="en")
    until(lambda: "trust demo.mssante.example 2" in _log(world), "not taken", "pas pris")
    world.valbrume.start()
    report = outcome(world, envelope)
    assert report["deliveries"][0]["code"] == "recipient.outside"
    assert "demo.mssante.example" in _decisions(report)[-1]["detail"]
    assert "2" in _decisions(report)[-1]["detail"]
    assert world.valbrume.mails(COLLEAGUE) == []
    until(lambda: bool(world.hautmont.mails(HOSPITAL)), "no notice came", "aucun avis n'est venu")
    world.admit(3, language="en")
    until(lambda: _again(world), "it is not admitted again", "il n'est pas réadmis")
    until(lambda: bool(world.valbrume.mails(COLLEAGUE)), "it did not arrive", "il n'est pas arrivé")


def _log(world: World) -> str:
    return (world.folder / "hub.log").read_text()


def _again(world: World) -> bool:
    story = Story(world, Show(Console(quiet=True), "en"))
    story._sent = 1
    try:
        story._mail([COLLEAGUE], "Second envoi")
    except PeerError:
        return False
    return True


def _decisions(report: Any) -> list[Any]:
    return [step for step in report["timeline"] if step["event"] == "directory.answered"]
