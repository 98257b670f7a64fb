"""Two hubs relay for each other, and each can prove to anybody what the other one took."""

from __future__ import annotations

import http.client
import io
import json
import ssl
import zipfile
from collections.abc import Iterator
from email import message_from_bytes
from email.policy import SMTP
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from hub_demo import papers
from hub_demo.story import COLLEAGUE, NURSE, NURSE_ID, TODAY, TOMORROW
from hub_demo.world import HOSPITAL, World, until
from tests.front import Front
from tests.system.hubs import B, Pair, envelope, mail, pair, payload, sha256, step

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def hubs() -> Iterator[Pair]:
    """Run both."""
    with pair() as made:
        made.start()
        yield made


def report(hubs: Pair, recipient: str, number: int) -> tuple[str, bytes]:
    """Send a report from the hospital, by SMTP into hub A; return the envelope's id, and the mail."""
    data = papers.report_mail(hubs.a.hospital, HOSPITAL, [recipient], "Compte rendu", number)
    return mail(hubs.a, hubs.a.hautmont.host, HOSPITAL, recipient, data), data


def package(data: bytes) -> bytes:
    """Return the zip in a mail."""
    (found,) = [
        part.get_content()
        for part in message_from_bytes(data, policy=SMTP).walk()
        if part.get_filename() == "IHE_XDM.ZIP"
    ]
    assert isinstance(found, bytes)
    return found


def arrived(mailboxes: Any, mailbox: str, count: int = 1) -> bytes:
    """Wait for a mail in a mailbox of an operator."""
    until(lambda: len(mailboxes.mails(mailbox)) >= count, "nothing arrived", "rien n'est arrivé")
    data: bytes = mailboxes.mails(mailbox)[count - 1].read_bytes()
    return data


def tomorrow(world: World) -> list[str]:
    """Write the next day's directory, in which the nurse was struck off."""
    folder = world.folder / "tomorrow"
    folder.mkdir(exist_ok=True)
    made = []
    for old in sorted(Path(str(files("hub_demo") / "annuaire")).glob(f"*_{TODAY}.txt")):
        made.append(folder / old.name.replace(TODAY, TOMORROW))
        said = f"{NURSE_ID}|radié|2026-08-26\n" if old.name.startswith("Etat_Exercice") else ""
        made[-1].write_text(old.read_text("utf-8") + said, "utf-8")
    return [str(one) for one in made]


def test_a_report_passes_two_hubs_with_proof_on_both_sides(hubs: Pair, tmp_path: Path) -> None:
    """SMTP in at one, a mailbox behind the other: byte-equal documents, and receipts that verify offline."""
    ours, sent = report(hubs, COLLEAGUE, 1)
    letter = arrived(hubs.b.valbrume, COLLEAGUE)
    taken = step(hubs.a, ours, "delivery.delivered")
    # 1. The receipt in hub A's timeline is hub B's sealed envelope.
    receipt = tmp_path / "receipt.jws"
    receipt.write_text(taken["detail"])
    theirs = payload(receipt.read_bytes())
    file_a, said_a = envelope(hubs.a, ours)
    file_b, said_b = envelope(hubs.b, theirs["id"])
    assert file_b.read_bytes() == receipt.read_bytes()
    assert said_b == theirs
    # 2. It countersigns hub A's, and holds the same documents.
    digests = [one["sha256"] for one in theirs["documents"]]
    assert digests[0] == sha256(file_a.read_bytes())
    assert digests[1:] == [one["sha256"] for one in said_a["documents"]]
    assert theirs["sender"]["address"] == said_a["sender"]["address"] == HOSPITAL
    # 3. What arrived is what was sent: the hospital's zip, and the report in it.
    assert package(letter) == package(sent)
    archive = zipfile.ZipFile(io.BytesIO(package(letter)))
    assert sha256(archive.read("IHE_XDM/SUBSET01/DOC0001.XML")) in digests
    # 4. Both timelines.
    assert step(hubs.b, theirs["id"], "delivery.delivered")
    assert hubs.b.json("trace", theirs["id"], language="en")["peer"] == "operator:hub_a"
    # 5. On either side, offline, with the other hub's certificate.
    for world in (hubs.a, hubs.b):
        for one in (file_a, receipt):
            assert world.json("verify", str(one), language="en")["holds"]
    # 6. One changed byte anywhere, and it does not hold.
    for at in range(10, len(receipt.read_bytes()), 997):
        changed = bytearray(receipt.read_bytes())
        changed[at] ^= 1
        file = tmp_path / "changed.jws"
        file.write_bytes(changed)
        said = json.loads(hubs.a.run("verify", str(file), "--json", language="en", may_fail=True) or "{}")
        assert not said.get("holds")


def test_the_way_back_is_the_same(hubs: Pair) -> None:
    """A doctor writes to the hospital: in at hub B, out at hub A."""
    data = (
        f"From: {COLLEAGUE}\r\nTo: {HOSPITAL}\r\nSubject: Merci\r\nMessage-ID: <back-1@{B}>\r\n"
        "Date: Mon, 02 Nov 2026 10:35:00 +0100\r\n\r\nMerci.\r\n"
    ).encode()
    count = len(hubs.a.hautmont.mails(HOSPITAL))
    theirs = mail(hubs.b, hubs.b.valbrume.host, COLLEAGUE, HOSPITAL, data)
    letter = arrived(hubs.a.hautmont, HOSPITAL, count + 1)
    assert b"Merci." in letter
    assert f"Message-ID: <back-1@{B}>".encode() in letter
    receipt = step(hubs.b, theirs, "delivery.delivered")["detail"]
    assert payload(receipt.encode())["sender"]["address"] == COLLEAGUE


def test_what_fails_at_the_far_side_reaches_the_sender(hubs: Pair) -> None:
    """Hub B took it, and could not deliver it: its notice is a receipt at hub A, which tells the hospital.

    The next report is refused at once, by name: hub A does not know yet that the nurse was struck off.
    """
    hubs.b.valbrume.stop()
    ours, _ = report(hubs, NURSE, 2)
    theirs = payload(step(hubs.a, ours, "delivery.delivered")["detail"].encode())["id"]
    count = len(hubs.a.hautmont.mails(HOSPITAL))
    hubs.b.json("directory", "import", *tomorrow(hubs.b), language="en")
    hubs.b.valbrume.start()
    assert step(hubs.b, theirs, "delivery.refused")["code"] == "recipient.struck-off"
    told = step(hubs.a, ours, "acknowledgement.failed")
    assert told["code"] == "recipient.struck-off"
    notice = arrived(hubs.a.hautmont, HOSPITAL, count + 1)
    assert b"recipient.struck-off" in notice
    ours, _ = report(hubs, NURSE, 3)
    assert step(hubs.a, ours, "delivery.refused")["code"] == "recipient.struck-off"
    assert b"recipient.struck-off" in arrived(hubs.a.hautmont, HOSPITAL, count + 2)
    assert not hubs.b.valbrume.mails(NURSE)


def test_a_lost_answer_makes_no_second_message() -> None:
    """The answer is cut after hub B took it: hub A sends again, and gets the same receipt."""
    with pair() as made:
        front = Front(f"https://localhost:{made.ports[B]}", _server(made.b), _client(made.a))
        config = made.a.folder / "hub.toml"
        text = config.read_text()
        config.write_text(text.replace(f"https://localhost:{made.ports[B]}", front.url))
        with front.running():
            front.spoil("POST", "/operators/hub_a/envelopes", "cut")
            made.start()
            ours, _ = report(made, COLLEAGUE, 4)
            receipt = step(made.a, ours, "delivery.delivered")["detail"]
            assert [one.status for one in front.asked("POST", "/operators/hub_a/envelopes")] == [200, 200]
        arrived(made.b.valbrume, COLLEAGUE)
        assert step(made.b, payload(receipt.encode())["id"], "delivery.delivered")
        assert len(made.b.valbrume.mails(COLLEAGUE)) == 1


def _server(world: World) -> ssl.SSLContext:
    """Return the context of who stands before a hub's door, with the hub's own certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls = world.folder / "tls"
    context.load_cert_chain(tls / "link.pem", tls / "link.key")
    return context


def _client(world: World) -> ssl.SSLContext:
    """Return the context of who passes on what a hub asks, with that hub's certificate."""
    context = ssl.create_default_context(cafile=str(world.folder / "other" / "authority.pem"))
    tls = world.folder / "tls"
    context.load_cert_chain(tls / "link.pem", tls / "link.key")
    return context


def test_a_hub_that_is_not_the_other_one_gets_nothing_in(hubs: Pair) -> None:
    """Without the client certificate the door gives nothing away."""
    context = ssl.create_default_context(cafile=str(hubs.b.authority.file))

    connection = http.client.HTTPSConnection("localhost", hubs.ports[B], context=context, timeout=30)
    connection.request("POST", "/operators/hub_a/envelopes", body=b"")
    answer = connection.getresponse()
    assert answer.status == 401
    connection.close()
