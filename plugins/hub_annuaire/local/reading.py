"""One row of a file → one mailbox, with everything that can be wrong with it said at its place."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from hub.domain import target
from hub.domain.address import Address
from hub.domain.party import FINESS, RPPS, Identifier
from hub.errors import MalformedError, Words
from hub.plugin.row import Column, Form, Row
from hub.plugin.watched import Seen
from hub.ports.directory import Coded, Entry, MailboxKind, Standing
from hub_annuaire import identifiers
from hub_annuaire.local import spells

FORM: Final = Form(
    table="mailbox",
    columns=(
        Column(key="address", names=("adresse", "adresse BAL", "mail"), required=True),
        Column(key="mailbox", names=("type", "type de BAL"), required=True),
        Column(key="name", names=("nom",), required=True),
        Column(key="rpps", names=("numéro RPPS", "identifiant RPPS")),
        Column(key="adeli", names=("numéro ADELI",)),
        Column(key="finess", names=("numéro FINESS",)),
        Column(key="siren", names=("numéro SIREN",)),
        Column(key="siret", names=("numéro SIRET",)),
        Column(key="ins", names=("matricule INS",)),
        Column(key="identifiers", names=("identifiants", "autres identifiants")),
        Column(key="standing", names=("état", "état d'exercice")),
        Column(key="since", names=("depuis", "du")),
        Column(key="until", names=("jusqu'au", "au")),
        Column(key="profession"),
        Column(key="specialties", names=("spécialités", "spécialité", "specialty", "savoir-faire")),
        Column(key="structure", names=("établissement", "raison sociale")),
        Column(key="service"),
        Column(key="town", names=("ville", "commune")),
        Column(key="answers_for", names=("responsable",)),
        Column(key="rank", names=("rang", "préférence")),
        Column(key="unlisted", names=("liste rouge",)),
        Column(key="certificates", names=("certificats", "certificat", "certificate")),
    ),
)
MAX_RANK: Final = 1000
MAX_PEM: Final = 64 << 10
"""Bytes of a file of certificates."""

KINDS: Final = {
    "personal": MailboxKind.PERSONAL,
    "practice": MailboxKind.PRACTICE,
    "organisational": MailboxKind.ORGANISATIONAL,
    "application": MailboxKind.APPLICATION,
    "patient": MailboxKind.PATIENT,
    "per": MailboxKind.PERSONAL,
    "cab": MailboxKind.PRACTICE,
    "org": MailboxKind.ORGANISATIONAL,
    "app": MailboxKind.APPLICATION,
}
STANDINGS: Final = {
    **{one.value: one for one in Standing},
    "actif": Standing.ACTIVE,
    "cessé": Standing.CEASED,
    "suspendu": Standing.SUSPENDED,
    "radié": Standing.STRUCK_OFF,
    "décédé": Standing.DECEASED,
    "inconnu": Standing.UNKNOWN,
}
_SHARED: Final = frozenset({MailboxKind.PRACTICE, MailboxKind.ORGANISATIONAL, MailboxKind.APPLICATION})
_CODED: Final = re.compile(r"([A-Z]{0,4}[0-9]{1,4})(?: (.*))?")
_SYSTEM: Final = re.compile(r"(?:urn:|https?://)[!-~]{1,200}")
_ADELI: Final = 9
_SIREN: Final = 9
_SIRET: Final = 14
_LA_POSTE: Final = "356000000"
"""The SIREN of La Poste, whose branches have a key of their own: the sum of the digits (INSEE)."""


def read(row: Row, seen: Seen) -> Entry:
    """Return the mailbox as it is written, whatever the day; see `spells`. `source` is still empty.

    Raises MalformedError.
    """
    kind = row.choice("mailbox", KINDS)
    if kind in _SHARED and not row.has("answers_for"):
        raise row.wrong(
            "answers_for",
            "is missing: say who is responsible for a mailbox that is not personal",
            "est absent : dites qui est responsable d'une boîte qui n'est pas personnelle",
        )
    standing = row.choice("standing", STANDINGS, Standing.ACTIVE)
    since, until = row.period("since", "until")
    if until is not None and standing in spells.FOR_GOOD:
        raise row.wrong(
            "until",
            "does not go with this standing, which has no end",
            "ne va pas avec cet état, qui n'a pas de fin",
        )
    profession = row.text("profession", "")
    return Entry(
        address=row.parsed("address", Address.parse),
        mailbox=kind,
        name=row.text("name"),
        identifiers=_identifiers(row),
        standing=standing,
        source="",
        since=since,
        until=until,
        certificates=_certificates(row, seen),
        answers_for=row.text("answers_for", ""),
        profession=coded(profession) if profession else None,
        specialties=tuple(coded(one) for one in row.texts("specialties")),
        structure=row.text("structure", ""),
        service=row.text("service", ""),
        town=row.text("town", ""),
        rank=row.integer("rank", 1, MAX_RANK),
        # a patient's address is their INS: who does not know it finds nobody
        unlisted=row.flag("unlisted") or kind is MailboxKind.PATIENT,
    )


def coded(text: str) -> Coded:
    """Read `SM04 Cardiologie`, a code or a label alone."""
    found = _CODED.fullmatch(text)
    return Coded(found[1], found[2] or "") if found else Coded("", text)


def _identifiers(row: Row) -> tuple[Identifier, ...]:
    found: list[Identifier] = []
    for key, parse in _NUMBERS.items():
        for text in row.texts(key):
            one = row.parsed(key, parse, text)
            if one in found:
                raise row.wrong(key, "says the same number twice", "dit deux fois le même numéro")
            found.append(one)
    return tuple(found)


def _certificates(row: Row, seen: Seen) -> tuple[bytes, ...]:
    found: list[bytes] = []
    for name in row.texts("certificates"):
        path = seen.note(row.file.parent / name)
        try:
            with path.open("rb") as file:
                data = file.read(MAX_PEM + 1)
            if len(data) > MAX_PEM:
                raise ValueError("too large")
            found += [one.public_bytes(Encoding.DER) for one in x509.load_pem_x509_certificates(data)]
        except (OSError, ValueError):
            raise row.wrong(
                "certificates",
                "names a file that can't be read, or that does not hold X.509 certificates in PEM",
                "nomme un fichier illisible, ou qui ne contient pas de certificats X.509 au format PEM",
            ) from None
    return tuple(found)


def _rpps(text: str) -> Identifier:
    return target.rpps(text[1:] if len(text) == 12 and text[0] == "8" else text)  # noqa: PLR2004 - see RPPS


def _adeli(text: str) -> Identifier:
    national = "0" + text if len(text) == _ADELI else text
    if not national.startswith("0") or identifiers.wrong_person(national) is not None:
        raise _wrong("an ADELI number has 9 letters or digits", "un numéro ADELI a 9 lettres ou chiffres")
    return Identifier(RPPS, national)


def _siren(text: str) -> Identifier:
    if len(text) != _SIREN or not _digits(text) or target.luhn(text):
        raise _wrong(
            "a SIREN has 9 digits, the last of which fits the others",
            "un SIREN a 9 chiffres, dont le dernier correspond aux autres",
        )
    return Identifier(FINESS, f"2{text}")


def _siret(text: str) -> Identifier:
    fits = _digits(text) and (
        not target.luhn(text) or (text.startswith(_LA_POSTE) and sum(map(int, text)) % 5 == 0)
    )
    if len(text) != _SIRET or not fits:
        raise _wrong(
            "a SIRET has 14 digits, the last of which fits the others",
            "un SIRET a 14 chiffres, dont le dernier correspond aux autres",
        )
    return Identifier(FINESS, f"3{text}")


def _other(text: str) -> Identifier:
    system, _, value = text.partition(" ")
    if not _SYSTEM.fullmatch(system) or not value:
        raise _wrong(
            "another identifier is its system and its value: “urn:oid:2.999.1 AB-12”",
            "un autre identifiant s'écrit système puis valeur : « urn:oid:2.999.1 AB-12 »",
        )
    return Identifier(system, value)


_NUMBERS: Final[dict[str, Callable[[str], Identifier]]] = {
    "rpps": _rpps,
    "adeli": _adeli,
    "finess": target.finess,
    "siren": _siren,
    "siret": _siret,
    "ins": target.ins,
    "identifiers": _other,
}


def _digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _wrong(en: str, fr: str) -> MalformedError:
    return MalformedError("sheet.value", Words(en=en, fr=fr))
