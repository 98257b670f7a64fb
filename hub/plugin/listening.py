"""Addresses to listen on, taken before anything is served there."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import Final

from hub.errors import MalformedError, Words

HIGHEST_PORT: Final = 65535
"""Of a TCP port."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A host (a name or an IP address) and a TCP port, written `host:port` or `[::1]:port`."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Endpoint:
        """Read `host:port`. Port 0 lets the system choose one. Raises MalformedError."""
        host, colon, port = text.rpartition(":")
        bracketed = host.startswith("[") and host.endswith("]")
        host = host[1:-1] if bracketed else host
        fits = port.isascii() and port.isdigit() and int(port) <= HIGHEST_PORT
        if not colon or not host or not fits or (":" in host and not bracketed):
            raise MalformedError(
                "endpoint.malformed",
                Words(
                    en="is not host:port, such as 127.0.0.1:8443 or [::1]:8443",
                    fr="n'est pas de la forme hôte:port, telle que 127.0.0.1:8443 ou [::1]:8443",
                ),
            )
        return cls(host, int(port))

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def bound(host: str, port: int) -> socket.socket:
    """Return a TCP socket that is bound to an address, not yet listening. Raises OSError.

    Port 0 lets the system choose one. An IPv6 address is that alone, never IPv4 mapped into it.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, kind, protocol, _, address = found[0]
    one = socket.socket(family, kind, protocol)
    try:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        one.setblocking(False)
        one.bind(address)
    except OSError:
        one.close()
        raise
    return one
