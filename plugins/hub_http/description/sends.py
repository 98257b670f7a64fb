"""Checks of a send: its steps in order, what a second send does, what is said of each recipient."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from hub_http.description.mistakes import Mistake, Place, suggested, warning, wrong
from hub_http.description.model import Description
from hub_http.description.picking import Meaning
from hub_http.description.requests import Send
from hub_http.description.texts import Used

_SEND: Final[Place] = ("send",)
_STEPS: Final[Place] = ("send", "steps")
_MEANT: Final = frozenset({Meaning.CONFLICT, Meaning.GONE, Meaning.WARNING})
_OURS: Final = frozenset({"delivery", "delivery.id"})
_TOLD: Final = frozenset({"recipients", "delivery", "delivery.id"})


def check(description: Description, used: Used) -> Iterator[Mistake]:
    """Check the send, its idempotency and what follows from classes."""
    if description.send is not None:
        yield from _steps(description.send)
        yield from _idempotency(description, description.send, used)
        yield from _recipients(description.send)
    elif description.recover is not None:
        yield wrong(("recover",), "is of no use without [send]", "ne sert à rien sans [send]")
    for meaning, rule in description.classes.items():
        place: Place = ("classes", meaning.value)
        if rule.means is not None and meaning not in _MEANT:
            yield wrong(
                (*place, "means"),
                "is for conflict, gone and warning: what the others amount to is fixed",
                "ne vaut que pour conflict, gone et warning : pour les autres, c'est fixé",
            )
        if rule.failover and not description.failover_urls:
            yield warning(
                (*place, "failover"),
                "does nothing: the description has no failover_urls",
                "est sans effet : la description n'a pas de failover_urls",
            )


def _steps(send: Send) -> Iterator[Mistake]:
    names: set[str] = set()
    made = False
    for number, step in enumerate(send.steps):
        place = (*_STEPS, number)
        if step.name in names:
            yield wrong((*place, "name"), "is another step's name, too", "est déjà le nom d'une étape")
        names.add(step.name)
        if step.effect == "draft" and made:
            yield wrong(
                (*place, "effect"),
                "is draft, after a step that has made the message: say message",
                "vaut draft, après une étape qui a fait le message : écrivez message",
            )
        made = made or step.effect == "message"
    if not made:
        yield wrong(
            (*_STEPS, len(send.steps) - 1, "effect"),
            "is draft, and it is the last step: one must make the message",
            "vaut draft, et c'est la dernière étape : l'une doit faire le message",
        )


def _idempotency(description: Description, send: Send, used: Used) -> Iterator[Mistake]:
    place = (*_SEND, "idempotency")
    said, recover = send.idempotency, description.recover
    hooked = send.hook is not None or any(step.hook is not None for step in send.steps)
    sent = used.below(*_STEPS)
    if said in {"key", "transaction"} and not sent & _OURS and not hooked:
        yield wrong(
            place,
            f"is {said}, and no step sends {{{{ delivery.id }}}}: the operator can't know a message again",
            f"vaut {said}, mais aucune étape n'envoie {{{{ delivery.id }}}} : une répétition ne se voit pas",
        )
    if said == "recover" and recover is None and send.hook is None:
        yield wrong(
            place,
            "is recover, and there is no [recover] that says how to read back what arrived",
            "vaut recover, sans [recover] qui dise comment retrouver ce qui est arrivé",
        )
    if said != "recover" and recover is not None:
        yield warning(
            ("recover",),
            f"is not used: send.idempotency is {said}, not recover",
            f"ne sert pas : send.idempotency vaut {said}, pas recover",
        )
    if recover is not None:
        yield from _recover(description, send, used)


def _recover(description: Description, send: Send, used: Used) -> Iterator[Mistake]:
    recover = description.recover
    assert recover is not None  # noqa: S101 - asked by who has seen it
    asked = used.below("recover", "request")
    drafted = any(step.effect == "draft" and step.remote is not None for step in send.steps)
    hooked = any(step.hook is not None for step in send.steps)
    if not asked & {*_OURS, "remote"}:
        yield wrong(
            ("recover", "request"),
            "asks neither by {{ delivery.id }} nor by {{ remote }}",
            "n'utilise ni {{ delivery.id }} ni {{ remote }}",
        )
    elif not asked & _OURS and not drafted:
        yield wrong(
            ("recover", "request"),
            "asks by {{ remote }}, which is not known when the answer that tells it is lost",
            "utilise {{ remote }}, inconnu quand la réponse qui le donne est perdue",
        )
    elif asked & _OURS and not used.below(*_STEPS) & _OURS and not hooked:
        yield wrong(
            ("recover", "request"),
            "asks by {{ delivery.id }}, which no step sends",
            "utilise {{ delivery.id }}, qu'aucune étape n'envoie",
        )
    if not any(one.is_ == "arrived" for one in recover.findings):
        yield wrong(
            ("recover", "findings"), "has no row that says arrived", "n'a aucune ligne qui dise arrived"
        )


def _recipients(send: Send) -> Iterator[Mistake]:
    place, per = (*_SEND, "per_recipient"), send.per_recipient
    if per is None:
        hooked = send.hook is not None or any(step.hook is not None for step in send.steps)
        if send.recipients == "many" and not hooked:
            yield warning(
                (*_SEND, "recipients"),
                "is many without [send.per_recipient]: one answer counts for all of them",
                "vaut many sans [send.per_recipient] : une réponse vaut pour tous",
            )
        return
    if send.recipients == "one":
        yield wrong(place, "is for recipients = many", "ne vaut que pour recipients = many")
    if not per.each.many:
        yield wrong(
            (*place, "each"), "is a list: it takes many = true", "est une liste : il faut many = true"
        )
    names = [step.name for step in send.steps]
    if per.step is not None and per.step not in names:
        words = wrong((*place, "step"), "names no step", "ne nomme aucune étape")
        yield Mistake(place=words.place, words=suggested(words.words, per.step, names))
