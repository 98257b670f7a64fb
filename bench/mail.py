"""How long the mail layer takes for one message: read, and compose, signed with P-256.

    python bench/mail.py [--size 10KiB] [--count 2000]

Times are CPU time of this process per message, the best of five rounds.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from hub.ports.connector import Parcel
from hub.testing.contents import MemoryStage
from hub_smtp.composing import Composer
from hub_smtp.mail_settings import Format, KeyFiles, MailWriting
from hub_smtp.reading import Reader
from hub_smtp.revocation.checker import open_revocation
from hub_smtp.revocation.settings import OnNoAnswer, RevocationSettings
from hub_smtp.wire import Arrived
from tests.plugins.smtp.cms.made import AT
from tests.plugins.smtp.mail.world import (
    DOCTOR,
    World,
    arrived,
    body,
    mail,
    parcel,
    part,
    said,
    submission,
    text,
)

_ROUNDS = 5


async def best(what: Callable[[], Awaitable[object]], count: int) -> float:
    """Return microseconds per call in the best round."""
    found = []
    for _ in range(_ROUNDS):
        start = time.process_time()
        for _ in range(count):
            await what()
        found.append((time.process_time() - start) / count * 1e6)
    return min(found)


async def measure(size: int, count: int) -> None:
    """Print one line per case."""
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder))
        reader = world.reader()
        plain = text("ligne de texte\r\n" * (size // 16))
        attached = (
            b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n'
            + text("Bonjour")
            + b"\r\n--b\r\nContent-Type: application/pdf; name=a.pdf\r\n"
            b"Content-Transfer-Encoding: base64\r\n\r\n" + b"JVBERi0x" * (size // 8) + b"\r\n--b--\r\n"
        )
        cases = {
            "plain": mail(plain),
            "attachment": mail(attached),
            "signed": mail(world.signed(plain)),
            "signed attachment": mail(world.signed(attached)),
        }
        for name, data in cases.items():
            took = await best(partial(read, reader, arrived(data)), count)
            what = parcel(await submission(reader, data))
            wrote = await best(partial(write, world.composer(Format.PLAIN), what), count)
            print(f"{name:20} {len(data):>9} bytes   read {took:5.0f} us   compose {wrote:5.0f} us")
        letter = parcel(said(body("Bonjour"), part(b"%PDF" * (size // 4))))
        for form in Format:
            wrote = await best(partial(write, world.composer(form), letter), count)
            print(f"letter as {form:10} {size:>9} bytes   {'':13}   compose {wrote:5.0f} us")
        for kind in ("rsa", "p256"):
            await encrypted(world, kind, size, count)


async def encrypted(world: World, kind: str, size: int, count: int) -> None:
    """Print one line for letters to a reader whose certificate is validated, revocation included."""
    reader = world.authority.issue(kind, addresses=[str(DOCTOR)])
    clear = x509.CertificateRevocationListBuilder().issuer_name(world.authority.name)
    clear = clear.last_update(AT - timedelta(hours=1)).next_update(AT + timedelta(days=1))
    listed = clear.sign(world.authority.key, hashes.SHA256()).public_bytes(Encoding.PEM)
    settings = MailWriting(
        format=Format.PLAIN,
        signing=KeyFiles(certificate=world.folder / "hub.pem", key=world.folder / "hub.key"),
        anchors=(world.folder / "authority.pem",),
        revocation=RevocationSettings(policy=OnNoAnswer.REQUIRE, lists=(world.file("list.pem", listed),)),
    )
    letter = parcel(said(body("Bonjour"), part(b"%PDF" * (size // 4))), certificates=[reader])
    async with open_revocation(settings.revocation, world.host) as revocation:
        composer = Composer(settings, world.host, revocation)
        wrote = await best(partial(write, composer, letter), count)
    print(f"encrypted to {kind:7} {size:>9} bytes   {'':13}   compose {wrote:5.0f} us")


async def read(reader: Reader, mail_in: Arrived) -> None:
    """Read one mail."""
    await reader.read(mail_in, MemoryStage())


async def write(composer: Composer, what: Parcel) -> None:
    """Compose the mails of one parcel, to the last byte."""
    for one in (await composer.mails(what))[0]:
        async for _ in one.pieces():
            pass


def main() -> None:
    """Read the arguments and measure."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--size", type=int, default=10 << 10, help="bytes of text or document")
    parser.add_argument("--count", type=int, default=1000, help="messages in a round")
    arguments = parser.parse_args()
    asyncio.run(measure(arguments.size, arguments.count))


if __name__ == "__main__":
    main()
