"""What belongs to a prescription comes exactly as it is, and only when it is there."""

from __future__ import annotations

import pytest

from tests.unit.adapters.http.prescribing import ABILITIES, NUMBER, TOKEN_2D, XML, Prescribing, prescribing

AT_ONCE = {"Prefer": "wait=0"}


async def _awaiting(one: Prescribing) -> str:
    one.prescriptions.at_once = one.prescriptions.await_signature
    response, body = await one.order()
    assert (response.status, body["awaits_signature"]) == (202, True)
    assert "to-sign" in body["detail"]
    return f"/{body['id']}"


async def test_a_workstation_signs() -> None:
    """It gets the bytes, puts the signed ones, and has the number in the answer."""
    async with prescribing() as one:
        path = await _awaiting(one)
        response, wanted = await one.ask("GET", f"{path}/to-sign")
        assert (response.content_type, wanted) == ("application/octet-stream", b"sign:" + XML)
        response, body = await one.ask("PUT", f"{path}/signed", data=wanted + b" signed")
        assert (response.status, body["number"], body["awaits_signature"]) == (200, NUMBER, False)
        response, signed = await one.ask("GET", f"{path}/signed")
        assert (response.content_type, signed) == ("application/pkcs7-mime", wanted + b" signed")
        response, _ = await one.ask("PUT", f"{path}/signed", data=wanted + b" signed")
        assert response.status == 200


async def test_other_content_is_not_taken_as_signed() -> None:
    """422 in words, and it still waits."""
    async with prescribing() as one:
        path = await _awaiting(one)
        response, body = await one.ask("PUT", f"{path}/signed", data=b"other")
        assert (response.status, body["code"]) == (422, "prescription.other_content")
        response, body = await one.ask("PUT", f"{path}/signed", data=b"")
        assert (response.status, body["code"]) == (400, "http.empty")
        packed = {"Content-Encoding": "gzip"}
        response, body = await one.ask("PUT", f"{path}/signed", data=b"x", headers=packed)
        assert response.status == 415
        assert (await one.ask("GET", path))[1]["awaits_signature"]


async def test_signed_bytes_have_a_limit() -> None:
    """What the service takes, and room for a signature around it."""
    async with prescribing(body=8 << 20) as one:
        path = await _awaiting(one)
        response, body = await one.ask("PUT", f"{path}/signed", data=bytes(ABILITIES.max_bytes + (257 << 10)))
        assert (response.status, body["code"]) == (413, "http.too_large")


async def test_the_code_and_the_sheet() -> None:
    """The 2D code drawn twice, and the sheet in the language that is asked for."""
    async with prescribing() as one:
        _, body = await one.order()
        for form, media_type in (("png", "image/png"), ("svg", "image/svg+xml")):
            response, data = await one.ask("GET", f"/{body['id']}/code.{form}")
            assert (response.content_type, data) == (media_type, f"{form}:{TOKEN_2D}".encode())
            assert response.headers["Cache-Control"] == "no-store"
        for query, language, wanted in (("", "fr", "fr"), ("?language=en", "fr", "en"), ("", "de", "en")):
            headers = {"Accept-Language": language}
            response, data = await one.ask("GET", f"/{body['id']}/print.pdf{query}", headers=headers)
            assert (response.content_type, response.headers["Content-Language"]) == (
                "application/pdf",
                wanted,
            )
            assert data == f"%PDF-1.7 {wanted} {NUMBER}".encode()
        response, told = await one.ask("GET", f"/{body['id']}/print.pdf?language=de")
        assert (response.status, told["code"]) == (400, "http.query")


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("to-sign", 404, "prescription.nothing_to_sign"),
        ("signed", 404, "prescription.not_signed"),
        ("code.png", 404, "prescription.no_code"),
        ("code.svg", 404, "prescription.no_code"),
        ("print.pdf", 409, "prescription.not_issued"),
    ],
)
async def test_what_is_not_there_is_told_by_name(path: str, status: int, code: str) -> None:
    """Which is another thing than a prescription that is not there."""
    async with prescribing() as one:
        one.prescriptions.at_once = one.prescriptions.hold
        _, body = await one.order(headers=AT_ONCE)
        response, told = await one.ask("GET", f"/{body['id']}/{path}")
        assert (response.status, told["code"]) == (status, code)
