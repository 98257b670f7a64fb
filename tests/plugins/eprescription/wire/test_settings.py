"""The keys of the wire are read strictly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hub.errors import ConfigError
from hub.plugin import Table
from hub_eprescription.gematik import settings as gematik
from hub_eprescription.gematik.settings import Settings
from hub_eprescription.wire.settings import WireSettings, parse_wire

_GOOD: dict[str, Any] = {"base_urls": ["https://erp.example/fhir/", "https://[2001:db8::1]:8443"]}
_WHOLE: dict[str, Any] = {
    **_GOOD,
    "mailbox": "erezept@rezept.hub.example",
    "answers_for": "Cabinet des Lilas",
}


def wire(**changed: Any) -> WireSettings:
    """Read a table of the wire's keys."""
    table = Table({**_GOOD, **changed}, file=Path("/etc/hub.toml"), path="operators.erezept")
    settings = parse_wire(table)
    table.finish()
    return settings


def whole(**changed: Any) -> Settings:
    """Read a whole table of kind `gematik`."""
    return gematik.parse(Table({**_WHOLE, **changed}, file=Path("/etc/hub.toml"), path="operators.erezept"))


def test_what_is_given_is_read() -> None:
    """Addresses in their order, files relative to the configuration."""
    settings = wire(token="secrets/token", anchors=["a.pem"], certificate="c.pem", key="k.pem")
    assert settings.base_urls == ("https://erp.example/fhir", "https://[2001:db8::1]:8443")
    assert settings.token == Path("/etc/secrets/token")
    assert settings.anchors == (Path("/etc/a.pem"),)
    assert wire().token is None


@pytest.mark.parametrize(
    "url",
    [
        "http://erp.example",
        "erp.example",
        "https://",
        "https://user:word@erp.example",
        "https://erp.example/?a=b",
        "https://erp.example/#a",
        "https://erp.example/a b",
        "https://erp.example:0",
        "https://erp.example:99999",
        "https://[::1",
        "ftp://erp.example",
        "https://erp.example?",
    ],
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    """Plain http above all: what is sent would be readable on the way."""
    with pytest.raises(ConfigError) as caught:
        wire(base_urls=[url])
    assert "base_urls" in caught.value.words.en


@pytest.mark.parametrize(
    "changed",
    [
        {"base_urls": []},
        {"base_urls": ["https://a.example", "https://a.example"]},
        {"certificate": "c.pem"},
        {"key": "k.pem"},
        {"unknown": 1},
    ],
)
def test_what_does_not_fit_together_is_refused(changed: dict[str, Any]) -> None:
    """A certificate without its key, an address twice, a key that nobody knows."""
    with pytest.raises(ConfigError):
        wire(**changed)


def test_a_whole_table_of_gematik_is_read() -> None:
    """What is not said has a usual value: the hub signs, dispensings are asked for, days begin in Berlin."""
    settings = whole()
    assert settings.common.signing == "hub"
    assert settings.follow
    assert settings.listen is None
    assert settings.time_zone.key == "Europe/Berlin"


@pytest.mark.parametrize(
    "changed",
    [
        {"signing": "workstation"},
        {"signing": "none"},
        {"time_zone": "Valbrume/Lilas"},
        {"time_zone": "../../etc/passwd"},
        {"listen": "ws://erp.example/subscription"},
        {"follow": "yes"},
        {"colour": "red"},
    ],
)
def test_what_gematik_does_not_know_is_refused(changed: dict[str, Any]) -> None:
    """A workstation's signatures without authorities to hold them to, above all."""
    with pytest.raises(ConfigError):
        whole(**changed)
