"""A server that fails, throttles, lies or floods: each gets its own words, and is never 'not listed'."""

from __future__ import annotations

import gzip
import socket
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from yarl import URL

from hub.domain.address import Address
from hub.errors import ConfigError
from hub.ports.directory import DirectoryUnavailableError
from tests.plugins.annuaire_fhir import faulty, server
from tests.plugins.annuaire_fhir import place as places
from tests.plugins.annuaire_fhir.place import Place

LISTED = "dr3@valbrume.mssante.example"


async def _fails(place: Place, fault: server.Fault, **changed: Any) -> DirectoryUnavailableError:
    directory = await place.asking(**changed)
    place.server.constant = fault
    with pytest.raises(DirectoryUnavailableError) as caught:
        await directory.by_address(Address.parse(LISTED))
    assert server.KEY not in str(caught.value)
    assert LISTED not in str(caught.value)
    assert caught.value.words.fr
    return caught.value


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (faulty.status(500), "fhir.failed"),
        (faulty.status(503), "fhir.busy"),
        (faulty.status(429), "fhir.busy"),
        (faulty.status(401), "fhir.key_refused"),
        (faulty.status(403), "fhir.key_refused"),
        (faulty.status(400), "fhir.refused"),
        (faulty.status(404), "fhir.refused"),
        (faulty.status(302, Location="https://elsewhere.example/"), "fhir.redirected"),
        (faulty.cut, "fhir.unreachable"),
        (faulty.body(b"<html/>", "text/html"), "fhir.not_fhir"),
        (faulty.body(b"{"), "fhir.not_fhir"),
        (faulty.body(b"[]"), "fhir.not_fhir"),
        (faulty.body(b'{"resourceType":"Patient"}'), "fhir.not_fhir"),
        (faulty.body(b'{"resourceType":"Bundle","type":"searchset","entry":{}}'), "fhir.not_fhir"),
        (faulty.body(b'{"resourceType":"Bundle","type":"searchset","entry":[1]}'), "fhir.not_fhir"),
        (faulty.bundle(link=[{"relation": "next"}]), "fhir.not_fhir"),
        (faulty.bundle(entry=[{"resource": {"resourceType": "Practitioner"}}]), "fhir.record"),
        (faulty.following("https://elsewhere.example/fhir/v2/Practitioner"), "fhir.elsewhere"),
        (faulty.following("http://localhost/fhir/v2/Practitioner"), "fhir.elsewhere"),
        (faulty.following("https://user@localhost/fhir/v2/"), "fhir.elsewhere"),
        (faulty.following("//elsewhere.example/fhir/v2/"), "fhir.elsewhere"),
        (faulty.following("/fhir/v2/../../admin"), "fhir.elsewhere"),
        (faulty.following("/fhir/v2/%2e%2e/admin"), "fhir.elsewhere"),
        (faulty.following("?_page_token=same"), "fhir.endless"),
        (faulty.body(b'{"a":' + b"[" * 100 + b"]" * 100 + b"}"), "fhir.too_deep"),
        (faulty.body(b'{"a":[' + b"[" * 100_000), "fhir.too_deep"),
    ],
)
async def test_each_fault_has_its_words(place: Place, fault: server.Fault, code: str) -> None:
    """What depends on the answer waits, and whoever runs the hub reads what is wrong."""
    assert (await _fails(place, fault)).code == code


async def test_what_the_server_says_is_shown_without_what_is_somebodys(place: Place) -> None:
    """An OperationOutcome may repeat our question, with the address in it."""
    text = f"Unknown parameter mailbox-mss:exact={LISTED}, RPPS 810000000017\nsee the manual"
    error = await _fails(place, faulty.status(400, text))
    assert error.words.en == (
        "The directory's server refuses our question (400): “Unknown parameter […] RPPS […] see the manual”."
    )


async def test_more_than_the_limit_is_not_read(place: Place) -> None:
    """Neither when it says so nor when it only comes."""
    limit = {"max_response": 1 << 18}
    assert (await _fails(place, faulty.huge(1 << 22), **limit)).code == "fhir.too_large"
    assert (await _fails(place, faulty.body(b" " * (1 << 19)), **limit)).code == "fhir.too_large"


async def test_what_is_small_only_while_packed_is_not_read(place: Place) -> None:
    """The limit is on what comes out."""

    async def bomb(_request: web.Request) -> web.Response:
        return web.Response(
            body=gzip.compress(b" " * (1 << 24)),
            headers={"Content-Encoding": "gzip", "Content-Type": "application/fhir+json"},
        )

    assert (await _fails(place, bomb, max_response=1 << 20)).code == "fhir.too_large"


async def test_who_does_not_answer_in_time_is_unreachable(place: Place) -> None:
    """One slow server holds nobody up for longer."""
    error = await _fails(place, faulty.slow(place.server), timeout=timedelta(milliseconds=50))
    assert error.code == "fhir.unreachable"
    assert "no answer in time" in error.words.en


async def test_a_server_that_is_not_there(place: Place) -> None:
    """A refused connection says so."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = URL(f"https://localhost:{free.getsockname()[1]}/fhir/v2/")
        directory = await place.asking(url=url)
        with pytest.raises(DirectoryUnavailableError) as caught:
            await directory.by_address(Address.parse(LISTED))
    assert caught.value.code == "fhir.unreachable"


async def test_a_stranger_with_another_certificate_gets_no_key(place: Place) -> None:
    """The system's authorities don't know the test's: nothing is asked."""
    directory = await place.asking(anchors=())
    with pytest.raises(DirectoryUnavailableError) as caught:
        await directory.by_address(Address.parse(LISTED))
    assert caught.value.code == "fhir.certificate"
    assert place.server.asked == []


async def test_the_key_goes_in_the_header_that_is_configured(place: Place) -> None:
    """Its name differs from one gateway to the next."""
    seen: list[str | None] = []

    async def look(request: web.Request) -> None:
        seen.append(request.headers.get("X-Gravitee-Api-Key"))

    place.server.constant = look
    directory = await place.asking(key_header="X-Gravitee-Api-Key")
    with pytest.raises(DirectoryUnavailableError):
        await directory.by_address(Address.parse(LISTED))
    assert set(seen) == {server.KEY}


async def test_a_fault_that_passes_is_not_noticed(place: Place, waits: list[float]) -> None:
    """The question is asked again, a little later each time."""
    place.server.faults = [faulty.status(500), faulty.cut, faulty.status(502)]
    directory = await place.asking(retries=3)
    assert (await places.found(directory, LISTED)).rank == 1
    assert all(0 <= one <= 2 for one in waits)


async def test_retries_are_bounded(place: Place, waits: list[float]) -> None:
    """Each of the three searches is tried three times, and no more."""
    await _fails(place, faulty.status(500), retries=2)
    assert len(place.server.asked) <= 9


@pytest.mark.parametrize("dated", [False, True])
async def test_who_is_asked_to_wait_waits(place: Place, waits: list[float], *, dated: bool) -> None:
    """Retry-After, in seconds or as a date, holds for every question."""
    at = format_datetime(place.clock.now() + timedelta(seconds=7), usegmt=True)
    place.server.faults = [faulty.status(429, Retry_After=at if dated else "7")]
    directory = await place.asking(retries=1)
    await places.found(directory, LISTED)
    assert any(6 < one <= 7 for one in waits)


async def test_nobody_waits_longer_than_configured(place: Place, waits: list[float]) -> None:
    """An hour is an answer too: the directory is not available now."""
    error = await _fails(place, faulty.status(503, Retry_After="3600"), retries=5)
    assert error.code == "fhir.busy"
    assert waits == []


async def test_the_server_is_not_asked_faster_than_configured(place: Place, waits: list[float]) -> None:
    """Two a second: eight questions of four searches take some fifteen seconds of the clock."""
    directory = await place.asking(rate=2)
    before = place.clock.monotonic()
    for number in range(8):
        await places.found(directory, f"dr{number}@valbrume.mssante.example")
    taken = place.clock.monotonic() - before
    assert taken >= (len(place.server.asked) - 2) / 2 - 1e-6


@pytest.mark.parametrize(
    ("content", "mode", "words"),
    [
        (b"a key", 0o600, "does not hold a key"),
        (b"", 0o600, "does not hold a key"),
        (b"k" * 5000, 0o600, "does not hold a key"),
        (b"secret", 0o644, "can be read or changed by others (mode 0644)"),
    ],
)
async def test_a_key_file_that_can_not_be_used(place: Place, content: bytes, mode: int, words: str) -> None:
    """Before anything is asked; what stands in it is not said."""
    path = place.folder / "key"
    path.write_bytes(content)
    path.chmod(mode)
    with pytest.raises(ConfigError) as caught:
        await place.asking()
    assert words in caught.value.words.en
    assert "secret" not in str(caught.value)


async def test_anchors_that_are_none(place: Place, tmp_path: Path) -> None:
    """A wrong file is named, instead of trusting nobody."""
    (tmp_path / "wrong.pem").write_text("nothing")
    with pytest.raises(ConfigError) as caught:
        await place.asking(anchors=(tmp_path / "wrong.pem",))
    assert "wrong.pem" in caught.value.words.en
