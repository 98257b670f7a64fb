"""Settings of the SMTP sessions, read strictly. Those of the mail itself are in `mail_settings`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from hub.domain.address import parse_domain
from hub.plugin import Table, addresses
from hub.plugin.listening import HIGHEST_PORT, Endpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsSettings:
    """How one end proves itself and whom it believes. TLS 1.2 or later; there is no way to turn it off.

    certificate  PEM file with our certificate and its chain; required.
    key          PEM file with its private key, not encrypted; required.
    anchors      PEM files with the authorities that the other end's certificate must come from; required.
    crls         PEM files with those authorities' revocation lists; none by default. When one is given,
                 every authority must have one that is in force, or its certificates are not believed.
    """

    certificate: Path
    key: Path
    anchors: tuple[Path, ...]
    crls: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverSettings:
    """One `[receivers.<name>]` of kind `smtp`. Sizes are in bytes.

    listen                    where to listen, a list of `host:port`; required.
    max_message               largest mail, as it travels; 50MiB. Also the SIZE that is announced.
    max_recipients            accepted recipients of one mail; 1000.
    max_line                  longest line of a mail without its CR LF; 998 (RFC 5321, 4.5.3.1.6). A longer
                              one is refused: a server further on would fold it and break the signature.
    max_connections           at one time; 500. One more is told 421.
    max_connections_per_host  at one time from one IP address; 100.
    max_errors                commands answered by 5xx since the last mail, before 421; 20.
    max_idle_commands         commands that bring no mail nearer (NOOP, RSET, EHLO …) since the last mail,
                              before 421; 100.
    handshake_timeout         for one whole command line before TLS, and for the handshake; 30s.
    command_timeout           for one whole command line under TLS; 5m (RFC 5321, 4.5.3.2.7).
    data_timeout              between two stretches of a mail; 3m (RFC 5321, 4.5.3.2.5).
    min_rate                  bytes per second that a mail must come in at, on average, once `rate_grace`
                              has passed; 1KiB.
    rate_grace                60s.
    drain                     how long mails on their way in may take to finish when the hub stops; 30s.
    language                  of the words in refusals, `en` or `fr`; en.
    """

    listen: tuple[Endpoint, ...]
    tls: TlsSettings
    max_message: int = 50 << 20
    max_recipients: int = 1000
    max_line: int = 998
    max_connections: int = 500
    max_connections_per_host: int = 100
    max_errors: int = 20
    max_idle_commands: int = 100
    handshake_timeout: timedelta = timedelta(seconds=30)
    command_timeout: timedelta = timedelta(minutes=5)
    data_timeout: timedelta = timedelta(minutes=3)
    min_rate: int = 1 << 10
    rate_grace: timedelta = timedelta(seconds=60)
    drain: timedelta = timedelta(seconds=30)
    language: str = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorSettings:
    """The SMTP half of one `[operators.<name>]` of kind `smtp`. Sizes are in bytes.

    relay                    the operator's server, `host:port`; absent: the MX of the recipient's domain.
    port                     of the MX hosts; 25.
    server_name              the name that the server's certificate must carry; by default the host that was
                             connected to. Without `relay`, DNS says what that host is.
    nameservers              DNS servers for the MX, `host:port`; by default those of the system.
    max_message              largest mail; 50MiB. The server's own SIZE counts too.
    max_recipients           recipients of one mail; 100 (RFC 5321, 4.5.3.1.8).
    connections              at one time; 10.
    messages_per_connection  before a connection is replaced by a new one; 1000.
    idle_timeout             how long a connection is kept for the next mail; 30s.
    connect_timeout          for connecting to one host; 20s.
    handshake_timeout        for the TLS handshake; 30s.
    command_timeout          for the answer to a command; 60s.
    data_timeout             for the server to take the next stretch of a mail; 60s.
    reply_timeout            for the answer to the final dot; 3m.
    attempt_timeout          for one attempt as a whole; 4m. Keep it under the operator's `deadline`: then
                             the outcome says how far the mail had come.
    when_uncertain           what becomes of a mail whose answer was lost, which SMTP has no way to ask about:
                             `resend` (it is sent again under the same Message-ID, and the timeline says that
                             it may have come twice) or `hold` (it waits for a person); resend.
    """

    tls: TlsSettings
    relay: Endpoint | None = None
    port: int = 25
    server_name: str | None = None
    nameservers: tuple[Endpoint, ...] = ()
    max_message: int = 50 << 20
    max_recipients: int = 100
    connections: int = 10
    messages_per_connection: int = 1000
    idle_timeout: timedelta = timedelta(seconds=30)
    connect_timeout: timedelta = timedelta(seconds=20)
    handshake_timeout: timedelta = timedelta(seconds=30)
    command_timeout: timedelta = timedelta(seconds=60)
    data_timeout: timedelta = timedelta(seconds=60)
    reply_timeout: timedelta = timedelta(minutes=3)
    attempt_timeout: timedelta = timedelta(minutes=4)
    when_uncertain: str = "resend"


def parse_receiver(table: Table) -> ReceiverSettings:
    """Read a receiver's table, without `mail`. Raises ConfigError; the caller finishes the table."""
    return ReceiverSettings(
        listen=addresses.parse(table),
        tls=_tls(table),
        max_message=table.size("max_message", "50MiB"),
        max_recipients=table.integer("max_recipients", 1000, least=1, most=10_000),
        max_line=table.integer("max_line", 998, least=78, most=1 << 20),
        max_connections=table.integer("max_connections", 500, least=1, most=100_000),
        max_connections_per_host=table.integer("max_connections_per_host", 100, least=1, most=100_000),
        max_errors=table.integer("max_errors", 20, least=1, most=10_000),
        max_idle_commands=table.integer("max_idle_commands", 100, least=1, most=100_000),
        handshake_timeout=table.duration("handshake_timeout", "30s"),
        command_timeout=table.duration("command_timeout", "5m"),
        data_timeout=table.duration("data_timeout", "3m"),
        min_rate=table.size("min_rate", "1KiB"),
        rate_grace=table.duration("rate_grace", "60s"),
        drain=table.duration("drain", "30s"),
        language=table.choice("language", ("en", "fr"), "en"),
    )


def parse_connector(table: Table) -> ConnectorSettings:
    """Read an operator's table, without `mail`. Raises ConfigError; the caller finishes the table."""
    return ConnectorSettings(
        tls=_tls(table),
        relay=table.parsed("relay", Endpoint.parse) if "relay" in table.names() else None,
        port=table.integer("port", 25, least=1, most=HIGHEST_PORT),
        server_name=table.parsed("server_name", parse_domain) if "server_name" in table.names() else None,
        nameservers=addresses.parse_any(table, "nameservers", table.texts("nameservers", [])),
        max_message=table.size("max_message", "50MiB"),
        max_recipients=table.integer("max_recipients", 100, least=1, most=10_000),
        connections=table.integer("connections", 10, least=1, most=1000),
        messages_per_connection=table.integer("messages_per_connection", 1000, least=1, most=1 << 30),
        idle_timeout=table.duration("idle_timeout", "30s"),
        connect_timeout=table.duration("connect_timeout", "20s"),
        handshake_timeout=table.duration("handshake_timeout", "30s"),
        command_timeout=table.duration("command_timeout", "60s"),
        data_timeout=table.duration("data_timeout", "60s"),
        reply_timeout=table.duration("reply_timeout", "3m"),
        attempt_timeout=table.duration("attempt_timeout", "4m"),
        when_uncertain=table.choice("when_uncertain", ("resend", "hold"), "resend"),
    )


def _tls(table: Table) -> TlsSettings:
    settings = TlsSettings(
        certificate=table.file("certificate"),
        key=table.file("key"),
        anchors=table.files("anchors"),
        crls=table.files("crls", []),
    )
    if not settings.anchors:
        raise table.wrong("anchors", "names no authority", "ne nomme aucune autorité")
    return settings
