"""Whether a request carries the digest that a description says (`kind = "hmac"`), computed anew.

Nonce and time are read out of the headers that carry them: a header's template is turned round. Its bare
`{{ nonce }}`, `{{ count }}`, `{{ timestamp }}` and `{{ signature }}` are what is looked for, all else must
stand as it is. A caller may use one nonce again with another count, as MESH's own client does.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Any, Final

from hub_http.auth.hmac import signature
from hub_http.description.authentication import HmacRequest
from hub_http.double.asking import Asking
from hub_http.mapping import templates

_HOLE: Final = re.compile(r"\{\{(.*?)\}\}")
_FOUND: Final = ("nonce", "count", "timestamp", "signature")
_MILLI: Final = 1000


def holds(
    described: HmacRequest, asking: Asking, scope: Mapping[str, Any], now: datetime, window: timedelta
) -> str | None:
    """Return what counts once when it holds, the nonce with its count or else the digest; else None.

    `scope` has the parameters and the secrets. `window` is how far its time may be from `now`.
    """
    seen = {
        **scope,
        "now": now,
        "count": described.count,
        "request": {
            "method": asking.method,
            "path": asking.path,
            "query": asking.query,
            "host": asking.host,
            "headers": {name.lower(): value for name, value in asking.headers.items()},
            "body_sha256": sha256(asking.raw).hexdigest(),
        },
    }
    found: dict[str, str] = {}
    for name, source in described.headers.items():
        read = _read(source, asking.headers.get(name, ""), seen)
        if read is None or any(found.get(key, value) != value for key, value in read.items()):
            return None
        found |= read
    if "timestamp" in found and not _near(found["timestamp"], described.timestamp, now, window):
        return None
    message = templates.text(described.message, {**seen, **found}) or ""
    right = signature(scope["secrets"][described.key], message, described.algorithm, described.encoding)
    if not hmac.compare_digest(found.get("signature", "").encode(), right.encode()):
        return None
    return f"{found['nonce']}:{found.get('count', '')}" if "nonce" in found else right


def _read(source: str, said: str, scope: Mapping[str, Any]) -> dict[str, str] | None:
    """Return what stands in the header at the places of `_FOUND`; None when it is not of that form."""
    pattern, last, named = "", 0, set[str]()
    for hole in _HOLE.finditer(source):
        pattern += re.escape(source[last : hole.start()])
        last, name = hole.end(), hole[1].strip()
        if name in _FOUND and name not in named:
            named.add(name)
            pattern += f"(?P<{name}>.+?)"
        elif name in _FOUND:
            pattern += f"(?P={name})"
        else:
            pattern += re.escape(templates.text(hole[0], scope) or "")
    fits = _compiled(pattern + re.escape(source[last:])).fullmatch(said)
    return None if fits is None else fits.groupdict()


@lru_cache(256)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _near(said: str, form: str, now: datetime, window: timedelta) -> bool:
    try:
        match form:
            case "unix":
                at = datetime.fromtimestamp(int(said), UTC)
            case "unix_ms":
                at = datetime.fromtimestamp(int(said) / _MILLI, UTC)
            case "iso":
                at = datetime.strptime(said, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
            case _:
                at = datetime.strptime(said, form).replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return False
    return abs(now - at) <= window
