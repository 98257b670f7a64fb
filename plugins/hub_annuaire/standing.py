"""The one rule of who may practise, from what the extractions show and what an authority has said.

The open data only lets people vanish: it never says why. Suspended and struck off are known from an
`Etat_Exercice` file alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from hub.ports.directory import Standing


@dataclass(frozen=True, slots=True)
class Verdict:
    """A standing and the day from which it holds, when that is known."""

    standing: Standing
    since: date | None = None

    def row(self) -> tuple[str, str | None]:
        """Return it as the database holds it."""
        return self.standing.value, self.since.isoformat() if self.since else None

    @classmethod
    def of_row(cls, standing: str, since: str | None) -> Verdict:
        """Read it back."""
        return cls(Standing(standing), date.fromisoformat(since) if since else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of one person. `present`: in the activity file; `gone`: the day they vanished."""

    present: bool
    gone: date | None
    stated: Verdict | None


def judge(known: Known) -> Verdict:
    """Decide.

    1. An authority that bars somebody is believed over everything.
    2. Who is in the activity file may practise.
    3. An authority that says 'active' is believed for who was never in the activity file, and over a
       disappearance when it spoke on that day or later.
    4. Who was in the activity file before has ceased; who never was is unknown.
    """
    stated = known.stated
    if stated is not None and stated.standing is not Standing.ACTIVE:
        return stated
    if known.present:
        return Verdict(Standing.ACTIVE)
    if stated is not None and (
        known.gone is None or (stated.since is not None and stated.since >= known.gone)
    ):
        return stated
    if known.gone is not None:
        return Verdict(Standing.CEASED, known.gone)
    return Verdict(Standing.UNKNOWN)


def of_personal(bearers: Sequence[Verdict]) -> Verdict:
    """Judge a personal mailbox: the first of its bearers that is barred decides."""
    if not bearers:
        return Verdict(Standing.UNKNOWN)
    return next((one for one in bearers if one.standing is not Standing.ACTIVE), bearers[0])


def of_practice(bearers: Sequence[Verdict]) -> Verdict:
    """Judge a mailbox that a practice shares: one bearer who may practise is enough."""
    if not bearers:
        return Verdict(Standing.ACTIVE)
    return next((one for one in bearers if one.standing is Standing.ACTIVE), bearers[0])
