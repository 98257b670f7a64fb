"""What a server answers, as read by the client: strictly, with limits, kept verbatim (RFC 5321, 4.2)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from hub.errors import PeerError, Words
from hub_smtp.breaks import LineError
from hub_smtp.link import Link

_MAX_LINE: Final = 2048
"""Octets; RFC 5321, 4.5.3.1.5 says 512, servers with long words say more."""
_MAX_LINES: Final = 128
_LINE: Final = re.compile(rb"([2-5][0-9]{2})(?:([ -])(.*))?", re.DOTALL)
_STATUS: Final = re.compile(r"([245])\.([0-9]{1,3})\.([0-9]{1,3})(?: |$)")
_TRANSIENT: Final = 4
_PERMANENT: Final = 5
CLOSING: Final = 421


class GarbledError(PeerError):
    """The server said something that is no reply of SMTP."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One reply. `lines` are its texts without codes; control characters are shown, not kept."""

    code: int
    lines: tuple[str, ...]

    @property
    def positive(self) -> bool:
        """Whether it says yes."""
        return self.code // 100 == 2  # noqa: PLR2004 - RFC 5321, 4.2.1

    @property
    def transient(self) -> bool:
        """Whether it says 'not now'."""
        return self.code // 100 == _TRANSIENT

    @property
    def permanent(self) -> bool:
        """Whether it says 'never'."""
        return self.code // 100 == _PERMANENT

    @property
    def status(self) -> str:
        """The enhanced code (RFC 3463) when there is one that fits, else the three digits."""
        found = _STATUS.match(self.lines[0])
        if found is not None and found[1] == str(self.code)[0]:
            return found[0].rstrip()
        return str(self.code)

    @property
    def text(self) -> str:
        """The reply as a person reads it: on one line, the enhanced code once."""
        first, *rest = self.lines
        status = self.status
        return " ".join([first, *(one.removeprefix(status).lstrip() for one in rest)]).strip()

    def __str__(self) -> str:
        last = len(self.lines) - 1
        return "\n".join(
            f"{self.code}{' ' if at == last else '-'}{line}".rstrip() for at, line in enumerate(self.lines)
        )


async def read_answer(link: Link, timeout: float) -> Answer:  # noqa: ASYNC109 - handed on to the link's one timer
    """Read the next reply. Raises GarbledError, SilentError and LostError."""
    lines: list[str] = []
    code = b""
    while len(lines) < _MAX_LINES:
        try:
            line = await link.line(_MAX_LINE, timeout)
        except LineError as error:
            raise garbled() from error
        found = _LINE.fullmatch(line)
        if found is None or (code and found[1] != code):
            raise garbled()
        code = found[1]
        lines.append(_clean(found[3] or b""))
        if found[2] != b"-":
            return Answer(int(code), tuple(lines))
    raise garbled()


def _clean(text: bytes) -> str:
    line = text.decode("utf-8", "backslashreplace")
    return line if line.isprintable() else "".join(one if one.isprintable() else "?" for one in line)


def garbled() -> GarbledError:
    """Make the error for something that is no reply."""
    return GarbledError(
        "smtp.garbled",
        Words(
            en="The server's answer is not SMTP (RFC 5321, 4.2).",
            fr="La réponse du serveur n'est pas du SMTP (RFC 5321, 4.2).",
        ),
    )
