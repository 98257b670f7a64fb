"""Senders that keep at it: each message is repeated under its own key until it is accepted.

So do mail servers and careful programs. A final refusal is a fault of the run.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import http.client
import json
import random
import smtplib
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from hub_demo.story import COLLEAGUE
from hub_demo.world import HOSPITAL, PRACTICE, World
from tests.system.history import Said

TEMPORARY: Final = range(400, 500)


@dataclass(slots=True)
class Load:
    """What all senders of a run share. Ports are those to send to, of a proxy or the hub's own.

    `stop` ends the run after the message in hand.
    """

    world: World
    seed: int
    smtp_port: int
    api_port: int
    stop: threading.Event = field(default_factory=threading.Event)
    said: list[Said] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    given_up: bool = False
    again: Counter[str] = field(default_factory=Counter)
    senders: list[threading.Thread] = field(default_factory=list)

    def start(self, *kinds: type[Sender]) -> None:
        """Let one sender of each kind begin."""
        for number, kind in enumerate(kinds):
            sender = kind(self, number)
            self.senders.append(sender)
            sender.start()

    def until(self, holds: Callable[[], bool], seconds: float) -> bool:
        """Wait until something holds while the senders work; False when it took too long or one failed."""
        end = time.monotonic() + seconds
        while not holds():
            if self.wrong or time.monotonic() > end:
                return False
            time.sleep(0.02)
        return True

    def end(self, *, now: bool = False) -> None:
        """Let every sender finish what it has begun; `now`: give it up."""
        self.stop.set()
        self.given_up = self.given_up or now
        for one in self.senders:
            one.join()


class Sender(threading.Thread):
    """Sends one message after the other."""

    sender: str
    recipients: tuple[str, ...]
    wants_notice: bool

    def __init__(self, load: Load, number: int) -> None:
        super().__init__(name=f"sender-{number}")
        self.load = load
        self.number = number
        self.chance = random.Random(f"{load.seed}/{number}")

    def run(self) -> None:
        """Send until told to stop; what was begun is repeated until it is accepted."""
        count = 0
        while not self.load.stop.is_set() and not self.load.wrong:
            count += 1
            refuse = self.chance.random() < 0.1
            name = f"{'refuse' if refuse else 'letter'}-{self.number}-{count}"
            size = self.chance.choice((300, 6_000, 12_000, 40_000))
            document = b"%PDF-1.4\n" + name.encode() + self.chance.randbytes(size)
            digest = hashlib.sha256(document).hexdigest()
            while not (self.load.wrong or self.load.given_up):
                try:
                    envelopes = self.send(name, document)
                except (OSError, smtplib.SMTPException, http.client.HTTPException, ValueError) as error:
                    self._failed(name, error)
                    time.sleep(0.02)
                else:
                    said = Said(
                        name=name,
                        sender=self.sender,
                        recipients=self.recipients,
                        envelopes=envelopes,
                        digest=digest,
                        wants_notice=self.wants_notice,
                    )
                    self.load.said.append(said)
                    break
        self.close()

    def send(self, name: str, document: bytes) -> tuple[str, ...]:
        """Send one message; returns the envelopes that the hub answered with."""
        raise NotImplementedError

    def close(self) -> None:
        """End what is open."""

    def _failed(self, name: str, error: Exception) -> None:
        self.load.again[_kind(error)] += 1
        if isinstance(error, smtplib.SMTPResponseException) and error.smtp_code not in {-1, *TEMPORARY}:
            self.load.wrong.append(f"{name}: {error}")


def _kind(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return str(error.smtp_code)
    return str(error) if isinstance(error, TryAgainError) else type(error).__name__


class TryAgainError(ValueError):
    """The API asked to come again."""


class ByMail(Sender):
    """Sends by SMTP, up to five messages a connection."""

    host: Callable[[World], str]
    wants_notice = True

    def __init__(self, load: Load, number: int) -> None:
        super().__init__(load, number)
        self._session: smtplib.SMTP | None = None
        self._left = 0

    def send(self, name: str, document: bytes) -> tuple[str, ...]:
        """Send one mail."""
        if self._session is None or not self._left:
            self.close()
            self._session, self._left = self._connect(), 5
        self._left -= 1
        try:
            return self._send(self._session, name, document)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End the session."""
        session, self._session = self._session, None
        if session is not None:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                session.close()

    def _send(self, session: smtplib.SMTP, name: str, document: bytes) -> tuple[str, ...]:
        lines = base64.encodebytes(document).replace(b"\n", b"\r\n")
        head = (
            f"From: {self.sender}\r\nTo: {', '.join(self.recipients)}\r\nSubject: {name}\r\n"
            f"Message-ID: <{name}@load.example>\r\nDate: Mon, 02 Nov 2026 10:35:00 +0100\r\n"
            'MIME-Version: 1.0\r\nContent-Type: application/pdf; name="letter.pdf"\r\n'
            "Content-Transfer-Encoding: base64\r\n"
            'Content-Disposition: attachment; filename="letter.pdf"\r\n\r\n'
        )
        _good(session.mail(self.sender))
        for recipient in self.recipients:
            _good(session.rcpt(recipient))
        answer = _good(session.data(head.encode() + lines))
        return tuple(answer.split()[2:])

    def _connect(self) -> smtplib.SMTP:
        tls, host = self.load.world.folder / "tls", type(self).host(self.load.world)
        context = ssl.create_default_context(cafile=str(self.load.world.authority.file))
        context.check_hostname = False
        context.load_cert_chain(tls / f"{host}.pem", tls / f"{host}.key")
        session = smtplib.SMTP("127.0.0.1", self.load.smtp_port, timeout=5)
        try:
            session.starttls(context=context)
            session.ehlo()
        except BaseException:
            session.close()
            raise
        return session


def _good(answer: tuple[int, bytes]) -> str:
    code, said = answer
    if code != 250:
        raise smtplib.SMTPResponseException(code, said)
    return said.decode()


class FromHospital(ByMail):
    """The hospital writes to a city doctor and to the practice."""

    sender = HOSPITAL
    recipients = (COLLEAGUE, PRACTICE)
    host = staticmethod(lambda world: world.hautmont.host)


class FromDoctor(ByMail):
    """A city doctor writes to the hospital."""

    sender = COLLEAGUE
    recipients = (HOSPITAL,)
    host = staticmethod(lambda world: world.valbrume.host)


class FromPractice(Sender):
    """The practice writes through the API."""

    sender = PRACTICE
    recipients = (COLLEAGUE, HOSPITAL)
    wants_notice = False

    def send(self, name: str, document: bytes) -> tuple[str, ...]:
        """Post one message."""
        message = {
            "from": self.sender,
            "to": self.recipients,
            "subject": name,
            "text": name,
            "documents": [
                {
                    "name": "letter.pdf",
                    "media_type": "application/pdf",
                    "content": base64.b64encode(document).decode(),
                }
            ],
        }
        connection = http.client.HTTPConnection("127.0.0.1", self.load.api_port, timeout=5)
        try:
            connection.request(
                "POST",
                "/v1/messages",
                json.dumps(message),
                {
                    "Authorization": f"Bearer {self.load.world.token()}",
                    "Content-Type": "application/json",
                    "Idempotency-Key": name,
                },
            )
            answer = connection.getresponse()
            body = answer.read()
            if answer.status == 202:
                return (json.loads(body)["id"],)
            if answer.status not in {408, 503}:
                self.load.wrong.append(f"{name}: {answer.status} {body.decode()}")
            raise TryAgainError(str(answer.status))
        finally:
            connection.close()


EVERYBODY: Final = (FromHospital, FromHospital, FromDoctor, FromPractice, FromPractice)
