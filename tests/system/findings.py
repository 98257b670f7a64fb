"""What a run left behind: the hub's own records, the mailboxes, and the store's files, for the check."""

from __future__ import annotations

import asyncio
import hashlib
import io
import sqlite3
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import closing
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

from hub.app.assembly import open_records
from hub.app.configuration import load
from hub.domain.ids import EnvelopeId
from hub.domain.message import Kind
from hub.ports.records import Report
from hub_demo.world import World
from tests.system.history import Arrival, Fate, History, Line, Said, Told, faults_in


def check(world: World, said: Iterable[Said]) -> History:
    """See that a stopped hub kept every promise and left its store in order; returns the history."""
    found = history(world, said)
    faults = faults_in(found)
    assert not faults, "\n".join([f"{len(faults)} faults", *faults[:20]])
    check_store(world.folder / "data")
    return found


def history(world: World, said: Iterable[Said]) -> History:
    """Collect all of a run."""
    return History(
        said=tuple(said),
        told=tuple(asyncio.run(_told(world))),
        arrivals=(*_mails(world), *_recalled(world.folder / "recall" / "arrivals")),
    )


def check_store(data: Path) -> None:
    """See that nothing is leased or in doubt, no file is orphaned or missing, and SQLite finds it sound."""
    with closing(sqlite3.connect(data / "hub.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        query = "SELECT id, state FROM deliveries WHERE lease IS NOT NULL OR finished_at IS NULL"
        assert not (left := connection.execute(query).fetchall()), left
        filed = {id_ for (id_,) in connection.execute("SELECT id FROM stages WHERE filed")}
    documents = data / "documents"
    files = {path.name for path in documents.iterdir()} if documents.exists() else set()
    assert filed == files, f"without a file: {filed - files}; without an envelope: {files - filed}"


async def _told(world: World) -> list[Told]:
    settings = load(world.folder / "hub.toml").settings
    with closing(sqlite3.connect(world.folder / "data" / "hub.db")) as connection:
        ids = [EnvelopeId(id_) for (id_,) in connection.execute("SELECT id FROM envelopes")]
    async with open_records(settings) as store:
        reports = [await store.report(id_) for id_ in ids]
    return [_one(report) for report in reports if report is not None]


def _one(report: Report) -> Told:
    message = report.sealed.envelope.message
    notice = message.kind is Kind.NOTICE
    return Told(
        envelope=report.sealed.envelope.id,
        notice=notice,
        about=(message.origin.native_id or "").partition(".")[0] if notice else None,
        fates=tuple(
            Fate(delivery=one.id, recipient=str(one.recipient.address), state=one.state.value)
            for one in report.deliveries
        ),
        lines=tuple(Line(at=one.at, event=one.event, delivery=one.delivery) for one in report.steps),
    )


def _mails(world: World) -> Iterator[Arrival]:
    for operator in (world.hautmont, world.valbrume):
        for file in sorted(operator.mailboxes.glob("*/*.eml")):
            mail: EmailMessage = message_from_bytes(file.read_bytes(), policy=SMTP)
            yield Arrival(
                envelope=str(mail["X-Caducee-Envelope"]),
                mailbox=file.parent.name,
                digest=_digest(_pdfs(mail)),
            )


def _pdfs(mail: EmailMessage) -> Iterator[bytes]:
    """Return every PDF in a mail, those in an XDM package too."""
    for part in mail.walk():
        content = part.get_payload(decode=True)
        if part.get_content_type() == "application/pdf" and isinstance(content, bytes):
            yield content
        elif part.get_content_type() == "application/zip" and isinstance(content, bytes):
            with zipfile.ZipFile(io.BytesIO(content)) as package:
                found = [package.read(name) for name in package.namelist()]
            yield from (one for one in found if one.startswith(b"%PDF-"))


def _digest(documents: Iterable[bytes]) -> str | None:
    """Return the digest of the one document, however often it is there; None when there is none."""
    return ",".join({hashlib.sha256(one).hexdigest() for one in documents}) or None


def _recalled(file: Path) -> Iterator[Arrival]:
    if file.exists():
        for line in file.read_text().splitlines():
            _, envelope, mailbox, digest = line.split()
            yield Arrival(envelope=envelope, mailbox=mailbox, digest=digest)
