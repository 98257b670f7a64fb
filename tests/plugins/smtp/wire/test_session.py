"""What a client of the hub's door is told, at every step, on real sockets under TLS."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import smtplib
import ssl
from typing import Any

import pytest
import trustme

from hub.domain.outcome import Deferred, Delivered, Refused
from hub.errors import ConflictError, HubError, InputError, LimitError, StoreError, TrustError, Words
from hub.ports.directory import DirectoryUnavailableError
from hub.ports.intake import Acknowledgement
from hub.testing.fakes import RecordingIntake
from hub_smtp.settings import TlsSettings
from tests.plugins.smtp.wire.test_data import SMUGGLED
from tests.plugins.smtp.wire.world import DOCTOR, MAIL, OWN, PEER, SENDER, Papers, Wire, door, until

WHY = Words(en="Because.", fr="Parce que…")


def words(en: str, fr: str = "Non.") -> Words:
    """Make words."""
    return Words(en=en, fr=fr)


async def test_an_independent_client_delivers(papers: Papers, operator: TlsSettings) -> None:
    """Python's own smtplib sends a mail over mutual TLS and is given the envelope's id."""
    async with door(papers, operator) as hub:

        def send() -> tuple[int, bytes]:
            with smtplib.SMTP("127.0.0.1", hub.port) as client:
                client._host = "hub.valbrume.example"  # the name to verify
                client.starttls(context=papers.client(operator))
                client.ehlo()
                assert client.has_extn("pipelining")
                assert client.has_extn("dsn")
                client.mail(str(SENDER))
                client.rcpt(DOCTOR)
                return client.data(MAIL + b".dot\r\n..dots\r\n")

        code, text = await asyncio.to_thread(send)
        assert code == 250
        (arrived,) = hub.reader.arrived
        assert await arrived.content.read() == MAIL + b".dot\r\n..dots\r\n"
        assert arrived.peer == PEER
        assert arrived.mail_from == SENDER
        assert text.decode().startswith("2.0.0 OK 0000")


async def test_one_flight_is_enough(papers: Papers, operator: TlsSettings) -> None:
    """With PIPELINING, commands that follow the final dot in the same piece are answered in order."""
    async with door(papers, operator) as hub:
        wire = await Wire.open(hub.port, papers.client(operator))
        envelope = (
            f"MAIL FROM:<{SENDER}> SIZE=99 BODY=8BITMIME RET=HDRS ENVID=Q+2B1\r\n"
            f"RCPT TO:<{DOCTOR}> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;dr+2Bmartin@cabinet.example\r\n"
            "DATA\r\n"
        )
        wire.send(envelope.encode())
        assert [(await wire.reply())[:3] for _ in range(3)] == ["250", "250", "354"]
        wire.send(MAIL + b".\r\n" + envelope.encode())
        assert [(await wire.reply())[:3] for _ in range(4)] == ["250", "250", "250", "354"]
        wire.send(b"second\r\n.\r\nRSET\r\nQUIT\r\n")
        assert [(await wire.reply())[:3] for _ in range(3)] == ["250", "250", "221"]
        assert await wire.reply() == ""
        first, second = hub.reader.arrived
        assert first.envid == "Q+1"
        assert first.recipients[0].notify == {"SUCCESS", "FAILURE"}
        assert first.recipients[0].orcpt == "rfc822;dr+martin@cabinet.example"
        assert await second.content.read() == b"second\r\n"
        await wire.close()


async def test_nothing_goes_without_tls(papers: Papers, operator: TlsSettings) -> None:
    """MAIL in clear is refused, and EHLO in clear offers nothing but STARTTLS."""
    async with door(papers, operator) as hub:
        wire = await Wire.open(hub.port)
        assert await wire.say("EHLO client.example") == "250-hub.valbrume.example\n250 STARTTLS"
        assert (await wire.say(f"MAIL FROM:<{SENDER}>")).startswith("530 5.7.0 ")
        assert (await wire.say("RCPT TO:<a@b.example>")).startswith("530 5.7.0 ")
        assert (await wire.say("DATA")).startswith("530 5.7.0 ")
        await wire.close()


async def test_what_follows_starttls_in_clear_ends_the_session(papers: Papers, operator: TlsSettings) -> None:
    """A command injected ahead of the handshake is never taken for the certificate's bearer's."""
    async with door(papers, operator) as hub:
        wire = await Wire.open(hub.port)
        await wire.say("EHLO client.example")
        reply = await wire.say("STARTTLS", f"MAIL FROM:<{SENDER}>")
        assert reply.startswith("503 5.5.1 ")
        assert await wire.reply() == ""
        await wire.close()


async def test_what_was_said_in_clear_is_forgotten(papers: Papers, operator: TlsSettings) -> None:
    """After the handshake the client greets anew."""
    async with door(papers, operator) as hub:
        wire = await Wire.open(hub.port)
        await wire.say("EHLO client.example")
        await wire.say("STARTTLS")
        await wire.writer.start_tls(papers.client(operator), server_hostname="hub.valbrume.example")
        assert (await wire.say(f"MAIL FROM:<{SENDER}>")).startswith("503 5.5.1 ")
        assert (await wire.say("STARTTLS")).startswith("503 5.5.1 ")
        await wire.close()


def _expired() -> dict[str, Any]:
    return {"not_after": dt.datetime.now(dt.UTC) - dt.timedelta(days=1)}


@pytest.mark.parametrize(
    ("which", "reason"),
    [
        ("none", "peer did not return a certificate"),
        ("foreign", "unable to get local issuer certificate"),
        ("expired", "certificate has expired"),
    ],
)
async def test_a_wrong_certificate_ends_the_session(papers: Papers, which: str, reason: str) -> None:
    """No certificate, one of another authority, one out of date: TLS fails, and the log says why."""
    made: TlsSettings | None = None
    if which == "foreign":
        made = papers.issue_by(trustme.CA(), "mx.chu.example")
    elif which == "expired":
        made = papers.issue("mx.chu.example", **_expired())
    async with door(papers, made) as hub:
        # With TLS 1.3 the client learns of it only when it reads on.
        with contextlib.suppress(OSError):
            wire = await Wire.open(hub.port, papers.client(made))
            assert await wire.say(f"MAIL FROM:<{SENDER}>") == ""
        await until(lambda: "smtp.tls_refused" in hub.log.events())
        assert reason in str(hub.log.lines[-1][2]["reason"])


async def test_old_tls_is_refused(papers: Papers, operator: TlsSettings) -> None:
    """A client that speaks nothing later than TLS 1.1 gets no session."""
    context = papers.client(operator)
    context.set_ciphers("DEFAULT@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        context.minimum_version = ssl.TLSVersion.TLSv1
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    async with door(papers, operator) as hub:
        with pytest.raises((ssl.SSLError, OSError)):
            await Wire.open(hub.port, context)
        await until(lambda: "smtp.tls_refused" in hub.log.events())


async def test_a_certificate_of_no_operator_may_not_send(papers: Papers) -> None:
    """It is told so, and the log gives the fingerprint to configure."""
    async with door(papers, None) as hub:
        wire = await Wire.open(hub.port, papers.client(papers.issue("mx.stranger.example")))
        reply = await wire.say(f"MAIL FROM:<{SENDER}>")
        assert reply == "554 5.7.1 This certificate is valid but stands for no operator of this hub."
        (line,) = [one for one in hub.log.lines if one[1] == "smtp.unknown_peer"]
        assert str(line[2]["reason"]).startswith("sha256:")
        await wire.close()


async def test_a_session_does_not_outlast_the_certificate_s_standing(
    papers: Papers, operator: TlsSettings
) -> None:
    """A pin that the space of trust has dropped counts for no further mail, though the session goes on."""
    async with door(papers, operator) as hub:
        wire = await Wire.open(hub.port, papers.client(operator))
        assert (await wire.say(f"MAIL FROM:<{SENDER}>")).startswith("250 2.1.0 ")
        hub.intake.peers.clear()
        assert (await wire.say("RSET")).startswith("250 ")
        assert (await wire.say(f"MAIL FROM:<{SENDER}>")).startswith("554 5.7.1 ")
        assert (await wire.say(f"RCPT TO:<{DOCTOR}>")).startswith("503 ")
        await wire.close()


async def test_each_recipient_gets_an_answer_of_its_own(papers: Papers, operator: TlsSettings) -> None:
    """Unknown, struck off, without operator, too large, directory silent: told at RCPT; the others go on."""
    judged = RecordingIntake(
        judgements={
            "a@cabinet.example": Refused(code="recipient.unknown", reason=words("a is not listed.")),
            "b@cabinet.example": Refused(
                code="recipient.struck-off", reason=words("b was struck off – “radié”.")
            ),
            "c@cabinet.example": Refused(code="recipient.no-operator", reason=words("No operator.")),
            "d@cabinet.example": Refused(code="recipient.too-large", reason=words("Too large.")),
            "e@cabinet.example": Deferred(code="directory.silent", reason=words("Silent.")),
        }
    )
    async with door(papers, operator, intake=judged) as hub:
        wire = await Wire.open(hub.port, papers.client(operator))
        assert (await wire.say(f"MAIL FROM:<{SENDER}>")).startswith("250 2.1.0 ")
        told = [await wire.say(f"RCPT TO:<{letter}@cabinet.example>") for letter in "abcdef"]
        assert told == [
            "550 5.1.1 a is not listed.",
            '550 5.7.1 b was struck off - "radie".',
            "550 5.1.2 No operator.",
            "552 5.3.4 Too large.",
            "451 4.4.3 Silent.",
            "250 2.1.5 OK",
        ]
        await wire.say("DATA")
        wire.send(MAIL + b".\r\n")
        assert (await wire.reply()).startswith("250 2.0.0 ")
        (submission,) = hub.intake.submissions
        assert [str(one.target) for one in submission.recipients] == ["f@cabinet.example"]
        assert submission.whole
        await wire.close()


async def test_words_come_in_the_language_and_letters_of_the_peer(
    papers: Papers, operator: TlsSettings
) -> None:
    """French when configured; accents only where SMTPUTF8 was said; long words on several lines."""
    judged = RecordingIntake(
        judgements={
            "a@cabinet.example": Refused(code="recipient.unknown", reason=words("", "Médecin radié, œuvre.")),
            "b@cabinet.example": Refused(code="recipient.unknown", reason=words("", "mot " * 300)),
        }
    )
    async with door(papers, operator, intake=judged, language="fr") as hub:
        wire = await Wire.open(hub.port, papers.client(operator))
        await wire.say(f"MAIL FROM:<{SENDER}>")
        assert await wire.say("RCPT TO:<a@cabinet.example>") == "550 5.1.1 Medecin radie, oeuvre."
        long = await wire.say("RCPT TO:<b@cabinet.example>")
        assert all(len(one.encode()) <= 510 for one in long.split("\n"))
        assert long.split("\n")[0].startswith("550-5.1.1 mot mot")
        await wire.say("RSET")
        await wire.say(f"MAIL FROM:<{SENDER}> SMTPUTF8")
        assert await wire.say("RCPT TO:<a@cabinet.example>") == "550 5.1.1 Médecin radié, œuvre."
        await wire.close()


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        (f"MAIL FROM:<{SENDER}> SIZE=999999999999", "552 5.3.4"),
        (f"MAIL FROM:<{SENDER}> SIZE=x", "501 5.5.4"),
        (f"MAIL FROM:<{SENDER}> SIZE=1 SIZE=1", "501 5.5.4"),
        (f"MAIL FROM:<{SENDER}> BODY=BINARYMIME", "501 5.5.4"),
        (f"MAIL FROM:<{SENDER}> ENVID=a+0D+0Ab", "501 5.5.4"),
        (f"MAIL FROM:<{SENDER}> ENVID={'a' * 101}", "501 5.5.4"),
        (f"MAIL FROM:<{SENDER}> AUTH=<>", "555 5.5.4"),
        ("MAIL FROM:<x@elsewhere.example>", "550 5.7.1"),
        ("MAIL FROM:<élodie@chu.example>", "553 5.6.7"),
        ("MAIL FROM:<élodie@chu.example> SMTPUTF8", "250 2.1.0"),
        ("MAIL FROM:<>", "250 2.1.0"),
        ("MAIL FROM: <labo@chu.example>", "250 2.1.0"),
        ("mail from:<labo@CHU.example>", "250 2.1.0"),
        ("MAIL FROM:labo@chu.example", "501 5.1.7"),
        ("MAIL FROM:<@relay.example:labo@chu.example>", "501 5.1.7"),
        ('MAIL FROM:<"a b"@chu.example>', "501 5.1.7"),
        ("MAIL TO:<labo@chu.example>", "501 5.1.7"),
        ("MAIL", "501 5.1.7"),
        ("RCPT TO:<dr.martin@cabinet.example>", "503 5.5.1"),
        ("DATA", "503 5.5.1"),
        ("DATA x", "501 5.5.4"),
        ("RSET x", "501 5.5.4"),
        ("EHLO two words", "501 5.5.4"),
        ("HELO client.example", "250 hub.valbrume.example"),
        ("VRFY x", "252 2.5.0"),
        ("NOOP", "250 2.0.0"),
        ("HELP", "214 2.0.0"),
        ("EXPN list", "500 5.5.1"),
        ("BDAT 10 LAST", "500 5.5.1"),
        ("AUTH PLAIN AAAA", "500 5.5.1"),
        ("", "500 5.5.1"),
        ("NOOP\rMAIL", "500 5.5.2"),
        ("NOOP\n", "500 5.5.2"),
        ("NO\0OP", "500 5.5.2"),
    ],
)
async def test_every_command_has_its_answer(
    papers: Papers, operator: TlsSettings, line: str, answer: str
) -> None:
    """Strictly read, with a code that says what is wrong."""
    async with door(papers, operator) as hub:
        wire = await Wire.open(hub.port, papers.client(operator))
        assert (await wire.say(line)).startswith(answer)
        await wire.close()


@pytest.mark.parametrize(
    ("parameters", "answer"),
    [
        (" NOTIFY=NEVER", "250"),
        (" NOTIFY=success,delay", "250"),
        (" NOTIFY=NEVER,SUCCESS", "501"),
        (" NOTIFY=SOMETIMES", "501"),
        (" ORCPT=nonsense", "501"),
        (" ORCPT=utf-8;\\x{e9}@b.example", "250"),
        (" SIZE=1", "555"),
    ],
)
async def test_recipients_may_ask_for_receipts(
    papers: Papers, operator: TlsSettings, parameters: str, answer: str
) -> None:
    """NOTIFY and ORCPT as RFC 3461 writes them, and nothing else."""
    async with door(papers, operator) as hub:
        wire = await Wire.open(hub.port, papers.client(operator))
        await wire.say(f"MAIL FROM:<{SENDER}>")
        assert (await wire.say(f"RCPT TO:<{DOCTOR}>{parameters}")).startswith(answer)
        await wire.close()


async def test_the_null_sender_reaches_the_hub_alone(papers: Papers, operator: TlsSettings) -> None:
    """Receipts go to the hub's own address and nowhere else, in a mail of their own."""
    async with door(papers, operator) as hub:
        receipt = Acknowledgement(outcome=Delivered(receipt="x"), event="delivered", native_id="n")
        hub.reader.answer = lambda _arrived: (receipt,)
        wire = await Wire.open(hub.port, papers.client(operator))
        await wire.say("MAIL FROM:<>")
        assert (await wire.say(f"RCPT TO:<{DOCTOR}>")).startswith("550 5.7.1 ")
        assert (await wire.say("RCPT TO:<HUB@hub.Valbrume.example>")).startswith("250 ")
        assert (await wire.say(f"RCPT TO:<{DOCTOR}>")).startswith("452 4.5.3 ")
        await wire.say("DATA")
        wire.send(MAIL + b".\r\n")
        assert (await wire.reply()).startswith("250 2.0.0 ")
        assert hub.intake.acknowledgements == [(PEER, receipt)]
        assert hub.intake.stages[0].discarded
        assert (await wire.envelope(str(OWN))).startswith("354 ")
        await wire.close()


@pytest.mark.parametrize("sequence", SMUGGLED)
async def test_a_smuggled_mail_is_refused_whole(
    papers: Papers, operator: TlsSettings, sequence: bytes
) -> None:
    """One refusal for one mail, at its true end; what was hidden in it is never obeyed."""
    async with door(papers, operator) as hub:
        wire = await Wire.open(hub.port, papers.client(operator))
        await wire.envelope()
        hidden = f"MAIL FROM:<admin@chu.example>\r\nRCPT TO:<{DOCTOR}>\r\nDATA\r\n".encode()
        wire.send(MAIL + b"x" + sequence + hidden + MAIL)
        wire.send(b".\r\nNOOP\r\n")
        assert (await wire.reply()).startswith("550 5.6.0 ")
        assert (await wire.reply()).startswith("250 2.0.0 OK")
        assert hub.reader.arrived == []
        assert hub.intake.stages[0].discarded
        await wire.close()


async def test_what_is_too_much_is_refused(papers: Papers, operator: TlsSettings) -> None:
    """Recipients, size and line length: each with a code of its own, and the session goes on."""
    async with door(papers, operator, max_message=2000, max_recipients=2, max_line=100) as hub:
        wire = await Wire.open(hub.port, papers.client(operator))
        await wire.say(f"MAIL FROM:<{SENDER}>")
        told = [(await wire.say(f"RCPT TO:<{one}@cabinet.example>"))[:9] for one in "abc"]
        assert told == ["250 2.1.5", "250 2.1.5", "452 4.5.3"]
        await wire.say("DATA")
        wire.send(b"x" * 98 + b"\r\n" + b"long enough\r\n" * 2000 + b".\r\n")
        assert (await wire.reply()).startswith("552 5.3.4 The mail is larger than 2000 bytes.")
        await wire.envelope()
        wire.send(b"x" * 101 + b"\r\n.\r\n")
        assert (await wire.reply()).startswith("550 5.6.0 The mail has a line of more than 100 octets")
        await wire.envelope()
        wire.send(b"x" * 100 + b"\r\n.\r\n")
        assert (await wire.reply()).startswith("250 ")
        await wire.close()


@pytest.mark.parametrize(
    ("error", "answer"),
    [
        (InputError("mail.malformed", WHY), "550 5.6.0 Because."),
        (LimitError("mail.parts", WHY), "552 5.3.4 Because."),
        (TrustError("sender.unknown", WHY), "550 5.7.1 Because."),
        (TrustError("signature.invalid", WHY), "550 5.7.7 Because."),
        (ConflictError("key.conflict", WHY), "554 5.5.0 Because."),
        (DirectoryUnavailableError("directory.silent", WHY), "451 4.4.3 Because."),
        (StoreError("store.full", WHY), "451 4.3.0 Because."),
        (
            InputError(
                "recipients.refused", WHY, refused={DOCTOR: Refused(code="recipient.struck-off", reason=WHY)}
            ),
            "550 5.7.1 Because.",
        ),
        (HubError("odd", WHY), "451 4.3.0 Because."),
    ],
)
async def test_errors_become_replies(
    papers: Papers, operator: TlsSettings, error: HubError, answer: str
) -> None:
    """Nothing was taken, and the code says whether to try again."""
    async with door(papers, operator, intake=RecordingIntake(error=error)) as hub:
        wire = await Wire.open(hub.port, papers.client(operator))
        await wire.envelope()
        wire.send(MAIL + b".\r\n")
        assert await wire.reply() == answer
        assert hub.intake.stages[0].discarded
        await wire.close()


async def test_one_of_several_refused_too_late_is_tried_again(papers: Papers, operator: TlsSettings) -> None:
    """SMTP can't refuse one recipient after DATA: the whole mail waits, and RCPT will tell."""
    refused = InputError(
        "recipients.refused", WHY, refused={DOCTOR: Refused(code="recipient.unknown", reason=WHY)}
    )
    async with door(papers, operator, intake=RecordingIntake(error=refused)) as hub:
        wire = await Wire.open(hub.port, papers.client(operator))
        await wire.envelope(DOCTOR, "dr.b@cabinet.example")
        wire.send(MAIL + b".\r\n")
        assert await wire.reply() == "451 4.3.0 Because."
        await wire.close()


async def test_what_a_rule_refuses_is_not_tried_again(papers: Papers, operator: TlsSettings) -> None:
    """RCPT will never tell: the mail is refused, and the words name who was meant."""
    refused = InputError(
        "recipients.refused", WHY, refused={DOCTOR: Refused(code="rule.no", reason=WHY)}, lasting=True
    )
    async with door(papers, operator, intake=RecordingIntake(error=refused)) as hub:
        wire = await Wire.open(hub.port, papers.client(operator))
        await wire.envelope(DOCTOR, "dr.b@cabinet.example")
        wire.send(MAIL + b".\r\n")
        assert await wire.reply() == "550 5.7.1 Because."
        await wire.close()


async def test_an_unexpected_fault_is_temporary(papers: Papers, operator: TlsSettings) -> None:
    """The peer keeps the mail; the log names the type and nothing of the mail."""
    async with door(papers, operator) as hub:

        def fail(_arrived: object) -> None:
            raise KeyError("Madame Dupont")

        hub.reader.answer = fail
        wire = await Wire.open(hub.port, papers.client(operator))
        await wire.envelope()
        wire.send(MAIL + b".\r\n")
        assert (await wire.reply()).startswith("451 4.3.0 ")
        assert "KeyError" in str(hub.log.lines)
        assert "Dupont" not in str(hub.log.lines)
        await wire.close()


async def test_the_same_mail_again_is_taken_once(papers: Papers, operator: TlsSettings) -> None:
    """By each recipient: it may come again to fewer or more, since some were refused meanwhile."""
    async with door(papers, operator) as hub:
        answers = []
        other = "dr.b@cabinet.example"
        for recipients in ([DOCTOR], [other, DOCTOR], [DOCTOR, other], [DOCTOR]):
            wire = await Wire.open(hub.port, papers.client(operator))
            await wire.envelope(*recipients)
            wire.send(MAIL + b".\r\n")
            answers.append(await wire.reply())
            await wire.close()
        assert [[str(to.target) for to in one.recipients] for one in hub.intake.submissions] == [
            [DOCTOR],
            [other],
        ]
        assert answers[0] == answers[3] != answers[1]


async def test_errors_and_idling_end_the_session(papers: Papers, operator: TlsSettings) -> None:
    """Too many of either, and 421."""
    async with door(papers, operator, max_errors=3, max_idle_commands=5) as hub:
        wire = await Wire.open(hub.port, papers.client(operator))
        told = [await wire.say("WHAT") for _ in range(3)]
        assert told[-1].startswith("500")
        assert (await wire.reply()).startswith("421 4.7.0 ")
        assert await wire.reply() == ""
        wire = await Wire.open(hub.port, papers.client(operator))
        assert [(await wire.say("NOOP"))[:3] for _ in range(4)] == ["250", "250", "250", "421"]
        await wire.close()


async def test_a_silent_client_is_left(papers: Papers, operator: TlsSettings) -> None:
    """Between commands and in the middle of a mail."""
    short = dt.timedelta(milliseconds=50)
    async with door(papers, operator, command_timeout=short) as hub:
        wire = await Wire.open(hub.port)
        assert (await wire.reply()).startswith("421 4.4.2 ")
        await wire.close()
    async with door(papers, operator, data_timeout=short) as hub:
        wire = await Wire.open(hub.port, papers.client(operator))
        await wire.envelope()
        wire.send(b"half a mail")
        assert (await wire.reply()).startswith("421 4.4.2 ")
        assert hub.intake.stages[0].discarded
        await wire.close()


async def test_a_slow_client_is_left(papers: Papers, operator: TlsSettings) -> None:
    """A mail that drips below the lowest rate does not hold a connection for ever."""
    now = dt.timedelta(0)
    async with door(papers, operator, rate_grace=now, min_rate=1 << 40) as hub:
        wire = await Wire.open(hub.port, papers.client(operator))
        await wire.envelope()
        wire.send(b"drip")
        assert (await wire.reply()).startswith("421 4.4.2 The mail came too slowly.")
        await wire.close()


async def test_connections_are_limited(papers: Papers, operator: TlsSettings) -> None:
    """One more than allowed is told 421; when one leaves there is room again."""
    async with door(papers, operator, max_connections_per_host=1) as hub:
        first = await Wire.open(hub.port)
        second = Wire(*await asyncio.open_connection("127.0.0.1", hub.port))
        assert (await second.reply()).startswith("421 4.7.0 Too many connections")
        await second.close()
        await first.say("QUIT")
        await first.close()
        await until(lambda: not hub.receiver._sessions)
        third = await Wire.open(hub.port)
        await third.close()


async def test_a_stop_lets_mails_finish(papers: Papers, operator: TlsSettings) -> None:
    """Idle clients are told 421 at once; a mail half in is taken whole, then its client is told 421."""
    async with door(papers, operator) as hub:
        idle = await Wire.open(hub.port, papers.client(operator))
        busy = await Wire.open(hub.port, papers.client(operator))
        await busy.envelope()
        busy.send(MAIL)
        hub.task.cancel()
        assert (await idle.reply()).startswith("421 4.3.2 ")
        busy.send(b".\r\n")
        assert (await busy.reply()).startswith("250 2.0.0 ")
        assert (await busy.reply()).startswith("421 4.3.2 ")
        with pytest.raises(asyncio.CancelledError):
            await hub.task
        with pytest.raises(OSError, match=r"refused|failed"):
            await asyncio.open_connection("127.0.0.1", hub.port)
        await idle.close()
        await busy.close()


async def test_a_judgement_that_fails_is_temporary(papers: Papers, operator: TlsSettings) -> None:
    """A directory or store that raises puts the recipient off, and the session goes on."""

    class Failing(RecordingIntake):
        async def judge(self, peer: object, target: object) -> None:
            raise StoreError("store.closed", WHY)

    async with door(papers, operator, intake=Failing()) as hub:
        wire = await Wire.open(hub.port, papers.client(operator))
        await wire.say(f"MAIL FROM:<{SENDER}>")
        assert await wire.say(f"RCPT TO:<{DOCTOR}>") == "451 4.3.0 Because."
        assert (await wire.say(f"RCPT TO:<{OWN}>")).startswith("250 ")
        await wire.close()


async def test_a_client_that_leaves_at_the_handshake_is_forgotten(
    papers: Papers, operator: TlsSettings
) -> None:
    """It is a refused handshake, not a fault of the session."""
    async with door(papers, operator) as hub:
        wire = await Wire.open(hub.port)
        await wire.say("EHLO client.example")
        wire.send(b"STARTTLS\r\n")
        await wire.reply()
        wire.writer.transport.abort()
        await until(lambda: not hub.receiver._sessions)
        wire = await Wire.open(hub.port)
        await wire.say("EHLO client.example")
        wire.send(b"STARTTLS\r\n")
        wire.writer.transport.abort()
        await until(lambda: not hub.receiver._sessions)
        assert "smtp.session_failed" not in hub.log.events()


async def test_a_refused_certificate_is_told_by_an_alert(papers: Papers) -> None:
    """The other side's log can say what was wrong."""
    foreign = papers.issue_by(trustme.CA(), "mx.chu.example")
    async with door(papers, None) as hub:
        wire = Wire(*await asyncio.open_connection("127.0.0.1", hub.port))
        await wire.reply()
        await wire.say("EHLO client.example")
        await wire.say("STARTTLS")
        # With TLS 1.3 the client's own half is done when it arrives.
        with pytest.raises(ssl.SSLError, match="ALERT_UNKNOWN_CA"):
            await _until_refused(wire, papers.client(foreign))


async def _until_refused(wire: Wire, context: ssl.SSLContext) -> None:
    await wire.writer.start_tls(context, server_hostname="hub.valbrume.example")
    await wire.reader.read()
