"""Tokens: fetched once, shared, renewed in time, and clear words when there is none."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet
from yarl import URL

from hub.testing.fakes import FixedClock
from hub_http.auth.authority import Authority
from hub_http.wire.faults import AuthenticationFault, WireFault
from tests.plugins.http.auth.world import authority, host, minutes, request, secrets
from tests.plugins.http.wire.world import HOST, Names, Server, Wire, exchange, get, serving
from tests.servers import Papers, token_server

KEY = ec.generate_private_key(ec.SECP256R1())
Form = dict[str, str]
Give = Callable[[Form, dict[str, str]], Awaitable[tuple[int, Any]]]


def said(status: int, body: Any, *more: str) -> bytes:
    """Spell an answer of a token endpoint."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} So", "Content-Type: application/json", f"Content-Length: {len(data)}", *more]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + data


class Tokens:
    """A token endpoint that counts, and gives what it is told to."""

    def __init__(self) -> None:
        self.forms: list[Form] = []
        self.headers: list[dict[str, str]] = []
        self.answer: bytes | None = None
        self.lasts: int | None = 300
        self.wait: asyncio.Event | None = None

    async def scene(self, wire: Wire) -> None:
        """Answer every request with the next token."""
        while True:
            line, headers, body = await wire.request()
            assert line.startswith("POST /token")
            self.headers.append(headers)
            self.forms.append(dict(parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True)))
            if self.wait is not None:
                await self.wait.wait()
            if self.answer == b"":
                return
            given = {"access_token": f"t-{len(self.forms)}", "token_type": "Bearer"}
            if self.lasts is not None:
                given["expires_in"] = self.lasts  # type: ignore[assignment]
            await wire.say(self.answer or said(200, given))


@asynccontextmanager
async def opened(
    papers: Papers, folder: Path, *, clock: FixedClock | None = None, **more: Any
) -> AsyncIterator[tuple[Tokens, Authority, Server]]:
    """Yield an endpoint and what asks it."""
    tokens = Tokens()
    async with serving(papers, tokens.scene) as server, exchange(papers, server.url()) as way:
        pem = KEY.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        held = secrets(folder, client="s:ecret é", key=pem)
        one = {
            "kind": "oauth2",
            "token_url": f"{server.url('/token')}?v=1",
            "client_id": "{{ parameters.client }}",
            "client_secret": "client",
            **more,
        }
        yield tokens, authority(held, one, exchange=way, at=host(clock)), server


def bearer(sent: Any) -> str:
    """Return the token that a request has."""
    value: str = sent.headers["Authorization"]
    assert value.startswith("Bearer ")
    return value.removeprefix("Bearer ")


async def test_one_token_serves_all(papers: Papers, tmp_path: Path) -> None:
    """Fifty messages at once ask the endpoint once; those after it not at all."""
    async with opened(papers, tmp_path) as (tokens, proof, _):
        tokens.wait = asyncio.Event()
        asking = [asyncio.create_task(proof.authorise(request())) for _ in range(50)]
        await asyncio.sleep(0.05)
        tokens.wait.set()
        assert {"t-1"} == {bearer(one) for one in await asyncio.gather(*asking)}
        assert "t-1" == bearer(await proof.authorise(request()))
        assert len(tokens.forms) == 1


async def test_whoever_gives_up_leaves_the_others_their_token(papers: Papers, tmp_path: Path) -> None:
    """A cancelled attempt does not cancel the token of another."""
    async with opened(papers, tmp_path) as (tokens, proof, _):
        tokens.wait = asyncio.Event()
        first = asyncio.create_task(proof.authorise(request()))
        await asyncio.sleep(0.02)
        second = asyncio.create_task(proof.authorise(request()))
        await asyncio.sleep(0.02)
        first.cancel()
        tokens.wait.set()
        assert bearer(await second) in {"t-1", "t-2"}
        with pytest.raises(asyncio.CancelledError):
            await first


async def test_a_token_is_renewed_before_its_end(papers: Papers, tmp_path: Path) -> None:
    """By the margin; of one that lasts less, half is used."""
    clock = FixedClock()
    async with opened(papers, tmp_path, clock=clock, margin="30s") as (tokens, proof, _):
        assert "t-1" == bearer(await proof.authorise(request()))
        clock.advance(minutes(4.4))
        assert "t-1" == bearer(await proof.authorise(request()))
        clock.advance(minutes(0.2))
        tokens.lasts = 20
        assert "t-2" == bearer(await proof.authorise(request()))
        clock.advance(minutes(9 / 60))
        assert "t-2" == bearer(await proof.authorise(request()))
        clock.advance(minutes(2 / 60))
        assert "t-3" == bearer(await proof.authorise(request()))


async def test_a_token_without_an_end_lasts_as_the_description_says(papers: Papers, tmp_path: Path) -> None:
    """Or until it is refused."""
    clock = FixedClock()
    for lifetime, after in (("10m", "t-2"), (None, "t-1")):
        more = {"lifetime": lifetime} if lifetime else {}
        async with opened(papers, tmp_path, clock=clock, **more) as (tokens, proof, _):
            tokens.lasts = None
            await proof.authorise(request())
            clock.advance(minutes(10))
            assert after == bearer(await proof.authorise(request()))


async def test_a_refused_token_is_renewed_once_for_all(papers: Papers, tmp_path: Path) -> None:
    """Ten requests that were refused the same token fetch one new one."""
    async with opened(papers, tmp_path) as (tokens, proof, _):
        refused = await proof.authorise(request())
        newer = []
        for _ in range(10):
            assert await proof.renew(refused)
            newer.append(await proof.authorise(request()))
        assert {"t-2"} == {bearer(one) for one in newer}
        assert await proof.renew()
        assert "t-3" == bearer(await proof.authorise(request()))
        assert len(tokens.forms) == 3


async def test_the_client_proves_itself_as_it_is_said(papers: Papers, tmp_path: Path) -> None:
    """By Basic, in the body, or by a JWT of its own; with scope, audience and whatever else is wanted."""
    extra = {"audience": "{{ parameters.audience }}", "database_reference": "db é"}
    wanted = {"scope": "read {{ parameters.mailbox }}", "extra": extra}
    asked = {"grant_type": "client_credentials", "scope": "read X26ABC1"}
    asked |= {"audience": "https://aud.example", "database_reference": "db é"}
    async with opened(papers, tmp_path, **wanted) as (tokens, proof, server):
        await proof.authorise(request())
        assert tokens.forms == [asked]
        (headers,) = tokens.headers
        pair = base64.b64decode(headers["authorization"].removeprefix("Basic ")).decode().split(":")
        assert [unquote_plus(one) for one in pair] == ["hub-1", "s:ecret é"]
        assert headers["content-type"] == "application/x-www-form-urlencoded"
        assert headers["accept"] == "application/json"
        assert server.requests[0][0] == "POST /token?v=1 HTTP/1.1"
    async with opened(papers, tmp_path, client_auth="body", **wanted) as (tokens, proof, _):
        await proof.authorise(request())
        assert tokens.forms == [{**asked, "client_id": "hub-1", "client_secret": "s:ecret é"}]
        assert "authorization" not in tokens.headers[0]
    assertion = {"key": "key", "algorithm": "ES256", "claims": {"iss": "{{ parameters.client }}"}}
    jwt_only = {"client_auth": "private_key_jwt", "assertion": assertion, "client_secret": None}
    async with opened(papers, tmp_path, **jwt_only) as (tokens, proof, _):
        first = await proof.authorise(request())
        await proof.renew(first)
        await proof.authorise(request())
        read = []
        for form in tokens.forms:
            assert form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
            key = ECKey.import_key(
                KEY.public_key().public_bytes(
                    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
                )
            )
            read.append(jwt.decode(form["client_assertion"], key, algorithms=["ES256"]).claims)
        assert [one["iss"] for one in read] == ["hub-1", "hub-1"]
        assert read[0]["jti"] != read[1]["jti"]


REFUSED = {
    "unknown-client": said(401, {"error": "invalid_client", "error_description": "s:ecret"}),
    "wrong-scope": said(400, {"error": "invalid_scope"}),
    "forbidden": said(403, b"<html>"),
    "in-a-200": said(200, {"error": "unauthorized_client"}),
}
FAILED = {
    "busy": said(429, b"", "Retry-After: 7"),
    "down": said(503, b"<html>"),
    "later": said(400, {"error": "temporarily_unavailable"}),
    "redirect": said(302, b"", "Location: https://elsewhere.example/token"),
    "nothing": said(200, b""),
    "no-json": said(200, b"<html>"),
    "a-list": said(200, [1]),
    "a-text": said(200, "x"),
    "no-token": said(200, {"token_type": "Bearer"}),
    "empty-token": said(200, {"access_token": "", "token_type": "Bearer"}),
    "token-with-line": said(200, {"access_token": "a\r\nX: y", "token_type": "Bearer"}),
    "number-token": said(200, {"access_token": 7, "token_type": "Bearer"}),
    "mac-token": said(200, {"access_token": "a", "token_type": "mac"}),
    "strange-end": said(200, {"access_token": "a", "expires_in": "soon"}),
    "large": said(200, {"access_token": "a" * 20_000}),
    "huge": said(200, b" " * (2 << 20)),
    "no-http": b"SMTP\r\n",
    "lost": b"",
}  # fmt: skip


@pytest.mark.parametrize("which", [*REFUSED, *FAILED])
async def test_without_a_token_nothing_leaves(papers: Papers, tmp_path: Path, which: str) -> None:
    """Whatever the endpoint does; its refusal of the client is told from its trouble."""
    async with opened(papers, tmp_path) as (tokens, proof, _):
        tokens.answer = (REFUSED | FAILED)[which]
        with pytest.raises(WireFault) as caught:
            await proof.authorise(request())
        fault = caught.value
        assert fault.stage == "unsent"
        assert isinstance(fault, AuthenticationFault) == (which in REFUSED)
        assert fault.code == ("http.token_refused" if which in REFUSED else "http.token")
        for words in (fault.words.en, fault.words.fr):
            assert HOST in words
            assert "s:ecret" not in words
        if which == "busy":
            assert fault.retry_after is not None
            assert fault.retry_after.total_seconds() == 7
        tokens.answer = None
        assert bearer(await proof.authorise(request())).startswith("t-")


async def test_an_endpoint_in_trouble_is_not_asked_for_every_message(papers: Papers, tmp_path: Path) -> None:
    """Those who wait for the same answer share it."""
    async with opened(papers, tmp_path) as (tokens, proof, _):
        tokens.wait = asyncio.Event()
        tokens.answer = said(503, b"")
        asking = [asyncio.create_task(proof.authorise(request())) for _ in range(30)]
        await asyncio.sleep(0.05)
        tokens.wait.set()
        failed = await asyncio.gather(*asking, return_exceptions=True)
        assert {"http.token"} == {one.code for one in failed if isinstance(one, WireFault)}
        assert len(failed) == 30
        assert len(tokens.forms) == 1


async def test_a_token_endpoint_elsewhere_is_not_asked(papers: Papers, tmp_path: Path) -> None:
    """Not even this URL goes around the gate."""
    url = "https://elsewhere.example/token"
    async with opened(papers, tmp_path, token_url=url) as (tokens, proof, _):
        with pytest.raises(WireFault) as caught:
            await proof.authorise(request())
        assert "elsewhere.example" in caught.value.words.en
        assert tokens.forms == []


async def test_a_real_server_gives_and_verifies(papers: Papers, tmp_path: Path) -> None:
    """Its token is signed by the key that it publishes, and has what was asked for."""
    with token_server(tmp_path / "log", papers.issue("localhost")) as base:
        url = URL(base)
        names = Names(localhost=["127.0.0.1"])
        held = secrets(tmp_path / "secrets", client="secret")
        one = {
            "kind": "oauth2",
            "token_url": f"{base}/token",
            "client_id": "hub-1",
            "client_secret": "client",
        }
        one |= {"scope": "messages.write", "extra": {"aud": "https://aud.example"}}
        async with exchange(papers, url, names=names) as way:
            proof = authority(held, one, exchange=way)
            token = bearer(await proof.authorise(request()))
            keys = await way.ask(get(url / "jwks"))
            read = jwt.decode(token, KeySet.import_key_set(json.loads(keys.body)), algorithms=["RS256"])
            assert read.claims["scope"] == "messages.write"
            assert read.claims["iss"].startswith("https://localhost")
            assert bearer(await proof.authorise(request())) == token
