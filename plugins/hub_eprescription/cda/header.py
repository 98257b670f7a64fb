"""The header of a CDA document: its ids, and who wrote it for whom."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Final

from hub.domain.party import INS_NIA, INS_NIR, INS_TEST, Identifier
from hub_eprescription.cda import faults, markup, moments
from hub_eprescription.cda.markup import Element
from hub_eprescription.cda.moments import Moment

_NATIONAL: Final = frozenset({INS_NIR, INS_NIA, INS_TEST})
_MOST: Final = 200
"""Signs of an id's extension."""
_TITLES: Final = {"DR": "Dr", "PR": "Pr", "PG": "Dr", "MC": "Dr"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """Who wrote a document for whom. `document` and `series` are written `root`, or `root^extension`.

    `responsible` are the national identifiers of the author and of who takes responsibility for it.
    """

    document: str
    series: str | None
    version: int
    written: Moment
    patient: str = field(repr=False)
    patient_identifiers: tuple[Identifier, ...] = field(repr=False)
    born: date | None = field(repr=False)
    author: str = field(repr=False)
    author_identifiers: tuple[Identifier, ...] = field(repr=False)
    responsible: frozenset[Identifier] = field(repr=False)
    organisation: str = field(repr=False)


def read(root: Element) -> Header:
    """Read a header. Raises MalformedError, which names what is missing."""
    patient = markup.find(root, "recordTarget/patientRole")
    author = markup.find(root, "author/assignedAuthor")
    if patient is None or author is None:
        raise faults.malformed(
            "it has no patient (recordTarget) or no author",
            "il n'a pas de patient (recordTarget) ou d'auteur",
        )
    responsible = [author, *markup.each(root, "legalAuthenticator/assignedEntity")]
    return Header(
        document=_document(root),
        series=_named(markup.find(root, "setId")),
        version=_version(root),
        written=_written(root),
        patient=_name(markup.find(patient, "patient/name")) or _missing("patient"),
        patient_identifiers=tuple(one for one in _identifiers(patient) if one.system in _NATIONAL),
        born=_born(patient),
        author=_name(markup.find(author, "assignedPerson/name")) or _missing("author"),
        author_identifiers=_identifiers(author),
        responsible=frozenset(one for who in responsible for one in _identifiers(who)),
        organisation=markup.text(markup.find(author, "representedOrganization/name")),
    )


def named(element: Element) -> str | None:
    """Return an id (data type II) as a text, `root` or `root^extension`; None for one that says nothing."""
    return _named(element)


def _document(root: Element) -> str:
    ids = markup.each(root, "id")
    name = _named(ids[0]) if len(ids) == 1 else None
    if name is None:
        raise faults.malformed(
            "it has no id, or several: a document has one (root, perhaps extension)",
            "il n'a pas d'id, ou plusieurs : un document en a un (root, éventuellement extension)",
        )
    return name


def _named(element: Element | None) -> str | None:
    if element is None:
        return None
    root, extension = str(element.get("root", "")), str(element.get("extension", ""))
    fits = root and len(root) + len(extension) <= _MOST and (root + extension).isprintable()
    if not fits or set(root + extension) & set(" ^"):
        return None
    return f"{root}^{extension}" if extension else root


def _version(root: Element) -> int:
    text = markup.attribute(root, "versionNumber", "value") or "1"
    if not (text.isascii() and text.isdigit() and len(text) <= 9):  # noqa: PLR2004 -- an INT of HL7
        raise faults.malformed(
            "its versionNumber is no whole number", "son versionNumber n'est pas un nombre entier"
        )
    return int(text)


def _written(root: Element) -> Moment:
    return moments.parse(
        markup.attribute(root, "effectiveTime", "value"),
        "the moment at which it was written (effectiveTime)",
        "l'instant de sa rédaction (effectiveTime)",
    )


def _born(patient: Element) -> date | None:
    text = markup.attribute(patient, "patient/birthTime", "value")
    if not text:
        return None
    return moments.parse(text, "the patient's birth time", "la date de naissance du patient").day


def _identifiers(who: Element) -> tuple[Identifier, ...]:
    found = []
    for one in markup.each(who, "id"):
        root, value = str(one.get("root", "")), str(one.get("extension", "")).strip()
        if markup.OID.fullmatch(root) and value and len(value) <= _MOST and value.isprintable():
            found.append(Identifier(f"urn:oid:{root}", value))
    return tuple(dict.fromkeys(found))


def _name(name: Element | None) -> str:
    """Return a name as it is used: the one in use (CL) before that of birth (BR)."""
    if name is None:
        return ""
    suffix = markup.text(markup.find(name, "suffix"))
    parts = (_TITLES.get(suffix.upper(), ""), _used(name, "given"), _used(name, "family"))
    return " ".join(one for one in parts if one) or markup.text(name)


def _used(name: Element, part: str) -> str:
    found = markup.each(name, part)
    for qualifier in ("CL", "BR"):
        for one in found:
            if one.get("qualifier") == qualifier:
                return markup.text(one)
    return markup.text(found[0]) if found else ""


def _missing(who: str) -> str:
    fr = {"patient": "du patient", "author": "de l'auteur"}[who]
    raise faults.malformed(f"the {who}'s name is missing", f"le nom {fr} manque")
