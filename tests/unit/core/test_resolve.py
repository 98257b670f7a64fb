"""A recipient, by address or by national identifier, and the operator that reaches them."""

from __future__ import annotations

import pytest

from hub.core.people import People
from hub.core.resolve import Resolved, resolve
from hub.domain.address import Address
from hub.domain.outcome import Refused
from hub.domain.party import RPPS, Identifier, Role
from hub.domain.target import Description, Target
from hub.ports.connector import Capabilities
from hub.ports.directory import DirectoryUnavailableError, Entry, MailboxKind, Standing
from hub.ports.intake import To
from hub.testing.fakes import ScriptedOperator, entry
from tests.unit.core.test_people import Listing
from tests.unit.core.world import (
    ABROAD,
    MARTIN,
    MARTIN_RPPS,
    NOBODY,
    PETIT,
    STRUCK,
    VILLE,
    directory,
    operators,
    register,
)


@pytest.mark.parametrize("target", [Address.parse(MARTIN), MARTIN_RPPS])
async def test_a_recipient_is_found(target: Address | Identifier) -> None:
    """As the directory knows them, with their operator, in the role that the sender gave."""
    found = await resolve(To(target=target, role=Role.CC, blind=True), register())
    assert isinstance(found, Resolved)
    assert str(found.party.address) == MARTIN
    assert (found.operator.name, found.party.operator, found.party.role) == (VILLE, VILLE, Role.CC)
    assert found.blind
    assert found.asked in {MARTIN, MARTIN_RPPS.value}


@pytest.mark.parametrize(
    ("target", "code"),
    [
        (Address.parse(NOBODY), "recipient.unknown"),
        (Address.parse(STRUCK), "recipient.struck-off"),
        (Address.parse(ABROAD), "recipient.no-operator"),
        (Identifier(RPPS, "899900000099"), "recipient.no-address"),
    ],
)
async def test_who_can_t_be_reached_is_refused_by_name(target: Address | Identifier, code: str) -> None:
    """The words name the recipient as the sender wrote them."""
    refused = await resolve(To(target=target), register())
    assert isinstance(refused, Refused)
    assert refused.code == code
    named = str(target) if isinstance(target, Address) else target.value
    assert named in refused.reason.en
    assert named in refused.reason.fr


class ActiveOnly(Listing):
    """One that finds those who may practise by description, as directories do."""

    async def by_description(self, sought: Description, limit: int) -> list[Entry]:
        """Return who is active."""
        return [one for one in self._entries.values() if one.standing is Standing.ACTIVE]


@pytest.mark.parametrize("target", [Address.parse(MARTIN), MARTIN_RPPS, Description(name="Martin")])
async def test_whom_the_first_directory_bars_no_name_leads_to(target: Target) -> None:
    """Suspended at home, where no number is written, and active in the national directory."""
    people = People(
        [
            ActiveOnly(entry(MARTIN, standing=Standing.SUSPENDED)),
            ActiveOnly(entry(MARTIN, identifiers=[MARTIN_RPPS])),
        ]
    )
    refused = await resolve(To(target=target), register(people))
    assert isinstance(refused, Refused)
    assert refused.code == "recipient.suspended"


async def test_a_message_too_large_for_the_operator_is_refused_before_it_is_taken() -> None:
    """One byte less passes."""
    table = operators(ScriptedOperator(capabilities=Capabilities(max_bytes=1000)))
    to = To(target=Address.parse(MARTIN))
    refused = await resolve(to, register(table=table), 1001)
    assert isinstance(refused, Refused)
    assert refused.code == "recipient.too-large"
    assert isinstance(await resolve(to, register(table=table), 1000), Resolved)


async def test_without_the_directory_nobody_is_refused() -> None:
    """Not 'unknown': try again."""
    down = directory()
    down.available = False
    with pytest.raises(DirectoryUnavailableError):
        await resolve(To(target=Address.parse(MARTIN)), register(down))


async def test_an_unlisted_mailbox_is_reached_by_its_address_alone() -> None:
    """An identifier must not give it away; a patient's address says no more than the number does."""
    people = directory()
    people.put(entry(MARTIN, identifiers=[MARTIN_RPPS], unlisted=True))
    refused = await resolve(To(target=MARTIN_RPPS), register(people))
    assert isinstance(refused, Refused)
    assert refused.code == "recipient.no-address"
    assert isinstance(await resolve(To(target=Address.parse(MARTIN)), register(people)), Resolved)
    people.put(entry(MARTIN, identifiers=[MARTIN_RPPS], unlisted=True, mailbox=MailboxKind.PATIENT))
    assert isinstance(await resolve(To(target=MARTIN_RPPS), register(people)), Resolved)


async def test_a_description_finds_who_it_fits() -> None:
    """Only a directory that can be asked so; another one knows nobody by description."""
    people = Listing(entry(MARTIN, name="Dr Élodie Martin", identifiers=[MARTIN_RPPS]), entry(PETIT))
    to = To(target=Description(name="Martin"))
    found = await resolve(to, register(people))
    assert isinstance(found, Resolved)
    assert (str(found.party.address), found.asked) == (MARTIN, "Martin")
    nobody = await resolve(to, register())
    assert isinstance(nobody, Refused)
    assert nobody.code == "recipient.nobody"
