"""Keys, passwords and the files that they stand in."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from hub.errors import ConfigError
from hub_http.auth.secrets import Secrets
from tests.plugins.http.auth.world import URL_, authority, request, secrets, write


async def test_a_key_in_a_header(tmp_path: Path) -> None:
    """In the named one, in the place of any other; the transcript knows that it is secret."""
    held = secrets(tmp_path, key="k-123\n")
    one = {"kind": "api_key", "header": "X-Api-Key", "secret": "key", "prefix": "Key "}
    sent = await authority(held, one).authorise(request())
    assert sent.headers.getall("x-api-key") == ["Key k-123"]
    assert "x-api-key" in sent.veiled
    assert sent.url == URL_


async def test_a_key_in_the_query(tmp_path: Path) -> None:
    """Encoded, after what is there, which stays as it is spelt; the same name is replaced."""
    held = secrets(tmp_path, key="a b&c=d%é")
    for name in ("key", "y"):
        one = {"kind": "api_key", "query": name, "secret": "key"}
        sent = await authority(held, one).authorise(request())
        assert sent.url.raw_path == "/v1/messages/a%2Fb"
        others = "x=1&y=%20" if name == "key" else "x=1"
        assert sent.url.raw_query_string == f"{others}&{name}=a%20b%26c%3Dd%25%C3%A9"
        assert sent.url.query[name] == "a b&c=d%é"
        assert name in sent.veiled


async def test_user_and_password(tmp_path: Path) -> None:
    """RFC 7617, in UTF-8."""
    held = secrets(tmp_path, password="pass:wörd")
    one = {"kind": "basic", "user": "{{ parameters.mailbox }}", "password": "password"}
    sent = await authority(held, one).authorise(request())
    kind, _, value = sent.headers["Authorization"].partition(" ")
    assert ("Basic", "X26ABC1:pass:wörd") == (kind, base64.b64decode(value).decode())


async def test_several_proofs_together(tmp_path: Path) -> None:
    """Each adds its own."""
    held = secrets(tmp_path, key="k", password="p")
    sent = await authority(
        held,
        {"kind": "basic", "user": "u", "password": "password"},
        {"kind": "api_key", "header": "X-Key", "secret": "key"},
        {"kind": "api_key", "query": "key", "secret": "key"},
    ).authorise(request())
    assert {"authorization", "x-key", "key"} == sent.veiled
    assert sent.url.query["key"] == sent.headers["x-key"] == "k"


@pytest.mark.parametrize(
    "one",
    [
        {"kind": "api_key", "header": "X-Key", "secret": "key"},
        {"kind": "api_key", "query": "key", "secret": "key"},
        {"kind": "basic", "user": "u", "password": "key"},
    ],
    ids=["header", "query", "basic"],
)
async def test_a_secret_that_changed_is_used_at_once(tmp_path: Path, one: dict[str, str]) -> None:
    """And after a 401 it is worth another try only if it changed."""
    held = secrets(tmp_path, key="old")
    proof = authority(held, one)
    first = await proof.authorise(request())
    assert not await proof.renew(first)
    write(tmp_path / "key", "newer")
    assert await proof.renew(first)
    second = await proof.authorise(request())
    assert (first.headers, first.url) != (second.headers, second.url)
    assert not await proof.renew(second)


async def test_a_secret_that_may_be_missing_is_left_out(tmp_path: Path) -> None:
    """The others hold all the same; one that may not be missing is named."""
    held = secrets(tmp_path, password="p")
    key = {"kind": "api_key", "header": "X-Key", "secret": "key"}
    basic = {"kind": "basic", "user": "u", "password": "password"}
    declared = {"key": {"meaning": "the key of the portal", "optional": True}, "password": {"meaning": "-"}}
    sent = await authority(held, key, basic, secrets=declared).authorise(request())
    assert {"Authorization"} == set(sent.headers)
    declared["key"]["optional"] = False
    with pytest.raises(ConfigError) as caught:
        authority(held, key, basic, secrets=declared)
    assert caught.value.code == "http.secret_missing"
    assert "the key of the portal" in caught.value.words.fr


@pytest.mark.parametrize(
    ("value", "mode"),
    [
        *((b"k", mode) for mode in (0o640, 0o604, 0o602)),
        *((value, 0o600) for value in (b"", b"\n", b"\xff\xfe", b"a\0b", b"k" * (65 << 10))),
    ],
    ids=["group", "others", "writable", "empty", "line", "no-text", "nul", "long"],
)
def test_a_file_that_can_t_be_a_secret_is_refused(tmp_path: Path, value: bytes, mode: int) -> None:
    """With what would be right, and never with what stands in it."""
    path = write(tmp_path / "key", value)
    path.chmod(mode)
    with pytest.raises(ConfigError) as caught:
        Secrets({"key": path}).check()
    assert caught.value.code == "http.secret"
    assert str(path) in caught.value.words.fr
    if mode != 0o600:
        assert "chmod 600" in caught.value.words.en


def test_a_file_that_is_gone_is_named(tmp_path: Path) -> None:
    """At the start, and later."""
    held = secrets(tmp_path, key="k")
    assert held["key"] == "k"
    (tmp_path / "key").unlink()
    with pytest.raises(ConfigError):
        held["key"]
    assert "k" not in repr(held).replace("key", "")
    with pytest.raises(KeyError):
        held["other"]
