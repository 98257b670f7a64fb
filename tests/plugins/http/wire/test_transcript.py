"""What `hub operator try` shows: all that helps, and nothing that must not be seen."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub_http.wire.exchange import Bytes
from hub_http.wire.faults import WireFault
from hub_http.wire.transcript import Transcript
from hub_http.wire.veiling import VEIL, Veil, secret
from tests.plugins.http.wire.world import (
    Papers,
    Streamed,
    Wire,
    exchange,
    get,
    headers,
    post,
    serving,
)

SECRET = "pl4nted é&<\"'/+ secret"
DOCUMENT = b"%PDF-1.7 the report of a patient " + bytes(range(256)) * 40


def answering(body: bytes, *more: str, kind: str = "application/json", status: str = "200 OK") -> Any:
    """Answer with a body."""

    async def scene(wire: Wire) -> None:
        while True:
            await wire.request()
            head = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}", *more]
            await wire.say("\r\n".join(head).encode() + b"\r\n\r\n" + body)

    return scene


async def told(papers: Papers, scene: Any, ask: Any, *secrets: str) -> str:
    """Ask and return the transcript."""
    lines: list[str] = []
    transcript = Transcript(lines.append)
    transcript.veil(*secrets)
    async with (
        serving(papers, scene) as server,
        exchange(papers, server.url(), transcript=transcript) as way,
    ):
        await ask(way, server)
    assert all("\n" not in line and "\r" not in line for line in lines)
    return "\n".join(lines)


async def test_it_shows_what_went_over_the_wire(papers: Papers) -> None:
    """Method, URL, headers, the structure of both bodies, and the status."""

    async def ask(way: Any, server: Any) -> None:
        body = json.dumps({"to": "a@b.example", "urgent": True, "file": base64.b64encode(DOCUMENT).decode()})
        await way.ask(post(server.url("/v1/m?lang=fr"), body.encode(), headers=headers(X_Id="7")))

    scene = answering(b'{"id":"M1","note":"' + b"n" * 90 + b'"}', "Location: https://api.example/m/1")
    text = await told(papers, scene, ask)
    encoded = base64.b64encode(DOCUMENT)
    for one in (
        "> POST https://api.valbrume.example:",
        "/v1/m?lang=fr",
        "> X-Id: 7",
        '>   "to": "a@b.example",',
        '>   "urgent": true,',
        f"<text {len(encoded):,} characters sha256:{hashlib.sha256(encoded).hexdigest()}>",
        "< 200",
        "< Location: https://api.example/m/1",
        '<   "id": "M1",',
        f"<text 90 characters sha256:{hashlib.sha256(b'n' * 90).hexdigest()}>",
    ):
        assert one in text, one
    assert "PDF" not in text
    assert encoded[:40].decode() not in text


def places(secret: str) -> dict[str, Any]:
    """Return a request for every place in which a secret may travel; nothing there says that it is one."""
    spelt = base64.b64encode(f"hub:{secret}".encode()).decode()
    encoded = quote(secret, safe="")
    form = f"note={quote_plus(secret)}&x=1".encode()
    head = 'Content-Disposition: form-data; name="note"\r\nContent-Type: application/json'
    part = f"--b\r\n{head}\r\n\r\n{json.dumps(secret)}\r\n--b--\r\n"
    return {
        "path": {"path": f"/v1/{encoded}/x"},
        "query": {"path": f"/v1?note={encoded}&b=c"},
        "header": {"headers": headers(X_Note=f"a{quote(secret)}b")},
        "plain-header": {"headers": headers(X_Note=secret)},
        "base64-header": {"headers": headers(X_Note=spelt)},
        "hex-header": {"headers": headers(X_Note=secret.encode().hex())},
        "json": {
            "body": Bytes(data=json.dumps({"note": f"<{secret}>"}).encode(), media_type="application/json")
        },
        "json-utf8": {
            "body": Bytes(
                data=json.dumps({"note": secret}, ensure_ascii=False).encode(),
                media_type="application/fhir+json",
            )
        },
        "json-key": {"body": Bytes(data=json.dumps({secret: 1}).encode(), media_type="application/json")},
        "json-base64": {"body": Bytes(data=json.dumps([spelt]).encode(), media_type="application/json")},
        "form": {"body": Bytes(data=form, media_type="application/x-www-form-urlencoded")},
        "xml": {
            "body": Bytes(
                data=f'<a b="{html.escape(secret)}">{html.escape(secret)}</a>'.encode(), media_type="text/xml"
            )
        },
        "multipart": {"body": Bytes(data=part.encode(), media_type="multipart/form-data; boundary=b")},
        "text": {"body": Bytes(data=secret.encode(), media_type="text/plain")},
        "raw": {"body": Bytes(data=secret.encode() * 9, media_type="application/pdf")},
        "no-type": {"body": Bytes(data=secret.encode())},
        "streamed": {"body": Streamed(secret.encode(), secret.encode() * 30_000)},
    }


def traces(secret: str) -> set[str]:
    """Return what of a secret nobody may find."""
    spelt = base64.b64encode(f"hub:{secret}".encode()).decode()
    return {
        secret,
        secret[:9],
        quote(secret),
        secret.encode().hex()[:16],
        spelt[8:20],
        html.escape(secret)[:9],
    }


@pytest.mark.parametrize("where", sorted(places(SECRET)))
async def test_a_secret_is_never_shown(papers: Papers, where: str) -> None:
    """Wherever it was planted, in the request and in the answer that repeats it."""
    given = places(SECRET)[where]

    async def ask(way: Any, server: Any) -> None:
        path = given.get("path", "/v1")
        await way.ask(post(server.url(path), **{name: one for name, one in given.items() if name != "path"}))

    said = {"echo": SECRET, "deep": [{"note": f"x{SECRET}"}]}
    text = await told(papers, answering(json.dumps(said).encode(), f"X-Echo: {SECRET}"), ask, SECRET)
    assert VEIL in text
    assert "< 200" in text
    for trace in traces(SECRET):
        assert trace not in text, trace


NAMED = {
    "authorization": headers(Authorization="Bearer abc.def.ghi-jkl"),
    "api-key": headers(X_Api_Key="abc.def.ghi-jkl"),
    "signature": headers(X_Signature="abc.def.ghi-jkl"),
    "cookie": headers(Cookie="abc.def.ghi-jkl"),
    "token": headers(X_Auth_Token="abc.def.ghi-jkl"),
}


@pytest.mark.parametrize(
    "where", [*NAMED, "veiled", "query", "location", "set-cookie", "token-answer", "form"]
)
async def test_what_is_secret_by_its_place_is_never_shown(papers: Papers, where: str) -> None:
    """Even when nobody said that this value is a secret."""
    value = "abc.def.ghi-jkl"

    async def ask(way: Any, server: Any) -> None:
        if where == "veiled":
            await way.ask(
                get(
                    server.url(f"/v?Anything={value}"),
                    headers=headers(Odd=value),
                    veiled=frozenset({"odd", "anything"}),
                )
            )
        elif where == "query":
            await way.ask(get(server.url(f"/v1?api_key={value}&sig={value}&X-Amz-Signature={value}&page=2")))
        elif where == "form":
            body = f"client_secret={value}&client_assertion={value}&password={value}&scope=a".encode()
            await way.ask(
                post(server.url(), body=Bytes(data=body, media_type="application/x-www-form-urlencoded"))
            )
        else:
            await way.ask(post(server.url(), headers=NAMED.get(where, headers())))

    more = {
        "location": f"Location: https://files.example/a?sig={value}&token={value}",
        "set-cookie": f"Set-Cookie: session={value}; Secure",
    }.get(where, "X-A: b")
    body = json.dumps({"access_token": value, "token_type": "Bearer", "refresh_token": value, "id": "M1"})
    text = await told(papers, answering(body.encode() if where == "token-answer" else b"{}", more), ask)
    assert value not in text
    assert VEIL in text
    if where == "authorization":
        assert f"Authorization: Bearer {VEIL}" in text
    if where == "token-answer":
        assert '"token_type": "Bearer"' in text
        assert '"id": "M1"' in text
    if where == "query":
        assert "page=2" in text


@pytest.mark.parametrize(
    "kind", ["application/pdf", "application/octet-stream", "application/xml", "", "image/png"]
)
@pytest.mark.parametrize("large", ["small", "large"])
async def test_documents_are_told_by_size_and_digest(papers: Papers, kind: str, large: str) -> None:
    """Going out and coming in; of any size."""
    document = DOCUMENT * (40 if large == "large" else 1)

    async def ask(way: Any, server: Any) -> None:
        body = (
            Streamed(document[:5000], document[5000:])
            if large == "large"
            else Bytes(data=document, media_type=kind)
        )
        async with way.stream(post(server.url(), body=body)) as download:
            assert b"".join([piece async for piece in download.pieces()]) == document

    text = await told(papers, answering(document, kind=kind or "application/x"), ask)
    shown = f"<document {len(document):,} bytes sha256:{hashlib.sha256(document).hexdigest()}>"
    assert f"> {shown}" in text
    assert f"< {shown}" in text
    assert "patient" not in text


async def test_parts_are_told_one_by_one(papers: Papers) -> None:
    """The structure of a multipart body, its documents by digest."""

    def part(name: str, kind: str, body: bytes) -> bytes:
        head = f"--x\r\nContent-Disposition: form-data; name={name}\r\nContent-Type: {kind}\r\n\r\n"
        return head.encode() + body + b"\r\n"

    parts = part('"meta"', "application/json", b'{"to": "a"}')
    parts += part('"password"', "text/plain", b"hunter-22")
    parts += part('"file"; filename="a.pdf"', "application/pdf", DOCUMENT) + b"--x--\r\n"

    async def ask(way: Any, server: Any) -> None:
        await way.ask(
            post(server.url(), body=Bytes(data=parts, media_type="multipart/form-data; boundary=x"))
        )

    text = await told(papers, answering(b"{}"), ask)
    for one in ('name="meta"', '"to": "a"', 'filename="a.pdf"', f"<document {len(DOCUMENT):,} bytes sha256:"):
        assert one in text, one
    assert "hunter" not in text
    assert "patient" not in text


async def test_xml_is_told_by_its_structure(papers: Papers) -> None:
    """Long texts and attributes by their size; what its element calls a password not at all."""
    long = "x" * 400
    secret = "<a:Password>hu</a:Password>"
    body = f'<a:M xmlns:a="u" id="7"><a:to>b@c.example</a:to><d e="{long}">{long}</d>{secret}</a:M>'

    async def ask(way: Any, server: Any) -> None:
        await way.ask(post(server.url(), body=Bytes(data=body.encode(), media_type="application/soap+xml")))

    text = await told(papers, answering(b""), ask)
    assert 'id="7"' in text
    assert "b@c.example" in text
    assert text.count("<text 400 characters sha256:") == 2
    assert "xxxx" not in text
    assert f"<a:Password>{VEIL}</a:Password>" in text


async def test_what_went_wrong_is_told(papers: Papers) -> None:
    """With its stage; the request as far as it went."""

    async def losing(wire: Wire) -> None:
        await wire.request()

    async def ask(way: Any, server: Any) -> None:
        with pytest.raises(WireFault):
            await way.ask(post(server.url()))

    text = await told(papers, losing, ask)
    assert "> POST" in text
    assert "! http.lost_answer (sent): " in text


async def test_a_server_can_t_write_lines_of_ours(papers: Papers) -> None:
    """Escape sequences of terminals and line ends stay inside."""
    body = json.dumps("a\n> GET /forged\x1b[2J\r! b\u202e", ensure_ascii=False).encode()

    async def ask(way: Any, server: Any) -> None:
        await way.ask(get(server.url()))

    text = await told(papers, answering(body, "X-A: \u202eb"), ask)
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert not re.search("^> GET /forged", text, re.MULTILINE)


@settings(deadline=None)
@given(st.text(min_size=6, max_size=40), st.text(max_size=20), st.text(max_size=20))
def test_no_form_of_a_secret_survives(secret: str, before: str, after: str) -> None:
    """Plain, escaped, encoded, and in the middle of something in base64."""
    secret = secret.strip() or "secret"
    if len(secret.encode("utf-8", "replace")) < 6 or not secret.isprintable():
        return
    veil = Veil()
    veil.add(secret)
    assert secret not in veil.text(f"{before} {secret} {after}").replace(VEIL, "")
    for form in (
        quote(secret, safe=""),
        json.dumps(secret)[1:-1],
        html.escape(secret),
        secret.encode().hex(),
    ):
        assert form not in veil.text(f"<{form}>").replace(VEIL, "")
    inside = base64.b64encode(f"{before}{secret}{after}".encode()).decode()
    shown = veil.text(inside).replace(VEIL, "")
    assert len(shown) <= len(base64.b64encode(f"{before}{after}".encode())) + 8


def test_our_own_id_is_no_secret() -> None:
    """Who tries an operator sees under which key the message went."""
    assert not secret("Idempotency-Key")
    assert secret("X-Key")
