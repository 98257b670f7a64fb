"""Where servers are: LDAP URLs (RFC 4516, their host and port only) and addresses to listen on."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Final

from hub.errors import MalformedError, Words

_PORTS: Final = {"ldap": 389, "ldaps": 636}
_HIGHEST_PORT: Final = 65535
_PORT: Final = re.compile(r"^(?:\[.*\]|[^:]*):[0-9]+$")
_NAME: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A host (a name or an IP address) and a TCP port, written `host:port` or `[::1]:port`."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Endpoint:
        """Read it. Port 0 lets the system choose one. Raises MalformedError."""
        host, colon, port = text.rpartition(":")
        bracketed = host.startswith("[") and host.endswith("]")
        host = host[1:-1] if bracketed else host
        fits = port.isascii() and port.isdigit() and int(port) <= _HIGHEST_PORT
        if not colon or not _is_host(host) or not fits or (":" in host) != bracketed:
            raise MalformedError(
                "ldap.place",
                Words(
                    en="is not host:port, such as 127.0.0.1:389 or [::1]:389",
                    fr="n'est pas de la forme hôte:port, telle que 127.0.0.1:389 ou [::1]:389",
                ),
            )
        return cls(host, int(port))

    @property
    def is_loopback(self) -> bool:
        """Whether nothing leaves this machine on the way there."""
        return is_loopback(self.host)

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Url:
    """An LDAP server. `ldaps` begins with TLS, `ldap` goes over to it by StartTLS."""

    scheme: str
    at: Endpoint

    @classmethod
    def parse(cls, text: str) -> Url:
        """Read `ldaps://host`, `ldap://host:port`; no base, no filter. Raises MalformedError."""
        scheme, mark, rest = text.partition("://")
        scheme, rest = scheme.lower(), rest.removesuffix("/")
        if not mark or scheme not in _PORTS or not rest:
            raise _not_a_url()
        if not _PORT.search(rest):
            rest = f"{rest}:{_PORTS[scheme]}"
        try:
            return cls(scheme, Endpoint.parse(rest))
        except MalformedError as error:
            raise _not_a_url() from error

    def __str__(self) -> str:
        return f"{self.scheme}://{self.at}"


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, by its literal address or the name `localhost`."""
    if host.lower() == "localhost":
        return True
    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return (mapped or found).is_loopback


def _is_host(host: str) -> bool:
    if ":" in host:
        try:
            ipaddress.IPv6Address(host)
        except ValueError:
            return False
        return True
    return bool(_NAME.fullmatch(host))


def _not_a_url() -> MalformedError:
    return MalformedError(
        "ldap.url",
        Words(
            en="is not the URL of a server, such as ldaps://annuaire.example or ldap://annuaire.example:389",
            fr="n'est pas l'URL d'un serveur, telle que ldaps://annuaire.example "
            "ou ldap://annuaire.example:389",
        ),
    )
