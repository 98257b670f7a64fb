"""Plain calls to a PKCS#11 module by python-pkcs11, to be made in the module's own thread (`lane`).

Raises `pkcs11.PKCS11Error`s as they come, and OSError for a module that can't be loaded; `refusals` says
what they mean.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from hub.ports.signing import Mechanism

if TYPE_CHECKING:
    from pkcs11 import Session, Token

_DIGEST_INFOS: Final = {
    # RFC 8017, 9.2, note 1
    "sha1": bytes.fromhex("3021300906052b0e03021a05000414"),
    "sha256": bytes.fromhex("3031300d060960864801650304020105000420"),
}

_SALT: Final = secrets.token_bytes(32)
_REFUSED: Final[set[bytes]] = set()
"""Digests of PINs that a token has refused since the process began, whichever part had them tried.

Only a module's own thread looks here, so two parts with the same wrong PIN can't try it both.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """Which key: of the token with this label (and serial number), the key with this label or id (CKA_ID)."""

    module: str
    token: str
    serial: str | None = None
    key_label: str | None = None
    key_id: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Flags:
    """What a token says of itself."""

    serial: str
    locked: bool
    last_try: bool
    had_wrong_pin: bool
    pad: bool


def flags(where: Where) -> Flags:
    """Ask a token; nobody is logged in for it."""
    from pkcs11 import TokenFlag  # noqa: PLC0415 - a native library

    token = _token(where)
    held = token.flags
    return Flags(
        serial=_text(token.serial),
        locked=bool(held & TokenFlag.USER_PIN_LOCKED),
        last_try=bool(held & TokenFlag.USER_PIN_FINAL_TRY),
        had_wrong_pin=bool(held & TokenFlag.USER_PIN_COUNT_LOW),
        pad=bool(held & TokenFlag.PROTECTED_AUTHENTICATION_PATH),
    )


def log_in(where: Where, pin: str | None) -> Card:
    """Open a session; without a PIN, by the pad of the reader. Who is logged in already stays so."""
    import pkcs11  # noqa: PLC0415 - a native library

    token = _token(where)
    tried = _tried(where, token, pin)
    if tried in _REFUSED:
        raise pkcs11.PinIncorrect
    try:
        session = token.open(user_pin=pkcs11.PROTECTED_AUTH if pin is None else pin)
    except pkcs11.UserAlreadyLoggedIn:
        session = token.open()
    except pkcs11.PinIncorrect:
        if pin is not None:
            _REFUSED.add(tried)
        raise
    try:
        return Card(where, session, pin)
    except pkcs11.PKCS11Error:
        session.close()
        raise


class Card:
    """An open session with a key that can sign."""

    def __init__(self, where: Where, session: Session, pin: str | None) -> None:
        from pkcs11 import Attribute, ObjectClass  # noqa: PLC0415 - a native library

        self._session = session
        self._key: Any = session.get_key(
            object_class=ObjectClass.PRIVATE_KEY, label=where.key_label, id=where.key_id
        )
        self._mechanisms = session.token.slot.get_mechanisms()
        # Qualified keys want the PIN before each signature (CKA_ALWAYS_AUTHENTICATE).
        each_time = _attribute(self._key, Attribute.ALWAYS_AUTHENTICATE)
        self._pin = {"pin": pin} if each_time and pin is not None else {}

    def certificate(self) -> bytes | None:
        """Return the certificate (DER) that goes with the key: of its id, else of its label."""
        from pkcs11 import Attribute, ObjectClass  # noqa: PLC0415 - a native library

        for attribute in (Attribute.ID, Attribute.LABEL):
            value = _attribute(self._key, attribute)
            if not value:
                continue
            sought = {Attribute.CLASS: ObjectClass.CERTIFICATE, attribute: value}
            for found in list(self._session.get_objects(sought)):
                return bytes(found[Attribute.VALUE])
        return None

    def sign(self, data: bytes, mechanism: Mechanism) -> bytes:
        """Sign. The card is given a hash whenever it takes one, so that large contents stay here."""
        from pkcs11 import MGF  # noqa: PLC0415 - a native library
        from pkcs11 import Mechanism as Cki  # noqa: PLC0415 - the same

        if mechanism is Mechanism.ECDSA_SHA256:
            raw = Cki.ECDSA in self._mechanisms
            given = hashlib.sha256(data).digest() if raw else data
            made = self._sign(given, Cki.ECDSA if raw else Cki.ECDSA_SHA256)
            half = len(made) // 2
            return encode_dss_signature(
                int.from_bytes(made[:half], "big"), int.from_bytes(made[half:], "big")
            )
        if mechanism is Mechanism.RSA_PSS_SHA256:
            parameter = (Cki.SHA256, MGF.SHA256, 32)
            if Cki.RSA_PKCS_PSS in self._mechanisms:
                return self._sign(hashlib.sha256(data).digest(), Cki.RSA_PKCS_PSS, parameter)
            return self._sign(data, Cki.SHA256_RSA_PKCS_PSS, parameter)
        name, whole = (
            ("sha1", Cki.SHA1_RSA_PKCS)
            if mechanism is Mechanism.RSA_PKCS1_SHA1
            else ("sha256", Cki.SHA256_RSA_PKCS)
        )
        if Cki.RSA_PKCS in self._mechanisms:
            digest = hashlib.new(name, data).digest()
            return self._sign(_DIGEST_INFOS[name] + digest, Cki.RSA_PKCS)
        return self._sign(data, whole)

    def close(self) -> None:
        """End the session, and with it, as PKCS#11 has it, everybody's login at this token."""
        self._session.close()

    def _sign(self, data: bytes, mechanism: object, parameter: object = None) -> bytes:
        return bytes(self._key.sign(data, mechanism=mechanism, mechanism_param=parameter, **self._pin))


def _token(where: Where) -> Token:
    import pkcs11  # noqa: PLC0415 - a native library

    try:
        module = pkcs11.lib(where.module)
    except pkcs11.PKCS11Error as error:
        raise OSError(where.module) from error
    held = module.get_tokens(token_label=where.token)
    found = [one for one in held if where.serial in {None, _text(one.serial)}]
    if not found:
        raise pkcs11.NoSuchToken
    if len(found) > 1:
        raise pkcs11.MultipleTokensReturned
    return found[0]


def _tried(where: Where, token: Token, pin: str | None) -> bytes:
    what = "\0".join((where.module, where.token, _text(token.serial), pin or ""))
    return hashlib.blake2b(what.encode(), key=_SALT).digest()


def _text(serial: bytes) -> str:
    return serial.decode("ascii", "replace").strip(" \0")


def _attribute(thing: Any, attribute: Any) -> Any:
    from pkcs11 import PKCS11Error  # noqa: PLC0415 - a native library

    try:
        return thing[attribute]
    except PKCS11Error:
        return None
