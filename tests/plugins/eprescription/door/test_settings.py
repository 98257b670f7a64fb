"""What a configuration says of a door, and what it is told when that can't be meant."""

from __future__ import annotations

import tomllib
from datetime import timedelta
from pathlib import Path

import pytest

from hub.errors import ConfigError
from hub.plugin import Table
from hub.plugin.listening import Endpoint
from hub_eprescription.door import settings
from hub_eprescription.door.settings import DoorSettings, Proofs

LEAST = """
listen = ["127.0.0.1:8447"]
certificate = "tls/hub.pem"
key = "tls/hub.key"
[services.erezept]
bearer = "secrets/ping"
"""


def read(text: str) -> DoorSettings:
    """Read a table."""
    return settings.parse_receiver(
        Table(tomllib.loads(text), file=Path("/etc/hub/hub.toml"), path="receivers.rx")
    )


def test_little_is_needed() -> None:
    """Where to listen, a certificate, and who may call."""
    found = read(LEAST)
    assert found.listen == (Endpoint("127.0.0.1", 8447),)
    assert found.certificate == Path("/etc/hub/tls/hub.pem")
    assert found.services == {"erezept": Proofs(bearer=Path("/etc/hub/secrets/ping"))}
    assert found == DoorSettings(
        listen=found.listen, certificate=found.certificate, key=found.key, services=found.services
    )


def test_everything_can_be_said() -> None:
    """Each key has its effect."""
    found = read(
        """
        listen = ["[::1]:8447", "127.0.0.1:0"]
        certificate = "a.pem"
        key = "a.key"
        anchors = ["ca.pem"]
        crls = ["ca.crl"]
        max_call = "1MiB"
        call_timeout = "1s"
        idle_timeout = "2s"
        handshake_timeout = "3s"
        concurrency = 4
        max_connections = 5
        max_connections_per_host = 6
        drain = "7s"
        [services.eps]
        hmac = "key"
        client_certificate = true
        tolerance = "1m"
        """
    )
    assert found.services["eps"] == Proofs(
        hmac=Path("/etc/hub/key"), client_certificate=True, tolerance=timedelta(minutes=1)
    )
    assert (found.max_call, found.concurrency, found.max_connections) == (1 << 20, 4, 5)
    assert (found.max_connections_per_host, found.drain) == (6, timedelta(seconds=7))


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('listen = ["127.0.0.1:8447"]', "", "listen"),
        ('listen = ["127.0.0.1:8447"]', "listen = []", "listen"),
        ('listen = ["127.0.0.1:8447"]', 'listen = ["127.0.0.1"]', "listen"),
        ('certificate = "tls/hub.pem"', "", "certificate"),
        ('[services.erezept]\nbearer = "secrets/ping"', "", "services"),
        ('bearer = "secrets/ping"', "", "services.erezept.bearer"),
        ('bearer = "secrets/ping"', "client_certificate = false", "services.erezept.bearer"),
        ('bearer = "secrets/ping"', "client_certificate = true", "anchors"),
        ('bearer = "secrets/ping"', 'bearer = "a"\ntolerance = "2h"', "services.erezept.tolerance"),
        ('bearer = "secrets/ping"', 'bearer = "a"\ntoken = "b"', "services.erezept.token"),
        ('key = "tls/hub.key"', 'key = "a"\ncrls = ["b"]', "crls"),
        ('key = "tls/hub.key"', 'key = "a"\nother = 1', "other"),
    ],
)
def test_what_can_t_be_meant_is_named(old: str, new: str, named: str) -> None:
    """The error names the key, in both languages."""
    text = LEAST.replace(old, new)
    assert text != LEAST
    with pytest.raises(ConfigError) as caught:
        read(text)
    assert f"receivers.rx.{named} " in caught.value.words.en
    assert f"receivers.rx.{named} " in caught.value.words.fr
