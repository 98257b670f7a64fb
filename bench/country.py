"""A whole country of invented professionals: today's extractions and the next day's, of any size.

    python bench/country.py FOLDER --people 1800000 --mailboxes 536000

Writes `day-1/` and `day-2/`, each with the two files of the real shape (56 and 31 columns), in one pass
and in bounded memory. The same numbers and seed give the same bytes. Between the two days about 0.5 % of
the professionals change: they appear or vanish, change their name or profession, lose or gain an
activity, or move to another mailbox. Frequencies of names, professions and towns are as uneven as real
ones; nobody and no place in it exists (see `bench/vocabulary.py`).
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from itertools import accumulate
from pathlib import Path
from typing import Final, TextIO

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
sys.path.insert(0, str(Path(__file__).parent))
import build_annuaire as shape
import vocabulary as words

NOTES: Final = "country.json"
CIVIL: Final = {"M": "Monsieur", "MME": "Madame"}
DAYS: Final = {"day-1": "202608250512", "day-2": "202608260512"}
OF_STRUCTURES: Final = 0.15
"""Of the mailboxes, those of structures."""
SEVERAL_LINES: Final = 169 / 536_000
"""Of the addresses, those that stand on a second line."""
RATES: Final = {
    "appeared": 0.0012,
    "vanished": 0.001,
    "renamed": 0.0006,
    "retrained": 0.0005,
    "less": 0.0008,
    "more": 0.0005,
    "moved": 0.0004,
}
"""Of all professionals, those to whom something happens between the days: 0.5 % together."""
TWO_PLACES: Final = 0.085
THREE_PLACES: Final = 0.015
PROFESSORS: Final = 0.02
WOMEN: Final = 0.7
AT_WORK: Final = 0.6
"""Of who is employed and has a mailbox, those who have it at the employer's domain."""
CEDEX: Final = 0.3
HYPHENS, PARTICLES, ELISIONS = 0.03, 0.04, 0.045
"""Of family names, added up."""
SAMPLED: Final = 23
"""One professional in so many is kept for the questions of a benchmark."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Somebody with a mailbox, unchanged on both days."""

    rpps: str
    address: str
    given: str
    family: str
    trade: str
    town: str


@dataclass(slots=True, kw_only=True)
class Country:
    """What was written: the files of each day, what changed between them, and some of the people."""

    files: dict[str, list[Path]] = field(default_factory=dict)
    changes: dict[str, int] = field(default_factory=dict)
    lines: int = 0
    mailboxes: int = 0
    people: int = 0
    samples: list[Sample] = field(default_factory=list)

    def save(self, folder: Path) -> None:
        """Keep it beside the files."""
        said = asdict(self)
        del said["files"]
        (folder / NOTES).write_text(json.dumps(said))


def load(folder: Path) -> Country:
    """Read what was written before. Raises FileNotFoundError."""
    said = json.loads((folder / NOTES).read_text())
    said["samples"] = [Sample(**one) for one in said["samples"]]
    return Country(files={day: _paths(folder, day) for day in DAYS}, **said)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A structure, as the columns of both files say it."""

    activity: str
    mailbox: str
    kind: str
    number: str
    domain: str
    town: str
    salaried: bool


@dataclass(slots=True)
class Person:
    """A professional. `given` and `family` are written as in the files."""

    rpps: str
    given: str
    family: str
    trade: words.Trade
    skill: tuple[str, str]
    title: str
    places: list[Place]
    address: str = ""
    home: Place | None = None


class Maker:
    """Draws people and places; `random.Random` alone decides."""

    def __init__(self, people: int, seed: int) -> None:
        self._chance = random.Random(seed)  # noqa: S311 - to be the same in every run is its purpose
        self.towns = list(words.towns(max(40, min(9000, people // 100)), self._chance))
        self._families = words.families(self._chance)
        self._givens = words.givens()
        self._serial = 0
        self.places = [self._place(number) for number in range(max(20, people // 25))]
        self._weights = list(accumulate(trade.weight for trade in words.TRADES))
        self._taken: set[int] = set()
        self._own_domains = [
            f"{trade.domain}.mssante.example" if trade.domain else "" for trade in words.TRADES
        ]

    def person(self) -> Person:
        """Draw the next one."""
        chance = self._chance
        trade = chance.choices(words.TRADES, cum_weights=self._weights)[0]
        number = chance.random()
        count = 1 + (number < TWO_PLACES) + (number < THREE_PLACES)
        self._serial += 1
        title = ""
        if trade.doctor:
            title = "PR" if chance.random() < PROFESSORS else "DR"
        return Person(
            rpps=_rpps(self._serial),
            given=self.given(),
            family=self.family(),
            trade=trade,
            skill=self.skill(trade),
            title=title or ("MME" if chance.random() < WOMEN else "M"),
            places=self.more([], count),
        )

    def given(self) -> str:
        """Draw a given name."""
        return words.drawn(self._givens, self._chance, 12)

    def family(self) -> str:
        """Draw a family name."""
        family = words.drawn(self._families, self._chance, 30)
        number = self._chance.random()
        if number < HYPHENS:
            return f"{family}-{words.drawn(self._families, self._chance, 30)}"
        if number < PARTICLES:
            return f"DE {family}"
        return f"L'{family}" if number < ELISIONS and family[0] in "AEIOUH" else family

    def skill(self, trade: words.Trade) -> tuple[str, str]:
        """Draw a specialty, nothing for professions without."""
        return words.drawn(trade.skills, self._chance, 2) if trade.skills else ("", "")

    def more(self, places: list[Place], count: int) -> list[Place]:
        """Add places of work that are not among those given."""
        places = [*places]
        while count:
            if (other := self.place()) not in places:
                places.append(other)
                count -= 1
        return places

    def place(self) -> Place:
        """Draw a place of work; hospitals have many."""
        return words.drawn(self.places, self._chance, 400)

    def address(self, person: Person) -> str:
        """Give a mailbox nobody has: at the profession's domain, or the hospital's."""
        place = person.places[0] if person.places else self.place()
        own = person.trade.domain
        domain = (
            place.domain if place.salaried and self._chance.random() < AT_WORK else f"{own}.mssante.example"
        )
        local = f"{shape.plain(person.given)}.{shape.plain(person.family)}"
        number = 1
        while hash_of(address := f"{local}{number if number > 1 else ''}@{domain}") in self._taken:
            number += 1
        self._taken.add(hash_of(address))
        return address

    def _place(self, number: int) -> Place:
        chance = self._chance
        town, code = words.drawn(self.towns, chance, 8)
        salaried = number % 12 == 0
        where = f"{town} CEDEX {1 + number % 9:02d}" if salaried and chance.random() < CEDEX else town
        street = f"{chance.choice(words.STREETS)} {words.drawn(self._families, chance, 30).title()}"
        if salaried:
            name = f"{chance.choice(words.HOSPITALS)} {town}"
            kind, value, domain = "FINESS", f"99{number:07d}", f"{words.HOSPITAL_DOMAIN[number % 4]}-"
            domain += f"{shape.plain(town)}.mssante.example"
        else:
            family = words.drawn(self._families, chance, 30)
            name = f"{chance.choice(words.PRACTICES)} {family}"
            kind, value, domain = "SIRET", f"999{number:011d}", ""
        house = str(1 + number % 180)
        siret, finess = ("", value) if salaried else (value, "")
        activity = [""] * len(shape.ACTIVITY_COLUMNS)
        for column, text in {
            "Numéro SIRET site": siret,
            "Numéro SIREN site": siret[:9],
            "Numéro FINESS site": finess,
            "Numéro FINESS établissement juridique": finess and f"99{number // 3:07d}",
            "Identifiant technique de la structure": f"R{10_000_000_000_000 + number}",
            "Raison sociale site": name,
            "Enseigne commerciale site": name if number % 3 else "",
            "Numéro Voie (coord. structure)": house,
            "Code type de voie (coord. structure)": "R",
            "Libellé type de voie (coord. structure)": "Rue",
            "Libellé Voie (coord. structure)": street,
            "Bureau cedex (coord. structure)": f"{code} {where}",
            "Code postal (coord. structure)": code,
            "Code commune (coord. structure)": code,
            "Libellé commune (coord. structure)": town,
            "Code pays (coord. structure)": "99000",
            "Libellé pays (coord. structure)": "France",
            "Téléphone (coord. structure)": f"0199{number % 1_000_000:06d}" if number % 2 else "",
            "Adresse e-mail (coord. structure)": f"contact{number}@exemple.example"
            if number % 4 == 0
            else "",
            "Code Département (structure)": code[:2],
            "Libellé Département (structure)": f"Département {code[:2]}",
        }.items():
            activity[shape.ACTIVITY_COLUMNS.index(column)] = text
        mailbox = [""] * len(shape.MAILBOX_COLUMNS)
        for column, text in {
            "Raison Sociale structure BAL": name,
            "L4NUMEROVOIE structure BAL": house,
            "NL4TYPEVOIE structure BAL": "RUE",
            "L4LIBELLEVOIE structure BAL": street,
            "L6LIGNEACHEMINEMENT structure BAL": f"{code} {where}",
            "Code postal structure BAL": code,
            "Département structure BAL": code[:2],
            "Pays structure BAL": "France",
        }.items():
            mailbox[shape.MAILBOX_COLUMNS.index(column)] = text
        first = shape.ACTIVITY_COLUMNS.index("Numéro SIRET site")
        last = shape.ACTIVITY_COLUMNS.index("Autorité d'enregistrement")
        located = shape.MAILBOX_COLUMNS.index("Dématérialisation") + 1
        return Place(
            activity="|".join(activity[first:last]),
            mailbox="|".join(mailbox[located:]),
            kind=kind,
            number=value,
            domain=domain,
            town=town,
            salaried=salaried,
        )


def hash_of(text: str) -> int:
    """Return a number that is the same in every run, unlike `hash`."""
    return int.from_bytes(text.encode()[-160:], "big") % 0x1FFFFFFFFFFFFFFF


def write(folder: Path, people: int, mailboxes: int, seed: int = 1) -> Country:
    """Write both days."""
    maker = Maker(people, seed)
    fate = random.Random(f"{seed} the next day")  # noqa: S311 - to be the same in every run is its purpose
    country = Country(changes=dict.fromkeys(RATES, 0))
    with ExitStack() as stack:
        boxes, works = [], []
        for day in DAYS:
            (folder / day).mkdir(parents=True, exist_ok=True)
            country.files[day] = paths = _paths(folder, day)
            files = [
                stack.enter_context(path.open("w", encoding="utf-8", newline="\n", buffering=1 << 20))
                for path in paths
            ]
            boxes.append(files[0])
            works.append(files[1])
            files[0].write("|".join(shape.MAILBOX_COLUMNS) + "\n")
            files[1].write("|".join(shape.ACTIVITY_COLUMNS) + "\n")
        personal = round(mailboxes * (1 - OF_STRUCTURES))
        share = personal / people / sum(t.weight * t.mailbox for t in words.TRADES) * words.WEIGHT
        for number in range(people):
            _write_person(country, maker, fate, number, share, boxes, works)
        for number in range(mailboxes - personal):
            line = _of_structure(maker, number)
            for file in boxes:
                file.write(line)
            country.mailboxes += 1
    country.save(folder)
    return country


def _paths(folder: Path, day: str) -> list[Path]:
    names = ("Extraction_Correspondance_MSSante", "PS_LibreAcces_Personne_activite")
    return [folder / day / f"{name}_{DAYS[day]}.txt" for name in names]


def _write_person(  # noqa: PLR0917 - ours alone
    country: Country,
    maker: Maker,
    fate: random.Random,
    number: int,
    share: float,
    boxes: list[TextIO],
    works: list[TextIO],
) -> None:
    person = maker.person()
    if fate.random() < share * person.trade.mailbox:
        person.home, person.address = person.places[0], maker.address(person)
    today = list(_activities(person))
    mail = list(_mailboxes(person, twice=fate.random() < SEVERAL_LINES))
    happens = _happens(fate, person)
    works[0].writelines(() if happens == "appeared" else today)
    boxes[0].writelines(() if happens == "appeared" else mail)
    if happens is not None:
        country.changes[happens] += 1
        kept = _changed(maker, person, happens)
        today = list(_activities(person)) if kept else []
        mail = list(_mailboxes(person, twice=False)) if kept else []
    elif person.address and number % SAMPLED == 0:
        country.samples.append(
            Sample(
                rpps=person.rpps,
                address=person.address,
                given=person.given,
                family=person.family,
                trade=person.skill[1] or person.trade.label,
                town=person.places[0].town,
            )
        )
    works[1].writelines(today)
    boxes[1].writelines(mail)
    country.people += happens != "appeared"
    country.lines += 0 if happens == "appeared" else len(today)
    country.mailboxes += bool(person.address)


def _happens(fate: random.Random, person: Person) -> str | None:
    number = fate.random()
    for what, rate in RATES.items():
        likely = rate
        if what == "less":  # only for who has several activities, about one in twelve
            likely = rate / 0.085 if len(person.places) > 1 else 0
        elif what == "moved":  # only for who has a mailbox, about one in four
            likely = rate / 0.25 if person.address else 0
        if number < likely:
            return what
        number -= likely
    return None


def _changed(maker: Maker, person: Person, happens: str) -> bool:
    """Make it happen; False for who vanishes."""
    if happens == "vanished":
        return False
    if happens == "renamed":
        person.family = f"{person.family}-{maker.family()}"
    elif happens == "retrained":
        before = person.skill
        while person.trade.skills and person.skill == before:
            person.skill = maker.skill(person.trade)
        if not person.trade.skills:
            person.trade = next(one for one in words.TRADES if one.label != person.trade.label)
    elif happens == "less":
        person.places.pop()
    elif happens == "more":
        person.places = maker.more(person.places, 1)
    elif happens == "moved":
        person.address = maker.address(person)
    return True


def _activities(person: Person) -> Iterator[str]:
    code, label = person.trade.code, person.trade.label
    skill, skilled = person.skill
    doctor = person.title in {"DR", "PR"}
    head = (
        f"8|{person.rpps}|8{person.rpps}|{person.title if doctor else ''}|"
        f"{('Docteur' if person.title == 'DR' else 'Professeur') if doctor else ''}|"
        f"{'' if doctor else person.title}|{CIVIL.get(person.title, '')}|"
        f"{person.family}|{person.given}|{code}|{label}|C|Civil|"
        f"{'S' if skill else ''}|{'Spécialité ordinale' if skill else ''}|{skill}|{skilled}|"
    )
    for place in person.places:
        mode = "S|Salarié" if place.salaried else "L|Libéral"
        yield (
            f"{head}{mode}|{place.activity}|{person.trade.authority}|"
            f"{'SA01|Etablissement public de santé' if place.salaried else 'SA07|Cabinet individuel'}|||"
            f"{'FON-01|Titulaire de cabinet' if not place.salaried else ''}"
            f"{'|' if place.salaried else ''}|GENR01|Activité standard de soin ou de pharmacien\n"
        )


def _mailboxes(person: Person, *, twice: bool) -> Iterator[str]:
    if not person.address:
        return
    place = person.home or person.places[0]
    for _ in range(2 if twice else 1):
        yield (
            f"PER|{person.address}|8|{person.rpps}|8{person.rpps}||||{person.title}|{person.family}|"
            f"{person.given}|C|Civil|{person.trade.code}|{person.trade.label}|{person.skill[0]}|"
            f"{person.skill[1]}|O|{place.mailbox}\n"
        )


def _of_structure(maker: Maker, number: int) -> str:
    place = maker.places[number * 12 % len(maker.places)] if number % 3 else maker.place()
    service = words.SERVICES[number % len(words.SERVICES)] if place.salaried else ""
    domain = place.domain or "structure.mssante.example"
    local = shape.plain(service or "secretariat")
    kind = place.kind
    return f"ORG|{local}.{number}@{domain}||||{kind}|{place.number}|{service}||||||||||O|{place.mailbox}\n"


def _rpps(serial: int) -> str:
    # a file is not in the order of numbers: 3,141,593 has no factor in common with ten million
    return shape.rpps(serial * 3_141_593 % 10_000_000)


def main() -> None:
    """Run."""
    parser = argparse.ArgumentParser(description="Write a country's extractions of two days.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--people", type=int, default=18_000)
    parser.add_argument("--mailboxes", type=int, default=5_360)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    begun = time.perf_counter()
    country = write(asked.folder, asked.people, asked.mailboxes, asked.seed)
    print(f"{country.people:,} people, {country.lines:,} activities, {country.mailboxes:,} mailboxes")
    print(", ".join(f"{what} {count:,}" for what, count in country.changes.items()))
    for paths in country.files.values():
        print(*(f"{one}: {one.stat().st_size / 1e6:.0f} MB" for one in paths), sep="\n")
    print(f"{time.perf_counter() - begun:.0f} s")


if __name__ == "__main__":
    main()
