"""What PKCS#11 modules refuse, in words; each of python-pkcs11's errors once."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from hub.errors import ConfigError, HubError, PeerError, Words
from hub_eprescription.signing import faults
from hub_eprescription.signing.card import Where


class LostError(PeerError):
    """The session is gone: the card was out, or somebody logged out. Opening it anew may help."""


class GoneError(PeerError):
    """The token is not there now."""


def reason(error: Exception, where: Where) -> HubError:
    """Return the hub's error for one of a module's, or for a call that took too long."""
    import pkcs11 as library  # noqa: PLC0415 - a native library

    if isinstance(error, TimeoutError):
        return GoneError(*_unavailable("the card does not answer", "la carte ne répond pas"))
    for kinds, make in _table():
        if isinstance(error, kinds):
            return make(where)
    if isinstance(error, library.PKCS11Error):
        kind = type(error).__name__
        return faults.unavailable(
            f"the token {where.token} refused ({kind})",
            f"le jeton {where.token} a refusé ({kind})",
            error=kind,
        )
    return misconfigured(
        "signer.module",
        f"{where.module} can't be loaded as a PKCS#11 module",
        f"{where.module} ne peut être chargé comme module PKCS#11",
    )


@cache
def _table() -> tuple[tuple[tuple[type[Exception], ...], Callable[[Where], HubError]], ...]:
    import pkcs11 as p  # noqa: PLC0415 - a native library

    lost = (
        p.SessionHandleInvalid,
        p.SessionClosed,
        p.UserNotLoggedIn,
        p.KeyHandleInvalid,
        p.ObjectHandleInvalid,
        p.OperationActive,
        p.OperationNotInitialized,
    )
    gone = (
        p.NoSuchToken,
        p.TokenNotPresent,
        p.TokenNotRecognised,
        p.DeviceRemoved,
        p.DeviceError,
        p.SlotIDInvalid,
    )
    return (
        (lost, _lost),
        (gone, _gone),
        ((p.PinIncorrect, p.PinInvalid, p.PinLenRange), wrong_pin),
        ((p.PinLocked, p.PinExpired, p.UserPinNotInitialized), locked),
        ((p.NoSuchKey, p.MultipleObjectsReturned), _no_key),
        ((p.MultipleTokensReturned,), _many_tokens),
    )


def _lost(_where: Where) -> HubError:
    return LostError(
        *_unavailable("the session with the card was lost", "la session avec la carte est perdue")
    )


def _gone(where: Where) -> HubError:
    return GoneError(
        *_unavailable(
            f"the token {where.token} is not there (is its card in the reader?)",
            f"le jeton {where.token} est absent (sa carte est-elle dans le lecteur ?)",
        )
    )


def _no_key(where: Where) -> HubError:
    return misconfigured(
        "signer.key",
        f"the token {where.token} does not hold exactly one private key with the configured name",
        f"le jeton {where.token} ne contient pas exactement une clé privée du nom configuré",
    )


def _many_tokens(where: Where) -> HubError:
    return misconfigured(
        "signer.key",
        f"several tokens are called {where.token}: name one in “serial”",
        f"plusieurs jetons s'appellent {where.token} : précisez « serial »",
    )


def wrong_pin(where: Where) -> ConfigError:
    """Say that the PIN is wrong."""
    return misconfigured(
        "signer.pin",
        f"the PIN of the token {where.token} is wrong; it is not tried again, lest the card be locked. "
        "Correct the file in “pin”",
        f"le code PIN du jeton {where.token} est faux ; il n'est plus essayé, pour ne pas bloquer la carte. "
        "Corrigez le fichier de « pin »",
    )


def last_try(where: Where) -> ConfigError:
    """Say that the card's last try is left to a person."""
    return misconfigured(
        "signer.locked",
        f"one more wrong PIN would lock the token {where.token}: enter the right one with the card's own "
        "software first",
        f"un code PIN faux de plus bloquerait le jeton {where.token} : saisissez d'abord le bon avec le "
        "logiciel de la carte",
    )


def locked(where: Where) -> ConfigError:
    """Say that the card is locked."""
    return misconfigured(
        "signer.locked",
        f"the PIN of the token {where.token} is locked: unlock it with the card's own software (PUK)",
        f"le code PIN du jeton {where.token} est bloqué : débloquez-le avec le logiciel de la carte (PUK)",
    )


def misconfigured(code: str, en: str, fr: str) -> ConfigError:
    """Make the error for what a person must set right. The words end a sentence."""
    return ConfigError(
        code,
        Words(
            en=f"The prescriber's key can't be used: {en}.",
            fr=f"La clé du prescripteur est inutilisable : {fr}.",
        ),
    )


def _unavailable(en: str, fr: str) -> tuple[str, Words]:
    error = faults.unavailable(en, fr)
    return error.code, error.words
