"""Says whether the certificates of a path are revoked, and remembers what was answered.

The same question asked by several at one moment is asked once. Answers that are in use are renewed before
they end, in the background. What no answer means is decided by who asked (`RevocationSettings.policy`).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from itertools import pairwise
from typing import Final

from cryptography import x509

from hub.ports.host import Host
from hub_smtp.revocation import reasons
from hub_smtp.revocation.answer import Answer
from hub_smtp.revocation.asking import Asking, Link
from hub_smtp.revocation.fetch import Fetcher, open_fetcher
from hub_smtp.revocation.joining import Joining
from hub_smtp.revocation.reasons import Reason, UnusableError
from hub_smtp.revocation.remembered import Remembered, ends_soon
from hub_smtp.revocation.settings import OnNoAnswer, RevocationSettings

_CERTIFICATES: Final = 8192
_WATCH: Final = 60.0
"""Seconds between two looks for answers that end soon."""


class State(Enum):
    """What is known of a path."""

    GOOD = "good"
    REVOKED = "revoked"
    UNANSWERED = "unanswered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What is known of a path, and until when that may be used.

    `certificate` is the one that is revoked, with the `answer`, or that nobody answered for, with the
    `reason`; None when all is good.
    """

    state: State
    until: datetime
    certificate: x509.Certificate | None = None
    answer: Answer | None = None
    reason: Reason = reasons.NO_PLACE


@dataclass(frozen=True, slots=True)
class _Known:
    """What was found out about a link; without an answer, why there is none.

    `until` is when it is looked at again; the answer itself may count for longer.
    """

    link: Link
    answer: Answer | None
    reason: Reason
    since: datetime
    until: datetime

    @property
    def is_revoked(self) -> bool:
        return self.answer is not None and self.answer.revoked_at is not None


class Revocation:
    """Answers for one `[….mail]` table; safe for any number at a time, in one event loop."""

    def __init__(self, settings: RevocationSettings, host: Host, fetcher: Fetcher) -> None:
        """Read the configured lists. Raises ConfigError."""
        self.settings = settings
        self._host = host
        self._joining = Joining()
        self._asking = Asking(settings, host, fetcher, self._joining)
        self._known: Remembered[bytes, _Known] = Remembered(_CERTIFICATES)

    async def check(self, path: Sequence[x509.Certificate]) -> Status:
        """Say what is known of every certificate in a verified path but its last, the trusted one.

        The path must hold already: only certificates of known authorities are asked about. One alone is
        trusted as it is, and good. Never raises for what an authority answers.
        """
        until = self._host.clock.now() + self.settings.keep
        unanswered: Status | None = None
        for certificate, issuer in pairwise(path):
            known = await self._about(Link(certificate, issuer))
            until = min(until, known.until)
            if known.answer is None:
                unanswered = unanswered or Status(
                    state=State.UNANSWERED, until=known.until, certificate=certificate, reason=known.reason
                )
            elif known.is_revoked:
                return Status(
                    state=State.REVOKED, until=known.until, certificate=certificate, answer=known.answer
                )
        return unanswered or Status(state=State.GOOD, until=until)

    async def refresh(self) -> None:
        """Ask anew for what is in use and ends soon. What fails stays as it is, until its own end."""
        now = self._host.clock.now()
        for key, known in self._known.used():
            answer = known.answer
            if answer is None or known.is_revoked or not ends_soon(known.since, answer.until, now):
                continue
            found = await self._find_out(known.link, anew=True)
            if found.is_revoked or (found.answer is not None and found.answer.until > answer.until):
                self._known.put(key, found, now, found.until)

    async def watch(self) -> None:
        """Refresh until cancelled."""
        while True:
            await asyncio.sleep(_WATCH)
            try:
                await self.refresh()
            except Exception as error:  # noqa: BLE001 - what was answered before still counts
                self._host.log.warning(
                    "smime.revocation.refresh_failed", part=self._host.name, error=type(error).__name__
                )

    async def close(self) -> None:
        """End what is being asked."""
        await self._joining.close()

    async def _about(self, link: Link) -> _Known:
        key, now = link.key, self._host.clock.now()
        if (known := self._known.get(key, now)) is not None:
            return known

        async def ask() -> _Known:
            found = await self._find_out(link)
            self._known.put(key, found, now, found.until)
            return found

        return await self._joining.ask(("link", key), ask)

    async def _find_out(self, link: Link, *, anew: bool = False) -> _Known:
        now = self._host.clock.now()
        try:
            answer = await self._asking.answer(link, anew=anew)
        except UnusableError as error:
            reason = error.reason
        except Exception as error:  # noqa: BLE001 - cryptography documents no list of what odd extensions raise
            self._host.log.warning(
                "smime.revocation.failed", part=self._host.name, error=type(error).__name__
            )
            reason = reasons.MALFORMED
        else:
            # Lists of the configuration may be replaced at any time, and are cheap to look into.
            most = self.settings.recheck if self.settings.lists else self.settings.keep
            return _Known(link, answer, reasons.NO_PLACE, now, min(answer.until, now + most))
        self._say(reason)
        return _Known(link, None, reason, now, now + self.settings.again)

    def _say(self, reason: Reason) -> None:
        if self.settings.policy is OnNoAnswer.PREFER:
            self._host.log.warning("smime.revocation.passed_over", part=self._host.name, reason=reason.code)
        else:
            self._host.log.warning("smime.revocation.unanswered", part=self._host.name, reason=reason.code)


@asynccontextmanager
async def open_revocation(settings: RevocationSettings, host: Host) -> AsyncIterator[Revocation]:
    """Yield what answers; nobody is asked before the first question. Raises ConfigError."""
    async with open_fetcher(settings) as fetcher:
        revocation = Revocation(settings, host, fetcher)
        watching = asyncio.create_task(revocation.watch(), name="revocation")
        try:
            yield revocation
        finally:
            watching.cancel()
            with suppress(asyncio.CancelledError):
                await watching
            await revocation.close()
