"""What can be configured, and the errors that name file, line and key."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import hub_annuaire
from hub.errors import ConfigError
from hub.plugin import Registry, Table
from hub.plugin.registry import PartType
from hub.ports.directory import MailboxKind, Standing
from hub_annuaire.ldap import settings as client
from hub_annuaire.ldap.face import accounts, command
from hub_annuaire.ldap.face import settings as face
from hub_annuaire.ldap.places import Endpoint
from hub_annuaire.ldap.secure import Identity, client_context, server_context

ASKED = {"urls": ["ldaps://annuaire.example"], "base": "ou=bal"}
SHOWN = {"listen": ["127.0.0.1:1389"], "anonymous": True}


def _table(folder: Path, given: dict[str, Any]) -> Table:
    return Table(given, file=folder / "hub.toml", path="x.y")


def test_little_is_needed_to_ask(folder: Path) -> None:
    """Servers and a base; what is not said has the standard value."""
    read = client.parse(_table(folder, dict(ASKED)))
    assert read == client.Settings(urls=read.urls, base="ou=bal")


def test_everything_can_be_said(folder: Path) -> None:
    """Attributes by their names, values with their meanings."""
    read = client.parse(
        _table(
            folder,
            ASKED
            | {
                "bind_dn": "cn=hub",
                "password_file": "password",
                "cache": "5s",
                "filter": "(objectClass=mssBal)",
                "attributes": {"rpps": "identifiantPP", "standing": "etat;x-fr"},
                "standings": {"E": "ceased"},
                "mailboxes": {"Pro": "personal"},
            },
        )
    )
    assert read.bind == "simple"
    assert read.password_file == folder / "password"
    assert read.cache == timedelta(seconds=5)
    assert str(read.filter) == "(objectClass=mssBal)"
    assert (read.attributes.rpps, read.attributes.standing, read.attributes.mail) == (
        "identifiantPP",
        "etat;x-fr",
        "mail",
    )
    assert read.meanings.standings["e"] is Standing.CEASED
    assert read.meanings.standings["radié"] is Standing.STRUCK_OFF
    assert read.meanings.mailboxes["pro"] is MailboxKind.PERSONAL


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"urls": []}, "urls"),
        ({"urls": ["annuaire.example"]}, "urls"),
        ({"base": ""}, "base"),
        ({"bind": "simple"}, "bind_dn"),
        ({"bind_dn": "cn=hub"}, "bind_dn"),
        ({"bind": "external"}, "bind"),
        ({"certificate": "x.pem"}, "key"),
        ({"start_tls": False, "urls": ["ldap://annuaire.example"]}, "start_tls"),
        ({"filter": "(objectClass"}, "filter"),
        ({"filter": "(a=**)"}, "filter"),
        ({"attributes": {"mail": "not a name"}}, "attributes.mail"),
        ({"attributes": {"colour": "x"}}, "attributes.colour"),
        ({"standings": {"E": "gone"}}, "standings.E"),
        ({"connections": 0}, "connections"),
        ({"colour": 1}, "colour"),
    ],
)
def test_what_cannot_be_asked_with_is_refused(folder: Path, change: dict[str, Any], key: str) -> None:
    """With the key that is wrong."""
    with pytest.raises(ConfigError) as caught:
        client.parse(_table(folder, ASKED | change))
    assert caught.value.fields["key"] == f"x.y.{key}"


def test_start_tls_may_be_left_out_on_this_machine(folder: Path) -> None:
    """Nothing leaves it."""
    read = client.parse(_table(folder, ASKED | {"urls": ["ldap://127.0.0.1"], "start_tls": False}))
    assert not read.start_tls


def test_little_is_needed_to_show(folder: Path) -> None:
    """An address on this machine, and who may come."""
    read = face.parse(_table(folder, dict(SHOWN)))
    assert read == face.Settings(listen=(Endpoint("127.0.0.1", 1389),), anonymous=True)


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"listen": []}, "listen"),
        ({"listen": ["0.0.0.0:389"]}, "certificate"),
        ({"listen_tls": ["127.0.0.1:636"]}, "certificate"),
        ({"listen": ["here"]}, "listen"),
        ({"anonymous": False}, "accounts"),
        ({"client_authorities": ["x.pem"]}, "client_authorities"),
        ({"base": "nonsense"}, "base"),
        ({"base": " "}, "base"),
        ({"language": "de"}, "language"),
        ({"max_filter_depth": 51}, "max_filter_depth"),
        ({"colour": 1}, "colour"),
    ],
)
def test_what_cannot_be_shown_with_is_refused(folder: Path, change: dict[str, Any], key: str) -> None:
    """Nothing is shown in clear beyond this machine, and never to nobody."""
    with pytest.raises(ConfigError) as caught:
        face.parse(_table(folder, SHOWN | change))
    assert caught.value.fields["key"] == f"x.y.{key}"


def test_tls_files_are_named_when_they_cannot_be_used(folder: Path) -> None:
    """Missing, or no certificate."""
    with pytest.raises(ConfigError, match=r"ldap\.tls_files.*no such file"):
        client_context((folder / "none.pem",), None)
    nonsense = folder / "nonsense.pem"
    nonsense.write_text("nonsense")
    with pytest.raises(ConfigError, match=r"ldap\.tls_files"):
        server_context(Identity(certificate=nonsense, key=nonsense), ())


def test_the_plugin_offers_all_three() -> None:
    """A directory to ask, a door to show one, and the command that makes accounts."""
    registry = Registry("annuaire")
    hub_annuaire.hub_register_directories(registry)
    hub_annuaire.hub_register_connectors(registry)
    hub_annuaire.hub_register_commands(registry)
    offered = {(one.type, one.kind) for one in registry.offers}
    assert {(PartType.DIRECTORY, "ldap"), (PartType.RECEIVER, "ldap")} <= offered
    assert "ldap-account" in registry.commands


def test_an_account_is_made_by_a_command(folder: Path) -> None:
    """Its line is what the door reads, and differs each time."""
    lines = [_command("cabinet", "un mot de passe long\n").output for _ in range(2)]
    assert lines[0] != lines[1]
    file = folder / "accounts"
    file.write_text(lines[0])
    assert accounts.read(file)["cabinet"].is_of("un mot de passe long")


@pytest.mark.parametrize(("name", "password"), [("a b", "un mot de passe long"), ("cabinet", "court")])
def test_a_weak_account_is_not_made(name: str, password: str) -> None:
    """A password has twelve signs at least."""
    assert _command(name, f"{password}\n").exit_code == 1


def _command(name: str, given: str) -> Any:
    return CliRunner().invoke(command.app, ["make", name], input=given)
