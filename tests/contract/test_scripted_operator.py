"""The fake operators keep what every connector keeps, so that they may stand for one."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import pytest

from hub.domain.address import Address
from hub.testing.connector_contract import ConnectorContract, Rig, Seen
from hub.testing.fakes import Play, RecoveringOperator, ScriptedOperator, entry


class ScriptedRig(Rig):
    """A scripted operator is its own counterpart."""

    sender = Address.parse("chirurgie@ch-valbrume.example")
    good = tuple(entry(f"dr.{name}@ville.example") for name in ("martin", "petit", "roux"))
    unknown = entry("nobody@ville.example")

    def __init__(self, operator: ScriptedOperator) -> None:
        self.connector = self._operator = operator
        operator.script("nobody@ville.example", Play.REFUSED)

    async def seen(self) -> Sequence[Seen]:
        """Return what arrived."""
        return [
            Seen(
                recipient=one.recipient,
                digests=frozenset(hashlib.sha256(data).hexdigest() for data in one.contents.values()),
            )
            for one in self._operator.arrivals
        ]

    async def stall(self) -> None:
        """Close the gate."""
        self._operator.gate.clear()

    async def resume(self) -> None:
        """Open the gate."""
        self._operator.gate.set()

    async def shut(self) -> None:
        """Play one failure for everybody."""
        for one in self.good:
            self._operator.script(str(one.address), Play.DOWN)

    async def reopen(self) -> None:
        """Deliver again."""
        for one in self.good:
            self._operator.script(str(one.address), Play.DELIVERED)


class TestScriptedOperator(ConnectorContract):
    """The plain one."""

    @pytest.fixture
    async def rig(self) -> Rig:
        """Make a rig."""
        return ScriptedRig(ScriptedOperator())


class TestRecoveringOperator(ConnectorContract):
    """The one that can be asked."""

    @pytest.fixture
    async def rig(self) -> Rig:
        """Make a rig."""
        return ScriptedRig(RecoveringOperator())
