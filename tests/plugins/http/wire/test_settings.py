"""`[operators.*]` of kind http: defaults, and errors that name the key and what would be right."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from hub.errors import ConfigError
from hub.plugin import Table
from hub_http.settings import OperatorSettings, TlsSettings, parameters_of, parse_operator
from tests.plugins.http.auth.world import described

ETC = Path("/etc/hub")
PARAMETERS = {
    "mailbox": {"meaning": "the mailbox at MESH"},
    "size": {"meaning": "pages", "default": 100},
    "dry": {"meaning": "dry run", "default": False},
    "prefix": {"meaning": "a prefix", "default": ""},
}


def table(**values: Any) -> Table:
    """Return a table as the configuration file would give it."""
    return Table({"description": "mesh.toml"} | values, file=ETC / "hub.toml", path="operators.mesh")


def test_what_is_left_out_has_its_documented_default() -> None:
    """The smallest table gives the defaults of the settings themselves."""
    assert parse_operator(table()) == OperatorSettings(description=ETC / "mesh.toml")


def test_what_is_written_is_read() -> None:
    """Every kind of value; files start at the configuration's folder."""
    read = parse_operator(
        table(
            base_url="https://api.valbrume.example:8443/v1",
            certificate="hub.pem",
            key="/run/hub.key",
            anchors=["a.pem", "b.pem"],
            crls=["c.pem"],
            networks=["10.0.0.0/8", "fd12::/16"],
            poll=False,
            parameters={"mailbox": "X26ABC1", "size": 7, "rate": 1.5, "dry": True, "none": ""},
            secrets={"password": "secrets/password"},
        )
    )
    assert read == OperatorSettings(
        description=ETC / "mesh.toml",
        base_url="https://api.valbrume.example:8443/v1",
        tls=TlsSettings(
            certificate=ETC / "hub.pem",
            key=Path("/run/hub.key"),
            anchors=(ETC / "a.pem", ETC / "b.pem"),
            crls=(ETC / "c.pem",),
        ),
        networks=(ip_network("10.0.0.0/8"), ip_network("fd12::/16")),
        poll=False,
        parameters={"mailbox": "X26ABC1", "size": 7, "rate": 1.5, "dry": True, "none": ""},
        secrets={"password": ETC / "secrets/password"},
    )
    assert "X26ABC1" not in repr(read)


@pytest.mark.parametrize(
    ("values", "key", "hint"),
    [
        ({"description": ""}, "description", "text"),
        ({"base_url": "http://api.example/"}, "base_url", "https"),
        ({"base_url": "api.example"}, "base_url", "https://"),
        ({"base_url": "https://user:secret@api.example/"}, "base_url", "https://"),
        ({"base_url": "https://api.example/?a=b"}, "base_url", "https://"),
        ({"base_url": "https://:8443/"}, "base_url", "https://"),
        ({"base_url": "https://a:99999/"}, "base_url", "https://"),
        ({"certificate": "a.pem"}, "key", "certificate"),
        ({"key": "a.key"}, "certificate", "key"),
        ({"networks": ["10.0.0.1/8"]}, "networks", "10.0.0.0/8"),
        ({"networks": ["inside"]}, "networks", "10.0.0.0/8"),
        ({"networks": ["0.0.0.0/0"]}, "networks", "every"),
        ({"networks": ["::/0"]}, "networks", "every"),
        ({"poll": "no"}, "poll", "true"),
        ({"parameters": {"a": [1]}}, "parameters.a", "text"),
        ({"parameters": {"a": {}}}, "parameters.a", "text"),
        ({"secrets": {"a": 7}}, "secrets.a", "text"),
        ({"secrets": ["a"]}, "secrets", "table"),
        ({"verify": False}, "verify", "not known"),
        ({"proxy": "http://x"}, "proxy", "not known"),
    ],
)
def test_mistakes_are_named(values: dict[str, Any], key: str, hint: str) -> None:
    """By key, in both languages, with what would be right."""
    with pytest.raises(ConfigError) as caught:
        parse_operator(table(**values))
    for words in (caught.value.words.en, caught.value.words.fr):
        assert f"operators.mesh.{key}" in words
    assert hint in caught.value.words.en
    assert "secret@" not in caught.value.words.en


def test_parameters_have_the_description_s_defaults() -> None:
    """What is given counts before them, also when it is empty, zero or false."""
    description = described(parameters=PARAMETERS)
    given = OperatorSettings(description=ETC, parameters={"mailbox": "X", "size": 0})
    expected = {"mailbox": "X", "size": 0, "dry": False, "prefix": ""}
    assert expected == parameters_of(given, description)


@pytest.mark.parametrize(
    ("given", "hint"), [({}, "the mailbox at MESH"), ({"mailbox": "X", "mailbx": "Y"}, "mailbx")]
)
def test_parameters_must_fit_the_description(given: dict[str, Any], hint: str) -> None:
    """One that is missing is named with its meaning, one too many with those that are known."""
    with pytest.raises(ConfigError) as caught:
        parameters_of(OperatorSettings(description=ETC, parameters=given), described(parameters=PARAMETERS))
    assert caught.value.code == "http.parameter"
    assert hint in caught.value.words.fr
    assert "mailbox" in caught.value.words.en
