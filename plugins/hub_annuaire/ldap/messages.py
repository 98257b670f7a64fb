"""What travels over LDAP, as values (RFC 4511, 4): requests, answers, result codes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

from hub_annuaire.ldap.filters import EVERYTHING, Filter

START_TLS: Final = "1.3.6.1.4.1.1466.20037"
DISCONNECTION: Final = "1.3.6.1.4.1.1466.20036"
PAGED: Final = "1.2.840.113556.1.4.319"
"""Simple paged results (RFC 2696)."""


class Code(IntEnum):
    """The result codes that the hub gives or acts upon (RFC 4511, appendix A)."""

    SUCCESS = 0
    OPERATIONS_ERROR = 1
    PROTOCOL_ERROR = 2
    TIME_LIMIT = 3
    SIZE_LIMIT = 4
    COMPARE_FALSE = 5
    COMPARE_TRUE = 6
    METHOD_NOT_SUPPORTED = 7
    STRONGER_AUTH_REQUIRED = 8
    REFERRAL = 10
    ADMIN_LIMIT = 11
    CRITICAL_EXTENSION = 12
    CONFIDENTIALITY_REQUIRED = 13
    NO_SUCH_OBJECT = 32
    INVALID_DN = 34
    INAPPROPRIATE_AUTH = 48
    INVALID_CREDENTIALS = 49
    INSUFFICIENT_ACCESS = 50
    BUSY = 51
    UNAVAILABLE = 52
    UNWILLING = 53
    OTHER = 80


class Scope(IntEnum):
    """How far below its base a search goes."""

    BASE = 0
    ONE = 1
    SUB = 2


class Op(IntEnum):
    """The application tags of requests and answers."""

    BIND = 0
    BIND_ANSWER = 1
    UNBIND = 2
    SEARCH = 3
    ENTRY = 4
    SEARCH_DONE = 5
    MODIFY = 6
    MODIFY_ANSWER = 7
    ADD = 8
    ADD_ANSWER = 9
    DELETE = 10
    DELETE_ANSWER = 11
    RENAME = 12
    RENAME_ANSWER = 13
    COMPARE = 14
    COMPARE_ANSWER = 15
    ABANDON = 16
    REFERENCE = 19
    EXTENDED = 23
    EXTENDED_ANSWER = 24
    INTERMEDIATE = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The control for results in pages: a request's page size and where to go on, or an answer's."""

    size: int
    cookie: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bind:
    """Who the client is. `mechanism` is SASL's; None for a name and a password."""

    name: str
    password: str = field(default="", repr=False)
    mechanism: str | None = None
    version: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What is looked for, and what of it is wanted."""

    base: str
    scope: Scope
    filter: Filter = EVERYTHING
    attributes: Sequence[str] = ()
    size: int = 0
    seconds: int = 0
    types_only: bool = False
    page: Page | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Extended:
    """An operation named by an OID."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Abandon:
    """The client no longer wants an answer."""

    target: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Unbind:
    """The client leaves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """An operation that would write or compare; what it says is not read."""

    op: Op


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request. `unknown` says that it has a critical control that the hub does not know there."""

    id: int
    what: Bind | Search | Extended | Abandon | Unbind | Change
    unknown: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How an operation ended. `code` may be one that `Code` does not name."""

    code: int
    text: str = ""
    matched: str = ""
    page: Page | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One entry: its name, and its attributes as they were written."""

    dn: str
    attributes: Sequence[tuple[str, Sequence[bytes]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """The rest is on another server. The hub does not go there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer, to the request of this id. `op` says to what it is one."""

    id: int
    op: Op
    what: Result | Found | Reference
