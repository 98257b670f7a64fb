"""Authorities that don't answer as they should: none of it counts, hangs, floods or is asked for ever."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from hub.testing.fakes import FixedClock, RecordingLog
from hub_smtp.revocation import responses
from hub_smtp.revocation.checker import State
from hub_smtp.revocation.settings import OnNoAnswer
from tests.plugins.smtp.revocation.authority import NOW, OpensslAuthority, free_port, places
from tests.plugins.smtp.revocation.world import checker, host, http, serving, settings

TRY_LATER = ocsp.OCSPResponseBuilder.build_unsuccessful(ocsp.OCSPResponseStatus.TRY_LATER)
SOON = timedelta(milliseconds=200)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (http(b"garbage"), "malformed"),
        (http(b""), "malformed"),
        (http(b"", "500 Internal Server Error"), "status"),
        (http(b"", "302 Found", "Location: http://127.0.0.1:1/"), "status"),
        (http(bytes(5000)), "too-large"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2000\r\n" + bytes(0x2000), "too-large"),
        (b"no HTTP at all\r\n\r\n", "unreachable"),
        (b"", "unreachable"),
        (
            http(TRY_LATER.public_bytes(Encoding.DER)),
            "refused",
        ),
        ("silent", "silent"),
        ("slow", "silent"),
    ],
    ids=str,
)
@pytest.mark.parametrize("by", ["ocsp", "list"])
async def test_a_bad_answer(
    authority: OpensslAuthority, tmp_path: Path, answer: bytes | str, code: str, by: str
) -> None:
    """Each has its reason; within its time, and without reading more than may be read."""
    async with serving() as server:
        path = "/" if by == "ocsp" else "/list.crl"
        server.answers[path] = answer if isinstance(answer, bytes) else getattr(server, answer)
        lines = places(server.port, ocsp=by == "ocsp", lists=[] if by == "ocsp" else ["list.crl"])
        one = authority.issue(*lines)
        waits = SOON if isinstance(answer, str) else timedelta(seconds=20)
        small = settings(server.port, timeout=waits, ocsp_bytes=4096, list_bytes=4096)
        async with checker(small, host(tmp_path)) as revocation:
            status = await revocation.check((one.certificate, authority.certificate))
        assert status.state is State.UNANSWERED
        expected = "malformed" if (by, code) == ("list", "refused") else code
        assert status.reason.code == expected


async def test_a_place_that_fails_is_left_alone(authority: OpensslAuthority, tmp_path: Path) -> None:
    """A place that failed is not asked again for a while, whoever the question is about; then it is."""
    async with serving({"/": http(b"", "503 Service Unavailable")}) as server:
        one, other = authority.issue(*places(server.port)), authority.issue(*places(server.port))
        lent = host(tmp_path)
        assert isinstance(lent.clock, FixedClock)
        async with checker(settings(server.port), lent) as revocation:
            for what in (one, other, one):
                status = await revocation.check((what.certificate, authority.certificate))
                assert status.reason.code == "status"
            assert server.asked["/"] == 1
            lent.clock.advance(timedelta(minutes=2))
            await revocation.check((one.certificate, authority.certificate))
            assert server.asked["/"] == 2


async def test_who_is_not_allowed_is_not_asked(authority: OpensslAuthority, tmp_path: Path) -> None:
    """A place that the configuration does not name gets no connection."""
    async with serving() as server:
        one = authority.issue(*places(server.port, lists=["list.crl"]))
        async with checker(settings(server.port + 1 if server.port < 65535 else 1), host(tmp_path)) as asking:
            status = await asking.check((one.certificate, authority.certificate))
        assert (status.state, status.reason.code) == (State.UNANSWERED, "not-allowed")
        assert not server.asked


async def test_a_certificate_that_names_nobody(authority: OpensslAuthority, tmp_path: Path) -> None:
    """Without a list and a place to ask there is no answer, and the log says under which policy."""
    one = authority.issue()
    for policy, event in (
        (OnNoAnswer.REQUIRE, "smime.revocation.unanswered"),
        (OnNoAnswer.PREFER, "smime.revocation.passed_over"),
    ):
        lent = host(tmp_path)
        async with checker(settings(1, policy), lent) as revocation:
            status = await revocation.check((one.certificate, authority.certificate))
        assert (status.state, status.reason.code) == (State.UNANSWERED, "no-place")
        assert isinstance(lent.log, RecordingLog)
        assert lent.log.events() == [event]


async def test_an_answer_of_before(authority: OpensslAuthority, tmp_path: Path) -> None:
    """Somebody who plays back a recorded answer is found out: the nonce is another, or its time is over."""
    port = free_port()
    async with serving() as server:
        one = authority.issue(*places(server.port))
        recorded = await _recorded(authority, one.certificate, port, bytes(32))
        server.answers["/"] = http(recorded)
        async with checker(settings(server.port), host(tmp_path)) as revocation:
            status = await revocation.check((one.certificate, authority.certificate))
            assert status.reason.code == "replayed"
        late = host(tmp_path / "late", timedelta(days=2))
        async with checker(settings(server.port, nonce=False), late) as revocation:
            status = await revocation.check((one.certificate, authority.certificate))
            assert status.reason.code == "out-of-date"
        # In time, and without a nonce to compare: it counts (RFC 6960, 4.4.1).
        async with checker(settings(server.port, nonce=False), host(tmp_path / "now")) as revocation:
            assert (await revocation.check((one.certificate, authority.certificate))).state is State.GOOD


async def test_an_answer_about_another(authority: OpensslAuthority, tmp_path: Path) -> None:
    """An honest answer about somebody else's certificate clears nobody."""
    async with serving() as server:
        one, other = authority.issue(*places(server.port)), authority.issue()
        server.answers["/"] = http(await _recorded(authority, other.certificate, free_port(), None))
        async with checker(settings(server.port), host(tmp_path)) as revocation:
            status = await revocation.check((one.certificate, authority.certificate))
        assert (status.state, status.reason.code) == (State.UNANSWERED, "other")


async def test_questions_of_one_moment_are_one(authority: OpensslAuthority, tmp_path: Path) -> None:
    """Many mails to one recipient ask once; one that is cancelled does not end it for the others."""
    async with serving() as server:
        one = authority.issue(*places(server.port))
        good = http(await _recorded(authority, one.certificate, free_port(), None))
        arrived = asyncio.Event()

        async def held(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            arrived.set()
            await server.release.wait()
            writer.write(good)
            await writer.drain()

        server.answers["/"] = held
        async with checker(settings(server.port, nonce=False), host(tmp_path)) as revocation:
            path = (one.certificate, authority.certificate)
            asking = [asyncio.create_task(revocation.check(path)) for _ in range(20)]
            await arrived.wait()
            asking[0].cancel()
            server.release.set()
            done = await asyncio.gather(*asking, return_exceptions=True)
        assert isinstance(done[0], asyncio.CancelledError)
        assert {one.state for one in done[1:]} == {State.GOOD}  # type: ignore[union-attr]
        assert server.asked == {"/": 1}


async def test_answers_are_renewed_before_they_end(authority: OpensslAuthority, tmp_path: Path) -> None:
    """What is in use is asked for anew in time; when that fails, the old answer counts until its end."""
    async with serving() as server:
        one = authority.issue(*places(server.port, ocsp=False, lists=["list.crl"]))
        path = (one.certificate, authority.certificate)
        first = authority.revocation_list(until=NOW + timedelta(hours=10))
        server.answers["/list.crl"] = http(first)
        lent = host(tmp_path)
        assert isinstance(lent.clock, FixedClock)
        async with checker(settings(server.port), lent) as revocation:
            for _ in range(2):
                assert (await revocation.check(path)).state is State.GOOD
            await revocation.refresh()
            assert server.asked["/list.crl"] == 1
            lent.clock.advance(timedelta(hours=9))
            server.answers["/list.crl"] = http(b"garbage")
            await revocation.refresh()
            assert (await revocation.check(path)).state is State.GOOD
            lent.clock.advance(timedelta(minutes=5))
            authority.revoke(one)
            server.answers["/list.crl"] = http(authority.revocation_list(until=NOW + timedelta(days=2)))
            await revocation.refresh()
            assert (await revocation.check(path)).state is State.REVOKED
        assert server.asked["/list.crl"] == 3


async def test_forged_answers_on_disk(authority: OpensslAuthority, tmp_path: Path) -> None:
    """Whoever can write to the hub's folder can't make a revoked certificate good."""
    async with serving() as server:
        one = authority.issue(*places(server.port, ocsp=False, lists=["list.crl"]))
        path = (one.certificate, authority.certificate)
        clean = authority.revocation_list()
        server.answers["/list.crl"] = http(clean)
        async with checker(settings(server.port), host(tmp_path)) as revocation:
            assert (await revocation.check(path)).state is State.GOOD
        double = OpensslAuthority(tmp_path / "double").revocation_list()
        authority.revoke(one)
        server.answers["/list.crl"] = http(authority.revocation_list())
        for file in (tmp_path / "revocation").iterdir():
            file.write_bytes(double)
        async with checker(settings(server.port), host(tmp_path)) as revocation:
            assert (await revocation.check(path)).state is State.REVOKED


async def _recorded(
    authority: OpensslAuthority, certificate: x509.Certificate, port: int, nonce: bytes | None
) -> bytes:
    """Return what `openssl ocsp` answers about a certificate."""
    with authority.answering(port):
        async with (
            aiohttp.ClientSession() as session,
            session.post(
                f"http://127.0.0.1:{port}/",
                data=responses.question(certificate, authority.certificate, nonce),
            ) as answer,
        ):
            return await answer.read()
