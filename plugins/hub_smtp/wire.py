"""What passes between the SMTP sessions and the mail itself: envelopes of RFC 5321, no MIME.

The server makes `Arrived` and has it read; the composer makes `Outgoing` and has it sent.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import datetime

from hub.domain.address import Address
from hub.ports.connector import Addressee
from hub.ports.content import Content
from hub.ports.intake import Peer


@dataclass(frozen=True, slots=True, kw_only=True)
class Rcpt:
    """One accepted RCPT command. `notify` holds the words of NOTIFY (RFC 3461, 4.1), in upper case."""

    address: Address
    notify: frozenset[str] = frozenset()
    orcpt: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """A mail that came in whole. `mail_from` is None for the null reverse-path.

    `content` is byte-exact what stood between DATA and the final dot, dot-stuffing undone: lines end
    in CRLF, and no bare CR, bare LF or NUL is in it; the server has refused those.
    """

    peer: Peer
    mail_from: Address | None
    recipients: tuple[Rcpt, ...]
    content: Content = field(repr=False)
    at: datetime
    envid: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One mail to some addressees. `pieces` may be called again for another try.

    What it yields ends every line in CRLF, holds no bare CR, bare LF or NUL, and is not dot-stuffed.
    `mail_from` None is the null reverse-path; `size` is an upper bound in bytes for SIZE (RFC 1870).
    `notify` is what is asked by RFC 3461 for every addressee.
    """

    addressees: tuple[Addressee, ...]
    mail_from: Address | None
    pieces: Callable[[], AsyncIterator[bytes]] = field(repr=False)
    size: int
    envid: str
    notify: tuple[str, ...] = ()
    smtputf8: bool = False
    eight_bit: bool = False
