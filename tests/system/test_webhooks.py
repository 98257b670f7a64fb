"""A hub and a webhook operator, each a process: mail goes out by its API, and comes in at the hub's door."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from hub_demo import papers
from hub_demo.story import COLLEAGUE
from hub_demo.world import HOSPITAL, World, until
from tests.servers import free_port
from tests.shape.codes import ROOT
from tests.system import worlds
from tests.system.hubs import mail, step

pytestmark = pytest.mark.timeout(300)

_TABLES = """\
[operators.valbrume]
kind = "http"
domains = ["valbrume.mssante.example"]
retry_base = "1s"
retry_cap = "2s"
description = "{description}"
base_url = "https://localhost:{port}"
networks = ["127.0.0.0/8", "::1/128"]
anchors = ["double/authority.pem"]

[operators.valbrume.parameters]
account = "hub"

[operators.valbrume.secrets]
our_key = "double/secrets/our_key"
their_key = "double/secrets/their_key"

[receivers.web]
kind = "http"
listen = ["127.0.0.1:{door}"]
certificate = "tls/localhost.pem"
key = "tls/localhost.key"

"""


@dataclass(slots=True, kw_only=True)
class Stage:
    """The hub, and the port of its door."""

    world: World
    door: int

    def call(self, said: object) -> int:
        """Call the hub's door as the operator does, and return the status."""
        body = json.dumps(said).encode()
        key = (self.world.folder / "double" / "secrets" / "their_key").read_text().strip()
        stamp = str(int(time.time()))
        digest = hmac.new(key.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
        request = urllib.request.Request(
            f"https://localhost:{self.door}/operators/valbrume/events",
            data=body,
            headers={
                "Content-Type": "application/json",
                "X-Timestamp": stamp,
                "X-Signature": f"sha256={digest}",
            },
        )
        context = ssl.create_default_context(cafile=str(self.world.authority.file))
        with urllib.request.urlopen(request, timeout=30, context=context) as answer:
            status: int = answer.status
            return status


@pytest.fixture
def stage() -> Iterator[Stage]:
    """Run a hub between the hospital's mail operator and a double of the shipped webhook operator."""
    with worlds.world() as world:
        port, door = free_port(), free_port()
        description = ROOT / "conf" / "operators" / "webhook.toml"
        world.authority.host("localhost")
        command = [
            *(sys.executable, "-m", "hub", "operator", "simulate", str(description)),
            *("--port", str(port), "--folder", str(world.folder / "double"), "--set", "account=hub"),
            *("--webhook", f"https://localhost:{door}/operators/valbrume"),
            *("--webhook-anchors", str(world.authority.file)),
        ]
        file = world.folder / "hub.toml"
        mine = r"\[operators\.valbrume\]\n.*?(?=\[receivers)"
        tables = _TABLES.format(description=description, port=port, door=door)
        text = re.sub(mine, lambda _: tables, file.read_text(), flags=re.DOTALL)
        # the space of trust pins the mail server that is not there here
        text = re.sub(r"\[trust\.space\]\n.*?(?=^\[)", "", text, flags=re.DOTALL | re.MULTILINE)
        file.write_text(text)
        with (world.folder / "double.log").open("w") as log:
            double = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            until((world.folder / "double" / "secrets" / "their_key").exists, "no double", "rien")
            world.hautmont.start()
            world.start_hub()
            yield Stage(world=world, door=door)
        finally:
            double.terminate()
            double.wait(30)


def test_mail_goes_out_by_the_api_and_the_receipt_comes_in_at_the_door(stage: Stage) -> None:
    """The operator's signed call becomes a line of the timeline."""
    world = stage.world
    data = papers.report_mail(world.hospital, HOSPITAL, [COLLEAGUE], "Compte rendu", 1)
    sent = mail(world, world.hautmont.host, HOSPITAL, COLLEAGUE, data)
    assert step(world, sent, "delivery.delivered")
    assert step(world, sent, "acknowledgement.delivered")


def test_a_message_that_is_called_in_reaches_a_mailbox_once(stage: Stage) -> None:
    """The same call again is answered well, and makes no second mail."""
    said = {
        "id": "evt-1",
        "type": "message",
        "message": {"id": "m-1", "from": COLLEAGUE, "to": [HOSPITAL], "subject": "Avis", "text": "Vu.\n"},
    }
    assert [stage.call(said), stage.call(said)] == [200, 200]
    hautmont = stage.world.hautmont
    until(lambda: bool(hautmont.mails(HOSPITAL)), "nothing arrived", "rien n'est arrivé")
    assert b"Vu." in hautmont.mails(HOSPITAL)[0].read_bytes()
    said["id"] = "evt-2"
    assert stage.call(said) == 200
    until(lambda: not stage.world.json("queue", "list", language="en")["deliveries"], "waits", "attend")
    assert len(hautmont.mails(HOSPITAL)) == 1
