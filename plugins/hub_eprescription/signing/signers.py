"""The prescribers' keys that an operator's table names: `[operators.<name>.signers."<who>"]`.

`<who>` is a secure address, or a national identifier spelt `<system>|<value>`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from hub.domain.address import Address
from hub.domain.party import Identifier, Party
from hub.errors import ConfigError, HubError, PeerError
from hub.plugin import Table
from hub.ports.directory import Entry
from hub.ports.host import Host
from hub.ports.signing import Signer
from hub_eprescription.signing import pem, pkcs11
from hub_eprescription.signing.pem import PemSettings
from hub_eprescription.signing.pkcs11 import TokenSettings, TokenSigner


@dataclass(frozen=True, slots=True, kw_only=True)
class SignerSettings:
    """Whose key is where. The names are those of `of`."""

    keys: Mapping[str | Identifier, PemSettings | TokenSettings] = field(default_factory=dict)


def parse_signers(table: Table) -> SignerSettings:
    """Take `signers` out of an operator's table (it may be absent). Raises ConfigError."""
    outer = table.table("signers")
    return SignerSettings(keys={_who(outer, name): _key(outer.table(name)) for name in outer.names()})


class Signers:
    """The signers that are open, by address (its key) or identifier."""

    def __init__(self, signers: Mapping[str | Identifier, Signer]) -> None:
        self._signers = dict(signers)

    def of(self, prescriber: Party, entry: Entry | None = None) -> Signer | None:
        """Return a prescriber's signer, by address or by an identifier of theirs; None: there is none."""
        known = (*prescriber.identifiers, *(entry.identifiers if entry else ()))
        names = (prescriber.address.key, *known)
        return next((self._signers[name] for name in names if name in self._signers), None)

    async def examine(self) -> None:
        """Look at every card; no PIN is tried. Raises PeerError for the first that can't sign."""
        for signer in self._signers.values():
            if isinstance(signer, TokenSigner):
                try:
                    await signer.examine()
                except ConfigError as error:
                    raise PeerError(error.code, error.words, **error.fields) from error


@asynccontextmanager
async def open_signers(settings: SignerSettings, host: Host) -> AsyncIterator[Signers]:
    """Open every key. A card that is out is no error yet: it is asked for when it is to sign.

    Raises ConfigError for what is configured wrongly, such as a key that is not the certificate's.
    """
    async with AsyncExitStack() as stack:
        opened: dict[str | Identifier, Signer] = {}
        for who, one in settings.keys.items():
            if isinstance(one, PemSettings):
                opened[who] = pem.load(one)
            else:
                opened[who] = await stack.enter_async_context(pkcs11.open_token(one, host))
        yield Signers(opened)


def _who(table: Table, name: str) -> str | Identifier:
    system, bar, value = name.rpartition("|")
    if bar:
        if system and value and not set(name) & set(" \t\r\n"):
            return Identifier(system, value)
    else:
        try:
            return Address.parse(name).key
        except HubError:
            pass
    raise table.wrong(
        name,
        "names nobody: a signer is named by a secure address, or by <system>|<value>",
        "ne nomme personne : un signataire est nommé par une adresse, ou par <système>|<valeur>",
    )


def _key(table: Table) -> PemSettings | TokenSettings:
    if table.choice("kind", ("pem", "pkcs11")) == "pem":
        return pem.parse(table)
    return pkcs11.parse(table)
