"""Prescriptions as JSON, and as the problems that a client is told of.

Number, access code and 2D code stand in a body that only the client who ordered sees, and nowhere else.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from aiohttp import web

from hub.adapters.http import prescription_words as words
from hub.domain.ids import EnvelopeId
from hub.domain.party import Identifier
from hub.domain.prescription import Medicine, PrescriptionView
from hub.domain.times import rfc3339
from hub.errors import ConflictError, HubError, InputError, PeerError, TrustError
from hub.ports.prescribing import Progress, Standing
from hub.ports.prescription import Cancellation, Dispensing

_ABOUT_THE_PRESCRIBER = ("sender.", "prescriber.")
"""How the codes begin that say of somebody that they may not prescribe."""


def ordered(progress: Progress, *, fine: int, again: bool, language: str) -> web.Response:
    """Answer `fine` when it is issued, 202 while it is not; raise the error for an order that is over."""
    if words.over(progress):
        raise rejected(progress)
    status = fine if words.issued(progress) else 202
    headers = {"Location": where(progress.id)}
    if again:
        headers["Idempotent-Replayed"] = "true"
    return answer(as_json(progress, language), language, status=status, headers=headers)


def answer(
    body: Mapping[str, Any], language: str, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> web.Response:
    """Make an answer in JSON."""
    return web.Response(
        status=status,
        body=json.dumps(body, ensure_ascii=False).encode(),
        content_type="application/json",
        headers={"Content-Language": language, **(headers or {})},
    )


def where(prescription: EnvelopeId) -> str:
    """Return a prescription's path."""
    return f"/v1/prescriptions/{prescription}"


def rejected(progress: Progress) -> HubError:
    """Make the error for an order of which nothing came. `cause` is the code of why."""
    code = progress.code or ""
    branch = TrustError if code.startswith(_ABOUT_THE_PRESCRIBER) else InputError
    return branch(
        "prescription.rejected",
        words.of(progress),
        id=progress.id,
        state=progress.state.value,
        cause=progress.code,
        outcome=progress.detail,
    )


def cancellation(prescription: EnvelopeId, result: Cancellation, language: str) -> web.Response:
    """Answer 200 when it is cancelled; raise the ConflictError that says why it could not be."""
    if not result.result.done:
        raise ConflictError(
            "prescription.not_cancelled",
            result.words,
            id=prescription,
            result=result.result.value,
            state=result.state.value,
            outcome=result.detail,
        )
    body = {
        "id": prescription,
        "result": result.result.value,
        "state": result.state.value,
        "detail": result.words.in_language(language),
        "outcome": result.detail,
    }
    return answer(body, language)


def still_asking(prescription: EnvelopeId, error: PeerError, language: str) -> web.Response:
    """Answer 202 when the service can't be asked now, and the hub goes on asking."""
    body = {
        "id": prescription,
        "result": "pending",
        "state": None,
        "detail": words.still_asking(error.words).in_language(language),
        "outcome": error.fields.get("outcome"),
    }
    return answer(body, language, status=202, headers={"Location": where(prescription)})


def as_json(progress: Progress, language: str) -> dict[str, Any]:
    """Return a prescription's members; what there is not is `null`."""
    standing = progress.standing
    record = None if standing is None else standing.record
    view = None if standing is None else standing.view
    return {
        "id": progress.id,
        "service": progress.service,
        "state": progress.state.value,
        "detail": words.of(progress).in_language(language),
        "code": progress.code,
        "awaits_signature": record is not None and record.awaits,
        "accepted_at": rfc3339(progress.accepted_at),
        "due_at": _moment(progress.due_at),
        "changed_at": _moment(record.changed_at if record else None),
        "issued_at": _moment(record.issued_at if record else None),
        "expires_at": _moment(record.expires_at if record else None),
        "number": record.number if record else None,
        "access_code": record.secret if record else None,
        "token": record.code if record else None,
        "signed": _signed(standing),
        "cancelled": record.cancelled.value if record and record.cancelled else None,
        "warnings": [one.in_language(language) for one in record.warnings] if record else [],
        "unused_numbers": record.orphans if record else 0,
        "view": None if view is None else _view(view),
        "events": [_event(one, language) for one in standing.events] if standing else [],
        "handed_over": _handed(standing.handed) if standing else [],
        "outcome": progress.detail,
    }


def _signed(standing: Standing | None) -> dict[str, Any] | None:
    if standing is None or standing.record.signed_sha256 is None:
        return None
    return {"sha256": standing.record.signed_sha256, "media_type": standing.record.signed_type}


def _event(one: Dispensing, language: str) -> dict[str, Any]:
    return {
        "id": one.id,
        "at": rfc3339(one.at),
        "state": one.state.value,
        "detail": one.text.in_language(language),
        "media_type": one.media_type,
    }


def _handed(handed: Mapping[str, EnvelopeId]) -> list[dict[str, Any]]:
    """List what was handed over: its name is the order in canonical JSON (`HandOrder.name`)."""
    return [{**json.loads(order), "message": envelope} for order, envelope in handed.items()]


def _view(view: PrescriptionView) -> dict[str, Any]:
    return {
        "number": view.number,
        "authored_on": _day(view.authored_on),
        "valid_until": _day(view.valid_until),
        "patient": {
            "name": view.patient,
            "identifiers": _identifiers(view.patient_identifiers),
            "born": _day(view.born),
        },
        "prescriber": {
            "name": view.prescriber,
            "identifiers": _identifiers(view.prescriber_identifiers),
            "organisation": view.organisation,
        },
        "medicines": [_medicine(one) for one in view.medicines],
    }


def _medicine(one: Medicine) -> dict[str, Any]:
    return {
        "name": one.name,
        "code": one.code,
        "system": one.system,
        "form": one.form,
        "dosage": one.dosage,
        "quantity": one.quantity,
        "substitution": one.substitution,
        "note": one.note,
    }


def _identifiers(given: Sequence[Identifier]) -> list[dict[str, str]]:
    return [{"system": one.system, "value": one.value} for one in given]


def _moment(at: datetime | None) -> str | None:
    return None if at is None else rfc3339(at)


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
