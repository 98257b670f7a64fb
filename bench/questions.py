"""What people would ask of a country's directory: a log of questions for a benchmark.

Every prefix of what somebody types counts as a question, since each is asked.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

import country

from hub.domain.address import Address
from hub.domain.target import Description, description

HARD = (
    *"abcdefghijklmnopqrstuvwxyz0123456789",
    *("de", "la", "du", "ma", "saint", "st", "mssante", "example", "medecin", "infirmier", "cabinet"),
    *("de la du le les et", "le la", "d l", "a b c d e f g h i j", "m a r t i n", "e t a o i n s h r d"),
    *("infirmier cardiologie", "medecin pharmacie", "generale infirmier valbrume", "mssante example fr"),
    *("marie dupont infirmier liberal valbrume 01000 rue du docteur cabinet", "zzzz", "xq", "qwxz martin"),
    *(
        "martin zzzz",
        "marie marie marie",
        "jean-marie l'",
        "généraliste valbrume",
        "kiné",
        "ORL",
        "cardiologue",
    ),
    *(
        "dentiste hautmont",
        "sage femme",
        "01",
        "99",
        "cedex",
        "centre hospitalier",
        "chu",
        "ch",
        "secretariat",
    ),
    *("marie m", "jean d", "anne p", "m d", "ma du", "mar dup val", "co va", "dr m", "mme a", "dr martin"),
)
"""Short, frequent, contradictory, without an answer, or made of small words only."""


LONG = 11
"""Signs of a local part in which people make two slips."""


def typed(samples: Sequence[country.Sample], count: int, seed: int = 1) -> list[str]:
    """Return questions: `count` people looked for, each typed sign by sign, and the hard ones."""
    chance = random.Random(seed)  # noqa: S311 - to be the same in every run is its purpose
    asked = [*HARD]
    for one in chance.sample(samples, min(count, len(samples))):
        whole = chance.choice(tuple(_ways(one)))
        asked += [whole[:end] for end in range(1, len(whole) + 1)]
    return asked


def mistyped(samples: Sequence[country.Sample], count: int, seed: int = 1) -> Iterator[tuple[Address, str]]:
    """Yield addresses with a slip or two in them, and the address that was meant."""
    chance = random.Random(seed)  # noqa: S311 - the same
    for one in chance.sample(samples, min(count, len(samples))):
        local, _, domain = one.address.partition("@")
        kind = chance.choice(("domain", "order", "dot", "slip", "slip", "slips"))
        if kind == "domain":
            domain = domain[:-1]
        elif kind == "order":
            local = ".".join(reversed(local.split(".")))
        elif kind == "dot":
            local = local.replace(".", "", 1)
        else:
            for _ in range(1 + (kind == "slips" and len(local) > LONG)):
                local = _slip(local, chance)
        yield Address(local, domain), one.address


def descriptions(samples: Sequence[country.Sample], count: int, seed: int = 1) -> Iterator[Description]:
    """Yield people described as senders would."""
    chance = random.Random(seed)  # noqa: S311 - the same
    for one in chance.sample(samples, min(count, len(samples))):
        yield description(f"{one.given} {one.family}", one.trade, one.town)
        yield description(one.family, one.trade, one.town)
        yield description(f"{one.family} {one.given}")


def _ways(one: country.Sample) -> Iterator[str]:
    trade = one.trade.lower()
    yield f"{one.family.lower()} {trade[:6]} {one.town.lower()}"
    yield f"{one.given.lower()} {one.family.lower()}"
    yield f"{one.family.lower()} {one.given.lower()}"
    yield f"{one.family.title()} {one.town.title()}"
    yield f"{trade.split()[0]} {one.town.lower()}"
    yield f"dr {one.family.lower()}"
    yield one.address


def _slip(local: str, chance: random.Random) -> str:
    at = chance.randrange(1, len(local) - 1)
    return chance.choice(
        [
            local[:at] + local[at + 1 :],
            local[:at] + local[at] + local[at:],
            f"{local[:at]}e{local[at + 1 :]}",
            local[: at - 1] + local[at] + local[at - 1] + local[at + 1 :],
        ]
    )
