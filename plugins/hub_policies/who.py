"""Who is meant: patients by their INS, professionals and structures by identifier or address."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
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


def digest(secret: bytes, ins: str) -> bytes:
    """Return what stands for a patient in memory: a keyed hash of 16 bytes (BLAKE2b, RFC 7693)."""
    return hashlib.blake2b(ins.encode(), key=secret, digest_size=16).digest()


def patients(message: Message) -> list[str]:
    """Return the INS of the message's patient, of 15 signs; several spellings are of one patient."""
    return [_whole(one.value) for one in message.patient if one.system in _INS]


def is_patient(entry: Entry, patients: list[str]) -> bool:
    """Whether a mailbox is a patient's own: of the message's patient, if it names one."""
    if entry.mailbox is not MailboxKind.PATIENT:
        return False
    return not patients or any(
        one.system in _INS and _whole(one.value) in patients for one in entry.identifiers
    )


def concerns_others(case: Case, patients: list[str]) -> bool:
    """Whether it is about somebody else than who writes or is written to."""
    return not is_patient(case.sender_entry, patients) and not is_patient(case.recipient_entry, patients)


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


def _whole(value: str) -> str:
    compact = value.replace(" ", "").upper()
    if len(compact) == _INS_WITHOUT_KEY and compact.replace("2A", "19").replace("2B", "18").isdecimal():
        return f"{compact}{target.ins_key(compact):02}"
    return compact
