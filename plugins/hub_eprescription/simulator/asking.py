"""A request to the double, read whole, and its answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

from hub_eprescription.simulator import fhir
from hub_eprescription.simulator.fhir import FhirError, Form, Resource
from hub_eprescription.simulator.outcomes import declined, invalid
from hub_eprescription.simulator.parties import Access, Role
from hub_eprescription.simulator.spine_names import BASE as SPINE

if TYPE_CHECKING:
    from aiohttp import web

MAX_BODY: Final = 4 << 20
"""Bytes of a request."""


class TooLargeError(Exception):
    """A request is larger than the double takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """A request. Names of headers are in lower case."""

    method: str
    path: str
    query: Sequence[tuple[str, str]] = field(default=(), repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)

    def value(self, name: str) -> str | None:
        """Return a parameter's value; None when it is not there."""
        return next((value for key, value in self.query if key == name), None)

    def values(self, name: str) -> list[str]:
        """Return all values of a parameter."""
        return [value for key, value in self.query if key == name]

    def resource(self) -> Resource:
        """Read the body. Raises DeclinedError: 415 for what is not FHIR, 400 for what can't be read."""
        form = Form.of(self.headers.get("content-type", ""))
        if form is None:
            raise declined(
                415, "invalid", "Content-Type is not application/fhir+xml or application/fhir+json"
            )
        try:
            return fhir.read(self.body, form)
        except FhirError as error:
            raise invalid("FHIR-Validation error", str(error)) from error

    def form(self, access: Access | None) -> Form:
        """Return what the answer is to be written in. Raises DeclinedError: 406.

        Who does not say gets what the service usually gives: JSON to patients and from EPS, else XML.
        """
        accepted = self.headers.get("accept", "")
        to_patient = access is not None and access.role is Role.PATIENT
        usual = Form.JSON if to_patient or self.path.startswith(SPINE) else Form.XML
        if not accepted.strip():
            return usual
        for one in accepted.split(","):
            kind = one.partition(";")[0].strip().lower()
            if kind in {"*/*", "application/*"}:
                return usual
            if (form := Form.of(kind)) is not None:
                return form
        raise declined(406, "not-supported", "Accept asks for neither FHIR XML nor FHIR JSON")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the service answers. `resource` is written in the form that was asked for."""

    status: int = 200
    resource: Resource | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)


async def read(request: web.BaseRequest) -> Asking:
    """Read a request whole. Raises TooLargeError."""
    pieces, size = [], 0
    async for piece in request.content.iter_any():
        size += len(piece)
        if size > MAX_BODY:
            raise TooLargeError
        pieces.append(piece)
    return asking(
        request.method, request.raw_path, {name.lower(): value for name, value in request.headers.items()},
        b"".join(pieces),
    )  # fmt: skip


def asking(method: str, target: str, headers: Mapping[str, str], body: bytes) -> Asking:
    """Make one. `target` is the path with its query, as it came."""
    from urllib.parse import unquote  # noqa: PLC0415 - beside its only use

    path, _, query = target.partition("?")
    return Asking(
        method=method,
        path=unquote(path),
        query=tuple(parse_qsl(query, keep_blank_values=True)),
        headers=headers,
        body=body,
    )


def found(fields: Mapping[str, Any]) -> Resource:
    """Return a resource without its empty members."""
    return {name: value for name, value in fields.items() if value is not None}
