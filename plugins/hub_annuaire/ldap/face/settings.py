"""What `[receivers.<name>]` says when its kind is `ldap`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from hub.errors import MalformedError
from hub.plugin import Table
from hub_annuaire.ldap.face.names import Name
from hub_annuaire.ldap.places import Endpoint
from hub_annuaire.ldap.secure import Identity

BASE: Final = Name.parse("ou=annuaire,o=caducee")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How the hub's directory is shown. Sizes are in bytes.

    listen                    `host:port` where LDAP is spoken, with StartTLS; one of the two lists is needed.
    listen_tls                `host:port` where TLS comes first (ldaps).
    identity                  `certificate` and `key`; needed unless all addresses are this machine's own.
    client_authorities        PEM files: a client with a certificate of theirs needs no account, when
                              `anonymous` is true.
    base                      the name under which all entries are; ou=annuaire,o=caducee.
    accounts                  file of who may log in, `NAME:$scrypt$…` a line; none by default.
    anonymous                 true: no account is needed by clients on this machine, or with a certificate.
    language                  of the words in answers, `en` or `fr`; en.
    max_answers               entries of one search at most; 100.
    max_candidates            entries that are held against one filter; 500.
    least_letters             of a word, for it to be looked for; 2.
    time_limit                for one search; 10s. A client may want less.
    max_connections           at one time; 200.
    max_connections_per_host  at one time from one IP address; 20.
    max_message               largest request; 64KiB.
    max_filter_depth          levels of a filter; 16.
    max_filter_width          assertions and pieces of text in a filter; 64.
    max_pending               searches under way on one connection; 8.
    max_failed_logins         on one connection, before it is ended; 3.
    login_timeout             for TLS, and until somebody has logged in; 30s.
    idle_timeout              between two requests; 10m.
    """

    listen: tuple[Endpoint, ...] = ()
    listen_tls: tuple[Endpoint, ...] = ()
    identity: Identity | None = None
    client_authorities: tuple[Path, ...] = ()
    base: Name = BASE
    accounts: Path | None = None
    anonymous: bool = False
    language: str = "en"
    max_answers: int = 100
    max_candidates: int = 500
    least_letters: int = 2
    time_limit: timedelta = timedelta(seconds=10)
    max_connections: int = 200
    max_connections_per_host: int = 20
    max_message: int = 64 << 10
    max_filter_depth: int = 16
    max_filter_width: int = 64
    max_pending: int = 8
    max_failed_logins: int = 3
    login_timeout: timedelta = timedelta(seconds=30)
    idle_timeout: timedelta = timedelta(minutes=10)


def parse(table: Table) -> Settings:
    """Read the table. Raises ConfigError, which names file, line and key."""
    given = [key for key in ("certificate", "key") if key in table.names()]
    identity = Identity(certificate=table.file("certificate"), key=table.file("key")) if given else None
    settings = Settings(
        listen=_endpoints(table, "listen"),
        listen_tls=_endpoints(table, "listen_tls"),
        identity=identity,
        client_authorities=table.files("client_authorities", []),
        base=table.parsed("base", Name.parse, str(BASE)),
        accounts=table.file("accounts") if "accounts" in table.names() else None,
        anonymous=table.boolean("anonymous", False),
        language=table.choice("language", ("en", "fr"), "en"),
        max_answers=table.integer("max_answers", 100, least=1, most=10_000),
        max_candidates=table.integer("max_candidates", 500, least=1, most=10_000),
        least_letters=table.integer("least_letters", 2, least=1, most=20),
        time_limit=table.duration("time_limit", "10s"),
        max_connections=table.integer("max_connections", 200, least=1, most=100_000),
        max_connections_per_host=table.integer("max_connections_per_host", 20, least=1, most=100_000),
        max_message=table.size("max_message", "64KiB"),
        max_filter_depth=table.integer("max_filter_depth", 16, least=1, most=50),
        max_filter_width=table.integer("max_filter_width", 64, least=1, most=10_000),
        max_pending=table.integer("max_pending", 8, least=1, most=1000),
        max_failed_logins=table.integer("max_failed_logins", 3, least=1, most=1000),
        login_timeout=table.duration("login_timeout", "30s"),
        idle_timeout=table.duration("idle_timeout", "10m"),
    )
    table.finish()
    _agree(table, settings)
    return settings


def _agree(table: Table, settings: Settings) -> None:
    places = (*settings.listen, *settings.listen_tls)
    if not places:
        raise table.wrong(
            "listen",
            "and listen_tls name no address to listen on",
            "et listen_tls ne nomment aucune adresse d'écoute",
        )
    if settings.identity is None and (
        settings.listen_tls or not all(one.is_loopback for one in settings.listen)
    ):
        raise table.wrong(
            "certificate",
            "and key are needed: in clear, this is shown on this very machine only",
            "et key sont nécessaires : en clair, l'annuaire ne se montre que sur cette machine",
        )
    if settings.client_authorities and settings.identity is None:
        raise table.wrong("client_authorities", "needs certificate and key", "demande certificate et key")
    if settings.accounts is None and not settings.anonymous:
        raise table.wrong(
            "accounts",
            "is needed, or anonymous = true: otherwise nobody may search",
            "est nécessaire, ou anonymous = true : sinon personne ne peut chercher",
        )
    if not settings.base.parts:
        raise table.wrong("base", "is empty", "est vide")


def _endpoints(table: Table, key: str) -> tuple[Endpoint, ...]:
    endpoints = []
    for text in table.texts(key, []):
        try:
            endpoints.append(Endpoint.parse(text))
        except MalformedError as error:
            raise table.wrong(key, error.words.en, error.words.fr) from error
    return tuple(endpoints)
