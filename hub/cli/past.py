"""What is remembered of somebody, in sentences: whether they were allowed to practise at a moment.

Two things are told apart: what the hub's directory said then, by which the hub decided then, and what
it has come to say of that day since.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hub.adapters.clock import SystemClock
from hub.cli import entries
from hub.errors import Words

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from hub.app.lookup import Memory
    from hub.ports.looking import Change, Period


def answer(memory: Memory, at: datetime | None) -> list[Words]:
    """Return sentences: what was held at `at` (None: is held now), then what was learnt of it since."""
    if at is None:
        return [_today(memory.periods)]
    then, known = memory.then, memory.now_known
    said = [_unheld(memory.periods, at) if then is None else _held(then, at)]
    if known is not None and (then is None or known.standing is not then.standing):
        words, learnt = _standing(known), local(known.known_from)
        said.append(
            Words(
                en=f"Of that day the directory says since {learnt}: {words.en}.",
                fr=f"De ce jour, l'annuaire dit depuis le {learnt} : {words.fr}.",
            )
        )
    return said


def _held(then: Period, at: datetime) -> Words:
    words, when = _standing(then), local(at)
    if then.standing.value == "active":
        return Words(
            en=f"Yes, allowed to practise at {when}: {words.en}.",
            fr=f"Oui, exercice autorisé le {when} : {words.fr}.",
        )
    if then.standing.value == "unknown":
        return Words(
            en=f"No known right to practise at {when}: {words.en}.",
            fr=f"Pas de droit d'exercice connu le {when} : {words.fr}.",
        )
    return Words(
        en=f"No, not allowed to practise at {when}: {words.en}.",
        fr=f"Non, exercice non autorisé le {when} : {words.fr}.",
    )


def _unheld(periods: Sequence[Period], at: datetime) -> Words:
    when = local(at)
    if periods and at >= periods[0].known_from:
        return Words(en=f"No, not in the directory at {when}.", fr=f"Non, absent de l'annuaire le {when}.")
    began = local(periods[0].known_from) if periods else "–"
    return Words(
        en=f"Not known: at {when} the hub knew nothing of them yet; its memory of them begins {began}.",
        fr=f"Non connu : le {when} le hub n'en savait encore rien ; sa mémoire commence le {began}.",
    )


def _today(periods: Sequence[Period]) -> Words:
    held = [one for one in periods if one.known_until is None]
    if not held:
        gone = local(periods[-1].known_until) if periods and periods[-1].known_until else "–"
        return Words(
            en=f"Not in the directory any more since {gone}.", fr=f"Absent de l'annuaire depuis le {gone}."
        )
    # A source may already say what will hold later: a suspension from next month, the end of one.
    day = SystemClock().now().astimezone().date()
    begun = [one for one in held if (one.since or day) <= day <= (one.until or day)]
    words = _standing((begun or held)[-1])
    return Words(en=f"Today: {words.en}.", fr=f"Aujourd'hui : {words.fr}.")


def _standing(one: Period) -> Words:
    words = entries.standing(one.standing.value, one.since, one.until)
    return Words(en=f"{words.en}, by {one.source}", fr=f"{words.fr}, d'après {one.source}")


def change(one: Change) -> Words:
    """Return what happened in words; a word that only its directory knows as it stands."""
    return _CHANGES.get(one.what, Words(en=one.what, fr=one.what))


def detail(one: Change) -> Words:
    """Return what more there is to say: of a stated standing its name in words, and its days."""
    name, _, days = one.detail.partition(" ")
    if one.what != "stated" or name not in entries.STANDINGS:
        return Words(en=one.detail, fr=one.detail)
    words = entries.STANDINGS[name]
    return Words(en=f"{words.en} {days}".rstrip(), fr=f"{words.fr} {days}".rstrip())


_CHANGES: Final = {
    "appeared": Words(en="appeared", fr="apparition"),
    "returned": Words(en="returned", fr="retour"),
    "gone": Words(en="gone", fr="disparition"),
    "activity-lost": Words(en="activity lost", fr="activité perdue"),
    "activity-gained": Words(en="activity gained", fr="activité acquise"),
    "renamed": Words(en="renamed", fr="nom changé"),
    "skill-lost": Words(en="skill lost", fr="savoir-faire perdu"),
    "skill-gained": Words(en="skill gained", fr="savoir-faire acquis"),
    "qualification-lost": Words(en="qualification lost", fr="qualification perdue"),
    "qualification-gained": Words(en="qualification gained", fr="qualification acquise"),
    "stated": Words(en="stated", fr="déclaré"),
    "mailbox-appeared": Words(en="mailbox appeared", fr="boîte apparue"),
    "mailbox-changed": Words(en="mailbox changed", fr="boîte changée"),
    "mailbox-gone": Words(en="mailbox gone", fr="boîte disparue"),
}


def local(at: datetime) -> str:
    """Return a time as this machine's clocks show it, with the offset that held then."""
    return at.astimezone().replace(microsecond=0).isoformat(sep=" ")
