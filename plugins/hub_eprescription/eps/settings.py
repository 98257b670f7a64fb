"""What `[operators.<name>]` says when its kind is `eps`, read strictly."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Final

from hub.plugin import Table
from hub.ports.prescription import Signing
from hub_eprescription.settings import Common, parse_common
from hub_eprescription.signing.signers import SignerSettings, parse_signers
from hub_eprescription.wire.settings import WireSettings, parse_wire

ANSWER_TIMEOUT: Final = timedelta(seconds=65)
"""The service itself gives up after 59 seconds, and says so by a 504."""
_ROLE: Final = re.compile(r"[0-9]{1,20}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The plugin's half of one `[operators.<name>]`.

    wire          `base_urls` are the FHIR address, such as `https://…/electronic-prescriptions/FHIR/R4`;
                  `answer_timeout` is 65s when not given.
    trust         PEM files with the authorities of prescribers' signing certificates; required unless the
                  hub signs. When given, the hub's own signatures are held to it too.
    accepts_sha1  whether a signature may be RSA with SHA-1 where the service still asks for it (RS1); false.
    role          the user's role at the service (`NHSD-Session-URID`); none by default.
    track         whether the service is asked how a prescription stands (`GET Task`); true.
    """

    common: Common
    wire: WireSettings
    signers: SignerSettings
    trust: tuple[Path, ...] = ()
    accepts_sha1: bool = False
    role: str | None = None
    track: bool = True


def parse(table: Table) -> Settings:
    """Read the table; what the hub itself has taken is gone already. Raises ConfigError."""
    common = parse_common(table, (Signing.HUB, Signing.WORKSTATION, Signing.NONE))
    trust = table.files("trust", [])
    if common.signing is not Signing.HUB and not trust:
        raise table.wrong(
            "trust",
            "is missing: without authorities no prescriber's signature can be verified",
            "manque : sans autorités, aucune signature de prescripteur ne peut être vérifiée",
        )
    timed = "answer_timeout" in table.names()
    wire = parse_wire(table)
    settings = Settings(
        common=common,
        wire=wire if timed else replace(wire, answer_timeout=ANSWER_TIMEOUT),
        signers=parse_signers(table),
        trust=trust,
        accepts_sha1=table.boolean("accepts_sha1", False),
        role=_role(table) if "role" in table.names() else None,
        track=table.boolean("track", True),
    )
    table.finish()
    return settings


def _role(table: Table) -> str:
    role = table.text("role")
    if not _ROLE.fullmatch(role):
        raise table.wrong(
            "role",
            "is not a user role ID: digits, as the NHS login gives it",
            "n'est pas un identifiant de rôle : des chiffres, tels que la connexion NHS les donne",
        )
    return role
