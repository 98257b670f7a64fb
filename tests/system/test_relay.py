"""Letters between two real Postfix operators with the hub between them, in both directions."""

from __future__ import annotations

import smtplib
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest

from hub_demo import papers
from hub_demo.story import COLLEAGUE, DOCTOR, STRUCK_OFF
from hub_demo.world import HOSPITAL, HUB, World, until
from tests.counterparts import absent, program
from tests.system import postfix, worlds
from tests.system.postfix import Postfix

MOVED = "dr.ines.castelnau@valbrume.mssante.example"


@dataclass(frozen=True, slots=True)
class Between:
    """The hub and its two operators, all running."""

    world: World
    hautmont: Postfix
    valbrume: Postfix

    def send(self, operator: Postfix, sender: str, recipients: list[str], mail: bytes, *options: str) -> None:
        """Hand a mail to an operator as its own user does."""
        with smtplib.SMTP("127.0.0.1", operator.clear, timeout=30) as session:
            session.sendmail(sender, recipients, mail, rcpt_options=list(options))

    def arrived(self, operator: Postfix, mailbox: str, subject: str) -> Path:
        """Wait for the one mail with this subject in a mailbox."""
        until(lambda: bool(_with(operator, mailbox, subject)), "nothing arrived", "rien n'est arrivé")
        (mail,) = _with(operator, mailbox, subject)
        return mail


def _with(operator: Postfix, mailbox: str, subject: str) -> list[Path]:
    return [one for one in operator.mails(mailbox) if subject in str(_mail(one)["Subject"])]


def _mail(path: Path) -> EmailMessage:
    return message_from_bytes(path.read_bytes(), policy=SMTP)


@pytest.fixture(scope="module")
def between() -> Iterator[Between]:
    """Run everything once for this file."""
    program("openssl")
    if (why := postfix.missing()) is not None:
        absent(why)
    with worlds.world() as world:
        running: list[Postfix] = []
        for operator, mailboxes in (
            (world.hautmont, [HOSPITAL]),
            (world.valbrume, [DOCTOR, COLLEAGUE, STRUCK_OFF]),
        ):
            running.append(
                Postfix.start(
                    world.folder.parent / operator.name,
                    host=world.authority.host(operator.host),
                    host_name=operator.host,
                    authority=world.authority.file,
                    mailboxes=mailboxes,
                    relay=world.smtp_port,
                    relay_name=HUB,
                    tls=operator.port,
                )
            )
        world.start_hub()
        try:
            yield Between(world, *running)
        finally:
            for one in running:
                one.stop()


def _verified(world: World, mail: Path) -> bytes:
    """Return what the mail's signature covers; openssl must find that it holds."""
    done = subprocess.run(
        [program("openssl"), "cms", "-verify", "-in", str(mail), "-CAfile", str(world.authority.file)],
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def _report(world: World, number: int, subject: str, *recipients: str) -> bytes:
    return papers.report_mail(world.hospital, HOSPITAL, recipients, subject, number)


def test_a_report_arrives_once_and_both_signatures_hold(between: Between, tmp_path: Path) -> None:
    """OpenSSL verifies the hub's signature and the hospital's own inside; `hub verify` the envelope."""
    mail = _report(between.world, 1, "Sortie de Mme E.", COLLEAGUE)
    between.send(between.hautmont, HOSPITAL, [COLLEAGUE], mail)
    arrived = between.arrived(between.valbrume, COLLEAGUE, "Sortie de Mme E.")
    inner = tmp_path / "inner"
    inner.write_bytes(_verified(between.world, arrived))
    assert b"IHE_XDM.ZIP" in _verified(between.world, inner)
    envelope = str(_mail(arrived)["X-Caducee-Envelope"])
    jws = tmp_path / "envelope.jws"
    between.world.run("trace", envelope, "--envelope", str(jws), language="en")
    assert "All of it holds." in between.world.run("verify", str(jws), language="en")


def test_an_answer_goes_back_the_other_way(between: Between) -> None:
    """The city doctor answers from his own operator, and the hospital reads it, in its thread."""
    mail = EmailMessage(SMTP)
    mail["From"], mail["To"], mail["Subject"] = COLLEAGUE, HOSPITAL, "Re: Sortie"
    mail["Message-ID"], mail["In-Reply-To"] = "<answer-1@valbrume.example>", "<cr-1@hautmont.example>"
    mail.set_content("Merci, bien reçu. À bientôt.\n")
    between.send(between.valbrume, COLLEAGUE, [HOSPITAL], mail.as_bytes())
    arrived = _mail(between.arrived(between.hautmont, HOSPITAL, "Re: Sortie"))
    assert (arrived["From"].addresses[0].addr_spec, arrived["In-Reply-To"], arrived["Message-ID"]) == (
        COLLEAGUE,
        "<cr-1@hautmont.example>",
        "<answer-1@valbrume.example>",
    )


def test_a_struck_off_doctor_is_refused_by_name_and_the_other_gets_his(between: Between) -> None:
    """The hospital's own operator reports who was refused, in the hub's words."""
    recipients = [STRUCK_OFF, DOCTOR]
    mail = _report(between.world, 2, "Deux destinataires", *recipients)
    between.send(between.hautmont, HOSPITAL, recipients, mail)
    between.arrived(between.valbrume, DOCTOR, "Deux destinataires")
    bounce = between.arrived(between.hautmont, HOSPITAL, "Undelivered").read_text()
    assert STRUCK_OFF in bounce
    assert "struck off" in bounce
    assert not between.valbrume.mails(STRUCK_OFF)


def test_a_mailbox_that_the_operator_does_not_know_is_told_to_the_sender(between: Between) -> None:
    """Listed in the directory, unknown to its operator: the hospital gets a delivery report (RFC 3464)."""
    mail = _report(between.world, 3, "Boîte inconnue", MOVED)
    between.send(between.hautmont, HOSPITAL, [MOVED], mail)
    notice = _mail(between.arrived(between.hautmont, HOSPITAL, "pas été remis"))
    assert notice.get_content_type() == "multipart/report"
    status = next(part for part in notice.walk() if part.get_content_type() == "message/delivery-status")
    assert "Action: failed" in str(status)
    assert MOVED in str(status)


def test_a_receipt_that_was_asked_for_comes_back(between: Between) -> None:
    """NOTIFY=SUCCESS goes through to the far operator, and its report comes back to the hospital."""
    mail = _report(between.world, 4, "Avec accusé", COLLEAGUE)
    between.send(between.hautmont, HOSPITAL, [COLLEAGUE], mail, "NOTIFY=SUCCESS,FAILURE")
    arrived = between.arrived(between.valbrume, COLLEAGUE, "Avec accusé")
    between.arrived(between.hautmont, HOSPITAL, "a été remis")
    envelope = str(_mail(arrived)["X-Caducee-Envelope"])
    until(
        lambda: "acknowledgement.delivered" in str(worlds.report(between.world, envelope)), "no receipt", ""
    )


def test_mail_waits_for_an_operator_that_is_down_and_arrives_once(between: Between) -> None:
    """The far Postfix is stopped, the mail waits in the hub, Postfix comes back, the mail arrives once."""
    between.valbrume.stop()
    mail = _report(between.world, 5, "Pendant la panne", COLLEAGUE)
    between.send(between.hautmont, HOSPITAL, [COLLEAGUE], mail)

    def waits() -> bool:
        return any(
            one["attempts"] for one in between.world.json("queue", "list", language="en")["deliveries"]
        )

    until(waits, "nothing waits", "rien n'attend")
    between.valbrume.start_again()
    between.arrived(between.valbrume, COLLEAGUE, "Pendant la panne")
