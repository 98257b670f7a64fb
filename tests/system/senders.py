"""Whoever sends without pause, and what must have become of it in the end."""

from __future__ import annotations

import json
import os
import smtplib
import ssl
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from hub_demo.story import COLLEAGUE
from hub_demo.world import HOSPITAL, PRACTICE, World, until
from tests.system import worlds

RECALL: Final = Path(__file__).parent / "recall"


@contextmanager
def world() -> Iterator[World]:
    """Make a hub with an SMTP operator and one that can tell what it has got; the latter is a plugin."""
    with pytest.MonkeyPatch.context() as patch, worlds.world() as made:
        path = os.environ.get("PYTHONPATH", "")
        patch.setenv("PYTHONPATH", f"{RECALL}{os.pathsep}{path}" if path else str(RECALL))
        with (made.folder / "hub.toml").open("a") as configuration:
            configuration.write(
                '\n[operators.recall]\nkind = "recall"\ndomains = ["cabinet-lilas.mssante.example"]\n'
                'folder = "recall"\nretry_base = "1s"\nretry_cap = "2s"\n'
            )
        made.valbrume.start()
        yield made


class Sender(threading.Thread):
    """Sends one message after the other; repeats each until it is accepted, as a mail server does."""

    def __init__(self, world: World, number: int, stop: threading.Event) -> None:
        super().__init__(name=f"sender-{number}", daemon=True)
        self.world = world
        self.number = number
        self.stop = stop
        self.accepted: dict[str, str] = {}

    def run(self) -> None:
        """Send until told to stop; what was begun is repeated until it is accepted."""
        count = 0
        while not self.stop.is_set():
            count += 1
            name = f"{self.number}-{count}"
            while name not in self.accepted:
                try:
                    self.accepted[name] = self.send(name)
                except (OSError, smtplib.SMTPException):
                    time.sleep(0.05)

    def send(self, name: str) -> str:
        """Send one message; returns what the hub answered."""
        raise NotImplementedError


class ByMail(Sender):
    """Sends by SMTP as the hospital's operator, to both operators at once."""

    def send(self, name: str) -> str:
        """Send one mail."""
        tls = self.world.folder / "tls"
        host = self.world.hautmont.host
        context = ssl.create_default_context(cafile=str(self.world.authority.file))
        context.check_hostname = False
        context.load_cert_chain(tls / f"{host}.pem", tls / f"{host}.key")
        mail = (
            f"From: {HOSPITAL}\r\nTo: {COLLEAGUE}, {PRACTICE}\r\nSubject: {name}\r\n"
            f"Message-ID: <{name}@load.example>\r\nDate: Mon, 02 Nov 2026 10:35:00 +0100\r\n\r\n{name}\r\n"
        )
        with smtplib.SMTP("127.0.0.1", self.world.smtp_port, timeout=10) as session:
            session.starttls(context=context)
            session.ehlo()
            session.mail(HOSPITAL)
            for recipient in (COLLEAGUE, PRACTICE):
                code, said = session.rcpt(recipient)
                if code != 250:
                    raise smtplib.SMTPResponseException(code, said)
            code, said = session.data(mail.encode())
            if code != 250:
                raise smtplib.SMTPResponseException(code, said)
            return said.decode()


class ByApi(Sender):
    """Sends through the API, to both operators at once."""

    def send(self, name: str) -> str:
        """Post one message."""
        said = {"from": PRACTICE, "to": [COLLEAGUE, PRACTICE], "subject": name, "text": name}
        request = urllib.request.Request(
            f"{self.world.api}/v1/messages",
            data=json.dumps(said).encode(),
            headers={
                "Authorization": f"Bearer {self.world.token()}",
                "Content-Type": "application/json",
                "Idempotency-Key": name,
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                assert answer.status == 202
                return str(json.load(answer)["id"])
        except urllib.error.HTTPError as error:
            if error.code != 503:
                pytest.fail(f"{error.code}: {error.read().decode()}")
            raise


def started(world: World) -> tuple[list[Sender], threading.Event]:
    """Let three mail servers and two practices send; the event stops them."""
    stop = threading.Event()
    senders = [
        kind(world, number, stop) for number, kind in enumerate((ByMail, ByMail, ByMail, ByApi, ByApi))
    ]
    for sender in senders:
        sender.start()
    return senders, stop


def emptied(world: World) -> None:
    """Wait until nothing is open any more, as long as it becomes less."""
    left = _open(world)
    while left:
        before = left
        until(lambda: _open(world) < before, f"{before} stayed in the queue", "")  # noqa: B023 - called at once
        left = _open(world)


def _open(world: World) -> int:
    return len(world.json("queue", "list", "--limit", "100000", language="en")["deliveries"])


def never() -> threading.Event:
    """Return an event that stops nothing: for who sends once."""
    return threading.Event()


def finished(world: World, senders: list[Sender], stop: threading.Event) -> set[str]:
    """Stop them, wait until nothing is open any more, and return what was accepted."""
    stop.set()
    for sender in senders:
        sender.join()
    emptied(world)
    return {name for sender in senders for name in sender.accepted}


def check_recall(world: World, count: int) -> None:
    """See that the operator that tells got every message exactly once."""
    arrivals = (world.folder / "recall" / "arrivals").read_text().splitlines()
    assert [line for line, times in Counter(arrivals).items() if times > 1] == []
    assert count == len(arrivals)


def check_mail(world: World, accepted: set[str], *, doubles: bool = True) -> None:
    """See that the mail operator got every message, and twice only what the hub says it sent again."""
    subjects: dict[str, list[str]] = {}
    for mail in world.valbrume.mails(COLLEAGUE):
        head = dict(
            line.split(": ", 1) for line in mail.read_text().split("\n\n", 1)[0].splitlines() if ": " in line
        )
        subjects.setdefault(head["Subject"], []).append(head["X-Caducee-Envelope"])
    assert accepted == set(subjects)
    for envelopes in subjects.values():
        assert len(set(envelopes)) == 1
        if len(envelopes) > 1:
            assert doubles
            assert "delivery.resent" in str(worlds.report(world, envelopes[0]))
