"""What kept lists tell: which list counted when, what each changed, who was admitted at a moment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from cryptography import x509

from hub.errors import HubError
from hub_trust import reading
from hub_trust.content import Domain, TrustList
from hub_trust.history import FOLDER, History

_EVERYTHING = 1 << 62


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """One list that was taken, and what it changed against the one before it."""

    content: TrustList
    taken: datetime
    until: datetime | None
    signer: x509.Certificate = field(repr=False)
    appeared: tuple[Domain, ...] = ()
    changed: tuple[Domain, ...] = ()
    gone: tuple[Domain, ...] = ()

    def admits(self, domain: str, at: datetime) -> Domain | None:
        """Return the domain when this list admitted it at this moment."""
        return next((one for one in self.content.domains if one.name == domain and one.is_admitted(at)), None)


def recall(folder: Path) -> list[Remembered]:
    """Return the lists kept in a folder, the oldest first. Those that were changed since are left out."""
    data = folder.parent if folder.name == FOLDER else folder
    opened = list(_opened(History(data, _EVERYTHING)))
    opened.reverse()
    return list(_compared(opened))


def at(remembered: Iterable[Remembered], moment: datetime) -> Remembered | None:
    """Return the list that was held at a moment."""
    return next(
        (one for one in remembered if one.taken <= moment and (one.until is None or moment < one.until)),
        None,
    )


def _opened(history: History) -> Iterator[tuple[datetime, reading.Opened]]:
    for kept in history.newest_first():
        try:
            yield kept.taken, reading.verify(kept.files, None, kept.taken)
        except HubError:
            continue


def _compared(opened: Sequence[tuple[datetime, reading.Opened]]) -> Iterator[Remembered]:
    before: dict[str, Domain] = {}
    for number, (taken, one) in enumerate(opened):
        now = {domain.name: domain for domain in one.content.domains}
        yield Remembered(
            content=one.content,
            taken=taken,
            until=opened[number + 1][0] if number + 1 < len(opened) else None,
            signer=one.signer,
            appeared=tuple(domain for name, domain in now.items() if name not in before),
            changed=tuple(
                domain for name, domain in now.items() if name in before and before[name] != domain
            ),
            gone=tuple(domain for name, domain in before.items() if name not in now),
        )
        before = now
