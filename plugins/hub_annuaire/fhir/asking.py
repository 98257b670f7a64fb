"""The directory that puts each question to the server (`mode = "ask"`)."""

from __future__ import annotations

from datetime import UTC

from hub.domain.address import Address
from hub.domain.party import Identifier
from hub.ports.directory import Entry
from hub.ports.host import Host
from hub_annuaire import certificates
from hub_annuaire.fhir import questions
from hub_annuaire.fhir.joining import Bearing, entry, preferred
from hub_annuaire.fhir.remembering import Answers, Told
from hub_annuaire.fhir.searching import Search
from hub_annuaire.fhir.settings import Settings


class Asking:
    """`Directory` in front of a server. A server that fails is never read as 'not listed'."""

    def __init__(self, settings: Settings, host: Host, search: Search) -> None:
        self._settings = settings
        self._host = host
        self._search = search
        self._mailboxes: Answers[Bearing | None] = Answers(settings, host, lambda one: one is None)
        self._bearers: Answers[list[Address]] = Answers(settings, host, lambda one: not one)

    async def by_address(self, address: Address) -> Entry | None:
        """Return the mailbox, or None when not listed. Raises DirectoryUnavailableError."""
        told = await self._mailboxes.get(
            address.key, lambda memory: questions.mailbox(self._search, address, memory)
        )
        return self._entry(told)

    async def by_identifier(self, identifier: Identifier) -> tuple[Entry, ...]:
        """Return the bearer's mailboxes, the preferred first. Raises DirectoryUnavailableError."""
        told = await self._bearers.get(
            identifier, lambda memory: questions.addresses(self._search, identifier, memory)
        )
        # each is asked for as such, so that both ways give the same entry
        entries = {one.key: await self.by_address(one) for one in told.answer}
        return preferred(one for one in entries.values() if one is not None and identifier in one.identifiers)

    async def close(self) -> None:
        """Give up what is being asked."""
        await self._mailboxes.close()
        await self._bearers.close()

    def _entry(self, told: Told[Bearing | None]) -> Entry | None:
        if told.answer is None:
            return None
        at = told.at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        folder = self._settings.certificates
        return entry(
            told.answer,
            f"fhir {at} (stale)" if told.stale else f"fhir {at}",
            self._host.clock.now().date(),
            certificates.of(folder, told.answer.key) if folder is not None else (),
        )
