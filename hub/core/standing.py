"""The words for those who may not practise, or whom nobody knows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hub.domain.address import Address
from hub.domain.outcome import Refused
from hub.errors import Words
from hub.ports.directory import Entry, MailboxKind, Standing

_WHY: Final = {
    Standing.CEASED: ("no longer practises", "n'exerce plus"),
    Standing.SUSPENDED: ("is suspended from practice", "est suspendu d'exercice"),
    Standing.STRUCK_OFF: ("has been struck off the register", "est radié du tableau"),
    Standing.DECEASED: ("is deceased", "est décédé"),
    Standing.UNKNOWN: ("has no known right to practise", "n'a pas de droit d'exercice connu"),
}


def barred(entry: Entry, whom: str) -> Refused | None:
    """Say why the bearer of a mailbox may not exchange today; None when they may."""
    if entry.standing is Standing.ACTIVE:
        return None
    if entry.mailbox is MailboxKind.PATIENT:
        return _closed(entry, whom)
    en, fr = _WHY[entry.standing]
    if entry.since:
        en, fr = f"{en} since {entry.since.isoformat()}", f"{fr} depuis le {entry.since.isoformat()}"
    if entry.until:
        en, fr = f"{en}, until {entry.until.isoformat()}", f"{fr}, jusqu'au {entry.until.isoformat()}"
    return Refused(
        code=f"{whom}.{entry.standing.value}",
        reason=Words(
            en=f"{entry.address}: according to the directory, this professional {en}.",
            fr=f"{entry.address} : selon l'annuaire, ce professionnel {fr}.",
        ),
        source=entry.source,
    )


def _closed(entry: Entry, whom: str) -> Refused:
    return Refused(
        code=f"{whom}.closed",
        reason=Words(
            en=f"{entry.address}: this patient's mailbox is closed.",
            fr=f"{entry.address} : la boîte de ce patient est fermée.",
        ),
        source=entry.source,
    )


def unknown(address: Address, whom: str, version: str | None = None, near: Sequence[Address] = ()) -> Refused:
    """Make the refusal for an address that no directory lists; `near` may be what was meant."""
    en, fr = "", ""
    if near:
        en = f" Did you mean {' or '.join(map(str, near))}?"
        fr = f" Vouliez-vous dire {' ou '.join(map(str, near))} ?"
    return Refused(
        code=f"{whom}.unknown",
        reason=Words(
            en=f"{address} is not listed in the directory of professionals.{en}",
            fr=f"{address} ne figure pas dans l'annuaire des professionnels.{fr}",
        ),
        source=version,
    )
