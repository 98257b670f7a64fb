"""The one rule of who may practise, from what the extractions show and what an authority has said.

The open data only lets people vanish: it never says why. Suspended and struck off are known from an
`Etat_Exercice` file alone. Days are French ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from hub.ports.directory import Standing

_DAY: Final = timedelta(days=1)
OPEN: Final = frozenset({Standing.ACTIVE, Standing.UNKNOWN})
"""What is not a reason to remember a mailbox that is no longer listed."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A standing, the first day on which it holds and the last, when they are known."""

    standing: Standing
    since: date | None = None
    until: date | None = None

    def holds(self, day: date) -> bool:
        """Whether it holds on a day."""
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)

    def row(self) -> tuple[str, str | None, str | None]:
        """Return it as the database holds it."""
        since = self.since.isoformat() if self.since else None
        return self.standing.value, since, self.until.isoformat() if self.until else None

    @classmethod
    def of_row(cls, standing: str, since: str | None, until: str | None = None) -> Verdict:
        """Read it back."""
        first = date.fromisoformat(since) if since else None
        return cls(Standing(standing), first, date.fromisoformat(until) if until else None)


def written(verdicts: Iterable[Verdict]) -> str:
    """Return a timeline as the database holds it: `active  2026-08-31;suspended 2026-09-01 `."""
    return ";".join(" ".join(part or "" for part in one.row()) for one in verdicts)


def read_back(text: str) -> tuple[Verdict, ...]:
    """Return what `written` made. Raises ValueError."""
    return tuple(Verdict.of_row(*one.split(" ")) for one in text.split(";"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of one person. `present`: in the activity file; `gone`: the day they vanished.

    `absences` are first and last day of former times out of the file; `appeared` is the day of the
    extraction that first had them, None when that was the first of all or is not known.
    """

    present: bool
    gone: date | None
    stated: Verdict | None
    absences: tuple[tuple[date, date], ...] = ()
    appeared: date | None = None


def judge(known: Known, day: date) -> Verdict:
    """Decide for one day; see `timeline`."""
    return next(one for one in timeline(known) if one.holds(day))


def timeline(known: Known) -> tuple[Verdict, ...]:
    """Decide for every day, the first verdict's beginning and the last one's end being open.

    1. An authority that bars somebody is believed over everything, on the days for which it does.
    2. Who is in the activity file may practise.
    3. An authority that says 'active' is believed for who was never in the activity file, and over a
       disappearance when it spoke on that day or later.
    4. Who was in the activity file before has ceased; who never was is unknown.
    """
    if known.stated is None and known.gone is None and not known.absences and known.appeared is None:
        return (_ACTIVE,) if known.present else (UNHEARD,)
    found: list[tuple[Standing, bool, date | None]] = []
    for day in [None, *sorted(_turns(known))]:
        standing, by_authority = _on(known, day or date.min)
        if not found or (standing, by_authority) != found[-1][:2]:
            found.append((standing, by_authority, day))
    ends = [one[2] for one in found[1:]]
    return tuple(
        Verdict(standing, since, end - _DAY if end else None)
        for (standing, _, since), end in zip(found, [*ends, None], strict=True)
    )


def of_personal(bearers: Sequence[Verdict]) -> Verdict:
    """Judge a personal mailbox: the first of its bearers that is barred decides."""
    if not bearers:
        return UNHEARD
    return next((one for one in bearers if one.standing is not Standing.ACTIVE), bearers[0])


def of_practice(bearers: Sequence[Verdict]) -> Verdict:
    """Judge a mailbox that a practice shares: one bearer who may practise is enough."""
    if not bearers:
        return _ACTIVE
    return next((one for one in bearers if one.standing is Standing.ACTIVE), bearers[0])


def of_mailbox(type_: str, bearers: Sequence[tuple[Verdict, ...]]) -> tuple[Verdict, ...]:
    """Judge a mailbox of a type for every day, from its bearers' timelines.

    Those of structures and applications are always open.
    """
    if type_ not in {"PER", "CAB"}:
        return (_ACTIVE,)
    rule = of_personal if type_ == "PER" else of_practice
    if len(bearers) == 1:
        return bearers[0]
    turns = sorted({one.since for each in bearers for one in each if one.since})
    found: list[Verdict] = []
    for day, end in zip([None, *turns], [*turns, None], strict=True):
        on = day or date.min
        decides = rule([next(one for one in each if one.holds(on)) for each in bearers])
        if found and found[-1].standing is decides.standing:
            found[-1] = Verdict(decides.standing, found[-1].since, end and end - _DAY)
        else:
            found.append(Verdict(decides.standing, day, end and end - _DAY))
    return tuple(found)


def reach(verdicts: Iterable[Verdict], day: date) -> set[Standing]:
    """Return every standing from a day on."""
    return {one.standing for one in verdicts if one.until is None or one.until >= day}


_ACTIVE: Final = Verdict(Standing.ACTIVE)
UNHEARD: Final = Verdict(Standing.UNKNOWN)


def _turns(known: Known) -> set[date]:
    """Return the days on which something may change."""
    turns = {known.gone, known.appeared}
    for first, last in known.absences:
        turns |= {first, last + _DAY}
    if known.stated is not None:
        turns.add(known.stated.since)
        turns.add(known.stated.until + _DAY if known.stated.until and known.stated.until < date.max else None)
    return {one for one in turns if one is not None and one > date.min}


def _on(known: Known, day: date) -> tuple[Standing, bool]:
    """Return the standing on a day, and whether an authority decided it."""
    stated = known.stated if known.stated is not None and known.stated.holds(day) else None
    if stated is not None and stated.standing is not Standing.ACTIVE:
        return stated.standing, True
    missed = known.gone is not None and day >= known.gone
    absent = missed or any(first <= day <= last for first, last in known.absences)
    unseen = known.appeared is not None and day < known.appeared
    if not absent and not unseen and (known.present or known.gone is not None):
        return Standing.ACTIVE, False
    if stated is not None and (known.gone is None or not missed or _spoke_since(stated, known.gone)):
        return Standing.ACTIVE, True
    return (Standing.CEASED if absent else Standing.UNKNOWN), False


def _spoke_since(stated: Verdict, gone: date) -> bool:
    return stated.since is not None and stated.since >= gone
