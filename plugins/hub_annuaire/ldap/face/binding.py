"""Who the client is (RFC 4511, 4.2; RFC 4513, 5.1)."""

from __future__ import annotations

from dataclasses import dataclass

from hub.errors import MalformedError, Words
from hub_annuaire.ldap.face import words
from hub_annuaire.ldap.face.accounts import Accounts
from hub_annuaire.ldap.face.names import Name
from hub_annuaire.ldap.face.settings import Settings
from hub_annuaire.ldap.messages import Bind, Code
from hub_annuaire.ldap.places import is_loopback

_TYPES = frozenset({"uid", "cn", "userid", "commonname"})
_VERSION = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How the client came: from which IP address, under TLS or not, with a verified certificate or not."""

    host: str
    tls: bool
    certificate: bool

    @property
    def is_private(self) -> bool:
        """Whether nobody else can read along."""
        return self.tls or is_loopback(self.host)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """The answer to a bind. `who` is the account, or None for nobody in particular."""

    code: Code = Code.SUCCESS
    text: Words | None = None
    who: str | None = None


def may_be_anonymous(settings: Settings, way: Way) -> bool:
    """Whether this client needs no account."""
    return settings.anonymous and (way.certificate or is_loopback(way.host))


async def enter(bind: Bind, way: Way, settings: Settings, accounts: Accounts) -> Entered:  # noqa: PLR0911 - one return for each refusal
    """Answer a bind. Takes a tenth of a second when there is a password."""
    if bind.version != _VERSION:
        return Entered(code=Code.PROTOCOL_ERROR, text=words.VERSION)
    if bind.mechanism is not None:
        return Entered(code=Code.METHOD_NOT_SUPPORTED, text=words.NO_SASL)
    if not bind.password:
        if bind.name:
            # it would look like success to software that forgot the password (RFC 4513, 5.1.2)
            return Entered(code=Code.UNWILLING, text=words.NO_PASSWORD)
        if may_be_anonymous(settings, way):
            return Entered()
        return Entered(code=Code.INAPPROPRIATE_AUTH, text=words.LOG_IN)
    if not way.is_private:
        return Entered(code=Code.CONFIDENTIALITY_REQUIRED, text=words.TLS_FIRST)
    name = account(bind.name, settings.base)
    if not await accounts.may_enter(name, bind.password):
        return Entered(code=Code.INVALID_CREDENTIALS, text=words.WRONG)
    return Entered(who=name)


def account(given: str, base: Name) -> str:
    """Return the account that a client names: bare, as `uid=NAME`, or as `uid=NAME` under the base.

    What names no account is returned as nothing, which nobody is called.
    """
    if "=" not in given:
        return given
    try:
        name = Name.parse(given)
    except MalformedError:
        return ""
    kind, value = name.parts[0]
    known = kind in _TYPES and (len(name.parts) == 1 or name.parent.key == base.key)
    return value if known else ""
