"""What an operator's table of kind `eps` says."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hub.errors import ConfigError
from hub.plugin import Table
from hub.ports.prescription import Signing
from hub_eprescription.eps import settings

LEAST: dict[str, Any] = {
    "mailbox": "eps@prescriptions.hub.example",
    "answers_for": "Surgery of the Lilacs",
    "base_urls": ["https://eps.example/electronic-prescriptions/FHIR/R4"],
}


def parse(**more: Any) -> settings.Settings:
    """Parse the least that is needed, and more."""
    return settings.parse(Table({**LEAST, **more}, file=Path("/etc/hub/hub.toml"), path="operators.eps"))


def test_little_is_needed() -> None:
    """The hub signs; SHA-1 is off; the service's own time limit is waited for."""
    found = parse()
    assert found.common.signing is Signing.HUB
    assert not found.accepts_sha1
    assert found.track
    assert found.role is None
    assert found.wire.answer_timeout == timedelta(seconds=65)


def test_everything_can_be_said() -> None:
    """Each key has its effect."""
    found = parse(
        signing="workstation",
        trust=["tls/nhs.pem"],
        accepts_sha1=True,
        role="555254240100",
        track=False,
        answer_timeout="20s",
    )
    assert found.common.signing is Signing.WORKSTATION
    assert found.trust == (Path("/etc/hub/tls/nhs.pem"),)
    assert found.accepts_sha1
    assert found.role == "555254240100"
    assert not found.track
    assert found.wire.answer_timeout == timedelta(seconds=20)


@pytest.mark.parametrize(
    ("more", "key"),
    [
        ({"signing": "workstation"}, "trust"),
        ({"signing": "none"}, "trust"),
        ({"signing": "paper"}, "signing"),
        ({"role": "R8000"}, "role"),
        ({"base_urls": ["http://eps.example"]}, "base_urls"),
        ({"colour": "blue"}, "colour"),
    ],
)
def test_what_is_wrong_is_named(more: dict[str, Any], key: str) -> None:
    """File and key stand in the error."""
    with pytest.raises(ConfigError) as caught:
        parse(**more)
    assert f"operators.eps.{key}" in caught.value.words.en
    assert f"operators.eps.{key}" in caught.value.words.fr
