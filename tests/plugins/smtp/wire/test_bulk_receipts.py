"""A report that speaks of very many recipients."""

from __future__ import annotations

from hub.domain.outcome import Delivered
from hub.ports.intake import Acknowledgement
from hub_smtp.settings import TlsSettings
from tests.plugins.smtp.wire.world import MAIL, OWN, Papers, Wire, door

_MANY = 2000


async def test_receipts_for_nobody_are_one_line_of_the_log(papers: Papers, operator: TlsSettings) -> None:
    """However many deliveries a report names that are not there, it fills no disk with lines."""
    receipt = Acknowledgement(outcome=Delivered(receipt="x"), event="delivered", native_id="n")
    async with door(papers, operator) as hub:
        hub.reader.answer = lambda _arrived: (receipt,) * _MANY
        hub.intake.matches = False
        wire = await Wire.open(hub.port, papers.client(operator))
        await wire.envelope(str(OWN))
        wire.send(MAIL + b".\r\n")
        assert (await wire.reply()).startswith("250 2.0.0 ")
        await wire.close()
        assert len(hub.intake.acknowledgements) == _MANY
        (line,) = [one for one in hub.log.lines if one[1] == "smtp.receipt_unmatched"]
        assert line[2]["count"] == _MANY
