"""What the commands share: options written NAME=VALUE."""

from __future__ import annotations

from collections.abc import Sequence

from hub.errors import InputError, Words


def pairs(option: str, given: Sequence[str], code: str) -> dict[str, str]:
    """Read an option that may be repeated. Raises InputError `code` for one that is not NAME=VALUE."""
    found = {}
    for one in given:
        name, equals, value = one.partition("=")
        if not equals or not name:
            raise InputError(
                code,
                Words(
                    en=f"{option} is written NAME=VALUE, not {one!r}.",
                    fr=f"{option} s'écrit NOM=VALEUR, pas {one!r}.",
                ),
            )
        found[name] = value
    return found
