"""Where a host's name really leads: addresses are looked up, judged, and connected to as they were judged.

Both the resolver and the factory of sockets judge. The first gives a clear error and leaves out addresses
that are not admitted; the second is asked for every single socket, IP addresses written in URLs included,
which no resolver is asked for.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Sequence
from typing import Any, Final

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from hub_http.wire import addresses
from hub_http.wire.addresses import Network

_INTERNET: Final = frozenset({socket.AF_INET, socket.AF_INET6})


class NotAdmittedError(OSError):
    """A name leads to an address where this operator may not be."""

    def __init__(self) -> None:
        super().__init__(errno.EACCES, "the address is not admitted")


class Resolver(AbstractResolver):
    """Looks names up as the system does, and keeps admitted addresses only."""

    def __init__(self, networks: Sequence[Network], asked: AbstractResolver | None = None) -> None:
        self._networks = networks
        self._asked = asked or ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the addresses of a name. Raises OSError, NotAdmittedError when none is admitted."""
        found = await self._asked.resolve(host, port, family)
        kept = [one for one in found if judged(one["host"], self._networks)]
        if found and not kept:
            raise NotAdmittedError
        return kept

    async def close(self) -> None:
        """End."""
        await self._asked.close()


def judged(text: str, networks: Sequence[Network]) -> bool:
    """Whether an address in text is admitted; what is no address is not."""
    address = addresses.read(text)
    return address is not None and addresses.admitted(address, networks)


class Sockets:
    """Makes the sockets that connections begin with."""

    def __init__(self, networks: Sequence[Network]) -> None:
        self._networks = networks

    def __call__(self, info: tuple[Any, ...]) -> socket.socket:
        """Make one for an address, as `getaddrinfo` gives it. Raises NotAdmittedError."""
        family, kind, protocol, _, address = info
        if family not in _INTERNET or not judged(str(address[0]), self._networks):
            raise NotAdmittedError
        return socket.socket(family, kind, protocol)
