"""What `[directories.<name>]` says when its kind is `fhir`."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final

from yarl import URL

from hub.errors import MalformedError, Words
from hub.plugin import Table

_HEADER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,63}")


class Mode(StrEnum):
    """Whether each question goes to the server, or to a copy that follows it."""

    ASK = "ask"
    COPY = "copy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How the server is reached, and how its answers are kept.

    `url` is the server's base. `anchors` are the authorities trusted for it (none: the system's). An
    attempt takes at most `timeout`; `retries` more follow when it fails, and none waits longer than
    `patience`. `rate` bounds requests a second, `max_response` (bytes, decompressed) and `max_depth`
    what is read.

    Asking: answers hold for `keep`, 'not listed' for `keep_missing`, at most `remember` questions. When
    the server fails, an answer may be given for `grace` more, and its source says so.

    Copying: `page` resources are asked for at a time; the copy is brought up to date every `refresh`,
    with what changed since the last time less `overlap`, and made anew every `renew`. It is old after
    `max_age`. A new one with more than `max_loss` hundredths less than the last is refused.
    """

    url: URL
    mode: Mode = Mode.ASK
    key_file: Path | None = None
    key_header: str = "ESANTE-API-KEY"
    anchors: tuple[Path, ...] = ()
    certificates: Path | None = None
    timeout: timedelta = timedelta(seconds=10)
    retries: int = 3
    patience: timedelta = timedelta(seconds=30)
    rate: int = 10
    max_response: int = 16 << 20
    max_depth: int = 32
    keep: timedelta = timedelta(minutes=5)
    keep_missing: timedelta = timedelta(seconds=30)
    grace: timedelta = timedelta(0)
    remember: int = 10000
    page: int = 200
    refresh: timedelta = timedelta(hours=1)
    overlap: timedelta = timedelta(hours=6)
    renew: timedelta = timedelta(days=7)
    max_age: timedelta = timedelta(days=2)
    max_loss: int = 20


def parse(table: Table) -> Settings:
    """Read the table. Raises ConfigError, which names file, line and key."""
    given = table.names()
    key_file = table.file("key_file", ".")
    certificates = table.file("certificates", ".")
    if "certificates" in given and not certificates.is_dir():
        raise table.wrong("certificates", "is not a folder", "n'est pas un dossier")
    key_header = table.text("key_header", "ESANTE-API-KEY")
    if not _HEADER.fullmatch(key_header):
        raise table.wrong(
            "key_header", "is not the name of an HTTP header", "n'est pas un nom d'en-tête HTTP"
        )
    settings = Settings(
        url=table.parsed("url", read_url),
        mode=Mode(table.choice("mode", [one.value for one in Mode], Mode.ASK.value)),
        key_file=key_file if "key_file" in given else None,
        key_header=key_header,
        anchors=table.files("anchors", []),
        certificates=certificates if "certificates" in given else None,
        timeout=_some(table, "timeout", "10s"),
        retries=table.integer("retries", 3, most=10),
        patience=table.duration("patience", "30s"),
        rate=table.integer("rate", 10, least=1, most=1000),
        max_response=table.size("max_response", "16MiB"),
        max_depth=table.integer("max_depth", 32, least=8, most=200),
        keep=table.duration("keep", "5m"),
        keep_missing=table.duration("keep_missing", "30s"),
        grace=table.duration("grace", "0s"),
        remember=table.integer("remember", 10000, least=1, most=1_000_000),
        page=table.integer("page", 200, least=1, most=1000),
        refresh=_some(table, "refresh", "1h"),
        overlap=table.duration("overlap", "6h"),
        renew=_some(table, "renew", "7d"),
        max_age=table.duration("max_age", "2d"),
        max_loss=table.integer("max_loss", 20, most=100),
    )
    table.finish()
    return settings


def read_url(text: str) -> URL:
    """Read a server's base URL. Raises MalformedError; plain http is for this machine alone."""
    try:
        url = URL(text)
    except ValueError:
        url = URL()
    plain = url.user or url.password or url.query_string or url.fragment
    if url.scheme not in {"http", "https"} or not url.host or plain:
        raise _wrong(
            "A base URL is written https://host/path, with neither password nor query.",
            "Une URL de base s'écrit https://hôte/chemin, sans mot de passe ni requête.",
        )
    if url.scheme == "http" and not _here(url.host):
        raise _wrong(
            "Plain http would show the key and the questions to everybody on the way: use https.",
            "En http simple, la clé et les questions seraient lisibles en chemin : utilisez https.",
        )
    return url.with_path(url.path.rstrip("/") + "/")


def _here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _some(table: Table, key: str, default: str) -> timedelta:
    duration = table.duration(key, default)
    if not duration:
        raise table.wrong(key, "must be more than nothing", "doit être plus que zéro")
    return duration


def _wrong(en: str, fr: str) -> MalformedError:
    return MalformedError("fhir.url", Words(en=en, fr=fr))
