"""The plugin as the hub opens it, from the table to the wire: revoked recipients get nothing."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import hub_smtp
from hub.domain.outcome import Delivered, Outcome, Refused
from hub.plugin import Registry, Table
from hub.plugin.registry import PartType
from hub.ports.connector import Delivers, Parcel
from tests.plugins.smtp.revocation.authority import Issued, OpensslAuthority, der, free_port, places
from tests.plugins.smtp.wire.test_client import sound
from tests.plugins.smtp.wire.world import Papers, host, script, sent_to


def letter(recipient: Issued) -> Parcel:
    """Return a letter to the doctor, whose certificate the directory has."""
    made = sent_to()
    (one,) = made.addressees
    known = replace(one.entry, certificates=(der(recipient.certificate),))
    return replace(made, addressees=(replace(one, entry=known),))


async def test_from_table_to_wire(tmp_path: Path) -> None:
    """A real responder and a real mail server: the good recipient is delivered to, the revoked one is not."""
    authority, port = OpensslAuthority(tmp_path / "authority"), free_port()
    good, gone = (authority.issue(*places(port)) for _ in range(2))
    authority.revoke(gone)
    papers = Papers(_made(tmp_path / "papers"))
    registry = Registry("smtp")
    hub_smtp.hub_register_connectors(registry)
    offer: Any = next(one for one in registry.offers if one.type is PartType.OPERATOR)
    with authority.answering(port):
        async with script(papers.server(papers.issue("mx.cabinet.example")), sound) as server:
            ours = papers.issue("hub.valbrume.example")
            table = Table(
                tomllib.loads(f"""
                    certificate = "{ours.certificate}"
                    key = "{ours.key}"
                    anchors = ["{papers.anchor}"]
                    relay = "127.0.0.1:{server.port}"
                    server_name = "mx.cabinet.example"
                    [mail]
                    format = "plain"
                    anchors = ["{authority.file}"]
                    revocation = "require"
                    revocation_from.urls = ["http://127.0.0.1:{port}/"]
                """),
                file=Path("/etc/hub.toml"),
                path="operators.valbrume",
            )
            settings = offer.parse(table)
            table.finish()
            async with offer.open(settings, host(_made(tmp_path / "data"))) as connector:
                assert isinstance(connector, Delivers)
                assert isinstance(await _outcome(connector, gone), Refused)
                assert not server.connections
                assert isinstance(await _outcome(connector, good), Delivered)


async def _outcome(connector: Delivers, recipient: Issued) -> Outcome:
    (outcome,) = (await connector.deliver(letter(recipient))).values()
    return outcome


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder
