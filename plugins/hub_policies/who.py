"""Who is meant: patients by their INS, professionals and structures by identifier or address."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from typing import Final

from hub.domain import target
from hub.domain.address import Address
from hub.domain.message import Message
from hub.domain.party import FINESS, INS_NIA, INS_NIR, INS_TEST, Identifier
from hub.errors import MalformedError, Words
from hub.ports.directory import Entry, MailboxKind
from hub.ports.policy import Case

_INS: Final = frozenset({INS_NIR, INS_NIA, INS_TEST})
_RPPS_DIGITS: Final = 11
_FINESS_SIGNS: Final = 9
_SIRET_DIGITS: Final = 14
_INS_WITHOUT_KEY: Final = 13
_NUMBER: Final = re.compile(r"[0-9]{5}(?:[0-9]{2}|2A|2B)[0-9]{6}")


def digest(secret: bytes, ins: str) -> bytes:
    """Return what stands for a patient in memory: a keyed hash of 16 bytes (BLAKE2b, RFC 7693)."""
    return hashlib.blake2b(ins.encode(), key=secret, digest_size=16).digest()


def patients(message: Message) -> list[str]:
    """Return the INS of the message's patients, of 15 signs, each once however it is spelt."""
    return _numbers(message.patient)


def others(case: Case, patients: list[str]) -> list[str] | None:
    """Return those of the patients who neither write nor are written to.

    None when it is about nobody else: all of them do, or no patient is named and a patient does.
    """
    own = [one for one in (case.sender_entry, case.recipient_entry) if one.mailbox is MailboxKind.PATIENT]
    theirs = {number for one in own for number in _numbers(one.identifiers)}
    found = [one for one in patients if one not in theirs]
    return None if not found and own else found


def names(entry: Entry) -> Iterator[str]:
    """Yield everything by which a file may mean who bears a mailbox; see `read`."""
    yield entry.address.key
    for one in entry.identifiers:
        yield f"{one.system} {one.value}"


def read(text: str) -> str:
    """Read an address, `rpps:…`, `finess:…`, the bare number of either, a SIRET, or `system value`.

    Returns one of the `names` of who is meant. Raises MalformedError.
    """
    if "@" in text and " " not in text:
        return Address.parse(text).key
    identifier = _identifier(text)
    return f"{identifier.system} {identifier.value}"


def _identifier(text: str) -> Identifier:
    scheme, colon, number = text.partition(":")
    if colon and scheme.strip().lower() == "rpps":
        return target.rpps(number.strip())
    if colon and scheme.strip().lower() == "finess":
        return target.finess(number.strip())
    system, space, value = text.partition(" ")
    if space and ":" in system:
        return Identifier(system, value)
    if len(text) == _RPPS_DIGITS:
        return target.rpps(text)
    if len(text) == _FINESS_SIGNS and text[0].isdigit():
        return target.finess(text)
    if len(text) == _SIRET_DIGITS and text.isascii() and text.isdigit():
        return Identifier(FINESS, f"3{text}")
    raise MalformedError(
        "sheet.value",
        Words(
            en="is none of an address, rpps:NUMBER, finess:NUMBER, a SIRET, or a system and its value",
            fr="n'est ni une adresse, ni rpps:NUMÉRO, ni finess:NUMÉRO, ni un SIRET, ni système puis valeur",
        ),
    )


def _numbers(identifiers: Iterable[Identifier]) -> list[str]:
    # the names of a URN's scheme and namespace may be in capitals (RFC 8141, 3.1)
    return list(dict.fromkeys(_whole(one.value) for one in identifiers if one.system.lower() in _INS))


def _whole(value: str) -> str:
    """Return the number without separators, its key worked out anew: the 13 signs say who it is."""
    compact = "".join(filter(str.isalnum, value.upper()))
    number = compact[:_INS_WITHOUT_KEY]
    return f"{number}{target.ins_key(number):02}" if _NUMBER.fullmatch(number) else compact
