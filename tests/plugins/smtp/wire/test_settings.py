"""The SMTP half of the tables: defaults, and errors that name the key and what would be right."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hub.errors import ConfigError
from hub.plugin import Table
from hub_smtp import tls
from hub_smtp.server import open_receiver
from hub_smtp.settings import (
    ConnectorSettings,
    Endpoint,
    ReceiverSettings,
    TlsSettings,
    parse_connector,
    parse_receiver,
)
from tests.plugins.smtp.wire.world import Papers, Plainly, host

TLS = {"certificate": "a.pem", "key": "a.key", "anchors": ["b.pem"]}


def table(**values: Any) -> Table:
    """Return a table as the configuration file would give it."""
    return Table(TLS | values, file=Path("/etc/hub/hub.toml"), path="part")


def test_what_is_left_out_has_its_documented_default() -> None:
    """The smallest tables give the defaults of the settings themselves."""
    ours = TlsSettings(
        certificate=Path("/etc/hub/a.pem"), key=Path("/etc/hub/a.key"), anchors=(Path("/etc/hub/b.pem"),)
    )
    assert parse_receiver(table(listen=["[::1]:25"])) == ReceiverSettings(
        listen=(Endpoint("::1", 25),), tls=ours
    )
    assert parse_connector(table()) == ConnectorSettings(tls=ours)


def test_what_is_written_is_read() -> None:
    """Every kind of value."""
    read = parse_connector(table(relay="mx:2525", server_name="MX.example.org", attempt_timeout="90s"))
    assert read.relay == Endpoint("mx", 2525)
    assert read.server_name == "mx.example.org"
    assert read.attempt_timeout == timedelta(seconds=90)
    assert parse_receiver(table(listen=["127.0.0.1:0"], crls=["c.pem"])).tls.crls == (Path("/etc/hub/c.pem"),)


@pytest.mark.parametrize(
    ("values", "key"),
    [
        ({"listen": ["localhost"]}, "listen"),
        ({"listen": ["::1:25"]}, "listen"),
        ({"listen": ["x:99999"]}, "listen"),
        ({"listen": []}, "listen"),
        ({"listen": ["x:1"], "anchors": []}, "anchors"),
        ({"listen": ["x:1"], "language": "de"}, "language"),
        ({"listen": ["x:1"], "max_line": 10}, "max_line"),
    ],
)
def test_a_wrong_receiver_is_named(values: dict[str, Any], key: str) -> None:
    """File, key and what would be right."""
    with pytest.raises(ConfigError, match=f"/etc/hub/hub.toml: part.{key} "):
        parse_receiver(table(**values))


@pytest.mark.parametrize(
    ("values", "key"),
    [
        ({"relay": "mx"}, "relay"),
        ({"server_name": "-"}, "server_name"),
        ({"nameservers": ["x"]}, "nameservers"),
    ],
)
def test_a_wrong_connector_is_named(values: dict[str, Any], key: str) -> None:
    """File, key and what would be right."""
    with pytest.raises(ConfigError, match=f"/etc/hub/hub.toml: part.{key} "):
        parse_connector(table(**values))


@pytest.mark.parametrize("what", ["certificate", "key", "anchors"])
@pytest.mark.parametrize("wrong", ["missing", "not PEM"])
def test_unusable_files_are_named(papers: Papers, tmp_path: Path, what: str, wrong: str) -> None:
    """A part whose TLS files can't be used does not open, and says which."""
    made = papers.issue("hub.valbrume.example")
    path = tmp_path / "wrong.pem"
    if wrong == "not PEM":
        path.write_text("nothing of the kind")
    files: dict[str, Any] = {
        "certificate": made.certificate,
        "key": made.key,
        "anchors": made.anchors,
        what: (path,) if what == "anchors" else path,
    }
    with pytest.raises(ConfigError, match=r"wrong\.pem"):
        tls.server_context(TlsSettings(**files))


def test_a_key_of_another_certificate_is_refused(papers: Papers) -> None:
    """Before anybody connects."""
    one, other = papers.issue("a.example"), papers.issue("b.example")
    with pytest.raises(ConfigError):
        tls.client_context(TlsSettings(certificate=one.certificate, key=other.key, anchors=one.anchors))


async def test_an_address_in_use_is_named(papers: Papers) -> None:
    """The door does not open, and says where."""
    free = ReceiverSettings(listen=(Endpoint("127.0.0.1", 0),), tls=papers.issue("hub.valbrume.example"))
    async with open_receiver(free, Plainly(), host(papers.folder)) as first:
        # An address that is not the machine's own: binding fails, whatever the privileges.
        taken = ReceiverSettings(listen=(Endpoint("192.0.2.1", 25),), tls=free.tls)
        with pytest.raises(ConfigError, match=r"192\.0\.2\.1:25"):
            async with open_receiver(taken, Plainly(), host(papers.folder)):
                pass
        assert first.addresses[0].port
