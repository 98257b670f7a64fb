"""A trust list as everybody reads it, whatever form it came in, and the rules that make one of a draft.

A form (`xml_form`, `toml_form`, or another schema's) reads its own syntax into a `Draft`; `assemble` is
the one place that says what a sound list is.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from hub.domain.address import parse_domain
from hub.errors import MalformedError
from hub_trust import pins
from hub_trust.faults import Place

MAX_SEQUENCE: Final = 2**53
MAX_NAME: Final = 200
"""Signs in an operator's name."""
_LIST: Final = re.compile(r"[a-z0-9][a-z0-9.-]{0,99}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """One domain of an operator: admitted from `admitted` on, until `withdrawn` when that is known."""

    name: str
    operator: str
    admitted: datetime
    withdrawn: datetime | None
    pins: frozenset[str]

    def is_admitted(self, at: datetime) -> bool:
        """Whether it may exchange at this moment."""
        return self.admitted <= at and (self.withdrawn is None or at < self.withdrawn)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustList:
    """One version of a list. `name` says which list, `sequence` which version: each is higher.

    `next_update` is when the next is promised at the latest. `domains` are sorted, each once.
    """

    name: str
    sequence: int
    issued: datetime
    next_update: datetime
    domains: tuple[Domain, ...]

    @property
    def version(self) -> str:
        """What evidence calls it."""
        return f"trust {self.name} {self.sequence}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftDomain:
    """A domain as a form read it; dates narrow those of its operator."""

    text: str
    line: int | None
    admitted: datetime | None = None
    withdrawn: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftOperator:
    """An operator as a form read it."""

    name: str
    line: int | None
    admitted: datetime
    withdrawn: datetime | None
    pins: tuple[tuple[str, int | None], ...]
    domains: tuple[DraftDomain, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A list as a form read it. All moments are in UTC."""

    name: str
    sequence: int
    issued: datetime
    next_update: datetime
    operators: tuple[DraftOperator, ...]


def assemble(draft: Draft, file: Place) -> TrustList:
    """Make a list. Raises MalformedError, which names the line and what would be right."""
    if not _LIST.fullmatch(draft.name):
        raise file.malformed(
            "list_name",
            "the name of a list is made of a-z, 0-9, hyphens and dots, such as mssante.example",
            "le nom d'une liste est fait de a-z, 0-9, tirets et points, tel que mssante.example",
        )
    if not 1 <= draft.sequence <= MAX_SEQUENCE:
        raise file.malformed(
            "sequence", "the sequence is a whole number from 1 on", "la séquence est un entier à partir de 1"
        )
    if draft.next_update <= draft.issued:
        raise file.malformed(
            "dates",
            "the next update must be later than the issue",
            "la prochaine mise à jour doit être postérieure à l'émission",
        )
    domains: dict[str, Domain] = {}
    lines: dict[str, int | None] = {}
    for domain, line in _domains(draft, file):
        other = domains.setdefault(domain.name, domain)
        if other is not domain:
            raise _twice(file.at(line), domain, other, lines[domain.name])
        lines[domain.name] = line
    if not domains:
        raise file.malformed("empty", "it admits no domain at all", "elle n'admet aucun domaine")
    return TrustList(
        name=draft.name,
        sequence=draft.sequence,
        issued=draft.issued,
        next_update=draft.next_update,
        domains=tuple(sorted(domains.values(), key=lambda one: one.name)),
    )


def _domains(draft: Draft, file: Place) -> Iterator[tuple[Domain, int | None]]:
    names: dict[str, int | None] = {}
    for operator in draft.operators:
        place = file.at(operator.line)
        name = _name(operator, place)
        if name in names:
            raise place.malformed(
                "operator_twice",
                f"operator “{name}” stands here again (line {names[name]})",
                f"l'opérateur « {name} » figure deux fois (ligne {names[name]})",
            )
        names[name] = operator.line
        named = frozenset(pins.parse(text, file.at(line)) for text, line in operator.pins)
        for one in operator.domains:
            yield _domain(one, operator, name, named, file.at(one.line)), one.line


def _domain(
    draft: DraftDomain, operator: DraftOperator, name: str, named: frozenset[str], place: Place
) -> Domain:
    try:
        domain = parse_domain(draft.text)
    except MalformedError as error:
        raise place.malformed(
            "domain",
            f"“{draft.text}” is no domain. {error.words.en.removesuffix('.')}",
            f"« {draft.text} » n'est pas un domaine. {error.words.fr.removesuffix('.')}",
        ) from error
    admitted = max(operator.admitted, draft.admitted or operator.admitted)
    ends = [one for one in (operator.withdrawn, draft.withdrawn) if one is not None]
    withdrawn = min(ends, default=None)
    if withdrawn is not None and withdrawn < admitted:
        raise place.malformed(
            "dates",
            f"“{domain}” is withdrawn before it is admitted",
            f"« {domain} » est retiré avant d'être admis",
        )
    return Domain(name=domain, operator=name, admitted=admitted, withdrawn=withdrawn, pins=named)


def _name(operator: DraftOperator, place: Place) -> str:
    name = unicodedata.normalize("NFC", " ".join(operator.name.split()))
    if not name or len(name) > MAX_NAME or not name.isprintable():
        raise place.malformed(
            "operator_name",
            f"an operator has a name of at most {MAX_NAME} printable signs",
            f"un opérateur a un nom d'au plus {MAX_NAME} signes imprimables",
        )
    return name


def _twice(place: Place, domain: Domain, other: Domain, line: int | None) -> MalformedError:
    return place.malformed(
        "domain_twice",
        f"domain {domain.name} of “{domain.operator}” belongs to “{other.operator}” already (line {line})",
        f"le domaine {domain.name} de « {domain.operator} » est déjà à « {other.operator} » (ligne {line})",
    )
