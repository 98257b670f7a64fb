"""The space of trust in the core: who is admitted, at acceptance and at every attempt."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hub.core.authorise import authorise
from hub.core.resolve import Resolved, resolve
from hub.core.trust import Outside, Trust
from hub.domain.address import Address
from hub.domain.outcome import Refused
from hub.domain.party import Identifier
from hub.errors import TrustError, Words
from hub.ports.filling import Held
from hub.ports.intake import To
from hub.ports.trust import Admission, TrustUnavailableError
from hub.testing.fakes import NOON
from tests.unit.core.world import HOSPITAL, MARTIN, MARTIN_RPPS, PEER, register, submission

DOMAINS = ("ch-valbrume.example", "ville.example")


class Space:
    """A list in memory (`TrustSpace`)."""

    def __init__(self, *domains: str, pins: frozenset[str] = frozenset(), name: str = "list 7") -> None:
        self.domains, self.pins, self.name = set(domains), pins, name
        self.fault: Exception | None = None

    def admission(self, domain: str) -> Admission | None:
        """Look it up."""
        if self.fault is not None:
            raise self.fault
        if domain not in self.domains:
            return None
        return Admission(domain=domain, member="m", source=self.name, pins=self.pins)

    def held(self) -> Held:
        """Say what is held."""
        return Held(version=self.name, at=NOON)


def down() -> TrustUnavailableError:
    """Make what a list that can't be asked raises."""
    return TrustUnavailableError("trust.down", Words(en="Down.", fr="En panne."))


@pytest.mark.parametrize(
    "change",
    [{"domain": "other.example"}, {"source": None}, {"pins": None}, {"pins": ["sha256:00"]}],
)
def test_an_admission_that_can_t_be_believed_is_none(change: dict[str, Any]) -> None:
    """Another domain's must not admit this one, and pins that can't be read must not count as none."""

    class Odd(Space):
        def admission(self, domain: str) -> Admission | None:
            found = super().admission(domain)
            return found and replace(found, **change)

    with pytest.raises(TrustUnavailableError) as raised:
        Trust([Odd("ville.example")]).admission("ville.example")
    assert raised.value.code == "trust.failed"


def test_without_a_space_everybody_configured_is_admitted() -> None:
    """A hub between two operators needs no list."""
    assert Trust().admission("anything.example") is None
    assert Trust().narrow(PEER, []) == PEER


def test_one_space_that_admits_is_enough() -> None:
    """Several spaces meet in one hub; which one admitted is known."""
    both = Trust([Space(name="a"), Space("ville.example", name="b")])
    found = both.admission("ville.example")
    assert found is not None
    assert found.source == "b"
    with pytest.raises(Outside) as caught:
        both.admission("elsewhere.example")
    assert caught.value.version == "a; b"


@pytest.mark.parametrize("fault", [down(), ValueError("x")])
def test_a_space_that_can_t_be_asked_never_says_no(fault: Exception) -> None:
    """Who might be admitted waits; who another space admits goes on."""
    broken = Space()
    broken.fault = fault
    with pytest.raises(TrustUnavailableError):
        Trust([broken, Space()]).admission("ville.example")
    assert Trust([broken, Space("ville.example")]).admission("ville.example") is not None


def test_an_answer_that_is_none_is_a_failure() -> None:
    """A plugin that answers 'yes' admits nobody."""
    space = Space()
    space.admission = lambda _domain: True  # type: ignore[method-assign, assignment, return-value]
    with pytest.raises(TrustUnavailableError):
        Trust([space]).admission("ville.example")


async def test_a_recipient_outside_is_refused_by_name() -> None:
    """Listed or not; the list that decided is named."""
    only = register(trust=Trust([Space("ch-valbrume.example")]))
    for who in (MARTIN, "nobody@ville.example"):
        answer = await resolve(To(target=Address.parse(who)), only)
        assert isinstance(answer, Refused)
        assert (answer.code, answer.source) == ("recipient.outside", "list 7")
        assert who in answer.reason.en


@pytest.mark.parametrize("target", [Address.parse(MARTIN), MARTIN_RPPS])
async def test_a_recipient_inside_carries_the_admission(target: Address | Identifier) -> None:
    """Its pins go with every attempt."""
    answer = await resolve(
        To(target=target), register(trust=Trust([Space(*DOMAINS, pins=frozenset({"dns:x"}))]))
    )
    assert isinstance(answer, Resolved)
    assert answer.admission is not None
    assert answer.admission.pins == {"dns:x"}


async def test_a_sender_outside_is_refused() -> None:
    """Although its operator is configured, and the directory lists it."""
    with pytest.raises(TrustError) as caught:
        await authorise(submission(), register(trust=Trust([Space("ville.example")])))
    assert caught.value.code == "sender.outside"
    sender = await authorise(submission(), register(trust=Trust([Space(*DOMAINS)])))
    assert str(sender.entry.address) == HOSPITAL


@pytest.mark.parametrize(
    ("pins", "speaks"),
    [(frozenset[str](), True), (frozenset({"sha256:1", "dns:mx"}), True), (frozenset({"sha256:2"}), False)],
)
def test_a_peer_speaks_for_the_domains_whose_pins_it_satisfies(pins: frozenset[str], speaks: Any) -> None:
    """Another certificate of the same authority is not enough when the list pins one."""
    peer = Trust([Space("ch-valbrume.example", pins=pins)]).narrow(PEER, ["sha256:1", "dns:mx"])
    assert (peer is not None) is speaks


def test_a_peer_whose_domain_was_withdrawn_speaks_for_nobody() -> None:
    """While a list that can't be asked takes nothing away: the submission is told to come again."""
    space = Space()
    assert Trust([space]).narrow(PEER, []) is None
    space.fault = down()
    assert Trust([space]).narrow(PEER, []) == PEER
