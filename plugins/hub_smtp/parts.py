"""What the plugin offers, put together here: sessions, and the mail that they carry.

The mail's modules are imported when a part is first read or opened: `hub --help` does not need them.
"""

# ruff: noqa: PLC0415 -- late imports are this module's purpose
from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from hub.plugin import Table
from hub.ports.connector import Delivers
from hub.ports.host import Host, Receives

if TYPE_CHECKING:
    from hub_smtp.mail_settings import MailReading, MailWriting
    from hub_smtp.settings import ConnectorSettings, ReceiverSettings


def parse_operator(table: Table) -> tuple[ConnectorSettings, MailWriting]:
    """Read an `[operators.<name>]` of kind `smtp`. Raises ConfigError."""
    from hub_smtp import mail_settings, settings

    return settings.parse_connector(table), mail_settings.parse_mail(table.table("mail"))


@asynccontextmanager
async def open_operator(
    settings: tuple[ConnectorSettings, MailWriting], host: Host
) -> AsyncIterator[Delivers]:
    """Yield a connector that is ready. Raises ConfigError when a file that it needs can't be used."""
    from hub_smtp.composing import Composer
    from hub_smtp.connector import open_connector
    from hub_smtp.revocation.checker import open_revocation

    wire, mail = settings
    async with (
        open_revocation(mail.revocation, host) as revocation,
        open_connector(wire, Composer(mail, host, revocation), host) as connector,
    ):
        yield connector


def parse_receiver(table: Table) -> tuple[ReceiverSettings, MailReading]:
    """Read a `[receivers.<name>]` of kind `smtp`. Raises ConfigError."""
    from hub_smtp import mail_settings, settings

    return settings.parse_receiver(table), mail_settings.parse_reading(table.table("mail"))


@asynccontextmanager
async def open_receiver(
    settings: tuple[ReceiverSettings, MailReading], host: Host
) -> AsyncIterator[Receives]:
    """Yield a door that is bound. Raises ConfigError when an address or a file can't be used."""
    from hub_smtp import server
    from hub_smtp.reading import Reader
    from hub_smtp.revocation.checker import open_revocation

    wire, mail = settings
    async with (
        open_revocation(mail.revocation, host) as revocation,
        server.open_receiver(wire, Reader(mail, host, revocation), host) as receiver,
    ):
        yield receiver
