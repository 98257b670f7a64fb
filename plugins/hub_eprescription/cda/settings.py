"""What `[operators.<name>]` says when its kind is `cda`, read strictly."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hub.plugin import Table
from hub.ports.prescription import Signing
from hub_eprescription.cda.limits import MAX_BYTES, VERSIONS
from hub_eprescription.settings import Common, parse_common

_VERSION: Final = re.compile(r"[0-9]{4}\.[0-9]{2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The plugin's half of the table, besides what all services share.

    trust      PEM files with the authorities of prescribers' signing certificates; none by default: then a
               document with a signature is refused, as nobody can say whether it is genuine.
    signature  `when-present` (default): a signature is verified when there is one; `required`: a document
               without one is refused.
    versions   versions of eP-MED-DM that are taken.
    max_size   bytes of one document, at most 8 MiB; 4 MiB by default.
    """

    common: Common
    trust: tuple[Path, ...]
    signature_required: bool
    versions: frozenset[str]
    max_bytes: int


def parse(table: Table) -> Settings:
    """Read an operator's table. Raises ConfigError, which names file, line and key."""
    settings = Settings(
        common=parse_common(table, (Signing.NONE,)),
        trust=table.files("trust", []),
        signature_required=table.choice("signature", ("when-present", "required"), "when-present")
        == "required",
        versions=_versions(table),
        max_bytes=_max_bytes(table),
    )
    table.finish()
    return settings


def _versions(table: Table) -> frozenset[str]:
    versions = table.texts("versions", list(VERSIONS))
    if not versions or not all(_VERSION.fullmatch(one) for one in versions):
        raise table.wrong(
            "versions",
            f"is not a list of versions of eP-MED-DM, such as {VERSIONS[-1]}",
            f"n'est pas une liste de versions d'eP-MED-DM, telles que {VERSIONS[-1]}",
        )
    return frozenset(versions)


def _max_bytes(table: Table) -> int:
    size = table.size("max_size", "4MiB")
    if not 0 < size <= MAX_BYTES:
        raise table.wrong(
            "max_size",
            f"is not between 1B and {MAX_BYTES >> 20}MiB",
            f"n'est pas compris entre 1B et {MAX_BYTES >> 20}MiB",
        )
    return size
