"""The table `[trust.<name>]` of kind `signed-list`."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import hub_trust
from hub.errors import ConfigError
from hub.plugin import Registry, Table
from hub.plugin.registry import PartType
from hub_trust.settings import Settings, parse

LEAST: dict[str, Any] = {"file": "trust/list.xml", "anchors": ["trust/authority.pem"]}


def table(**values: Any) -> Table:
    """Make a table as it would stand in the configuration."""
    return Table(values, file=Path("/etc/caducee/hub.toml"), path="trust.mssante")


def test_a_file_and_its_authorities_are_enough() -> None:
    """Paths begin at the configuration's folder; the rest has defaults that a hub can live with."""
    assert parse(table(**LEAST)) == Settings(
        file=Path("/etc/caducee/trust/list.xml"), anchors=(Path("/etc/caducee/trust/authority.pem"),)
    )


def test_everything_can_be_said() -> None:
    """Each key has its field."""
    settings = parse(
        table(
            **LEAST,
            signer="sha256:" + ":".join(["AB"] * 32),
            list="mssante.example",
            max_age="10d",
            grace="12h",
            max_size="1MiB",
            history=90,
        )
    )
    assert settings == Settings(
        file=Path("/etc/caducee/trust/list.xml"),
        anchors=(Path("/etc/caducee/trust/authority.pem"),),
        signer=f"sha256:{'ab' * 32}",
        name="mssante.example",
        max_age=timedelta(days=10),
        grace=timedelta(hours=12),
        max_size=1 << 20,
        history=90,
    )


@pytest.mark.parametrize(
    "signer", ["subject:CN=Liste,O=Agence", "dns:Liste.example", "email:liste@agence.example"]
)
def test_a_signer_has_one_of_several_names(signer: str) -> None:
    """A subject as it is written, the others in lower case."""
    expected = signer if signer.startswith("subject:") else signer.lower()
    assert parse(table(**LEAST, signer=signer)).signer == expected


@pytest.mark.parametrize(
    ("values", "key"),
    [
        ({"file": "x"}, "anchors"),
        ({**LEAST, "anchors": []}, "anchors"),
        ({"anchors": ["a"]}, "file"),
        ({**LEAST, "signer": "CN=Liste"}, "signer"),
        ({**LEAST, "signer": "sha256:abc"}, "signer"),
        ({**LEAST, "signer": "subject:"}, "signer"),
        ({**LEAST, "signer": "spki:" + "0" * 64}, "signer"),
        ({**LEAST, "grace": "soon"}, "grace"),
        ({**LEAST, "history": 0}, "history"),
        ({**LEAST, "url": "https://a.example"}, "url"),
    ],
)
def test_a_wrong_table_is_named(values: dict[str, Any], key: str) -> None:
    """By file and key, in both languages."""
    with pytest.raises(ConfigError) as refused:
        parse(table(**values))
    assert f"trust.mssante.{key}" in refused.value.words.en
    assert f"trust.mssante.{key}" in refused.value.words.fr


def test_the_plugin_offers_the_kind_and_the_command() -> None:
    """By the hooks that any plugin has."""
    registry = Registry("trust")
    hub_trust.hub_register_directories(registry)
    hub_trust.hub_register_commands(registry)
    assert [(one.type, one.kind) for one in registry.offers] == [(PartType.TRUST, "signed-list")]
    assert set(registry.commands) == {"trust-list"}
