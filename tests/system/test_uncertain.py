"""The answer is lost after the operator took the message: the one thing that a hub must never guess about.

The hub and the operator's double are processes of their own; both are played from the shipped descriptions.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from hub_demo.world import HOSPITAL, PRACTICE, World, until
from tests import mesh_stage
from tests.shape.codes import ROOT
from tests.system import stage, worlds
from tests.system.doubles import Simulated, connect, simulated, told
from tests.system.hubs import mail

pytestmark = pytest.mark.timeout(180)


@contextmanager
def between(description: Path, folder: Path, *options: str) -> Iterator[tuple[World, Simulated]]:
    """Run a double, and a hub that sends to it."""
    with ExitStack() as stack:
        world = stack.enter_context(worlds.world())
        double = stack.enter_context(simulated(description, folder, *options))
        connect(world, description, double)
        world.hautmont.start()
        world.start_hub()
        yield world, double


def sent(world: World, subject: str) -> str:
    """Send a mail to the practice, as the hospital's operator; returns the envelope's id."""
    text = (
        f"From: {HOSPITAL}\r\nTo: {PRACTICE}\r\nSubject: {subject}\r\n"
        f"Message-ID: <{subject}@hautmont.example>\r\n"
        "Date: Mon, 02 Nov 2026 10:35:00 +0100\r\n\r\nUne seule fois.\r\n"
    )
    return mail(world, world.hautmont.host, HOSPITAL, PRACTICE, text.encode())


def test_a_lost_answer_is_recovered_by_reading(tmp_path: Path) -> None:
    """The hub asks the operator by its own id, and learns that the message is there: exactly one."""
    description = mesh_stage.hurried(tmp_path / "mesh.toml")
    with between(description, tmp_path / "double", "--fault", "send=lost") as (world, double):
        envelope = sent(world, "relu")
        timeline = told(world, envelope, "delivery.uncertain", "delivery.delivered")
        assert timeline.index("delivery.uncertain") < timeline.index("delivery.delivered")
        (held,) = double.messages()
        assert held["state"] == "accepted"
        assert "delivery.resent" not in timeline
        assert not world.json("queue", "list", language="en")["deliveries"]


def test_what_never_arrived_is_sent_again_once_that_is_known(tmp_path: Path) -> None:
    """The connection broke before the operator took anything: it says so, and gets the message: one."""
    description = mesh_stage.hurried(tmp_path / "mesh.toml")
    text = description.read_text("utf-8")
    # The first question counts already: the double is not busy with what it does not have.
    description.write_text(text.replace('absent_after = "1s"', 'absent_after = "0s"'), "utf-8")
    with between(description, tmp_path / "double", "--fault", "send=cut") as (world, double):
        envelope = sent(world, "absent")
        told(world, envelope, "delivery.uncertain", "delivery.delivered")
        assert len(double.messages()) == 1


def test_where_nobody_can_tell_a_person_decides(tmp_path: Path) -> None:
    """It is held, across a restart too, never sent again, and ends as the person says who looked."""
    description = ROOT / "conf" / "operators" / "fhir-messaging.toml"
    with between(description, tmp_path / "double", "--fault", "communicate=lost") as (world, double):
        envelope = sent(world, "tranche")
        told(world, envelope, "delivery.uncertain")
        stage.stop(world)
        world.start_hub()
        # Another message passes by the one that is held.
        told(world, sent(world, "suivant"), "delivery.delivered")
        (held,) = world.json("queue", "list", language="en")["deliveries"]
        assert held["state"] == "uncertain"
        assert len(double.messages()) == 2
        world.run("queue", "settle", held["delivery"], "--delivered", language="en")
        timeline = told(world, envelope, "delivery.delivered")
        until(lambda: not world.json("queue", "list", language="en")["deliveries"], "still open", "")
        assert "delivery.resent" not in timeline
        assert len(double.messages()) == 2
