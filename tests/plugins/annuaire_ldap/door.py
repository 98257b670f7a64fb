"""The hub's directory shown by LDAP, with `ldapsearch` in front of it and a small catalogue behind."""

from __future__ import annotations

import asyncio
import base64
import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from hub.domain.address import Address
from hub.domain.party import FINESS, RPPS, Identifier
from hub.errors import Words
from hub.ports.directory import Coded, DirectoryUnavailableError, Entry, MailboxKind, Standing
from hub.testing.fakes import FixedClock, RecordingIntake, RecordingLog
from hub.testing.fakes import entry as made
from hub_annuaire.ldap import codec
from hub_annuaire.ldap.face.passwords import keep
from hub_annuaire.ldap.face.server import Receiver, open_receiver
from hub_annuaire.ldap.face.settings import Settings
from hub_annuaire.ldap.filters import Equal
from hub_annuaire.ldap.messages import (
    Abandon,
    Answer,
    Bind,
    Extended,
    Request,
    Result,
    Scope,
    Search,
    Unbind,
)
from hub_annuaire.ldap.places import Endpoint
from hub_annuaire.ldap.secure import Identity
from hub_annuaire.looking import folding
from tests.counterparts import program
from tests.plugins.annuaire_ldap import people, slapd
from tests.plugins.annuaire_ldap.slapd import Authority

BASE: Final = "ou=annuaire,o=caducee"
ACCOUNT: Final = "cabinet"
PASSWORD: Final = "un mot de passe long"
KEPT: Final = keep(PASSWORD, bytes(16))
ANY: Final = Endpoint("127.0.0.1", 0)

DUPONT: Final = "jeanne.dupont@medecin.mssante.example"
DUPRE: Final = "elodie.dupre-martin@infirmier.mssante.example"
SERVICE: Final = "cardiologie@ch-hautmont.mssante.example"
UNLISTED: Final = "rose.dupont@medecin.mssante.example"
STRUCK_OFF: Final = "luc.dupont@medecin.mssante.example"
PATIENT: Final = "dupont.180017512345678@patient.mssante.example"


def entries(by: Authority) -> Sequence[Entry]:
    """Return everybody, those too who must never be seen."""
    rpps = Identifier(RPPS, people.RPPS_DUPONT)
    finess = Identifier(FINESS, people.FINESS_HAUTMONT)
    doctor = Coded("10", "Médecin")
    return (
        made(DUPONT, name="Dr Jeanne DUPONT", identifiers=(rpps,), profession=doctor, town="Valbrume",
             specialties=(Coded("SM04", "Cardiologie"),), structure="Cabinet du Parc",
             certificates=(people.certificate(by, DUPONT),)),
        made(DUPRE, name="Mme Élodie DUPRÉ-MARTIN", profession=Coded("60", "Infirmier"), town="Hautmont"),
        made(SERVICE, name="Centre hospitalier de Hautmont (Cardiologie)", mailbox=MailboxKind.ORGANISATIONAL,
             identifiers=(finess,), structure="Centre hospitalier de Hautmont", service="Cardiologie"),
        made(UNLISTED, name="Dr Rose DUPONT", unlisted=True),
        made(STRUCK_OFF, name="Dr Luc DUPONT", standing=Standing.STRUCK_OFF),
        made(PATIENT, name="Denis DUPONT", mailbox=MailboxKind.PATIENT),
    )  # fmt: skip


@dataclass(slots=True)
class Listing:
    """A catalogue that keeps the promises of the hub's, and can also be asked by identifier.

    It shows what the hub's own would not, so that tests see what the door holds back.
    """

    entries: Sequence[Entry]
    available: bool = True
    asked: list[str] = field(default_factory=list)
    wait: asyncio.Event | None = None
    waiting: int = 0

    async def by_address(self, address: Address) -> Entry | None:
        """Return the mailbox, or None."""
        await self._open(str(address))
        return next((one for one in self.entries if one.address.key == address.key), None)

    async def by_identifier(self, identifier: Identifier) -> Sequence[Entry]:
        """Return the bearer's mailboxes."""
        await self._open(identifier.value)
        return tuple(one for one in self.entries if identifier in one.identifiers)

    async def search(self, text: str, limit: int) -> Sequence[Entry]:
        """Find by the beginnings of words."""
        await self._open(text)
        sought = folding.typed(text)
        return [one for one in self.entries if _fits(sought, one)][:limit]

    async def _open(self, asked: str) -> None:
        self.asked.append(asked)
        if self.wait is not None:
            self.waiting += 1
            try:
                await self.wait.wait()
            finally:
                self.waiting -= 1
        if not self.available:
            raise DirectoryUnavailableError("tiny.down", Words(en="Down.", fr="En panne."))


def _words(entry: Entry) -> list[str]:
    labels = [one.label for one in (entry.profession, *entry.specialties) if one is not None]
    texts = (entry.name, str(entry.address), entry.structure, entry.service, entry.town, *labels)
    return [word for text in texts for word in folding.fold(text)]


def _fits(sought: Sequence[str], entry: Entry) -> bool:
    return all(any(word.startswith(one) for word in _words(entry)) for one in sought)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What `ldapsearch` says: its exit code is the result code, `dns` and `values` what it found."""

    code: int
    out: str
    err: str

    @property
    def mails(self) -> list[str]:
        """Return the addresses, in the order in which they came."""
        return self.values("mail")

    def values(self, attribute: str) -> list[str]:
        """Return the values of an attribute."""
        found = []
        for line in self.out.splitlines():
            name, colon, value = line.partition(":")
            if colon and name == attribute:
                encoded = value.startswith(":")
                text = value.lstrip(": ")
                found.append(base64.b64decode(text).decode("utf-8", "replace") if encoded else text)
        return found


@dataclass(slots=True, kw_only=True)
class Door:
    """An open door."""

    receiver: Receiver
    catalogue: Listing
    log: RecordingLog
    authority: Path
    serving: asyncio.Task[None]

    def port(self, number: int = 0) -> int:
        """Return the port of an address that is listened on."""
        return self.receiver.addresses[number].port

    async def search(
        self,
        what: str,
        *attributes: str,
        base: str = BASE,
        options: Sequence[str] = (),
        tls: bool = False,
        logged_in: bool = False,
    ) -> Said:
        """Ask as `ldapsearch` does."""
        url = f"ldaps://127.0.0.1:{self.port(1)}" if tls else f"ldap://127.0.0.1:{self.port()}"
        login = ("-D", f"uid={ACCOUNT},{BASE}", "-w", PASSWORD) if logged_in else ()
        return await self.run(
            "ldapsearch", "-x", "-LLL", "-o", "ldif-wrap=no", "-H", url, "-b", base, *login, *options,
            what, *attributes,
        )  # fmt: skip

    async def run(self, name: str, *arguments: str) -> Said:
        """Run one of OpenLDAP's programs."""
        process = await asyncio.create_subprocess_exec(
            program(name), *arguments,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            env=os.environ | {"LDAPTLS_CACERT": str(self.authority), "LC_ALL": "C.UTF-8"},
        )  # fmt: skip
        out, err = await asyncio.wait_for(process.communicate(), 60)
        assert process.returncode is not None
        return Said(code=process.returncode, out=out.decode(), err=err.decode())


@asynccontextmanager
async def opened(by: Authority, folder: Path, *, tls: bool = True, **more: object) -> AsyncIterator[Door]:
    """Open a door, in clear on this machine and under TLS, with one account and no anonymous clients."""
    accounts = folder / "accounts"
    accounts.write_text(f"# who may search\n\n{ACCOUNT}:{KEPT}\n")
    given: dict[str, object] = {"listen": (ANY,), "accounts": accounts}
    if tls:
        certificate, key = slapd.issue(by, folder, "door", "localhost", "127.0.0.1")
        given |= {"listen_tls": (ANY,), "identity": Identity(certificate=certificate, key=key)}
    log = RecordingLog()
    catalogue = Listing(entries(by))
    host = people.host(folder, clock=FixedClock(), log=log)
    settings = Settings(**(given | more))  # type: ignore[arg-type]
    async with open_receiver(settings, host) as receiver:
        serving = asyncio.create_task(receiver.receive(RecordingIntake(directory=catalogue)))
        await until(lambda: log.events().count("ldap.listening") == len(receiver.addresses))
        try:
            yield Door(receiver=receiver, catalogue=catalogue, log=log, authority=by.pem, serving=serving)
        finally:
            serving.cancel()
            with suppress(asyncio.CancelledError):
                await serving


async def until(true: Callable[[], bool]) -> None:
    """Let others run until something holds."""
    async with asyncio.timeout(30):
        while not true():  # noqa: ASYNC110 - what is waited for is not ours to tell
            await asyncio.sleep(0)


DUPONT_SEARCH: Final = Search(base=BASE, scope=Scope.SUB, filter=Equal("sn", b"dupont"))


class Client:
    """A client that sends what it is told to, well-formed or not."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._number = 0
        self._input = b""

    @classmethod
    async def open(cls, one: Door) -> Client:
        """Connect to the port in clear."""
        return cls(*await asyncio.open_connection("127.0.0.1", one.port()))

    def send(self, what: Request | bytes) -> None:
        """Send a request, or these bytes."""
        self._writer.write(what if isinstance(what, bytes) else codec.encode_request(what))

    def begin(self, what: Bind | Search | Extended | Abandon | Unbind) -> int:
        """Send a request and return its id."""
        self._number += 1
        self.send(Request(id=self._number, what=what))
        return self._number

    async def answer(self) -> Answer:
        """Return the next answer."""
        async with asyncio.timeout(30):
            while (
                length := codec.measure(self._input, 1 << 20) if self._input else None
            ) is None or length > len(self._input):
                data = await self._reader.read(65536)
                if not data:
                    raise ConnectionError
                self._input += data
        message, self._input = self._input[:length], self._input[length:]
        answer = codec.answer(message)
        assert answer is not None
        return answer

    async def result(self, number: int) -> Result:
        """Return the result of a request, entries before it left aside."""
        while True:
            answer = await self.answer()
            if answer.id == number and isinstance(answer.what, Result):
                return answer.what

    async def ask(self, what: Bind | Search | Extended) -> Result:
        """Send a request and return its result."""
        return await self.result(self.begin(what))

    async def farewell(self) -> Result:
        """Return the notice of disconnection, which is the last that comes."""
        answer = await self.answer()
        assert answer.id == 0
        assert isinstance(answer.what, Result)
        assert await self.ended()
        return answer.what

    async def ended(self) -> bool:
        """Whether the connection ends without another word."""
        async with asyncio.timeout(30):
            try:
                left = await self._reader.read()
            except ConnectionError:
                left = b""
        self.close()
        return not left and not self._input

    def close(self) -> None:
        """Leave without a word."""
        self._writer.close()
