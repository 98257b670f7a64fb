"""The arguments of MAIL and RCPT (RFC 5321, 4.1.1.2 and 4.1.1.3), with SIZE, 8BITMIME, SMTPUTF8 and DSN.

Strict: an unknown parameter, a parameter given twice and a value that is not of its form are refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from hub.domain.address import Address
from hub.errors import HubError, MalformedError
from hub_smtp import replies
from hub_smtp.replies import Reply
from hub_smtp.wire import Rcpt

_PATH: Final = re.compile(r"(FROM|TO): ?<([^<>\s]*)>(?: (\S.*))?", re.IGNORECASE)
_PARAMETER: Final = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]*)(?:=([^\x00-\x20=\x7f]+))?")
_PLAIN: Final = re.compile(r"[!-*,-<>-~]*")
_XTEXT: Final = re.compile(r"(?:[!-*,-<>-~]|\+[0-9A-F]{2})*")
_HEX: Final = re.compile(r"\+([0-9A-F]{2})")
_ORCPT: Final = re.compile(r"([A-Za-z0-9-]+);(.*)")
_MAX_SIZE_DIGITS: Final = 20
_MAX_ENVID: Final = 100
_MAX_ORCPT: Final = 500
_NOTIFY: Final = frozenset({"SUCCESS", "FAILURE", "DELAY"})


class CommandError(HubError):
    """A command that can't be taken; `reply` says why."""

    def __init__(self, reply: Reply) -> None:
        super().__init__("smtp.command", reply.words)
        self.reply = reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One MAIL command. `sender` None is the null reverse-path; `size` 0 says nothing of the size."""

    sender: Address | None
    size: int = 0
    smtputf8: bool = False
    envid: str | None = None


def parse_mail(argument: str) -> Mail:
    """Read what follows `MAIL `. Raises CommandError."""
    path, parameters = _split(argument, "FROM", replies.BAD_SENDER)
    utf8 = "SMTPUTF8" in parameters
    if utf8 and parameters.pop("SMTPUTF8"):
        raise CommandError(replies.BAD_ARGUMENT)
    size = parameters.pop("SIZE", "0")
    if not (size.isascii() and size.isdigit() and len(size) <= _MAX_SIZE_DIGITS):
        raise CommandError(replies.BAD_ARGUMENT)
    if parameters.pop("BODY", "7BIT").upper() not in {"7BIT", "8BITMIME"}:
        raise CommandError(replies.BAD_ARGUMENT)
    if parameters.pop("RET", "FULL").upper() not in {"FULL", "HDRS"}:
        raise CommandError(replies.BAD_ARGUMENT)
    envid = parameters.pop("ENVID", None)
    if envid is not None:
        if len(envid) > _MAX_ENVID:
            raise CommandError(replies.BAD_ARGUMENT)
        envid = decode_xtext(envid)
    if parameters:
        raise CommandError(replies.UNKNOWN_PARAMETER)
    sender = _address(path, replies.BAD_SENDER, utf8=utf8) if path else None
    return Mail(sender=sender, size=int(size), smtputf8=utf8, envid=envid)


def parse_rcpt(argument: str, *, utf8: bool) -> Rcpt:
    """Read what follows `RCPT `. `utf8` is whether MAIL had SMTPUTF8. Raises CommandError."""
    path, parameters = _split(argument, "TO", replies.BAD_RECIPIENT)
    address = _address(path, replies.BAD_RECIPIENT, utf8=utf8)
    if not parameters:
        return Rcpt(address=address)
    words = parameters.pop("NOTIFY", "").upper()
    notify = frozenset(words.split(",")) if words else frozenset[str]()
    if not (notify <= _NOTIFY or notify == {"NEVER"}):
        raise CommandError(replies.BAD_ARGUMENT)
    orcpt = parameters.pop("ORCPT", None)
    if orcpt is not None:
        found = _ORCPT.fullmatch(orcpt)
        if found is None or len(orcpt) > _MAX_ORCPT:
            raise CommandError(replies.BAD_ARGUMENT)
        kind = found[1].lower()
        # A utf-8 address type has an encoding of its own (RFC 6533, 3), which is kept as it is.
        orcpt = f"{kind};{found[2] if kind == 'utf-8' else decode_xtext(found[2])}"
    if parameters:
        raise CommandError(replies.UNKNOWN_PARAMETER)
    return Rcpt(address=address, notify=notify, orcpt=orcpt)


def decode_xtext(text: str) -> str:
    """Undo xtext (RFC 3461, 4). Raises CommandError, for a hidden control character too."""
    if not _XTEXT.fullmatch(text):
        raise CommandError(replies.BAD_ARGUMENT)
    decoded = _HEX.sub(lambda found: chr(int(found[1], 16)), text)
    if not decoded.isascii() or not decoded.isprintable():
        raise CommandError(replies.BAD_ARGUMENT)
    return decoded


def encode_xtext(text: str) -> str:
    """Write ASCII text as xtext (RFC 3461, 4)."""
    if _PLAIN.fullmatch(text):
        return text
    return "".join(
        letter if "!" <= letter <= "~" and letter not in "+=" else f"+{ord(letter):02X}" for letter in text
    )


def _split(argument: str, word: str, otherwise: Reply) -> tuple[str, dict[str, str]]:
    found = _PATH.fullmatch(argument.rstrip(" "))
    if found is None or found[1].upper() != word:
        raise CommandError(otherwise)
    parameters: dict[str, str] = {}
    for text in found[3].split() if found[3] else ():
        one = _PARAMETER.fullmatch(text)
        if one is None or one[1].upper() in parameters:
            raise CommandError(replies.BAD_ARGUMENT)
        parameters[one[1].upper()] = one[2] or ""
    return found[2], parameters


def _address(path: str, otherwise: Reply, *, utf8: bool) -> Address:
    if not utf8 and not path.isascii():
        raise CommandError(replies.NEEDS_UTF8)
    try:
        return Address.parse(path)
    except MalformedError as error:
        raise CommandError(otherwise) from error
