"""What every directory that can be looked around in keeps: `Searches`, `Describes`, `Suggests`.

    class TestMyDirectory(SearchesContract, DescribesContract, SuggestsContract):
        @pytest.fixture
        async def looking(self) -> AsyncIterator[LookingRig]:
            async with open_directory(settings, host) as directory:
                yield LookingRig(directory=directory, shown=(…), hidden=(…), unavailable=…)

A directory that has only some of the three subclasses only theirs. Not checked here: how fast it is,
and in what order equally good answers come.
"""

# ruff: noqa: S101 -- a contract suite is made of assertions
from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import pytest

from hub.domain.address import Address
from hub.domain.target import Description
from hub.ports.directory import DirectoryUnavailableError, Entry, MailboxKind
from hub.ports.looking import Describes, Searches, Suggests

PLENTY: Final = 1000
HOSTILE: Final = (
    "", " ", "'", '"', '""', "*", "^", "\0", "a\0b", "(", ")", "-", "--", ";", "%", "_",
    "\\", "/*", "[", "{",
    "NEAR", "NEAR(a b)", "AND", "OR", "NOT a", "a AND NOT b",
    'a" OR "b', "name:a", "-name:a", "a*", "^a", "a + b",
    "') OR 1=1 --", "*)(uid=*", "\ud800", "a\udfffb",
    "\N{ARABIC LIGATURE SALLALLAHOU ALAYHE WASALLAM}" * 30,
    "\N{ZERO WIDTH JOINER}", "\N{RIGHT-TO-LEFT OVERRIDE}abc", "é" * 200, "a" * 10_000, "a " * 5_000, "\n\t\r",
    "\N{COMBINING ACUTE ACCENT}" * 100, "§", "§a", "0x41", "١٢٣", "𝔐𝔞𝔯", "ﬁ",
)  # fmt: skip
"""What may break a search that puts its question together from texts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LookingRig:
    """A directory and what it should show.

    `shown` are entries that it holds and that can be written to, a person's with profession and town
    among them; none is like another. `hidden` are entries that it holds and shows to nobody: unlisted
    ones, and such as may not be written to. `unavailable` is a directory of the same kind that can't
    answer now.
    """

    directory: Any
    shown: Sequence[Entry]
    hidden: Sequence[Entry]
    unavailable: Any

    @property
    def people(self) -> list[Entry]:
        """Those shown that are people's."""
        return [one for one in self.shown if one.mailbox is MailboxKind.PERSONAL]


class SearchesContract:
    """The promises of `Searches`. A subclass gives the fixture `looking`."""

    def test_it_can_be_searched(self, looking: LookingRig) -> None:
        """So the hub offers it to who types."""
        assert isinstance(looking.directory, Searches)

    async def test_a_mailbox_is_found_by_its_name(self, looking: LookingRig) -> None:
        """And is the entry that its address gives."""
        for entry in looking.shown:
            assert entry in await looking.directory.search(entry.name, PLENTY)

    async def test_how_words_are_written_does_not_matter(self, looking: LookingRig) -> None:
        """Without accents, in capitals or small letters, in any order."""
        for entry in looking.shown:
            words = entry.name.split()
            for written in (
                entry.name.upper(),
                entry.name.lower(),
                _plain(entry.name),
                unicodedata.normalize("NFD", entry.name),
                " ".join(reversed(words)),
                entry.name.replace("-", " "),
            ):
                assert entry in await looking.directory.search(written, PLENTY), written

    async def test_every_sign_that_is_typed_keeps_it(self, looking: LookingRig) -> None:
        """Whoever types a name never loses the bearer on the way."""
        for entry in looking.shown:
            for end in range(1, len(entry.name) + 1):
                if entry.name[:end].strip():
                    assert entry in await looking.directory.search(entry.name[:end], PLENTY), end

    async def test_it_is_found_by_where_and_what(self, looking: LookingRig) -> None:
        """Town, profession, specialties, structure, service and address all count."""
        for entry in looking.shown:
            labels = [one.label for one in (entry.profession, *entry.specialties) if one is not None]
            for known in (entry.town, entry.structure, entry.service, str(entry.address), *labels):
                if known:
                    assert entry in await looking.directory.search(known, PLENTY), known

    async def test_every_word_has_to_fit(self, looking: LookingRig) -> None:
        """A name with a word that nobody has finds nobody."""
        for entry in looking.shown:
            assert not await looking.directory.search(f"{entry.name} zzqxzzq", PLENTY)

    async def test_no_more_than_was_asked_for(self, looking: LookingRig) -> None:
        """And each address once."""
        for entry in looking.shown:
            for limit in (1, 2, PLENTY):
                found = await looking.directory.search(entry.name[:1], limit)
                assert len(found) <= limit
                assert len({one.address.key for one in found}) == len(found)

    async def test_what_is_hidden_is_never_found(self, looking: LookingRig) -> None:
        """Neither by name nor by the very address."""
        for entry in looking.hidden:
            for typed in (entry.name, str(entry.address), entry.address.local, entry.address.local[:3]):
                found = await looking.directory.search(typed, PLENTY)
                assert entry.address.key not in {one.address.key for one in found}

    async def test_whatever_is_typed_is_answered(self, looking: LookingRig) -> None:
        """No sign means anything to the search itself."""
        for typed in HOSTILE:
            assert len(await looking.directory.search(typed, 5)) <= 5  # noqa: PLR2004 - the limit given

    async def test_a_search_that_cannot_be_made_says_so(self, looking: LookingRig) -> None:
        """An empty answer would mean that there is nobody."""
        with pytest.raises(DirectoryUnavailableError):
            await looking.unavailable.search("a", 5)


class DescribesContract:
    """The promises of `Describes`. A subclass gives the fixture `looking`."""

    def test_it_can_be_asked_for_a_description(self, looking: LookingRig) -> None:
        """So senders may name a recipient."""
        assert isinstance(looking.directory, Describes)

    async def test_somebody_is_found_by_name_trade_and_town(self, looking: LookingRig) -> None:
        """In any order of the name's words, with or without the rest."""
        for entry in looking.people:
            trade = entry.specialties[0] if entry.specialties else entry.profession
            assert trade is not None
            for name in (entry.name, " ".join(reversed(entry.name.split())), _plain(entry.name).lower()):
                for specialty in ("", trade.label):
                    for town in ("", entry.town):
                        sought = Description(name=name, specialty=specialty, town=town)
                        assert entry in await looking.directory.by_description(sought, PLENTY), sought

    async def test_only_whole_words_count(self, looking: LookingRig) -> None:
        """A name that is cut short is another name, and so is a town's."""
        for entry in looking.people:
            for sought in (
                Description(name=entry.name[:-1]),
                Description(name=entry.name, town=entry.town[:-1]),
                Description(name=f"{entry.name} zzqxzzq"),
                Description(name=entry.name, specialty="zzqxzzq"),
            ):
                if sought.town or sought.specialty or sought.name != entry.name.strip():
                    assert entry not in await looking.directory.by_description(sought, PLENTY), sought

    async def test_who_is_hidden_is_not_described(self, looking: LookingRig) -> None:
        """A description never reaches an unlisted mailbox, nor one that is closed."""
        for entry in looking.hidden:
            found = await looking.directory.by_description(Description(name=entry.name), PLENTY)
            assert entry.address.key not in {one.address.key for one in found}

    async def test_any_description_is_answered(self, looking: LookingRig) -> None:
        """And never with more than was asked for."""
        for text in HOSTILE:
            for sought in (
                Description(name=text),
                Description(name="a", specialty=text),
                Description(name="a", town=text),
            ):
                assert len(await looking.directory.by_description(sought, 2)) <= 2  # noqa: PLR2004 - the limit given

    async def test_a_description_that_cannot_be_looked_up_says_so(self, looking: LookingRig) -> None:
        """It is never read as 'nobody'."""
        with pytest.raises(DirectoryUnavailableError):
            await looking.unavailable.by_description(Description(name="a"), 5)


class SuggestsContract:
    """The promises of `Suggests`. A subclass gives the fixture `looking`."""

    def test_it_can_suggest(self, looking: LookingRig) -> None:
        """So a refusal may say what was meant."""
        assert isinstance(looking.directory, Suggests)

    async def test_a_slip_of_the_pen_is_understood(self, looking: LookingRig) -> None:
        """One sign too few, one too many, two exchanged: the address that was meant is suggested."""
        for entry in looking.shown:
            local, domain = entry.address.local, entry.address.domain
            middle = len(local) // 2
            for slipped in (
                local[:middle] + local[middle + 1 :],
                local[:middle] + local[middle] + local[middle:],
                local[: middle - 1] + local[middle] + local[middle - 1] + local[middle + 1 :],
            ):
                if slipped != local and not slipped.startswith(".") and ".." not in slipped:
                    near = await looking.directory.near(Address(slipped, domain))
                    assert entry.address.key in {one.key for one in near}, slipped

    async def test_a_mistyped_domain_is_understood(self, looking: LookingRig) -> None:
        """The right name at a domain that lacks a sign."""
        for entry in looking.shown:
            near = await looking.directory.near(Address(entry.address.local, entry.address.domain[:-1]))
            assert entry.address.key in {one.key for one in near}

    async def test_three_at_most_and_never_itself(self, looking: LookingRig) -> None:
        """Each is listed, and another address."""
        for entry in looking.shown:
            near = await looking.directory.near(entry.address)
            assert len(near) <= 3  # noqa: PLR2004 - the port's own number
            assert entry.address.key not in {one.key for one in near}
            for one in near:
                assert await looking.directory.by_address(one) is not None

    async def test_nothing_is_near_to_a_stranger(self, looking: LookingRig) -> None:
        """Nothing is suggested at all costs."""
        assert list(await looking.directory.near(Address("zzqxwvkj.qqq", "elsewhere.example"))) == []

    async def test_what_is_hidden_is_never_suggested(self, looking: LookingRig) -> None:
        """A slip must not tell that an unlisted address exists."""
        for entry in looking.hidden:
            local, domain = entry.address.local, entry.address.domain
            for other in (
                Address(f"{local}x", domain),
                Address(local[:-1], domain),
                Address(local, f"{domain}x"),
            ):
                near = await looking.directory.near(other)
                assert entry.address.key not in {one.key for one in near}

    async def test_a_suggestion_that_cannot_be_made_says_so(self, looking: LookingRig) -> None:
        """Whoever asks decides what a missing suggestion is worth."""
        with pytest.raises(DirectoryUnavailableError):
            await looking.unavailable.near(looking.shown[0].address)


class LookingContract(SearchesContract, DescribesContract, SuggestsContract):
    """All three, for a directory that can everything. A subclass gives the fixture `looking`."""


def _plain(text: str) -> str:
    return "".join(one for one in unicodedata.normalize("NFD", text) if not unicodedata.combining(one))
