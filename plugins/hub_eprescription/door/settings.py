"""Settings of a `[receivers.<name>]` of kind `eprescription`, read strictly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from hub.plugin import Table
from hub.plugin.door import settings
from hub.plugin.door.settings import HttpSettings

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
class DoorSettings(HttpSettings):
    """One door, beside what every door has. Sizes are in bytes.

    services                  by operator, how its service proves that it calls; one at least.
    max_call                  largest call; 4MiB.
    concurrency               calls at one time; 32.
    max_connections           at one time; 200.
    max_connections_per_host  at one time from one IP address; 50.
    """

    services: Mapping[str, Proofs]
    max_call: int = 4 << 20
    concurrency: int = 32
    max_connections: int = 200
    max_connections_per_host: int = 50


def parse_receiver(table: Table) -> DoorSettings:
    """Read a door's table. Raises ConfigError that names the key."""
    found = DoorSettings(
        **settings.parse(
            table, max_call="4MiB", concurrency=32, max_connections=200, max_connections_per_host=50
        ),
        services={name: _proofs(one) for name, one in table.tables("services").items()},
    )
    if not found.services:
        raise table.wrong(
            "services",
            "names no operator that may call, such as [receivers.rx.services.erezept]",
            "ne nomme aucun opérateur qui puisse appeler, comme [receivers.rx.services.erezept]",
        )
    if not found.anchors and any(one.client_certificate for one in found.services.values()):
        raise table.wrong(
            "anchors",
            "is missing: a service proves itself by a client certificate, and none would be believed",
            "est absent : un service se prouve par un certificat client, et aucun ne serait cru",
        )
    table.finish()
    return found


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
