"""Make again what `tests/assets/annuaire/` holds; running it twice leaves no difference.

Nobody in it exists: names are drawn from two short lists, RPPS numbers begin with 999 and carry a right
check digit, structures lie in a department 99, addresses end in `.example`. The files have the columns
of the real extractions, 31 and 56 of them.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace
from pathlib import Path

FOLDER = Path(__file__).parent / "assets" / "annuaire"
TODAY = "202608260512"
EARLIER = "202608250509"

VALBRUME = "valbrume.mssante.example"
HOSPITAL = "ch-hautmont.mssante.example"
PRACTICE = "cabinet-lilas.mssante.example"
SEPARATOR = "|"

MAILBOX_COLUMNS = (
    "Type de BAL|Adresse BAL|Type Identifiant PP|Identifiant PP|Identification nationale PP|"
    "Type identifiant structure|Identification Structure|Service de rattachement|Civilité d'exercice|"
    "Nom d'exercice|Prénom d'exercice|Catégorie profession|Libellé de catégorie profession|"
    "Code Profession|Libellé Profession|Code savoir-faire|Libellé savoir-faire|Dématérialisation|"
    "Raison Sociale structure BAL|Enseigne commerciale structure BAL|"
    "L2COMPLEMENTLOCALISATION structure BAL|L3COMPLEMENTDISTRIBUTION structure BAL|"
    "L4NUMEROVOIE structure BAL|L4COMPLEMENTNUMEROVOIE structure BAL|NL4TYPEVOIE structure BAL|"
    "L4LIBELLEVOIE structure BAL|L5LIEUDITMENTION structure BAL|L6LIGNEACHEMINEMENT structure BAL|"
    "Code postal structure BAL|Département structure BAL|Pays structure BAL"
).split(SEPARATOR)
ACTIVITY_COLUMNS = (
    "Type d'identifiant PP|Identifiant PP|Identification nationale PP|Code civilité d'exercice|"
    "Libellé civilité d'exercice|Code civilité|Libellé civilité|Nom d'exercice|Prénom d'exercice|"
    "Code profession|Libellé profession|Code catégorie professionnelle|"
    "Libellé catégorie professionnelle|Code type savoir-faire|Libellé type savoir-faire|"
    "Code savoir-faire|Libellé savoir-faire|Code mode exercice|Libellé mode exercice|"
    "Numéro SIRET site|Numéro SIREN site|Numéro FINESS site|Numéro FINESS établissement juridique|"
    "Identifiant technique de la structure|Raison sociale site|Enseigne commerciale site|"
    "Complément destinataire (coord. structure)|Complément point géographique (coord. structure)|"
    "Numéro Voie (coord. structure)|Indice répétition voie (coord. structure)|"
    "Code type de voie (coord. structure)|Libellé type de voie (coord. structure)|"
    "Libellé Voie (coord. structure)|Mention distribution (coord. structure)|"
    "Bureau cedex (coord. structure)|Code postal (coord. structure)|Code commune (coord. structure)|"
    "Libellé commune (coord. structure)|Code pays (coord. structure)|Libellé pays (coord. structure)|"
    "Téléphone (coord. structure)|Téléphone 2 (coord. structure)|Télécopie (coord. structure)|"
    "Adresse e-mail (coord. structure)|Code Département (structure)|Libellé Département (structure)|"
    "Ancien identifiant de la structure|Autorité d'enregistrement|Code secteur d'activité|"
    "Libellé secteur d'activité|Code section tableau pharmaciens|Libellé section tableau pharmaciens|"
    "Code rôle|Libellé rôle|Code genre activité|Libellé genre activité"
).split(SEPARATOR)


@dataclass(frozen=True, kw_only=True)
class Structure:
    """A place of work. `finess` or `siret` names it."""

    name: str
    finess: str = ""
    siret: str = ""
    street: str
    code: str
    town: str


@dataclass(frozen=True, kw_only=True)
class Professional:
    """An invented professional. `works` are places of work, none for who vanished."""

    serial: int
    given: str
    family: str
    domain: str
    profession: tuple[str, str] = ("10", "Médecin")
    skill: tuple[str, str] = ("SM54", "Médecine Générale")
    title: str = "DR"
    works: tuple[Structure, ...]
    local: str = ""

    @property
    def rpps(self) -> str:
        """Return the number with its check digit."""
        return rpps(self.serial)

    @property
    def address(self) -> str:
        """Return the mailbox."""
        prefix = {"DR": "dr.", "PR": "pr."}.get(self.title, "")
        return f"{self.local or prefix + plain(self.given) + '.' + plain(self.family)}@{self.domain}"


def rpps(serial: int) -> str:
    """Return an invented RPPS: 999, seven digits, and the Luhn digit written out in full."""
    digits = f"999{serial:07d}"
    total = 0
    for position, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (2 if position % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return f"{digits}{-total % 10}"


def plain(text: str) -> str:
    """Return a name as it stands in an address."""
    letters = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return letters.replace(" ", "-").replace("'", "")


HAUTMONT = Structure(
    name="CENTRE HOSPITALIER DE HAUTMONT", finess="990000017", street="Rue des Tilleuls", code="99100",
    town="HAUTMONT-SUR-BRUME",
)  # fmt: skip
CLINIC = Structure(
    name="CLINIQUE DU VALBRUME", finess="990000025", street="Avenue du Lac", code="99200", town="VALBRUME"
)
LILAS = Structure(
    name="CABINET MEDICAL DES LILAS", siret="99900000100017", street="Rue des Lilas", code="99210",
    town="LES LILAS-EN-BRUME",
)  # fmt: skip
TOWN = Structure(
    name="CABINET DE LA PLACE",
    siret="99900000200015",
    street="Place du Marché",
    code="99200",
    town="VALBRUME",
)
LABORATORY = Structure(
    name="LABORATOIRE DES TROIS RIVIÈRES",
    finess="990000033",
    street="Quai Neuf",
    code="99200",
    town="VALBRUME",
)

NURSE = ("60", "Infirmier")
MIDWIFE = ("50", "Sage-Femme")
PHARMACIST = ("21", "Pharmacien")
PHYSIO = ("70", "Masseur-Kinésithérapeute")
DENTIST = ("40", "Chirurgien-Dentiste")
CARDIOLOGY = ("SM04", "Cardiologie et maladies vasculaires")
SURGERY = ("SM05", "Chirurgie générale")
RADIOLOGY = ("SM45", "Radio-diagnostic")
PAEDIATRICS = ("SM40", "Pédiatrie")
BIOLOGY = ("SM02", "Biologie médicale")
NONE = ("", "")

STRUCK_OFF = Professional(serial=38, given="Gaspard", family="Corvaisier", domain=VALBRUME, works=())
SUSPENDED = Professional(serial=39, given="Hortense", family="Delorme-Aubrac", domain=VALBRUME, works=())
VANISHED = Professional(serial=40, given="Anselme", family="Vauquelin", domain=VALBRUME, works=())

_TOWN_DOCTORS = (
    ("Camille", "Martin"), ("Élodie", "Aubépine"), ("Jean-Pierre", "L'Hermitte"), ("Noé", "Œuvrard"),
    ("Maëlys", "Fontclair"), ("Théophile", "Brindejonc"), ("Inès", "Castelnau"), ("Ulysse", "Marchepied"),
    ("Clémence", "Roquebrune"), ("Basile", "Tournefeuille"), ("Zoé", "de La Sablière"),
    ("Ambroise", "Kervadec"),
)  # fmt: skip
_HOSPITAL_DOCTORS = (
    ("Solène", "Grandchamp", SURGERY), ("Armand", "Pélissier", SURGERY),
    ("Irène", "Vasseur-Noël", CARDIOLOGY), ("Lucien", "Aigueperse", CARDIOLOGY),
    ("Mathilde", "Sourdeval", RADIOLOGY),
    ("Octave", "Bellegarde", PAEDIATRICS),
    ("Rosalie", "Quémeneur", PAEDIATRICS), ("Fantin", "Larivière", BIOLOGY),
)  # fmt: skip
_OTHERS = (
    ("Agathe", "Beaulieu", NURSE), ("Mohamed", "Clairval", NURSE), ("Suzanne", "Ormeau", NURSE),
    ("Gabin", "Thibautier", NURSE), ("Léonie", "Pervenche", MIDWIFE), ("Aurore", "Champdor", MIDWIFE),
    ("Victor", "Bruyère", PHARMACIST), ("Hélène", "Montauban", PHARMACIST), ("Côme", "Ruisseau", PHYSIO),
    ("Lina", "Esterel", PHYSIO), ("Marius", "Tréville", DENTIST), ("Apolline", "Garance", DENTIST),
)  # fmt: skip


def professionals() -> list[Professional]:
    """Return everybody, in the order of their numbers."""
    people = [
        Professional(serial=1, given="Camille", family="Lilas", domain=PRACTICE, works=(LILAS,)),
        Professional(serial=2, given="Léon", family="Lilas", domain=PRACTICE, works=(LILAS, HAUTMONT)),
        Professional(
            serial=3, given="Blanche", family="Séverac", domain=PRACTICE, works=(LILAS,), skill=PAEDIATRICS
        ),
    ]
    people += [
        Professional(serial=4 + number, given=given, family=family, domain=VALBRUME, works=(TOWN,))
        for number, (given, family) in enumerate(_TOWN_DOCTORS)
    ]
    people += [
        Professional(
            serial=16 + number, given=given, family=family, domain=HOSPITAL, skill=skill,
            title="PR" if number == 0 else "DR", works=(HAUTMONT, CLINIC) if number % 3 == 0 else (HAUTMONT,),
        )
        for number, (given, family, skill) in enumerate(_HOSPITAL_DOCTORS)
    ]  # fmt: skip
    people += [
        Professional(
            serial=24 + number, given=given, family=family, domain=VALBRUME, profession=profession,
            skill=NONE,
            title="M" if given in {"Mohamed", "Gabin", "Victor", "Côme", "Marius"} else "MME", works=(TOWN,),
        )
        for number, (given, family, profession) in enumerate(_OTHERS)
    ]  # fmt: skip
    people.append(Professional(serial=36, given="Prosper", family="Dunois", domain=VALBRUME, works=(CLINIC,)))
    people.append(
        Professional(
            serial=37, given="Capucine", family="Mirabel", domain=VALBRUME, skill=BIOLOGY, works=(LABORATORY,)
        )
    )
    return [*people, STRUCK_OFF, SUSPENDED, VANISHED]


def personal(one: Professional, **changes: str) -> str:
    """Return the mailbox line of a professional."""
    place = one.works[0] if one.works else TOWN
    fields = {
        "Type de BAL": "PER",
        "Adresse BAL": one.address,
        "Type Identifiant PP": "8",
        "Identifiant PP": one.rpps,
        "Identification nationale PP": f"8{one.rpps}",
        "Civilité d'exercice": one.title,
        "Nom d'exercice": one.family.upper(),
        "Prénom d'exercice": one.given,
        "Catégorie profession": "C",
        "Libellé de catégorie profession": "Civil",
        "Code Profession": one.profession[0],
        "Libellé Profession": one.profession[1],
        "Code savoir-faire": one.skill[0],
        "Libellé savoir-faire": one.skill[1],
        "Dématérialisation": "O",
        **_located(place),
    }
    return _line(MAILBOX_COLUMNS, {**fields, **changes})


def shared(type_: str, address: str, place: Structure, service: str = "", **changes: str) -> str:
    """Return the mailbox line of a structure, a practice or an application."""
    fields = {
        "Type de BAL": type_,
        "Adresse BAL": address,
        "Type identifiant structure": "FINESS" if place.finess else "SIRET",
        "Identification Structure": place.finess or place.siret,
        "Service de rattachement": service,
        "Dématérialisation": "O",
        **_located(place),
    }
    return _line(MAILBOX_COLUMNS, {**fields, **changes})


def activity(one: Professional, place: Structure) -> str:
    """Return the activity line of a professional at one place."""
    salaried = bool(place.finess)
    fields = {
        "Type d'identifiant PP": "8",
        "Identifiant PP": one.rpps,
        "Identification nationale PP": f"8{one.rpps}",
        "Code civilité d'exercice": one.title if one.title in {"DR", "PR"} else "",
        "Libellé civilité d'exercice": {"DR": "Docteur", "PR": "Professeur"}.get(one.title, ""),
        "Nom d'exercice": one.family.upper(),
        "Prénom d'exercice": one.given,
        "Code profession": one.profession[0],
        "Libellé profession": one.profession[1],
        "Code catégorie professionnelle": "C",
        "Libellé catégorie professionnelle": "Civil",
        "Code type savoir-faire": "S" if one.skill[0] else "",
        "Libellé type savoir-faire": "Spécialité ordinale" if one.skill[0] else "",
        "Code savoir-faire": one.skill[0],
        "Libellé savoir-faire": one.skill[1],
        "Code mode exercice": "S" if salaried else "L",
        "Libellé mode exercice": "Salarié" if salaried else "Libéral",
        "Numéro SIRET site": place.siret,
        "Numéro FINESS site": place.finess,
        "Identifiant technique de la structure": f"R{place.finess or place.siret}",
        "Raison sociale site": place.name,
        "Libellé Voie (coord. structure)": place.street,
        "Bureau cedex (coord. structure)": f"{place.code} {place.town}",
        "Code postal (coord. structure)": place.code,
        "Libellé commune (coord. structure)": place.town,
        "Code Département (structure)": "99",
        "Autorité d'enregistrement": "CNOM" if one.profession[0] == "10" else "ARS",
    }
    return _line(ACTIVITY_COLUMNS, fields)


def mailbox_file(people: list[Professional]) -> str:
    """Return the whole mailbox extraction."""
    results = f"compte-rendus@{HOSPITAL}"
    lines = [
        "|".join(MAILBOX_COLUMNS),
        shared("ORG", results, HAUTMONT),
        shared("ORG", f"chirurgie@{HOSPITAL}", HAUTMONT, "Chirurgie"),
        shared("ORG", f"cardiologie@{HOSPITAL}", HAUTMONT, "Cardiologie"),
        # on two lines, for two sites: one mailbox
        shared("ORG", f"Imagerie@{HOSPITAL}", HAUTMONT, "Imagerie"),
        shared("ORG", f"imagerie@{HOSPITAL}", CLINIC, "Imagerie"),
        shared("ORG", f"secretariat.clinique@{VALBRUME}", CLINIC),
        shared("ORG", f"resultats@{VALBRUME}", LABORATORY),
        shared("APP", f"dpi@{HOSPITAL}", HAUTMONT, "Dossier patient"),
        *(
            shared("CAB", f"cabinet@{PRACTICE}", LILAS, **_bearer(one))
            for one in people
            if one.domain == PRACTICE
        ),
        *(personal(one) for one in people),
    ]
    # a second mailbox, which accepts no paperless documents: the first is preferred
    second = replace(people[1], domain=VALBRUME)
    lines.append(personal(second, Dématérialisation="N"))
    return "\n".join(lines) + "\n"


def activity_file(people: list[Professional]) -> str:
    """Return the whole activity extraction."""
    lines = ["|".join(ACTIVITY_COLUMNS)]
    lines += [activity(one, place) for one in people for place in one.works]
    return "\n".join(lines) + "\n"


def stated_file() -> str:
    """Return what the Order says."""
    return (
        "Identification nationale PP|Etat|Depuis\n"
        f"8{STRUCK_OFF.rpps}|radié|2026-06-15\n"
        f"8{SUSPENDED.rpps}|suspendu|2026-08-01\n"
    )


def _bearer(one: Professional) -> dict[str, str]:
    return {
        "Type Identifiant PP": "8",
        "Identifiant PP": one.rpps,
        "Identification nationale PP": f"8{one.rpps}",
    }


def _located(place: Structure) -> dict[str, str]:
    return {
        "Raison Sociale structure BAL": place.name,
        "L4LIBELLEVOIE structure BAL": place.street,
        "L6LIGNEACHEMINEMENT structure BAL": f"{place.code} {place.town}",
        "Code postal structure BAL": place.code,
        "Département structure BAL": "99",
        "Pays structure BAL": "France",
    }


def _line(columns: list[str], fields: dict[str, str]) -> str:
    unknown = fields.keys() - set(columns)
    if unknown:
        raise ValueError(f"no such columns: {sorted(unknown)}")
    return "|".join(fields.get(column, "") for column in columns)


def main() -> None:
    """Write the files of today, and those of the day before, when nobody had vanished yet."""
    today = professionals()
    earlier = [replace(one, works=(TOWN,)) if one is VANISHED else one for one in today]
    for folder, stamp, people in ((FOLDER, TODAY, today), (FOLDER / "earlier", EARLIER, earlier)):
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in (
            (f"Extraction_Correspondance_MSSante_{stamp}.txt", mailbox_file(people)),
            (f"PS_LibreAcces_Personne_activite_{stamp}.txt", activity_file(people)),
        ):
            (folder / name).write_text(text, encoding="utf-8", newline="\n")
    (FOLDER / f"Etat_Exercice_{TODAY}.txt").write_text(stated_file(), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
