"""Settings that every door over HTTPS has, read strictly. A plugin's own settings add to them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TypedDict

from hub.plugin import addresses
from hub.plugin.listening import Endpoint
from hub.plugin.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpSettings:
    """One door. Sizes are in bytes. It speaks HTTP/1.1 over TLS 1.2 or later, and nothing else.

    listen                    where to listen, a list of `host:port`; required.
    certificate               PEM file with the door's certificate and its chain; required.
    key                       PEM file with its private key, not encrypted, mode 0600; required.
    anchors                   PEM files with the authorities of callers' client certificates; none by
                              default, and then none are asked for.
    crls                      PEM files with those authorities' revocation lists; none by default. When one is
                              given, every authority must have one that is in force.
    max_call                  largest call that is read as a whole.
    call_timeout              for the body of a call that is read as a whole; 30s.
    idle_timeout              between two stretches of a body, and between two requests; 30s.
    handshake_timeout         for the TLS handshake; 10s.
    concurrency               calls at one time, of which three quarters from one IP address. One more is
                              told 503.
    max_connections           at one time. One more is closed.
    max_connections_per_host  at one time from one IP address.
    drain                     how long calls that have begun may take to finish when the hub stops; 20s.
    """

    listen: tuple[Endpoint, ...]
    certificate: Path
    key: Path
    anchors: tuple[Path, ...] = ()
    crls: tuple[Path, ...] = ()
    max_call: int
    call_timeout: timedelta = timedelta(seconds=30)
    idle_timeout: timedelta = timedelta(seconds=30)
    handshake_timeout: timedelta = timedelta(seconds=10)
    concurrency: int
    max_connections: int
    max_connections_per_host: int
    drain: timedelta = timedelta(seconds=20)


class Common(TypedDict):
    """What `parse` has read: the arguments of `HttpSettings`, whose names say what they are."""

    listen: tuple[Endpoint, ...]
    certificate: Path
    key: Path
    anchors: tuple[Path, ...]
    crls: tuple[Path, ...]
    max_call: int
    call_timeout: timedelta
    idle_timeout: timedelta
    handshake_timeout: timedelta
    concurrency: int
    max_connections: int
    max_connections_per_host: int
    drain: timedelta


def parse(
    table: Table, *, max_call: str, concurrency: int, max_connections: int, max_connections_per_host: int
) -> Common:
    """Take the keys of `HttpSettings`; the arguments are defaults. Raises ConfigError that names the key.

    The plugin takes its own keys, and finishes the table.
    """
    common = Common(
        listen=addresses.parse(table),
        certificate=table.file("certificate"),
        key=table.file("key"),
        anchors=table.files("anchors", []),
        crls=table.files("crls", []),
        max_call=table.size("max_call", max_call),
        call_timeout=table.duration("call_timeout", "30s"),
        idle_timeout=table.duration("idle_timeout", "30s"),
        handshake_timeout=table.duration("handshake_timeout", "10s"),
        concurrency=table.integer("concurrency", concurrency, least=1, most=10_000),
        max_connections=table.integer("max_connections", max_connections, least=1, most=100_000),
        max_connections_per_host=table.integer(
            "max_connections_per_host", max_connections_per_host, least=1, most=100_000
        ),
        drain=table.duration("drain", "20s"),
    )
    if common["crls"] and not common["anchors"]:
        raise table.wrong(
            "crls",
            "needs anchors: the authorities that the lists are of",
            "demande anchors : les autorités dont viennent les listes",
        )
    return common
