"""The plugin as the hub opens it: from tables to a mail that went through."""

from __future__ import annotations

import asyncio
import tomllib
from pathlib import Path
from typing import Any

import pytest

import hub_smtp
from hub.domain.outcome import Delivered
from hub.errors import ConfigError
from hub.plugin import Registry, Table
from hub.plugin.registry import PartType
from hub.ports.connector import Delivers, Probes
from hub.ports.host import Receives
from hub.testing.fakes import RecordingIntake
from hub_smtp.settings import TlsSettings
from tests.plugins.smtp.wire.test_client import sound
from tests.plugins.smtp.wire.world import DOCTOR, MAIL, PEER, SENDER, Papers, Wire, der, host, sent_to, until
from tests.plugins.smtp.wire.world import script as scripted


def _table(papers: Papers, made: TlsSettings, text: str) -> Table:
    tls = f'certificate = "{made.certificate}"\nkey = "{made.key}"\nanchors = ["{papers.anchor}"]\n'
    return Table(tomllib.loads(tls + text), file=Path("/etc/hub.toml"), path="part")


def _offers() -> dict[PartType, Any]:
    registry = Registry("smtp")
    hub_smtp.hub_register_connectors(registry)
    return {one.type: one for one in registry.offers}


async def test_a_receiver_opens_and_takes_a_mail(papers: Papers, operator: TlsSettings) -> None:
    """A table of the example's form gives a door; a mail goes through the real reader."""
    offer = _offers()[PartType.RECEIVER]
    table = _table(
        papers, papers.issue("hub.valbrume.example"), 'listen = ["127.0.0.1:0"]\n[mail]\nanchors = []\n'
    )
    settings = offer.parse(table)
    table.finish()
    intake = RecordingIntake(peers={der(operator): PEER})
    lent = host(papers.folder)
    async with offer.open(settings, lent) as receiver:
        assert isinstance(receiver, Receives)
        port = receiver.addresses[0].port  # type: ignore[attr-defined]
        task = asyncio.ensure_future(receiver.receive(intake))
        await until(lambda: lent.log.lines)  # type: ignore[attr-defined]
        wire = await Wire.open(port, papers.client(operator))
        await wire.envelope()
        wire.send(
            b"Message-ID: <1@chu.example>\r\nDate: Tue, 03 Mar 2026 12:00:00 +0000\r\n" + MAIL + b".\r\n"
        )
        assert (await wire.reply()).startswith("250 2.0.0 OK 0000")
        (submission,) = intake.submissions
        assert submission.native_id == "<1@chu.example>"
        assert [str(one.target) for one in submission.recipients] == [DOCTOR]
        await wire.close()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_connector_opens_and_delivers(papers: Papers, mailbox: TlsSettings) -> None:
    """A table of the example's form gives a connector; a parcel goes through the real composer."""
    offer = _offers()[PartType.OPERATOR]
    async with scripted(papers.server(mailbox), sound) as server:
        table = _table(
            papers,
            papers.issue("hub.valbrume.example"),
            f'relay = "127.0.0.1:{server.port}"\nserver_name = "mx.cabinet.example"\n'
            '[mail]\nformat = "plain"\n',
        )
        settings = offer.parse(table)
        table.finish()
        async with offer.open(settings, host(papers.folder)) as connector:
            assert isinstance(connector, Delivers)
            assert isinstance(connector, Probes)
            (outcome,) = (await connector.deliver(sent_to())).values()
            assert isinstance(outcome, Delivered)
        assert server.connections[0].heard[-1] != f"MAIL FROM:<{SENDER}>"


def test_a_setting_that_is_unknown_is_named(papers: Papers) -> None:
    """With what is known beside it."""
    table = _table(papers, papers.issue("x.example"), 'verify = false\n[mail]\nformat = "plain"\n')
    _offers()[PartType.OPERATOR].parse(table)
    with pytest.raises(ConfigError, match=r"part\.verify is not known here; known are .*attempt_timeout"):
        table.finish()
