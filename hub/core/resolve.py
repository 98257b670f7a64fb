"""Each recipient → a directory entry → its operator, or a refusal by name. Nothing guesses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from hub.core import choosing, mailboxes, people, standing
from hub.core.operators import Operator
from hub.core.register import Register
from hub.core.trust import Outside, outside
from hub.domain.address import Address
from hub.domain.outcome import Refused
from hub.domain.party import Identifier, Party
from hub.domain.target import Description, Target
from hub.errors import Words
from hub.ports.directory import Entry, MailboxKind
from hub.ports.intake import To
from hub.ports.looking import Describes, Suggests
from hub.ports.trust import Admission

TOO_LARGE: Final = "recipient.too-large"
"""The one refusal that depends on the message, not on the recipient alone."""
MOST_DESCRIBED: Final = 100
"""Mailboxes that are looked at for one description; more are ambiguous anyway."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """A recipient who can be reached, and by whom.

    `asked` is how the sender named them, `also` how else: one mailbox may go by several names.
    """

    asked: str
    also: tuple[str, ...] = ()
    party: Party
    entry: Entry
    admission: Admission | None
    operator: Operator
    blind: bool


async def resolve(to: To, register: Register, size: int = 0) -> Resolved | Refused:
    """Find a recipient. `size` is the message's, to be held against the operator's limit.

    Raises DirectoryUnavailableError and TrustUnavailableError; never reads them as 'not listed'.
    """
    # 1. The directory lists the mailbox, or the bearer has one.
    entry = await _entry(to.target, register)
    if isinstance(entry, Refused):
        return entry
    # 2. The bearer may practise today; of a shared mailbox, somebody answers for it.
    why = standing.barred(entry, "recipient") or mailboxes.unanswered(entry, "recipient")
    if why is not None:
        return why
    # 3. The space of trust admits the domain.
    try:
        admission = register.trust.admission(entry.address.domain)
    except Outside as error:
        return outside(entry.address, "recipient", error.version)
    # 4. An operator serves the mailbox, and can carry that much.
    operator = register.operators.serving(entry.address)
    if operator is None:
        return _no_operator(entry.address)
    limit = operator.capabilities.max_bytes
    if limit is not None and size > limit:
        return _too_large(entry.address, operator, limit)
    return Resolved(
        asked=to.asked,
        party=people.party(entry, operator.name, to.role),
        entry=entry,
        admission=admission,
        operator=operator,
        blind=to.blind,
    )


async def _entry(target: Target, register: Register) -> Entry | Refused:
    if isinstance(target, Address):
        return await register.directory.by_address(target) or await _unlisted(target, register)
    chosen = await _chosen(target, register)
    if isinstance(chosen, Refused):
        return chosen
    # Of the mailbox that was chosen the first directory that knows it decides, as at every delivery.
    return await register.directory.by_address(chosen.address) or chosen


async def _chosen(target: Identifier | Description, register: Register) -> Entry | Refused:
    match target:
        case Identifier():
            entries = await register.directory.by_identifier(target)
            entries = tuple(one for one in entries if _may_be_found(one))
            if not entries:
                return _no_address(target, register)
            return choosing.of_bearer(entries, register.preference, target.value)
        case Description():
            directory = register.directory
            entries = (
                tuple(await directory.by_description(target, MOST_DESCRIBED))
                if isinstance(directory, Describes)
                else ()
            )
            return choosing.of_description(entries, register.preference, target)


def _may_be_found(one: Entry) -> bool:
    """Whether an identifier may lead to a mailbox: not to an unlisted one, which only its address does.

    A patient's address is made of the identifier, so that who knows the one knows the other.
    """
    return not one.unlisted or one.mailbox is MailboxKind.PATIENT


async def _unlisted(address: Address, register: Register) -> Refused:
    """Refuse an unknown address: as outside the space of trust, or with what it may have meant."""
    try:
        register.trust.admission(address.domain)
    except Outside as error:
        return outside(address, "recipient", error.version)
    directory = register.directory
    near = await directory.near(address) if isinstance(directory, Suggests) else ()
    return standing.unknown(address, "recipient", register.version(), near)


def _no_address(identifier: Identifier, register: Register) -> Refused:
    return Refused(
        code="recipient.no-address",
        reason=Words(
            en=f"The directory knows no secure address for {identifier.value}.",
            fr=f"L'annuaire ne connaît pas d'adresse sécurisée pour {identifier.value}.",
        ),
        source=register.version(),
    )


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
