"""The directory of the other tests keeps the port's promises too."""

from __future__ import annotations

import pytest

from hub.domain.party import RPPS, Identifier
from hub.testing.directory_contract import DirectoryContract, DirectoryRig
from hub.testing.fakes import TinyDirectory, entry


class TestTinyDirectory(DirectoryContract):
    @pytest.fixture
    def rig(self) -> DirectoryRig:
        """Return two doctors, and a directory that is down."""
        listed = (
            entry("dr.un@a.example", identifiers=[Identifier(RPPS, "899900000011")]),
            entry("dr.deux@a.example", identifiers=[Identifier(RPPS, "899900000029")]),
        )
        down = TinyDirectory()
        down.available = False
        return DirectoryRig(directory=TinyDirectory(*listed), listed=listed, unavailable=down)
