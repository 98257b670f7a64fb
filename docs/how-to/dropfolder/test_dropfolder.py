"""The drop folder keeps what every connector keeps."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
from hub_dropfolder import DropFolder

from hub.domain.address import Address
from hub.testing.connector_contract import ConnectorContract, Rig, Seen
from hub.testing.fakes import entry


class FolderRig(Rig):
    """A folder is its own counterpart."""

    sender = Address.parse("chirurgie@ch-valbrume.example")
    good = tuple(entry(f"dr.{name}@ville.example") for name in ("martin", "petit", "roux"))
    unknown = entry("nobody@ville.example")

    def __init__(self, root: Path) -> None:
        self._root = root
        self.connector = DropFolder(root)
        for one in self.good:
            (root / one.address.key).mkdir(parents=True)

    async def seen(self) -> Sequence[Seen]:
        """Look into every mailbox."""
        return [
            Seen(
                recipient=Address.parse(mailbox.name),
                digests=frozenset(hashlib.sha256(one.read_bytes()).hexdigest() for one in filed.iterdir()),
            )
            for mailbox in self._root.iterdir()
            for filed in mailbox.glob("[!.]*")
        ]

    async def shut(self) -> None:
        """Take the folder away, as a network share that is not mounted."""
        shutil.move(self._root, f"{self._root}.away")

    async def reopen(self) -> None:
        """Bring it back."""
        shutil.move(f"{self._root}.away", self._root)


class TestDropFolder(ConnectorContract):
    """All of the contract."""

    @pytest.fixture
    def rig(self, tmp_path: Path) -> Rig:
        """Make a rig."""
        return FolderRig(tmp_path / "drop")
