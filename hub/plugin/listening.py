"""Addresses to listen on, taken before anything is served there."""

from __future__ import annotations

import socket


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
