"""The signed list keeps the promises of every space of trust, in both forms."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from hub.ports.trust import Admission
from hub.testing.trust_contract import TrustContract, TrustRig
from hub_trust.space import open_space
from tests.plugins.trust.world import DIGEST, NOW, OPERATORS, Cast, Draft, Scene


class TestSignedList(TrustContract):
    @pytest.fixture
    async def rig(self, scene: Scene, cast: Cast, tmp_path: Path) -> AsyncIterator[TrustRig]:
        """Return a list with somebody who has left, and a space that never had a list."""
        left = {
            "name": "Ancien",
            "pins": [],
            "domains": [
                ("parti.example", NOW - timedelta(days=1)),
                ("part.demain.example", NOW + timedelta(days=1)),
            ],
        }
        scene.put(replace(Draft(), operators=[*OPERATORS, left]))
        (tmp_path / "empty").mkdir()
        empty = Scene(cast=cast, folder=tmp_path / "empty", form=scene.form)
        version = "trust mssante.example 7"
        pins = frozenset({f"sha256:{DIGEST}", "dns:mx.valbrume.example"})
        async with AsyncExitStack() as stack:
            yield TrustRig(
                space=await stack.enter_async_context(open_space(scene.settings(), scene.host)),
                admitted=(
                    Admission(
                        domain="valbrume.mssante.example", member="Valbrume Santé", source=version, pins=pins
                    ),
                    Admission(domain="hautmont.mssante.example", member="Hautmont", source=version),
                    Admission(domain="part.demain.example", member="Ancien", source=version),
                ),
                outside=("nowhere.example", "parti.example"),
                unavailable=await stack.enter_async_context(open_space(empty.settings(), empty.host)),
            )
