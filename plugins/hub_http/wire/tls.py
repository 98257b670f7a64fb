"""TLS contexts: version 1.2 or later, the server always verified, nothing resumed.

A context with the system's authorities weighs about a megabyte and takes milliseconds to make: one is shared
by all operators that name the same files, and it is made when the first of them connects.
"""

from __future__ import annotations

import ssl
import weakref
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from hub.errors import ConfigError, Words
from hub.plugin import reasons
from hub_http.settings import TlsSettings

_Stamp = tuple[int, int, int]
_Key = tuple[TlsSettings, tuple[_Stamp, ...]]

_made: weakref.WeakValueDictionary[_Key, ssl.SSLContext] = weakref.WeakValueDictionary()


def check(settings: TlsSettings) -> None:
    """Look whether the files can be used, without the system's authorities. Raises ConfigError."""
    _check(*_key(settings))


def context(settings: TlsSettings) -> ssl.SSLContext:
    """Return the context for these files as they are now. Raises ConfigError."""
    key = _key(settings)
    made = _made.get(key)
    if made is None:
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        _fill(made, settings)
        if not settings.anchors:
            made.load_default_certs()
        _made[key] = made
    return made


def _key(settings: TlsSettings) -> _Key:
    """Return what contexts are told apart by: the files, and how they look now."""
    files = [*settings.anchors, *settings.crls, *(one for one in (settings.certificate, settings.key) if one)]
    try:
        return settings, tuple(_stamp(one) for one in files)
    except OSError as error:
        raise _unusable(files, error) from error


@lru_cache(maxsize=4096)
def _check(settings: TlsSettings, stamps: tuple[_Stamp, ...]) -> None:
    if stamps:
        _fill(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), settings)


def _fill(context: ssl.SSLContext, settings: TlsSettings) -> None:
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # each connection's certificate is checked anew, dates and revocation included
    context.options |= ssl.OP_NO_TICKET | ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
    context.set_alpn_protocols(["http/1.1"])
    if settings.certificate is not None and settings.key is not None:
        try:
            context.load_cert_chain(settings.certificate, settings.key, password=_no_password)
        except (OSError, ValueError) as error:
            raise _unusable((settings.certificate, settings.key), error) from error
    for path in (*settings.anchors, *settings.crls):
        try:
            context.load_verify_locations(path)
        except (OSError, ValueError) as error:
            raise _unusable((path,), error) from error
    if settings.crls:
        context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF


def _stamp(path: Path) -> _Stamp:
    status = path.stat()
    return status.st_ino, status.st_mtime_ns, status.st_size


def _no_password() -> str:
    raise ValueError("the key is encrypted")


def _unusable(paths: Iterable[Path], error: Exception) -> ConfigError:
    named = ", ".join(str(path) for path in paths)
    why = reasons.tls(error)
    return ConfigError(
        "http.tls_files",
        Words(
            en=f"The TLS files can't be used ({named}): {why.en}. PEM is expected, the key unencrypted and "
            "that of the certificate.",
            fr=f"Les fichiers TLS sont inutilisables ({named}) : {why.fr}. Il faut du PEM, et la clé, non "
            "chiffrée, du certificat.",
        ),
        file=named,
    )
