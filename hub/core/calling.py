"""Calling a connector within bounds: a deadline, a stop, and any fault of its becomes a value.

Not checked here: what it answers. That is `hub.core.answers`' business.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from hub.core import answers
from hub.core.operators import Operator
from hub.domain.ids import DeliveryId, DocumentId
from hub.domain.outcome import Deferred, Outcome, Uncertain
from hub.errors import HubError, PeerError, Words
from hub.ports.connector import Parcel
from hub.ports.content import Content

Method = Callable[[Parcel], Awaitable[Mapping[DeliveryId, Outcome]]]

LET_GO: Final = 5.0
"""Seconds that a cancelled connector has to end before it is left behind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """What a delivery gets when the hub stopped before anything had left: it goes back as it was."""


class Halt:
    """Ends the attempts under way early, as their deadline would; made inside the running loop."""

    def __init__(self) -> None:
        self.called: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def call(self) -> None:
        """End them now."""
        if not self.called.done():
            self.called.set_result(None)


class Watched(Mapping[DocumentId, Content]):
    """A parcel's contents that notice being opened: no byte leaves before that."""

    def __init__(self, contents: Mapping[DocumentId, Content], *, opened: bool = False) -> None:
        self._contents = contents
        self.opened = opened

    def __getitem__(self, key: DocumentId) -> Content:
        self.opened = True
        return self._contents[key]

    def __iter__(self) -> Iterator[DocumentId]:
        return iter(self._contents)

    def __len__(self) -> int:
        return len(self._contents)

    def failure(self, code: str, reason: Words, *, failed: bool = True) -> Deferred | Uncertain:
        """Return what a failure means now: nothing left yet, or perhaps everything did."""
        if self.opened:
            return Uncertain(code=code, reason=reason)
        return Deferred(code=code, reason=reason, operator_failed=failed)


class Call:
    """Calls a connector within the operator's deadline; its failures become an outcome.

    `left_behind` are calls that would not end when cancelled.
    """

    def __init__(self, operator: Operator, halt: Halt) -> None:
        self._operator = operator
        self._halt = halt
        self.left_behind: list[asyncio.Future[Any]] = []
        self._until = asyncio.get_running_loop().time() + operator.deadline.total_seconds()

    async def ask(
        self, method: Method, parcel: Parcel, watched: Watched
    ) -> Mapping[DeliveryId, Any] | Deferred | Uncertain | Returned:
        """Return what the connector said for each delivery, or one outcome for all of them."""
        left = self._until - asyncio.get_running_loop().time()
        if left <= 0 or self._halt.called.done():
            return self._late(watched)
        # A task of its own: a connector that will not be cancelled must not hold us.
        task = asyncio.ensure_future(_called(method, parcel))
        try:
            await asyncio.wait({task, self._halt.called}, timeout=left, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            task.cancel()
            raise
        if not task.done():
            task.cancel()
            await asyncio.wait({task}, timeout=LET_GO)
            if not task.done():
                task.add_done_callback(_forget)
                self.left_behind.append(task)
                return self._late(watched)
            if task.cancelled() or isinstance(task.exception(), TimeoutError):
                return self._late(watched)
        return self._read(task, watched)

    def _read(
        self, task: asyncio.Future[Any], watched: Watched
    ) -> Mapping[DeliveryId, Any] | Deferred | Uncertain:
        error = asyncio.CancelledError() if task.cancelled() else task.exception()
        name = self._operator.name
        if isinstance(error, HubError):
            return watched.failure(
                answers.code(error.code), answers.words(error.words), failed=isinstance(error, PeerError)
            )
        if error is not None:
            kind = type(error).__name__
            return watched.failure(
                "connector.error",
                Words(
                    en=f"The connector of operator {name} failed ({kind}).",
                    fr=f"Le connecteur de l'opérateur {name} a échoué ({kind}).",
                ),
            )
        said = task.result()
        return said if isinstance(said, Mapping) else {}

    def _late(self, watched: Watched) -> Deferred | Uncertain | Returned:
        if self._halt.called.done():
            if not watched.opened:
                return Returned()
            return Uncertain(
                code="hub.stopping",
                reason=Words(
                    en="The hub was stopped during the attempt.",
                    fr="Le hub a été arrêté pendant la tentative.",
                ),
            )
        name, seconds = self._operator.name, self._operator.deadline.total_seconds()
        return watched.failure(
            "operator.deadline",
            Words(
                en=f"Operator {name} did not answer in {seconds:g} s.",
                fr=f"L'opérateur {name} n'a pas répondu en {seconds:g} s.",
            ),
        )


async def _called(method: Method, parcel: Parcel) -> Any:
    return await method(parcel)


def _forget(task: asyncio.Future[Any]) -> None:
    if not task.cancelled():
        task.exception()
