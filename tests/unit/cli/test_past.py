"""What is remembered is told in a sentence that is true of the day asked about."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from hub.app.lookup import Memory
from hub.cli.past import answer, change, detail
from hub.errors import Words
from hub.ports.directory import Standing
from hub.ports.looking import Change, Period


def period(standing: Standing, **more: Any) -> Period:
    """Make a period that the directory still holds."""
    known: dict[str, Any] = {"known_from": datetime(2026, 1, 5, tzinfo=UTC), "known_until": None, **more}
    return Period(standing=standing, source="register:1", **known)


ACTIVE = period(Standing.ACTIVE)
NEXT = period(Standing.SUSPENDED, since=date(9000, 1, 1))
OVER = period(Standing.UNKNOWN, until=date(2020, 12, 31))


def test_what_is_only_to_come_does_not_hold_today() -> None:
    """A suspension from some later day leaves today's answer as it is; so does one that is over."""
    for periods in ((ACTIVE, NEXT), (OVER, ACTIVE), (ACTIVE, OVER)):
        (said,) = answer(Memory(periods=periods, changes=()), None)
        assert said.en == "Today: active, by register:1."
        assert said.fr == "Aujourd'hui : en exercice, d'après register:1."


def test_when_nothing_holds_today_the_last_word_is_told() -> None:
    """With its days, so that one sees that it is not today's."""
    (said,) = answer(Memory(periods=(OVER,), changes=()), None)
    assert said.en == "Today: not known until 2020-12-31, by register:1."


def test_a_right_that_is_not_known_is_neither_yes_nor_no() -> None:
    """The answer says so."""
    at = datetime(2026, 3, 3, 14, tzinfo=UTC)
    unknown = period(Standing.UNKNOWN)
    (said,) = answer(Memory(periods=(unknown,), changes=(), then=unknown, now_known=unknown), at)
    assert said.en.startswith("No known right to practise at 2026-03-03 ")
    assert said.fr.startswith("Pas de droit d'exercice connu le 2026-03-03 ")


def test_a_change_is_told_in_words() -> None:
    """Those of the standing too; a word that only its directory knows stays."""
    stated = Change(
        at=datetime(2026, 8, 26, tzinfo=UTC), source="x", what="stated", detail="struck-off 2026-06-15"
    )
    assert change(stated) == Words(en="stated", fr="déclaré")
    assert detail(stated) == Words(en="struck off 2026-06-15", fr="radié 2026-06-15")
    other = Change(at=stated.at, source="x", what="moved", detail="struck-off")
    assert change(other) == Words(en="moved", fr="moved")
    assert detail(other) == Words(en="struck-off", fr="struck-off")
