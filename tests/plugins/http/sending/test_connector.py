"""Described connectors keep what every connector keeps, against a real HTTPS server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.testing.connector_contract import ConnectorContract, Rig
from tests.plugins.http.sending.world import DRAFT, JSON, TWO_PHASE, described, rig_of


class TestOneCall(ConnectorContract):
    @pytest.fixture
    async def rig(self, tmp_path: Path) -> AsyncIterator[Rig]:
        """Yield both ends of an API with one call, JSON and base64."""
        async with rig_of(tmp_path, described(JSON)) as rig:
            yield rig


class TestRegisterThenUpload(ConnectorContract):
    @pytest.fixture
    async def rig(self, tmp_path: Path) -> AsyncIterator[Rig]:
        """Yield both ends of an API in two phases, multipart."""
        async with rig_of(tmp_path, described(TWO_PHASE)) as rig:
            yield rig


class TestDraftAttachSend(ConnectorContract):
    @pytest.fixture
    async def rig(self, tmp_path: Path) -> AsyncIterator[Rig]:
        """Yield both ends of an API with drafts and many recipients, raw bodies."""
        async with rig_of(tmp_path, described(DRAFT)) as rig:
            yield rig
