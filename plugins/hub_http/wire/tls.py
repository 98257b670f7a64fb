"""TLS contexts: version 1.2 or later, the server always verified, nothing resumed.

A context with the system's authorities weighs about a megabyte and takes milliseconds to make: one is shared
by all operators that name the same files, and it is made when the first of them connects.
"""

from __future__ import annotations

import ssl
import weakref
from functools import lru_cache
from pathlib import Path
from typing import Final

from hub.plugin import contexts
from hub_http.settings import TlsSettings

_CODE: Final = "http.tls_files"
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
        made = _filled(settings)
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
        raise contexts.unusable(_CODE, files, error) from error


@lru_cache(maxsize=4096)
def _check(settings: TlsSettings, stamps: tuple[_Stamp, ...]) -> None:
    if stamps:
        _filled(settings)


def _filled(settings: TlsSettings) -> ssl.SSLContext:
    context = contexts.client()
    context.options |= ssl.OP_NO_COMPRESSION
    context.set_alpn_protocols(["http/1.1"])
    return contexts.fill(
        context,
        _CODE,
        certificate=settings.certificate,
        key=settings.key,
        anchors=settings.anchors,
        crls=settings.crls,
    )


def _stamp(path: Path) -> _Stamp:
    status = path.stat()
    return status.st_ino, status.st_mtime_ns, status.st_size
