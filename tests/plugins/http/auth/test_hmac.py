"""Digests of requests, against openssl and the clients that operators themselves give out."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hub.testing.fakes import FixedClock
from tests.counterparts import apart, program
from tests.plugins.http.auth.world import authority, host, request, run, secrets
from tests.plugins.http.wire.world import headers

NOW = datetime(2026, 11, 24, 15, 30, 7, 250_000, tzinfo=UTC)
MESH: dict[str, Any] = {
    "kind": "hmac",
    "key": "shared_key",
    "timestamp": "%Y%m%d%H%M",
    "message": "{{ parameters.mailbox }}:{{ nonce }}:{{ count }}:{{ secrets.password }}:{{ timestamp }}",
    "headers": {
        "Authorization": "NHSMESH {{ parameters.mailbox }}:{{ nonce }}:{{ count }}"
        ":{{ timestamp }}:{{ signature }}"
    },
}
WITNESS = """
import datetime, json, sys, types
import mesh_client
given = json.load(sys.stdin)
made = mesh_client.AuthTokenGenerator(given["key"].encode(), given["mailbox"], given["password"])
made._nonce, made._nonce_count = given["nonce"], given["count"]
now = datetime.datetime.strptime(given["timestamp"], "%Y%m%d%H%M")
clock = types.SimpleNamespace(now=lambda zone: now)
mesh_client.dt = types.SimpleNamespace(datetime=clock, timezone=datetime.timezone)
print(made.generate_token())
"""


def at(moment: datetime = NOW) -> Any:
    """Return a host whose clock stands."""
    return host(FixedClock(moment))


async def test_mesh_s_own_client_makes_the_same(tmp_path: Path) -> None:
    """The header of NHS MESH, byte for byte; each request has a nonce of its own."""
    python = apart("python")
    held = secrets(tmp_path, shared_key="BackBone", password="pass")
    proof = authority(held, MESH, at=at())
    made = [(await proof.authorise(request())).headers["Authorization"] for _ in range(3)]
    assert len({one.split(":")[1] for one in made}) == 3
    for one in made:
        _, nonce, count, timestamp, _ = one.split(":")
        assert timestamp == "202611241530"
        given = {"key": "BackBone", "mailbox": "X26ABC1", "password": "pass", "nonce": nonce}
        given |= {"count": int(count), "timestamp": timestamp}
        witness = await run(python, "-W", "ignore", "-c", WITNESS, given=json.dumps(given).encode())
        assert witness.decode().strip() == one


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
@pytest.mark.parametrize("encoding", ["hex", "base64"])
async def test_openssl_makes_the_same(tmp_path: Path, algorithm: str, encoding: str) -> None:
    """Of everything that a message may be made of."""
    openssl = program("openssl")
    held = secrets(tmp_path, key="sécret-key")
    parts = ["method", "host", "path", "query", "headers['content-md5']", "body_sha256"]
    message = "\n".join(f"{{{{ request.{one} }}}}" for one in parts) + "\n{{ timestamp }}\n{{ nonce }}"
    one = {"kind": "hmac", "key": "key", "message": message, "algorithm": algorithm, "encoding": encoding}
    one |= {
        "timestamp": "unix",
        "nonce": "hex",
        "headers": {"X-Sign": "v1={{ signature }}", "X-Nonce": "{{ nonce }}"},
    }
    sent = await authority(held, one, at=at()).authorise(request(headers=headers(Content_MD5="abc")))
    expected = "\n".join(
        [
            "POST",
            "api.valbrume.example",
            "/v1/messages/a%2Fb",
            "x=1&y=%20",
            "abc",
            hashlib.sha256(b'{"a": 1}').hexdigest(),
            str(int(NOW.timestamp())),
            sent.headers["X-Nonce"],
        ]
    )
    command = [
        openssl,
        "dgst",
        f"-{algorithm}",
        "-mac",
        "HMAC",
        "-macopt",
        f"hexkey:{held['key'].encode().hex()}",
    ]
    raw = await run(*command, "-binary", given=expected.encode())
    digest = raw.hex() if encoding == "hex" else base64.b64encode(raw).decode()
    assert sent.headers["X-Sign"] == f"v1={digest}"
    assert {"x-sign", "x-nonce"} == sent.veiled


@pytest.mark.parametrize(
    ("form", "written"),
    [
        ("unix", "1795534207"),
        ("unix_ms", "1795534207250"),
        ("iso", "2026-11-24T15:30:07Z"),
        ("%Y%m%d", "20261124"),
        ("%a, %d", "Tue, 24"),
    ],
)
async def test_times_are_written_as_it_is_said(tmp_path: Path, form: str, written: str) -> None:
    """In UTC."""
    one = {
        "kind": "hmac",
        "key": "key",
        "message": "m",
        "timestamp": form,
        "headers": {"X-T": "{{ timestamp }}"},
    }
    sent = await authority(secrets(tmp_path, key="k"), one, at=at()).authorise(request())
    assert sent.headers["X-T"] == written


async def test_nonces_look_as_it_is_said(tmp_path: Path) -> None:
    """A version 4 UUID, or its digits."""
    version_4 = r"[0-9a-f-]{14}4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
    for nonce, form in (("uuid4", version_4), ("hex", r"[0-9a-f]{32}")):
        one = {
            "kind": "hmac",
            "key": "key",
            "message": "m",
            "nonce": nonce,
            "headers": {"X-N": "{{ nonce }}"},
        }
        proof = authority(secrets(tmp_path, key="k"), one, at=at())
        made = {(await proof.authorise(request())).headers["X-N"] for _ in range(5)}
        assert len(made) == 5
        assert all(re.fullmatch(form, value) for value in made)


async def test_a_body_is_read_for_its_digest_only_when_it_is_wanted(tmp_path: Path) -> None:
    """A document of 100 MB is not read twice for nothing; it is never held."""

    class Large:
        size = 3_000_000
        media_type = None
        data = None
        read = 0

        async def pieces(self) -> AsyncIterator[bytes]:
            self.read += 1
            for number in range(3):
                yield bytes([number]) * 1_000_000

    held = secrets(tmp_path, key="k")
    for message, times in (("{{ timestamp }}{{ request.path }}", 0), ("{{ request.body_sha256 }}", 1)):
        body = Large()
        one = {"kind": "hmac", "key": "key", "message": message, "headers": {"X-S": "{{ signature }}"}}
        await authority(held, one, at=at()).authorise(replace(request(), body=body))
        assert body.read == times


async def test_what_was_signed_is_never_sent_twice(tmp_path: Path) -> None:
    """A nonce is good for one use; a dead connection is the caller's to settle, and so is 401."""
    one = {"kind": "hmac", "key": "key", "message": "m", "headers": {"X-S": "{{ signature }}"}}
    proof = authority(secrets(tmp_path, key="k"), one, at=at())
    sent = await proof.authorise(request(repeatable=True))
    assert sent.repeatable is False
    assert not await proof.renew(sent)
