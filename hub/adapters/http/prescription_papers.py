"""What belongs to a prescription: what is to be signed and what was, its 2D code, the patient's sheet."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web

from hub.adapters.http import faults
from hub.adapters.http import prescription_answers as answers
from hub.adapters.http.frame import LANGUAGE
from hub.adapters.http.prescription_access import ROOM, Access, choice
from hub.errors import LANGUAGES
from hub.ports.prescribing import CodeForm

_DRAWN: Final = {CodeForm.PNG: "image/png", CodeForm.SVG: "image/svg+xml"}

Handler = Callable[[web.Request], Awaitable[web.Response]]


class Papers:
    """Takes signatures, and gives what is kept or drawn."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._prescriptions = access.prescriptions

    async def to_sign(self, request: web.Request) -> web.Response:
        """Answer with the bytes that the prescriber's workstation is to sign."""
        peer, prescription = self._access.asked(request)
        return _bytes(await self._prescriptions.to_sign(peer, prescription), "application/octet-stream")

    async def put_signed(self, request: web.Request) -> web.Response:
        """Take what the workstation signed, and go on. The same bytes again are harmless."""
        peer, prescription = self._access.asked(request)
        progress = await self._prescriptions.standing(peer, prescription)
        signed = await self._access.body(request, self._access.most_bytes(progress.service) + ROOM)
        if not signed:
            raise faults.malformed(
                "The body is empty: put the signed bytes there.",
                "Le corps est vide : mettez-y les octets signés.",
                code="http.empty",
            )
        await self._prescriptions.sign(peer, prescription, signed)
        progress = await self._access.waited(request, peer, prescription)
        return answers.ordered(progress, fine=200, again=False, language=request[LANGUAGE])

    async def signed(self, request: web.Request) -> web.Response:
        """Answer with the signed bytes, exactly."""
        peer, prescription = self._access.asked(request)
        media_type, data = await self._prescriptions.signed(peer, prescription)
        return _bytes(data, media_type)

    def code(self, form: CodeForm) -> Handler:
        """Return what answers with the 2D code, drawn."""

        async def drawn(request: web.Request) -> web.Response:
            """Draw it."""
            peer, prescription = self._access.asked(request)
            return _bytes(await self._prescriptions.draw(peer, prescription, form), _DRAWN[form])

        return drawn

    async def printed(self, request: web.Request) -> web.Response:
        """Answer with the sheet for the patient."""
        peer, prescription = self._access.asked(request)
        language = choice(request, "language", LANGUAGES) or request[LANGUAGE]
        sheet = await self._prescriptions.printed(peer, prescription, language)
        response = _bytes(sheet, "application/pdf")
        response.headers["Content-Language"] = language
        response.headers["Content-Disposition"] = "inline; filename=prescription.pdf"
        return response


def _bytes(data: bytes, media_type: str) -> web.Response:
    return web.Response(body=data, headers={"Content-Type": media_type})
