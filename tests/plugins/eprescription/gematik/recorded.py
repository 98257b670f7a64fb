"""The prescriber's part of gematik's recorded scenarios: what is issued and cancelled."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.plugins.eprescription.scenarios import Recorded, Scenario, Step, What

_DELETES = re.compile(r"Ärztin .*E-Rezept (?:nicht löschen|löscht)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """One prescription: `$create`, what was signed, `$activate`, with their answers.

    What is absent it never came to.
    """

    create: Recorded
    created: Recorded
    to_sign: Recorded | None = None
    signed: Recorded | None = None
    activate: Recorded | None = None
    activated: Recorded | None = None
    code: Recorded | None = None

    @property
    def answer(self) -> Recorded:
        """The answer that ends it."""
        return self.activated or self.created


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel:
    """The prescriber deletes what was issued last. `answer` is None where none was recorded: 204."""

    answer: Recorded | None


def part(scenario: Scenario) -> Sequence[Issue | Cancel]:
    """Return what the prescriber does, in order."""
    return list(_part(scenario))


def _part(scenario: Scenario) -> Iterator[Issue | Cancel]:
    for place, step in enumerate(scenario.steps):
        yield from _issues(step)
        if _DELETES.search(step.name.splitlines()[0]):
            following = scenario.steps[place + 1]
            answers = [one for one in following.files if one.what is What.ANSWER]
            mine = "schraßer" in following.name
            yield Cancel(answer=answers[0] if mine and answers else None)


def _issues(step: Step) -> Iterator[Issue]:
    files = [one for one in step.files if one.card in {"", "HBA"}]
    starts = [at for at, one in enumerate(files) if one.target == "/Task/$create"]
    for start, end in zip(starts, [*starts[1:], len(files)], strict=False):
        create, created, *rest = files[start:end]
        yield Issue(
            create=create,
            created=created,
            to_sign=_first(rest, What.TO_SIGN),
            signed=_first(rest, What.SIGNED),
            activate=_first(rest, What.REQUEST),
            activated=_first(rest, What.ANSWER),
            code=_first(rest, What.CODE),
        )


def _first(files: Sequence[Recorded], what: What) -> Recorded | None:
    return next((one for one in files if one.what is what), None)
