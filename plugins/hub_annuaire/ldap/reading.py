"""What an LDAP entry says, as entries of the hub's: one for each address in it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, tzinfo
from typing import Final

from cryptography import x509

from hub.domain.address import Address
from hub.domain.party import FINESS, RPPS, Identifier
from hub.errors import MalformedError
from hub.ports.directory import Coded, Entry, MailboxKind, Standing
from hub_annuaire import names
from hub_annuaire.ldap import faults, periods
from hub_annuaire.ldap.messages import Found
from hub_annuaire.ldap.shape import Attributes, Meanings

_BARE: Final = {RPPS: re.compile(r"[0-9]{11}"), FINESS: re.compile(r"[0-9][0-9AB][0-9]{7}")}
_DIGIT: Final = {RPPS: "8", FINESS: "1"}
_MAX_IDENTIFIER: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Reads entries of one directory. `name` is its configured name, `today` the day it is in `zone`."""

    name: str
    attributes: Attributes
    meanings: Meanings
    today: date
    zone: tzinfo

    def read(self, found: Found) -> tuple[Entry, ...]:
        """Return one entry for each address; what is no address of ours is left out.

        Raises DirectoryUnavailableError when a date or a certificate can't be understood: to take a
        suspended one for active, or to write in clear, is worse than to wait.
        """
        held = _Held(found)
        of = self.attributes
        identifiers = (*self._identifiers(held, of.rpps, RPPS), *self._identifiers(held, of.finess, FINESS))
        mailbox = self._mailbox(held, identifiers)
        verdict = self._verdict(held)
        changed = held.text("modifyTimestamp")
        profession = held.text(of.profession)
        shared = Entry(
            address=Address("", ""),
            mailbox=mailbox,
            name=self._name(held),
            identifiers=identifiers,
            standing=verdict.standing,
            source=f"{self.name} {changed}" if changed else self.name,
            since=verdict.since,
            until=verdict.until,
            certificates=self._certificates(held),
            answers_for=held.text(of.answers_for),
            profession=Coded("", profession) if profession else None,
            specialties=tuple(Coded("", one) for one in held.texts(of.specialty)),
            structure=held.text(of.structure),
            service=held.text(of.service),
            town=held.text(of.town),
            rank=self._rank(held),
            unlisted=held.text(of.unlisted).casefold() in {"true", "1", "oui", "o"},
        )
        addresses: dict[str, Address] = {}
        for text in held.texts(of.mail):
            try:
                address = Address.parse(text)
            except MalformedError:
                continue
            addresses.setdefault(address.key, address)
        return tuple(replace(shared, address=one) for one in addresses.values())

    def _name(self, held: _Held) -> str:
        of = self.attributes
        return (
            held.text(of.name)
            or held.text(of.common)
            or names.of_person("", held.text(of.given), held.text(of.family))
        )

    def _identifiers(self, held: _Held, attribute: str, system: str) -> list[Identifier]:
        return [
            Identifier(system, national(system, one))
            for one in held.texts(attribute)
            if len(one) <= _MAX_IDENTIFIER
        ]

    def _mailbox(self, held: _Held, identifiers: Sequence[Identifier]) -> MailboxKind:
        stated = self.meanings.mailboxes.get(held.text(self.attributes.mailbox).casefold())
        if stated is not None:
            return stated
        if any(one.system == FINESS for one in identifiers) and not any(
            one.system == RPPS for one in identifiers
        ):
            return MailboxKind.ORGANISATIONAL
        return MailboxKind.PERSONAL

    def _verdict(self, held: _Held) -> periods.Verdict:
        of = self.attributes
        standing = Standing.ACTIVE
        if of.standing is not None:
            standing = self.meanings.standings.get(held.text(of.standing).casefold(), Standing.UNKNOWN)
        return periods.on(
            self.today,
            periods.Verdict(
                standing=standing, since=self._day(held, of.since), until=self._day(held, of.until)
            ),
        )

    def _day(self, held: _Held, attribute: str | None) -> date | None:
        text = held.text(attribute)
        if not text:
            return None
        try:
            return periods.day(text, self.zone)
        except ValueError as error:
            raise faults.entry_unreadable(self.name, str(attribute)) from error

    def _rank(self, held: _Held) -> int | None:
        text = held.text(self.attributes.rank)
        return int(text) if re.fullmatch(r"[0-9]{1,9}", text) else None

    def _certificates(self, held: _Held) -> tuple[bytes, ...]:
        certificates = tuple(held.values(self.attributes.certificate))
        for one in certificates:
            try:
                x509.load_der_x509_certificate(one)
            except ValueError as error:
                raise faults.entry_unreadable(self.name, self.attributes.certificate) from error
        return certificates


def texts(found: Found, attributes: Sequence[str]) -> list[str]:
    """Return everything that an entry says in some of its attributes."""
    held = _Held(found)
    return [text for one in attributes for text in held.texts(one)]


def merged(entries: Sequence[Entry]) -> Entry:
    """Make one entry of several for the same address: somebody may stand there once per place of work.

    What one says is kept; identifiers and certificates are those of all. Of a personal mailbox the first
    that is barred decides, of a shared one the first that may receive.
    """
    kinds = [one.mailbox for one in entries]
    personal = MailboxKind.PERSONAL in kinds or MailboxKind.PATIENT in kinds
    first = next((one for one in entries if (one.standing is Standing.ACTIVE) is not personal), entries[0])
    return replace(
        first,
        mailbox=MailboxKind.PERSONAL if MailboxKind.PERSONAL in kinds else first.mailbox,
        identifiers=tuple(dict.fromkeys(held for one in entries for held in one.identifiers)),
        certificates=tuple(dict.fromkeys(held for one in entries for held in one.certificates)),
        unlisted=any(one.unlisted for one in entries),
    )


def national(system: str, value: str) -> str:
    """Return an identifier in its national form: an RPPS of 11 digits begins with 8, a FINESS with 1."""
    value = value.replace(" ", "").upper()
    bare = _BARE.get(system)
    return _DIGIT[system] + value if bare is not None and bare.fullmatch(value) else value


def spellings(identifier: Identifier) -> tuple[str, ...]:
    """Return the forms in which a directory may hold an identifier."""
    value = national(identifier.system, identifier.value)
    bare, digit = _BARE.get(identifier.system), _DIGIT.get(identifier.system)
    if bare is not None and value[:1] == digit and bare.fullmatch(value[1:]):
        return value, value[1:]
    return (value,)


class _Held:
    """The attributes of one entry: their names are the same in any case (RFC 4512, 2.5)."""

    def __init__(self, found: Found) -> None:
        self._values: dict[str, list[bytes]] = {}
        for name, values in found.attributes:
            self._values.setdefault(_plain(name), []).extend(values)

    def values(self, attribute: str | None) -> list[bytes]:
        return self._values.get(_plain(attribute), []) if attribute else []

    def texts(self, attribute: str | None) -> list[str]:
        cleaned = (names.clean(one.decode("utf-8", "replace")) for one in self.values(attribute))
        return list(dict.fromkeys(one for one in cleaned if one))

    def text(self, attribute: str | None) -> str:
        return next(iter(self.texts(attribute)), "")


def _plain(name: str) -> str:
    # some servers leave `;binary` out of their answers
    return name.lower().removesuffix(";binary")
