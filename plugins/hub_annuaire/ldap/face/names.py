"""Distinguished names (RFC 4514), as far as this directory has any."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from hub.errors import MalformedError, Words

MAX_LENGTH: Final = 1024
"""Signs of a name; one of ours has a tenth of it."""
_SPECIAL: Final = frozenset('"+,;<>\\=')
_HEX: Final = frozenset("0123456789abcdefABCDEF")


@dataclass(frozen=True, slots=True)
class Name:
    """A DN, the leaf first: pairs of type in lower case and value. Several types in one are refused."""

    parts: tuple[tuple[str, str], ...]

    @classmethod
    def parse(cls, text: str) -> Name:
        """Read a DN; the empty one is the root. Raises MalformedError."""
        if len(text) > MAX_LENGTH:
            raise _malformed()
        parts = []
        rest = text.strip(" ")
        while rest:
            kind, equals, rest = rest.partition("=")
            kind = kind.strip(" ").lower()
            if not equals or not kind.replace("-", "").replace(".", "").isalnum() or not kind.isascii():
                raise _malformed()
            value, rest, more = _value(rest)
            parts.append((kind, value))
            if more and not rest.strip(" "):
                raise _malformed()
        return cls(tuple(parts))

    @property
    def key(self) -> tuple[tuple[str, str], ...]:
        """The form in which two spellings of one name are equal."""
        return tuple((kind, " ".join(value.split()).casefold()) for kind, value in self.parts)

    @property
    def parent(self) -> Name:
        """The name above; the root's is the root."""
        return Name(self.parts[1:])

    def below(self, kind: str, value: str) -> Name:
        """Return the name of a leaf under this one."""
        return Name(((kind, value), *self.parts))

    def is_under(self, other: Name) -> bool:
        """Whether this is `other`, or a name below it."""
        key, whole = self.key, other.key
        return len(key) >= len(whole) and key[len(key) - len(whole) :] == whole

    def __str__(self) -> str:
        return ",".join(f"{kind}={_escaped(value)}" for kind, value in self.parts)


def _value(text: str) -> tuple[str, str, bool]:
    """Return the first value, what comes after it, and whether a comma stood between."""
    text = text.lstrip(" ")
    if text[:1] in {"#", '"'}:
        raise _malformed()
    taken = bytearray()
    kept = 0
    at = 0
    while at < len(text) and text[at] not in ",;":
        sign = text[at]
        if sign == "\\":
            pair = text[at + 1 : at + 3]
            if len(pair) == 2 and _HEX.issuperset(pair):  # noqa: PLR2004 - two digits
                taken.append(int(pair, 16))
                at += 3
            elif pair[:1]:
                taken += pair[:1].encode()
                at += 2
            else:
                raise _malformed()
            kept = len(taken)
            continue
        if sign in _SPECIAL - {"="}:
            raise _malformed()
        taken += sign.encode("utf-8", "replace")
        at += 1
        if sign != " ":
            kept = len(taken)
    try:
        value = taken[:kept].decode()
    except UnicodeDecodeError as error:
        raise _malformed() from error
    return value, text[at + 1 :], at < len(text)


def _escaped(value: str) -> str:
    signs = [f"\\{one}" if one in _SPECIAL else "\\00" if one == "\0" else one for one in value]
    if value[:1] in {" ", "#"}:
        signs[0] = f"\\{value[0]}"
    if len(value) > 1 and value.endswith(" "):
        signs[-1] = "\\ "
    return "".join(signs)


def _malformed() -> MalformedError:
    return MalformedError(
        "ldap.name",
        Words(
            en="A name in an LDAP directory is written like ou=annuaire,o=cabinet.",
            fr="Un nom dans un annuaire LDAP s'écrit comme ou=annuaire,o=cabinet.",
        ),
    )
