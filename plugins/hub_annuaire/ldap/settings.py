"""What `[directories.<name>]` says when its kind is `ldap`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from hub.errors import MalformedError
from hub.plugin import Table, days
from hub_annuaire.ldap import codec
from hub_annuaire.ldap.filters import Filter
from hub_annuaire.ldap.places import Url
from hub_annuaire.ldap.secure import Identity
from hub_annuaire.ldap.shape import Attributes, Meanings, parse_attributes, parse_meanings

_BINDS = ("anonymous", "simple", "external")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How a directory is asked by LDAP. Sizes are in bytes.

    urls             servers with the same content, the preferred first; required. `ldaps://` begins with
                     TLS, `ldap://` goes over to it by StartTLS before anything is said.
    base             where the mailboxes are, as a DN; required.
    bind             `simple` (bind_dn and password), `external` (by the client certificate: SASL EXTERNAL)
                     or `anonymous`. By default what the other keys suffice for.
    bind_dn          our name there.
    password_file    file whose first line is the password; read at each connection.
    anchors          PEM files with the authorities of the servers; by default the system's.
    identity         `certificate` and `key`: our own, when the server wants one.
    start_tls        false: no TLS, for `ldap://` to this very machine only.
    filter           which entries are mailboxes, as RFC 4515 writes it; by default all with an address.
    connections      to one server, at one time; 4.
    pipeline         searches under way on one connection before another is opened; 32.
    connect_timeout  for connecting, TLS and bind; 5s.
    timeout          for the answer to one search; 5s.
    retry_after      how long a server that failed is asked last; 30s.
    page             entries asked for at a time where many may come; 200.
    max_answers      entries of one search at most; 500.
    max_message      largest message of the server's; 4MiB.
    cache            how long an answer is good for; 30s. 0s: always ask.
    max_cached       answers kept; 10000.
    zone             time zone of its days; Europe/Paris.
    """

    urls: tuple[Url, ...]
    base: str
    bind: str = "anonymous"
    bind_dn: str = ""
    password_file: Path | None = None
    anchors: tuple[Path, ...] = ()
    identity: Identity | None = None
    start_tls: bool = True
    filter: Filter | None = None
    connections: int = 4
    pipeline: int = 32
    connect_timeout: timedelta = timedelta(seconds=5)
    timeout: timedelta = timedelta(seconds=5)
    retry_after: timedelta = timedelta(seconds=30)
    page: int = 200
    max_answers: int = 500
    max_message: int = 4 << 20
    cache: timedelta = timedelta(seconds=30)
    max_cached: int = 10_000
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Europe/Paris"))
    attributes: Attributes = field(default_factory=Attributes)
    meanings: Meanings = field(default_factory=Meanings)


def parse(table: Table) -> Settings:
    """Read the table. Raises ConfigError, which names file, line and key."""
    identity = _identity(table)
    bind_dn = table.text("bind_dn") if "bind_dn" in table.names() else ""
    password_file = table.file("password_file") if "password_file" in table.names() else None
    settings = Settings(
        urls=_urls(table),
        base=table.text("base"),
        bind=table.choice("bind", _BINDS, "simple" if bind_dn else "anonymous"),
        bind_dn=bind_dn,
        password_file=password_file,
        anchors=table.files("anchors", []),
        identity=identity,
        start_tls=table.boolean("start_tls", True),
        filter=_filter(table),
        connections=table.integer("connections", 4, least=1, most=64),
        pipeline=table.integer("pipeline", 32, least=1, most=1000),
        connect_timeout=table.duration("connect_timeout", "5s"),
        timeout=table.duration("timeout", "5s"),
        retry_after=table.duration("retry_after", "30s"),
        page=table.integer("page", 200, least=1, most=10_000),
        max_answers=table.integer("max_answers", 500, least=1, most=100_000),
        max_message=table.size("max_message", "4MiB"),
        cache=table.duration("cache", "30s"),
        max_cached=table.integer("max_cached", 10_000, most=1_000_000),
        zone=days.zone(table),
        attributes=parse_attributes(table.table("attributes")),
        meanings=parse_meanings(table.table("standings"), table.table("mailboxes")),
    )
    table.finish()
    _agree(table, settings)
    return settings


def _agree(table: Table, settings: Settings) -> None:
    if settings.bind == "simple" and not (settings.bind_dn and settings.password_file):
        raise table.wrong(
            "bind_dn",
            "and password_file go together: a simple bind needs both",
            "et password_file vont ensemble : une authentification simple demande les deux",
        )
    if settings.bind == "external" and settings.identity is None:
        raise table.wrong(
            "bind",
            "is external, which needs certificate and key",
            "vaut external, qui demande certificate et key",
        )
    if not settings.start_tls:
        for url in settings.urls:
            if url.scheme == "ldap" and not url.at.is_loopback:
                raise table.wrong(
                    "start_tls",
                    f"may be false for this machine only, not for {url}",
                    f"ne peut valoir false que pour cette machine, pas pour {url}",
                )


def _urls(table: Table) -> tuple[Url, ...]:
    urls = tuple(_parsed(table, one) for one in table.texts("urls"))
    if not urls:
        raise table.wrong("urls", "names no server", "ne nomme aucun serveur")
    return urls


def _parsed(table: Table, text: str) -> Url:
    try:
        return Url.parse(text)
    except MalformedError as error:
        raise table.wrong("urls", error.words.en, error.words.fr) from error


def _identity(table: Table) -> Identity | None:
    given = [key for key in ("certificate", "key") if key in table.names()]
    if not given:
        return None
    return Identity(certificate=table.file("certificate"), key=table.file("key"))


def _filter(table: Table) -> Filter | None:
    if "filter" not in table.names():
        return None
    try:
        return codec.parse_filter(table.text("filter"))
    except ValueError as error:
        raise table.wrong(
            "filter",
            "is not a filter, such as (objectClass=inetOrgPerson)",
            "n'est pas un filtre, tel que (objectClass=inetOrgPerson)",
        ) from error
