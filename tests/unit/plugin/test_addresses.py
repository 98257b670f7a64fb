"""Where a receiver listens: read, bound, served, let go."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from hub.errors import ConfigError
from hub.plugin import Table, addresses
from hub.plugin.addresses import Addresses
from hub.plugin.listening import Endpoint

ANY = Endpoint("127.0.0.1", 0)


def table(**values: Any) -> Table:
    """Return a table as the configuration has it."""
    return Table(values, file=Path("hub.toml"), path="receivers.web")


def test_addresses_are_read_in_their_order() -> None:
    """As they stand in the configuration."""
    found = addresses.parse(table(listen=["[::1]:0", "127.0.0.1:25"]))
    assert found == (Endpoint("::1", 0), Endpoint("127.0.0.1", 25))
    assert addresses.parse_any(table(), "nameservers", []) == ()


@pytest.mark.parametrize("given", [[], ["127.0.0.1"], ["127.0.0.1:0", "::1:0"]])
def test_what_is_no_address_is_named(given: list[str]) -> None:
    """The key, in both languages; and a receiver that listens nowhere is none."""
    with pytest.raises(ConfigError) as caught:
        addresses.parse(table(listen=given))
    assert "receivers.web.listen" in caught.value.words.en
    assert "receivers.web.listen" in caught.value.words.fr


class Gone(asyncio.Protocol):
    """A connection that tells when it is over."""

    def __init__(self) -> None:
        self.gone = asyncio.Event()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell."""
        del exc
        self.gone.set()


async def test_all_are_bound_or_none() -> None:
    """The one that is taken is named; those before it are let go of."""
    first = Addresses((ANY,), "web", "test.listen")
    (taken,) = first.bound
    async with first.served(Gone, backlog=8):
        with pytest.raises(ConfigError) as caught:
            Addresses((ANY, taken), "web", "test.listen")
    assert caught.value.code == "test.listen"
    assert f"Receiver web can't listen on {taken}: " in caught.value.words.en
    assert f"Le récepteur web ne peut pas écouter sur {taken} : " in caught.value.words.fr


async def test_they_are_served_while_it_lasts_and_can_be_bound_anew() -> None:
    """The ports that the system chose are told; after the end there are none."""
    one = Addresses((ANY, ANY), "web", "test.listen")
    came: asyncio.Queue[Gone] = asyncio.Queue()

    def connect() -> Gone:
        came.put_nowait(made := Gone())
        return made

    bound = one.bound
    async with one.served(connect, backlog=8):
        one.bind()
        assert one.bound == bound
        for place in bound:
            _, writer = await asyncio.open_connection(place.host, place.port)
            writer.close()
            await writer.wait_closed()
            await (await came.get()).gone.wait()
    assert came.empty()
    assert one.bound == ()
    one.bind()
    assert len(one.bound) == len(bound)
    one.unbind()
    assert one.bound == ()
