"""Professions and specialties in people's words: `cardiologue` for Cardiologie, `généraliste` too.

Both tables are declared, not learnt: what is not in them is found by its own beginning alone. They
only ever lead to words that stand in a profession or a specialty.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

LEAST_STEM: Final = 3
"""Letters that must be left before an ending."""

_ENDINGS: Final = (
    # who does it → how what they do begins, after the same stem
    ("logues", "logi"), ("logue", "logi"), ("iatres", "iatri"), ("iatre", "iatri"),
    ("iennes", "ie"), ("ienne", "ie"), ("iens", "ie"), ("ien", "ie"),
    ("istes", "i"), ("iste", "i"), ("istes", ""), ("iste", ""),
    ("ieres", "ier"), ("iere", "ier"), ("euses", "eur"), ("euse", "eur"),
    ("trices", "teur"), ("trice", "teur"),
)  # fmt: skip

_NAMES: Final = {
    # in common use → the words that the nomenclatures have, each a beginning
    "generaliste": ("medecine", "generale"),
    "generalistes": ("medecine", "generale"),
    "gastro": ("gastro",),
    "obstetricien": ("obstetrique",),
    "orl": ("laryngologie",),
    "radiologue": ("radio",),
    "radiologues": ("radio",),
    "radiologie": ("radio",),
    "reanimateur": ("reanimation",),
    "urgentiste": ("urgence",),
    "urgentistes": ("urgence",),
    "urgences": ("urgence",),
}


def meant(word: str) -> Iterator[tuple[str, ...]]:
    """Yield what a folded word may mean in a profession or specialty: beginnings that go together."""
    if word in _NAMES:
        yield _NAMES[word]
        return
    for ending, other in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= LEAST_STEM:
            yield (word[: -len(ending)] + other,)


def unfinished(word: str) -> Iterator[tuple[str, ...]]:
    """Yield the same for a word whose last signs are still to be typed, such as `cardiologu`."""
    for name, means in _NAMES.items():
        if len(word) > LEAST_STEM and name.startswith(word):
            yield means
    for ending, other in _ENDINGS:
        for typed in range(len(ending) - 1, 0, -1):
            if word.endswith(ending[:typed]) and len(word) - typed >= LEAST_STEM:
                yield (word[:-typed] + other,)
