"""Why somebody is found or not: what each directory answers, and what a sender would be told."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from hub.core.people import People
from hub.core.register import Register
from hub.core.resolve import MOST_DESCRIBED, Resolved, resolve
from hub.core.trust import Outside
from hub.domain.address import Address
from hub.domain.outcome import Refused
from hub.domain.party import Identifier
from hub.domain.target import Description, Target
from hub.errors import PeerError, Words
from hub.ports.clock import Clock
from hub.ports.directory import Directory, DirectoryUnavailableError, Entry
from hub.ports.filling import Dated
from hub.ports.intake import To
from hub.ports.looking import Describes
from hub.ports.trust import Admission, TrustUnavailableError

REACHABLE = Words(
    en="A message can be sent to this mailbox.", fr="Un message peut être envoyé à cette boîte."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one directory said. `asked` is False when an earlier one knew; `spent` is in seconds."""

    directory: str
    version: str | None = None
    asked: bool = True
    entries: tuple[Entry, ...] = ()
    error: Words | None = None
    spent: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """The whole way from what a sender wrote to what they would be told.

    `admission_asked` is False when no domain came out to ask the space of trust about, or there is no
    space. `verdict` is the refusal's words, or that it works; `reachable` tells which.
    """

    target: Target
    answers: tuple[Answer, ...]
    admission_asked: bool
    admission: Admission | None
    admission_error: Words | None
    operator: str | None
    suggestions: tuple[Address, ...]
    verdict: Words
    reachable: bool


async def explain(
    target: Target,
    directories: Sequence[tuple[str, Directory]],
    register: Register,
    clock: Clock,
    *,
    spaces: bool,
) -> Explanation:
    """Ask every directory in turn, then resolve as a submission would. Raises nothing of theirs.

    `register.directory` must be made of the same directories; `spaces` says whether there is a space
    of trust to ask.
    """
    answers: list[Answer] = []
    known = False
    for name, directory in directories:
        if known and not isinstance(target, Description):
            answers.append(Answer(directory=name, asked=False))
            continue
        answers.append(await _answer(name, directory, target, clock))
        known = known or bool(answers[-1].entries)
    found = next((entry for one in answers for entry in one.entries), None)
    address = target if isinstance(target, Address) else found.address if found else None
    admission, refused = _admission(address, register) if spaces and address is not None else (None, None)
    served = register.operators.serving(address) if address is not None else None
    verdict, reachable = await _verdict(target, register)
    near: Sequence[Address] = ()
    if isinstance(target, Address) and not known and isinstance(register.directory, People):
        near = await register.directory.near(target)
    return Explanation(
        target=target,
        answers=tuple(answers),
        admission_asked=spaces and address is not None,
        admission=admission,
        admission_error=refused,
        operator=served.name if served else None,
        suggestions=tuple(near),
        verdict=verdict,
        reachable=reachable,
    )


async def _answer(name: str, directory: Directory, target: Target, clock: Clock) -> Answer:
    version = None
    if isinstance(directory, Dated):
        with suppress(Exception):  # one that can't say its version may answer all the same
            version = directory.held().version
    alone = People([directory])
    began = clock.monotonic()
    entries: Sequence[Entry] = ()
    error = None
    try:
        match target:
            case Address():
                one = await alone.by_address(target)
                entries = (one,) if one else ()
            case Identifier():
                entries = await alone.by_identifier(target)
            case Description() if isinstance(directory, Describes):
                entries = await alone.by_description(target, MOST_DESCRIBED)
            case Description():
                return Answer(directory=name, version=version, asked=False)
    except DirectoryUnavailableError as caught:
        error = caught.words
    spent = clock.monotonic() - began
    return Answer(directory=name, version=version, entries=tuple(entries), error=error, spent=spent)


def _admission(address: Address, register: Register) -> tuple[Admission | None, Words | None]:
    try:
        return register.trust.admission(address.domain), None
    except Outside:
        return None, None
    except TrustUnavailableError as error:
        return None, error.words


async def _verdict(target: Target, register: Register) -> tuple[Words, bool]:
    try:
        answer: Resolved | Refused = await resolve(To(target=target), register)
    except PeerError as error:
        return error.words, False
    return (answer.reason, False) if isinstance(answer, Refused) else (REACHABLE, True)
