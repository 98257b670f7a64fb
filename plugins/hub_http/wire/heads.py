"""What may stand in the head of a request: nothing that begins another line, or another request."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from multidict import CIMultiDict

from hub.errors import Words
from hub_http.wire import egress
from hub_http.wire.exchange import Request
from hub_http.wire.faults import WireFault

_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}")
"""RFC 9110, 5.6.2."""
_VALUE: Final = re.compile(r"[\t -~\x80-\U0010ffff]*")
"""No control characters but the tabulator (RFC 9110, 5.5)."""
_OURS: Final = frozenset(
    {
        "connection",
        "content-length",
        "expect",
        "host",
        "keep-alive",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""Headers of the wire itself (RFC 9110, 7.6.1, and what frames a message)."""
MAX_VALUE: Final = 16 << 10
AGENT: Final = "Caducee"


def complete(request: Request) -> CIMultiDict[str]:
    """Return the headers that go, the usual ones added. Raises WireFault (`http.header`, unsent)."""
    headers: CIMultiDict[str] = CIMultiDict()
    for name, given in request.headers.items():
        if not _settable(name):
            raise _wrong(
                request,
                f"the header {name[:64]!r} can't be set",
                f"l'en-tête {name[:64]!r} ne peut être fixé",
            )
        value = given.strip(" \t")
        if not (value.isascii() and value.isprintable()) and not _VALUE.fullmatch(value):
            raise _wrong(
                request,
                f"the value of {name} holds a line end or another control character",
                f"la valeur de {name} contient une fin de ligne ou un autre caractère de contrôle",
            )
        if len(value) > MAX_VALUE // 4 and len(value.encode("utf-8", "surrogatepass")) > MAX_VALUE:
            raise _wrong(
                request,
                f"the value of {name} is over {MAX_VALUE >> 10} KiB",
                f"la valeur de {name} dépasse {MAX_VALUE >> 10} Kio",
            )
        headers.add(name, value)
    headers.setdefault("User-Agent", AGENT)
    headers.setdefault("Accept", "*/*")
    headers.setdefault("Accept-Encoding", "gzip")
    if request.body is not None and request.body.media_type:
        headers.setdefault("Content-Type", request.body.media_type)
    return headers


@lru_cache(1024)
def _settable(name: str) -> bool:
    return _TOKEN.fullmatch(name) is not None and name.lower() not in _OURS


def _wrong(request: Request, en: str, fr: str) -> WireFault:
    host = egress.host_of(request.url)
    return WireFault(
        "http.header",
        Words(
            en=f"A request to {host} can't be sent: {en}.", fr=f"Une requête à {host} ne peut partir : {fr}."
        ),
        stage="unsent",
        host=host,
    )
