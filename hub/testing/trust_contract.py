"""What every space of trust keeps, as tests that a plugin's own test file subclasses and passes.

    class TestMySpace(TrustContract):
        @pytest.fixture
        async def rig(self) -> AsyncIterator[TrustRig]:
            async with open_space(settings, host) as space:
                yield TrustRig(space=space, admitted=(…), unavailable=…)

Not checked here: what a list must be to count. That is the plugin's own to test.
"""

# ruff: noqa: S101 -- a contract suite is made of assertions
from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pytest

from hub.domain.address import parse_domain
from hub.ports.trust import Admission, TrustSpace, TrustUnavailableError

ABSENT: Final = "nowhere.example"
_PIN: Final = re.compile(r"(?:sha256|spki):[0-9a-f]{64}|dns:[a-z0-9.-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustRig:
    """A space of trust and what it should know.

    `admitted` is what it says of domains that are admitted now. `outside` are domains that are not:
    never heard of, withdrawn, not admitted yet. `unavailable` is a space of the same kind that can't
    answer now (no list, one that has ended).
    """

    space: TrustSpace
    admitted: Sequence[Admission]
    unavailable: TrustSpace
    outside: Sequence[str] = (ABSENT,)


class TrustContract:
    """The promises of `hub.ports.trust.TrustSpace`. A subclass gives the fixture `rig`."""

    async def test_an_admitted_domain_is_found_as_it_is(self, rig: TrustRig) -> None:
        """Member, pins and source are there, the same every time."""
        assert rig.admitted, "the rig admits nobody"
        for one in rig.admitted:
            assert rig.space.admission(one.domain) == one
            assert rig.space.admission(one.domain) == one

    async def test_a_domain_outside_is_none(self, rig: TrustRig) -> None:
        """A clear no, which is not an error."""
        for domain in rig.outside:
            assert rig.space.admission(domain) is None

    async def test_a_neighbour_of_an_admitted_domain_is_outside(self, rig: TrustRig) -> None:
        """Nothing guesses: neither a sub-domain, nor the domain above, nor one that ends alike."""
        admitted = {one.domain for one in rig.admitted}
        for domain in admitted:
            above = domain.partition(".")[2]
            for other in (f"mail.{domain}", above, f"x{domain}", f"{domain}.", f".{domain}", "*", ""):
                if other not in admitted:
                    assert rig.space.admission(other) is None

    async def test_an_admission_says_who_and_by_what(self, rig: TrustRig) -> None:
        """Evidence can name the member and the version that decided; pins are in their one spelling."""
        version = rig.space.held().version
        for one in rig.admitted:
            assert one.member
            assert one.source == version
            assert parse_domain(one.domain) == one.domain
            assert all(_PIN.fullmatch(pin) for pin in one.pins)

    async def test_what_is_held_has_a_version_and_a_date(self, rig: TrustRig) -> None:
        """`hub check` can say how old the list is."""
        held = rig.space.held()
        assert held.version
        assert held.at.tzinfo is not None

    async def test_who_cannot_answer_never_says_outside(self, rig: TrustRig) -> None:
        """What depends on it waits, instead of being refused; the words say so in both languages."""
        for domain in (*(one.domain for one in rig.admitted), *rig.outside):
            with pytest.raises(TrustUnavailableError) as asked:
                rig.unavailable.admission(domain)
            assert asked.value.words.en
            assert asked.value.words.fr
        with pytest.raises(TrustUnavailableError):
            rig.unavailable.held()
