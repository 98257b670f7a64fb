"""The routing table, and who speaks for whom."""

from __future__ import annotations

import pytest

from hub.core.lane import Lane
from hub.core.operators import Operator, Operators
from hub.domain.address import Address
from hub.domain.ids import OperatorName
from hub.errors import ConfigError
from hub.ports.connector import Capabilities
from hub.testing.fakes import ScriptedOperator
from tests.unit.core.world import ABROAD, MARTIN, VILLE, operators


def test_a_mailbox_is_served_by_its_domain_s_operator() -> None:
    """And by nobody outside the space of trust; a domain below is another domain."""
    table = operators()
    served = table.serving(Address.parse(MARTIN))
    assert served is not None
    assert served.name == VILLE
    assert table.serving(Address.parse(ABROAD)) is None
    assert table.serving(Address.parse("x@sub.ville.example")) is None
    assert table.named("ville") is served
    assert table.named("nobody") is None


def test_a_certificate_speaks_for_its_operator_only() -> None:
    """The peer may send as the domains of that operator, and no other."""
    peer = operators().speaking(["email:x@y.example", "dns:mx.ville.example"])
    assert peer is not None
    assert peer.operator == VILLE
    assert peer.may_send_as(Address.parse(MARTIN))
    assert not peer.may_send_as(Address.parse(ABROAD))
    assert operators().speaking(["dns:unknown.example"]) is None
    assert operators().speaking([]) is None


class _Untold(ScriptedOperator):
    @property
    def capabilities(self) -> Capabilities:
        raise RuntimeError("not today")


class _Nonsense(ScriptedOperator):
    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(max_concurrency="many")  # type: ignore[arg-type]


@pytest.mark.parametrize("connector", [_Untold, _Nonsense])
async def test_capabilities_that_can_t_be_had_are_the_cautious_ones(
    connector: type[ScriptedOperator],
) -> None:
    """A connector that fails to say what it can carry stops nobody, and nothing is sent twice for it."""
    served = operators(connector()).named("ville")
    assert served is not None
    assert served.capabilities == Capabilities()
    assert Lane(served).wanted(0) == min(served.concurrency, Capabilities().max_concurrency)


@pytest.mark.parametrize("field", ["domains", "peers"])
def test_nothing_belongs_to_two_operators(field: str) -> None:
    """The configuration that says so is refused, naming what and whom."""

    def make(name: str) -> Operator:
        domains = frozenset({"shared.example" if field == "domains" else f"{name}.example"})
        peers = frozenset({"shared.example" if field == "peers" else f"dns:{name}.example"})
        return Operator(name=OperatorName(name), domains=domains, peers=peers)

    with pytest.raises(ConfigError, match=r"shared\.example") as caught:
        Operators([make("one"), make("two")])
    assert caught.value.code == "operators.twice"
    assert "two" in caught.value.words.fr
