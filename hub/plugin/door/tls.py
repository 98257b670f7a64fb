"""TLS of a door: 1.2 or later, nothing resumed; a client certificate is verified if one is shown."""

from __future__ import annotations

import ssl
import stat
from pathlib import Path
from typing import Final

from hub.errors import ConfigError, Words
from hub.plugin import contexts
from hub.plugin.door.settings import HttpSettings

_CODE: Final = "door.tls"


def context_of(settings: HttpSettings) -> ssl.SSLContext:
    """Make the context to listen with. Raises ConfigError `door.tls` that names the file.

    Who shows a certificate shows one that leads to `anchors`, or gets no connection. Whether one is needed
    is for the plugin to say, call by call.
    """
    context = contexts.server()
    context.set_alpn_protocols(["http/1.1"])
    _check_mode(settings.key)
    contexts.fill(
        context,
        _CODE,
        certificate=settings.certificate,
        key=settings.key,
        anchors=settings.anchors,
        crls=settings.crls,
    )
    if settings.anchors:
        context.verify_mode = ssl.CERT_OPTIONAL
    return context


def _check_mode(path: Path) -> None:
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError as error:
        raise contexts.unusable(_CODE, (path,), error) from error
    if mode & stat.S_IRWXO:
        raise ConfigError(
            _CODE,
            Words(
                en=f"{path} can be read or changed by anybody (mode {mode:04o}); run: chmod o= {path}",
                fr=f"{path} est accessible à tous (mode {mode:04o}) ; lancez : chmod o= {path}",
            ),
            file=str(path),
        )
