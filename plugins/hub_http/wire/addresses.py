"""Which IP addresses an operator may be at: public ones, and those of networks that are configured."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Final

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
"""IPv4 behind a translator (RFC 6052): the last 32 bits are the address that is reached."""
_NEVER: Final[tuple[Network, ...]] = tuple(
    ipaddress.ip_network(one)
    for one in (
        "192.0.0.0/24",  # protocols of the IETF
        "192.88.99.0/24",  # relays of 6to4 (RFC 7526)
        "::/96",  # IPv4-compatible (RFC 4291, 2.5.5.1), loopback, unspecified
        "64:ff9b:1::/48",  # translators of one's own (RFC 8215)
        "100::/64",  # nowhere (RFC 6666)
        "2001::/23",  # protocols of the IETF, Teredo among them
        "2001:db8::/32",  # documentation
        "3fff::/20",  # documentation (RFC 9637)
        "5f00::/16",  # segment routing (RFC 9602)
        "fec0::/10",  # site-local (RFC 3879)
    )
)


def read(text: str) -> Address | None:
    """Read an IP address as sockets and URLs write it; None for a name."""
    try:
        return ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None


def admitted(address: Address, networks: Sequence[Network]) -> bool:
    """Whether an operator may be there.

    What is inside another address counts too, and it alone: IPv4 mapped into IPv6, behind a translator
    (NAT64) or a tunnel (6to4).
    """
    return any(address in one for one in networks) or (
        admitted(inner, networks) if (inner := _inside(address)) is not None else _public(address)
    )


def _inside(address: Address) -> ipaddress.IPv4Address | None:
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


def _public(address: Address) -> bool:
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    return not any(address in one for one in _NEVER)
