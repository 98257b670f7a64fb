"""What an operator's table of kind `cda` may say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hub.domain.address import Address
from hub.errors import ConfigError
from hub.plugin.ledger import EphemeralLedger
from hub.ports.host import Host
from hub.ports.prescription import PrescriptionService, Signing
from hub.testing.fakes import FixedChance, FixedClock, NullLog
from hub_eprescription.cda.opening import open_service
from tests.plugins.eprescription import prescribers
from tests.plugins.eprescription.cda.world import parsed


def test_usual() -> None:
    """A mailbox and who answers for it are enough."""
    found = parsed()
    assert found.common.signing is Signing.NONE
    assert (found.trust, found.signature_required, found.max_bytes) == ((), False, 4 << 20)
    assert found.versions == {"2022.01", "2023.01", "2024.01"}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("signing", "hub"),
        ("signature", "never"),
        ("versions", []),
        ("versions", ["newest"]),
        ("max_size", "0B"),
        ("max_size", "9MiB"),
        ("trust", "authority.pem"),
        ("base_urls", ["https://epu.example"]),
        ("professions", []),
    ],
)
def test_wrong(key: str, value: Any) -> None:
    """A wrong key is named."""
    with pytest.raises(ConfigError) as caught:
        parsed(**{key: value})
    assert f"operators.ordonnances.{key}" in caught.value.words.en


async def test_opens(tmp_path: Path) -> None:
    """It opens with authorities from files; one that is not there is named."""
    _, certificate = prescribers.authority().write(tmp_path)
    host = Host(
        name="ordonnances",
        hub_name="hub.example",
        address=Address.parse("hub@hub.example"),
        clock=FixedClock(),
        chance=FixedChance(),
        log=NullLog(),
        data=tmp_path,
        ledger=EphemeralLedger(),
    )
    async with open_service(parsed(trust=[str(certificate)]), host) as service:
        assert isinstance(service, PrescriptionService)
        await service.probe()
    with pytest.raises(ConfigError) as caught:
        async with open_service(parsed(trust=[str(tmp_path / "absent.pem")]), host):
            pass
    assert "absent.pem" in caught.value.words.en
