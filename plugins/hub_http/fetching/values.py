"""Picked values, held to what they must be. Everything wrong is a MalformedError that names the key."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, TypeVar

from hub.domain import target
from hub.domain.address import Address
from hub.domain.party import Identifier
from hub.errors import MalformedError
from hub_http.description.picking import Pick
from hub_http.fetching.refusals import wrong
from hub_http.mapping import picking
from hub_http.mapping.answered import Answered

E = TypeVar("E", bound=StrEnum)

MEDIA_TYPE: Final = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}")
OCTETS: Final = "application/octet-stream"
_LEADING: Final = re.compile(r"\A[\s.]+")
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_SCHEMES: Final = ("rpps:", "finess:", "ins:")
_MAX_NAME: Final = 255
"""Characters of a file name."""
_MOST: Final = 1000
"""Members of a list."""
_BIDI: Final = dict.fromkeys((0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)))
"""Characters that turn the direction of text: in one line, they only serve to mislead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picks:
    """Picks out of one thing that came. `within` is where in the description they stand."""

    answered: Answered = field(repr=False)
    scope: Mapping[str, Any] = field(repr=False)
    within: str

    def key(self, name: str) -> str:
        """Return a key as errors name it."""
        return f"{self.within}.{name}"

    def value(self, pick: Pick | None) -> Any:
        """Return what a pick finds; None when nothing is there."""
        if pick is None:
            return None
        found = picking.pick(pick, self.answered, self.scope)
        return None if found is picking.ABSENT else found

    def text(self, name: str, pick: Pick | None) -> str | None:
        """Return a text; a number is one too, an empty text is none."""
        value = self._one(name, self.value(pick))
        if value is None or value == "":
            return None
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise wrong(self.key(name), "is not a text", "n'est pas un texte")
        return str(value)

    def needed(self, name: str, pick: Pick) -> str:
        """Return a text that must be there."""
        if (value := self.text(name, pick)) is None:
            raise wrong(self.key(name), "finds nothing", "ne trouve rien")
        return value

    def texts(self, name: str, pick: Pick | None) -> tuple[str, ...]:
        """Return a list of texts; a single one is a list of one."""
        value = self.value(pick)
        if value is None or value == "":
            return ()
        several = value if isinstance(value, list | tuple) else [value]
        if len(several) > _MOST:
            raise wrong(self.key(name), f"has more than {_MOST} members", f"a plus de {_MOST} membres")
        if not all(isinstance(one, str) and one for one in several):
            raise wrong(self.key(name), "is not a list of texts", "n'est pas une liste de textes")
        return tuple(several)

    def members(self, name: str, pick: Pick) -> list[Any]:
        """Return a list of any values; nothing is an empty list."""
        value = self.value(pick)
        if value is None:
            return []
        if not isinstance(value, list | tuple):
            raise wrong(self.key(name), "is not a list", "n'est pas une liste")
        return list(value)

    def choice(self, name: str, pick: Pick | None, choices: type[E], default: E) -> E:
        """Return one of a few words; `codes` may have translated it."""
        value = self.text(name, pick)
        if value is None:
            return default
        try:
            return choices(value)
        except ValueError:
            words = ", ".join(choices)
            raise wrong(self.key(name), f"is none of {words}", f"n'est aucun de {words}") from None

    def address(self, name: str, pick: Pick) -> Address:
        """Return one address."""
        try:
            return Address.parse(self.needed(name, pick))
        except MalformedError as error:
            raise self._because(name, error) from None

    def targets(self, name: str, pick: Pick | None) -> tuple[Address | Identifier, ...]:
        """Return recipients: addresses, or `rpps:`, `finess:`, `ins:` and a number."""
        return tuple(self._target(name, one) for one in self.texts(name, pick))

    def patients(self, name: str, pick: Pick | None) -> tuple[Identifier, ...]:
        """Return patients by their INS matricule, 13 signs and the key."""
        try:
            return tuple(target.ins(one.removeprefix("ins:")) for one in self._numbers(name, pick))
        except MalformedError as error:
            raise self._because(name, error) from None

    def media_type(self, name: str, pick: Pick | None) -> str:
        """Return a media type without its parameters."""
        said = (self.text(name, pick) or OCTETS).partition(";")[0].strip().lower()
        if not MEDIA_TYPE.fullmatch(said):
            raise wrong(self.key(name), "is not type/subtype", "n'est pas type/sous-type")
        return said

    def digest(self, name: str, pick: Pick | None) -> str | None:
        """Return a SHA-256 in lower-case hexadecimal."""
        said = self.text(name, pick)
        if said is not None and not _DIGEST.fullmatch(said := said.lower()):
            raise wrong(
                self.key(name), "is not a SHA-256 in hexadecimal", "n'est pas un SHA-256 en hexadécimal"
            )
        return said

    def file_name(self, name: str, pick: Pick | None) -> str | None:
        """Return a file name that can do no harm: no folders, controls, or leading dots."""
        return safe_name(self.text(name, pick) or "") or None

    def _one(self, name: str, value: Any) -> Any:
        if not isinstance(value, list | tuple):
            return value
        if len(value) > 1:
            raise wrong(self.key(name), "finds several values", "trouve plusieurs valeurs")
        return value[0] if value else None

    def _numbers(self, name: str, pick: Pick | None) -> tuple[str, ...]:
        value = self.value(pick)
        # JSON may have it as a number: fifteen digits are exact there.
        whole = isinstance(value, int) and not isinstance(value, bool)
        return (str(value),) if whole else self.texts(name, pick)

    def _target(self, name: str, text: str) -> Address | Identifier:
        try:
            if text.lower().startswith(_SCHEMES):
                read = target.read_target(text)
                if isinstance(read, Identifier):
                    return read
            return Address.parse(text)
        except MalformedError as error:
            raise self._because(name, error) from None

    def _because(self, name: str, error: MalformedError) -> MalformedError:
        return wrong(
            self.key(name),
            f"is not right. {error.words.en[:-1]}",
            f"n'est pas correct. {error.words.fr[:-1]}",
        )


def safe_name(name: str) -> str:
    """Return a file name without folders, controls, signs that turn text round, or leading dots."""
    name = name.replace("\\", "/").rpartition("/")[2]
    if not (name.isascii() and name.isprintable()):
        name = unicodedata.normalize("NFC", name.translate(_BIDI))
        name = "".join(" " if unicodedata.category(one) in {"Cc", "Cs", "Zl", "Zp"} else one for one in name)
    return _LEADING.sub("", name)[:_MAX_NAME].rstrip()
