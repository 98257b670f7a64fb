"""Settings of a `[receivers.<name>]` of kind `eprescription`, read strictly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from hub.errors import MalformedError
from hub.plugin import Table
from hub.plugin.listening import Endpoint

_LEAST: Final = timedelta(seconds=10)
_MOST: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proofs:
    """How the service of one operator proves that it calls: `[receivers.<name>.services.<operator>]`.

    All that is named must hold, and something must be named.

    bearer              file (mode 0600) with the token of `Authorization: Bearer …`. A file may have several
                        lines: while a secret is being changed, each of them will do.
    hmac                file (mode 0600) with the key of `X-Signature: sha256=…`: the hexadecimal
                        HMAC-SHA256 of the value of `X-Timestamp` (seconds since 1970), a point, and the body.
    client_certificate  whether TLS must show a certificate that is configured as the operator's; false.
    tolerance           how far `X-Timestamp` may be from the hub's clock; 5m. 10s at least, 1h at most.
    """

    bearer: Path | None = None
    hmac: Path | None = None
    client_certificate: bool = False
    tolerance: timedelta = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorSettings:
    """One door. Sizes are in bytes. It speaks HTTP/1.1 over TLS 1.2 or later, and nothing else.

    listen                    where to listen, a list of `host:port`; required.
    certificate               PEM file with the door's certificate and its chain; required.
    key                       PEM file with its private key, not encrypted, mode 0600; required.
    services                  by operator, how its service proves that it calls; one at least.
    anchors                   PEM files with the authorities of services' client certificates; none by
                              default, and then none are asked for.
    crls                      PEM files with those authorities' revocation lists; none by default. When one is
                              given, every authority must have one that is in force.
    max_call                  largest call; 4MiB.
    call_timeout              for the body of a call; 30s.
    idle_timeout              between two stretches of a body, and between two requests; 30s.
    handshake_timeout         for the TLS handshake; 10s.
    concurrency               calls at one time, of which three quarters from one IP address; 32. One more is
                              told 503.
    max_connections           at one time; 200. One more is closed.
    max_connections_per_host  at one time from one IP address; 50.
    drain                     how long calls that have begun may take to finish when the hub stops; 20s.
    """

    listen: tuple[Endpoint, ...]
    certificate: Path
    key: Path
    services: Mapping[str, Proofs]
    anchors: tuple[Path, ...] = ()
    crls: tuple[Path, ...] = ()
    max_call: int = 4 << 20
    call_timeout: timedelta = timedelta(seconds=30)
    idle_timeout: timedelta = timedelta(seconds=30)
    handshake_timeout: timedelta = timedelta(seconds=10)
    concurrency: int = 32
    max_connections: int = 200
    max_connections_per_host: int = 50
    drain: timedelta = timedelta(seconds=20)


def parse_receiver(table: Table) -> DoorSettings:
    """Read a door's table. Raises ConfigError that names the key."""
    settings = DoorSettings(
        listen=_endpoints(table),
        certificate=table.file("certificate"),
        key=table.file("key"),
        services={name: _proofs(one) for name, one in table.tables("services").items()},
        anchors=table.files("anchors", []),
        crls=table.files("crls", []),
        max_call=table.size("max_call", "4MiB"),
        call_timeout=table.duration("call_timeout", "30s"),
        idle_timeout=table.duration("idle_timeout", "30s"),
        handshake_timeout=table.duration("handshake_timeout", "10s"),
        concurrency=table.integer("concurrency", 32, least=1, most=10_000),
        max_connections=table.integer("max_connections", 200, least=1, most=100_000),
        max_connections_per_host=table.integer("max_connections_per_host", 50, least=1, most=100_000),
        drain=table.duration("drain", "20s"),
    )
    if not settings.services:
        raise table.wrong(
            "services",
            "names no operator that may call, such as [receivers.rx.services.erezept]",
            "ne nomme aucun opérateur qui puisse appeler, comme [receivers.rx.services.erezept]",
        )
    if settings.crls and not settings.anchors:
        raise table.wrong(
            "crls",
            "needs anchors: the authorities that the lists are of",
            "demande anchors : les autorités dont viennent les listes",
        )
    if not settings.anchors and any(one.client_certificate for one in settings.services.values()):
        raise table.wrong(
            "anchors",
            "is missing: a service proves itself by a client certificate, and none would be believed",
            "est absent : un service se prouve par un certificat client, et aucun ne serait cru",
        )
    table.finish()
    return settings


def _proofs(table: Table) -> Proofs:
    proofs = Proofs(
        bearer=table.file("bearer") if "bearer" in table.names() else None,
        hmac=table.file("hmac") if "hmac" in table.names() else None,
        client_certificate=table.boolean("client_certificate", False),
        tolerance=table.duration("tolerance", "5m"),
    )
    if not (proofs.bearer or proofs.hmac or proofs.client_certificate):
        raise table.wrong(
            "bearer",
            "is missing, and so are hmac and client_certificate: anybody could call",
            "est absent, comme hmac et client_certificate : n'importe qui pourrait appeler",
        )
    if not _LEAST <= proofs.tolerance <= _MOST:
        raise table.wrong("tolerance", "is not between 10s and 1h", "n'est pas entre 10s et 1h")
    table.finish()
    return proofs


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
