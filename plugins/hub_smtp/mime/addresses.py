"""Lists of mailboxes as From, Sender, To and Cc hold them (RFC 5322, 3.4), read strictly.

Every address goes through `hub.domain.address`. Comments are refused: readers differ over them, and
`a@evil.example)b@good.example` is how one address is made to look like another.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from hub.domain.address import Address
from hub.errors import MalformedError
from hub_smtp.mime import words
from hub_smtp.mime.words import UnreadableError

_TOKEN = re.compile(r'[ \t]+|"((?:[^"\\]|\\.)*)"|<([^<>]*)>|([,:;])|([^ \t"<>,:;()\[\]\\]+)')
_QUOTED_PAIR = re.compile(r"\\(.)")


class Mailbox(NamedTuple):
    """A display name, empty when there is none, and an address."""

    name: str
    address: Address


def parse(value: str, most: int, *, groups: bool = True) -> list[Mailbox]:
    """Read a list of mailboxes; groups, where they may stand, give their members (RFC 5322, 3.4).

    Raises UnreadableError; also for more than `most`.
    """
    reading = _Reading(most, groups=groups)
    at, size = 0, len(value)
    while at < size:
        match = _TOKEN.match(value, at)
        if match is None:
            raise _unreadable()
        quoted, angle, mark, atom = match.groups()
        if quoted is not None:
            reading.phrase(_QUOTED_PAIR.sub(r"\1", quoted), quoted=True)
        elif angle is not None:
            reading.angle(angle)
        elif mark is not None:
            reading.mark(mark)
        elif atom is not None:
            reading.phrase(atom, quoted=False)
        at = match.end()
    return reading.finish()


class _Reading:
    """A list being read: the words of the mailbox at hand, and those that are complete."""

    def __init__(self, most: int, *, groups: bool) -> None:
        self._most = most
        self._groups = groups
        self._found: list[Mailbox] = []
        self._words: list[str] = []
        self._plain = True
        self._done = False
        self._group = False

    def phrase(self, word: str, *, quoted: bool) -> None:
        if self._done:
            raise _unreadable()
        self._words.append(word)
        self._plain = self._plain and not quoted

    def angle(self, text: str) -> None:
        if self._done or (self._plain and any("@" in word for word in self._words)):
            raise _unreadable()
        self._add(words.decode(" ".join(self._words)), text)

    def mark(self, mark: str) -> None:
        if mark == ":":
            if not self._groups or self._group or self._done or not self._words:
                raise _unreadable()
            self._group, self._words, self._plain = True, [], True
            return
        self._end_mailbox()
        self._done = False
        if mark == ";":
            if not self._group:
                raise _unreadable()
            self._group, self._done = False, True

    def finish(self) -> list[Mailbox]:
        self._end_mailbox()
        if self._group:
            raise _unreadable()
        return self._found

    def _end_mailbox(self) -> None:
        """Close the mailbox at hand: a bare address, or one that had its angle brackets."""
        if self._words and not self._done:
            if len(self._words) != 1 or not self._plain:
                raise _unreadable()
            self._add("", self._words[0])
        self._words, self._plain = [], True

    def _add(self, name: str, text: str) -> None:
        try:
            address = Address.parse(text)
        except MalformedError as error:
            raise UnreadableError(error.words.en.rstrip("."), error.words.fr.rstrip(".")) from None
        if len(self._found) >= self._most:
            raise UnreadableError(
                f"it names more than {self._most} addresses", f"il nomme plus de {self._most} adresses"
            )
        self._found.append(Mailbox(name, address))
        self._done, self._words, self._plain = True, [], True


def _unreadable() -> UnreadableError:
    return UnreadableError(
        'it is not a list of addresses, each name@domain or "Name" <name@domain>',
        "ce n'est pas une liste d'adresses, chacune nom@domaine ou « \"Nom\" <nom@domaine> »",
    )
