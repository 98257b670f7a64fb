"""Programs look people up by HTTP: as one types, or by address, and never see what is not for them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from urllib.parse import quote

import pytest

from hub.domain.address import Address
from hub.domain.party import RPPS, Identifier
from hub.errors import Words
from hub.ports.directory import Coded, DirectoryUnavailableError, Entry, MailboxKind, Standing
from hub.testing.fakes import RecordingIntake, entry
from tests.unit.adapters.http.serving import Served, serving

LILAS = entry(
    "dr.camille.lilas@valbrume.example",
    name="Dr Camille Lilas",
    identifiers=[Identifier(RPPS, "810001234565")],
    certificates=[b"der"],
    profession=Coded("10", "Médecin"),
    specialties=(Coded("SM04", "Cardiologie"),),
    structure="Clinique de Hautmont",
    service="Cardiologie",
    town="Hautmont",
    since=date(2020, 1, 2),
)
SECRETARIAT = entry(
    "secretariat@hautmont.example",
    name="Secrétariat",
    mailbox=MailboxKind.ORGANISATIONAL,
    standing=Standing.CEASED,
    answers_for="Dr Camille Lilas",
    until=date(2026, 2, 28),
    unlisted=True,
)


@dataclass(slots=True)
class TinyCatalogue:
    """A directory of a few entries that finds what a text stands in (`Catalogue`, `Suggests`).

    `asked` are the searches; while `held` is not set, they wait, and the first sets `began`.
    """

    entries: tuple[Entry, ...] = (LILAS, SECRETARIAT)
    asked: list[tuple[str, int]] = field(default_factory=list)
    began: asyncio.Event = field(default_factory=asyncio.Event)
    held: asyncio.Event | None = None
    error: DirectoryUnavailableError | None = None

    async def by_address(self, address: Address) -> Entry | None:
        """Return the mailbox."""
        if self.error is not None:
            raise self.error
        return next((one for one in self.entries if one.address.key == address.key), None)

    async def search(self, text: str, limit: int) -> Sequence[Entry]:
        """Return the entries with `text` in their name."""
        self.asked.append((text, limit))
        self.began.set()
        if self.held is not None:
            await self.held.wait()
        if self.error is not None:
            raise self.error
        return [one for one in self.entries if text in one.name.lower() and not one.unlisted]

    async def near(self, address: Address) -> Sequence[Address]:
        """Return the addresses of the same domain."""
        return [one.address for one in self.entries if one.address.domain == address.domain]


def _showing(catalogue: TinyCatalogue | None = None, **changes: Any) -> Any:
    return serving(intake=RecordingIntake(directory=catalogue or TinyCatalogue()), **changes)


async def _get(served: Served, path: str, **more: Any) -> tuple[Any, Any]:
    response, data = await served.get(path, **more)
    return response, json.loads(data)


async def test_a_search_answers_with_entries() -> None:
    """A program gets everything that a person chooses by, and no certificate's bytes."""
    async with _showing() as served:
        response, body = await _get(served, "/v1/directory?q=lilas&limit=5")
        assert (response.status, response.content_type) == (200, "application/json")
        assert response.headers["Cache-Control"] == "no-store"
        assert body == {
            "entries": [
                {
                    "address": "dr.camille.lilas@valbrume.example",
                    "mailbox": "personal",
                    "kind": "person",
                    "name": "Dr Camille Lilas",
                    "identifiers": [{"system": RPPS, "value": "810001234565"}],
                    "standing": "active",
                    "since": "2020-01-02",
                    "until": None,
                    "answers_for": None,
                    "profession": {"code": "10", "label": "Médecin"},
                    "specialties": [{"code": "SM04", "label": "Cardiologie"}],
                    "structure": "Clinique de Hautmont",
                    "service": "Cardiologie",
                    "town": "Hautmont",
                    "unlisted": False,
                    "certificates": 1,
                    "source": "tiny:1",
                }
            ]
        }
        _, body = await _get(served, "/v1/directory?q=secr%C3%A9tariat")
        assert body == {"entries": []}


async def test_what_is_searched_for_arrives_in_one_form() -> None:
    """Blanks around words are dropped, letters beyond ASCII kept; ten entries when nothing is said."""
    catalogue = TinyCatalogue()
    async with _showing(catalogue) as served:
        await served.get("/v1/directory?q=" + quote("  Éloïse \t d'Hautmont "))
        assert catalogue.asked == [("Éloïse d'Hautmont", 10)]


async def test_a_mailbox_is_shown_to_who_knows_its_address() -> None:
    """Listed or not, in any spelling; its standing and who answers for it are told."""
    async with _showing() as served:
        for path in ("secretariat@hautmont.example", "Secretariat%40HAUTMONT.example"):
            response, body = await _get(served, f"/v1/directory/{path}")
            assert response.status == 200
            assert (body["address"], body["standing"], body["until"], body["answers_for"]) == (
                "secretariat@hautmont.example",
                "ceased",
                "2026-02-28",
                "Dr Camille Lilas",
            )
            assert (body["mailbox"], body["kind"], body["unlisted"]) == (
                "organisational",
                "organisation",
                True,
            )


async def test_a_patient_s_mailbox_is_not_shown() -> None:
    """Its address is a health identifier, which has no place in a URL."""
    patient = entry("299029900000006@patient.example", mailbox=MailboxKind.PATIENT)
    async with _showing(TinyCatalogue(entries=(patient,))) as served:
        response, body = await _get(served, f"/v1/directory/{patient.address}")
        assert (response.status, body["code"]) == (404, "directory.not_listed")
        assert "suggestions" not in body


async def test_an_address_that_nobody_has_gets_suggestions() -> None:
    """404 names what may have been meant; where nothing is near, or can be, there is none."""
    async with _showing() as served:
        response, body = await _get(
            served, "/v1/directory/dr.camile.lilas@valbrume.example", headers={"Accept-Language": "fr"}
        )
        assert (response.status, body["code"]) == (404, "directory.not_listed")
        assert body["detail"] == "Aucun annuaire ne connaît cette boîte."
        assert body["suggestions"] == ["dr.camille.lilas@valbrume.example"]
        _, body = await _get(served, "/v1/directory/nobody@elsewhere.example")
        assert "suggestions" not in body
    async with serving() as served:
        response, body = await _get(served, "/v1/directory/a%2Fb@valbrume.example")
        assert (response.status, body["code"]) == (404, "directory.not_listed")


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("?q=", 400, "http.query"),
        ("?q=%20", 400, "http.query"),
        ("?limit=3", 400, "http.query"),
        ("", 400, "http.query"),
        ("?q=a%00b", 400, "http.query"),
        ("?q=" + "a" * 201, 400, "http.query"),
        ("?q=a&q=b", 400, "http.query"),
        ("?q=a&limit=0", 400, "http.query"),
        ("?q=a&limit=51", 400, "http.query"),
        ("?q=a&limit=-1", 400, "http.query"),
        ("?q=a&limit=%D9%A3", 400, "http.query"),
        ("?q=a&limit=" + "9" * 5000, 400, "http.query"),
        ("?q=a&page=2", 400, "http.query"),
        ("/nobody", 422, "address.malformed"),
        ("/a%0Ab@valbrume.example", 422, "address.malformed"),
    ],
)
async def test_a_question_that_is_wrong_is_told_so(path: str, status: int, code: str) -> None:
    """Each fault has its words, and no directory is asked."""
    catalogue = TinyCatalogue()
    async with _showing(catalogue) as served:
        response, body = await _get(served, f"/v1/directory{path}")
        assert (response.status, body["code"]) == (status, code)
        assert catalogue.asked == []


@pytest.mark.parametrize("path", ["/v1/directory?q=lilas", f"/v1/directory/{LILAS.address}"])
async def test_nobody_looks_without_saying_who_they_are(path: str) -> None:
    """Without a token, or with a wrong one, nothing is shown."""
    async with _showing() as served:
        for token in (None, "wrong"):
            response, data = await served.get(path, token=token)
            assert response.status == 401
            assert b"Camille" not in data


@pytest.mark.parametrize("path", ["/v1/directory?q=lilas", f"/v1/directory/{LILAS.address}"])
async def test_a_directory_that_cant_answer_is_not_an_empty_one(path: str) -> None:
    """503 with the directory's own words, to be tried again."""
    words = Words(en="The directory can't answer now.", fr="L'annuaire ne peut répondre.")
    error = DirectoryUnavailableError("directory.unavailable", words)
    async with _showing(TinyCatalogue(error=error)) as served:
        response, body = await _get(served, path)
        assert (response.status, body["detail"]) == (503, words.en)
        assert response.headers["Retry-After"] == "10"


async def test_too_many_at_a_time_are_told_to_come_back() -> None:
    """Beyond the configured number the answer is 503 at once, and messages are taken all the same."""
    held = asyncio.Event()
    catalogue = TinyCatalogue(held=held)
    async with _showing(catalogue, searches=1) as served:
        first = asyncio.create_task(served.get("/v1/directory?q=lilas"))
        await catalogue.began.wait()
        response, body = await _get(served, "/v1/directory?q=lilas")
        assert (response.status, body["code"], response.headers["Retry-After"]) == (503, "http.busy", "1")
        assert (await served.post())[0].status == 202
        held.set()
        assert (await first)[0].status == 200
        assert (await _get(served, "/v1/directory?q=lilas"))[0].status == 200


async def test_the_log_does_not_say_who_was_looked_for() -> None:
    """Method, route and client stand in it; no name, no address, no query."""
    async with _showing() as served:
        await served.get("/v1/directory?q=lilas&x=Aubepine")
        await served.get("/v1/directory?q=lilas")
        await served.get(f"/v1/directory/{LILAS.address}")
        routes = [fields["route"] for _, event, fields in served.log.lines if event == "http.answered"]
        assert routes == ["/v1/directory", "/v1/directory", "/v1/directory/{address}"]
        for word in ("lilas", "Aubepine", "q="):
            assert word not in str(served.log.lines)
