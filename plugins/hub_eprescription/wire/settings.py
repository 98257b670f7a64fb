"""How a service is reached, read strictly: `base_urls`, `token`, TLS, limits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from hub.plugin import Table

MAX_ANSWER: Final = 4 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class WireSettings:
    """The keys of an `[operators.<name>]` that concern the wire.

    base_urls        where the service is, `https://…`; several in the order in which they are tried.
    token            file with the access token, mode 0600, read again when it changes; none by default.
    certificate, key our own for TLS, with chain; none by default.
    anchors          authorities of the server's certificate; those of the system by default.
    crls             those authorities' revocation lists; none by default.
    connect_timeout  until a connection is there; 10s.
    answer_timeout   from then until the whole answer is here; 30s.
    """

    base_urls: tuple[str, ...]
    token: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    anchors: tuple[Path, ...] = ()
    crls: tuple[Path, ...] = ()
    connect_timeout: timedelta = timedelta(seconds=10)
    answer_timeout: timedelta = timedelta(seconds=30)
    max_answer: int = MAX_ANSWER


def parse_wire(table: Table) -> WireSettings:
    """Take the wire's keys out of an operator's table. Raises ConfigError, which names the key."""
    given = table.names()
    certificate, key = table.file("certificate", "."), table.file("key", ".")
    for one, other in (("certificate", "key"), ("key", "certificate")):
        if one in given and other not in given:
            raise table.wrong(other, f"is missing beside {one}", f"manque à côté de {one}")
    token = table.file("token", ".")
    return WireSettings(
        base_urls=_bases(table),
        token=token if "token" in given else None,
        certificate=certificate if "certificate" in given else None,
        key=key if "key" in given else None,
        anchors=table.files("anchors", []),
        crls=table.files("crls", []),
        connect_timeout=table.duration("connect_timeout", "10s"),
        answer_timeout=table.duration("answer_timeout", "30s"),
    )


def _bases(table: Table) -> tuple[str, ...]:
    found = table.texts("base_urls")
    for text in found:
        if not _is_base(text):
            raise table.wrong(
                "base_urls",
                f"holds {text!r}: write https://host/path, with neither password nor query; plain http "
                "is refused",
                f"contient {text!r} : écrivez https://hôte/chemin, sans mot de passe ni requête ; le http "
                "simple est refusé",
            )
    if not found or len(set(found)) < len(found):
        raise table.wrong(
            "base_urls",
            "must name at least one address, each but once",
            "doit nommer au moins une adresse, chacune une seule fois",
        )
    return tuple(text.rstrip("/") for text in found)


def _is_base(text: str) -> bool:
    try:
        url = urlsplit(text)
        port = url.port
    except ValueError:
        return False
    return (
        url.scheme == "https"
        and bool(url.hostname)
        and port != 0
        and not (url.username or url.password or url.query or url.fragment)
        and text.isascii()
        and not any(sign.isspace() for sign in text)
        and "?" not in text
        and "#" not in text
    )
