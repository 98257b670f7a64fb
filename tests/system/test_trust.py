"""A hub in a space of trust: what leaves, what comes in, and what a new list does to what waits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from rich.console import Console

from hub.adapters.keys.names import names_of
from hub.errors import HubError
from hub_demo.show import Show
from hub_demo.story import COLLEAGUE, Story
from hub_demo.world import HOSPITAL, SIGNER, World, until
from tests.system import worlds

LIST = "trust demo.mssante.example"
HAUTMONT, VALBRUME = "ch-hautmont.mssante.example", "valbrume.mssante.example"


@dataclass
class Space:
    """A hub whose configuration names a list, and who keeps that list."""

    world: World
    sequence: int = 1
    story: Story = field(init=False)

    def __post_init__(self) -> None:
        self.story = Story(self.world, Show(Console(quiet=True), "en"))

    def publish(self, **pins: str | None) -> str:
        """Sign the next list of these two; `None` pins any certificate. Returns what evidence calls it."""
        self.sequence += 1
        folder, signer = self.world.folder / "trust", self.world.folder / "tls" / SIGNER
        operators = "".join(
            f'<operator name="{name}" admitted="2026-01-01T00:00:00Z"><domain name="{domain}"/>'
            + (f"<pin>{pins[name]}</pin>" if pins[name] else "")
            + "</operator>"
            for name, domain in (("hautmont", HAUTMONT), ("valbrume", VALBRUME))
            if name in pins
        )
        draft = folder / "draft.xml"
        now = datetime.now(UTC)
        draft.write_text(
            '<trustList xmlns="urn:caducee:trust-list:1" list="demo.mssante.example" sequence="1"'
            f' issued="{now:%Y-%m-%dT%H:%M:%SZ}" nextUpdate="{now + timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}">'
            f"{operators}</trustList>"
        )
        key, certificate = (str(signer.with_name(f"{SIGNER}.{end}")) for end in ("key", "pem"))
        self.world.run(
            *("trust-list", "sign", str(draft), "--out", str(folder / "list.xml")),
            *("--key", key, "--certificates", certificate, "--sequence", str(self.sequence)),
            language="en",
        )
        return f"{LIST} {self.sequence}"

    def send(self) -> str:
        """Have the hospital send a letter to the city doctor; returns its envelope."""
        envelope: str = self.story._mail([COLLEAGUE], "Compte rendu")
        return envelope

    def delivery(self, envelope: str) -> Any:
        """Return what became of the letter so far."""
        (delivery,) = worlds.report(self.world, envelope)["deliveries"]
        return delivery

    def comes_to(self, envelope: str, state: str) -> Any:
        """Wait until the letter has come to a state."""
        until(lambda: self.delivery(envelope)["state"] == state, f"never {state}", f"jamais {state}")
        return worlds.report(self.world, envelope)

    def is_held(self, version: str) -> None:
        """Wait until the running hub has taken a list."""
        log = self.world.folder / "hub.log"
        taken = f'"version":"{version}"'
        until(
            lambda: any(
                taken in line.replace(": ", ":")
                for line in log.read_text().splitlines()
                if "trust.taken" in line
            ),
            f"{version} was not taken",
            f"{version} n'a pas été reçue",
        )


@pytest.fixture
def space() -> Iterator[Space]:
    """Make a hub that follows a list, with both operators in it; nothing of it runs yet but theirs."""
    with worlds.world() as world:
        configuration = world.folder / "hub.toml"
        assert "[trust.space]" in configuration.read_text()
        # What is to be seen is the next attempt, not how long a hub leaves an operator alone that is down.
        text = configuration.read_text().replace('breaker_pause = "1s"', "breaker_failures = 1000")
        configuration.write_text(text)
        made = Space(world)
        made.publish(hautmont=None, valbrume=None)
        world.hautmont.start()
        yield made


def spki(space: Space, host: str) -> str:
    """Return the name of a server's key."""
    certificate = (space.world.folder / "tls" / f"{host}.pem").read_bytes()
    der = x509.load_pem_x509_certificate(certificate).public_bytes(Encoding.DER)
    return names_of(der)[1]


def test_a_domain_withdrawn_while_a_letter_waits_gets_nothing(space: Space) -> None:
    """The sender gets a notice that says so, and the timeline names the list that decided."""
    space.world.start_hub()
    envelope = space.send()
    until(lambda: space.delivery(envelope)["attempts"] > 0, "it was not tried", "rien n'a été tenté")
    version_before, version = f"{LIST} {space.sequence}", space.publish(hautmont=None)
    space.is_held(version)
    space.world.valbrume.start()
    report = space.comes_to(envelope, "refused")
    (delivery,) = report["deliveries"]
    assert delivery["code"] == "recipient.outside"
    assert space.world.valbrume.mails(COLLEAGUE) == []
    decided = [one["detail"] for one in report["timeline"] if one["event"] == "directory.answered"]
    assert version_before in decided[0]
    assert version in decided[-1]
    until(lambda: bool(space.world.hautmont.mails(HOSPITAL)), "no notice came", "aucun avis n'est venu")
    (notice,) = space.world.hautmont.mails(HOSPITAL)
    assert VALBRUME in notice.read_bytes().decode("utf-8", "replace").replace("=\r\n", "")


def test_a_letter_of_a_domain_withdrawn_since_does_not_leave(space: Space) -> None:
    """What was accepted from it before and still waits goes nowhere."""
    space.world.start_hub()
    envelope = space.send()
    until(lambda: space.delivery(envelope)["attempts"] > 0, "it was not tried", "rien n'a été tenté")
    space.is_held(space.publish(valbrume=None))
    space.world.valbrume.start()
    (delivery,) = space.comes_to(envelope, "refused")["deliveries"]
    assert delivery["code"] == "sender.outside"
    assert space.world.valbrume.mails(COLLEAGUE) == []


def test_a_letter_waits_for_the_server_that_the_list_names(space: Space) -> None:
    """The server is sound, of the right authority and name; it gets nothing until its key is in the list."""
    space.publish(hautmont=None, valbrume=f"spki:{'0' * 64}")
    space.world.valbrume.start()
    space.world.start_hub()
    envelope = space.send()
    until(lambda: space.delivery(envelope)["attempts"] > 1, "it was not tried", "rien n'a été tenté")
    assert space.delivery(envelope)["code"] == "smtp.pin"
    assert space.world.valbrume.mails(COLLEAGUE) == []
    space.publish(hautmont=None, valbrume=spki(space, space.world.valbrume.host))
    space.comes_to(envelope, "delivered")
    assert len(space.world.valbrume.mails(COLLEAGUE)) == 1


def test_a_client_must_be_the_one_that_the_list_names(space: Space) -> None:
    """A certificate that the configuration takes for the operator's may not send when the list disagrees."""
    space.publish(hautmont=f"spki:{'0' * 64}", valbrume=None)
    space.world.valbrume.start()
    space.world.start_hub()
    with pytest.raises((HubError, OSError)):
        space.send()
    version = space.publish(hautmont=spki(space, space.world.hautmont.host), valbrume=None)

    def may_send() -> bool:
        try:
            space.comes_to(space.send(), "delivered")
        except (HubError, OSError):
            return False
        return True

    until(may_send, "it may not send", "il ne peut envoyer")
    space.is_held(version)


def test_a_broken_list_changes_nothing_in_a_running_hub(space: Space) -> None:
    """Letters go on under the one that is held, also after a restart, and `hub check` runs beside it."""
    space.world.valbrume.start()
    space.world.start_hub()
    space.comes_to(space.send(), "delivered")
    path = space.world.folder / "trust" / "list.xml"
    path.write_bytes(path.read_bytes().replace(b"valbrume.mss", b"valbrune.mss"))
    space.comes_to(space.send(), "delivered")
    log = space.world.folder / "hub.log"
    until(lambda: "trust.refused" in log.read_text() or not space.send(), "it was not told", "rien n'est dit")
    space.world.close()
    space.world.hautmont.start()
    space.world.valbrume.start()
    space.world.start_hub()
    space.comes_to(space.send(), "delivered")
    checked = space.world.run("check", language="en", may_fail=True)
    assert f"{LIST} {space.sequence}" in checked
