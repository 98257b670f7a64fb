"""The space of trust itself (`hub.ports.trust`): one verified list in memory, replaced by the next.

The file is looked at once a second, whether somebody asks or not: else the first answer after a quiet
night would be yesterday's. A list that has changed is read in a thread, and answers come from the old one
until it is verified. What is wrong in any way never replaces what is held; the held list serves until it
ends, and some grace longer.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import inf
from typing import Final

from hub.errors import HubError, Words
from hub.ports.filling import Held
from hub.ports.host import Host
from hub.ports.trust import Admission
from hub_trust import certificates, faults, reading
from hub_trust.authorities import Authorities
from hub_trust.content import Domain, TrustList
from hub_trust.faults import Place
from hub_trust.history import History
from hub_trust.reading import Files, Opened
from hub_trust.settings import Settings

LOOK: Final = 1.0
"""Seconds between two looks at the file."""
RETRY: Final = 60.0
"""Seconds after which a file that was refused is read again: its time may have come."""
SKEW: Final = timedelta(minutes=5)
"""How far in the future a list may have been issued: clocks differ."""
JUST_NOW: Final = 100_000_000
"""Nanoseconds within which a second change may have left the same time stamp."""
_DAY: Final = 86400.0

_Stamp = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class _Version:
    """A list as it is asked, and when it ends."""

    content: TrustList
    domains: Mapping[str, tuple[Domain, Admission]]
    end: datetime


@asynccontextmanager
async def open_space(settings: Settings, host: Host) -> AsyncIterator[SignedList]:
    """Yield the space. Without a list that counts it opens too, and waits for one.

    Raises ConfigError when the authorities can't be read.
    """
    anchors = certificates.load(settings.anchors)
    space = SignedList(settings, host, Authorities(anchors, settings.signer))
    await asyncio.to_thread(space.restore)
    watching = asyncio.create_task(space.watch(), name=f"trust {host.name}")
    try:
        yield space
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        await space.settled()


class SignedList:
    """Answers from memory. For one event loop, or one thread without any."""

    def __init__(self, settings: Settings, host: Host, authorities: Authorities) -> None:
        self._settings = settings
        self._host = host
        self._part = f"trust.{host.name}"
        self._authorities = authorities
        self._history = History(host.data, settings.history)
        self._version: _Version | None = None
        self._fault: Words | None = None
        self._told = ""
        self._seen: _Stamp | None = None
        self._next_look = -inf
        self._next_try = inf
        self._next_warning = -inf
        self._reading: asyncio.Future[None] | None = None

    def admission(self, domain: str) -> Admission | None:
        """Return what the list says of a domain now."""
        self._look()
        now = self._host.clock.now()
        found = self._serving(now).domains.get(domain)
        return found[1] if found is not None and found[0].is_admitted(now) else None

    def held(self) -> Held:
        """Return which list is held."""
        self._look()
        now = self._host.clock.now()
        version = self._serving(now)
        content = version.content
        return Held(version=content.version, at=content.issued, old=now >= version.end, fault=self._fault)

    async def watch(self) -> None:
        """Look at the file every second until cancelled."""
        while True:
            await asyncio.sleep(LOOK)
            self._look()

    async def settled(self) -> None:
        """Wait until a list that is being read has been taken or refused."""
        while self._reading is not None:
            await asyncio.wait({self._reading})
            await asyncio.sleep(0)  # what is to be done when it ends comes first

    def restore(self) -> None:
        """Take up the newest list that was taken before and still counts, then look at the file."""
        told: set[str] = set()
        for kept in self._history.newest_first():
            try:
                opened = reading.verify(kept.files, self._authorities, kept.taken)
                self._check_name(opened.content, kept.files.place)
            except HubError as error:
                if error.code not in told:
                    told.add(error.code)
                    self._host.log.warning(
                        "trust.kept_refused", part=self._part, code=error.code, file=kept.files.place.file
                    )
                continue
            self._version = self._indexed(opened.content)
            break
        self._look()

    # Serving.

    def _serving(self, now: datetime) -> _Version:
        """Return the held list while it counts. Raises TrustUnavailableError."""
        version = self._version
        if version is None:
            raise faults.nothing_held(self._host.name, self._fault)
        if now < (issued := version.content.issued) - SKEW:
            # a clock that was set back would make of every domain one that is admitted later
            raise faults.early(version.content.version, f"{issued:%Y-%m-%d %H:%M}")
        if now >= version.end:
            if now >= version.end + self._settings.grace:
                raise faults.ended(version.content.version, f"{version.end:%Y-%m-%d %H:%M}", self._fault)
            self._warn_of_age(version)
        return version

    def _warn_of_age(self, version: _Version) -> None:
        if (moment := self._host.clock.monotonic()) >= self._next_warning:
            self._next_warning = moment + _DAY
            self._host.log.warning("trust.old", part=self._part, version=version.content.version)

    # Looking at the file.

    def _look(self) -> None:
        """See whether the file has changed; read it in a thread where a loop must go on."""
        moment = self._host.clock.monotonic()
        if moment < self._next_look or self._reading is not None:
            return
        self._next_look = moment + LOOK
        stamp = self._stamp()
        if stamp == self._seen and moment < self._next_try:
            return
        self._seen = stamp
        self._next_try = inf
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self._read()
        else:
            self._reading = loop.run_in_executor(None, self._read)
            self._reading.add_done_callback(self._has_read)

    def _has_read(self, _reading: asyncio.Future[None]) -> None:
        self._reading = None

    def _read(self) -> None:
        try:
            files = reading.load(self._settings.file, self._settings.max_size)
            self._take(reading.verify(files, self._authorities, self._host.clock.now()), files)
        except Exception as error:  # noqa: BLE001 - whatever it is, what is held goes on serving
            self._next_try = self._host.clock.monotonic() + RETRY
            self._refuse(error)
        if self._has_just_changed():
            self._next_try = -inf

    def _has_just_changed(self) -> bool:
        """Whether the files changed so shortly before that another change might not show."""
        changed = max((one[0] for one in self._seen or () if one), default=0)
        return abs(time.time_ns() - changed) < JUST_NOW

    def _stamp(self) -> _Stamp:
        """Tell one state of the files from another."""
        found: list[tuple[int, ...]] = []
        for path in (
            self._settings.file,
            self._settings.file.with_name(self._settings.file.name + reading.JWS),
        ):
            try:
                status = os.stat(path)  # noqa: PTH116 - a path's own is slower, and this is asked every second
            except OSError:
                found.append(())
            else:
                found.append((status.st_mtime_ns, status.st_size, status.st_ino, status.st_ctime_ns))
        return tuple(found)

    def _take(self, opened: Opened, files: Files) -> None:
        """Replace what is held, unless this is the same. Raises TrustError."""
        content, place, now = opened.content, files.place, self._host.clock.now()
        self._check_name(content, place)
        held = self._version.content if self._version is not None else None
        if held is not None and self._is_same(content, held, place):
            self._fault, self._told = None, ""
            return
        version = self._indexed(content)
        if content.issued > now + SKEW:
            raise place.untrusted(
                "early",
                f"the list is of {content.issued:%Y-%m-%d %H:%M}, which is yet to come",
                f"la liste est du {content.issued:%Y-%m-%d %H:%M}, dans l'avenir",
            )
        if version.end <= now:
            raise place.untrusted(
                "ended",
                f"the list ended on {version.end:%Y-%m-%d %H:%M}; a newer one is needed",
                f"la liste a pris fin le {version.end:%Y-%m-%d %H:%M} ; il en faut une plus récente",
            )
        self._version, self._fault, self._told = version, None, ""
        self._host.log.info(
            "trust.taken", part=self._part, version=content.version, count=len(content.domains)
        )
        try:
            self._history.keep(content.sequence, files, now)
        except OSError as error:
            self._host.log.warning("trust.not_kept", part=self._part, error=type(error).__name__)

    def _check_name(self, content: TrustList, place: Place) -> None:
        wanted = self._settings.name or (self._version.content.name if self._version is not None else None)
        if wanted is not None and content.name != wanted:
            raise place.untrusted(
                "other_list",
                f"this is list {content.name}, and {wanted} is expected here",
                f"c'est la liste {content.name}, et {wanted} est attendue ici",
            )

    @staticmethod
    def _is_same(content: TrustList, held: TrustList, place: Place) -> bool:
        if content.sequence < held.sequence:
            raise place.untrusted(
                "older",
                f"the list has sequence {content.sequence}, older than {held.sequence}, which is held",
                f"la liste porte la séquence {content.sequence}, antérieure à {held.sequence}, déjà reçue",
            )
        if content.sequence == held.sequence and content != held:
            raise place.untrusted(
                "same_sequence",
                f"another list of the same sequence {held.sequence} is held; each has a higher one",
                f"une autre liste de séquence {held.sequence} est déjà reçue ; chacune en a une plus haute",
            )
        return content.sequence == held.sequence

    def _refuse(self, error: Exception) -> None:
        if isinstance(error, HubError):
            code, self._fault = error.code, error.words
        else:
            code = type(error).__name__
            self._fault = Words(
                en=f"The list can't be read ({code}).", fr=f"La liste ne peut être lue ({code})."
            )
        if (told := f"{code} {self._seen}") != self._told:
            self._told = told
            self._host.log.warning("trust.refused", part=self._part, code=code, file=self._settings.file.name)

    def _indexed(self, content: TrustList) -> _Version:
        end = content.next_update
        if self._settings.max_age is not None:
            end = min(end, content.issued + self._settings.max_age)
        return _Version(
            content=content,
            domains={
                one.name: (
                    one,
                    Admission(domain=one.name, member=one.operator, source=content.version, pins=one.pins),
                )
                for one in content.domains
            },
            end=end.astimezone(UTC),
        )
