"""What `[operators.<name>]` says when its kind is `gematik`, read strictly."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from hub.errors import MalformedError, Words
from hub.plugin import Table
from hub.ports.prescription import Signing
from hub_eprescription.settings import Common, parse_common
from hub_eprescription.signing.signers import SignerSettings, parse_signers
from hub_eprescription.wire.settings import WireSettings, parse_wire

WORKFLOWS: Final = ("160", "162", "165", "166", "169", "200", "209")
"""Kinds of prescription: 160 and 200 for the pharmacy, 169 and 209 assigned by the prescriber, 162 digital
health applications, 165 and 166 special forms; 2xx for the privately insured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The plugin's half of one `[operators.<name>]`.

    trust      PEM files with the authorities of prescribers' signing certificates; required when the
               workstation signs. When given, the hub's own signatures are held to it too.
    follow     whether the service is asked of dispensings (`GET /MedicationDispense`); true. A service that
               refuses that to prescribers is asked once only.
    listen     `wss://…` where the service pings for a Subscription; none by default, then it is only polled.
    time_zone  where a prescription's day begins and ends; Europe/Berlin.
    """

    common: Common
    wire: WireSettings
    signers: SignerSettings
    trust: tuple[Path, ...] = ()
    follow: bool = True
    listen: str | None = None
    time_zone: ZoneInfo


def parse(table: Table) -> Settings:
    """Read the table; what the hub itself has taken is gone already. Raises ConfigError."""
    common = parse_common(table, (Signing.HUB, Signing.WORKSTATION))
    trust = table.files("trust", [])
    if common.signing is Signing.WORKSTATION and not trust:
        raise table.wrong(
            "trust",
            "is missing: without authorities no prescriber's signature can be verified",
            "manque : sans autorités, aucune signature de prescripteur ne peut être vérifiée",
        )
    settings = Settings(
        common=common,
        wire=parse_wire(table),
        signers=parse_signers(table),
        trust=trust,
        follow=table.boolean("follow", True),
        listen=table.parsed("listen", _socket) if "listen" in table.names() else None,
        time_zone=table.parsed("time_zone", _zone, "Europe/Berlin"),
    )
    table.finish()
    return settings


def _zone(text: str) -> ZoneInfo:
    try:
        return ZoneInfo(text)
    except (KeyError, ValueError, OSError):
        raise MalformedError(
            "prescription.time_zone",
            Words(
                en=f"{text} is not the name of a time zone, such as Europe/Berlin.",
                fr=f"{text} n'est pas le nom d'un fuseau horaire, tel que Europe/Berlin.",
            ),
        ) from None


def _socket(text: str) -> str:
    if text.startswith("wss://") and text.isascii() and not set(text) & set(" ?#@"):
        return text
    raise MalformedError(
        "prescription.listen",
        Words(
            en="The address of the service's pings is written wss://host/path.",
            fr="L'adresse des signaux du service s'écrit wss://hôte/chemin.",
        ),
    )
