"""The parts of which an invented country is made: names, professions, towns, structures."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final, TypeVar

T = TypeVar("T")

FAMILIES: Final = 50_000


@dataclass(frozen=True, slots=True)
class Trade:
    """A profession: how many in a thousand have it, and how readily they have a mailbox."""

    code: str
    label: str
    weight: int
    mailbox: float
    domain: str
    authority: str = "ARS"
    skills: tuple[tuple[str, str], ...] = ()
    doctor: bool = False


_DOCTORS: Final = (
    ("SM54", "Médecine Générale"), ("SM42", "Psychiatrie"), ("SM04", "Cardiologie et maladies vasculaires"),
    ("SM40", "Pédiatrie"), ("SM02", "Anesthésie-réanimation"), ("SM45", "Radio-diagnostic"),
    ("SM15", "Dermatologie et vénéréologie"), ("SM38", "Ophtalmologie"),
    ("SM24", "Gastro-entérologie et hépatologie"), ("SM20", "Gynécologie-obstétrique"),
    ("SM41", "Pneumologie"), ("SM39", "Oto-rhino-laryngologie"), ("SM47", "Rhumatologie"),
    ("SM32", "Neurologie"), ("SM30", "Néphrologie"), ("SM37", "Oncologie (option médicale)"),
    ("SM05", "Chirurgie générale"), ("SM10", "Chirurgie orthopédique et traumatologie"),
    ("SM26", "Médecine d'urgence"), ("SM16", "Endocrinologie et métabolisme"),
    ("SM03", "Biologie médicale"), ("SM25", "Génétique médicale"), ("SM27", "Hématologie"),
    ("SM28", "Médecine interne"), ("SM31", "Neuro-chirurgie"), ("SM18", "Gériatrie"),
    ("SM36", "Médecine du travail"), ("SM44", "Radio-thérapie"), ("SM50", "Stomatologie"),
    ("SM51", "Urologie"), ("SM34", "Médecine nucléaire"), ("SM48", "Santé publique et médecine sociale"),
    ("SM11", "Chirurgie plastique"), ("SM06", "Chirurgie infantile"),
    ("SM12", "Chirurgie thoracique et cardio-vasculaire"), ("SM13", "Chirurgie vasculaire"),
    ("SM29", "Médecine physique et réadaptation"), ("SM01", "Anatomie et cytologie pathologiques"),
)  # fmt: skip
_DENTISTS: Final = (("SCD00", ""), ("SCD01", "Orthopédie dento-faciale"), ("SCD02", "Chirurgie orale"))
TRADES: Final = (
    Trade("60", "Infirmier", 360, 0.5, "infirmier", "ONI"),
    Trade("10", "Médecin", 170, 3.0, "medecin", "CNOM", _DOCTORS, doctor=True),
    Trade("95", "Aide-soignant", 120, 0.1, "pro"),
    Trade("70", "Masseur-Kinésithérapeute", 70, 1.3, "kinesitherapeute", "CNOMK"),
    Trade("21", "Pharmacien", 50, 1.9, "pharmacien", "CNOP"),
    Trade("93", "Psychologue", 50, 0.4, "psychologue"),
    Trade("40", "Chirurgien-Dentiste", 35, 1.9, "chirurgien-dentiste", "ONCD", _DENTISTS, doctor=True),
    Trade("31", "Assistant de service social", 30, 0.2, "pro"),
    Trade("28", "Opticien-Lunetier", 25, 0.2, "pro"),
    Trade("98", "Manipulateur ERM", 20, 0.2, "pro"),
    Trade("91", "Orthophoniste", 18, 0.9, "orthophoniste"),
    Trade("50", "Sage-Femme", 16, 1.9, "sage-femme", "CNOSF"),
    Trade("94", "Ergothérapeute", 12, 0.4, "pro"),
    Trade("80", "Pédicure-Podologue", 10, 1.0, "pedicure-podologue", "ONPP"),
    Trade("96", "Psychomotricien", 8, 0.4, "pro"),
    Trade("92", "Orthoptiste", 4, 0.6, "pro"),
    Trade("26", "Audioprothésiste", 2, 0.4, "pro"),
)
WEIGHT: Final = sum(one.weight for one in TRADES)

_FREQUENT: Final = (
    "MARTIN",
    "DUPONT",
    "BERGER",
    "MARVAL",
    "PERRIN",
    "DUBOIS",
    "LEGRAN",
    "ROUVIN",
    "LAMI",
    "RENAUD",
)
_HEADS: Final = (
    "Du", "Mar", "Ber", "Le", "La", "Mor", "Rou", "Per", "Gar", "Beau", "Val", "Cha", "Fon", "Bri", "Gui",
    "Mon", "Ren", "Cor", "Au", "Bel", "Car", "Cou", "Da", "Del", "Fer", "Gau", "Haut", "Jou", "Lan", "Mal",
    "Nor", "Par", "Pel", "Qué", "Ro", "Sau", "Tou", "Ver", "Vin", "Bar", "Cas", "Dou", "Esc", "Gra", "Lau",
    "Mé", "Pas", "Pré", "Ri", "Sé", "Tri", "Vau", "Bou", "Cler",
)  # fmt: skip
_MIDDLES: Final = (
    "pont", "tin", "nar", "ger", "mon", "ber", "ri", "cham", "fon", "va", "li", "de", "ro", "san", "vi",
    "tour", "quer", "gue", "lan", "mi", "ne", "pi", "ra", "so", "te", "bois", "cour", "fleur", "gran",
    "bru",
)  # fmt: skip
_TAILS: Final = (
    "", "d", "el", "et", "eau", "in", "ier", "ac", "as", "oux", "ot", "ard", "and", "on", "ière", "elle",
    "ois", "ès", "aud", "ault", "ec", "ic", "oy", "ville", "court", "mont", "ne", "sse", "lle", "ré",
    "neuf", "val", "din", "tier", "nac", "vert",
)  # fmt: skip

_GIVENS: Final = (
    "Marie", "Camille", "Nathalie", "Isabelle", "Jean", "Philippe", "Sophie", "Julie", "Anne", "Pierre",
    "Céline", "Nicolas", "Élodie", "Claire", "Émilie", "Laurence", "Thomas", "Aurélie", "Hélène",
    "François", "Léa", "Manon", "Chloé", "Inès", "Maëlys", "Noé", "Zoé", "Basile", "Côme", "Gaspard",
    "Hortense", "Irène", "Lucien", "Mathilde", "Octave", "Rosalie", "Solène", "Théophile", "Ulysse",
    "Victor", "Agathe", "Blanche", "Clémence", "Damien", "Estelle", "Fantin", "Gabin", "Ambroise",
    "Apolline", "Aurore", "Léonie", "Marius", "Lina", "Mohamed", "Suzanne", "Armand", "Anselme", "Benoît",
    "Cédric", "Denis", "Éric", "Fabrice", "Guy", "Henri", "Ismaël", "Jérôme", "Karine", "Loïc", "Mireille",
    "Noémie", "Olivier", "Pascale", "Quentin", "Raphaël", "Sylvie", "Tristan", "Valérie", "Xavier", "Yann",
    "Zacharie",
)  # fmt: skip

_TOWN_HEADS: Final = (
    "Val", "Haut", "Mont", "Bel", "Beau", "Clair", "Font", "Roche", "Ville", "Saint-", "Bourg", "Pont",
    "Neu", "Aigue", "Cham", "Or", "Cour", "Vau", "Mar", "Sainte-",
)  # fmt: skip
_TOWN_TAILS: Final = (
    "brume", "mont", "fleur", "lac", "bois", "rive", "pré", "mare", "source", "perse", "lande", "sable",
    "thier", "garde", "vent", "neige", "grain", "ombre", "lune", "moulin",
)  # fmt: skip
_TOWN_ENDS: Final = (
    "", "-sur-Brume", "-la-Forêt", "-les-Bains", "-en-Val", "-le-Vieux", "-sous-Bois", "-lès-Hautmont",
    "-d'Orbe", "-aux-Mines", "-sur-Lande", "-le-Grand", "-le-Petit", "-en-Plaine", "-du-Lac", "-l'Abbaye",
    "-des-Prés", "-sur-Mer", "-Ville", "-le-Pont", "-de-Rive", "-les-Ormes", "-Saint-Clair",
)  # fmt: skip
STREETS: Final = ("de", "des Frères", "du Docteur", "du Général", "Place", "Quai", "Allée")
HOSPITALS: Final = (
    "CENTRE HOSPITALIER DE", "CLINIQUE DE", "HOPITAL PRIVE DE", "CENTRE HOSPITALIER UNIVERSITAIRE DE",
    "EHPAD DE", "LABORATOIRE DE BIOLOGIE MEDICALE DE", "CENTRE DE SANTE DE",
)  # fmt: skip
HOSPITAL_DOMAIN: Final = ("ch", "clinique", "chu", "ehpad")
PRACTICES: Final = (
    "CABINET DU DR", "CABINET MEDICAL", "PHARMACIE", "SELARL", "SCM", "MAISON DE SANTE", "CABINET",
    "CABINET INFIRMIER",
)  # fmt: skip
SERVICES: Final = (
    "Cardiologie", "Chirurgie", "Urgences", "Secrétariat", "Imagerie", "Pédiatrie", "Gériatrie",
    "Laboratoire", "Néphrologie", "Bureau des entrées", "Oncologie", "Maternité", "Pharmacie",
    "Réanimation", "Neurologie", "HAD",
)  # fmt: skip


def drawn(several: Sequence[T], chance: random.Random, level: int) -> T:
    """Draw by rank as Zipf and Mandelbrot have it: the first most often; the greater `level`, the less so."""
    ratio = (len(several) + level) / level
    return several[int(level * ratio ** chance.random() - level)]


def families(chance: random.Random) -> list[str]:
    """Return family names in capitals, the most frequent first."""
    every = sorted({f"{a}{b}{c}".upper() for a, b, c in product(_HEADS, _MIDDLES, _TAILS)} - {*_FREQUENT})
    chance.shuffle(every)
    return [*_FREQUENT, *every][:FAMILIES]


def givens() -> list[str]:
    """Return given names, the most frequent first: simple ones, then compounds."""
    return [*_GIVENS, *(f"{a}-{b}" for a in ("Jean", "Marie", "Anne", "Pierre") for b in _GIVENS if a != b)]


def towns(count: int, chance: random.Random) -> Iterator[tuple[str, str]]:
    """Yield towns in capitals with their postcodes, the largest first; large ones have several."""
    every = [f"{a}{b}{c}" for a, b, c in product(_TOWN_HEADS, _TOWN_TAILS, _TOWN_ENDS)]
    chance.shuffle(every)
    every = ["Valbrume", "Hautmont", *(one for one in every if one not in {"Valbrume", "Hautmont"})]
    for number, town in enumerate(every[:count]):
        department = 1 + number * 7 % 95
        for district in range(max(1, 9 - number)):
            yield town.upper(), f"{department:02d}{(number * 10 + district) % 1000:03d}"
