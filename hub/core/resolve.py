"""Each recipient → a directory entry → its operator, or a refusal by name. Nothing guesses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from hub.core import people
from hub.core.operators import Operator, Operators
from hub.domain.address import Address
from hub.domain.outcome import Refused
from hub.domain.party import Identifier, Party
from hub.errors import Words
from hub.ports.directory import Directory, Entry
from hub.ports.intake import To

TOO_LARGE: Final = "recipient.too-large"
"""The one refusal that depends on the message, not on the recipient alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """A recipient who can be reached, and by whom. `asked` is how the sender named them."""

    asked: str
    party: Party
    operator: Operator
    blind: bool


async def resolve(to: To, directory: Directory, operators: Operators, size: int = 0) -> Resolved | Refused:
    """Find a recipient. `size` is the message's, to be held against the operator's limit.

    Raises DirectoryUnavailableError; never reads that as 'not listed'.
    """
    # 1. The directory lists the mailbox, or the bearer has one.
    entry = await _entry(to.target, directory)
    if isinstance(entry, Refused):
        return entry
    # 2. The bearer may practise today.
    if (why := people.barred(entry, "recipient")) is not None:
        return why
    # 3. An operator serves the mailbox, and can carry that much.
    operator = operators.serving(entry.address)
    if operator is None:
        return _no_operator(entry.address)
    limit = operator.capabilities.max_bytes
    if limit is not None and size > limit:
        return _too_large(entry.address, operator, limit)
    return Resolved(
        asked=to.asked,
        party=people.party(entry, operator.name, to.role),
        operator=operator,
        blind=to.blind,
    )


async def _entry(target: Address | Identifier, directory: Directory) -> Entry | Refused:
    if isinstance(target, Address):
        return await directory.by_address(target) or people.unknown(target, "recipient")
    entries = await directory.by_identifier(target)
    if not entries:
        return Refused(
            code="recipient.no-address",
            reason=Words(
                en=f"The directory knows no secure address for {target.value}.",
                fr=f"L'annuaire ne connaît pas d'adresse sécurisée pour {target.value}.",
            ),
        )
    return entries[0]


def _no_operator(address: Address) -> Refused:
    return Refused(
        code="recipient.no-operator",
        reason=Words(
            en=f"No operator of this hub serves {address.domain} ({address}).",
            fr=f"Aucun opérateur de ce hub ne dessert {address.domain} ({address}).",
        ),
    )


def _too_large(address: Address, operator: Operator, limit: int) -> Refused:
    return Refused(
        code=TOO_LARGE,
        reason=Words(
            en=f"{address}: operator {operator.name} carries at most {limit} bytes.",
            fr=f"{address} : l'opérateur {operator.name} transporte au plus {limit} octets.",
        ),
    )
