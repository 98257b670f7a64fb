"""Checks of what is the hub's own: keys, vault, store, clock."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from hub.adapters.clock import SystemChance, SystemClock
from hub.adapters.keys import chain, files
from hub.adapters.keys.description import ENDS_SOON, describe, describe_file
from hub.adapters.keys.vault import Vault
from hub.adapters.synchrony import synchronised
from hub.app.assembly import open_records
from hub.app.findings import Finding, failed, fine, warning
from hub.app.settings import KeySettings, Settings
from hub.errors import ConfigError, HubError, StoreError, Words

RELEASED: Final = datetime(2026, 11, 1, tzinfo=UTC)
"""No clock that is right shows a time before this release."""


def keys(settings: KeySettings) -> Iterator[Finding]:
    """Check the signing key, its certificates and the vault."""
    try:
        files.load_signing(settings.signing_key, settings.signing_certificates)
        certificates = files.load_anchors([settings.signing_certificates])
        anchors = files.load_anchors(settings.anchors)
    except HubError as error:
        yield failed("keys", error)
    else:
        own, now = describe(certificates[0]), SystemClock().now()
        days = own.days_left(now)
        if days < 0:
            yield failed(
                "keys",
                ConfigError(
                    "keys.ended",
                    Words(
                        en=f"The signing certificate ended on {own.not_after:%Y-%m-%d}.",
                        fr=f"Le certificat de signature a pris fin le {own.not_after:%Y-%m-%d}.",
                    ),
                ),
            )
        elif days < ENDS_SOON:
            yield warning(
                "keys",
                f"The signing certificate ends in {days} days.",
                f"Le certificat de signature prend fin dans {days} jours.",
            )
        else:
            yield fine(
                "keys",
                f"{own.subject}, until {own.not_after:%Y-%m-%d}.",
                f"{own.subject}, jusqu'au {own.not_after:%Y-%m-%d}.",
            )
        if not chain.leads_to(anchors, certificates, now):
            yield warning(
                "keys.anchors",
                "The hub's own certificate leads to none of these: `hub verify` would not accept it.",
                "Le certificat du hub ne mène à aucune d'elles : `hub verify` ne l'accepterait pas.",
            )
    yield _vault(settings)


def _vault(settings: KeySettings) -> Finding:
    try:
        count = len(Vault.open(settings.vault, SystemChance()).keys)
    except HubError as error:
        return failed("keys.vault", error)
    return fine("keys.vault", f"keys in it: {count}.", f"clés qu'il contient : {count}.")


async def store(settings: Settings) -> list[Finding]:
    """Check that the store can be written; one that is not there yet is not made."""
    path = settings.store.path
    if not path.exists():
        folder = next(one for one in path.parents if one.exists())
        if not os.access(folder, os.W_OK | os.X_OK):
            words = Words(en=f"{folder} can't be written.", fr=f"{folder} n'est pas accessible en écriture.")
            return [failed("store", StoreError("store.unwritable", words))]
        return [fine("store", f"{path} is made at the first start.", f"{path} sera créé au premier départ.")]
    try:
        async with open_records(settings) as opened:
            await opened.ready()
    except HubError as error:
        return [failed("store", error)]
    return [fine("store", f"{path} can be written.", f"{path} accepte l'écriture.")]


def clock(settings: KeySettings) -> list[Finding]:
    """Check the machine's clock against what can be known here."""
    now = SystemClock().now()
    try:
        begin = describe_file(settings.signing_certificates)[0].not_before
    except HubError:
        begin = RELEASED
    if now < max(begin, RELEASED):
        words = Words(
            en=f"It shows {now:%Y-%m-%d %H:%M} UTC, a time before this release or the hub's certificate.",
            fr=f"Elle indique {now:%Y-%m-%d %H:%M} UTC, avant cette version ou le certificat du hub.",
        )
        return [failed("clock", ConfigError("clock.wrong", words))]
    if synchronised() is False:
        return [
            warning(
                "clock",
                "is not kept right by NTP or PTP, as far as the kernel knows.",
                "n'est pas tenue à l'heure par NTP ou PTP, d'après le noyau.",
            )
        ]
    return [fine("clock", f"{now:%Y-%m-%d %H:%M} UTC.", f"{now:%Y-%m-%d %H:%M} UTC.")]
