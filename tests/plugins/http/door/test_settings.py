"""A door that can't be meant is refused at the start, with the key or the file and what would be right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import trustme

from hub.errors import ConfigError
from hub.plugin import Table
from hub.plugin.listening import Endpoint
from hub_http.door.settings import DoorSettings, parse_receiver
from tests.plugins.http.door.world import described, opened

GIVEN = {"listen": ["127.0.0.1:8443", "[::1]:0"], "certificate": "door.pem", "key": "door.key"}


def table(values: dict[str, Any]) -> Table:
    """Return a table as the configuration has it."""
    return Table(values, file=Path("hub.toml"), path="receivers.web")


def test_what_is_left_out_has_its_default() -> None:
    """Three keys make a door."""
    settings = parse_receiver(table(dict(GIVEN)))
    assert settings == DoorSettings(
        listen=(Endpoint("127.0.0.1", 8443), Endpoint("::1", 0)),
        certificate=settings.certificate,
        key=settings.key,
    )
    assert [str(one) for one in settings.listen] == GIVEN["listen"]


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"listen": []}, "listen"),
        ({"listen": ["8443"]}, "listen"),
        ({"listen": ["::1:8443"]}, "listen"),
        ({"listen": ["localhost:99999"]}, "listen"),
        ({"crls": ["crl.pem"]}, "crls"),
        ({"max_call": "lots"}, "max_call"),
        ({"concurrency": 0}, "concurrency"),
        ({"plain": True}, "plain"),
    ],
)
def test_what_is_wrong_is_named(change: dict[str, Any], key: str) -> None:
    """The key, in both languages."""
    with pytest.raises(ConfigError) as caught:
        parse_receiver(table({**GIVEN, **change}))
    assert f"receivers.web.{key}" in caught.value.words.en
    assert f"receivers.web.{key}" in caught.value.words.fr


async def test_files_that_can_not_be_used_are_named(tmp_path: Path) -> None:
    """A key that is not the certificate's, that everybody can read, or that is not there; no PEM."""
    other = tmp_path / "other.key"
    other.touch(mode=0o600)
    other.write_bytes(trustme.CA().issue_cert("localhost").private_key_pem.bytes())
    public = tmp_path / "public.key"
    public.write_bytes(other.read_bytes())
    public.chmod(0o644)
    nothing = tmp_path / "nothing.pem"
    nothing.write_text("nothing")
    for change, file in (
        ({"key": other}, other),
        ({"key": public}, public),
        ({"key": tmp_path / "absent"}, tmp_path / "absent"),
        ({"certificate": nothing}, nothing),
        ({"anchors": (nothing,)}, nothing),
    ):
        with pytest.raises(ConfigError) as caught:
            async with opened(tmp_path, **change):
                pass
        assert caught.value.code == "door.tls"
        assert str(file) in caught.value.words.fr


async def test_an_address_in_use_is_named(tmp_path: Path) -> None:
    """The hub does not start without one of its doors."""
    async with opened(tmp_path) as world:
        taken = world.door.addresses
        with pytest.raises(ConfigError) as caught:
            async with opened(tmp_path, listen=taken):
                pass
    assert caught.value.code == "door.listen"
    assert str(taken[0]) in caught.value.words.en


async def test_a_door_without_webhooks_is_worth_a_warning(tmp_path: Path) -> None:
    """Somebody has forgotten something, or misspelt it."""
    async with opened(tmp_path, operators=()) as world:
        assert "door.no_webhooks" in world.log.events()


async def test_certificates_that_nobody_can_show_are_worth_a_warning(tmp_path: Path) -> None:
    """A webhook asks for a client certificate, and the door knows no authority of any."""
    async with opened(tmp_path, described(verify={"client_certificate": True}), asks=False) as world:
        ((_, _, fields),) = [one for one in world.log.lines if one[1] == "door.no_anchors"]
    assert fields["operator"] == "courrier"
