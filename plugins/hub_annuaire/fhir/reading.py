"""Practitioner, PractitionerRole and Organization → records.

Mailboxes are read with the extension of the Annuaire Santé; e-mail addresses of the open Internet, phone
numbers, dates of birth and civil identities are not read at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Any, Final

from hub.domain.address import Address
from hub.domain.party import Identifier
from hub.errors import MalformedError
from hub.ports.directory import Coded
from hub_annuaire import names
from hub_annuaire.fhir import vocabulary as fr
from hub_annuaire.fhir.elements import Element, UnreadableError
from hub_annuaire.fhir.records import Box, Record, Tenure
from hub_annuaire.fhir.vocabulary import Kind

_ID: Final = re.compile(r"[A-Za-z0-9.-]{1,64}")
_VALUE: Final = re.compile(r"[!-{}~]{1,64}")
_FOLDER: Final = re.compile(r"/NOS/([^/]+)(?:/|$)")
_POSTCODE_FIRST: Final = re.compile(r"\d{5} +(.+)")
_NAME_USES: Final = ("usual", "official", "")
"""Which name is taken first: the one under which they practise."""

_TITLES: Final = frozenset({"DR", "PR", "DOCTEUR", "PROFESSEUR"})


def read(resource: Any) -> Record | None:
    """Read a resource; None when its type is of no interest. Raises UnreadableError."""
    element = Element(resource, "resource")
    written = element.text("resourceType")
    if written not in _READERS:
        return None
    element.path = written
    if not _ID.fullmatch(element.text("id")):
        raise UnreadableError(f"{written}.id")
    return _READERS[written](element)


def _practitioner(element: Element) -> Record:
    concepts = [one.element("code") for one in element.elements("qualification")]
    profession, specialties = _trade(_codings(one for one in concepts if one is not None))
    ended, unregistered = _registrations(element)
    return Record(
        kind=Kind.PRACTITIONER,
        id=element.text("id"),
        tenure=Tenure(active=element.truth("active"), ended=ended, unregistered=unregistered),
        name=_name(list(element.elements("name"))),
        identifiers=_identifiers(element),
        profession=profession,
        specialties=specialties,
        boxes=tuple(_boxes(element, Kind.PRACTITIONER)),
    )


def _role(element: Element) -> Record:
    period = element.element("period")
    last = period.last_day("end") if period is not None else None
    cause = element.extension(fr.END_CAUSE)
    name = element.extension(fr.ROLE_NAME)
    human = name.element("valueHumanName") if name is not None else None
    concepts = [*element.elements("code"), *element.elements("specialty")]
    profession, specialties = _trade(_codings(concepts))
    return Record(
        kind=Kind.ROLE,
        id=element.text("id"),
        tenure=Tenure(
            active=element.truth("active"),
            ended=_next(last),
            died=cause is not None and cause.code("valueCodeableConcept") == fr.DIED,
        ),
        name=_name([human]) if human is not None else "",
        profession=profession,
        specialties=specialties,
        practitioner=_reference(element, "practitioner", Kind.PRACTITIONER),
        organization=_reference(element, "organization", Kind.ORGANIZATION),
        boxes=tuple(_boxes(element, Kind.ROLE)),
    )


def _organization(element: Element) -> Record:
    use = element.extension(*fr.USE_PERIODS)
    period = use.element("valuePeriod") if use is not None else None
    last = period.last_day("end") if period is not None else None
    address = next(element.elements("address"), None)
    city = address.text("city") if address is not None else ""
    found = _POSTCODE_FIRST.fullmatch(city)
    alias = next(iter(element.texts("alias")), "")
    return Record(
        kind=Kind.ORGANIZATION,
        id=element.text("id"),
        tenure=Tenure(active=element.truth("active"), ended=_next(last)),
        name=names.of_structure(element.text("name"), alias),
        identifiers=_identifiers(element),
        town=found[1] if found else city,
        postcode=address.text("postalCode") if address is not None else "",
        boxes=tuple(_boxes(element, Kind.ORGANIZATION)),
    )


_READERS: Final = {
    Kind.PRACTITIONER.value: _practitioner,
    Kind.ROLE.value: _role,
    Kind.ORGANIZATION.value: _organization,
}


def _boxes(element: Element, kind: Kind) -> Iterator[Box]:
    """Yield the mailboxes; an address that is none, or of a type to come, makes the resource unreadable."""
    for telecom in element.elements("telecom"):
        metadata = telecom.extension(fr.MAILBOX)
        if telecom.text("system") != "email" or (metadata is None and not _secure(telecom)):
            continue
        said = {} if metadata is None else {one.text("url"): one for one in metadata.elements("extension")}
        code = said["type"].code("valueCodeableConcept") if "type" in said else ""
        if code and code not in fr.MAILBOX_KINDS:
            raise UnreadableError(f"{telecom.path}.extension.type")
        try:
            address = Address.parse(telecom.text("value"))
        except MalformedError:
            raise UnreadableError(f"{telecom.path}.value") from None
        texts = {
            key: said[key].text("valueString") if key in said else ""
            for key in ("service", "description", "responsible")
        }
        yield Box(
            address=str(address),
            key=address.key,
            mailbox=fr.MAILBOX_KINDS[code] if code else fr.IMPLIED_KINDS[kind],
            rank=telecom.positive("rank"),
            unlisted="listeRouge" in said and bool(said["listeRouge"].truth("valueBoolean")),
            **texts,
        )


def _secure(telecom: Element) -> bool:
    kind = telecom.extension(fr.EMAIL_TYPE)
    coding = kind.element("valueCoding") if kind is not None else None
    return coding is not None and coding.text("code") == fr.MSSANTE


def _identifiers(element: Element) -> tuple[Identifier, ...]:
    found: dict[Identifier, None] = {}
    for one in element.elements("identifier"):
        system, digit = fr.IDENTIFIERS.get(one.text("system"), ("", ""))
        value = one.text("value")
        if not system or not value:
            continue
        if not _VALUE.fullmatch(value):
            raise UnreadableError(f"{one.path}.value")
        found[Identifier(system, digit + value)] = None
    return tuple(found)


def _name(given: list[Element]) -> str:
    by_use = {one.text("use"): one for one in reversed(given)}
    chosen = next((by_use[use] for use in _NAME_USES if use in by_use), given[0] if given else None)
    if chosen is None:
        return ""
    # a doctor's title stands in the suffix, the civility in the prefix
    title = next((one for one in chosen.texts("suffix") if one.upper().rstrip(".") in _TITLES), "")
    title = title or next(iter(chosen.texts("prefix")), "")
    written = names.of_person(title, " ".join(chosen.texts("given")), chosen.text("family"))
    return written or chosen.text("text")


def _codings(concepts: Iterable[Element]) -> Iterator[tuple[Coded, str]]:
    """Yield codes, and the nomenclature of each."""
    for concept in concepts:
        text = concept.text("text")
        for coding in concept.elements("coding"):
            found = _FOLDER.search(coding.text("system"))
            yield Coded(coding.text("code"), coding.text("display") or text), found[1] if found else ""


def _trade(codings: Iterable[tuple[Coded, str]]) -> tuple[Coded | None, tuple[Coded, ...]]:
    """Return the profession and the specialties among codes."""
    profession = None
    specialties: dict[Coded, None] = {}
    for coded, folder in codings:
        if folder == fr.PROFESSIONS and profession is None:
            profession = Coded(coded.code, coded.label or fr.PROFESSION_LABELS.get(coded.code, ""))
        elif folder in fr.SPECIALTIES:
            specialties[coded] = None
    return profession, tuple(specialties)


def _registrations(element: Element) -> tuple[date | None, bool]:
    """Return from which day no Order's register has them any more, and whether none ever did.

    `period.end` of a registration is the day from which its bearer may no longer practise.
    """
    ends: dict[bool, list[date | None]] = {True: [], False: []}
    states = []
    for registration in element.extensions(fr.REGISTRATION):
        parts = {one.text("url"): one for one in registration.elements("extension")}
        period = parts["period"].element("valuePeriod") if "period" in parts else None
        first = "isFirst" in parts and parts["isFirst"].truth("valueBoolean") is True
        if period is not None:
            ends[first].append(period.last_day("end"))
        if "status" in parts:
            states.append(parts["status"].code("valueCodeableConcept"))
    # the first registration of a life says nothing when there are later ones
    counted = ends[False] or ends[True]
    known = [one for one in counted if one is not None]
    ended = max(known) if known and len(known) == len(counted) else None
    return ended, bool(states) and all(one == fr.NOT_REGISTERED for one in states)


def _reference(element: Element, key: str, kind: Kind) -> str:
    reference = element.element(key)
    if reference is None or not (written := reference.text("reference")):
        return ""
    type_, _, id_ = written.rpartition("/")
    if type_.rpartition("/")[2] != kind or not _ID.fullmatch(id_):
        raise UnreadableError(f"{element.path}.{key}.reference")
    return id_


def _next(day: date | None) -> date | None:
    try:
        return None if day is None else day + timedelta(days=1)
    except OverflowError:
        return None
