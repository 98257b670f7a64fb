"""Who connects and shows no certificate."""

from __future__ import annotations

import datetime as dt

from hub_smtp.settings import TlsSettings
from tests.plugins.smtp.wire.world import Papers, Wire, door


async def test_a_stranger_who_says_nothing_does_not_hold_a_place(
    papers: Papers, operator: TlsSettings
) -> None:
    """Connections are few; whoever may send mail is through TLS long before its partner's patience ends."""
    async with door(
        papers,
        operator,
        handshake_timeout=dt.timedelta(milliseconds=50),
        command_timeout=dt.timedelta(minutes=5),
    ) as hub:
        wire = await Wire.open(hub.port)
        assert (await wire.reply()).startswith("421 4.4.2 ")
        assert await wire.reply() == ""
        await wire.close()
