"""gematik's prescription token: what the 2D code on a patient's sheet says, and the mail to a pharmacy.

The code is JSON, `{"urls": ["Task/<number>/$accept?ac=<access code>"]}`, of one or several prescriptions
(gemSpec_DM_eRp, A_19217 for the number). Whoever has it has the prescription. Codes come from paper and from
strangers' screens, so reading refuses whatever is not exactly this: no other keys, no absolute address, no
bytes that are not UTF-8, no number whose check digits are wrong. No error repeats what a code says.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from hub.errors import LimitError, MalformedError, Words

MOST: Final = 4
"""How many prescriptions one code may hold, unless a setting says otherwise: gematik's sample has four."""
_NUMBER: Final = re.compile(r"[0-9]{3}(?:\.[0-9]{3}){4}\.[0-9]{2}")
_ACCESS_CODE: Final = re.compile(r"[0-9a-f]{64}")
_PATH: Final = re.compile(rf"Task/({_NUMBER.pattern})/\$accept\?ac=({_ACCESS_CODE.pattern})")
_ROOM: Final = 256
"""Bytes for one prescription, spaces and JSON escapes included; 100 are needed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """Number and access code of one prescription. Raises ValueError for what no service gives."""

    number: str
    access_code: str = field(repr=False)

    def __post_init__(self) -> None:
        if not _NUMBER.fullmatch(self.number) or not _ACCESS_CODE.fullmatch(self.access_code):
            raise ValueError("not a prescription's number and access code")

    @property
    def path(self) -> str:
        """The token as it stands in a code and in a mail: `Task/<number>/$accept?ac=<access code>`."""
        return f"Task/{self.number}/$accept?ac={self.access_code}"


def encode(*tokens: Token) -> str:
    """Return the text of the code of one or several prescriptions, in one spelling, ASCII only."""
    if not tokens:
        raise ValueError("a code holds one prescription at least")
    return json.dumps({"urls": [token.path for token in tokens]}, separators=(",", ":"))


def decode(text: str | bytes, *, most: int = MOST) -> tuple[Token, ...]:
    """Return the prescriptions that a code names, in its order.

    Raises MalformedError `prescription.code_malformed`, `prescription.code_foreign`,
    `prescription.code_number`, or LimitError `prescription.code_too_large`.
    """
    data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    if len(data) > most * _ROOM:
        raise _too_large(most)
    said = _json(data)
    if not isinstance(said, dict) or set(said) != {"urls"} or not isinstance(said["urls"], list):
        raise _malformed()
    urls = said["urls"]
    if len(urls) > most:
        raise _too_large(most)
    tokens = tuple(parse(url) for url in urls)
    if not tokens or len({token.number for token in tokens}) < len(tokens):
        raise _malformed()
    return tokens


def parse(path: object) -> Token:
    """Read the token of one prescription. Raises MalformedError as `decode` does."""
    found = _PATH.fullmatch(path) if isinstance(path, str) else None
    if found is None:
        raise MalformedError(
            "prescription.code_foreign",
            Words(
                en="This code does not lead to a prescription: it must say Task/NUMBER/$accept?ac=CODE and "
                "nothing else. Don't open what it names.",
                fr="Ce code ne mène pas à une ordonnance : il doit dire Task/NUMÉRO/$accept?ac=CODE et rien "
                "d'autre. N'ouvrez pas ce qu'il désigne.",
            ),
        )
    number, access_code = found.groups()
    if not check_digits_hold(number):
        raise MalformedError(
            "prescription.code_number",
            Words(
                en="The check digits of the prescription's number are wrong: no service gave this number.",
                fr="La clé de contrôle du numéro de l'ordonnance est fausse : aucun service n'a donné ce "
                "numéro.",
            ),
        )
    return Token(number=number, access_code=access_code)


def check_digits_hold(number: str) -> bool:
    """Whether a number's last two digits fit the others (ISO 7064, mod 97-10)."""
    return bool(_NUMBER.fullmatch(number)) and int(number.replace(".", "")) % 97 == 1


def _json(data: bytes) -> Any:
    try:
        return json.loads(data.decode("utf-8"), object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise _malformed() from error


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    said = dict(pairs)
    if len(said) < len(pairs):
        raise ValueError("a key twice")
    return said


def _malformed() -> MalformedError:
    return MalformedError(
        "prescription.code_malformed",
        Words(
            en='This is not the code of a prescription: it must be JSON such as {"urls": ["Task/…"]}, '
            "each prescription once.",
            fr="Ceci n'est pas le code d'une ordonnance : ce doit être du JSON tel que "
            '{"urls": ["Task/…"]}, chaque ordonnance une seule fois.',
        ),
    )


def _too_large(most: int) -> LimitError:
    return LimitError(
        "prescription.code_too_large",
        Words(
            en=f"This code holds too much: at most {most} prescriptions are read from one.",
            fr=f"Ce code contient trop : on y lit au plus {most} ordonnances.",
        ),
        limit=most,
    )
