"""Resources for tests: the guides' examples, and as many invented professionals as one likes."""

from __future__ import annotations

import json
from typing import Any, Final

from hub.domain.party import FINESS, RPPS
from hub_annuaire.fhir import vocabulary as fr
from tests.plugins.annuaire_fhir.fsh import ASSETS

Resource = dict[str, Any]

_NOS: Final = "https://mos.esante.gouv.fr/NOS/"
_TYPE: Final = f"{_NOS}TRE_R257-TypeBAL/FHIR/TRE-R257-TypeBAL"
_G15: Final = f"{_NOS}TRE_G15-ProfessionSante/FHIR/TRE-G15-ProfessionSante"
_R38: Final = f"{_NOS}TRE_R38-SpecialiteOrdinale/FHIR/TRE-R38-SpecialiteOrdinale"
_TOWNS: Final = (("34120", "VALBRUME"), ("67340", "HAUTMONT"), ("29100", "PORT-LIORET"))
_FAMILIES: Final = ("Aubépine", "Bruyère", "Cormier", "Églantier", "Frêne", "Genêt", "Houx")
_GIVEN: Final = ("Élodie", "Bastien", "Camille", "Jean-Loup", "Maëlle")


def examples() -> dict[str, Resource]:
    """Return the guides' examples; those without an id get the name of their instance."""
    found: dict[str, Resource] = json.loads((ASSETS / "examples.json").read_text("utf-8"))
    for name, one in found.items():
        one.setdefault("id", name)
    return found


def mailbox(address: str, code: str = "PER", *, rank: int | None = None, **said: Any) -> Resource:
    """Make a telecom. `said`: `listeRouge` and texts."""
    parts: list[Resource] = [
        {"url": "type", "valueCodeableConcept": {"coding": [{"system": _TYPE, "code": code}]}}
    ]
    for url, value in said.items():
        parts.append({"url": url, "valueBoolean" if isinstance(value, bool) else "valueString": value})
    made: Resource = {
        "system": "email",
        "value": address,
        "extension": [{"url": fr.MAILBOX, "extension": parts}],
    }
    return made if rank is None else made | {"rank": rank}


def practitioner(
    id_: str, rpps: str, *telecom: Resource, active: bool | None = True, **more: Any
) -> Resource:
    """Make a cardiologist."""
    made: Resource = {
        "resourceType": "Practitioner",
        "id": id_,
        "identifier": [
            {"system": RPPS, "value": f"8{rpps}"},
            {"system": "https://rpps.esante.gouv.fr", "value": rpps},
        ],
        "name": [{"use": "official", "family": "AUBEPINE", "given": ["Élodie"], "suffix": ["DR"]}],
        "telecom": list(telecom),
        "qualification": [
            {"code": {"coding": [{"system": _G15, "code": "10"}]}},
            {"code": {"coding": [{"system": _R38, "code": "SM04", "display": "Cardiologie"}]}},
        ],
        "meta": {"lastUpdated": "2026-08-01T03:00:00.000+02:00"},
    }
    if active is not None:
        made["active"] = active
    return made | more


def role(id_: str, person: str, place: str, *telecom: Resource, active: bool = True, **more: Any) -> Resource:
    """Make an activity."""
    return {
        "resourceType": "PractitionerRole",
        "id": id_,
        "active": active,
        "practitioner": {"reference": f"Practitioner/{person}"},
        "organization": {"reference": f"Organization/{place}"},
        "telecom": list(telecom),
        "meta": {"lastUpdated": "2026-08-01T03:00:00.000+02:00"},
    } | more


def organization(id_: str, finess: str, *telecom: Resource, active: bool = True, **more: Any) -> Resource:
    """Make a hospital."""
    return {
        "resourceType": "Organization",
        "id": id_,
        "active": active,
        "name": "CH DE HAUTMONT",
        "identifier": [{"system": FINESS, "value": f"1{finess}"}],
        "address": [{"city": "67340 HAUTMONT", "postalCode": "67340"}],
        "telecom": list(telecom),
        "meta": {"lastUpdated": "2026-08-01T03:00:00.000+02:00"},
    } | more


def invented(number: int) -> list[Resource]:
    """Return a country: for each number a professional, their activity and, for every tenth, a structure."""
    made: list[Resource] = []
    for one in range(number):
        place = one // 10
        postcode, town = _TOWNS[place % len(_TOWNS)]
        if one % 10 == 0:
            made.append(
                organization(
                    f"o{place}",
                    f"{670000000 + place}",
                    mailbox(f"secretariat@ch-{place}.mssante.example", "ORG", service="Cardiologie",
                            responsible="Mme Cormier"),
                    name=f"CENTRE {place}",
                    address=[{"city": f"{postcode} {town}", "postalCode": postcode}],
                )
            )  # fmt: skip
        given, family = _GIVEN[one % len(_GIVEN)], _FAMILIES[one % len(_FAMILIES)]
        made += [
            practitioner(
                f"p{one}",
                f"{10000000000 + one}",
                mailbox(f"dr{one}@valbrume.mssante.example", rank=1),
                name=[{"use": "official", "family": family, "given": [given]}],
            ),
            role(f"r{one}", f"p{one}", f"o{place}", mailbox(f"dr{one}@ch-{place}.mssante.example", rank=2)),
        ]
    return made
