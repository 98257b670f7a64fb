"""What becomes of a mail on its way out, against real servers: a sound one, and many that are not."""

from __future__ import annotations

import asyncio
import datetime as dt
import ssl
from typing import Any

import pytest
import trustme

from hub.domain.outcome import Deferred, Delivered, Outcome, Refused, Uncertain
from hub.errors import PeerError, StoreError, Words
from hub_smtp.settings import TlsSettings
from tests.plugins.smtp.wire.world import (
    DOCTOR,
    MAIL,
    OWN,
    Papers,
    Ready,
    Scene,
    Stage_,
    by_address,
    connector,
    door,
    script,
    sent_to,
)

OFFERS = ("PIPELINING", "8BITMIME", "SMTPUTF8", "DSN", "ENHANCEDSTATUSCODES", "SIZE 1000000")


async def take_mail(stage: Stage_, last: str = "250 2.0.0 Ok: queued as 4711", recipients: int = 1) -> bytes:
    """Accept one mail."""
    await stage.expect("MAIL", "250 2.1.0 Ok")
    for _ in range(recipients):
        await stage.expect("RCPT", "250 2.1.5 Ok")
    await stage.expect("DATA", "354 go")
    data = await stage.body()
    stage.answer(last)
    return data


async def sound(stage: Stage_) -> None:
    """Accept mails for one recipient for ever."""
    await stage.secure(*OFFERS)
    while True:
        await take_mail(stage)


async def outcome_of(papers: Papers, mailbox: TlsSettings, scene: Scene, **options: Any) -> Outcome:
    """Return what becomes of one mail to one recipient."""
    async with (
        script(papers.server(mailbox), scene) as server,
        connector(papers, server.port, **options) as out,
    ):
        (outcome,) = (await out.deliver(sent_to())).values()
        return outcome


async def test_a_mail_is_delivered_and_the_receipt_kept(papers: Papers, mailbox: TlsSettings) -> None:
    """With everything that the server offers, in one flight; the reply is kept word for word."""
    seen: list[bytes] = []

    async def scene(stage: Stage_) -> None:
        await stage.secure(*OFFERS)
        # All of it is there before anything is answered.
        lines = [await stage.line() for _ in range(3)]
        assert lines[2] == "DATA"
        stage.answer("250 2.1.0 Ok", "250 2.1.5 Ok", "354 go")
        seen.append(await stage.body())
        stage.answer("250-2.0.0 Ok", "250 2.0.0 queued as 4711")

    sent = sent_to()
    async with (
        script(papers.server(mailbox), scene) as server,
        connector(papers, server.port, Ready(MAIL + b".dot\r\n")) as out,
    ):
        outcomes = by_address(sent, await out.deliver(sent))
        assert outcomes == {
            DOCTOR: Delivered(receipt="mx.cabinet.example: 250-2.0.0 Ok\n250 2.0.0 queued as 4711")
        }
        assert seen == [MAIL + b"..dot\r\n.\r\n"]
        envelope = sent.sealed.envelope.id
        assert server.connections[0].heard[3:5] == [
            f"MAIL FROM:<{OWN}> SIZE={len(MAIL) + 6} RET=HDRS ENVID={envelope}",
            f"RCPT TO:<{DOCTOR}> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;{DOCTOR}",
        ]
        assert out.capabilities.max_bytes == 1_000_000


async def test_a_plain_server_is_asked_step_by_step(papers: Papers, mailbox: TlsSettings) -> None:
    """Without PIPELINING, DSN and SIZE nothing is said ahead of an answer, and nothing unknown."""

    async def scene(stage: Stage_) -> None:
        await stage.secure()
        for verb, reply in (("MAIL", "250 Ok"), ("RCPT", "250 Ok"), ("DATA", "354 go")):
            line = await stage.line()
            assert line.startswith(verb)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(stage.reader.read(1), 0.01)
            stage.answer(reply)
        await stage.body()
        stage.answer("250 Ok")
        assert stage.heard[3:5] == [f"MAIL FROM:<{OWN}>", f"RCPT TO:<{DOCTOR}>"]

    assert isinstance(await outcome_of(papers, mailbox, scene), Delivered)


async def test_several_mails_share_a_connection(papers: Papers, mailbox: TlsSettings) -> None:
    """One after another over one handshake; side by side over as many as it takes."""
    async with (
        script(papers.server(mailbox), sound) as server,
        connector(papers, server.port, messages_per_connection=3) as out,
    ):
        for _ in range(4):
            assert [type(one) for one in (await out.deliver(sent_to())).values()] == [Delivered]
        assert len(server.connections) == 2
        await asyncio.gather(*(out.deliver(sent_to()) for _ in range(3)))
        assert len(server.connections) <= 5


async def test_each_recipient_has_an_outcome(papers: Papers, mailbox: TlsSettings) -> None:
    """Accepted, refused, put off and too many for one mail: each as the server said."""

    async def scene(stage: Stage_) -> None:
        await stage.secure(*OFFERS)
        await stage.expect("MAIL", "250 Ok")
        await stage.expect("RCPT", "550 5.1.1 no such user")
        await stage.expect("RCPT", "250 Ok")
        await stage.expect("RCPT", "451 4.7.1 Greylisted, try again in 90 seconds")
        await stage.expect("RCPT", "452 4.5.3 too many recipients")
        await stage.expect("DATA", "354 go")
        await stage.body()
        stage.answer("250 first")
        await take_mail(stage, "250 second")
        assert f"RCPT TO:<d@{domain}>" in stage.heard[-2]

    domain = "cabinet.example"
    sent = sent_to(*(f"{one}@{domain}" for one in "abcd"))
    async with script(papers.server(mailbox), scene) as server, connector(papers, server.port) as out:
        told = by_address(sent, await out.deliver(sent))
    a, b, c, d = (told[f"{one}@{domain}"] for one in "abcd")
    assert isinstance(a, Refused)
    assert a.code == "smtp.5.1.1"
    assert a.reason == Words(
        en="mx.cabinet.example answered: 550 5.1.1 no such user",
        fr="mx.cabinet.example a répondu : 550 5.1.1 no such user",
    )
    assert b == Delivered(receipt="mx.cabinet.example: 250 first")
    assert isinstance(c, Deferred)
    assert c.retry_after == dt.timedelta(seconds=90)
    assert not c.operator_failed
    assert d == Delivered(receipt="mx.cabinet.example: 250 second")


async def test_many_recipients_go_in_several_mails(papers: Papers, mailbox: TlsSettings) -> None:
    """As many at a time as the settings say."""

    async def scene(stage: Stage_) -> None:
        await stage.secure(*OFFERS)
        await take_mail(stage, recipients=2)
        await take_mail(stage, recipients=1)

    async with (
        script(papers.server(mailbox), scene) as server,
        connector(papers, server.port, max_recipients=2) as out,
    ):
        told = await out.deliver(sent_to("a@b.example", "c@b.example", "d@b.example"))
        assert [type(one) for one in told.values()] == [Delivered] * 3
        assert len(server.connections) == 1


@pytest.mark.parametrize("pipelining", [True, False])
async def test_a_mail_for_nobody_is_not_sent(
    papers: Papers, mailbox: TlsSettings, *, pipelining: bool
) -> None:
    """All recipients refused: nothing leaves, and the next mail begins with RSET on the same connection."""

    async def scene(stage: Stage_) -> None:
        await stage.secure(*(OFFERS if pipelining else ()))
        await stage.expect("MAIL", "250 Ok")
        await stage.expect("RCPT", "550 5.1.1 no")
        if pipelining:
            await stage.expect("DATA", "503 5.5.1 no valid recipients")
        await stage.expect("RSET", "250 Ok")
        await take_mail(stage)

    async with script(papers.server(mailbox), scene) as server, connector(papers, server.port) as out:
        first = list((await out.deliver(sent_to())).values())
        second = list((await out.deliver(sent_to())).values())
        assert [type(one) for one in first + second] == [Refused, Delivered]
        assert len(server.connections) == 1


async def test_a_server_that_waits_for_a_mail_for_nobody_gets_none(
    papers: Papers, mailbox: TlsSettings
) -> None:
    """It said 354 to a pipelined DATA after refusing everybody: it gets an empty mail (RFC 2920, 3.1)."""
    bodies: list[bytes] = []

    async def scene(stage: Stage_) -> None:
        await stage.secure(*OFFERS)
        await stage.expect("MAIL", "250 Ok")
        await stage.expect("RCPT", "550 5.1.1 no")
        await stage.expect("DATA", "354 go")
        bodies.append(await stage.body())
        stage.answer("554 5.5.1 no valid recipients")

    assert isinstance(await outcome_of(papers, mailbox, scene), Refused)
    assert bodies == [b".\r\n"]


def scene_of(at: str, reply: str) -> Scene:
    """Make a server that gives one bad reply at one step and then leaves."""

    async def scene(stage: Stage_) -> None:
        if at == "greeting":
            stage.answer(*([reply] if reply else []))
            return
        stage.answer("220 mx ESMTP")
        if at == "ehlo":
            await stage.expect("EHLO", reply)
            return
        await stage.expect("EHLO", "250-mx", "250 STARTTLS")
        if at == "starttls":
            await stage.expect("STARTTLS", reply)
            return
        await stage.expect("STARTTLS", "220 go")
        await stage.writer.start_tls(stage.context)
        await stage.hello(*OFFERS)
        replies = {"mail": "250 Ok", "rcpt": "250 Ok", "data": "354 go"}
        replies[at] = reply
        for verb in ("mail", "rcpt", "data"):
            await stage.expect(verb.upper(), *([replies[verb]] if replies[verb] else []))
            if verb == at and not reply:
                return
        if replies["data"].startswith("354"):
            await stage.body()
        stage.answer(*([reply] if at == "dot" and reply else []))

    return scene


@pytest.mark.parametrize(
    ("at", "reply", "kind", "code", "failed"),
    [
        ("greeting", "421 4.3.2 down", Deferred, "smtp.4.3.2", True),
        ("greeting", "554 5.7.1 go away", Deferred, "smtp.5.7.1", True),
        ("greeting", "", Deferred, "smtp.connection_lost", True),
        ("greeting", "HTTP/1.1 400 Bad Request", Deferred, "smtp.garbled", True),
        ("greeting", "220-" + "x" * 5000, Deferred, "smtp.garbled", True),
        ("greeting", "220-x\r\n" * 200 + "220 x", Deferred, "smtp.garbled", True),
        ("ehlo", "502 what", Deferred, "smtp.502", True),
        ("ehlo", "250 mx", Deferred, "smtp.no_starttls", True),
        ("starttls", "454 4.7.0 not now", Deferred, "smtp.4.7.0", True),
        ("starttls", "220 go\r\n250 injected", Deferred, "smtp.starttls_injection", True),
        ("mail", "451 4.3.0 disk", Deferred, "smtp.4.3.0", True),
        ("mail", "552 5.3.4 too large", Refused, "smtp.5.3.4", False),
        ("mail", "530 5.7.0 authenticate", Deferred, "smtp.5.7.0", True),
        ("mail", "421 4.7.0 too many", Deferred, "smtp.4.7.0", True),
        ("mail", "399 what", Deferred, "smtp.garbled", True),
        ("rcpt", "452 4.2.2 mailbox full", Deferred, "smtp.4.2.2", False),
        ("rcpt", "550 no enhanced code", Refused, "smtp.550", False),
        ("rcpt", "550 4.2.2 codes that differ", Refused, "smtp.550", False),
        ("rcpt", "421 4.3.2 stopping", Deferred, "smtp.4.3.2", True),
        ("data", "451 4.3.5 not now", Deferred, "smtp.4.3.5", True),
        ("data", "554 5.6.0 no", Refused, "smtp.5.6.0", False),
        ("data", "", Deferred, "smtp.connection_lost", True),
        ("dot", "451 4.3.0 disk", Deferred, "smtp.4.3.0", True),
        ("dot", "554 5.7.1 virus", Refused, "smtp.5.7.1", False),
        ("dot", "421 4.3.2 stopping", Deferred, "smtp.4.3.2", True),
        ("dot", "", Uncertain, "smtp.connection_lost", False),
        ("dot", "what?", Uncertain, "smtp.garbled", False),
        ("dot", "354 more?", Uncertain, "smtp.garbled", False),
    ],
)
async def test_every_bad_answer_has_its_outcome(
    papers: Papers, mailbox: TlsSettings, *, at: str, reply: str, kind: type, code: str, failed: bool
) -> None:
    """Before the final dot nothing was taken; after it only a clear answer is believed."""
    outcome = await outcome_of(papers, mailbox, scene_of(at, reply))
    assert type(outcome) is kind
    assert not isinstance(outcome, Delivered)
    assert outcome.code == code
    if isinstance(outcome, Deferred):
        assert outcome.operator_failed is failed
    assert outcome.reason.en != outcome.reason.fr


async def test_nothing_is_said_in_clear(papers: Papers, mailbox: TlsSettings) -> None:
    """A server that hides STARTTLS hears EHLO and nothing more."""
    async with (
        script(papers.server(mailbox), scene_of("ehlo", "250 mx")) as server,
        connector(papers, server.port) as out,
    ):
        await out.deliver(sent_to())
        assert [line.split(" ")[0] for line in server.connections[0].heard] == ["EHLO"]


@pytest.mark.parametrize(
    ("which", "why"),
    [
        ("foreign", "certificate"),
        ("name", "mismatch"),
        ("expired", "expired"),
        ("old", "protocol"),
        ("clear", "wrong version number"),
    ],
)
async def test_a_wrong_server_gets_nothing(
    papers: Papers, mailbox: TlsSettings, which: str, why: str
) -> None:
    """Of another authority, under another name, out of date, with old TLS, or with none: no mail leaves."""
    made = mailbox
    if which == "foreign":
        made = papers.issue_by(trustme.CA(), "mx.cabinet.example")
    elif which == "name":
        made = papers.issue("mx.other.example")
    elif which == "expired":
        made = papers.issue("mx.cabinet.example", not_after=dt.datetime.now(dt.UTC) - dt.timedelta(days=1))
    context = papers.server(made)
    if which == "old":
        context.set_ciphers("DEFAULT@SECLEVEL=0")
        with pytest.warns(DeprecationWarning, match="TLSv1"):
            context.minimum_version = ssl.TLSVersion.TLSv1
        with pytest.warns(DeprecationWarning, match="TLSv1"):
            context.maximum_version = ssl.TLSVersion.TLSv1_1

    async def clear(stage: Stage_) -> None:
        stage.answer("220 mx")
        await stage.expect("EHLO", "250-mx", "250 STARTTLS")
        await stage.expect("STARTTLS", "220 go")
        stage.send(b"250 all the same in clear\r\n")
        await stage.reader.read()

    async with (
        script(context, clear if which == "clear" else sound) as server,
        connector(papers, server.port) as out,
    ):
        (outcome,) = (await out.deliver(sent_to())).values()
        assert isinstance(outcome, Deferred)
        assert outcome.operator_failed
        # An old server may end the connection without an alert.
        assert outcome.code in {"smtp.tls_failed", "smtp.starttls_injection", "smtp.connection_lost"}
        assert outcome.code != "smtp.tls_failed" or why in outcome.reason.en.lower()
        heard = [line for stage in server.connections for line in stage.heard]
        assert not any(line.startswith("MAIL") for line in heard)


async def test_a_server_that_refuses_our_certificate_takes_nothing(
    papers: Papers, mailbox: TlsSettings
) -> None:
    """It ends the connection with an alert, and the operator counts as failed."""
    foreign = papers.issue_by(trustme.CA(), "hub.valbrume.example")
    # The hub's own door plays the server, for it sends the alert.
    async with (
        door(papers, None) as other,
        connector(papers, other.port, tls=foreign, server_name="hub.valbrume.example") as out,
    ):
        (outcome,) = (await out.deliver(sent_to())).values()
    assert isinstance(outcome, Deferred)
    assert outcome.operator_failed
    assert "unknown ca" in outcome.reason.en


async def test_a_lost_connection_in_the_middle_takes_nothing(papers: Papers, mailbox: TlsSettings) -> None:
    """The final dot never left, so the mail may be sent again."""

    async def scene(stage: Stage_) -> None:
        await stage.secure(*OFFERS)
        await stage.expect("MAIL", "250 Ok")
        await stage.expect("RCPT", "250 Ok")
        await stage.expect("DATA", "354 go")
        await stage.reader.readexactly(100_000)
        stage.writer.transport.abort()

    outcome = await outcome_of(
        papers,
        mailbox,
        scene,
        composer=Ready(b"x" * 70 + b"\r\n" + b"more\r\n" * 1_000_000, options={"size": 9}),
    )
    assert isinstance(outcome, Deferred)
    assert outcome.operator_failed


async def test_an_early_answer_is_heeded(papers: Papers, mailbox: TlsSettings) -> None:
    """A server that has had enough in the middle of a mail is believed, and the mail is not ended."""

    async def scene(stage: Stage_) -> None:
        await stage.secure(*OFFERS)
        await stage.expect("MAIL", "250 Ok")
        await stage.expect("RCPT", "250 Ok")
        await stage.expect("DATA", "354 go")
        await stage.reader.readexactly(100_000)
        stage.answer("552 5.3.4 enough")
        rest = b""
        while chunk := await stage.reader.read(65536):
            rest = (rest + chunk)[-10:]
        assert not rest.endswith(b"\r\n.\r\n")

    outcome = await outcome_of(
        papers, mailbox, scene, composer=Ready(b"more\r\n" * 2_000_000, options={"size": 9})
    )
    assert isinstance(outcome, Refused)
    assert outcome.code == "smtp.5.3.4"


@pytest.mark.parametrize("at", [0, 5000])
async def test_an_unsafe_mail_never_ends(papers: Papers, mailbox: TlsSettings, at: int) -> None:
    """A bare LF in what was composed: in the first piece, the server never hears of it; later, no dot."""
    heard: list[Stage_] = []

    async def scene(stage: Stage_) -> None:
        heard.append(stage)
        await sound(stage)

    data = b"line\r\n" * 1000
    outcome = await outcome_of(papers, mailbox, scene, composer=Ready(data[:at] + b"\n.\n" + data[at:]))
    assert isinstance(outcome, Refused)
    assert outcome.code == "smtp.unsafe_mail"
    assert any("MAIL" in line for line in heard[0].heard) == bool(at)


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"size": 2_000_000}, "smtp.5.3.4"),
        ({"smtputf8": True}, "smtp.5.6.7"),
        ({"eight_bit": True}, "smtp.5.6.3"),
    ],
)
async def test_a_mail_that_the_server_can_t_take_is_refused(
    papers: Papers, mailbox: TlsSettings, options: dict[str, Any], code: str
) -> None:
    """Too large, or of letters that it does not carry: said at once, with nothing sent."""

    async def scene(stage: Stage_) -> None:
        await stage.secure("SIZE 1000000")
        await stage.expect("MAIL")

    outcome = await outcome_of(papers, mailbox, scene, composer=Ready(options=options))
    assert isinstance(outcome, Refused)
    assert outcome.code == code


async def test_letters_beyond_ascii_are_announced(papers: Papers, mailbox: TlsSettings) -> None:
    """SMTPUTF8 and 8BITMIME where the mail needs them."""

    async def scene(stage: Stage_) -> None:
        await stage.secure(*OFFERS)
        await take_mail(stage)
        assert " BODY=8BITMIME SMTPUTF8 " in stage.heard[3]
        assert stage.heard[4] == "RCPT TO:<élodie@cabinet.example> NOTIFY=SUCCESS,FAILURE"

    async with (
        script(papers.server(mailbox), scene) as server,
        connector(
            papers, server.port, Ready(options={"smtputf8": True, "eight_bit": True, "mail_from": None})
        ) as out,
    ):
        told = await out.deliver(sent_to("élodie@cabinet.example"))
        assert [type(one) for one in told.values()] == [Delivered]
        assert server.connections[0].heard[3].startswith("MAIL FROM:<> SIZE=")


@pytest.mark.parametrize("goodbye", [[], ["421 4.4.2 idle for too long"]])
async def test_a_connection_that_died_idle_is_replaced(
    papers: Papers, mailbox: TlsSettings, goodbye: list[str]
) -> None:
    """Found out only when the next mail begins, it costs that mail nothing but a new connection."""

    async def leaves(stage: Stage_) -> None:
        await stage.secure(*OFFERS)
        await take_mail(stage)
        await stage.line()
        stage.answer(*goodbye)

    async with script(papers.server(mailbox), leaves, sound) as server, connector(papers, server.port) as out:
        for _ in range(2):
            assert [type(one) for one in (await out.deliver(sent_to())).values()] == [Delivered]
        assert len(server.connections) == 2


async def test_a_lost_answer_is_never_sent_again(papers: Papers, mailbox: TlsSettings) -> None:
    """On a connection that stood idle too: once the dot has left, no second try."""

    async def drops(stage: Stage_) -> None:
        await stage.secure(*OFFERS)
        await take_mail(stage)
        await stage.expect("MAIL", "250 Ok")
        await stage.expect("RCPT", "250 Ok")
        await stage.expect("DATA", "354 go")
        await stage.body()

    async with script(papers.server(mailbox), drops, sound) as server, connector(papers, server.port) as out:
        await out.deliver(sent_to())
        (outcome,) = (await out.deliver(sent_to())).values()
        assert isinstance(outcome, Uncertain)
        assert len(server.connections) == 1


@pytest.mark.parametrize(
    ("at", "kind"), [("greeting", Deferred), ("mail", Deferred), ("data", Deferred), ("dot", Uncertain)]
)
@pytest.mark.parametrize("limit", ["steps", "whole"])
async def test_a_silent_server_is_left(
    papers: Papers, mailbox: TlsSettings, at: str, kind: type, limit: str
) -> None:
    """Each step has its patience, and so has the whole attempt; the outcome says how far it had come."""
    over = asyncio.Event()

    async def scene(stage: Stage_) -> None:
        if at != "greeting":
            await stage.secure(*OFFERS)
            for verb in ("mail", "rcpt", "data"):
                if verb == at:
                    break
                await stage.expect(verb.upper(), "354 go" if verb == "data" else "250 Ok")
            else:
                await stage.body()
        await over.wait()

    short = dt.timedelta(milliseconds=300)
    limits = (
        {"attempt_timeout": short} if limit == "whole" else {"command_timeout": short, "reply_timeout": short}
    )
    outcome = await outcome_of(papers, mailbox, scene, **limits)
    over.set()
    assert type(outcome) is kind
    assert not isinstance(outcome, Delivered)
    assert outcome.code == ("smtp.attempt_timeout" if limit == "whole" else "smtp.timeout")


async def test_a_fault_of_ours_is_told_apart(papers: Papers, mailbox: TlsSettings) -> None:
    """A store that can't be read, a composer that breaks: put off, and not the operator's fault."""

    class Broken:
        def __init__(self, error: Exception) -> None:
            self.error = error

        async def mails(self, sent: object) -> Any:
            raise self.error

    for error in (StoreError("content.unreadable", Words(en="a", fr="b")), KeyError("x")):
        outcome = await outcome_of(papers, mailbox, sound, composer=Broken(error))
        assert isinstance(outcome, Deferred)
        assert not outcome.operator_failed


async def test_an_operator_that_is_away_is_probed(papers: Papers, mailbox: TlsSettings) -> None:
    """A probe returns from a server that answers, and says why not otherwise."""
    async with script(papers.server(mailbox), sound) as server:
        port = server.port
        async with connector(papers, port) as out:
            await out.probe()
            await out.deliver(sent_to())
            assert len(server.connections) == 1
    async with connector(papers, port) as out:
        with pytest.raises(PeerError):
            await out.probe()
        (outcome,) = (await out.deliver(sent_to())).values()
        assert isinstance(outcome, Deferred)
        assert outcome.code == "smtp.unreachable"
        assert outcome.operator_failed


async def test_a_cancelled_attempt_lets_go(papers: Papers, mailbox: TlsSettings) -> None:
    """The hub's own deadline ends it, and its connection with it; the next one works."""
    reached = asyncio.Event()

    async def stuck(stage: Stage_) -> None:
        await stage.secure(*OFFERS)
        reached.set()
        await stage.reader.read()

    async with script(papers.server(mailbox), stuck, sound) as server, connector(papers, server.port) as out:
        task = asyncio.create_task(out.deliver(sent_to()))  # type: ignore[arg-type]
        await reached.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert [type(one) for one in (await out.deliver(sent_to())).values()] == [Delivered]
