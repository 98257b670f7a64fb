"""The `[api]` table: what stands in it is what is served, and what is wrong is named."""

from __future__ import annotations

import hashlib
import tomllib
from datetime import timedelta
from pathlib import Path

import pytest

from hub.adapters.http.settings import ApiSettings, parse_api
from hub.domain.address import Address
from hub.errors import ConfigError
from hub.plugin.table import Table

DIGEST = hashlib.sha256(b"token").hexdigest()
FILE = Path("/etc/caducee/hub.toml")


def _parse(toml: str) -> ApiSettings:
    return parse_api(Table(tomllib.loads(toml), file=FILE, path="api"))


def test_a_whole_table_is_read() -> None:
    """Every key has its effect; paths start at the file's folder."""
    settings = _parse(f"""
        listen = "0.0.0.0:8025"
        certificate = "tls/hub.pem"
        key = "tls/hub.key"
        client_anchors = ["tls/authority.pem"]
        max_body = "64MiB"
        upload_timeout = "1m"
        concurrency = 5
        searches = 3
        [clients.cabinet]
        token_sha256 = "{DIGEST}"
        certificate = "dns:App.Cabinet.example"
        addresses = ["Dr.Martin@Cabinet.example"]
        domains = ["Other.example"]
        """)
    assert (settings.listen.host, settings.listen.port) == ("0.0.0.0", 8025)  # noqa: S104 - as configured
    assert settings.certificate == FILE.parent / "tls/hub.pem"
    assert settings.client_anchors == (FILE.parent / "tls/authority.pem",)
    assert (settings.limits.body, settings.limits.upload, settings.limits.concurrency) == (
        64 << 20,
        timedelta(minutes=1),
        5,
    )
    assert settings.limits.searches == 3
    (client,) = settings.clients
    assert client.token_sha256 == bytes.fromhex(DIGEST)
    assert client.certificate == "dns:app.cabinet.example"
    assert client.peer.name == "client:cabinet"
    assert client.peer.may_send_as(Address.parse("dr.martin@cabinet.example"))
    assert client.peer.may_send_as(Address.parse("anybody@other.example"))
    assert not client.peer.may_send_as(Address.parse("other@cabinet.example"))


@pytest.mark.parametrize("listen", ["127.0.0.1:8025", "127.9.9.9:1", "[::1]:8025", "localhost:0"])
def test_this_machine_alone_may_come_without_tls(listen: str) -> None:
    """On a loopback address the API may go without a certificate."""
    assert _parse(f'listen = "{listen}"').certificate is None


_CLIENT = f'[clients.a]\ntoken_sha256 = "{DIGEST}"\naddresses = ["a@b.example"]\n'

_NAMED = _CLIENT.replace("clients.a", 'clients."a b"')


@pytest.mark.parametrize(
    ("toml", "key"),
    [
        ("", "api.listen"),
        ('listen = "8025"', "api.listen"),
        ('listen = "127.0.0.1:99999"', "api.listen"),
        ('listen = "0.0.0.0:8025"', "api.listen"),
        ('listen = "[::]:8025"', "api.listen"),
        ('listen = "hub.example:8025"', "api.listen"),
        ('listen = "127.0.0.1:1"\ncertificate = "a"', "api.key"),
        ('listen = "127.0.0.1:1"\nkey = "a"', "api.certificate"),
        ('listen = "127.0.0.1:1"\nclient_anchors = ["a"]', "api.client_anchors"),
        ('listen = "127.0.0.1:1"\nmax_bodies = 1', "api.max_bodies"),
        ('listen = "127.0.0.1:1"\nconcurrency = 0', "api.concurrency"),
        ('listen = "127.0.0.1:1"\nsearches = 0', "api.searches"),
        (
            f'listen = "127.0.0.1:1"\n[clients.a]\ntoken_sha256 = "{DIGEST.upper()}"',
            "api.clients.a.token_sha256",
        ),
        (
            'listen = "127.0.0.1:1"\n[clients.a]\naddresses = ["a@b.example"]',
            "api.clients.a.token_sha256",
        ),
        (f'listen = "127.0.0.1:1"\n[clients.a]\ntoken_sha256 = "{DIGEST}"', "api.clients.a.addresses"),
        (
            f'listen = "127.0.0.1:1"\n[clients.a]\ntoken_sha256 = "{DIGEST}"\naddresses = ["b.example"]',
            "api.clients.a.addresses",
        ),
        (f'listen = "127.0.0.1:1"\n{_CLIENT}certificate = "dns:a"', "api.clients.a.certificate"),
        (f'listen = "127.0.0.1:1"\n{_CLIENT}certificate = "cn:a"', "api.clients.a.certificate"),
        (f'listen = "127.0.0.1:1"\n{_CLIENT}password = "a"', "api.clients.a.password"),
        (f'listen = "127.0.0.1:1"\n{_CLIENT}{_CLIENT.replace("clients.a", "clients.b")}', "api.clients"),
        (f'listen = "127.0.0.1:1"\n{_NAMED}', "a b"),
    ],
)
def test_what_is_wrong_is_named(toml: str, key: str) -> None:
    """Each mistake stops the start with the key, in both languages."""
    with pytest.raises(ConfigError) as caught:
        _parse(toml)
    assert key in caught.value.words.en
    assert key in caught.value.words.fr


def test_no_secret_shows_in_a_representation() -> None:
    """Settings that end up in a message don't show even the digest of a token."""
    settings = _parse(f'listen = "127.0.0.1:1"\n{_CLIENT}')
    assert DIGEST not in repr(settings)
    assert str(bytes.fromhex(DIGEST)) not in repr(settings)
