"""Prescriptions through the API of a running hub (`hub prescription`).

What each method answers is what the API answers: `docs/reference/api.md`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

import aiohttp

from hub.adapters.http.client import Answer, Attachment, Client, opened_file

_PATH: Final = "/v1/prescriptions"
_FINE: Final = (200,)
_TAKEN: Final = (200, 201, 202)


class PrescriptionClient:
    """One client's prescriptions.

    Every method raises InputError, TrustError (401, 403), or PeerError: with the last, the same again is
    harmless.
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    async def order(self, order: Mapping[str, Any], file: Attachment, key: str, wait: int) -> Any:
        """Order a prescription, which streams from its file, and wait so many seconds for its issue."""
        headers = {"Idempotency-Key": key, "Prefer": f"wait={wait}"}
        told = {**order, "prescription": {"media_type": file.media_type, "part": "prescription"}}
        form = aiohttp.FormData()
        form.add_field("message", json.dumps(told, ensure_ascii=False), content_type="application/json")
        with opened_file(file.path) as opened:
            form.add_field("prescription", opened, filename="p", content_type="application/octet-stream")
            return (await self._client.ask("POST", _PATH, _TAKEN, headers, data=form)).json()

    async def standing(self, prescription: str, *, fresh: bool = False) -> Any:
        """Return how it stands; `fresh` has the service asked now."""
        query = "?fresh=true" if fresh else ""
        return (await self._ask("GET", prescription, query)).json()

    async def cancel(self, prescription: str, code: str | None, text: str | None) -> Any:
        """Cancel it; `result` is `pending` while the hub goes on asking."""
        reason = {name: said for name, said in (("code", code), ("text", text)) if said}
        return (await self._ask("DELETE", prescription, json={"reason": reason})).json()

    async def hand_over(self, prescription: str, to: Any, form: str) -> Any:
        """Hand it over by secure mail."""
        return (await self._ask("POST", prescription, "/hand-over", json={"to": to, "as": form})).json()

    async def fetch(self, prescription: str, what: str) -> bytes:
        """Return `to-sign`, `signed`, `code.png`, `code.svg` or `print.pdf`."""
        return (await self._client.ask("GET", f"{_path(prescription)}/{what}", _FINE, {})).body

    async def sign(self, prescription: str, signed: bytes, wait: int) -> Any:
        """Hand over what the workstation signed, and wait so many seconds for the issue."""
        headers = {"Prefer": f"wait={wait}", "Content-Type": "application/octet-stream"}
        path = f"{_path(prescription)}/signed"
        return (await self._client.ask("PUT", path, _TAKEN, headers, data=signed)).json()

    async def _ask(self, method: str, prescription: str, rest: str = "", **body: Any) -> Answer:
        return await self._client.ask(method, f"{_path(prescription)}{rest}", _TAKEN, {}, **body)


def _path(prescription: str) -> str:
    return f"{_PATH}/{quote(prescription, safe='')}"
