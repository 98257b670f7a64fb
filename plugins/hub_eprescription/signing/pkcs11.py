"""Keys in cards and security modules, by PKCS#11 (OASIS, 2.40 and 3.0).

A card that is out, or does not answer, makes a PeerError: the hub tries again. A wrong PIN makes a
ConfigError, and is not tried again (`pins`). A token that has but one try left is left alone.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from cryptography.hazmat.primitives.asymmetric import ec

from hub.errors import ConfigError, HubError, MalformedError
from hub.plugin import Table
from hub.ports.host import Host
from hub.ports.signing import Mechanism
from hub_eprescription.signing import authorities, card, certificates, faults, refusals
from hub_eprescription.signing.card import Card, Where
from hub_eprescription.signing.lane import lane
from hub_eprescription.signing.pins import PinMemory, Tried
from hub_eprescription.signing.secrets import read_secret, unusable

T = TypeVar("T")
ANSWER: Final = 30.0
"""Seconds that a card may take for one call; a person at a pad has twice that."""
LEAVE: Final = 5.0
"""Seconds that a card may take to be left, when the hub ends."""
_MAX_PIN: Final = 256
_HEX: Final = re.compile(r"(?:[0-9a-fA-F]{2}){1,128}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenSettings:
    """`pin` is a file of mode 0600; None: the PIN is typed at the reader's own pad.

    `certificate` holds the certificate and those above it; None: it is read from the token.
    """

    where: Where
    pin: Path | None
    certificate: Path | None


def parse(table: Table) -> TokenSettings:
    """Read the table. Raises ConfigError."""
    given = set(table.names())
    module = table.file("module")
    token = table.text("token")
    serial = table.text("serial", "-")
    label = table.text("key_label", "-")
    spelt = table.text("key_id", "00")
    if not _HEX.fullmatch(spelt):
        raise table.wrong(
            "key_id", "is not hexadecimal, such as 01af", "n'est pas en hexadécimal, tel que 01af"
        )
    if not given & {"key_label", "key_id"}:
        raise table.wrong(
            "key_label",
            "is missing: name the key by “key_label” or “key_id”",
            "est absent : nommez la clé par « key_label » ou « key_id »",
        )
    pin = table.file("pin", "-")
    certificate = table.file("certificate", "-")
    table.finish()
    return TokenSettings(
        where=Where(
            module=str(module),
            token=token,
            serial=serial if "serial" in given else None,
            key_label=label if "key_label" in given else None,
            key_id=bytes.fromhex(spelt) if "key_id" in given else None,
        ),
        pin=pin if "pin" in given else None,
        certificate=certificate if "certificate" in given else None,
    )


class TokenSigner:
    """`Signer` on a key in a token; opened when it is first needed, and again after the card was out."""

    def __init__(self, settings: TokenSettings, host: Host) -> None:
        self._settings = settings
        self._where = settings.where
        self._lane = lane(settings.where.module)
        self._host = host
        self._memory = PinMemory(host, f"{settings.where.module}\n{settings.where.token}")
        self._chain: tuple[bytes, ...] = ()
        self._card: Card | None = None
        self._proven: tuple[str, str] | None = None
        self._opening = asyncio.Lock()

    @property
    def chain(self) -> Sequence[bytes]:
        """Certificates in DER, the signer's own first. Raises PeerError before `ready` has returned."""
        if not self._chain:
            raise faults.unavailable("the card has not been read yet", "la carte n'a pas encore été lue")
        return self._chain

    @property
    def mechanisms(self) -> Sequence[Mechanism]:
        """How it can sign, the preferred first. Raises PeerError before `ready` has returned."""
        if isinstance(certificates.public_key(certificates.read(self.chain[0])), ec.EllipticCurvePublicKey):
            return (Mechanism.ECDSA_SHA256,)
        return (Mechanism.RSA_PKCS1_SHA256, Mechanism.RSA_PSS_SHA256, Mechanism.RSA_PKCS1_SHA1)

    async def ready(self) -> None:
        """Return when `chain` can be asked. Raises PeerError, ConfigError."""
        if self._chain:
            return
        if self._settings.certificate is not None:
            self._take(tuple(authorities.load_certificates(self._settings.certificate)))
            return
        opened = await self._open()
        found = await self._call(opened.certificate)
        if found is None:
            raise refusals.misconfigured(
                "signer.key",
                "the token holds no certificate with the key's id or label: name a file in “certificate”",
                "le jeton n'a aucun certificat à l'id ou au nom de la clé : donnez « certificate »",
            )
        self._take((found,))

    async def examine(self) -> None:
        """Look whether it could sign: module, card, file of the PIN. No PIN is tried.

        Raises PeerError, ConfigError.
        """
        if self._settings.pin is not None:
            self._read_pin(self._settings.pin)
        await self._look()

    async def sign(self, data: bytes, mechanism: Mechanism) -> bytes:
        """Sign. Raises PeerError and ConfigError as the port says."""
        opened = await self._open()
        try:
            return await self._call(lambda: opened.sign(data, mechanism))
        except refusals.LostError:
            # The card was out in between, or another part has logged out: signing again harms nobody.
            again = await self._open()
            return await self._call(lambda: again.sign(data, mechanism))
        except ConfigError as error:
            if error.code == "signer.pin" and self._proven is not None:
                # Some cards have another PIN for signing than for logging in.
                await self._memory.note(*self._proven, Tried.WRONG)
                await self.close()
            raise

    async def close(self) -> None:
        """End the session, if there is one."""
        opened, self._card = self._card, None
        if opened is not None:
            with suppress(HubError):
                await self._call(opened.close, LEAVE)

    def _take(self, chain: tuple[bytes, ...]) -> None:
        """Take certificates, when the first can be read."""
        try:
            certificates.read(chain[0])
        except MalformedError as error:
            raise refusals.misconfigured(
                "signer.key", error.words.en.removesuffix("."), error.words.fr.removesuffix(".")
            ) from error
        self._chain = chain

    async def _open(self) -> Card:
        async with self._opening:
            if self._card is None:
                self._card = await self._log_in()
            return self._card

    async def _look(self) -> card.Flags:
        """Return what the card says of itself, when it may be logged in to."""
        held = await self._call(lambda: card.flags(self._where))
        if held.locked:
            raise refusals.locked(self._where)
        if held.last_try:
            raise refusals.last_try(self._where)
        return held

    async def _log_in(self) -> Card:
        """Log in, with a PIN that is not known to be wrong."""
        held = await self._look()
        if self._settings.pin is None:
            return await self._ask_at_pad()
        pin = self._read_pin(self._settings.pin)
        tried = await self._memory.tried(held.serial, pin)
        if tried is Tried.WRONG or (tried is Tried.TRYING and held.had_wrong_pin):
            raise refusals.wrong_pin(self._where)
        await self._memory.note(held.serial, pin, Tried.TRYING)
        try:
            opened = await self._call(lambda: card.log_in(self._where, pin))
        except ConfigError as error:
            if error.code == "signer.pin":
                await self._memory.note(held.serial, pin, Tried.WRONG)
            elif error.code == "signer.key":
                await self._memory.right()
            raise
        await self._memory.right()
        self._proven = held.serial, pin
        return opened

    async def _ask_at_pad(self) -> Card:
        try:
            return await self._call(lambda: card.log_in(self._where, None), 2 * ANSWER)
        except ConfigError as error:
            if error.code != "signer.pin":
                raise
            raise faults.unavailable(
                "the PIN that was typed at the reader is wrong",
                "le code PIN saisi sur le lecteur est faux",
            ) from error

    async def _call(self, call: Callable[[], T], seconds: float = ANSWER) -> T:
        """Make a call in the module's thread. Raises HubError; a session that is lost is forgotten."""
        import pkcs11 as library  # noqa: PLC0415 - a native library

        try:
            return await self._lane.do(call, seconds)
        except (library.PKCS11Error, TimeoutError, RuntimeError, OSError) as error:
            why = refusals.reason(error, self._where)
            if isinstance(why, refusals.LostError | refusals.GoneError):
                self._card = None
            raise why from None

    def _read_pin(self, path: Path) -> str:
        try:
            return read_secret(path, _MAX_PIN).decode().rstrip("\r\n")
        except UnicodeDecodeError:
            raise unusable(path, "it is not text", "ce n'est pas du texte") from None


@asynccontextmanager
async def open_token(settings: TokenSettings, host: Host) -> AsyncIterator[TokenSigner]:
    """Yield a signer. The card may be out; only what can be read without it is checked.

    Raises ConfigError for a certificate's file that can't be read.
    """
    signer = TokenSigner(settings, host)
    if settings.certificate is not None:
        await signer.ready()
    try:
        yield signer
    finally:
        await signer.close()
