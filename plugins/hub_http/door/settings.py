"""Settings of a `[receivers.<name>]` of kind `http`, read strictly."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from hub.errors import MalformedError
from hub.plugin import Table
from hub.plugin.listening import Endpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorSettings:
    """One door. Sizes are in bytes. It speaks HTTP/1.1 over TLS, and nothing else.

    listen                    where to listen, a list of `host:port`; required.
    certificate               PEM file with the door's certificate and its chain; required.
    key                       PEM file with its private key, not encrypted, mode 0600; required.
    anchors                   PEM files with the authorities of operators' client certificates; none by
                              default, and then none are asked for.
    crls                      PEM files with those authorities' revocation lists; none by default. When one is
                              given, every authority must have one that is in force.
    max_call                  largest call that is read as a whole; 16MiB.
    max_upload                largest call that is taken as it comes, such as another hub's; 256MiB.
    call_timeout              for the body of a call that is read as a whole; 30s.
    upload_timeout            for the body of one that is taken as it comes; 5m.
    idle_timeout              between two stretches of a body, and between two requests; 30s.
    handshake_timeout         for the TLS handshake; 10s.
    concurrency               calls at one time, of which three quarters from one IP address; 64. One more is
                              told 503.
    max_connections           at one time; 500. One more is closed.
    max_connections_per_host  at one time from one IP address; 100.
    drain                     how long calls that have begun may take to finish when the hub stops; 20s.
    """

    listen: tuple[Endpoint, ...]
    certificate: Path
    key: Path
    anchors: tuple[Path, ...] = ()
    crls: tuple[Path, ...] = ()
    max_call: int = 16 << 20
    max_upload: int = 256 << 20
    call_timeout: timedelta = timedelta(seconds=30)
    upload_timeout: timedelta = timedelta(minutes=5)
    idle_timeout: timedelta = timedelta(seconds=30)
    handshake_timeout: timedelta = timedelta(seconds=10)
    concurrency: int = 64
    max_connections: int = 500
    max_connections_per_host: int = 100
    drain: timedelta = timedelta(seconds=20)


def parse_receiver(table: Table) -> DoorSettings:
    """Read a door's table. Raises ConfigError that names the key."""
    settings = DoorSettings(
        listen=_endpoints(table),
        certificate=table.file("certificate"),
        key=table.file("key"),
        anchors=table.files("anchors", []),
        crls=table.files("crls", []),
        max_call=table.size("max_call", "16MiB"),
        max_upload=table.size("max_upload", "256MiB"),
        call_timeout=table.duration("call_timeout", "30s"),
        upload_timeout=table.duration("upload_timeout", "5m"),
        idle_timeout=table.duration("idle_timeout", "30s"),
        handshake_timeout=table.duration("handshake_timeout", "10s"),
        concurrency=table.integer("concurrency", 64, least=1, most=10_000),
        max_connections=table.integer("max_connections", 500, least=1, most=100_000),
        max_connections_per_host=table.integer("max_connections_per_host", 100, least=1, most=100_000),
        drain=table.duration("drain", "20s"),
    )
    if settings.crls and not settings.anchors:
        raise table.wrong(
            "crls",
            "needs anchors: the authorities that the lists are of",
            "demande anchors : les autorités dont viennent les listes",
        )
    table.finish()
    return settings


def _endpoints(table: Table) -> tuple[Endpoint, ...]:
    endpoints = []
    for text in table.texts("listen"):
        try:
            endpoints.append(Endpoint.parse(text))
        except MalformedError as error:
            raise table.wrong("listen", error.words.en, error.words.fr) from error
    if not endpoints:
        raise table.wrong("listen", "names no address to listen on", "ne nomme aucune adresse d'écoute")
    return tuple(endpoints)
